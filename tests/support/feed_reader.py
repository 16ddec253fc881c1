"""Reads feeds as other programs do."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import icalendar
import recurring_ical_events  # type: ignore[import-untyped]  # it has no types
from random_meetings import ZONES

Date = tuple[datetime, datetime, str]
"""Start, end, topic."""


def read_feed(text: str, start: datetime, end: datetime) -> list[Date]:
    """Return each date of a window, in order.

    The zones are read from the feed: those that the reader knows by name have the rules of this machine. It
    adds a duration to the wall time, RFC 5545 to the instant: what counts is its length.
    """
    for zone in ZONES:
        text = re.sub(f"(TZID[=:]){zone}", rf"\1x-{zone.replace('/', '-')}", text)
    found = recurring_ical_events.of(icalendar.Calendar.from_ical(text)).between(start, end)
    return sorted(_date(event) for event in found)


def _date(event: icalendar.Event) -> Date:
    begin, end = event.start, event.end
    assert isinstance(begin, datetime), "no event of a feed is a whole day"
    assert isinstance(end, datetime)
    start, length = begin.astimezone(UTC), end.replace(tzinfo=None) - begin.replace(tzinfo=None)
    return start, start + length, str(event["SUMMARY"])
