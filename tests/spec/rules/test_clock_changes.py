"""The rule for dates in an hour that clocks skip, where single dates are declared otherwise."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from builders import meeting, weekly

from reconciler.meeting.closures import NO_DATES, Closure, DayRange, SingleDates
from reconciler.spec.rules.check import check

if TYPE_CHECKING:
    from collections.abc import Mapping

    from reconciler.ports import Json

NIGHT = weekly(
    start_time="2027-01-03T02:30:00",
    recurrence={"type": 2, "repeat_interval": 1, "weekly_days": "1", "end_times": 0},
)
"""Every Sunday at 2:30 in Berlin; clocks skip it on 28 March 2027 and 26 March 2028, for example."""

FIRST = "2027-03-28"
LATER = "2028-03-26"


def told(exceptions: Mapping[str, Json], *closed: DayRange) -> str:
    dates = SingleDates(exceptions, (Closure("closed", closed),)) if exceptions or closed else NO_DATES
    found: list[Any] = list(check(meeting("night", NIGHT, dates=dates)))
    return next((each.detail for each in found if each.code == "time.series-skipped"), "")


@pytest.mark.parametrize(
    ("exceptions", "closed", "day"),
    [
        ({}, (), "Sun 28 Mar 2027"),
        ({FIRST: {"duration": 20}}, (), "Sun 28 Mar 2027"),
        ({FIRST: "skip"}, (), "Sun 26 Mar 2028"),
        ({FIRST: {"start_time": "2027-03-28T10:00:00"}}, (), "Sun 26 Mar 2028"),
        ({}, (DayRange(FIRST, LATER),), "Sun 25 Mar 2029"),
        ({FIRST: {"duration": 20}}, (DayRange(FIRST, LATER),), "Sun 28 Mar 2027"),
    ],
    ids=["plain", "shorter", "skipped", "moved", "closed", "held in a closure"],
)
def test_the_first_date_that_is_held_in_a_skipped_hour_is_named(
    exceptions: Mapping[str, Json], closed: tuple[DayRange, ...], day: str
) -> None:
    assert told(exceptions, *closed).startswith(f"Clocks in Europe/Berlin skip 02:30 on {day}, ")


def test_no_date_is_named_where_none_is_held() -> None:
    assert told({}, DayRange("2027-03-01", "")) == ""


IN_UTC = "`timezone: UTC` to keep the time in UTC."
LOCAL = "`start_time: 2027-10-31T02:30:00` to keep the local time"


@pytest.mark.parametrize(
    ("start_time", "hint"),
    [("2027-10-31T00:30:00Z", f"Write {LOCAL}, or {IN_UTC}"), ("2027-10-31T01:30:00Z", f"Write {IN_UTC}")],
    ids=["first", "second"],
)
def test_a_local_time_that_is_there_twice_is_the_first_of_both(start_time: str, hint: str) -> None:
    """Clocks in Berlin show 2:30 twice that day: a wall time cannot say that the second is meant."""
    series = weekly(start_time=start_time, recurrence={"type": 2, "weekly_days": "1", "end_times": 30})

    found = check(meeting("night", series))

    assert [each.hint for each in found if each.code == "time.utc-in-series"] == [hint]
