"""The instants of a series: its rule at a fixed wall time in its zone, up to its declared end.

This is the door to time for everything above it; it never asks what time it is now.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from reconciler import cadence
from reconciler.sentence import day_words, end_words, rule_words, time_words, weekday_words
from reconciler.wall_time import (
    has_summer_time,
    in_utc,
    in_zone,
    instant,
    is_ambiguous,
    is_skipped,
    known_zone,
    parsed,
    zone,
    zones,
)

if TYPE_CHECKING:
    from reconciler.cadence import Rule

__all__ = [
    "Remaining",
    "Series",
    "has_summer_time",
    "instant",
    "is_ambiguous",
    "is_skipped",
    "parsed",
    "sentence",
    "when",
    "zone",
    "zones",
]

_NEVER = datetime.max.replace(tzinfo=UTC)
_LATEST = _NEVER - datetime.resolution

_At = Callable[[int], datetime]
"""The instant of an occurrence by its place, from 0; `_NEVER` past the calendar's end."""


@dataclass(frozen=True, slots=True)
class Remaining:
    """What is left of a series at an instant.

    `over` occurrences began at or before it; `next_at` is the first after it (aware, UTC; None
    where there is none); `left` counts from that one on (None where the series never ends).
    """

    over: int
    next_at: datetime | None
    left: int | None


@dataclass(frozen=True, slots=True)
class Series:
    """A recurrence rule with its start, as they were declared.

    A start with a `Z` fixes the wall time that it is in `timezone`. The rule ends after
    `end_times` occurrences, or at `end_date_time` (UTC, inclusive), whichever is first; with
    neither, or with 0 times, it never does. Every method raises `ValueError` where the start, the
    end or the zone cannot be read.
    """

    start_time: str
    timezone: str
    recurrence: Rule

    def occurrences(self) -> Iterator[datetime]:
        """Every occurrence, aware, UTC, in order, up to the declared end."""
        start, end_at = self.wall_start(), self._end_at()
        to_utc = self._to_utc(start)
        for place, wall in enumerate(cadence.rule(start, self.recurrence)):
            if place == self._times() or to_utc(wall) > end_at:
                return
            yield to_utc(wall)

    def wall_start(self) -> datetime:
        """The start as clocks in the zone show it, naive."""
        start = parsed(self.start_time)
        return in_zone(start, known_zone(self.timezone)) if start.tzinfo else start

    def is_on_rule(self) -> bool:
        """Whether the start is itself an occurrence, as Zoom expects."""
        return cadence.is_on_rule(self.wall_start(), self.recurrence)

    def occurrence(self, place: int) -> datetime | None:
        """The occurrence at that place, from 0, aware, UTC; None past the end."""
        times = self._times()
        if times is not None and place >= times:
            return None
        occurs_at = self._by_place()(place)
        return occurs_at if occurs_at <= self._end_at() else None

    def count(self) -> int | None:
        """How many occurrences there are; None where the series never ends."""
        return self._count(self._by_place())

    def last(self) -> datetime | None:
        """The last occurrence, aware, UTC; None where there is none, or no end."""
        at = self._by_place()
        count = self._count(at)
        return at(count - 1) if count else None

    def remaining(self, after: datetime) -> Remaining:
        """What is left of the series after that instant (aware)."""
        at = self._by_place()
        count = self._count(at)
        over = _begun(at, after, count)
        if over == count or at(over) is _NEVER:
            return Remaining(over, None, 0)
        return Remaining(over, at(over), None if count is None else count - over)

    def next_local(self, after: datetime) -> str | None:
        """The first occurrence after that instant, as a start to send; None where there is none.

        It has the form of the declared start: with a `Z`, or as wall time. A series that begins
        there, with the same zone and rule and the count that is left, has the same occurrences.
        """
        rest = self.remaining(after)
        if rest.next_at is None:
            return None
        if rest.next_at == instant(self.start_time, self.timezone):
            return self.start_time
        wall = cadence.nth(self.wall_start(), self.recurrence)(rest.over)
        # An occurrence in a skipped hour is moved; named by its instant, it would move all after it.
        keeps_wall = in_zone(rest.next_at, known_zone(self.timezone)) == wall
        if self.start_time.endswith("Z") and keeps_wall:
            return rest.next_at.strftime("%Y-%m-%dT%H:%M:%SZ")
        return wall.isoformat(timespec="seconds")

    def _times(self) -> int | None:
        return self.recurrence.get("end_times") or None

    def _end_at(self) -> datetime:
        end_date_time = self.recurrence.get("end_date_time")
        return instant(end_date_time, "UTC") if end_date_time else _LATEST

    def _count(self, at: _At) -> int | None:
        end_at, times = self._end_at(), self._times()
        return None if end_at is _LATEST and times is None else _begun(at, end_at, times)

    def _to_utc(self, start: datetime) -> Callable[[datetime], datetime]:
        where = known_zone(self.timezone)
        start_at = instant(self.start_time, self.timezone)
        # A start with a Z says which one it is, where its wall time occurs twice.
        return lambda wall: start_at if wall == start else in_utc(wall, where)

    def _by_place(self) -> _At:
        start = self.wall_start()
        nth, to_utc = cadence.nth(start, self.recurrence), self._to_utc(start)

        def at(place: int) -> datetime:
            try:
                return to_utc(nth(place))
            except (IndexError, OverflowError, ValueError):
                return _NEVER

        return at


def sentence(recurrence: Rule, start_time: str, timezone: str) -> str:
    """The series as a person would say it: "every second Tuesday, 10:00 Europe/Berlin, 12 times, until …".

    The day it ends is the last occurrence's, in the zone. Raises as `Series` does.
    """
    series = Series(start_time, timezone, recurrence)
    start, last_at = series.wall_start(), series.last()
    last = last_at and in_zone(last_at, known_zone(timezone))
    ends = end_words(recurrence.get("end_times"), last)
    return f"{rule_words(recurrence, start)}, {time_words(start)} {timezone}{ends}"


def when(start_time: str, timezone: str | None, duration_minutes: int | None = None) -> str:
    """A single meeting's time as a person would say it: "Thu 14 Jan 2027, 15:00 UTC, 60 min"."""
    start = parsed(start_time)
    place = "UTC" if start.tzinfo else timezone
    length = f", {duration_minutes} min" if duration_minutes else ""
    return f"{weekday_words(start)} {day_words(start)}, {time_words(start)} {place}{length}"


def _begun(at: _At, moment: datetime, count: int | None) -> int:
    """How many of the first `count` occurrences are not after that instant."""
    if at(0) > moment:
        return 0
    if count is not None and at(count - 1) <= moment:
        return count
    most = count or 64  # more than Zoom keeps of a series
    while count is None and at(most) <= moment:
        most *= 2
    return bisect_right(range(most), moment, key=at)
