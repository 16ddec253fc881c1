"""One HTTP exchange, and what its failure means. The only module that knows httpx.

Nothing is sent a second time here, no redirect is followed, and nothing may wait
inside httpx's pool: whoever calls holds one of its `IN_FLIGHT_MAX`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from enum import StrEnum
from typing import TYPE_CHECKING, Any

import httpx

from reconciler.errors.exceptions import SettingsError
from reconciler.ports import IN_FLIGHT_MAX
from reconciler.urls import bracket_ipv6
from reconciler.zoom._errors import never_sent, unknown
from reconciler.zoom._exchange import HttpRequest, HttpResponse, instant_in

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from reconciler.errors.exceptions import RemoteError
    from reconciler.ports import BeforeSend
    from reconciler.zoom._exchange import ApiCall


CONNECT_SECONDS_MAX = 10.0
"""Longest that opening a connection may take: such a failure is known to have sent nothing."""


class SendOutcome(StrEnum):
    """Whether it can have happened."""

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
"""What each failure of httpx says; the nearest class counts. Connections are made before a byte is sent."""

_TELLS_WHY = (httpx.ConnectError, httpx.ProxyError)


class HttpTransport:
    """httpx, bounded: one pool, one total timeout for an exchange."""

    def __init__(
        self,
        *,
        timeout_seconds: float,
        user_agent: str,
        direct_hosts: tuple[str, ...] = (),
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        self.timeout_seconds = timeout_seconds
        self.server_at: datetime | None = None
        """When the last answer that told it was sent, by the clock of who sent it (aware, UTC)."""
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
            raise _unusable_network_settings(error) from error

    async def exchange(
        self, call: ApiCall, message: HttpRequest, before_send: BeforeSend | None = None
    ) -> HttpResponse:
        """Zoom's answer, whatever its status.

        Raises `NeverSentError` or `UnknownOutcomeError`, and what `before_send` raises.
        """
        departure = SendGuard(before_send)
        try:
            request = self._http.build_request(
                message.method,
                message.url,
                headers=message.headers,
                content=message.content,
                extensions={"trace": departure.watch},
            )
            departure.look()
            async with asyncio.timeout(self.timeout_seconds):
                response = await self._http.send(request)
        except Exception as error:  # noqa: BLE001 - no bug may leave a lease without its next renewal
            if departure.refusal is not None:
                raise departure.refusal from None
            raise to_error(call, error) from _shown(error)
        self.server_at = instant_in(response.headers) or self.server_at
        return HttpResponse.of(response.status_code, response.headers, response.content)

    async def close(self) -> None:
        """Close every connection."""
        await self._http.aclose()


class SendGuard:
    """The moment a request leaves.

    `before_send` has its say before httpx gets the request, and again, where a
    connection had to be opened first (which may take seconds), before the first byte.
    Only the second look hangs on httpcore's event names; no outcome does.
    """

    def __init__(self, before_send: BeforeSend | None) -> None:
        self._before_send = before_send
        self._opened = False
        self.refusal: Exception | None = None

    def look(self) -> None:
        """Ask `before_send`; what it raises is kept, to pass through whatever httpx makes of it."""
        if self._before_send is None:
            return
        try:
            self._before_send()
        except Exception as refusal:
            self.refusal = refusal
            raise

    async def watch(self, event: str, facts: Mapping[str, Any]) -> None:
        """The hook for httpcore's trace events."""
        if event.startswith("connection.connect_"):
            self._opened = True
        elif self._opened and _is_first_byte(event, facts):
            self.look()


def to_error(call: ApiCall, error: Exception) -> RemoteError:
    """The error of ours that `error` is: the nearest class in `FATES` decides."""
    fate, reason = next(SEND_OUTCOMES[kind] for kind in type(error).__mro__ if kind in SEND_OUTCOMES)
    if isinstance(error, _TELLS_WHY) and str(error):
        reason = f"{reason} ({error})"
    return never_sent(call, reason) if fate is SendOutcome.NEVER_SENT else unknown(call, reason)


def _is_first_byte(event: str, facts: Mapping[str, Any]) -> bool:
    # A proxy's CONNECT comes first, in events of its own.
    return event == "http11.send_request_headers.started" and facts["request"].method != b"CONNECT"


def _shown(error: Exception) -> Exception | None:
    # h11 quotes the header it does not like, and that header may be the token.
    return None if isinstance(error, httpx.LocalProtocolError) else error


def _unusable_network_settings(error: Exception) -> SettingsError:
    return SettingsError.of(
        "settings.network",
        detail=f"One of HTTPS_PROXY, HTTP_PROXY, ALL_PROXY, SSL_CERT_FILE and SSL_CERT_DIR "
        f"gave a {type(error).__name__}. Nothing was sent.",
        hint="A proxy is written http://HOST:PORT (for socks5://, install httpx[socks]); "
        "the certificate files must exist.",
    )


AsgiApp = Callable[[Any, Any, Any], Awaitable[None]]


def transport_to(app: AsgiApp) -> httpx.AsyncBaseTransport:
    """A transport that hands each request to `app`; what the app raises is a broken connection."""
    return httpx.ASGITransport(app=app)
