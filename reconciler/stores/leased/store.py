"""A store at a `Place` that many reach: the lock there is a lease, and every write is conditional.

The rules that keep two runs apart stand here, once for all kinds of place. A holder counts its
lease from before it asked for it; a taker counts it from when it first saw it. So however the
clocks of two machines differ, the holder's time is over before the taker's is.
"""

from __future__ import annotations

import uuid
from contextlib import suppress
from typing import TYPE_CHECKING

from reconciler.errors.exceptions import StateError
from reconciler.stores import errors
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
"""How often a write whose answer was lost is sent; each names the version that it replaces."""


class LeasedStore:
    """A `ports.Store` of two documents, the state and the lock."""

    def __init__(self, place: DocumentStore, surroundings: StoreOptions) -> None:
        self._place = place
        self._surroundings = surroundings
        self._lock_id: str | None = None

    @property
    def location(self) -> str:
        """The place as a person would write it, without secrets."""
        return self._place.location

    @property
    def gather_seconds(self) -> float:
        """What its place asks for."""
        return self._place.gather_seconds

    def read(self) -> Snapshot | None:
        """The newest document; None where none was ever written."""
        return self._place.get(STATE)

    def write(self, document: bytes, *, replaces: str | None, note: str = "") -> str:
        """Put `document` in the place of version `replaces`; a lost answer is looked up."""
        doubt: StateError | None = None
        for _ in range(ATTEMPTS_MAX):
            try:
                return self._place.put(STATE, document, replaces=replaces, note=note)
            except (ConflictError, UnansweredError) as error:
                # A conflict may be with ourselves: a client repeats a write whose answer it lost.
                stands, doubt = self._stands(STATE, error), error
                if stands is not None and stands.document == document and self._is_holder(error):
                    return stands.version
                if (stands and stands.version) != replaces:
                    raise errors.state_changed(self.location) from error
        assert doubt is not None
        raise errors.write_unconfirmed(self.location, doubt) from doubt

    def lock(self, operation: str, *, timeout_seconds: float) -> SharedLease:
        """Hold it alone; waits up to `timeout_seconds` for a living holder, longer for one that seems dead.

        Raises `StateLockedError`, or `StateError` where the place does not keep its conditions.
        """
        taking = self.taking(operation, timeout_seconds=timeout_seconds)
        while taking.lease is None:
            self._surroundings.wait(taking.look())
        return taking.lease

    def taking(self, operation: str, *, timeout_seconds: float) -> LockAttempt:
        """The way to the lock, one look after another, for whoever waits in a way of his own."""
        self._place.check()
        self._lock_id = str(uuid.uuid4())
        return LockAttempt(
            self._place,
            self._surroundings,
            lock_id=self._lock_id,
            operation=operation,
            timeout_seconds=timeout_seconds,
        )

    def holder(self) -> LockInfo | None:
        """Who holds it now, as they wrote; None where it is free."""
        stands = self._place.get(LOCK)
        return None if stands is None else locks.decode(stands.document)

    def force_unlock(self, lock_id: str) -> None:
        """Free a lock whose holder is dead. Raises `StateError` where `lock_id` is not the one held."""
        for tried in range(ATTEMPTS_MAX):
            stands = self._place.get(LOCK)
            if tried and stands is not None and stands.document == FREE:
                return  # by us, or by its holder
            info = locks.decode(stands.document) if stands else None
            if stands is None or info is None or info.lock_id != lock_id:
                raise locks.not_the_lock(self.location, lock_id, info)
            note = f"Free the lock of {info.who} by force"
            # Where it was renewed, or an answer was lost: look again.
            with suppress(ConflictError, UnansweredError):
                self._place.put(LOCK, FREE, replaces=stands.version, note=note)
                return
        raise _not_freed(self.location)

    def _is_holder(self, error: StateError) -> bool:
        """Whether no other run can have written: two that change nothing write the same bytes."""
        stands = self._stands(LOCK, error) if self._lock_id else None
        info = locks.decode(stands.document) if stands else None
        return (info.lock_id if info else None) == self._lock_id

    def _stands(self, name: str, error: StateError) -> Snapshot | None:
        try:
            return self._place.get(name)
        except StateError as unread:
            raise errors.write_unconfirmed(self.location, unread) from error


def _not_freed(location: str) -> StateError:
    return StateError.of(
        "state.unanswered",
        detail=f"{location} gave no clear answer, or its holder lives and renews it. "
        "The state itself was not touched.",
        hint="`reconciler state lock` shows who holds it.",
    )
