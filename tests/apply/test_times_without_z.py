"""Answers whose times lack the `Z` are wall times in the zone of the meeting."""

from __future__ import annotations

import pytest
from builders import meeting, removed, weekly
from engine_world import World, topic

from reconciler.sandbox.faults import CREATE, answer_lost


def test_what_is_named_is_deleted() -> None:
    world = World(topic("a", timezone="Europe/Berlin"), meeting("w", weekly()), times_without_z=True)
    assert world.apply().status == 0
    world.removed = tuple(removed(key, number) for key, number in world.ids().items())
    for key in ("a", "w"):
        world.undeclare(key)

    report = world.apply()

    assert (report.steps, report.status, world.topics()) == ([("destroy", "a"), ("destroy", "w")], 0, [])


@pytest.mark.parametrize(
    ("local", "is_deferred"),
    [("10:29:00", True), ("10:31:00", True), ("11:01:00", False), ("09:30:00", False)],
)
def test_the_last_look_knows_the_hour_in_the_zone_of_the_meeting(local: str, *, is_deferred: bool) -> None:
    """It is 10:00 in Berlin. The record says January; somebody moved the meeting to today."""
    world = World(topic("a", timezone="Europe/Berlin", duration=20), times_without_z=True)
    assert world.apply().status == 0
    world.removed = (removed("a", world.ids()["a"]),)
    world.undeclare("a")
    moved = {"start_time": f"2026-12-01T{local}", "timezone": "Europe/Berlin"}
    world.zoom.patch(world.removed[0].id, moved)

    report = world.apply()

    assert (list(report.deferred), world.topics()) == ((["a"], ["a"]) if is_deferred else ([], []))


def test_a_lost_answer_is_found_again() -> None:
    world = World(topic("a", timezone="America/New_York"), meeting("w", weekly()), times_without_z=True)
    world.zoom.meet(answer_lost(**CREATE))

    report = world.apply()

    assert (report.failed, sorted(world.topics()), world.plan().has_work) == (
        {},
        ["Platform weekly", "a"],
        False,
    )
