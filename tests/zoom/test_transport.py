import asyncio
import itertools
import logging
import time
from collections.abc import Awaitable, Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import anyio
import httpx
import pytest
from manual_clock import ManualClock
from msgspec.structs import replace
from socket_server import Serve, serving_at

from reconciler.errors.exceptions import NeverSentError, RemoteError, SettingsError, UnknownOutcomeError
from reconciler.ports import IN_FLIGHT_MAX
from reconciler.zoom._exchange import ApiCall, HttpRequest, HttpResponse, Label
from reconciler.zoom.clock import ZoomClock
from reconciler.zoom.transport import SEND_OUTCOMES, HttpTransport, SendOutcome, transport_error

CREATE = ApiCall("Creating a meeting for a@example.com", Label.MEDIUM, writes=True, secrets=("token-9",))

PROXY_VARIABLES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY", "SSL_CERT_FILE", "SSL_CERT_DIR")


@pytest.fixture(autouse=True)
def _no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in PROXY_VARIABLES:
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)


def transport(*, timeout_seconds: float = 5.0, **options: Any) -> HttpTransport:
    return HttpTransport(timeout_seconds=timeout_seconds, user_agent="meetings-reconciler/test", **options)


def descendants(kind: type[Exception]) -> Iterator[type[Exception]]:
    yield kind
    for child in kind.__subclasses__():
        yield from descendants(child)


# The table


@pytest.mark.parametrize("kind", [*descendants(httpx.RequestError), httpx.InvalidURL])
def test_every_error_of_httpx_has_an_outcome(kind: type[Exception]) -> None:
    """A class that a newer httpx adds fails here, until its outcome is decided."""
    assert kind in SEND_OUTCOMES


def test_only_these_errors_mean_that_nothing_was_sent() -> None:
    assert {
        kind.__name__ for kind, (outcome, _) in SEND_OUTCOMES.items() if outcome is SendOutcome.NEVER_SENT
    } == {
        "ConnectError",
        "ConnectTimeout",
        "InvalidURL",
        "LocalProtocolError",
        "PoolTimeout",
        "ProxyError",
        "UnsupportedProtocol",
    }


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (ConnectionResetError(), UnknownOutcomeError),
        (anyio.BrokenResourceError(), UnknownOutcomeError),
        (anyio.EndOfStream(), UnknownOutcomeError),
        (TimeoutError(), UnknownOutcomeError),
        (RuntimeError(), UnknownOutcomeError),
        (ExceptionGroup("two", [ValueError(), OSError()]), UnknownOutcomeError),
        (httpx.WriteError("x"), UnknownOutcomeError),
        (httpx.ConnectError("x"), NeverSentError),
    ],
)
def test_any_other_failure_is_unknown(error: Exception, kind: type[RemoteError]) -> None:
    assert type(transport_error(CREATE, error)) is kind


@pytest.mark.parametrize(
    ("error", "detail"),
    [
        (
            httpx.ConnectError("no name"),
            "Creating a meeting for a@example.com: no connection could be made (no name). Nothing was sent.",
        ),
        (
            httpx.LocalProtocolError("Illegal header value b'Bearer token-9'"),
            "Creating a meeting for a@example.com: the request is not valid HTTP. Nothing was sent.",
        ),
        (httpx.ReadTimeout("x"), "Creating a meeting for a@example.com: no answer came in time."),
    ],
)
def test_an_error_names_the_request_and_its_outcome(error: Exception, detail: str) -> None:
    assert transport_error(CREATE, error).diagnostic.detail == detail


# Real sockets


def exchange(
    serve: Serve,
    *,
    before_send: Callable[[], None] | None = None,
    times: int = 1,
    timeout_seconds: float = 5.0,
) -> list[HttpResponse]:
    """Return the responses of `times` requests, one after another, to a server on a free port."""

    async def run() -> list[HttpResponse]:
        client = transport(timeout_seconds=timeout_seconds)
        async with serving_at(serve) as url:
            message = HttpRequest("POST", f"{url}/v2", {"Authorization": "Bearer token-9"}, b"{}")
            try:
                return [await client.send(CREATE, message, before_send) for _ in range(times)]
            finally:
                await client.close()

    return asyncio.run(run())


async def read_request(reader: asyncio.StreamReader) -> bytes:
    head = await reader.readuntil(b"\r\n\r\n")
    return head + await reader.readexactly(2)


def serving(*parts: bytes | None) -> Serve:
    """Reads a request and writes `parts`, then closes; None resets the connection instead."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await read_request(reader)
        for part in parts:
            if part is None:
                writer.transport.abort()
                return
            writer.write(part)
            await writer.drain()

    return serve


async def keep_answering(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    for number in itertools.count(1):
        if not await read_request(reader):
            return
        content = b'{"id":%d}' % number  # a repeated one would close the connection
        writer.write(b"HTTP/1.1 200 OK\r\nX-One: 1\r\nContent-Length: %d\r\n\r\n" % len(content) + content)
        await writer.drain()


async def never_answering(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
    await reader.read()


async def trickling(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await read_request(reader)
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
    while not reader.at_eof():
        writer.write(b" ")
        await asyncio.sleep(0.02)


BROKEN = {
    "closed without an answer": serving(),
    "reset without an answer": serving(None),
    "reset within the head": serving(b"HTTP/1.1 200 OK\r\nContent-Le", None),
    "reset within the body": serving(b'HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{"id"', None),
    "closed within the body": serving(b'HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{"id"'),
    "not HTTP": serving(b"220 smtp.example.com ESMTP\r\n"),
    "wrong encoding": serving(b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 2\r\n\r\n{}"),
    "silent": never_answering,
    "one byte at a time": trickling,
}


@pytest.mark.parametrize("serve", BROKEN.values(), ids=BROKEN.keys())
def test_whatever_breaks_after_the_request_was_sent_is_unknown(serve: Serve) -> None:
    """The total timeout also ends an answer that comes one byte at a time."""
    with pytest.raises(UnknownOutcomeError):
        exchange(serve, timeout_seconds=0.3)


def test_an_answer_is_a_plain_value() -> None:
    [response] = exchange(keep_answering)

    assert (response.status, response.body, response.headers["x-one"]) == (200, {"id": 1}, "1")


@pytest.mark.parametrize(
    ("date", "server_at"),
    [
        ("Tue, 01 Dec 2026 08:00:00 GMT", datetime(2026, 12, 1, 8, tzinfo=UTC)),
        ("Tue, 01 Dec 2026 08:00:00 -0000", datetime(2026, 12, 1, 8, tzinfo=UTC)),
        ("Tue, 01 Dec 2026 08:00:00", datetime(2026, 12, 1, 8, tzinfo=UTC)),
        ("Fri, 31 Dec 9999 23:59:59 -1200", None),
        (f"Tue, {'9' * 20} Dec 2026 08:00:00 GMT", None),
        ("today", None),
        (None, None),
    ],
)
def test_a_date_that_is_no_time_does_not_lose_the_answer(
    date: str | None, server_at: datetime | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A date without an offset is in UTC, whatever the zone of this machine."""
    headers = {} if date is None else {"Date": date}
    clock = ZoomClock(ManualClock())
    answering = httpx.MockTransport(lambda _: httpx.Response(200, headers=headers))
    client = transport(transport=answering, clock=clock)
    monkeypatch.setenv("TZ", "America/New_York")
    time.tzset()

    try:
        response = asyncio.run(client.send(CREATE, HttpRequest("POST", "https://api.zoom.us")))
    finally:
        monkeypatch.undo()
        time.tzset()

    assert (response.status, clock.is_measured) == (200, server_at is not None)
    assert server_at is None or clock.now() == server_at + timedelta(seconds=0.5)


def test_no_connection_means_never_sent() -> None:
    async def run() -> None:
        async with serving_at(keep_answering) as url:
            pass
        await transport().send(CREATE, HttpRequest("POST", url))

    with pytest.raises(NeverSentError) as caught:
        asyncio.run(run())

    assert caught.value.diagnostic.code == "zoom.unreachable"


@pytest.mark.parametrize("url", ["http://127.0.0.1:port", "gopher://127.0.0.1", "http://"])
def test_a_request_to_an_invalid_address_is_never_sent(url: str) -> None:
    with pytest.raises(NeverSentError):
        asyncio.run(transport().send(CREATE, HttpRequest("GET", url)))


def test_an_invalid_header_is_never_sent_and_not_shown() -> None:
    async def run() -> None:
        async with serving_at(keep_answering) as url:
            await transport().send(CREATE, HttpRequest("GET", url, {"Authorization": "Bearer token-9\n"}))

    with pytest.raises(NeverSentError) as caught:
        asyncio.run(run())

    assert "token-9" not in str(caught.value)
    assert (caught.value.__cause__, caught.value.__suppress_context__) == (None, True)


def test_a_proxy_that_refuses_means_never_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    """Proxies are taken from the environment, as httpx does; a refused CONNECT sends no request."""
    received: list[bytes] = []

    async def proxy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        received.append(await reader.readuntil(b"\r\n\r\n"))
        writer.write(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n")

    async def run() -> None:
        async with serving_at(proxy) as url:
            monkeypatch.setenv("HTTPS_PROXY", url)
            message = HttpRequest(
                "POST", "https://api.zoom.us/v2", {"Authorization": "Bearer token-9"}, b"{}"
            )
            await transport().send(CREATE, message)

    with pytest.raises(NeverSentError) as caught:
        asyncio.run(run())

    assert "the proxy did not let it through (403 Forbidden)" in caught.value.diagnostic.detail
    assert [head.split(b"\r\n")[0] for head in received] == [b"CONNECT api.zoom.us:443 HTTP/1.1"]
    assert b"token-9" not in b"".join(received)


@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
def test_a_proxy_never_sees_what_goes_to_the_loopback(monkeypatch: pytest.MonkeyPatch, host: str) -> None:
    """Plain http to this machine would give the token to the proxy."""
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")

    async def run() -> HttpResponse:
        client = transport(direct_hosts=(host,))
        async with serving_at(keep_answering, host) as url:
            try:
                return await client.send(CREATE, HttpRequest("POST", url, content=b"{}"))
            finally:
                await client.close()

    assert asyncio.run(run()).body == {"id": 1}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("ALL_PROXY", "socks5://hunter2@127.0.0.1:1"),
        ("HTTPS_PROXY", "gopher://hunter2@127.0.0.1"),
        ("SSL_CERT_FILE", "/no/such/file-hunter2"),
    ],
)
def test_unusable_network_settings_are_reported(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(name, value)

    with pytest.raises(SettingsError) as caught:
        transport()

    assert caught.value.diagnostic.code == "settings.network"
    assert "hunter2" not in str(caught.value)


def test_a_redirect_is_an_answer_and_not_followed() -> None:
    head = b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n"

    [response] = exchange(serving(head))

    assert response.status == 302


def test_cancelling_passes_through() -> None:
    """The engine, not the client, decides what a cancelled request means."""

    async def hang(_: httpx.Request) -> httpx.Response:
        await asyncio.Event().wait()
        raise AssertionError

    async def run() -> None:
        client = transport(transport=httpx.MockTransport(hang))
        task = asyncio.create_task(client.send(CREATE, HttpRequest("POST", "https://zoom.us", content=b"{}")))
        await asyncio.sleep(0.01)
        task.cancel()
        await task

    with pytest.raises(asyncio.CancelledError):
        asyncio.run(run())


# before_send


class _TooLateError(Exception):
    pass


def test_before_send_is_called_again_only_after_a_connection_was_opened() -> None:
    """The first request opens one (two calls); the second uses it (one call)."""
    calls: list[int] = []

    exchange(keep_answering, before_send=lambda: calls.append(1), times=2)

    assert len(calls) == 3


@pytest.mark.parametrize("call", [1, 2])
def test_an_exception_of_before_send_passes_through_and_no_byte_is_sent(call: int) -> None:
    """In the first call, and in the one after the connection was opened."""
    received: list[bytes] = []
    calls: list[int] = []

    async def listen(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
        received.append(await reader.read())

    def too_late() -> None:
        calls.append(1)
        if len(calls) == call:
            raise _TooLateError

    with pytest.raises(_TooLateError):
        exchange(listen, before_send=too_late)

    assert b"".join(received) == b""


def test_a_timeout_of_before_send_is_not_a_timeout_of_zoom() -> None:
    def too_late() -> None:
        raise TimeoutError

    with pytest.raises(TimeoutError):
        exchange(keep_answering, before_send=too_late)


def test_httpcore_still_has_the_event_names_of_the_second_call(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """And at DEBUG the logs of httpx and httpcore hold no token."""
    caplog.set_level(logging.DEBUG)

    exchange(keep_answering)

    assert "connect_tcp.started" in caplog.text
    assert "send_request_headers.started" in caplog.text
    assert "token-9" not in caplog.text


async def connections_of(send: Callable[[HttpTransport, str], Awaitable[None]]) -> int:
    """Return how many connections `send` opens to a server that answers each request."""
    opened: list[int] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        opened.append(1)
        await keep_answering(reader, writer)

    client = transport()
    async with serving_at(serve) as address:
        try:
            await send(client, address)
        finally:
            await client.close()
    return len(opened)


@pytest.mark.parametrize(("new_connection", "opened"), [(False, 1), (True, 3)])
def test_a_connection_is_used_again_unless_a_new_one_is_asked_for(
    opened: int, *, new_connection: bool
) -> None:
    async def send(client: HttpTransport, address: str) -> None:
        message = HttpRequest("POST", address, content=b"{}", new_connection=new_connection)
        for _ in range(3):
            await client.send(CREATE, message)

    assert asyncio.run(connections_of(send)) == opened


def test_requests_in_flight_at_once_have_a_connection_each_that_later_ones_use() -> None:
    async def send(client: HttpTransport, address: str) -> None:
        message = HttpRequest("POST", address, content=b"{}")
        for _ in range(3):
            await asyncio.gather(*(client.send(CREATE, message) for _ in range(4)))

    assert asyncio.run(connections_of(send)) == 4


@pytest.mark.parametrize("is_cancelled", [True, False])
def test_a_request_that_got_no_answer_leaves_its_connection_to_none(*, is_cancelled: bool) -> None:
    """Whether it was cancelled or took too long, the next one is sent on a connection of its own."""
    served: list[int] = []
    has_arrived = asyncio.Event()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        served.append(1)
        has_arrived.set()
        await (never_answering if len(served) == 1 else keep_answering)(reader, writer)

    async def run() -> HttpResponse:
        client = transport(timeout_seconds=30 if is_cancelled else 0.1)
        async with serving_at(serve) as url:
            message = HttpRequest("POST", url, content=b"{}")
            first = asyncio.create_task(client.send(CREATE, message))
            await has_arrived.wait()
            if is_cancelled:
                first.cancel()
            with pytest.raises((UnknownOutcomeError, asyncio.CancelledError)):
                await first
            try:
                return await client.send(CREATE, message)
            finally:
                await client.close()

    assert (asyncio.run(run()).status, len(served)) == (200, 2)


def test_no_request_tells_of_the_cookie_of_an_answer() -> None:
    heads: list[bytes] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            heads.append(await read_request(reader))
            writer.write(b"HTTP/1.1 200 OK\r\nSet-Cookie: a=1; Path=/\r\nContent-Length: 2\r\n\r\n{}")

    async def send(client: HttpTransport, address: str) -> list[HttpResponse]:
        message = HttpRequest("POST", address, content=b"{}")
        return [await client.send(CREATE, message) for _ in range(2)]

    async def run() -> list[HttpResponse]:
        client = transport()
        async with serving_at(serve) as url:
            try:
                return await send(client, url)
            finally:
                await client.close()

    responses = asyncio.run(run())

    assert [response.headers["set-cookie"] for response in responses] == ["a=1; Path=/"] * 2
    assert [head.split(b"\r\n", 2)[0] for head in heads] == [b"POST / HTTP/1.1"] * 2
    assert heads[0] == heads[1]


def test_all_connections_at_once_are_all_served() -> None:
    async def run() -> int:
        client = transport()
        async with serving_at(keep_answering) as url:
            message = HttpRequest("POST", url, content=b"{}")
            responses = await asyncio.gather(*(client.send(CREATE, message) for _ in range(IN_FLIGHT_MAX)))
            await client.close()
        return sum(response.status == 200 for response in responses)

    assert asyncio.run(run()) == IN_FLIGHT_MAX


def answering(*contents: bytes) -> tuple[Serve, list[int]]:
    """Answers one content after another; and how many requests came on each connection."""
    connections: list[int] = []
    left = list(contents)

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connections.append(0)
        while await reader.readuntil(b"\r\n\r\n") and await reader.readexactly(2):
            connections[-1] += 1
            content = left.pop(0)
            head = f"HTTP/1.1 200 OK\r\nContent-Length: {len(content)}\r\n\r\n"
            writer.write(head.encode() + content if content else b"HTTP/1.1 204 No Content\r\n\r\n")

    return answer, connections


def test_a_connection_on_which_a_response_is_repeated_is_not_used_again() -> None:
    """It may be the one before, sent twice: then the answer to the second request is still to come."""
    serve, connections = answering(b'{"id":1}', b'{"id":2}', b'{"id":2}', b'{"id":3}', b'{"id":4}')

    responses = exchange(serve, times=5)

    assert [(response.body or {}).get("id") for response in responses] == [1, 2, 2, 3, 4]
    assert connections == [3, 2]


def test_empty_responses_one_after_another_are_not_repeated_ones() -> None:
    serve, connections = answering(b"", b"", b'{"id":1}', b"", b'{"id":1}', b'{"id":2}')

    responses = exchange(serve, times=6)

    assert [response.content for response in responses][:3] == [b"", b"", b'{"id":1}']
    assert connections == [5, 1]


def test_a_connection_is_not_given_to_another_request_before_its_answer_is_judged() -> None:
    """It is closed then, with whatever has left on it."""
    others: list[asyncio.Task[HttpResponse]] = []

    async def run() -> HttpResponse:
        client = transport()
        async with serving_at(keep_answering) as url:
            message = HttpRequest("POST", f"{url}/v2", content=b"{}")

            def refuse(_response: HttpResponse) -> bool:
                others.append(asyncio.create_task(client.send(CREATE, message)))
                return False

            try:
                await client.send(CREATE, replace(message, is_answer=refuse))
                return await others[0]
            finally:
                await client.close()

    assert asyncio.run(run()).body == {"id": 1}


def test_a_client_whose_tls_failed_at_a_proxy_is_not_used_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """Httpcore keeps that connection for ever: each later request would wait for it, and not leave."""
    opened: list[int] = []

    async def tunnel(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        opened.append(1)
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
        await writer.drain()
        writer.transport.abort()

    async def run() -> list[str]:
        async with serving_at(tunnel) as address:
            monkeypatch.setenv("HTTPS_PROXY", address)
            client = transport(timeout_seconds=1.0)
            message = HttpRequest("POST", "https://api.zoom.us/v2", content=b"{}")
            kinds = []
            for _ in range(3):
                with pytest.raises(RemoteError) as failed:
                    await client.send(CREATE, message)
                kinds.append(type(failed.value).__name__)
            await client.close()
        return kinds

    assert asyncio.run(run()) == ["NeverSentError"] * 3
    assert len(opened) == 3


def test_a_request_that_is_cancelled_at_any_turn_strands_none_after_it() -> None:
    async def refuse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while await reader.readuntil(b"\r\n\r\n") and await reader.readexactly(2):
            writer.write(b"HTTP/1.1 404 No\r\nContent-Length: 2\r\n\r\n{}")

    async def run(turns: int) -> int:
        client = transport(timeout_seconds=1.0)
        async with serving_at(refuse) as url:
            message = HttpRequest("POST", url, content=b"{}")
            first = asyncio.create_task(client.send(CREATE, message))
            for _ in range(turns):
                await asyncio.sleep(0)
            first.cancel()
            await asyncio.gather(first, return_exceptions=True)
            try:
                return (await client.send(CREATE, message)).status
            finally:
                await client.close()

    assert {turns: asyncio.run(run(turns)) for turns in range(40)} == dict.fromkeys(range(40), 404)
