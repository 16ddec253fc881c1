"""Keeps a lease alive beside whatever is done under it, even while a person is asked."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from math import isinf
from typing import TYPE_CHECKING

from reconciler.errors import StateError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from reconciler.ports import Lease

RETRY_SECONDS = 2.0
"""How soon a renewal that failed is tried again."""


@contextmanager
def kept_alive(lease: Lease) -> Iterator[None]:
    """Renew `lease` from a thread of its own until the end. What fails shows in `seconds_left`."""
    if isinf(lease.renew_seconds):
        yield
        return
    ended = threading.Event()
    thread = threading.Thread(target=_renew, args=(lease, ended), name="lease", daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


def _renew(lease: Lease, ended: threading.Event) -> None:
    pause_seconds = lease.renew_seconds
    while not ended.wait(pause_seconds):
        try:
            lease.renew()
            pause_seconds = lease.renew_seconds
        except StateError:
            pause_seconds = RETRY_SECONDS
