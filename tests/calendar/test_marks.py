"""Single dates that clash: those of brute force."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from itertools import combinations

import pytest
from random_meetings import random_meetings

from reconciler.calendar.clashes import clashes
from reconciler.calendar.dates import dates
from reconciler.calendar.hosts import Hosts
from reconciler.calendar.marks import marks
from reconciler.meeting.meeting import Meeting, Slot
from reconciler.spec.settings import Capacity, Settings

WINDOW = (datetime(2027, 1, 1, tzinfo=UTC), datetime(2027, 3, 1, tzinfo=UTC))


@pytest.mark.parametrize("seed", range(8))
def test_every_date_that_overlaps_another_one_is_marked(seed: int) -> None:
    """With a capacity of 1: each pair of dates of one host, with less than the buffer between."""
    meetings = random_meetings(random.Random(seed), 14)
    hosts = Hosts.of(Settings(capacity=Capacity(1, buffer_minutes=10)))
    held, buffer = dates(meetings, *WINDOW), timedelta(minutes=10)
    expected: dict[tuple[str, datetime], set[str]] = {}
    for one, other in combinations(held, 2):
        is_same_host = hosts.name_of(one.host) == hosts.name_of(other.host) and one.key != other.key
        if is_same_host and other.start_at < one.end_at + buffer and one.start_at < other.end_at + buffer:
            expected.setdefault((one.key, one.start_at), set()).add(other.key)
            expected.setdefault((other.key, other.start_at), set()).add(one.key)

    found = [each for of_host in clashes(meetings, *WINDOW, hosts) for each in of_host.found]

    assert marks(found, held) == expected


def test_slots_of_one_room_that_overlap_are_not_marked() -> None:
    """They are one meeting: only the date on which another one runs beside it is marked."""
    host, single = "room@x.org", {"type": 2, "timezone": "UTC", "duration": 60}
    starts = ("2027-01-11T10:00:00", "2027-01-11T10:30:00", "2027-01-18T10:00:00")
    slots = [Meeting("room", host, {**single, "start_time": start}) for start in starts]
    timetable = tuple(Slot(f"slot-{number}", each) for number, each in enumerate(slots))
    room = Meeting("room", host, {"type": 3}, timetable=timetable)
    other = Meeting("other", host, {**single, "start_time": starts[-1]})
    found = clashes([room, other], *WINDOW, Hosts.of(Settings()))

    at = datetime(2027, 1, 18, 10, tzinfo=UTC)
    assert marks([one for each in found for one in each.found], dates([room, other], *WINDOW)) == {
        ("room", at): {"other"},
        ("other", at): {"room"},
    }


def test_with_a_capacity_of_two_a_third_one_marks_all() -> None:
    meetings = random_meetings(random.Random(3), 20, hosts=1)
    held = dates(meetings, *WINDOW)

    def marked(most: int) -> set[tuple[str, datetime]]:
        hosts = Hosts.of(Settings(capacity=Capacity(most, 0)))
        found = [each for of_host in clashes(meetings, *WINDOW, hosts) for each in of_host.found]
        return set(marks(found, held))

    full = {
        (one.key, one.start_at)
        for at in held
        for running in [[each for each in held if each.start_at <= at.start_at < each.end_at]]
        if len({each.key for each in running}) > 2
        for one in running
    }
    assert marked(2) == full < marked(1)
