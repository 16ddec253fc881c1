"""`plan`: declared against recorded; needs no credentials and sends nothing."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import click

from reconciler.cli import ci, reporting
from reconciler.cli.options import FILE, example_epilog, format_option, selection_options, state_options
from reconciler.cli.planning import make_plan, missing_state_warnings
from reconciler.cli.reporting import print_warnings, write_private_file
from reconciler.errors.diagnostic import Exit
from reconciler.views.style import TextStyle
from reconciler.views.table import view

if TYPE_CHECKING:
    from pathlib import Path

    from reconciler.cli.workspace import LoadedSpec, Workspace
    from reconciler.plan.plan import Options, Plan


@click.command(
    epilog=example_epilog(
        "reconciler plan --out plan.json", "reconciler plan --sandbox examples/meetings.yaml"
    )
)
@click.option("--out", type=FILE, help="Write the plan, to be approved.")
@format_option("plan", about="For people, programs, or a pull request.")
@click.option("--json-into", type=FILE, help="Write JSON beside any view.")
@click.option("--changes-only", is_flag=True, help="Leave keep and expired steps out of JSON.")
@click.option("--detailed-exitcode", is_flag=True, help="Exit 2 where there is something to do.")
@state_options
@selection_options
def plan(workspace: Workspace, options: Any, **flags: Any) -> Exit:
    """Show what would be done.

    Declared against recorded. Sends nothing, and needs no credentials unless it is to refresh.
    """
    return run(workspace, options, **flags)


def run(  # noqa: PLR0913 - each flag of the verb
    workspace: Workspace,
    options: Options,
    *,
    format_name: str,
    out: Path | None,
    json_into: Path | None,
    changes_only: bool,
    detailed_exitcode: bool,
) -> Exit:
    """Show what would be done now. With `detailed_exitcode` 2 where there is something to send or record."""
    with reporting.reporting_plan_failure(workspace, options, format_name=format_name, json_into=json_into):
        declared = workspace.declared(options.paths)
        state, version = workspace.state()
        remarks = missing_state_warnings(workspace, version)
        planned = make_plan(workspace, declared, state, options, remarks=remarks)
        plan, unread = planned.plan, planned.unread
    look = TextStyle(
        colour=workspace.console.colours(workspace.console.stdout, workspace.choices),
        verbose=workspace.choices.verbose,
        changes_only=changes_only,
        commit=workspace.console.commit,
    )
    if format_name == "text":
        print_warnings(workspace, declared.warnings)
    shown = plan if format_name == "text" else _with_warnings(plan, declared)
    workspace.console.stdout.write(view("plan", format_name)(shown, look))
    if json_into:
        write_private_file(json_into, view("plan", "json")(_with_warnings(plan, declared), look))
    if out:
        write_private_file(out, view("plan", "json")(_with_warnings(plan, declared), TextStyle()))
    ci.report_plan(workspace, _with_warnings(plan, declared))
    has_changes = detailed_exitcode and plan.has_work
    return Exit.worst(Exit.ERROR if unread else Exit.DONE, Exit.CHANGES if has_changes else Exit.DONE)


def _with_warnings(plan: Plan, declared: LoadedSpec) -> Plan:
    return replace(plan, diagnostics=(*declared.warnings, *plan.diagnostics))
