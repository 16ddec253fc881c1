"""Single dates that are skipped, moved or changed."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from builders import at, weekly
from dateutil.rrule import MO, SU, WEEKLY, rrule
from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.meeting.closures import Closure, DayRange, SingleDates
from reconciler.meeting.single_dates import (
    SeriesDate,
    Window,
    edited_dates,
    held_schedule,
    is_declared_as_given,
    is_held_now_or_soon,
    is_over,
    next_window,
)

NOW = datetime(2027, 3, 1, 9, tzinfo=UTC)
BERLIN = "Europe/Berlin"
MONDAYS: dict[str, Any] = {
    "topic": "Weekly",
    "type": 8,
    "start_time": "2027-01-11T10:00:00",
    "timezone": BERLIN,
    "duration": 45,
    "recurrence": {"type": 2, "repeat_interval": 1, "weekly_days": "2", "end_times": 40},
}


def closed(*ranges: tuple[str, str]) -> tuple[Closure, ...]:
    return (Closure("berlin", tuple(DayRange(*each) for each in ranges)),)


def edits(dates: SingleDates, now: datetime = NOW, **attributes: Any) -> dict[str, Any]:
    return {day: each.edit for day, each in edited_dates({**MONDAYS, **attributes}, dates, now).items()}


def test_exceptions_are_edits_in_the_form_that_is_sent() -> None:
    dates = SingleDates(
        {
            "2027-04-05": "skip",
            "2027-05-17": {"start_time": "2027-05-18T14:00:00", "duration": 30},
            "2027-05-24": {"agenda": "Guests", "settings": {"waiting_room": True}, "note": "Ada"},
            "2027-05-31": {"note": "Host: Ada"},
        }
    )

    assert edits(dates) == {
        "2027-04-05": "skip",
        "2027-05-17": {"start_time": "2027-05-18T12:00:00Z", "duration": 30},
        "2027-05-24": {
            "start_time": "2027-05-24T08:00:00Z",
            "duration": 45,
            "agenda": "Guests",
            "settings": {"waiting_room": True},
        },
    }


def test_a_closure_skips_the_dates_in_its_ranges() -> None:
    """Both ends are closed. Dates that the rule does not give, and dates that are over, are no edits."""
    dates = SingleDates(
        closures=closed(
            ("2027-01-18", "2027-01-18"), ("2027-04-05", "2027-04-19"), ("2027-05-18", "2027-05-18")
        )
    )

    assert edits(dates) == {"2027-04-05": "skip", "2027-04-12": "skip", "2027-04-19": "skip"}


def test_a_closure_of_every_year_may_go_over_its_end() -> None:
    dates = SingleDates(closures=closed(("12-20", "01-05"), ("05-01", "05-01")))

    found = edits(dates, recurrence={**MONDAYS["recurrence"], "end_times": 60})

    assert list(found) == ["2027-12-20", "2027-12-27", "2028-01-03"]


def test_a_pause_skips_everything_from_its_day_on() -> None:
    dates = SingleDates(closures=closed(("2027-09-20", "")))

    assert list(edits(dates)) == ["2027-09-20", "2027-09-27", "2027-10-04", "2027-10-11"]


def test_an_exception_counts_for_more_than_a_closure() -> None:
    """A note alone holds no date."""
    dates = SingleDates(
        {"2027-04-05": {"start_time": "2027-04-06T10:00:00"}, "2027-04-12": {"note": "Closed"}},
        closed(("2027-04-05", "2027-04-12")),
    )

    assert edits(dates) == {
        "2027-04-05": {"start_time": "2027-04-06T08:00:00Z", "duration": 45},
        "2027-04-12": "skip",
    }


def test_an_exception_that_changes_nothing_is_no_edit() -> None:
    """On a closed day it holds the date as the rule gives it."""
    dates = SingleDates(
        {
            "2027-04-05": {"start_time": "2027-04-05T10:00:00"},
            "2027-05-17": {"start_time": "2027-05-17T08:00:00Z", "duration": 45, "note": "Ada"},
            "2027-05-24": {"duration": 45},
        },
        closed(("2027-04-05", "2027-04-12")),
    )

    assert edits(dates) == {"2027-04-12": "skip"}


@pytest.mark.parametrize(
    ("exception", "expected"),
    [
        (None, True),
        ({"note": "Ada"}, True),
        ({"duration": 45}, True),
        ({"duration": 30}, False),
        ("skip", False),
    ],
)
def test_a_date_is_as_the_rule_gives_it_where_no_exception_differs(exception: Any, *, expected: bool) -> None:
    dates = SingleDates({} if exception is None else {"2027-04-05": exception})

    assert is_declared_as_given(MONDAYS, dates, "2027-04-05") is expected


@pytest.mark.parametrize(
    ("pattern", "held"),
    [
        (
            ((1, 2), (3, 2)),
            ["2027-03-01", "2027-03-15", "2027-04-05", "2027-04-19", "2027-05-03", "2027-05-17"],
        ),
        (((5, 2),), ["2027-03-29", "2027-05-31"]),
        (((-1, 2),), ["2027-03-29", "2027-04-26", "2027-05-31"]),
    ],
)
def test_a_pattern_holds_only_its_weekdays_of_the_month(pattern: Any, held: list[str]) -> None:
    dates = SingleDates(pattern=pattern)
    mondays = rrule(WEEKLY, datetime(2027, 3, 1), until=datetime(2027, 5, 31))  # noqa: DTZ001 - wall times
    every = [f"{each:%Y-%m-%d}" for each in mondays]

    skipped = [day for day in edits(dates, NOW - timedelta(hours=12)) if day <= "2027-05-31"]

    assert [day for day in every if day not in skipped] == held


@pytest.mark.parametrize(
    ("now", "found"),
    [
        ("2027-05-17T08:30:00Z", True),  # the rule's own start is past, the moved one is to come
        ("2027-05-18T11:59:00Z", True),
        ("2027-05-18T12:00:00Z", False),
    ],
)
def test_a_moved_date_is_over_when_both_its_starts_are(*, now: str, found: bool) -> None:
    dates = SingleDates({"2027-05-17": {"start_time": "2027-05-18T14:00:00"}})

    assert bool(edits(dates, datetime.fromisoformat(now))) is found


def test_a_date_that_is_moved_forward_is_over_with_its_own_start() -> None:
    start, edit = datetime(2027, 5, 17, 8, tzinfo=UTC), {"start_time": "2027-05-14T08:00:00Z", "duration": 45}

    times = [datetime(2027, 5, day, 9, tzinfo=UTC) for day in (14, 16, 17)]

    assert [is_over(start, edit, now) for now in times] == [False, False, True]


@settings(max_examples=100, deadline=None)
@given(
    st.lists(st.tuples(st.integers(-20, 400), st.integers(0, 40)), max_size=4),
    st.sets(st.integers(0, 60)),
    st.sampled_from([BERLIN, "America/New_York", "Australia/Lord_Howe", "America/Sao_Paulo"]),
    st.integers(0, 300),
)
def test_closures_and_skips_leave_what_an_independent_expansion_leaves(
    ranges: list[tuple[int, int]], skipped: set[int], zone: str, passed: int
) -> None:
    first = date(2027, 1, 11)
    rule = rrule(WEEKLY, datetime(2027, 1, 11, 2, 30), interval=2, byweekday=(MO, SU), wkst=SU, count=60)  # noqa: DTZ001 - a wall time
    walls = list(rule)
    closures = tuple(
        (first + timedelta(days=start), first + timedelta(days=start + length)) for start, length in ranges
    )
    exceptions = {f"{walls[index]:%Y-%m-%d}": "skip" for index in skipped if index < len(walls)}
    now = datetime(2027, 1, 11, 12, tzinfo=UTC) + timedelta(days=passed)
    coming = [wall for wall in walls if wall.replace(tzinfo=ZoneInfo(zone)).astimezone(UTC) > now][:50]
    expected = [
        f"{wall:%Y-%m-%d}"
        for wall in coming
        if f"{wall:%Y-%m-%d}" in exceptions or any(low <= wall.date() <= high for low, high in closures)
    ]
    declared = {
        **MONDAYS,
        "timezone": zone,
        "start_time": "2027-01-11T02:30:00",
        "recurrence": {"type": 2, "repeat_interval": 2, "weekly_days": "1,2", "end_times": 60},
    }
    dates = SingleDates(exceptions, closed(*((str(low), str(high)) for low, high in closures)))

    assert list(edited_dates(declared, dates, now)) == expected


def moved_edit(start_time: str, duration: int = 45) -> dict[str, Any]:
    return {"start_time": start_time, "duration": duration}


@pytest.mark.parametrize(
    ("edits", "next_at"),
    [
        ({}, "2027-03-01T09:00:00Z"),
        ({"2027-03-01": "skip"}, "2027-03-08T09:00:00Z"),
        ({"2027-03-01": "skip", "2027-03-08": "skip"}, "2027-03-15T09:00:00Z"),
        ({"2027-03-01": moved_edit("2027-03-02T12:00:00Z")}, "2027-03-02T12:00:00Z"),
        ({"2027-03-01": moved_edit("2027-03-10T12:00:00Z")}, "2027-03-08T09:00:00Z"),
        ({"2027-03-22": moved_edit("2027-02-25T12:00:00Z")}, "2027-02-25T12:00:00Z"),
        ({"2027-02-22": moved_edit("2027-02-26T12:00:00Z")}, "2027-02-26T12:00:00Z"),
        ({"2027-03-01": moved_edit("2027-03-01T09:00:00Z", 30)}, "2027-03-01T09:00:00Z"),
    ],
)
def test_the_next_start_is_that_of_the_next_date_that_is_held(edits: dict[str, Any], next_at: str) -> None:
    now = datetime(2027, 2, 24, 9, tzinfo=UTC)

    assert held_schedule(MONDAYS, edits, now).next_at == datetime.fromisoformat(next_at)


@pytest.mark.parametrize(
    ("edit", "now", "expired"),
    [
        ("skip", "2027-01-25T09:44:00Z", False),
        ("skip", "2027-01-25T09:45:00Z", True),
        (moved_edit("2027-02-03T12:00:00Z", 90), "2027-02-03T13:29:00Z", False),
        (moved_edit("2027-02-03T12:00:00Z", 90), "2027-02-03T13:30:00Z", True),
        (moved_edit("2027-01-22T12:00:00Z"), "2027-01-25T09:45:00Z", True),
    ],
)
def test_a_series_is_over_by_its_rule_and_its_moved_dates(edit: Any, now: str, *, expired: bool) -> None:
    """A skip of the last date does not end it earlier; a move keeps it alive."""
    three = {**MONDAYS, "recurrence": {**MONDAYS["recurrence"], "end_times": 3}}

    times = held_schedule(three, {"2027-01-25": edit}, datetime.fromisoformat(now))

    assert times.expired == expired


@pytest.mark.parametrize(
    ("now", "soon"),
    [
        ("2027-03-02T10:59:00Z", False),
        ("2027-03-02T11:00:00Z", True),
        ("2027-03-02T12:44:00Z", True),
        ("2027-03-02T12:45:00Z", False),
        ("2027-03-08T08:30:00Z", True),
    ],
)
def test_a_moved_date_runs_where_it_was_moved_to(now: str, *, soon: bool) -> None:
    edits = {"2027-03-01": moved_edit("2027-03-02T12:00:00Z")}

    assert is_held_now_or_soon(MONDAYS, edits, datetime.fromisoformat(now)) == soon


def test_a_window_begins_with_a_date_that_is_only_shorter() -> None:
    """It is held, at its own start."""
    attributes = {**MONDAYS, "recurrence": {**MONDAYS["recurrence"], "end_times": 0}}
    dates = SingleDates({"2027-03-01": "skip", "2027-03-08": {"duration": 20}})

    window = next_window(attributes, dates, datetime(2027, 2, 28, tzinfo=UTC))

    assert window is not None
    assert (window.first, window.count) == (datetime(2027, 3, 8, 9, tzinfo=UTC), 50)


def test_the_turn_of_a_date_is_the_earlier_of_its_two_starts() -> None:
    own = at("2027-01-18T09:00:00Z")
    edits: list[Any] = [
        {"start_time": "2027-01-15T09:00:00Z"},
        {"start_time": "2027-01-19T09:00:00Z"},
        "skip",
    ]

    assert [SeriesDate("2027-01-18", own, edit).turn_at for edit in edits] == [
        at("2027-01-15T09:00:00Z"),
        own,
        own,
    ]


def test_a_window_that_begins_late_ends_with_its_series() -> None:
    """Of 55 days the first ten are closed: 45 are left of the series, fewer than Zoom keeps."""
    attributes = weekly(recurrence={"type": 1, "repeat_interval": 1, "end_times": 55})
    closed = SingleDates({}, (Closure("berlin", (DayRange("2027-01-11", "2027-01-20"),)),))

    found = next_window(attributes, closed, at("2026-12-01T08:00:00Z"))

    first, last = at("2027-01-21T09:00:00Z"), at("2027-03-06T09:00:00Z")
    assert found == Window("2027-01-21T10:00:00", first, last, 45)
