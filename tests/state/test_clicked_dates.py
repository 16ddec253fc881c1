"""Single dates that somebody changed in Zoom, told from those that are as the record has them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from builders import at, record, weekly
from msgspec.structs import replace

from reconciler.state.clicked_dates import clicked_dates
from reconciler.state.state import Record

MONDAY = "2027-04-05"


def occurrence(start: str, number: int = 1, **more: Any) -> dict[str, Any]:
    plain = {"occurrence_id": str(number), "start_time": start, "duration": 45, "status": "available"}
    return {**plain, **more}


@pytest.mark.parametrize("moved_id", ["1", "1806912000000", "1807099200000"])
def test_a_date_that_is_over_and_was_moved_to_a_day_to_come_is_as_recorded(moved_id: str) -> None:
    """Its own start is past; where it is held is to come, under whatever id."""
    edit = {"start_time": "2027-04-07T12:00:00Z", "duration": 45}
    record = Record(1, "ada@example.com", None, weekly(), exceptions={MONDAY: edit})
    stored = {
        "occurrences": [
            occurrence("2027-04-07T12:00:00Z", int(moved_id)),
            occurrence("2027-04-12T08:00:00Z", 2),
        ]
    }

    assert clicked_dates(record, stored, datetime(2027, 4, 6, 12, tzinfo=UTC)) == {}


@pytest.mark.parametrize(
    "edit",
    [
        {"start_time": "2027-03-31T09:00:00Z", "duration": 45},  # it was held there
        {"start_time": "2027-04-05T08:00:00Z", "duration": 45},  # as the rule gives it
    ],
)
def test_a_date_that_is_as_it_is_recorded_was_not_clicked(edit: Any) -> None:
    recorded = replace(record(1, weekly()), exceptions={MONDAY: edit})
    own = [] if edit["start_time"] < "2027-04" else [occurrence("2027-04-05T08:00:00Z")]
    stored = {"occurrences": [*own, occurrence("2027-04-12T08:00:00Z", 2)]}

    assert clicked_dates(recorded, stored, at("2027-04-01T08:00:00Z")) == {}


@pytest.mark.parametrize("now", ["2027-03-31T09:00:00Z", "2027-03-31T09:44:00Z"])
def test_a_date_that_is_held_where_it_was_moved_forward_to_was_not_clicked(now: str) -> None:
    """Zoom lists it until it ends, and the rule still has it to come."""
    edit = {"start_time": "2027-03-31T09:00:00Z", "duration": 45}
    recorded = replace(record(1, weekly()), exceptions={MONDAY: edit})
    stored = {
        "occurrences": [occurrence("2027-03-31T09:00:00Z"), occurrence("2027-04-12T08:00:00Z", 2)],
    }

    assert clicked_dates(recorded, stored, at(now)) == {}


def test_a_date_that_somebody_moved_to_now_was_moved() -> None:
    moved = {"start_time": "2027-03-31T09:00:00Z", "duration": 45}
    stored = {
        "occurrences": [
            occurrence("2027-03-31T09:00:00Z", 1806912000000),
            occurrence("2027-04-12T08:00:00Z", 2),
        ]
    }

    assert clicked_dates(record(1, weekly()), stored, at("2027-03-31T09:30:00Z")) == {MONDAY: moved}


def test_a_date_that_was_moved_by_hand_is_found_beside_skipped_ones_before_the_first() -> None:
    """A window begins with the first date that is held: Zoom never had those before it."""
    recorded = replace(record(1, weekly()), exceptions={"2027-03-22": "skip", "2027-03-29": "skip"})
    stored = {
        "occurrences": [occurrence("2027-04-05T08:00:00Z", 1), occurrence("2027-04-13T08:00:00Z", 2)],
    }

    assert clicked_dates(recorded, stored, at("2027-03-20T08:00:00Z")) == {
        "2027-04-12": {"start_time": "2027-04-13T08:00:00Z", "duration": 45}
    }


@pytest.mark.parametrize("moved", ["2027-03-30T08:00:00Z", "2027-04-06T08:00:00Z"], ids=["before", "after"])
def test_the_first_date_that_was_held_may_be_the_one_that_was_moved(moved: str) -> None:
    """Beside skipped ones before it, and the next one of the rule."""
    recorded = replace(record(1, weekly()), exceptions={"2027-03-15": "skip", "2027-03-22": "skip"})
    stored = {"occurrences": [occurrence(moved, 1), occurrence("2027-04-05T08:00:00Z", 2)]}

    assert clicked_dates(recorded, stored, at("2027-03-10T08:00:00Z")) == {
        "2027-03-29": {"start_time": moved, "duration": 45}
    }


NIGHT = weekly(
    start_time="2027-01-03T02:30:00",
    recurrence={"type": 2, "repeat_interval": 1, "weekly_days": "1", "end_times": 16},
)
"""Sundays at 2:30 in Berlin, where clocks go from 2:00 to 3:00 on 28 March 2027; the last is 18 April."""


@pytest.mark.parametrize(
    ("listed", "expected"),
    [
        (  # it was sent in that week, and begins after it; another date was moved
            ["2027-04-04T00:30:00Z", "2027-04-12T08:00:00Z", "2027-04-18T00:30:00Z"],
            {"2027-04-11": {"start_time": "2027-04-12T08:00:00Z", "duration": 45}},
        ),
        (  # it was sent before, and the date itself was moved
            ["2027-03-29T08:00:00Z", "2027-04-04T00:30:00Z", "2027-04-11T00:30:00Z", "2027-04-18T00:30:00Z"],
            {"2027-03-28": {"start_time": "2027-03-29T08:00:00Z", "duration": 45}},
        ),
    ],
    ids=["another", "itself"],
)
def test_a_date_that_clocks_skip_is_taken_for_a_moved_one_only_where_no_other_is_missing(
    listed: list[str], expected: Any
) -> None:
    stored = {"occurrences": [occurrence(start, number) for number, start in enumerate(listed, 1)]}

    assert clicked_dates(record(1, NIGHT), stored, at("2027-03-23T08:00:00Z")) == expected


@pytest.mark.parametrize("edit", ["skip", {"start_time": "2027-03-07T01:30:00Z", "duration": 20}])
def test_a_date_that_is_over_excuses_no_move_of_another_one(edit: Any) -> None:
    """Zoom lists it no more, and that is all."""
    recorded = replace(record(1, NIGHT), exceptions={"2027-03-07": edit})
    starts = ("2027-03-29T08:00:00Z", "2027-04-04T00:30:00Z", "2027-04-11T00:30:00Z", "2027-04-18T00:30:00Z")
    stored = {"occurrences": [occurrence(start, number) for number, start in enumerate(starts, 1)]}

    assert clicked_dates(recorded, stored, at("2027-03-23T08:00:00Z")) == {
        "2027-03-28": {"start_time": "2027-03-29T08:00:00Z", "duration": 45}
    }


def test_a_skipped_date_before_the_first_one_was_not_clicked() -> None:
    """Zoom lists it no more, since the series began later: with a date that was moved to before it."""
    rule = {"type": 2, "repeat_interval": 1, "weekly_days": "2,3", "end_times": 40}
    moved = {"start_time": "2027-04-05T03:00:00Z", "duration": 45}
    exceptions = {MONDAY: "skip", "2027-04-06": moved}
    recorded = replace(record(1, weekly(recurrence=rule)), exceptions=exceptions)
    stored = {
        "occurrences": [
            occurrence("2027-04-05T03:00:00Z", 1),
            occurrence("2027-04-12T08:00:00Z", 2),
            occurrence("2027-04-13T08:00:00Z", 3),
        ]
    }

    assert clicked_dates(recorded, stored, at("2027-04-01T08:00:00Z")) == {}
