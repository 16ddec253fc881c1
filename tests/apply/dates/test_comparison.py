"""What is left to do of the single dates of a series, by what Zoom lists."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
from builders import at, weekly

from reconciler.apply.dates.comparison import NOT_AVAILABLE, Comparison, Known, compare
from reconciler.meeting.single_dates import SeriesDate
from reconciler.state.stored_dates import find

if TYPE_CHECKING:
    from collections.abc import Mapping

MONDAY = "2027-04-05"
START = datetime(2027, 4, 5, 8, tzinfo=UTC)
SKIPPED = Known({MONDAY: SeriesDate(MONDAY, START, "skip")}, {})
TAKEN_BACK = Known({}, {MONDAY: {"start_time": "2027-04-07T08:00:00Z", "duration": 45}})


def compared(known: Known, start_time: str, now: datetime, **more: Any) -> Comparison:
    listed: Mapping[str, Any] = {
        "occurrence_id": "1",
        "start_time": start_time,
        "duration": 45,
        "status": "available",
    }
    stored = {"occurrences": [{**listed, **more}]}
    return compare(weekly(), known, find(weekly(), stored, [MONDAY], [known.recorded]), now)


@pytest.mark.parametrize(
    ("known", "start_time", "now"),
    [
        (SKIPPED, "2027-04-05T08:00:00Z", "2027-04-01T08:00:00Z"),
        (TAKEN_BACK, "2027-04-07T08:00:00Z", "2027-04-06T08:00:00Z"),  # its own start is past
    ],
)
@pytest.mark.parametrize("status", ["available", "started", "", None])
def test_only_a_date_that_zoom_lists_as_available_is_deleted(
    known: Known, start_time: str, now: str, status: str | None
) -> None:
    """A deletion that names a date wrongly would end the series."""
    comparison = compared(known, start_time, at(now), status=status)

    deleted = [(each.day, each.body) for each in comparison.work]
    is_available = status == "available"
    assert deleted == ([(MONDAY, None)] if is_available else [])
    assert comparison.problems == ({} if is_available else {MONDAY: NOT_AVAILABLE})
