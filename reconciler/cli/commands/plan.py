"""The command `plan`: the declared spec compared with the recorded state; sends nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click
from msgspec.structs import replace

from reconciler.cli import ci, reporting
from reconciler.cli.options import (
    FILE,
    example_epilog,
    format_option,
    pace_option,
    selection_options,
    state_options,
)
from reconciler.cli.planning import (
    make_plan,
    missing_state_warnings,
    with_double_bookings,
    with_passcode_errors,
)
from reconciler.errors.diagnostic import Exit
from reconciler.views.style import TextStyle
from reconciler.views.table import view

if TYPE_CHECKING:
    from pathlib import Path

    from reconciler.cli.workspace import Workspace
    from reconciler.plan.plan import Options


@click.command(
    epilog=example_epilog(
        "reconciler plan --out plan.json", "reconciler plan --sandbox examples/meetings.yaml"
    )
)
@click.option("--out", type=FILE, help="Write the plan to a file, for review and apply --plan.")
@format_option("plan", about="For people, programs, or a pull request.")
@click.option("--json-into", type=FILE, help="Also write the plan as JSON to a file.")
@click.option("--changes-only", is_flag=True, help="Leave keep and expired steps out of the JSON.")
@click.option("--detailed-exitcode", is_flag=True, help="Exit 2 if there are changes to make.")
@pace_option
@state_options
@selection_options
def plan(  # noqa: PLR0913 - each flag of the command
    workspace: Workspace,
    options: Options,
    *,
    format_name: str,
    out: Path | None,
    json_into: Path | None,
    changes_only: bool,
    detailed_exitcode: bool,
    pace: str | None,
) -> Exit:
    """Show the changes that apply would make.

    Compares the declared spec with the recorded state. Sends nothing, and needs no credentials without
    --refresh.
    """
    if pace is not None and not options.refresh:
        raise click.UsageError("--pace is about the requests of a refresh: give --refresh too.")
    with reporting.reporting_plan_failure(workspace, options, format_name=format_name, json_into=json_into):
        declared = workspace.load_spec(options.paths)
        reporting.check_outputs(workspace, out, json_into)
        state, version = workspace.read_state()
        warnings = missing_state_warnings(workspace, version)
        planned = make_plan(workspace, declared, state, options, pace=pace, diagnostics=warnings)
        planned = with_passcode_errors(workspace, planned, pace)
        planned = with_double_bookings(workspace, declared, state, planned)
    style = TextStyle(
        colour=workspace.console.colours(workspace.console.stdout, workspace.options),
        verbose=workspace.options.verbose,
        changes_only=changes_only,
        commit=workspace.console.commit,
    )
    whole = replace(planned.plan, diagnostics=(*declared.warnings, *planned.plan.diagnostics))
    if format_name == "text":
        reporting.print_warnings(workspace, declared.warnings)
    shown = planned.plan if format_name == "text" else whole
    workspace.console.stdout.write(view("plan", format_name)(shown, style))
    if json_into:
        reporting.write_private_file(json_into, view("plan", "json")(whole, style))
    if out:
        reporting.write_private_file(out, view("plan", "json")(whole, TextStyle()))
    ci.report_plan(workspace, whole)
    has_changes = detailed_exitcode and planned.plan.has_work
    return Exit.worst(Exit.ERROR if planned.failed else Exit.DONE, Exit.CHANGES if has_changes else Exit.DONE)
