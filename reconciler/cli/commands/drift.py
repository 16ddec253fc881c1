"""`drift`: what Zoom has otherwise than was last applied. Reads only; no state and no lock is touched."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from reconciler import views
from reconciler.errors import Exit, Severity
from reconciler.plan import Options
from reconciler.report import report
from reconciler.verbs import absent, failing, paged, refreshing
from reconciler.views.drift import cost_words
from reconciler.views.look import Look

if TYPE_CHECKING:
    from reconciler.state import State
    from reconciler.workspace import Workspace


def run(workspace: Workspace, paths: tuple[str, ...], *, format_name: str, detailed_exitcode: bool) -> Exit:
    """Show what drifted. With `detailed_exitcode` 2 where something did; 1 where something was not read.

    `paths` limit it to what is declared there; without them no spec is read.
    """
    options = Options(paths, refresh=True)
    with failing.reported(workspace, options, format_name=format_name):
        recorded, version = workspace.state()
        state = _only_declared(workspace, recorded, paths)
        looked = refreshing.look(workspace, state, keys=None)
        found = report(state, looked.seen, workspace.clock.now(), options)
    found = replace(found, diagnostics=(*absent.remarks(workspace, version), *found.diagnostics))
    console = workspace.console
    look = Look(
        colour=console.colours(console.stdout, workspace.choices),
        verbose=workspace.choices.verbose,
        commit=console.commit,
    )
    console.stdout.write(views.drift_view(format_name)(found, look, looked.requests))
    if format_name != "text":
        console.stderr.write(f"Drift: {cost_words(len(looked.seen), looked.requests)}\n")
    paged.drifted(workspace, found, looked.requests)
    unread = any(each.severity is Severity.ERROR for each in found.diagnostics)
    drifted = detailed_exitcode and found.has_work
    return Exit.worst(Exit.ERROR if unread else Exit.DONE, Exit.CHANGES if drifted else Exit.DONE)


def _only_declared(workspace: Workspace, state: State, paths: tuple[str, ...]) -> State:
    if not paths:
        return state
    declared = workspace.declared(paths).spec.meetings
    return replace(state, meetings={key: one for key, one in state.meetings.items() if key in declared})
