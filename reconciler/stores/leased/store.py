"""A store over a `DocumentStore` that many machines reach: its lock is a lease, every write conditional.

The rules that keep two runs apart are here, once for all kinds of storage. A holder counts its
lease from before it asked for it; a run that takes the lock over counts from when it first saw the
lock. So the lease expires for its holder first, however much the clocks of two machines differ.
"""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from reconciler.errors.exceptions import StateError
from reconciler.stores import errors, size
from reconciler.stores import lock as locks
from reconciler.stores.errors import ConflictError, UnansweredError
from reconciler.stores.leased._lease import FREE, LockAttempt
from reconciler.stores.leased.place import LOCK, STATE

if TYPE_CHECKING:
    from reconciler.ports import LockInfo, Snapshot
    from reconciler.stores.leased._lease import SharedLease
    from reconciler.stores.leased.place import DocumentStore
    from reconciler.stores.options import StoreOptions


ATTEMPTS_MAX = 3
"""Most attempts of a write whose answer was lost; each attempt names the version that it replaces."""


class LeasedStore:
    """A `ports.Store` of two documents, the state and the lock."""

    def __init__(self, documents: DocumentStore, options: StoreOptions) -> None:
        self._documents = documents
        self._options = options
        self._lock_id: str | None = None

    @property
    def location(self) -> str:
        """The address as a person would write it, without secrets."""
        return self._documents.location

    @property
    def gather_seconds(self) -> float:
        """The value of its storage."""
        return self._documents.gather_seconds

    def read(self) -> Snapshot | None:
        """Return the current document; None if none was ever written."""
        return self._documents.get(STATE)

    def write(self, document: bytes, *, replaces: str | None, note: str = "") -> str:
        """Replace version `replaces` by `document`; read back a write without an answer."""
        size.check_write(document, self.location)
        last_error: StateError | None = None
        for _ in range(ATTEMPTS_MAX):
            try:
                return self._documents.put(STATE, document, replaces=replaces, note=note)
            except (ConflictError, UnansweredError) as error:
                # The conflict may be with ourselves: a client repeats a write whose answer it lost.
                current, last_error = self._read_after(error, STATE), error
                if current is not None and current.document == document and self._holds_lock(error):
                    return current.version
                if (current and current.version) != replaces:
                    raise errors.state_changed(self.location) from error
        assert last_error is not None
        raise errors.write_unconfirmed(self.location, last_error) from last_error

    def lock(self, operation: str, *, timeout_seconds: float) -> SharedLease:
        """Take the lock; wait up to `timeout_seconds` for a living holder, longer for one that seems dead.

        Raises `StateLockedError`, or `StateError` if the storage ignores the conditions of a write.
        """
        attempt = self.attempt_lock(operation, timeout_seconds=timeout_seconds)
        while attempt.lease is None:
            self._options.wait(attempt.poll())
        return attempt.lease

    def attempt_lock(self, operation: str, *, timeout_seconds: float) -> LockAttempt:
        """Begin to take the lock, for a caller that does the waiting itself."""
        self._documents.check()
        info = locks.new_lock(operation, self._options)
        self._lock_id = info.lock_id
        return LockAttempt(self._documents, self._options, info, timeout_seconds=timeout_seconds)

    def holder(self) -> LockInfo | None:
        """Return the holder that the lock's document names; None if it is free or cannot be read."""
        snapshot = self._documents.get(LOCK)
        return None if snapshot is None else locks.decode(snapshot.document)

    def force_unlock(self, lock_id: str) -> None:
        """Free a lock whose holder is dead. Raises `StateError` if `lock_id` does not hold the state."""
        for attempt in range(ATTEMPTS_MAX):
            snapshot = self._documents.get(LOCK)
            if attempt and snapshot is not None and snapshot.document == FREE:
                return  # by us, or by its holder
            info = locks.decode(snapshot.document) if snapshot else None
            if snapshot is None or info is None or info.lock_id != lock_id:
                raise locks.not_the_lock(self.location, lock_id, info)
            note = f"Free the lock of {info.who} by force"
            with suppress(
                ConflictError, UnansweredError
            ):  # it was renewed, or an answer was lost: read again
                self._documents.put(LOCK, FREE, replaces=snapshot.version, note=note)
                return
        raise StateError.of(
            "state.unanswered",
            detail=f"{self.location} gave no clear answer, or the lock's holder is alive and renews it. "
            "The state itself was not changed.",
            hint="`reconciler state lock` shows who holds it.",
        )

    def _holds_lock(self, error: StateError) -> bool:
        """Return whether no other run can have written the same bytes, as one without changes would."""
        snapshot = self._read_after(error, LOCK) if self._lock_id else None
        info = locks.decode(snapshot.document) if snapshot else None
        return (info.lock_id if info else None) == self._lock_id

    def _read_after(self, error: StateError, name: str) -> Snapshot | None:
        try:
            return self._documents.get(name)
        except StateError as read_error:
            raise errors.write_unconfirmed(self.location, read_error) from error
