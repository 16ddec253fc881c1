"""Hints for a start or a duration in a form that is not taken: what to write, where that is clear."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date, timedelta

from reconciler.meeting import timezones
from reconciler.ports import Json
from reconciler.spec.schema.hints import days as written_days

ANY_START = "Write it like 2027-01-11 10:00, or with Z at the end for UTC."
ANY_DURATION = "Write minutes, such as 45, or a length up to a day, such as 45m or 1h30m."
_FIRST_DATE = (
    "Write day and time of the first date, such as `start_time: 2027-01-11 10:00`; the weekday is a part of "
    "the rule: `repeat: {every: week, on: mon}`."
)
_ONE_START = (
    "Write the first date, such as `start_time: 2027-01-11 10:00`; `repeat: {every: week, on: [mon, wed]}` "
    "has the others."
)

_TIME = (
    r"([0-9]{1,2})(?![0-9])(?:[:.h]([0-9]{2})(?![0-9]))?(?::[0-9]{2})?(?:[.,][0-9]+)?(?: *([ap])\.?m\b\.?)?"
    r"(?: *(?:h|uhr)\b)?"
)
_AFTER_DAY = re.compile(rf"(?:(?<=[0-9])t|[\s,]+(?:at +|@ *|um +)?){_TIME}", re.IGNORECASE)
_TIME_ALONE = re.compile(rf"(?:at +)?{_TIME}", re.IGNORECASE)
_COMPACT = re.compile(r"([0-9]{8})T([0-9]{2})([0-9]{2})(?:[0-9]{2})?(Z?)", re.IGNORECASE)
_END = re.compile(rf"(?:-|\u2013|to|until|bis)\s*{_TIME}", re.IGNORECASE)
_OFFSET = re.compile(r"([+-])([0-9]{2}):?([0-9]{2})?")
_WEEKDAYS = re.compile(r"(?:on +|every +)?(?:mon|tue|wed|thu|fri|sat|sun)[a-z]*\b.*", re.IGNORECASE)
_NUMBERS = re.compile(r"[0-9]{4}-([0-9]{1,2})-([0-9]{1,2})")
_HALF_DAY = 12
_DAY_MINUTES = 24 * 60
_BOUNDS = (("hour", 23), ("minute", 59))


def start_hint(written: Json, day: str = "") -> str:
    """Return the hint for a value that is no `start_time`; `day` is the one that it is about, if known."""
    if not isinstance(written, str):
        return _ONE_START if isinstance(written, list) else ANY_START
    text = _compact(written.strip())
    days, bounds, time, tail = _split(text)
    if bounds:
        return bounds
    if not days:
        return _without_day(text, day)
    if not time:
        return _choice([f"{each} 10:00" for each in days], "Add the time of day: ")
    return _with_tail([f"{each} {time}" for each in days], tail)


def _compact(text: str) -> str:
    match = _COMPACT.fullmatch(text)
    return f"{match[1]} {match[2]}:{match[3]}{match[4]}" if match else text


def _split(text: str) -> tuple[tuple[str, ...], str, str, str]:
    """Return the days that a text can mean, a bound that it breaks, the time of day, and the rest."""
    whole = written_days.days(text.removesuffix("Z"))
    if whole:
        return whole, "", "", ""
    for match in _AFTER_DAY.finditer(text):
        days = written_days.days(text[: match.start()])
        if days and _clock(match) == "24:00" and f"{date.max}" not in days:
            after = tuple(f"{date.fromisoformat(day) + timedelta(days=1)}" for day in days)
            return after, "", "00:00", text[match.end() :].strip()
        if days:
            return days, _out_of_bounds(match), _clock(match), text[match.end() :].strip()
    return (), _no_such_day(text), "", ""


def _no_such_day(text: str) -> str:
    match = _NUMBERS.match(text)
    if match is None:
        return ""
    if not 1 <= int(match[1]) <= 12:  # noqa: PLR2004 - months of a year
        return "The month goes from 01 to 12."
    return "The day goes from 01 to 31." if not 1 <= int(match[2]) <= 31 else ""  # noqa: PLR2004 - days


def _out_of_bounds(match: re.Match[str]) -> str:
    for (name, high), number in zip(_BOUNDS, (_hour(match), int(match[2] or 0)), strict=True):
        if number > high:
            return f"The {name} goes from 00 to {high}."
    return ""


def _hour(match: re.Match[str]) -> int:
    if not match[3]:
        return int(match[1])
    return int(match[1]) % _HALF_DAY + (_HALF_DAY if match[3] in "pP" else 0)


def _clock(match: re.Match[str]) -> str:
    return f"{_hour(match):02}:{match[2] or '00'}"


def _without_day(text: str, day: str) -> str:
    alone = _TIME_ALONE.fullmatch(text)
    if alone and not _out_of_bounds(alone):
        return f"Add the day: `start_time: {day or '2027-01-11'} {_clock(alone)}`."
    return _FIRST_DATE if _WEEKDAYS.fullmatch(text) else ANY_START


def _choice(starts: Sequence[str], words: str = "Write ", more: str = "") -> str:
    """Return the hint to write one of the starts; of two, it says in which order a day is written."""
    shown = " or ".join(f"`start_time: {start}`" for start in starts)
    order = ": the year comes first, then month and day" if len(starts) > 1 else ""
    return f"{words}{shown}{more}{order}."


def _with_tail(starts: Sequence[str], tail: str) -> str:
    """Return the hint for starts after which a zone, an offset, an end or nothing is written."""
    if not tail:
        return _choice(starts)
    if tail.casefold() in ("z", "utc", "gmt"):
        return _choice([f"{start}Z" for start in starts])
    if offset := _OFFSET.fullmatch(tail):
        return _choice([f"{start}{offset[1]}{offset[2]}:{offset[3] or '00'}" for start in starts])
    if (end := _END.fullmatch(tail)) and (length := _length(starts[0], _clock(end))):
        return _choice(starts, more=f" and `duration: {length}`")
    zone = _city(tail) if timezones.zone(tail) else _similar_zone(tail)
    return _choice(starts, more=f" and `timezone: {zone}`") if zone else ANY_START


def _city(zone: str) -> str:
    """Return a zone, or one of a city in the place of an offset that has a name, such as EST."""
    from reconciler.spec.rules.zone_names import CITIES, fixed_offset  # noqa: PLC0415 - only for a name

    minutes = fixed_offset(zone)
    cities = CITIES.get(minutes, ()) if minutes is not None else ()
    return cities[0] if cities else zone


def _similar_zone(name: str) -> str | None:
    from reconciler.spec.rules.zone_names import similar  # noqa: PLC0415 - only for a name that is unknown

    near = similar(name)
    return near if near and "`" not in near else None  # of two zones, the person chooses


def _length(start: str, end: str) -> str:
    begin, until = (60 * int(clock[-5:-3]) + int(clock[-2:]) for clock in (start, end))
    return short_duration((until - begin) % _DAY_MINUTES) if until != begin else ""


_SECONDS = re.compile(r"([0-9]+) *(?:s|secs?|seconds?)")
_CLOCK = re.compile(r"([0-9]{1,2})[:h]([0-9]{2})(?::[0-9]{2})?")
_FRACTION = re.compile(r"([0-9]{1,2})[.,]([0-9]{1,2}) *(h|hrs?|hours?|stunden?|std)?")
_ISO = re.compile(r"pt(?:([0-9]{1,2})h)?(?:([0-9]{1,4})m)?")
_HOURS = r"(?:h|hr|hrs|hours?|stunden?|std)"
_WORDS = re.compile(
    rf"(?:([0-9]{{1,2}}) *{_HOURS})?[ ,]*(?:and +)?"
    r"(?:([0-9]{1,4}) *(?:m|min|mins|minutes?|minuten?|'|\u2032)?)?"
)
_RANGE = re.compile(rf"{_TIME}\s*(?:-|\u2013|to)\s*{_TIME}", re.IGNORECASE)
_NAMED = {
    "1 day": 1440,
    "1d": 1440,
    "24h": 1440,
    "a day": 1440,
    "all day": 1440,
    "a quarter of an hour": 15,
    "half an hour": 30,
    "half hour": 30,
    "an hour": 60,
    "one hour": 60,
    "one and a half hours": 90,
    "two hours": 120,
    "three hours": 180,
}
"""Lengths in words, in minutes."""


def duration_hint(value: Json) -> str:
    """Return the hint for a value that is no `duration`."""
    if isinstance(value, dict | list | bool):
        return ANY_DURATION
    written = str(value).strip().casefold()
    is_number = written.isdecimal() and len(written) <= len(str(_DAY_MINUTES))
    total = int(written) if is_number else _minutes(written)
    if total > _DAY_MINUTES:
        return "Zoom's longest meeting is a day: `duration: 24h`."
    if total <= 0:
        return ANY_DURATION
    if is_number:
        return f"Write {total} without quotes."
    return f"Write `duration: {short_duration(total)}`, or `duration: {total}` for minutes."


def short_duration(minutes: int) -> str:
    """Return minutes as `duration` has them: `1h30m`."""
    hours, rest = divmod(minutes, 60)
    return f"{hours}h{rest}m" if hours and rest else f"{hours}h" if hours else f"{rest}m"


def _minutes(written: str) -> int:
    """Return the minutes of a length in other words; 0 where it is not clear."""
    if written in _NAMED:
        return _NAMED[written]
    if match := _CLOCK.fullmatch(written):
        return 60 * int(match[1]) + int(match[2])
    if match := _FRACTION.fullmatch(written):
        total = round(60 * float(f"{match[1]}.{match[2]}"))
        return total if match[3] or total <= _DAY_MINUTES else 0  # 45.5 without a unit is no hours
    if match := _SECONDS.fullmatch(written):
        return int(match[1][:6]) // 60
    if match := _RANGE.fullmatch(written):
        first, last = written[: match.start(4)], written[match.start(4) :]
        return _between(first, last)
    match = _ISO.fullmatch(written) or _WORDS.fullmatch(written)
    return 60 * int(match[1] or 0) + int(match[2] or 0) if match else 0


def _between(first: str, last: str) -> int:
    begin, end = (_TIME_ALONE.match(each.strip()) for each in (first, last))
    assert begin is not None, "the range has two times"
    assert end is not None, "the range has two times"
    return (60 * (_hour(end) - _hour(begin)) + int(end[2] or 0) - int(begin[2] or 0)) % _DAY_MINUTES
