"""Builds the schema of `repeat`, with the values that editors complete."""

from __future__ import annotations

from typing import TYPE_CHECKING

from schema_parts import DAY, END, TIME

from reconciler.meeting import humanize
from reconciler.spec.repeat import TIMES_MAX, WEEKDAYS, WEEKS

if TYPE_CHECKING:
    from reconciler.ports import Json


def repeat_schema() -> dict[str, Json]:
    """Return the schema of `repeat`. Rules check that its parts fit to each other."""
    return {
        "description": "The rule of a series, in words. It stands in for `type: 8` and `recurrence`.",
        "type": ["object", "null"],
        "properties": {
            "every": {
                "description": "What repeats: day, week or month, or a number of them, such as `2 weeks`.",
                "type": ["string", "null"],
                "anyOf": [
                    {"enum": ["day", "week", "month", "2 weeks", "3 weeks", "2 months", "3 months", None]},
                    {"pattern": f"^(?:[1-9][0-9]? +)?{_any_case('day', 'week', 'month')}[sS]?{END}"},
                ],
            },
            "on": {
                "description": "The days: weekdays of a week; of a month a day, or weekdays such as "
                "`first mon`. Left out, the day of the start.",
                "anyOf": [
                    {"enum": [*WEEKDAYS, *(f"{week} {day}" for week in WEEKS for day in WEEKDAYS), None]},
                    _day_of_month(),
                    _weekdays(),
                    {"type": "array", "minItems": 1, "items": _weekdays()},
                ],
            },
            "times": {
                "description": "After how many dates it ends; skipped ones count. Write this or `until`, "
                "or neither for a series without an end.",
                "type": ["integer", "null"],
                "minimum": 1,
                "maximum": TIMES_MAX,
            },
            "until": {
                "description": "The last day in the zone of the meeting, or the last instant in UTC. "
                "Write this or `times`.",
                "type": ["string", "null"],
                "pattern": f"^{DAY}(?:(?:T| +){TIME} *Z)?{END}",
            },
        },
        "additionalProperties": False,
    }


_FULL_NAMES = tuple(map(str.casefold, humanize.WEEKDAYS))


def _day_of_month() -> dict[str, Json]:
    return {"type": "integer", "minimum": 1, "maximum": 31}


def _weekdays() -> dict[str, Json]:
    """Return the schema of one weekday, or of several with commas between, with weeks of a month or not."""
    word = f"(?:{_any_case(*WEEKS)} +)?{_any_case(*_FULL_NAMES, *WEEKDAYS)}"
    return {"type": "string", "pattern": f"^{word}(?: *, *{word})*{END}"}


def _any_case(*words: str) -> str:
    """Return a pattern of `words` in any case; a schema has no flag for it."""
    return f"(?:{'|'.join(''.join(f'[{c.upper()}{c}]' for c in word) for word in words)})"
