"""Single dates of a series on the emulator: skipped, moved, changed and taken back, each exactly once."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from builders import HOST, at, meeting, one_off, removed, weekly
from engine_world import TURNS, World
from msgspec.structs import replace

from reconciler.apply.events import StepDeferred
from reconciler.meeting.closures import Closure, DayRange, SingleDates
from reconciler.plan.budget import Allowances, Limits
from reconciler.sandbox.faults import READ, Fault, gateway_page
from reconciler.state.state import Retired

if TYPE_CHECKING:
    from collections.abc import Mapping

    from reconciler.ports import Json

MOVE = {"start_time": "2027-03-02T14:00:00", "duration": 30}
MOVED = {"start_time": "2027-03-02T13:00:00Z", "duration": 30}
CLOSED = (Closure("berlin", (DayRange("2027-02-01", "2027-02-08"),)),)


def series(exceptions: Mapping[str, Json], closures: tuple[Closure, ...] = (), **attributes: Any) -> Any:
    return meeting("weekly", weekly(**attributes), dates=SingleDates(exceptions, closures))


def in_zoom(world: World) -> dict[str, str]:
    """The dates of the one series that are deleted or of another length in Zoom, by start."""
    (number,) = world.ids().values()
    stored = world.zoom.read(number)
    usual = stored["duration"]
    return {
        each["start_time"]: "deleted" if each["status"] == "deleted" else f"{each['duration']} min"
        for each in stored["occurrences"]
        if each["status"] == "deleted" or each["duration"] != usual
    }


DONE = {
    "2027-02-01T09:00:00Z": "deleted",
    "2027-02-08T09:00:00Z": "deleted",
    "2027-03-02T13:00:00Z": "30 min",
}


@pytest.mark.parametrize("kind", [2, 3, 10])
def test_a_meeting_that_is_no_series_has_no_dates_whatever_its_defaults_skip(kind: int) -> None:
    """`skip` in defaults holds for every meeting of a file; a single one is held all the same."""
    attributes = one_off(type=kind, start_time="2027-02-01T10:00:00", timezone="Europe/Berlin")
    world = World(meeting("one", attributes, dates=SingleDates({}, CLOSED)))

    report = world.apply()
    again = world.apply()

    assert (report.status, report.failed, again.done) == (0, {}, {})


def test_a_series_with_exceptions_that_becomes_a_single_meeting_is_replaced() -> None:
    world = World(series({"2027-02-01": "skip"}))
    assert world.apply().status == 0
    (number,) = world.ids().values()

    world.declare(meeting("weekly", one_off()))
    world.removed = (removed("weekly", number),)
    report = world.apply()

    assert (report.status, report.failed, world.topics()) == (0, {}, ["Launch review"])
    assert world.store.state.meetings["weekly"].exceptions == {}


def test_a_new_series_has_its_dates_skipped_and_moved() -> None:
    world = World(series({"2027-03-01": MOVE}, CLOSED))

    report = world.apply()

    assert (report.status, report.failed, in_zoom(world)) == (0, {}, DONE)
    assert world.store.state.meetings["weekly"].exceptions == {
        "2027-02-01": "skip",
        "2027-02-08": "skip",
        "2027-03-01": MOVED,
    }
    assert (world.charged(), world.store.state.intents) == (2, {})
    assert not world.plan().has_work


def test_ten_skips_cost_one_request_and_three_moves_three_more() -> None:
    mondays = [f"{date(2027, 1, 11) + timedelta(weeks=week)}" for week in range(13)]
    skips, moves = dict.fromkeys(mondays[3:], "skip"), {day: {"duration": 30} for day in mondays[:3]}
    rule = {"type": 2, "repeat_interval": 1, "weekly_days": "2", "end_times": 50}
    worlds = [World(series(skips, recurrence=rule)), World(series({**skips, **moves}, recurrence=rule))]

    planned = [world.plan().steps[0].requests for world in worlds]
    for world in worlds:
        world.apply()

    assert (planned, [world.charged() for world in worlds]) == ([1, 4], [1, 4])
    assert len(in_zoom(worlds[1])) == 13


def test_a_date_has_its_own_agenda_and_settings() -> None:
    world = World(series({"2027-03-01": {"agenda": "Guests", "settings": {"waiting_room": True}}}))

    report = world.apply()

    (number,) = world.ids().values()
    found = next(
        each
        for each in world.zoom.read(number)["occurrences"]
        if each["start_time"] == "2027-03-01T09:00:00Z"
    )
    one = world.zoom.read(number, f"?occurrence_id={found['occurrence_id']}")
    assert (report.failed, one["agenda"], one["settings"]["waiting_room"]) == ({}, "Guests", True)
    assert not world.plan().has_work


def test_a_changed_date_is_taken_back_without_the_rule() -> None:
    world = World(series({"2027-03-01": MOVE}, CLOSED))
    world.apply()
    world.declare(series({}, CLOSED))

    report = world.apply()

    skipped = {start: what for start, what in DONE.items() if what == "deleted"}
    assert (report.failed, in_zoom(world), world.charged()) == ({}, skipped, 3)
    assert not world.plan().has_work


def test_a_moved_date_can_be_skipped() -> None:
    world = World(series({"2027-03-01": MOVE}))
    world.apply()
    world.declare(series({"2027-03-01": "skip"}))

    report = world.apply()

    assert (report.failed, in_zoom(world)) == ({}, {"2027-03-02T13:00:00Z": "deleted"})
    assert world.store.state.meetings["weekly"].exceptions == {"2027-03-01": "skip"}


def test_a_skipped_date_comes_back_and_the_others_stay() -> None:
    world = World(series({"2027-03-01": MOVE}, CLOSED))
    world.apply()
    world.declare(series({"2027-03-01": MOVE, "2027-02-08": "skip"}))

    report = world.apply()

    rest = {start: what for start, what in DONE.items() if not start.startswith("2027-02-01")}
    assert (report.failed, in_zoom(world), world.charged()) == ({}, rest, 4)
    assert not world.plan().has_work


@pytest.mark.parametrize("dates_forgotten", ["change", "rule", "update"])
@pytest.mark.parametrize(
    "attributes", [{"start_time": "2027-01-11T10:00:00", "topic": "Other"}, {"duration": 60}]
)
def test_what_zoom_forgets_by_an_update_is_done_again(dates_forgotten: str, attributes: Any) -> None:
    world = World(series({"2027-03-01": MOVE}, CLOSED), dates_forgotten=dates_forgotten)
    world.apply()
    world.declare(series({"2027-03-01": MOVE}, CLOSED, **attributes))

    report = world.apply()

    assert (report.failed, in_zoom(world)) == ({}, DONE)
    assert not world.plan().has_work


def test_a_reschedule_does_the_dates_again_at_the_new_time() -> None:
    world = World(series({"2027-03-01": {"duration": 30}}, CLOSED))
    world.apply()
    world.declare(series({"2027-03-01": {"duration": 30}}, CLOSED, start_time="2027-01-11T12:00:00"))

    report = world.apply()

    assert (report.failed, in_zoom(world)) == (
        {},
        {
            "2027-02-01T11:00:00Z": "deleted",
            "2027-02-08T11:00:00Z": "deleted",
            "2027-03-01T11:00:00Z": "30 min",
        },
    )


def test_moved_dates_keep_their_id_or_not() -> None:
    for keeps in (True, False):
        world = World(series({"2027-03-01": MOVE}), moved_date_keeps_id=keeps)
        world.apply()
        world.declare(series({"2027-03-01": {**MOVE, "duration": 20}}))

        assert (world.apply().failed, in_zoom(world)) == ({}, {"2027-03-02T13:00:00Z": "20 min"})


def test_changes_that_do_not_fit_are_left_to_the_next_day_and_the_skips_are_done() -> None:
    exceptions = {f"2027-0{month}-01": {"duration": 30} for month in (2, 3)}
    world = World(series({**exceptions, "2027-02-08": "skip"}))
    world.allowances = Allowances(Limits(daily=2, reserve=0), {})

    first = world.apply()
    after = in_zoom(world)
    world.zoom.clock.advance(24 * 3600)
    second = world.apply()

    assert after == {"2027-02-01T09:00:00Z": "30 min", "2027-02-08T09:00:00Z": "deleted"}
    assert (first.failed, first.deferred["weekly"][0]) == ({}, "2026-12-02")
    assert in_zoom(world) == {**after, "2027-03-01T09:00:00Z": "30 min"}
    assert (second.failed, world.charged(), world.charged(day="2026-12-02")) == ({}, 2, 1)


def test_changes_that_wait_for_several_days_tell_the_first_and_the_last_of_them() -> None:
    """As the plan has them, in this run and in the one that follows."""
    exceptions = {f"2027-0{month}-01": {"duration": 30} for month in (2, 3)} | {
        "2027-04-05": {"duration": 30}
    }
    world = World(series(exceptions))
    world.allowances = Allowances(Limits(daily=1, reserve=0), {})
    days = [each.day for each in world.plan().steps[0].dates]

    first = world.apply()
    world.zoom.clock.advance(24 * 3600)
    world.store.state = world.store.state.charge("2026-12-02", HOST, 1)
    second = world.apply()

    told = [
        (each.day, each.last_day)
        for report in (first, second)
        for each in report.events
        if isinstance(each, StepDeferred)
    ]
    assert (days, told) == (
        ["2026-12-02", "2026-12-03", "2026-12-04"],
        [("2026-12-02", "2026-12-04"), ("2026-12-03", "2026-12-05")],
    )


def test_a_new_series_is_created_where_the_day_has_no_room_for_all_of_its_dates() -> None:
    """Only a step that undoes dates needs room for all of them at once."""
    world = World(meeting("other"))
    world.apply()
    world.declare(series({f"2027-0{month}-01": {"duration": 30} for month in (2, 3)}))
    world.allowances = Allowances(Limits(daily=3, reserve=0), {})

    report = world.apply()

    assert (report.steps, world.charged()) == ([("create", "weekly")], 3)
    assert list(world.store.state.meetings["weekly"].exceptions) == ["2027-02-01"]


def test_a_change_that_left_once_and_may_not_leave_again_stays_charged() -> None:
    """Zoom refused it for a second, and the run was stopped meanwhile: it may have been counted."""
    world = World(series({}))
    world.apply()
    world.declare(series({"2027-03-01": {"duration": 30}}))
    brief = {"code": 429, "message": "You have reached the maximum per-second rate limit for this API."}
    world.zoom.meet(Fault(method="PATCH", status=429, body=brief, headers={"X-RateLimit-Type": "QPS"}))
    world.on_answer = lambda scope: setattr(world, "is_stopping", scope["method"] == "PATCH")

    report = world.apply()

    assert (len(world.asked("PATCH")), world.charged(), list(report.deferred)) == (1, 2, ["weekly"])
    assert world.store.state.intents == {}


def test_dates_that_take_long_have_their_intent_written_again() -> None:
    """A request leaves only while its intent is younger than a request may take."""
    world = World(series({}))
    world.apply()
    changed = {f"2027-0{month}-01": {"duration": 30} for month in (2, 3)} | {"2027-04-05": {"duration": 30}}
    world.declare(series(changed))
    world.on_answer = lambda scope: world.clock.advance(16 if scope["method"] == "PATCH" else 0)

    report = world.apply()

    assert (report.failed, report.deferred, world.store.state.intents) == ({}, {}, {})
    assert list(world.store.state.meetings["weekly"].exceptions) == list(changed)


def test_dates_whose_intent_cannot_be_written_are_not_sent_and_stop_the_run() -> None:
    world = World(series({}))
    world.apply()
    world.declare(series({"2027-02-01": "skip"}))

    def refuse(scope: Mapping[str, Any]) -> None:
        if scope["path"].startswith("/v2/meetings/"):
            world.store.refused = {world.store.writes + 1}

    world.on_answer = refuse

    report = world.apply()

    assert report.result is not None
    assert report.result.failure is not None
    assert (report.result.failure.diagnostic.code, report.status) == ("state.refused", 1)
    assert world.asked("DELETE") == []


def test_the_sooner_date_of_another_series_goes_before_a_later_one() -> None:
    """The plan gives each date its day; a series does not use up what is left of it for all of its own."""
    short = {"duration": 30}
    first = meeting("a", weekly(topic="A"), dates=SingleDates({"2027-01-11": short, "2027-03-15": short}))
    second = meeting("b", weekly(topic="B"), dates=SingleDates({"2027-01-18": short}))
    world = World(replace(first, dates=SingleDates()), replace(second, dates=SingleDates()))
    world.apply()
    world.zoom.clock.advance(24 * 3600)
    world.allowances = Allowances(Limits(daily=2, reserve=0), {})
    world.declare(first, second)

    report = world.apply()

    done = {key: list(record.exceptions) for key, record in world.store.state.meetings.items()}
    assert done == {"a": ["2027-01-11"], "b": ["2027-01-18"]}
    assert report.deferred["a"] == (
        "2026-12-03",
        "the host's requests for this UTC day are used up: Mon 15 Mar 2027",
    )


def test_a_daily_limit_at_a_skip_closes_the_day() -> None:
    world = World(series({}, CLOSED))
    world.zoom.meet(Fault(method="DELETE", status=429, headers={"X-RateLimit-Type": "Daily-limit"}))

    report = world.apply()

    assert world.charged() == 100
    assert "weekly" in report.deferred


def test_after_a_daily_limit_at_a_skip_no_other_series_of_the_host_skips_that_day() -> None:
    def of(key: str, *days: str) -> Any:
        return meeting(key, weekly(topic=key), dates=SingleDates(dict.fromkeys(days, "skip")))

    world = World(of("a"), of("b"))
    world.apply()
    world.declare(of("a", "2027-02-01"), of("b", "2027-02-01", "2027-02-08"))
    world.zoom.meet(Fault(method="DELETE", status=429, headers={"X-RateLimit-Type": "Daily-limit"}))

    report = world.apply()

    used_up = "the host's requests for this UTC day are used up: Mon 1 Feb 2027"
    assert len(world.asked("DELETE")) == 1
    assert (report.failed, report.deferred) == (
        {},
        {"a": ("2026-12-02", used_up), "b": ("2026-12-02", f"{used_up}, Mon 8 Feb 2027")},
    )


def test_after_a_daily_limit_at_a_change_other_series_are_skipped_all_the_same() -> None:
    """A skip uses no request, so a day that is used up does not hold it back."""
    changed = meeting("a", weekly(topic="a"), dates=SingleDates({"2027-02-01": {"duration": 30}}))
    skipped = meeting("b", weekly(topic="b"), dates=SingleDates({"2027-02-01": "skip"}))
    world = World(replace(changed, dates=SingleDates()), replace(skipped, dates=SingleDates()))
    world.apply()
    world.declare(changed, skipped)
    world.zoom.meet(Fault(method="PATCH", status=429, headers={"X-RateLimit-Type": "Daily-limit"}))

    report = world.apply()

    assert (report.failed, list(report.deferred), len(world.asked("DELETE"))) == ({}, ["a"], 1)


@pytest.mark.parametrize("keeps", [True, False])
def test_a_date_can_be_moved_to_the_time_of_one_that_is_skipped(keeps: Any) -> None:
    """A date is not taken for another one that is held where it is to be moved to."""
    rule = {"type": 2, "repeat_interval": 1, "weekly_days": "2,3", "end_times": 20}
    exceptions = {"2027-02-01": {"start_time": "2027-02-02T10:00:00"}, "2027-02-02": "skip"}
    world = World(series(exceptions, recurrence=rule), moved_date_keeps_id=keeps)

    report = world.apply()

    (number,) = world.ids().values()
    listed = [(each["start_time"], each["status"]) for each in world.zoom.read(number)["occurrences"]]
    assert (report.failed, sorted(each for each in listed if each[0].startswith("2027-02-0"))) == (
        {},
        [
            ("2027-02-02T09:00:00Z", "available"),
            ("2027-02-02T09:00:00Z", "deleted"),
            ("2027-02-08T09:00:00Z", "available"),
            ("2027-02-09T09:00:00Z", "available"),
        ],
    )
    assert not world.plan().has_work


def test_a_daily_limit_at_a_change_leaves_the_day_used_up_whatever_was_not_sent() -> None:
    world = World(series({f"2027-0{month}-01": {"duration": 30} for month in (2, 3)}))
    world.zoom.meet(Fault(method="PATCH", status=429, headers={"X-RateLimit-Type": "Daily-limit"}))

    report = world.apply()

    assert (world.charged(), list(report.deferred)) == (100, ["weekly"])


def test_a_replaced_meeting_stays_until_the_dates_of_its_successor_are_done() -> None:
    world = World(series({"2027-03-01": {"duration": 30}}))
    world.apply()
    old = world.ids()["weekly"]
    world.declare(
        meeting("weekly", weekly(), host="other@example.com", dates=SingleDates({"2027-03-01": MOVE}))
    )
    world.removed = (removed("weekly", old),)
    world.zoom.meet(Fault(method="PATCH", status=400, body={"code": 300, "message": "No."}))

    failed = world.apply()
    kept = world.zoom.send("GET", f"/v2/meetings/{old}").status_code
    done = world.apply()

    assert ("apply.dates" in failed.failed.values(), kept) == (True, 200)
    assert (done.failed, world.zoom.send("GET", f"/v2/meetings/{old}").status_code) == ({}, 404)


def test_a_replaced_meeting_stays_while_its_successor_cannot_be_read() -> None:
    """What is not read is not done: its dates are brought by the next run."""
    world = World(meeting("weekly", one_off()))
    world.apply()
    (old,) = world.ids().values()
    world.declare(series({"2027-03-01": MOVE}))
    world.removed = (removed("weekly", old),)

    def cut_off(scope: Mapping[str, Any]) -> None:
        meetings = {f"/v2/meetings/{number}" for number in world.ids().values()}
        if scope["method"] == "GET" and scope["path"] in meetings - {f"/v2/meetings/{old}"}:
            world.zoom.meet(gateway_page(502, **READ))

    world.on_request = cut_off
    failed = world.apply()
    kept = world.zoom.send("GET", f"/v2/meetings/{old}").status_code
    world.on_request = lambda _: None
    done = world.apply()

    assert (failed.failed, kept) == ({"weekly": "zoom.unreadable"}, 200)
    assert (done.failed, world.zoom.send("GET", f"/v2/meetings/{old}").status_code) == ({}, 404)


def test_a_replaced_meeting_stays_while_the_dates_of_its_successor_wait_for_their_day() -> None:
    """A run for whose dates there is no budget at all leaves it too."""
    moves = {f"2027-0{month}-01": {"duration": 30} for month in (2, 3)}
    world = World(meeting("weekly", one_off()))
    world.apply()
    (number,) = world.ids().values()
    world.declare(series(moves))
    world.removed = (removed("weekly", number),)
    world.allowances = Allowances(Limits(daily=2, reserve=0), {})

    reports = [world.apply() for _ in range(2)]
    left = len(world.topics())
    for _ in range(2):
        world.zoom.clock.advance(24 * 3600)
        world.apply()

    assert ([report.failed for report in reports], left) == ([{}, {}], 2)
    assert (len(world.topics()), world.plan().has_work) == (1, False)


def test_a_date_that_somebody_moved_by_hand_is_told_and_nothing_is_sent_for_it() -> None:
    world = World(series({}))
    world.apply()
    (number,) = world.ids().values()
    date = world.zoom.read(number)["occurrences"][3]
    assert date["start_time"] == "2027-02-01T09:00:00Z"
    world.zoom.patch(
        number, {"start_time": "2027-02-03T09:00:00Z"}, f"?occurrence_id={date['occurrence_id']}"
    )
    world.declare(series({}, CLOSED))

    report = world.apply()

    assert report.failed == {"weekly": "apply.dates"}
    assert "Mon 1 Feb 2027: Zoom does not list it" in report.text_of("apply.dates")
    assert in_zoom(world) == {"2027-02-08T09:00:00Z": "deleted"}


def test_a_date_that_cannot_leave_has_failed() -> None:
    """As a meeting that cannot: what is not done for another reason than the budget ends with status 1."""
    world = World(series({}))
    world.apply()
    world.declare(series({"2027-03-01": MOVE, "2027-02-08": "skip"}))
    before = world.charged()
    world.unreachable = lambda scope: scope["method"] in {"PATCH", "DELETE"}

    failed, charged = world.apply(), world.charged()
    world.unreachable = lambda _scope: False
    done = world.apply()

    assert (failed.status, failed.failed, list(failed.deferred)) == (1, {"weekly": "apply.dates"}, [])
    assert "Mon 1 Mar 2027: Zoom could not be reached, and nothing was sent for it" in failed.text_of(
        "apply.dates"
    )
    assert charged == before
    assert (done.status, in_zoom(world)) == (
        0,
        {"2027-02-08T09:00:00Z": "deleted", MOVED["start_time"]: "30 min"},
    )


def test_the_last_date_to_come_in_zoom_is_never_deleted() -> None:
    """Somebody cancelled the others in Zoom, which the plan does not know."""
    rule = {"type": 2, "repeat_interval": 1, "weekly_days": "2", "end_times": 3}
    world = World(series({}, recurrence=rule))
    world.apply()
    (number,) = world.ids().values()
    for each in world.zoom.read(number)["occurrences"][:2]:
        world.zoom.send("DELETE", f"/v2/meetings/{number}?occurrence_id={each['occurrence_id']}")
    before = len(world.asked("DELETE"))
    world.declare(series({"2027-01-25": "skip"}, recurrence=rule))

    report = world.apply()

    assert (report.failed, len(world.asked("DELETE"))) == ({"weekly": "apply.dates"}, before)
    assert "Mon 25 Jan 2027: it is the last date to come" in report.text_of("apply.dates")
    assert world.store.state.meetings["weekly"].exceptions == {}


def test_a_changed_date_that_zoom_does_not_list_is_not_told_as_held_again() -> None:
    world = World(series({"2027-03-01": MOVE}))
    world.apply()
    (number,) = world.ids().values()
    ids = {each["start_time"]: each["occurrence_id"] for each in world.zoom.read(number)["occurrences"]}
    moved = ids[MOVED["start_time"]]
    world.zoom.patch(number, {"start_time": "2027-03-04T09:00:00Z"}, f"?occurrence_id={moved}")
    world.declare(series({}))

    report = world.apply()

    assert (report.failed, report.done) == ({"weekly": "apply.dates"}, {})
    assert "Mon 1 Mar 2027: Zoom does not list it" in report.text_of("apply.dates")
    assert world.store.state.meetings["weekly"].exceptions == {"2027-03-01": MOVED}


def test_a_skip_that_somebody_made_already_needs_no_request() -> None:
    world = World(series({}))
    world.apply()
    (number,) = world.ids().values()
    date = world.zoom.read(number)["occurrences"][3]["occurrence_id"]
    world.zoom.send("DELETE", f"/v2/meetings/{number}?occurrence_id={date}")
    world.declare(series({"2027-02-01": "skip"}))
    before = len(world.asked("DELETE"))

    report = world.apply()

    assert (report.failed, len(world.asked("DELETE"))) == ({}, before)
    assert world.store.state.meetings["weekly"].exceptions == {"2027-02-01": "skip"}


@pytest.mark.parametrize("method", ["DELETE", "PATCH"])
@pytest.mark.parametrize("cut", ["before", "after"])
def test_a_lost_answer_is_settled_by_reading(method: str, cut: Any) -> None:
    world = World(series({"2027-03-01": MOVE}, CLOSED))
    world.zoom.meet(Fault(method=method, cut=cut))

    report = world.apply()

    assert (report.failed, in_zoom(world), world.store.state.intents) == ({}, DONE, {})
    assert not world.plan().has_work


@pytest.mark.parametrize("ends", ["stop", "lease"])
def test_a_lost_answer_is_not_judged_by_a_run_that_ends_before_it_must_have_landed(ends: str) -> None:
    """It may take effect after the read: the request stays begun, and the next run settles it."""
    world = World(series({}))
    world.apply()
    world.declare(series({"2027-02-01": "skip"}))
    world.zoom.meet(Fault(method="DELETE", cut="before"))

    def end(scope: Mapping[str, Any]) -> None:
        if scope["method"] == "DELETE" and ends == "stop":
            world.is_stopping = True
        elif scope["method"] == "DELETE":
            world.lease.left = lambda: 0.0

    world.on_request = end
    report = world.apply()

    assert report.failed == {"weekly": "apply.unresolved"}
    assert world.store.state.intents["weekly"].dates == {"2027-02-01": "skip"}


@pytest.mark.no_cover
def test_a_run_that_dies_at_any_turn_is_finished_by_the_next() -> None:
    """Each date is skipped or moved once, none twice, and the budget has room for what was charged."""
    for turns in TURNS:
        world = World(series({"2027-03-01": MOVE}, CLOSED))
        world.apply(dies_after_turns=turns)

        report = world.apply()

        assert (turns, report.failed, in_zoom(world)) == (turns, {}, DONE)
        assert world.store.state.intents == {}
        assert len(world.ids()) == 1
        assert not world.plan().has_work


@pytest.mark.no_cover
def test_a_reschedule_that_dies_at_any_turn_loses_no_date() -> None:
    later = {"start_time": "2027-01-11T10:30:00"}
    for turns in TURNS:
        world = World(series({"2027-03-01": MOVE}, CLOSED))
        world.apply()
        world.declare(series({"2027-03-01": MOVE}, CLOSED, **later))
        world.apply(dies_after_turns=turns)

        report = world.apply()

        assert (turns, report.failed, in_zoom(world)) == (
            turns,
            {},
            {
                "2027-02-01T09:30:00Z": "deleted",
                "2027-02-08T09:30:00Z": "deleted",
                "2027-03-02T13:00:00Z": "30 min",
            },
        )
        assert not world.plan().has_work


def test_another_weekday_waits_for_a_date_that_is_moved_and_still_to_come() -> None:
    """The new rule gives no date on that day; the recorded one does."""
    moved = {"2027-02-01": {"start_time": "2027-02-03T10:00:00"}}
    world = World(series(moved))
    world.apply()
    world.zoom.clock.advance((at("2027-02-02T12:00:00Z") - world.zoom.clock.now()).total_seconds())
    rule = {"type": 2, "repeat_interval": 1, "weekly_days": "3", "end_times": 12}
    world.declare(series(moved, start_time="2027-01-12T10:00:00", recurrence=rule))

    report = world.apply()

    until = "Wed 3 Feb 2027, 10:00 Europe/Berlin"
    why = f"its date 2027-02-01 is moved to {until}, and a new rule would lose it: waits until then"
    assert report.deferred["weekly"] == ("2027-02-03", why)
    assert world.asked("PATCH")[1:] == []


def test_a_refused_reschedule_keeps_what_is_recorded_of_its_dates() -> None:
    world = World(series({}, CLOSED))
    world.apply()
    world.declare(series({}, CLOSED, start_time="2027-01-11T10:30:00"))
    world.zoom.meet(Fault(method="PATCH", status=400, body={"code": 300, "message": "No."}))

    world.apply()

    assert world.store.state.meetings["weekly"].exceptions == {"2027-02-01": "skip", "2027-02-08": "skip"}


def test_after_a_refused_update_nothing_is_sent_for_the_dates_of_its_series() -> None:
    """What is declared together is sent together, or waits."""
    world = World(series({}))
    world.apply()
    world.declare(series({"2027-02-01": "skip"}, topic="Other"))
    world.zoom.meet(Fault(method="PATCH", status=400, body={"code": 300, "message": "No."}))

    report = world.apply()

    assert (report.failed, world.asked("DELETE")) == ({"weekly": "zoom.validation"}, [])


def test_a_change_of_single_dates_counts_as_one_change_of_the_meeting_in_feeds() -> None:
    world = World(series({}))
    world.apply()
    world.clock.advance(60)
    world.declare(series({"2027-02-01": "skip", "2027-03-01": MOVE}))

    assert world.apply().steps == [("update", "weekly")]

    record = world.store.state.meetings["weekly"]
    assert record.changed_at is not None
    assert (record.changes, record.changed_at > str(record.created_at)) == (1, True)


def test_nothing_is_sent_to_a_meeting_that_is_not_the_recorded_one() -> None:
    world = World(series({}))
    world.apply()
    state = world.store.state
    foreign = world.zoom.create({**weekly(), "topic": "Board"}, "boss@example.com")["id"]
    world.store.state = state.confirm("weekly", replace(state.meetings["weekly"], id=foreign))
    world.declare(series({}, CLOSED))

    report = world.apply()

    assert (list(report.failed), world.asked("DELETE")) == (["weekly"], [])


def test_a_stopped_run_still_skips_the_dates_of_the_next_seven_days() -> None:
    daily = {"type": 1, "repeat_interval": 1, "end_times": 40}
    world = World(series({}, recurrence=daily))
    world.apply()
    world.zoom.clock.advance((at("2027-01-30T12:00:00Z") - world.zoom.clock.now()).total_seconds())
    world.declare(series({}, (Closure("berlin", (DayRange("2027-02-01", "2027-02-10"),)),), recurrence=daily))

    def stop(scope: Mapping[str, Any]) -> None:
        world.is_stopping = world.is_stopping or scope["method"] == "DELETE"

    world.on_request = stop
    report = world.apply()

    assert list(world.store.state.meetings["weekly"].exceptions) == [f"2027-02-0{day}" for day in range(1, 7)]
    assert report.deferred["weekly"] == (
        None,
        "the run ended before its turn: Sun 7 Feb 2027, Mon 8 Feb 2027, Tue 9 Feb 2027, Wed 10 Feb 2027",
    )


def test_what_an_update_made_zoom_forget_is_done_on_a_later_day_if_the_budget_ends() -> None:
    moves = {f"2027-0{month}-01": {"duration": 30} for month in (2, 3)}
    world = World(series(moves), dates_forgotten="update")
    world.apply()
    world.declare(series(moves, topic="Other"))
    world.allowances = Allowances(Limits(daily=4, reserve=0), {})

    world.apply()
    world.zoom.clock.advance(24 * 3600)
    world.apply()

    assert in_zoom(world) == {"2027-02-01T09:00:00Z": "30 min", "2027-03-01T09:00:00Z": "30 min"}
    assert not world.plan().has_work


def test_what_waits_for_its_day_after_an_update_is_known_where_it_is() -> None:
    """Its date is still where it was moved to, and is found there on that day."""
    world = World(series({"2027-03-01": MOVE}))
    world.apply()
    world.allowances = Allowances(Limits(daily=3, reserve=0), {})
    world.declare(series({"2027-03-01": {"duration": 20}}, topic="Other"))

    first = world.apply()
    world.zoom.clock.advance(24 * 3600)
    report = world.apply()

    assert (first.failed, list(first.deferred), report.failed) == ({}, ["weekly"], {})
    assert in_zoom(world) == {"2027-03-01T09:00:00Z": "20 min"}
    assert not world.plan().has_work


@pytest.mark.no_cover
@pytest.mark.parametrize("dates_forgotten", ["rule", "update"])
def test_an_update_of_another_field_that_dies_at_any_turn_loses_no_date(dates_forgotten: str) -> None:
    for turns in TURNS:
        world = World(series({"2027-03-01": MOVE}, CLOSED), dates_forgotten=dates_forgotten)
        world.apply()
        world.declare(series({}, CLOSED, topic="Other"))
        world.apply(dies_after_turns=turns)

        report = world.apply()

        rest = {start: what for start, what in DONE.items() if what == "deleted"}
        assert (turns, report.failed, in_zoom(world)) == (turns, {}, rest)
        assert not world.plan().has_work


def test_a_moved_date_whose_own_start_is_past_is_deleted_where_it_is_taken_back() -> None:
    """No start that is past can be sent, and it must not be held where it was moved to."""
    world = World(series({"2027-03-01": MOVE}))
    world.apply()
    world.zoom.clock.advance((at("2027-03-01T12:00:00Z") - world.zoom.clock.now()).total_seconds())
    world.declare(series({}))

    report = world.apply()

    assert (report.failed, in_zoom(world)) == ({}, {"2027-03-02T13:00:00Z": "deleted"})


EARLIER = {"2027-03-01": {"start_time": "2027-02-25T10:00:00"}}


@pytest.mark.parametrize("exceptions", [{}, {"2027-03-01": {"duration": 30}}])
def test_a_date_that_was_held_earlier_comes_back_by_the_rule(exceptions: Mapping[str, Json]) -> None:
    """Where it was moved to is past, so Zoom lists it no more; what is declared now is still to come."""
    world = World(series(EARLIER))
    world.apply()
    world.zoom.clock.advance((at("2027-02-26T12:00:00Z") - world.zoom.clock.now()).total_seconds())
    world.declare(series(exceptions))

    report = world.apply()

    listed = world.zoom.read(world.ids()["weekly"])["occurrences"]
    minutes = 30 if exceptions else 45
    assert report.failed == {}
    assert [(each["start_time"], each["duration"]) for each in listed[:2]] == [
        ("2027-03-01T09:00:00Z", minutes),
        ("2027-03-08T09:00:00Z", 45),
    ]
    assert not world.plan().has_work


def test_a_date_that_was_held_earlier_and_stays_away_fails_by_name() -> None:
    """Before the series begins, the rule that is sent again is the same one."""
    earlier = {"2027-01-18": {"start_time": "2027-01-08T10:00:00"}}
    world = World(series(earlier), dates_forgotten="change")
    world.apply()
    world.zoom.clock.advance((at("2027-01-09T12:00:00Z") - world.zoom.clock.now()).total_seconds())
    world.declare(series({}))

    report = world.apply()

    why = "it is not held in Zoom, and only sending the rule again brings it back"
    assert f"weekly: Mon 18 Jan 2027: {why}." in report.text_of("apply.dates")


def test_a_date_that_was_held_earlier_and_is_skipped_now_needs_nothing() -> None:
    world = World(series(EARLIER))
    world.apply()
    world.zoom.clock.advance((at("2027-02-26T12:00:00Z") - world.zoom.clock.now()).total_seconds())
    world.declare(series({"2027-03-01": "skip"}))

    report = world.apply()

    assert (report.failed, world.asked("DELETE")) == ({}, [])
    assert not world.plan().has_work


LAST_HELD_EARLIER = {"2027-05-24": {"start_time": "2027-05-21T10:00:00"}}


def with_its_last_date_held() -> World:
    """A series whose last date was moved to an earlier day, and held there; its own start is to come."""
    world = World(series(LAST_HELD_EARLIER))
    world.apply()
    world.clock.advance((at("2027-05-22T12:00:00Z") - world.clock.now()).total_seconds())
    return world


@pytest.mark.parametrize("change", [{"start_time": "2027-01-11T10:30:00"}, {"topic": "Other"}])
def test_a_series_whose_last_date_was_held_earlier_is_not_changed_any_more(change: Any) -> None:
    """A rule would bring that date back, and Zoom deletes no last one; nobody would see any other change."""
    world = with_its_last_date_held()
    world.declare(series(LAST_HELD_EARLIER, **change))

    report = world.apply()

    (step,) = world.plan().steps
    last = "the last date of its rule, Mon 24 May 2027, is over"
    why = f"its last date was held earlier than the rule gives it: nothing of it is changed until {last}"
    assert (report.status, report.failed, world.asked("PATCH")[1:]) == (0, {}, [])
    assert (step.status, step.reasons, step.dates) == ("withheld", (why,), ())
    assert not step.waits_for_person


ON_TUESDAYS = {
    "start_time": "2027-01-12T10:00:00",
    "recurrence": {"type": 2, "repeat_interval": 1, "weekly_days": "3", "end_times": 20},
}


FOR_EVER_IN_A_PAUSE = {
    "recurrence": {"type": 2, "repeat_interval": 1, "weekly_days": "2", "end_times": 0},
    "closures": (Closure("pause", (DayRange("2027-05-24", ""),)),),
}


@pytest.mark.parametrize(
    ("change", "day", "last"),
    [
        ({"start_time": "2027-01-11T10:30:00"}, "2027-05-24", ", until Mon 24 May 2027,"),
        (ON_TUESDAYS, "2027-05-25", ", until Tue 25 May 2027,"),
        (FOR_EVER_IN_A_PAUSE, "2027-05-24", ""),
    ],
)
def test_a_series_of_which_only_a_skipped_date_is_left_is_not_rescheduled(
    change: Any, day: str, last: str
) -> None:
    """A new rule would bring that date back, or another one, and Zoom deletes no last one."""
    world = World(series({"2027-05-24": "skip"}))
    world.apply()
    world.clock.advance((at("2027-05-18T12:00:00Z") - world.clock.now()).total_seconds())
    world.declare(series({day: "skip"}, **change))

    report = world.apply()

    (step,) = world.plan().steps
    why = f"every date that is left{last} is skipped, and a new rule would bring one back"
    assert (report.status, report.failed, world.asked("PATCH")) == (0, {}, [])
    assert (step.status, step.reasons, step.dates) == ("withheld", (why,), ())
    assert not step.waits_for_person
    assert in_zoom(world) == {"2027-05-24T08:00:00Z": "deleted"}


def test_a_series_whose_last_dates_are_skipped_with_a_new_rule_has_one_date_at_most() -> None:
    """One of its dates is still to be held in Zoom, so a new rule brings none back."""
    world = World(series({}))
    world.apply()
    world.clock.advance((at("2027-05-12T12:00:00Z") - world.clock.now()).total_seconds())
    world.declare(series({"2027-05-17": "skip", "2027-05-24": "skip"}, start_time="2027-01-11T10:30:00"))

    report = world.apply()

    assert (report.failed, in_zoom(world)) == ({}, {"2027-05-17T08:30:00Z": "deleted"})


def test_a_last_date_that_was_held_earlier_and_is_skipped_now_needs_nothing() -> None:
    world = with_its_last_date_held()
    world.declare(series({"2027-05-24": "skip"}))

    report = world.apply()

    assert (report.failed, world.asked("PATCH")[1:], world.asked("DELETE")) == ({}, [], [])
    assert not world.plan().has_work


def test_the_last_date_that_is_left_before_one_that_was_held_earlier_is_not_skipped() -> None:
    """Zoom deletes no last one; the one that was held is not held again."""
    held = {"2027-05-24": {"start_time": "2027-05-14T10:00:00"}}
    world = World(series(held))
    world.apply()
    world.clock.advance((at("2027-05-15T12:00:00Z") - world.clock.now()).total_seconds())
    world.declare(series({**held, "2027-05-17": "skip"}))

    reports = [world.apply() for _ in range(2)]

    assert [(report.status, report.failed) for report in reports] == [(0, {})] * 2
    assert (world.asked("PATCH")[1:], world.asked("DELETE"), world.plan().has_work) == ([], [], False)


def test_a_last_date_that_was_held_earlier_is_held_again_where_its_exception_goes() -> None:
    world = with_its_last_date_held()
    world.declare(series({}))

    report = world.apply()

    assert (report.failed, in_zoom(world), world.plan().has_work) == ({}, {}, False)


def test_a_series_whose_last_date_was_held_earlier_goes_on_with_a_longer_rule() -> None:
    world = with_its_last_date_held()
    rule = {"type": 2, "repeat_interval": 1, "weekly_days": "2", "end_times": 22}
    world.declare(series(LAST_HELD_EARLIER, recurrence=rule))

    report = world.apply()

    assert (report.failed, in_zoom(world)) == ({}, {"2027-05-24T08:00:00Z": "deleted"})


def test_an_endless_series_in_a_pause_is_changed_though_its_next_date_was_held_earlier() -> None:
    """Its rule has no last date, so that something is left of it."""
    rule = {"type": 2, "repeat_interval": 1, "weekly_days": "2"}
    pause = Closure("pause", (DayRange("2027-03-08", ""),))
    held = {"2027-03-01": {"start_time": "2027-02-05T10:00:00"}}
    world = World(series(held, (pause,), recurrence=rule))
    world.apply()
    world.clock.advance((at("2027-02-23T12:00:00Z") - world.clock.now()).total_seconds())
    world.declare(series(held, (pause,), recurrence=rule, topic="Other"))

    report = world.apply()

    assert (report.failed, world.store.state.meetings["weekly"].attributes["topic"]) == ({}, "Other")


def test_a_series_of_which_only_dates_that_were_held_earlier_are_left_is_not_created() -> None:
    world = with_its_last_date_held()
    world.store.state = world.store.state.forget("weekly")

    report = world.apply()

    (step,) = world.plan().steps
    assert (report.failed, step.status, step.reasons) == (
        {},
        "withheld",
        ("every date that is left is skipped",),
    )


def test_a_date_that_was_moved_and_then_skipped_stays_so_after_an_update() -> None:
    world = World(series({"2027-03-01": MOVE}))
    world.apply()
    world.declare(series({"2027-03-01": "skip"}))
    world.apply()
    world.declare(series({"2027-03-01": "skip"}, topic="Other"))

    report = world.apply()

    assert (report.failed, in_zoom(world)) == ({}, {"2027-03-02T13:00:00Z": "deleted"})


def test_a_date_that_was_taken_back_follows_the_duration_of_its_series() -> None:
    """Zoom keeps the values of the series, by which it was taken back, as its own."""
    world = World(series({"2027-03-01": MOVE}))
    world.apply()
    world.declare(series({}))
    world.apply()
    world.declare(series({}, duration=60))

    report = world.apply()

    assert (report.failed, in_zoom(world), world.charged()) == ({}, {}, 5)


def test_the_last_date_to_come_is_never_deleted() -> None:
    """To delete it would end the meeting: nothing is sent for it, now or later."""
    world = World(series({}, recurrence={**weekly()["recurrence"], "end_times": 2}))
    assert world.apply().status == 0
    world.declare(
        series(
            {"2027-01-11": "skip", "2027-01-18": "skip"},
            recurrence={**weekly()["recurrence"], "end_times": 2},
        )
    )

    first, second = world.apply(), world.apply()

    assert (first.status, first.failed, in_zoom(world)) == (0, {}, {"2027-01-11T09:00:00Z": "deleted"})
    assert (second.done, world.store.state.meetings["weekly"].exceptions) == ({}, {"2027-01-11": "skip"})


def test_a_last_date_that_was_skipped_while_others_were_to_come_stays_so() -> None:
    """It is declared as skipped, and people were told: no rule brings it back once the others are over."""
    rule = {**weekly()["recurrence"], "end_times": 3}
    world = World(series({"2027-01-25": "skip"}, recurrence=rule))
    world.apply()
    world.clock.advance((at("2027-01-18T12:00:00Z") - world.clock.now()).total_seconds())

    report = world.apply()

    assert (report.done, report.deferred, in_zoom(world)) == ({}, {}, {"2027-01-25T09:00:00Z": "deleted"})


@pytest.mark.parametrize("dates_forgotten", ["rule", "update"])
def test_of_nothing_but_skips_the_last_date_that_is_still_held_stays(dates_forgotten: str) -> None:
    """Those that were skipped before stay so, also where an update of another field may undo them."""
    rule = {**weekly()["recurrence"], "end_times": 3}
    world = World(series({"2027-01-25": "skip"}, recurrence=rule), dates_forgotten=dates_forgotten)
    world.apply()
    skips = dict.fromkeys(("2027-01-11", "2027-01-18", "2027-01-25"), "skip")
    world.declare(series(skips, recurrence=rule, topic="Other"))

    reports = [world.apply() for _ in range(3)]

    held = "18" if dates_forgotten == "rule" else "25"
    starts = [f"2027-01-{day}T09:00:00Z" for day in ("11", "18", "25") if day != held]
    assert ([report.failed for report in reports], [*in_zoom(world)]) == ([{}, {}, {}], starts)
    assert not world.plan().has_work


def test_no_rule_is_sent_while_a_date_that_is_past_is_moved_to_a_day_to_come() -> None:
    """The rule would lose it: the step waits until it was held, and says until when."""
    moved = {"2027-01-11": {"start_time": "2027-01-13T14:00:00"}}
    world = World(series(moved))
    assert world.apply().status == 0
    world.clock.advance((at("2027-01-12T09:00:00Z") - world.clock.now()).total_seconds())
    world.declare(series(moved, start_time="2027-01-11T11:00:00"))

    waiting = world.apply()
    world.clock.advance(30 * 3600)
    later = world.apply()

    reason = "its date 2027-01-11 is moved to Wed 13 Jan 2027, 14:00 Europe/Berlin"
    why = f"{reason}, and a new rule would lose it: waits until then"
    assert waiting.deferred == {"weekly": ("2027-01-13", why)}
    assert (later.status, later.failed) == (0, {})


def test_after_a_handover_the_dates_follow_as_a_step_of_the_new_host() -> None:
    """What the handover made Zoom forget is done by the new host, and charged there."""
    exceptions = {"2027-02-01": "skip", "2027-03-01": MOVE}
    world = World(series(exceptions), dates_forgotten="update")
    assert world.apply().status == 0
    world.declare(replace(series(exceptions), host="bob@example.com"))
    before = world.charged(HOST)

    reports = [world.apply() for _ in range(3)]

    assert [(report.status, report.failed) for report in reports] == [(0, {})] * 3
    assert [report.deferred for report in reports] == [
        {
            "weekly": (
                None,
                "the next apply does its dates under the new host: Mon 1 Feb 2027, Mon 1 Mar 2027",
            )
        },
        {},
        {},
    ]
    assert in_zoom(world) == {"2027-02-01T09:00:00Z": "deleted", "2027-03-02T13:00:00Z": "30 min"}
    assert (world.charged(HOST) - before, world.charged("bob@example.com")) == (1, 1)


def test_a_meeting_that_was_replaced_stays_until_the_dates_of_a_handed_over_one_are_done() -> None:
    exceptions = {"2027-02-01": "skip"}
    world = World(series(exceptions), dates_forgotten="update")
    assert world.apply().status == 0
    old = world.zoom.create(weekly(topic="Old"), HOST)["id"]
    state = world.store.state
    gone = Retired(old, HOST, "weekly")
    world.store.state = state.replace("weekly", state.meetings["weekly"], gone)
    world.declare(replace(series(exceptions), host="bob@example.com"))

    left = []
    for _ in range(2):
        assert world.apply().status == 0
        left.append("Old" in world.topics(HOST))

    assert left == [True, False]


def test_a_day_that_a_new_rule_does_not_give_is_not_looked_for_in_zoom() -> None:
    """It was skipped, and the series moves to another weekday."""
    world = World(series({"2027-02-01": "skip"}))
    world.apply()
    rule = {**weekly()["recurrence"], "weekly_days": "3"}
    world.declare(series({}, start_time="2027-01-12T10:00:00", recurrence=rule))

    report = world.apply()

    assert (report.steps, report.failed, in_zoom(world)) == ([("update", "weekly")], {}, {})
    assert world.store.state.meetings["weekly"].exceptions == {}


def test_a_date_that_a_handover_leaves_where_it_was_moved_is_moved_on_by_the_new_host() -> None:
    """It is recorded as Zoom shows it: nobody would find it by its own start."""
    world = World(series({"2027-03-01": MOVE}), dates_forgotten="rule")
    assert world.apply().status == 0
    declared = series({"2027-03-01": {"start_time": "2027-03-03T14:00:00", "duration": 30}})
    world.declare(replace(declared, host="bob@example.com"))

    reports = [world.apply() for _ in range(2)]

    assert [(report.status, report.failed) for report in reports] == [(0, {})] * 2
    assert in_zoom(world) == {"2027-03-03T13:00:00Z": "30 min"}
    assert not world.plan().has_work


def test_a_stopped_run_skips_the_dates_of_the_next_seven_days_of_every_series() -> None:
    rule = {"type": 1, "repeat_interval": 1, "end_times": 40}

    def daily(key: str, day: str | None = None) -> Any:
        exceptions = {day: "skip"} if day else {}
        return meeting(key, weekly(topic=key, recurrence=rule), dates=SingleDates(exceptions))

    def stop(scope: Mapping[str, Any]) -> None:
        world.is_stopping = world.is_stopping or scope["method"] == "DELETE"

    world = World(daily("a"), daily("b"), daily("c"))
    world.apply()
    world.zoom.clock.advance((at("2027-01-12T12:00:00Z") - world.zoom.clock.now()).total_seconds())
    world.declare(daily("a", "2027-01-13"), daily("b", "2027-01-14"), daily("c", "2027-01-30"))
    world.on_request = stop

    report = world.apply()

    done = {key: list(record.exceptions) for key, record in world.store.state.meetings.items()}
    assert done == {"a": ["2027-01-13"], "b": ["2027-01-14"], "c": []}
    assert report.deferred == {"c": (None, "the run ended before its turn")}
