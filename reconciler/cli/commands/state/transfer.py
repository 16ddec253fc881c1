"""`state pull` and `state push`: write the whole state to stdout, and replace it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from reconciler.errors.diagnostic import Exit
from reconciler.errors.exceptions import SettingsError, StateError
from reconciler.errors.text import count_noun
from reconciler.state import document as state_document
from reconciler.stores import size
from reconciler.stores.file import FileStore

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from reconciler.cli.workspace import Workspace
    from reconciler.ports import Lease, Store
    from reconciler.state.state import State
from reconciler.state.values import raised

STDIN = "-"


def pull(workspace: Workspace) -> Exit:
    """Write the document to stdout, readable or not; secrets in a readable one are masked."""
    snapshot = workspace.store.read()
    console = workspace.console
    if snapshot is None:
        console.stderr.write(f"{workspace.store.location} does not exist.\n")
        return Exit.DONE
    console.stdout.flush()
    console.stdout.buffer.write(_without_secrets(snapshot.document))
    return Exit.DONE


def _without_secrets(document: bytes) -> bytes:
    try:
        return state_document.without_secrets(document, state_document.decode(document, ""))
    except StateError:
        return document


def push(workspace: Workspace, file: Path, *, force: bool, lock_timeout_seconds: float) -> Exit:
    """Replace the recorded state with the one in `file`, under the lock.

    Raises `StateError` where `file` has no state, or would undo what was recorded since; with `force` it is
    written as the newest state. An unreadable state is replaced only with `force`.
    """
    document, name = _read(workspace, file)
    pushed = decode_state(document, name)
    store = workspace.store
    with workspace.lock("state push", timeout_seconds=lock_timeout_seconds) as lease:
        recorded, version = _recorded(workspace, lease, force=force)
        if recorded == pushed:
            workspace.console.stdout.write(f"{store.location} is this state already. Nothing was written.\n")
            return Exit.DONE
        if recorded is not None and force:
            pushed = _newest(pushed, recorded)
            document = state_document.encode(pushed)
        elif recorded is not None:
            check_same_lineage(pushed, recorded, name, store.location, remedy=_FORCE)
        document = state_document.without_secrets(document, pushed)
        store.write(document, replaces=version, note=f"State pushed with serial {pushed.serial}")
    workspace.console.stdout.write(_report(store, pushed, recorded, version))
    return Exit.DONE


def _recorded(workspace: Workspace, lease: Lease, *, force: bool) -> tuple[State | None, str | None]:
    """Return the recorded state and its version; None where it is missing or, with `force`, unreadable."""
    try:
        state, version = workspace.writable_state(lease)
    except StateError as error:
        if not force or error.diagnostic.code not in {"state.unreadable", "state.conflict"}:
            raise
        snapshot = workspace.store.read()
        return None, snapshot.version if snapshot else None
    return (state if version is not None else None), version


def decode_state(document: bytes, name: str) -> State:
    """Decode `document`, called `name`. Raises `StateError` where it is no state."""
    try:
        return state_document.decode(document, name)
    except StateError as error:
        raise StateError.of(
            "state.not-a-state",
            detail=f"{error.diagnostic.detail} The recorded state is unchanged.",
            hint="`reconciler state pull` writes one.",
        ) from error


def check_same_lineage(given: State, recorded: State, name: str, location: str, *, remedy: str) -> None:
    """Raise `StateError` where `given` is not a later state of the same lineage as `recorded`."""
    if given.lineage != recorded.lineage:
        code, detail = (
            "state.other-lineage",
            f"{name} has lineage {given.lineage or 'none'}, {location} has {recorded.lineage or 'none'}.",
        )
    elif given.serial < recorded.serial:
        code, detail = (
            "state.older-serial",
            f"{name} has serial {given.serial}, {location} has {recorded.serial}: more was recorded since.",
        )
    elif given.serial == recorded.serial:
        code, detail = (
            "state.same-serial",
            f"{name} and {location} both have serial {given.serial}, and they differ.",
        )
    else:
        return
    raise StateError.of(code, detail=f"{detail} The recorded state is unchanged.", hint=remedy)


_FORCE = "Compare it with the output of `reconciler state pull`; `--force` writes it anyway."


def _newest(given: State, recorded: State) -> State:
    """Return `given` as the successor of `recorded`: no serial is used twice, and used requests stay used."""
    newest = replace(given, serial=max(given.serial, raised(recorded.serial)))
    if given.origin != recorded.origin:  # another account has its own requests
        return newest
    days = sorted({*given.usage, *recorded.usage})
    return replace(
        newest, usage={day: _larger(given.usage.get(day, {}), recorded.usage.get(day, {})) for day in days}
    )


def _larger(given: Mapping[str, int], recorded: Mapping[str, int]) -> dict[str, int]:
    hosts = sorted({*given, *recorded})
    return {host: max(given.get(host, 0), recorded.get(host, 0)) for host in hosts}


def _read(workspace: Workspace, file: Path) -> tuple[bytes, str]:
    if str(file) == STDIN:
        if workspace.console.stdin.isatty():
            raise SettingsError.of(
                "usage.no-file",
                detail="Without FILE the state is read from stdin, which is a terminal. "
                "The recorded state is unchanged.",
                hint="Name the file: `reconciler state push FILE`.",
            )
        document = workspace.console.stdin.buffer.read(size.DOCUMENT_BYTES_MAX + 1)
        size.check(len(document), "stdin")
        return document, "stdin"
    try:
        with file.open("rb") as opened:
            return size.read(opened, str(file)), str(file)
    except OSError as error:
        raise SettingsError.of(
            "state.file-unreadable",
            detail=f"{file}: {error.strerror or error}. The recorded state is unchanged.",
            hint="`reconciler state pull > FILE` writes one; `-` reads stdin.",
        ) from error


def _report(store: Store, pushed: State, recorded: State | None, version: str | None) -> str:
    text = f"Pushed {_describe(pushed)} to {store.location}.\n"
    if version is None:
        return text
    replaced = _describe(recorded) if recorded else "an unreadable state"
    backup = f", which is kept as {store.backup_location}" if isinstance(store, FileStore) else ""
    return f"{text}It replaced {replaced}{backup}.\n"


def _describe(state: State) -> str:
    return f"serial {state.serial} with {count_noun(len(state.meetings), 'meeting')}"
