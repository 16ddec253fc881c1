"""Where the state lives, chosen by how its address begins. A new store is one file and one line here."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler.errors import Diagnostic, SettingsError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from reconciler.ports import Clock, Store


def open_store(address: str, folder: Path, owner: str, clock: Clock) -> Store:
    """The store at `address`; a plain path is relative to `folder`.

    `owner` is told to whoever finds it locked. Raises `SettingsError` for an unknown kind.
    """
    scheme = address.partition(":")[0] if ":" in address else ""
    opener = STORES.get(scheme)
    if opener is None:
        raise SettingsError(
            Diagnostic(
                code="state.unknown-store",
                summary="The state's address is of no kind that this version knows",
                detail=f"It begins with `{scheme[:20]}:`.",  # the rest may hold a user's password
                hint="Write a path, such as reconciler.state.json.",
            )
        )
    return opener(address, folder, owner, clock)


def _file(address: str, folder: Path, owner: str, clock: Clock) -> Store:
    from reconciler.stores.file import FileStore  # noqa: PLC0415 - only the store that is used is loaded

    return FileStore(folder / address.removeprefix("file:"), owner, clock)


STORES: dict[str, Callable[[str, Path, str, Clock], Store]] = {"": _file, "file": _file}
"""Openers by scheme; the empty scheme is a path."""
