"""`explain`: what a diagnostic code means and what to do; needs nothing but the program."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler.errors import Diagnostic, Exit, SettingsError
from reconciler.explanations import table
from reconciler.masking import escaped
from reconciler.stray import nearest
from reconciler.views import explained
from reconciler.views.look import Look

if TYPE_CHECKING:
    from reconciler.explanations import Explanation
    from reconciler.workspace import Workspace

WIDTH_MAX = 80
"""Characters of an unknown code that are shown of it."""


def run(workspace: Workspace, code: str | None, *, format_name: str) -> Exit:
    """Explain `code`, every code of a family, or, without one, list all. Raises `SettingsError`."""
    console = workspace.console
    look = Look(colour=console.colours(console.stdout, workspace.choices))
    found = tuple(table().values()) if code is None else _found(code)
    if format_name == "json":
        console.stdout.write(explained.json(found))
    elif len(found) == 1:
        console.stdout.write(explained.text(found, look))
    else:
        console.stdout.write(explained.listed(found, look))
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
    near = nearest(wanted, tuple(known)) or halves.get(
        nearest(wanted.rpartition(".")[2], tuple(halves)) or ""
    )
    return Diagnostic(
        code="usage.unknown-code",
        summary="There is no such code",
        detail=f"`{escaped(code[:WIDTH_MAX])}` is not among the {len(known)} codes of this version.",
        hint=f"Did you mean `{near}`?" if near else "`reconciler explain` lists every code.",
    )
