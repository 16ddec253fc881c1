"""A host as one part of an address."""

from __future__ import annotations

from urllib.parse import quote

from reconciler.errors import Diagnostic, NeverSentError


def segment(host: str) -> str:
    """The host, quoted. Raises `NeverSentError` where it would lead to another address."""
    if host in {"", ".", ".."}:
        raise NeverSentError(
            Diagnostic(
                code="zoom.host-name",
                summary=f"`{host}` cannot be a host",
                detail="It is no e-mail and no user id. Nothing was sent.",
                hint="Name the host by e-mail or user id.",
            )
        )
    return quote(host, safe="")
