"""The emulator on a port, through uvicorn; a cut really closes the socket."""

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
_KEEP_ALIVE_SECONDS = 75  # longer than any client keeps one, so that it is never we who close


class _Cuttable(H11Protocol):
    """HTTP/1.1 as uvicorn speaks it, and a connection that can be cut from within."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(cast("asyncio.Transport", transport))
        self.app = _cutting(self.app, self.transport)


def run(app: ASGIApp, *, port: int, ready: Callable[[str], None]) -> None:
    """Serve until interrupted; see `reconciler.sandbox.serve`."""
    with _listening(port) as listener:
        config = uvicorn.Config(
            app,
            http=_Cuttable,
            ws="none",
            lifespan="off",
            log_config=None,
            access_log=False,
            server_header=False,
            timeout_keep_alive=_KEEP_ALIVE_SECONDS,
            timeout_graceful_shutdown=1,
        )
        host, number = listener.getsockname()
        ready(f"http://{host}:{number}")
        uvicorn.Server(config).run(sockets=[listener])


def _listening(port: int) -> socket.socket:
    # asyncio sends without delay only where the protocol is named; an answer would take 40 ms longer.
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind(("127.0.0.1", port))
    except (OSError, OverflowError) as error:
        listener.close()
        raise SettingsError.of(
            "sandbox.port",
            detail=f"Port {port} of 127.0.0.1: {error}.",
            hint="Stop what uses it, or take port 0 for a free one.",
        ) from error
    listener.listen(_BACKLOG)
    return listener


def _cutting(app: ASGIApp, transport: asyncio.Transport) -> ASGIApp:
    async def cuttable(scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await app(scope, receive, send)
        except Cut:
            transport.abort()
            await asyncio.sleep(0)  # uvicorn hears of it in the next turn, and then sends nothing

    return cuttable
