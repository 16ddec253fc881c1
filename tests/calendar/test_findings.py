"""The words of findings about double bookings."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
from msgspec.structs import replace

from reconciler.calendar.findings import double_booked
from reconciler.calendar.hosts import Hosts
from reconciler.errors.diagnostic import Diagnostic, Severity
from reconciler.meeting.meeting import Meeting, Slot
from reconciler.spec.settings import Capacity, HostSettings, Settings

if TYPE_CHECKING:
    from reconciler.errors.diagnostic import UnlocatedDiagnostic

NOW = datetime(2026, 12, 1, 8, tzinfo=UTC)
ROOM = "room-1@x.org"


def meeting(key: str, start_time: str, *, is_declared: bool = True, **attributes: Any) -> Meeting:
    body = {"topic": key, "start_time": start_time, "duration": 60, "timezone": "Europe/Berlin", **attributes}
    return Meeting(key, ROOM, body, filename="m.yaml" if is_declared else "", line=7, column=3)


def located(key: str, finding: UnlocatedDiagnostic) -> Diagnostic:
    assert (finding.path, finding.key) == ((), key)
    return Diagnostic(finding.code, finding.detail, finding.hint, finding.severity, key)


def found(*meetings: Meeting, capacity: Capacity | None = None, pools: Any = None) -> list[Diagnostic]:
    hosts = {host: HostSettings(pool=pool) for host, pool in (pools or {}).items()}
    known = Hosts.of(Settings(hosts=hosts, capacity=capacity or Capacity()))
    return list(double_booked({each.key: each for each in meetings}, NOW, known, located))


def words(*meetings: Meeting, **world: Any) -> list[tuple[str, str]]:
    return [(each.detail, each.hint) for each in found(*meetings, **world)]


def test_a_pair_is_named_with_places_the_first_date_and_what_to_do() -> None:
    weekly: Any = {"type": 8, "recurrence": {"type": 2, "weekly_days": "2", "end_times": 12}}

    assert found(
        meeting("retro", "2027-01-11T10:30:00", is_declared=False, **weekly),
        meeting("weekly", "2027-01-11T10:00:00", **weekly),
    ) == [
        Diagnostic(
            "calendar.double-booked",
            "`weekly` (m.yaml:7) runs at the same time as `retro` (recorded, not declared here), and "
            "room-1@x.org can run one meeting at once: first on Mon 11 Jan 2027, 10:30 Europe/Berlin "
            "(Mon 11 Jan 2027, 09:30 UTC); on 12 dates of the next 400 days.",
            "Give one of them another time or another host, or raise `capacity` where the host can run more.",
            Severity.WARNING,
            "weekly",
        )
    ]


def test_a_large_set_is_named_in_part_and_the_capacity_told_whole() -> None:
    alike = (meeting(f"m{number}", "2027-01-11T10:00:00Z", timezone="UTC") for number in range(9))

    [(detail, _)] = words(*alike, capacity=Capacity(4, 10))

    assert detail == (
        "`m0` (m.yaml:7) runs at the same time as `m1` (m.yaml:7), `m2` (m.yaml:7), `m3` (m.yaml:7), "
        "`m4` (m.yaml:7), `m5` (m.yaml:7) and 3 more, or less than 10 minutes apart, and room-1@x.org "
        "can run 4 meetings at once: first on Mon 11 Jan 2027, 10:00 UTC; on 1 date of the next 400 days."
    )


@pytest.mark.parametrize(
    ("zones", "first"),
    [
        (
            ["Europe/Berlin"] * 2,
            "Mon 11 Jan 2027, 10:00 Europe/Berlin (Mon 11 Jan 2027, 09:00 UTC); on 2 dates",
        ),
        (["Europe/Berlin", "UTC"], "Mon 11 Jan 2027, 09:00 UTC; on 1 date"),
    ],
    ids=["one zone", "several zones"],
)
def test_a_room_has_the_zone_that_its_slots_share(zones: list[str], first: str) -> None:
    slots = (
        Slot(name, meeting("a", "2027-01-11T10:00:00", timezone=zone))
        for name, zone in zip("xy", zones, strict=True)
    )
    room = Meeting("a", ROOM, {"topic": "a", "type": 3}, filename="m.yaml", line=7, timetable=tuple(slots))

    [(detail, _)] = words(room, meeting("b", "2027-01-11T10:00:00", is_declared=False))

    assert detail == (
        "`a` (m.yaml:7) runs at the same time as `b` (recorded, not declared here), and room-1@x.org "
        f"can run one meeting at once: first on {first} of the next 400 days."
    )


def test_the_hint_names_the_free_hosts_of_the_pool() -> None:
    pair = (meeting("a", "2027-01-11T10:00:00"), meeting("b", "2027-01-11T10:30:00"))
    pools = ({ROOM: "p"}, {ROOM: "p", "r2": "p", "other": "q"}, {ROOM: "p", "r2": "p", "r3": "p"})

    assert [hint for world in pools for _, hint in words(*pair, pools=world)] == [
        "Give one of them another time or another host, or raise `capacity` where the host can run more.",
        "Move `a`: `r2` of the same pool is free on all its dates.",
        "Move `a`: `r2` or `r3` of the same pool are free on all its dates.",
    ]


def test_a_pool_whose_other_hosts_are_busy_says_so() -> None:
    pair = (meeting("a", "2027-01-11T10:00:00"), meeting("b", "2027-01-11T10:30:00"))
    busy = replace(meeting("c", "2027-01-11T10:15:00"), host="r2")

    [(_, hint)] = words(*pair, busy, pools={ROOM: "p", "r2": "p"})

    assert (
        hint
        == "Give one of them another time: no other host of the pool is free on all dates of one of them."
    )


def test_what_is_over_or_more_than_400_days_ahead_is_not_told() -> None:
    pairs = ("2026-11-30T10:00:00", "2028-01-06T10:00:00")

    assert not found(*(meeting(f"{key}-{start}", start) for start in pairs for key in "ab"))


def test_beyond_a_hundred_the_rest_is_counted() -> None:
    """Of a host 100 are looked at, and of all hosts 100 told: the last one says how many more there are."""
    alike = (meeting(f"m{number:02}", "2027-01-11T10:00:00") for number in range(20))

    told = found(*alike)

    assert (len(told), told[-1].more, told[-1].detail[-21:]) == (100, 90, " And 90 more like it.")
