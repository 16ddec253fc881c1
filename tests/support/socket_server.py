"""A server on a free port of this machine, whose connections a test serves byte by byte."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ssl import SSLContext

Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@asynccontextmanager
async def serving_at(
    serve: Serve, host: str = "127.0.0.1", tls: SSLContext | None = None
) -> AsyncIterator[str]:
    """Yield the address of a server on a free port; close everything at the end."""
    at_work: set[asyncio.Task[None]] = set()

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        at_work.add(task)
        with suppress(asyncio.IncompleteReadError, asyncio.CancelledError, OSError):
            await serve(reader, writer)
        writer.close()
        with suppress(asyncio.CancelledError, OSError):
            await writer.wait_closed()

    server = await asyncio.start_server(handle, host, 0, ssl=tls)
    address = f"[{host}]" if ":" in host else host
    try:
        yield f"{'https' if tls else 'http'}://{address}:{server.sockets[0].getsockname()[1]}"
    finally:
        server.close()
        for task in at_work:
            task.cancel()
        await asyncio.gather(*at_work)
