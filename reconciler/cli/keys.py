"""Keys and globs on the command line: match them with the state, and complete them in a shell."""

from __future__ import annotations

import sys
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from reconciler.cli.console import Console, GlobalOptions
from reconciler.cli.workspace import SANDBOX_FOLDER, STATE_FILE, Workspace
from reconciler.errors.diagnostic import Diagnostic
from reconciler.errors.didyoumean import did_you_mean, suggestion
from reconciler.errors.exceptions import ReconcilerError, StateError
from reconciler.meeting.names import KEY
from reconciler.state import document as state_document
from reconciler.stores.file import FileStore

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence
    from pathlib import Path

    from reconciler.state.state import State


def complete_recorded(
    folder: Path, environ: Mapping[str, str], *, state: str | None, sandbox: bool
) -> list[str]:
    """Return every key of the state, sorted; none where it is not a local file, or cannot be read."""
    workspace = _workspace(folder, environ, state)
    try:
        # --sandbox is not among the options: a completion creates no emulator.
        address = SANDBOX_FOLDER / STATE_FILE if sandbox else workspace.named_address() or STATE_FILE
        store = workspace.store_at(str(address))
        snapshot = store.read() if isinstance(store, FileStore) else None
        recorded = state_document.decode(snapshot.document, store.location) if snapshot else None
    except ReconcilerError:
        return []
    return _valid({*recorded.meetings, *recorded.intents} if recorded else ())


def complete_declared(folder: Path, environ: Mapping[str, str], paths: tuple[str, ...]) -> list[str]:
    """Return every key of the specs, sorted, even of files with errors in other places."""
    try:
        return _valid(_workspace(folder, environ).read_spec(paths).parsed.files)
    except ReconcilerError:
        return []


def _workspace(folder: Path, environ: Mapping[str, str], state: str | None = None) -> Workspace:
    return Workspace(folder, Console(sys.stdin, sys.stdout, sys.stderr, environ), GlobalOptions(state=state))


def _valid(keys: Iterable[str]) -> list[str]:
    """Return the keys that are valid: a shell may expand what it is offered."""
    return sorted(key for key in keys if KEY.fullmatch(key))


WIDTH_MAX = 80
"""Characters of a key that a message shows."""


def check_known(key: str, state: State, location: str) -> None:
    """Raise `StateError` where `key` has neither a record nor an interrupted request."""
    if key not in state.meetings and key not in state.intents:
        raise StateError(unknown_key(key, {*state.meetings, *state.intents}, location))


def match_keys(names: Sequence[str], state: State, location: str) -> tuple[str, ...]:
    """Return the recorded keys that `names`, keys or globs, match; all without names. Sorted.

    Raises `StateError` with each name that matches none.
    """
    keys = sorted(state.meetings)
    matches = {name: [key for key in keys if key == name or fnmatchcase(key, name)] for name in names}
    unmatched = [name for name, matched in matches.items() if not matched]
    if unmatched:
        raise StateError(*(_unrecorded(name, state, location) for name in unmatched))
    return tuple(sorted({key for matched in matches.values() for key in matched})) if names else tuple(keys)


def _unrecorded(name: str, state: State, location: str) -> Diagnostic:
    if name not in state.intents:
        return unknown_key(name, state.meetings, location)
    return Diagnostic(
        code="state.interrupted-key",
        detail=f"The {state.intents[name].action} of `{name}` was interrupted: {location} has no id for it.",
        hint="`reconciler apply` looks up what became of it.",
    )


def unknown_key(name: str, known: Collection[str], location: str) -> Diagnostic:
    """Return the diagnostic of a key, or a glob, that is none of the `known` ones."""
    is_glob = not set("*?[").isdisjoint(name)
    near = did_you_mean(name, tuple(sorted(known)))
    return Diagnostic(
        code="state.unknown-key",
        detail=f"{location} has no key {'that matches ' if is_glob else ''}`{name[:WIDTH_MAX]}`.",
        hint=suggestion(near, "`reconciler state list` shows every key."),
    )
