"""Keeps a lease alive beside whatever is done under it, even while a person is asked."""

from __future__ import annotations

import threading
from contextlib import contextmanager, suppress
from math import isinf
from typing import TYPE_CHECKING

from reconciler.errors import StateError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from reconciler.ports import Lease

RETRY_SECONDS = 2.0
"""How soon a renewal that failed is tried again."""


class Renewal:
    """A lease that is renewed again and again. `tell` takes a line when that begins to fail."""

    def __init__(self, lease: Lease, tell: Callable[[str], None]) -> None:
        self.pause_seconds = lease.renew_seconds
        """How long to wait before the next try."""
        self._lease = lease
        self._tell = tell
        self._fails = False

    def try_once(self) -> None:
        """Renew it. What fails, whatever it is, is told, tried again soon, and shows in `seconds_left`."""
        try:
            self._lease.renew()
        except Exception as error:  # noqa: BLE001 - no bug may leave a lease without its next renewal
            self.pause_seconds = RETRY_SECONDS
            if not self._fails:
                self._fails = True
                with suppress(OSError, ValueError):  # nobody reads it any more
                    self._tell(_not_renewed(error))
        else:
            self.pause_seconds = self._lease.renew_seconds
            self._fails = False


@contextmanager
def kept_alive(lease: Lease, tell: Callable[[str], None]) -> Iterator[None]:
    """Renew `lease` from a thread of its own until the end; `tell` as in `Renewal`."""
    if isinf(lease.renew_seconds):
        yield
        return
    ended = threading.Event()
    thread = threading.Thread(target=_renew, args=(Renewal(lease, tell), ended), name="lease", daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


def _renew(renewal: Renewal, ended: threading.Event) -> None:
    while not ended.wait(renewal.pause_seconds):
        renewal.try_once()


def _not_renewed(error: Exception) -> str:
    if isinstance(error, StateError):
        why = f"{error.diagnostic.summary}. {error.diagnostic.detail}".rstrip()
    else:
        why = f"{type(error).__name__}: {error}"
    return f"The lock on the state was not renewed. {why}"
