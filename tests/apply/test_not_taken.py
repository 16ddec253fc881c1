"""Updates that Zoom accepts and does not make: told, sent once more at most, and not again by themselves."""

from __future__ import annotations

from typing import Any

import pytest
from builders import HOST, weekly
from engine_world import ApplyReport, World, topic

from reconciler.live.drift import drift_of
from reconciler.live.read import ReadResult, ReadStatus
from reconciler.live.refresh import apply_refresh
from reconciler.meeting.meeting import Meeting
from reconciler.plan.change import Cause
from reconciler.sandbox.faults import UPDATE, Fault


def applied(*declared: Meeting, **switches: Any) -> World:
    """A world in which the meetings were created."""
    world = World(*declared, **switches)
    assert world.apply().status == 0
    return world


def drift(world: World, key: str) -> dict[str, Cause | None]:
    """Return the cause of each difference, by path."""
    record = world.store.state.meetings[key]
    return {each.path: each.cause for each in drift_of(record, world.zoom.read(record.id), world.clock.now())}


def ignored(**match: Any) -> Fault:
    """Accept an update without making it."""
    return Fault(status=204, **UPDATE, **match)


def seen(report: ApplyReport) -> tuple[dict[str, str], int]:
    """Return the failures and the exit status."""
    return report.failed, report.status


def test_an_update_that_was_lost_once_is_sent_once_more() -> None:
    world = applied(topic("a"), topic("b"))
    world.zoom.meet(ignored())
    world.declare(topic("a", agenda="new"), topic("b", agenda="new"))

    report = world.apply()

    assert (report.failed, report.status, len(world.asked("PATCH"))) == ({}, 0, 3)
    assert [drift(world, key) for key in ("a", "b")] == [{}, {}]
    assert (world.charged(), world.store.state.meetings["a"].not_taken) == (5, ())


def test_an_update_that_never_takes_is_told_once_and_listed_by_each_drift() -> None:
    world = applied(topic("a", duration=60), held_fields=["duration"])
    world.declare(topic("a", duration=30))

    report = world.apply()

    assert (seen(report), len(world.asked("PATCH")), world.charged()) == (({"a": "apply.not-taken"}, 1), 2, 3)
    assert report.text_of("apply.not-taken").startswith(
        f"a, meeting {world.ids()['a']}: Zoom accepted the update, and reads as before it: "
        "duration is 60 (sent: 30). "
    )
    assert drift(world, "a") == {"duration": Cause.NOT_TAKEN}
    assert not world.plan().has_work

    world.clock.advance(86400.0)
    again = world.apply()

    assert (seen(again), len(world.asked("PATCH"))) == (({}, 0), 2)
    assert drift(world, "a") == {"duration": Cause.NOT_TAKEN}


def test_what_took_is_not_sent_again() -> None:
    world = applied(topic("a", duration=60), held_fields=["duration"])
    world.declare(topic("a", duration=30, agenda="new"))

    report = world.apply()

    assert (seen(report), len(world.asked("PATCH"))) == (({"a": "apply.not-taken"}, 1), 1)
    assert drift(world, "a") == {"duration": Cause.NOT_TAKEN}


def test_without_budget_it_is_not_sent_once_more() -> None:
    world = applied(topic("a"), daily_limit=2)
    world.allowances = world.allowances.__class__(world.allowances.default.__class__(2, 0), {})
    world.zoom.meet(ignored(times=0))
    world.declare(topic("a", agenda="new"))

    report = world.apply()

    assert (seen(report), report.deferred, world.charged()) == (({"a": "apply.not-taken"}, 1), {}, 2)
    assert world.store.state.meetings["a"].not_taken == ("agenda",)


def test_another_declared_value_is_sent_and_ends_it() -> None:
    world = applied(topic("a", duration=60), held_fields=["duration"])
    world.declare(topic("a", duration=30))
    world.apply()
    world.zoom.switch(held_fields=[])
    world.declare(topic("a", duration=45))

    report = world.apply()

    assert (seen(report), world.store.state.meetings["a"].not_taken) == (({}, 0), ())
    assert drift(world, "a") == {}


def test_another_value_that_does_not_take_either_is_told_although_the_field_is_empty() -> None:
    """A value that did not take is not one that no read shows."""
    world = applied(topic("a"), held_fields=["agenda"])
    world.declare(topic("a", agenda="new"))
    world.apply()
    world.declare(topic("a", agenda="newer"))

    report = world.apply()

    assert (seen(report), world.store.state.meetings["a"].not_taken) == (
        ({"a": "apply.not-taken"}, 1),
        ("agenda",),
    )


def test_a_refresh_sends_it_again() -> None:
    world = applied(topic("a", duration=60), held_fields=["duration"])
    world.declare(topic("a", duration=30))
    world.apply()
    record = world.store.state.meetings["a"]
    body = world.zoom.read(record.id)
    changes = drift_of(record, body, world.clock.now())
    read = {"a": ReadResult(ReadStatus.FOUND, body, changes)}

    refreshed = apply_refresh(world.store.state, read, world.clock.now())

    assert refreshed.meetings["a"].attributes["duration"] == 60


def test_an_update_that_leaves_what_somebody_wrote_into_zoom_did_not_take() -> None:
    """Only a refresh has read that value: it is neither declared nor recorded."""
    world = applied(topic("a"))
    record = world.store.state.meetings["a"]
    world.zoom.patch(record.id, {"duration": 45, "topic": "Other"})
    body = world.zoom.read(record.id)
    read = {"a": ReadResult(ReadStatus.FOUND, body, drift_of(record, body, world.clock.now()))}
    world.refreshed = lambda state: apply_refresh(state, read, world.clock.now())
    world.zoom.meet(ignored(times=2))

    report = world.apply()

    assert (seen(report), len(world.patched)) == (({"a": "apply.not-taken"}, 1), 2)


def test_reads_that_lag_charge_nothing_twice() -> None:
    world = applied(topic("a"), Meeting("weekly", HOST, weekly()))
    world.zoom.switch(read_lag_seconds=4.5)
    world.declare(topic("a", agenda="new"), Meeting("weekly", HOST, weekly(duration=30)))

    report = world.apply()

    assert (seen(report), len(world.asked("PATCH")), world.charged()) == (({}, 0), 2, 4)
    assert [record.observed for record in world.store.state.meetings.values()] == [{}, {}]


@pytest.mark.parametrize("setting", [{"waiting_room": False}, {"join_before_host": True}])
def test_what_zoom_sets_otherwise_is_no_update_that_did_not_take(setting: dict[str, Any]) -> None:
    """A newly declared setting that the account forces: Zoom set it, as after a create."""
    world = applied(topic("a", settings={"mute_upon_entry": True}), waiting_room_forced=True)
    world.declare(topic("a", agenda="new", settings={"mute_upon_entry": True, **setting}))

    report = world.apply()

    assert (seen(report), len(world.asked("PATCH"))) == (({}, 0), 1)


def test_a_series_that_is_not_moved_is_not_taken() -> None:
    world = applied(Meeting("weekly", HOST, weekly()))
    world.zoom.meet(ignored(times=0))
    rule = {**weekly()["recurrence"], "weekly_days": "3"}
    world.declare(Meeting("weekly", HOST, weekly(start_time="2027-01-12T10:00:00", recurrence=rule)))

    report = world.apply()

    assert seen(report) == ({"weekly": "apply.not-taken"}, 1)
    assert set(drift(world, "weekly").values()) == {Cause.NOT_TAKEN}


def test_a_passcode_that_did_not_change_is_not_taken_and_not_shown() -> None:
    world = applied(topic("a", password="Old-pass_1"))
    world.zoom.meet(ignored(times=2))
    world.declare(topic("a", password="New-pass_2"))

    report = world.apply()

    assert seen(report) == ({"a": "apply.not-taken"}, 1)
    assert "New-pass_2" not in repr(report.events)
    assert "Old-pass_1" not in repr(report.events)
    assert drift(world, "a") == {"password": Cause.NOT_TAKEN}

    world.zoom.patch(world.ids()["a"], {"password": "New-pass_2"})
    assert drift(world, "a") == {}


def test_of_an_update_that_did_not_take_nothing_took() -> None:
    """Of a setting that was never declared no earlier value is known: it did not take with the rest."""
    world = applied(topic("a"))
    world.zoom.meet(ignored(times=2))
    world.declare(topic("a", agenda="new", settings={"mute_upon_entry": True}))

    report = world.apply()

    assert seen(report) == ({"a": "apply.not-taken"}, 1)
    assert drift(world, "a") == {
        "agenda": Cause.NOT_TAKEN,
        "settings.mute_upon_entry": Cause.NOT_TAKEN,
    }


def test_a_series_that_had_begun_and_is_not_moved_is_not_taken() -> None:
    """Zoom has its start and its count as they were sent, which are later and fewer than declared."""
    begun = weekly(start_time="2026-11-23T10:00:00")
    world = applied(Meeting("weekly", HOST, begun))
    world.zoom.meet(ignored(times=0))
    world.declare(Meeting("weekly", HOST, {**begun, "start_time": "2026-11-23T11:30:00"}))

    report = world.apply()

    assert (seen(report), len(world.asked("PATCH"))) == (({"weekly": "apply.not-taken"}, 1), 2)
    assert "start_time" in world.store.state.meetings["weekly"].not_taken
