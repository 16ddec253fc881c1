"""Times of Zoom's answers, turned into UTC by the zone of the meeting."""

from __future__ import annotations

from reconciler.zoom._shape import with_utc_times

IN_BERLIN = {"id": 1, "timezone": "Europe/Berlin"}


def test_a_time_without_z_is_in_the_zone_of_the_meeting() -> None:
    answer = {
        **IN_BERLIN,
        "start_time": "2027-01-11T10:00:00",
        "created_at": "2026-12-01T09:00:00",
        "recurrence": {"type": 2, "end_date_time": "2027-07-01T10:00:00"},
        "occurrences": [
            {"occurrence_id": "1", "start_time": "2027-06-14T10:00:00"},
            {"occurrence_id": "2", "start_time": "2027-06-21T08:00:00Z"},
            "none",
        ],
    }

    assert with_utc_times(answer) == {
        **answer,
        "start_time": "2027-01-11T09:00:00Z",
        "recurrence": {"type": 2, "end_date_time": "2027-07-01T08:00:00Z"},
        "occurrences": [
            {"occurrence_id": "1", "start_time": "2027-06-14T08:00:00Z"},
            {"occurrence_id": "2", "start_time": "2027-06-21T08:00:00Z"},
            "none",
        ],
    }


def test_other_forms_of_a_time() -> None:
    forms = ("2027-01-11T10:00:00Z", "2027-01-11T10:00:00+01:00", "2027-01-11T10:00", "soon", "", None, 7)

    found = [with_utc_times({**IN_BERLIN, "start_time": form})["start_time"] for form in forms]

    assert found == ["2027-01-11T10:00:00Z", *["2027-01-11T09:00:00Z"] * 2, "soon", "", None, 7]


def test_a_zone_that_is_unknown_leaves_the_time_as_it_is() -> None:
    start = {"start_time": "2027-01-11T10:00:00"}

    assert with_utc_times({**start, "timezone": "Middle-earth/Shire"}) == {
        **start,
        "timezone": "Middle-earth/Shire",
    }
    assert with_utc_times({**start, "timezone": 7}) == {**start, "timezone": 7}
    assert with_utc_times(start) == {"start_time": "2027-01-11T10:00:00Z"}
