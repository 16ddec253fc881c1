"""What people will notice of a change, where that hangs on more than the field: dates, lengths of series.

Pure. The plain words of each field stand in the field table; these say them more exactly.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from reconciler.meeting.humanize import day_words, short_weekday, time_words
from reconciler.meeting.meeting import schedule, series
from reconciler.plan.change import FieldChange
from reconciler.ports import Json

COME_BACK = "dates that were moved or cancelled by hand come back"
"""What a new rule does to a series: Zoom makes its occurrences anew."""

_ENDS = frozenset({"recurrence.end_times", "recurrence.end_date_time"})
_TIMES = frozenset({"start_time", "timezone", "recurrence"})


def with_effects(
    changes: Sequence[FieldChange], before: Mapping[str, Json], after: Mapping[str, Json], now: datetime
) -> Iterator[FieldChange]:
    """The changes of an update, each with what people will notice of it from `now` on."""
    comes_back = next(
        (change.path for change in changes if change.path.split(".")[0] in _TIMES and series(after)), None
    )
    starts = any(change.path == "start_time" for change in changes)
    for change in changes:
        told = starts and change.path == "timezone"
        effect = change.effect if told else _noticed(change, before, after, now)
        if change.path == comes_back:
            effect = f"{effect}; {COME_BACK}"
        yield replace(change, effect=effect)


def _noticed(
    change: FieldChange, before: Mapping[str, Json], after: Mapping[str, Json], now: datetime
) -> str:
    if change.path in {"start_time", "timezone"}:
        return _moves(change, schedule(before, now).next_at, schedule(after, now).next_at)
    if change.path in _ENDS:
        return _length(before, after, now) or change.effect
    return change.effect


def _moves(change: FieldChange, before: datetime | None, after: datetime | None) -> str:
    """From which instant to which; the plain words where either has none to come.

    A start that reads the same in another zone is no change of its own: the zone's tells it.
    """
    if before is None or after is None:
        return change.effect
    if before == after:
        return change.effect if change.path == "timezone" else "the next date stays"
    return f"time moves from {_instant(before)} to {_instant(after)} UTC; the join link stays"


def _length(before: Mapping[str, Json], after: Mapping[str, Json], now: datetime) -> str:
    """By how many of the occurrences to come a series gets longer or shorter."""
    old, new = series(before), series(after)
    if old is None or new is None:
        return ""
    had, has = old.remaining(now).left, new.remaining(now).left
    if had is None or has is None:
        return "" if had is has else "series has an end now" if had is None else "series has no end any more"
    if had == has:
        return "as many dates as before"
    return f"series extended by {has - had}" if has > had else f"series shortened by {had - has}"


def _instant(instant: datetime) -> str:
    return f"{short_weekday(instant)} {day_words(instant)}, {time_words(instant)}"
