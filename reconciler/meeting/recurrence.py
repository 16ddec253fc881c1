"""The occurrences of a series: its rule at a fixed wall time in its zone, up to its declared end."""

from __future__ import annotations

from bisect import bisect_right
from calendar import monthrange
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Literal

from msgspec import Struct

from reconciler.meeting.timezones import anchor, in_utc, in_zone, instant, known_zone

if TYPE_CHECKING:
    from dateutil.rrule import rrule


DAILY, WEEKLY, MONTHLY = 1, 2, 3
"""The units of a rule: `recurrence.type`."""

LAST = -1
"""The last week of a month: `recurrence.monthly_week`."""

FIFTH = 5
"""The fifth week of a month, which only a `Pattern` can name."""

OCCURRENCES_MAX = 50
"""Occurrences that Zoom keeps and lists of one series. Its documents name 50 and 60; all allow this many."""

Rule = Mapping[str, Any]
"""A declared rule: the JSON of `recurrence`."""

Nth = Callable[[int], datetime]
"""The naive wall time of an occurrence by its index, from 0.

Raises `IndexError`, `OverflowError` or `ValueError` past the end of the calendar.
"""

DAYS_IN_EVERY_MONTH = 28
"""Days that even the shortest month has."""


def week_day(day: date) -> int:
    """Return the day of the week: 1 is Sunday, 7 is Saturday."""
    return day.isoweekday() % 7 + 1


def month_week(day: date) -> int:
    """Return the week of the month as Zoom counts it, from 1: 2 for the second Tuesday."""
    return (day.day - 1) // 7 + 1


def week_days(recurrence: Rule, start: datetime) -> tuple[int, ...]:
    """Return the days of a weekly rule, sorted from Sunday; the day of the start if none is declared."""
    declared = recurrence.get("weekly_days")
    return _listed_days(declared) if declared else (week_day(start),)


@lru_cache(maxsize=128)  # as many as there are weeks
def _listed_days(declared: str) -> tuple[int, ...]:
    return tuple(sorted({int(day) for day in declared.split(",")}))


def is_on_rule(start: datetime, recurrence: Rule) -> bool:
    """Return whether `start` is an occurrence of the rule."""
    unit = recurrence.get("type")
    if unit == WEEKLY:
        return week_day(start) in week_days(recurrence, start)
    if unit != MONTHLY:
        return True
    if not is_by_weekday(recurrence):
        return start.day == (recurrence.get("monthly_day") or start.day)
    if week_day(start) != recurrence.get("monthly_week_day", week_day(start)):
        return False
    week = recurrence["monthly_week"]
    return (
        start.day + 7 > monthrange(start.year, start.month)[1] if week == LAST else month_week(start) == week
    )


def rule(start: datetime, recurrence: Rule) -> rrule:
    """Return the rule as an endless iterable of every occurrence from `start` (naive) on, in order."""
    from dateutil import rrule as rules  # noqa: PLC0415 - most plans never iterate a rule

    unit = recurrence.get("type")
    days: dict[str, Any] = {}
    if unit == WEEKLY:
        days["byweekday"] = [rules.weekdays[day - 2] for day in week_days(recurrence, start)]
    elif unit == MONTHLY and is_by_weekday(recurrence):
        day = rules.weekdays[recurrence.get("monthly_week_day", week_day(start)) - 2]
        days["byweekday"] = day(recurrence["monthly_week"])
    elif unit == MONTHLY:
        days["bymonthday"] = recurrence.get("monthly_day") or start.day
    frequency: Literal[1, 2, 3] = (
        rules.WEEKLY if unit == WEEKLY else rules.MONTHLY if unit == MONTHLY else rules.DAILY
    )
    # Cached for access by index.
    return rules.rrule(
        frequency, dtstart=start, interval=interval_of(recurrence), wkst=rules.SU, cache=True, **days
    )


def nth_occurrence(start: datetime, recurrence: Rule) -> Nth:
    """Return the occurrences of `rule` by index: computed if the rule is regular, otherwise iterated.

    A plan of 10,000 meetings needs the next and the last occurrence of each series. Iterating takes 200 µs
    for a series, computing 10. A property test compares the two.
    """
    if recurrence.get("type") != MONTHLY:
        return _by_cycle(start, *cycle(start, recurrence))
    if not is_on_rule(start, recurrence):
        return rule(start, recurrence).__getitem__
    interval = interval_of(recurrence)
    if is_by_weekday(recurrence):
        return _by_month_week(start, interval, recurrence["monthly_week"])
    if start.day <= DAYS_IN_EVERY_MONTH:
        return _by_month(start, interval)
    return rule(start, recurrence).__getitem__


def cycle(start: datetime, recurrence: Rule) -> tuple[int, tuple[int, ...]]:
    """Return the days of a daily or weekly cycle from `start` on: its length, and its occurrences, from 0."""
    interval = interval_of(recurrence)
    if recurrence.get("type") != WEEKLY:
        return interval, (0,)
    return 7 * interval, _weekly_places(interval, week_days(recurrence, start), week_day(start))


@lru_cache(maxsize=1024)
def _weekly_places(interval: int, days: tuple[int, ...], first: int) -> tuple[int, ...]:
    # From the start on: the later days of its week, then the earlier days of the next cycle.
    return tuple(sorted((day - first) % (7 * interval) for day in days))


def interval_of(recurrence: Rule) -> int:
    """Return the interval of the rule: every that many days, weeks or months."""
    return int(recurrence.get("repeat_interval") or 1)


def is_by_weekday(recurrence: Rule) -> bool:
    """Return whether a monthly rule names a weekday of the month, and not a day."""
    return bool(recurrence.get("monthly_week")) and not recurrence.get("monthly_day")


def _by_cycle(start: datetime, cycle_days: int, offsets: tuple[int, ...]) -> Nth:
    return lambda index: start + _after(index, cycle_days, offsets)


def _after(index: int, cycle_days: int, offsets: tuple[int, ...]) -> timedelta:
    """Return how long after the first occurrence of a cycle that of an index is."""
    cycles, place = divmod(index, len(offsets))
    return timedelta(cycles * cycle_days + offsets[place])


def _by_month(start: datetime, interval: int) -> Nth:
    def at(index: int) -> datetime:
        years, month = divmod(start.month - 1 + index * interval, 12)
        return start.replace(year=start.year + years, month=month + 1)

    return at


def _by_month_week(start: datetime, interval: int, week: int) -> Nth:
    first_of_month = _by_month(start.replace(day=1), interval)

    def at(index: int) -> datetime:
        first = first_of_month(index)
        first_day = 1 + (week_day(start) - week_day(first)) % 7
        last_day = first_day + (monthrange(first.year, first.month)[1] - first_day) // 7 * 7
        return first.replace(day=last_day if week == LAST else first_day + 7 * (week - 1))

    return at


def _rule_test(start: datetime, recurrence: Rule) -> Callable[[date], bool]:
    """Return a test whether the rule, from `start` on and without its end, has an occurrence on a day."""
    first, unit, interval = start.date(), recurrence.get("type"), interval_of(recurrence)
    first_day = first.toordinal()  # numbers, as differences of days take longer
    if unit == WEEKLY:
        days = _from_monday(week_days(recurrence, start))
        sunday = first_day - week_day(first) + 1
        return lambda day: (
            day.weekday() in days and day >= first and (day.toordinal() - sunday) // 7 % interval == 0
        )
    if unit != MONTHLY:
        return lambda day: (day.toordinal() - first_day) % interval == 0 and day >= first
    # Without a day of its own, a monthly rule has the day of its start.
    fixed = {"monthly_day": start.day, "monthly_week_day": week_day(start), **recurrence}
    if is_by_weekday(recurrence):
        fixed.pop("monthly_day")

    def is_given(day: date) -> bool:
        months = (day.year - first.year) * 12 + day.month - first.month
        wall = datetime.combine(day, start.time())
        return day >= first and months % interval == 0 and is_on_rule(wall, fixed)

    return is_given


@lru_cache(maxsize=128)
def _from_monday(days: tuple[int, ...]) -> frozenset[int]:
    """Return days of the week as Python counts them: 0 is Monday."""
    return frozenset((day + 5) % 7 for day in days)


_NEVER = datetime.max.replace(tzinfo=UTC)
_LATEST = _NEVER - datetime.resolution

_At = Callable[[int], datetime]
"""The instant of an occurrence by its index, from 0; `_NEVER` past the end of the calendar."""


class Remaining(Struct, frozen=True):
    """The rest of a series after an instant.

    `over` is the number of occurrences that began at or before it. `next_at` is the first one after it,
    aware, in UTC; None if there is none. `left` counts from that one on; None if the series never ends.
    """

    over: int
    next_at: datetime | None
    left: int | None


class Series(Struct, frozen=True):
    """A declared recurrence rule with its start.

    A start with a `Z` is converted to wall time in `timezone`. The rule ends after `end_times` occurrences or
    at `end_date_time` (in UTC, inclusive), whichever is first; without both, or with 0 times, it never ends.
    Every method raises `ValueError` if the start, the end or the zone is not valid.
    """

    start_time: str
    timezone: str
    recurrence: Rule

    def occurrences(self) -> Iterator[datetime]:
        """Yield every occurrence, aware, in UTC, in order, up to the declared end."""
        start, end_at = self.wall_start(), self._end_at()
        to_utc = self._to_utc(start)
        for index, wall in enumerate(rule(start, self.recurrence)):
            if index == self._times() or to_utc(wall) > end_at:
                return
            yield to_utc(wall)

    def coming(self, after: datetime) -> Iterator[datetime]:
        """Yield the occurrences after an aware instant, in UTC, in order, up to the declared end."""
        at = self._by_index()
        count = self._count(at)
        index = _begun(at, after, count)
        while index != count and (occurs_at := at(index)) is not _NEVER:
            yield occurs_at
            index += 1

    def wall_start(self) -> datetime:
        """Return the start as naive wall time in the zone."""
        return anchor(self.start_time, self.timezone)[0]

    def is_on_rule(self) -> bool:
        """Return whether the start is an occurrence of the rule, as Zoom expects."""
        return is_on_rule(self.wall_start(), self.recurrence)

    def occurrence(self, index: int) -> datetime | None:
        """Return the occurrence at `index`, from 0, aware, in UTC; None past the end."""
        times = self._times()
        if times is not None and index >= times:
            return None
        occurs_at = self._by_index()(index)
        return occurs_at if occurs_at <= self._end_at() else None

    @property
    def is_short(self) -> bool:
        """True if its rule ends by number, and has no more occurrences than Zoom keeps."""
        times = self._times()
        return times is not None and times <= OCCURRENCES_MAX

    def is_longer_than_kept(self, after: datetime) -> bool:
        """Return whether more occurrences are left after an instant than Zoom keeps, or it never ends."""
        return not self.is_short and self.occurrence(self.remaining(after).over + OCCURRENCES_MAX) is not None

    def count(self) -> int | None:
        """Return the number of occurrences; None if the series never ends."""
        return self._count(self._by_index())

    def last(self) -> datetime | None:
        """Return the last occurrence, aware, in UTC; None if there is none, or the series never ends."""
        at = self._by_index()
        count = self._count(at)
        return at(count - 1) if count else None

    def last_day(self) -> date:
        """Return the local day of the occurrence with the last number; without one, the last day of all."""
        times = self._times()
        if times is None:
            return date.max
        try:
            if self.recurrence.get("type") == MONTHLY:
                return self.wall(times - 1).date()
            start = self.wall_start()  # days are enough: most plans ask this of every series with closures
            return start.date() + _after(times - 1, *cycle(start, self.recurrence))
        except (IndexError, OverflowError, ValueError):  # past the end of the calendar
            return date.max

    def remaining(self, after: datetime) -> Remaining:
        """Return the rest of the series after an aware instant."""
        at = self._by_index()
        count = self._count(at)
        over = _begun(at, after, count)
        if over == count or at(over) is _NEVER:
            return Remaining(over, None, 0)
        return Remaining(over, at(over), None if count is None else count - over)

    def last_of_next(self, number: int, after: datetime) -> datetime | None:
        """Return the last of the next `number` occurrences after an instant; None if none is left."""
        at = self._by_index()
        count = self._count(at)
        over = _begun(at, after, count)
        last = over + number - 1 if count is None else min(over + number, count) - 1
        last_at = at(last) if last >= over else _NEVER
        return None if last_at is _NEVER else last_at

    def start_on(self, day: date) -> datetime | None:
        """Return the occurrence on a local day, aware, in UTC; None if the series has none on it."""
        return self.by_day()(day)

    def by_day(
        self, last_at: datetime | None = None, last_day: date | None = None
    ) -> Callable[[date], datetime | None]:
        """Return `start_on` for many days: what is the same for all of them is computed once.

        `last_at` is the last start that counts, an occurrence; None: that of the series. `last_day` is its
        last day, if that is known already.
        """
        start, start_at = anchor(self.start_time, self.timezone)
        is_given, zone = _rule_test(start, self.recurrence), known_zone(self.timezone)
        first_day, time = start.date(), start.time()
        end_at = last_at or self._end_at()
        last_day = date.max if last_at else last_day or self.last_day()

        def start_on(day: date) -> datetime | None:
            if day > last_day or not is_given(day):
                return None
            # If the wall time of the start occurs twice, a start with a Z says which one it is.
            occurs_at = start_at if day == first_day else datetime.combine(day, time, zone).astimezone(UTC)
            return occurs_at if occurs_at <= end_at else None

        return start_on

    def wall(self, index: int) -> datetime:
        """Return the naive wall time of the occurrence at `index`, from 0, also if clocks skip it."""
        return nth_occurrence(self.wall_start(), self.recurrence)(index)

    def is_held_later(self, occurs_at: datetime) -> bool:
        """Return whether clocks skip the wall time of an occurrence, which then takes place after the gap."""
        return in_zone(occurs_at, known_zone(self.timezone)).time() != self.wall_start().time()

    def _times(self) -> int | None:
        return self.recurrence.get("end_times") or None

    def _end_at(self) -> datetime:
        return instant(end, "UTC") if (end := self.recurrence.get("end_date_time")) else _LATEST

    def _count(self, at: _At) -> int | None:
        end_at, times = self._end_at(), self._times()
        if end_at is _LATEST and (times is None or at(times - 1) is not _NEVER):
            return times
        return _begun(at, end_at, times)

    def _to_utc(self, start: datetime) -> Callable[[datetime], datetime]:
        zone = known_zone(self.timezone)
        start_at = anchor(self.start_time, self.timezone)[1]
        # If the wall time of the start occurs twice, a start with a Z says which one it is.
        return lambda wall: start_at if wall == start else in_utc(wall, zone)

    def _by_index(self) -> _At:
        start = self.wall_start()
        nth, to_utc = nth_occurrence(start, self.recurrence), self._to_utc(start)

        def at(index: int) -> datetime:
            try:
                return to_utc(nth(index))
            except (IndexError, OverflowError, ValueError):
                return _NEVER

        return at


def _begun(at: _At, moment: datetime, count: int | None) -> int:
    """Return how many of the first `count` occurrences begin at or before an instant."""
    if at(0) > moment:
        return 0
    if count is not None and at(count - 1) <= moment:
        return count
    bound = count or 64  # more than Zoom keeps of a series
    while count is None and at(bound) <= moment:
        bound *= 2
    return bisect_right(range(bound), moment, key=at)
