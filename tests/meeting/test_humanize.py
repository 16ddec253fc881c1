"""Words for times and rules."""

from __future__ import annotations

from typing import Any

import pytest

from reconciler.meeting.humanize import sentence, when

BERLIN = "Europe/Berlin"


@pytest.mark.parametrize(
    ("rule", "start", "expected"),
    [
        (
            {"type": 2, "repeat_interval": 2, "weekly_days": "3", "end_times": 12},
            "2026-11-24T10:00:00",
            "every second Tuesday, 10:00 Europe/Berlin, 12 times, until 27 Apr 2027",
        ),
        (
            {"type": 2, "weekly_days": "6,4,2", "end_times": 3},
            "2027-01-11T09:30:00",
            "every Monday, Wednesday and Friday, 09:30 Europe/Berlin, 3 times, until 15 Jan 2027",
        ),
        (
            {"type": 2, "repeat_interval": 2, "weekly_days": "1,2", "end_times": 3},
            "2027-01-11T10:00:00",
            "every second week on Monday and Sunday, 10:00 Europe/Berlin, 3 times, until 25 Jan 2027",
        ),
        (
            {"type": 2, "weekly_days": "2,3,4,5,6", "end_date_time": "2027-01-20T00:00:00Z"},
            "2027-01-11T10:00:00",
            "every weekday, 10:00 Europe/Berlin, until 19 Jan 2027",
        ),
        (
            {"type": 1, "end_times": 1},
            "2027-01-11T23:30:00Z",
            "every day, 00:30 Europe/Berlin, once",
        ),
        (
            {"type": 1, "repeat_interval": 3, "end_times": 2},
            "2027-01-11T10:00:30",
            "every third day, 10:00:30 Europe/Berlin, 2 times, until 14 Jan 2027",
        ),
        (
            {"type": 1, "repeat_interval": 22},
            "2027-01-11T10:00:00",
            "every 22nd day, 10:00 Europe/Berlin, without an end",
        ),
        (
            {"type": 1, "repeat_interval": 13},
            "2027-01-11T10:00:00",
            "every 13th day, 10:00 Europe/Berlin, without an end",
        ),
        (
            {"type": 3, "monthly_day": 15, "end_times": 2},
            "2027-01-15T10:00:00",
            "on day 15 of every month, 10:00 Europe/Berlin, 2 times, until 15 Feb 2027",
        ),
        (
            {"type": 3, "monthly_day": 28, "end_times": 2},
            "2027-01-28T10:00:00",
            "on day 28 of every month, 10:00 Europe/Berlin, 2 times, until 28 Feb 2027",
        ),
        (
            {"type": 3, "monthly_day": 29, "repeat_interval": 2, "end_times": 3},
            "2026-12-29T10:00:00",
            (
                "on day 29 of every second month (left out in months without it), 10:00 Europe/Berlin, "
                "3 times, until 29 Jun 2027"
            ),
        ),
        (
            {"type": 3, "monthly_day": 31, "end_times": 3},
            "2027-01-31T10:00:00",
            (
                "on day 31 of every month (left out in months without it), 10:00 Europe/Berlin, 3 times, "
                "until 31 May 2027"
            ),
        ),
        (
            {"type": 3, "monthly_week": 1, "monthly_week_day": 2, "end_times": 2},
            "2027-01-04T10:00:00",
            "first Monday of every month, 10:00 Europe/Berlin, 2 times, until 1 Feb 2027",
        ),
        (  # on the weekday of its start
            {"type": 3, "monthly_week": 1, "end_times": 2},
            "2027-01-05T10:00:00",
            "first Tuesday of every month, 10:00 Europe/Berlin, 2 times, until 2 Feb 2027",
        ),
        (
            {"type": 3, "repeat_interval": 2, "monthly_week": -1, "monthly_week_day": 6, "end_times": 2},
            "2027-01-29T10:00:00",
            "last Friday of every second month, 10:00 Europe/Berlin, 2 times, until 26 Mar 2027",
        ),
    ],
)
def test_a_series_in_words(rule: dict[str, Any], start: str, expected: str) -> None:
    assert sentence(rule, start, BERLIN) == expected


@pytest.mark.parametrize(
    ("pattern", "end", "expected"),
    [
        (
            ((-1, 1), (1, 1)),
            {"end_times": 0},
            "first and last Sunday of every month, 10:00 {}, without an end",
        ),
        # the weekly rule ends on 13 June, its last date that is held is the 6th
        (
            ((1, 1), (3, 1), (5, 1)),
            {"end_date_time": "2027-06-13T21:59:59Z"},
            "first, third and fifth Sunday of every month, 10:00 {}, until 6 Jun 2027",
        ),
        (((1, 1),), {"end_times": 10}, "first Sunday of every month, 10:00 {}, 3 times, until 7 Mar 2027"),
        (
            ((-1, 6), (1, 2), (1, 1)),
            {"end_times": 1},
            "first Sunday, first Monday and last Friday of every month, 10:00 {}, once",
        ),
    ],
)
def test_a_series_with_a_pattern_says_which_days_of_the_month_are_held(
    pattern: Any, end: dict[str, Any], expected: str
) -> None:
    rule = {"type": 2, "weekly_days": ",".join(sorted({str(day) for _, day in pattern})), **end}

    assert sentence(rule, "2027-01-03T10:00:00", BERLIN, pattern) == expected.format(BERLIN)


@pytest.mark.parametrize(
    ("start", "zone", "minutes", "expected"),
    [
        ("2027-01-14T15:00:00Z", None, 60, "Thu 14 Jan 2027, 15:00 UTC, 60 min"),
        ("2027-01-14T15:00:00Z", BERLIN, 60, "Thu 14 Jan 2027, 16:00 Europe/Berlin, 60 min"),
        ("2027-01-14T15:00:00Z", "Asia/Tokyo", None, "Fri 15 Jan 2027, 00:00 Asia/Tokyo"),
        ("2027-05-02T09:05:00", BERLIN, None, "Sun 2 May 2027, 09:05 Europe/Berlin"),
        ("2027-01-14T15:00:00Z", "Middle-earth/Shire", None, "Thu 14 Jan 2027, 15:00 UTC"),
    ],
)
def test_a_single_meeting_in_words(start: str, zone: str | None, minutes: int | None, expected: str) -> None:
    assert when(start, zone, minutes) == expected
