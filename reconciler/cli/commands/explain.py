"""The command `explain`: the meaning of a diagnostic code, and what to do about it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from reconciler.cli.options import Code, example_epilog, format_option, style_options
from reconciler.errors.diagnostic import Exit
from reconciler.errors.didyoumean import did_you_mean, suggestion
from reconciler.errors.exceptions import SettingsError
from reconciler.errors.explanations.table import table
from reconciler.errors.text import escape_control
from reconciler.views.style import TextStyle
from reconciler.views.table import view

if TYPE_CHECKING:
    from reconciler.cli.workspace import Workspace
    from reconciler.errors.explanations.table import Explanation


WIDTH_MAX = 80
"""Characters of an unknown code that the message shows."""


@click.command(epilog=example_epilog("reconciler explain state.locked"))
@click.argument("code", type=Code(), required=False)
@format_option("explain")
@style_options
def explain(workspace: Workspace, code: str | None, format_name: str) -> Exit:
    """Explain a diagnostic code.

    CODE is the text in the brackets of an error or a warning. Shows what it means, why it is reported, what
    to do, and an example. Without CODE, or with a family such as `state`, lists codes.
    """
    console = workspace.console
    style = TextStyle(colour=console.colours(console.stdout, workspace.options))
    explanations = tuple(table().values()) if code is None else _matching(code)
    console.stdout.write(view("explain", format_name)(explanations, style))
    return Exit.DONE


def _matching(code: str) -> tuple[Explanation, ...]:
    """Return the explanation of `code`, or of every code of a family. Raises `SettingsError`."""
    name = code.strip().strip("[]").casefold()  # as pasted from a message
    known = table()
    if name in known:
        return (known[name],)
    family = tuple(each for each in known.values() if each.family == name.rstrip("."))
    if not family:
        near, shown = _nearest(name, tuple(known)), escape_control(code[:WIDTH_MAX])
        raise SettingsError.of(
            "usage.unknown-code",
            detail=f"`{shown}` is not among the {len(known)} codes of this version.",
            hint=suggestion(near, "`reconciler explain` lists every code."),
        )
    return family


def _nearest(name: str, codes: tuple[str, ...]) -> str | None:
    """Return the code most like `name`; without its family, or with a wrong one, by its second half."""
    by_second_half = {code.partition(".")[2]: code for code in codes}
    second_half = did_you_mean(name.rpartition(".")[2], tuple(by_second_half))
    return did_you_mean(name, codes) or by_second_half.get(second_half or "")
