"""Where requests line up before they leave: for a connection, a token, and last a turn."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from reconciler.zoom.pace import Label

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from reconciler.zoom.auth import Tokens
    from reconciler.zoom.pace import Pace


class Gate:
    """At most `connections` requests in flight, each begun at the pace.

    Only the head of each label's line waits for its turn with a connection in hand, so
    that a slow label does not keep the other one from sending.
    """

    def __init__(self, *, tokens: Tokens, pace: Pace, connections: int) -> None:
        self._tokens = tokens
        self._pace = pace
        self._lines = {label: asyncio.Lock() for label in Label}
        self._connections = asyncio.Semaphore(connections)

    @asynccontextmanager
    async def passing(self, label: Label) -> AsyncIterator[str]:
        """The token to send with; what stands inside is sent at once and has a connection of its own."""
        async with self._lines[label]:
            await self._connections.acquire()
            try:
                token = await self._tokens.token()
                await self._pace.turn(label)
            except BaseException:
                self._connections.release()
                raise
        try:
            yield token
        finally:
            self._connections.release()
