"""Times and rules in the words of a person: English, whatever the machine's locale.

It only words what it is given; what a rule's occurrences are stands in `recurrence`.
"""

from __future__ import annotations

from datetime import datetime

from reconciler.meeting import recurrence as rules
from reconciler.meeting.recurrence import Rule, Series
from reconciler.meeting.timezones import in_zone, known_zone, parsed

WEEKDAYS = ("Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday")
"""The names of the days as Zoom counts them: its day 1 is the first."""

_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_ORDINALS = ("", "", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth")
_ENDINGS = {1: "st", 2: "nd", 3: "rd"}
_WEEKS = {1: "first", 2: "second", 3: "third", 4: "fourth", 5: "fifth", -1: "last"}
_SETS = {(2, 3, 4, 5, 6): "every weekday", (1, 2, 3, 4, 5, 6, 7): "every day"}


def weekday_name(day: datetime) -> str:
    """The full name of its day of the week."""
    return WEEKDAYS[day.isoweekday() % 7]


def day_words(day: datetime) -> str:
    """The date: "27 Apr 2027"."""
    return f"{day.day} {_MONTHS[day.month - 1]} {day.year}"


def short_weekday(day: datetime) -> str:
    """The day of the week: "Thu"."""
    return weekday_name(day)[:3]


def time_words(moment: datetime) -> str:
    """The time of day, seconds only where there are some: "10:00"."""
    return moment.strftime("%H:%M:%S" if moment.second else "%H:%M")


def week_words(week: int, week_day: int) -> str:
    """A weekday of a month as Zoom counts it (-1 is the last week): "first Monday"."""
    return f"{_WEEKS[week]} {WEEKDAYS[week_day - 1]}"


def days_words(week_days: tuple[int, ...]) -> str:
    """Days of the week as Zoom counts them, Sunday last: "Monday, Wednesday and Friday"."""
    *most, last = [WEEKDAYS[day - 1] for day in sorted(week_days, key=lambda day: (day - 2) % 7)]
    return f"{', '.join(most)} and {last}" if most else last


def rule_words(recurrence: rules.Rule, start: datetime) -> str:
    """How often: "every second Tuesday", "last Friday of every month"."""
    unit, every = recurrence.get("type"), _every(recurrence.get("repeat_interval") or 1)
    if unit == rules.WEEKLY:
        return _weekly_words(rules.week_days(recurrence, start), every)
    if unit == rules.MONTHLY:
        return f"{_month_day_words(recurrence, start)} of {every} month"
    return f"{every} day"


def end_words(times: int | None, last: datetime | None) -> str:
    """When it ends, after a comma: ", 12 times, until 27 Apr 2027"; `last` is the last occurrence."""
    counted = f", {times} times" if times and times > 1 else ""
    if times == 1:
        return ", once"
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
    day, week = recurrence.get("monthly_day"), recurrence.get("monthly_week")
    if week and not day:
        return week_words(week, recurrence.get("monthly_week_day") or rules.week_day(start))
    return f"on day {day or start.day}"


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
    return f"{short_weekday(start)} {day_words(start)}, {time_words(start)} {place}{length}"
