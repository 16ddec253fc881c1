"""A key whose recorded dates are over goes on: Zoom is asked whether it still has the meeting."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from builders import HOST, meeting, one_off, weekly
from engine_world import ApplyReport, World

from reconciler.apply.events import StepDone
from reconciler.plan import approval
from reconciler.plan._existing import IF_FORGOTTEN
from reconciler.plan.step import Status
from reconciler.sandbox.faults import CREATE, LIST, READ, Fault, answer_lost, gateway_page, never_arrived
from reconciler.views.json.plan import plan as plan_json
from reconciler.views.style import TextStyle

if TYPE_CHECKING:
    from reconciler.plan.plan import Plan

DAY = 86_400
RULE = {"type": 2, "repeat_interval": 1, "weekly_days": "2", "end_times": 20}
SERIES = weekly(start_time="2026-12-07T10:00:00")
SINGLE = one_off(start_time="2026-12-02T15:00:00Z")


def renewed(before: dict[str, Any], days: int, after: dict[str, Any]) -> World:
    """A meeting that was applied, and is declared anew that many days later."""
    world = World(meeting("a", before))
    assert world.apply().status == 0
    world.clock.advance(days * DAY)
    world.declare(meeting("a", after))
    return world


def forgotten() -> World:
    """The case from the field: after 25 months the weekly goes on under its key."""
    return renewed(weekly(start_time="2026-12-07T10:00:00"), 740, weekly(start_time="2029-01-08T10:00:00"))


def writes(world: World) -> list[str]:
    """The methods of the requests that change something, without the first create."""
    return [one.method for one in world.account.requests if one.method != "GET"][1:]


def saved(plan: Plan) -> approval.Approval:
    """The approval in a plan file."""
    return approval.read(plan_json(plan, TextStyle()).encode(), "plan.json")


def interrupted(world: World, fault: Fault) -> ApplyReport:
    """The report of an apply whose create meets the fault, and cannot be looked up."""
    world.zoom.meet(fault, gateway_page(nth=2, times=0, **LIST))
    report = world.apply()
    world.zoom.faults.clear()
    return report


def test_the_plan_shows_an_update_and_says_what_may_happen() -> None:
    """It asks nobody."""
    (step,) = forgotten().plan().steps

    assert (step.action.value, step.status, step.requests) == ("update", Status.NOW, 1)
    assert step.reasons[-1] == IF_FORGOTTEN


@pytest.mark.parametrize(
    ("before", "days", "after"),
    [
        (SERIES, 740, weekly(start_time="2029-01-08T10:00:00")),
        (SERIES, 740, weekly(start_time="2026-12-07T10:00:00", recurrence={**RULE, "end_times": 120})),
        (SINGLE, 60, one_off(start_time="2027-03-01T15:00:00Z")),
        (SINGLE, 60, one_off(topic="Other", duration=15, start_time="2027-03-01T15:00:00Z")),
    ],
    ids=["series", "series with a later end", "single", "single with more changes"],
)
def test_what_zoom_has_forgotten_is_created_at_one_charge(
    before: dict[str, Any], days: int, after: dict[str, Any]
) -> None:
    """Zoom keeps a single meeting for 30 days after its date, a series for a year."""
    world = renewed(before, days, after)
    old, day = world.ids()["a"], world.clock.now().date().isoformat()

    report = world.apply()

    assert (report.steps, report.status, writes(world)) == ([("create", "a")], 0, ["POST"])
    assert (world.charged(day=day), world.ids()["a"] != old) == (1, True)
    assert world.store.state.meetings["a"].attributes == after
    assert not world.plan().has_work
    (done,) = [event for event in report.events if isinstance(event, StepDone)]
    assert done.notes[0] == f"was {old}, which Zoom does not have any more; the join link is new"


def test_what_zoom_still_has_is_changed_in_place() -> None:
    """The join link stays."""
    world = renewed(weekly(start_time="2026-12-07T10:00:00"), 200, weekly(start_time="2027-07-12T10:00:00"))
    old = world.ids()

    report = world.apply()

    assert (report.steps, report.status, writes(world), world.ids()) == ([("update", "a")], 0, ["PATCH"], old)


@pytest.mark.parametrize(
    "fault",
    [
        Fault(status=404, body={"code": 1010, "message": "User not found."}, times=0, **READ),
        Fault(status=404, body="<html>Not found</html>", times=0, **READ),
        gateway_page(times=0, **READ),
    ],
    ids=["another code", "a page", "a gateway"],
)
def test_only_zooms_own_word_makes_it_a_create(fault: Fault) -> None:
    """Anything else is an error, and nothing is charged."""
    world = forgotten()
    world.zoom.meet(fault)
    day = world.clock.now().date().isoformat()

    report = world.apply()

    assert (list(report.failed), writes(world), world.charged(day=day)) == (["a"], [], 0)


def test_the_approval_of_the_update_covers_the_create_and_its_look_up() -> None:
    """An interrupted create is looked up by another run, under the same saved plan."""
    world = forgotten()
    approved = saved(world.plan())

    first = interrupted(world, answer_lost(**CREATE))

    assert (first.failed, world.store.state.intents["a"].action) == ({"a": "apply.unresolved"}, "create")
    approval.check(world.plan(), approved, "plan.json")
    assert (world.apply().resolved, writes(world)) == ([("a", "adopted")], ["POST"])


def test_a_create_whose_answer_is_lost_is_adopted() -> None:
    """There is one meeting in the end, and one record."""
    world = forgotten()
    world.zoom.meet(answer_lost(**CREATE))

    report = world.apply()

    assert (report.status, writes(world), report.resolved) == (0, ["POST"], [("a", "adopted")])
    assert (list(world.ids()), world.store.state.intents) == (["a"], {})


def test_a_create_that_did_not_happen_is_sent_again() -> None:
    """By the next run, under its intent."""
    world = forgotten()
    first = interrupted(world, never_arrived(**CREATE))

    second = world.apply()

    assert (first.failed, second.resolved) == ({"a": "apply.unresolved"}, [("a", "absent")])
    assert (second.steps, writes(world)) == ([("create", "a")], ["POST", "POST"])
    assert (list(world.ids()), world.store.state.intents) == (["a"], {})


def test_an_interrupted_create_is_dropped_once_its_time_is_over() -> None:
    """Nothing asks for it any more; the record stays, as of every meeting that is over."""
    world = forgotten()
    interrupted(world, never_arrived(**CREATE))
    world.clock.advance(400 * DAY)

    report = world.apply()

    assert (report.resolved, writes(world)) == ([("a", "dropped")], ["POST"])
    assert (list(world.ids()), world.store.state.intents) == (["a"], {})


def test_a_meeting_that_was_deleted_before_its_dates_were_over_is_not_made_again() -> None:
    """Somebody deleted it: that is shown first, by `--refresh`."""
    world = World(meeting("a", weekly()))
    world.apply()
    world.zoom.send("DELETE", f"/v2/meetings/{world.ids()['a']}")
    world.declare(meeting("a", weekly(duration=15)))

    report = world.apply()

    assert (report.failed, writes(world)) == ({"a": "apply.gone"}, ["DELETE"])


def test_it_is_charged_to_the_declared_host() -> None:
    """A create is charged to the host in its path, whoever had the forgotten meeting."""
    other = "ben@example.com"
    world = World(meeting("a", one_off(start_time="2026-12-02T15:00:00Z")), users=[HOST, other])
    world.apply()
    world.clock.advance(60 * DAY)
    world.declare(meeting("a", one_off(start_time="2027-03-01T15:00:00Z"), host=other))
    day = world.clock.now().date().isoformat()

    report = world.apply()

    assert (report.steps, report.status) == ([("create", "a")], 0)
    assert (world.charged(HOST, day), world.charged(other, day)) == (0, 1)
    assert world.topics(other) == ["Launch review"]
