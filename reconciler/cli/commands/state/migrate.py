"""`state migrate`: the state in another place, compared after it was written."""

from __future__ import annotations

import json
import re
from contextlib import contextmanager
from typing import TYPE_CHECKING

from reconciler.cli.commands.state.transfer import check_same_lineage
from reconciler.cli.workspace import check_still_locked
from reconciler.errors.diagnostic import Diagnostic, Exit
from reconciler.errors.exceptions import SettingsError, StateError
from reconciler.errors.text import count_noun
from reconciler.state import document as state_document
from reconciler.stores.file import FileStore
from reconciler.stores.lock import renewing

if TYPE_CHECKING:
    from collections.abc import Iterator

    from reconciler.cli.workspace import Workspace
    from reconciler.ports import Lease, Store
    from reconciler.state.state import State


OPERATION = "state migrate"

_PLAIN = re.compile(r"[A-Za-z0-9._~/][A-Za-z0-9._~/:@?&=%+-]*")
"""An address that YAML takes as it is."""


def run(workspace: Workspace, to: str, *, lock_timeout_seconds: float) -> Exit:
    """Copy the state to the address `to`, both places being locked.

    Raises `StateError` where there is nothing to copy, where another state or a newer one stands there,
    and where what was read back is not what was written.
    """
    _check_can_move(workspace)
    source, target = workspace.store, workspace.store_at(to)
    if _is_same(source, target):
        raise SettingsError(_same_place(source.location))
    with workspace.held(OPERATION, timeout_seconds=lock_timeout_seconds) as held:
        found = source.read()  # the bytes: what a newer version has added goes along
        if found is None:
            raise StateError(_nothing(source.location))
        with _locked(workspace, target, lock_timeout_seconds) as lease:
            _copy(found.document, held.state, source.location, target, lease)
    workspace.console.stdout.write(
        f"Copied serial {held.state.serial} with {count_noun(len(held.state.meetings), 'meeting')} "
        f"from {source.location} to {target.location}, and read it back.\n"
        f"{_next(workspace, source.location, to)}"
    )
    return Exit.DONE


def _copy(document: bytes, state: State, name: str, target: Store, lease: Lease) -> None:
    """Have `target` hold `document`, as `name` does. Raises `StateError` where it must not, or does not."""
    there = target.read()
    check_still_locked(lease, target.location)
    if there is not None and there.document == document:
        return
    if there is not None:
        before = state_document.decode(there.document, target.location)
        check_same_lineage(state, before, name, target.location, remedy=_ELSEWHERE)
    replaces = there.version if there else None
    target.write(document, replaces=replaces, note=f"State copied with serial {state.serial}")
    there = target.read()
    if there is None or there.document != document:
        raise StateError(_not_as_written(target.location))


_ELSEWHERE = (
    "Name another place; or, where this one is to be replaced, `reconciler state push --force` there."
)


@contextmanager
def _locked(workspace: Workspace, store: Store, timeout_seconds: float) -> Iterator[Lease]:
    lease = store.lock(OPERATION, timeout_seconds=timeout_seconds)
    try:
        with renewing(lease, workspace.tell):
            yield lease
    finally:
        lease.release()


def _is_same(one: Store, other: Store) -> bool:
    if isinstance(one, FileStore) and isinstance(other, FileStore):
        return one.backup_location == other.backup_location
    return one.location == other.location


def _next(workspace: Workspace, old: str, to: str) -> str:
    """What is to be changed, now that the state lives elsewhere."""
    named = workspace.settings.state
    gone = [f"  - state: {_yaml(named)}"] if named else []
    if to.casefold().startswith(("https:", "http:")):
        lines = ["Name it by RECONCILER_STATE or --state; such an address cannot stand in reconciler.yaml."]
        lines += ["In reconciler.yaml:", *gone] if gone else []
    else:
        lines = ["In reconciler.yaml:", *gone, f"  + state: {_yaml(to)}"]
        if workspace.choices.state or workspace.console.environ.get("RECONCILER_STATE"):
            lines.append(
                "--state and RECONCILER_STATE win over it: change them where they name the old place."
            )
    lines.append(f"{old} was left as it is. Remove it once every place names the new one.")
    return "".join(f"{line}\n" for line in lines)


def _yaml(address: str) -> str:
    return address if _PLAIN.fullmatch(address) else json.dumps(address)


def _check_can_move(workspace: Workspace) -> None:
    if workspace.choices.sandbox:
        raise SettingsError.of(
            "usage.sandbox-state",
            detail="Its meetings exist nowhere else. Nothing was copied.",
            hint="Leave out --sandbox to copy the real one.",
        )


def _same_place(location: str) -> Diagnostic:
    return Diagnostic(
        code="state.same-place",
        detail=f"--to names {location}, from where it would be copied. Nothing was copied.",
        hint="Name the new place by --to, and by --state the old one, if reconciler.yaml names the new one.",
    )


def _nothing(location: str) -> Diagnostic:
    return Diagnostic(
        code="state.nothing-recorded",
        detail=f"Nothing was ever recorded in {location}. Nothing was copied.",
        hint="Name the place where the state lives now by --state; a new one needs no copy.",
    )


def _not_as_written(location: str) -> Diagnostic:
    return Diagnostic(
        code="state.not-as-written",
        detail=f"{location} gave back something else. The old state was left as it is; go on using it.",
        hint="Run the same command again, or name another place.",
    )
