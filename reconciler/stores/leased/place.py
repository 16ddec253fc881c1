"""A place that keeps named documents, each write conditional: what a store with a lease needs.

Object storage and a branch of git are such places. What a place must tell apart is
written down here; the rules of state and lock, which are the same for all, are in `leased`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from reconciler.ports import Snapshot


class DocumentStore(Protocol):
    """Documents by name (`STATE`, `LOCK`), the state readable for people under the first.

    Every method blocks, for a bounded time, and may be called from several threads.
    What fails for good (missing, forbidden, unreachable before anything was sent) is a plain `StateError`.
    """

    @property
    def location(self) -> str:
        """The place as a person would write it, without secrets."""

    @property
    def gather_seconds(self) -> float:
        """How long a write is worth waiting for others to come along with it."""

    def get(self, name: str) -> Snapshot | None:
        """The newest document of that name, as of now, never an older one; None where there is none."""

    def put(self, name: str, document: bytes, *, replaces: str | None, note: str) -> str:
        """Write it in the place of version `replaces` (None: of nothing); the new version.

        A version is of this document alone: writing another name does not change it.
        Raises `ConflictError`, or `UnansweredError`: then it may have been written, or may be later.
        """

    def check(self) -> None:
        """Make sure that it keeps its conditions. Raises `StateError` where it writes in spite of one.

        Called once by each run that takes the lock, before anything is written.
        """


STATE = "state"
LOCK = "lock"
"""The two documents."""
