"""Opens the store at an address; the scheme of the address decides which kind it is."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from reconciler.errors.exceptions import SettingsError
from reconciler.errors.text import quote

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from reconciler.ports import Store
    from reconciler.stores.options import StoreOptions


STORES = {
    "": "file:open_file",
    "file": "file:open_file",
    "git": "git.place:open_git",
    "https": "http.transport:open_http",
    "http": "http.transport:open_http",
    "s3": "object.place:open_object",
    "gs": "object.place:open_object",
    "az": "object.place:open_object",
}
"""Openers by scheme: a module of this package and its function. The empty scheme is a path."""


def files_of(store: Store) -> tuple[Path, ...]:
    """Return the files that the store reads or writes on this machine, whether they exist or not."""
    files: tuple[Path, ...] = getattr(store, "files", ())
    return files


def open_store(address: str, options: StoreOptions) -> Store:
    """Return the store at `address`, without sending a request.

    Raises `SettingsError` for an unknown scheme, or an address that its kind of store cannot use.
    """
    if not address.isprintable():
        raise SettingsError.of(
            "state.bad-address",
            detail=f"{quote(address[:80])} holds a control character. Nothing was sent.",
            hint="Write it without; a line break at the end often comes from the file that holds it.",
        )
    scheme = address.partition(":")[0] if ":" in address else ""
    target = STORES.get(scheme)
    if target is None:
        raise SettingsError.of(
            "state.unknown-store",
            detail=f"It begins with `{scheme[:20]}:`.",  # the rest may contain a password
            hint="Write a path such as reconciler.state.json, s3://BUCKET/NAME, gs://BUCKET/NAME, "
            "az://CONTAINER/NAME, git:BRANCH, git:REMOTE:BRANCH, or an https:// address.",
        )
    module, _, function = target.partition(":")  # import only the store that is used
    opener: Callable[[str, StoreOptions], Store] = getattr(
        import_module(f"reconciler.stores.{module}"), function
    )
    return opener(address, options)
