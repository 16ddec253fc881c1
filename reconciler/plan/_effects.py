"""Effects of a change that depend on more than its field: dates, and the length of a series.

The field table has the general words for each field; these replace them where more is known.
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
"""The effect of a new rule on a series: Zoom makes its occurrences anew."""

_ENDS = frozenset({"recurrence.end_times", "recurrence.end_date_time"})
_TIMES = frozenset({"start_time", "timezone", "recurrence"})


def with_effects(
    changes: Sequence[FieldChange], before: Mapping[str, Json], after: Mapping[str, Json], now: datetime
) -> Iterator[FieldChange]:
    """Yield the changes of an update, each with its effect from `now` on."""
    comes_back = next(
        (change.path for change in changes if change.path.split(".")[0] in _TIMES and series(after)), None
    )
    starts = any(change.path == "start_time" for change in changes)
    for change in changes:
        is_covered = starts and change.path == "timezone"  # by the effect of the start
        effect = change.effect if is_covered else _effect(change, before, after, now)
        if change.path == comes_back:
            effect = f"{effect}; {COME_BACK}"
        yield replace(change, effect=effect)


def _effect(change: FieldChange, before: Mapping[str, Json], after: Mapping[str, Json], now: datetime) -> str:
    if change.path in {"start_time", "timezone"}:
        return _moves(change, schedule(before, now).next_at, schedule(after, now).next_at)
    if change.path in _ENDS:
        return _length(before, after, now) or change.effect
    return change.effect


def _moves(change: FieldChange, before: datetime | None, after: datetime | None) -> str:
    """Describe the move from one instant to another; the general words if there is none to come.

    A start that is the same wall time in another zone is not a change of its own: the zone's change has it.
    """
    if before is None or after is None:
        return change.effect
    if before == after:
        return change.effect if change.path == "timezone" else "the next date stays"
    return f"time moves from {_instant(before)} to {_instant(after)} UTC; the join link stays"


def _length(before: Mapping[str, Json], after: Mapping[str, Json], now: datetime) -> str:
    """Describe by how many of its coming occurrences a series gets longer or shorter."""
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
