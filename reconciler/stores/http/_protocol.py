"""The requests of the Terraform HTTP protocol, one method each.

A request without a clear answer is repeated if that does no harm: to read, to lock and to unlock.
"""

from __future__ import annotations

from contextlib import suppress
from http import HTTPStatus
from typing import TYPE_CHECKING, Protocol

import orjson
from msgspec import Struct
from msgspec.structs import replace

from reconciler import __version__
from reconciler.errors.exceptions import StateError
from reconciler.stores import lock as locks
from reconciler.stores.errors import UnansweredError, UnreachableError, lease_lost
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
    """Sends one request and returns the response, whatever its status.

    Raises `UnreachableError` or `UnansweredError`.
    """

    def __call__(
        self, endpoint: Endpoint, content: bytes | None = None, lock_id: str | None = None
    ) -> ServerResponse:
        """Send `lock_id` as `ID` in the query."""


class LockStatus(Struct, frozen=True):
    """Status of the lock after it was asked for: ours, or held by `holder`."""

    holder: LockInfo | None = None

    @property
    def is_ours(self) -> bool:
        """Nobody else holds it."""
        return self.holder is None


class HttpStateProtocol:
    """The five requests of the protocol that are used."""

    def __init__(self, endpoints: Endpoints, send: SendRequest, wait: Callable[[float], None]) -> None:
        self.endpoints = endpoints
        self._send_once = send
        self._wait = wait

    def get(self) -> bytes | None:
        """Return the document; None if the server has none."""
        response, _ = self._send(self.endpoints.read)
        is_empty = response.is_success and not response.body
        if response.status in {HTTPStatus.NO_CONTENT, HTTPStatus.NOT_FOUND} or is_empty:
            return None
        if not response.is_success:
            raise errors.refusal(self.endpoints, response, "read")
        return response.body

    def post(self, document: bytes, lock_id: str | None) -> None:
        """Write the document by one request. Raises `StateError`; its class says what is known."""
        response = self._send_once(self.endpoints.update, document, lock_id)
        if response.status in HELD:
            raise lease_lost(self.endpoints.location)
        if not response.is_success:
            raise errors.refusal(self.endpoints, response, "written")

    def lock(self, ours: LockInfo) -> LockStatus:
        """Ask for the lock. A lock that the server gave us, but whose answer was lost, is ours too."""
        try:
            response, _ = self._send(self.endpoints.lock, encode(ours))
        except (StateError, KeyboardInterrupt):
            with suppress(StateError):  # the server may have given it to us, and it would never expire
                self._send_once(self.endpoints.unlock, encode(ours), ours.lock_id)
            raise
        if response.is_success:
            return LockStatus()
        if response.status in HELD:
            holder = self._holder(response.body, ours)
            return LockStatus() if holder.lock_id == ours.lock_id else LockStatus(holder)
        if response.status in UNLOCKABLE:
            raise errors.no_locks(self.endpoints, response)
        raise errors.refusal(self.endpoints, response, "locked")

    def check(self, ours: LockInfo) -> None:
        """Raise `StateError` if the server gives our lock to somebody else, too."""
        second = replace(ours, lock_id=f"{ours.lock_id}-check", operation="check of the lock")
        if self.lock(second).is_ours:
            self.free(second)
            raise StateError.of(
                "state.no-lock",
                detail=f"{self.endpoints.location} gave the lock to a second ID while a first one held it. "
                "Nothing was sent to Zoom.",
                hint="Two runs could not be kept apart there: use a server that locks, "
                "or another kind of state.",
            )

    def free(self, info: LockInfo) -> bool:
        """Free the lock of that ID; return whether it is free now, as far as the server says."""
        response, is_repeated = self._send(self.endpoints.unlock, encode(info), info.lock_id)
        if response.is_success:
            return True
        if response.status in HELD | UNLOCKABLE:
            return is_repeated and response.status in HELD and self.lock(info).is_ours and self.free(info)
        raise errors.refusal(self.endpoints, response, "unlocked")

    def _send(
        self, endpoint: Endpoint, content: bytes | None = None, lock_id: str | None = None
    ) -> tuple[ServerResponse, bool]:
        """Return the first clear response, and whether responses were lost before it."""
        error: StateError | None = None
        for pause_seconds in PAUSES:
            self._wait(pause_seconds)
            try:
                response = self._send_once(endpoint, content, lock_id)
            except (UnreachableError, UnansweredError) as unclear:
                error = unclear
                continue
            if response.status == HTTPStatus.NOT_IMPLEMENTED or not errors.is_unclear(response):
                return response, error is not None
            error = errors.refusal(self.endpoints, response, "reached")
        assert error is not None
        raise error

    def _holder(self, body: bytes, ours: LockInfo) -> LockInfo:
        fields = _object(body)
        if self.endpoints.is_managed:
            fields |= {"Operation": "unknown", "Info": ""}  # GitLab echoes those of the request
        run_url = str(fields.get("Info", ""))
        lock_id = str(fields.get("ID", ""))
        lock = {
            "ID": lock_id,
            "Operation": fields.get("Operation") or "unknown",
            "Who": fields.get("Who") or "unknown",
            "Created": fields.get("Created"),
            "RunURL": run_url if run_url.startswith(("https://", "http://")) else "",
        }
        return locks.decode(orjson.dumps(lock)) or replace(
            ours,
            lock_id=lock_id if locks.is_lock_id(lock_id) else "",
            who="somebody whose lock cannot be read",
            operation="unknown",
            run_url=None,
        )


def encode(info: LockInfo) -> bytes:
    """Return the lock as Terraform writes it; GitLab requires every field."""
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


def _object(body: bytes) -> dict[str, Json]:
    try:
        value = orjson.loads(body[: locks.BYTES_MAX])
    except orjson.JSONDecodeError:
        return {}
    return value if isinstance(value, dict) else {}
