"""Hints for a start or a duration in a form that is not taken: what to write, where that is clear."""

from __future__ import annotations

import re

ANY_START = "Write it like 2027-01-11 10:00, or with Z at the end for UTC."
ANY_DURATION = "Write minutes, such as 45, or a length up to a day, such as 45m or 1h30m."

_NUMBERS = re.compile(
    r"([0-9]{4})-([0-9]{1,2})-([0-9]{1,2})(?:[T ]+([0-9]{1,2})(?::([0-9]{2}))? *([AaPp][Mm])?)?(Z?)"
)
_HOURS = re.compile(r"([0-9]{1,2})[:h]([0-9]{2})")
_FRACTION = re.compile(r"([0-9]{1,2})[.,]([0-9]{1,2}) *(?:h|hours?|std)?")
_WORDS = re.compile(
    r"(?:([0-9]{1,2}) *(?:h|hr|hrs|hours?|std))?[ ,]*(?:([0-9]{1,4}) *(?:m|min|mins|minutes?))?"
)
_DAY_MINUTES = 24 * 60
_HOURS_OF_HALF_DAY = 12
_BOUNDS = (("month", 1, 12), ("day", 1, 31), ("hour", 0, 23), ("minute", 0, 59))


def start_hint(written: str) -> str:
    """Return the hint for a text that is no `start_time`."""
    match = _NUMBERS.fullmatch(written.strip())
    if match is None:
        return ANY_START
    year, month, day, hour, minute, half, utc = match.groups()
    hours = int(hour or 0) if half is None else int(hour) % _HOURS_OF_HALF_DAY
    hours += _HOURS_OF_HALF_DAY if half and half.casefold() == "pm" else 0
    for (name, low, high), number in zip(_BOUNDS, (month, day, hours, minute or 0), strict=True):
        if not low <= int(number) <= high:
            return f"The {name} goes from {low:02} to {high}."
    date = f"{year}-{int(month):02}-{int(day):02}"
    if hour is None:
        return f"Add the time of day: `start_time: {date} 10:00{utc}`."
    return f"Write `start_time: {date} {hours:02}:{minute or '00'}{utc}`."


def duration_hint(text: str) -> str:
    """Return the hint for a text that is no `duration`."""
    written = text.strip().casefold()
    is_number = written.isdecimal() and len(written) <= len(str(_DAY_MINUTES))
    total = int(written) if is_number else _minutes(written)
    if not 0 < total <= _DAY_MINUTES:
        return ANY_DURATION
    if is_number:
        return f"Write {total} without quotes."
    hours, rest = divmod(total, 60)
    short = f"{hours}h{rest}m" if hours and rest else f"{hours}h" if hours else f"{rest}m"
    return f"Write `duration: {short}`, or `duration: {total}` for minutes."


def _minutes(written: str) -> int:
    """Return the minutes of a length in other words; 0 where it is not clear."""
    clock, fraction, words = (
        _HOURS.fullmatch(written),
        _FRACTION.fullmatch(written),
        _WORDS.fullmatch(written),
    )
    if clock:
        return 60 * int(clock[1]) + int(clock[2])
    if fraction:
        return round(60 * float(f"{fraction[1]}.{fraction[2]}"))
    return 60 * int(words[1] or 0) + int(words[2] or 0) if words else 0
