"""Opens the store at an address; `reconciler/urls.py` has the table of the kinds of stores."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from reconciler.errors.exceptions import SettingsError
from reconciler.errors.text import quote
from reconciler.urls import forms, kind_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from reconciler.ports import Store
    from reconciler.stores.options import StoreOptions


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
    kind = kind_of(address)
    if kind is None:
        scheme = address.partition(":")[0]
        raise SettingsError.of(
            "state.unknown-store",
            detail=f"It begins with `{scheme[:20]}:`.",  # the rest may contain a password
            hint=f"Write {forms()}.",
        )
    module, _, function = kind.opener.partition(":")  # import only the store that is used
    opener: Callable[[str, StoreOptions], Store] = getattr(
        import_module(f"reconciler.stores.{module}"), function
    )
    return opener(address, options)
