"""Outputs, summary and annotations of a GitHub Actions job, written by the program in this process."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from builders import NOW as AT
from builders import meeting, planned, spec
from job_step import Step
from shell import HOST, ONE, spec_of

from reconciler.apply.events import Noticed, StepDone, StepFailed, Summary
from reconciler.errors.diagnostic import Diagnostic, Severity
from reconciler.plan.change import Action
from reconciler.views.markdown import job_summary

if TYPE_CHECKING:
    from pathlib import Path

    from shell import Shell

TWO = {"first": {}, "second": {"start_time": "2027-02-14T15:00:00Z"}}
BROKEN = ONE.replace("duration", "durration")
LOST = Diagnostic(code="zoom.lost", detail="```\n# no heading")
WARNED = Diagnostic(code="zoom.odd", severity=Severity.WARNING)


@pytest.fixture
def step(shell: Shell, tmp_path: Path) -> Step:
    del tmp_path
    return Step(shell)


def test_a_plan_counts_as_its_line_does(shell: Shell, step: Step) -> None:
    """A replace is one to add and, where the old meeting is deleted, one to destroy."""
    shell.write("meetings.yaml", spec_of(TWO))
    shell.sandbox("apply", "--auto-approve")
    number = next(line for line in shell("state", "list", "--sandbox").out.split() if line.isdigit())
    text = spec_of({**TWO, "first": {"host": "other@example.com"}, "third": {"topic": "Third"}})
    shell.write(
        "meetings.yaml", text[:-1] + f', "removed": [{{"key": "first", "id": {number}, "destroy": true}}]}}'
    )

    ran = step("plan", "--sandbox")

    outputs = step.outputs
    line = f"Plan: {outputs['add']} to add, {outputs['change']} to change, {outputs['destroy']} to destroy"
    assert (line in ran.out, line) == (True, "Plan: 2 to add, 0 to change, 1 to destroy")
    assert (outputs["changes"], outputs["deferred"], len(outputs["digest"])) == ("true", "0", 64)
    assert line in step.summary


def test_nothing_to_do_is_no_change(shell: Shell, step: Step) -> None:
    shell.write("meetings.yaml", ONE)
    shell.sandbox("apply", "--auto-approve")

    step("plan", "--sandbox")

    assert (step.outputs["changes"], step.outputs["add"]) == ("false", "0")


def test_the_outputs_of_an_apply_count_done_and_deferred_steps(shell: Shell, step: Step) -> None:
    shell.write("meetings.yaml", spec_of(TWO))
    shell.write("reconciler.yaml", "budget: {daily_limit: 1, reserve: 0}\n")

    step("apply", "--auto-approve", "--sandbox", "--sandbox-now", "2026-12-01T08:00:00Z")

    outputs = step.outputs
    assert (outputs["changes"], outputs["add"], outputs["deferred"], outputs["failed"]) == (
        "true",
        "1",
        "1",
        "0",
    )
    assert step.summary.startswith("### ⏳ Apply complete! 1 added, 0 changed, 0 destroyed, 1 deferred.\n")


@pytest.mark.parametrize("verb", ["plan", "apply"])
def test_a_failure_is_reported_and_annotated(verb: str, shell: Shell, step: Step) -> None:
    """The error is also on stderr, and the exit status is the same."""
    shell.write("meetings.yaml", BROKEN)

    ran = step(verb, "--sandbox", *(["--auto-approve"] if verb == "apply" else []))

    lines = ran.err.splitlines()
    assert (ran.status, step.outputs) == (1, {"error": "spec.unknown-field"})
    assert lines[0].startswith("::error file=meetings.yaml,line=8,endLine=8,col=5,endColumn=14,title=")
    assert (lines[1], lines[6]) == (
        "error[spec.unknown-field]: Unknown field",
        "  = The meeting has no field `durration`.",
    )
    assert step.summary.startswith(
        f"### ❌ {verb.capitalize()} failed: `spec.unknown-field`\n\n```text\nerror["
    )


@pytest.mark.parametrize(
    ("arguments", "name"),
    [
        (("import", "--host", HOST), "import"),
        (("state", "show", "lost", "--sandbox"), "state show"),
        (("state", "list"), "state list"),
        (("force-unlock", "7d3a0c52"), "force-unlock"),
    ],
)
def test_a_failed_command_is_named_as_it_was_typed(arguments: tuple[str, ...], name: str, step: Step) -> None:
    ran = step(*arguments)

    assert ran.status == 1
    assert step.summary.startswith(f"### ❌ {name} failed: `state.")


def test_annotations_go_past_a_stop(shell: Shell, step: Step) -> None:
    """A job that stopped workflow commands gives its token: they are resumed for annotations only."""
    shell.write("meetings.yaml", BROKEN)

    ran = step("plan", "--sandbox", RECONCILER_STOP_TOKEN="token-1")

    lines = ran.err.splitlines()
    assert (lines[0], lines[1][:8], lines[2]) == ("::token-1::", "::error ", "::stop-commands::token-1")


def test_validate_counts_what_is_not_shown(shell: Shell, step: Step) -> None:
    """Of 150 findings of one code, 100 are made."""
    shell.write("meetings.yaml", spec_of({f"k{n}": {"topik": "x"} for n in range(150)}))

    assert step("validate").status == 1
    assert step.outputs["errors"] == "150"


def test_validate_counts_and_annotates_once(shell: Shell, step: Step) -> None:
    """In its own format for GitHub the annotations are on stdout already."""
    shell.write("meetings.yaml", spec_of({"odd": {"password": "lift-off-7"}}))

    text, github = step("validate"), step("validate", "--format", "github")

    assert (text.err[:10], github.out[:10], github.err) == ("::warning ", "::warning ", "")
    assert step.outputs == {"valid": "true", "errors": "0", "warnings": "1"}
    assert step.summary.startswith("### ⚠️ Valid: 1 meeting in 1 file, 1 warning.\n")


@pytest.mark.parametrize(
    ("text", "head"), [(ONE, "### ✅ Valid: 1 meeting"), (BROKEN, "### ❌ 1 error in 1 file.")]
)
def test_the_summary_of_validate_begins_with_the_result(
    text: str, head: str, shell: Shell, step: Step
) -> None:
    shell.write("meetings.yaml", text)

    step("validate")

    assert step.summary.startswith(head)


def test_a_drift_report_sets_outputs(shell: Shell, step: Step) -> None:
    shell.write("meetings.yaml", ONE)
    shell.sandbox("apply", "--auto-approve")

    ran = step("drift", "--sandbox")

    assert (ran.status, step.outputs["changes"], step.outputs["change"]) == (0, "false", "0")
    assert "No drift" in step.summary


def test_a_page_without_files_is_no_error(shell: Shell) -> None:
    """An emulation of GitHub may set none."""
    shell.write("meetings.yaml", ONE)

    assert shell("plan", "--sandbox", GITHUB_ACTIONS="true").status == 0


def test_failed_steps_are_above_the_log() -> None:
    """In blocks that nothing in them can close."""
    plan = planned(spec(meeting("lost"), meeting("done")))
    events = (
        Noticed(AT, WARNED),
        StepFailed(AT, "lost", Action.CREATE, HOST, LOST),
        StepDone(AT, "done", Action.CREATE, HOST, 1, None),
        Summary(AT, added=1, failed=1),
    )

    summary = job_summary.apply(plan, events)

    assert summary.startswith(
        "### ❌ Apply finished with errors: 1 added, 0 changed, 0 destroyed, 1 failed.\n"
    )
    assert "\n1 step failed:\n\n````text\nlost\nerror[zoom.lost]: zoom.lost\n" in summary
    assert summary.index("1 step failed") < summary.index("Warnings") < summary.index("Log")
    assert "warning[zoom.odd]: zoom.odd" in summary


def test_an_apply_that_was_cut_short_says_so() -> None:
    plan = planned(spec(meeting()))

    summary = job_summary.apply(plan, [StepDone(AT, "launch", Action.CREATE, HOST, 1, None)])

    assert summary.startswith("### ❌ Apply was cut short: the next one looks up what was under way.\n")
    assert "launch created as 1" in summary


def test_errors_of_one_kind_are_counted() -> None:
    assert job_summary.failure("plan", [LOST, LOST, WARNED]).startswith(
        "### ❌ Plan failed: `zoom.lost` (2 times)\n"
    )
