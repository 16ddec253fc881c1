"""Words for times and rules, in English on every machine.

The occurrences of a rule are computed in `recurrence`.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime

from reconciler.meeting import recurrence as rules
from reconciler.meeting.closures import Pattern, given_dates, last_given
from reconciler.meeting.recurrence import Rule, Series
from reconciler.meeting.timezones import in_zone, instant, known_zone, zone

WEEKDAYS = ("Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday")
"""The names of the days in Zoom's order: its day 1 is the first."""

_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_ORDINALS = ("", "", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth")
_NUMBERS = {2: "two", 3: "three"}
_ENDINGS = {1: "st", 2: "nd", 3: "rd"}
_WEEKS = {1: "first", 2: "second", 3: "third", 4: "fourth", 5: "fifth", -1: "last"}
_SETS = {(2, 3, 4, 5, 6): "every weekday", (1, 2, 3, 4, 5, 6, 7): "every day"}


def weekday_name(day: date) -> str:
    """Return the day of the week: "Thursday"."""
    return WEEKDAYS[day.isoweekday() % 7]


def day_words(day: date) -> str:
    """Return the date: "27 Apr 2027"."""
    return f"{day.day} {_MONTHS[day.month - 1]} {day.year}"


def days_between_words(first: date, last: date) -> str:
    """Return days, both included: "14 to 27 Mar 2027", "31 Oct to 6 Nov 2027"."""
    if first == last:
        return day_words(first)
    if first.year != last.year:
        return f"{day_words(first)} to {day_words(last)}"
    month = "" if first.month == last.month else f" {_MONTHS[first.month - 1]}"
    return f"{first.day}{month} to {day_words(last)}"


def shift_words(seconds: int) -> str:
    """Return by how much a time differs: "one hour earlier", "30 minutes later"."""
    hours, rest = divmod(abs(seconds) // 60, 60)
    if rest:
        length = f"{abs(seconds) // 60} minutes"
    else:
        length = "one hour" if hours == 1 else f"{_NUMBERS.get(hours, str(hours))} hours"
    return f"{length} {'later' if seconds > 0 else 'earlier'}"


def join_words(words: Sequence[str], last_word: str = "and") -> str:
    """Return words as a list: "a, b and c"."""
    *most, last = words
    return f"{', '.join(most)} {last_word} {last}" if most else last


def short_weekday(day: date) -> str:
    """Return the short day of the week: "Thu"."""
    return weekday_name(day)[:3]


def time_words(moment: datetime) -> str:
    """Return the time of day, with seconds only if they are not zero: "10:00"."""
    return moment.strftime("%H:%M:%S" if moment.second else "%H:%M")


def moment_words(moment: datetime) -> str:
    """Return a moment as a clock in its zone shows it: "Mon 11 Jan 2027, 10:00"."""
    return f"{short_weekday(moment)} {day_words(moment)}, {time_words(moment)}"


def instant_words(moment: datetime, timezone: str | None) -> str:
    """Return an aware instant in a meeting's own zone: "Mon 11 Jan 2027, 10:00 Europe/Berlin".

    In UTC where the meeting names no zone, or one that this machine does not know.
    """
    name, local = _local(moment, timezone)
    return f"{moment_words(local)} {name}"


def with_utc(moment: datetime, timezone: str | None) -> str:
    """Return an aware instant in a meeting's own zone, and in UTC where that is another."""
    in_utc = instant_words(moment, "UTC")
    local = instant_words(moment, timezone)
    return local if local == in_utc else f"{local} ({in_utc})"


def local_day_words(moment: datetime, timezone: str | None) -> str:
    """Return the day of an aware instant in a meeting's own zone: "15 Feb 2027"."""
    return day_words(_local(moment, timezone)[1])


def _local(moment: datetime, timezone: str | None) -> tuple[str, datetime]:
    own = zone(timezone) if timezone else None
    return (timezone, moment.astimezone(own)) if timezone and own else ("UTC", moment.astimezone(UTC))


def week_words(week: int, week_day: int) -> str:
    """Return a weekday of a month in Zoom's numbers (week -1 is the last): "first Monday"."""
    return f"{_WEEKS[week]} {WEEKDAYS[week_day - 1]}"


def week_name(week: int) -> str:
    """Return the week of a month in Zoom's numbers: "first"; -1 is "last"."""
    return _WEEKS[week]


def days_words(week_days: tuple[int, ...]) -> str:
    """Return days of the week in Zoom's numbers, Sunday last: "Monday, Wednesday and Friday"."""
    return join_words([WEEKDAYS[day - 1] for day in sorted(week_days, key=lambda day: (day - 2) % 7)])


def rule_words(recurrence: rules.Rule, start: datetime, pattern: Pattern = ()) -> str:
    """Return the days of a rule: "every second Tuesday", "last Friday of every month".

    Of a weekly rule with a pattern, those that are held: "first and third Sunday of every month".
    """
    if pattern:
        return f"{_pattern_words(pattern)} of every month"
    unit, every = recurrence.get("type"), _every(rules.interval_of(recurrence))
    if unit == rules.WEEKLY:
        return _weekly_words(rules.week_days(recurrence, start), every)
    if unit == rules.MONTHLY:
        short_months = _short_months_words(recurrence, start)
        return f"{_month_day_words(recurrence, start)} of {every} month{short_months}"
    return f"{every} day"


def end_words(times: int | None, last: datetime | None) -> str:
    """Return the end of a rule: ", 12 times, until 27 Apr 2027"; `last` is the last occurrence."""
    if times == 1:
        return ", once"
    counted = f", {times} times" if times else ""
    return f"{counted}, until {day_words(last)}" if last else f"{counted}, without an end"


def _every(interval: int) -> str:
    if interval < len(_ORDINALS):
        return f"every {_ORDINALS[interval]}".rstrip()
    ending = "th" if interval % 100 in (11, 12, 13) else _ENDINGS.get(interval % 10, "th")
    return f"every {interval}{ending}"


def _weekly_words(days: tuple[int, ...], every: str) -> str:
    if len(days) == 1:
        return f"{every} {days_words(days)}"
    if every == "every":
        return _SETS.get(days) or f"every {days_words(days)}"
    return f"{every} week on {days_words(days)}"


def _month_day_words(recurrence: rules.Rule, start: datetime) -> str:
    if rules.is_by_weekday(recurrence):
        week_day = recurrence.get("monthly_week_day") or rules.week_day(start)
        return week_words(recurrence["monthly_week"], week_day)
    return f"on day {recurrence.get('monthly_day') or start.day}"


def _short_months_words(recurrence: rules.Rule, start: datetime) -> str:
    """Return what becomes of the months that do not have the day: Zoom leaves them out."""
    if rules.is_by_weekday(recurrence):
        return ""
    day = recurrence.get("monthly_day") or start.day
    return " (left out in months without it)" if day > rules.DAYS_IN_EVERY_MONTH else ""


def _pattern_words(pattern: Pattern) -> str:
    """Return the weekdays of a month: "first and third Sunday", "first Monday and last Friday"."""
    pairs = sorted(pattern, key=lambda pair: (pair[0] % 7, pair[1]))  # the last week, -1, after the fifth
    if len({day for _, day in pairs}) > 1:
        return join_words([week_words(*pair) for pair in pairs])
    return f"{join_words([week_name(week) for week, _ in pairs])} {WEEKDAYS[pairs[0][1] - 1]}"


def sentence(recurrence: Rule, start_time: str, timezone: str, pattern: Pattern = ()) -> str:
    """Return a series in words: "every second Tuesday, 10:00 Europe/Berlin, 12 times, until …".

    The end is the day of the last occurrence in the zone. Of a series with a pattern only the dates that its
    weekdays of the month give are counted. Raise `ValueError` as `Series` does.
    """
    series = Series(start_time, timezone, recurrence)
    start, last_at = series.wall_start(), last_given(series, pattern)
    last = last_at and in_zone(last_at, known_zone(timezone))
    times = recurrence.get("end_times")
    count = sum(1 for _ in given_dates(series, pattern)) if times and pattern else times
    end = end_words(count, last)
    return f"{rule_words(recurrence, start, pattern)}, {time_words(start)} {timezone}{end}"


def when(start_time: str, timezone: str | None, duration_minutes: int | None = None) -> str:
    """Return the time of a single meeting in words: "Thu 14 Jan 2027, 16:00 Europe/Berlin, 60 min".

    A start in UTC is given in the meeting's own zone, too. Raise `ValueError` as `instant` does.
    """
    duration = f", {duration_minutes} min" if duration_minutes else ""
    return f"{instant_words(instant(start_time, timezone), timezone)}{duration}"
