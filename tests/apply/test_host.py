"""A lost request is looked up after settling, then adopted, sent once more, or left to a person."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest
from builders import HOST, at, intent, meeting, one_off, record, weekly
from engine_world import World, is_create, many, topic
from msgspec.structs import replace

from reconciler.plan.budget import Allowances, Limits
from reconciler.plan.plan import Options
from reconciler.sandbox.faults import (
    CREATE,
    LIST,
    READ,
    Fault,
    answer_lost,
    empty_201,
    gateway_page,
    never_arrived,
    redirect,
    refused_with_200,
    truncated,
)
from reconciler.state.state import Attempt, State, used

if TYPE_CHECKING:
    from collections.abc import Mapping

    from engine_world import ApplyReport

    from reconciler.meeting.meeting import Meeting

TODAY, TOMORROW = "2026-12-01", "2026-12-02"
BOSS = "boss@example.com"


def lost(world: World, *faults: Fault) -> World:
    """The world after a run that stopped right after its creates met these faults."""
    world.zoom.meet(*(faults or (answer_lost(**CREATE),)))
    stop_after_create(world)
    world.apply()
    world.on_request, world.is_stopping = (lambda _scope: None), False
    assert world.store.state.intents
    return world


def stop_after_create(world: World) -> None:
    def stop(scope: Mapping[str, Any]) -> None:
        world.is_stopping = world.is_stopping or is_create(scope)

    world.on_request = stop


def by_hand(world: World, *bodies: dict[str, Any], host: str = HOST) -> list[int]:
    """Create meetings by hand in Zoom; their ids."""
    return [world.zoom.create(body, host)["id"] for body in bodies]


# In the run that lost the answer


COMMITTED = {
    "the answer is lost": answer_lost(**CREATE),
    "a gateway's page after the deed": gateway_page(504, commit=True, **CREATE),
    "an answer cut short": truncated(**CREATE),
    "an empty 201": empty_201(**CREATE),
    "a 201 without an id": Fault(**CREATE, status=201, body={"topic": "a"}, commit=True),
}


@pytest.mark.parametrize("fault", COMMITTED.values(), ids=COMMITTED.keys())
def test_a_create_that_landed_is_adopted_and_not_sent_again(fault: Fault) -> None:
    world = World(topic("a"), topic("b"))
    world.zoom.meet(fault)

    report = world.apply()

    assert (world.topics(), sorted(world.ids())) == (["a", "b"], ["a", "b"])
    assert (report.resolved, list(report.done), report.failed) == ([("a", "adopted")], ["b"], {})
    assert (len(world.asked()), world.charged(), report.status) == (2, 2, 0)
    assert world.store.state.intents == {}


def test_an_unsent_create_adopts_nothing() -> None:
    """Two keys look the same: the one that was sent is adopted, the other is created."""
    world = World(*(meeting(key, one_off(topic="same")) for key in ("x", "y")))
    world.zoom.meet(answer_lost(**CREATE))

    report = world.apply()

    assert (report.resolved, list(report.done), report.status) == ([("x", "adopted")], ["y"], 0)
    assert world.topics() == ["same", "same"]


NOTHING_DONE = {
    "it never arrived": never_arrived(**CREATE),
    "a gateway's page": gateway_page(**CREATE),
    "a redirect": redirect(**CREATE),
    "a yes that means no": refused_with_200(**CREATE),
    "a 408": Fault(**CREATE, status=408, body={"code": 300, "message": "Timeout"}),
    "a 499": Fault(**CREATE, status=499, body={"code": 300, "message": "Gone"}),
    "a 400 of a gateway": gateway_page(400, **CREATE),
}


@pytest.mark.parametrize("fault", NOTHING_DONE.values(), ids=NOTHING_DONE.keys())
def test_a_create_that_did_not_land_is_sent_once_more(fault: Fault) -> None:
    world = World(topic("a"), topic("b"))
    world.zoom.meet(fault)

    report = world.apply()

    assert (sorted(world.topics()), sorted(world.ids())) == (["a", "b"], ["a", "b"])
    assert (report.resolved, sorted(report.done), report.failed) == ([("a", "absent")], ["a", "b"], {})
    assert (len(world.asked()), world.charged(), report.status) == (3, 3, 0)


def test_a_second_attempt_keeps_the_instant_and_the_body_of_the_first() -> None:
    world = World(meeting("w", weekly(start_time="2026-12-01T10:00:00", timezone="UTC", recurrence=RULE)))
    world.zoom.meet(never_arrived(**CREATE))
    world.on_request = lambda scope: world.clock.advance(7200) if is_create(scope) else None

    world.apply()

    first, second = (seen.state.intents["w"] for seen in world.seen)
    assert second.first_begun_at == first.first_begun_at
    assert (second.begun_at > first.begun_at, second.owner) == (True, "run-2")
    assert [(attempt.start_time, attempt.end_times) for attempt in second.sent] == [
        ("2026-12-01T10:00:00", 5),
        ("2026-12-08T10:00:00", 4),
    ]


RULE = {"type": 2, "repeat_interval": 1, "weekly_days": "3", "end_times": 5}


def test_nothing_of_the_host_is_sent_before_the_lost_request_has_settled() -> None:
    """Twice the timeout and 30 s, from the end of the attempt; other hosts go on."""
    world = World(topic("a"), topic("b"), topic("c", host="c@example.com"))
    world.zoom.meet(gateway_page(method="POST", path=f"/v2/users/{HOST}/meetings"))
    arrived: list[tuple[str, str, float]] = []
    world.on_request = lambda scope: arrived.append((scope["method"], scope["path"], world.clock.monotonic()))

    world.apply()

    own = [
        request
        for request in arrived
        if request[1].endswith(f"/{HOST}/meetings") or "/meetings/" in request[1]
    ]
    lost_at = next(when for method, path, when in arrived if method == "POST" and HOST in path)
    after = [
        (method, when - lost_at >= 90.0) for method, path, when in own if when > lost_at and HOST in path
    ]
    assert after == [("GET", True), ("POST", True), ("POST", True), ("GET", True)]
    other = [when - lost_at for method, path, when in arrived if method == "POST" and "c@" in path]
    assert max(other) < 1.0


def test_a_request_is_repeated_once_a_run_at_most() -> None:
    world = World(topic("a"), topic("b"))
    world.zoom.meet(gateway_page(**CREATE), gateway_page(**CREATE, nth=3))

    report = world.apply()

    assert [seen.body["topic"] for seen in world.seen] == ["a", "b", "a"]
    assert (world.topics(), report.failed, report.status) == (["b"], {"a": "apply.unresolved"}, 1)
    assert len(world.store.state.intents["a"].sent) == 2


def test_a_repeated_request_is_looked_up_before_anything_else_is_sent() -> None:
    world = World(topic("a", start_time="2027-01-13T15:00:00Z"), *many(8))
    world.zoom.meet(never_arrived(**CREATE), answer_lost(**CREATE, nth=9))

    report = world.apply()

    assert [seen.body["topic"] for seen in world.seen[7:]] == ["m006", "a", "m007"]
    assert (world.seen[9].at - world.seen[8].at).total_seconds() >= 90.0
    assert report.resolved == [("a", "absent"), ("a", "adopted")]
    assert (len(world.topics()), len(world.ids()), report.status) == (9, 9, 0)


def test_a_late_landing_is_reported_and_not_recorded() -> None:
    """It landed later than the settling time: the answered one is recorded, a person deletes the other."""
    world = World(topic("a"), topic("b"))
    world.land_late(91.0)
    wait_before_second_create(world, 10)

    report = world.apply()

    first, second = (
        meeting.id for meeting in world.account.meetings_of(HOST) if meeting.document["topic"] == "a"
    )
    answered = report.done["a"]
    assert (world.ids()["a"], report.status) == (answered, 5)
    assert str(({first, second} - {answered}).pop()) in report.text_of("apply.landed-late")
    assert world.topics().count("b") == 1


def wait_before_second_create(world: World, seconds: float) -> None:
    """The first create lands just before the second one is carried out."""

    def wait(scope: Mapping[str, Any]) -> None:
        if is_create(scope) and len(world.seen) == 1:
            world.clock.advance(seconds)

    world.on_request = wait


def test_a_late_landing_in_another_users_list_is_reported_too() -> None:
    world = World(topic("a", schedule_for=BOSS))
    world.land_late(91.0)
    wait_before_second_create(world, 10)

    report = world.apply()

    assert (len(world.topics(BOSS)), report.status) == (2, 5)


def test_a_late_landing_of_an_older_declaration_is_reported_too() -> None:
    """The spec was changed between the two attempts."""
    world = World(topic("a"))
    world.land_late(500.0)
    stop_after_create(world)
    world.apply()
    world.on_request, world.is_stopping = (lambda _scope: None), False
    world.declare(meeting("a", one_off(topic="b")))
    world.on_request = lambda scope: world.clock.advance(600) if is_create(scope) else None

    report = world.apply()

    assert (sorted(world.topics()), report.status) == (["a", "b"], 5)
    assert list(report.done) == ["a"]


def test_a_list_that_fails_after_the_second_attempt_stops_nothing() -> None:
    world = World(topic("a"), topic("b"))
    world.zoom.meet(gateway_page(**CREATE), Fault(**LIST, nth=3, times=4, status=500))

    report = world.apply()

    assert (sorted(report.done), report.failed, report.status) == (["a", "b"], {}, 0)
    assert f"Check in Zoom whether {HOST} has the meeting twice." in report.text_of("apply.not-looked-again")


def test_a_stop_while_settling_leaves_the_intent() -> None:
    world = World(topic("a"), topic("b"))
    world.zoom.meet(answer_lost(**CREATE))
    stop_after_create(world)

    report = world.apply()

    assert (report.failed, sorted(report.deferred)) == ({"a": "apply.unresolved"}, ["b"])
    assert (list(world.store.state.intents), world.charged(), report.status) == (["a"], 1, 130)
    assert world.clock.monotonic() < 2.0


# In a later run


def test_a_later_run_settles_from_its_own_first_write_and_adopts() -> None:
    world = lost(World(topic("a"), topic("b")))
    world.clock.advance(3600)
    began = world.clock.monotonic()
    listed_at: list[float] = []
    world.on_request = lambda scope: (
        listed_at.append(world.clock.monotonic()) if scope["path"].endswith(f"{HOST}/meetings") else None
    )

    report = world.apply()

    assert listed_at[0] - began >= 90.0
    assert (world.topics(), report.resolved, list(report.done)) == (["a", "b"], [("a", "adopted")], ["b"])
    assert (world.store.state.intents, report.status) == ({}, 0)
    made = next(meeting for meeting in world.account.meetings_of(HOST) if meeting.document["topic"] == "a")
    adopted = world.store.state.meetings["a"]
    assert (adopted.id, adopted.created_at, adopted.observed) == (made.id, made.document["created_at"], {})
    assert world.plan().has_work is False


def test_a_later_run_sends_an_absent_create_once_more() -> None:
    world = lost(World(topic("a")), never_arrived(**CREATE))
    first = world.store.state.intents["a"]

    report = world.apply()

    assert (world.topics(), report.resolved) == (["a"], [("a", "absent")])
    (_, again) = world.seen
    assert again.state.intents["a"].first_begun_at == first.first_begun_at
    assert len(again.state.intents["a"].sent) == 2


def test_an_adopted_meeting_is_compared_with_the_spec() -> None:
    world = lost(World(topic("a")))
    world.declare(topic("a", duration=90))

    report = world.apply()

    assert (report.resolved, world.store.state.meetings["a"].attributes["duration"]) == (
        [("a", "adopted")],
        60,
    )
    assert "The next plan shows" in report.text_of("apply.differs")


def test_an_adopted_meeting_of_a_changed_host_is_reported() -> None:
    world = lost(World(topic("a")))
    world.declare(topic("a", host=BOSS))

    report = world.apply()

    assert (report.resolved, world.store.state.meetings["a"].host) == ([("a", "adopted")], HOST)
    assert "The next plan shows" in report.text_of("apply.differs")


def test_an_absent_undeclared_create_is_dropped() -> None:
    world = lost(World(topic("a")), never_arrived(**CREATE))
    world.undeclare("a")

    report = world.apply()

    assert (report.resolved, world.topics(), world.store.state.intents) == ([("a", "dropped")], [], {})
    assert (len(world.asked()), report.status) == (1, 0)


def test_an_existing_undeclared_meeting_is_recorded() -> None:
    world = lost(World(topic("a")))
    world.undeclare("a")

    report = world.apply()

    assert (report.resolved, list(world.ids())) == ([("a", "adopted")], ["a"])


def test_an_absent_create_whose_start_passed_is_dropped() -> None:
    world = lost(World(topic("a", start_time="2026-12-01T10:00:00Z")), never_arrived(**CREATE))
    world.clock.advance(2 * 3600)

    report = world.apply()

    assert (report.resolved, world.topics(), world.store.state.intents) == ([("a", "dropped")], [], {})


def test_an_absent_create_whose_host_was_changed_is_dropped() -> None:
    world = lost(World(topic("a")), never_arrived(**CREATE))
    world.declare(topic("a", host=BOSS))

    report = world.apply()

    assert (report.resolved, world.store.state.intents) == ([("a", "dropped")], {})
    assert world.apply().done.keys() == {"a"}
    assert (world.topics(), world.topics(BOSS)) == ([], ["a"])


def test_another_alias_of_the_same_host_is_the_same_host() -> None:
    world = lost(World(topic("a")), never_arrived(**CREATE))
    world.declare(topic("a", host=world.account.provide(HOST).id))

    report = world.apply()

    assert (report.resolved, list(report.done)) == ([("a", "absent")], ["a"])


def test_an_unknown_meeting_within_the_window_needs_a_person() -> None:
    world = lost(World(topic("a"), topic("c", host="c@example.com")), never_arrived(**CREATE))
    (other,) = by_hand(world, one_off(topic="by hand", start_time="2027-02-01T09:00:00Z"))
    world.declare(topic("b"))

    report = world.apply()

    assert (report.resolved, report.status) == ([("a", "unclear")], 5)
    said = report.text_of("apply.unclear")
    assert f"imports: [{{id: {other}, to: a}}]" in said
    assert "reconciler state rm a" in said
    assert list(world.store.state.intents) == ["a"]
    assert sorted(world.ids()) == ["b", "c"]  # the host's other keys go on, and the other hosts
    assert world.apply().status == 5


def test_a_meeting_from_before_the_window_is_no_candidate() -> None:
    world = World(topic("a"))
    by_hand(world, one_off(topic="by hand", start_time="2027-02-01T09:00:00Z"))
    world.clock.advance(5 * 60 + 2)

    report = lost(world, never_arrived(**CREATE)).apply()

    assert (report.resolved, list(report.done)) == ([("a", "absent")], ["a"])


def test_a_meeting_from_within_the_skew_is_a_candidate() -> None:
    world = World(topic("a"))
    by_hand(world, one_off(topic="by hand", start_time="2027-02-01T09:00:00Z"))
    world.clock.advance(5 * 60 - 2)

    assert lost(world, never_arrived(**CREATE)).apply().resolved == [("a", "unclear")]


def interrupted(*keys: str, **fields: Any) -> State:
    """A state with creates that a run before this one began, all at 09:00."""
    begun: dict[str, Any] = {"first_begun_at": "2026-12-01T09:00:00Z", "begun_at": "2026-12-01T09:00:00Z"}
    intents = {key: intent(one_off(topic=fields.pop(key, key)), **begun) for key in keys}
    return State(lineage="l", serial=1, intents=intents)


def test_interchangeable_requests_are_adopted_in_the_order_of_their_keys() -> None:
    world = World(*(meeting(key, one_off(topic="same")) for key in ("x", "y")))
    first, second = by_hand(world, one_off(topic="same"), one_off(topic="same"))
    world.store.state = interrupted("x", "y", x="same", y="same")

    report = world.apply()

    assert report.resolved == [("x", "adopted"), ("y", "adopted")]
    made = {meeting.id: meeting.document["created_at"] for meeting in world.account.meetings_of(HOST)}
    assert world.ids() == dict(zip("xy", sorted((first, second), key=lambda n: (made[n], n)), strict=True))


def test_fewer_meetings_than_interchangeable_requests_need_a_person() -> None:
    world = World(*(meeting(key, one_off(topic="same")) for key in ("x", "y")))
    by_hand(world, one_off(topic="same"))
    world.store.state = interrupted("x", "y", x="same", y="same")

    assert world.apply().resolved == [("x", "unclear"), ("y", "unclear")]
    assert world.topics() == ["same"]


def test_requests_are_looked_up_together_whatever_is_targeted() -> None:
    """Alone, `a` would find the meeting of `b` and need a person."""
    world = World(topic("a"), topic("b"))
    by_hand(world, one_off(topic="b"))
    world.store.state = interrupted("a", "b")
    world.options = Options(targets=("a",))

    report = world.apply()

    assert (report.resolved, list(report.done)) == ([("a", "absent")], ["a"])
    assert (list(world.store.state.intents), world.topics()) == (["b"], ["b", "a"])
    world.options = Options()
    assert world.apply().resolved == [("b", "adopted")]


def test_a_request_is_looked_up_although_the_hosts_day_is_spent() -> None:
    """A look-up costs nothing, and nothing else may be sent before it."""
    world = lost(World(topic("a")))
    user = world.store.state.hosts[HOST]
    world.store.state = replace(world.store.state, usage={TODAY: {user: 95}})
    world.declare(topic("soon", start_time="2026-12-02T10:00:00Z"))

    report = world.apply()

    assert (report.resolved, list(report.done), report.deferred) == ([("a", "adopted")], ["soon"], {})


def test_an_absent_request_waits_for_a_day_with_budget_as_an_intent() -> None:
    world = lost(World(topic("a")), never_arrived(**CREATE))
    before = world.store.state.intents
    world.allowances = Allowances(Limits(1, 0), {})

    report = world.apply()

    assert (report.resolved, list(report.deferred)) == ([("a", "absent")], ["a"])
    assert (world.store.state.intents, world.charged()) == (before, 1)
    world.clock.advance(24 * 3600)
    assert list(world.apply().done) == ["a"]


def test_an_absent_request_that_is_taken_back_keeps_its_first_attempt() -> None:
    """A second attempt began and the run was stopped: the first attempt is not forgotten."""
    world = lost(World(topic("z"), *many(2)), never_arrived(**CREATE))
    (key,) = world.store.state.intents
    before = world.store.state.intents[key]
    soon = topic("soon", start_time="2026-12-02T10:00:00Z")
    world.declare(soon)
    stop_after_create(world)

    report = world.apply()

    assert (list(report.done), report.resolved) == (["soon"], [(key, "absent")])
    assert world.store.state.intents == {key: before}
    assert world.charged() == 2


PARTIAL = {
    "the list fails": Fault(**LIST, times=4, status=500),
    "the list is hidden": Fault(**LIST, status=403, body={"code": 2306, "message": "Not allowed."}),
    "a page is no page": Fault(**LIST, times=4, status=200, body={"meetings": "none"}),
    "the candidate cannot be read": Fault(**READ, times=4, status=500),
}


@pytest.mark.parametrize("fault", PARTIAL.values(), ids=PARTIAL.keys())
def test_an_incomplete_list_does_not_prove_absence(fault: Fault) -> None:
    world = lost(World(topic("a"), topic("c", host="c@example.com")))
    world.undeclare("c")
    world.zoom.meet(fault)

    report = world.apply()

    assert (report.failed, report.resolved, report.status) == ({"a": "apply.unresolved"}, [], 1)
    assert (world.topics(), list(world.store.state.intents)) == (["a"], ["a"])
    assert world.apply().resolved == [("a", "adopted")]


@pytest.mark.parametrize(("begun_for", "declared_for"), [("ann", "zoe"), ("zoe", "ann")])
def test_a_create_that_did_not_happen_is_not_sent_again_for_another_host(
    begun_for: str, declared_for: str
) -> None:
    """The plan of the next run has a create for the host that is declared now."""
    world = lost(World(topic("a", host=f"{begun_for}@example.com")), never_arrived(**CREATE))
    world.declare(topic("a", host=f"{declared_for}@example.com"))

    report = world.apply()

    assert (report.resolved, report.steps, world.store.state.intents) == ([("a", "dropped")], [], {})
    assert world.apply().steps == [("create", "a")]
    assert [len(world.topics(f"{name}@example.com")) for name in (begun_for, declared_for)] == [0, 1]


def test_what_cannot_be_looked_up_is_reported_with_the_reason() -> None:
    world = lost(World(topic("a")))
    world.unreachable = lambda scope: scope["method"] == "GET" and scope["path"].endswith("/meetings")

    report = world.apply()

    assert (report.failed, list(world.store.state.intents)) == ({"a": "apply.unresolved"}, ["a"])
    said = report.text_of("apply.unresolved")
    assert said.startswith("a may or may not exist in Zoom. Zoom could not be reached.")


def test_a_run_that_must_stop_reads_no_list_for_its_creates() -> None:
    world = World(topic("a"))
    world.on_answer = lambda scope: setattr(world, "is_stopping", "/users/" in scope["path"])

    report = world.apply()

    assert (report.deferred, report.status) == ({"a": (None, "the run ended before its turn")}, 130)
    assert [path for path in world.asked("GET") if path.endswith("/meetings")] == []


def test_what_was_done_before_the_connection_was_lost_is_reported_with_what_zoom_changed() -> None:
    """The read-back of the first one is under way when the second one cannot leave."""
    world = World(topic("a"), topic("b", start_time="2027-02-01T15:00:00Z"))
    world.unreachable = lambda scope: is_create(scope) and len(world.seen) == 1

    report = world.apply()

    assert (report.steps, report.failed) == ([("create", "a")], {"b": "zoom.unreachable"})
    assert [type(event).__name__ for event in report.events][-1] == "Summary"


def test_a_failed_page_does_not_prove_absence() -> None:
    world = World(topic("a"), page_size_max=1)
    by_hand(world, *(one_off(topic=f"old {n}", start_time=f"2027-03-0{n}T09:00:00Z") for n in range(1, 4)))
    world.clock.advance(3600)
    lost(world)
    world.zoom.meet(Fault(**LIST, nth=3, times=4, status=500))

    assert world.apply().failed == {"a": "apply.unresolved"}
    assert (world.topics().count("a"), world.apply().resolved) == (1, [("a", "adopted")])


def test_a_listed_meeting_that_cannot_be_read_does_not_prove_absence() -> None:
    """A read lags behind the list: nothing confirms the meeting, and nothing rules it out."""
    world = lost(World(topic("a")))
    world.zoom.meet(Fault(**READ, status=404, body={"code": 3001, "message": "Meeting does not exist."}))

    assert world.apply().resolved == [("a", "unclear")]
    assert (world.topics(), world.apply().resolved) == (["a"], [("a", "adopted")])


def test_a_request_for_another_user_is_looked_up_in_that_users_list() -> None:
    world = lost(World(topic("a", schedule_for=BOSS)))

    report = world.apply()

    assert (world.topics(BOSS), report.resolved, report.status) == (["a"], [("a", "adopted")], 0)


def begun_by_two(a: Meeting, b: Meeting) -> World:
    """The creates of two hosts were interrupted; both show in the list of the second one."""
    world = World(a, b)
    begun = {each.key: intent(each.attributes, host=each.host) for each in (a, b)}
    world.store.state = State(lineage="lineage-1", serial=1, intents=begun)
    return world


def test_a_meeting_of_another_hosts_lost_request_blocks_nothing() -> None:
    """It has no record yet, since its own host cannot be listed, but its request is known."""
    world = begun_by_two(topic("a", schedule_for=BOSS), topic("b", host=BOSS))
    by_hand(world, one_off(topic="a", schedule_for=BOSS))
    world.zoom.meet(Fault(method="GET", path=f"/v2/users/{HOST}/meetings", times=4, status=500))

    report = world.apply()

    assert (report.failed, report.resolved, list(report.done)) == (
        {"a": "apply.unresolved"},
        [("b", "absent")],
        ["b"],
    )
    assert (world.apply().resolved, world.topics(BOSS)) == ([("a", "adopted")], ["a", "b"])


def test_a_meeting_that_two_hosts_requests_match_needs_a_person() -> None:
    """If one request adopted it, the other one might create a duplicate."""
    same = one_off(topic="same")
    world = begun_by_two(meeting("a", {**same, "schedule_for": BOSS}), meeting("b", same, host=BOSS))
    by_hand(world, {**same, "schedule_for": BOSS})

    report = world.apply()

    assert (sorted(report.resolved), report.status) == ([("a", "unclear"), ("b", "unclear")], 5)
    assert world.topics(BOSS) == ["same"]


def test_another_users_failed_list_stops_only_its_meetings() -> None:
    world = lost(World(topic("a", schedule_for=BOSS), topic("b")))
    world.zoom.meet(Fault(method="GET", path=f"/v2/users/{BOSS}/meetings", times=4, status=500))

    report = world.apply()

    assert (report.failed, list(report.done)) == ({"a": "apply.unresolved"}, ["b"])
    assert world.apply().resolved == [("a", "adopted")]


def test_a_series_that_was_sent_from_its_next_occurrence_is_found_again() -> None:
    running = meeting("w", weekly(start_time="2026-11-23T10:00:00"))

    report = lost(World(running)).apply()

    assert report.resolved == [("w", "adopted")]


def test_an_absent_create_that_would_be_withheld_now_is_dropped() -> None:
    """It looks like an older meeting under a new key: sending it again would create a duplicate."""
    world = World(topic("new"))
    same = one_off(topic="new")
    world.store.state = replace(interrupted("new"), meetings={"old": record(attributes=same)})

    report = world.apply()

    assert (report.resolved, world.topics(), dict(world.store.state.intents)) == (
        [("new", "dropped")],
        [],
        {},
    )


# Passcodes


def with_passcode(key: str) -> Meeting:
    return meeting(key, one_off(topic=key, password={"env": f"{key.upper()}_PASSCODE", "version": 1}))


def test_a_missing_or_unfit_passcode_stops_only_its_meeting() -> None:
    world = World(with_passcode("a"), with_passcode("b"), with_passcode("c"), topic("d"))
    world.passcodes = {"B_PASSCODE": "no blanks!", "C_PASSCODE": "Lift-off_7"}

    report = world.apply()

    assert report.failed == {"a": "passcode.missing", "b": "passcode.unfit"}
    assert (sorted(report.done), world.charged(), report.status) == (["c", "d"], 2, 1)
    assert next(seen.body["password"] for seen in world.seen if "password" in seen.body) == "Lift-off_7"
    assert b"Lift-off_7" not in (world.store.document or b"")
    assert "no blanks!" not in repr(report.events)
    assert "Lift-off_7" not in repr(report.events)


@pytest.mark.parametrize(
    ("value", "problem"),
    [
        ("Lift-off_7\n", "It begins or ends with a space or a line end."),
        ("Lift-off_7890", "It has 13 characters; Zoom takes at most 10."),
        ("Lift off", "It holds characters other than letters, digits and `@ - _ *`."),
    ],
)
def test_an_unfit_passcode_is_described_and_not_shown(value: str, problem: str) -> None:
    """A secret that was pasted with its line end looks right wherever it is shown."""
    world = World(with_passcode("a"))
    world.passcodes = {"A_PASSCODE": value}

    report = world.apply()

    assert report.text_of("passcode.unfit") == (
        "a takes its passcode from A_PASSCODE, which has a value that Zoom does not accept as a passcode. "
        f"{problem} Nothing was sent for this meeting. "
        "Set A_PASSCODE to 1 to 10 letters, digits or @ - _ * and run apply again."
    )


def test_an_interrupted_create_is_looked_up_without_its_passcode() -> None:
    world = World(with_passcode("a"))
    world.passcodes = {"A_PASSCODE": "abc123"}
    lost(world)
    world.passcodes = {}

    assert world.apply().resolved == [("a", "adopted")]


def test_an_absent_create_is_not_sent_again_without_its_passcode() -> None:
    world = World(with_passcode("a"))
    world.passcodes = {"A_PASSCODE": "abc123"}
    lost(world, never_arrived(**CREATE))
    world.passcodes = {}

    report = world.apply()

    assert (report.failed, world.topics()) == ({"a": "passcode.missing"}, [])
    assert list(world.store.state.intents) == ["a"]


# Twins


def failure(report: ApplyReport, key: str) -> tuple[str, set[str]]:
    """Why a key failed, and the lines to paste that were printed."""
    return report.failed[key], set(re.findall(r"imports: \[[^]]*\]", report.text_of(report.failed[key])))


def duplicate(key: str, number: int) -> tuple[str, set[str]]:
    """The failure of a create beside a meeting that is there already."""
    return "apply.exists-already", {f"imports: [{{id: {number}, to: {key}}}]"}


def test_a_lost_state_creates_no_duplicate() -> None:
    world = World(topic("a"))
    world.apply()
    (number,) = world.ids().values()
    world.store.state = State(lineage="l")

    report = world.apply()

    assert failure(report, "a") == duplicate("a", number)
    assert (world.topics(), report.status, len(world.asked()), world.charged()) == (["a"], 1, 1, 0)


def test_an_older_state_creates_no_duplicate_and_the_others_go_on() -> None:
    world = World(topic("a"))
    world.apply()
    older = world.store.state
    world.declare(topic("b"))
    world.apply()
    number = world.ids()["b"]
    world.store.state = older
    world.declare(topic("c"))

    report = world.apply()

    assert failure(report, "b") == duplicate("b", number)
    assert (world.topics(), list(report.done)) == (["a", "b", "c"], ["c"])


def test_a_foreign_state_creates_no_duplicate() -> None:
    world = World(topic("a"))
    world.apply()
    (number,) = world.ids().values()
    elsewhere = record(1, one_off(topic="x", start_time="2027-03-14T15:00:00Z"))
    world.store.state = State(lineage="other", serial=7, meetings={"x": elsewhere})

    assert failure(world.apply(), "a") == duplicate("a", number)


def test_a_recorded_or_retired_meeting_is_not_a_duplicate() -> None:
    world = World(meeting("a", one_off(topic="same")))
    world.apply()
    world.declare(meeting("b", one_off(topic="same")))

    assert list(world.apply().done) == ["b"]
    assert world.topics() == ["same", "same"]


def test_a_series_is_a_duplicate_at_any_of_its_occurrences() -> None:
    """Created two weeks ago, it was sent from its next occurrence then."""
    world = World(meeting("w", weekly(start_time="2026-11-23T10:00:00")))
    (number,) = by_hand(
        world,
        weekly(start_time="2026-12-21T10:00:00", recurrence=dict(weekly()["recurrence"], end_times=16)),
    )

    assert failure(world.apply(), "w") == duplicate("w", number)


def test_a_duplicate_in_the_list_of_the_scheduled_for_user_is_found() -> None:
    world = World(topic("a", schedule_for=BOSS))
    (number,) = by_hand(world, one_off(topic="a"), host=BOSS)

    assert failure(world.apply(), "a") == duplicate("a", number)


def test_a_host_is_listed_once_before_its_first_create() -> None:
    world = World(*many(12))

    world.apply()

    lists = [path for path in world.asked("GET") if path == f"/v2/users/{HOST}/meetings"]
    assert len(lists) == 1
    first = next(n for n, request in enumerate(world.account.requests) if request.method == "POST")
    assert [request.path for request in world.account.requests][first - 1] == lists[0]


def test_without_the_list_nothing_of_the_host_is_created() -> None:
    world = World(topic("a"), topic("b"), topic("c", host="c@example.com"))
    world.zoom.meet(Fault(method="GET", path=f"/v2/users/{HOST}/meetings", times=4, status=500))

    report = world.apply()

    assert report.failed == {"a": "zoom.unreadable", "b": "zoom.unreadable"}
    assert (list(report.done), used(world.store.state, TODAY, HOST)) == (["c"], 0)


def test_a_daily_limit_of_a_list_defers_the_rest() -> None:
    world = World(topic("a"))
    limit = {"code": 429, "message": "You have reached the maximum daily rate limit for this API."}
    world.zoom.meet(Fault(**LIST, status=429, body=limit, headers={"X-RateLimit-Type": "Daily-limit"}))

    report = world.apply()

    assert (report.failed, list(report.deferred), report.status) == ({}, ["a"], 0)


def test_the_attempt_that_landed_is_known_by_its_start() -> None:
    """It is adopted with the body of the second of three attempts."""
    attributes = weekly(start_time="2026-11-23T10:00:00")
    world = World(meeting("w", attributes))
    by_hand(
        world, weekly(start_time="2026-12-07T10:00:00", recurrence=dict(RULE, weekly_days="2", end_times=18))
    )
    sent = (
        Attempt("2026-11-30T10:00:00", 19),
        Attempt("2026-12-07T10:00:00", 18),
        Attempt("2026-12-14T10:00:00", 17),
    )
    begun: dict[str, Any] = {"first_begun_at": "2026-12-01T09:00:00Z", "sent": sent}
    world.store.state = State(lineage="l", serial=1, intents={"w": intent(attributes, **begun)})

    assert world.apply().resolved == [("w", "adopted")]
    assert world.store.state.meetings["w"].observed == {}
    assert at("2026-12-01T09:00:00Z") < world.clock.now()
