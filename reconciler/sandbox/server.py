"""Serves the emulator on a port, through uvicorn; a cut closes the socket."""

from __future__ import annotations

import asyncio
import socket
from typing import TYPE_CHECKING, cast

import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from reconciler.errors.exceptions import SettingsError
from reconciler.sandbox.faults import Cut

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.types import ASGIApp, Receive, Scope, Send


_BACKLOG = 512
_KEEP_ALIVE_SECONDS = 75  # longer than any client does, so that the server never closes first


class _Cuttable(H11Protocol):
    """uvicorn's HTTP/1.1, with connections that the application can cut."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(cast("asyncio.Transport", transport))
        self.app = _cuttable(self.app, self.transport)


def run(app: ASGIApp, *, port: int, on_ready: Callable[[str], None]) -> None:
    """Serve until interrupted; see `sandbox.serve`."""
    with _listening(port) as listener:
        config = uvicorn.Config(
            app,
            http=_Cuttable,
            ws="none",
            lifespan="off",
            log_config=None,
            access_log=False,
            server_header=False,
            date_header=False,  # the emulator sends the time of its own clock
            timeout_keep_alive=_KEEP_ALIVE_SECONDS,
            timeout_graceful_shutdown=1,
        )
        host, number = listener.getsockname()
        on_ready(f"http://{host}:{number}")
        uvicorn.Server(config).run(sockets=[listener])


def _listening(port: int) -> socket.socket:
    # asyncio sets TCP_NODELAY only where the protocol is named; else a response takes 40 ms longer.
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind(("127.0.0.1", port))
    except (OSError, OverflowError) as error:
        listener.close()
        raise SettingsError.of(
            "sandbox.port",
            detail=f"Port {port} of 127.0.0.1: {error}.",
            hint="Stop the program that uses it, or give port 0 for a free one.",
        ) from error
    listener.listen(_BACKLOG)
    return listener


def _cuttable(app: ASGIApp, transport: asyncio.Transport) -> ASGIApp:
    async def wrapped(scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await app(scope, receive, send)
        except Cut:
            transport.abort()
            await asyncio.sleep(0)  # uvicorn notices in the next turn of the loop, and then sends nothing

    return wrapped
