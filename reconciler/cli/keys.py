"""Keys as people name them: which ones are meant, and what to say where none is."""

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
    """Every key of the state, sorted; none where it is not a file here, or cannot be read."""
    workspace = _workspace(folder, environ)
    try:
        named = state or environ.get("RECONCILER_STATE") or workspace.settings.state or STATE_FILE
        store = workspace.store_at(str(SANDBOX_FOLDER / STATE_FILE) if sandbox else named)
        snapshot = store.read() if isinstance(store, FileStore) else None
        known = state_document.decode(snapshot.document, store.location) if snapshot else None
    except ReconcilerError:
        return []
    return _safe({*known.meetings, *known.intents} if known else ())


def complete_declared(folder: Path, environ: Mapping[str, str], paths: tuple[str, ...]) -> list[str]:
    """Every key of the specs, sorted; those of files that are wrong elsewhere, too."""
    try:
        return _safe(_workspace(folder, environ).findings(paths).parsed.files)
    except ReconcilerError:
        return []


def _workspace(folder: Path, environ: Mapping[str, str]) -> Workspace:
    return Workspace(folder, Console(sys.stdin, sys.stdout, sys.stderr, environ), GlobalOptions())


def _safe(keys: Iterable[str]) -> list[str]:
    """Keys that can be keys: what a shell is given it may expand."""
    return sorted(key for key in keys if KEY.fullmatch(key))


WIDTH_MAX = 80
"""Characters of a key that are shown of it."""


def check_known(key: str, state: State, location: str) -> None:
    """Raise `StateError` where `key` is neither recorded nor interrupted."""
    if key not in state.meetings and key not in state.intents:
        raise StateError(_unknown(key, {*state.meetings, *state.intents}, location))


def match_keys(names: Sequence[str], state: State, location: str) -> tuple[str, ...]:
    """The recorded keys that `names` mean, keys or globs; all where none is named. Sorted.

    Raises `StateError` with each name that means none.
    """
    keys = sorted(state.meetings)
    found = {name: [key for key in keys if key == name or fnmatchcase(key, name)] for name in names}
    missing = [name for name, meant in found.items() if not meant]
    if missing:
        raise StateError(*(_unrecorded(name, state, location) for name in missing))
    return tuple(sorted({key for meant in found.values() for key in meant})) if names else tuple(keys)


def _unrecorded(name: str, state: State, location: str) -> Diagnostic:
    if name not in state.intents:
        return _unknown(name, state.meetings, location)
    return Diagnostic(
        code="state.interrupted-key",
        detail=f"The {state.intents[name].action} of `{name}` was interrupted: {location} has no id for it.",
        hint="`reconciler apply` looks up what became of it.",
    )


def _unknown(name: str, known: Collection[str], location: str) -> Diagnostic:
    shown = name[:WIDTH_MAX]
    is_glob = not set("*?[").isdisjoint(name)
    near = did_you_mean(name, tuple(sorted(known)))
    return Diagnostic(
        code="state.unknown-key",
        detail=f"{'No key like ' if is_glob else ''}`{shown}` is {'' if is_glob else 'neither '}recorded {'or' if is_glob else 'nor'} interrupted in {location}.",
        hint=suggestion(near, "`reconciler state list` shows every key."),
    )
