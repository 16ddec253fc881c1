"""The keys that a shell offers: quickly, from files only, and never with an error at somebody's prompt."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from reconciler import statefile
from reconciler.console import Choices, Console
from reconciler.errors import ReconcilerError
from reconciler.spec_file import KEY
from reconciler.stores.file import FileStore
from reconciler.workspace import SANDBOX_FOLDER, STATE_FILE, Workspace

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path


def recorded(folder: Path, environ: Mapping[str, str], *, state: str | None, sandbox: bool) -> list[str]:
    """Every key of the state, sorted; none where it is not a file here, or cannot be read."""
    workspace = _workspace(folder, environ)
    try:
        named = state or environ.get("RECONCILER_STATE") or workspace.settings.state or STATE_FILE
        store = workspace.store_at(str(SANDBOX_FOLDER / STATE_FILE) if sandbox else named)
        snapshot = store.read() if isinstance(store, FileStore) else None
        known = statefile.decode(snapshot.document, store.location) if snapshot else None
    except ReconcilerError:
        return []
    return _safe({*known.meetings, *known.intents} if known else ())


def declared(folder: Path, environ: Mapping[str, str], paths: tuple[str, ...]) -> list[str]:
    """Every key of the specs, sorted; those of files that are wrong elsewhere, too."""
    try:
        return _safe(_workspace(folder, environ).findings(paths).parsed.files)
    except ReconcilerError:
        return []


def _workspace(folder: Path, environ: Mapping[str, str]) -> Workspace:
    return Workspace(folder, Console(sys.stdin, sys.stdout, sys.stderr, environ), Choices())


def _safe(keys: Iterable[str]) -> list[str]:
    """Keys that can be keys: what a shell is given it may expand."""
    return sorted(key for key in keys if KEY.fullmatch(key))
