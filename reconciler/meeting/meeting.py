"""What only a meeting knows: when it happens, what to send for it, what to keep of it.

It must never let a secret out: `recorded` is the only form that leaves the process.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from reconciler.meeting import recurrence, timezones
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
"""What Zoom assumes where no duration is declared."""

SOON = timedelta(hours=1)
"""How long before its start a meeting is not ended any more: people are on their way to it."""


@dataclass(frozen=True, slots=True)
class Schedule:
    """Where a meeting stands at one instant.

    `next_at` is its next start (aware, UTC; None: it has no fixed time, or no start is left),
    `over` how many declared starts are past, `left` how many are to come (None: unknown),
    `begun` that no start is left to send, `expired` that its last one has also ended.
    """

    next_at: datetime | None = None
    over: int = 0
    left: int | None = None
    begun: bool = False
    expired: bool = False


@dataclass(frozen=True, slots=True)
class Meeting:
    """One declared meeting, merged with its defaults.

    `attributes` is the API's create body as declared: no `host`, no `protect`, no null;
    `password` is text or `{"env": NAME, "version": N}`. `filename`, `line` and `column`
    tell where its key stands (both count from 1).
    """

    key: str
    host: str
    attributes: Mapping[str, Json] = field(repr=False)  # a literal passcode stands in it
    protect: bool = False
    filename: str = ""
    line: int = 0
    column: int = 0

    @property
    def topic(self) -> str:
        """What people read in their calendar."""
        return str(self.attributes.get("topic", ""))

    @property
    def passcode(self) -> PasscodeReference | None:
        """The reference that has to be read before this meeting is sent; None: there is none."""
        declared = self.attributes.get("password")
        if not isinstance(declared, dict):
            return None
        return PasscodeReference(declared["env"], declared.get("version", 1))


def kind(attributes: Mapping[str, Json]) -> int:
    """The API's meeting type; 2 where none is declared."""
    declared = attributes.get("type", SCHEDULED)
    assert isinstance(declared, int)
    return declared


def start_at(attributes: Mapping[str, Json]) -> datetime | None:
    """The declared start, aware, UTC; None for a meeting without a fixed time."""
    declared = attributes.get("start_time")
    if declared is None or kind(attributes) == NO_FIXED_TIME:
        return None
    return timezones.instant(declared, attributes.get("timezone"))


def series(attributes: Mapping[str, Json]) -> recurrence.Series | None:
    """The declared series of a type 8 meeting; None for any other."""
    rule = attributes.get("recurrence")
    if kind(attributes) != SERIES or rule is None or "start_time" not in attributes:
        return None
    return recurrence.Series(attributes["start_time"], attributes["timezone"], rule)


def schedule(attributes: Mapping[str, Json], now: datetime) -> Schedule:
    """Where the meeting stands at `now`. A series means its occurrences from now on."""
    begins = start_at(attributes)
    if begins is None:
        return Schedule()
    if begins > now:
        return Schedule(next_at=begins)
    length = _length(attributes)
    repeated = series(attributes)
    if repeated is None:
        return Schedule(over=1, left=0, begun=True, expired=begins + length <= now)
    return _schedule_of(repeated, length, now)


def _length(attributes: Mapping[str, Json]) -> timedelta:
    return timedelta(minutes=attributes.get("duration", DURATION_MINUTES_DEFAULT))


def _schedule_of(repeated: recurrence.Series, length: timedelta, now: datetime) -> Schedule:
    remaining = repeated.remaining(now)
    if remaining.next_at is not None:
        return Schedule(next_at=remaining.next_at, over=remaining.over, left=remaining.left)
    last = repeated.last()
    ended = last is None or last + length <= now
    return Schedule(over=remaining.over, left=0, begun=True, expired=ended)


def runs_or_starts_soon(attributes: Mapping[str, Json], now: datetime) -> bool:
    """Whether it takes place at `now` or starts within the hour; False where it has no fixed time."""
    standing = schedule(attributes, now)
    if standing.next_at is not None and standing.next_at <= now + SOON:
        return True
    if not standing.over:
        return False
    repeated = series(attributes)
    started = repeated.occurrence(standing.over - 1) if repeated else start_at(attributes)
    return started is not None and now < started + _length(attributes)
