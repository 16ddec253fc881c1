"""Reads days and months as people write them, for hints; a spec itself has one form for a day."""

from __future__ import annotations

import re
from calendar import monthrange
from datetime import date

from reconciler.meeting import humanize

_MONTHS = (
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
)
_MONTH = "|".join(f"{name[:3]}(?:{name[3:]})?" for name in _MONTHS) + "|sept"
_WEEKDAY = "|".join(f"{name[:3].casefold()}[a-z]*" for name in humanize.WEEKDAYS)
_BEFORE = re.compile(rf"(?:on +)?(?:{_WEEKDAY})\.?,? +(?=.)")
_YEAR_FIRST = re.compile(r"([0-9]{4})([-/. ])([0-9]{1,2})\2([0-9]{1,2})")
_COMPACT = re.compile(r"([0-9]{4})([0-9]{2})([0-9]{2})")
_YEAR_LAST = re.compile(r"([0-9]{1,2})([-/.])([0-9]{1,2})\2([0-9]{4})")
_DAY_FIRST = re.compile(rf"([0-9]{{1,2}})(?:st|nd|rd|th|\.)?(?: of)?[ -]+({_MONTH})\.?,?[ -]*([0-9]{{4}})?")
_MONTH_FIRST = re.compile(rf"({_MONTH})\.? +([0-9]{{1,2}})(?:st|nd|rd|th)?,?(?: +([0-9]{{4}}))?")
_WITHOUT_YEAR = re.compile(r"(?:([0-9]{1,2})\.([0-9]{1,2})\.?|([0-9]{1,2})[-/]([0-9]{1,2}))")
_OF_A_YEAR = re.compile(rf"(?:({_MONTH})|([0-9]{{4}})-([0-9]{{1,2}}))(?:,? +([0-9]{{4}}))?")
_LEAP_YEAR = 2028


def days(written: str) -> tuple[str, ...]:
    """Return the days, such as `2027-04-05`, that the text can mean: none, one or two."""
    text = _BEFORE.sub("", written.strip().casefold())
    if match := _YEAR_FIRST.fullmatch(text):
        return _existing((match[1], match[3], match[4]))
    if match := _COMPACT.fullmatch(text):
        return _existing((match[1], match[2], match[3]))
    if match := _YEAR_LAST.fullmatch(text):
        first, separator, second, year = match.groups()
        month_first = () if separator == "." else ((year, first, second),)
        return _existing((year, second, first), *month_first)
    if (match := _DAY_FIRST.fullmatch(text)) and match[3]:
        return _existing((match[3], _month(match[2]), match[1]))
    if (match := _MONTH_FIRST.fullmatch(text)) and match[3]:
        return _existing((match[3], _month(match[1]), match[2]))
    return ()


def yearly_day(written: str) -> str:
    """Return the day of every year, such as `04-05`, that the text means; empty where it means another."""
    text = written.strip().casefold()
    if match := _WITHOUT_YEAR.fullmatch(text):
        day, month = (match[1], match[2]) if match[1] else (match[4], match[3])
    elif (match := _DAY_FIRST.fullmatch(text)) and not match[3]:
        day, month = match[1], _month(match[2])
    elif (match := _MONTH_FIRST.fullmatch(text)) and not match[3]:
        day, month = match[2], _month(match[1])
    else:
        return ""
    found = _existing((_LEAP_YEAR, month, day))
    return found[0][len("2028-") :] if found else ""


def month(written: str) -> tuple[str, str] | None:
    """Return the first and the last day of a month of a year; None for another text."""
    match = _OF_A_YEAR.fullmatch(written.strip().casefold())
    year = (match[2] or match[4]) if match else None
    if match is None or year is None or (match[2] and match[4]):
        return None
    number = int(match[3] or _month(match[1]))
    if not 1 <= number <= len(_MONTHS) or not int(year) >= 1:
        return None
    return f"{year}-{number:02}-01", f"{year}-{number:02}-{monthrange(int(year), number)[1]}"


def yearly_month(written: str) -> tuple[str, str] | None:
    """Return the first and the last day of a month of every year; None for another text."""
    match = _OF_A_YEAR.fullmatch(written.strip().casefold())
    if match is None or match[2] or match[4]:
        return None
    number = _month(match[1])
    return f"{number:02}-01", f"{number:02}-{monthrange(_LEAP_YEAR, number)[1]}"


def _month(name: str) -> int:
    return next(number for number, month in enumerate(_MONTHS, 1) if month.startswith(name[:3]))


def _existing(*candidates: tuple[int | str, int | str, int | str]) -> tuple[str, ...]:
    found: dict[str, None] = {}
    for year, month_, day in candidates:
        try:
            found[date(int(year), int(month_), int(day)).isoformat()] = None
        except ValueError:
            continue
    return tuple(found)
