"""A lease in a `DocumentStore`: a lock that expires unless its holder renews it."""

from __future__ import annotations

import threading
from contextlib import suppress
from datetime import timedelta
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from reconciler.errors.exceptions import StateError
from reconciler.ports import LockInfo
from reconciler.stores import errors
from reconciler.stores import lock as locks
from reconciler.stores.errors import ConflictError, UnansweredError
from reconciler.stores.leased.place import LOCK

if TYPE_CHECKING:
    from reconciler.ports import Clock, Snapshot
    from reconciler.stores.leased.place import DocumentStore
    from reconciler.stores.options import StoreOptions


LEASE_SECONDS = 60.0
"""Time after which a lock expires that nobody renews. A request's total timeout must be less."""

RENEW_SECONDS = 20.0
"""Time between renewals: with two thirds of the lease left, a request of 30 s may still be sent."""

ATTEMPTS_MAX = 3
"""Most attempts of a write of the lock without a clear answer."""

FREE = b"{}\n"
"""A lock that nobody holds. It is overwritten, not deleted: few storages delete on a condition."""


class LeaseRequest(Struct, frozen=True):
    """A lock as its holder wrote it; its time runs from before the request was sent."""

    info: LockInfo
    until: float
    """The monotonic second at which the lock expires, if it was written at all."""

    @classmethod
    def starting_now(cls, info: LockInfo, clock: Clock) -> LeaseRequest:
        """Return a request to hold the lock for a whole lease from now."""
        expires_at = clock.now() + timedelta(seconds=LEASE_SECONDS)
        return cls(replace(info, expires_at=expires_at), clock.monotonic() + LEASE_SECONDS)

    @property
    def document(self) -> bytes:
        """The document to write. No two requests are the same, since each has its own expiry."""
        return locks.encode(self.info)

    def seconds_left(self, clock: Clock) -> float:
        """Return 0 or more seconds, by the monotonic clock and by the wall clock, which counts sleep too."""
        assert self.info.expires_at is not None
        by_wall = (self.info.expires_at - clock.now()).total_seconds()
        return max(0.0, min(self.until - clock.monotonic(), by_wall))


class SharedLease:
    """A held lease. One thread may renew it while another reads the seconds left."""

    def __init__(
        self,
        documents: DocumentStore,
        clock: Clock,
        request: LeaseRequest,
        version: str,
        *,
        taken_from: LockInfo | None = None,
    ) -> None:
        self._documents = documents
        self._clock = clock
        self._request = request
        self._version = version
        self._taken_from = taken_from
        self._is_lost = False
        self._mutex = threading.Lock()

    @property
    def info(self) -> LockInfo:
        """The holder as others see it."""
        return self._request.info

    @property
    def taken_from(self) -> LockInfo | None:
        """The holder whose expired lock was taken over; None if the lock was free."""
        return self._taken_from

    @property
    def renew_seconds(self) -> float:
        """A third of the lease."""
        return RENEW_SECONDS

    def seconds_left(self) -> float:
        """Return how long it certainly holds; 0 after it was released or taken over."""
        return 0.0 if self._is_lost else self._request.seconds_left(self._clock)

    def renew(self) -> None:
        """Extend it to a whole lease from now. Raises `LeaseLostError` if another run took it over."""
        with self._mutex:
            for _ in range(ATTEMPTS_MAX):
                if self._is_lost:
                    raise errors.lease_lost(self._documents.location)
                if self._try_renew(LeaseRequest.starting_now(self.info, self._clock)):
                    return
            raise StateError.of(
                "state.lease-not-renewed",
                detail=f"{self._documents.location} gave no clear answer. "
                "Nothing more is sent once the lock may have expired.",
                hint="Run the same command again once the storage answers; "
                "what was sent already is looked up.",
            )

    def release(self) -> None:
        """Free the lock, unless another run holds it by now. A lock that cannot be freed expires."""
        with self._mutex:
            was_lost, self._is_lost = self._is_lost, True
            if not was_lost:
                with suppress(StateError):
                    self._free()

    def _free(self) -> None:
        for _ in range(ATTEMPTS_MAX):
            try:
                self._documents.put(LOCK, FREE, replaces=self._version, note="Free the lock")
            except (ConflictError, UnansweredError):
                current = self._documents.get(LOCK)  # a renewal without an answer may have been written
                if current is None or not _belongs_to(current, self.info.lock_id):
                    return
                self._version = current.version
            else:
                return

    def _try_renew(self, request: LeaseRequest) -> bool:
        try:
            self._version = self._documents.put(
                LOCK, request.document, replaces=self._version, note=f"Renew the lock of {request.info.who}"
            )
        except (ConflictError, UnansweredError):
            current = self._documents.get(LOCK)
            if current is None or not _belongs_to(current, request.info.lock_id):
                self._is_lost = True
                return False
            self._version = current.version  # ours: this request, or an earlier one that arrived late
            if current.document != request.document:
                return False
        self._request = request
        return True


def _belongs_to(snapshot: Snapshot, lock_id: str) -> bool:
    info = locks.decode(snapshot.document)
    return info is not None and info.lock_id == lock_id


TRIES_MAX = 8
"""Most requests for a lock that seemed free; others may ask for it at the same time."""


class LockAttempt:
    """One run's attempt to take the lock: call `poll` until `lease` is set.

    A living holder is waited for up to `timeout_seconds`. A lock that has expired according to its
    own `Expires` is watched for a whole lease before it is taken over, even if the caller asked for no wait.
    """

    def __init__(
        self,
        documents: DocumentStore,
        options: StoreOptions,
        info: LockInfo,
        *,
        timeout_seconds: float,
    ) -> None:
        self.lease: SharedLease | None = None
        """The lock, once this run holds it."""
        self._documents = documents
        self._clock = options.clock
        self._notify = options.notify
        self._info = info
        self._timeout_seconds = timeout_seconds
        self._began_at = self._clock.monotonic()
        self._version: str | None = None
        self._unchanged_since = self._began_at
        self._is_unchanged = True
        self._has_notified = False
        self._tries = 0
        self._taken_from: LockInfo | None = None

    def poll(self) -> float:
        """Take the lock if possible, and return the seconds to wait before the next call.

        Raises `StateLockedError` if a holder is alive and the time to wait for it is over.
        """
        current = self._documents.get(LOCK)
        if current is None or current.document == FREE:
            return self._take(current, None)
        holder = locks.decode(current.document)
        if holder is not None and holder.lock_id == self._info.lock_id:
            return self._take(current, None)  # written by an earlier try, whose answer was lost
        self._watch(current)
        unchanged_seconds = self._clock.monotonic() - self._unchanged_since
        if unchanged_seconds >= LEASE_SECONDS:
            return self._take(current, holder or self._unreadable_holder())
        return self._wait(holder, LEASE_SECONDS - unchanged_seconds)

    def _watch(self, current: Snapshot) -> None:
        if current.version != self._version:
            self._is_unchanged = self._version is None
            self._version, self._unchanged_since = current.version, self._clock.monotonic()

    def _wait(self, holder: LockInfo | None, until_certain_seconds: float) -> float:
        waited_seconds = self._clock.monotonic() - self._began_at
        patience_seconds = self._timeout_seconds - waited_seconds
        if self._seems_dead(holder):
            patience_seconds = max(patience_seconds, until_certain_seconds)
        if patience_seconds <= 0:
            raise locks.locked_error(
                self._documents.location,
                holder,
                waited_seconds=waited_seconds,
                hint=locks.locked_hint(self._info.operation, holder),
            )
        if not self._has_notified:
            self._has_notified = True
            self._notify(locks.waiting_for(self._documents.location, holder, patience_seconds))
        return locks.poll_seconds(patience_seconds, until_certain_seconds)

    def _seems_dead(self, holder: LockInfo | None) -> bool:
        """Return whether the lock has expired by its own `Expires`, and is unchanged since the first poll."""
        expires_at = holder.expires_at if holder else None
        return self._is_unchanged and (expires_at is None or expires_at <= self._clock.now())

    def _unreadable_holder(self) -> LockInfo:
        return LockInfo("", "unknown", "somebody whose lock cannot be read", self._info.created_at)

    def _take(self, current: Snapshot | None, taken_from: LockInfo | None) -> float:
        request = LeaseRequest.starting_now(self._info, self._clock)
        replaces = current.version if current else None
        self._taken_from = taken_from or self._taken_from
        try:
            version = self._documents.put(
                LOCK, request.document, replaces=replaces, note=self._note(taken_from)
            )
        except (ConflictError, UnansweredError) as error:
            self._tries += 1
            if self._tries >= TRIES_MAX:
                raise StateError.of(
                    "state.not-locked",
                    detail=f"{self._documents.location} gave no clear answer to {TRIES_MAX} tries. "
                    "Nothing was sent.",
                    hint="Run the same command again. If the lock was taken after all, "
                    "it expires within a minute.",
                ) from error
            return 0.0  # the next poll finds out what became of it
        self.lease = SharedLease(self._documents, self._clock, request, version, taken_from=self._taken_from)
        return 0.0

    def _note(self, taken_from: LockInfo | None) -> str:
        note = f"Lock for {self._info.operation} by {self._info.who}"
        return f"{note}, taken over from {taken_from.who}" if taken_from else note
