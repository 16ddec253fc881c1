"""A receiver of notices on loopback: what a service of Apprise's `json://` gets."""

from __future__ import annotations

import json
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import TYPE_CHECKING, Any

from msgspec import Struct

if TYPE_CHECKING:
    from collections.abc import Iterator


class Receiver(Struct):
    """What arrived, as (title, lines, level), in order. `status` is what it answers."""

    port: int = 0
    status: int = 200
    notices: list[tuple[str, list[str], str]] = []

    @property
    def address(self) -> str:
        """Its address for Apprise, with a password and a token that nobody may see."""
        return f"json://ana:opensesame@127.0.0.1:{self.port}/hook-token-1234"


@contextmanager
def receiver() -> Iterator[Receiver]:
    """Receive until the block ends."""
    received = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            sent = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            received.notices.append((sent["title"], sent["message"].split("\n"), sent["type"]))
            self.send_response(received.status)
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            """Keep still."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    received.port = server.server_port
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield received
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
