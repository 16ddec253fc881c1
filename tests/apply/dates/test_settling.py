"""Interrupted requests of series, settled by the next run: what was not sent is not taken for done."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from builders import HOST, meeting, moved, one_off, weekly
from engine_world import TURNS, World
from msgspec.structs import replace

from reconciler.meeting.closures import SingleDates
from reconciler.plan.budget import Allowances, Limits
from reconciler.sandbox.faults import CREATE, READ, Fault, gateway_page
from reconciler.state.state import Intent, Retired

if TYPE_CHECKING:
    from collections.abc import Mapping

    from reconciler.state.state import State

SKIPS = {"2027-02-01": "skip", "2027-02-08": "skip"}
BEGUN = "2026-12-01T08:00:00Z"
GUESTS = {"2027-03-01": {"agenda": "Guests"}}
MOVE = {"start_time": "2027-03-09T14:00:00", "duration": 30}
MOVED = {"start_time": "2027-03-09T13:00:00Z", "duration": 30}
UNREADABLE = gateway_page(502, times=4, **READ)
HAS_GUESTS = {"2027-03-01": {"start_time": "2027-03-01T09:00:00Z", "duration": 45, "agenda": "Guests"}}


def series(exceptions: Any = None, **attributes: Any) -> Any:
    return meeting("weekly", weekly(**attributes), dates=SingleDates(exceptions or {}))


def agenda(world: World) -> str:
    """The agenda of the date 2027-03-01 in Zoom."""
    number = world.ids()["weekly"]
    ids = {each["start_time"]: each["occurrence_id"] for each in world.zoom.read(number)["occurrences"]}
    one = world.zoom.read(number, f"?occurrence_id={ids['2027-03-01T09:00:00Z']}")
    return str(one.get("agenda", ""))


def edited(world: World) -> dict[str, Any]:
    """What the one date of the series that is not as the rule gives it is in Zoom, named by 2027-03-08."""
    stored = world.zoom.read(world.ids()["weekly"])
    starts = {
        f"{each:%Y-%m-%dT09:00:00Z}" for each in (date(2027, 1, 11) + timedelta(weeks=n) for n in range(11))
    }
    starts |= {
        f"{each:%Y-%m-%dT08:00:00Z}" for each in (date(2027, 3, 29) + timedelta(weeks=n) for n in range(9))
    }
    found = [
        "skip"
        if each["status"] == "deleted"
        else {"start_time": each["start_time"], "duration": each["duration"]}
        for each in stored["occurrences"]
        if each["status"] == "deleted"
        or each["start_time"] not in starts
        or each["duration"] != stored["duration"]
    ]
    return {"2027-03-08": found[0]} if found else {}


def interrupted(world: World, dates: Any, number: int | None = None) -> None:
    """Leave the intent of a run that ended before its request left; `number`: for another meeting."""
    state = world.store.state
    record = state.meetings["weekly"]
    made = number or record.id
    intent = Intent("update", record.host, record.attributes, (), BEGUN, BEGUN, "run-1", id=made, dates=dates)
    world.store.state = state.rewrite("weekly", intent)


def test_an_agenda_that_was_never_sent_is_not_taken_for_done() -> None:
    """The list of dates does not show it, so the date itself is read."""
    world = World(series())
    world.apply()
    interrupted(world, HAS_GUESTS)
    world.declare(series(GUESTS))

    report = world.apply()

    assert (report.failed, report.resolved, agenda(world)) == ({}, [("weekly", "absent")], "Guests")
    assert not world.plan().has_work


def test_an_agenda_that_was_sent_is_settled_without_a_request() -> None:
    world = World(series(GUESTS))
    world.apply()
    state = world.store.state
    world.store.state = state.with_exceptions("weekly", {})
    interrupted(world, HAS_GUESTS)
    before = len(world.asked("PATCH"))

    report = world.apply()

    assert (report.resolved, len(world.asked("PATCH"))) == ([("weekly", "adopted")], before)
    assert world.store.state.meetings["weekly"].exceptions == HAS_GUESTS


def test_an_agenda_of_a_date_that_zoom_does_not_list_is_not_taken_for_done() -> None:
    """There is nothing to read of it."""
    endless = {"type": 1, "repeat_interval": 1, "end_times": 0}
    far = {"2027-05-01": {"start_time": "2027-05-01T08:00:00Z", "duration": 45, "agenda": "Guests"}}
    world = World(series(recurrence=endless))
    world.apply()
    interrupted(world, far)

    report = world.apply()

    assert (report.failed, report.resolved) == ({}, [("weekly", "absent")])
    assert world.store.state.intents == {}


def test_an_agenda_that_was_never_sent_is_sent_once_its_series_waits_no_more() -> None:
    """The run that settled it sent nothing for the series, and recorded only what Zoom has."""
    world = World(series())
    world.apply()
    interrupted(world, HAS_GUESTS)
    world.declare(series(GUESTS, start_time="2027-01-04T11:00:00"))
    first = world.apply()
    world.declare(series(GUESTS))

    report = world.apply()

    assert (first.failed, first.resolved, report.failed) == ({}, [("weekly", "absent")], {})
    assert agenda(world) == "Guests"
    assert not world.plan().has_work


def test_an_agenda_that_an_update_made_zoom_forget_is_sent_when_its_day_has_come() -> None:
    world = World(series(GUESTS), dates_forgotten="update")
    world.apply()
    world.declare(series(GUESTS, topic="Other"))
    world.allowances = Allowances(Limits(daily=3, reserve=0), {})

    first = world.apply()
    world.zoom.clock.advance(24 * 3600)
    report = world.apply()

    assert (list(first.deferred), first.failed, report.failed) == (["weekly"], {}, {})
    assert agenda(world) == "Guests"
    assert not world.plan().has_work


def test_an_agenda_that_a_handover_made_zoom_forget_is_sent_by_the_new_host() -> None:
    world = World(series(GUESTS), dates_forgotten="update")
    world.apply()
    world.declare(replace(series(GUESTS), host="bob@example.com"))

    reports = [world.apply() for _ in range(2)]

    assert [(report.status, report.failed) for report in reports] == [(0, {})] * 2
    assert agenda(world) == "Guests"
    assert not world.plan().has_work


@pytest.mark.parametrize("host", [HOST, "bob@example.com"])
def test_an_agenda_that_cannot_be_read_after_an_update_stays_open(host: str) -> None:
    """The next run reads it, and does what is missing."""
    world = World(series(GUESTS), dates_forgotten="update")
    world.apply()
    world.declare(replace(series(GUESTS, topic="Other"), host=host))
    fault = gateway_page(502, **READ)
    world.on_request = lambda scope: (
        world.zoom.meet(fault) if b"occurrence_id" in scope["query_string"] else None
    )

    first = world.apply()
    world.on_request = lambda _: None
    reports = [world.apply() for _ in range(2)]

    assert first.failed == {"weekly": "zoom.unreadable"}
    assert [report.failed for report in reports] == [{}] * 2
    assert agenda(world) == "Guests"
    assert not world.plan().has_work


def test_a_settled_request_records_its_dates_and_nothing_else() -> None:
    """Only a plan that shows a changed protection records it."""
    world = World(series())
    world.apply()
    interrupted(world, HAS_GUESTS)
    world.declare(replace(series(GUESTS), protect=True))

    report = world.apply()

    assert (report.resolved, agenda(world)) == ([("weekly", "absent")], "Guests")
    assert (world.store.state.meetings["weekly"].protect, world.apply().steps) == (
        False,
        [("keep", "weekly")],
    )


def test_the_write_that_begins_an_update_empties_the_records_of_the_dates_that_it_may_undo() -> None:
    """A moved date that is to be taken back stays recorded: nothing else would find it in Zoom."""
    world = World(series({**GUESTS, "2027-02-01": "skip", "2027-03-08": MOVE}))
    world.apply()
    world.declare(series({**GUESTS, "2027-02-01": "skip"}, topic="Other"))
    begun: list[State] = []
    world.on_request = lambda scope: begun.append(world.store.state) if scope["method"] == "PATCH" else None

    world.apply()

    intent, record = begun[0].intents["weekly"], begun[0].meetings["weekly"]
    assert intent.dates == {**HAS_GUESTS, "2027-02-01": "skip", "2027-03-08": MOVED}
    assert record.exceptions == {"2027-03-08": MOVED}


def test_dates_whose_read_fails_stay_begun_and_the_next_run_settles_them() -> None:
    world = World(series())
    world.apply()
    world.declare(series({"2027-02-01": "skip"}))
    world.on_answer = lambda scope: world.zoom.meet(UNREADABLE) if scope["method"] == "DELETE" else None

    report = world.apply()

    assert (report.failed, statuses(world)) == (
        {"weekly": "apply.unresolved"},
        {"2027-02-01T09:00:00Z": "deleted"},
    )
    said = report.text_of("apply.unresolved")
    assert said.startswith("The change of weekly may or may not have been made")
    assert world.store.state.intents["weekly"].dates == {"2027-02-01": "skip"}
    again = world.apply()
    assert (again.failed, again.resolved, len(world.asked("DELETE"))) == ({}, [("weekly", "adopted")], 1)


def test_a_date_that_was_moved_without_its_agenda_is_known_where_it_is() -> None:
    """Zoom took a part of the change; once another is declared, the date is found."""
    move = {"2027-03-01": {"start_time": "2027-02-28T04:05:00", "agenda": "Guests"}}
    world = World(series())
    world.apply()
    world.declare(series(move))
    world.zoom.switch(held_fields=["agenda"])
    first = world.apply()
    world.zoom.switch(held_fields=[])
    world.declare(series({"2027-03-01": {"duration": 30}}))

    report = world.apply()

    assert (first.failed, report.failed) == ({"weekly": "apply.dates"}, {})
    assert not world.plan().has_work


def test_a_replaced_meeting_stays_while_begun_dates_of_its_successor_cannot_be_read() -> None:
    world = World(series())
    world.apply()
    number = world.ids()["weekly"]
    old = world.zoom.create(weekly(topic="Old"), HOST)["id"]
    state = world.store.state
    world.store.state = state.replace("weekly", state.meetings["weekly"], Retired(old, HOST, "weekly"))
    interrupted(world, {"2027-02-01": "skip"})
    world.on_request = lambda scope: (
        world.zoom.meet(gateway_page(502, **READ)) if scope["path"] == f"/v2/meetings/{number}" else None
    )

    first = world.apply()
    left = "Old" in world.topics()
    world.on_request = lambda _: None
    reports = [world.apply() for _ in range(2)]

    assert (first.failed, left) == ({"weekly": "zoom.unreadable"}, True)
    assert [report.failed for report in reports] == [{}] * 2
    assert "Old" not in world.topics()


def test_an_agenda_that_was_to_be_taken_back_is_taken_back() -> None:
    world = World(series(GUESTS))
    world.apply()
    interrupted(world, {"2027-03-01": None})
    world.declare(series())

    report = world.apply()

    assert (report.failed, report.resolved, agenda(world)) == ({}, [("weekly", "absent")], "")
    assert world.store.state.meetings["weekly"].exceptions == {}


def test_the_dates_of_a_series_that_a_person_must_decide_about_are_not_sent() -> None:
    """`moved` wants another meeting under its key, so what is declared there may be meant for that one."""
    world = World(series(GUESTS), meeting("old", one_off()))
    world.apply()
    world.declare(series(GUESTS, topic="Other"))
    world.apply(dies_with_intent=True)
    assert list(world.store.state.intents) == ["weekly"]
    world.undeclare("old")
    world.moved = (moved("old", "weekly"),)
    world.declare(series({**GUESTS, "2027-02-01": {"duration": 30}}, topic="Other"))

    report = world.apply()

    assert (report.failed, report.resolved) == ({}, [("weekly", "dropped")])
    assert world.store.state.meetings["weekly"].exceptions == HAS_GUESTS
    assert [step.status for step in world.plan().steps if step.key == "weekly"] == ["withheld"]


def test_what_an_update_would_have_undone_is_recorded_again_in_the_write_that_drops_it() -> None:
    """A run that dies after that write must leave a record of what Zoom has."""
    world = World(series(GUESTS), meeting("old", one_off()))
    world.apply()
    world.declare(series(GUESTS, topic="Other"))
    world.apply(dies_with_intent=True)
    world.undeclare("old")
    world.moved = (moved("old", "weekly"),)
    states: list[State] = []
    world.store.before_write = lambda: states.append(world.store.state)

    report = world.apply()

    states.append(world.store.state)
    dropped = [state.meetings["weekly"].exceptions for state in states if not state.intents]
    assert report.resolved == [("weekly", "dropped")]
    assert dropped == [HAS_GUESTS] * len(dropped)


ON = {"start_time": "2027-03-10T16:00:00", "duration": 20}


@pytest.mark.parametrize("held", ["start_time", "duration"])
@pytest.mark.parametrize("before", [None, MOVE], ids=["new", "moved"])
@pytest.mark.parametrize("then", [None, "skip", ON], ids=["back", "skip", "on"])
def test_a_change_that_took_in_part_is_known_where_it_is(held: str, before: Any, then: Any) -> None:
    """Zoom took its start and not its length, or the reverse; then another change of it is declared."""
    world = World(series({"2027-03-08": before} if before else {}))
    world.apply()
    world.zoom.switch(held_fields=[held])
    world.declare(
        series({"2027-03-08": {"start_time": "2027-03-11T10:00:00", "duration": 30 + 5 * bool(before)}})
    )

    report = world.apply()

    assert report.text_of("apply.dates").startswith(
        "weekly: Mon 8 Mar 2027: Zoom accepted the request and took only a part of it."
    )
    assert world.store.state.meetings["weekly"].exceptions == edited(world)
    world.zoom.switch(held_fields=[])
    world.declare(series({"2027-03-08": then} if then else {}))
    assert (world.apply().failed, world.plan().has_work) == ({}, False)
    assert world.store.state.meetings["weekly"].exceptions == edited(world)


def test_a_change_that_took_in_part_is_known_where_it_is_after_a_run_that_only_settled_it() -> None:
    """That one was stopped while it read; once the change is declared no more, it is taken back."""
    world = World(series())
    world.apply()
    world.zoom.switch(held_fields=["duration"])
    world.declare(series({"2027-03-08": MOVE}))
    world.on_answer = lambda scope: world.zoom.meet(UNREADABLE) if scope["method"] == "PATCH" else None
    first = world.apply()
    read = f"/v2/meetings/{world.ids()['weekly']}"
    world.on_answer = lambda scope: setattr(world, "is_stopping", scope["path"] == read)
    world.zoom.switch(held_fields=[])

    second = world.apply()
    settled, in_part = world.store.state.meetings["weekly"].exceptions, edited(world)
    world.on_answer, world.is_stopping = lambda _scope: None, False
    world.declare(series())
    third = world.apply()

    assert (first.failed, second.resolved) == ({"weekly": "apply.unresolved"}, [("weekly", "absent")])
    assert settled == in_part == {"2027-03-08": {"start_time": MOVED["start_time"], "duration": 45}}
    assert (third.failed, edited(world)) == ({}, {})


def test_what_an_update_left_is_recorded_by_the_run_that_finds_that_it_happened() -> None:
    """A person must decide about the rest, so nothing is sent; the dates are read all the same."""
    world = World(series(GUESTS), meeting("old", one_off()))
    world.apply()
    world.declare(series(GUESTS, topic="Other"))
    world.zoom.meet(Fault(method="PATCH", cut="after"))
    world.on_request = lambda scope: setattr(world, "is_stopping", scope["method"] == "PATCH")
    world.apply()
    assert [intent.is_of_dates for intent in world.store.state.intents.values()] == [False]
    world.on_request, world.is_stopping = lambda _scope: None, False
    world.undeclare("old")
    world.moved = (moved("old", "weekly"),)

    report = world.apply()

    assert (report.failed, report.resolved) == ({}, [("weekly", "adopted")])
    assert (world.store.state.meetings["weekly"].exceptions, world.store.state.intents) == (HAS_GUESTS, {})


@pytest.mark.no_cover
def test_an_interrupted_update_leaves_a_skipped_date_that_comes_back_to_the_next_run() -> None:
    """Only the rule brings it back, and the plan of that run has none to send: nothing has failed."""
    deferred = set()
    for turns in TURNS:
        world = World(series({"2027-02-01": "skip", "2027-02-08": "skip"}))
        world.apply()
        world.declare(series({"2027-02-08": "skip"}, topic="Other"))
        world.apply(dies_after_turns=turns)

        reports = [world.apply() for _ in range(2)]

        assert (turns, [report.failed for report in reports]) == (turns, [{}, {}])
        assert statuses(world) == {"2027-02-08T09:00:00Z": "deleted"}
        assert not world.plan().has_work
        deferred |= set(reports[0].deferred.values())
    why = "Zoom brings a skipped date back only if the rule is sent again, which the next apply does"
    assert deferred == {(None, f"{why}: Mon 1 Feb 2027")}


@pytest.mark.no_cover
def test_a_skipped_date_that_comes_back_is_not_lost_by_two_crashes() -> None:
    """The request that the second run repeats has no rule: the date stays skipped until the next one."""
    for turns in range(174, 243, TURNS.step):  # it settles first
        world = World(series({"2027-02-01": "skip"}))
        world.apply()
        world.declare(series({}, topic="Other"))
        world.apply(dies_with_intent=True)
        assert list(world.store.state.intents) == ["weekly"]
        world.apply(dies_after_turns=turns)

        reports = [world.apply() for _ in range(2)]

        assert (turns, [report.failed for report in reports], statuses(world)) == (turns, [{}, {}], {})
        assert not world.plan().has_work


@pytest.mark.no_cover
@pytest.mark.parametrize("dates_forgotten", ["rule", "update"])
@pytest.mark.parametrize("change", [{"topic": "Other"}, {"start_time": "2027-01-11T10:30:00"}])
def test_a_skipped_date_that_comes_back_after_a_crash_is_not_forgotten(
    dates_forgotten: str, change: Mapping[str, Any]
) -> None:
    """The update may have undone the skip, or not: until that is read, the state names it."""
    for turns in TURNS:
        world = World(series(SKIPS), dates_forgotten=dates_forgotten)
        world.apply()
        world.declare(series(SKIPS, **change))
        world.apply(dies_after_turns=turns)
        world.declare(series({"2027-02-08": "skip"}, **change))

        reports = [world.apply() for _ in range(3)]

        assert (turns, [report.failed for report in reports]) == (turns, [{}, {}, {}])
        assert list(statuses(world)) == [f"2027-02-08T09:{'30' if 'start_time' in change else '00'}:00Z"]
        assert not world.plan().has_work


def test_a_skipped_date_that_comes_back_after_an_update_that_did_not_take_is_not_forgotten() -> None:
    world = World(series(SKIPS))
    world.apply()
    world.zoom.switch(held_fields=["agenda"])
    world.declare(series(SKIPS, agenda="Other"))

    report = world.apply()

    assert (report.failed, report.resolved) == ({"weekly": "apply.not-taken"}, [])
    assert world.store.state.meetings["weekly"].exceptions == SKIPS
    assert world.store.state.intents == {}


def test_a_single_meeting_that_was_made_before_it_became_a_series_has_no_dates() -> None:
    """It is adopted, and the next plan asks to replace it: nothing has failed."""
    world = World(meeting("weekly", one_off()))
    world.zoom.meet(Fault(**CREATE, cut="after"))

    def stop(scope: Mapping[str, Any]) -> None:
        world.is_stopping = scope["method"] == "POST"

    world.on_request = stop
    world.apply()
    world.is_stopping, world.on_request = False, lambda _scope: None
    world.declare(series(SKIPS))

    report = world.apply()

    assert (report.resolved, report.failed) == ([("weekly", "adopted")], {})
    assert [step.action for step in world.plan().steps] == ["replace"]


def test_a_meeting_that_is_gone_leaves_no_open_dates() -> None:
    """Nothing is left to look up: a plan that reads Zoom first may declare it anew."""
    world = World(series(SKIPS))
    world.apply()
    interrupted(world, {"2027-03-01": "skip"})
    world.zoom.send("DELETE", f"/v2/meetings/{world.ids()['weekly']}")

    report = world.apply()

    assert (report.failed, world.store.state.intents) == ({"weekly": "apply.gone"}, {})


def statuses(world: World) -> dict[str, str]:
    """The dates of the one series that are not available in Zoom, by start."""
    listed = world.zoom.read(world.ids()["weekly"])["occurrences"]
    return {each["start_time"]: each["status"] for each in listed if each["status"] != "available"}


@pytest.mark.parametrize("other", [1, 99999999999])
def test_a_request_for_another_meeting_than_the_recorded_one_is_dropped(other: int) -> None:
    """Somebody edited the state by hand: what was begun says nothing about this meeting."""
    world = World(series(GUESTS))
    world.apply()
    interrupted(world, {"2027-02-01": "skip"}, number=other)

    report = world.apply()

    assert (report.resolved, report.failed, world.store.state.intents) == ([], {}, {})
    assert "Drop the intent of weekly" in world.store.notes
    assert world.store.state.meetings["weekly"].exceptions == HAS_GUESTS


def test_dates_that_cannot_be_read_stay_begun_and_are_reported() -> None:
    """The series can be read, and the date that may have its own agenda cannot."""
    world = World(series(GUESTS))
    world.apply()
    interrupted(world, HAS_GUESTS)
    world.zoom.meet(Fault(**READ, nth=2, times=4, status=500))

    report = world.apply()

    assert (report.failed, report.resolved) == ({"weekly": "zoom.unreadable"}, [])
    assert world.store.state.intents["weekly"].dates == HAS_GUESTS


def test_an_interrupted_create_of_a_series_that_is_not_wanted_any_more_leaves_no_dates_to_do() -> None:
    """It is dropped, since another host is declared: the next plan creates it there, with its dates."""
    world = World(series({"2027-02-01": "skip"}))
    world.zoom.meet(Fault(**CREATE, cut="before"))
    world.on_request = lambda scope: setattr(world, "is_stopping", scope["method"] == "POST")
    world.apply()
    world.is_stopping, world.on_request = False, lambda _scope: None
    world.declare(replace(series({"2027-02-01": "skip"}), host="bob@example.com"))

    first, second = world.apply(), world.apply()

    assert (first.resolved, first.failed, second.steps) == (
        [("weekly", "dropped")],
        {},
        [("create", "weekly")],
    )
    assert statuses(world) == {"2027-02-01T09:00:00Z": "deleted"}


def test_a_run_that_is_stopped_while_it_settles_reads_nothing_and_keeps_what_was_begun() -> None:
    """The earlier request may still land: what a read shows by then proves nothing."""
    world = World(series(SKIPS))
    world.apply()
    world.store.state = world.store.state.with_exceptions("weekly", {})
    interrupted(world, dict(SKIPS))
    world.account.requests.clear()
    sleep = world.clock.sleep

    async def stopped(seconds: float) -> None:
        world.is_stopping = True
        await sleep(seconds)

    world.clock.sleep = stopped  # type: ignore[method-assign]  # - a stop in the pause

    world.apply()

    reads = [path for path in world.asked("GET") if "/meetings" in path]
    assert (list(world.store.state.intents), reads) == (["weekly"], [])
