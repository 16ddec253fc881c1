"""A plan: which steps there are, on which day each has its turn, and what that leaves."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from builders import (
    HOST,
    NOW,
    at,
    imported,
    intent,
    meeting,
    moved,
    one_off,
    planned,
    record,
    removed,
    spec,
    state,
    weekly,
)
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from reconciler.errors.diagnostic import Diagnostic, Severity
from reconciler.plan.budget import Allowances, BudgetLine, Limits
from reconciler.plan.change import Action
from reconciler.plan.plan import Options, Plan
from reconciler.plan.step import Status
from reconciler.spec.spec import OtherFiles
from reconciler.state.state import Retired, State

if TYPE_CHECKING:
    from reconciler.meeting.meeting import Meeting

TODAY, TOMORROW, THIRD_DAY = "2026-12-01", "2026-12-02", "2026-12-03"
SOON = "2026-12-02T10:00:00Z"
CTO = "cto@example.com"
NOTHING = dict.fromkeys(
    [*(action.value for action in Action), "deferred", "withheld", "expired", "late"], 0
)  # fmt: skip


def many(count: int, host: str = HOST, start: str = "2027-03-01T15:00:00Z") -> list[Meeting]:
    """`count` meetings of one host, at one time."""
    return [
        meeting(f"team-{number:03}", one_off(topic=f"Team {number}", start_time=start), host=host)
        for number in range(count)
    ]


def turns(plan: Plan) -> dict[str, tuple[str, str | None]]:
    """Status and day of every step."""
    return {step.key: (step.status.value, step.day) for step in plan.steps}


def test_a_missing_meeting_is_created_today() -> None:
    """It takes one request of its host's day."""
    plan = planned(spec(meeting()))

    assert turns(plan) == {"launch": ("now", TODAY)}
    assert plan.budget == (BudgetLine(HOST, TODAY, 100, 10, 0, 1),)
    assert plan.budget[0].left == 99
    assert plan.has_work


def test_what_is_recorded_is_no_work() -> None:
    """A keep takes no request and has no day, and its host no line in the budget."""
    plan = planned(spec(meeting()), state(meetings={"launch": record()}))

    assert turns(plan) == {"launch": ("now", None)}
    assert plan.budget == ()
    assert not plan.has_work
    assert plan.summary == {**NOTHING, "keep": 1}


def test_the_budget_is_sorted_by_the_names_of_the_hosts() -> None:
    """Also once their ids are known, which come in another order."""
    known = state(hosts={"ada@example.com": "zz", "bob@example.com": "aa"})
    declared = spec(meeting("a", host="bob@example.com"), meeting("b", host="ada@example.com"))

    assert [line.host for line in planned(declared, known).budget] == ["ada@example.com", "bob@example.com"]


def test_a_host_that_spent_something_today_has_a_budget_line() -> None:
    """Though nothing is planned for it."""
    plan = planned(spec(meeting()), state(meetings={"launch": record()}, usage={TODAY: {HOST: 7}}))

    assert plan.budget == (BudgetLine(HOST, TODAY, 100, 10, 7, 0),)


def test_a_rollout_tells_the_day_of_every_meeting() -> None:
    """240 for one host: 90 today, 90 tomorrow, the rest on the third day."""
    plan = planned(spec(*many(240)))

    assert plan.budget == (
        BudgetLine(HOST, TODAY, 100, 10, 0, 90),
        BudgetLine(HOST, TOMORROW, 100, 10, 0, 90),
        BudgetLine(HOST, THIRD_DAY, 100, 10, 0, 60),
    )
    assert plan.summary == {**NOTHING, "create": 240, "deferred": 150}
    assert [turns(plan)[key] for key in ("team-089", "team-090", "team-180")] == [
        ("now", TODAY),
        ("deferred", TOMORROW),
        ("deferred", THIRD_DAY),
    ]


def test_the_forecast_of_a_rollout_comes_true() -> None:
    """What one day deferred to the next is what the next sends, under the same digests."""
    first = planned(spec(*many(200)))
    done = {step.key: record(number, step.meeting.attributes) for number, step in enumerate(first.steps)
            if step.status is Status.NOW and step.meeting}  # fmt: skip
    second = planned(
        spec(*many(200)), state(meetings=done, usage={TODAY: {HOST: 90}}), now=NOW + timedelta(days=1)
    )

    forecast = {step.key: step.digest for step in first.steps if step.day == TOMORROW}
    assert {step.key: step.digest for step in second.steps if step.day == TOMORROW} == forecast


def test_what_is_deferred_is_work() -> None:
    """Though nothing can be sent today."""
    plan = planned(spec(meeting()), state(usage={TODAY: {HOST: 95}}))

    assert turns(plan) == {"launch": ("deferred", TOMORROW)}
    assert plan.has_work


def test_each_host_has_its_own_day() -> None:
    """A host that is used up does not hold up another."""
    plan = planned(
        spec(*many(2), meeting("cto", host=CTO)),
        state(usage={TODAY: {HOST: 99}}),
        allowances=Allowances(Limits(), {CTO: Limits(50, 5)}),
    )

    assert turns(plan) == {
        "cto": ("now", TODAY),
        "team-000": ("deferred", TOMORROW),
        "team-001": ("deferred", TOMORROW),
    }
    assert plan.budget == (
        BudgetLine(CTO, TODAY, 50, 5, 0, 1),
        BudgetLine(HOST, TODAY, 100, 10, 99, 0),
        BudgetLine(HOST, TOMORROW, 100, 10, 0, 2),
    )


def test_the_soonest_start_has_the_first_turn() -> None:
    """And may use the reserve."""
    declared = spec(meeting("a-later"), meeting("b-soon", one_off(topic="Soon", start_time=SOON)))

    assert turns(planned(declared, state(usage={TODAY: {HOST: 99}}))) == {
        "a-later": ("deferred", TOMORROW),
        "b-soon": ("now", TODAY),
    }


def test_names_of_one_host_share_its_day_and_its_limit() -> None:
    """Uses are added up, and the limit that was set for the e-mail holds for the user id."""
    declared = spec(
        meeting("a", host="U1"),
        meeting("b", one_off(topic="B"), host="Platform@Example.com"),
        meeting("c", one_off(topic="C"), host=HOST),
    )
    known = state(usage={TODAY: {HOST: 2, "U1": 1}}, hosts={HOST: "U1"})

    plan = planned(declared, known, allowances=Allowances(Limits(), {HOST: Limits(5, 0)}))

    assert turns(plan) == {"a": ("now", TODAY), "b": ("now", TODAY), "c": ("deferred", TOMORROW)}
    assert plan.budget == (BudgetLine("U1", TODAY, 5, 0, 3, 2), BudgetLine("U1", TOMORROW, 5, 0, 0, 1))


def test_the_budget_tells_the_reserve_that_counts() -> None:
    """An inherited one of 10 is 2 where a host may send 5."""
    plan = planned(spec(*many(4)), allowances=Allowances(Limits(5), {}))

    assert plan.budget == (BudgetLine(HOST, TODAY, 5, 2, 0, 3), BudgetLine(HOST, TOMORROW, 5, 2, 0, 1))


def test_a_host_that_may_send_nothing_gets_no_day() -> None:
    """And the plan says so."""
    plan = planned(spec(meeting()), allowances=Allowances(Limits(), {HOST: Limits(0)}))

    assert turns(plan) == {"launch": ("deferred", None)}
    assert plan.steps[0].reasons == ("its host may send no requests at all",)
    assert plan.budget == ()


def test_a_meeting_that_starts_before_its_turn_is_late() -> None:
    """A warning with the remedy."""
    declared = spec(meeting(attributes=one_off(start_time="2026-12-01T20:00:00Z")))

    plan = planned(declared, state(usage={TODAY: {HOST: 100}}))

    assert plan.summary == {**NOTHING, "create": 1, "deferred": 1, "late": 1}
    assert plan.diagnostics == (
        Diagnostic(
            code="plan.late",
            detail=f"launch starts Tue 1 Dec 2026, 20:00 UTC, and {HOST} has no request left for it "
            "before 2026-12-02 (UTC).",
            hint="Give it another host, lower `budget.reserve`, "
            "or create it by hand in Zoom and name it under `imports`.",
            severity=Severity.WARNING,
            key="launch",
        ),
    )


def test_an_interrupted_create_is_looked_up_today_whatever_is_left() -> None:
    """To look costs nothing; only if it has to be sent again does it wait."""
    known = state(intents={"launch": intent()}, usage={TODAY: {HOST: 100}})

    [waits] = planned(spec(meeting()), known).steps
    [closed] = planned(spec(meeting()), known, allowances=Allowances(Limits(0), {})).steps
    [free] = planned(spec(meeting()), state(intents={"launch": intent()})).steps

    assert (waits.status, waits.day) == (Status.NOW, TOMORROW)
    assert waits.reasons[1:] == ("if it has to be sent again, that waits until 2026-12-02 (UTC)",)
    assert (closed.status, closed.day) == (Status.NOW, None)
    assert closed.reasons[1:] == ("its host may send no requests at all",)
    assert (free.status, free.day, free.reasons[1:]) == (Status.NOW, TODAY, ())


def test_a_change_costs_a_request_of_the_same_day_and_a_deletion_none() -> None:
    """Two steps of one key: only the one that is sent has a turn."""
    declared = spec(
        meeting("new", one_off(duration=90)),
        meeting("moved-away", one_off(topic="Elsewhere"), host="U2"),
        moved=(moved("old", "new"),),
        removed=(removed("gone", 81_234_567_003), removed("moved-away", 81_234_567_002)),
    )
    known = state(
        meetings={
            "old": record(1),
            "moved-away": record(2, one_off(topic="Elsewhere")),
            "gone": record(3, one_off(topic="Gone")),
        },
        retired=(Retired(5, HOST, "new"),),
    )
    plan = planned(declared, known)

    assert [(step.key, step.action, step.day, step.requests) for step in plan.steps] == [
        ("gone", "destroy", None, 0),
        ("moved-away", "replace", TODAY, 1),
        ("new", "move", None, 0),
        ("new", "update", TODAY, 1),
        ("new", "destroy", None, 0),
    ]
    assert [(row.host, row.planned) for row in plan.budget] == [(HOST, 1), ("U2", 1)]


def test_a_change_waits_for_its_day_like_a_create() -> None:
    """The soonest start first; what is late says that it stays as it is until then."""
    rule = {**weekly()["recurrence"], "weekly_days": "3"}
    soon = weekly(start_time="2026-12-01T10:00:00", recurrence=rule)
    known = state(meetings={"w": record(1, soon)}, usage={TODAY: {HOST: 100}})
    plan = planned(spec(meeting("w", {**soon, "topic": "Other"})), known)

    (step,) = plan.steps
    assert (step.action, step.status, step.day, step.late) == ("update", "deferred", "2026-12-02", True)
    assert plan.diagnostics == (
        Diagnostic(
            code="plan.late",
            detail=f"w starts Tue 1 Dec 2026, 10:00 Europe/Berlin (Tue 1 Dec 2026, 09:00 UTC), "
            f"and {HOST} has no request left for it before 2026-12-02 (UTC). Until then it stays unchanged.",
            hint="Lower `budget.reserve`, or inform the people who come.",
            severity=Severity.WARNING,
            key="w",
        ),
    )


def test_a_plan_counts_every_kind_of_step() -> None:
    """Withheld and deferred count under their action too, expired only by itself."""
    over = one_off(start_time="2026-11-01T15:00:00Z")
    declared = spec(
        meeting("create", one_off(topic="Create")),
        meeting("create-2", one_off(topic="Create 2", start_time="2027-05-01T10:00:00Z")),
        meeting("expired", over),
        meeting("import", one_off(topic="Import")),
        meeting("keep", one_off(topic="Keep")),
        meeting("move", one_off(topic="Move")),
        meeting("replace", weekly()),
        meeting("update", one_off(topic="Update")),
        moved=(moved("moved", "move"),),
        imports=(imported(5, "import"),),
        removed=(removed("forget", 81_234_567_006, destroy=False),),
    )
    known = state(
        meetings={
            "keep": record(1, one_off(topic="Keep")),
            "moved": record(2, one_off(topic="Move")),
            "replace": record(3, one_off(topic="Platform weekly")),
            "update": record(4),
            "destroy": record(5, one_off(topic="Destroy", start_time="2027-06-01T10:00:00Z")),
            "forget": record(6, one_off(topic="Forget")),
            "old": record(7, over),
        },
        intents={"resolve": intent(one_off(topic="Resolve"))},
        usage={TODAY: {HOST: 89}},
    )

    assert planned(declared, known).summary == {
        "create": 2,
        "update": 1,
        "replace": 1,
        "destroy": 1,
        "resolve": 1,
        "move": 1,
        "import": 1,
        "forget": 1,
        "keep": 1,
        "deferred": 2,
        "withheld": 2,
        "expired": 2,
        "late": 0,
    }


@pytest.mark.parametrize(
    ("targets", "keys"),
    [
        ((), ["platform-retro", "platform-weekly", "sales"]),
        (("platform-*",), ["platform-retro", "platform-weekly"]),
        (("sales", "*retro"), ["platform-retro", "sales"]),
        (("PLATFORM-*",), []),
    ],
)
def test_targets_choose_keys(targets: tuple[str, ...], keys: list[str]) -> None:
    """Globs, in the case they are written in; the rest is neither sent nor counted."""
    declared = spec(
        *(meeting(key, one_off(topic=key)) for key in ("platform-retro", "platform-weekly", "sales"))
    )

    plan = planned(declared, options=Options(targets=targets))

    assert [step.key for step in plan.steps] == keys
    assert [line.planned for line in plan.budget] == ([len(keys)] if keys else [])


def test_a_target_that_matches_nothing_has_a_warning() -> None:
    """A mistyped one would read as: nothing to do."""
    asked = Options(targets=("launch", "lunch-*"))

    plan = planned(spec(meeting()), state(meetings={"old": record(2)}), options=asked)

    assert [step.key for step in plan.steps] == ["launch"]
    assert plan.diagnostics == (
        Diagnostic(
            code="plan.target",
            detail="No key that is declared or recorded matches `lunch-*`.",
            hint="The whole key is matched, case-sensitively; `*` matches any text.",
            severity=Severity.WARNING,
        ),
    )


def test_withheld_and_expired_alone_are_no_work() -> None:
    """Nothing is to be sent or recorded."""
    plan = planned(
        spec(meeting("over", one_off(start_time="2026-11-01T15:00:00Z"))), state(meetings={"gone": record()})
    )

    assert plan.summary == {**NOTHING, "destroy": 1, "withheld": 1, "expired": 1}
    assert not plan.has_work


def test_a_plan_remembers_what_it_was_made_from() -> None:
    """So that an apply can tell whether it is stale."""
    asked = Options(paths=("meetings",), targets=("*",))

    plan = planned(spec(meeting()), state(serial=7), options=asked)

    assert (plan.lineage, plan.serial, plan.planned_at, plan.options) == ("lineage-1", 7, NOW, asked)


def test_the_same_inputs_give_the_same_plan() -> None:
    """Whatever order the files had."""
    meetings = [*many(120), meeting("launch"), meeting("weekly", weekly(), host=CTO)]
    known = state(meetings={"launch": record(), "gone": record(2)}, intents={"team-007": intent()})
    order = {key: known.meetings[key] for key in reversed(list(known.meetings))}

    one = planned(spec(*meetings), known)
    other = planned(spec(*reversed(meetings)), state(meetings=order, intents=known.intents))

    assert one == other
    assert one.digest == other.digest


def test_a_plans_digest_lasts_through_the_day() -> None:
    """Budget and clock may move; what is to be done is the same."""
    declared = spec(*many(120))
    later = state(usage={TODAY: {HOST: 50}})

    assert planned(declared).digest == planned(declared, later, now=NOW + timedelta(hours=5)).digest


def test_a_plans_digest_tells_another_plan() -> None:
    """Another meeting or another state; a kept meeting is nothing to approve."""
    digests = [
        planned(spec(meeting())),
        planned(spec(meeting(), meeting("b", one_off(topic="B")))),
        planned(spec(meeting(attributes=one_off(topic="B")))),
        planned(spec(meeting()), state(lineage="lineage-2")),
    ]
    kept = planned(
        spec(meeting(), meeting("b", one_off(topic="B"))),
        state(meetings={"b": record(2, one_off(topic="B"))}),
    )

    assert len({plan.digest for plan in digests}) == 4
    assert kept.digest == digests[0].digest


def test_before_the_first_write_no_lineage_counts() -> None:
    """A missing state may mint a new one on each read."""
    missing = [State(lineage=lineage) for lineage in ("", "one", "two")]

    assert len({planned(spec(meeting()), each).digest for each in missing}) == 1


def test_an_overdrawn_day_leaves_nothing() -> None:
    """Never less: a limit may be lowered after it was used."""
    plan = planned(
        spec(meeting()), state(usage={TODAY: {HOST: 80}}), allowances=Allowances(Limits(), {HOST: Limits(50)})
    )

    assert [line.left for line in plan.budget] == [0, 49]


hosts = st.sampled_from([HOST, "Platform@Example.com", "U1", CTO, "U2"])
declared_meetings = st.lists(st.tuples(hosts, st.integers(0, 2000)), max_size=40)


@settings(max_examples=40, deadline=None)
@given(
    declared_meetings,
    st.dictionaries(hosts, st.integers(0, 12), max_size=3),
    st.integers(0, 12),
    st.sets(st.integers(0, 39), max_size=5),
)
def test_no_plan_spends_more_than_a_hosts_day(
    wanted: list[tuple[str, int]], spent: dict[str, int], daily: int, begun: set[int]
) -> None:
    """By any input, over all names of a host; and the budget lines say what the steps say."""
    meetings = [
        meeting(
            f"key-{number}",
            one_off(topic=str(number), start_time=f"{NOW + timedelta(hours=hours + 1):%Y-%m-%dT%H:%M:%SZ}"),
            host=host,
        )
        for number, (host, hours) in enumerate(wanted)
    ]
    intents = {
        each.key: intent(each.attributes, host=each.host) for each in meetings if int(each.key[4:]) in begun
    }
    known = state(usage={TODAY: spent}, hosts={HOST: "U1"}, intents=intents)

    plan = planned(spec(*meetings), known, allowances=Allowances(Limits(daily, 3), {}))

    assert all(line.planned + line.used <= max(daily, line.used) for line in plan.budget)
    assert len({(line.host.casefold(), line.day) for line in plan.budget}) == len(plan.budget)
    assert sum(line.planned for line in plan.budget) == sum(step.requests for step in plan.steps if step.day)
    assert all(step.day or step.reasons for step in plan.steps)


def test_a_start_at_this_instant_is_not_planned() -> None:
    """It could only be sent after it."""
    plan = planned(spec(meeting()), now=at("2027-01-14T15:00:00Z"))

    assert turns(plan) == {"launch": ("expired", None)}


def test_what_stands_in_files_that_are_left_out_gets_no_step() -> None:
    """Records, open intents, and meetings that were replaced; only the first two are counted as meetings."""
    known = state(
        meetings={"a": record(1), "b": record(2)},
        intents={"c": intent(), "d": intent()},
        retired=(Retired(81234567005, HOST, "e"), Retired(81234567006, HOST, "f")),
    )
    declared = spec(meeting("b"), others=OtherFiles(frozenset({"a", "c", "e", "x"}), frozenset({"b.yaml"})))

    plan = planned(declared, known)

    assert [(step.key, step.action) for step in plan.steps] == [
        ("b", Action.KEEP),
        ("d", Action.RESOLVE),
        ("f", Action.DESTROY),
    ]
    assert plan.elsewhere == 2


def test_what_waits_for_a_person_says_since_when() -> None:
    undecided = replace(record(1), withheld_since="2026-11-30T18:05:07Z")

    (warning,) = planned(spec(), state(meetings={"a": undecided})).waiting
    (new,) = planned(spec(), state(meetings={"a": record(1)})).waiting

    assert warning.detail == f"{new.detail} Since Mon 30 Nov 2026, 18:05 UTC."
