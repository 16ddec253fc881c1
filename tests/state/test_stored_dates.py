"""Single dates as Zoom has them, found among the occurrences of a read."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
from builders import weekly

from reconciler.state.stored_dates import StoredDate, find

if TYPE_CHECKING:
    from reconciler.ports import Json

MONDAY, TUESDAY = "2027-04-05", "2027-04-06"
START = datetime(2027, 4, 5, 8, tzinfo=UTC)


def occurrence(start: str, number: int = 1, **more: Any) -> dict[str, Any]:
    plain = {"occurrence_id": str(number), "start_time": start, "duration": 45, "status": "available"}
    return {**plain, **more}


def found(*occurrences: Json, days: tuple[str, ...] = (MONDAY,), edit: Json = None) -> dict[str, StoredDate]:
    return find(weekly(), {"occurrences": list(occurrences)}, days, [{MONDAY: edit}])


@pytest.mark.parametrize(
    ("stored", "edit"),
    [
        (occurrence("2027-04-05T08:00:00Z"), None),
        (occurrence("2027-04-05T08:00:00Z", status="deleted"), "skip"),
        (
            occurrence("2027-04-05T09:00:00Z"),
            {"start_time": "2027-04-05T09:00:00Z", "duration": 45},
        ),
        (
            occurrence("2027-04-05T08:00:00Z", duration=30),
            {"start_time": "2027-04-05T08:00:00Z", "duration": 30},
        ),
    ],
)
def test_a_date_is_found_by_the_local_day_of_its_start(stored: Json, edit: Json) -> None:
    date = found(stored)[MONDAY]

    assert date == StoredDate(MONDAY, START, stored)
    assert date.edit(45) == edit


def test_a_moved_date_is_found_by_the_instant_that_it_was_moved_to() -> None:
    moved = occurrence("2027-04-06T12:00:00Z", 2)
    edit = {"start_time": "2027-04-06T12:00:00Z", "duration": 45}

    date = found(occurrence("2027-04-12T08:00:00Z"), moved, edit=edit)[MONDAY]

    assert (date, date.has(edit, 45), date.has(None, 45)) == (StoredDate(MONDAY, START, moved), True, False)


def test_a_date_of_the_rule_is_told_from_one_that_was_moved_to_its_day() -> None:
    """The first Monday was moved to the second one, in the afternoon."""
    moved, own = occurrence("2027-04-12T12:00:00Z", 1), occurrence("2027-04-12T08:00:00Z", 2)
    edit = {"start_time": "2027-04-12T12:00:00Z", "duration": 45}

    dates = found(moved, own, days=(MONDAY, "2027-04-12"), edit=edit)

    assert {day: date.id for day, date in dates.items()} == {MONDAY: "1", "2027-04-12": "2"}
    assert found(moved, own, days=("2027-04-12",))["2027-04-12"].id == "2"


def test_a_date_with_several_candidates_is_doubtful() -> None:
    date = found(occurrence("2027-04-05T06:00:00Z"), occurrence("2027-04-05T12:00:00Z"))[MONDAY]

    assert date.doubtful


def test_a_date_that_zoom_does_not_list_has_no_occurrence() -> None:
    date = found(occurrence("2027-03-29T08:00:00Z"), occurrence("2027-04-12T08:00:00Z"))[MONDAY]

    assert (date, date.has(None, 45)) == (StoredDate(MONDAY, START, None), True)


@pytest.mark.parametrize("occurrence_id", ["", "18002628x", "-1", "\N{SUPERSCRIPT TWO}", None])
def test_an_occurrence_whose_id_is_not_digits_is_as_if_it_were_not_listed(occurrence_id: Any) -> None:
    """A request with such an id could concern the whole series."""
    stored = {**occurrence("2027-04-05T08:00:00Z"), "occurrence_id": occurrence_id}

    assert found(stored)[MONDAY] == StoredDate(MONDAY, START, None)


def test_a_date_before_the_first_of_the_list_is_not_held() -> None:
    date = found(occurrence("2027-04-12T08:00:00Z"))[MONDAY]

    assert (date, date.has("skip", 45)) == (StoredDate(MONDAY, START, None, is_absent=True), True)


def test_a_date_that_was_deleted_where_it_had_been_moved_to_is_not_held() -> None:
    gone = {**occurrence("2027-04-15T08:00:00Z"), "status": "deleted"}
    first, other = occurrence("2027-03-29T08:00:00Z"), occurrence("2027-04-15T08:00:00Z")

    assert found(first, gone)[MONDAY].is_absent
    assert not found(first, other)[MONDAY].is_absent


def test_days_that_the_rule_does_not_give_are_left_out() -> None:
    assert found(occurrence("2027-04-06T08:00:00Z"), days=(TUESDAY,)) == {}
    assert find({"type": 2}, {}, (MONDAY,), []) == {}
