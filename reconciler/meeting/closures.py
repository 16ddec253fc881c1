"""Declared single dates of a series: exceptions by date, closures by name, and a pattern of weekdays.

A date is named by the local day on which the rule gives it, in the meeting's zone: `2027-04-05`.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from calendar import monthrange
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, timedelta
from functools import cached_property

from msgspec import Struct

from reconciler.meeting.recurrence import LAST, Rule, Series, month_week, nth_occurrence, week_day
from reconciler.meeting.timezones import known_zone, local_day
from reconciler.ports import Json

SKIP = "skip"
"""The exception of a date that is not held."""

NOTE = "note"
"""The part of an exception that is only shown, and never sent."""

SHORT_DAYS = 366
"""Days of a range that are listed one by one."""

Pattern = tuple[tuple[int, int], ...]
"""Weekdays of a month, each as its week (1 to 5, -1 for the last) and its day (1 is Sunday).

The API has no rule with several of them: a weekly rule is sent, of which only these days are held.
"""

_DATES_BETWEEN_MAX = 7 * 14
"""Dates of a weekly rule between two days of a pattern, at most: 14 weeks of them, for a fifth Sunday."""

_LAST_YEAR = date.max.year - 1
"""The first year of an end that is as good as none: the calendar itself ends in the next one."""
_BEFORE_ALL = datetime.min.replace(tzinfo=UTC)

_YEARLY_LENGTH = len("12-24")


class DayRange(Struct, frozen=True):
    """Days from `first` to `last`, both included: `2027-12-24`, or `12-24` for every year.

    An empty `last` is a range without an end. A range of every year may go over the end of the year.
    """

    first: str
    last: str

    @property
    def is_yearly(self) -> bool:
        """True if the range is without a year."""
        return len(self.first) == _YEARLY_LENGTH

    @property
    def is_short(self) -> bool:
        """True if it is of one year alone and at most `SHORT_DAYS` long."""
        if self.is_yearly or not self.last:
            return False
        return (date.fromisoformat(self.last) - date.fromisoformat(self.first)).days <= SHORT_DAYS

    def holds(self, day: date) -> bool:
        """Return whether the day is in the range."""
        text = day.isoformat()[5:] if self.is_yearly else day.isoformat()
        if not self.last:
            return self.first <= text
        if self.is_yearly and self.last < self.first:
            return text >= self.first or text <= self.last
        return self.first <= text <= self.last

    def end_of(self, day: date) -> date | None:
        """Return the last day of the range that holds `day`; None if it has no end."""
        if not self.last:
            return None
        ends = (high for _, high in self._spans(day, day))
        return min(end for end in ends if end >= day)

    def days(self, first: date, last: date) -> Iterator[date]:
        """Yield the days of the range from `first` to `last`, in order."""
        for low, high in self._spans(first, last):
            day, end = max(low, first), min(high, last)
            while day <= end:
                yield day
                day += timedelta(days=1)

    def _spans(self, first: date, last: date) -> Iterator[tuple[date, date]]:
        if not self.is_yearly:
            yield date.fromisoformat(self.first), date.fromisoformat(self.last) if self.last else last
            return
        for year in range(first.year - 1, last.year + 1):
            end_year = year + 1 if self.last < self.first else year
            yield _day_of(year, self.first), _day_of(end_year, self.last)


def _after(day: date) -> date:
    return day + timedelta(days=1)


def _day_of(year: int, text: str) -> date:
    """Return a day of a year; 29 February of a common year is the day before 1 March."""
    try:
        return date.fromisoformat(f"{year}-{text}")
    except ValueError:
        return date(year, 2, 28)


class Closure(Struct, frozen=True, dict=True, cache_hash=True):
    """Days on which nothing is held, under a name.

    The days of its short ranges are listed once: thousands of series may ask for them.
    """

    name: str
    ranges: tuple[DayRange, ...]

    @cached_property
    def _days(self) -> frozenset[date]:
        short = [each for each in self.ranges if each.is_short]
        return frozenset(day for each in short for day in each.days(date.min, date.max))

    @cached_property
    def _listed(self) -> tuple[date, ...]:
        return tuple(sorted(self._days))

    @cached_property
    def _others(self) -> tuple[DayRange, ...]:
        return tuple(each for each in self.ranges if not each.is_short)

    @property
    def is_listed(self) -> bool:
        """True if all of its days are listed: it has no range of every year, and none that is long."""
        return not self._others

    def holds(self, day: date) -> bool:
        """Return whether the day is closed."""
        return day in self._days or any(each.holds(day) for each in self._others)

    def days(self, first: date, last: date) -> set[date]:
        """Return its days from `first` to `last`."""
        days = set(self._listed[bisect_left(self._listed, first) : bisect_right(self._listed, last)])
        for each in self._others:
            days.update(day for day in each.days(first, last) if each.holds(day))
        return days

    def end_of(self, day: date) -> date | None:
        """Return the last of the closed days that follow `day` without a gap; None if they go on for ever."""
        since = day
        while day.year < _LAST_YEAR:
            if _after(day) in self._days:
                since = day = _after(day)
                continue
            more = [each for each in self._others if each.holds(_after(day))]
            ends = [end for each in more if (end := each.end_of(_after(day)))]
            if not more or len(ends) < len(more):
                return None if more else day
            day = max(ends)
            if not all(each.is_yearly for each in more):
                since = day
            elif (day - since).days > 2 * SHORT_DAYS:  # ranges of every year that are all of the year
                return None
        return None


class SingleDates(Struct, frozen=True):
    """Everything that is declared about the single dates of one series.

    `exceptions` are as declared, by date: `SKIP`, or a mapping of `start_time`, `duration`, `agenda`,
    `settings` and `note`. `pattern` has the only weekdays of the month that are held, as pairs of week
    (5: the fifth, -1: the last) and weekday (1: Sunday); empty: every date of the rule is.
    """

    exceptions: Mapping[str, Json] = {}
    closures: tuple[Closure, ...] = ()
    pattern: Pattern = ()

    def __bool__(self) -> bool:
        """Return whether anything is declared."""
        return bool(self.exceptions or self.closures or self.pattern)

    def exception(self, day: str) -> Json:
        """Return what is sent of the exception of a date; None if there is nothing to send."""
        declared = self.exceptions.get(day)
        return _sent_part(declared) or None

    def note(self, day: str) -> str:
        """Return the note on a date; empty if there is none."""
        declared = self.exceptions.get(day)
        return str(declared.get(NOTE, "")) if isinstance(declared, Mapping) else ""

    def closure_of(self, day: date) -> str | None:
        """Return the name of the first closure that holds the day; None if none does."""
        for closure in self.closures:  # not a generator: every closed day of every series is asked for
            if closure.holds(day):
                return closure.name
        return None

    def paused_after(self) -> str | None:
        """Return the day after which no date is held: a closure has no end, and no exception is left."""
        ranges = (each for closure in self.closures for each in closure.ranges)
        endless = [each.first for each in ranges if not each.last and not each.is_yearly]
        if not endless:
            return None
        held = (day for day in self.exceptions if self.exception(day) not in (None, SKIP))
        return max((min(endless), *held))

    def is_closed(self, day: date) -> bool:
        """Return whether a closure or the pattern leaves the day out."""
        return self.closure_of(day) is not None or not is_in_pattern(day, self.pattern)

    def content(self) -> Json:
        """Return what an approval covers: exceptions, and days without the names of their closures.

        Notes are left out; without anything else it is empty.
        """
        ranges = {(each.first, each.last) for closure in self.closures for each in closure.ranges}
        content = {
            "exceptions": {day: part for day, each in self.exceptions.items() if (part := _sent_part(each))},
            "closed": sorted(list(each) for each in ranges),
            "pattern": sorted(list(each) for each in self.pattern),
        }
        return {name: part for name, part in content.items() if part}


NO_DATES = SingleDates()
"""A meeting about whose single dates nothing is declared."""


def is_in_pattern(day: date, pattern: Pattern) -> bool:
    """Return whether `day` is held by `pattern`; without a pattern every day is."""
    if not pattern:
        return True
    name = week_day(day)
    is_last = day.day + 7 > monthrange(day.year, day.month)[1]
    return (month_week(day), name) in pattern or (is_last and (LAST, name) in pattern)


def is_given(start: datetime, recurring: Series, pattern: Pattern) -> bool:
    """Return whether a date of a series is one of the rule as written: its pattern may leave it out."""
    return not pattern or is_in_pattern(local_day(start, known_zone(recurring.timezone)), pattern)


def given_dates(recurring: Series, pattern: Pattern) -> Iterator[datetime]:
    """Yield the dates that the rule as written gives, in order."""
    return (start for start in recurring.coming(_BEFORE_ALL) if is_given(start, recurring, pattern))


def last_given(recurring: Series, pattern: Pattern) -> datetime | None:
    """Return the last date that the rule as written gives; None if there is none, or it never ends."""
    if not pattern:
        return recurring.last()
    dates = (recurring.occurrence(index) for index in range((recurring.count() or 0) - 1, -1, -1))
    return next((start for start in dates if start and is_given(start, recurring, pattern)), None)


def count_with_pattern(start: datetime, recurrence: Rule, pattern: Pattern, times: int) -> int:
    """Return how many dates the weekly rule has up to the date of `pattern` with the number `times`.

    It is `times` where the calendar ends before.
    """
    nth, held = nth_occurrence(start, recurrence), 0
    try:
        for index in range(_DATES_BETWEEN_MAX * times):
            held += is_in_pattern(nth(index), pattern)
            if held == times:
                return index + 1
    except (IndexError, OverflowError, ValueError):  # past the end of the calendar
        pass
    return times


def _sent_part(exception: Json) -> Json:
    if not isinstance(exception, dict) or NOTE not in exception:
        return exception
    return {name: value for name, value in exception.items() if name != NOTE}
