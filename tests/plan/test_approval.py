"""A saved plan as an approval: what it approves, and when it is stale."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson
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

from reconciler.errors.exceptions import SettingsError, StalePlanError
from reconciler.plan import approval
from reconciler.plan.plan import Options
from reconciler.plan.step import Status
from reconciler.state.state import Retired

if TYPE_CHECKING:
    from reconciler.plan.approval import Approval
    from reconciler.plan.plan import Plan


def approved(plan: Plan, **header: Any) -> Approval:
    """What the file of a plan approves."""
    options = {"paths": list(plan.options.paths), "refresh": False, "targets": list(plan.options.targets)}
    steps = [
        {"key": step.key, "action": step.action, "status": step.status, "digest": step.digest, "id": step.id}
        for step in plan.steps
    ]
    document = {"format_version": "1.0", "options": options, "steps": steps, **header}
    return approval.read(orjson.dumps(document), "team.plan")


def many(count: int) -> list[Any]:
    return [
        meeting(f"m{n:03}", one_off(topic=f"m{n}", start_time="2027-02-01T09:00:00Z")) for n in range(count)
    ]


def stale(plan: Plan, saved: Approval) -> str:
    with pytest.raises(StalePlanError) as caught:
        approval.check(plan, saved, "team.plan")
    assert (caught.value.diagnostic.code, caught.value.diagnostic.summary) == (
        "plan.stale",
        "The saved plan is stale",
    )
    return caught.value.diagnostic.detail


def test_a_fresh_plan_of_the_same_steps_is_approved() -> None:
    plan = planned(spec(meeting()))

    approval.check(plan, approved(plan), "team.plan")


def test_an_approval_lasts_through_a_rollout() -> None:
    """Day and order are not in it; what was done is not missed."""
    saved = approved(planned(spec(*many(150))))
    done = state(
        meetings={
            f"m{n:03}": record(n, one_off(topic=f"m{n}", start_time="2027-02-01T09:00:00Z"))
            for n in range(90)
        }
    )
    later = planned(spec(*many(150)), done, now=at("2026-12-02T08:00:00Z"))

    approval.check(later, saved, "team.plan")


def test_a_deferred_step_has_to_be_approved_too() -> None:
    saved = approved(planned(spec(*many(90))))
    plan = planned(spec(*many(91)))
    assert [step.status for step in plan.steps if step.key == "m090"] == [Status.DEFERRED]

    assert stale(plan, saved) == "team.plan: m090: its create is new. Nothing was sent."


def test_a_step_of_other_content_is_stale() -> None:
    saved = approved(planned(spec(meeting())))

    said = stale(planned(spec(meeting(attributes=one_off(duration=90)))), saved)

    assert said == "team.plan: launch: its create is not the approved one. Nothing was sent."


def test_a_series_means_what_was_declared_and_not_what_is_sent() -> None:
    declared = spec(meeting("w", weekly(start_time="2026-11-23T10:00:00")))
    saved = approved(planned(declared))

    approval.check(planned(declared, now=at("2026-12-15T08:00:00Z")), saved, "team.plan")


def test_an_interrupted_create_counts_as_the_create_that_began_it() -> None:
    declared = spec(meeting())
    saved = approved(planned(declared))

    approval.check(planned(declared, state(intents={"launch": intent()})), saved, "team.plan")


OLD_ID = 81_234_567_001
RECORDED = state(meetings={"launch": record()})
REPLACED = spec(meeting(host="U2"), removed=(removed("launch", OLD_ID),))


@pytest.mark.parametrize(
    ("action", "declared"),
    [
        ("update", spec(meeting(attributes=one_off(duration=90)))),
        ("update", spec(meeting(attributes=one_off(password={"env": "PASSCODE", "version": 1})))),
        ("replace", REPLACED),
    ],
)
def test_what_was_interrupted_counts_as_the_step_that_began_it(action: str, declared: Any) -> None:
    """An update and a replace as well as a create."""
    saved = approved(planned(declared, RECORDED))
    host = declared.meetings["launch"].host
    begun = state(
        meetings={"launch": record()}, intents={"launch": intent(action=action, id=OLD_ID, host=host)}
    )

    approval.check(planned(declared, begun), saved, "team.plan")
    assert "launch: its resolve is new" in stale(
        planned(declared, begun), approved(planned(spec(meeting()), RECORDED))
    )


def test_the_approval_of_a_replace_includes_the_deletion() -> None:
    """Of the same key; without an approval of the replace there is none of the deletion."""
    done = state(
        meetings={"launch": record(2, host="U2")},
        retired=(Retired(OLD_ID, HOST, "launch"),),
    )
    fresh = planned(REPLACED, done)
    assert [(step.action, step.id) for step in fresh.steps if step.is_work] == [("destroy", OLD_ID)]

    approval.check(fresh, approved(planned(REPLACED, RECORDED)), "team.plan")
    approval.check(fresh, approved(fresh), "team.plan")
    assert "launch: its destroy is new" in stale(fresh, approved(planned(spec(meeting("other")))))


def test_a_replace_approves_no_deletion_of_another_id() -> None:
    """A state that somebody else wrote may call any meeting of the account a replaced one."""
    victim = 86_000_000_001
    done = state(meetings={"launch": record(2, host="U2")}, retired=(Retired(victim, HOST, "launch"),))

    assert stale(planned(REPLACED, done), approved(planned(REPLACED, RECORDED))) == (
        "team.plan: launch: its destroy is not the approved one. Nothing was sent."
    )


def test_a_replace_that_is_withheld_approves_no_deletion() -> None:
    """Nor does the deletion of a meeting that is no longer declared, nor the replace of another one."""
    done = state(meetings={"launch": record(2, host="U2")}, retired=(Retired(OLD_ID, HOST, "launch"),))
    ended = planned(spec(removed=(removed("launch", OLD_ID),)), RECORDED)
    withheld = planned(spec(meeting(host="U2")), RECORDED)
    said = "team.plan: launch: its destroy is not the approved one. Nothing was sent."

    assert [
        stale(planned(REPLACED, done), approved(withheld)),
        stale(planned(REPLACED, done), approved(ended)),
        stale(ended, approved(planned(REPLACED, RECORDED))),
    ] == [said] * 3


def test_two_steps_of_one_key_are_approved_one_by_one() -> None:
    """A move, and the change beside it."""
    known = state(meetings={"old": record()})
    both = planned(spec(meeting("new", one_off(duration=90)), moved=(moved("old", "new"),)), known)
    assert [step.action for step in both.steps] == ["move", "update"]

    approval.check(both, approved(both), "team.plan")
    only_moved = approved(planned(spec(meeting("new"), moved=(moved("old", "new"),)), known))
    assert stale(both, only_moved) == (
        "team.plan: new: its move is not the approved one; "
        "new: its update is not the approved one. Nothing was sent."
    )


def test_what_is_only_recorded_needs_no_approval_and_is_work() -> None:
    """A keep that lets go of a field: an approved plan goes on with it."""
    released = planned(spec(meeting()), state(meetings={"launch": record(1, one_off(agenda="Plan"))}))

    approval.check(released, approved(released), "team.plan")


def test_another_id_is_another_import() -> None:
    """The id is what was looked at."""
    saved = approved(planned(spec(meeting(), imports=(imported(5, "launch"),))))

    assert "launch: its import is not the approved one" in stale(
        planned(spec(meeting(), imports=(imported(6, "launch"),))), saved
    )


def test_what_was_withheld_is_not_approved_once_it_is_not() -> None:
    new = spec(meeting("new"))
    withheld = planned(new, state(meetings={"old": record()}))
    assert [step.status for step in withheld.steps if step.key == "new"] == [Status.WITHHELD]

    assert "new: its create is not the approved one" in stale(planned(new), approved(withheld))


def test_a_keep_and_what_is_expired_need_no_approval() -> None:
    over = meeting("over", one_off(topic="over", start_time="2026-11-01T09:00:00Z"))
    saved = approved(planned(spec(meeting())))
    kept = meeting("kept", one_off(topic="kept"))
    stands = state(meetings={"kept": record(1, one_off(topic="kept"))})

    approval.check(planned(spec(meeting(), over, kept), stands), saved, "team.plan")


def test_a_keep_in_the_file_approves_nothing() -> None:
    stands = state(meetings={"launch": record()})
    saved = approved(planned(spec(meeting()), stands))

    assert saved.digests == saved.keys == frozenset()
    assert "launch: its create is new" in stale(planned(spec(meeting())), saved)


def test_an_approval_is_used_up() -> None:
    saved = approved(planned(spec(meeting())))
    done = planned(spec(meeting()), state(meetings={"launch": record()}))

    assert (
        stale(done, saved) == "team.plan: Nothing is left to do: the approval is used up. Nothing was sent."
    )


def test_an_approval_is_good_for_its_own_state_and_what_became_of_it_only() -> None:
    saved = approved(planned(spec(meeting())), lineage="lineage-1", serial=4)

    approval.check(planned(spec(meeting()), state(serial=5)), saved, "team.plan")
    assert "another state" in stale(planned(spec(meeting()), state(lineage="other", serial=9)), saved)
    assert "older" in stale(planned(spec(meeting()), state(serial=3)), saved)


def test_many_differences_are_counted() -> None:
    said = stale(planned(spec(*many(13))), approved(planned(spec(meeting()))))

    assert said.endswith("m009: its create is new; and 3 more. Nothing was sent.")


def test_the_options_of_the_plan_come_along() -> None:
    options = Options(paths=("meetings/",), targets=("m*",))
    saved = approved(planned(spec(meeting("m1")), options=options))

    assert saved.options == options
    assert planned(spec(meeting()), now=NOW, options=options).steps == ()


@pytest.mark.parametrize(
    "document",
    [
        b"",
        b"{",
        b"[]",
        b"7",
        b"{}",
        b'{"format_version": "1.0"}',
        b'{"format_version": "1.0", "options": 7, "steps": []}',
        b'{"format_version": "1", "steps": [], "options": {"refresh": true, "paths": [1], "targets": []}}',
        b'{"format_version": "1", "steps": [], "options": {"refresh": true, "paths": "abc", "targets": []}}',
        b'{"format_version": "1", "steps": [], "options": {"refresh": true, "paths": [], "targets": [[]]}}',
    ],
)
def test_what_is_no_plan_is_refused(document: bytes) -> None:
    with pytest.raises(SettingsError) as caught:
        approval.read(document, "team.plan")

    assert caught.value.diagnostic.code == "plan.unreadable"
    assert "It is not a plan" in caught.value.diagnostic.detail


def test_a_plan_of_a_newer_major_format_is_refused() -> None:
    with pytest.raises(SettingsError) as caught:
        approved(planned(spec(meeting())), format_version="2.0")

    assert "a newer version" in caught.value.diagnostic.detail
    assert approved(planned(spec(meeting())), format_version="1.9").digests
