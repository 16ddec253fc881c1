"""Grouped durable writes: one write carries every change that waits for it.

The journal holds the newest state of a run. A change is made in memory at once,
and `commit` returns when a write that contains it was answered. While one write
is under way, all further changes gather for the next: so forty hosts cost few
writes. A write that is refused ends all writing, and so all sending.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial

from reconciler.errors.exceptions import StateError
from reconciler.ports import Clock, Store
from reconciler.state.document import Encoder
from reconciler.state.state import State
from reconciler.state.summary import summarize

Offload = Callable[[Callable[[], str]], Awaitable[str]]
"""Runs a call that blocks, such as `asyncio.to_thread`: a disk or a bucket may take its time
while other hosts go on."""


class Journal:
    """The state of one run and its way to the store.

    `gather_seconds` is how long a write waits for others to come along with it.
    """

    def __init__(  # noqa: PLR0913 - a state, where it lives, and how to write it
        self,
        store: Store,
        state: State,
        version: str | None,
        clock: Clock,
        offload: Offload,
        *,
        gather_seconds: float = 0.0,
    ) -> None:
        self.state = state
        """The newest state, durable or on its way."""
        self.failure: StateError | None = None
        """Why nothing can be written any more; None: all is well."""
        self.writes = 0
        """How many writes were answered."""
        self._store = store
        self._version = version
        self._clock = clock
        self._offload = offload
        self._gather_seconds = gather_seconds
        self._encoder = Encoder()
        self._written = state
        self._waiting: list[asyncio.Future[float]] = []
        self._writer: asyncio.Task[None] | None = None

    async def commit(self, change: Callable[[State], State]) -> float:
        """Apply `change`; the monotonic second at which it was durable. Raises `StateError` if refused."""
        return await self.post(change)

    def post(self, change: Callable[[State], State]) -> asyncio.Future[float]:
        """Apply `change` now; the future is done when it is durable."""
        durable: asyncio.Future[float] = asyncio.get_running_loop().create_future()
        durable.add_done_callback(_seen)
        if self.failure is not None:
            durable.set_exception(self.failure)
            return durable
        self.state = change(self.state)
        self._waiting.append(durable)
        if self._writer is None or self._writer.done():
            self._writer = asyncio.create_task(self._write_all())
        return durable

    async def close(self) -> None:
        """Wait until everything is durable, or known not to become so."""
        if self._writer is not None:
            await self._writer

    async def _write_all(self) -> None:
        while self._waiting:
            await self._gather()
            carried, self._waiting = self._waiting, []
            self.state = self.state.written()
            try:
                await self._write(self.state)
            except StateError as error:
                self.failure = error
                self._let_down(error, carried)
                return
            except Exception as error:  # noqa: BLE001 - no bug may leave a lease without its next renewal
                self._let_down(error, carried)
                return
            answered_at = self._clock.monotonic()
            for durable in carried:
                if not durable.done():
                    durable.set_result(answered_at)

    async def _gather(self) -> None:
        """Let others come along: whoever is ready in this turn of the loop, or in the time that is given."""
        if self._gather_seconds:
            await self._clock.sleep(self._gather_seconds)
        else:
            await asyncio.sleep(0)

    async def _write(self, state: State) -> None:
        document = self._encoder.encode(state)
        note = summarize(self._written, state)
        write = partial(self._store.write, document, replaces=self._version, note=note)
        self._version = await self._offload(write)
        self._written = state
        self.writes += 1

    def _let_down(self, error: Exception, carried: list[asyncio.Future[float]]) -> None:
        for durable in (*carried, *self._waiting):
            if not durable.done():
                durable.set_exception(error)
        self._waiting = []


def _seen(durable: asyncio.Future[float]) -> None:
    # A post that nobody awaits must not complain at exit: `failure` tells it to everyone.
    if not durable.cancelled():
        durable.exception()
