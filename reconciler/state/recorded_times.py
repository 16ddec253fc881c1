"""The times of recorded meetings, as far as they can be computed on this machine."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from reconciler.meeting.meeting import Schedule, resume, series
from reconciler.meeting.single_dates import Edit, held_schedule
from reconciler.meeting.timezones import instant
from reconciler.ports import Json
from reconciler.state.state import Record


def schedule_or_none(
    attributes: Mapping[str, Json], edits: Mapping[str, Edit], now: datetime
) -> Schedule | None:
    """Return the schedule of recorded attributes and edits of dates; None where it cannot be computed here.

    A record may hold a zone that only another machine knows, or half a rule, and must be shown all the same.
    """
    try:
        return held_schedule(attributes, edits, now)
    except (KeyError, TypeError, ValueError):
        return None


def recorded_schedule(record: Record, now: datetime) -> Schedule | None:
    """Return the schedule of a recorded meeting, as `schedule_or_none` does.

    Its next start is not one that clocks skip, if the series was made in that week: Zoom does not have it.
    """
    times = schedule_or_none(record.attributes, record.exceptions, now)
    if times is None or times.next_at is None or not _is_left_out(record, times.next_at):
        return times
    return schedule_or_none(record.attributes, record.exceptions, times.next_at)


def _is_left_out(record: Record, start: datetime) -> bool:
    recurring = series(record.attributes)
    if recurring is None or record.created_at is None:
        return False
    resumed = resume(recurring, instant(record.created_at, "UTC"))
    left_out = resumed.left_out if resumed else ()
    return any(instant(wall.isoformat(), recurring.timezone) == start for wall in left_out)
