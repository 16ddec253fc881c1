"""The occurrences of a series, computed day by day in its own zone.

Independent of `meeting.recurrence` on purpose: a test compares the two.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from itertools import count, islice
from typing import TYPE_CHECKING

from reconciler.meeting.timezones import known_zone
from reconciler.sandbox import times
from reconciler.sandbox.validation import DAILY, WEEKLY

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from reconciler.ports import Json


OCCURRENCES_MAX = 50
"""Occurrences of a series that are returned at most."""

_EMPTY_MONTHS_MAX = 500  # a rule such as "the 30th, every twelfth month from February" has no day
_LAST_YEAR = 9990


def upcoming(
    start: datetime, timezone: str, rule: Mapping[str, Json], *, since: datetime | None
) -> tuple[datetime, ...]:
    """Return the first 50 starts, in order, UTC; none before `since`, if given."""
    if rule.get("end_times") == 0 and "end_date_time" not in rule:
        return _first(start, timezone, _frozen(rule), since)
    starts = _first(start, timezone, _frozen(rule), None)
    return starts if since is None else tuple(each for each in starts if each >= since)


def last(start: datetime, timezone: str, rule: Mapping[str, Json]) -> datetime | None:
    """Return the start of the last occurrence; None for a series without an end."""
    if rule.get("end_times") == 0 and "end_date_time" not in rule:
        return None
    return max(_first(start, timezone, _frozen(rule), None), default=start)


@lru_cache(maxsize=4096)
def _first(
    start: datetime, timezone: str, rule: tuple[tuple[str, Json], ...], since: datetime | None
) -> tuple[datetime, ...]:
    starts = _starts(start, timezone, dict(rule))
    return tuple(islice((each for each in starts if since is None or each >= since), OCCURRENCES_MAX))


def _frozen(rule: Mapping[str, Json]) -> tuple[tuple[str, Json], ...]:
    return tuple(sorted(rule.items()))


def _starts(start: datetime, timezone: str, rule: Mapping[str, Json]) -> Iterator[datetime]:
    local = start.astimezone(known_zone(timezone))
    end_at = times.parsed(rule["end_date_time"]) if "end_date_time" in rule else None
    end_times = None if end_at else (rule.get("end_times", 1) or None)
    days = (day for day in _days(local.date(), rule) if day >= local.date())
    for day in islice(days, end_times):
        # Only the first date may be the second of two equal hours; of the others, it is the first.
        wall = local if day == local.date() else datetime.combine(day, local.timetz().replace(fold=0))
        each = wall.astimezone(UTC)
        if end_at is not None and each > end_at:
            return
        yield each


def _days(first: date, rule: Mapping[str, Json]) -> Iterator[date]:
    interval = rule.get("repeat_interval", 1)
    if rule["type"] == DAILY:
        yield from _daily(first, interval)
    elif rule["type"] == WEEKLY:
        yield from _weekly(first, interval, rule.get("weekly_days", "1"))
    else:
        yield from _monthly(first, interval, rule)


def _daily(first: date, interval: int) -> Iterator[date]:
    for step in count():
        day = first + timedelta(days=step * interval)
        if day.year > _LAST_YEAR:
            return
        yield day


def _weekly(first: date, interval: int, weekly_days: str) -> Iterator[date]:
    sunday = first - timedelta(days=first.isoweekday() % 7)
    offsets = sorted({int(day) - 1 for day in weekly_days.split(",")})
    for step in count():
        week = sunday + timedelta(weeks=step * interval)
        if week.year > _LAST_YEAR:
            return
        yield from (week + timedelta(days=offset) for offset in offsets)


def _monthly(first: date, interval: int, rule: Mapping[str, Json]) -> Iterator[date]:
    empty_months = 0
    for step in count():
        months = first.year * 12 + first.month - 1 + step * interval
        year, month = divmod(months, 12)
        if year > _LAST_YEAR or empty_months > _EMPTY_MONTHS_MAX:
            return
        day = _day_of_month(year, month + 1, rule)
        empty_months = empty_months + 1 if day is None else 0
        if day is not None:
            yield day


def _day_of_month(year: int, month: int, rule: Mapping[str, Json]) -> date | None:
    if "monthly_week" in rule and "monthly_week_day" in rule:
        return _weekday_of_month(year, month, rule["monthly_week"], rule["monthly_week_day"])
    try:
        return date(year, month, rule.get("monthly_day", 1))
    except ValueError:
        return None


def _weekday_of_month(year: int, month: int, week: int, weekday: int) -> date:
    offset = (weekday - 1 - date(year, month, 1).isoweekday() % 7) % 7
    first = date(year, month, 1) + timedelta(days=offset)
    if week > 0:
        return first + timedelta(weeks=week - 1)
    fifth = first + timedelta(weeks=4)
    return fifth if fifth.month == month else first + timedelta(weeks=3)
