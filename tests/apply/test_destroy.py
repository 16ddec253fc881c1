"""A meeting is deleted only by its reviewed line, after one more read; twice does no harm."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from builders import HOST, at, meeting, removed, weekly
from engine_world import World, topic

from reconciler.apply._destroy import is_busy
from reconciler.apply.events import StepDone
from reconciler.sandbox.faults import DELETE, READ, Fault, answer_lost, gateway_page, never_arrived

if TYPE_CHECKING:
    from collections.abc import Mapping

NOW = at("2026-12-01T09:00:00Z")


def to_be_deleted(*declared: Any, destroy: bool = True) -> World:
    """Meetings that are no longer declared and whose ids are named in `removed`."""
    world = World(*declared)
    assert world.apply().status == 0
    world.removed = tuple(removed(key, made, destroy=destroy) for key, made in world.ids().items())
    for each in declared:
        world.undeclare(each.key)
    return world


def test_named_meetings_are_deleted_and_forgotten() -> None:
    world = to_be_deleted(topic("a"), topic("b"))

    report = world.apply()

    assert (report.steps, report.status) == ([("destroy", "a"), ("destroy", "b")], 0)
    assert (world.topics(), world.ids(), world.plan().has_work) == ([], {}, False)
    assert report.result is not None
    assert report.result.summary.destroyed == 2
    assert world.charged() == 2  # the two creates


def test_an_emptied_spec_changes_nothing_in_zoom() -> None:
    world = to_be_deleted(topic("a"), topic("b"))
    world.removed = ()

    report = world.apply()

    assert (report.steps, world.topics(), list(world.ids())) == ([], ["a", "b"], ["a", "b"])


def test_a_forgotten_meeting_stays_in_zoom() -> None:
    world = to_be_deleted(topic("a"), destroy=False)

    report = world.apply()

    assert (report.steps, world.ids(), world.topics()) == ([("forget", "a")], {}, ["a"])
    assert world.asked("DELETE") == []
    (forgotten,) = [event for event in report.events if isinstance(event, StepDone)]
    assert forgotten.next_at is None  # nobody manages its starts any more


def test_a_meeting_that_is_gone_counts_as_deleted() -> None:
    world = to_be_deleted(topic("a"))
    world.zoom.send("DELETE", f"/v2/meetings/{world.ids()['a']}")

    report = world.apply()

    assert (report.steps, report.status, world.ids()) == ([("destroy", "a")], 0, {})


def test_a_meeting_that_goes_between_read_and_deletion_counts_as_deleted() -> None:
    world = to_be_deleted(topic("a"))
    gone = {"code": 3001, "message": "Meeting does not exist."}
    world.zoom.meet(Fault(status=404, body=gone, **DELETE))

    assert (world.apply().steps, world.ids()) == ([("destroy", "a")], {})


@pytest.mark.parametrize("fault", [answer_lost, never_arrived])
def test_an_unknown_outcome_is_tried_again_by_the_next_run(fault: Any) -> None:
    world = to_be_deleted(topic("a"))
    world.zoom.meet(fault(**DELETE))

    report = world.apply()
    again = world.apply()

    assert (report.failed, report.status) == ({"a": "apply.end-unknown"}, 1)
    assert (again.steps, world.topics(), world.plan().has_work) == ([("destroy", "a")], [], False)


def test_a_meeting_that_starts_within_the_hour_is_deferred() -> None:
    """The record says January; somebody moved it to this morning by hand."""
    world = to_be_deleted(topic("a"))
    world.zoom.patch(world.ids()["a"], {"start_time": "2026-12-01T09:30:00Z"})

    report = world.apply()

    assert report.deferred == {"a": (None, "it runs now or starts within the hour")}
    assert report.result is not None
    assert (report.status, report.result.work_left, world.topics()) == (0, True, ["a"])


def test_a_running_meeting_is_deferred_by_the_plan() -> None:
    world = to_be_deleted(topic("a", start_time="2026-12-01T09:30:00Z"))

    report = world.apply()

    assert report.deferred == {
        "a": (None, "it runs now or starts within the hour, so a later apply deletes it")
    }
    assert world.asked("DELETE") == []


def test_a_deletion_that_no_read_confirms_is_not_recorded() -> None:
    """An answer to a deletion names no meeting: it may be one to another request."""
    world = to_be_deleted(topic("a"))
    world.zoom.meet(Fault(status=204, body="", **DELETE))

    report = world.apply()

    assert (report.failed, report.steps, list(world.ids())) == ({"a": "apply.end-unknown"}, [], ["a"])
    assert (world.apply().steps, world.topics(), world.ids()) == ([("destroy", "a")], [], {})


def test_a_refused_deletion_is_reported_and_the_others_go_on() -> None:
    world = to_be_deleted(topic("a"), topic("b"))
    body = {"code": 3018, "message": "A personal meeting id cannot be deleted."}
    world.zoom.meet(Fault(status=400, body=body, **DELETE))

    report = world.apply()

    assert (list(report.failed), report.steps, list(world.ids())) == (["a"], [("destroy", "b")], ["a"])


def test_credentials_that_may_not_delete_meetings_stop_the_run() -> None:
    world = to_be_deleted(topic("a"), topic("b"))
    body = {"code": 4711, "message": "Invalid access token, does not contain scopes:[meeting:delete]."}
    world.zoom.meet(Fault(status=400, body=body, **DELETE))

    report = world.apply()

    assert (list(report.failed), list(report.deferred), report.status) == (["a"], ["b"], 1)


def test_a_daily_limit_that_counts_deletions_defers_them() -> None:
    world = to_be_deleted(topic("a"))
    message = "You have exceeded the daily rate limit of (100) for meeting create/update API requests"
    world.zoom.meet(Fault(status=429, body={"code": 429, "message": message}, **DELETE))

    assert world.apply().deferred == {"a": ("2026-12-02", "Zoom says that the day's requests are used up")}


def test_a_meeting_that_cannot_be_read_is_not_deleted() -> None:
    world = to_be_deleted(topic("a"))
    world.zoom.meet(gateway_page(502, times=0, **READ))

    report = world.apply()

    assert (report.failed, world.topics()) == ({"a": "zoom.unreadable"}, ["a"])
    assert world.asked("DELETE") == []


def test_a_requested_stop_takes_effect_between_read_and_deletion() -> None:
    world = to_be_deleted(topic("a"), topic("b"))
    world.on_answer = lambda scope: setattr(world, "is_stopping", scope["path"].startswith("/v2/meetings"))

    report = world.apply()

    assert report.deferred == dict.fromkeys("ab", (None, "the run ended before its turn"))
    assert world.topics() == ["a", "b"]


def test_a_deletion_is_not_sent_once_the_lock_has_expired() -> None:
    """Each attempt checks the lock: by the second one, another run may hold the state."""
    world = to_be_deleted(topic("a"))
    brief = {"code": 429, "message": "You have reached the maximum per-second rate limit for this API."}
    world.zoom.meet(Fault(status=429, body=brief, headers={"X-RateLimit-Type": "QPS"}, **DELETE))

    def lapse(scope: Mapping[str, Any]) -> None:
        if scope["method"] == "DELETE":
            world.lease.left = lambda: 0.0

    world.on_answer = lapse

    report = world.apply()

    assert (len(world.asked("DELETE")), world.topics()) == (1, ["a"])
    assert (report.deferred, report.steps) == ({"a": (None, "the run ended before its turn")}, [])


def test_a_deletion_that_cannot_be_recorded_is_found_by_the_next_run() -> None:
    world = to_be_deleted(topic("a"))
    world.store.refused = {world.store.writes + 2}

    report = world.apply()
    again = world.apply()

    assert (report.failed, report.status) == ({"a": "state.refused"}, 1)
    assert (again.steps, world.ids()) == ([("destroy", "a")], {})


def test_meetings_of_a_host_that_left_can_still_be_deleted() -> None:
    world = to_be_deleted(topic("a"))
    gone = {"code": 1001, "message": "User does not exist."}
    world.zoom.meet(Fault(status=404, body=gone, method="GET", path="/v2/users/*"))

    assert (world.apply().steps, world.topics()) == ([("destroy", "a")], [])


def test_an_expired_undeclared_meeting_is_forgotten_without_a_report() -> None:
    world = World(topic("a", start_time="2026-12-01T10:00:00Z"), topic("b"))
    world.apply()
    world.undeclare("a")
    world.clock.advance(3 * 3600)
    asked = len(world.account.requests)

    report = world.apply()

    assert (report.events[:-1], list(world.ids()), len(world.account.requests)) == ([], ["b"], asked)


def test_a_meeting_is_busy_from_an_hour_before_its_start_to_its_end() -> None:
    def starts(text: str) -> bool:
        return is_busy({"type": 2, "start_time": text, "duration": 30}, NOW)

    found = {text: starts(f"2026-12-01T{text}:00Z") for text in ("08:30", "08:31", "10:00", "10:01")}

    assert found == {"08:30": False, "08:31": True, "10:00": True, "10:01": False}


@pytest.mark.parametrize(
    ("date", "length", "expected"),
    [
        ({"duration": 61}, 30, True),  # a date's own duration goes before that of its series
        ({"duration": 59}, 90, False),
        ({}, 61, True),
        ({}, 59, False),
        ({"duration": 61, "status": "deleted"}, 61, False),
    ],
)
def test_a_date_of_a_series_is_busy_for_its_own_duration(
    date: dict[str, Any],
    length: int,
    expected: bool,  # noqa: FBT001 - a case
) -> None:
    dates = [{"start_time": "2026-12-01T08:00:00Z", "status": "available", **date}]

    assert is_busy({"type": 8, "duration": length, "occurrences": dates}, NOW) is expected


def test_a_started_meeting_is_busy() -> None:
    assert is_busy({"type": 3, "status": "started"}, NOW)
    assert not is_busy({"type": 3, "status": "waiting"}, NOW)


@pytest.mark.parametrize("start", ["soon", 7, "2026-12-01T10:00:00"])
def test_a_meeting_whose_start_cannot_be_read_is_busy(start: object) -> None:
    assert is_busy({"type": 2, "start_time": start, "timezone": "Middle-earth/Shire"}, NOW)


@pytest.mark.parametrize("times", [{"duration": 10**13}, {"duration": "long"}, {"occurrences": ["soon"]}])
def test_a_meeting_whose_times_cannot_be_computed_is_busy(times: dict[str, Any]) -> None:
    """Nothing is deleted on such an answer, and the run goes on."""
    assert is_busy({"type": 8, "start_time": "2026-12-01T08:00:00Z", **times}, NOW)


def test_a_cancelled_occurrence_is_not_busy() -> None:
    occurrence = {"start_time": "2026-12-01T09:30:00Z", "duration": 30, "status": "available"}
    series = {"type": 8, "start_time": "2026-11-03T09:30:00Z", "duration": 30}

    assert is_busy({**series, "occurrences": [occurrence]}, NOW)
    assert not is_busy({**series, "occurrences": [occurrence | {"status": "deleted"}]}, NOW)


def test_a_series_is_deleted_whole() -> None:
    world = to_be_deleted(meeting("w", weekly()))

    assert (world.apply().steps, world.topics(HOST)) == ([("destroy", "w")], [])
