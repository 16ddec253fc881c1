"""The command `apply`: plan, ask for approval, and make the changes, under the lock on the state."""

from __future__ import annotations

import errno
import os
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

import click
from msgspec import Struct
from msgspec.structs import replace

from reconciler.apply import record
from reconciler.apply.events import Summary
from reconciler.cli import ci, reporting
from reconciler.cli.commands.apply import runner
from reconciler.cli.commands.apply.runner import ApplyJob
from reconciler.cli.connection import connect, measure_clock
from reconciler.cli.console import confirm
from reconciler.cli.notices.notice import Outcome, When, notify_option, notifying
from reconciler.cli.options import (
    FILE,
    example_epilog,
    format_option,
    lock_timeout_option,
    pace_option,
    selection_options,
    state_options,
)
from reconciler.cli.planning import make_plan
from reconciler.cli.sources import sources
from reconciler.cli.workspace import run_info
from reconciler.errors.diagnostic import Exit
from reconciler.errors.exceptions import ReconcilerError, SettingsError
from reconciler.plan import approval
from reconciler.state import document as state_document
from reconciler.state.history import with_facts
from reconciler.state.summary import summarize
from reconciler.stores.size import DOCUMENT_BYTES_MAX
from reconciler.views.style import TextStyle
from reconciler.views.table import view
from reconciler.views.text.history import recorded_lines

if TYPE_CHECKING:
    from pathlib import Path

    from reconciler.apply.engine import Result
    from reconciler.cli.planning import PlannedState
    from reconciler.cli.workspace import LockedState, Workspace
    from reconciler.plan.plan import Options, Plan
    from reconciler.zoom.client import ZoomClient


class ApplyOptions(Struct, frozen=True):
    """The flags of `apply`."""

    options: Options
    plan_file: Path | None = None
    auto_approve: bool = False
    pace: str | None = None
    lock_timeout_seconds: float = 0.0
    format_name: str = "text"
    detailed_exitcode: bool = False
    notify: str = When.ON_PROBLEM


@click.command(epilog=example_epilog("reconciler apply", "reconciler apply --plan plan.json"))
@click.option("--plan", "plan_file", type=FILE, help="Apply an approved plan: a file written by plan --out.")
@click.option("--auto-approve", is_flag=True, help="Do not ask for approval.")
@pace_option
@lock_timeout_option
@format_option("apply")
@click.option(
    "--detailed-exitcode",
    is_flag=True,
    help="Exit 3 if work is left for later.",
)
@notify_option
@state_options
@selection_options
def apply(workspace: Workspace, options: Options, **flags: Any) -> Exit:
    """Make the planned changes, each exactly once.

    Creates what is missing, changes what differs, and destroys what `removed` names, within the daily budget
    of every host: what does not fit today is deferred to a later day.
    """
    apply_options = ApplyOptions(options, **flags)
    # The notice goes out once the lock is released.
    with notifying(workspace, "apply", apply_options.notify) as outcome, ExitStack() as stack:
        try:
            status, job = _prepare(workspace, apply_options, stack, outcome)
        except ReconcilerError as error:
            reporting.write_failed_log(workspace, error, format_name=apply_options.format_name)
            raise
        if job is None:
            return status
        recorder = ci.EventRecorder()
        job = replace(job, wrap_listener=recorder.recording(job.wrap_listener))
        try:
            with recorder.reporting(workspace, job.plan):
                result = runner.run_apply(workspace, job)
        finally:
            outcome.tell_of_apply(job.plan, recorder.events)
        return Exit.worst(status, _exit_status(result, apply_options))


def _prepare(
    workspace: Workspace, apply_options: ApplyOptions, stack: ExitStack, outcome: Outcome
) -> tuple[Exit, ApplyJob | None]:
    """Plan and ask for approval; the lock on the state is released with `stack`.

    Returns the job to run, or None where nothing is to be sent, and the exit status so far.
    """
    saved = _approval(apply_options)
    options = saved.options if saved else apply_options.options
    if saved:
        sources.check_inside(options.paths, workspace.folder, str(apply_options.plan_file))
    _check_can_be_approved(workspace, apply_options)
    declared = workspace.load_spec(options.paths)
    timeout_seconds = apply_options.lock_timeout_seconds
    before = stack.enter_context(workspace.locked_state("apply", timeout_seconds=timeout_seconds))
    skew_warnings = measure_clock(workspace, apply_options.pace)
    planned = make_plan(workspace, declared, before.state, options, pace=apply_options.pace)
    plan, locked = planned.plan, replace(before, state=planned.state)
    status = Exit.ERROR if planned.failed else Exit.DONE
    if saved:
        approval.check(plan, saved, str(apply_options.plan_file))
    remote = _connect(workspace, apply_options) if plan.has_work else None
    reporting.print_warnings(workspace, (*skew_warnings, *declared.warnings))
    _show(workspace, apply_options, plan)
    if remote is None:
        record_without_sending(workspace, before, planned)
        _report_nothing_to_do(workspace, apply_options, plan)
        outcome.tell_of_apply(plan, (Summary(plan.planned_at, withheld=plan.summary["withheld"]),))
        is_left = apply_options.detailed_exitcode and plan.has_withheld_create
        return Exit.worst(status, Exit.WORK_LEFT if is_left else Exit.DONE), None
    if not (saved or apply_options.auto_approve or is_approved(workspace)):
        workspace.console.stderr.write("Apply cancelled. Nothing was sent.\n")
        return Exit.ERROR, None
    wrap_listener = runner.locating_refused_fields(declared.locate)
    job = ApplyJob(plan, locked, remote, apply_options.format_name, wrap_listener, planned.told)
    return status, job


def _connect(workspace: Workspace, apply_options: ApplyOptions) -> ZoomClient:
    """Return the client for what is sent. Raises `SettingsError` before anybody reads a plan in vain."""
    remote = connect(workspace, apply_options.pace)
    runner.settle_seconds(workspace, remote)
    return remote


def record_without_sending(workspace: Workspace, before: LockedState, planned: PlannedState) -> None:
    """Write what is known, though nothing is sent. Raises `StateError`.

    That is: which meetings are gone or over, which host each has now, what people changed as it is declared,
    and since when a person must decide.
    """
    found, steps = planned.state, planned.plan.steps
    facts = (*planned.told, *record.expired_facts(found, steps))
    state = record.without_expired(found, steps)
    state = with_facts(state, run_info(workspace, "apply", before.lease), facts) if facts else state
    state = record.with_waiting(state, steps, planned.plan.planned_at)
    if state != before.state:
        document, note = state_document.encode(state.written()), summarize(before.state, state, facts)
        workspace.store.write(document, replaces=before.version, note=note)
    for line in recorded_lines(planned.told):
        workspace.console.stderr.write(line)


def _approval(apply_options: ApplyOptions) -> approval.Approval | None:
    path, options = apply_options.plan_file, apply_options.options
    if path is None:
        return None
    if options.paths or options.targets or options.refresh or apply_options.auto_approve:
        raise SettingsError.of(
            "usage.plan-file",
            detail=f"{path} records the options that it was made with, and these are used again.",
            hint="Give --plan alone, or make a new plan.",
        )
    try:
        document = _read(path)
    except OSError as error:
        raise SettingsError.of(
            "plan.unreadable",
            detail=f"{path}: {error.strerror or error}. Nothing was sent.",
            hint="Make it with `reconciler plan --out FILE`.",
        ) from error
    return approval.read(document, str(path))


def _read(path: Path) -> bytes:
    with path.open("rb") as file:
        document = file.read(DOCUMENT_BYTES_MAX + 1)
    if len(document) > DOCUMENT_BYTES_MAX:
        raise OSError(errno.EFBIG, os.strerror(errno.EFBIG))
    return document


def _check_can_be_approved(workspace: Workspace, apply_options: ApplyOptions) -> None:
    if apply_options.plan_file or apply_options.auto_approve:
        return
    console = workspace.console
    if console.is_ci or apply_options.format_name != "text" or not console.stdin.isatty():
        raise SettingsError.of(
            "usage.no-prompt",
            detail="Without a terminal, apply needs an approval that was given before. Nothing was sent.",
            hint="Give --plan FILE with a reviewed plan, or --auto-approve.",
        )


def _show(workspace: Workspace, apply_options: ApplyOptions, plan: Plan) -> None:
    """Show the plan in text format; the log of the apply follows it."""
    if apply_options.format_name != "text":
        return
    console = workspace.console
    style = TextStyle(
        colour=console.colours(console.stdout, workspace.options), verbose=workspace.options.verbose
    )
    console.stdout.write(view("plan", "text")(plan, style) + ("\n" if plan.has_work else ""))
    console.stdout.flush()


def is_approved(workspace: Workspace) -> bool:
    """Ask the person at the terminal for approval."""
    return confirm(workspace.console, "Do you want to send this?")


def _report_nothing_to_do(workspace: Workspace, apply_options: ApplyOptions, plan: Plan) -> None:
    """End an apply that sends nothing; a program still reads the first and the last line of its log."""
    if apply_options.format_name != "text":
        runner.report_nothing_to_do(workspace, plan, format_name=apply_options.format_name)
    ci.report_nothing_to_apply(workspace, plan)


def _exit_status(result: Result, apply_options: ApplyOptions) -> Exit:
    if result.failure is not None:
        raise _EndedEarlyError(result.failure, result.status)
    if apply_options.detailed_exitcode and result.work_left:
        return Exit.worst(result.status, Exit.WORK_LEFT)
    return result.status


class _EndedEarlyError(ReconcilerError):
    """An apply that ended early; its exit status is the worst of the run."""

    def __init__(self, failure: ReconcilerError, status: Exit) -> None:
        super().__init__(*failure.diagnostics)
        self.exit_status = status
