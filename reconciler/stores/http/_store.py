"""A store that speaks the Terraform HTTP protocol, as GitLab does.

The protocol knows no versions. What keeps two runs apart is the server's lock: its ID goes along
with every write and is checked there, and it never runs out; only its holder, or a person, frees it.
Our versions are digests of documents. By them a write whose answer was lost is looked up; and before
the first write under a lock, and each one after a lost answer, what stands there is read again.

One thing is taken on trust: a write whose answer was lost does not land after a later one. GitLab
sees to that by itself, since it takes no serial twice.
Source: developer.hashicorp.com/terraform/language/backend/http.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from hashlib import sha256
from math import inf
from typing import TYPE_CHECKING

from reconciler.errors.exceptions import StateError
from reconciler.ports import LockInfo, Snapshot
from reconciler.stores import errors
from reconciler.stores import lock as locks
from reconciler.stores.errors import UnansweredError, UnreachableError
from reconciler.stores.http._errors import NotOurLockError
from reconciler.stores.http._protocol import PAUSES

if TYPE_CHECKING:
    from collections.abc import Callable

    from reconciler.stores.http._protocol import HttpStateProtocol
    from reconciler.stores.options import StoreOptions


LOOK_SECONDS = 2.0
"""How often somebody who waits for the lock asks for it again."""

GATHER_SECONDS = 0.25
"""A server with a database behind it: four writes a second."""


@dataclass(slots=True)
class HttpLease:
    """A lock that the server keeps until it is told otherwise."""

    info: LockInfo
    _free: Callable[[LockInfo], None]
    is_lost: bool = False

    @property
    def taken_from(self) -> LockInfo | None:
        """Nobody: it was free."""
        return None

    @property
    def renew_seconds(self) -> float:
        """Never."""
        return inf

    def seconds_left(self) -> float:
        """Infinite, until it is given up, or the server says that it is not ours."""
        return 0.0 if self.is_lost else inf

    def renew(self) -> None:
        """Nothing to do."""

    def release(self) -> None:
        """Give it up."""
        if not self.is_lost:
            self.is_lost = True
            self._free(self.info)


class HttpStore:
    """A `ports.Store` behind the Terraform HTTP protocol."""

    def __init__(self, dialogue: HttpStateProtocol, surroundings: StoreOptions) -> None:
        self._dialogue = dialogue
        self._surroundings = surroundings
        self._lease: HttpLease | None = None
        self._has_lost_answers = False
        self._must_look = True

    @property
    def location(self) -> str:
        """The address, without its query."""
        return self._dialogue.endpoints.location

    @property
    def gather_seconds(self) -> float:
        """A server takes its time."""
        return GATHER_SECONDS

    def read(self) -> Snapshot | None:
        """The document; None where the server has none."""
        document = self._dialogue.get()
        return None if document is None else Snapshot(document, _version(document))

    def write(self, document: bytes, *, replaces: str | None, note: str = "") -> str:
        """Put `document` in the place of version `replaces`, under our lock; a lost answer is looked up."""
        del note  # the protocol has no room for it
        if self._must_look and self._version_there() != replaces:
            raise errors.state_changed(self.location)
        self._must_look = True
        written = _version(document)
        error: StateError | None = None
        for pause_seconds in PAUSES:
            self._surroundings.wait(pause_seconds)
            error = self._failure(document)
            if error is None:
                self._must_look = self._has_lost_answers
                return written
            if isinstance(error, UnreachableError):
                continue
            if not self._has_lost_answers:
                break
            if self._is_there(written, replaces, error):
                return written
            if not isinstance(error, UnansweredError):
                break
        assert error is not None
        is_unknown = isinstance(error, UnansweredError)
        raise (errors.write_unconfirmed(self.location, error) if is_unknown else error) from error.__cause__

    def lock(self, operation: str, *, timeout_seconds: float) -> HttpLease:
        """Hold it alone; waits up to `timeout_seconds` for whoever holds it.

        Whether the server keeps others out is looked at each time, by a second request.
        """
        ours = self._ours(operation)
        monotonic = self._surroundings.clock.monotonic
        began_at, has_told = monotonic(), False
        while (holder := self._dialogue.ask(ours).holder) is not None:
            waited_seconds = monotonic() - began_at
            left_seconds = timeout_seconds - waited_seconds
            if left_seconds <= 0:
                hint = locks.locked_hint(operation, holder)
                raise locks.locked_error(self.location, holder, waited_seconds=waited_seconds, hint=hint)
            if not has_told:
                has_told = True
                self._surroundings.tell(locks.waiting_for(self.location, holder, left_seconds))
            self._surroundings.wait(min(LOOK_SECONDS, left_seconds))
        try:
            self._dialogue.check(ours)
        except BaseException:  # an interrupt, too, must not leave a lock that never runs out
            self._released(ours)
            raise
        self._lease, self._must_look = HttpLease(ours, self._released), True
        return self._lease

    def holder(self) -> LockInfo | None:
        """Who holds it now; None where it is free.

        The protocol has no such question: the lock is asked for, and given back at once where it was free.
        """
        ours = self._ours("state lock")
        held = self._dialogue.ask(ours).holder
        if held is None:
            self._released(ours)
        return held

    def force_unlock(self, lock_id: str) -> None:
        """Free a lock whose holder is dead. Raises `StateError` where `lock_id` is not the one held."""
        ours = self._ours("force-unlock")
        if not self._dialogue.free(LockInfo(lock_id, ours.operation, ours.who, ours.created_at)):
            raise locks.not_the_lock(self.location, lock_id, self.holder())

    def _ours(self, operation: str) -> LockInfo:
        ours = self._surroundings
        return LockInfo(str(uuid.uuid4()), operation, ours.who, ours.clock.now(), run_url=ours.run_url)

    def _failure(self, document: bytes) -> StateError | None:
        """Why it may not have been written, by one request; None where it was."""
        try:
            self._dialogue.post(document, self._lease.info.lock_id if self._lease else None)
        except StateError as error:
            self._has_lost_answers |= isinstance(error, UnansweredError)
            if isinstance(error, NotOurLockError) and self._lease:
                self._lease.is_lost = True
            return error
        return None

    def _is_there(self, written: str, replaces: str | None, error: StateError) -> bool:
        """Whether it was written all the same. Raises `StateError` where something else stands there."""
        try:
            there = self._version_there()
        except StateError as unread:
            raise errors.write_unconfirmed(self.location, unread) from error
        if there not in {written, replaces}:
            raise errors.state_changed(self.location) from error
        return there == written

    def _version_there(self) -> str | None:
        snapshot = self.read()
        return snapshot.version if snapshot else None

    def _released(self, info: LockInfo) -> None:
        try:
            self._dialogue.free(info)
        except StateError as error:  # what was done is recorded, and must be told as it is
            self._surroundings.tell(
                f"The lock on {self.location} may still stand ({error.diagnostic.detail}) "
                f"To free it: reconciler force-unlock {info.lock_id}"
            )


def _version(document: bytes) -> str:
    return sha256(document).hexdigest()
