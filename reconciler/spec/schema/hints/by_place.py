"""Hints for values that people write in another form than the spec's, by the place of the value."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, timedelta

from reconciler.errors.secrets import may_hold_secret
from reconciler.ports import Json
from reconciler.spec.repeat import WEEKDAYS
from reconciler.spec.schema._violation import Path, SchemaContext, Violation
from reconciler.spec.schema.hints import dates as date_hints
from reconciler.spec.schema.hints import names as name_hints
from reconciler.spec.schema.hints import repeat as repeat_hints
from reconciler.spec.schema.hints import times as time_hints
from reconciler.spec.schema.hints import weekdays as weekday_words
from reconciler.spec.schema.hints.weekdays import FROM_MONDAY

Steps = tuple[str, ...]

_ANY_TIMETABLE = (
    "Write each slot under a name: "
    "`timetable: {europe: {start_time: 2027-01-11 10:00, repeat: {every: week, on: mon}}}`."
)
_ANY_NOTE = 'Write text: `note: "Host: Ada"`.'
_ZONE = "Write an IANA name, such as `timezone: Europe/Berlin` or `timezone: UTC`."
_KEYWORDS = frozenset(
    {
        "type",
        "pattern",
        "anyOf",
        "enum",
        "minimum",
        "maximum",
        "minItems",
        "maxItems",
        "minProperties",
        "minLength",
    }
)


def hint(violation: Violation, context: SchemaContext) -> str:
    """Return the hint for the value of a violation; empty where its place has none of its own."""
    value = violation.value
    if violation.keyword not in _KEYWORDS or (value and may_hold_secret(str(value))):
        return ""
    inner = context.in_meeting(violation.path)
    if inner is None:
        return _of_file(violation.path, value) if context.name == "meetings" else _of_settings(violation)
    return _of_meeting(tuple(map(str, inner)), value)


def bad_date_hint(key: str, value: Json) -> str:
    """Return the hint for a key of `exceptions` that is no date."""
    return "" if may_hold_secret(f"{key} {value}") else date_hints.date_hint(key, value)


def _of_file(path: Path, value: Json) -> str:
    section, *rest = map(str, path) if path else ("",)
    if section not in ("closures", "people", "templates", "meetings"):
        return ""
    if not rest and value is None:
        return ""
    if not rest:
        return name_hints.section_hint(section, value)
    of_list, of_entry = _LISTS.get(section, (None, None))
    if len(rest) == 1:
        return of_list(rest[0], value) if of_list else ""
    return of_entry(value) if of_entry else ""


def _of_settings(violation: Violation) -> str:
    if violation.path == ("hosts",) and violation.value is not None:
        return name_hints.hosts_hint(violation.value)
    is_pool = violation.path[:1] == ("hosts",) and violation.path[2:] == ("pool",)
    return name_hints.pool_hint(violation.value) if is_pool and violation.value is not None else ""


_LISTS: Mapping[str, tuple[Callable[[str, Json], str], Callable[[Json], str]]] = {
    "closures": (date_hints.closure_hint, date_hints.closed_day_hint),
    "people": (name_hints.people_hint, name_hints.person_hint),
}


def _of_meeting(path: Steps, value: Json) -> str:
    first, *rest = path or ("",)
    of_part = _PARTS.get(first)
    if of_part is not None:
        return of_part(tuple(rest), value)
    if first in ("use", "skip") and value is not None:
        return name_hints.use_hint(first, value)
    if first in ("start_time", "duration") and value is not None:
        return _of_time(first, value, "")
    if first == "host" and value:
        return name_hints.host_hint(value)
    return _ZONE if first == "timezone" and isinstance(value, int | float) else ""


def _of_time(field: str, value: Json, day: str) -> str:
    return time_hints.start_hint(value, day) if field == "start_time" else time_hints.duration_hint(value)


def _of_exceptions(path: Steps, value: Json) -> str:
    if not path:
        return date_hints.exceptions_hint(value)
    day, *fields = path
    if not fields:
        return date_hints.exception_hint(day, value)
    if fields[0] in ("start_time", "duration"):
        return _of_time(fields[0], value, day)
    return _ANY_NOTE if fields == ["note"] and not isinstance(value, str) else ""


def _of_timetable(path: Steps, value: Json) -> str:
    if not path:
        return _ANY_TIMETABLE
    name, *fields = path
    if fields:
        return _of_meeting(tuple(fields), value)
    start = time_hints.start_hint(value) if isinstance(value, str) else ""
    if start.startswith("Write `start_time: ") and start.endswith("`."):
        return f"Write `{name}: {{{start.removeprefix('Write `').removesuffix('`.')}}}`."
    day = weekday_words.one(name.casefold()) or "mon"
    first = date(2027, 1, 11) + timedelta(days=FROM_MONDAY.index(day))
    return f"Write `{name}: {{start_time: {first} 10:00, repeat: {{every: week, on: {day}}}}}`."


def _of_repeat(path: Steps, value: Json) -> str:
    return repeat_hints.hint(path[0] if path else "", value)


def _of_recurrence(path: Steps, value: Json) -> str:
    if not path:
        return repeat_hints.hint("", value) if value is not None else ""
    days = weekday_words.weekdays(str(value)) if path[0] == "weekly_days" else []
    if days and WEEKDAYS.keys() >= {*days}:
        numbers = ",".join(str(WEEKDAYS[day]) for day in days)
        return f'Weekdays are numbers here, from 1 for Sunday: `"{numbers}"`; in words, write a `repeat`.'
    return ""


_PARTS: Mapping[str, Callable[[Steps, Json], str]] = {
    "exceptions": _of_exceptions,
    "recurrence": _of_recurrence,
    "repeat": _of_repeat,
    "timetable": _of_timetable,
}
"""Hints for the parts of a meeting with values of their own, by their names."""
