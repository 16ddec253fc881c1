"""Answers that are about another meeting: they are never taken for the one that was read or created."""

from __future__ import annotations

from typing import Any

import pytest
import varied
from builders import HOST, removed, weekly
from engine_world import World, topic
from msgspec.structs import replace

from reconciler.meeting.meeting import Meeting
from reconciler.sandbox.faults import CREATE, READ, Fault, answer_lost


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


# Creates


def stored_topics(world: World) -> dict[str, str]:
    """Return the topic of each recorded meeting in Zoom, by key."""
    meetings = {key: world.account.meeting(number) for key, number in world.ids().items()}
    return {key: str(one.document["topic"]) for key, one in meetings.items() if one is not None}


def created_as(body: dict[str, Any], **match: Any) -> Fault:
    """Carry the create out, and answer with `body`."""
    return Fault(status=201, body=body, commit=True, **CREATE, **match)


def test_the_answer_to_another_create_is_not_recorded() -> None:
    """The second create is answered as the first one was; it is looked up, and its own meeting found."""
    world = World(topic("a"), topic("b"))
    world.zoom.meet(created_as({"id": 88888888909, "topic": "a", "type": 2}, nth=2))

    report = world.apply()

    assert (report.failed, report.resolved, world.topics()) == ({}, [("b", "adopted")], ["a", "b"])
    assert stored_topics(world) == {"a": "a", "b": "b"}
    assert (world.charged(), world.used()["2026-12-01"]) == (2, 2)


@pytest.mark.parametrize(
    "other",
    [
        {"topic": "somebody else's"},
        {"type": 8},
        {"start_time": "2027-01-20T15:00:00Z"},
        {"host_id": "u-other", "host_email": "other@example.com"},
    ],
    ids=["topic", "type", "start", "host"],
)
def test_an_answer_that_says_otherwise_is_settled_by_a_read(other: dict[str, Any]) -> None:
    """The id is that of the new meeting, and Zoom shows it as it was sent: nothing is looked up."""
    world = World(topic("a"))
    world.zoom.meet(created_as({"id": 88888888909, **topic("a").attributes, **other}))

    report = world.apply()

    assert (report.failed, report.resolved, world.ids()) == ({}, [], {"a": 88888888909})
    assert world.asked("GET")[-2:] == ["/v2/meetings/88888888909"] * 2  # the doubt, and the read-back


def test_an_answer_about_a_meeting_that_was_there_before_is_not_believed() -> None:
    """Somebody's meeting of last week, in no record: neither host nor topic tell, but its creation does."""
    world = World(topic("a"))
    old = world.zoom.create({**topic("a").attributes, "start_time": "2027-05-01T10:00:00Z"})
    world.clock.advance(86400.0)
    world.zoom.meet(created_as({"id": old["id"], "topic": "old"}))

    report = world.apply()

    assert (report.failed, report.resolved) == ({}, [("a", "adopted")])
    assert world.ids()["a"] != old["id"]


def test_an_answer_that_may_be_of_another_open_create_is_not_believed() -> None:
    """The answer to `a` was lost, and comes as the answer to `b`."""
    world = World(
        topic("a", start_time="2027-01-14T15:00:00Z"), topic("b", start_time="2027-01-15T15:00:00Z")
    )
    world.settle_seconds = 0.0
    world.zoom.switch(list_lag_seconds=5.0)
    world.zoom.meet(answer_lost(**CREATE))
    world.zoom.meet(created_as({"id": 88888888909, "topic": "a"}, nth=2))

    world.apply()
    world.clock.advance(600.0)
    while world.plan().has_work:
        world.apply()

    assert stored_topics(world) == {"a": "a", "b": "b"}


SILENT: dict[str, dict[str, Any]] = {
    "pmi_forced": {"pmi_forced": True},
    "trimmed": {},
    "waiting_room_forced": {"waiting_room_forced": True},
    "safeguard_forced": {"safeguard_forced": True},
    "read lag": {"read_lag_seconds": 3.0},
    "list lag": {"list_lag_seconds": 20.0},
    "no licence": {"user_type": 1},
    "wall times": {"times_without_z": True},
    "reordered": {"lists_reordered": True},
}


SILENT |= {name: {name: value} for name, value in varied.SILENT.items()}
SILENT["all together"] = {name: value for each in SILENT.values() for name, value in each.items()}
SILENT["all together on personal ids"] = SILENT["all together"] | SILENT["pmi_forced"]


@pytest.mark.parametrize("switches", SILENT.values(), ids=SILENT.keys())
def test_no_silent_change_stops_a_healthy_apply_or_charges_it_twice(switches: dict[str, Any]) -> None:
    """Neither the creates nor the updates, and nothing is left to do after either."""
    ends = {"type": 2, "repeat_interval": 1, "weekly_days": "2", "end_date_time": "2027-06-30T12:00:00Z"}
    declared = (
        Meeting("weekly", HOST, weekly(topic=" weekly  room ")),
        Meeting("until", HOST, weekly(topic="until", recurrence=ends)),
        topic("zone", start_time="2027-01-14T20:30:00", timezone="Asia/Calcutta"),
        Meeting("blanks", HOST, {**topic("a").attributes, "topic": "  a  b "}),
        Meeting("room", HOST, {"topic": "r", "type": 3}),
        topic("b"),
    )
    world = World(*declared)
    world.zoom.switch(**{"trimmed_topics": True, "zone_names": {"Asia/Calcutta": "Asia/Kolkata"}, **switches})

    made = world.apply()

    assert (made.failed, made.resolved, made.status, world.plan().has_work) == ({}, [], 0, False)
    assert (len(world.ids()), world.charged(), world.used()["2026-12-01"]) == (6, 6, 6)

    world.clock.advance(60.0)
    world.declare(*(replace(one, attributes={**one.attributes, "agenda": "new"}) for one in declared))
    changed = world.apply()

    assert (changed.failed, changed.resolved, changed.status, world.plan().has_work) == ({}, [], 0, False)
    assert (world.charged(), world.used()["2026-12-01"]) == (12, 12)
