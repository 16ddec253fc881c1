"""Hints for a `repeat` in other words than its own: what to write instead, where that is clear."""

from __future__ import annotations

import re
from collections.abc import Iterable

from reconciler.errors.didyoumean import did_you_mean
from reconciler.meeting import humanize
from reconciler.ports import Json
from reconciler.spec.repeat import EVERY, WEEKDAYS, WEEKS, parse_on

_FULL_NAMES = tuple(map(str.casefold, humanize.WEEKDAYS))
_WORKDAYS = ("mon", "tue", "wed", "thu", "fri")
_DAYS_OF_MONTH = range(1, 32)
_PERIODS = {
    "annually": "",
    "biweekly": "2 weeks",
    "daily": "day",
    "fortnight": "2 weeks",
    "fortnightly": "2 weeks",
    "month": "month",
    "monthly": "month",
    "quarter": "3 months",
    "quarterly": "3 months",
    "weekly": "week",
    "year": "",
    "yearly": "",
}
"""Other words for a period; empty for one that is longer than Zoom's longest."""

_NUMBERS = {"other": 2, "second": 2, "two": 2, "third": 3, "three": 3, "fourth": 4, "four": 4}
_ORDINALS = {"1st": "first", "2nd": "second", "3rd": "third", "4th": "fourth", "5th": "fifth"}
_SHORT_PERIOD = re.compile(r"([0-9]{1,2})[ .-]*(d|w|m)[a-z()]*")
_NUMBERED = re.compile(r"(?:every +)?([a-z]+) +(day|week|month)s?")
_DAY_OF_MONTH = re.compile(r"(?:day +)?([0-9]{1,2})(?:st|nd|rd|th|\.)?")
_BETWEEN_DAYS = re.compile(r"[\s,;/&+]+")

ANY_EVERY = "Write `every: day`, `week` or `month`, or a number of them, such as `every: 2 weeks`."
ANY_ON = "Write weekdays, such as `on: [mon, wed]`; for months a day, or a weekday such as `on: first mon`."
ANY_REPEAT = "Write a mapping: `repeat: {every: week, on: mon}`."
ANY_UNTIL = "Write a day, such as `until: 2027-06-30`, or an instant in UTC: `until: 2027-06-30T22:00:00Z`."
NO_END = "For a series without an end, leave out both `times` and `until`."


def hint(names: Iterable[object], value: Json) -> str:
    """Return the hint for a value at this path inside a meeting; empty outside of `repeat`."""
    first, *inner = (*names, "")
    if first != "repeat":
        return ""
    hints = {"": _repeat_hint, "every": _every_hint, "on": _on_hint, "times": _times_hint}
    return hints.get(str(inner[0]), _until_hint)(value)


def _repeat_hint(value: Json) -> str:
    every = _period(value) if isinstance(value, str) else ""
    return f"Write `repeat: {{every: {every}}}`." if every else ANY_REPEAT


def _until_hint(_: Json) -> str:
    return ANY_UNTIL


def _times_hint(value: Json) -> str:
    return NO_END if not value or value == -1 else ""


def _every_hint(value: Json) -> str:
    if isinstance(value, int) and EVERY.fullmatch(f"{value} weeks"):
        return f"Write the unit after the number: `every: {value} weeks`, or days, or months."
    text = str(value).strip().casefold()
    if text in _PERIODS and not _PERIODS[text]:
        return "Zoom repeats a meeting at most every 10 months: declare single meetings."
    day = _weekday(text.removeprefix("every "))
    if day:
        return f"Write `every: week` and `on: {day}`."
    every = _period(text)
    return f"Write `every: {every}`." if every else ANY_EVERY


def _period(text: str) -> str:
    """Return what `every` says in its own words; empty where that is not clear."""
    text = text.strip().casefold().removeprefix("every ")
    short, numbered = _SHORT_PERIOD.fullmatch(text), _NUMBERED.fullmatch(text)
    if short:
        number, unit = int(short[1]), {"d": "day", "w": "week", "m": "month"}[short[2]]
        found = _plural(number, unit) if unit != "month" or text.find("min") < 0 else ""
    elif numbered:
        found = _plural(_NUMBERS.get(numbered[1], 0), numbered[2])
    else:
        found = _PERIODS.get(text) or did_you_mean(text, ("day", "week", "month")) or ""
    return found if EVERY.fullmatch(found) else ""


def _plural(number: int, unit: str) -> str:
    return unit if number == 1 else f"{number} {unit}s"


def _on_hint(value: Json) -> str:
    words = [str(each) for each in value] if isinstance(value, list) else [str(value)]
    numbers = [match[1] for word in words if (match := _DAY_OF_MONTH.fullmatch(word.strip().casefold()))]
    if numbers and len(numbers) == len(words):
        return _days_of_month_hint([int(number) for number in numbers])
    if isinstance(value, int):
        return "A month has the days 1 to 31. For the last Friday write `on: last fri`."
    days = _days(_BETWEEN_DAYS.split(" ".join(words).strip().casefold()))
    if not days:
        return ANY_ON
    listed = ", ".join(days)
    return f"Write `on: {listed}`." if len(days) == 1 else f"Write `on: [{listed}]`."


def _days_of_month_hint(days: list[int]) -> str:
    if any(day not in _DAYS_OF_MONTH for day in days):
        return "A month has the days 1 to 31. For the last Friday write `on: last fri`."
    if len(days) == 1:
        return f"Write `on: {days[0]}`, without quotes."
    each = " and ".join(f"`on: {day}`" for day in days)
    return f"A rule has one day of the month: declare a meeting of its own for each, with {each}."


def _days(words: list[str]) -> list[str]:
    """Return the weekdays that the words name, as `on` has them; empty where a word has another meaning."""
    days: list[str] = []
    week = ""
    for word in words:
        name = _ORDINALS.get(word, word)
        day = _weekday(word)
        if name in WEEKS:
            week = f"{name} "
        elif word in ("weekday", "weekdays", "workday", "workdays", "mon-fri"):
            days += _WORKDAYS
        elif day:
            days.append(f"{week}{day}")
            week = ""
        elif word not in ("and", "the", "on", "every", "of", "month"):
            return []
    return days if days and parse_on(days) else []


def _weekday(word: str) -> str:
    """Return the short name of the weekday that `word` names; empty for another word."""
    if word in WEEKDAYS:
        return word
    near = did_you_mean(word, _FULL_NAMES, ratio_min=0.75)
    return near[:3] if near else ""
