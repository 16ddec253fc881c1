"""Repeats a request to a storage: one that failed on the way, or whose answer was lost."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from reconciler.errors.exceptions import StateError
from reconciler.stores.errors import AbsentError, ConflictError, UnansweredError, UnreachableError

if TYPE_CHECKING:
    from collections.abc import Callable

    from reconciler.stores.options import StoreOptions


T = TypeVar("T")

TRY_SECONDS = 10.0
"""No attempt begins later than this, so that no call takes half as long as a lease."""

PAUSES_SECONDS = (0.2, 0.6, 1.5, 3.0)
"""Pauses between the attempts."""


def repeat(send: Callable[[], T], options: StoreOptions) -> T:
    """Return what `send` returns, after more attempts if the network or the storage failed.

    `send` must name the version that it replaces, since an attempt may have been carried out. An attempt
    with an unknown outcome is not forgotten if a later one is refused.
    """
    began_at = options.clock.monotonic()
    unanswered: StateError | None = None
    for pause_seconds in (*PAUSES_SECONDS, None):
        try:
            return send()
        except StateError as error:
            failed = error
        if isinstance(failed, UnansweredError):
            unanswered = failed
        elif not isinstance(failed, UnreachableError):
            break
        if pause_seconds is None or options.clock.monotonic() - began_at >= TRY_SECONDS:
            break
        options.wait(pause_seconds)
    raise failed if unanswered is None or isinstance(failed, ConflictError | AbsentError) else unanswered
