"""The command `budget`: requests used and left per host today; needs no credentials."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from reconciler.cli import reporting
from reconciler.cli.commands.budget import situation
from reconciler.cli.options import example_epilog, format_option, state_options
from reconciler.errors.diagnostic import Exit
from reconciler.plan.budget import budget_lines
from reconciler.views.table import view

if TYPE_CHECKING:
    from reconciler.cli.workspace import Workspace


@click.command(
    epilog=example_epilog(
        "reconciler budget",
        "reconciler budget --format prometheus --out /var/lib/node_exporter/reconciler.prom",
    )
)
@format_option("budget", about="For people, programs, or a textfile collector.")
@click.option(
    "--out",
    metavar="FILE",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write to a file, atomically, instead of stdout.",
)
@click.option(
    "--drift",
    "drift_report",
    metavar="FILE",
    type=click.Path(path_type=Path, dir_okay=False),
    help="With prometheus: the last report of drift --format json, to count it too.",
)
@state_options
def budget(workspace: Workspace, format_name: str, out: Path | None, drift_report: Path | None) -> Exit:
    """Show the requests that each host has left today.

    Shows what is used and left of the daily limit, and when the limit resets. The state counts the requests,
    so no credentials are needed. As metrics, it also has what the last apply left to do.
    """
    if drift_report is not None and format_name != "prometheus":
        raise click.UsageError("--drift needs --format prometheus: no other format has the drift.")
    state, _ = workspace.read_state()
    drift = situation.read_drift(drift_report) if drift_report is not None else None
    now = workspace.clock.now()
    lines = budget_lines(state, workspace.settings.hosts or (), workspace.allowances, now)
    text = view("budget", format_name)(lines, now, situation.of(state, workspace.store.location, drift))
    if out is None:
        workspace.console.stdout.write(text)
        return Exit.DONE
    reporting.check_outputs(workspace, out, drift_report)
    reporting.write_public_file(out, text)
    return Exit.DONE
