"""The command `drift`: differences between Zoom and the last apply. It writes no state and takes no lock."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click
from msgspec.structs import replace

from reconciler.cli import ci, refresh, reporting
from reconciler.cli.notices.notice import notify_option, notifying
from reconciler.cli.options import example_epilog, format_option, pace_option, paths_argument, state_options
from reconciler.cli.planning import missing_state_warnings
from reconciler.errors.diagnostic import Exit, Severity
from reconciler.errors.exceptions import ReconcilerError
from reconciler.live.read import without_strangers
from reconciler.live.report import drift_report, renamed_hosts
from reconciler.plan import plan as plans
from reconciler.plan.plan import Options
from reconciler.views.style import TextStyle
from reconciler.views.table import view
from reconciler.views.text.drift import cost_words

if TYPE_CHECKING:
    from reconciler.cli.workspace import Workspace
    from reconciler.errors.diagnostic import Diagnostic
    from reconciler.plan.plan import Plan
    from reconciler.state.state import State


@click.command(epilog=example_epilog("reconciler drift", "reconciler drift meetings/ --detailed-exitcode"))
@paths_argument
@pace_option
@format_option("drift", about="For people, programs, or a pull request.")
@click.option("--detailed-exitcode", is_flag=True, help="Exit 2 if there is drift.")
@notify_option
@state_options
def drift(  # noqa: PLR0913 - click hands flags over as they come
    workspace: Workspace,
    paths: tuple[str, ...],
    *,
    pace: str | None,
    format_name: str,
    detailed_exitcode: bool,
    notify: str,
) -> Exit:
    """Show what was changed in Zoom since the last apply.

    Reads every recorded meeting that is not over, or only those declared in PATHS. Also warns of series that
    end soon, and of changes that wait for a person. Changes nothing, and uses nothing of the daily budget.
    """
    with notifying(workspace, "drift", notify) as outcome:
        report, read = _read(workspace, paths, pace, format_name)
        outcome.tell_of_drift(report)
        _show(workspace, report, read, format_name)
        ci.report_drift(workspace, report, read.requests)
    unread = any(each.severity is Severity.ERROR for each in report.diagnostics)
    drifted = detailed_exitcode and report.has_work
    return Exit.worst(Exit.ERROR if unread else Exit.DONE, Exit.CHANGES if drifted else Exit.DONE)


def _read(
    workspace: Workspace, paths: tuple[str, ...], pace: str | None, format_name: str
) -> tuple[Plan, refresh.RefreshResult]:
    """Read the meetings; return the report of what differs, and what was read."""
    options = Options(paths, refresh=True)
    with reporting.reporting_plan_failure(workspace, options, format_name=format_name):
        recorded, version = workspace.read_state()
        state = _only_declared(workspace, recorded, paths)
        read = refresh.read_recorded(workspace, state, refresh.Selection(), pace)
        results = without_strangers(state, read.results, lambda: refresh.hosts_if_readable(workspace, paths))
        report = drift_report(state, results, workspace.clock.now(), options)
    warnings = (
        *missing_state_warnings(workspace, version),
        *refresh.skew_warnings(workspace),
        *renamed_hosts(state, results, refresh.hosts_if_readable(workspace, paths)),
        *_waiting(workspace, state, report),
    )
    return replace(report, diagnostics=(*warnings, *report.diagnostics)), read


def _only_declared(workspace: Workspace, state: State, paths: tuple[str, ...]) -> State:
    if not paths:
        return state
    declared = workspace.load_declared(paths).spec.meetings
    return replace(state, meetings={key: record for key, record in state.meetings.items() if key in declared})


def _waiting(workspace: Workspace, state: State, report: Plan) -> tuple[Diagnostic, ...]:
    """Return the warnings about changes that wait for a person; none where the specs cannot be read."""
    try:
        spec = workspace.load_declared(report.options.paths).spec
    except ReconcilerError:
        return ()
    return plans.build(spec, state, report.planned_at, workspace.allowances, report.options).waiting


def _show(workspace: Workspace, report: Plan, read: refresh.RefreshResult, format_name: str) -> None:
    console = workspace.console
    style = TextStyle(
        colour=console.colours(console.stdout, workspace.options),
        verbose=workspace.options.verbose,
        commit=console.commit,
    )
    console.stdout.write(view("drift", format_name)(report, style, read.requests))
    if format_name != "text":
        console.stderr.write(f"Drift: {cost_words(len(read.results), read.requests)}\n")
