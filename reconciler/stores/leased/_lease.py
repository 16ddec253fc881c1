"""A lease on a place: a lock that runs out unless its holder renews it."""

from __future__ import annotations

import threading
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING

from reconciler.errors.exceptions import StateError
from reconciler.ports import LockInfo
from reconciler.stores import lock as locks
from reconciler.stores.errors import ConflictError, UnansweredError
from reconciler.stores.leased.place import LOCK

if TYPE_CHECKING:
    from reconciler.ports import Clock, Snapshot
    from reconciler.stores.leased.place import DocumentStore
    from reconciler.stores.options import StoreOptions


LEASE_SECONDS = 60.0
"""How long a lock holds that nobody renews. A request's total timeout must be less."""

RENEW_SECONDS = 20.0
"""How often it is renewed: with two thirds of it left, a request of 30 s may still be sent."""

ATTEMPTS_MAX = 3
"""How often a write of the lock without a clear answer is looked up and sent again."""

FREE = b"{}\n"
"""A lock that nobody holds: it is overwritten, not deleted, since few places delete on a condition."""


@dataclass(frozen=True, slots=True)
class LeaseRequest:
    """A lock as its holder wrote it, counted from before it was asked for."""

    info: LockInfo
    until: float
    """The monotonic second at which it runs out, where it was written at all."""

    @classmethod
    def asked(cls, info: LockInfo, clock: Clock) -> LeaseRequest:
        """A claim to hold it for its whole length from now."""
        expires_at = clock.now() + timedelta(seconds=LEASE_SECONDS)
        return cls(replace(info, expires_at=expires_at), clock.monotonic() + LEASE_SECONDS)

    @property
    def document(self) -> bytes:
        """What is written; no two claims are the same, since each expires at an instant of its own."""
        return locks.encode(self.info)

    def seconds_left(self, clock: Clock) -> float:
        """By the steady clock, and by the other, which also counts while a machine sleeps; 0 or more."""
        assert self.info.expires_at is not None
        by_wall = (self.info.expires_at - clock.now()).total_seconds()
        return max(0.0, min(self.until - clock.monotonic(), by_wall))


class SharedLease:
    """A held lease. One thread may renew it while another asks how long it holds."""

    def __init__(
        self,
        place: DocumentStore,
        clock: Clock,
        claim: LeaseRequest,
        version: str,
        *,
        taken_from: LockInfo | None = None,
    ) -> None:
        self._place = place
        self._clock = clock
        self._claim = claim
        self._version = version
        self._taken_from = taken_from
        self._is_lost = False
        self._mutex = threading.Lock()

    @property
    def info(self) -> LockInfo:
        """What others see while it is held."""
        return self._claim.info

    @property
    def taken_from(self) -> LockInfo | None:
        """Whose lock had run out; None where it was free."""
        return self._taken_from

    @property
    def renew_seconds(self) -> float:
        """Three times within its length."""
        return RENEW_SECONDS

    def seconds_left(self) -> float:
        """How long it surely holds; 0 once it is given up, or was taken over."""
        return 0.0 if self._is_lost else self._claim.seconds_left(self._clock)

    def renew(self) -> None:
        """Hold it for its whole length from now. Raises `StateError`, for good where it was taken over."""
        with self._mutex:
            for _ in range(ATTEMPTS_MAX):
                if self._is_lost:
                    raise _taken_over(self._place.location)
                if self._is_renewed(LeaseRequest.asked(self.info, self._clock)):
                    return
            raise _not_renewed(self._place.location)

    def release(self) -> None:
        """Free it, unless it is another's by now. Where that fails, it runs out by itself."""
        with self._mutex:
            was_lost, self._is_lost = self._is_lost, True
            if not was_lost:
                with suppress(StateError):
                    self._free()

    def _free(self) -> None:
        for _ in range(ATTEMPTS_MAX):
            try:
                self._place.put(LOCK, FREE, replaces=self._version, note="Free the lock")
            except (ConflictError, UnansweredError):
                stands = self._place.get(LOCK)  # a renewal may have landed of which we do not know
                if stands is None or not _is_of(stands, self.info.lock_id):
                    return
                self._version = stands.version
            else:
                return

    def _is_renewed(self, claim: LeaseRequest) -> bool:
        try:
            self._version = self._place.put(
                LOCK, claim.document, replaces=self._version, note=f"Renew the lock of {claim.info.who}"
            )
        except (ConflictError, UnansweredError):
            stands = self._place.get(LOCK)
            if stands is None or not _is_of(stands, claim.info.lock_id):
                self._is_lost = True
                return False
            self._version = stands.version  # ours: this one, or an earlier one that landed late
            if stands.document != claim.document:
                return False
        self._claim = claim
        return True


def _is_of(stands: Snapshot, lock_id: str) -> bool:
    info = locks.decode(stands.document)
    return info is not None and info.lock_id == lock_id


def _taken_over(location: str) -> StateError:
    return StateError.of(
        "state.lease-lost",
        detail=f"{location} is another run's by now, or was freed by force. Nothing more is sent.",
        hint="Let the other run end, then run the same command again; what was sent is looked up.",
    )


def _not_renewed(location: str) -> StateError:
    return StateError.of(
        "state.lease-not-renewed",
        detail=f"{location} gave no clear answer. Nothing more is sent once the lock may have run out.",
        hint="Run the same command again once the storage answers; what was sent is looked up.",
    )


LOOK_SECONDS = 2.0
"""How often somebody who waits looks again."""

TRIES_MAX = 8
"""How often a lock that seemed free is asked for; others may ask for it at the same time."""


class LockAttempt:
    """One run's try to take the lock: `look` until `lease` is there.

    A holder that lives is waited for up to `timeout_seconds`. One whose lock has run out by its own
    words is watched for as long as it takes to be sure, even where no waiting was asked for.
    """

    def __init__(
        self,
        place: DocumentStore,
        surroundings: StoreOptions,
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
            raise locks.locked_error(
                self._place.location,
                holder,
                waited_seconds=waited_seconds,
                hint=locks.locked_hint(self._info.operation, holder),
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
        claim = LeaseRequest.asked(self._info, self._clock)
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
    return StateError.of(
        "state.not-locked",
        detail=f"{location} gave no clear answer to {TRIES_MAX} tries. Nothing was sent.",
        hint="Run the same command again; a lock that was taken unseen runs out within a minute.",
    )
