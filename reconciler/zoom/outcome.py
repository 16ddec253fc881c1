"""Errors, cut by the only question the engine asks: whether it can have happened.

A 4xx with Zoom's own error body did not happen. Everything else that left us and is
not a clear yes is unknown. When in doubt: unknown, never "refused".
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler.errors import Diagnostic, NeverSentError, RemoteError, UnknownOutcomeError
from reconciler.zoom.refusal import answered, refusal, tracking
from reconciler.zoom.reply import Reply, excerpt

if TYPE_CHECKING:
    from reconciler.zoom.call import Call

UNTRUSTED_STATUSES = frozenset({408, 425, 499})
"""4xx that speak of the way, not of the request: it may have been carried out."""


def cut(call: Call, reply: Reply) -> RemoteError | None:
    """The error that `reply` is; None where Zoom did what was asked."""
    if reply.is_success:
        return None if not reply.code and _is_readable(reply) else unknown(call, _bad_success(reply), reply)
    if reply.is_client_error and reply.status not in UNTRUSTED_STATUSES and reply.is_zoom_error:
        return refusal(call, reply)
    return unknown(call, f"the answer was HTTP {reply.status}", reply)


def never_sent(call: Call, reason: str) -> NeverSentError:
    """The request stayed here."""
    return NeverSentError(
        Diagnostic(
            code="zoom.unreachable",
            summary="Zoom could not be reached",
            detail=f"{call.what}: {excerpt(reason, call.secrets)}. Nothing was sent.",
            hint="Check the network (and HTTPS_PROXY, NO_PROXY, SSL_CERT_FILE where set), then run again.",
        )
    )


def unknown(call: Call, reason: str, reply: Reply | None = None) -> UnknownOutcomeError:
    """The request left, and the answer does not tell what became of it."""
    return UnknownOutcomeError(
        Diagnostic(
            code="zoom.unknown-outcome",
            summary="Nobody can say whether Zoom did it",
            detail=_told(call, reason, reply),
            hint="It is looked up before it is sent again; run again if this run does not get there.",
        )
        if call.writes
        else Diagnostic(
            code="zoom.unreadable",
            summary="Zoom gave no usable answer",
            detail=_told(call, reason, reply),
            hint="Asking changed nothing. Run again; if it lasts, look at status.zoom.us.",
        )
    )


def _is_readable(reply: Reply) -> bool:
    return reply.body is not None or not reply.content


def _bad_success(reply: Reply) -> str:
    if reply.code:
        return f"HTTP {reply.status}, but with an error in it"
    return f"HTTP {reply.status}, but with a body that is not Zoom's"


def _told(call: Call, reason: str, reply: Reply | None) -> str:
    text = f"{call.what}: {excerpt(reason, call.secrets)}."
    if reply is None:
        return text
    said = f" {answered(call, reply)}" if reply.is_zoom_error else ""
    return f"{text}{said}{_page(call, reply)}{tracking(reply)}"


def _page(call: Call, reply: Reply) -> str:
    # Pages of whoever stands between; a body of Zoom's own may hold more secrets than we know of.
    if not reply.content.lstrip().startswith(b"<"):
        return ""
    return f" It read: {excerpt(reply.content.decode(errors='replace'), call.secrets)}"
