"""A replace creates first; this run or a later one deletes the old meeting, which is never lost."""

from __future__ import annotations

from typing import Any

import pytest
from builders import HOST, meeting, one_off, removed, weekly
from engine_world import TURNS, World, is_create, topic
from msgspec.structs import replace

from reconciler.sandbox.faults import CREATE, UPDATE, answer_lost, never_arrived
from reconciler.state.state import Retired

OTHER = "ben@example.com"
OUTDATED = "the new meeting differs from the spec"


def to_be_replaced(*, destroy: bool = True, **attributes: Any) -> World:
    """One meeting of `HOST` that is now declared under another host, with its id in `removed`."""
    world = World(topic("a", **attributes))
    assert world.apply().status == 0
    world.declare(topic("a", host=OTHER, **attributes))
    world.removed = (removed("a", world.ids()["a"], destroy=destroy),)
    return world


def live(world: World) -> dict[str, list[str]]:
    """The meetings of each host in Zoom."""
    return {host: world.topics(host) for host in (HOST, OTHER)}


def test_a_replace_creates_then_deletes_the_old_meeting() -> None:
    world = to_be_replaced()
    old = world.ids()["a"]
    order: list[str] = []
    world.on_request = lambda scope: order.append(scope["method"])

    report = world.apply()

    assert (report.steps, report.status) == ([("replace", "a"), ("destroy", "a")], 0)
    assert [method for method in order if method != "GET"] == ["POST", "DELETE"]
    assert live(world) == {HOST: [], OTHER: ["a"]}
    assert (world.store.state.retired, world.ids()["a"] != old) == ((), True)
    assert report.result is not None
    summary = report.result.summary
    assert (summary.added, summary.changed, summary.destroyed) == (1, 0, 1)


def test_the_plan_after_a_replace_is_empty() -> None:
    world = to_be_replaced()
    world.apply()

    assert not world.plan().has_work


def test_a_replacing_series_is_not_a_duplicate_of_the_old_meeting() -> None:
    """Same host and topic, but the old meeting is recorded, so it is not a duplicate."""
    world = World(topic("a"))
    world.apply()
    world.declare(meeting("a", weekly(topic="a")))
    world.removed = (removed("a", world.ids()["a"]),)

    assert world.apply().steps == [("replace", "a"), ("destroy", "a")]


def test_the_old_id_is_retired_in_the_write_of_the_new_record() -> None:
    world = to_be_replaced()
    old = world.ids()["a"]
    both: list[tuple[object, bool]] = []
    world.store.before_write = lambda: both.append((world.store.state.retired, world.ids()["a"] == old))

    world.apply()

    times = {"type": 2, "start_time": "2027-01-14T15:00:00Z", "duration": 60}
    retired = Retired(old, HOST, "a", times, "2026-12-01T09:00:00Z")
    assert [pair for n, pair in enumerate(both) if pair not in both[:n]] == [((), True), ((retired,), False)]


def test_an_old_meeting_that_may_stay_is_left_in_zoom() -> None:
    world = to_be_replaced(destroy=False)

    report = world.apply()

    assert (report.steps, live(world)) == ([("replace", "a")], {HOST: ["a"], OTHER: ["a"]})
    assert (world.store.state.retired, world.plan().has_work) == ((), False)


def test_a_crash_between_create_and_destroy_is_finished_by_the_next_run() -> None:
    world = to_be_replaced()
    world.on_answer = lambda scope: setattr(world, "is_stopping", world.is_stopping or is_create(scope))
    report = world.apply()
    world.is_stopping, world.on_answer = False, lambda _scope: None

    again = world.apply()

    assert (report.steps, report.deferred) == (
        [("replace", "a")],
        {"a": (None, "the run ended before its turn")},
    )
    assert again.steps == [("destroy", "a")]
    assert (live(world), world.plan().has_work) == ({HOST: [], OTHER: ["a"]}, False)


@pytest.mark.parametrize("turns", TURNS)
def test_a_replace_that_dies_anywhere_is_finished(turns: int) -> None:
    """In the end there is one meeting, the new one."""
    world = to_be_replaced()

    world.apply(dies_after_turns=turns)
    for _ in range(3):
        if not world.plan().has_work:
            break
        world.apply()

    assert live(world) == {HOST: [], OTHER: ["a"]}
    assert (world.plan().has_work, world.store.state.retired) == (False, ())


def test_a_lost_answer_of_a_replace_is_looked_up_and_adopted() -> None:
    world = to_be_replaced()
    world.zoom.meet(answer_lost(**CREATE))

    report = world.apply()

    assert (report.resolved, report.steps) == ([("a", "adopted")], [("destroy", "a")])
    assert live(world) == {HOST: [], OTHER: ["a"]}


def test_a_replace_that_did_not_arrive_is_sent_again() -> None:
    world = to_be_replaced()
    world.zoom.meet(never_arrived(**CREATE))

    report = world.apply()

    assert (report.resolved, report.steps) == ([("a", "absent")], [("replace", "a"), ("destroy", "a")])
    assert live(world) == {HOST: [], OTHER: ["a"]}


def interrupted(*, landed: bool, destroy: bool = True) -> World:
    """A replace whose run died without an answer."""
    world = to_be_replaced(destroy=destroy)
    world.zoom.meet((answer_lost if landed else never_arrived)(**CREATE))
    world.on_request = lambda scope: setattr(world, "is_stopping", is_create(scope))
    assert world.apply().failed == {"a": "apply.unresolved"}
    world.is_stopping, world.on_request = False, lambda _scope: None
    assert world.store.state.intents["a"].action == "replace"
    return world


def test_a_replace_of_an_earlier_run_that_landed_retires_the_old_one() -> None:
    world = interrupted(landed=True)

    report = world.apply()

    assert (report.resolved, report.steps) == ([("a", "adopted")], [("destroy", "a")])
    assert (live(world), world.plan().has_work) == ({HOST: [], OTHER: ["a"]}, False)


def test_the_old_one_stays_until_the_new_one_is_as_declared() -> None:
    """The declaration was changed after the replace had left: people expect the old one."""
    world = interrupted(landed=True)
    world.declare(topic("a", host=OTHER, duration=90))

    first, second = world.apply(), world.apply()

    assert (first.resolved, first.steps, first.status) == ([("a", "adopted")], [], 0)
    assert first.deferred == {"a": (None, OUTDATED)}
    assert (second.steps, live(world)) == ([("update", "a"), ("destroy", "a")], {HOST: [], OTHER: ["a"]})


def outdated() -> World:
    """A world in which the new meeting was adopted, and is not as declared yet."""
    world = interrupted(landed=True)
    world.declare(topic("a", host=OTHER, duration=90))
    assert world.apply().deferred == {"a": (None, OUTDATED)}
    return world


def test_the_old_one_stays_while_the_change_of_the_new_one_waits_for_budget() -> None:
    world = outdated()
    user = world.store.state.hosts[OTHER]
    world.store.state = replace(world.store.state, usage={"2026-12-01": {user: 100}})

    report = world.apply()

    assert (report.steps, live(world)) == ([], {HOST: ["a"], OTHER: ["a"]})


def test_the_old_one_stays_where_the_change_of_the_new_one_fails() -> None:
    world = outdated()
    world.zoom.meet(*[never_arrived(**UPDATE)] * 3)

    report = world.apply()

    assert report.failed == {"a": "apply.unresolved"}
    assert (report.steps, report.deferred, live(world)) == (
        [],
        {"a": (None, OUTDATED)},
        {HOST: ["a"], OTHER: ["a"]},
    )


def test_the_old_one_stays_where_a_found_change_of_the_new_one_is_out_of_date() -> None:
    world = outdated()
    world.zoom.meet(answer_lost(**UPDATE))
    world.on_request = lambda scope: setattr(world, "is_stopping", scope["method"] == "PATCH")
    assert world.apply().failed == {"a": "apply.unresolved"}
    world.is_stopping, world.on_request = False, lambda _scope: None
    world.declare(meeting("a", weekly(topic="a"), host=OTHER))

    report = world.apply()

    assert (report.resolved, report.steps) == ([("a", "adopted")], [])
    assert (report.deferred, live(world)) == ({"a": (None, OUTDATED)}, {HOST: ["a"], OTHER: ["a"]})


def test_a_replace_of_an_earlier_run_that_landed_may_leave_the_old_one() -> None:
    world = interrupted(landed=True, destroy=False)

    report = world.apply()

    assert (report.resolved, report.steps) == ([("a", "adopted")], [])
    assert live(world) == {HOST: ["a"], OTHER: ["a"]}


def test_a_replace_of_an_earlier_run_that_did_not_land_is_sent_again() -> None:
    world = interrupted(landed=False)

    report = world.apply()

    assert (report.resolved, report.steps) == ([("a", "absent")], [("replace", "a"), ("destroy", "a")])


def test_a_replace_that_is_no_longer_declared_is_dropped() -> None:
    """The spec was changed back to the recorded meeting."""
    world = interrupted(landed=False)
    world.declare(topic("a"))
    world.removed = ()

    report = world.apply()

    assert (report.resolved, live(world)) == ([("a", "dropped")], {HOST: ["a"], OTHER: []})
    assert not world.plan().has_work


def test_a_meeting_that_starts_within_the_hour_is_replaced_and_deleted_later() -> None:
    world = to_be_replaced(start_time="2026-12-01T09:40:00Z")

    report = world.apply()
    world.clock.advance(3600 * 2)
    again = world.apply()

    assert (report.steps, report.deferred) == (
        [("replace", "a")],
        {"a": (None, "it runs now or starts within the hour")},
    )
    assert again.steps == [("destroy", "a")]
    assert not world.plan().has_work


def test_a_refused_replace_leaves_the_old_one() -> None:
    world = to_be_replaced()
    world.declare(meeting("a", one_off(topic="a", password="no blanks!"), host=OTHER))

    report = world.apply()

    assert (list(report.failed), live(world)) == (["a"], {HOST: ["a"], OTHER: []})
    assert (world.store.state.retired, dict(world.store.state.intents)) == ((), {})
