"""The protocol of a storage of named documents with conditional writes, which a leased store needs.

Object storage and a git branch implement it. `store` has the rules of state and lock, which are
the same for all.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from reconciler.ports import Snapshot


class DocumentStore(Protocol):
    """Documents by name (`STATE`, `LOCK`); people can read the state under its own name.

    Every method blocks, for a bounded time, and may be called from several threads.
    A failure that no retry helps (missing, forbidden, unreachable before anything was sent) is a plain
    `StateError`.
    """

    @property
    def location(self) -> str:
        """The address as a person would write it, without secrets."""

    @property
    def gather_seconds(self) -> float:
        """Seconds that a write is worth waiting for others to join it."""

    def get(self, name: str) -> Snapshot | None:
        """Return the current document of that name, never an older one; None if there is none."""

    def put(self, name: str, document: bytes, *, replaces: str | None, note: str) -> str:
        """Replace version `replaces` (None: no document) and return the new version.

        A version belongs to one document: writing another name does not change it.
        Raises `ConflictError`, or `UnansweredError`: then it may have been written, or may be later.
        """

    def check(self) -> None:
        """Raise `StateError` if the storage writes although a condition does not hold.

        Each run that takes the lock calls this once, before it writes anything.
        """


STATE = "state"
LOCK = "lock"
"""The names of the two documents."""
