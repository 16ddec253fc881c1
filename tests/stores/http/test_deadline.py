"""One request has a total time, whatever drips: real connections, and fractions of a second."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

import pytest

from reconciler.stores.errors import UnansweredError
from reconciler.stores.http._endpoints import Endpoints
from reconciler.stores.http.transport import HttpTransport

if TYPE_CHECKING:
    from collections.abc import Iterator

HEAD = b"HTTP/1.1 200 OK\r\n"
DRIPS = {
    "before the status": b"",
    "within the headers": HEAD + b"X-Long: ",
    "within the body": HEAD + b"Content-Length: 100000\r\n\r\n",
}


@contextmanager
def dripping(begin: bytes) -> Iterator[str]:
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
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/state"
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
