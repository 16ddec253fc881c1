"""Any sequence of edits, faults and deaths: in the end Zoom has what is declared, each meeting once.

A seed makes the sequence: meetings change, move, are replaced and removed between runs that
meet faults. Whatever the plan asks a line for gets its line, as a reviewer would add it.
"""

from __future__ import annotations

from collections import Counter
from datetime import datetime
from typing import TYPE_CHECKING, Any

import pytest
from builders import moved, removed, weekly
from engine_world import World, topic
from test_seeds import DAILY, HOSTS, RUNS_MAX, SEEDS, Trial

from reconciler.budget import Allowances, Limits
from reconciler.diff import Action
from reconciler.lookup import SKEW
from reconciler.meeting import Meeting
from reconciler.sandbox.faults import CREATE, DELETE, LIST, READ, UPDATE
from reconciler.step import Status

if TYPE_CHECKING:
    from collections.abc import Callable

    from reconciler.references import Moved
    from reconciler.step import Step

DECLARED = 10


class Life(Trial):
    """A team that edits its spec between runs. Topics are never changed: by them a meeting is known."""

    matches = (CREATE, CREATE, UPDATE, UPDATE, DELETE, LIST, READ)

    def __init__(self, seed: int) -> None:
        super().__init__(seed)
        self.world = World()
        self.daily = self.chance.choice([DAILY, 2 * DAILY, 4 * DAILY])
        self.world.allowances = Allowances(Limits(self.daily, self.chance.choice([0, 2])), {})
        self.world.clock.advance(self.chance.uniform(0, 15 * 3600 - 60))
        self.born = 0
        self.left: set[int] = set()
        for _ in range(DECLARED):
            self.add()

    # Edits, each a few lines of YAML

    def edit(self) -> None:
        """A pull request: some edits, and the lines that the plan asks for."""
        edits: tuple[Callable[[], None], ...] = (
            self.add,
            self.change, self.change, self.change, self.reschedule,
            self.rename, self.rehost, self.repeat, self.remove,
        )  # fmt: skip
        for _ in range(self.chance.randrange(5)):
            self.chance.choice(edits)()
        self.review()

    def add(self) -> None:
        """A meeting that was never there."""
        name, self.born = f"m{self.born:02}", self.born + 1
        start = f"2027-02-{1 + self.born % 27:02}T09:00:00Z"
        self.world.declare(topic(name, host=self.chance.choice(HOSTS), start_time=start))

    def change(self) -> None:
        """What people see, but not when it is."""
        settings = {"waiting_room": self.chance.random() < 0.5}
        self.amend(duration=self.chance.choice([30, 45, 60]), settings=settings, agenda=self.word())

    def reschedule(self) -> None:
        """Another time; of a series, of all that is to come."""
        self.amend(start_time=f"2027-03-{self.chance.randint(1, 28):02}T10:00:00Z")

    def repeat(self) -> None:
        """A single meeting becomes a series, which takes a new one; or a series gets longer."""
        rule = {"type": 2, "weekly_days": "2", "end_times": self.chance.randint(3, 9)}
        whole = weekly(start_time="2026-11-30T10:00:00", recurrence=rule)
        self.amend(**{name: whole[name] for name in ("type", "start_time", "timezone", "recurrence")})

    def rehost(self) -> None:
        """Another host, which takes a new meeting."""
        self.amend(host=self.chance.choice(HOSTS))

    def rename(self) -> None:
        """The key changes, and a `moved` line says what its meeting is known as so far."""
        if one := self.one():
            self.world.undeclare(one.key)
            key = f"{one.key.partition('-')[0]}-{self.word()}"
            self.world.declare(Meeting(key, one.host, one.attributes))
            state = self.world.store.state
            lines = self.lines_off(one.key)
            known = {one.key} & (state.meetings.keys() | state.intents.keys())
            so_far = known or {line.from_key for line in lines}
            self.world.moved = (*self.world.moved, *(moved(name, key) for name in so_far))

    def remove(self) -> None:
        """It is declared no more; no line leads to it."""
        if one := self.one():
            self.world.undeclare(one.key)
            self.lines_off(one.key)

    def lines_off(self, key: str) -> tuple[Moved, ...]:
        """The `moved` lines that lead to `key`, taken out."""
        lines = self.world.moved
        found = tuple(line for line in lines if line.to_key == key)
        self.world.moved = tuple(line for line in lines if line not in found)
        return found

    def review(self) -> None:
        """Name the ids that the plan asks for: to be ended, or now and then to be left in Zoom."""
        world = self.world
        named = {wish.id for wish in world.removed}
        for step in world.plan().steps:
            asks = step.action in {Action.DESTROY, Action.REPLACE} and step.status is Status.WITHHELD
            if asks and step.id is not None and step.id not in named:
                stays = self.chance.random() < 0.2 and self.may_stay(step)
                world.removed = (*world.removed, removed(step.key, step.id, destroy=not stays))
                self.left |= {step.id} if stays else set()

    def may_stay(self, step: Step) -> bool:
        """Whether nobody could take it for another one: for what comes in its place, or for what was lost."""
        if step.action is Action.REPLACE or self.world.store.state.intents:
            return False
        (made,) = [one for one in self.world.account.all_meetings_ever if one.id == step.id]
        created_at = datetime.fromisoformat(made.document["created_at"])
        return created_at < self.world.clock.now() - 2 * SKEW

    def amend(self, *, host: str | None = None, **attributes: Any) -> None:
        """The same key with something else."""
        if one := self.one():
            kept = {**one.attributes, **attributes}
            self.world.declare(Meeting(one.key, host or one.host, kept))

    def one(self) -> Meeting | None:
        """One that is declared."""
        declared = sorted(self.world.declared)
        return self.world.declared[self.chance.choice(declared)] if declared else None

    def word(self) -> str:
        """Six digits."""
        return f"{self.chance.randrange(10**6):06}"

    # What must hold

    def check(self) -> None:
        """At any time: the limits, and nothing in Zoom that neither state nor a person knows of twice."""
        world = self.world
        for host in HOSTS:
            for day, count in world.used(host).items():
                assert count <= self.daily
                assert world.charged(host, day) >= count, (host, day)
        known = world.store.state.known_ids() | self.left
        stray = Counter(one.document["topic"] for one in self.live() if one.id not in known)
        assert max(stray.values(), default=0) <= 1, stray

    def live(self) -> list[Any]:
        """All that Zoom has."""
        return [one for host in HOSTS for one in self.world.account.meetings_of(host)]

    def finish(self) -> None:
        """Runs in peace, each with its review, until nothing is left."""
        for _ in range(RUNS_MAX):
            self.review()
            if not self.world.plan().has_work:
                return
            told = self.run()
            assert told.result is not None
            assert (told.failed, int(told.result.status)) == ({}, 0)
            self.world.clock.advance(8 * 3600)
        raise AssertionError("it never came to an end")


def check_end(life: Life) -> None:
    """Zoom has each declared meeting once, as it is declared, and what was left there on purpose."""
    world = life.world
    live = {one.id: one.document for one in life.live()}
    recorded = world.ids()
    assert set(recorded) == set(world.declared)
    assert set(live) - life.left == set(recorded.values())
    assert (dict(world.store.state.intents), world.store.state.retired) == ({}, ())
    for key, meeting in world.declared.items():
        stored, wanted = live[recorded[key]], meeting.attributes
        assert (stored["topic"], stored["type"], stored["host_email"]) == (
            meeting.topic, wanted["type"], meeting.host,
        )  # fmt: skip
        assert (stored["duration"], stored.get("agenda")) == (wanted["duration"], wanted.get("agenda"))
        for name, value in wanted.get("settings", {}).items():
            assert stored["settings"][name] == value


@pytest.mark.parametrize("seed", range(SEEDS))
def test_whatever_is_edited_and_happens_zoom_has_what_is_declared(seed: int) -> None:
    life = Life(seed)

    if life.chance.random() < 0.6:
        life.run()
    for _ in range(life.chance.randint(1, 6)):
        life.suffer()
        life.edit()
    life.world.land_now()
    life.finish()

    check_end(life)


@pytest.mark.parametrize("seed", range(SEEDS))
def test_every_edit_converges_in_one_apply_where_the_budget_allows(seed: int) -> None:
    life = Life(seed)
    life.daily = 100
    life.world.allowances = Allowances(Limits(life.daily, 0), {})

    for _ in range(4):
        life.edit()
        told = life.world.apply()
        assert (told.failed, told.deferred, told.status) == ({}, {}, 0)
        assert not life.world.plan().has_work
        check_end(life)
        life.world.clock.advance(life.chance.uniform(0, 30 * 3600))
