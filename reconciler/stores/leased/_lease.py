"""A lease on a place: a lock that runs out unless its holder renews it."""

from __future__ import annotations

import threading
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING

from reconciler.errors import Diagnostic, StateError
from reconciler.stores import lock as locks
from reconciler.stores.place import LOCK, ConflictError, UnansweredError

if TYPE_CHECKING:
    from reconciler.ports import Clock, LockInfo, Snapshot
    from reconciler.stores.place import Place

LEASE_SECONDS = 60.0
"""How long a lock holds that nobody renews. A request's total timeout must be less."""

RENEW_SECONDS = 20.0
"""How often it is renewed: with two thirds of it left, a request of 30 s may still be sent."""

ATTEMPTS_MAX = 3
"""How often a write of the lock without a clear answer is looked up and sent again."""

FREE = b"{}\n"
"""A lock that nobody holds: it is overwritten, not deleted, since few places delete on a condition."""


@dataclass(frozen=True, slots=True)
class Claim:
    """A lock as its holder wrote it, counted from before it was asked for."""

    info: LockInfo
    until: float
    """The monotonic second at which it runs out, where it was written at all."""

    @classmethod
    def asked(cls, info: LockInfo, clock: Clock) -> Claim:
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
        self, place: Place, clock: Clock, claim: Claim, version: str, *, taken_from: LockInfo | None = None
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
                if self._is_renewed(Claim.asked(self.info, self._clock)):
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

    def _is_renewed(self, claim: Claim) -> bool:
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
    return StateError(
        Diagnostic(
            code="state.lease-lost",
            summary="The lock on the state was taken over",
            detail=f"{location} is another run's by now, or was freed by force. Nothing more is sent.",
            hint="Let the other run end, then run the same command again; what was sent is looked up.",
        )
    )


def _not_renewed(location: str) -> StateError:
    return StateError(
        Diagnostic(
            code="state.lease-not-renewed",
            summary="The lock on the state could not be renewed",
            detail=f"{location} gave no clear answer. Nothing more is sent once the lock may have run out.",
            hint="Run the same command again once the storage answers; what was sent is looked up.",
        )
    )
