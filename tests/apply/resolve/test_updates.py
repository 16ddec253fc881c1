"""An update sends only the changes, is charged, can be repeated, and is looked up by reading."""

from __future__ import annotations

from typing import Any

import pytest
from builders import HOST, meeting, one_off, weekly
from engine_world import World, topic
from msgspec.structs import replace

from reconciler.plan.budget import Allowances, Limits
from reconciler.sandbox.faults import READ, UPDATE, Fault, answer_lost, gateway_page, never_arrived


def applied(*declared: Any, **switches: Any) -> World:
    """A world in which these were created, a day ago."""
    world = World(*declared, **switches)
    assert world.apply().status == 0
    world.clock.advance(24 * 3600)
    return world


def test_a_change_is_sent_as_the_smallest_patch_and_recorded() -> None:
    world = applied(meeting("a", one_off(settings={"waiting_room": True, "mute_upon_entry": True})))
    before = world.ids()
    world.declare(
        meeting("a", one_off(duration=30, settings={"waiting_room": False, "mute_upon_entry": True}))
    )

    report = world.apply()

    assert (report.steps, report.status, world.ids()) == ([("update", "a")], 0, before)
    assert world.patched == [{"duration": 30, "settings": {"waiting_room": False}}]
    assert report.result is not None
    assert (report.result.summary.added, report.result.summary.changed) == (0, 1)
    assert not world.plan().has_work


def test_an_update_is_charged_in_the_write_before_it() -> None:
    """Zoom counts it like a create."""
    world = applied(topic("a"))
    world.declare(topic("a", duration=30))
    seen = []
    world.on_request = lambda scope: seen.append(world.store.state) if scope["method"] == "PATCH" else None

    world.apply()

    (then,) = seen
    assert (then.intents["a"].action, then.intents["a"].id) == ("update", world.ids()["a"])
    assert then.intents["a"].attributes["duration"] == 30
    assert then.meetings["a"].attributes["duration"] == 60
    assert list(then.usage["2026-12-02"].values()) == [1]
    assert (world.charged(day="2026-12-02"), world.used()["2026-12-02"]) == (1, 1)


@pytest.mark.parametrize("other", [1, 99999999999])
def test_an_update_of_another_meeting_than_the_recorded_one_is_dropped(other: int) -> None:
    """Somebody edited the state by hand: nothing is read, recorded or sent again for it."""
    world = applied(topic("a"))
    world.declare(topic("a", duration=30))
    world.zoom.meet(answer_lost(**UPDATE))
    world.on_request = lambda scope: setattr(world, "is_stopping", scope["method"] == "PATCH")
    world.apply()
    world.is_stopping, world.on_request = False, lambda _scope: None
    state = world.store.state
    world.store.state = state.amend("a", world.ids()["a"], id=other)

    report = world.apply()

    assert (report.resolved, report.steps, world.store.state.intents) == ([("a", "dropped")], [], {})
    assert world.store.state.meetings["a"].attributes["duration"] == 60


def test_updates_and_creates_share_one_budget_soonest_first() -> None:
    world = applied(topic("b", start_time="2027-01-02T09:00:00Z"))
    world.allowances = Allowances(Limits(2, 0), {})
    world.declare(
        topic("b", start_time="2027-01-02T09:00:00Z", duration=30),
        topic("a", start_time="2027-01-03T09:00:00Z"),
        topic("c", start_time="2027-01-01T09:00:00Z"),
    )

    report = world.apply()

    assert sorted(report.steps) == [("create", "c"), ("update", "b")]
    assert report.deferred == {"a": ("2026-12-03", "its turn is on a later day")}


def test_a_running_series_is_rescheduled_from_its_next_occurrence() -> None:
    world = World(meeting("w", weekly(start_time="2026-11-30T10:00:00")))
    world.clock.advance(-25 * 3600)  # the eve of the first one
    world.apply()
    world.clock.advance(8 * 24 * 3600)
    world.declare(meeting("w", weekly(start_time="2026-11-30T11:00:00")))

    report = world.apply()

    assert (report.steps, report.status) == ([("update", "w")], 0)
    (body,) = world.patched
    assert (body["start_time"], body["recurrence"]["end_times"]) == ("2026-12-14T11:00:00", 18)
    assert not world.plan().has_work


def test_an_ignored_change_is_sent_once_more_then_reported_and_not_repeated() -> None:
    world = applied(topic("a"))
    world.zoom.meet(Fault(status=204, times=0, **UPDATE))
    world.declare(topic("a", duration=30))

    report = world.apply()

    assert (report.failed, report.status, len(world.asked("PATCH"))) == ({"a": "apply.not-taken"}, 1, 2)
    assert world.store.state.meetings["a"].observed == {"duration": 60}
    assert not world.plan().has_work


def test_an_observed_value_is_forgotten_once_its_field_is_sent() -> None:
    world = applied(topic("a"))
    state = world.store.state
    world.store.state = replace(
        state, meetings={"a": replace(state.meetings["a"], observed={"duration": 45, "topic": "A"})}
    )
    world.declare(topic("a", duration=30))

    world.apply()

    assert world.store.state.meetings["a"].observed == {"topic": "A"}


def test_an_update_that_landed_is_done_after_its_look_up() -> None:
    world = applied(topic("a"))
    world.zoom.meet(answer_lost(**UPDATE))
    world.declare(topic("a", duration=30))

    report = world.apply()

    assert (report.steps, report.status, len(world.asked("PATCH"))) == ([("update", "a")], 0, 1)
    assert world.charged(day="2026-12-02") == 1
    assert not world.plan().has_work


def test_an_update_that_did_not_land_is_sent_again_under_a_new_charge() -> None:
    world = applied(topic("a"))
    world.zoom.meet(never_arrived(**UPDATE))
    world.declare(topic("a", duration=30))

    report = world.apply()

    assert (report.steps, report.status, world.charged(day="2026-12-02")) == ([("update", "a")], 0, 2)
    assert not world.plan().has_work


def test_an_update_that_is_lost_twice_is_left_to_the_next_run() -> None:
    world = applied(topic("a"))
    world.zoom.meet(never_arrived(times=2, **UPDATE))
    world.declare(topic("a", duration=30))

    report = world.apply()
    again = world.apply()

    assert (report.failed, report.status) == ({"a": "apply.unresolved"}, 1)
    assert report.text_of("apply.unresolved").startswith("The change of a may or may not have been made")
    assert (again.resolved, again.steps) == ([("a", "absent")], [("update", "a")])
    assert not world.plan().has_work


def interrupted(*, landed: bool) -> World:
    """An update to 30 minutes whose run died without an answer."""
    world = applied(topic("a"))
    world.declare(topic("a", duration=30))
    world.zoom.meet(gateway_page(502, commit=landed, **UPDATE))
    world.on_answer = lambda scope: setattr(world, "is_stopping", scope["method"] == "PATCH")
    report = world.apply()
    assert report.failed == {"a": "apply.unresolved"}
    world.is_stopping, world.on_answer = False, lambda _scope: None
    return world


def test_an_update_of_an_earlier_run_that_landed_is_recorded() -> None:
    world = interrupted(landed=True)

    report = world.apply()

    assert (report.resolved, report.steps, len(world.asked("PATCH"))) == ([("a", "adopted")], [], 1)
    assert not world.plan().has_work


def test_an_update_of_an_earlier_run_that_did_not_land_is_sent_again() -> None:
    world = interrupted(landed=False)

    report = world.apply()

    assert (report.resolved, report.steps) == ([("a", "absent")], [("update", "a")])
    assert world.charged(day="2026-12-02") == 2
    assert not world.plan().has_work


@pytest.mark.parametrize("landed", [True, False])
def test_the_current_declaration_is_sent_after_the_look_up(*, landed: bool) -> None:
    world = interrupted(landed=landed)
    world.declare(topic("a", duration=60, agenda="New"))

    world.apply()

    stored = world.account.meetings_of(HOST)[0].document
    assert (stored["duration"], stored["agenda"]) == (60, "New")
    assert not world.plan().has_work


@pytest.mark.parametrize(("landed", "outcome", "minutes"), [(True, "adopted", 30), (False, "dropped", 60)])
def test_an_undeclared_update_is_only_looked_up(*, landed: bool, outcome: str, minutes: int) -> None:
    world = interrupted(landed=landed)
    world.undeclare("a")

    report = world.apply()

    assert (report.resolved, report.steps) == ([("a", outcome)], [])
    assert world.store.state.meetings["a"].attributes["duration"] == minutes
    assert world.store.state.intents == {}


def test_a_replace_that_is_wanted_after_the_look_up_waits_for_the_next_plan() -> None:
    world = interrupted(landed=True)
    world.declare(meeting("a", weekly(topic="a")))

    report = world.apply()

    assert report.resolved == [("a", "adopted")]
    assert report.text_of("apply.differs") == (
        "a was found in Zoom as it was declared when its request was interrupted. "
        "The next plan shows the differences."
    )


def test_a_passcode_of_an_interrupted_update_is_sent_again() -> None:
    """It is not recorded, so nobody can say whether Zoom has it."""
    world = applied(topic("a"))
    world.passcodes = {"TEAM_PASSCODE": "Lift-off_7"}
    world.declare(topic("a", password={"env": "TEAM_PASSCODE", "version": 1}))
    world.zoom.meet(gateway_page(502, commit=True, **UPDATE))
    world.on_answer = lambda scope: setattr(world, "is_stopping", scope["method"] == "PATCH")
    world.apply()
    world.is_stopping, world.on_answer = False, lambda _scope: None
    world.passcodes = {}

    unfit = world.apply()
    world.passcodes = {"TEAM_PASSCODE": "Lift-off_7"}
    report = world.apply()

    assert unfit.failed == {"a": "passcode.missing"}
    assert (report.resolved, report.steps) == ([("a", "absent")], [("update", "a")])
    assert b"Lift-off_7" not in (world.store.document or b"")


def test_only_an_update_of_the_passcode_needs_it() -> None:
    world = World(topic("a", password={"env": "TEAM_PASSCODE", "version": 1}))
    world.passcodes = {"TEAM_PASSCODE": "Lift-off_7"}
    world.apply()
    world.passcodes = {}
    world.declare(topic("a", duration=30, password={"env": "TEAM_PASSCODE", "version": 1}))

    report = world.apply()

    assert (report.steps, report.failed) == ([("update", "a")], {})


def test_a_missing_meeting_is_reported_with_the_remedy() -> None:
    world = applied(topic("a"))
    world.zoom.send("DELETE", f"/v2/meetings/{world.ids()['a']}")
    world.declare(topic("a", duration=30))

    report = world.apply()

    assert (report.failed, report.status, dict(world.store.state.intents)) == ({"a": "apply.gone"}, 1, {})
    assert "Run `reconciler apply --refresh` to create it again" in report.text_of("apply.gone")


def test_a_meeting_that_went_while_its_update_was_lost_is_reported() -> None:
    world = interrupted(landed=False)
    world.zoom.send("DELETE", f"/v2/meetings/{world.ids()['a']}")

    report = world.apply()

    assert (report.failed, dict(world.store.state.intents)) == ({"a": "apply.gone"}, {})


@pytest.mark.parametrize(("landed", "outcome"), [(True, "adopted"), (False, "absent")])
def test_an_interrupted_reschedule_of_a_series_is_judged_by_what_it_sent(
    *, landed: bool, outcome: str
) -> None:
    """Meanwhile the next occurrence is another one."""
    world = applied(meeting("w", weekly(start_time="2026-12-07T10:00:00")))
    world.clock.advance(7 * 24 * 3600)  # one is over
    world.declare(meeting("w", weekly(start_time="2026-12-07T11:00:00")))
    world.zoom.meet(gateway_page(502, commit=landed, **UPDATE))
    world.on_answer = lambda scope: setattr(world, "is_stopping", scope["method"] == "PATCH")
    world.apply()
    world.is_stopping, world.on_answer = False, lambda _scope: None
    world.clock.advance(7 * 24 * 3600)  # and another one

    report = world.apply()

    sent = [(body["start_time"], body["recurrence"]["end_times"]) for body in world.patched]
    assert report.resolved == [("w", outcome)]
    assert sent == [("2026-12-14T11:00:00", 19), ("2026-12-21T11:00:00", 18)][: 1 if landed else 2]
    assert not world.plan().has_work


def test_a_stop_ends_the_look_up_of_an_update() -> None:
    world = interrupted(landed=True)
    world.on_answer = lambda _scope: setattr(world, "is_stopping", True)

    report = world.apply()

    assert (report.failed, list(world.store.state.intents)) == ({"a": "apply.unresolved"}, ["a"])


def test_an_update_of_a_field_that_is_no_longer_declared_is_dropped() -> None:
    """The interrupted change is no longer declared, and the rest is as recorded."""
    world = World(topic("a"))
    world.apply()
    world.clock.advance(24 * 3600)
    world.declare(topic("a", agenda="New"))
    world.zoom.meet(gateway_page(502, **UPDATE))
    world.on_answer = lambda scope: setattr(world, "is_stopping", scope["method"] == "PATCH")
    world.apply()
    world.is_stopping, world.on_answer = False, lambda _scope: None
    world.declare(topic("a"))

    report = world.apply()

    assert (report.resolved, report.steps, dict(world.store.state.intents)) == ([("a", "dropped")], [], {})
    assert not world.plan().has_work


def test_an_unreadable_update_stays_open() -> None:
    world = interrupted(landed=True)
    world.zoom.meet(gateway_page(502, times=0, **READ))

    report = world.apply()

    assert (report.failed, list(world.store.state.intents)) == ({"a": "apply.unresolved"}, ["a"])


def test_an_update_of_a_record_that_somebody_removed_is_dropped() -> None:
    world = interrupted(landed=True)
    world.store.state = replace(world.store.state, meetings={})
    world.undeclare("a")

    report = world.apply()

    assert (report.resolved, dict(world.store.state.intents)) == ([("a", "dropped")], {})


def test_a_refused_update_leaves_the_record_and_no_intent() -> None:
    world = applied(topic("a"))
    world.zoom.meet(Fault(status=400, body={"code": 300, "message": "Validation Failed."}, **UPDATE))
    world.declare(topic("a", duration=30))

    report = world.apply()

    assert (report.status, list(report.failed), dict(world.store.state.intents)) == (1, ["a"], {})
    assert world.store.state.meetings["a"].attributes["duration"] == 60


def test_an_update_whose_start_passes_before_it_leaves_is_not_sent() -> None:
    world = applied(topic("a", start_time="2026-12-20T09:00:00Z"))
    world.declare(topic("a", start_time="2026-12-02T09:10:00Z"))
    world.on_request = lambda scope: world.clock.advance(900) if "users" in scope["path"] else None

    report = world.apply()

    assert (report.failed, world.asked("PATCH")) == ({"a": "apply.too-late"}, [])
    assert "Zoom would ignore a start in the past" in report.text_of("apply.too-late")
    assert (dict(world.store.state.intents), world.charged(day="2026-12-02")) == ({}, 0)


def test_an_update_that_cannot_be_recorded_is_reported_as_changed() -> None:
    world = applied(topic("a"))
    world.declare(topic("a", duration=30))
    world.store.refused = {world.store.writes + 3}

    report = world.apply()

    assert report.failed == {"a": "apply.unrecorded"}
    assert report.text_of("apply.unrecorded") == (
        f"a was changed: it is meeting {world.ids()['a']} in Zoom. The state was not written or read. "
        "Fix the cause and run apply again. "
        "The intent is durable, so the next run looks the change up; to send it twice does no harm."
    )
    assert (world.apply().resolved, world.plan().has_work) == ([("a", "adopted")], False)


def test_a_daily_limit_closes_the_day_for_updates_too() -> None:
    world = applied(topic("a"))
    message = "You have exceeded the daily rate limit of (100) for meeting create/update API requests"
    world.zoom.meet(Fault(status=429, body={"code": 429, "message": message}, **UPDATE))
    world.declare(topic("a", duration=30))

    report = world.apply()

    assert report.deferred == {"a": ("2026-12-03", "the host's requests for this UTC day are used up")}
    assert (dict(world.store.state.intents), world.charged(day="2026-12-02")) == ({}, 100)


def test_an_update_is_charged_to_the_user_it_was_scheduled_for() -> None:
    """Zoom names that user as the host, and counts the request there."""
    deputy = "ben@example.com"
    world = applied(topic("a", schedule_for=deputy))
    world.declare(topic("a", schedule_for=deputy, duration=30))

    report = world.apply()

    assert (report.steps, report.status) == ([("update", "a")], 0)
    assert (world.used(deputy)["2026-12-02"], world.used(HOST)["2026-12-02"]) == (1, 0)
    assert (world.charged(deputy, "2026-12-02"), world.charged(HOST, "2026-12-02")) == (1, 0)
    assert (world.store.state.meetings["a"].host, world.plan().has_work) == (HOST, False)
