"""What a server of the Terraform HTTP protocol may answer other than yes, as errors of ours."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from reconciler.errors.diagnostic import Diagnostic
from reconciler.errors.exceptions import StateError
from reconciler.errors.text import redact_values, replace_control
from reconciler.stores.errors import UnansweredError

if TYPE_CHECKING:
    from reconciler.stores.http._endpoints import Endpoints


SHOWN_MAX = 200
"""Characters of an answer that are shown."""

LATER = frozenset({408, 425, 429})
"""Statuses below 500 that say nothing of the request itself."""

ACCESS = frozenset({401, 403})

UNLOCKABLE = frozenset({404, 405, 501})
"""What a server says that knows no locks, or not here."""

HELD = frozenset({409, 423})
"""What a server says where another lock holds the state."""


class NotOurLockError(StateError):
    """A write was refused, since another lock holds the state, or none."""


@dataclass(frozen=True, slots=True)
class ServerResponse:
    """A whole answer. `moved_to` is where a redirect points."""

    status: int
    body: bytes = b""
    moved_to: str = ""

    @property
    def is_yes(self) -> bool:
        """Whether it was done."""
        return HTTPStatus.OK <= self.status < HTTPStatus.MULTIPLE_CHOICES


def is_unclear(reply: ServerResponse) -> bool:
    """Whether it leaves open what became of the request."""
    return reply.status in LATER or reply.status >= HTTPStatus.INTERNAL_SERVER_ERROR


def refusal(endpoints: Endpoints, reply: ServerResponse, what: str) -> StateError:
    """The error of an answer that is no yes; `UnansweredError` where it does not say that nothing was done.

    `what` is what was not done: "read", "written", "locked", "unlocked".
    """
    said = f"{endpoints.location} answered {reply.status}{_excerpt(endpoints, reply.body)}."
    if is_unclear(reply):
        return UnansweredError(_unclear(said))
    if reply.status in ACCESS:
        return StateError(_forbidden(endpoints, said, what))
    if HTTPStatus.MULTIPLE_CHOICES <= reply.status < HTTPStatus.BAD_REQUEST:
        return StateError(_moved(endpoints, reply, what))
    if reply.status == HTTPStatus.NOT_FOUND:
        return StateError(_missing(said, what))
    return StateError(_refused(said, what))


def not_our_lock(location: str, lock_id: str | None) -> StateError:
    """The error of a write that the server refuses since our lock is gone."""
    return NotOurLockError.of(
        "state.lease-lost",
        detail=f"{location} is not held by the lock {lock_id} any more: somebody has freed it by force. "
        "The state was left as it is, and nothing more is sent.",
        hint="Let the other run end, then run the same command again; what was sent is looked up.",
    )


def no_locks(endpoints: Endpoints, reply: ServerResponse) -> StateError:
    """The error of a server without locks: two runs could not be kept apart."""
    return StateError.of(
        "state.no-lock",
        detail=f"{endpoints.location} answered {reply.status} to {endpoints.lock.method}"
        f"{_excerpt(endpoints, reply.body)}. Nothing was sent to Zoom.",
        hint="See to the address and to what the credentials may do. Where the lock is elsewhere, name "
        "it: RECONCILER_HTTP_LOCK_ADDRESS, RECONCILER_HTTP_UNLOCK_ADDRESS, and their _METHOD.",
    )


def lock_given_twice(endpoints: Endpoints) -> StateError:
    """The error of a server that gives one lock to two."""
    return StateError.of(
        "state.no-lock",
        detail=f"{endpoints.location} gave the lock to a second ID while a first one held it. "
        "Nothing was sent to Zoom.",
        hint="Two runs could not be kept apart there: use a server that locks, or another kind of state.",
    )


def _forbidden(endpoints: Endpoints, said: str, what: str) -> Diagnostic:
    has_credentials = bool(endpoints.username or endpoints.password)
    given = "These credentials do not suffice" if has_credentials else "No credentials were given"
    return Diagnostic(
        code="state.forbidden",
        detail=f"The state was not {what}. {said} {given}. Nothing more is sent.",
        hint="Give RECONCILER_HTTP_USERNAME and RECONCILER_HTTP_PASSWORD (or TF_HTTP_USERNAME and "
        "TF_HTTP_PASSWORD); on GitLab a token with the `api` scope, of a Maintainer to write.",
    )


def _moved(endpoints: Endpoints, reply: ServerResponse, what: str) -> Diagnostic:
    parts = urlsplit(reply.moved_to)
    there = f" to {parts.scheme}://{parts.hostname}{parts.path}"[:SHOWN_MAX] if parts.hostname else ""
    return Diagnostic(
        code="state.moved",
        detail=f"The state was not {what}. {endpoints.location} answered {reply.status}{there}. Credentials are not carried along.",
        hint="Name the new address where you trust it.",
    )


def _missing(said: str, what: str) -> Diagnostic:
    return Diagnostic(
        code="state.place-missing",
        detail=f"The state was not {what}. {said} Nothing more is sent.",
        hint="See to the address. A server may also say this where the credentials may not look.",
    )


def _refused(said: str, what: str) -> Diagnostic:
    return Diagnostic(
        code="state.refused",
        detail=f"The state was not {what}. {said} Nothing more is sent.",
        hint="See what the server says, then run the same command again; what was sent already is looked up.",
    )


def _unclear(said: str) -> Diagnostic:
    return Diagnostic(
        code="state.unanswered",
        detail=said,
        hint="Run the same command again once the server answers.",
    )


def _excerpt(endpoints: Endpoints, body: bytes) -> str:
    text = redact_values(body[: SHOWN_MAX * 4].decode(errors="replace"), _secrets(endpoints))
    shown = replace_control(text, " ").strip()[:SHOWN_MAX]
    return f": {shown}" if shown else ""


def _secrets(endpoints: Endpoints) -> list[str]:
    pair = f"{endpoints.username}:{endpoints.password}".encode()
    query = urlsplit(endpoints.read.url).query
    return [endpoints.password, base64.b64encode(pair).decode() if endpoints.password else "", query]
