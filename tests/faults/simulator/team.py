"""What is declared, and the pull requests that change it. A meeting is known by its topic, which stays."""

from __future__ import annotations

from collections import Counter
from datetime import datetime
from typing import TYPE_CHECKING, Any

from builders import meeting, moved, one_off, removed, weekly

from reconciler.budget import Allowances, Limits
from reconciler.diff import Action
from reconciler.lookup import SKEW
from reconciler.meeting import Meeting
from reconciler.plan import Options, Plan, build
from reconciler.spec import Spec
from reconciler.step import Status

if TYPE_CHECKING:
    import random
    from collections.abc import Callable

    from reconciler.references import Moved, Removed
    from reconciler.state import State
    from reconciler.step import Step

PASSCODE = "Lift-off_7"
PASSCODES = {"TEAM_PASSCODE": PASSCODE}
EMAILS = ("ada@example.com", "ben@example.com", "cleo@example.com")


class Team:
    """A team with a spec. `hosts` has e-mails, and now and then the user id of one of them."""

    def __init__(self, chance: random.Random, ids: Callable[[str], str]) -> None:
        self.chance = chance
        self.emails = EMAILS[: chance.randint(1, 3)]
        self.hosts = (*self.emails, ids(self.emails[0])) if chance.random() < 0.5 else self.emails
        self.allow(chance.choice([4, 8, 30]), chance.choice([0, 1]))
        self.declared: dict[str, Meeting] = {}
        self.moved: tuple[Moved, ...] = ()
        self.removed: tuple[Removed, ...] = ()
        self.left: set[int] = set()
        """What a reviewer leaves in Zoom, though it is declared no more."""
        self.lives: Counter[str] = Counter()
        """How many meetings each topic may ever have had: one, and one more for each replace."""
        for _ in range(chance.randint(3, 10)):
            self.add()

    def allow(self, daily: int, reserve: int = 0) -> None:
        """What each host may be sent a day."""
        self.daily = daily
        self.allowances = Allowances(Limits(daily, reserve), {})

    # What there is

    @property
    def spec(self) -> Spec:
        """The spec as it stands."""
        return Spec(dict(sorted(self.declared.items())), self.moved, (), self.removed)

    def plan(self, state: State, now: datetime) -> Plan:
        """What an apply would do."""
        return build(self.spec, state, now, self.allowances, Options())

    # Pull requests

    def edit(self, state: State) -> None:
        """Some edits."""
        edits: tuple[Callable[[State], None], ...] = (
            lambda _state: self.add(),
            self.change, self.change, self.reschedule, self.rename, self.rehost, self.repeat, self.remove,
        )  # fmt: skip
        for _ in range(self.chance.randint(1, 5)):
            self.chance.choice(edits)(state)

    def add(self) -> None:
        """A meeting that was never there: single, with a passcode, a series, or without a fixed time."""
        name = f"m{len(self.lives):02}"
        self.lives[name] = 1
        day = 1 + len(self.lives) % 27
        kinds: tuple[dict[str, Any], ...] = (
            one_off(topic=name, start_time=f"2027-02-{day:02}T09:00:00Z"),
            one_off(topic=name, start_time=f"2027-02-{day:02}T09:00:00Z"),
            one_off(topic=name, password={"env": "TEAM_PASSCODE", "version": 1}),
            weekly(topic=name, start_time="2026-11-23T10:00:00"),
            {"topic": name, "type": 3},
        )
        self._declare(meeting(name, self.chance.choice(kinds), host=self.chance.choice(self.hosts)))

    def change(self, _state: State) -> None:
        """What people see, but not when it is."""
        settings = {"waiting_room": self.chance.random() < 0.5}
        self._amend(agenda=self._word(), settings=settings)

    def reschedule(self, _state: State) -> None:
        """Another time; of a series, of all that is to come."""
        if (one := self._one()) and one.attributes["type"] == 2:
            start = f"2027-03-{self.chance.randint(1, 28):02}T10:00:00Z"
            self._declare(Meeting(one.key, one.host, {**one.attributes, "start_time": start}))

    def repeat(self, _state: State) -> None:
        """A single meeting becomes a series, which takes a new one; or a series gets longer."""
        if (one := self._one()) and one.attributes["type"] != 3:
            self.lives[one.topic] += one.attributes["type"] != 8
            rule = {"type": 2, "weekly_days": "2", "end_times": self.chance.randint(3, 9)}
            whole = weekly(start_time="2026-11-30T10:00:00", recurrence=rule)
            kept = {name: whole[name] for name in ("type", "start_time", "timezone", "recurrence")}
            self._declare(Meeting(one.key, one.host, {**one.attributes, **kept}))

    def rehost(self, _state: State) -> None:
        """Another host, which takes a new meeting; or the same one by its other name, which does not."""
        if one := self._one():
            host = self.chance.choice(self.hosts)
            self.lives[one.topic] += host != one.host
            self._declare(Meeting(one.key, host, one.attributes))

    def rename(self, state: State) -> None:
        """The key changes, and a `moved` line says what its meeting is known as so far."""
        if one := self._one():
            del self.declared[one.key]
            key = f"{one.key.partition('-')[0]}-{self._word()}"
            self._declare(Meeting(key, one.host, one.attributes))
            lines = self._lines_off(one.key)
            known = {one.key} & (state.meetings.keys() | state.intents.keys())
            so_far = known or {line.from_key for line in lines}
            self.moved = (*self.moved, *(moved(name, key) for name in so_far))

    def remove(self, _state: State) -> None:
        """It is declared no more; no line leads to it."""
        if one := self._one():
            del self.declared[one.key]
            self._lines_off(one.key)

    def review(self, state: State, now: datetime) -> None:
        """Name the ids that the plan asks for, as a reviewer would."""
        named = {wish.id for wish in self.removed}
        for step in self.plan(state, now).steps:
            asks = step.action in {Action.DESTROY, Action.REPLACE} and step.status is Status.WITHHELD
            if asks and step.id is not None and step.id not in named:
                stays = self._may_stay(step, state, now) and self.chance.random() < 0.2
                self.left |= {step.id} if stays else set()
                self.removed = (*self.removed, removed(step.key, step.id, destroy=not stays))

    def _may_stay(self, step: Step, state: State, now: datetime) -> bool:
        """Whether nobody could take it for what comes in its place, or for what was lost."""
        record = state.meetings.get(step.key)
        if step.action is Action.REPLACE or state.intents or record is None or not record.created_at:
            return False
        return datetime.fromisoformat(record.created_at) < now - 2 * SKEW

    def _declare(self, one: Meeting) -> None:
        self.declared[one.key] = one

    def _amend(self, **attributes: Any) -> None:
        if one := self._one():
            self._declare(Meeting(one.key, one.host, {**one.attributes, **attributes}))

    def _one(self) -> Meeting | None:
        declared = sorted(self.declared)
        return self.declared[self.chance.choice(declared)] if declared else None

    def _lines_off(self, key: str) -> tuple[Moved, ...]:
        found = tuple(line for line in self.moved if line.to_key == key)
        self.moved = tuple(line for line in self.moved if line not in found)
        return found

    def _word(self) -> str:
        return f"{self.chance.randrange(10**6):06}"
