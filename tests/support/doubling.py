"""A server in front of the emulator that sends chosen responses twice on a kept-alive connection."""

from __future__ import annotations

import asyncio
import socketserver
import threading
from collections.abc import Callable
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

import httpx

if TYPE_CHECKING:
    from collections.abc import Iterator

Doubles = Callable[[str, str, int], bool]
"""Returns whether the response to a request (method, path, status of the response) is sent twice."""


class DoublingServer:
    """Passes requests on to an ASGI application, and counts its connections.

    With `late`, the second response is sent once the next request has come, as its answer, so that all
    further answers of that connection belong to an earlier request. Otherwise it follows at once.
    """

    def __init__(self, app: Any, doubles: Doubles, *, late: bool) -> None:
        self.connections = 0
        self.doubled: list[str] = []
        self._transport = httpx.ASGITransport(app)
        self._doubles = doubles
        self._late = late
        self._lock = threading.Lock()

    def serve(self, stream: Any, output: Any) -> None:
        """Answer the requests of one connection until the client closes it."""
        with self._lock:
            self.connections += 1
        waiting: list[bytes] = []
        while (request := _read(stream)) is not None:
            response = self._pass_on(request)
            waiting += [response]
            if self._doubles(request.method, request.url.path, int(response.split(b" ", 2)[1])):
                self.doubled.append(f"{request.method} {request.url.path}")
                waiting += [response]
            sent = waiting[:1] if self._late else waiting
            output.write(b"".join(sent))
            del waiting[: len(sent)]

    def _pass_on(self, request: httpx.Request) -> bytes:
        with self._lock:
            return asyncio.run(self._ask(request))

    async def _ask(self, request: httpx.Request) -> bytes:
        response = await self._transport.handle_async_request(request)
        content = await response.aread()
        kept = {name: value for name, value in response.headers.items() if name != "content-length"}
        if response.status_code != 204:
            kept["content-length"] = str(len(content))
        head = "".join(f"{name}: {value}\r\n" for name, value in kept.items())
        return f"HTTP/1.1 {response.status_code} Any\r\n{head}\r\n".encode() + content


def _read(stream: Any) -> httpx.Request | None:
    line = stream.readline().decode()
    if not line.strip():
        return None
    method, target, _ = line.split()
    headers: dict[str, str] = {}
    while header := stream.readline().decode().strip():
        name, _, value = header.partition(":")
        headers[name.lower()] = value.strip()
    content = stream.read(int(headers.get("content-length", 0)))
    return httpx.Request(method, f"http://{headers['host']}{target}", headers=headers, content=content)


@contextmanager
def doubling(app: Any, doubles: Doubles, *, late: bool) -> Iterator[tuple[DoublingServer, str]]:
    """Yield the server and its address."""
    server = DoublingServer(app, doubles, late=late)

    class Handler(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            with suppress(OSError):  # the client closed the connection
                server.serve(self.rfile, self.wfile)

    class Server(socketserver.ThreadingTCPServer):
        daemon_threads = True
        block_on_close = False
        request_queue_size = 64

    with Server(("127.0.0.1", 0), Handler) as listening:
        thread = threading.Thread(target=listening.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        try:
            yield server, f"http://127.0.0.1:{listening.server_address[1]}"
        finally:
            listening.shutdown()
            thread.join()
