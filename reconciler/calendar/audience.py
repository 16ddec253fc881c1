"""The time of a meeting in other zones, and the spans in which it is another one: clocks change apart."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Sequence
from datetime import date, datetime
from functools import lru_cache
from itertools import pairwise

from msgspec import Struct

from reconciler.calendar.expansion import expand
from reconciler.calendar.offsets import DAY_SECONDS, offsets, seconds_of
from reconciler.meeting import timezones
from reconciler.meeting.meeting import Meeting, series

_YEAR_DAYS = 365


class OtherSpan(Struct, frozen=True):
    """Days, both included, on which a meeting is `shift_seconds` later than usual; negative: earlier."""

    first: date
    last: date
    shift_seconds: int


class LocalTime(Struct, frozen=True):
    """The time of a series in another zone: its usual wall time, and the spans with another one.

    Usual is the time of most dates of twelve months. `days_later` is 1 where it is the next day there
    already, and -1 where it is still the day before.
    """

    zone: str
    seconds: int
    days_later: int
    others: tuple[OtherSpan, ...]


class _Segment(Struct, frozen=True):
    """Days between two changes of the clocks, from `first` on, and how far the other zone is ahead."""

    first: int
    last: int
    starts_at: int
    ahead: int


def local_time(meeting: Meeting, zone: str, starts_at: datetime) -> LocalTime | None:
    """Return the time of a series in a zone, over twelve months from its start at `starts_at`.

    None for a meeting that is no series: it has one time.
    """
    recurring = series(meeting.attributes)
    if recurring is None:
        return None
    wall, first = recurring.wall_start(), seconds_of(starts_at)
    time_of_day = (wall.hour * 60 + wall.minute) * 60 + wall.second
    first_day = timezones.in_zone(starts_at, timezones.known_zone(recurring.timezone)).toordinal()
    segments = _segments(recurring.timezone, zone, time_of_day, first_day)
    expansion = expand(meeting, first, first + _YEAR_DAYS * DAY_SECONDS)
    counts = _dates_in(segments, expansion.starts if expansion else ())
    by_ahead = Counter[int]()
    for segment, count in zip(segments, counts, strict=True):
        by_ahead[segment.ahead] += count
    usual = by_ahead.most_common(1)[0][0]  # of equals, the first
    days_later, seconds = divmod(time_of_day + usual, DAY_SECONDS)
    others = (
        OtherSpan(date.fromordinal(each.first), date.fromordinal(each.last), each.ahead - usual)
        for each, count in zip(segments, counts, strict=True)
        if count and each.ahead != usual
    )
    return LocalTime(zone, seconds, days_later, tuple(others))


@lru_cache(maxsize=4096)
def _segments(own_zone: str, zone: str, time_of_day: int, first_day: int) -> tuple[_Segment, ...]:
    """Return a year of days with a meeting at one time of day, by how far the other zone is ahead."""
    year = date.fromordinal(first_day).year
    own, other = offsets(own_zone, year - 1, year + 1), offsets(zone, year - 1, year + 1)
    days = range(first_day, first_day + _YEAR_DAYS)
    instants = own.instants(days, time_of_day)
    changes = {bisect_left(instants, at) for each in (own, other) for at in each.changes()}
    cuts = sorted({0, len(days), *changes})
    found: list[_Segment] = []
    for begin, end in pairwise(cuts):
        at = instants[begin]
        ahead = other.at_instant(at) - own.at_instant(at)
        if found and found[-1].ahead == ahead:
            begun = found.pop()
            found.append(_Segment(begun.first, days[end - 1], begun.starts_at, ahead))
        else:
            found.append(_Segment(days[begin], days[end - 1], at, ahead))
    return tuple(found)


def _dates_in(segments: Sequence[_Segment], starts: Sequence[int]) -> list[int]:
    """Return how many of the sorted starts are in each segment."""
    begins = [bisect_left(starts, each.starts_at) for each in segments]
    return [end - begin for begin, end in zip(begins, [*begins[1:], len(starts)], strict=True)]
