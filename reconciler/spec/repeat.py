"""Turns `repeat`, the rule as people write it, into the API's `recurrence`, and back.

Only the API's form goes beyond the spec, so that one rule written in both ways is the same series.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from functools import lru_cache

from msgspec import Struct

from reconciler.meeting import recurrence, timezones
from reconciler.meeting.closures import Pattern, count_with_pattern
from reconciler.meeting.meeting import SERIES
from reconciler.meeting.recurrence import DAILY, LAST, MONTHLY, WEEKLY, Series
from reconciler.ports import Json

UNITS = {"day": DAILY, "week": WEEKLY, "month": MONTHLY}
"""The units of `every`, and the API's number of each."""

WEEKDAYS = {"sun": 1, "mon": 2, "tue": 3, "wed": 4, "thu": 5, "fri": 6, "sat": 7}
"""The weekdays of `on`, and the API's number of each."""

WEEKS = {"first": 1, "second": 2, "third": 3, "fourth": 4, "fifth": recurrence.FIFTH, "last": LAST}
"""The weeks of a month in `on`, and the API's number of each; it has none for the fifth."""

INTERVAL_MAX = {DAILY: 99, WEEKLY: 50, MONTHLY: 10}
"""The longest `repeat_interval` by unit. Source: Zoom's API, create a meeting, `recurrence`."""

UNIT_NAMES = {number: name for name, number in UNITS.items()}
"""The word of `every` for each unit of the API."""

EVERY = re.compile(r"(?:([1-9][0-9]?) +)?(day|week|month)s?", re.IGNORECASE)
"""The form of `every`: the interval, and the unit."""

_WEEKDAY_NAMES = {number: name for name, number in WEEKDAYS.items()}
_WEEK_NAMES = {number: name for name, number in WEEKS.items()}
_DAY_NAMES = (
    r"(sun)(?:day)?|(mon)(?:day)?|(tue)(?:sday)?|(wed)(?:nesday)?|"
    r"(thu)(?:rsday)?|(fri)(?:day)?|(sat)(?:urday)?"
)
_WEEKDAY = re.compile(rf"(?:(first|second|third|fourth|fifth|last) +)?(?:{_DAY_NAMES})", re.IGNORECASE)
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")

TIMES_MAX = 1000
"""Dates that `times` may count."""

NO_END = 0
"""The API's `end_times` of a series without an end."""

Weekday = tuple[int, int]
"""A weekday of the API, after the week of the month that it is in; 0 for every week."""


class Rule(Struct, frozen=True):
    """A `repeat` in the API's form; only dates of `pattern`, where it has one, are held."""

    recurrence: dict[str, Json]
    pattern: Pattern = ()

    @property
    def attributes(self) -> dict[str, Json]:
        """The attributes of a meeting with this rule."""
        return {"type": SERIES, "recurrence": self.recurrence}


def to_rule(repeat: Mapping[str, Json], start_time: str | None, timezone: str | None) -> Rule | None:
    """Return `repeat`, valid by the schema, in the API's form; None where unit and days do not fit.

    Where start or zone cannot be read, what depends on them is left out.
    """
    written = repeat.get("every")
    if written is None:
        return None
    interval, unit = parse_every(written)
    days, pattern = days_of(unit, interval, repeat.get("on"))
    if days is None:
        return None
    start = wall_start(start_time, timezone)
    if not days and start is not None:
        days = _days_of_start(unit, start)
    rule: dict[str, Json] = {"type": WEEKLY if pattern else unit, "repeat_interval": interval, **days}
    rule |= _end(repeat, timezone)
    if pattern and start is not None and rule.get("end_times"):
        rule["end_times"] = count_with_pattern(start, rule, pattern, rule["end_times"])
    return Rule(rule, pattern)


@lru_cache(maxsize=256)
def parse_every(written: str) -> tuple[int, int]:
    """Return interval and unit of a valid `every`."""
    match = EVERY.fullmatch(written.strip())
    assert match is not None, "the schema has checked it"
    return int(match[1] or 1), UNITS[match[2].casefold()]


def unit_of(every: Json) -> int | None:
    """Return the unit of an `every`; None where it has none."""
    match = EVERY.fullmatch(str(every).strip())
    return UNITS[match[2].casefold()] if match else None


def days_of(unit: int, interval: int, on: Json) -> tuple[dict[str, Json] | None, Pattern]:
    """Return the days of a rule, and its pattern; None where `on` does not fit to unit and interval.

    The days are empty where `on` is not written.
    """
    if on is None:
        return {}, ()
    if unit == DAILY:
        return None, ()
    if isinstance(on, int):
        return ({"monthly_day": on} if unit == MONTHLY else None), ()
    return _weekdays_of(unit, interval, parse_on(on))


def parse_on(on: Json) -> tuple[Weekday, ...] | None:
    """Return the weekdays that `on` names, in the order in which they are written; None for other words."""
    return _parse_words(",".join(map(str, on)) if isinstance(on, list) else str(on))


@lru_cache(maxsize=256)
def _parse_words(words: str) -> tuple[Weekday, ...] | None:
    matches = [match for word in words.split(",") if (match := _WEEKDAY.fullmatch(word.strip()))]
    return tuple(map(_weekday, matches)) if len(matches) == len(words.split(",")) else None


def _weekday(match: re.Match[str]) -> Weekday:
    assert match.lastindex is not None, "one of the seven names is in it"
    return WEEKS.get((match[1] or "").casefold(), 0), match.lastindex - 1  # group 2 is Sunday


def weekday_words(weekday: Weekday) -> str:
    """Return a weekday as `on` has it: `mon`, or `first mon`."""
    week, day = weekday
    return f"{_WEEK_NAMES[week]} {_WEEKDAY_NAMES[day]}" if week else _WEEKDAY_NAMES[day]


def weekly(attributes: Mapping[str, Json]) -> dict[str, Json]:
    """Return the `repeat` of a series that is held each week on the weekday of its start, or on Monday."""
    start = wall_start(attributes.get("start_time"), attributes.get("timezone"))
    return {
        "every": "week",
        "on": weekday_words((0, recurrence.week_day(start) if start else WEEKDAYS["mon"])),
    }


def _weekdays_of(
    unit: int, interval: int, weekdays: tuple[Weekday, ...] | None
) -> tuple[dict[str, Json] | None, Pattern]:
    if weekdays is None or any((unit == MONTHLY) != bool(week) for week, _ in weekdays):
        return None, ()
    if unit == MONTHLY and len(set(weekdays)) == 1 and weekdays[0][0] != recurrence.FIFTH:
        week, day = weekdays[0]
        return {"monthly_week": week, "monthly_week_day": day}, ()
    if unit == MONTHLY and interval > 1:
        return None, ()
    days = {"weekly_days": ",".join(map(str, sorted({day for _, day in weekdays})))}
    return days, tuple(sorted(set(weekdays))) if unit == MONTHLY else ()


def wall_start(start_time: str | None, timezone: str | None) -> datetime | None:
    """Return the start as naive wall time in its zone; None where it has none, or no such day exists."""
    if start_time is None:
        return None
    try:
        return Series(start_time, timezone or "", {}).wall_start()
    except ValueError:
        return None


def _days_of_start(unit: int, start: datetime) -> dict[str, Json]:
    if unit == WEEKLY:
        return {"weekly_days": str(recurrence.week_day(start))}
    return {"monthly_day": start.day} if unit == MONTHLY else {}


def _end(repeat: Mapping[str, Json], timezone: str | None) -> dict[str, Json]:
    until, times = repeat.get("until"), repeat.get("times")
    if times is not None or until is None:
        return {"end_times": NO_END if times is None else times}
    return {"end_date_time": end_at(until, timezone)}


@lru_cache(maxsize=1024)
def end_at(until: str, timezone: str | None) -> str:
    """Return the last instant of `until`, a day in the zone or an instant in UTC, in the API's form."""
    if not _DAY.fullmatch(until):
        return timezones.in_api_form(until)
    last = f"{until}T23:59:59"
    try:
        # Of a second that occurs twice, the later one: the whole day counts.
        wall = timezones.parsed(last).replace(fold=1, tzinfo=timezones.known_zone(timezone))
        return timezones.utc_text(wall)
    except (ValueError, OverflowError):
        return f"{last}Z"  # the rules report the day or the zone


_PARTS = {
    "type": "every",
    "repeat_interval": "every",
    "weekly_days": "on",
    "monthly_day": "on",
    "monthly_week": "on",
    "monthly_week_day": "on",
    "end_times": "times",
    "end_date_time": "until",
}


def repeat_path(path: tuple[str | int, ...]) -> tuple[str | int, ...]:
    """Return the path in `repeat` of a part of `recurrence`; any other path unchanged."""
    first, *inner = (*path, "")
    return path if first != "recurrence" else ("repeat", *(_PARTS[name] for name in inner if name in _PARTS))


def from_rule(rule: Mapping[str, Json], timezone: str | None) -> dict[str, Json] | None:
    """Return a `recurrence` as `repeat`; None where it has no such form."""
    unit, interval = rule.get("type"), recurrence.interval_of(rule)
    if unit not in UNIT_NAMES or {"end_times", "end_date_time"} <= rule.keys():
        return None
    name = UNIT_NAMES[unit]
    repeat: dict[str, Json] = {"every": name if interval == 1 else f"{interval} {name}s"}
    repeat |= _written_days(rule) | _written_end(rule, timezone)
    return repeat if _is_same_rule(repeat, rule, timezone) else None


def in_words(attributes: Mapping[str, Json]) -> dict[str, Json]:
    """Return the attributes of a meeting with its rule as `repeat`, where it has such a form."""
    rule = attributes.get("recurrence")
    repeat = (
        from_rule(rule, attributes.get("timezone")) if rule and attributes.get("type") == SERIES else None
    )
    if repeat is None:
        return dict(attributes)
    return {
        "repeat" if name == "recurrence" else name: repeat if name == "recurrence" else value
        for name, value in attributes.items()
        if name != "type"
    }


def _written_days(rule: Mapping[str, Json]) -> dict[str, Json]:
    if "monthly_day" in rule:
        return {"on": rule["monthly_day"]}
    if "monthly_week" in rule and "monthly_week_day" in rule:
        return {"on": weekday_words((rule["monthly_week"], rule["monthly_week_day"]))}
    if "weekly_days" not in rule:
        return {}
    numbers = {int(day) for day in str(rule["weekly_days"]).split(",")}
    from_monday = sorted(numbers, key=lambda number: (number - 2) % 7)
    listed = [weekday_words((0, number)) for number in from_monday]
    return {"on": listed if len(listed) > 1 else listed[0]}


def _written_end(rule: Mapping[str, Json], timezone: str | None) -> dict[str, Json]:
    if rule.get("end_times"):
        return {"times": rule["end_times"]}
    end_date_time = rule.get("end_date_time")
    if end_date_time is None:
        return {}
    try:
        wall = timezones.in_zone(timezones.instant(end_date_time, "UTC"), timezones.known_zone(timezone))
    except ValueError:
        return {"until": end_date_time}
    day = f"{wall:%Y-%m-%d}"
    return {"until": day if end_at(day, timezone) == end_date_time else end_date_time}


def _is_same_rule(repeat: Mapping[str, Json], rule: Mapping[str, Json], timezone: str | None) -> bool:
    """Return whether `repeat` is read as `rule`, whose days may be in another order."""
    read = to_rule(repeat, None, timezone)
    implied = {"repeat_interval": 1} | ({} if "end_date_time" in rule else {"end_times": NO_END})
    return read is not None and _normal(read.recurrence) == _normal({**implied, **rule})


def _normal(rule: Mapping[str, Json]) -> Json:
    """Return a rule that is equal to another one where only the order of its days differs."""
    days = rule.get("weekly_days")
    return dict(rule) if days is None else {**rule, "weekly_days": set(days.split(","))}
