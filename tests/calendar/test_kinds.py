"""Findings that repeat over single meetings of one kind are told once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from builders import meeting, one_off, weekly
from msgspec.structs import replace

from reconciler.calendar.kinds import kinds, told_once
from reconciler.errors.diagnostic import Diagnostic, Severity

if TYPE_CHECKING:
    from reconciler.meeting.meeting import Meeting

LATE = Diagnostic("plan.late", "It is late.", severity=Severity.WARNING)


def scripted(count: int, hour: int = 9, topic: str = "Standup") -> dict[str, Meeting]:
    """Return meetings that differ by their day."""
    return {
        f"{topic}-{day}": meeting(
            f"{topic}-{day}", one_off(topic=topic, start_time=f"2027-01-{day + 10}T{hour:02}:00:00Z")
        )
        for day in range(1, count + 1)
    }


def of(keys: list[str], code: str = "plan.late") -> list[Diagnostic]:
    return [replace(LATE, code=code, key=key) for key in keys]


def test_a_warning_of_a_kind_is_told_once_with_its_keys() -> None:
    """The others stay where they are, and all are counted."""
    meetings = {**scripted(7), "other": meeting("other")}
    found = of([*meetings, "unknown"])

    assert told_once(found, meetings) == (
        replace(
            found[0],
            detail="It is late. It concerns `Standup-1`, `Standup-2`, `Standup-3`, `Standup-4`, `Standup-5` "
            "and 2 more.",
            more=6,
        ),
        *found[7:],
    )


@pytest.mark.parametrize(
    "found",
    [
        of(["Standup-1", "Standup-2"]),
        [replace(each, severity=Severity.ERROR) for each in of(["Standup-1", "Standup-2", "Standup-3"])],
        [replace(each, code=f"a.{each.key}") for each in of(["Standup-1", "Standup-2", "Standup-3"])],
        [replace(each, policy=str(each.key)) for each in of(["Standup-1", "Standup-2", "Standup-3"])],
        of(["Standup-1", "Sync-1", "Sync-2"]),
    ],
    ids=["two", "errors", "codes", "policies", "kinds"],
)
def test_what_is_not_the_same_is_told_each_time(found: list[Diagnostic]) -> None:
    meetings = {**scripted(3), **scripted(3, topic="Sync")}

    assert told_once(found, meetings) == tuple(found)


def test_a_kind_is_of_single_meetings_of_one_host_at_one_time() -> None:
    other = scripted(3, hour=10, topic="Standup")
    series = {f"s{number}": meeting(f"s{number}", weekly()) for number in range(3)}
    rooms = {f"r{number}": meeting(f"r{number}", {"topic": "Room", "type": 3}) for number in range(3)}
    broken = {f"b{number}": meeting(f"b{number}", {"start_time": "soon"}) for number in range(3)}

    found = kinds([*scripted(3).values(), *other.values(), *(series | rooms | broken).values()])

    assert [[each.start.hour for each in group] for group in found] == [[9, 9, 9], [10, 10, 10]]
