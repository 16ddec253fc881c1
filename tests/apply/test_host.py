"""What became of a lost request: looked up after settling, adopted, sent once more, or for a person."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from builders import HOST, at, intent, meeting, one_off, record, weekly
from engine_world import World, is_create, many, topic

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

    from engine_world import Told

    from reconciler.meeting.meeting import Meeting

TODAY, TOMORROW = "2026-12-01", "2026-12-02"
BOSS = "boss@example.com"


def lost(world: World, *faults: Fault) -> World:
    """The world after a run that ended right after its creates met these faults."""
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
    """Meetings that somebody makes in Zoom; their ids."""
    return [world.zoom.create(body, host)["id"] for body in bodies]


# In the run that lost it


COMMITTED = {
    "the answer is lost": answer_lost(**CREATE),
    "a gateway's page after the deed": gateway_page(504, commit=True, **CREATE),
    "an answer cut short": truncated(**CREATE),
    "an empty 201": empty_201(**CREATE),
    "a 201 without an id": Fault(**CREATE, status=201, body={"topic": "a"}, commit=True),
}


@pytest.mark.parametrize("fault", COMMITTED.values(), ids=COMMITTED.keys())
def test_what_landed_is_adopted_and_not_sent_again(fault: Fault) -> None:
    world = World(topic("a"), topic("b"))
    world.zoom.meet(fault)

    told = world.apply()

    assert (world.topics(), sorted(world.ids())) == (["a", "b"], ["a", "b"])
    assert (told.resolved, list(told.done), told.failed) == ([("a", "adopted")], ["b"], {})
    assert (len(world.asked()), world.charged(), told.status) == (2, 2, 0)
    assert world.store.state.intents == {}


def test_what_was_not_sent_yet_has_no_claim_on_what_is_found() -> None:
    """Two keys that look the same: the one that was sent is adopted, the other is created."""
    world = World(*(meeting(key, one_off(topic="same")) for key in ("x", "y")))
    world.zoom.meet(answer_lost(**CREATE))

    told = world.apply()

    assert (told.resolved, list(told.done), told.status) == ([("x", "adopted")], ["y"], 0)
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
def test_what_did_not_land_is_sent_once_more(fault: Fault) -> None:
    world = World(topic("a"), topic("b"))
    world.zoom.meet(fault)

    told = world.apply()

    assert (sorted(world.topics()), sorted(world.ids())) == (["a", "b"], ["a", "b"])
    assert (told.resolved, sorted(told.done), told.failed) == ([("a", "absent")], ["a", "b"], {})
    assert (len(world.asked()), world.charged(), told.status) == (3, 3, 0)


def test_a_second_attempt_keeps_the_first_ones_instant_and_what_was_sent() -> None:
    world = World(meeting("w", weekly(start_time="2026-12-01T10:00:00", timezone="UTC", recurrence=RULE)))
    world.zoom.meet(never_arrived(**CREATE))
    world.on_request = lambda scope: world.clock.advance(7200) if is_create(scope) else None

    world.apply()

    first, second = (seen.state.intents["w"] for seen in world.seen)
    assert second.first_begun_at == first.first_begun_at
    assert (second.begun_at > first.begun_at, second.owner) == (True, "run-2")
    assert [(one.start_time, one.end_times) for one in second.sent] == [
        ("2026-12-01T10:00:00", 5),
        ("2026-12-08T10:00:00", 4),
    ]


RULE = {"type": 2, "repeat_interval": 1, "weekly_days": "3", "end_times": 5}


def test_nothing_of_the_host_is_sent_before_the_lost_request_has_settled() -> None:
    """Twice the timeout and 30 s, from the end of our own attempt; other hosts go on."""
    world = World(topic("a"), topic("b"), topic("c", host="c@example.com"))
    world.zoom.meet(gateway_page(method="POST", path=f"/v2/users/{HOST}/meetings"))
    arrived: list[tuple[str, str, float]] = []
    world.on_request = lambda scope: arrived.append((scope["method"], scope["path"], world.clock.monotonic()))

    world.apply()

    own = [one for one in arrived if one[1].endswith(f"/{HOST}/meetings") or "/meetings/" in one[1]]
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

    told = world.apply()

    assert [seen.body["topic"] for seen in world.seen] == ["a", "b", "a"]
    assert (world.topics(), told.failed, told.status) == (["b"], {"a": "apply.unresolved"}, 1)
    assert len(world.store.state.intents["a"].sent) == 2


def test_a_repeated_request_is_looked_up_before_anything_else_is_sent() -> None:
    world = World(topic("a", start_time="2027-01-13T15:00:00Z"), *many(8))
    world.zoom.meet(never_arrived(**CREATE), answer_lost(**CREATE, nth=9))

    told = world.apply()

    assert [seen.body["topic"] for seen in world.seen[7:]] == ["m006", "a", "m007"]
    assert (world.seen[9].at - world.seen[8].at).total_seconds() >= 90.0
    assert told.resolved == [("a", "absent"), ("a", "adopted")]
    assert (len(world.topics()), len(world.ids()), told.status) == (9, 9, 0)


def test_what_lands_after_the_second_attempt_is_told_and_not_recorded() -> None:
    """It landed later than the settling time: the answered one is recorded, a person ends the other."""
    world = World(topic("a"), topic("b"))
    world.land_late(91.0)
    wait_before_second_create(world, 10)

    told = world.apply()

    first, second = (one.id for one in world.account.meetings_of(HOST) if one.document["topic"] == "a")
    answered = told.done["a"]
    assert (world.ids()["a"], told.status) == (answered, 5)
    assert str(({first, second} - {answered}).pop()) in told.said("apply.landed-late")
    assert world.topics().count("b") == 1


def wait_before_second_create(world: World, seconds: float) -> None:
    """What is due by then lands just before the second create is carried out."""

    def wait(scope: Mapping[str, Any]) -> None:
        if is_create(scope) and len(world.seen) == 1:
            world.clock.advance(seconds)

    world.on_request = wait


def test_a_late_landing_in_another_users_list_is_told_too() -> None:
    world = World(topic("a", schedule_for=BOSS))
    world.land_late(91.0)
    wait_before_second_create(world, 10)

    told = world.apply()

    assert (len(world.topics(BOSS)), told.status) == (2, 5)


def test_a_late_landing_of_what_was_declared_then_is_told_too() -> None:
    """The spec was changed between the two attempts."""
    world = World(topic("a"))
    world.land_late(500.0)
    stop_after_create(world)
    world.apply()
    world.on_request, world.is_stopping = (lambda _scope: None), False
    world.declare(meeting("a", one_off(topic="b")))
    world.on_request = lambda scope: world.clock.advance(600) if is_create(scope) else None

    told = world.apply()

    assert (sorted(world.topics()), told.status) == (["a", "b"], 5)
    assert list(told.done) == ["a"]


def test_a_list_that_fails_after_the_second_attempt_stops_nobody() -> None:
    world = World(topic("a"), topic("b"))
    world.zoom.meet(gateway_page(**CREATE), Fault(**LIST, nth=3, times=4, status=500))

    told = world.apply()

    assert (sorted(told.done), told.failed, told.status) == (["a", "b"], {}, 0)
    assert f"Check in Zoom whether {HOST} has the meeting twice." in told.said("apply.not-looked-again")


def test_a_stop_while_settling_leaves_the_intent() -> None:
    world = World(topic("a"), topic("b"))
    world.zoom.meet(answer_lost(**CREATE))
    stop_after_create(world)

    told = world.apply()

    assert (told.failed, sorted(told.deferred)) == ({"a": "apply.unresolved"}, ["b"])
    assert (list(world.store.state.intents), world.charged(), told.status) == (["a"], 1, 130)
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

    told = world.apply()

    assert listed_at[0] - began >= 90.0
    assert (world.topics(), told.resolved, list(told.done)) == (["a", "b"], [("a", "adopted")], ["b"])
    assert (world.store.state.intents, told.status) == ({}, 0)
    made = next(one for one in world.account.meetings_of(HOST) if one.document["topic"] == "a")
    adopted = world.store.state.meetings["a"]
    assert (adopted.id, adopted.created_at, adopted.observed) == (made.id, made.document["created_at"], {})
    assert world.plan().has_work is False


def test_a_later_run_sends_once_more_what_is_absent() -> None:
    world = lost(World(topic("a")), never_arrived(**CREATE))
    first = world.store.state.intents["a"]

    told = world.apply()

    assert (world.topics(), told.resolved) == (["a"], [("a", "absent")])
    (_, again) = world.seen
    assert again.state.intents["a"].first_begun_at == first.first_begun_at
    assert len(again.state.intents["a"].sent) == 2


def test_what_is_adopted_is_compared_with_the_spec() -> None:
    world = lost(World(topic("a")))
    world.declare(topic("a", duration=90))

    told = world.apply()

    assert (told.resolved, world.store.state.meetings["a"].attributes["duration"]) == ([("a", "adopted")], 60)
    assert "The next plan shows" in told.said("apply.differs")


def test_what_is_adopted_under_a_host_that_was_changed_is_told() -> None:
    world = lost(World(topic("a")))
    world.declare(topic("a", host=BOSS))

    told = world.apply()

    assert (told.resolved, world.store.state.meetings["a"].host) == ([("a", "adopted")], HOST)
    assert "The next plan shows" in told.said("apply.differs")


def test_what_is_declared_no_more_is_dropped_if_it_is_absent() -> None:
    world = lost(World(topic("a")), never_arrived(**CREATE))
    world.undeclare("a")

    told = world.apply()

    assert (told.resolved, world.topics(), world.store.state.intents) == ([("a", "dropped")], [], {})
    assert (len(world.asked()), told.status) == (1, 0)


def test_what_is_declared_no_more_is_recorded_if_it_exists() -> None:
    world = lost(World(topic("a")))
    world.undeclare("a")

    told = world.apply()

    assert (told.resolved, list(world.ids())) == ([("a", "adopted")], ["a"])


def test_what_began_meanwhile_is_dropped_if_it_is_absent() -> None:
    world = lost(World(topic("a", start_time="2026-12-01T10:00:00Z")), never_arrived(**CREATE))
    world.clock.advance(2 * 3600)

    told = world.apply()

    assert (told.resolved, world.topics(), world.store.state.intents) == ([("a", "dropped")], [], {})


def test_what_got_another_host_meanwhile_is_dropped_if_it_is_absent() -> None:
    world = lost(World(topic("a")), never_arrived(**CREATE))
    world.declare(topic("a", host=BOSS))

    told = world.apply()

    assert (told.resolved, world.store.state.intents) == ([("a", "dropped")], {})
    assert world.apply().done.keys() == {"a"}
    assert (world.topics(), world.topics(BOSS)) == ([], ["a"])


def test_another_alias_of_the_same_host_is_no_other_host() -> None:
    world = lost(World(topic("a")), never_arrived(**CREATE))
    world.declare(topic("a", host=world.account.provide(HOST).id))

    told = world.apply()

    assert (told.resolved, list(told.done)) == ([("a", "absent")], ["a"])


def test_a_meeting_nobody_knows_within_the_window_is_for_a_person() -> None:
    world = lost(World(topic("a"), topic("c", host="c@example.com")), never_arrived(**CREATE))
    (other,) = by_hand(world, one_off(topic="by hand", start_time="2027-02-01T09:00:00Z"))
    world.declare(topic("b"))

    told = world.apply()

    assert (told.resolved, told.status) == ([("a", "unclear")], 5)
    said = told.said("apply.unclear")
    assert f"imports: [{{id: {other}, to: a}}]" in said
    assert "reconciler state rm a" in said
    assert list(world.store.state.intents) == ["a"]
    assert sorted(world.ids()) == ["b", "c"]  # the host's other keys go on, and the other hosts
    assert world.apply().status == 5


def test_a_meeting_made_before_the_window_is_no_candidate() -> None:
    world = World(topic("a"))
    by_hand(world, one_off(topic="by hand", start_time="2027-02-01T09:00:00Z"))
    world.clock.advance(5 * 60 + 2)

    told = lost(world, never_arrived(**CREATE)).apply()

    assert (told.resolved, list(told.done)) == ([("a", "absent")], ["a"])


def test_a_meeting_made_within_the_skew_is_a_candidate() -> None:
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

    told = world.apply()

    assert told.resolved == [("x", "adopted"), ("y", "adopted")]
    made = {one.id: one.document["created_at"] for one in world.account.meetings_of(HOST)}
    assert world.ids() == dict(zip("xy", sorted((first, second), key=lambda n: (made[n], n)), strict=True))


def test_fewer_meetings_than_interchangeable_requests_are_for_a_person() -> None:
    world = World(*(meeting(key, one_off(topic="same")) for key in ("x", "y")))
    by_hand(world, one_off(topic="same"))
    world.store.state = interrupted("x", "y", x="same", y="same")

    assert world.apply().resolved == [("x", "unclear"), ("y", "unclear")]
    assert world.topics() == ["same"]


def test_requests_are_looked_up_together_whatever_is_targeted() -> None:
    """Alone, `a` would see the meeting of `b` and ask a person."""
    world = World(topic("a"), topic("b"))
    by_hand(world, one_off(topic="b"))
    world.store.state = interrupted("a", "b")
    world.options = Options(targets=("a",))

    told = world.apply()

    assert (told.resolved, list(told.done)) == ([("a", "absent")], ["a"])
    assert (list(world.store.state.intents), world.topics()) == (["b"], ["b", "a"])
    world.options = Options()
    assert world.apply().resolved == [("b", "adopted")]


def test_a_request_is_looked_up_although_the_hosts_day_is_spent() -> None:
    """To look costs nothing; and nothing else may be sent before it."""
    world = lost(World(topic("a")))
    user = world.store.state.hosts[HOST]
    world.store.state = replace(world.store.state, usage={TODAY: {user: 95}})
    world.declare(topic("soon", start_time="2026-12-02T10:00:00Z"))

    told = world.apply()

    assert (told.resolved, list(told.done), told.deferred) == ([("a", "adopted")], ["soon"], {})


def test_an_absent_request_waits_for_a_day_with_budget_as_an_intent() -> None:
    world = lost(World(topic("a")), never_arrived(**CREATE))
    before = world.store.state.intents
    world.allowances = Allowances(Limits(1, 0), {})

    told = world.apply()

    assert (told.resolved, list(told.deferred)) == ([("a", "absent")], ["a"])
    assert (world.store.state.intents, world.charged()) == (before, 1)
    world.clock.advance(24 * 3600)
    assert list(world.apply().done) == ["a"]


def test_an_absent_request_that_is_taken_back_stays_what_it_was() -> None:
    """Begun once more, and then the run was stopped: the first attempt is not forgotten."""
    world = lost(World(topic("z"), *many(2)), never_arrived(**CREATE))
    (key,) = world.store.state.intents
    before = world.store.state.intents[key]
    soon = topic("soon", start_time="2026-12-02T10:00:00Z")
    world.declare(soon)
    stop_after_create(world)

    told = world.apply()

    assert (list(told.done), told.resolved) == (["soon"], [(key, "absent")])
    assert world.store.state.intents == {key: before}
    assert world.charged() == 2


PARTIAL = {
    "the list fails": Fault(**LIST, times=4, status=500),
    "the list is hidden": Fault(**LIST, status=403, body={"code": 2306, "message": "Not allowed."}),
    "a page is no page": Fault(**LIST, times=4, status=200, body={"meetings": "none"}),
    "the candidate cannot be read": Fault(**READ, times=4, status=500),
}


@pytest.mark.parametrize("fault", PARTIAL.values(), ids=PARTIAL.keys())
def test_a_list_that_is_not_whole_is_not_absence(fault: Fault) -> None:
    world = lost(World(topic("a"), topic("c", host="c@example.com")))
    world.undeclare("c")
    world.zoom.meet(fault)

    told = world.apply()

    assert (told.failed, told.resolved, told.status) == ({"a": "apply.unresolved"}, [], 1)
    assert (world.topics(), list(world.store.state.intents)) == (["a"], ["a"])
    assert world.apply().resolved == [("a", "adopted")]


def test_a_page_in_the_middle_that_fails_is_not_absence() -> None:
    world = World(topic("a"), page_size_max=1)
    by_hand(world, *(one_off(topic=f"old {n}", start_time=f"2027-03-0{n}T09:00:00Z") for n in range(1, 4)))
    world.clock.advance(3600)
    lost(world)
    world.zoom.meet(Fault(**LIST, nth=3, times=4, status=500))

    assert world.apply().failed == {"a": "apply.unresolved"}
    assert (world.topics().count("a"), world.apply().resolved) == (1, [("a", "adopted")])


def test_a_meeting_that_is_listed_and_cannot_be_found_is_not_absence() -> None:
    """A read lags behind the list: nothing confirms it, and nothing rules it out."""
    world = lost(World(topic("a")))
    world.zoom.meet(Fault(**READ, status=404, body={"code": 3001, "message": "Meeting does not exist."}))

    assert world.apply().resolved == [("a", "unclear")]
    assert (world.topics(), world.apply().resolved) == (["a"], [("a", "adopted")])


def test_a_request_for_another_user_is_looked_up_in_that_users_list() -> None:
    world = lost(World(topic("a", schedule_for=BOSS)))

    told = world.apply()

    assert (world.topics(BOSS), told.resolved, told.status) == (["a"], [("a", "adopted")], 0)


def begun_by_two(a: Meeting, b: Meeting) -> World:
    """The creates of two hosts were interrupted; both show in the list of the second one."""
    world = World(a, b)
    begun = {one.key: intent(one.attributes, host=one.host) for one in (a, b)}
    world.store.state = State(lineage="lineage-1", serial=1, intents=begun)
    return world


def test_a_meeting_that_another_hosts_lost_request_made_stands_in_nobodys_way() -> None:
    """It is in no record yet, since its own host cannot be listed; what it is can be told all the same."""
    world = begun_by_two(topic("a", schedule_for=BOSS), topic("b", host=BOSS))
    by_hand(world, one_off(topic="a", schedule_for=BOSS))
    world.zoom.meet(Fault(method="GET", path=f"/v2/users/{HOST}/meetings", times=4, status=500))

    told = world.apply()

    assert (told.failed, told.resolved, list(told.done)) == (
        {"a": "apply.unresolved"},
        [("b", "absent")],
        ["b"],
    )
    assert (world.apply().resolved, world.topics(BOSS)) == ([("a", "adopted")], ["a", "b"])


def test_a_meeting_that_the_requests_of_two_hosts_could_have_made_is_for_a_person_to_judge() -> None:
    """Whichever adopted it might take it from the other, which would then make a second one."""
    same = one_off(topic="same")
    world = begun_by_two(meeting("a", {**same, "schedule_for": BOSS}), meeting("b", same, host=BOSS))
    by_hand(world, {**same, "schedule_for": BOSS})

    told = world.apply()

    assert (sorted(told.resolved), told.status) == ([("a", "unclear"), ("b", "unclear")], 5)
    assert world.topics(BOSS) == ["same"]


def test_another_users_list_that_fails_stops_only_what_shows_in_it() -> None:
    world = lost(World(topic("a", schedule_for=BOSS), topic("b")))
    world.zoom.meet(Fault(method="GET", path=f"/v2/users/{BOSS}/meetings", times=4, status=500))

    told = world.apply()

    assert (told.failed, list(told.done)) == ({"a": "apply.unresolved"}, ["b"])
    assert world.apply().resolved == [("a", "adopted")]


def test_a_series_that_was_sent_from_its_next_occurrence_is_found_again() -> None:
    running = meeting("w", weekly(start_time="2026-11-23T10:00:00"))

    told = lost(World(running)).apply()

    assert told.resolved == [("w", "adopted")]


def test_an_absent_create_that_would_be_withheld_now_is_dropped() -> None:
    """It looks like an older meeting under a new key: to send it again would make its twin."""
    world = World(topic("new"))
    same = one_off(topic="new")
    world.store.state = replace(interrupted("new"), meetings={"old": record(attributes=same)})

    told = world.apply()

    assert (told.resolved, world.topics(), dict(world.store.state.intents)) == ([("new", "dropped")], [], {})


# Passcodes


def with_passcode(key: str) -> Meeting:
    return meeting(key, one_off(topic=key, password={"env": f"{key.upper()}_PASSCODE", "version": 1}))


def test_a_missing_or_unfit_passcode_stops_only_its_meeting() -> None:
    world = World(with_passcode("a"), with_passcode("b"), with_passcode("c"), topic("d"))
    world.passcodes = {"B_PASSCODE": "no blanks!", "C_PASSCODE": "Lift-off_7"}

    told = world.apply()

    assert told.failed == {"a": "passcode.missing", "b": "passcode.unfit"}
    assert (sorted(told.done), world.charged(), told.status) == (["c", "d"], 2, 1)
    assert next(seen.body["password"] for seen in world.seen if "password" in seen.body) == "Lift-off_7"
    assert b"Lift-off_7" not in (world.store.document or b"")
    assert "no blanks!" not in repr(told.events)
    assert "Lift-off_7" not in repr(told.events)


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

    told = world.apply()

    assert (told.failed, world.topics()) == ({"a": "passcode.missing"}, [])
    assert list(world.store.state.intents) == ["a"]


# Twins


def told_of_twin(told: Told, key: str, number: int) -> None:
    assert told.failed[key] == "apply.exists-already"
    assert f"imports: [{{id: {number}, to: {key}}}]" in told.said("apply.exists-already")


def test_a_lost_state_makes_no_second_meeting() -> None:
    world = World(topic("a"))
    world.apply()
    (number,) = world.ids().values()
    world.store.state = State(lineage="l")

    told = world.apply()

    told_of_twin(told, "a", number)
    assert (world.topics(), told.status, len(world.asked()), world.charged()) == (["a"], 1, 1, 0)


def test_an_older_state_makes_no_second_meeting_and_lets_the_others_go_on() -> None:
    world = World(topic("a"))
    world.apply()
    older = world.store.state
    world.declare(topic("b"))
    world.apply()
    number = world.ids()["b"]
    world.store.state = older
    world.declare(topic("c"))

    told = world.apply()

    told_of_twin(told, "b", number)
    assert (world.topics(), list(told.done)) == (["a", "b", "c"], ["c"])


def test_a_foreign_state_makes_no_second_meeting() -> None:
    world = World(topic("a"))
    world.apply()
    (number,) = world.ids().values()
    world.store.state = State(lineage="other", serial=7, meetings={"x": record(1)})

    told_of_twin(world.apply(), "a", number)


def test_what_is_recorded_or_retired_is_no_twin() -> None:
    world = World(meeting("a", one_off(topic="same")))
    world.apply()
    world.declare(meeting("b", one_off(topic="same")))

    assert list(world.apply().done) == ["b"]
    assert world.topics() == ["same", "same"]


def test_a_series_is_a_twin_at_any_of_its_occurrences() -> None:
    """Made two weeks ago, it was sent from the occurrence that came next then."""
    world = World(meeting("w", weekly(start_time="2026-11-23T10:00:00")))
    (number,) = by_hand(
        world,
        weekly(start_time="2026-12-21T10:00:00", recurrence=dict(weekly()["recurrence"], end_times=16)),
    )

    told_of_twin(world.apply(), "w", number)


def test_a_twin_in_the_list_of_whom_it_is_scheduled_for_is_found() -> None:
    world = World(topic("a", schedule_for=BOSS))
    (number,) = by_hand(world, one_off(topic="a"), host=BOSS)

    told_of_twin(world.apply(), "a", number)


def test_a_host_is_listed_once_before_its_first_create() -> None:
    world = World(*many(12))

    world.apply()

    lists = [path for path in world.asked("GET") if path == f"/v2/users/{HOST}/meetings"]
    assert len(lists) == 1
    first = next(n for n, one in enumerate(world.account.requests) if one.method == "POST")
    assert [one.path for one in world.account.requests][first - 1] == lists[0]


def test_without_the_list_nothing_of_the_host_is_created() -> None:
    world = World(topic("a"), topic("b"), topic("c", host="c@example.com"))
    world.zoom.meet(Fault(method="GET", path=f"/v2/users/{HOST}/meetings", times=4, status=500))

    told = world.apply()

    assert told.failed == {"a": "zoom.unreadable", "b": "zoom.unreadable"}
    assert (list(told.done), used(world.store.state, TODAY, HOST)) == (["c"], 0)


def test_a_daily_limit_that_a_list_meets_defers_what_is_left() -> None:
    world = World(topic("a"))
    limit = {"code": 429, "message": "You have reached the maximum daily rate limit for this API."}
    world.zoom.meet(Fault(**LIST, status=429, body=limit, headers={"X-RateLimit-Type": "Daily-limit"}))

    told = world.apply()

    assert (told.failed, list(told.deferred), told.status) == ({}, ["a"], 0)


def test_the_attempt_that_made_it_is_known_by_its_start() -> None:
    """Adopted as the second of three attempts sent it."""
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
