"""What is declared, and the pull requests that change it. A meeting is known by its topic, which stays."""

from __future__ import annotations

from collections import Counter
from datetime import datetime
from typing import TYPE_CHECKING, Any

from builders import imported, meeting, moved, one_off, removed, weekly
from msgspec.structs import replace

from reconciler.apply.resolve.lookup import SKEW
from reconciler.plan.budget import Allowances, Limits
from reconciler.plan.change import Action
from reconciler.plan.plan import Options, Plan, build
from reconciler.plan.step import Status
from reconciler.spec.spec import Spec
from simulator.hands import Mandate

if TYPE_CHECKING:
    import random
    from collections.abc import Callable

    from reconciler.meeting.meeting import Meeting
    from reconciler.plan.step import Step
    from reconciler.spec.lifecycle import Import, Moved, Removed
    from reconciler.state.state import State
    from simulator.calendar import Calendar
    from simulator.night import Night

PASSCODE = "Lift-off_7"
PASSCODES = {"TEAM_PASSCODE": PASSCODE}
EMAILS = ("ada@example.com", "ben@example.com", "cleo@example.com")


class Team:
    """A team with a spec. `hosts` has e-mails, and now and then the user id of one of them.

    `make` has somebody make a meeting in Zoom by hand, and gives its id.
    """

    def __init__(
        self,
        chance: random.Random,
        ids: Callable[[str], str],
        make: Callable[[Meeting], int],
        calendar: Calendar,
    ) -> None:
        self.chance = chance
        self.calendar = calendar
        self.emails = EMAILS[: chance.randint(1, 3)]
        self.hosts = (*self.emails, ids(self.emails[0])) if chance.random() < 0.5 else self.emails
        self.deputies = self.emails[1:] or self.emails
        """Who is scheduled for. Not one of two who goes by two names: only a run of theirs tells that."""
        self.allow(chance.choice([4, 8, 30]), chance.choice([0, 1]))
        self.declared: dict[str, Meeting] = {}
        self._make = make
        self.moved: tuple[Moved, ...] = ()
        self.imports: tuple[Import, ...] = ()
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
        return Spec(dict(sorted(self.declared.items())), self.moved, self.imports, self.removed)

    def plan(self, state: State, now: datetime, options: Options | None = None) -> Plan:
        """What an apply would do."""
        return build(self.spec, state, now, self.allowances, options)

    def mandate(self, state: State, now: datetime) -> Mandate:
        """What somebody asks for: all or a part of it, by a plan that is looked at now or without one."""
        globs = tuple(f"m?{digit}*" for digit in self._digits())
        options = Options(targets=globs)
        return Mandate(options, self.plan(state, now, options) if self.chance.random() < 0.7 else None)

    # Pull requests

    def edit(self, state: State) -> None:
        """Some edits."""
        edits: tuple[Callable[[State], object], ...] = (
            self.add, self.adopt, self.guard,
            self.change, self.change, self.reschedule, self.rename, self.rehost, self.lend, self.repeat,
            self.remove, *([self.date, self.date, self.date] if self.calendar.is_used else []),
        )  # fmt: skip
        self.imports = tuple(line for line in self.imports if line.to not in state.meetings)
        for _ in range(self.chance.randint(1, 5)):
            self.chance.choice(edits)(state)
        if self.calendar.half.is_used:
            self.edit_at_once()

    def add(self, _state: State | None = None) -> Meeting:
        """A meeting that was never there: single, with a passcode, for another user, a series, timeless."""
        name = f"m{len(self.lives):02}"
        self.lives[name] = 1
        day = 1 + len(self.lives) % 27
        kinds: tuple[dict[str, Any], ...] = (
            one_off(topic=name, start_time=f"2027-02-{day:02}T09:00:00Z"),
            one_off(topic=name, start_time=f"2027-02-{day:02}T09:00:00Z"),
            one_off(topic=name, password={"env": "TEAM_PASSCODE", "version": 1}),
            one_off(
                topic=name,
                start_time=f"2027-02-{day:02}T11:00:00Z",
                schedule_for=self.chance.choice(self.deputies),
            ),
            weekly(topic=name, start_time="2026-11-23T10:00:00"),
            {"topic": name, "type": 3},
        )
        one = meeting(name, self.chance.choice(kinds), host=self.chance.choice(self.hosts))
        one = self.calendar.with_dates(one)
        self._declare(replace(one, protect=self.chance.random() < 0.1))
        return one

    def adopt(self, _state: State) -> None:
        """A meeting that somebody made by hand, and the line that says which it is."""
        one = self.add()
        self.imports = (*self.imports, imported(self._make(one), one.key))

    def guard(self, state: State) -> None:
        """One is protected from now on, or no longer; not in a replace, or both stay in Zoom."""
        if (one := self._one()) and not self._keys_of(one) & state.intents.keys():
            self._declare(replace(one, protect=not one.protect))

    def unguard(self) -> None:
        """None is protected any more: else what waits for that would wait for ever."""
        for one in self.declared.values():
            self._declare(replace(one, protect=False))

    def change(self, _state: State) -> None:
        """What people see, but not when it is."""
        settings = {"waiting_room": self.chance.random() < 0.5}
        self._amend(agenda=self._word(), settings=settings)

    def reschedule(self, _state: State) -> None:
        """Another time; of a series, of all that is to come."""
        if (one := self._one()) and one.attributes["type"] == 2:
            start = f"2027-03-{self.chance.randint(1, 28):02}T10:00:00Z"
            self._declare(replace(one, attributes={**one.attributes, "start_time": start}))

    def meet_at_night(self, night: Night) -> None:
        """Series of the night are there for the first time."""
        names = [f"m{len(self.lives) + n:02}" for n in range(2)]
        for one in night.series(names, self.emails[0]):
            self.lives[one.topic] = 1
            self._declare(one)

    def put_off(self, key: str) -> None:
        """A series takes place later in the day."""
        one = self.declared[key]
        start = f"{one.attributes['start_time'][:11]}12:20:00"
        self._declare(replace(one, attributes={**one.attributes, "start_time": start}))

    def repeat(self, _state: State) -> None:
        """A single meeting becomes a series, which takes a new one; or a series gets longer."""
        if (one := self._one()) and one.attributes["type"] != 3 and not self.calendar.is_long:
            self.lives[one.topic] += one.attributes["type"] != 8
            rule = {"type": 2, "weekly_days": "2", "end_times": self._times()}
            whole = weekly(start_time="2026-11-30T10:00:00", recurrence=rule)
            kept = {name: whole[name] for name in ("type", "start_time", "timezone", "recurrence")}
            self._declare(replace(one, attributes={**one.attributes, **kept}))

    def date(self, _state: State) -> None:
        """Single dates of a series: skipped, moved, changed, taken back."""
        if one := self._one():
            self._declare(self.calendar.edited(one))

    def edit_at_once(self) -> None:
        """Single dates of series, together with what people see, the time, or the host."""
        chance = self.calendar.half.chance
        known = self.declared.keys() - {line.to for line in self.imports}
        for one in [self.declared[key] for key in sorted(known)]:
            if one.attributes["type"] != 8 or chance.random() < 0.4:
                continue
            edited = self.calendar.edited_at_once(one)
            other = chance.choice(["agenda", "agenda", "time", "host", ""])
            attributes = dict(edited.attributes)
            if other == "agenda":
                attributes |= {
                    "agenda": f"{chance.randrange(100)}",
                    "settings": {"waiting_room": chance.random() < 0.5},
                }
            if other == "time":
                attributes["start_time"] = (
                    f"{attributes['start_time'][:11]}{chance.choice(['10:00', '13:30'])}:00"
                )
            self._declare(replace(edited, attributes=attributes))
            if other == "host":
                self._give(edited, chance.choice(self.hosts))

    def rehost(self, _state: State) -> None:
        """Another host, which takes a new meeting; or the same one by its other name, which does not."""
        if one := self._one():
            self._give(one, self.chance.choice(self.hosts))

    def _give(self, one: Meeting, host: str) -> None:
        self.lives[one.topic] += host != one.host
        self._declare(replace(one, host=host))

    def lend(self, _state: State) -> None:
        """It is scheduled for another user, or for nobody else any more: handed over in place."""
        if one := self._one():
            others = {name: value for name, value in one.attributes.items() if name != "schedule_for"}
            deputy = self.chance.choice((None, *self.deputies))
            attributes = {**others, "schedule_for": deputy} if deputy else others
            self._declare(replace(one, attributes=attributes))

    def rename(self, state: State) -> None:
        """The key changes, and a `moved` line says what its meeting is known as so far."""
        if one := self._one():
            del self.declared[one.key]
            key = f"{one.key.partition('-')[0]}-{self._word()}"
            self._declare(replace(one, key=key))
            lines = self._lines_off(one.key)
            known = {one.key} & (state.meetings.keys() | state.intents.keys())
            so_far = known or {line.from_key for line in lines}
            self.moved = (*self.moved, *(moved(name, key) for name in so_far))

    def remove(self, state: State) -> None:
        """It is declared no more, and no line leads to it; what is protected stays."""
        if (one := self._one()) and not self._is_protected(one, state):
            del self.declared[one.key]
            self._lines_off(one.key)

    def review(self, state: State, now: datetime) -> None:
        """Name the ids that the plan asks for, as a reviewer would."""
        named = {wish.id for wish in self.removed}
        for step in self.plan(state, now).steps:
            key, number = _asked_for(step, state)
            if number is not None and number not in named:
                stays = self._may_stay(step, key, state, now) and self.chance.random() < 0.2
                self.left |= {number} if stays else set()
                self.removed = (*self.removed, removed(key, number, destroy=not stays))

    def _is_protected(self, one: Meeting, state: State) -> bool:
        known = self._keys_of(one) & state.meetings.keys()
        return one.protect or any(state.meetings[key].protect for key in known)

    def _keys_of(self, one: Meeting) -> set[str]:
        """What its meeting may be known as."""
        return {one.key, *(line.from_key for line in self.moved if line.to_key == one.key)}

    def _may_stay(self, step: Step, key: str, state: State, now: datetime) -> bool:
        """Whether nobody could take it for what comes in its place, or for what was lost."""
        record = state.meetings.get(key)
        if step.action is not Action.DESTROY or state.intents or record is None or not record.created_at:
            return False
        return datetime.fromisoformat(record.created_at) < now - 2 * SKEW

    def _declare(self, one: Meeting) -> None:
        self.declared[one.key] = one

    def _amend(self, **attributes: Any) -> None:
        if one := self._one():
            self._declare(replace(one, attributes={**one.attributes, **attributes}))

    def _one(self) -> Meeting | None:
        """Any that is known by its key alone."""
        declared = sorted(self.declared.keys() - {line.to for line in self.imports})
        return self.declared[self.chance.choice(declared)] if declared else None

    def _lines_off(self, key: str) -> tuple[Moved, ...]:
        found = tuple(line for line in self.moved if line.to_key == key)
        self.moved = tuple(line for line in self.moved if line not in found)
        return found

    def _digits(self) -> str:
        """Last digits of the numbers of those that are asked for; none: all are."""
        return "".join(self.chance.sample("0123456789", 5)) if self.chance.random() < 0.3 else ""

    def _times(self) -> int:
        """More where dates are skipped, so that one is held."""
        return self.chance.randint(3, 9) + (6 if self.calendar.is_used else 0)

    def _word(self) -> str:
        return f"{self.chance.randrange(10**6):06}"


def _asked_for(step: Step, state: State) -> tuple[str, int | None]:
    """The key and the id that a `removed` line is asked for; a new key may look like a renamed one."""
    if step.status is not Status.WITHHELD:
        return step.key, None
    if step.action is Action.CREATE and step.from_key is not None:
        return step.from_key, state.meetings[step.from_key].id
    asks = step.action in {Action.DESTROY, Action.REPLACE}
    return step.key, step.id if asks else None
