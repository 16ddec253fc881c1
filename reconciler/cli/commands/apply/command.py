"""`apply`: do what the plan says for today, under the lock, and record it."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import click

from reconciler.apply import record
from reconciler.cli import ci, reporting, sources
from reconciler.cli.commands.apply import runner
from reconciler.cli.commands.apply.runner import ApplyJob
from reconciler.cli.connection import connect
from reconciler.cli.console import confirm
from reconciler.cli.options import (
    FILE,
    example_epilog,
    format_option,
    lock_timeout_option,
    selection_options,
    state_options,
)
from reconciler.cli.planning import make_plan
from reconciler.errors.diagnostic import Exit
from reconciler.errors.exceptions import ReconcilerError, SettingsError
from reconciler.plan import approval
from reconciler.state import document as state_document
from reconciler.state.summary import summarize
from reconciler.views.style import TextStyle
from reconciler.views.table import view

if TYPE_CHECKING:
    from pathlib import Path

    from reconciler.apply.engine import Result
    from reconciler.cli.workspace import LockedState, Workspace
    from reconciler.plan.plan import Options, Plan
    from reconciler.state.state import State


@click.command(epilog=example_epilog("reconciler apply", "reconciler apply --plan plan.json"))
@click.option("--plan", "plan_file", type=FILE, help="Apply what was approved: a file that plan --out wrote.")
@click.option("--auto-approve", is_flag=True, help="Ask nobody.")
@click.option("--pace", metavar="free|pro|business|N", help="Requests a second: your Zoom plan's, or N.")
@lock_timeout_option
@format_option("apply")
@click.option("--detailed-exitcode", is_flag=True, help="Exit 3 where work is left for a later day.")
@state_options
@selection_options
def apply(workspace: Workspace, options: Any, **flags: Any) -> Exit:
    """Do what the plan says, each meeting exactly once.

    Creates what is missing, changes what differs, and ends what `removed` names, within every host's
    daily budget: what does not fit today is left for a later day.
    """
    return run(workspace, ApplyOptions(options, **flags))


@dataclass(frozen=True, slots=True)
class ApplyOptions:
    """What the flags of `apply` say."""

    options: Options
    plan_file: Path | None = None
    auto_approve: bool = False
    pace: str | None = None
    lock_timeout_seconds: float = 0.0
    format_name: str = "text"
    detailed_exitcode: bool = False


def run(workspace: Workspace, wishes: ApplyOptions) -> Exit:
    """Lock, plan, ask, send. Raises `ReconcilerError` where nothing could be sent at all."""
    with ExitStack() as held:
        try:
            told, errand = _prepared(workspace, wishes, held)
        except ReconcilerError as error:
            reporting.write_failed_log(workspace, error, format_name=wishes.format_name)
            raise
        if isinstance(errand, Exit):
            return Exit.worst(told, errand)
        heard = ci.EventRecorder()
        with heard.told(workspace, errand.plan):
            result = runner.run_apply(workspace, replace(errand, through=heard.through(errand.through)))
        return Exit.worst(told, _ended(result, wishes))


def _prepared(workspace: Workspace, wishes: ApplyOptions, stack: ExitStack) -> tuple[Exit, ApplyJob | Exit]:
    """Whether all could be read, and what is to be sent, the state held in `stack`; or how it ends here."""
    saved = _approval(wishes)
    options = saved.options if saved else wishes.options
    if saved:
        sources.check_inside(options.paths, workspace.folder, str(wishes.plan_file))
    _check_can_be_approved(workspace, wishes)
    declared = workspace.declared(options.paths)
    found = stack.enter_context(workspace.held("apply", timeout_seconds=wishes.lock_timeout_seconds))
    planned = make_plan(workspace, declared, found.state, options, pace=wishes.pace)
    plan, held = planned.plan, replace(found, state=planned.state)
    told = Exit.ERROR if planned.unread else Exit.DONE
    if saved:
        approval.check(plan, saved, str(wishes.plan_file))
    reporting.print_warnings(workspace, declared.warnings)
    _show(workspace, wishes, plan)
    if not plan.has_work:
        _record(workspace, found, record.without_expired(held.state, plan.steps))
        return told, _nothing_to_do(workspace, wishes, plan)
    remote = connect(workspace, wishes.pace)
    runner.settle_seconds(workspace, remote)  # what cannot be used is told before anybody is asked
    if not (saved or wishes.auto_approve or is_approved(workspace)):
        workspace.console.stderr.write("Apply cancelled. Nothing was sent.\n")
        return Exit.DONE, Exit.ERROR
    return told, ApplyJob(
        plan, held, remote, wishes.format_name, runner.locating_refused_fields(declared.locate)
    )


def _record(workspace: Workspace, found: LockedState, state: State) -> None:
    """Keep what is known now, though nothing is sent: what is gone or over, hosts that changed."""
    if state != found.state:
        document, note = state_document.encode(state.written()), summarize(found.state, state)
        workspace.store.write(document, replaces=found.version, note=note)


def _approval(wishes: ApplyOptions) -> approval.Approval | None:
    if wishes.plan_file is None:
        return None
    given = wishes.options
    if given.paths or given.targets or given.refresh or wishes.auto_approve:
        raise SettingsError.of(
            "usage.plan-file",
            detail=f"{wishes.plan_file} records what it was made with, and that is what is applied.",
            hint="Give --plan alone, or make a new plan.",
        )
    try:
        document = wishes.plan_file.read_bytes()
    except OSError as error:
        raise SettingsError.of(
            "plan.unreadable",
            detail=f"{wishes.plan_file}: {error.strerror or error}. Nothing was sent.",
            hint="Make it with `reconciler plan --out FILE`.",
        ) from error
    return approval.read(document, str(wishes.plan_file))


def _check_can_be_approved(workspace: Workspace, wishes: ApplyOptions) -> None:
    if wishes.plan_file or wishes.auto_approve:
        return
    console = workspace.console
    if console.is_ci or wishes.format_name != "text" or not console.stdin.isatty():
        raise SettingsError.of(
            "usage.no-prompt",
            detail="Without a terminal, apply needs an approval that was given before. Nothing was sent.",
            hint="Give --plan FILE with a reviewed plan, or --auto-approve.",
        )


def _show(workspace: Workspace, wishes: ApplyOptions, plan: Plan) -> None:
    """The plan, where people read along; the apply log follows it."""
    if wishes.format_name != "text":
        return
    console = workspace.console
    look = TextStyle(
        colour=console.colours(console.stdout, workspace.choices), verbose=workspace.choices.verbose
    )
    console.stdout.write(view("plan", "text")(plan, look) + ("\n" if plan.has_work else ""))
    console.stdout.flush()


def is_approved(workspace: Workspace) -> bool:
    """Whether the person at the terminal says yes."""
    return confirm(workspace.console, "Do you want to send this?")


def _nothing_to_do(workspace: Workspace, wishes: ApplyOptions, plan: Plan) -> Exit:
    """The end of an apply that sends nothing; a program still reads its first and its last line."""
    if wishes.format_name != "text":
        runner.report_nothing_to_do(workspace, plan, format_name=wishes.format_name)
    ci.report_nothing_to_apply(workspace, plan)
    return Exit.DONE


def _ended(result: Result, wishes: ApplyOptions) -> Exit:
    if result.failure is not None:
        raise _EndedEarlyError(result.failure, result.status)
    if wishes.detailed_exitcode and result.work_left:
        return Exit.worst(result.status, Exit.WORK_LEFT)
    return result.status


class _EndedEarlyError(ReconcilerError):
    """An apply that ended early; its exit status is the worst of all that happened."""

    def __init__(self, failure: ReconcilerError, status: Exit) -> None:
        super().__init__(*failure.diagnostics)
        self.exit_status = status
