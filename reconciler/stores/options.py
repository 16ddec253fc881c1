"""Options that every kind of store is opened with."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from reconciler.ports import Clock


@dataclass(frozen=True, slots=True)
class StoreOptions:
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
    notify: Callable[[str], None] = field(default=lambda _line: None, repr=False)
    environ: Mapping[str, str] = field(default_factory=dict, repr=False)
    run_url: str | None = None
