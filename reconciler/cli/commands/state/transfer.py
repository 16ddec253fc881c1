"""`state pull` and `state push`: the whole document, out and in."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from reconciler.errors.diagnostic import Diagnostic, Exit
from reconciler.errors.exceptions import SettingsError, StateError
from reconciler.errors.text import count_noun
from reconciler.state import document as state_document
from reconciler.stores.file import FileStore

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from reconciler.cli.workspace import Workspace
    from reconciler.ports import Lease, Store
    from reconciler.state.state import State


STDIN = "-"


def pull(workspace: Workspace) -> Exit:
    """Write the document to stdout as it stands, readable or not."""
    snapshot = workspace.store.read()
    console = workspace.console
    if snapshot is None:
        console.stderr.write(f"Nothing was ever recorded in {workspace.store.location}.\n")
        return Exit.DONE
    console.stdout.flush()
    console.stdout.buffer.write(snapshot.document)
    return Exit.DONE


def push(workspace: Workspace, file: Path, *, force: bool, lock_timeout_seconds: float) -> Exit:
    """Put the state in `file` in the place of the recorded one, under the lock.

    Raises `StateError` where it is none, or where it would undo what was recorded since; with `force`
    it is then written as the newest of all. A state that cannot be read gives way to force alone.
    """
    document, name = _read(workspace, file)
    given = decode_state(document, name)
    store = workspace.store
    with workspace.locked("state push", timeout_seconds=lock_timeout_seconds) as lease:
        there, version = _there(workspace, lease, force=force)
        if there == given:
            workspace.console.stdout.write(f"{store.location} holds this very state. Nothing was written.\n")
            return Exit.DONE
        if there is not None and force:
            given = _newest(given, there)
            document = state_document.encode(given)
        elif there is not None:
            check_same_lineage(given, there, name, store.location, remedy=_FORCE)
        store.write(document, replaces=version, note=f"State pushed with serial {given.serial}")
    workspace.console.stdout.write(_told(store, given, there, version))
    return Exit.DONE


def _there(workspace: Workspace, lease: Lease, *, force: bool) -> tuple[State | None, str | None]:
    """The recorded state and its version; no state where nothing stands there that can be read."""
    try:
        state, version = workspace.to_write(lease)
    except StateError as error:
        if not force or error.diagnostic.code != "state.unreadable":
            raise
        snapshot = workspace.store.read()
        return None, snapshot.version if snapshot else None
    return (state if version is not None else None), version


def decode_state(document: bytes, name: str) -> State:
    """The state in `document`, called `name`. Raises `StateError` where it is none of ours."""
    try:
        return state_document.decode(document, name)
    except StateError as error:
        raise StateError.of(
            "state.not-a-state",
            detail=f"{error.diagnostic.detail} The recorded state is as it was.",
            hint="`reconciler state pull` writes one.",
        ) from error


def check_same_lineage(given: State, there: State, name: str, location: str, *, remedy: str) -> None:
    """Raise `StateError` where `given` is not a later state of the same lineage as `there`."""
    if given.lineage != there.lineage:
        detail = f"{name} has lineage {given.lineage or 'none'}, {location} has {there.lineage or 'none'}."
        raise StateError(_refused("state.other-lineage", detail, remedy))
    if given.serial < there.serial:
        detail = f"{name} has serial {given.serial}, {location} has {there.serial}: more was recorded since."
        raise StateError(_refused("state.older-serial", detail, remedy))
    if given.serial == there.serial:
        detail = f"{name} and {location} both have serial {given.serial}, and they differ."
        raise StateError(_refused("state.same-serial", detail, remedy))


_FORCE = "Compare it with what `reconciler state pull` writes; `--force` writes it all the same."


def _newest(given: State, there: State) -> State:
    """`given` as the one after `there`: no serial comes twice, and no request that was used comes back."""
    fresh = replace(given, serial=max(given.serial, there.serial + 1))
    if given.origin != there.origin:  # another account: its requests are others
        return fresh
    days = sorted({*given.usage, *there.usage})
    return replace(
        fresh, usage={day: _larger(given.usage.get(day, {}), there.usage.get(day, {})) for day in days}
    )


def _larger(one: Mapping[str, int], other: Mapping[str, int]) -> dict[str, int]:
    return {host: max(one.get(host, 0), other.get(host, 0)) for host in sorted({*one, *other})}


def _read(workspace: Workspace, file: Path) -> tuple[bytes, str]:
    if str(file) == STDIN:
        if workspace.console.stdin.isatty():
            raise SettingsError(_no_file())
        return workspace.console.stdin.buffer.read(), "stdin"
    try:
        return file.read_bytes(), str(file)
    except OSError as error:
        raise SettingsError.of(
            "state.file-unreadable",
            detail=f"{file}: {error.strerror or error}. The recorded state is as it was.",
            hint="`reconciler state pull > FILE` writes one; `-` reads from stdin.",
        ) from error


def _no_file() -> Diagnostic:
    return Diagnostic(
        code="usage.no-file",
        detail="Without FILE it is read from stdin, a terminal here. The recorded state is as it was.",
        hint="Name the file: `reconciler state push FILE`.",
    )


def _told(store: Store, given: State, there: State | None, version: str | None) -> str:
    pushed = f"Pushed {_content(given)} to {store.location}.\n"
    if version is None:
        return pushed
    what = _content(there) if there else "what cannot be read"
    kept = f", which is kept as {store.backup_location}" if isinstance(store, FileStore) else ""
    return f"{pushed}It replaced {what}{kept}.\n"


def _content(state: State) -> str:
    return f"serial {state.serial} with {count_noun(len(state.meetings), 'meeting')}"


def _refused(code: str, detail: str, remedy: str) -> Diagnostic:
    return Diagnostic(code=code, detail=f"{detail} The recorded state is as it was.", hint=remedy)
