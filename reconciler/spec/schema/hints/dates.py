"""Hints for single dates and closed days in other words than the spec's, where it is clear what is meant."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date

from reconciler.ports import Json
from reconciler.spec.schema._violation import truncate
from reconciler.spec.schema.hints import days as written_days
from reconciler.spec.schema.hints import times as time_hints

ANY_EXCEPTIONS = "Write the dates with what is different: `exceptions: {2027-04-05: skip}`."
ANY_EXCEPTION = "Write `skip`, or what is different: `{start_time: 2027-05-18 14:00, duration: 30}`."
ANY_DATE = "Write the date that the rule gives: `2027-04-05: skip`."
ANY_CLOSURE = "Write a day or a range: `2027-04-05`, `2026-12-24..2027-01-01`, or `12-24..01-01` yearly."
_RANGE_OF_DATES = (
    "Write a line for each date; or declare the days as a closure at the top of a file, "
    "`closures: {{closed: [{0}]}}`, which `skip: closed` names."
)

_SKIP_WORDS = re.compile(
    r"(?:skip|skipp?(?:ed|ing)|cancel|cancell?ed|off|no|none|not|false|delete|deleted|remove|removed|drop|closed?|"
    r"absent|(?:public |bank )?holidays?|vacation|no meeting|break)"
)
_DAY_AND_MORE = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2})[T ].*")
_SEPARATORS = re.compile(r"\s*(?:\.{2,}|\u2026|\u2013|\bto\b|\buntil\b|\bbis\b|\s-\s|/)\s*", re.IGNORECASE)
_TWO_DAYS = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2})-([0-9]{4}-[0-9]{2}-[0-9]{2})")
_OPEN = re.compile(r"(.+?)\s*(?:\.\.+|-|\u2013|\u2026)")
_YEARS = range(2000, 2100)
_DAY_LENGTH = len("2027-04-05")
_DURATION = re.compile(r"[0-9]{1,4}|(?:[0-9]{1,2} *h)? *(?:[0-9]{1,4} *m)?", re.IGNORECASE)


def exceptions_hint(value: Json) -> str:
    """Return the hint for a value that is no mapping of exceptions."""
    listed = value if isinstance(value, list) else [value]
    days = [day for each in listed if len(day := _listed_day(each)) == _DAY_LENGTH]
    if not days or len(days) != len(listed):
        return ANY_EXCEPTIONS
    dates = ", ".join(f"{day}: skip" for day in days[:3])
    return f"Write `exceptions: {{{dates}}}`."


def _listed_day(value: Json) -> str:
    """Return the day of an entry of a list: the day itself, or a mapping that has it as key or `date`."""
    if isinstance(value, Mapping):
        value = value.get("date") or value.get("day") or next(iter(value), "")
    found = written_days.days(str(value))
    return found[0] if len(found) == 1 else ""


def date_hint(key: str, value: Json) -> str:
    """Return the hint for a key of `exceptions` that is no date."""
    if _SKIP_WORDS.fullmatch(key.strip().casefold()):
        days = [_listed_day(each) for each in (value if isinstance(value, list) else [value])]
        return (
            f"Write `exceptions: {{{', '.join(f'{day}: skip' for day in days)}}}`." if all(days) else ANY_DATE
        )
    if written_range(key):
        return _RANGE_OF_DATES.format(written_range(key))
    match = _DAY_AND_MORE.fullmatch(key)
    days = list(written_days.days(match[1] if match else key))
    if not days:
        return f"Write it with its year: `2027-{day}`." if (day := written_days.yearly_day(key)) else ANY_DATE
    return f"Write {' or '.join(f'`{day}`' for day in days)}."


def exception_hint(day: str, value: Json) -> str:
    """Return the hint for a value that is no exception of the date `day`."""
    if value is None or value is False or (isinstance(value, list) and value == ["skip"]):
        return f"Write `{day}: skip`, or remove the line."
    if isinstance(value, Mapping) and not value:
        return f"Write `{day}: skip`, or what is different: `{day}: {{duration: 30m}}`."
    if isinstance(value, dict | list | bool):
        return ANY_EXCEPTION
    text = str(value).strip()
    if _SKIP_WORDS.fullmatch(text.casefold()):
        return f"Write `{day}: skip`."
    own = own_part(day, text)
    return f"Write `{day}: {{{own}}}`." if own else ANY_EXCEPTION


def own_part(day: str, text: str) -> str:
    """Return what a text says about a date, as a field of its exception; empty where that is not clear."""
    moved = re.sub(r"^(?:moved? )?to |^-> *", "", text, flags=re.IGNORECASE)
    start = re.search(r"`(start_time: [^`]+)`\.?$", time_hints.start_hint(moved, day))
    if start and "2027-01-11" not in start[1].replace(day, ""):
        return start[1]
    if _DURATION.fullmatch(text):
        return f"duration: {text if text.isdecimal() else text.replace(' ', '')}"
    return f'note: "{truncate(text)}"' if " " in text and not {'"', "\\"} & {*text} else ""


def closure_hint(name: str, value: Json) -> str:
    """Return the hint for the value of a closure that is no list of days."""
    if isinstance(value, Mapping):
        found = _range_of_mapping(value)
        if not found:
            found = ", ".join(filter(None, (closed_days(str(day)) for day in [*value][:3])))
    else:
        found = (
            closed_days(str(value)) if isinstance(value, str | int) and not isinstance(value, bool) else ""
        )
    return f"Write a list: `{name}: [{found or '2027-04-05, 12-24..01-01'}]`."


def closed_day_hint(value: Json) -> str:
    """Return the hint for an entry of a closure that is no day and no range."""
    found, comment = "", ""
    if isinstance(value, Mapping):
        found = _range_of_mapping(value)
        if not found and len(value) == 1:
            found = closed_days(str(next(iter(value))))
            comment = f"; words about it are a comment: `- {found}  # …`"
    elif isinstance(value, list):
        found = closed_days("..".join(map(str, value))) if len(value) == 2 else ""  # noqa: PLR2004 - first and last
    elif not isinstance(value, bool | float):
        return _closed_text_hint(str(value).strip())
    return f"Write `{found}`{comment}." if found else ANY_CLOSURE


def _closed_text_hint(text: str) -> str:
    opened = _OPEN.fullmatch(text)
    if opened and written_days.yearly_day(opened[1]):
        day = written_days.yearly_day(opened[1])
        return (
            f"A range of every year has an end: `{day}..01-01`. Without one, write the year: `2027-{day}..`."
        )
    if text.startswith(".."):
        return "A range has a first day: `2027-01-01..2027-04-05`. It may have no last one: `2027-01-01..`."
    found = written_days.days(text)
    if len(found) > 1:
        return (
            f"Write {' or '.join(f'`{each}`' for each in found)}: the year comes first, then month and day."
        )
    day = closed_days(text) or closed_days(text.partition(" ")[0])
    return f"Write `{day}`." if day else ANY_CLOSURE


def _range_of_mapping(value: Mapping[str, Json]) -> str:
    first = next((value[name] for name in ("from", "start", "first", "begin") if name in value), None)
    last = next((value[name] for name in ("to", "end", "last", "until") if name in value), None)
    return closed_days(f"{first}..{last}") if first and last else closed_days(f"{first}..") if first else ""


def closed_days(written: str) -> str:
    """Return days of a closure as they are written there; empty where they are not clear."""
    found = written_days.days(written)
    if len(found) == 1:
        return found[0]
    if written.isdecimal() and int(written[:5]) in _YEARS:
        return f"{written}-01-01..{written}-12-31"
    if span := written_days.month(written) or written_days.yearly_month(written):
        return "..".join(span)
    if opened := re.fullmatch(r"([0-9-]{10})\s*\.\.+", written):
        return f"{opened[1]}.."
    return written_range(written) or written_days.yearly_day(written)


def written_range(written: str) -> str:
    """Return a range of days, such as `2026-12-24..2027-01-01`; empty for another text."""
    match = _TWO_DAYS.fullmatch(written)
    parts = match.groups() if match else tuple(_SEPARATORS.split(written.strip(), maxsplit=1))
    if len(parts) != 2:  # noqa: PLR2004 - first and last
        return ""
    first, last = (_day_or_yearly(part) for part in parts)
    if not first or not last:
        return ""
    if len(first) > len(last):
        last = f"{int(first[:4]) + (last < first[5:])}-{last}"
    elif len(first) < len(last):
        first = f"{int(last[:4]) - (first > last[5:])}-{first}"
    return f"{first}..{last}" if _exist(first, last) else ""


def _day_or_yearly(written: str) -> str:
    found = written_days.days(written)
    return found[0] if len(found) == 1 else written_days.yearly_day(written)


def _exist(*days: str) -> bool:
    try:
        return all(bool(date.fromisoformat(day)) for day in days if len(day) == _DAY_LENGTH)
    except ValueError:
        return False
