"""A series in Zoom is compared with the declared one by its coming occurrences."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from builders import at, record, weekly
from msgspec.structs import replace

from reconciler.live._series_drift import recorded_changes, schedule_changes
from reconciler.meeting.meeting import series
from reconciler.plan.change import FieldChange

if TYPE_CHECKING:
    from reconciler.meeting.recurrence import Series

NOW = at("2027-02-01T12:00:00+00:00")
"""Four of the twenty Mondays are over; the fourth was a few hours ago."""

BERLIN = "Europe/Berlin"


def declared(**attributes: Any) -> Series:
    declared = series(weekly(**attributes))
    assert declared is not None
    return declared


def stored(start: str = "2027-01-11T09:00:00Z", **rule: Any) -> dict[str, Any]:
    """A series as Zoom answers it; None removes a part of the rule."""
    whole = {"type": 2, "repeat_interval": 1, "weekly_days": "2", "end_times": 20, **rule}
    rule = {name: value for name, value in whole.items() if value is not None}
    return {"start_time": start, "timezone": BERLIN, "recurrence": rule}


def mondays(*weeks: int) -> list[dict[str, Any]]:
    """Occurrences at the declared time, the given numbers of weeks after the first."""
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
    """The start and the rule may describe them in any way."""
    assert schedule_changes(declared(), answer, NOW) == ()


def test_an_end_that_zoom_moved_within_its_day_is_no_difference() -> None:
    """By the rule there would be one more occurrence, but Zoom does not list one."""
    until = declared(recurrence={"type": 2, "weekly_days": "2", "end_date_time": "2027-02-15T08:00:00Z"})
    answer = stored(end_times=None, end_date_time="2027-02-15T22:59:59Z")

    assert schedule_changes(until, {**answer, "occurrences": mondays(4)}, NOW) == ()
    assert [change.path for change in schedule_changes(until, answer, NOW)] == ["recurrence.end_date_time"]


def test_listed_occurrences_replace_a_missing_start() -> None:
    answer = {**stored(end_times=16), "start_time": None, "occurrences": mondays(*range(4, 20))}

    assert schedule_changes(declared(), answer, NOW) == ()


def test_a_list_that_may_be_cut_proves_nothing() -> None:
    """A read shows at most fifty occurrences; then the rule is compared."""
    many = declared(recurrence={"type": 1, "end_times": 60})
    answer = {**stored(type=1, weekly_days=None, end_times=60), "occurrences": [{}] * 50}

    assert schedule_changes(many, answer, NOW) == ()


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
def test_a_change_is_reported_in_the_declared_terms(
    answer: dict[str, Any], differs: list[tuple[Any, ...]]
) -> None:
    assert schedule_changes(declared(), answer, NOW) == tuple(FieldChange(*change) for change in differs)


def test_a_declared_utc_start_is_reported_in_utc() -> None:
    fixed = declared(start_time="2027-01-11T09:00:00Z")

    (change,) = schedule_changes(fixed, stored("2027-01-11T10:00:00Z"), NOW)

    assert (change.before, change.after) == ("2027-01-11T09:00:00Z", "2027-01-11T10:00:00Z")


def test_an_end_by_date_is_reported_by_date() -> None:
    until = declared(recurrence={"type": 2, "weekly_days": "2", "end_date_time": "2027-03-31T08:00:00Z"})

    by_date = schedule_changes(until, stored(end_times=None, end_date_time="2027-03-10T08:00:00Z"), NOW)
    by_count = schedule_changes(until, stored(end_times=9), NOW)

    effect = "series shortened by 3"
    path, before = "recurrence.end_date_time", "2027-03-31T08:00:00Z"
    assert by_date == (FieldChange(path, before, "2027-03-10T08:00:00Z", effect),)
    assert by_count == (FieldChange(path, before, "2027-03-08T09:00:00Z", effect),)


def test_a_rule_with_fewer_occurrences_before_the_same_end_is_reported_once() -> None:
    """The end itself did not change."""
    until = declared(recurrence={"type": 2, "weekly_days": "2", "end_date_time": "2027-03-31T08:00:00Z"})
    answer = stored(weekly_days="2,4", end_times=None, end_date_time="2027-03-31T08:00:00Z")

    assert [change.path for change in schedule_changes(until, answer, NOW)] == ["recurrence.weekly_days"]


def test_a_part_that_is_not_declared_makes_the_whole_rule_differ() -> None:
    bare = {"type": 2, "weekly_days": "2", "end_times": 20}
    answer = stored("2027-02-08T09:00:00Z", repeat_interval=2, end_times=16)

    (change,) = schedule_changes(declared(recurrence=bare), answer, NOW)

    assert (change.path, change.before, change.after) == ("recurrence", bare, answer["recurrence"])


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
def test_an_unreadable_answer_differs(answer: dict[str, Any]) -> None:
    assert [change.path for change in schedule_changes(declared(), answer, NOW)] == ["recurrence"]


def test_dates_that_somebody_edited_change_nothing_about_the_series() -> None:
    """A cancelled date stays listed, and a moved one keeps its id."""
    coming = mondays(*range(4, 20))
    coming[0] |= {"status": "deleted"}
    coming[1] |= {"start_time": "2027-02-16T09:00:00Z"}
    over = {**mondays(0)[0], "status": "deleted"}
    answer = {**stored(), "occurrences": [over, *coming, {"occurrence_id": None}]}

    assert schedule_changes(declared(), answer, NOW) == ()


def endless(**attributes: Any) -> Series:
    return declared(
        recurrence={"type": 2, "repeat_interval": 1, "weekly_days": "2", "end_times": 0}, **attributes
    )


WINDOW = {"from": "2027-02-22T09:00:00Z", "to": "2028-01-31T09:00:00Z"}


@pytest.mark.parametrize(
    ("start", "differs"),
    [
        ("2027-02-22T09:00:00Z", []),
        ("2027-02-22T10:00:00Z", [("start_time", "2027-01-11T10:00:00", "2027-01-11T11:00:00")]),
        ("2027-03-01T09:00:00Z", [("start_time", "2027-01-11T10:00:00", "2027-01-18T10:00:00")]),
        ("2027-02-15T09:00:00Z", [("start_time", "2027-01-11T10:00:00", "2027-01-04T10:00:00")]),
    ],
    ids=["as it was sent", "an hour later", "a week later", "a week earlier"],
)
def test_a_window_begins_where_it_was_sent_from(start: str, differs: list[tuple[str, str, str]]) -> None:
    """Its first dates are skipped, so Zoom never had them."""
    last = [{"occurrence_id": "1832922000000", "start_time": "2028-01-31T09:00:00Z"}] * 50
    answer = {**stored(start, end_times=None, end_date_time="2028-01-31T22:59:59Z"), "occurrences": last}

    series, known = endless(), replace(record(1, weekly()), window=WINDOW)
    changes = recorded_changes(series, known, answer, NOW)

    assert [(each.path, each.before, each.after) for each in changes] == differs


def test_the_same_rule_in_another_zone_is_no_other_rule() -> None:
    """It gives other dates once clocks change there; that the zone differs is told by itself."""
    there = {**stored(), "timezone": "America/New_York"}

    assert schedule_changes(declared(), there, NOW) == ()
