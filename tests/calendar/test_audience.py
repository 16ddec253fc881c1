"""The time of a series in other zones."""

from __future__ import annotations

import random
from collections import Counter
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from random_meetings import ZONES, random_meetings, rule_dates, zone_of

from reconciler.calendar.audience import LocalTime, OtherSpan, local_time
from reconciler.meeting.meeting import Meeting, start_at

MONDAYS: dict[str, Any] = {"type": 2, "repeat_interval": 1, "weekly_days": "2", "end_times": 60}
HOUR = 3600


def weekly(**attributes: Any) -> Meeting:
    body = {
        "type": 8,
        "start_time": "2027-01-11T15:00:00",
        "timezone": "Europe/Berlin",
        "recurrence": MONDAYS,
        **attributes,
    }
    return Meeting("weekly", "a@x.org", body)


def local(meeting: Meeting, zone: str) -> LocalTime | None:
    starts_at = start_at(meeting.attributes)
    assert starts_at is not None
    return local_time(meeting, zone, starts_at)


def test_spans_lie_between_the_changes_of_the_clocks_of_both_zones() -> None:
    assert local(weekly(), "America/New_York") == LocalTime(
        "America/New_York",
        9 * HOUR,
        0,
        (
            OtherSpan(date(2027, 3, 14), date(2027, 3, 27), HOUR),
            OtherSpan(date(2027, 10, 31), date(2027, 11, 6), HOUR),
        ),
    )


def test_usual_is_the_time_of_most_dates_and_not_of_most_days() -> None:
    """A series from January to March is held in winter, though most of the year is summer."""
    winter = weekly(recurrence={**MONDAYS, "end_times": 13})

    assert [local(each, "Asia/Kolkata") for each in (winter, weekly())] == [
        LocalTime(
            "Asia/Kolkata",
            19 * HOUR + HOUR // 2,
            0,
            (OtherSpan(date(2027, 3, 28), date(2027, 10, 30), -HOUR),),
        ),
        LocalTime(
            "Asia/Kolkata",
            18 * HOUR + HOUR // 2,
            0,
            (
                OtherSpan(date(2027, 1, 11), date(2027, 3, 27), HOUR),
                OtherSpan(date(2027, 10, 31), date(2028, 1, 10), HOUR),
            ),
        ),
    ]


def test_a_span_without_a_date_is_not_told() -> None:
    """The series ends before the clocks change."""
    short = weekly(recurrence={**MONDAYS, "end_times": 8})

    assert local(short, "America/New_York") == LocalTime("America/New_York", 9 * HOUR, 0, ())


@pytest.mark.parametrize(
    ("start", "zone", "days"), [("20:00", "Asia/Tokyo", 1), ("03:00", "America/New_York", -1)]
)
def test_it_may_be_another_day_there(start: str, zone: str, days: int) -> None:
    found = local(weekly(start_time=f"2027-01-11T{start}:00"), zone)

    assert found is not None
    assert found.days_later == days


def test_a_single_meeting_has_no_usual_time() -> None:
    assert local(weekly(type=2), "UTC") is None


@pytest.mark.parametrize("seed", range(25))
def test_each_date_is_at_the_time_that_is_told(seed: int) -> None:
    """Random series and zones, each date by dateutil and zoneinfo."""
    chance = random.Random(seed)
    for meeting in random_meetings(chance, 8):
        attributes, zone = dict(meeting.attributes), chance.choice(ZONES)
        starts_at = start_at(attributes)
        assert starts_at is not None
        found = local_time(meeting, zone, starts_at)
        if attributes["type"] != 8:
            assert found is None
            continue
        assert found is not None
        # Dates with exceptions or in closures are left out; a day in a gap is no usual one.
        shifts: Counter[int] = Counter()
        for day, at in rule_dates(attributes, starts_at + timedelta(days=364)):
            wall = at.astimezone(zone_of(attributes)).replace(tzinfo=None)
            there = at.astimezone(zone_of({"timezone": zone})).replace(tzinfo=None)
            begin = datetime.combine(day, datetime.min.time())
            span = next((each for each in found.others if each.first <= day <= each.last), None)
            told = timedelta(
                days=found.days_later, seconds=found.seconds + (span.shift_seconds if span else 0)
            )
            if (
                wall.date() == day
                and meeting.dates.exception(day.isoformat()) is None
                and not meeting.dates.is_closed(day)
            ):
                assert there - begin == told + (wall - begin - _time_of_day(meeting))
                shifts[span.shift_seconds if span else 0] += 1
        if shifts:
            assert shifts[0] == max(shifts.values())


def _time_of_day(meeting: Meeting) -> timedelta:
    attributes = dict(meeting.attributes)
    first = start_at(attributes)
    assert first is not None
    wall = first.astimezone(zone_of(attributes))
    return timedelta(hours=wall.hour, minutes=wall.minute)
