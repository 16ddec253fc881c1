"""`state migrate`: copies the state to another location, and reads it back to compare."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

from reconciler import urls
from reconciler.cli.commands.state.transfer import check_same_lineage
from reconciler.cli.workspace import check_still_locked, locked
from reconciler.errors.diagnostic import Exit
from reconciler.errors.exceptions import SettingsError, StateError
from reconciler.errors.text import count_noun
from reconciler.state import document as state_document
from reconciler.stores.file import FileStore

if TYPE_CHECKING:
    from reconciler.cli.workspace import Workspace
    from reconciler.ports import Lease, Store
    from reconciler.state.state import State


OPERATION = "state migrate"

_PLAIN = re.compile(r"[A-Za-z0-9._~/][A-Za-z0-9._~/:@?&=%+-]*")
"""An address that needs no quotes in YAML."""


def run(workspace: Workspace, to: str, *, lock_timeout_seconds: float) -> Exit:
    """Copy the state to the address `to`, under the locks of both.

    Raises `StateError` where there is nothing to copy, where the target has another state or a newer one,
    and where what is read back differs from what was written.
    """
    if workspace.options.sandbox:
        raise SettingsError.of(
            "usage.sandbox-state",
            detail="Its meetings exist nowhere else. Nothing was copied.",
            hint="Leave out --sandbox to copy the real one.",
        )
    source, target = workspace.store, workspace.store_at(to)
    if _is_same(source, target):
        raise SettingsError.of(
            "state.same-place",
            detail=f"--to names {source.location}, the location that is copied. Nothing was copied.",
            hint="Name the new location with --to, and the old one with --state if reconciler.yaml names the "
            "new one.",
        )
    with workspace.locked_state(OPERATION, timeout_seconds=lock_timeout_seconds) as before:
        snapshot = source.read()  # the bytes, so that fields of a newer version are copied too
        if snapshot is None:
            raise StateError.of(
                "state.nothing-recorded",
                detail=f"{source.location} does not exist. Nothing was copied.",
                hint="Name the location of the state with --state; a new state needs no copy.",
            )
        document = state_document.without_secrets(snapshot.document, before.state)
        with locked(workspace, target, OPERATION, lock_timeout_seconds) as lease:
            _copy(document, before.state, source.location, target, lease)
    count = count_noun(len(before.state.meetings), "meeting")
    workspace.console.stdout.write(
        f"Copied serial {before.state.serial} with {count} from {source.location} to {target.location}, "
        f"and read it back.\n{_next_steps(workspace, source.location, to)}"
    )
    return Exit.DONE


def _copy(document: bytes, state: State, name: str, target: Store, lease: Lease) -> None:
    """Write `document`, called `name`, to `target`, unless it is there. Raises `StateError`."""
    existing = target.read()
    check_still_locked(lease, target.location)
    if existing is not None and existing.document == document:
        return
    if existing is not None:
        before = state_document.decode(existing.document, target.location)
        check_same_lineage(state, before, name, target.location, remedy=_OVERWRITE)
    replaces = existing.version if existing else None
    target.write(document, replaces=replaces, note=f"State copied with serial {state.serial}")
    written = target.read()
    if written is None or written.document != document:
        raise StateError.of(
            "state.not-as-written",
            detail=f"{target.location} returned something else. The old state is unchanged; keep using it.",
            hint="Run the same command again, or name another location.",
        )


_OVERWRITE = "Name another location, or replace the state there with `reconciler state push --force`."


def _is_same(source: Store, target: Store) -> bool:
    if isinstance(source, FileStore) and isinstance(target, FileStore):
        return source.backup_location == target.backup_location
    return source.location == target.location


def _next_steps(workspace: Workspace, old: str, to: str) -> str:
    """Return the lines that say what to change, now that the state is in another location."""
    address = workspace.settings.state
    removed = [f"  - state: {_yaml(address)}"] if address else []
    if urls.is_private(to):
        lines = ["Name it with RECONCILER_STATE or --state; reconciler.yaml may not have such an address."]
        lines += ["In reconciler.yaml:", *removed] if removed else []
    else:
        lines = ["In reconciler.yaml:", *removed, f"  + state: {_yaml(to)}"]
        if workspace.options.state or workspace.console.environ.get("RECONCILER_STATE"):
            lines.append(
                "--state and RECONCILER_STATE override it: change them where they name the old location."
            )
    lines.append(f"{old} is unchanged. Remove it once nothing names it any more.")
    return "".join(f"{line}\n" for line in lines)


def _yaml(address: str) -> str:
    return address if _PLAIN.fullmatch(address) else json.dumps(address)
