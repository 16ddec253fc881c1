"""Whole applies: many hosts, failures of every kind, refused writes, stops, rollouts."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest
from builders import HOST, meeting, moved, one_off, weekly
from engine_world import World, is_create, many, topic
from msgspec.structs import replace

from reconciler.apply.events import Noticed, StepDone, StepStarted, Summary
from reconciler.plan.budget import Allowances, Limits
from reconciler.sandbox.faults import CREATE, READ, Fault, answer_lost
from reconciler.state.state import Record, State

if TYPE_CHECKING:
    from collections.abc import Mapping

TODAY, TOMORROW = "2026-12-01", "2026-12-02"
STOPPED = (None, "the run ended before its turn")


def test_missing_meetings_are_created_and_recorded() -> None:
    world = World(topic("a"), meeting("w", weekly()))

    report = world.apply()

    made = {meeting.document["topic"]: meeting for meeting in world.account.meetings_of(HOST)}
    first = made["a"]
    assert world.store.state.meetings == {
        "a": Record(first.id, HOST, first.document["created_at"], one_off(topic="a"), made="created"),
        "w": Record(
            made["Platform weekly"].id,
            HOST,
            made["Platform weekly"].document["created_at"],
            weekly(),
            made="created",
        ),
    }
    assert (world.store.state.intents, world.charged()) == ({}, 2)
    assert report.events[-1] == Summary(world.clock.now(), 2, 0, 0, 0, 0, 0, 0, 0)
    assert (report.status, report.result and report.result.work_left) == (0, False)


def test_a_second_run_has_nothing_to_do() -> None:
    world = World(*many(3))
    world.apply()
    written = world.store.writes

    report = world.apply()

    assert (len(report.events), len(world.asked()), world.store.writes) == (1, 3, written)


def test_each_step_is_reported_at_its_start_and_when_its_record_is_durable() -> None:
    world = World(meeting("w", weekly()))
    recorded: list[bool] = []
    world.on_answer = lambda scope: (
        recorded.append("w" in world.store.state.meetings) if "/v2/meetings/" in scope["path"] else None
    )

    report = world.apply()

    started, done = (event for event in report.events if not isinstance(event, Summary))
    assert isinstance(started, StepStarted)
    assert isinstance(done, StepDone)
    assert (started.key, started.topic, done.id) == ("w", "Platform weekly", world.ids()["w"])
    assert str(done.next_at) == "2027-01-11 09:00:00+00:00"
    assert recorded == [True]


# Hosts


@pytest.mark.no_cover
def test_hosts_work_in_parallel_and_the_writes_of_each_in_order() -> None:
    hosts = [f"h{n:02}@example.com" for n in range(30)]
    world = World(*(declared for host in hosts for declared in many(4, host=host, prefix=host[:3])))
    world.zoom.switch(latency_seconds=0.5)
    writing: Counter[str] = Counter()
    most: list[int] = []

    def arrived(scope: Mapping[str, Any]) -> None:
        if is_create(scope):
            writing[scope["path"]] += 1
            most.append(max(writing.values()))

    def answered(scope: Mapping[str, Any]) -> None:
        if is_create(scope):
            writing[scope["path"]] -= 1

    world.on_request, world.on_answer = arrived, answered
    report = world.apply()

    assert len(report.done) == 120
    assert (world.in_flight_max, max(most)) == (24, 1)
    assert all(world.topics(host) == [f"{host[:3]}{n:03}" for n in range(4)] for host in hosts)


def test_a_host_that_zoom_does_not_know_stops_only_itself() -> None:
    world = World(topic("a", host="typo@example.com"), topic("b"), users=[HOST])

    report = world.apply()

    assert (report.failed, list(report.done), report.status) == ({"a": "zoom.user-unknown"}, ["b"], 1)


def test_a_host_that_goes_meanwhile_stops_only_its_meetings() -> None:
    world = World(topic("a"), topic("b", host="b@example.com"))
    gone = {"code": 1001, "message": f"User does not exist: {HOST}."}
    world.zoom.meet(Fault(method="POST", path=f"/v2/users/{HOST}/meetings", status=404, body=gone))

    report = world.apply()

    assert (report.failed, list(report.done)) == ({"a": "zoom.user-unknown"}, ["b"])
    assert (world.store.state.intents, world.charged()) == ({}, 1)


def test_an_alias_that_means_another_user_now_is_refused_before_any_write() -> None:
    world = World(topic("a", host=HOST.upper()), topic("b", host="b@example.com"))
    world.store.state = State(lineage="l", hosts={HOST: "somebody-else"})
    before = world.store.document

    report = world.apply()

    assert report.failure is not None
    assert report.failure.diagnostic.code == "state.other-user"
    assert (world.asked(), world.store.document) == ([], before)


def test_a_host_by_its_id_is_the_host_by_its_address() -> None:
    """They share one list, one queue and one budget."""
    world = World(topic("a"))
    world.declare(topic("b", host=world.account.provide(HOST).id))
    world.allowances = Allowances(Limits(1, 0), {})

    report = world.apply()

    assert (len(report.done), len(world.topics()), world.charged()) == (1, 1, 1)
    assert len([path for path in world.asked("GET") if path.endswith("/meetings")]) == 1


# Failures


def test_a_refused_body_removes_the_intent_and_the_others_go_on() -> None:
    world = World(topic("a", settings={"auto_recording": "tape"}), topic("b"))

    report = world.apply()

    assert (report.failed, list(report.done), report.status) == ({"a": "zoom.validation"}, ["b"], 1)
    assert (world.store.state.intents, world.charged()) == ({}, 2)  # the charge of what left stays
    assert "settings.auto_recording" in report.diagnostics[0].detail


def test_a_host_that_cannot_be_reached_gets_its_charges_back() -> None:
    """The request never left. The host stops, the others go on."""
    world = World(*many(3), topic("z", host="z@example.com"))
    tried: list[str] = []

    def down(scope: Mapping[str, Any]) -> bool:
        is_down = is_create(scope) and HOST in scope["path"]
        tried.extend([scope["path"]] * is_down)
        return is_down

    world.unreachable = down
    report = world.apply()

    assert len(tried) == 1
    assert report.failed == dict.fromkeys(["m000", "m001", "m002"], "zoom.unreachable")
    assert (list(report.done), world.store.state.intents, world.charged()) == (["z"], {}, 0)
    assert report.status == 1


def test_a_missing_scope_stops_everything() -> None:
    hosts = [f"{name}@example.com" for name in "abc"]
    world = World(*(declared for host in hosts for declared in many(3, host=host, prefix=host[0])))
    no = {"code": 4711, "message": "Invalid access token, does not contain scopes:[meeting:write:meeting]."}
    world.zoom.meet(Fault(**CREATE, status=400, body=no, times=0))

    report = world.apply()

    assert report.result is not None
    assert report.result.failure is not None
    assert (report.result.failure.diagnostic.code, report.status) == ("zoom.scopes", 1)
    assert len(world.asked()) <= 3
    assert len(report.failed) + len(report.deferred) == 9
    assert set(report.deferred.values()) == {STOPPED}
    assert (world.store.state.intents, world.topics()) == ({}, [])


def test_a_missing_scope_to_read_users_stops_everything() -> None:
    world = World(topic("a"), topic("b", host="b@example.com"))
    no = {"code": 4711, "message": "Invalid access token, does not contain scopes:[user:read:user]."}
    world.zoom.meet(Fault(method="GET", path=f"/v2/users/{HOST}", status=400, body=no))

    report = world.apply()

    assert (report.failed, report.deferred, report.status) == ({"a": "zoom.scopes"}, {"b": STOPPED}, 1)


def test_a_missing_scope_to_list_stops_everything() -> None:
    world = World(topic("a"))
    no = {"code": 4711, "message": "Invalid access token, does not contain scopes:[meeting:read:list]."}
    world.zoom.meet(Fault(method="GET", path="/v2/users/*/meetings", status=400, body=no))

    report = world.apply()

    assert (report.failed, world.asked()) == ({"a": "zoom.scopes"}, [])
    assert report.result is not None
    assert report.result.failure is not None


# The store


def test_a_refused_first_write_sends_nothing() -> None:
    world = World(topic("a"))
    world.store.refused = {1}

    report = world.apply()

    assert report.failure is not None
    assert (report.failure.diagnostic.code, world.asked()) == ("state.refused", [])


def test_a_refused_intent_is_not_sent_and_stops_everything() -> None:
    world = World(*many(3), topic("z", host="z@example.com"))
    world.store.refused = {2}

    report = world.apply()

    assert (world.asked(), report.done, report.status) == ([], {}, 1)
    assert set(report.deferred.values()) == {STOPPED}
    assert report.result is not None
    assert report.result.failure is not None
    assert report.result.failure.diagnostic.code == "state.refused"


@pytest.mark.parametrize("lose", [False, True], ids=["refused", "answer lost"])
def test_an_unrecorded_meeting_is_reported_and_adopted_by_the_next_run(lose: bool) -> None:  # noqa: FBT001 - a parameter
    world = World(*many(3))
    (world.store.answer_lost if lose else world.store.refused).add(3)

    report = world.apply()

    (first, *others) = world.account.meetings_of(HOST)
    assert report.failed["m000"] == "apply.unrecorded"
    assert f"m000 was created: it is meeting {first.id} in Zoom." in report.text_of("apply.unrecorded")
    assert (others, report.status) == ([], 1)

    again = world.apply()

    assert (("m000", "adopted") in again.resolved) is not lose
    assert (world.topics(), world.ids()["m000"]) == (["m000", "m001", "m002"], first.id)
    assert (again.status, world.store.state.intents) == (0, {})


def test_a_read_back_that_cannot_be_recorded_does_not_make_its_meeting_unrecorded() -> None:
    world = World(topic("a", settings={"waiting_room": False}), waiting_room_forced=True)
    world.store.refused = {4}

    report = world.apply()

    assert list(report.done) == list(world.ids()) == ["a"]
    assert report.notes["a"] == ("Zoom set settings.waiting_room to true (sent: false)",)


# What Zoom changed by itself


def test_a_value_that_zoom_changed_is_reported_and_kept() -> None:
    world = World(topic("a", settings={"waiting_room": False}), waiting_room_forced=True)

    report = world.apply()

    assert report.notes == {"a": ("Zoom set settings.waiting_room to true (sent: false)",)}
    assert world.store.state.meetings["a"].observed == {"settings.waiting_room": True}
    assert world.plan().has_work is False


def test_a_read_back_that_fails_is_a_note() -> None:
    world = World(topic("a"))
    world.zoom.meet(Fault(**READ, status=500, times=4))

    report = world.apply()

    assert "could not be read back" in report.notes["a"][0]
    assert (report.status, list(world.ids())) == (0, ["a"])


def test_a_passcode_that_zoom_changed_is_not_shown() -> None:
    world = World(topic("a", password="Lift-off_7"))

    def change(scope: Mapping[str, Any]) -> None:
        if is_create(scope):
            (made,) = world.account.all_meetings_ever
            body = {"id": made.id, "topic": "a", "password": "seen-7"}
            world.zoom.meet(Fault(**READ, status=200, body=body))

    world.on_answer = change

    report = world.apply()

    assert "Zoom stored another password than was sent" in report.notes["a"]
    assert world.store.document is not None
    assert b"seen-7" not in world.store.document
    assert b"Lift-off_7" not in world.store.document
    assert "seen-7" not in repr(report.events)


# A stop


def test_a_stop_finishes_the_request_in_flight_and_takes_the_rest_back() -> None:
    hosts = [f"{name}@example.com" for name in "abc"]
    world = World(*(declared for host in hosts for declared in many(12, host=host, prefix=host[0])))
    stopped: list[int] = []

    def stop(scope: Mapping[str, Any]) -> None:
        if is_create(scope) and len(world.seen) == 5:
            world.is_stopping = True
            stopped.append(world.in_flight_max)

    world.on_request = stop
    report = world.apply()

    made = sum(len(world.topics(host)) for host in hosts)
    assert len(world.ids()) == len(report.done) == made
    assert len(report.deferred) == 36 - made
    assert set(report.deferred.values()) == {STOPPED}
    assert world.store.state.intents == {}
    assert [world.charged(host) for host in hosts] == [len(world.topics(host)) for host in hosts]
    assert report.status == 130
    assert world.apply().status == 130
    world.is_stopping = False
    assert world.apply().status == 0
    assert [len(world.topics(host)) for host in hosts] == [12, 12, 12]


# Budget over days


@pytest.mark.no_cover
def test_a_rollout_over_three_days_comes_true() -> None:
    """Ninety a day without the reserve: the plan of day one comes true."""
    world = World(*many(240))
    promised = Counter(step.day for step in world.plan().steps)

    for _ in range(3):
        assert world.apply().failed == {}
        world.clock.advance(24 * 3600)

    assert world.used() == promised == {"2026-12-01": 90, "2026-12-02": 90, "2026-12-03": 60}
    assert sorted(world.topics()) == sorted(world.declared)
    assert (len(world.ids()), world.plan().has_work) == (240, False)


def test_a_deferred_step_is_reported_with_its_day() -> None:
    world = World(*many(91))

    report = world.apply()

    assert report.deferred == {"m090": (TOMORROW, "its turn is on a later day")}
    assert (report.status, report.result and report.result.work_left) == (0, True)


def test_a_lost_answer_is_only_a_warning() -> None:
    world = World(topic("a"))
    world.zoom.meet(answer_lost(**CREATE))

    report = world.apply()

    (noticed,) = (event for event in report.events if isinstance(event, Noticed))
    assert (noticed.diagnostic.code, noticed.diagnostic.severity) == ("apply.settling", "warning")


def test_a_bug_ends_the_run_without_a_hang() -> None:
    world = World(topic("a"), topic("b", host="b@example.com"))

    def break_down() -> None:
        if world.store.writes == 1:
            raise ZeroDivisionError

    world.store.before_write = break_down

    with pytest.raises(BaseExceptionGroup) as caught:
        world.apply(dies_after_turns=5000)
    assert caught.group_contains(ZeroDivisionError)


def test_an_early_stop_still_records_moves() -> None:
    """Found by the simulator: a renamed intent was looked up by a key that was not recorded yet."""
    world = World(topic("a"))
    world.zoom.meet(answer_lost(**CREATE))
    world.on_request = lambda scope: setattr(world, "is_stopping", is_create(scope))
    world.apply()
    world.on_request = lambda _scope: None
    world.undeclare("a")
    world.declare(meeting("b", world.store.state.intents["a"].attributes))
    world.moved = (moved("a", "b"),)

    report = world.apply()

    assert (report.failed, report.status) == ({"b": "apply.unresolved"}, 130)
    assert list(world.store.state.intents) == ["b"]


@pytest.mark.parametrize("is_renamed", [True, False])
def test_an_alias_that_only_the_state_knows_is_asked_for_before_any_write(is_renamed: bool) -> None:  # noqa: FBT001 - a case
    """A name that is nobody's now is an old address; one of another user is refused."""
    alias = "old@example.com"
    world = World(topic("a"), users=[HOST] if is_renamed else [HOST, alias])
    world.apply()
    user_id, state = world.account.provide(HOST).id, world.store.state
    record = replace(state.meetings["a"], host=alias)
    hosts = {HOST: user_id, alias: user_id}
    world.store.state = replace(state, meetings={"a": record}, hosts=hosts)
    world.declare(replace(topic("a"), attributes={**topic("a").attributes, "duration": 45}))
    before = world.store.document

    warned = [(each.code, each.key) for each in world.plan().diagnostics]
    report = world.apply()

    assert warned == [("plan.alias", "a")]
    if is_renamed:
        assert (report.status, world.asked("PATCH") != []) == (0, True)
    else:
        assert report.failure is not None
        assert report.failure.diagnostic.code == "state.other-user"
        assert (world.asked("PATCH"), world.store.document) == ([], before)
