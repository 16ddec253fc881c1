"""Answers to a read that are about another meeting: they are never taken for the one that was read."""

from __future__ import annotations

from typing import Any

from builders import removed
from engine_world import World, topic

from reconciler.sandbox.faults import READ, Fault


def about_another(**match: Any) -> Fault:
    body = {"id": 81234567890, "topic": "another", "type": 3, "status": "waiting"}
    return Fault(status=200, body=body, **READ, **match)


def test_a_read_is_repeated_until_the_answer_names_the_meeting() -> None:
    world = World(topic("a"), topic("b"))
    world.zoom.meet(about_another(times=2))

    report = world.apply()

    assert (report.failed, world.topics(), world.plan().has_work) == ({}, ["a", "b"], False)
    assert [record.observed for record in world.store.state.meetings.values()] == [{}, {}]


def test_a_meeting_is_not_deleted_on_the_word_of_another() -> None:
    """`a` starts in half an hour; the answer that says otherwise is about another meeting."""
    world = World(topic("a"))
    assert world.apply().status == 0
    world.removed = (removed("a", world.ids()["a"]),)
    world.undeclare("a")
    world.zoom.patch(world.ids()["a"], {"start_time": "2026-12-01T09:30:00Z"})
    world.zoom.meet(about_another(times=0))

    report = world.apply()

    assert (list(report.failed), report.status, world.asked("DELETE")) == (["a"], 1, [])
