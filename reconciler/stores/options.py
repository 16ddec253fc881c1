"""Options that every kind of store is opened with."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from reconciler.errors.text import repr_without

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from reconciler.ports import Clock


class StoreOptions(Struct, frozen=True):
    """The folder, clock and environment of this run, and how it appears in the lock.

    A plain path is relative to `folder`. `who` is user and machine, `run_url` the page of the CI
    job; a run that finds the state locked shows both. `wait` blocks for that many seconds,
    since a store is used outside of any event loop. `notify` receives one line when the store
    waits for a lock, or could not free one.
    `environ` holds the credentials of clouds and servers, and is never shown.
    """

    folder: Path
    who: str
    clock: Clock
    wait: Callable[[float], None]
    notify: Callable[[str], None] = lambda _line: None
    environ: Mapping[str, str] = {}
    run_url: str | None = None

    def __repr__(self) -> str:
        return repr_without(self, "notify", "environ")
