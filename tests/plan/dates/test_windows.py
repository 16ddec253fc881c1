"""The window of a longer series, and when it is extended."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from builders import at, meeting, one_off, planned, record, spec, state, weekly
from msgspec.structs import replace

from reconciler.errors.exceptions import StalePlanError
from reconciler.meeting.closures import NO_DATES, Closure, DayRange, SingleDates
from reconciler.plan import approval
from reconciler.plan.budget import Allowances, Limits
from reconciler.plan.change import Action
from reconciler.plan.dates import windows
from reconciler.plan.dates.steps import held_declared
from reconciler.plan.step import Status
from reconciler.views.json import plan as json_view
from reconciler.views.style import TextStyle

if TYPE_CHECKING:
    from reconciler.plan.plan import Plan

FOR_EVER = {"type": 2, "repeat_interval": 1, "weekly_days": "2", "end_times": 0}
WINDOW = {"from": "2027-01-11T09:00:00Z", "to": "2027-12-20T09:00:00Z"}
THIRTEEN_LEFT, TWELVE_LEFT = at("2027-09-26T09:00:00Z"), at("2027-09-27T09:00:00Z")


def plan_at(
    now: Any,
    rule: Any = FOR_EVER,
    window: Any = WINDOW,
    dates: SingleDates = NO_DATES,
    done: Any = None,
    **options: Any,
) -> Plan:
    attributes = weekly(recurrence=rule)
    known = replace(record(1, attributes), window=window, exceptions=done or {})
    declared = spec(meeting("weekly", attributes, dates=dates))
    return planned(declared, state(meetings={"weekly": known}), now=now, **options)


def reasons(plan: Plan) -> tuple[str, ...]:
    (step,) = plan.steps
    return step.reasons


def test_a_window_is_extended_when_fewer_than_thirteen_dates_are_left() -> None:
    """The join link stays; the turn is before the last date that Zoom keeps."""
    before, after = plan_at(THIRTEEN_LEFT), plan_at(TWELVE_LEFT)
    (step,) = after.steps

    assert (before.steps[0].action, before.has_work) == (Action.KEEP, False)
    assert (step.action, step.own_requests, step.status) == (Action.UPDATE, 1, Status.NOW)
    assert step.reasons == ("extended, 12 dates left, sends 50 from 4 Oct 2027",)
    assert step.starts_at == at("2027-12-20T09:00:00Z")


@pytest.mark.parametrize(
    ("now", "extends"), [("2027-07-01T09:00:00Z", False), ("2027-08-01T09:00:00Z", True)]
)
def test_a_monthly_window_is_extended_when_fewer_than_five_dates_are_left(now: str, *, extends: bool) -> None:
    rule = {"type": 3, "repeat_interval": 1, "monthly_week": 2, "monthly_week_day": 2, "end_times": 0}
    window = {"from": "2027-01-11T09:00:00Z", "to": "2027-11-08T09:00:00Z"}

    assert bool(reasons(plan_at(at(now), rule, window))) is extends


def test_a_series_whose_window_is_not_known_is_extended() -> None:
    """What Zoom keeps of it could not be read back, so no date counts as left."""
    assert reasons(plan_at(at("2027-01-04T09:00:00Z"), window={})) == (
        "extended, 0 dates left, sends 50 from 11 Jan 2027",
    )


def test_dates_that_are_skipped_count_as_left() -> None:
    closed = SingleDates({}, (Closure("summer", (DayRange("2027-10-01", "2027-11-30"),)),))
    done = {f"2027-10-{day:02}": "skip" for day in (4, 11, 18, 25)}
    done |= {f"2027-11-{day:02}": "skip" for day in (1, 8, 15, 22, 29)}

    assert reasons(plan_at(THIRTEEN_LEFT, dates=closed, done=done)) == ()
    assert reasons(plan_at(TWELVE_LEFT, dates=closed, done=done)) == (
        "extended, 12 dates left, sends 50 from 6 Dec 2027",
    )


@pytest.mark.parametrize(
    ("end", "found"),
    [
        ({"end_times": 120}, ("extended, 12 dates left, sends 50 from 4 Oct 2027",)),
        ({"end_times": 60}, ("extended, 12 dates left, sends 22 from 4 Oct 2027",)),
        ({"end_times": 50}, ()),
    ],
)
def test_a_series_is_extended_until_its_own_end(end: Any, found: tuple[str, ...]) -> None:
    rule = {**{name: part for name, part in FOR_EVER.items() if name != "end_times"}, **end}

    assert reasons(plan_at(TWELVE_LEFT, rule)) == found


def test_a_series_that_zoom_keeps_without_an_end_is_not_extended() -> None:
    assert reasons(plan_at(TWELVE_LEFT, window={**WINDOW, "to": None})) == ()


@pytest.mark.parametrize(
    ("rule", "until", "found"),
    [
        ({"end_times": 0}, None, "without an end so far; sends 50 dates, until 20 Dec 2027"),
        ({"end_times": 120}, None, "without an end so far; sends 50 dates, until 20 Dec 2027"),
        (
            {"end_times": 60},
            "2028-02-28T09:00:00Z",
            "until 28 Feb 2028 so far; sends 50 dates, until 20 Dec 2027",
        ),
        (
            {"end_times": 0},
            "2027-12-27T09:00:00Z",
            "until 27 Dec 2027 so far; sends 50 dates, until 20 Dec 2027",
        ),
        ({"end_times": 0}, "2027-12-20T09:00:00Z", None),
        ({"end_times": 50}, None, None),
    ],
)
def test_a_new_time_that_leaves_zoom_fewer_dates_says_so(rule: Any, until: Any, found: str | None) -> None:
    """As a series does that people made in Zoom without an end, once its rule is sent."""
    later = weekly(start_time="2027-01-11T11:00:00", recurrence={**FOR_EVER, **rule})
    known = replace(record(1, weekly(recurrence={**FOR_EVER, **rule})), window={**WINDOW, "to": until})

    plan = planned(spec(meeting("weekly", later)), state(meetings={"weekly": known}))

    assert plan.steps[0].action is Action.UPDATE
    assert reasons(plan) == ((f"Zoom has it {found}, and more before they run out",) if found else ())


def test_nothing_is_extended_during_a_pause() -> None:
    paused = SingleDates({}, (Closure("pause", (DayRange("2027-09-28", ""),)),))
    done = dict.fromkeys(_mondays("2027-10-04", 11), "skip")

    plan = plan_at(TWELVE_LEFT, dates=paused, done=done)

    assert (plan.steps[0].action, reasons(plan)) == (Action.KEEP, ())


def test_an_exception_on_a_date_that_zoom_does_not_keep_yet_waits_for_the_extension() -> None:
    exceptions = SingleDates({"2027-12-27": "skip"})

    before, after = (plan_at(now, dates=exceptions).steps[0] for now in (THIRTEEN_LEFT, TWELVE_LEFT))

    assert (before.action, before.dates) == (Action.KEEP, ())
    assert [(each.date, each.action.value) for each in after.dates] == [("2027-12-27", "skip")]


def test_an_extension_needs_no_approval_and_uses_none_up() -> None:
    """It is in no digest, and an approved plan with nothing else to do is stale all the same."""
    launch = one_off(start_time="2027-12-31T15:00:00Z")
    other = spec(meeting("weekly", weekly(recurrence=FOR_EVER)), meeting("launch", launch))
    known = replace(record(1, weekly(recurrence=FOR_EVER)), window=WINDOW)
    before = planned(other, state(meetings={"weekly": known}), now=THIRTEEN_LEFT)
    approved = approval.read(json_view.plan(before, TextStyle()).encode(), "plan.json")
    after = planned(other, state(meetings={"weekly": known}), now=TWELVE_LEFT)

    approval.check(after, approved, "plan.json")

    assert (before.digest, after.digest) == (after.digest, before.digest)
    done = planned(other, state(meetings={"weekly": known, "launch": record(2, launch)}), now=TWELVE_LEFT)
    with pytest.raises(StalePlanError, match="the approval is used up"):
        approval.check(done, approved, "plan.json")


def test_an_extension_after_its_last_date_is_late() -> None:
    plan = plan_at(at("2027-12-20T08:00:00Z"), allowances=Allowances(Limits(daily=0), {}))

    assert plan.steps[0].status is Status.DEFERRED


def _mondays(first: str, count: int) -> list[str]:
    return [f"{date.fromisoformat(first) + timedelta(weeks=week)}" for week in range(count)]


DAILY = {"type": 1, "repeat_interval": 1, "end_times": 0}


def test_a_window_in_a_pause_is_all_skipped_though_clocks_skip_the_date_before_it() -> None:
    """2:30 on 28 March is not in it, since no series can begin there."""
    attributes = weekly(start_time="2027-03-01T02:30:00", recurrence=DAILY)
    paused = meeting(
        "daily", attributes, dates=SingleDates({}, (Closure("all", (DayRange("2027-03-27", ""),)),))
    )
    now = at("2027-03-27T12:00:00Z")

    in_window = windows.kept(paused, None, now, is_sent=True)

    found = held_declared(paused, now, in_window, {})
    assert (len(found), max(found)) == (50, "2027-05-16")  # the last one, which nobody deletes, is left out


def test_an_extension_does_the_dates_of_the_new_window() -> None:
    """Those after the window that Zoom keeps so far."""
    far = SingleDates({"2028-01-03": "skip"})

    plan = plan_at(TWELVE_LEFT, dates=far)

    assert [each.date for each in plan.steps[0].dates] == ["2028-01-03"]


def test_a_reschedule_looks_at_the_window_that_it_sends() -> None:
    """All that Zoom keeps so far is skipped; what is sent begins after the closure, and is held."""
    closed = SingleDates({}, (Closure("month", (DayRange("2027-02-01", "2027-02-28"),)),))
    before = weekly(start_time="2027-01-11T10:00:00", recurrence=DAILY)
    window = {"from": "2027-01-11T09:00:00Z", "to": "2027-02-10T09:00:00Z"}
    known = replace(record(1, before), window=window)
    declared = meeting("weekly", {**before, "start_time": "2027-01-11T11:00:00"}, dates=closed)

    plan = planned(spec(declared), state(meetings={"weekly": known}), now=at("2027-02-01T00:00:00Z"))

    assert (plan.steps[0].action, plan.steps[0].unskipped) == (Action.UPDATE, None)


def test_dates_that_are_skipped_before_a_new_window_need_no_request() -> None:
    """It begins with the first date that is held."""
    dates = SingleDates({"2027-01-11": "skip", "2027-03-01": "skip"})
    declared = spec(meeting("weekly", weekly(recurrence=FOR_EVER), dates=dates))

    plan = planned(declared, state(), now=at("2027-01-04T09:00:00Z"))

    (step,) = plan.steps
    assert ([each.date for each in step.dates], step.requests) == (["2027-01-11", "2027-03-01"], 1)
    assert step.starts_at == at("2027-01-18T09:00:00Z")


def test_a_series_whose_next_fifty_dates_are_closed_begins_after_them() -> None:
    closed = SingleDates({}, (Closure("winter", (DayRange("2027-01-11", "2027-03-31"),)),))
    daily = meeting("daily", weekly(start_time="2027-01-11T10:00:00", recurrence=DAILY), dates=closed)

    (step,) = planned(spec(daily), state(), now=at("2027-01-04T09:00:00Z")).steps

    assert (step.status, step.starts_at, len(step.dates)) == (Status.NOW, at("2027-04-01T08:00:00Z"), 80)


def test_a_series_in_a_pause_without_an_end_has_no_next_date() -> None:
    paused = SingleDates({}, (Closure("pause", (DayRange("2027-01-01", ""),)),))
    daily = meeting("daily", weekly(start_time="2027-01-11T10:00:00", recurrence=DAILY), dates=paused)

    (step,) = planned(spec(daily), state(), now=at("2027-01-04T09:00:00Z")).steps

    assert (step.status, step.reasons) == (Status.WITHHELD, ("every date that is left is skipped",))
    assert (step.starts_at, step.dates) == (None, ())


def test_a_reschedule_names_the_dates_that_are_held() -> None:
    """The next one of the rule is closed, before and after."""
    closed = SingleDates({}, (Closure("winter", (DayRange("2027-02-01", "2027-02-10"),)),))
    before = weekly(recurrence=FOR_EVER)
    window = {"from": "2027-01-11T09:00:00Z", "to": "2027-12-20T09:00:00Z"}
    known = replace(record(1, before), window=window, exceptions={"2027-02-01": "skip", "2027-02-08": "skip"})
    declared = meeting("weekly", {**before, "start_time": "2027-01-11T11:00:00"}, dates=closed)

    plan = planned(spec(declared), state(meetings={"weekly": known}), now=at("2027-01-30T00:00:00Z"))

    (step,) = plan.steps
    assert step.changes[0].effect.partition(";")[0] == (
        "time moves from Mon 15 Feb 2027, 10:00 to Mon 15 Feb 2027, 11:00 Europe/Berlin"
    )
    assert step.reasons[0] == "3 occurrences are over; sends 2027-02-15 11:00"


def test_of_a_closure_of_years_the_next_dates_alone_are_looked_at() -> None:
    closed = SingleDates({}, (Closure("long", (DayRange("2027-01-01", "2029-12-31"),)),))
    daily = meeting("daily", weekly(start_time="2027-01-11T10:00:00", recurrence=DAILY), dates=closed)

    (step,) = planned(spec(daily), state(), now=at("2027-01-04T09:00:00Z")).steps

    assert (step.status, step.reasons) == (Status.WITHHELD, ("none of its next 400 dates is held",))


def test_a_note_after_a_closure_without_an_end_holds_no_date() -> None:
    closure = Closure("pause", (DayRange("2027-02-01", ""),))
    exceptions = {"2027-06-07": {"note": "x"}, "2027-03-01": {"duration": 30}, "2027-05-03": "skip"}

    assert SingleDates(exceptions, (closure,)).paused_after() == "2027-03-01"
    assert SingleDates({}, (closure,)).paused_after() == "2027-02-01"
    assert SingleDates({}, (Closure("yearly", (DayRange("12-24", ""),)),)).paused_after() is None
