"""The days that the rule of a series gives within a span, by arithmetic: no object for each date."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Iterator, Sequence
from datetime import date, datetime
from itertools import count

from reconciler.meeting.recurrence import (
    DAYS_IN_EVERY_MONTH,
    MONTHLY,
    Rule,
    cycle,
    interval_of,
    is_by_weekday,
    is_on_rule,
    nth_occurrence,
    rule,
)


def rule_days(start: datetime, recurrence: Rule, first: int, last: int) -> Sequence[int]:
    """Return the days from `first` to `last`, both included, on which the rule has an occurrence, in order.

    `start` is naive wall time in the zone of the series. Of the ends of a rule, the number of occurrences is
    kept to, and the last instant is not.
    """
    times = recurrence.get("end_times") or None
    if not is_on_rule(start, recurrence):
        return list(_iterated(start, recurrence, first, last, times))
    if recurrence.get("type") == MONTHLY:
        return list(_monthly(start, recurrence, first, last, times))
    return _cyclic(start, recurrence, first, last, times)


def _cyclic(start: datetime, recurrence: Rule, first: int, last: int, times: int | None) -> Sequence[int]:
    length, places = cycle(start, recurrence)
    begin = start.toordinal()
    over = max((first - begin) // length, 0)
    cycles = range(begin + over * length, last + 1, length)
    if len(places) == 1:
        left = cycles if times is None else cycles[: max(times - over, 0)]
        return left if not left or left[0] >= first else left[1:]
    days = [day + place for day in cycles for place in places]
    left_times = len(days) if times is None else max(times - over * len(places), 0)
    return [day for day in days[:left_times] if first <= day <= last]


def _monthly(start: datetime, recurrence: Rule, first: int, last: int, times: int | None) -> Iterator[int]:
    interval, month = interval_of(recurrence), start.year * 12 + start.month - 1
    if start.day > DAYS_IN_EVERY_MONTH and not is_by_weekday(recurrence):
        yield from _late_in_month(start, interval, first, last, times)
        return
    earliest = date.fromordinal(first)
    over = max((earliest.year * 12 + earliest.month - 1 - month) // interval, 0)
    nth = nth_occurrence(start, recurrence)
    for index in count(over) if times is None else range(over, times):
        day = nth(index).toordinal()
        if day > last:
            return
        if day >= first:
            yield day


def _late_in_month(start: datetime, interval: int, first: int, last: int, times: int | None) -> Iterator[int]:
    """Yield the days of a monthly rule that not every month has."""
    held, latest = 0, date.fromordinal(last)
    for month in range(start.year * 12 + start.month - 1, latest.year * 12 + latest.month, interval):
        if start.day > monthrange(month // 12, month % 12 + 1)[1]:
            continue
        held += 1
        day = date(month // 12, month % 12 + 1, start.day).toordinal()
        if day > last or (times is not None and held > times):
            return
        if day >= first:
            yield day


def _iterated(start: datetime, recurrence: Rule, first: int, last: int, times: int | None) -> Iterator[int]:
    """Yield the days of a rule whose start is not one of them, as only an imported meeting has it."""
    for index, wall in enumerate(rule(start, recurrence)):
        day = wall.toordinal()
        if index == times or day > last:
            return
        if day >= first:
            yield day
