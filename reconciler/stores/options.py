"""What every kind of store is opened with."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from reconciler.ports import Clock


@dataclass(frozen=True, slots=True)
class StoreOptions:
    """Where we work, and who we are to whoever finds the state locked.

    A plain path is relative to `folder`; `who` is user and machine, `run_url` the page of
    the CI job. `wait` blocks for so many seconds: a lock is waited for outside of any loop.
    `tell` takes a line about why nothing seems to happen.
    `environ` holds the credentials of clouds and servers, and is never shown.
    """

    folder: Path
    who: str
    clock: Clock
    wait: Callable[[float], None]
    tell: Callable[[str], None] = field(default=lambda _line: None, repr=False)
    environ: Mapping[str, str] = field(default_factory=dict, repr=False)
    run_url: str | None = None
