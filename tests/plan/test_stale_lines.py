"""Lines of `moved`, `imports` and `removed` that change nothing are reported, and stop nothing."""

from __future__ import annotations

from typing import Any

import pytest
from builders import (
    HOST,
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
)
from msgspec.structs import replace

from reconciler.errors.diagnostic import Diagnostic, Severity
from reconciler.plan.plan import Options
from reconciler.state.state import Retired

ID = 81_234_567_001
RECORDED = state(meetings={"launch": record()})


MAYBE_DONE = "Remove the entries that are done; check the others for a typing error."
DONE = "Remove these entries, or the whole list if it has no others: what they name is recorded."


def stale(entries: str, detail: str, line: Any) -> Diagnostic:
    return Diagnostic(
        code="plan.stale-line",
        detail=f"Under `{entries}`: {detail}",
        hint=DONE if entries == "imports" else MAYBE_DONE,
        severity=Severity.WARNING,
        span=line.span,
    )


def test_a_move_that_was_done_is_reported() -> None:
    """Or one from a key that nobody ever knew: they look alike."""
    line = moved("old", "launch")
    remark = stale("moved", "nothing is recorded under `old` (meetings.yaml:1).", line)

    assert planned(spec(meeting(), moved=(line,)), RECORDED).diagnostics == (remark,)
    assert planned(spec(meeting(), moved=(line,)), state()).diagnostics == (remark,)


def test_a_move_that_is_planned_is_not_reported() -> None:
    """Of a record, and of what was begun."""
    declared = spec(meeting("new"), moved=(moved("launch", "new"),))

    assert planned(declared, RECORDED).diagnostics == ()
    assert planned(declared, state(intents={"launch": intent()})).diagnostics == ()


def test_a_move_to_a_key_that_has_a_meeting_is_remark_with_the_remedy() -> None:
    """Neither is lost."""
    line = moved("old", "launch")
    known = state(meetings={"launch": record(), "old": record(2, one_off(topic="Old"))})

    assert planned(spec(meeting(), moved=(line,)), known).diagnostics == (
        Diagnostic(
            code="plan.move-blocked",
            detail="`launch` has a meeting of its own, so `old` is not moved, "
            "and nothing is changed under either key (meetings.yaml:1).",
            hint="Remove the line; or run `reconciler state mv launch launch-old` first: "
            "then the move is done, and the plan says how to delete the other meeting.",
            severity=Severity.WARNING,
            key="launch",
            span=line.span,
        ),
    )


def test_a_meeting_whose_move_is_blocked_names_the_entry_that_goes_with_its_line() -> None:
    """A key that is under both `moved` and `removed` is an error."""
    known = state(meetings={"launch": record(), "old": record(2, one_off(topic="Old"))})

    plan = planned(spec(meeting(), moved=(moved("old", "launch"),)), known)

    ((reason,),) = [step.reasons for step in plan.steps if step.key == "old"]
    assert reason == (
        "no longer declared, stays in Zoom; to delete it, remove its `moved` entry, and add "
        "`removed: [{key: old, id: 81234567002, destroy: true}]`"
    )


def test_imports_that_were_done_are_remark_in_one_remark() -> None:
    """The first five by name."""
    keys = [f"m{n}" for n in range(7)]
    lines = tuple(imported(81_234_567_000 + n, key) for n, key in enumerate(keys))
    attributes = {key: one_off(topic=key) for key in keys}
    declared = spec(*(meeting(key, attributes[key]) for key in keys), imports=lines)
    known = state(meetings={key: record(n, attributes[key]) for n, key in enumerate(keys)})

    said = "; ".join(f"`m{n}` is recorded as meeting 8123456700{n} (meetings.yaml:1)" for n in range(5))
    assert planned(declared, known).diagnostics == (stale("imports", f"{said}; and 2 more.", lines[0]),)


def test_imports_that_were_done_in_several_files_name_the_files() -> None:
    """After a first import, each file of a host has its list."""
    keys = [f"m{n}" for n in range(8)]
    lines = tuple(
        replace(line, span=replace(line.span, filename=f"meetings/{n // 3}.yaml"))
        for n, key in enumerate(keys)
        for line in [imported(81_234_567_000 + n, key)]
    )
    declared = spec(*(meeting(key, one_off(topic=key)) for key in keys), imports=lines)
    known = state(meetings={key: record(n, one_off(topic=key)) for n, key in enumerate(keys)})

    (remark,) = planned(declared, known).diagnostics

    assert remark.detail.endswith(
        "(meetings/1.yaml:1); and 3 more, also in meetings/1.yaml, meetings/2.yaml."
    )


def test_an_import_that_is_to_be_done_is_not_reported() -> None:
    """Nor is one that is held back: its step says why."""
    declared = spec(meeting(), imports=(imported(5, "launch"),))

    assert planned(declared, state()).diagnostics == ()
    assert planned(declared, RECORDED).diagnostics == ()


def test_a_removal_of_what_nobody_knows_is_reported() -> None:
    """It was done, or the id is mistyped."""
    line = removed("old", 5)

    assert planned(spec(meeting(), removed=(line,)), RECORDED).diagnostics == (
        stale("removed", "no record has meeting 5 (meetings.yaml:1).", line),
    )


@pytest.mark.parametrize("destroy", [True, False])
def test_a_removal_under_a_declared_key_without_a_replace_is_reported(destroy: bool) -> None:  # noqa: FBT001 - the flag of a spec
    """The meeting stays: the line approves nothing."""
    line = removed("launch", ID, destroy=destroy)
    said = f"meeting {ID} is `launch`, which is declared, and no replace of it is planned (meetings.yaml:1)."
    remark = stale("removed", said, line)

    assert planned(spec(meeting(), removed=(line,)), RECORDED).diagnostics == (remark,)
    update = planned(spec(meeting(attributes=one_off(duration=90)), removed=(line,)), RECORDED)
    assert update.diagnostics == (remark,)


def test_a_removal_that_does_something_is_not_reported() -> None:
    """It deletes or forgets a meeting, approves a replace, or began one."""
    line = removed("launch", ID)
    plans = [
        planned(spec(removed=(line,)), RECORDED),
        planned(spec(removed=(removed("launch", ID, destroy=False),)), RECORDED),
        planned(spec(meeting(host="U2"), removed=(line,)), RECORDED),
        planned(spec(meeting(host="U2", protect=True), removed=(line,)), RECORDED),
        planned(
            spec(meeting(), removed=(removed("launch", 5),)), state(retired=(Retired(5, HOST, "launch"),))
        ),
        planned(
            spec(meeting(host="U2"), removed=(line,)),
            state(meetings={"launch": record()}, intents={"launch": intent(action="replace", id=ID)}),
        ),
        planned(spec(removed=(line,)), RECORDED, now=at("2027-02-01T00:00:00Z")),
    ]

    assert [plan.diagnostics for plan in plans] == [()] * len(plans)


def test_a_removal_that_approves_the_replace_of_a_moved_meeting_is_not_reported() -> None:
    """Its meeting is replaced under the new key."""
    declared = spec(meeting("new", host="U2"), moved=(moved("launch", "new"),), removed=(removed("new", ID),))

    assert planned(declared, RECORDED).diagnostics == ()


OTHER = one_off(topic="Other", start_time="2027-03-14T15:00:00Z")
TWO = state(meetings={"launch": record(), "other": record(2, OTHER)})


def of_other_key(line: Any, hint: str) -> Diagnostic:
    return Diagnostic(
        code="plan.other-key",
        detail=f"Under `removed`: meeting {ID} is `launch`, not `other` (meetings.yaml:1). "
        "The id counts: the entry is for `launch`.",
        hint=hint,
        severity=Severity.WARNING,
        key="launch",
        span=line.span,
    )


@pytest.mark.parametrize(("destroy", "word"), [(True, "true"), (False, "false")])
def test_a_removal_by_the_id_of_another_key_prints_the_lines_for_both(destroy: bool, word: str) -> None:  # noqa: FBT001 - the flag of a spec
    """Whoever reviews the key alone does not see which meeting ends."""
    line = removed("other", ID, destroy=destroy)
    remark = of_other_key(
        line,
        f"If `other` is meant, write `removed: [{{key: other, id: 81234567002, destroy: {word}}}]`; "
        f"if `launch` is meant, `removed: [{{key: launch, id: {ID}, destroy: {word}}}]`.",
    )
    plans = [
        planned(spec(removed=(line,)), TWO),
        planned(spec(meeting("other", OTHER), removed=(line,)), TWO),
        planned(spec(meeting(host="U2"), meeting("other", OTHER), removed=(line,)), TWO),
    ]

    assert [plan.diagnostics for plan in plans] == [(remark,)] * 3


def test_a_removal_under_a_key_that_is_not_recorded_prints_the_line_for_the_one_that_is() -> None:
    """Such as a former key."""
    line = removed("other", ID)

    assert planned(spec(removed=(line,)), RECORDED).diagnostics == (
        of_other_key(
            line,
            "Nothing is recorded under `other`. If `launch` is meant, write "
            f"`removed: [{{key: launch, id: {ID}, destroy: true}}]`; otherwise correct the id.",
        ),
    )


def test_a_removal_by_the_id_of_another_key_that_is_over_is_not_reported() -> None:
    """It ends nothing."""
    declared = spec(meeting("other", OTHER), removed=(removed("other", ID),))

    assert planned(declared, TWO, now=at("2027-02-01T00:00:00Z")).diagnostics == ()


def test_targets_hide_no_replace() -> None:
    """A line is judged by the whole plan."""
    declared = spec(meeting(host="U2"), removed=(removed("launch", ID),))

    assert (
        planned(declared, state(meetings={"launch": record()}), options=Options(targets=("l*",))).diagnostics
        == ()
    )
    assert [
        one.code
        for one in planned(
            declared, state(meetings={"launch": record()}), options=Options(targets=("x",))
        ).diagnostics
    ] == ["plan.target"]
