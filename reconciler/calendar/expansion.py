"""The dates of one meeting within a span, as whole seconds."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from functools import lru_cache

from msgspec import Struct

from reconciler.calendar.offsets import DAY_SECONDS, day_of, offsets, seconds_of
from reconciler.calendar.rule_days import rule_days
from reconciler.meeting.closures import SKIP, Closure, is_in_pattern
from reconciler.meeting.meeting import SERIES, Meeting, kind, minutes_of, series, start_at
from reconciler.meeting.recurrence import Series
from reconciler.meeting.timezones import instant
from reconciler.ports import Json

MARGIN_SECONDS = 3 * DAY_SECONDS
"""How much further than a span a rule is looked at: no local day is more than a day and a bit off UTC's."""


class OwnDate(Struct, frozen=True):
    """A date of a series with an exception: the day and the start of the rule, its own start and length."""

    day: int
    rule_start: int
    start: int
    length: int

    @property
    def is_moved(self) -> bool:
        """True if it is held at another time than the rule gives."""
        return self.start != self.rule_start


class Expansion(Struct, frozen=True):
    """The dates of one meeting within a span: those of the rule, and those with an exception.

    `days` and `starts` belong together and are in order; each of them is `length` seconds long.
    """

    meeting: Meeting
    days: Sequence[int]
    starts: Sequence[int]
    length: int
    own: Sequence[OwnDate] = ()


def expand(meeting: Meeting, first: int, last: int) -> Expansion | None:
    """Return the dates of a meeting that are held within `first` and `last`, in seconds.

    A date is in the span where it begins before the end and is not over at the beginning. None for a meeting
    without a fixed time, and for one whose time cannot be read: the rules for times report it.
    """
    try:
        recurring = series(meeting.attributes)
        if recurring is not None:
            return _expand_series(meeting, recurring, first, last)
        start = start_at(meeting.attributes) if kind(meeting.attributes) != SERIES else None
    except (KeyError, OverflowError, ValueError):
        return None
    return None if start is None else _single(meeting, seconds_of(start), first, last)


def length_of(attributes: Mapping[str, Json]) -> int:
    """Return the declared duration, in seconds."""
    return minutes_of(attributes) * 60


def _single(meeting: Meeting, start: int, first: int, last: int) -> Expansion:
    length = length_of(meeting.attributes)
    days = [day_of(start)] if is_within(start, length, first, last) else []
    return Expansion(meeting, days, [start] if days else [], length)


def is_within(start: int, length: int, first: int, last: int) -> bool:
    """Return whether a date of `length` is held between `first` and `last`, the end not included."""
    return start < last and (start + length > first or start >= first)


def skipped_days(meeting: Meeting, first: int, last: int) -> list[tuple[int, str | None]]:
    """Return the days of a series within a span, in order, that an exception or a closure leaves out.

    Each has the name of its closure, None where an exception skips it. A series that cannot be read has none.
    """
    try:
        recurring = series(meeting.attributes) if meeting.dates else None
        days, starts = _around(meeting, recurring, first, last) if recurring is not None else ([], [])
    except (KeyError, OverflowError, ValueError):
        return []
    length, excepted = length_of(meeting.attributes), dict(_excepted(meeting))
    closed = _closed_days(meeting, days)
    by_closure = {day: name for day, name in closed.items() if name is not None and day not in excepted}
    skipped = {day: None for day, edit in excepted.items() if edit == SKIP} | by_closure
    return [
        (day, skipped[day])
        for day, start in zip(days, starts, strict=True)
        if day in skipped and is_within(start, length, first, last)
    ]


def _expand_series(meeting: Meeting, recurring: Series, first: int, last: int) -> Expansion:
    length = length_of(meeting.attributes)
    days, starts = _around(meeting, recurring, first, last)
    begin = bisect_right(starts, first - length) if length else bisect_left(starts, first)
    end = bisect_left(starts, last)
    if not meeting.dates:
        return Expansion(meeting, days[begin:end], starts[begin:end], length)
    excepted = dict(_excepted(meeting))
    held_days, held_starts = list(days[begin:end]), starts[begin:end]
    for day in excepted.keys() | _closed_days(meeting, days):  # a few of many: not each day of the rule
        place = bisect_left(held_days, day)
        if place < len(held_days) and held_days[place] == day:
            del held_days[place], held_starts[place]
    own = [
        each
        for each in _own_dates(meeting, recurring, excepted, days, starts)
        if is_within(each.start, each.length, first, last)
    ]
    return Expansion(meeting, held_days, held_starts, length, own)


def _around(meeting: Meeting, recurring: Series, first: int, last: int) -> tuple[Sequence[int], list[int]]:
    """Return the days of the rule, and their starts, in a span and near it, as far as dates are moved."""
    earliest = first - length_of(meeting.attributes) - MARGIN_SECONDS
    return _of_rule(recurring, earliest, last + MARGIN_SECONDS)


def _of_rule(recurring: Series, first: int, last: int) -> tuple[Sequence[int], list[int]]:
    """Return the days of the rule within a span, and the instant of each."""
    start = recurring.wall_start()
    days = rule_days(
        start, recurring.recurrence, max(day_of(first), 1), min(day_of(last), date.max.toordinal())
    )
    if not days:
        return days, []
    years = date.fromordinal(days[0]).year - 1, date.fromordinal(days[-1]).year
    time_of_day = (start.hour * 60 + start.minute) * 60 + start.second
    starts = offsets(recurring.timezone, *years).instants(days, time_of_day)
    # Of a wall time that occurs twice, a start with a Z says which one it is.
    if days[0] == start.toordinal():
        starts[0] = seconds_of(instant(recurring.start_time, recurring.timezone))
    end = recurring.recurrence.get("end_date_time")
    if not end:
        return days, starts
    count = bisect_right(starts, seconds_of(instant(end, "UTC")))
    return days[:count], starts[:count]


def _excepted(meeting: Meeting) -> Iterator[tuple[int, Json]]:
    for day in meeting.dates.exceptions:
        edit = meeting.dates.exception(day)
        if edit is not None:
            yield date.fromisoformat(day).toordinal(), edit


def _own_dates(
    meeting: Meeting,
    recurring: Series,
    excepted: Mapping[int, Json],
    days: Sequence[int],
    starts: Sequence[int],
) -> Iterator[OwnDate]:
    for day, edit in excepted.items():
        if edit == SKIP:
            continue
        place = bisect_left(days, day)
        start = starts[place] if place < len(days) and days[place] == day else None
        if start is None and "start_time" in edit:  # it may be moved into the span
            given = recurring.start_on(date.fromordinal(day))
            start = None if given is None else seconds_of(given)
        if start is not None:
            written = edit.get("start_time")
            held = seconds_of(instant(written, recurring.timezone)) if written else start
            yield OwnDate(day, start, held, length_of(edit if "duration" in edit else meeting.attributes))


def _closed_days(meeting: Meeting, days: Sequence[int]) -> dict[int, str | None]:
    """Return which of the sorted `days` a closure or the pattern leaves out, with the name of the closure.

    A day that the pattern leaves out is none of the series, and so is lost to no closure: None.
    """
    dates = meeting.dates
    closed: dict[int, str | None] = {}
    if dates.pattern:
        closed |= {day: None for day in days if not is_in_pattern(date.fromordinal(day), dates.pattern)}
    if dates.closures and days:
        named = closure_days(dates.closures, days[0] // 400, days[-1] // 400)
        closed |= {day: named[day] for day in named.keys() & days if day not in closed}
    return closed


@lru_cache(maxsize=256)
def closure_days(closures: tuple[Closure, ...], first: int, last: int) -> Mapping[int, str]:
    """Return the closed days with the name of their closure, from `first` to `last`, in spans of 400 days.

    Meetings that skip the same closures share it.
    """
    begin = date.fromordinal(max(first * 400, 1))
    end = date.fromordinal(min((last + 1) * 400, date.max.toordinal()))
    return {
        day.toordinal(): closure.name for closure in reversed(closures) for day in closure.days(begin, end)
    }
