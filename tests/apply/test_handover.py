"""A changed host: a new name is recorded, a handover followed, else the meeting is handed over in place."""

from __future__ import annotations

from typing import Any

import pytest
from builders import HOST, removed, weekly
from engine_world import World, many, topic
from msgspec.structs import replace

from reconciler.apply.events import StepFailed
from reconciler.apply.resolve.updates import NEW_HOST_PAYS
from reconciler.plan.change import FieldChange
from reconciler.sandbox.faults import UPDATE, Fault, answer_lost, never_arrived
from reconciler.state import history
from reconciler.state.history import Fact, Kind

ANNA = HOST
BOB = "bob@example.com"


def applied(**switches: Any) -> World:
    """A meeting of Anna's, which is then declared for Bob; its requests are counted from there."""
    world = World(topic("a"), **switches)
    assert world.apply().status == 0
    world.account.requests.clear()
    world.patched.clear()
    world.declare(replace(topic("a"), host=BOB))
    return world


def admin(world: World, **change: Any) -> None:
    assert world.zoom.send("POST", "/sandbox/users", change).status_code == 200


def found(world: World) -> tuple[str, str, int]:
    """The host in Zoom, the recorded one, and the open intents."""
    stored = world.account.meeting(world.ids()["a"])
    assert stored is not None
    state = world.store.state
    return stored.document["host_email"], state.meetings["a"].host, len(state.intents)


def test_a_changed_host_is_handed_over_in_place() -> None:
    """One request of the old host's day; the id stays, and then all is as declared."""
    world = applied()
    before = world.ids()
    (step,) = world.plan().steps

    report = world.apply()

    assert (step.action.value, step.changes[0].effect, step.host) == (
        "update",
        "handed over; the join link stays",
        ANNA,
    )
    assert (report.steps, report.status, world.patched) == ([("update", "a")], 0, [{"schedule_for": BOB}])
    assert (world.ids(), found(world)) == (before, (BOB, BOB, 0))
    assert history.parse(world.store.state.history[-1]).facts[-1] == Fact(Kind.HAND_OVER, "a", (BOB,))
    assert (world.charged(ANNA), world.charged(BOB), world.plan().has_work) == (2, 0, False)


def test_a_handover_that_cannot_be_recorded_is_adopted_by_the_next_run() -> None:
    world = applied()
    world.store.refused = {world.store.writes + 5}  # the one after the read-back

    report = world.apply()

    assert (report.steps, report.failed, report.status) == ([], {"a": "apply.unrecorded"}, 1)
    assert found(world) == (BOB, ANNA, 1)

    again = world.apply()

    assert (again.resolved, again.status, found(world)) == ([("a", "adopted")], 0, (BOB, BOB, 0))


def test_other_changes_go_in_the_same_request() -> None:
    world = applied()
    world.declare(replace(topic("a", agenda="new"), host=BOB))

    assert world.apply().steps == [("update", "a")]
    assert world.patched == [{"agenda": "new", "schedule_for": BOB}]


def test_a_refused_handover_fails_with_both_remedies() -> None:
    world = applied(may_be_scheduled_for=False)

    report = world.apply()

    assert (report.failed, report.status, found(world)) == (
        {"a": "apply.handover-refused"},
        1,
        (ANNA, ANNA, 0),
    )
    said = report.text_of("apply.handover-refused")
    assert f"removed: [{{key: a, id: {world.ids()['a']}, destroy: true}}]" in said
    assert "schedule for bob@example.com" in said


def test_a_host_who_has_left_hands_nothing_over_and_both_ways_out_are_named() -> None:
    """The new host is a user, so "check the host" would lead nowhere."""
    world = applied()
    admin(world, leave=[ANNA])

    report = world.apply()

    number = world.ids()["a"]
    assert (report.failed, report.status, world.patched) == ({"a": "apply.handover-refused"}, 1, [])
    (failed,) = [event for event in report.events if isinstance(event, StepFailed)]
    assert failed.diagnostic.detail == (
        f"a, meeting {number}, was to go from {ANNA} to {BOB}. "
        f"Zoom has no user {ANNA} any more, who could hand it over. Nothing was sent."
    )
    assert failed.diagnostic.hint == (
        f"Have an admin of the account transfer it to {BOB} in Zoom, and run apply again. Or have a new "
        f"meeting with a new join link: `removed: [{{key: a, id: {number}, destroy: true}}]`."
    )

    admin(world, rehost={str(number): BOB})

    assert (world.apply().status, world.plan().has_work, found(world)) == (0, False, (BOB, BOB, 0))


def test_the_other_changes_of_a_refused_handover_are_sent_by_themselves() -> None:
    world = applied(may_be_scheduled_for=False)
    world.declare(replace(topic("a", agenda="new"), host=BOB))

    report = world.apply()

    assert (report.failed, report.steps) == ({"a": "apply.handover-refused"}, [("update", "a")])
    assert world.patched == [{"agenda": "new", "schedule_for": BOB}, {"agenda": "new"}]
    assert found(world) == (ANNA, ANNA, 0)


def test_the_other_changes_of_a_refused_handover_have_the_turn_of_their_start() -> None:
    """Those that are sent already were made durable together with the handover."""
    world = applied(may_be_scheduled_for=False)
    world.declare(replace(topic("a", agenda="new"), host=BOB), *many(17))

    report = world.apply()

    assert [key for _, key in report.steps] == [*(f"m{n:03}" for n in range(15)), "a", "m015", "m016"]


@pytest.mark.parametrize(
    ("gone", "body", "expected"),
    [
        ("/v2/users/bob@example.com", {"code": 1001, "message": "User does not exist."}, "zoom.user-unknown"),
        ("/v2/meetings/*", {"code": 3001, "message": "Meeting does not exist."}, "apply.gone"),
    ],
)
def test_a_handover_says_whether_the_user_or_the_meeting_is_gone(
    gone: str, body: dict[str, Any], expected: str
) -> None:
    world = applied()
    world.zoom.meet(Fault(status=404, body=body, method="GET", path=gone))

    report = world.apply()

    assert (report.failed, world.patched) == ({"a": expected}, [])


def test_with_a_removed_line_it_is_a_replace() -> None:
    world = applied()
    old = world.ids()["a"]
    world.removed = (removed("a", old),)

    report = world.apply()

    assert (report.steps, world.patched) == ([("replace", "a"), ("destroy", "a")], [])
    assert (world.topics(BOB), world.topics(ANNA)) == (["a"], [])


@pytest.mark.parametrize("leaves", [True, False])
def test_what_an_admin_handed_over_is_followed(leaves: bool) -> None:  # noqa: FBT001 - whether the old host leaves
    """Nothing is sent for it; the old host may be gone."""
    world = applied()
    admin(world, rehost={str(world.ids()["a"]): BOB}, leave=[ANNA] if leaves else [])

    report = world.apply()

    assert (report.steps, report.status, world.patched) == ([("update", "a")], 0, [])
    assert report.notes == {"a": (f"Zoom names {BOB} as its host already; nothing was sent",)}
    assert (found(world), world.plan().has_work) == ((BOB, BOB, 0), False)


def test_the_other_changes_of_what_an_admin_handed_over_are_sent() -> None:
    world = applied()
    admin(world, rehost={str(world.ids()["a"]): BOB}, leave=[ANNA])
    world.declare(replace(topic("a", agenda="new"), host=BOB))

    report = world.apply()

    assert (report.steps, report.status, world.patched) == ([("update", "a")], 0, [{"agenda": "new"}])
    assert (world.charged(BOB), found(world), world.plan().has_work) == (1, (BOB, BOB, 0), False)


def test_a_renamed_host_is_the_same_user() -> None:
    """The name is recorded, and the other changes are sent."""
    world = applied()
    admin(world, rename={ANNA: "new@example.com"})
    world.declare(replace(topic("a", agenda="new"), host="new@example.com"))

    report = world.apply()

    assert (report.steps, report.status, world.patched) == ([("update", "a")], 0, [{"agenda": "new"}])
    assert found(world) == ("new@example.com", "new@example.com", 0)
    assert (world.charged("new@example.com"), world.plan().has_work) == (2, False)


@pytest.mark.parametrize("leaves_name", [True, False])
def test_a_renamed_host_that_the_spec_still_names_is_told_its_new_name(
    leaves_name: bool,  # noqa: FBT001 - whether Zoom knows the user at all
) -> None:
    """Writing what the hint says ends it."""
    world = applied()
    admin(world, **({"rename": {ANNA: "new@example.com"}} if leaves_name else {"leave": [ANNA]}))
    world.declare(topic("a", agenda="new"))

    report = world.apply()

    if not leaves_name:
        assert list(report.failed.values()) == ["zoom.user-unknown"]
        return
    assert (report.failed, world.patched) == ({"a": "zoom.host-renamed"}, [])
    assert "Write `host: new@example.com` in the spec" in report.text_of("zoom.host-renamed")
    world.declare(replace(topic("a", agenda="new"), host="new@example.com"))
    assert (world.apply().status, world.patched, world.plan().has_work) == (0, [{"agenda": "new"}], False)


def test_what_went_to_a_third_host_is_not_touched() -> None:
    world = applied()
    admin(world, rehost={str(world.ids()["a"]): "eve@example.com"})

    report = world.apply()

    assert (report.failed, world.patched, world.charged()) == ({"a": "refresh.other-host"}, [], 1)


def test_a_new_host_that_does_not_exist_is_reported() -> None:
    world = applied(users=[ANNA])

    report = world.apply()

    assert (list(report.failed), world.patched, found(world)) == (["a"], [], (ANNA, ANNA, 0))


@pytest.mark.parametrize("fault", [answer_lost, never_arrived])
def test_a_lost_handover_is_looked_up(fault: Any) -> None:
    world = applied()
    world.zoom.meet(fault(**UPDATE))

    world.apply()

    assert (found(world), world.plan().has_work) == ((BOB, BOB, 0), False)


@pytest.mark.parametrize("commit", [True, False])
def test_an_interrupted_handover_is_finished_by_the_next_run(commit: bool) -> None:  # noqa: FBT001 - whether it landed
    """The intent names the new host, in a format that older programs do not write."""
    world = applied()
    world.zoom.meet(Fault(status=502, body="", commit=commit, **UPDATE))
    world.on_request = lambda scope: setattr(world, "is_stopping", scope["method"] == "PATCH")
    world.apply()
    world.is_stopping, world.on_request = False, lambda _scope: None
    assert [one.to_host for one in world.store.state.intents.values()] == [BOB]
    assert (world.store.document or b"").startswith(b'{"format_version":"1.2"')

    world.apply()

    assert (found(world), world.plan().has_work) == ((BOB, BOB, 0), False)
    assert (world.store.document or b"").startswith(b'{"format_version":"1.2"')


def test_zoom_is_believed_only_if_it_names_the_new_host() -> None:
    world = applied()
    world.zoom.meet(Fault(status=204, body="", **UPDATE))

    report = world.apply()

    assert (report.failed, report.steps, found(world)) == (
        {"a": "apply.handover-refused"},
        [],
        (ANNA, ANNA, 0),
    )


def test_a_series_keeps_its_rule() -> None:
    world = World(replace(topic("a"), attributes=weekly(topic="a")))
    world.apply()
    world.patched.clear()
    world.declare(replace(topic("a"), host=BOB, attributes=weekly(topic="a")))

    assert world.apply().steps == [("update", "a")]
    assert (world.patched, found(world)) == ([{"schedule_for": BOB}], (BOB, BOB, 0))


def test_a_changed_host_beside_schedule_for_waits_for_its_line() -> None:
    world = World(topic("a", schedule_for="carl@example.com"))
    world.apply()
    world.declare(replace(topic("a", schedule_for="carl@example.com"), host=BOB))

    assert [(step.action.value, step.status.value) for step in world.plan().steps] == [
        ("replace", "withheld")
    ]


def test_an_interrupted_update_of_a_meeting_that_was_handed_over_is_finished() -> None:
    """The spec names its new host, so it is followed."""
    world = World(topic("a"))
    world.apply()
    world.declare(topic("a", agenda="new"))
    world.zoom.meet(Fault(status=502, body="", commit=False, **UPDATE))
    world.on_request = lambda scope: setattr(world, "is_stopping", scope["method"] == "PATCH")
    world.apply()
    world.is_stopping, world.on_request = False, lambda _scope: None
    admin(world, rehost={str(world.ids()["a"]): BOB})
    world.declare(replace(topic("a", agenda="new"), host=BOB))
    world.patched.clear()

    first, second = world.apply(), world.apply()

    assert (first.steps, second.steps, world.patched) == ([], [("update", "a")], [{"agenda": "new"}])
    assert first.deferred == {"a": (None, NEW_HOST_PAYS)}
    assert (world.charged(ANNA), world.charged(BOB)) == (2, 1)
    assert (found(world), world.plan().has_work) == ((BOB, BOB, 0), False)


CARL = "carl@example.com"


def scheduled(**switches: Any) -> World:
    """A meeting of Anna's, which is then declared to be scheduled for Bob."""
    world = applied(**switches)
    world.declare(topic("a", schedule_for=BOB))
    return world


def recorded_for(world: World) -> object:
    return world.store.state.meetings["a"].attributes.get("schedule_for")


def test_a_declared_schedule_for_hands_over_and_the_record_follows() -> None:
    """With the words and the care of a changed host, and all is as declared once Anna is gone."""
    world = scheduled()
    (step,) = world.plan().steps

    report = world.apply()

    assert (step.action.value, step.host, step.changes) == (
        "update",
        ANNA,
        (FieldChange("schedule_for", None, BOB, "handed over; the join link stays"),),
    )
    assert (report.steps, report.status, world.patched) == ([("update", "a")], 0, [{"schedule_for": BOB}])
    assert (found(world), recorded_for(world), world.charged(ANNA)) == ((BOB, BOB, 0), BOB, 2)
    admin(world, leave=[ANNA])
    assert not world.plan().has_work
    world.declare(topic("a", schedule_for=BOB, agenda="new"))
    assert (world.apply().status, world.charged(BOB), world.plan().has_work) == (0, 1, False)
    world.declare(replace(topic("a", agenda="new"), host=BOB))
    assert [(one.action.value, one.released) for one in world.plan().steps] == [("keep", ("schedule_for",))]
    assert (world.apply().status, found(world), recorded_for(world)) == (0, (BOB, BOB, 0), None)


def test_a_refused_schedule_for_is_not_recorded() -> None:
    """The other changes are sent by themselves, and the next plan still has the handover."""
    world = scheduled(may_be_scheduled_for=False)
    world.declare(topic("a", schedule_for=BOB, agenda="new"))

    report = world.apply()

    assert (report.failed, report.steps) == ({"a": "apply.handover-refused"}, [("update", "a")])
    assert world.patched == [{"agenda": "new", "schedule_for": BOB}, {"agenda": "new"}]
    assert (found(world), recorded_for(world)) == ((ANNA, ANNA, 0), None)
    assert [change.path for step in world.plan().steps for change in step.changes] == ["schedule_for"]
    said = report.text_of("apply.handover-refused")
    assert "schedule for bob@example.com" in said
    assert f"`host: {BOB}` in place of `schedule_for`, and `removed: [{{key: a, id: " in said


def test_the_other_remedy_of_a_refused_schedule_for_is_a_replace() -> None:
    world = scheduled(may_be_scheduled_for=False)
    assert world.apply().status == 1
    world.declare(replace(topic("a"), host=BOB))
    world.removed = (removed("a", world.ids()["a"]),)

    assert (world.apply().steps, found(world)) == ([("replace", "a"), ("destroy", "a")], (BOB, BOB, 0))


def test_a_schedule_for_that_zoom_did_not_take_is_not_recorded() -> None:
    world = scheduled()
    world.zoom.meet(Fault(status=204, body="", **UPDATE))

    report = world.apply()

    assert (report.failed, report.steps) == ({"a": "apply.handover-refused"}, [])
    assert (found(world), recorded_for(world)) == ((ANNA, ANNA, 0), None)


@pytest.mark.parametrize("fault", [answer_lost, never_arrived])
def test_a_lost_schedule_for_is_looked_up(fault: Any) -> None:
    world = scheduled()
    world.zoom.meet(fault(**UPDATE))

    world.apply()

    assert (found(world), recorded_for(world), world.plan().has_work) == ((BOB, BOB, 0), BOB, False)


@pytest.mark.parametrize("commit", [True, False])
def test_an_interrupted_schedule_for_is_finished_by_the_next_run(commit: bool) -> None:  # noqa: FBT001 - whether it landed
    world = scheduled()
    world.zoom.meet(Fault(status=502, body="", commit=commit, **UPDATE))
    world.on_request = lambda scope: setattr(world, "is_stopping", scope["method"] == "PATCH")
    world.apply()
    world.is_stopping, world.on_request = False, lambda _scope: None

    world.apply()

    assert (found(world), recorded_for(world), world.plan().has_work) == ((BOB, BOB, 0), BOB, False)


@pytest.mark.parametrize("attributes", [{}, {"agenda": "new"}])
def test_what_an_admin_handed_over_is_followed_by_schedule_for(attributes: dict[str, str]) -> None:
    world = scheduled()
    admin(world, rehost={str(world.ids()["a"]): BOB}, leave=[ANNA])
    world.declare(topic("a", schedule_for=BOB, **attributes))

    report = world.apply()

    assert (report.steps, report.status, world.patched) == (
        [("update", "a")],
        0,
        [attributes] if attributes else [],
    )
    assert (found(world), recorded_for(world), world.plan().has_work) == ((BOB, BOB, 0), BOB, False)


def test_another_schedule_for_hands_over_again_and_none_hands_back() -> None:
    """The user whom Zoom names as the host pays each time."""
    world = scheduled()
    world.apply()
    world.declare(topic("a", schedule_for=CARL))

    world.apply()

    assert (found(world), recorded_for(world), world.charged(BOB)) == ((CARL, CARL, 0), CARL, 1)
    world.declare(topic("a"))
    assert (world.apply().status, found(world), recorded_for(world)) == (0, (ANNA, ANNA, 0), None)
    assert (world.charged(CARL), world.plan().has_work) == (1, False)


def test_a_created_meeting_is_handed_back_once_schedule_for_is_gone() -> None:
    world = World(topic("a", schedule_for=CARL))
    world.apply()
    world.declare(topic("a"))

    assert [change for step in world.plan().steps for change in step.changes] == [
        FieldChange("host", CARL, ANNA, "handed over; the join link stays")
    ]
    assert (world.apply().status, found(world), world.charged(CARL)) == (0, (ANNA, ANNA, 0), 1)
    assert not world.plan().has_work


def test_what_was_handed_over_and_could_not_be_read_back_can_be_deleted() -> None:
    """Nobody declares the new host any more: the state must know whom the meeting was given to."""
    world = applied()
    number = world.ids()["a"]
    world.unreachable = lambda scope: bool(world.patched) and scope["method"] == "GET"
    first = world.apply()
    world.unreachable = lambda _scope: False
    world.undeclare("a")
    world.removed = (removed("a", number),)

    reports = [world.apply() for _ in range(2)]

    assert (first.failed, [report.failed for report in reports]) == ({"a": "apply.unresolved"}, [{}, {}])
    assert (world.topics(ANNA), world.topics(BOB), world.ids()) == ([], [], {})


def test_what_an_interrupted_handover_gave_back_is_charged_to_whom_it_belongs_now() -> None:
    """The recorded host is the same before and after; the user whom Zoom counts is not."""
    world = World(topic("a", schedule_for=BOB))
    assert world.apply().status == 0
    world.declare(topic("a"))
    world.zoom.meet(Fault(status=502, body="", commit=True, **UPDATE))
    world.on_request = lambda scope: setattr(world, "is_stopping", scope["method"] == "PATCH")
    world.apply()
    world.is_stopping, world.on_request = False, lambda _scope: None
    world.declare(topic("a", schedule_for=BOB))

    reports = [world.apply() for _ in range(2)]

    assert [list(report.deferred) for report in reports] == [["a"], []]
    assert [world.charged(host) for host in (ANNA, BOB)] == [
        world.used(host)["2026-12-01"] for host in (ANNA, BOB)
    ]
    assert (found(world), world.plan().has_work) == ((BOB, BOB, 0), False)


def test_a_created_meeting_is_followed_to_the_user_it_was_scheduled_for() -> None:
    world = World(topic("a", schedule_for=CARL))
    world.apply()
    world.patched.clear()
    admin(world, leave=[ANNA])
    world.declare(replace(topic("a", agenda="new"), host=CARL))

    assert (world.apply().status, world.patched) == (0, [{"agenda": "new"}])
    assert (found(world), recorded_for(world), world.plan().has_work) == ((CARL, CARL, 0), None, False)


def test_an_update_is_charged_to_the_host_that_it_is_scheduled_for_again() -> None:
    """The record names the meeting's host; who is declared to schedule it for that user pays nothing."""
    world = applied()
    world.declare(replace(topic("a", agenda="new", schedule_for=ANNA), host=BOB))

    assert (world.apply().status, world.patched) == (0, [{"agenda": "new"}])
    assert (world.charged(ANNA), world.charged(BOB), world.plan().has_work) == (2, 0, False)


def test_a_schedule_for_that_names_the_host_sends_nothing() -> None:
    world = applied()
    world.declare(topic("a", schedule_for=ANNA))

    assert not world.plan().has_work


def test_a_host_and_a_schedule_for_that_names_it_are_one_handover() -> None:
    world = applied()
    world.declare(replace(topic("a", schedule_for=BOB), host=BOB))

    assert (world.apply().steps, world.patched) == ([("update", "a")], [{"schedule_for": BOB}])
    assert (found(world), world.plan().has_work) == ((BOB, BOB, 0), False)


def test_a_meeting_that_was_handed_on_is_reported_with_the_line_that_follows_it() -> None:
    world = scheduled()
    world.apply()
    admin(world, rehost={str(world.ids()["a"]): CARL})
    world.declare(topic("a", schedule_for=BOB, agenda="new"))

    report = world.apply()

    assert report.failed == {"a": "refresh.other-host"}
    assert f"write `schedule_for: {CARL}` to follow it there" in report.text_of("refresh.other-host")
    world.declare(topic("a", schedule_for=CARL, agenda="new"))
    assert (world.apply().status, found(world), world.plan().has_work) == (0, (CARL, CARL, 0), False)


def test_a_read_that_lags_does_not_refuse_a_handover() -> None:
    world = applied()
    world.zoom.switch(read_lag_seconds=4.5)

    report = world.apply()

    assert (report.failed, report.status, world.patched) == ({}, 0, [{"schedule_for": BOB}])
    assert found(world) == (BOB, BOB, 0)


def test_a_user_without_an_address_has_no_new_name() -> None:
    """Zoom may hide it; then there is nothing to write into the spec."""
    world = applied()
    gone = {"code": 1001, "message": "User does not exist."}
    (user_id,) = world.store.state.hosts.values()
    world.zoom.meet(
        Fault(status=404, body=gone, method="GET", path=f"/v2/users/{ANNA}"),
        Fault(status=200, body={"id": user_id}, method="GET", path=f"/v2/users/{user_id}"),
    )
    world.declare(topic("a", agenda="new"))

    assert (world.apply().failed, world.patched) == ({"a": "zoom.user-unknown"}, [])
