"""Turns Zoom's answers into errors that name the limit, scope, field or host, and say what was done.

A refused request was not carried out. An answer that is not clearly Zoom's own leaves the outcome unknown.
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
from reconciler.errors.pages import PAGE_CHARACTERS_MAX, page_words
from reconciler.errors.redact import redact_answer
from reconciler.ports import CODE_MEETING_UNKNOWN, CODE_USER_UNKNOWN, CODE_WEBINAR
from reconciler.zoom._exchange import HttpResponse, excerpt
from reconciler.zoom.limits import Limit

if TYPE_CHECKING:
    from collections.abc import Iterable

    from reconciler.zoom._exchange import ApiCall


TOKEN_CODES = frozenset({124, 4700, 4741})
"""Zoom's codes for a token that is missing, expired or revoked."""

SCOPE_CODES = frozenset({104, 4711})
"""Zoom's codes for a token that lacks a scope."""

FIELDS_SHOWN_MAX = 10
"""Most refused fields that an error lists."""

_NO_USER = (
    "zoom.user-unknown",
    "Check the host: it must be a user of the account that the credentials belong to.",
)
GONE = {
    CODE_MEETING_UNKNOWN: (
        "zoom.meeting-gone",
        "It was deleted or it expired; plan --refresh shows what would be done about it.",
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
"""Zoom's codes for the more common refusals: our code and hint."""

_OTHER = ("zoom.refused", "Change what Zoom names, then run again.")

_WEBINAR = ("zoom.webinar", "Webinars are not managed here.")
_SCOPES = re.compile(r"scopes?\s*+:?\s*+\[([^\[\]]*)\]", re.IGNORECASE)


def is_token_refused(response: HttpResponse) -> bool:
    """Return whether Zoom refused the token, so that a new one may be accepted."""
    if not (response.is_client_error and response.is_zoom_error) or _lacks_scope(response):
        return False
    return response.status == HTTPStatus.UNAUTHORIZED or response.code in TOKEN_CODES


def refused_error(call: ApiCall, response: HttpResponse) -> RefusedError:
    """Return the error of a 4xx with Zoom's error body."""
    if _lacks_scope(response):
        return _scopes_missing(call, response)
    if is_token_refused(response):
        diagnostic = Diagnostic(
            code="zoom.token-refused",
            detail=_detail(call, response),
            hint="Create a new ZOOM_ACCESS_TOKEN; with server-to-server OAuth, check that the app is "
            "activated.",
        )
        return AccessError(diagnostic, status=response.status, zoom_code=response.code)
    fields = tuple(
        (excerpt(path, call.secrets), excerpt(message, call.secrets)) for path, message in response.fields
    )
    kind = GoneError if response.code in GONE else RefusedError
    code, hint = _code_and_hint(response)
    diagnostic = Diagnostic(code=code, detail=_detail(call, response, fields), hint=hint)
    return kind(diagnostic, status=response.status, zoom_code=response.code, fields=fields)


def _code_and_hint(response: HttpResponse) -> tuple[str, str]:
    if response.code == CODE_WEBINAR and "webinar" in response.message.casefold():
        return _WEBINAR
    return {**REFUSED, **GONE}.get(response.code or 0, _OTHER)


def limit_error(call: ApiCall, response: HttpResponse, limit: Limit) -> RefusedError:
    """Return the error of a 429 after the last wait.

    An unclear limit counts as the host's daily limit only for a write.
    """
    if limit is Limit.BRIEF or (limit is Limit.UNCLEAR and not call.writes):
        diagnostic = Diagnostic(
            code="zoom.rate-limit",
            detail=_detail(call, response),
            hint="Something else sends on this account; use a smaller --pace, or run again later.",
        )
        return RefusedError(diagnostic, status=response.status, zoom_code=response.code)
    is_account = limit is Limit.ACCOUNT_DAY
    return DailyLimitError(
        Diagnostic(
            code="zoom.daily-limit-account" if is_account else "zoom.daily-limit",
            detail=_detail(call, response),
            hint="Run again after 00:00 UTC; what is left is sent then.",
        ),
        scope="account" if is_account else "host",
        zoom_code=response.code,
    )


def _answer_sentence(call: ApiCall, response: HttpResponse) -> str:
    code = "" if response.code is None else f", code {response.code}"
    message = excerpt(response.message, call.secrets)
    text = f"Zoom answered HTTP {response.status}{code}" + (f": {message}" if message else "")
    return text if text.endswith((".", "…")) else f"{text}."


def _tracking_sentence(call: ApiCall, response: HttpResponse) -> str:
    shown = excerpt(response.tracking_id or "", call.secrets)
    return f" Zoom's tracking id is {shown}." if shown else ""


def _lacks_scope(response: HttpResponse) -> bool:
    return response.code in SCOPE_CODES or bool(_SCOPES.search(response.message))


def _scopes_missing(call: ApiCall, response: HttpResponse) -> AccessError:
    match = _SCOPES.search(response.message)
    scopes = _both_forms(match[1].split(",")) if match else ()
    needed = " or ".join(f"`{excerpt(scope, call.secrets)}`" for scope in scopes[:FIELDS_SHOWN_MAX])
    diagnostic = Diagnostic(
        code="zoom.scopes",
        detail=f"{call.action}: it needs {needed}. Nothing was done." if needed else _detail(call, response),
        hint="Add it under Scopes of the app at marketplace.zoom.us (server-to-server apps take the form "
        "that ends in `:admin`), activate the app again, then run again.",
    )
    return AccessError(diagnostic, status=response.status, zoom_code=response.code)


def _both_forms(scopes: Iterable[str]) -> tuple[str, ...]:
    bases = sorted({scope.strip().removesuffix(":admin") for scope in scopes if scope.strip()})
    return tuple(form for base in bases for form in (f"{base}:admin", base))


def _detail(call: ApiCall, response: HttpResponse, fields: tuple[tuple[str, str], ...] = ()) -> str:
    named = (f"`{excerpt(path)}`: {message}" for path, message in fields[:FIELDS_SHOWN_MAX])
    sentences = (f"{call.action}: {_answer_sentence(call, response)}", *named, "Nothing was done.")
    return " ".join(sentences) + _tracking_sentence(call, response)


UNTRUSTED_STATUSES = frozenset({408, 425, 499})
"""Statuses of a 4xx that is about the connection: the request may have been carried out."""


def response_error(call: ApiCall, response: HttpResponse) -> RemoteError | None:
    """Return the error that `response` means; None if Zoom carried out the request."""
    if response.is_success:
        if not response.code and (response.body is not None or not response.content):
            return None
        problem = "with an error in it" if response.code else "with a body that is not Zoom's"
        return unknown_outcome(call, f"HTTP {response.status}, but {problem}", response)
    if response.is_client_error and response.status not in UNTRUSTED_STATUSES and response.is_zoom_error:
        return refused_error(call, response)
    return unknown_outcome(call, f"the answer was HTTP {response.status}", response)


def never_sent(call: ApiCall, reason: str) -> NeverSentError:
    """Return the error of a request that did not leave this machine."""
    return NeverSentError.of(
        "zoom.unreachable",
        detail=f"{call.action}: {excerpt(reason, call.secrets)}. Nothing was sent.",
        hint="Check the network (and HTTPS_PROXY, NO_PROXY, SSL_CERT_FILE if set), then run again.",
    )


def unknown_outcome(call: ApiCall, reason: str, response: HttpResponse | None = None) -> UnknownOutcomeError:
    """Return the error of a request that was sent, and whose answer does not show its outcome."""
    detail = f"{call.action}: {excerpt(reason, call.secrets)}."
    if response is not None:
        answer = f" {_answer_sentence(call, response)}" if response.is_zoom_error else ""
        detail += f"{answer}{_page_sentence(call, response)}{_tracking_sentence(call, response)}"
    if call.writes:
        return UnknownOutcomeError.of(
            "zoom.unknown-outcome",
            detail=detail,
            hint="It is looked up before it is sent again; run again if this run does not get there.",
        )
    return UnknownOutcomeError.of(
        "zoom.unreadable",
        detail=detail,
        hint="The request changed nothing. Run again; if the error stays, see status.zoom.us.",
    )


TOO_LARGE = "zoom.too-large"


def too_large(call: ApiCall) -> UnknownOutcomeError:
    """Return the error of an answer that was not read to its end, or of a list that has none."""
    return UnknownOutcomeError.of(
        TOO_LARGE,
        detail=f"{call.action}: the answer is larger than anything that Zoom sends, and was not read.",
        hint="Check RECONCILER_API_URL, RECONCILER_AUTH_URL and HTTPS_PROXY: such an answer is not Zoom's. "
        "What was sent is looked up by the next run.",
    )


def _page_sentence(call: ApiCall, response: HttpResponse) -> str:
    # Only pages of a proxy or gateway; a body of Zoom's own may contain secrets that are not known here.
    text = response.content[: 4 * PAGE_CHARACTERS_MAX].decode(errors="replace")
    page = page_words(text, lambda words: redact_answer(words, call.secrets))
    return f" It was {excerpt(page)}." if page else ""
