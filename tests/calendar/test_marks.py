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
