"""Answers are read within bounds, and a connection is kept only after a clean one."""

import asyncio
import gzip
import ssl
import subprocess
import tracemalloc
from pathlib import Path
from typing import Any

import httpx
import pytest
from msgspec.structs import replace
from socket_server import serving_at

from reconciler.errors.exceptions import RemoteError, UnknownOutcomeError
from reconciler.zoom._exchange import DEPTH_MAX, ApiCall, HttpRequest, HttpResponse, Label
from reconciler.zoom.transport import ANSWER_BYTES_MAX, HttpTransport

READ = ApiCall("Reading meeting 7", Label.LIGHT)
WRITE = replace(READ, writes=True)


def response(content: bytes, status: int = 200, **headers: str) -> bytes:
    named = {
        "content-length": str(len(content)),
        **{name.replace("_", "-"): to for name, to in headers.items()},
    }
    head = "".join(f"{name}: {value}\r\n" for name, value in named.items())
    return f"HTTP/1.1 {status} Any\r\n{head}\r\n".encode() + content


class Server:
    """Answers the n-th request of all connections with the n-th of `answers`; the last one is repeated."""

    def __init__(self, *answers: bytes) -> None:
        self.connections = 0
        self.requests = 0
        self._answers = answers

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve one connection."""
        self.connections += 1
        while await reader.readuntil(b"\r\n\r\n"):
            answer = self._answers[min(self.requests, len(self._answers) - 1)]
            self.requests += 1
            writer.write(answer)
            await writer.drain()

    def send(self, *requests: HttpRequest, tls: ssl.SSLContext | None = None) -> list[HttpResponse]:
        """Return the responses to `requests`, sent one after another; a path is enough of an address."""
        return asyncio.run(self._send(requests, tls))

    async def _send(
        self, requests: tuple[HttpRequest, ...], tls: ssl.SSLContext | None
    ) -> list[HttpResponse]:
        client = HttpTransport(timeout_seconds=20.0, user_agent="test", direct_hosts=("127.0.0.1",))
        async with serving_at(self.serve, tls=tls) as address:
            try:
                return [
                    await client.send(READ, replace(request, url=f"{address}{request.url}"))
                    for request in requests
                ]
            finally:
                await client.close()


def get(path: str = "/", **options: Any) -> HttpRequest:
    return HttpRequest("GET", path, **options)


def failed(*answers: bytes) -> RemoteError:
    with pytest.raises(RemoteError) as caught:
        Server(*answers).send(get())
    return caught.value


# Bounds

BLANKS = b" " * (ANSWER_BYTES_MAX - 2)


@pytest.mark.parametrize("zipped", [False, True])
def test_an_answer_of_16_mib_is_read(*, zipped: bool) -> None:
    whole = b"{" + BLANKS + b"}"
    sent = response(gzip.compress(whole, 1), content_encoding="gzip") if zipped else response(whole)

    [answer] = Server(sent).send(get())

    assert (answer.body, len(answer.content)) == ({}, ANSWER_BYTES_MAX)


@pytest.mark.parametrize("zipped", [False, True])
def test_a_larger_answer_is_not(*, zipped: bool) -> None:
    larger = b"{ " + BLANKS + b"}"

    error = failed(
        response(gzip.compress(larger, 1), content_encoding="gzip") if zipped else response(larger)
    )

    assert (type(error), error.diagnostic.code) == (UnknownOutcomeError, "zoom.too-large")


@pytest.mark.no_cover
def test_an_answer_without_an_end_costs_no_more_memory_than_the_bound() -> None:
    """600 MB in 600 KB of gzip; and chunks that never end."""
    unzipped = gzip.compress(bytes(200_000_000), 9)
    endless = (
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n"
        + (b"10000\r\n" + bytes(65536) + b"\r\n") * 300
    )
    tracemalloc.start()

    codes = [
        failed(response(unzipped, content_encoding="gzip")).diagnostic.code,
        failed(endless).diagnostic.code,
    ]
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()

    assert codes == ["zoom.too-large"] * 2
    assert peak < 5 * ANSWER_BYTES_MAX


@pytest.mark.parametrize("encoding", ["br", "gzip, gzip", "deflate", "zstd"])
def test_only_gzip_is_read(encoding: str) -> None:
    assert type(failed(response(b"{}", content_encoding=encoding))) is UnknownOutcomeError


def test_headers_without_an_end_are_no_answer() -> None:
    assert type(failed(b"HTTP/1.1 200 OK\r\n" + b"x: y\r\n" * 200_000)) is UnknownOutcomeError


@pytest.mark.parametrize(("depth", "is_read"), [(DEPTH_MAX, True), (DEPTH_MAX + 1, False), (100_000, False)])
def test_an_answer_of_too_many_levels_is_not_json(depth: int, *, is_read: bool) -> None:
    content = b'{"a":' + b"[" * (depth - 1) + b"]" * (depth - 1) + b"}"

    assert (HttpResponse.of(200, {}, content).body is not None) is is_read


# Connections

ONE, TWO = response(b'{"id":1}'), response(b'{"id":2}')


def test_a_connection_is_kept_after_a_clean_answer() -> None:
    server = Server(ONE, TWO)

    assert [answer.body for answer in server.send(get(), get())] == [{"id": 1}, {"id": 2}]
    assert server.connections == 1


@pytest.mark.parametrize(
    "first",
    [
        ONE + ONE,
        ONE + b"HTTP/1.1 200",
        response(b"{}", 400),
        response(b"{}", 429),
        response(b"{}", 302),
        response(b'{"id":9}'),
    ],
    ids=["twice", "more", "refused", "limited", "redirected", "of another"],
)
def test_it_is_closed_after_any_other(first: bytes) -> None:
    server = Server(first, TWO)

    answers = server.send(get(is_answer=lambda answer: answer.body == {"id": 1}), get())

    assert (answers[1].body, server.connections) == ({"id": 2}, 2)


def test_a_request_can_have_a_connection_of_its_own() -> None:
    server = Server(ONE)

    server.send(get(), get(new_connection=True), get(), get(new_connection=True))

    assert server.connections == 3


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A key and a certificate of 127.0.0.1 in one file."""
    path = tmp_path_factory.mktemp("tls") / "server.pem"
    made = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    named = ["-days", "30", "-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1"]
    subprocess.run([*made, *named, "-keyout", path, "-out", f"{path}.crt"], check=True, capture_output=True)
    path.write_text(path.read_text() + Path(f"{path}.crt").read_text())
    return path


@pytest.mark.parametrize(("first", "connections"), [(ONE, 1), (ONE + ONE, 2)], ids=["once", "twice"])
def test_the_same_holds_under_tls(
    first: bytes, connections: int, certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    tls.load_cert_chain(certificate)
    server = Server(first, TWO)

    assert [answer.body for answer in server.send(get(), get(), tls=tls)] == [{"id": 1}, {"id": 2}]
    assert server.connections == connections


def test_a_transport_without_connections_is_read_as_well() -> None:
    client = HttpTransport(
        timeout_seconds=5.0,
        user_agent="test",
        transport=httpx.MockTransport(lambda _: httpx.Response(200, content=b"{" + BLANKS + b" }")),
    )

    with pytest.raises(UnknownOutcomeError):
        asyncio.run(client.send(WRITE, get("https://api.zoom.us")))
