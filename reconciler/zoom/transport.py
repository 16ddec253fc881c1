"""Sends one HTTP request over httpx; the error of a failure says whether the request was sent.

A response is read within bounds. A connection is used again only after a clean one: a server or proxy that
sends a response twice leaves the second one on the connection, as if it answered the next request. Where that
one asks for the same, the second response is its answer too; so a repeated content closes the connection.

Nothing is sent a second time here, and no redirect is followed. No request waits inside httpx's pool: each
request in flight has a client of its own. Callers bound their number.
"""

from __future__ import annotations

import asyncio
import zlib
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from enum import StrEnum
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

import httpx

from reconciler.errors.network import unusable_network_settings
from reconciler.urls import bracket_ipv6
from reconciler.zoom._errors import never_sent, too_large, unknown_outcome
from reconciler.zoom._exchange import HttpRequest, HttpResponse, zoom_time_in

if TYPE_CHECKING:
    from collections.abc import Mapping

    from reconciler.errors.exceptions import RemoteError
    from reconciler.zoom._exchange import ApiCall
    from reconciler.zoom.clock import ZoomClock


ANSWER_BYTES_MAX = 16 * 1024 * 1024
"""Most bytes of an answer, before and after decompression."""

ENCODING = "gzip"
"""The compression that is asked for, and the only one that is read."""

_GZIP_WINDOW = 16 + zlib.MAX_WBITS

_PARSER = ("stream", "_stream", "_httpcore_stream", "_stream", "_connection", "_h11_state")
"""From a response of httpx to the parser of its connection; private, so a test checks that it still holds."""

_ENCRYPTED = ("_stream", "_read_bio")
"""From a network stream to what was received and not decrypted yet; private as well."""

CONNECT_SECONDS_MAX = 10.0
"""Longest that opening a connection may take: such a failure is known to have sent nothing."""


class TooLargeError(Exception):
    """The answer is larger than `ANSWER_BYTES_MAX`."""


class EncodingError(Exception):
    """The answer cannot be decompressed."""


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
    EncodingError: (SendOutcome.UNKNOWN, "the answer cannot be decoded"),
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

NEW_CONNECTION = "new_connection"
"""The extension of a request that a transport of a test reads; httpx ignores it."""

_WITH_REASON = (httpx.ConnectError, httpx.ProxyError)


class _NoCookies(httpx.Cookies):
    """Cookies of which none is kept, and none is sent: a request says nothing about another one's answer."""

    def extract_cookies(self, response: httpx.Response) -> None:
        """Do nothing."""


_NO_COOKIES = _NoCookies()


class _Client(httpx.AsyncClient):
    """A client without cookies; looking for one in each answer costs a twentieth of an apply."""

    @property
    def cookies(self) -> httpx.Cookies:
        """None, ever."""
        return _NO_COOKIES

    @cookies.setter
    def cookies(self, _: object) -> None:
        """Do nothing: httpx's own client can be given cookies, this one none."""


class HttpTransport:
    """Clients of httpx with a connection each, and one total timeout for a request and its response.

    Twice for each request httpcore looks at every connection of its pool, so that one pool for all of them
    took a tenth of an apply. `clock` is the one that answers set, if there is one.
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
        self._headers = {
            "User-Agent": user_agent,
            "Accept": "application/json",
            "Accept-Encoding": ENCODING,
            "Connection": "keep-alive",
        }
        self._timeouts = _timeouts(timeout_seconds)
        self._options: dict[str, Any] = {
            "mounts": {f"all://{bracket_ipv6(host)}": None for host in direct_hosts},
            "transport": transport,
            "trust_env": True,
            "follow_redirects": False,
        }
        try:
            if transport is None:
                self._options["verify"] = httpx.create_ssl_context()
            self._first = self._open(keeps_connection=True)
        except (ImportError, ValueError, OSError, httpx.InvalidURL) as error:
            raise unusable_network_settings(error) from error
        self._last_content: WeakKeyDictionary[Any, int] = WeakKeyDictionary()
        """The hash of the last content, not an empty one, that came on each connection."""
        self._clients = [self._first]
        self._idle = [self._first]
        """The clients that wait for a request, the one that was used last at the end."""
        self._idle_one_time: list[httpx.AsyncClient] = []
        """The same of those whose connections serve one request each."""

    async def send(
        self, call: ApiCall, request: HttpRequest, before_send: Callable[[], None] | None = None
    ) -> HttpResponse:
        """Send one request and return the response, whatever its status.

        Raises `NeverSentError` or `UnknownOutcomeError`, and what `before_send` raises.
        """
        guard = SendGuard(before_send)
        try:
            httpx_request = httpx.Request(
                request.method,
                request.url,
                headers={**self._headers, **request.headers},
                content=request.content,
                extensions={
                    "timeout": self._timeouts,
                    **({"trace": guard.on_event} if before_send else {}),
                    NEW_CONNECTION: request.new_connection,
                },
            )
            guard.check()
            departure = self._clock.depart() if self._clock else None
            async with asyncio.timeout(self.timeout_seconds):
                response = await self._exchange(request, httpx_request)
        except Exception as error:  # noqa: BLE001 - the outcome of the request must be known after any error
            if guard.refusal is not None:
                raise guard.refusal from None
            if isinstance(error, TooLargeError):
                raise too_large(call) from None
            # h11 quotes the header that it rejects, and that header may be the token.
            cause = None if isinstance(error, httpx.LocalProtocolError) else error
            raise transport_error(call, error) from cause
        if self._clock and departure and (zoom_at := zoom_time_in(response)):
            self._clock.arrive(departure, zoom_at)
        return response

    async def close(self) -> None:
        """Close every connection."""
        for client in tuple(self._clients):
            await client.aclose()

    async def _exchange(self, request: HttpRequest, httpx_request: httpx.Request) -> HttpResponse:
        async with self._client(new_connection=request.new_connection) as client:
            answered = await client.send(httpx_request, stream=True)
            may_keep = False
            try:
                content = await _read_content(answered)
                response = HttpResponse.of(answered.status_code, answered.headers, content)
                # An empty content names nothing: who awaits one asks for a connection of its own.
                is_repeated = content != b"" and self._swap_last_content(answered, content) == hash(content)
                may_keep = not is_repeated and response.is_success and request.is_answer(response)
            finally:
                await _release(answered, may_keep=may_keep)
        return response

    def _swap_last_content(self, answered: httpx.Response, content: bytes) -> int | None:
        """Keep the hash of `content` as the last of its connection, and return the one before, or None."""
        connection = answered.extensions.get("network_stream")
        if connection is None:
            return None
        last, self._last_content[connection] = self._last_content.get(connection), hash(content)
        return last

    @asynccontextmanager
    async def _client(self, *, new_connection: bool) -> AsyncIterator[httpx.AsyncClient]:
        """Give an idle client, or a new one, for one request; one whose request failed is not used again."""
        idle = self._idle_one_time if new_connection else self._idle
        if not idle:
            self._clients.append(self._open(keeps_connection=not new_connection))
        client = idle.pop() if idle else self._clients[-1]
        try:
            yield client
        except BaseException:  # its pool may keep the connection, as after TLS that failed at a proxy
            self._clients.remove(client)
            await client.aclose()
            raise
        idle.append(client)

    def _open(self, *, keeps_connection: bool) -> httpx.AsyncClient:
        limits = httpx.Limits(max_connections=1, max_keepalive_connections=int(keeps_connection))
        return _Client(**self._options, limits=limits)


def _timeouts(seconds: float) -> dict[str, float | None]:
    connect_seconds = min(CONNECT_SECONDS_MAX, seconds)
    # The total timeout began earlier than those of a read or a write, which would never end anything.
    return {"connect": connect_seconds, "pool": connect_seconds, "read": None, "write": None}


async def _read_content(response: httpx.Response) -> bytes:
    """Return the body, decompressed. Raises `TooLargeError`, `EncodingError`, and what httpx raises."""
    if response.is_stream_consumed:  # a transport of a test that had it in memory
        return _bounded(response.content)
    decode = _decoder(response.headers.get("content-encoding", ""))
    content, received = bytearray(), 0
    async for chunk in response.aiter_raw():
        received += len(chunk)
        if received > ANSWER_BYTES_MAX:
            raise TooLargeError
        content += decode(chunk, ANSWER_BYTES_MAX + 1 - len(content))
        _bounded(content)
    return bytes(content)


def _bounded(content: bytes | bytearray) -> bytes:
    if len(content) > ANSWER_BYTES_MAX:
        raise TooLargeError
    return bytes(content) if isinstance(content, bytearray) else content


def _decoder(encoding: str) -> Callable[[bytes, int], bytes]:
    """Return the function that decompresses a chunk, up to a number of bytes."""
    if encoding.strip().lower() in {"", "identity"}:
        return lambda chunk, _: chunk
    if encoding.strip().lower() not in {ENCODING, "x-gzip"}:
        raise EncodingError(f"encoding {encoding[:20]!r}")
    unzip = zlib.decompressobj(_GZIP_WINDOW)

    def decode(chunk: bytes, bytes_max: int) -> bytes:
        try:
            return unzip.decompress(chunk, bytes_max)
        except zlib.error as error:
            raise EncodingError(str(error)) from error

    return decode


async def _release(response: httpx.Response, *, may_keep: bool) -> None:
    """Give the connection back, or close it unless it may be kept and nothing more was received on it."""
    stream = response.extensions.get("network_stream")
    if stream is not None and not (may_keep and _is_drained(response, stream)):
        await stream.aclose()
    await response.aclose()


def _is_drained(response: httpx.Response, stream: Any) -> bool:
    """Return whether nothing was received after the response; False where that cannot be told."""
    if stream.get_extra_info("is_readable"):
        return False
    encrypted = _follow(stream, _ENCRYPTED)
    tls = stream.get_extra_info("ssl_object")
    if tls is not None and (encrypted is None or encrypted.pending or tls.pending()):
        return False
    parser = _follow(response, _PARSER)
    return parser is not None and not parser.trailing_data[0]


def _follow(start: Any, names: tuple[str, ...]) -> Any:
    for name in names:
        start = getattr(start, name, None)
    return start


class SendGuard:
    """Calls `before_send` right before a request is sent.

    It is called before httpx gets the request, and again before the first byte if a
    connection had to be opened first, which may take seconds.
    Only the second call depends on httpcore's event names, never whether a failure counts as sent.
    """

    def __init__(self, before_send: Callable[[], None] | None) -> None:
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
