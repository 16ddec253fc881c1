"""A series in Zoom against the declared one: by the occurrences that are left."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from builders import at, weekly

from reconciler.live._occurrences import EditedOccurrences, edited_occurrences
from reconciler.live._series_drift import ScheduleDifference, schedule_differences
from reconciler.meeting.meeting import series

if TYPE_CHECKING:
    from reconciler.meeting.recurrence import Series

NOW = at("2027-02-01T12:00:00+00:00")
"""Four of the twenty Mondays are over, the fourth a few hours ago."""

BERLIN = "Europe/Berlin"


def declared(**attributes: Any) -> Series:
    found = series(weekly(**attributes))
    assert found is not None
    return found


def stored(start: str = "2027-01-11T09:00:00Z", **rule: Any) -> dict[str, Any]:
    """A series as Zoom answers it; None takes a part of the rule away."""
    whole = {"type": 2, "repeat_interval": 1, "weekly_days": "2", "end_times": 20, **rule}
    rule = {name: value for name, value in whole.items() if value is not None}
    return {"start_time": start, "timezone": BERLIN, "recurrence": rule}


def mondays(*weeks: int) -> list[dict[str, Any]]:
    """Occurrences at the declared time, so many weeks after the first."""
    first = datetime(2027, 1, 11, 9, tzinfo=UTC)
    starts = [first + timedelta(weeks=week) for week in weeks]
    return [
        {"occurrence_id": f"{int(start.timestamp())}000", "start_time": f"{start:%Y-%m-%dT%H:%M:%SZ}"}
        for start in starts
    ]


@pytest.mark.parametrize(
    "answer",
    [
        stored(),
        stored("2027-02-08T09:00:00Z", end_times=16),
        stored(end_times=None, end_date_time="2027-05-24T21:59:59Z"),
        stored(weekly_days=" 2 "),
        {**stored(), "timezone": None},
    ],
    ids=["as declared", "from its next occurrence", "up to the end of its last day", "blanks", "no zone"],
)
def test_the_same_occurrences_are_no_difference(answer: dict[str, Any]) -> None:
    """Whatever start and rule they are given by."""
    assert schedule_differences(declared(), answer, NOW) == ()


def test_an_end_that_zoom_moved_within_its_day_is_no_difference() -> None:
    """The rule reads as if there were one more; what Zoom lists says that there is none."""
    until = declared(recurrence={"type": 2, "weekly_days": "2", "end_date_time": "2027-02-15T08:00:00Z"})
    answer = stored(end_times=None, end_date_time="2027-02-15T22:59:59Z")

    assert schedule_differences(until, {**answer, "occurrences": mondays(4)}, NOW) == ()
    assert [one.path for one in schedule_differences(until, answer, NOW)] == ["recurrence.end_date_time"]


def test_listed_occurrences_stand_in_for_a_start() -> None:
    answer = {**stored(end_times=16), "start_time": None, "occurrences": mondays(*range(4, 20))}

    assert schedule_differences(declared(), answer, NOW) == ()


def test_a_list_that_may_be_cut_proves_nothing() -> None:
    """Fifty are all that a read shows: then the rule counts."""
    many = declared(recurrence={"type": 1, "end_times": 60})
    answer = {**stored(type=1, weekly_days=None, end_times=60), "occurrences": [{}] * 50}

    assert schedule_differences(many, answer, NOW) == ()


LONGER = "the end of the series moves"


@pytest.mark.parametrize(
    ("answer", "differs"),
    [
        (
            stored("2027-02-08T09:00:00Z", end_times=12),
            [("recurrence.end_times", 20, 16, "series shortened by 4")],
        ),
        (stored(end_times=22), [("recurrence.end_times", 20, 22, "series lengthened by 2")]),
        (stored(end_times=0), [("recurrence.end_times", 20, None, LONGER)]),
        (
            stored("2027-02-08T10:30:00Z", end_times=16),
            [("start_time", "2027-01-11T10:00:00", "2027-01-11T11:30:00", "time moves")],
        ),
        (
            stored("2027-02-09T09:00:00Z", weekly_days="3", end_times=16),
            [("recurrence.weekly_days", "2", "3", "dates of the series change")],
        ),
        (
            stored("2027-02-15T09:00:00Z", end_times=16),
            [("start_time", "2027-01-11T10:00:00", "2027-01-18T10:00:00", "time moves")],
        ),
    ],
    ids=["shorter", "longer", "endless", "another hour", "another day", "a week later"],
)
def test_what_differs_is_told_in_the_declared_terms(
    answer: dict[str, Any], differs: list[tuple[Any, ...]]
) -> None:
    assert schedule_differences(declared(), answer, NOW) == tuple(ScheduleDifference(*one) for one in differs)


def test_a_declared_utc_start_is_told_in_utc() -> None:
    fixed = declared(start_time="2027-01-11T09:00:00Z")

    (one,) = schedule_differences(fixed, stored("2027-01-11T10:00:00Z"), NOW)

    assert (one.before, one.after) == ("2027-01-11T09:00:00Z", "2027-01-11T10:00:00Z")


def test_an_end_by_date_is_told_by_date() -> None:
    until = declared(recurrence={"type": 2, "weekly_days": "2", "end_date_time": "2027-03-31T08:00:00Z"})

    by_date = schedule_differences(until, stored(end_times=None, end_date_time="2027-03-10T08:00:00Z"), NOW)
    by_count = schedule_differences(until, stored(end_times=9), NOW)

    effect = "series shortened by 3"
    path, before = "recurrence.end_date_time", "2027-03-31T08:00:00Z"
    assert by_date == (ScheduleDifference(path, before, "2027-03-10T08:00:00Z", effect),)
    assert by_count == (ScheduleDifference(path, before, "2027-03-08T09:00:00Z", effect),)


def test_a_rule_that_leaves_fewer_before_the_same_end_is_told_once() -> None:
    """The end itself is where it was."""
    until = declared(recurrence={"type": 2, "weekly_days": "2", "end_date_time": "2027-03-31T08:00:00Z"})
    answer = stored(weekly_days="2,4", end_times=None, end_date_time="2027-03-31T08:00:00Z")

    assert [one.path for one in schedule_differences(until, answer, NOW)] == ["recurrence.weekly_days"]


def test_a_part_that_is_not_declared_makes_the_whole_rule_differ() -> None:
    bare = {"type": 2, "weekly_days": "2", "end_times": 20}
    answer = stored("2027-02-08T09:00:00Z", repeat_interval=2, end_times=16)

    (one,) = schedule_differences(declared(recurrence=bare), answer, NOW)

    assert (one.path, one.before, one.after) == ("recurrence", bare, answer["recurrence"])


@pytest.mark.parametrize(
    "answer",
    [
        {},
        {"recurrence": {"type": 2}},
        {**stored(), "timezone": "Mars/Olympus"},
        stored(start="soon"),
        stored(weekly_days=2),
        {**stored(start="soon"), "occurrences": [{"occurrence_id": "x"}, {}]},
    ],
)
def test_an_answer_that_cannot_be_made_out_differs(answer: dict[str, Any]) -> None:
    assert [one.path for one in schedule_differences(declared(), answer, NOW)] == ["recurrence"]


def test_single_occurrences_are_counted_and_change_nothing() -> None:
    """A cancelled one stays listed, a moved one keeps its id; what is over does not count."""
    coming = mondays(*range(4, 20))
    coming[0] |= {"status": "deleted"}
    coming[1] |= {"start_time": "2027-02-16T09:00:00Z"}
    over = {**mondays(0)[0], "status": "deleted"}
    answer = {**stored(), "occurrences": [over, *coming, {"occurrence_id": None}]}

    assert edited_occurrences(answer, NOW) == EditedOccurrences(cancelled=1, moved=1)
    assert schedule_differences(declared(), answer, NOW) == ()
    assert edited_occurrences({}, NOW) == EditedOccurrences()
