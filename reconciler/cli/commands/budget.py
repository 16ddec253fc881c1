"""`budget`: used and left per host today; needs no credentials, since the state counts along."""

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
    """Show what each host may still send today.

    Used and left of the daily limit, and when the day ends. Needs no credentials.
    """
    return run(workspace, format_name=format_name)


def run(workspace: Workspace, *, format_name: str) -> Exit:
    """Show what each host that is known may still send today."""
    state, _ = workspace.state()
    now = workspace.clock.now()
    found = budget_lines(state, workspace.settings.hosts or (), workspace.allowances, now)
    workspace.console.stdout.write(view("budget", format_name)(found, now))
    return Exit.DONE
