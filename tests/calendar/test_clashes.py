"""Meetings of one host that are more than it can run, and hosts that are free."""

from __future__ import annotations

import random
from collections import defaultdict
from datetime import UTC, datetime, timedelta
from itertools import combinations
from typing import Any

import pytest
from call_count import calls_of
from msgspec.structs import replace
from random_meetings import expected_dates, random_meetings

from reconciler.calendar.clashes import Clash, HostClashes, clashes
from reconciler.calendar.hosts import Hosts
from reconciler.meeting.meeting import Meeting, Slot
from reconciler.spec.settings import Capacity, HostSettings, Settings

WINDOW = (datetime(2027, 1, 1, tzinfo=UTC), datetime(2028, 2, 5, tzinfo=UTC))
ROOM, OTHER, THIRD = "room-1@x.org", "room-2@x.org", "room-3@x.org"
MONDAYS = {"type": 2, "repeat_interval": 1, "weekly_days": "2", "end_times": 10}

Span = tuple[datetime, datetime, str]
"""Start, end with the buffer, and key of a date."""


def once(key: str, start_time: str, host: str = ROOM, **attributes: Any) -> Meeting:
    return Meeting(
        key, host, {"topic": key, "start_time": start_time, "duration": 60, "timezone": "UTC", **attributes}
    )


def weekly(key: str, start_time: str, host: str = ROOM, **attributes: Any) -> Meeting:
    return once(key, start_time, host, type=8, **{"recurrence": MONDAYS, **attributes})


def hosts(meetings: int = 1, buffer_minutes: int = 0, **pools: str) -> Hosts:
    own = {f"{host.replace('_', '-')}@x.org": HostSettings(pool=pool) for host, pool in pools.items()}
    return Hosts.of(Settings(hosts=own, capacity=Capacity(meetings, buffer_minutes)))


def found(meetings: list[Meeting], known: Hosts) -> list[Clash]:
    return [each for of_host in clashes(meetings, *WINDOW, known) for each in of_host.found]


def keys(meetings: list[Meeting], known: Hosts) -> list[tuple[tuple[str, ...], int]]:
    return [(each.keys, each.dates) for each in found(meetings, known)]


def test_a_clash_is_a_pair_with_its_first_instant_and_the_number_of_dates() -> None:
    meetings = [
        weekly("b", "2027-01-11T10:30:00", host="Room-1@x.org"),
        weekly("a", "2027-02-01T10:00:00"),
        once("c", "2027-01-11T11:30:00Z"),
    ]

    assert clashes(meetings, *WINDOW, hosts()) == [
        HostClashes(
            (
                Clash(
                    host="Room-1@x.org",
                    capacity=Capacity(),
                    keys=("a", "b"),
                    first_at=datetime(2027, 2, 1, 10, 30, tzinfo=UTC),
                    dates=7,
                    movable="a",
                    free_hosts=None,
                ),
            )
        )
    ]


def test_a_meeting_that_begins_when_another_ends_clashes_only_with_a_buffer() -> None:
    meetings = [once("a", "2027-01-11T10:00:00"), once("b", "2027-01-11T11:05:00")]

    assert [keys(meetings, hosts(buffer_minutes=minutes)) for minutes in (0, 5, 6)] == [
        [],
        [],
        [(("a", "b"), 1)],
    ]


def test_series_that_only_share_a_weekday_do_not_clash() -> None:
    """First and third Monday of a month."""
    first, third = (
        weekly(
            key,
            start,
            recurrence={"type": 3, "repeat_interval": 1, "monthly_week": week, "monthly_week_day": 2},
        )
        for key, start, week in (("first", "2027-01-04T10:00:00", 1), ("third", "2027-01-18T10:00:00", 3))
    )

    assert found([first, third], hosts()) == []


def test_series_clash_only_while_the_clocks_of_two_zones_differ() -> None:
    """10:00 in New York is 15:00 in Berlin, but 16:00 in its winter of the weeks between."""
    endless = {"type": 2, "repeat_interval": 1, "weekly_days": "2", "end_times": 52}
    berlin = weekly("berlin", "2027-01-04T15:00:00", timezone="Europe/Berlin", recurrence=endless)
    york = weekly("york", "2027-01-04T10:00:00", timezone="America/New_York", recurrence=endless)

    assert keys([berlin, york], hosts()) == [(("berlin", "york"), 3)]


def test_above_one_a_clash_is_a_largest_set() -> None:
    meetings = [
        once("a", "2027-01-11T10:00:00", duration=180),
        once("b", "2027-01-11T10:30:00", duration=180),
        once("c", "2027-01-11T11:00:00"),
        once("d", "2027-01-11T11:30:00"),
        once("e", "2027-01-11T12:30:00"),
    ]

    assert keys(meetings, hosts(2)) == [(("a", "b", "c", "d"), 1), (("a", "b", "e"), 1)]
    assert keys(meetings, hosts(3)) == [(("a", "b", "c", "d"), 1)]
    assert keys(meetings, hosts(4)) == []


def test_a_free_host_is_free_on_all_dates_of_the_meeting() -> None:
    """On the second host one date is taken on which the meetings do not clash."""
    meetings = [
        weekly("retro", "2027-01-11T10:30:00"),
        weekly("weekly", "2027-02-08T10:00:00"),
        once("launch", "2027-02-01T11:29:00", host=OTHER),
        once("review", "2027-02-01T11:30:00", host=THIRD),
    ]
    known = hosts(room_1="rooms", room_2="rooms", room_3="rooms")

    assert [(each.movable, each.free_hosts) for each in found(meetings, known)] == [("retro", (THIRD,))]


def test_the_meeting_with_fewer_dates_is_moved_unless_no_host_is_free_for_it() -> None:
    meetings = [
        once("review", "2027-01-18T10:00:00"),
        weekly("weekly", "2027-01-11T10:30:00"),
        once("taken", "2027-01-18T09:30:00", host=OTHER),
    ]
    known = hosts(room_1="rooms", room_2="rooms")

    assert [(each.movable, each.free_hosts) for each in found(meetings[:2], known)] == [("review", (OTHER,))]
    assert [(each.movable, each.free_hosts) for each in found(meetings, known)] == [("weekly", (OTHER,))]


def test_a_declared_meeting_is_moved_before_one_that_is_only_recorded() -> None:
    declared = replace(weekly("weekly", "2027-01-11T10:30:00"), filename="meetings.yaml")

    assert [each.movable for each in found([once("old", "2027-01-18T10:00:00"), declared], hosts())] == [
        "weekly"
    ]


def test_a_host_alone_in_its_pool_is_as_one_of_no_pool() -> None:
    meetings = [once("a", "2027-01-18T10:00:00"), once("b", "2027-01-18T10:00:00")]

    assert [each.free_hosts for each in found(meetings, hosts(room_1="rooms"))] == [None]


def test_a_meeting_is_its_hosts_for_whom_it_is_scheduled() -> None:
    meetings = [
        once("a", "2027-01-18T10:00:00"),
        once("b", "2027-01-18T10:00:00", host=OTHER, schedule_for=ROOM),
    ]

    assert keys(meetings, hosts()) == [(("a", "b"), 1)]


def room(key: str, *starts: str, **attributes: Any) -> Meeting:
    """A meeting of type 3 with a slot for each start."""
    slots = tuple(Slot(f"slot-{number}", once(key, start)) for number, start in enumerate(starts))
    return Meeting(key, ROOM, {"topic": key, "type": 3, **attributes}, timetable=slots)


def test_all_slots_of_a_room_are_one_meeting() -> None:
    """Its slots do not clash with each other, and all of them with others are one clash."""
    meetings = [
        room("room", "2027-01-11T10:00:00", "2027-01-11T10:30:00", "2027-01-18T10:00:00"),
        weekly("weekly", "2027-01-11T10:15:00"),
    ]

    assert keys(meetings[:1], hosts()) == []
    assert keys(meetings, hosts()) == [(("room", "weekly"), 3)]
    assert keys(meetings, hosts(2)) == []


def test_a_room_without_a_timetable_has_no_dates() -> None:
    assert keys([room("room"), once("other", "2027-01-11T10:00:00")], hosts()) == []


def test_the_slots_of_a_room_are_of_the_user_for_whom_it_is_scheduled() -> None:
    meetings = [
        room("room", "2027-01-11T10:00:00", schedule_for=OTHER),
        once("a", "2027-01-11T10:00:00", host=OTHER),
    ]

    assert keys(meetings, hosts()) == [(("a", "room"), 1)]


def test_a_host_with_a_capacity_of_its_own_keeps_what_it_does_not_name() -> None:
    settings = Settings(
        hosts={ROOM: HostSettings(capacity={"meetings": 2})}, capacity=Capacity(meetings=1, buffer_minutes=15)
    )

    assert [Hosts.of(settings).capacity_of(host) for host in ("ROOM-1@x.org", OTHER)] == [
        Capacity(2, 15),
        Capacity(1, 15),
    ]


def test_what_is_beyond_a_hundred_clashes_of_a_host_is_counted() -> None:
    meetings = [once(f"m{number:02}", "2027-01-18T10:00:00") for number in range(20)]

    (of_host,) = clashes(meetings, *WINDOW, hosts())

    assert (len(of_host.found), of_host.more, of_host.is_complete) == (100, 90, True)


def test_a_host_with_everything_at_one_time_does_not_take_for_ever() -> None:
    """2,000 series at one hour have 100 million overlaps: those that are told have all their dates."""
    rule = {**MONDAYS, "end_times": 50}
    meetings = [weekly(f"m{number:04}", "2027-01-11T10:00:00", recurrence=rule) for number in range(2000)]

    (of_host,) = clashes(meetings, *WINDOW, hosts())

    assert calls_of(lambda: clashes(meetings, *WINDOW, hosts())) < 1_000_000
    assert {each.dates for each in of_host.found} == {50}
    assert (len(of_host.found), of_host.more, of_host.is_complete) == (100, 9900, False)


def spans_by_host(meetings: list[Meeting], buffer: timedelta) -> dict[str, list[Span]]:
    spans: dict[str, list[Span]] = defaultdict(list)
    for each in meetings:
        host = str(each.attributes.get("schedule_for") or each.host).lower()
        spans[host] += [(start, end + buffer, key) for start, key, end, _ in expected_dates(each, *WINDOW)]
    return spans


def pairs(spans: list[Span]) -> dict[tuple[str, ...], tuple[datetime, int]]:
    """Return each pair that overlaps, by looking at all of them: when first, and how often."""
    counted: dict[tuple[str, ...], list[datetime]] = defaultdict(list)
    for one, other in combinations(spans, 2):
        begin, end = max(one[0], other[0]), min(one[1], other[1])
        if begin < end and one[2] != other[2]:
            counted[tuple(sorted((one[2], other[2])))].append(begin)
    return {each: (min(begun), len(begun)) for each, begun in counted.items()}


def merged(spans: list[Span]) -> list[Span]:
    """Join the dates of one meeting that overlap each other."""
    joined: dict[str, list[Span]] = defaultdict(list)
    for start, end, key in sorted(spans):
        last = joined[key][-1] if joined[key] else None
        if last and start < last[1]:
            joined[key][-1] = (last[0], max(end, last[1]), key)
        else:
            joined[key].append((start, end, key))
    return [each for of_key in joined.values() for each in of_key]


def largest_sets(spans: list[Span], capacity: int) -> dict[tuple[str, ...], tuple[datetime, int]]:
    """Return each set that runs at one instant and is not part of a larger one: when first, and how often."""
    whole = merged(spans)
    running = {frozenset(each for each in whole if each[0] <= at < each[1]) for at, _, _ in whole}
    counted: dict[tuple[str, ...], list[datetime]] = defaultdict(list)
    for each in running:
        if len(each) > capacity and not any(each < other for other in running):
            counted[tuple(sorted(key for _, _, key in each))].append(max(start for start, _, _ in each))
    return {each: (min(begun), len(begun)) for each, begun in counted.items()}


@pytest.mark.parametrize("seed", range(72))
def test_clashes_and_free_hosts_are_those_of_brute_force(seed: int) -> None:
    """1,008 random meetings of three hosts in one pool, each date by an independent expansion."""
    chance = random.Random(seed)
    meetings = random_meetings(chance, 14, hosts=3)
    capacity = Capacity(chance.choice((1, 1, 2, 3)), chance.choice((0, 0, 10)))
    names = [f"host-{number}@x.org" for number in range(3)]
    settings = Settings(hosts=dict.fromkeys(names, HostSettings(pool="rooms")), capacity=capacity)
    by_host = spans_by_host(meetings, timedelta(minutes=capacity.buffer_minutes))

    told = [
        each
        for of_host in clashes(meetings, *WINDOW, Hosts.of(settings), most=1000)
        for each in of_host.found
    ]

    expected = {
        (host, *each): facts
        for host, spans in by_host.items()
        for each, facts in (
            pairs(spans) if capacity.meetings == 1 else largest_sets(spans, capacity.meetings)
        ).items()
    }
    assert {(each.host.lower(), *each.keys): (each.first_at, each.dates) for each in told} == expected
    for clash in told:
        own = [span for span in by_host[clash.host.lower()] if span[2] == clash.movable]
        free = tuple(
            name
            for name in names
            if name != clash.host.lower() and not _is_full(by_host[name], own, capacity.meetings)
        )
        assert clash.free_hosts == free


def _is_full(spans: list[Span], own: list[Span], capacity: int) -> bool:
    """Return whether a host runs as much as it can at an instant of the `own` dates."""
    instants = {start for start, _, _ in (*spans, *own)}
    return any(
        len({key for begin, finish, key in spans if begin <= at < finish}) >= capacity
        for at in instants
        if any(start <= at < end for start, end, _ in own)
    )
