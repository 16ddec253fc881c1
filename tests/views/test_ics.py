"""Feeds: what other programs read in them are our own dates, and the same calendar gives the same bytes."""

from __future__ import annotations

import os
import random
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import icalendar
import pytest
from feed_reader import Date, read_feed
from msgspec.structs import replace
from random_meetings import as_declared, random_meetings

from reconciler.calendar.dates import dates
from reconciler.calendar.feed import FeedMeeting, Revision
from reconciler.meeting.closures import Closure, DayRange, SingleDates
from reconciler.meeting.meeting import Meeting
from reconciler.views.ics import calendar
from reconciler.views.results import Calendar

ROUNDS = int(os.environ.get("FEED_ROUNDS", "10"))
"""Seeds of 20 random specs each; `make faults` runs more."""

LINK = "https://zoom.example/j/81234567890"
FOLDER = Path(__file__).parent / "expected"
START, END = datetime(2027, 1, 1, tzinfo=UTC), datetime(2028, 1, 1, tzinfo=UTC)
MONDAYS: dict[str, Any] = {
    "topic": "Weekly; a, b",
    "type": 8,
    "start_time": "2027-03-22T10:00:00",
    "timezone": "Europe/Berlin",
    "duration": 45,
    "recurrence": {"type": 2, "repeat_interval": 1, "weekly_days": "2"},
}


def feed_of(meetings: list[Meeting], **calendar_fields: Any) -> str:
    fed = tuple(FeedMeeting(each, f"lineage/{each.key}") for each in meetings)
    fields = {"first": date(2027, 1, 1), "last": date(2027, 12, 31), "zone": "UTC", "meetings": fed}
    return calendar(Calendar(**{**fields, **calendar_fields}))


def read(text: str) -> list[Date]:
    return read_feed(text, START, END)


def ours(meetings: list[Meeting]) -> list[Date]:
    return sorted((each.start_at, each.end_at, each.topic) for each in dates(meetings, START, END))


@pytest.mark.parametrize("seed", range(ROUNDS))
def test_another_program_reads_our_own_dates(seed: int) -> None:
    """Starts and ends of every date of a year: rules, exceptions, closures, patterns, clock changes."""
    meetings = [as_declared(each) for each in random_meetings(random.Random(seed), 20)]

    assert read(feed_of(meetings)) == ours(meetings)


def test_a_series_in_utc_keeps_its_days_whatever_the_zone_of_the_calendar() -> None:
    """A reader that knows of a zone for all of it moves what is in UTC there, before it repeats it."""
    attributes = {**MONDAYS, "start_time": "2027-01-04T01:30:00Z", "timezone": "UTC"}
    meetings = [Meeting("weekly", "a@x.org", attributes)]

    assert read(feed_of(meetings, zone="America/New_York")) == ours(meetings)


def test_a_feed_in_full() -> None:
    closures = (Closure("berlin", (DayRange("2027-04-05", "2027-04-05"),)),)
    exceptions = {
        "2027-04-12": {"start_time": "2027-04-13T14:00:00", "duration": 30},
        "2027-04-19": {"note": "Host: Ada"},
        "2027-04-26": "skip",
    }
    own = SingleDates(exceptions, closures)
    rule = {**MONDAYS["recurrence"], "end_times": 8}
    meeting = Meeting("weekly", "a@x.org", {**MONDAYS, "recurrence": rule, "agenda": "One\nTwo"}, dates=own)
    revision = Revision(3, datetime(2026, 12, 1, 8, tzinfo=UTC))
    fed = (FeedMeeting(meeting, "lineage/weekly", revision),)

    year = (date(2027, 1, 1), date(2027, 12, 31))
    text = calendar(Calendar(*year, "Europe/Berlin", "a@x.org", meetings=fed, links={"weekly": LINK}))

    assert text.count("\r\n") == text.count("\n")
    assert text.replace("\r\n", "\n") == (FOLDER / "feed.ics").read_text()


def test_a_feed_of_nothing_is_a_valid_calendar() -> None:
    """RFC 5545 wants a component in each: the zone is one."""
    text = feed_of([], zone="Europe/Berlin")

    found = icalendar.Calendar.from_ical(text)
    assert [each.name for each in found.subcomponents] == ["VTIMEZONE"]
    assert read(text) == []


def test_the_same_calendar_gives_the_same_bytes() -> None:
    """On another day of the year too: series are shown whole."""
    meetings = [as_declared(each) for each in random_meetings(random.Random(1), 20)]

    first = feed_of(meetings)

    assert first == feed_of(list(meetings))
    assert first == feed_of(meetings, last=date(2027, 1, 1) + timedelta(days=40))


def test_a_closure_without_an_end_ends_the_rule_at_the_horizon() -> None:
    """The days up to it are listed; without an end nothing could list them."""
    yearly = SingleDates(closures=(Closure("year-end", (DayRange("12-20", "01-05"),)),))
    endless = Meeting("a", "a@x.org", MONDAYS)

    cut, whole = feed_of([replace(endless, dates=yearly)]), feed_of([endless])

    assert "UNTIL=20281231T235959Z" in cut
    assert "UNTIL" not in whole
    assert read(cut) == ours([replace(endless, dates=yearly)])


def test_a_hostile_topic_stays_text() -> None:
    """It begins no line and no property, and nothing that nobody sees is in it."""
    topic = "Launch\r\nEND:VEVENT\r\nX-EVIL:1\u202e\x07"

    text = feed_of([Meeting("a", "a@x.org", {"topic": topic, "start_time": "2027-05-01T10:00:00Z"})])

    (event,) = icalendar.Calendar.from_ical(text).walk("VEVENT")
    lines = text.split("\r\n")
    assert event["SUMMARY"] == "Launch\nEND:VEVENT\nX-EVIL:1\\u202e\\x07"
    assert ([line for line in lines if line.startswith("X-EVIL")], lines.count("END:VEVENT")) == ([], 1)


def test_joiners_of_emoji_and_of_scripts_that_need_them_stay() -> None:
    topic = "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645 \U0001f469\u200d\U0001f4bb"

    text = feed_of([Meeting("a", "a@x.org", {"topic": topic, "start_time": "2027-05-01T10:00:00Z"})])

    (event,) = icalendar.Calendar.from_ical(text).walk("VEVENT")
    assert event["SUMMARY"] == topic


def test_a_feed_with_passcodes_says_so_at_once() -> None:
    text = feed_of([], links={}, holds_passcodes=True)

    assert text.split("\r\n")[:2] == [
        "BEGIN:VCALENDAR",
        "X-RECONCILER-NOTE:The links of this feed hold passcodes: do not publish it.",
    ]
    assert icalendar.Calendar.from_ical(text)["X-RECONCILER-NOTE"]
