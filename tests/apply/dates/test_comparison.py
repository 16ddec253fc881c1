"""What is left to do of the single dates of a series, by what Zoom lists."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from builders import at, weekly
from msgspec.structs import replace

from reconciler.apply._messages import IS_OVER
from reconciler.apply.dates.comparison import NOT_AVAILABLE, NOT_LISTED, Comparison, Known, compare
from reconciler.meeting.single_dates import SeriesDate
from reconciler.state.stored_dates import find

if TYPE_CHECKING:
    from collections.abc import Mapping

MONDAY = "2027-04-05"
START = datetime(2027, 4, 5, 8, tzinfo=UTC)
SKIPPED = Known({MONDAY: SeriesDate(MONDAY, START, "skip")}, {})
TAKEN_BACK = Known({}, {MONDAY: {"start_time": "2027-04-07T08:00:00Z", "duration": 45}})


def listed_at(start_time: str) -> Mapping[str, Any]:
    return {"occurrence_id": "1", "start_time": start_time, "duration": 45, "status": "available"}


def compared(known: Known, start_time: str, now: datetime, **more: Any) -> Comparison:
    stored = {"occurrences": [{**listed_at(start_time), **more}]}
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


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        ("2027-04-05T07:59:59Z", {"start_time": "2027-04-05T08:00:00Z", "duration": 45}),
        ("2027-04-05T08:00:00Z", None),
    ],
)
def test_a_moved_date_is_taken_back_to_its_own_start_until_that_has_come(now: str, expected: Any) -> None:
    """No start that is past can be sent; then it is not held where it was moved to either."""
    comparison = compared(TAKEN_BACK, "2027-04-07T08:00:00Z", at(now))

    assert [(each.day, each.body) for each in comparison.work] == [(MONDAY, expected)]


@pytest.mark.parametrize(
    ("until", "done", "problems"),
    [
        (None, {}, {MONDAY: NOT_LISTED}),
        (START, {}, {MONDAY: NOT_LISTED}),
        (START - timedelta(seconds=1), {MONDAY: None}, {}),
    ],
)
def test_a_moved_date_that_zoom_does_not_list_is_back_only_behind_the_window_that_it_keeps(
    until: datetime | None, done: Any, problems: Any
) -> None:
    known = replace(TAKEN_BACK, until=until)

    comparison = compared(known, "2027-06-07T08:00:00Z", at("2027-04-01T08:00:00Z"))

    assert (comparison.work, comparison.done, comparison.problems) == ([], done, problems)


def test_a_date_that_is_taken_back_gets_the_settings_of_its_series_for_those_that_it_had_of_its_own() -> None:
    own = {"agenda": "Guests", "settings": {"waiting_room": True, "mute_upon_entry": True}}
    of_series = weekly(agenda="Ours", settings={"waiting_room": False, "host_video": True})
    listed = {
        "occurrence_id": "1",
        "start_time": "2027-04-05T08:00:00Z",
        "duration": 45,
        "status": "available",
    }
    known = Known({}, {MONDAY: {"start_time": "2027-04-05T08:00:00Z", "duration": 45, **own}})
    found = find(of_series, {"occurrences": [listed]}, [MONDAY], [known.recorded])

    comparison = compare(of_series, known, found, at("2027-04-01T08:00:00Z"))

    assert [each.body for each in comparison.work] == [
        {
            "start_time": "2027-04-05T08:00:00Z",
            "duration": 45,
            "agenda": "Ours",
            "settings": {"waiting_room": False},
        }
    ]


@pytest.mark.parametrize(
    ("now", "problems", "deleted"),
    [("2027-04-06T08:00:00Z", {MONDAY: IS_OVER}, []), ("2027-04-04T08:00:00Z", {}, [MONDAY])],
    ids=["over", "to come"],
)
def test_no_rule_brings_back_a_date_that_is_over(
    now: str, problems: dict[str, str], deleted: list[str]
) -> None:
    """Zoom lists no past dates, so one that is to be moved into the future is not there."""
    edit = {"start_time": "2027-04-08T08:00:00Z", "duration": 45}
    known = Known({MONDAY: SeriesDate(MONDAY, START, edit)}, {})
    stored = {
        "occurrences": [
            {
                "occurrence_id": "2",
                "start_time": "2027-04-12T08:00:00Z",
                "duration": 45,
                "status": "available",
            }
        ]
    }

    comparison = compare(weekly(), known, find(weekly(), stored, [MONDAY], [{}]), at(now))

    assert (comparison.problems, comparison.deleted) == (problems, deleted)


@pytest.mark.parametrize(("is_sent", "done"), [(True, {}), (False, {MONDAY: None})])
def test_a_date_whose_own_start_is_past_is_not_missed_where_its_edit_is_taken_back(
    *, is_sent: bool, done: dict[str, None]
) -> None:
    """The rule moved to an hour that is past today, or somebody cancelled a moved date."""
    later = {"start_time": "2027-04-05T17:00:00Z", "duration": 90}
    known = Known({}, {} if is_sent else {MONDAY: later}, {MONDAY: later}, is_sent=is_sent)
    stored = {"occurrences": [listed_at("2027-04-12T08:00:00Z")]}
    found = find(weekly(), stored, [MONDAY], [{MONDAY: later}])

    assert compare(weekly(), known, found, at("2027-04-05T09:00:00Z")) == Comparison(done=done)
