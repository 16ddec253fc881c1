"""The part of a longer series that Zoom keeps, by the dates that it lists."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from builders import weekly

from reconciler.state.kept_window import kept_until, window_of

FIRST = datetime(2027, 1, 11, 9, tzinfo=UTC)
ENDLESS = weekly(recurrence={"type": 2, "repeat_interval": 1, "weekly_days": "2", "end_times": 0})
MOVED = {"2027-01-18": {"start_time": "2027-02-01T09:00:00Z", "duration": 45}}


def occurrence(week: int, number: int | None = None, **more: Any) -> dict[str, Any]:
    """The date of a week, or one that was moved there, with the id of its own start."""
    start, own = (FIRST + timedelta(weeks=each) for each in (week, week if number is None else number))
    plain = {"start_time": f"{start:%Y-%m-%dT%H:%M:%SZ}", "duration": 45, "status": "available"}
    return {"occurrence_id": str(int(own.timestamp()) * 1000), **plain, **more}


@pytest.mark.parametrize(
    "listed",
    [
        [occurrence(0), occurrence(1), occurrence(2), occurrence(3)],
        [occurrence(0), occurrence(2), occurrence(3), occurrence(3, 1)],
        [occurrence(0), occurrence(2), occurrence(3, 1), occurrence(3, status="deleted")],
        [occurrence(0), occurrence(2), occurrence(3), occurrence(3, status="deleted")],  # one id for both
    ],
)
def test_a_date_that_was_moved_counts_where_the_rule_gives_it(listed: list[dict[str, Any]]) -> None:
    """Also one that was moved to the start of the last date."""
    window = window_of(ENDLESS, {"occurrences": listed}, [MOVED], FIRST)

    assert window == {"from": "2027-01-11T09:00:00Z", "to": "2027-02-01T09:00:00Z"}
    assert kept_until(window) == FIRST + timedelta(weeks=3)


def test_a_window_without_an_end_has_no_last_date() -> None:
    stored = {"occurrences": [occurrence(0)], "recurrence": {"end_times": 0}}

    window = window_of(ENDLESS, stored, [], FIRST)

    assert (window, kept_until(window)) == ({"from": "2027-01-11T09:00:00Z", "to": None}, None)
