"""Effects of a change that depend on more than its field: dates, and the length of a series.

The field table has the general words for each field; these replace them where more is known.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime

from msgspec.structs import replace

from reconciler.meeting.humanize import instant_words
from reconciler.meeting.meeting import schedule, series
from reconciler.plan.change import FieldChange
from reconciler.ports import Json

_Nexts = tuple[datetime | None, datetime | None]
"""The next start before and after a change."""

COME_BACK = "dates that were moved or cancelled by hand come back"
"""The effect of a new rule on a series: Zoom makes its occurrences anew."""

_ENDS = frozenset({"recurrence.end_times", "recurrence.end_date_time"})
_TIMES = frozenset({"start_time", "timezone", "recurrence"})


def with_effects(
    changes: Sequence[FieldChange],
    before: Mapping[str, Json],
    after: Mapping[str, Json],
    now: datetime,
    held_at: _Nexts | None = None,
) -> Iterator[FieldChange]:
    """Yield the changes of an update, each with its effect from `now` on.

    `held_at` are the next dates that are held before and after it; without it, those of the rules.
    """
    nexts = held_at or (schedule(before, now).next_at, schedule(after, now).next_at)
    comes_back = next(
        (change.path for change in changes if change.path.split(".")[0] in _TIMES and series(after)), None
    )
    starts = any(change.path == "start_time" for change in changes)
    for change in changes:
        is_covered = starts and change.path == "timezone"  # by the effect of the start
        effect = change.effect if is_covered else _effect(change, before, after, now, nexts)
        if change.path == comes_back:
            effect = f"{effect}; {COME_BACK}"
        yield replace(change, effect=effect)


def _effect(
    change: FieldChange, before: Mapping[str, Json], after: Mapping[str, Json], now: datetime, nexts: _Nexts
) -> str:
    if change.path in {"start_time", "timezone"}:
        old, new = nexts
        return _moves(change, (old, before.get("timezone")), (new, after.get("timezone")))
    if change.path in _ENDS:
        return _length(before, after, now) or change.effect
    return change.effect


_Next = tuple[datetime | None, str | None]
"""The next start, and the meeting's own zone."""


def _moves(change: FieldChange, before: _Next, after: _Next) -> str:
    """Describe the move from one instant to another; the general words if there is none to come.

    A start that is the same wall time in another zone is not a change of its own: the zone's change has it.
    """
    (old, old_zone), (new, new_zone) = before, after
    if old is None or new is None:
        return change.effect
    if old == new:
        return change.effect if change.path == "timezone" else "the next date stays"
    moved_to = instant_words(new, new_zone)
    moved_from = instant_words(old, old_zone)
    if old_zone == new_zone:  # named once
        moved_from = moved_from.rpartition(" ")[0]
    return f"time moves from {moved_from} to {moved_to}; the join link stays"


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
