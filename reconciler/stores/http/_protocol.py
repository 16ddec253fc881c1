"""What is said to a server of the Terraform HTTP protocol, request by request.

A request without a clear answer is repeated where that does no harm: to read, to lock and to unlock.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, replace
from http import HTTPStatus
from typing import TYPE_CHECKING, Protocol

import orjson

from reconciler import __version__
from reconciler.errors.exceptions import StateError
from reconciler.stores import lock as locks
from reconciler.stores.errors import UnansweredError, UnreachableError
from reconciler.stores.http import _errors as errors
from reconciler.stores.http._errors import HELD, UNLOCKABLE

if TYPE_CHECKING:
    from collections.abc import Callable

    from reconciler.ports import Json, LockInfo
    from reconciler.stores.http._endpoints import Endpoint, Endpoints
    from reconciler.stores.http._errors import ServerResponse


PAUSES = (0.0, 0.5, 3.0)
"""Seconds before each try of a request that gets no clear answer."""


class SendRequest(Protocol):
    """One request and its answer, whatever its status. Raises `UnreachableError` or `UnansweredError`."""

    def __call__(
        self, asked: Endpoint, content: bytes | None = None, lock_id: str | None = None
    ) -> ServerResponse:
        """`lock_id` goes along as `ID` in the query."""


@dataclass(frozen=True, slots=True)
class LockStatus:
    """Whether the lock is ours now, and who holds it where it is not."""

    holder: LockInfo | None = None

    @property
    def is_ours(self) -> bool:
        """Nobody else holds it."""
        return self.holder is None


class HttpStateProtocol:
    """The five requests of the protocol that are used."""

    def __init__(self, endpoints: Endpoints, exchange: SendRequest, wait: Callable[[float], None]) -> None:
        self.endpoints = endpoints
        self._exchange = exchange
        self._wait = wait

    def get(self) -> bytes | None:
        """The document; None where the server has none."""
        reply, _ = self._patiently(self.endpoints.read)
        if reply.status in {HTTPStatus.NO_CONTENT, HTTPStatus.NOT_FOUND} or (reply.is_yes and not reply.body):
            return None
        if not reply.is_yes:
            raise errors.refusal(self.endpoints, reply, "read")
        return reply.body

    def post(self, document: bytes, lock_id: str | None) -> None:
        """Have the document written, by one request. Raises `StateError`: its kind says what is known."""
        reply = self._exchange(self.endpoints.update, document, lock_id)
        if reply.status in HELD:
            raise errors.not_our_lock(self.endpoints.location, lock_id)
        if not reply.is_yes:
            raise errors.refusal(self.endpoints, reply, "written")

    def ask(self, ours: LockInfo) -> LockStatus:
        """Ask for the lock. One that the server gave us, and whose answer was lost, is ours too."""
        try:
            reply, _ = self._patiently(self.endpoints.lock, encode(ours))
        except (StateError, KeyboardInterrupt):
            with suppress(StateError):  # it may have been given to us, and would never run out
                self._exchange(self.endpoints.unlock, encode(ours), ours.lock_id)
            raise
        if reply.is_yes:
            return LockStatus()
        if reply.status in HELD:
            holder = self._holder(reply.body, ours)
            return LockStatus() if holder.lock_id == ours.lock_id else LockStatus(holder)
        if reply.status in UNLOCKABLE:
            raise errors.no_locks(self.endpoints, reply)
        raise errors.refusal(self.endpoints, reply, "locked")

    def check(self, ours: LockInfo) -> None:
        """Make sure that the lock, which is ours, is given to nobody else. Raises `StateError`."""
        another = replace(ours, lock_id=f"{ours.lock_id}-check", operation="check of the lock")
        if self.ask(another).is_ours:
            self.free(another)
            raise errors.lock_given_twice(self.endpoints)

    def free(self, info: LockInfo) -> bool:
        """Free the lock of that ID; whether it is free now, as far as the server tells."""
        reply, is_repeated = self._patiently(self.endpoints.unlock, encode(info), info.lock_id)
        if reply.is_yes:
            return True
        if reply.status in HELD | UNLOCKABLE:
            return is_repeated and reply.status in HELD and self.ask(info).is_ours and self.free(info)
        raise errors.refusal(self.endpoints, reply, "unlocked")

    def _patiently(
        self, asked: Endpoint, content: bytes | None = None, lock_id: str | None = None
    ) -> tuple[ServerResponse, bool]:
        """The first clear answer, and whether others were lost before it."""
        error: StateError | None = None
        for pause_seconds in PAUSES:
            self._wait(pause_seconds)
            try:
                reply = self._exchange(asked, content, lock_id)
            except (UnreachableError, UnansweredError) as unclear:
                error = unclear
                continue
            if reply.status == HTTPStatus.NOT_IMPLEMENTED or not errors.is_unclear(reply):
                return reply, error is not None
            error = errors.refusal(self.endpoints, reply, "reached")
        assert error is not None
        raise error

    def _holder(self, body: bytes, ours: LockInfo) -> LockInfo:
        told = _told(body)
        if self.endpoints.is_managed:
            told |= {"Operation": "unknown", "Info": ""}  # GitLab gives the asker's own words back
        info = str(told.get("Info", ""))
        words = {
            "ID": told.get("ID", ""),
            "Operation": told.get("Operation") or "unknown",
            "Who": told.get("Who") or "unknown",
            "Created": told.get("Created"),
            "RunURL": info if info.startswith(("https://", "http://")) else "",
        }
        found = locks.decode(orjson.dumps(words))
        unreadable = replace(
            ours, lock_id=str(words["ID"])[: locks.SHOWN_MAX], operation="unknown", run_url=None
        )
        return found or replace(unreadable, who="somebody whose lock cannot be read")


def encode(info: LockInfo) -> bytes:
    """The lock as Terraform writes it; GitLab wants every one of these."""
    return orjson.dumps(
        {
            "ID": info.lock_id,
            "Operation": info.operation,
            "Info": info.run_url or "",
            "Who": info.who,
            "Version": __version__,
            "Created": info.created_at.isoformat(),
            "Path": "",
        }
    )


def _told(body: bytes) -> dict[str, Json]:
    try:
        told = orjson.loads(body)
    except orjson.JSONDecodeError:
        return {}
    return told if isinstance(told, dict) else {}
