"""A declared meeting, its type, and its schedule at an instant."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from msgspec import Struct

from reconciler.errors.text import repr_without
from reconciler.meeting import recurrence, timezones
from reconciler.meeting.closures import NO_DATES, SingleDates
from reconciler.meeting.passcode import PasscodeReference
from reconciler.ports import Json

INSTANT = 1
"""The type of a meeting that begins when it is created."""

SCHEDULED = 2
"""The type of a single meeting at a fixed time."""

NO_FIXED_TIME = 3
"""The type of a recurring meeting without a fixed time."""

PERSONAL = 4
"""The type of a meeting on the host's personal meeting id."""

SERIES = 8
"""The type of a recurring meeting with a fixed time."""

SCREEN_SHARE = 10
"""The type of a meeting for screen sharing only."""

DURATION_MINUTES_DEFAULT = 60
"""Zoom's default for the duration."""

SOON = timedelta(hours=1)
"""The time before its start in which a meeting is not deleted, since people are about to join it."""


class Schedule(Struct, frozen=True):
    """The state of a meeting's schedule at one instant.

    `next_at` is its next start, aware, in UTC; None if it has no fixed time, or no start is left. `over` is
    the number of past starts, `left` that of coming ones, None if unknown. `begun` is true if no start is
    left to send, `expired` if also the last occurrence has ended.
    """

    next_at: datetime | None = None
    over: int = 0
    left: int | None = None
    begun: bool = False
    expired: bool = False


class Meeting(Struct, frozen=True):
    """One declared meeting, merged with its defaults.

    `attributes` is the create body of the API as declared: without `host`, `protect` and nulls, and with
    `password` as text or as `{"env": NAME, "version": N}`. `filename`, `line` and `column` are the place of
    its key; both count from 1. `dates` is what is declared about single dates of a series, `is_repeat`
    whether its rule is written as `repeat`, `audience` the zones of the people who join. `timetable` are the
    slots of a room, which are never sent.
    """

    key: str
    host: str
    attributes: Mapping[str, Json]  # it may contain a literal passcode
    protect: bool = False
    filename: str = ""
    line: int = 0
    column: int = 0
    dates: SingleDates = NO_DATES
    is_repeat: bool = False
    audience: tuple[str, ...] = ()
    timetable: tuple[Slot, ...] = ()

    def __repr__(self) -> str:
        return repr_without(self, "attributes")

    def recorded_timetable(self) -> dict[str, Json]:
        """Return the slots as they are recorded, by name."""
        return {slot.name: slot.content() for slot in self.timetable}

    @property
    def topic(self) -> str:
        """The topic, empty if there is none."""
        return str(self.attributes.get("topic", ""))

    @property
    def passcode(self) -> PasscodeReference | None:
        """The reference to resolve before this meeting is sent; None if there is none."""
        declared = self.attributes.get("password")
        if not isinstance(declared, dict):
            return None
        return PasscodeReference(declared["env"], declared.get("version", 1))


class Slot(Struct, frozen=True):
    """One slot of a room's timetable: a series, or one date, that is held under the room's link.

    `meeting` has the room's key and host, and the slot's times as if it were a meeting of its own.
    """

    name: str
    meeting: Meeting

    def content(self) -> Json:
        """Return what is recorded of it."""
        attributes, dates = dict(self.meeting.attributes), self.meeting.dates.content()
        return {**attributes, "dates": dates} if dates else attributes


def kind(attributes: Mapping[str, Json]) -> int:
    """Return the meeting type of the API; 2 if none is declared."""
    declared: int = attributes.get("type", SCHEDULED)
    return declared


def minutes_of(attributes: Mapping[str, Json]) -> int:
    """Return the duration, of a series that of each date that is not changed, in minutes."""
    minutes: int = attributes.get("duration", DURATION_MINUTES_DEFAULT)
    return minutes


def start_at(attributes: Mapping[str, Json]) -> datetime | None:
    """Return the declared start, aware, in UTC; None for a meeting without a fixed time."""
    declared = attributes.get("start_time")
    if declared is None or kind(attributes) == NO_FIXED_TIME:
        return None
    return timezones.instant(declared, attributes.get("timezone"))


def without_end(recurrence: Mapping[str, Json]) -> Mapping[str, Json]:
    """Return the rule without the number of its dates, and without its last day."""
    return {name: value for name, value in recurrence.items() if name not in {"end_times", "end_date_time"}}


def series(attributes: Mapping[str, Json]) -> recurrence.Series | None:
    """Return the declared series of a type 8 meeting; None for any other."""
    rule = attributes.get("recurrence")
    if kind(attributes) != SERIES or rule is None or attributes.get("start_time") is None:
        return None
    return recurrence.Series(attributes["start_time"], attributes["timezone"], rule)


def schedule(attributes: Mapping[str, Json], now: datetime) -> Schedule:
    """Return the schedule of the meeting at `now`."""
    first = start_at(attributes)
    if first is None:
        return Schedule()
    if first > now:
        return Schedule(next_at=first)
    duration = _duration(attributes)
    recurring = series(attributes)
    if recurring is None:
        return Schedule(over=1, left=0, begun=True, expired=first + duration <= now)
    return _series_schedule(recurring, duration, now)


class Resumption(Struct, frozen=True):
    """The part of a series that is sent after an instant.

    `start_time` has the form of the declared start, `starts_at` is its instant, aware, in UTC, and `left`
    counts from it on; None if the series never ends. `left_out` are the wall times of the dates before it
    that clocks skip: a series that began there would keep the time after the gap for ever.
    """

    start_time: str
    starts_at: datetime
    left: int | None
    left_out: tuple[datetime, ...] = ()


def resume(recurring: recurrence.Series, after: datetime) -> Resumption | None:
    """Return from where a series is sent after an instant; None if no date is left to begin at.

    A series from there on, with the same zone and rule and the number of occurrences that are left, has
    the same occurrences, except for those that are left out.
    """
    rest = recurring.remaining(after)
    if rest.next_at is None:
        return None
    if rest.next_at == timezones.instant(recurring.start_time, recurring.timezone):
        return Resumption(recurring.start_time, rest.next_at, rest.left)
    left_out: list[datetime] = []
    while (starts_at := recurring.occurrence(rest.over + len(left_out))) is not None:
        wall = recurring.wall(rest.over + len(left_out))
        if not recurring.is_held_later(starts_at):
            left = None if rest.left is None else rest.left - len(left_out)
            in_utc = recurring.start_time.endswith("Z")
            start = timezones.utc_text(starts_at) if in_utc else wall.isoformat(timespec="seconds")
            return Resumption(start, starts_at, left, tuple(left_out))
        left_out.append(wall)
    return None


def sent_start_at(attributes: Mapping[str, Json], now: datetime) -> datetime | None:
    """Return the start that a create sends at `now`, aware, in UTC; None if it sends none.

    It is the next start, or a later one: no series can begin in an hour that clocks skip.
    """
    recurring = series(attributes)
    resumed = resume(recurring, now) if recurring else None
    return resumed.starts_at if resumed else schedule(attributes, now).next_at


def _duration(attributes: Mapping[str, Json]) -> timedelta:
    return timedelta(minutes=minutes_of(attributes))


def _series_schedule(recurring: recurrence.Series, duration: timedelta, now: datetime) -> Schedule:
    remaining = recurring.remaining(now)
    if remaining.next_at is not None:
        # No series can begin in an hour that clocks skip, not even one that has no other date left.
        begun = recurring.is_held_later(remaining.next_at) and resume(recurring, now) is None
        return Schedule(next_at=remaining.next_at, over=remaining.over, left=remaining.left, begun=begun)
    last = recurring.last()
    expired = last is None or last + duration <= now
    return Schedule(over=remaining.over, left=0, begun=True, expired=expired)


def runs_or_starts_soon(attributes: Mapping[str, Json], now: datetime) -> bool:
    """Return whether the meeting is running at `now` or starts within `SOON`; False without a fixed time."""
    current = schedule(attributes, now)
    if current.next_at is not None and current.next_at <= now + SOON:
        return True
    if not current.over:
        return False
    recurring = series(attributes)
    started = recurring.occurrence(current.over - 1) if recurring else start_at(attributes)
    return started is not None and now < started + _duration(attributes)
