"""Windows of series that are longer than what Zoom keeps, and their extension in time."""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct
from msgspec.structs import replace

from reconciler.meeting.closures import SKIP
from reconciler.meeting.humanize import day_words
from reconciler.meeting.meeting import Meeting, series
from reconciler.meeting.recurrence import MONTHLY, OCCURRENCES_MAX, Series
from reconciler.meeting.single_dates import edited_dates, next_window
from reconciler.meeting.timezones import in_zone, known_zone
from reconciler.plan.step import Step
from reconciler.state.kept_window import kept_until
from reconciler.state.state import Record

LEFT_MIN = 13
"""Dates of a window that are left when it is extended: a quarter of a year of a weekly series."""

LEFT_MIN_MONTHLY = 5
"""The same for a monthly series."""


class Kept(Struct, frozen=True):
    """The start of the last date that Zoom keeps of a series; None: no bound but the rule."""

    until: datetime | None = None


IF_FORGOTTEN = (
    "its recorded dates are over: if Zoom has forgotten it, `reconciler apply --refresh` makes it again, "
    "with a new join link"
)
"""An extension needs no approval, so it never becomes a create by itself."""

ALL_KEPT = Kept()
"""A series of which Zoom keeps every date."""


def kept(meeting: Meeting, record: Record | None, now: datetime, *, is_sent: bool) -> Kept:
    """Return the dates that Zoom keeps: after its rule was sent at `now`, or else as it is recorded."""
    if not is_sent:
        return Kept(until=kept_until(record.window)) if record is not None else ALL_KEPT
    window = next_window(meeting.attributes, meeting.dates, now)
    return Kept(until=window.last) if window else ALL_KEPT


def due(meeting: Meeting, record: Record, now: datetime) -> int | None:
    """Return how many dates are left of a window that must be extended now; None if none must be.

    While nothing of the next window would be held, as in a pause, nothing is extended.
    """
    recurring = series(meeting.attributes)
    if recurring is None or not (record.window or recurring.is_longer_than_kept(now)):
        return None
    left = _left(recurring, record, now)
    least = LEFT_MIN_MONTHLY if recurring.recurrence.get("type") == MONTHLY else LEFT_MIN
    if left is None or left >= least or not _is_held(meeting, recurring, now):
        return None
    return left


def extended(step: Step, record: Record, left: int, now: datetime, *, is_alone: bool) -> Step:
    """Return the step that extends a window of which `left` dates are left.

    Its turn is before the last of them. If it does nothing else, nobody has to approve it.
    """
    assert step.meeting is not None, "only a declared series is extended"
    recurring = series(step.meeting.attributes)
    window = next_window(step.meeting.attributes, step.meeting.dates, now)
    assert recurring is not None, "only a series has a window"
    first = window.first if window else recurring.remaining(now).next_at
    assert first is not None, "a series that is extended has a date to come"
    begins = day_words(in_zone(first, known_zone(recurring.timezone)))
    count = window.count if window else recurring.remaining(now).left
    reason = f"extended, {left} {'date' if left == 1 else 'dates'} left, sends {count} from {begins}"
    over = recurring.remaining(now).over
    turn_at = recurring.occurrence(over + left - 1) if left else step.starts_at
    starts_at = turn_at if is_alone else step.starts_at
    until = kept_until(record.window) if record.window else None
    forgotten = (IF_FORGOTTEN,) if until is not None and until <= now else ()
    return replace(step, extends=is_alone, starts_at=starts_at, reasons=(*step.reasons, reason, *forgotten))


def shortened(meeting: Meeting, record: Record, now: datetime) -> tuple[str, ...]:
    """Return the remark that Zoom keeps less of a series once its rule is sent, if that is so."""
    window = next_window(meeting.attributes, meeting.dates, now)
    if window is None or not record.window:
        return ()
    zone = known_zone(meeting.attributes["timezone"])
    until = kept_until(record.window)
    if until is not None and until <= window.last:
        return ()
    so_far = "without an end" if until is None else f"until {day_words(in_zone(until, zone))}"
    sent = f"{window.count} dates, until {day_words(in_zone(window.last, zone))}"
    return (f"Zoom has it {so_far} so far; sends {sent}, and more before they run out",)


def _left(recurring: Series, record: Record, now: datetime) -> int | None:
    """Return the dates that are left of the window; None if the rule has none after it."""
    if not record.window:
        return 0  # what Zoom keeps could not be read
    until = kept_until(record.window)
    if until is None:
        return None
    over = recurring.remaining(until).over
    if recurring.occurrence(over) is None:
        return None
    return max(0, over - recurring.remaining(now).over)


def _is_held(meeting: Meeting, recurring: Series, now: datetime) -> bool:
    edits = edited_dates(meeting.attributes, meeting.dates, now)
    skips = [each for each in edits.values() if each.edit == SKIP]
    left = recurring.remaining(now).left
    return len(skips) < (OCCURRENCES_MAX if left is None else min(left, OCCURRENCES_MAX))
