"""Sends one HTTP request over httpx; the error of a failure says whether the request was sent.

Nothing is sent a second time here, and no redirect is followed. No request waits inside httpx's pool,
since callers send at most `IN_FLIGHT_MAX` at a time.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from enum import StrEnum
from typing import TYPE_CHECKING, Any

import httpx

from reconciler.errors.network import unusable_network_settings
from reconciler.ports import IN_FLIGHT_MAX
from reconciler.urls import bracket_ipv6
from reconciler.zoom._errors import never_sent, unknown_outcome
from reconciler.zoom._exchange import HttpRequest, HttpResponse, zoom_time_in

if TYPE_CHECKING:
    from collections.abc import Mapping

    from reconciler.errors.exceptions import RemoteError
    from reconciler.ports import BeforeSend
    from reconciler.zoom._exchange import ApiCall
    from reconciler.zoom.clock import ZoomClock


CONNECT_SECONDS_MAX = 10.0
"""Longest that opening a connection may take: such a failure is known to have sent nothing."""


class SendOutcome(StrEnum):
    """Outcome of a request without an answer."""

    NEVER_SENT = "never sent"
    UNKNOWN = "unknown"


SEND_OUTCOMES: dict[type[Exception], tuple[SendOutcome, str]] = {
    httpx.InvalidURL: (SendOutcome.NEVER_SENT, "the address is not a URL"),
    httpx.UnsupportedProtocol: (SendOutcome.NEVER_SENT, "the address has an unknown scheme"),
    httpx.LocalProtocolError: (SendOutcome.NEVER_SENT, "the request is not valid HTTP"),
    httpx.ConnectError: (SendOutcome.NEVER_SENT, "no connection could be made"),
    httpx.ConnectTimeout: (SendOutcome.NEVER_SENT, "no connection could be made in time"),
    httpx.PoolTimeout: (SendOutcome.NEVER_SENT, "no connection became free"),
    httpx.ProxyError: (SendOutcome.NEVER_SENT, "the proxy did not let it through"),
    httpx.ReadTimeout: (SendOutcome.UNKNOWN, "no answer came in time"),
    httpx.WriteTimeout: (SendOutcome.UNKNOWN, "it could not be sent whole in time"),
    httpx.ReadError: (SendOutcome.UNKNOWN, "the connection broke before the answer"),
    httpx.WriteError: (SendOutcome.UNKNOWN, "the connection broke while it was sent"),
    httpx.CloseError: (SendOutcome.UNKNOWN, "the connection did not close properly"),
    httpx.RemoteProtocolError: (SendOutcome.UNKNOWN, "the connection ended without a whole answer"),
    httpx.DecodingError: (SendOutcome.UNKNOWN, "the answer cannot be decoded"),
    httpx.TooManyRedirects: (SendOutcome.UNKNOWN, "the answer was one redirect after another"),
    httpx.TimeoutException: (SendOutcome.UNKNOWN, "no answer came in time"),
    httpx.NetworkError: (SendOutcome.UNKNOWN, "the network failed"),
    httpx.ProtocolError: (SendOutcome.UNKNOWN, "the answer was not valid HTTP"),
    httpx.TransportError: (SendOutcome.UNKNOWN, "the connection failed"),
    httpx.RequestError: (SendOutcome.UNKNOWN, "the request failed"),
    TimeoutError: (SendOutcome.UNKNOWN, "no answer came in time"),
    OSError: (SendOutcome.UNKNOWN, "the network failed"),
    Exception: (SendOutcome.UNKNOWN, "the request failed"),
}
"""Outcome and reason for each error of httpx; the nearest class counts.

A connection is made before the first byte of a request is sent.
"""

_WITH_REASON = (httpx.ConnectError, httpx.ProxyError)


class HttpTransport:
    """An httpx client with one pool, and one total timeout for a request and its response.

    `clock` is the one that answers set, if there is one.
    """

    def __init__(
        self,
        *,
        timeout_seconds: float,
        user_agent: str,
        direct_hosts: tuple[str, ...] = (),
        transport: httpx.AsyncBaseTransport | None = None,
        clock: ZoomClock | None = None,
    ) -> None:
        self.timeout_seconds = timeout_seconds
        self._clock = clock
        connect_seconds = min(CONNECT_SECONDS_MAX, timeout_seconds)
        try:
            self._http = httpx.AsyncClient(
                headers={"User-Agent": user_agent, "Accept": "application/json"},
                timeout=httpx.Timeout(timeout_seconds, connect=connect_seconds, pool=connect_seconds),
                limits=httpx.Limits(max_connections=IN_FLIGHT_MAX, max_keepalive_connections=IN_FLIGHT_MAX),
                mounts={f"all://{bracket_ipv6(host)}": None for host in direct_hosts},
                transport=transport,
                trust_env=True,
                follow_redirects=False,
            )
        except (ImportError, ValueError, OSError, httpx.InvalidURL) as error:
            raise unusable_network_settings(error) from error

    async def send(
        self, call: ApiCall, request: HttpRequest, before_send: BeforeSend | None = None
    ) -> HttpResponse:
        """Send one request and return the response, whatever its status.

        Raises `NeverSentError` or `UnknownOutcomeError`, and what `before_send` raises.
        """
        guard = SendGuard(before_send)
        try:
            httpx_request = self._http.build_request(
                request.method,
                request.url,
                headers=request.headers,
                content=request.content,
                extensions={"trace": guard.on_event},
            )
            guard.check()
            departure = self._clock.depart() if self._clock else None
            async with asyncio.timeout(self.timeout_seconds):
                response = await self._http.send(httpx_request)
        except Exception as error:  # noqa: BLE001 - the outcome of the request must be known after any error
            if guard.refusal is not None:
                raise guard.refusal from None
            # h11 quotes the header that it rejects, and that header may be the token.
            cause = None if isinstance(error, httpx.LocalProtocolError) else error
            raise transport_error(call, error) from cause
        answer = HttpResponse.of(response.status_code, response.headers, response.content)
        if self._clock and departure and (zoom_at := zoom_time_in(answer)):
            self._clock.arrive(departure, zoom_at)
        return answer

    async def close(self) -> None:
        """Close every connection."""
        await self._http.aclose()


class SendGuard:
    """Calls `before_send` right before a request is sent.

    It is called before httpx gets the request, and again before the first byte if a
    connection had to be opened first, which may take seconds.
    Only the second call depends on httpcore's event names, never whether a failure counts as sent.
    """

    def __init__(self, before_send: BeforeSend | None) -> None:
        self._before_send = before_send
        self._has_connected = False
        self.refusal: Exception | None = None

    def check(self) -> None:
        """Call `before_send`; keep its exception, since httpx may wrap it."""
        if self._before_send is None:
            return
        try:
            self._before_send()
        except Exception as refusal:
            self.refusal = refusal
            raise

    async def on_event(self, event: str, info: Mapping[str, Any]) -> None:
        """Handle one of httpcore's trace events."""
        if event.startswith("connection.connect_"):
            self._has_connected = True
        elif self._has_connected and _is_first_byte(event, info):
            self.check()


def transport_error(call: ApiCall, error: Exception) -> RemoteError:
    """Return our error for `error`; the nearest class in `SEND_OUTCOMES` decides."""
    outcome, reason = next(SEND_OUTCOMES[kind] for kind in type(error).__mro__ if kind in SEND_OUTCOMES)
    if isinstance(error, _WITH_REASON) and str(error):
        reason = f"{reason} ({error})"
    return never_sent(call, reason) if outcome is SendOutcome.NEVER_SENT else unknown_outcome(call, reason)


def _is_first_byte(event: str, info: Mapping[str, Any]) -> bool:
    # A proxy's CONNECT comes first, in events of its own.
    return event == "http11.send_request_headers.started" and info["request"].method != b"CONNECT"


AsgiApp = Callable[[Any, Any, Any], Awaitable[None]]


def transport_to(app: AsgiApp) -> httpx.AsyncBaseTransport:
    """Return a transport that passes requests to `app`; an exception there is a broken connection."""
    return httpx.ASGITransport(app=app)
