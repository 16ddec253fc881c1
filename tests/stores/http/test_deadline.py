"""One request has a total time, whatever drips: real connections, and fractions of a second."""

from __future__ import annotations

import subprocess
import threading
import time
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ssl import PROTOCOL_TLS_SERVER, SSLContext
from typing import TYPE_CHECKING

import pytest

from reconciler.stores.errors import UnansweredError
from reconciler.stores.http._endpoints import Endpoints
from reconciler.stores.http.transport import HttpTransport

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

HEAD = b"HTTP/1.1 200 OK\r\n"
DRIPS = {
    "before the status": b"",
    "within the headers": HEAD + b"X-Long: ",
    "within the body": HEAD + b"Content-Length: 100000\r\n\r\n",
}


@contextmanager
def dripping(begin: bytes, tls: SSLContext | None = None) -> Iterator[str]:
    """The address of a server that answers with `begin`, then with a byte each hundredth of a second."""
    ended = threading.Event()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            try:
                self.wfile.write(begin)
                while not ended.wait(0.01):
                    self.wfile.write(b"1")
            except OSError:
                pass

        do_POST = do_GET  # noqa: N815 - the library's name

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        if tls is not None:
            server.socket = tls.wrap_socket(server.socket, server_side=True)
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            host = "http://127.0.0.1" if tls is None else "https://localhost"
            yield f"{host}:{server.server_port}/state"
        finally:
            ended.set()
            server.shutdown()
            thread.join()


@pytest.mark.parametrize("where", DRIPS)
def test_a_response_that_drips_is_given_up(where: str) -> None:
    """The outcome of a write is unknown then, as after a broken connection."""
    with dripping(DRIPS[where]) as address:
        endpoints = Endpoints.of(address, {})
        transport = HttpTransport(endpoints, call_seconds_max=0.2)
        with pytest.raises(UnansweredError) as error:
            transport.send(endpoints.update, b"{}")

    assert error.value.diagnostic.detail == f"{address}: no whole response within 0 s."


def test_a_response_in_time_is_read() -> None:
    with dripping(HEAD + b"Content-Length: 3\r\n\r\n") as address:
        endpoints = Endpoints.of(address, {})
        response = HttpTransport(endpoints, call_seconds_max=60.0).send(endpoints.read)

    assert (response.status, response.body) == (200, b"111")


def test_a_response_that_drips_over_tls_ends(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """TLS takes the descriptor away from the socket that was opened."""
    made = (
        "openssl req -x509 -nodes -newkey rsa:2048 -days 2 -subj /CN=localhost -keyout key.pem -out one.pem"
    )
    subject = "-addext subjectAltName=DNS:localhost"
    subprocess.run([*made.split(), *subject.split()], cwd=tmp_path, check=True, capture_output=True)
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "one.pem"))
    context = SSLContext(PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "one.pem", tmp_path / "key.pem")
    with dripping(DRIPS["within the body"], context) as address:
        endpoints = Endpoints.of(address, {})
        begun = time.monotonic()
        with pytest.raises(UnansweredError):
            HttpTransport(endpoints, call_seconds_max=0.3).send(endpoints.update, b"{}")

    assert time.monotonic() - begun < 20
