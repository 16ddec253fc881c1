"""Turns refusals of a Terraform HTTP server into errors of the state."""

from __future__ import annotations

import base64
from functools import partial
from http import HTTPStatus
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from msgspec import Struct

from reconciler.errors.exceptions import StateError
from reconciler.errors.pages import page_words
from reconciler.errors.redact import redact_answer
from reconciler.errors.text import replace_control
from reconciler.stores import errors
from reconciler.urls import is_well_formed

if TYPE_CHECKING:
    from reconciler.stores.http._endpoints import Endpoints


EXAMINED_MAX = 65_536
"""Bytes of an answer in which secrets are looked for before it is cut."""

SHOWN_MAX = 200
"""Most characters of a response that are shown."""

UNCLEAR = frozenset({408, 425, 429})
"""Statuses below 500 that leave the outcome of the request open."""

ACCESS = frozenset({401, 403})

UNLOCKABLE = frozenset({404, 405, 501})
"""Statuses of a server without locks, or without a lock at this address."""

HELD = frozenset({409, 423})
"""Statuses for a state that another lock holds."""


class ServerResponse(Struct, frozen=True):
    """A complete response. `redirect_url` is the target of a redirect."""

    status: int
    body: bytes = b""
    redirect_url: str = ""

    @property
    def is_success(self) -> bool:
        """The server did what was asked."""
        return HTTPStatus.OK <= self.status < HTTPStatus.MULTIPLE_CHOICES


def is_unclear(response: ServerResponse) -> bool:
    """Return whether the outcome of the request is unknown."""
    return response.status in UNCLEAR or response.status >= HTTPStatus.INTERNAL_SERVER_ERROR


def refusal(endpoints: Endpoints, response: ServerResponse, action: str) -> StateError:
    """Return the error of a response other than success; `UnansweredError` if the outcome is unknown.

    `action` is what was not done: "read", "written", "locked", "unlocked".
    """
    answer = f"{endpoints.location} answered {response.status}{_excerpt(endpoints, response.body)}."
    if is_unclear(response):
        return errors.unanswered(answer)
    detail = f"The state was not {action}. {answer}"
    if response.status in ACCESS:
        return _forbidden(endpoints, detail)
    if HTTPStatus.MULTIPLE_CHOICES <= response.status < HTTPStatus.BAD_REQUEST:
        return _redirected(endpoints, response, action)
    if response.status == HTTPStatus.NOT_FOUND:
        return StateError.of(
            "state.place-missing",
            detail=f"{detail} Nothing more is sent.",
            hint="Check the address. A server may also answer this if the credentials may not read there.",
        )
    return StateError.of(
        "state.refused",
        detail=f"{detail} Nothing more is sent.",
        hint="Read the server's message, then run the same command again; "
        "what was sent already is looked up.",
    )


def _forbidden(endpoints: Endpoints, detail: str) -> StateError:
    has_credentials = bool(endpoints.username or endpoints.password)
    reason = "These credentials do not suffice" if has_credentials else "No credentials were given"
    return StateError.of(
        "state.forbidden",
        detail=f"{detail} {reason}. Nothing more is sent.",
        hint="Set RECONCILER_HTTP_USERNAME and RECONCILER_HTTP_PASSWORD (or TF_HTTP_USERNAME and "
        "TF_HTTP_PASSWORD); on GitLab to a token with the `api` scope, of a Maintainer to write.",
    )


def _redirected(endpoints: Endpoints, response: ServerResponse, action: str) -> StateError:
    target = redact_answer(_redirect_target(response.redirect_url), _secrets(endpoints))
    return StateError.of(
        "state.moved",
        detail=f"The state was not {action}. {endpoints.location} answered {response.status}{target}. "
        "A redirect is not followed, since the credentials would be sent there.",
        hint="Use the new address as the state's, if you trust it.",
    )


def _redirect_target(url: str) -> str:
    if not is_well_formed(url):  # such as a path without a host
        return ""
    parts = urlsplit(url)
    return f" to {parts.scheme}://{parts.hostname}{parts.path}"[:SHOWN_MAX]


def no_locks(endpoints: Endpoints, response: ServerResponse) -> StateError:
    """Return the error of a server that does not lock, which cannot keep two runs apart."""
    return StateError.of(
        "state.no-lock",
        detail=f"{endpoints.location} answered {response.status} to {endpoints.lock.method}"
        f"{_excerpt(endpoints, response.body)}. Nothing was sent to Zoom.",
        hint="Check the address and the rights of the credentials. If the lock has another address, set "
        "RECONCILER_HTTP_LOCK_ADDRESS, RECONCILER_HTTP_UNLOCK_ADDRESS, and their _METHOD.",
    )


def _excerpt(endpoints: Endpoints, body: bytes) -> str:
    answer = body[:EXAMINED_MAX].decode(errors="replace")
    mask = partial(redact_answer, secrets=_secrets(endpoints))
    text = page_words(answer, mask) or mask(answer)
    shown = replace_control(text, " ").strip()[:SHOWN_MAX]
    return f": {shown}" if shown else ""


def _secrets(endpoints: Endpoints) -> list[str]:
    pair = f"{endpoints.username}:{endpoints.password}".encode()
    query = urlsplit(endpoints.read.url).query
    return [endpoints.password, base64.b64encode(pair).decode() if endpoints.password else "", query]
