"""Single dates of a series in a plan: what is done to them, on which day, and what an approval covers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from builders import HOST, at, meeting, planned, record, spec, state, weekly
from msgspec.structs import replace

from reconciler.calendar.offsets import seconds_of
from reconciler.errors.diagnostic import Diagnostic, Severity
from reconciler.meeting.closures import Closure, DayRange, SingleDates
from reconciler.plan import approval
from reconciler.plan.budget import Allowances, BudgetRequest, Limits
from reconciler.plan.change import Action
from reconciler.plan.dates import held, turns
from reconciler.plan.step import Status
from reconciler.views.json import plan as json_view
from reconciler.views.style import TextStyle

if TYPE_CHECKING:
    from collections.abc import Mapping

    from reconciler.plan.plan import Plan
    from reconciler.plan.step import Step
    from reconciler.ports import Json

MOVE = {"start_time": "2027-03-02T14:00:00", "duration": 30}
MOVED = {"start_time": "2027-03-02T13:00:00Z", "duration": 30}
BERLIN = (Closure("berlin", (DayRange("2027-02-01", "2027-02-08"),)),)


def plan_of(
    exceptions: Mapping[str, Json],
    done: Mapping[str, Json] | None = None,
    *,
    closures: tuple[Closure, ...] = (),
    **options: Any,
) -> Plan:
    """Plan a series with those exceptions; `done` are the recorded ones, None: it does not exist yet."""
    attributes = weekly(**options.pop("attributes", {}))
    declared = spec(meeting("weekly", attributes, dates=SingleDates(exceptions, closures)))
    recorded = replace(record(1, weekly()), exceptions=done or {})
    return planned(declared, state(meetings={} if done is None else {"weekly": recorded}), **options)


def step_of(plan: Plan) -> Step:
    (step,) = plan.steps
    return step


def dates(step: Step) -> list[tuple[str, str, Json]]:
    return [(each.date, each.action.value, each.edit) for each in step.dates]


def test_a_new_series_skips_and_moves_its_dates_after_one_request_for_itself() -> None:
    """Ten skips are free; each move is a request."""
    step = step_of(plan_of({"2027-03-01": MOVE, "2027-02-08": {"note": "Ada"}}, closures=BERLIN))

    assert dates(step) == [
        ("2027-02-01", "skip", "skip"),
        ("2027-02-08", "skip", "skip"),
        ("2027-03-01", "change", MOVED),
    ]
    assert [each.closure for each in step.dates] == ["berlin", "berlin", ""]
    assert (step.action, step.own_requests, step.requests) == (Action.CREATE, 1, 2)


def test_a_date_that_the_pattern_leaves_out_is_lost_to_no_closure() -> None:
    """1 February is a first Monday and closed; 8 February is a second one, and none of the series."""
    dates = SingleDates({}, BERLIN, pattern=((1, 2), (3, 2)))

    step = step_of(planned(spec(meeting("weekly", weekly(), dates=dates)), state()))

    assert [(each.date, each.closure) for each in step.dates[:4]] == [
        ("2027-01-11", "pattern"),
        ("2027-01-25", "pattern"),
        ("2027-02-01", "berlin"),
        ("2027-02-08", "pattern"),
    ]


def test_dates_that_are_done_are_a_keep() -> None:
    plan = plan_of({"2027-03-01": MOVE, "2027-02-01": "skip"}, {"2027-02-01": "skip", "2027-03-01": MOVED})

    assert (step_of(plan).action, dates(step_of(plan)), plan.has_work) == (Action.KEEP, [], False)


def test_an_exception_that_changes_nothing_is_no_step() -> None:
    """One that was moved is taken back; one that was skipped is brought back by the rule."""
    same = {"start_time": "2027-03-01T10:00:00", "duration": 45}
    as_given = {"start_time": "2027-03-01T09:00:00Z", "duration": 45}  # by an earlier version
    done: tuple[dict[str, Json], ...] = ({}, {"2027-03-01": as_given}, {"2027-03-01": MOVED})
    plans = [plan_of({"2027-03-01": same}, each) for each in done]
    back = plan_of({"2027-03-01": same}, {"2027-03-01": "skip"})

    assert [dates(step_of(plan)) for plan in (*plans, back)] == [
        [],
        [],
        [("2027-03-01", "back", None)],
        [("2027-03-01", "back", None)],
    ]
    assert [step_of(plan).requests for plan in (*plans, back)] == [0, 0, 1, 1]


def test_a_new_exception_of_a_series_that_exists_is_an_update_of_dates_alone() -> None:
    step = step_of(plan_of({"2027-02-01": "skip", "2027-03-01": MOVE}, {"2027-02-01": "skip"}))

    assert dates(step) == [("2027-03-01", "change", MOVED)]
    assert (step.action, step.changes, step.own_requests, step.requests) == (Action.UPDATE, (), 0, 1)
    assert (step.status, step.day) == (Status.NOW, "2026-12-01")


def test_a_skip_alone_costs_nothing_even_if_no_request_is_left() -> None:
    allowances = Allowances(Limits(daily=0), {})

    step = step_of(plan_of({"2027-02-01": "skip"}, {}, allowances=allowances))

    assert (step.action, step.requests, step.status, step.day) == (Action.UPDATE, 0, Status.NOW, "2026-12-01")


def test_a_changed_date_is_taken_back_by_a_request_of_its_own() -> None:
    step = step_of(plan_of({}, {"2027-03-01": MOVED}))

    assert dates(step) == [("2027-03-01", "back", None)]
    assert (step.action, step.resends, step.requests) == (Action.UPDATE, False, 1)


def test_a_skipped_date_comes_back_by_the_rule_and_the_others_are_done_again() -> None:
    """One request for the rule, and one for the date that stays moved."""
    done = {"2027-02-01": "skip", "2027-02-08": "skip", "2027-03-01": MOVED}

    step = step_of(plan_of({"2027-02-08": "skip", "2027-03-01": MOVE}, done))

    assert dates(step) == [
        ("2027-02-01", "back", None),
        ("2027-02-08", "skip", "skip"),
        ("2027-03-01", "change", MOVED),
    ]
    assert (step.resends, step.undoes, step.own_requests, step.requests) == (True, True, 1, 2)


def test_a_skipped_date_that_is_to_be_moved_comes_back_first() -> None:
    step = step_of(plan_of({"2027-03-01": MOVE}, {"2027-03-01": "skip"}))

    assert (dates(step), step.resends, step.requests) == ([("2027-03-01", "change", MOVED)], True, 2)


def test_a_reschedule_does_every_date_again() -> None:
    attributes = {"start_time": "2027-01-11T11:00:00"}

    step = step_of(plan_of({"2027-02-01": "skip"}, {"2027-02-01": "skip"}, attributes=attributes))

    assert (dates(step), step.undoes, step.requests) == ([("2027-02-01", "skip", "skip")], True, 1)


def test_a_reschedule_names_the_dates_that_it_brings_back() -> None:
    """It takes no request but its own for it. A day that the rule has no more is gone."""
    attributes = {"start_time": "2027-01-11T11:00:00"}
    done = {"2027-02-01": "skip", "2027-02-08": "skip", "2027-03-01": MOVED, "2027-03-02": "skip"}

    step = step_of(plan_of({"2027-02-08": "skip"}, done, attributes=attributes))

    backs = [("2027-02-01", "back", None), ("2027-02-08", "skip", "skip"), ("2027-03-01", "back", None)]
    assert (dates(step), step.resends, step.undoes, step.requests) == (backs, False, True, 1)


def test_another_field_leaves_the_dates_as_they_are() -> None:
    step = step_of(plan_of({"2027-02-01": "skip"}, {"2027-02-01": "skip"}, attributes={"topic": "Other"}))

    assert (step.action, dates(step), step.undoes) == (Action.UPDATE, [], False)


def test_no_rule_is_sent_while_a_moved_date_is_still_to_come() -> None:
    attributes = {"start_time": "2027-01-11T11:00:00"}
    now = at("2027-03-01T12:00:00Z")

    step = step_of(plan_of({"2027-03-01": MOVE}, {"2027-03-01": MOVED}, attributes=attributes, now=now))

    assert (step.status, step.day, step.passes) == (Status.DEFERRED, "2027-03-02", True)
    assert step.reasons[-1] == (
        "its date 2027-03-01 is moved to Tue 2 Mar 2027, 14:00 Europe/Berlin, and a new rule would lose it: "
        "waits until then"
    )


def test_a_date_that_was_moved_forward_and_is_held_already_is_skipped_after_a_reschedule() -> None:
    forward = {"start_time": "2027-02-26T10:00:00"}
    done = {"2027-03-01": {"start_time": "2027-02-26T09:00:00Z", "duration": 45}}
    now = at("2027-02-27T00:00:00Z")

    stays = step_of(plan_of({"2027-03-01": forward}, done, now=now))
    again = step_of(
        plan_of({"2027-03-01": forward}, done, now=now, attributes={"start_time": "2027-01-11T11:00:00"})
    )

    assert (stays.action, dates(again)) == (Action.KEEP, [("2027-03-01", "skip", "skip")])


def test_the_last_date_to_come_is_never_skipped() -> None:
    now = at("2027-05-11T00:00:00Z")  # 17 and 24 May are left
    exceptions = {"2027-05-17": "skip", "2027-05-24": "skip"}

    exists, new = step_of(plan_of(exceptions, {}, now=now)), step_of(plan_of(exceptions, now=now))

    assert dates(exists) == [("2027-05-17", "skip", "skip")]
    assert (new.status, new.reasons[-1]) == (Status.WITHHELD, "every date that is left is skipped")


def test_a_skip_that_is_over_is_none_of_the_dates_that_are_left() -> None:
    """Of a series of which only skipped dates are left, no new rule is sent, whatever it skipped before."""
    now = at("2027-05-11T00:00:00Z")  # 17 and 24 May are left
    skips = {"2027-03-01": "skip", "2027-05-17": "skip", "2027-05-24": "skip"}

    step = step_of(plan_of(skips, skips, now=now, attributes={"start_time": "2027-01-11T11:00:00"}))

    assert (step.status, step.dates) == (Status.WITHHELD, ())
    assert step.reasons[-1] == (
        "every date that is left, until Mon 24 May 2027, is skipped, and a new rule would bring one back"
    )


def test_the_turn_of_a_series_is_its_first_date_that_is_held() -> None:
    step = step_of(plan_of({"2027-01-11": "skip", "2027-01-18": {"start_time": "2027-01-20T10:00:00"}}))

    assert step.starts_at == at("2027-01-20T09:00:00Z")


def test_changes_wait_for_their_day_one_by_one_soonest_first() -> None:
    exceptions = {f"2027-0{month}-01": {"duration": 30} for month in (2, 3)}
    allowances = Allowances(Limits(daily=2, reserve=0), {})

    plan = plan_of({**exceptions, "2027-02-08": "skip"}, allowances=allowances)

    assert [(each.date, each.day, each.status.value) for each in step_of(plan).dates] == [
        ("2027-02-01", "2026-12-01", "now"),
        ("2027-02-08", "2026-12-01", "now"),
        ("2027-03-01", "2026-12-02", "deferred"),
    ]
    assert [(line.day, line.planned) for line in plan.budget] == [("2026-12-01", 2), ("2026-12-02", 1)]


def test_a_step_that_undoes_dates_begins_only_where_all_of_them_fit() -> None:
    done = {"2027-02-01": "skip", "2027-03-01": MOVED}
    allowances = Allowances(Limits(daily=2, reserve=0), {})
    recorded = state(
        meetings={"weekly": replace(record(1, weekly()), exceptions=done)}, usage={"2026-12-01": {HOST: 1}}
    )
    declared = spec(meeting("weekly", weekly(), dates=SingleDates({"2027-03-01": MOVE})))

    step = step_of(planned(declared, recorded, allowances=allowances))

    assert (step.status, step.day, {each.day for each in step.dates}) == (
        Status.DEFERRED,
        "2026-12-02",
        {"2026-12-02"},
    )


def test_what_no_day_can_hold_begins_on_a_fresh_one() -> None:
    exceptions = {f"2027-02-{day:02}": {"duration": 30} for day in (1, 8, 15, 22)}
    done = {day: {"start_time": f"{day}T09:00:00Z", "duration": 30} for day in exceptions}
    attributes = {"start_time": "2027-01-11T11:00:00"}
    allowances = Allowances(Limits(daily=2, reserve=0), {})

    plan = plan_of(exceptions, done, attributes=attributes, allowances=allowances)

    step = step_of(plan)
    assert (step.requests, step.day) == (5, "2026-12-01")
    assert [(each.date, each.day, each.status.value) for each in step.dates] == [
        ("2027-02-01", "2026-12-01", "now"),
        ("2027-02-08", "2026-12-02", "deferred"),
        ("2027-02-15", "2026-12-02", "deferred"),
        ("2027-02-22", "2026-12-03", "deferred"),
    ]
    assert [(line.day, line.planned, line.left) for line in plan.budget] == [
        ("2026-12-01", 2, 0),
        ("2026-12-02", 2, 0),
        ("2026-12-03", 1, 1),
    ]
    assert plan.diagnostics == (
        Diagnostic(
            code="plan.dates-undone",
            detail="The rule of weekly is sent on 2026-12-01 (UTC) and undoes its single dates; "
            f"{HOST} has no day with the 5 requests for all of it. Mon 8 Feb 2027, Mon 15 Feb 2027, "
            "Mon 22 Feb 2027 are changed again later, the last one on 2026-12-03; until then they are as "
            "the rule gives them.",
            hint="Run apply on each of these days, and inform the people who come. For fewer days, lower "
            "`budget.reserve`, or change fewer dates.",
            severity=Severity.WARNING,
            key="weekly",
        ),
    )


def test_what_a_later_day_can_hold_waits_for_it_and_is_no_warning() -> None:
    exceptions = {f"2027-02-{day:02}": {"duration": 30} for day in (1, 8, 15, 22)}
    done = {day: {"start_time": f"{day}T09:00:00Z", "duration": 30} for day in exceptions}
    recorded = state(
        meetings={"weekly": replace(record(1, weekly()), exceptions=done)}, usage={"2026-12-01": {HOST: 1}}
    )
    later = weekly(start_time="2027-01-11T11:00:00")
    declared = spec(meeting("weekly", later, dates=SingleDates(exceptions)))

    plan = planned(declared, recorded, allowances=Allowances(Limits(daily=5, reserve=0), {}))

    assert {each.day for each in step_of(plan).dates} == {"2026-12-02"}
    assert plan.diagnostics == ()


def test_a_date_that_comes_before_its_turn_is_late() -> None:
    allowances = Allowances(Limits(daily=1, reserve=0), {})
    now = at("2027-01-11T08:00:00Z")

    plan = plan_of(
        {"2027-01-11": {"duration": 30}, "2027-01-18": {"duration": 30}}, allowances=allowances, now=now
    )

    assert [(each.day, each.late) for each in step_of(plan).dates] == [
        ("2027-01-12", True),
        ("2027-01-13", False),
    ]
    assert plan.summary["late"] == 1
    (late,) = [each.detail for each in plan.diagnostics if each.code == "plan.late"]
    assert late == (
        "Mon 11 Jan 2027 of weekly has its turn on 2027-01-12 (UTC): "
        "platform@example.com has no request left for it before the date."
    )


def test_an_approved_create_covers_its_dates_on_later_days() -> None:
    exceptions = {"2027-02-01": {"duration": 30}, "2027-03-01": MOVE}
    approved = approval.read(json_view.plan(plan_of(exceptions), TextStyle()).encode(), "plan.json")
    done = {"2027-02-01": {"start_time": "2027-02-01T09:00:00Z", "duration": 30}}

    later = plan_of(exceptions, done)
    other = plan_of({**exceptions, "2027-03-08": "skip"}, done)

    assert approved.covers(step_of(later))
    assert not approved.covers(step_of(other))


def test_an_approval_covers_days_and_not_the_names_of_closures() -> None:
    digest = step_of(plan_of({}, closures=BERLIN)).digest

    renamed = step_of(plan_of({}, closures=(replace(BERLIN[0], name="hamburg"),))).digest
    longer = step_of(
        plan_of({}, closures=(Closure("berlin", (DayRange("2027-02-01", "2027-02-09"),)),))
    ).digest

    assert (renamed == digest, longer == digest) == (True, False)
    assert step_of(plan_of({})).digest == step_of(plan_of({"2027-02-01": {"note": "Ada"}})).digest


def test_a_series_with_nothing_left_but_skips_keeps_its_last_date_and_says_how_to_end_it() -> None:
    """Said as long as it is so, also once every other date is skipped."""
    two = {"recurrence": {"type": 2, "repeat_interval": 1, "weekly_days": "2", "end_times": 2}}
    skips = {"2027-01-11": "skip", "2027-01-18": "skip"}
    recorded = record(1, weekly(**two))
    declared = spec(meeting("weekly", weekly(**two), dates=SingleDates(skips)))

    plans = [
        planned(declared, state(meetings={"weekly": replace(recorded, exceptions=done)}))
        for done in ({}, {"2027-01-11": "skip"})
    ]

    assert [dates(step_of(plan)) for plan in plans] == [[("2027-01-11", "skip", "skip")], []]
    for plan in plans:
        (found,) = [each for each in plan.diagnostics if each.code == "plan.only-skips"]
        assert found.key == "weekly"
        assert found.detail == (
            "Every date of weekly that is left is skipped. Mon 18 Jan 2027 stays in Zoom: to delete the last "
            "date would end the meeting."
        )
        assert found.hint == (
            "To end it, take it out of the spec and add "
            "`removed: [{key: weekly, id: 81234567001, destroy: true}]`; to keep it, hold one of its dates, "
            "or give it a later end."
        )


def test_the_requests_of_dates_come_no_sooner_than_the_one_of_their_series() -> None:
    """The first date is moved: the series is due with where it is moved to, and the date not before that."""
    moved = {"2027-01-11": {"start_time": "2027-01-13T10:00:00"}, "2027-03-01": MOVE}
    new, existing = step_of(plan_of(moved)), step_of(plan_of(moved, {}))

    first, later = at("2027-01-13T09:00:00Z"), at("2027-03-01T09:00:00Z")
    assert list(turns.requests_of(new)) == [
        BudgetRequest("weekly", first),
        BudgetRequest("weekly", first, "2027-01-11"),
        BudgetRequest("weekly", later, "2027-03-01"),
    ]
    assert list(turns.requests_of(existing)) == [
        BudgetRequest("weekly", at("2027-01-11T09:00:00Z"), "2027-01-11"),
        BudgetRequest("weekly", later, "2027-03-01"),
    ]


def test_a_step_of_dates_alone_waits_for_the_day_of_the_first_and_takes_no_request_of_its_own() -> None:
    changed = {"2027-03-01": MOVE, "2027-03-08": {"duration": 30}}
    declared = spec(meeting("weekly", weekly(), dates=SingleDates(changed)))
    known = state(meetings={"weekly": record(1, weekly())}, usage={"2026-12-01": {HOST: 1}})

    used_up = planned(declared, known, allowances=Allowances(Limits(1, 0), {}))
    free = planned(declared, known, allowances=Allowances(Limits(2, 0), {}))
    none = planned(declared, known, allowances=Allowances(Limits(0, 0), {}))

    assert [(step_of(plan).status, step_of(plan).day) for plan in (used_up, free, none)] == [
        (Status.DEFERRED, "2026-12-02"),
        (Status.NOW, "2026-12-01"),
        (Status.DEFERRED, None),
    ]
    assert [step_of(plan).reasons for plan in (used_up, free, none)] == [
        (),
        (),
        ("its host may send no requests at all",),
    ]
    assert [(line.day, line.used, line.planned) for line in free.budget] == [
        ("2026-12-01", 1, 1),
        ("2026-12-02", 0, 1),
    ]


def test_a_rule_that_is_sent_to_bring_a_date_back_names_others_only_if_it_undoes_some() -> None:
    resent = "Zoom brings a skipped date back only if the rule is sent again"
    done = {"2027-02-01": "skip", "2027-02-08": "skip"}

    assert [step_of(plan_of(kept, done)).reasons for kept in ({}, {"2027-02-08": "skip"})] == [
        (resent,),
        (f"{resent}, which undoes the others: they follow",),
    ]


def test_a_skipped_date_that_comes_back_is_a_date_that_is_held_only_afterwards() -> None:
    back = held.moves(
        step_of(plan_of({}, {"2027-02-01": "skip"})), at("2027-01-01T00:00Z"), at("2027-04-01T00:00Z")
    )
    gone = held.moves(
        step_of(plan_of({"2027-02-01": "skip"}, {})), at("2027-01-01T00:00Z"), at("2027-04-01T00:00Z")
    )

    date = held.HeldDate(seconds_of(at("2027-02-01T09:00:00Z")), 45 * 60)
    assert back == [held.Moved("weekly", "Europe/Berlin", None, date)]
    assert gone == [held.Moved("weekly", "Europe/Berlin", date, None)]
