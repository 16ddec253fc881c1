"""A lock on a state, held by somebody else."""

from __future__ import annotations

from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from reconciler.cli.clock import SystemClock
from reconciler.stores.open import open_store
from reconciler.stores.options import StoreOptions

if TYPE_CHECKING:
    from collections.abc import Iterator

    from terraform_server import TerraformServer

    from reconciler.ports import Lease


@contextmanager
def held(address: str, server: TerraformServer | None = None) -> Iterator[Lease]:
    """Hold the lock on the state as somebody else."""
    clock = SystemClock()
    environ = server.environ if server else {}
    options = StoreOptions(
        Path(), "ann@laptop", clock, clock.wait, environ=environ, run_url="https://ci.example.com/1"
    )
    lease = open_store(address, options).lock("apply", timeout_seconds=0)
    try:
        yield lease
    finally:
        lease.release()
