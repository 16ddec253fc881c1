"""Reads what a meeting declares about single dates: exceptions by date, and the closures that it skips."""

from __future__ import annotations

from collections.abc import Mapping

from reconciler.meeting.closures import NO_DATES, Closure, Pattern, SingleDates
from reconciler.ports import Json
from reconciler.spec.shorthand import expand


def single_dates(
    exceptions: Mapping[str, Json] | None, closures: tuple[Closure, ...], pattern: Pattern
) -> SingleDates:
    """Return the single dates of a meeting; `exceptions` are valid by the schema."""
    if not exceptions and not closures and not pattern:
        return NO_DATES
    own = {day: _exception(each) for day, each in (exceptions or {}).items()}
    return SingleDates(own, closures, pattern)


def _exception(declared: Json) -> Json:
    return dict(expand(declared)) if isinstance(declared, Mapping) else declared
