"""Reads the state for a calendar, where something comes from it: the names of a feed's events, and links."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler.errors.diagnostic import Diagnostic, Severity
from reconciler.errors.exceptions import SettingsError
from reconciler.state.state import State

if TYPE_CHECKING:
    from reconciler.cli.workspace import Workspace


def read(workspace: Workspace, *, feed: bool, links: bool) -> tuple[State, tuple[Diagnostic, ...]]:
    """Return the state, and a warning where a feed has to do without one.

    It is empty where nothing comes from it. Raises as reading does: a feed with other names would show every
    event twice to those who subscribe.
    """
    if not (feed or links):
        return State(), ()
    try:
        state, version = workspace.read_state()
    except SettingsError as error:
        if links or any(each.code != "state.unnamed" for each in error.diagnostics):
            raise
        return State(), (_no_state("No state is named"),)
    if version is None and feed and not workspace.sandbox:
        return state, (_no_state(f"{workspace.store.location} does not exist"),)
    return state, ()


def _no_state(why: str) -> Diagnostic:
    return Diagnostic(
        code="calendar.no-state",
        detail=f"{why}, so the events of this feed are named by their keys alone. A feed made with the "
        "state has other names: who subscribes to this one sees every event twice then.",
        hint="Publish feeds after the first apply, by a job that names the state that apply writes "
        "(--state, RECONCILER_STATE, reconciler.yaml).",
        severity=Severity.WARNING,
    )
