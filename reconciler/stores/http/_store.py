"""A store behind the Terraform HTTP protocol, as GitLab speaks it.

The protocol has no versions. The server's lock keeps two runs apart: each write sends the lock's ID
and the server checks it. The lock never expires; only its holder, or a person, frees it. Versions
here are digests of documents. They show whether a write without an answer was done; and the state is
read again before the first write under a lock, and before each write after a lost answer.

One assumption remains: a write whose answer was lost does not arrive after a later one. GitLab ensures
this, since it accepts no serial twice.
Source: developer.hashicorp.com/terraform/language/backend/http.
"""

from __future__ import annotations

import shlex
from hashlib import sha256
from math import inf
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from reconciler.errors.exceptions import StateError
from reconciler.ports import Snapshot
from reconciler.stores import errors, size
from reconciler.stores import lock as locks
from reconciler.stores.errors import LeaseLostError, UnansweredError, UnreachableError
from reconciler.stores.http._protocol import PAUSES

if TYPE_CHECKING:
    from collections.abc import Callable

    from reconciler.ports import LockInfo
    from reconciler.stores.http._protocol import HttpStateProtocol
    from reconciler.stores.options import StoreOptions


GATHER_SECONDS = 0.25
"""A server with a database behind it: four writes a second."""


class HttpLease(Struct):
    """A lock that the server keeps until it is freed."""

    info: LockInfo
    _free: Callable[[LockInfo], None]
    is_lost: bool = False

    @property
    def taken_from(self) -> LockInfo | None:
        """None: a server's lock is never taken over."""
        return None

    @property
    def renew_seconds(self) -> float:
        """Infinite: it needs no renewal."""
        return inf

    def seconds_left(self) -> float:
        """Return infinity until it is released, or the server says that another run holds it."""
        return 0.0 if self.is_lost else inf

    def renew(self) -> None:
        """Do nothing: a server's lock does not expire."""

    def release(self) -> None:
        """Free the lock."""
        if not self.is_lost:
            self.is_lost = True
            self._free(self.info)


class HttpStore:
    """A `ports.Store` behind the Terraform HTTP protocol."""

    def __init__(self, protocol: HttpStateProtocol, options: StoreOptions) -> None:
        self._protocol = protocol
        self._options = options
        self._lease: HttpLease | None = None
        self._has_lost_answers = False
        self._must_read = True

    @property
    def location(self) -> str:
        """The address, without its query."""
        return self._protocol.endpoints.location

    @property
    def gather_seconds(self) -> float:
        """The time that a server with a database needs."""
        return GATHER_SECONDS

    def read(self) -> Snapshot | None:
        """Return the document; None if the server has none."""
        document = self._protocol.get()
        return None if document is None else Snapshot(document, _version(document))

    def write(self, document: bytes, *, replaces: str | None, note: str = "") -> str:
        """Replace version `replaces`, under our lock; read back a write without an answer."""
        del note  # the protocol has no field for it
        size.check_write(document, self.location)
        if self._must_read and self._current_version() != replaces:
            raise errors.state_changed(self.location)
        self._must_read = True
        written = _version(document)
        error: StateError | None = None
        for pause_seconds in PAUSES:
            self._options.wait(pause_seconds)
            error = self._try_write(document)
            if error is None:
                self._must_read = self._has_lost_answers
                return written
            if isinstance(error, UnreachableError):
                continue
            if not self._has_lost_answers:
                break
            if self._is_written(written, replaces, error):
                return written
            if not isinstance(error, UnansweredError):
                break
        assert error is not None
        is_unknown = isinstance(error, UnansweredError)
        raise (errors.write_unconfirmed(self.location, error) if is_unknown else error) from error.__cause__

    def lock(self, operation: str, *, timeout_seconds: float) -> HttpLease:
        """Take the lock; wait up to `timeout_seconds` for its holder.

        A second request checks each time that the server keeps others out.
        """
        ours = locks.new_lock(operation, self._options)
        monotonic = self._options.clock.monotonic
        began_at, has_notified = monotonic(), False
        while (holder := self._protocol.lock(ours).holder) is not None:
            waited_seconds = monotonic() - began_at
            left_seconds = timeout_seconds - waited_seconds
            if left_seconds <= 0:
                hint = locks.locked_hint(operation, holder)
                raise locks.locked_error(self.location, holder, waited_seconds=waited_seconds, hint=hint)
            if not has_notified:
                has_notified = True
                self._options.notify(locks.waiting_for(self.location, holder, left_seconds))
            self._options.wait(locks.poll_seconds(left_seconds))
        try:
            self._protocol.check(ours)
        except BaseException:  # an interrupt, too, must not leave a lock that never expires
            self._free(ours)
            raise
        self._lease, self._must_read = HttpLease(ours, self._free), True
        return self._lease

    def holder(self) -> LockInfo | None:
        """Return the current holder; None if the lock is free.

        The protocol cannot ask for it: this requests the lock, and frees it at once if it was free.
        """
        ours = locks.new_lock("state lock", self._options)
        holder = self._protocol.lock(ours).holder
        if holder is None:
            self._free(ours)
        return holder

    def force_unlock(self, lock_id: str) -> None:
        """Free a lock whose holder is dead. Raises `StateError` if `lock_id` does not hold the state."""
        ours = locks.new_lock("force-unlock", self._options)
        if not self._protocol.free(replace(ours, lock_id=lock_id, run_url=None)):
            raise locks.not_the_lock(self.location, lock_id, self.holder())

    def _try_write(self, document: bytes) -> StateError | None:
        """Send one write; return the error if it may not have been done."""
        try:
            self._protocol.post(document, self._lease.info.lock_id if self._lease else None)
        except StateError as error:
            self._has_lost_answers |= isinstance(error, UnansweredError)
            if isinstance(error, LeaseLostError) and self._lease:
                self._lease.is_lost = True
            return error
        return None

    def _is_written(self, written: str, replaces: str | None, error: StateError) -> bool:
        """Return whether the write was done after all. Raises `StateError` if somebody else wrote."""
        try:
            current = self._current_version()
        except StateError as read_error:
            raise errors.write_unconfirmed(self.location, read_error) from error
        if current not in {written, replaces}:
            raise errors.state_changed(self.location) from error
        return current == written

    def _current_version(self) -> str | None:
        snapshot = self.read()
        return snapshot.version if snapshot else None

    def _free(self, info: LockInfo) -> None:
        try:
            self._protocol.free(info)
        except StateError as error:  # the work is recorded, so the run does not fail
            self._options.notify(
                f"The lock on {self.location} may still be held ({error.diagnostic.detail}) "
                f"To free it: reconciler force-unlock {shlex.quote(info.lock_id)}"
            )


def _version(document: bytes) -> str:
    return sha256(document).hexdigest()
