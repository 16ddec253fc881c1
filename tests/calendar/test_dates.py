"""The dates of meetings within a window."""

from __future__ import annotations

import random
from datetime import UTC, date, datetime, timedelta
from functools import partial
from typing import Any

import pytest
from call_count import calls_of
from random_meetings import expected_dates, random_meetings, rule_dates

from reconciler.calendar.dates import CalendarDate, ClosedDays, SkippedDate, closed, dates, skipped
from reconciler.meeting.closures import Closure, DayRange, SingleDates
from reconciler.meeting.meeting import Meeting, Slot

ALL_YEAR = (datetime(2027, 1, 1, tzinfo=UTC), datetime(2028, 1, 1, tzinfo=UTC))
MONDAYS: dict[str, Any] = {
    "topic": "Weekly",
    "type": 8,
    "start_time": "2027-03-22T10:00:00",
    "timezone": "Europe/Berlin",
    "duration": 45,
    "recurrence": {"type": 2, "repeat_interval": 1, "weekly_days": "2", "end_times": 5},
}
BERLIN = Closure("berlin", (DayRange("2027-04-05", "2027-04-05"), DayRange("12-24", "01-01")))


def weekly(exceptions: dict[str, Any] | None = None, **attributes: Any) -> Meeting:
    return Meeting(
        "weekly", "a@x.org", {**MONDAYS, **attributes}, dates=SingleDates(exceptions or {}, (BERLIN,))
    )


def utc(written: str) -> datetime:
    return datetime.fromisoformat(written).replace(tzinfo=UTC)


def test_a_date_has_its_name_its_instants_and_what_is_changed_about_it() -> None:
    """The clocks change on 28 March; 5 April is closed, 12 April moves, and 19 April is longer."""
    meeting = weekly(
        {
            "2027-03-29": {"note": "Host: Ada"},
            "2027-04-12": {"start_time": "2027-04-13T14:00:00", "note": "Moved for Ada"},
            "2027-04-19": {"duration": 90},
        }
    )

    found = dates([meeting], *ALL_YEAR)

    same = {"key": "weekly", "topic": "Weekly", "host": "a@x.org", "timezone": "Europe/Berlin"}
    assert [each._asdict() for each in found] == [
        {
            **same,
            "start_at": utc(start),
            "end_at": utc(end),
            "exception": exception,
            "day": day,
            "rule_start_at": utc(rule_start),
            "note": note,
        }
        for start, end, exception, day, rule_start, note in (
            ("2027-03-22T09:00", "2027-03-22T09:45", None, "2027-03-22", "2027-03-22T09:00", ""),
            ("2027-03-29T08:00", "2027-03-29T08:45", None, "2027-03-29", "2027-03-29T08:00", "Host: Ada"),
            (
                "2027-04-13T12:00",
                "2027-04-13T12:45",
                "moved",
                "2027-04-12",
                "2027-04-12T08:00",
                "Moved for Ada",
            ),
            ("2027-04-19T08:00", "2027-04-19T09:30", "changed", "2027-04-19", "2027-04-19T08:00", ""),
        )
    ]


def test_a_date_whose_exception_changes_nothing_is_not_changed() -> None:
    """On the closed 5 April it is held by its exception."""
    exceptions = {"2027-03-29": {"agenda": "Guests"}, "2027-04-05": {"start_time": "2027-04-05T10:00:00"}}

    found = dates([weekly(exceptions)], *ALL_YEAR)

    assert [(each.day, each.exception) for each in found[:3]] == [
        ("2027-03-22", None),
        ("2027-03-29", "changed"),
        ("2027-04-05", None),
    ]


def test_a_single_meeting_is_one_date_of_the_user_for_whom_it_is_scheduled() -> None:
    attributes = {"topic": "Launch", "start_time": "2027-05-01T10:00:00Z", "schedule_for": "b@x.org"}

    assert dates([Meeting("launch", "a@x.org", attributes)], *ALL_YEAR) == [
        CalendarDate(
            start_at=utc("2027-05-01T10:00"),
            key="launch",
            end_at=utc("2027-05-01T11:00"),
            topic="Launch",
            host="b@x.org",
            timezone="UTC",
            exception=None,
            day="",
            rule_start_at=utc("2027-05-01T10:00"),
            note="",
        )
    ]


def test_skipped_dates_name_their_closure() -> None:
    meeting = weekly({"2027-04-12": "skip"}, recurrence={"type": 1, "repeat_interval": 7})

    assert skipped([meeting], utc("2027-04-01"), utc("2027-12-30")) == [
        SkippedDate("2027-04-05", "weekly", "berlin", "Weekly", "a@x.org"),
        SkippedDate("2027-04-12", "weekly", None, "Weekly", "a@x.org"),
        SkippedDate("2027-12-27", "weekly", "berlin", "Weekly", "a@x.org"),
    ]


def test_a_date_that_the_pattern_leaves_out_is_not_told_of() -> None:
    """It is none of the series, also where its day is closed: no fifth Monday is lost to New Year."""
    winter = Closure("winter", (DayRange("12-24", "01-06"),))
    first_and_third = SingleDates({}, (winter,), pattern=((1, 2), (3, 2)))
    meeting = Meeting(
        "weekly", "a@x.org", MONDAYS | {"start_time": "2027-12-06T10:00:00"}, dates=first_and_third
    )

    assert skipped([meeting], utc("2027-12-01"), utc("2028-02-01")) == [
        SkippedDate("2028-01-03", "weekly", "winter", "Weekly", "a@x.org")
    ]


def test_a_skipped_date_of_a_room_has_the_topic_of_its_slot() -> None:
    """Also where `schedule_for` names another host, and where the window has no date of the room."""
    attributes = {"topic": "Clinic", "type": 3, "schedule_for": "b@x.org"}
    slots = tuple(
        Slot(
            name,
            Meeting("clinic", "a@x.org", {**MONDAYS, **attributes, "type": 8, "topic": topic}, dates=own),
        )
        for name, topic, own in (
            ("vienna", "Clinic west", SingleDates({"2027-03-22": "skip"})),
            ("tokyo", "Clinic east", SingleDates({}, (BERLIN,))),
        )
    )
    room = Meeting("clinic", "a@x.org", attributes, timetable=slots)

    assert skipped([room], utc("2027-03-22"), utc("2027-04-06")) == [
        SkippedDate("2027-03-22", "clinic", None, "Clinic west", "b@x.org"),
        SkippedDate("2027-04-05", "clinic", "berlin", "Clinic east", "b@x.org"),
    ]


def test_two_slots_of_a_room_may_be_held_at_one_time_one_of_them_moved_there() -> None:
    attributes = {"topic": "Clinic", "type": 3}
    later = {**MONDAYS, "start_time": "2027-03-01T14:00:00", "topic": "Clinic"}
    moved = SingleDates({"2027-03-22": {"start_time": "2027-03-22T10:00:00"}})
    slots = (
        Slot("west", Meeting("clinic", "a@x.org", {**MONDAYS, "topic": "Clinic"})),
        Slot("east", Meeting("clinic", "a@x.org", later, dates=moved)),
    )
    room = Meeting("clinic", "a@x.org", attributes, timetable=slots)

    found = dates([room], utc("2027-03-22"), utc("2027-03-23"))

    assert [(each.start_at, each.exception) for each in found] == [
        (utc("2027-03-22T09:00"), None),
        (utc("2027-03-22T09:00"), "moved"),
    ]


def test_closures_in_a_window_are_runs_of_days() -> None:
    assert closed([BERLIN], date(2026, 12, 30), date(2027, 12, 25)) == [
        ClosedDays("berlin", date(2026, 12, 30), date(2027, 1, 1), date(2027, 1, 1)),
        ClosedDays("berlin", date(2027, 4, 5), date(2027, 4, 5), date(2027, 4, 5)),
        ClosedDays("berlin", date(2027, 12, 24), date(2027, 12, 25), date(2028, 1, 1)),
    ]


@pytest.mark.parametrize(
    ("ranges", "ends_on"),
    [
        ([("2027-06-01", "")], None),
        ([("2027-06-01", "2027-06-20")], date(2027, 6, 20)),
        ([("2027-06-01", "2027-06-20"), ("2027-06-21", "2027-06-21")], date(2027, 6, 21)),
        ([("2027-06-01", "2027-06-20"), ("2027-06-21", "")], None),
        ([("2027-06-01", "2030-12-31"), ("01-01", "01-05")], date(2031, 1, 5)),
        ([("2027-06-01", "9998-12-31"), ("12-20", "01-05")], None),
        ([("06-01", "05-01")], date(2028, 5, 1)),
        ([("01-01", "06-30"), ("07-01", "12-31")], None),
        ([("06-01", "02-29"), ("2027-01-01", "9999-12-31")], None),
    ],
)
def test_closed_days_end_where_the_closure_does(ranges: list[tuple[str, str]], ends_on: date | None) -> None:
    """Not where the window ends, and nowhere where it is closed for ever."""
    closure = Closure("always", tuple(DayRange(*each) for each in ranges))

    (found,) = closed([closure], date(2027, 6, 1), date(2027, 6, 10))

    assert found == ClosedDays("always", date(2027, 6, 1), date(2027, 6, 10), ends_on)


@pytest.mark.parametrize(
    "attributes",
    [
        {"start_time": "2027-02-30T10:00:00"},
        {"timezone": "Mars/Olympus"},
        {"type": 3},
        {"recurrence": None},
        {"start_time": "9999-12-31T10:00:00", "timezone": "America/New_York"},
    ],
)
def test_a_meeting_whose_time_is_not_known_has_no_dates(attributes: dict[str, Any]) -> None:
    assert dates([weekly(**attributes)], *ALL_YEAR) == []


@pytest.mark.parametrize("years", [2027, 9000])
def test_an_endless_series_is_computed_in_any_year(years: int) -> None:
    """A rule that began 2,000 years ago is not walked through."""
    endless = weekly(start_time="0001-01-01T10:00:00", timezone="UTC", recurrence={"type": 1})

    found = dates([endless], datetime(years, 6, 1, tzinfo=UTC), datetime(years, 6, 3, tzinfo=UTC))

    assert [each.start_at for each in found] == [datetime(years, 6, day, 10, tzinfo=UTC) for day in (1, 2)]


@pytest.mark.no_cover
@pytest.mark.parametrize("seed", range(40))
def test_dates_are_those_of_an_independent_expansion(seed: int) -> None:
    """Random rules, zones, exceptions and closures, each date by dateutil and zoneinfo."""
    chance = random.Random(seed)
    meetings = random_meetings(chance, 12)
    start = datetime(2026, 12, 1, tzinfo=UTC)
    window = (start, start.replace(year=2028))

    found = dates(meetings, *window)

    expected = [one for each in meetings for one in expected_dates(each, *window)]
    told = [(each.start_at, each.key, each.end_at, each.exception) for each in found]
    assert sorted(told, key=str) == sorted(expected, key=str)
    assert [each[:2] for each in told] == sorted(each[:2] for each in expected)


@pytest.mark.parametrize("seed", range(10))
def test_skipped_dates_are_those_of_an_independent_expansion(seed: int) -> None:
    chance = random.Random(seed)
    meetings = [each for each in random_meetings(chance, 12) if each.attributes["type"] == 8]
    start, end = datetime(2026, 12, 1, tzinfo=UTC), datetime(2028, 1, 1, tzinfo=UTC)

    expected = [
        SkippedDate(
            day.isoformat(),
            each.key,
            None if exception else each.dates.closure_of(day),
            each.topic,
            each.attributes.get("schedule_for") or each.host,
        )
        for each in meetings
        for day, at in rule_dates(dict(each.attributes), end)
        if start <= at < end
        for exception in [each.dates.exception(day.isoformat())]
        if exception == "skip" or (exception is None and each.dates.closure_of(day))
    ]

    found = skipped(meetings, start, end)

    assert [each for each in found if each.date > "2026-12-03"] == sorted(
        each for each in expected if each.date > "2026-12-03"
    )


def test_the_end_of_many_closed_days_is_found_in_one_walk() -> None:
    """Each of them was compared with all the others: 4,000 days took half a minute."""
    days = [date(2027, 1, 1) + timedelta(days=n) for n in range(1_000)]
    closures = [
        Closure("long", tuple(DayRange(f"{day}", f"{day}") for day in days[:count])) for count in (250, 1_000)
    ]

    ends = [closure.end_of(days[0]) for closure in closures]

    calls = [calls_of(partial(closure.end_of, days[0])) for closure in closures]
    assert ends == [days[249], days[999]]
    assert calls[1] < 6 * calls[0]
