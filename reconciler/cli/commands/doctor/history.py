"""The check of `doctor` that looks for passcodes in the git history of states and saved plans."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from reconciler.errors.exceptions import ReconcilerError
from reconciler.errors.text import count_noun, join_first
from reconciler.stores.file import FileStore
from reconciler.stores.git.old_secrets import find_old_secrets
from reconciler.views.results import Check, warn

if TYPE_CHECKING:
    from collections.abc import Iterator

    from reconciler.cli.workspace import Workspace

SHOWN_MAX = 5

REMEDY = (
    "Change the passcode of these meetings in Zoom first: whoever has a clone keeps the old one. "
    "Then remove the copies, as docs/state.md says under `A passcode in the history`."
)


def check_history(workspace: Workspace) -> Iterator[Check]:
    """Yield a warning where git history has a passcode that was written into Zoom, or was not searched."""
    search = find_old_secrets(workspace.folder, workspace.console.environ, _state_files(workspace))
    if search.found:
        places = [f"{each.file} in {each.commit} of {each.day}" for each in search.found]
        count = count_noun(len(places), "place")
        summary = f"git history has a passcode or a link with one in {count}: {join_first(places, SHOWN_MAX)}"
        yield warn("history", summary, REMEDY)
    if search.unsearched:
        how = "not checked to its end" if search.is_begun else "not checked"
        by_hand = "git log --all --patch -- ':(top,glob)**/*state.json'"
        summary = f"git history is {how} for passcodes: {search.unsearched}"
        yield warn("history", summary, f"Search it: {by_hand}")


def _state_files(workspace: Workspace) -> list[str]:
    """Return the name of the state's file; none of a state elsewhere, or of one that cannot be opened."""
    with suppress(ReconcilerError):  # the check of the state reports it
        if isinstance(workspace.store, FileStore):
            return [workspace.store.files[0].name]
    return []
