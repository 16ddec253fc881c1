"""`drift`: what Zoom has otherwise than was last applied. Reads only; no state and no lock is touched."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import click

from reconciler.cli import ci, refresh, reporting
from reconciler.cli.options import example_epilog, format_option, state_options
from reconciler.cli.planning import missing_state_warnings
from reconciler.errors.diagnostic import Exit, Severity
from reconciler.live.read import without_strangers
from reconciler.live.report import drift_report
from reconciler.plan.plan import Options
from reconciler.views.style import TextStyle
from reconciler.views.table import view
from reconciler.views.text.drift import cost_words

if TYPE_CHECKING:
    from reconciler.cli.workspace import Workspace
    from reconciler.state.state import State


@click.command(epilog=example_epilog("reconciler drift", "reconciler drift meetings/ --detailed-exitcode"))
@click.argument("paths", nargs=-1, metavar="[PATHS]...")
@format_option("drift", about="For people, programs, or a pull request.")
@click.option("--detailed-exitcode", is_flag=True, help="Exit 2 where something drifted.")
@state_options
def drift(workspace: Workspace, paths: tuple[str, ...], **flags: Any) -> Exit:
    """Show what was changed in Zoom since it was applied.

    Reads every recorded meeting that is not over, or those declared in PATHS. Changes nothing, and takes
    nothing from the daily budget.
    """
    return run(workspace, paths, **flags)


def run(workspace: Workspace, paths: tuple[str, ...], *, format_name: str, detailed_exitcode: bool) -> Exit:
    """Show what drifted. With `detailed_exitcode` 2 where something did; 1 where something was not read.

    `paths` limit it to what is declared there; without them no spec is read.
    """
    options = Options(paths, refresh=True)
    with reporting.reporting_plan_failure(workspace, options, format_name=format_name):
        recorded, version = workspace.state()
        state = _only_declared(workspace, recorded, paths)
        looked = refresh.read_recorded(workspace, state, keys=None)
        seen = without_strangers(state, looked.seen, lambda: refresh.hosts_if_readable(workspace, paths))
        found = drift_report(state, seen, workspace.clock.now(), options)
    found = replace(found, diagnostics=(*missing_state_warnings(workspace, version), *found.diagnostics))
    console = workspace.console
    look = TextStyle(
        colour=console.colours(console.stdout, workspace.choices),
        verbose=workspace.choices.verbose,
        commit=console.commit,
    )
    console.stdout.write(view("drift", format_name)(found, look, looked.requests))
    if format_name != "text":
        console.stderr.write(f"Drift: {cost_words(len(looked.seen), looked.requests)}\n")
    ci.report_drift(workspace, found, looked.requests)
    unread = any(each.severity is Severity.ERROR for each in found.diagnostics)
    drifted = detailed_exitcode and found.has_work
    return Exit.worst(Exit.ERROR if unread else Exit.DONE, Exit.CHANGES if drifted else Exit.DONE)


def _only_declared(workspace: Workspace, state: State, paths: tuple[str, ...]) -> State:
    if not paths:
        return state
    declared = workspace.declared(paths).spec.meetings
    return replace(state, meetings={key: one for key, one in state.meetings.items() if key in declared})
