"""The way to a lease, one look after another: take it where it is free, wait for whoever holds it.

A holder that lives renews its lock. One that was seen unchanged for a full lease, by the
taker's own steady clock, is gone, and its lock is taken over, whatever its expiry says: two
machines' clocks need not agree.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler.errors import Diagnostic, StateError
from reconciler.ports import LockInfo
from reconciler.stores import lock as locks
from reconciler.stores.lease import FREE, LEASE_SECONDS, Claim, SharedLease
from reconciler.stores.place import LOCK, ConflictError, UnansweredError

if TYPE_CHECKING:
    from reconciler.ports import Snapshot
    from reconciler.stores.place import Place
    from reconciler.stores.surroundings import Surroundings

LOOK_SECONDS = 2.0
"""How often somebody who waits looks again."""

TRIES_MAX = 8
"""How often a lock that seemed free is asked for; others may ask for it at the same time."""


class Taking:
    """One run's try to take the lock: `look` until `lease` is there.

    A holder that lives is waited for up to `timeout_seconds`. One whose lock has run out by its own
    words is watched for as long as it takes to be sure, even where no waiting was asked for.
    """

    def __init__(
        self,
        place: Place,
        surroundings: Surroundings,
        *,
        lock_id: str,
        operation: str,
        timeout_seconds: float,
    ) -> None:
        self.lease: SharedLease | None = None
        """The lock, once it is ours."""
        self._place = place
        self._clock = surroundings.clock
        self._tell = surroundings.tell
        self._info = LockInfo(
            lock_id, operation, surroundings.who, self._clock.now(), run_url=surroundings.run_url
        )
        self._timeout_seconds = timeout_seconds
        self._began_at = self._clock.monotonic()
        self._seen: str | None = None
        self._seen_since = self._began_at
        self._is_untouched = True
        self._has_told = False
        self._tries = 0
        self._taken_from: LockInfo | None = None

    def look(self) -> float:
        """Take it if that can be; else how many seconds to wait before the next look.

        Raises `StateLockedError` where a holder lives and the time to wait for it is over.
        """
        stands = self._place.get(LOCK)
        if stands is None or stands.document == FREE:
            return self._take(stands, None)
        holder = locks.decode(stands.document)
        if holder is not None and holder.lock_id == self._info.lock_id:
            return self._take(stands, None)  # a write of ours whose answer was lost
        self._watch(stands)
        unchanged_seconds = self._clock.monotonic() - self._seen_since
        if unchanged_seconds >= LEASE_SECONDS:
            return self._take(stands, holder or _unreadable(self._info))
        return self._wait(holder, LEASE_SECONDS - unchanged_seconds)

    def _watch(self, stands: Snapshot) -> None:
        if stands.version != self._seen:
            self._is_untouched = self._seen is None
            self._seen, self._seen_since = stands.version, self._clock.monotonic()

    def _wait(self, holder: LockInfo | None, until_sure_seconds: float) -> float:
        waited_seconds = self._clock.monotonic() - self._began_at
        patience_seconds = self._timeout_seconds - waited_seconds
        if self._seems_dead(holder):
            patience_seconds = max(patience_seconds, until_sure_seconds)
        if patience_seconds <= 0:
            raise locks.locked(
                self._place.location,
                holder,
                waited_seconds=waited_seconds,
                hint=locks.hint(self._info.operation, holder),
            )
        if not self._has_told:
            self._has_told = True
            self._tell(locks.waiting_for(self._place.location, holder, patience_seconds))
        return min(LOOK_SECONDS, patience_seconds, until_sure_seconds)

    def _seems_dead(self, holder: LockInfo | None) -> bool:
        """Whether it has run out by its own words, and nobody has touched it since we look."""
        expires_at = holder.expires_at if holder else None
        return self._is_untouched and (expires_at is None or expires_at <= self._clock.now())

    def _take(self, stands: Snapshot | None, taken_from: LockInfo | None) -> float:
        claim = Claim.asked(self._info, self._clock)
        replaces = stands.version if stands else None
        try:
            version = self._place.put(LOCK, claim.document, replaces=replaces, note=self._note(taken_from))
        except (ConflictError, UnansweredError) as error:
            self._tries += 1
            self._taken_from = taken_from or self._taken_from
            if self._tries >= TRIES_MAX:
                raise _not_taken(self._place.location) from error
            return 0.0  # the next look tells what became of it
        self.lease = SharedLease(
            self._place, self._clock, claim, version, taken_from=taken_from or self._taken_from
        )
        return 0.0

    def _note(self, taken_from: LockInfo | None) -> str:
        ours = f"Lock for {self._info.operation} by {self._info.who}"
        return f"{ours}, taken over from {taken_from.who}" if taken_from else ours


def _unreadable(ours: LockInfo) -> LockInfo:
    return LockInfo("", "unknown", "somebody whose lock cannot be read", ours.created_at)


def _not_taken(location: str) -> StateError:
    return StateError(
        Diagnostic(
            code="state.not-locked",
            summary="The state could not be locked",
            detail=f"{location} gave no clear answer to {TRIES_MAX} tries. Nothing was sent.",
            hint="Run the same command again; a lock that was taken unseen runs out within a minute.",
        )
    )
