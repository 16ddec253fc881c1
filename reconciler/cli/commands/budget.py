"""The command `budget`: requests used and left per host today; needs no credentials."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from reconciler.cli.options import example_epilog, format_option, state_options
from reconciler.errors.diagnostic import Exit
from reconciler.plan.budget import budget_lines
from reconciler.views.table import view

if TYPE_CHECKING:
    from reconciler.cli.workspace import Workspace


@click.command(epilog=example_epilog("reconciler budget"))
@format_option("budget")
@state_options
def budget(workspace: Workspace, format_name: str) -> Exit:
    """Show the requests that each host has left today.

    Shows what is used and left of the daily limit, and when the limit resets. The state counts the requests,
    so no credentials are needed.
    """
    state, _ = workspace.read_state()
    now = workspace.clock.now()
    lines = budget_lines(state, workspace.settings.hosts or (), workspace.allowances, now)
    workspace.console.stdout.write(view("budget", format_name)(lines, now))
    return Exit.DONE
