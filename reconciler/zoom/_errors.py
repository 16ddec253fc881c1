"""Zoom's no, in words that help: which limit, which scope, which field, which host.

Everything here is known not to have happened.
"""

from __future__ import annotations

import re
from http import HTTPStatus
from typing import TYPE_CHECKING

from reconciler.errors.diagnostic import Diagnostic
from reconciler.errors.exceptions import (
    AccessError,
    DailyLimitError,
    GoneError,
    NeverSentError,
    RefusedError,
    RemoteError,
    UnknownOutcomeError,
)
from reconciler.ports import CODE_MEETING_UNKNOWN, CODE_USER_UNKNOWN, CODE_WEBINAR
from reconciler.zoom._exchange import HttpResponse, excerpt
from reconciler.zoom.limits import Limit

if TYPE_CHECKING:
    from collections.abc import Iterable

    from reconciler.zoom._exchange import ApiCall


TOKEN_CODES = frozenset({124, 4700, 4741})
"""Zoom's codes for a token that is missing, over or revoked."""

SCOPE_CODES = frozenset({104, 4711})
"""Zoom's codes for a token that lacks a scope."""

FIELDS_SHOWN_MAX = 10

_NO_USER = (
    "zoom.user-unknown",
    "Check the host: it must be a user of the account that the credentials belong to.",
)
GONE = {
    CODE_MEETING_UNKNOWN: (
        "zoom.meeting-gone",
        "It was deleted or it expired; plan --refresh tells what would be done about it.",
    ),
    CODE_USER_UNKNOWN: _NO_USER,
    1120: _NO_USER,
}
"""Zoom's codes for what does not exist: our code and hint."""

REFUSED = {
    200: (
        "zoom.paid-account",
        "Leave the feature out, or upgrade the account.",
    ),
    300: ("zoom.validation", "Change what Zoom names, then run again."),
    1010: _NO_USER,
    2306: (
        "zoom.listing-hidden",
        "Ask an administrator to allow listing them; without the list nothing is created.",
    ),
    3002: ("zoom.meeting-running", "Run again when it is over."),
    3018: (
        "zoom.personal-meeting",
        "Such a meeting cannot be deleted; set `destroy: false` to stop managing it.",
    ),
    3161: (
        "zoom.host-not-allowed",
        "Give the host a licence and a role that may host meetings, or name another host.",
    ),
}
"""Zoom's codes for the commoner refusals: our code and hint."""

_OTHER = ("zoom.refused", "Change what Zoom names, then run again.")

_WEBINAR = (
    "zoom.webinar",
    "Webinars are not managed here: take its `imports` line out; or run `reconciler state rm KEY`.",
)
_SCOPES = re.compile(r"scopes?\s*:?\s*\[([^\]]*)\]", re.IGNORECASE)


def is_token_refused(reply: HttpResponse) -> bool:
    """Zoom did not take the token, and may take a newer one."""
    if not (reply.is_client_error and reply.is_zoom_error) or _lacks_scope(reply):
        return False
    return reply.status == HTTPStatus.UNAUTHORIZED or reply.code in TOKEN_CODES


def refusal(call: ApiCall, reply: HttpResponse) -> RefusedError:
    """The error of a 4xx with Zoom's error body."""
    if _lacks_scope(reply):
        return _scopes_missing(call, reply)
    if is_token_refused(reply):
        return _token_refused(call, reply)
    fields = tuple((path, excerpt(message, call.secrets)) for path, message in reply.fields)
    kind = GoneError if reply.code in GONE else RefusedError
    code, hint = _words(reply)
    diagnostic = Diagnostic(code=code, detail=_detail(call, reply, fields), hint=hint)
    return kind(diagnostic, status=reply.status, zoom_code=reply.code, fields=fields)


def _words(reply: HttpResponse) -> tuple[str, str]:
    """Our code and hint."""
    if reply.code == CODE_WEBINAR and "webinar" in reply.message.casefold():
        return _WEBINAR
    return {**REFUSED, **GONE}.get(reply.code or 0, _OTHER)


def over_limit(call: ApiCall, reply: HttpResponse, limit: Limit) -> RefusedError:
    """A 429 that is not waited for any longer.

    An unclear one ends the host's day only where it was a write.
    """
    if limit is Limit.BRIEF or (limit is Limit.UNCLEAR and not call.writes):
        return _too_fast(call, reply)
    is_account = limit is Limit.ACCOUNT_DAY
    return DailyLimitError(
        Diagnostic(
            code="zoom.daily-limit-account" if is_account else "zoom.daily-limit",
            detail=_detail(call, reply),
            hint="Run again after 00:00 UTC; what is left is sent then.",
        ),
        scope="account" if is_account else "host",
        zoom_code=reply.code,
    )


def answer_sentence(call: ApiCall, reply: HttpResponse) -> str:
    """What Zoom said, as a sentence."""
    code = "" if reply.code is None else f", code {reply.code}"
    message = excerpt(reply.message, call.secrets)
    text = f"Zoom answered HTTP {reply.status}{code}" + (f": {message}" if message else "")
    return text if text.endswith((".", "…")) else f"{text}."


def tracking_sentence(reply: HttpResponse) -> str:
    """Zoom's own id of the request, as a sentence; empty where there is none."""
    return f" Zoom's tracking id is {excerpt(reply.tracking_id)}." if reply.tracking_id else ""


def _lacks_scope(reply: HttpResponse) -> bool:
    return reply.code in SCOPE_CODES or bool(_SCOPES.search(reply.message))


def _scopes_missing(call: ApiCall, reply: HttpResponse) -> AccessError:
    found = _SCOPES.search(reply.message)
    names = _both_forms(found[1].split(",")) if found else ()
    wanted = " or ".join(f"`{excerpt(name, call.secrets)}`" for name in names)
    diagnostic = Diagnostic(
        code="zoom.scopes",
        detail=f"{call.what}: it needs {wanted}. Nothing was done." if wanted else _detail(call, reply),
        hint="Add it under Scopes of the app at marketplace.zoom.us (server-to-server apps take the form "
        "that ends in `:admin`), activate the app again, then run again.",
    )
    return AccessError(diagnostic, status=reply.status, zoom_code=reply.code)


def _both_forms(scopes: Iterable[str]) -> tuple[str, ...]:
    bases = sorted({scope.strip().removesuffix(":admin") for scope in scopes if scope.strip()})
    return tuple(form for base in bases for form in (f"{base}:admin", base))


def _token_refused(call: ApiCall, reply: HttpResponse) -> AccessError:
    diagnostic = Diagnostic(
        code="zoom.token-refused",
        detail=_detail(call, reply),
        hint="Make a new ZOOM_ACCESS_TOKEN; with server-to-server OAuth, see that the app is activated.",
    )
    return AccessError(diagnostic, status=reply.status, zoom_code=reply.code)


def _too_fast(call: ApiCall, reply: HttpResponse) -> RefusedError:
    diagnostic = Diagnostic(
        code="zoom.rate-limit",
        detail=_detail(call, reply),
        hint="Something else sends on this account; use a smaller --pace, or run again later.",
    )
    return RefusedError(diagnostic, status=reply.status, zoom_code=reply.code)


def _detail(call: ApiCall, reply: HttpResponse, fields: tuple[tuple[str, str], ...] = ()) -> str:
    named = (f"`{excerpt(path)}`: {message}" for path, message in fields[:FIELDS_SHOWN_MAX])
    sentences = (f"{call.what}: {answer_sentence(call, reply)}", *named, "Nothing was done.")
    return " ".join(sentences) + tracking_sentence(reply)


UNTRUSTED_STATUSES = frozenset({408, 425, 499})
"""4xx that speak of the way, not of the request: it may have been carried out."""


def to_error(call: ApiCall, reply: HttpResponse) -> RemoteError | None:
    """The error that `reply` is; None where Zoom did what was asked."""
    if reply.is_success:
        return None if not reply.code and _is_readable(reply) else unknown(call, _bad_success(reply), reply)
    if reply.is_client_error and reply.status not in UNTRUSTED_STATUSES and reply.is_zoom_error:
        return refusal(call, reply)
    return unknown(call, f"the answer was HTTP {reply.status}", reply)


def never_sent(call: ApiCall, reason: str) -> NeverSentError:
    """The request stayed here."""
    return NeverSentError.of(
        "zoom.unreachable",
        detail=f"{call.what}: {excerpt(reason, call.secrets)}. Nothing was sent.",
        hint="Check the network (and HTTPS_PROXY, NO_PROXY, SSL_CERT_FILE where set), then run again.",
    )


def unknown(call: ApiCall, reason: str, reply: HttpResponse | None = None) -> UnknownOutcomeError:
    """The request left, and the answer does not tell what became of it."""
    return UnknownOutcomeError(
        Diagnostic(
            code="zoom.unknown-outcome",
            detail=_told(call, reason, reply),
            hint="It is looked up before it is sent again; run again if this run does not get there.",
        )
        if call.writes
        else Diagnostic(
            code="zoom.unreadable",
            detail=_told(call, reason, reply),
            hint="Asking changed nothing. Run again; if it lasts, look at status.zoom.us.",
        )
    )


def _is_readable(reply: HttpResponse) -> bool:
    return reply.body is not None or not reply.content


def _bad_success(reply: HttpResponse) -> str:
    if reply.code:
        return f"HTTP {reply.status}, but with an error in it"
    return f"HTTP {reply.status}, but with a body that is not Zoom's"


def _told(call: ApiCall, reason: str, reply: HttpResponse | None) -> str:
    text = f"{call.what}: {excerpt(reason, call.secrets)}."
    if reply is None:
        return text
    said = f" {answer_sentence(call, reply)}" if reply.is_zoom_error else ""
    return f"{text}{said}{_page(call, reply)}{tracking_sentence(reply)}"


def _page(call: ApiCall, reply: HttpResponse) -> str:
    # Pages of whoever stands between; a body of Zoom's own may hold more secrets than we know of.
    if not reply.content.lstrip().startswith(b"<"):
        return ""
    return f" It read: {excerpt(reply.content.decode(errors='replace'), call.secrets)}"
