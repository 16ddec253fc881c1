"""`explain`: what a diagnostic code means and what to do; needs nothing but the program."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from reconciler.cli.options import Code, example_epilog, format_option, style_options
from reconciler.errors.diagnostic import Diagnostic, Exit
from reconciler.errors.didyoumean import did_you_mean, suggestion
from reconciler.errors.exceptions import SettingsError
from reconciler.errors.explanations.table import table
from reconciler.errors.text import escape_control
from reconciler.views.style import TextStyle
from reconciler.views.table import view

if TYPE_CHECKING:
    from reconciler.cli.workspace import Workspace
    from reconciler.errors.explanations.table import Explanation


@click.command(epilog=example_epilog("reconciler explain state.locked"))
@click.argument("code", type=Code(), required=False)
@format_option("explain")
@style_options
def explain(workspace: Workspace, code: str | None, format_name: str) -> Exit:
    """Say what a code means.

    Why it is told, what to do, and an example, of the CODE in the brackets of any message. Without one,
    or with a family such as `state`, it lists them.
    """
    return run(workspace, code, format_name=format_name)


WIDTH_MAX = 80
"""Characters of an unknown code that are shown of it."""


def run(workspace: Workspace, code: str | None, *, format_name: str) -> Exit:
    """Explain `code`, every code of a family, or, without one, list all. Raises `SettingsError`."""
    console = workspace.console
    look = TextStyle(colour=console.colours(console.stdout, workspace.choices))
    found = tuple(table().values()) if code is None else _found(code)
    console.stdout.write(view("explain", format_name)(found, look))
    return Exit.DONE


def _found(code: str) -> tuple[Explanation, ...]:
    wanted = code.strip().strip("[]").casefold()  # as it stands in a message
    known = table()
    if wanted in known:
        return (known[wanted],)
    family = tuple(each for each in known.values() if each.family == wanted.rstrip("."))
    if not family:
        raise SettingsError(_unknown(code, wanted))
    return family


def _unknown(code: str, wanted: str) -> Diagnostic:
    known = table()
    # A name without its family, or with a wrong one, is told apart by its second half.
    halves = {each.partition(".")[2]: each for each in known}
    near = did_you_mean(wanted, tuple(known)) or halves.get(
        did_you_mean(wanted.rpartition(".")[2], tuple(halves)) or ""
    )
    return Diagnostic(
        code="usage.unknown-code",
        detail=f"`{escape_control(code[:WIDTH_MAX])}` is not among the {len(known)} codes of this version.",
        hint=suggestion(near, "`reconciler explain` lists every code."),
    )
