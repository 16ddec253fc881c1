"""Kept-alive connections to the emulator, inside the process, on which chosen responses come twice.

The second response waits on the connection. It is seen there at once, as bytes that nobody asked for; or
late, when the next request has left: then it is taken for the answer to that one, and so on.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import httpx
from simulator.network import Connection, Received

Doubles = Callable[[httpx.Request, httpx.Response], bool]
"""Returns whether a response is sent twice."""


class _Kept(Connection):
    """A connection, and the responses that are on their way on it."""

    def __init__(self) -> None:
        super().__init__(_never)
        self.coming: list[tuple[int, httpx.Headers, bytes]] = []


class DoublingTransport(httpx.AsyncBaseTransport):
    """Passes requests to the emulator; a request without `new_connection` takes a connection that is free."""

    def __init__(self, app: Any, doubles: Doubles, *, late: bool) -> None:
        self._zoom = httpx.ASGITransport(app)
        self._doubles = doubles
        self._late = late
        self._connections: list[_Kept] = []

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Return the first response that comes on the connection of the request."""
        connection = self._take(may_share=not request.extensions["new_connection"])
        try:
            response = await self._zoom.handle_async_request(request)
            content = await response.aread()
        except BaseException:
            await connection.aclose()
            raise
        times = 2 if self._doubles(request, response) else 1
        connection.coming += [(response.status_code, response.headers, content)] * times
        status, headers, content = connection.coming.pop(0)
        connection.is_readable = bool(connection.coming) and not self._late
        extensions = {"network_stream": connection}
        return httpx.Response(
            status, headers=headers, stream=Received(content, connection), extensions=extensions
        )

    def _take(self, *, may_share: bool) -> _Kept:
        if not may_share:
            return _Kept()
        self._connections = [one for one in self._connections if not one.is_closed]
        free = next((one for one in self._connections if not one.is_busy), None)
        if free is None:
            free = _Kept()
            self._connections.append(free)
        free.is_busy = True
        return free


def _never(_kind: str, words: str) -> None:
    raise AssertionError(words)
