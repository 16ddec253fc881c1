"""Journal: the newest state of a run and its durable writes, grouped so that one carries many changes.

A change is applied in memory at once, and `commit` returns when a write that contains it was answered.
While one write is under way, further changes gather for the next, so that forty hosts cost few writes.
A refused write ends all writing, and so all sending.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from functools import partial

from msgspec.structs import replace

from reconciler.apply.history.logbook import Logbook
from reconciler.errors.exceptions import StateError
from reconciler.ports import Clock, Store
from reconciler.state.document import Encoder
from reconciler.state.history import Fact, with_entry
from reconciler.state.state import State
from reconciler.state.summary import summarize

Offload = Callable[[Callable[[], str]], Awaitable[str]]
"""Runs a blocking call beside the event loop, such as `asyncio.to_thread`, so that other hosts go on."""


class Journal:
    """The state of one run and its writes to the store.

    `gather_seconds` is how long a write waits for further changes. Each write carries the entry of the
    `logbook` as it is then.
    """

    def __init__(  # noqa: PLR0913 - a state, its store, and the means to write it
        self,
        store: Store,
        state: State,
        version: str | None,
        clock: Clock,
        offload: Offload,
        *,
        gather_seconds: float = 0.0,
        logbook: Logbook | None = None,
    ) -> None:
        self.state = state
        """The newest state, durable or being written."""
        self.failure: StateError | None = None
        """The error that ended all writing; None while there is none."""
        self.writes = 0
        """The number of writes that were answered."""
        self.logbook = logbook
        """The logbook of the run; None: no history is kept."""
        self._store = store
        self._version = version
        self._clock = clock
        self._offload = offload
        self._gather_seconds = gather_seconds
        self._encoder = Encoder()
        self._written = state
        self._past = state.history
        self._facts: list[Fact] = []
        self._waiting: list[asyncio.Future[float]] = []
        self._writer: asyncio.Task[None] | None = None

    async def commit(self, change: Callable[[State], State], *facts: Fact) -> float:
        """Apply `change` and return the monotonic second at which it was durable. Raises `StateError`.

        `facts` tell of it in the history, in the same write.
        """
        return await self.post(change, *facts)

    def post(self, change: Callable[[State], State], *facts: Fact) -> asyncio.Future[float]:
        """Apply `change` now and return a future that is done when it is durable, with its `facts`."""
        durable: asyncio.Future[float] = asyncio.get_running_loop().create_future()
        durable.add_done_callback(_retrieve_exception)
        if self.failure is not None:
            durable.set_exception(self.failure)
            return durable
        self.state = change(self.state)
        self._facts += facts
        for fact in facts:
            self.note(fact)
        self._waiting.append(durable)
        if self._writer is None or self._writer.done():
            self._writer = asyncio.create_task(self._write_all())
        return durable

    def note(self, fact: Fact) -> None:
        """Add to the history what changes nothing of the state: the next write has it."""
        if self.logbook is not None:
            self.logbook.add(fact)

    async def close(self) -> None:
        """Wait until every change is durable, or known not to become so."""
        if self._writer is not None:
            await self._writer

    async def conclude(self) -> None:
        """Make the end of the run durable where no write of its changes tells it already.

        A write that fails is left: the run reads as interrupted, and all that it did is recorded.
        """
        if self.logbook is None or not self.writes or self.failure is not None:
            return
        self.logbook.close()
        if self.logbook.entry() == self._written.history[-1]:
            return
        with suppress(StateError):
            await self._write(self._with_entry(self.state.written()))

    def _with_entry(self, state: State) -> State:
        if self.logbook is None:
            return state
        return replace(state, history=with_entry(self._past, self.logbook.entry()))

    async def _write_all(self) -> None:
        while self._waiting:
            await self._gather()
            written, self._waiting = self._waiting, []
            self.state = self._with_entry(self.state.written())
            try:
                await self._write(self.state)
            except StateError as error:
                self.failure = error
                self._fail_all(error, written)
                return
            except Exception as error:  # noqa: BLE001 - no bug may leave a lease without its next renewal
                self._fail_all(error, written)
                return
            answered_at = self._clock.monotonic()
            for durable in written:
                if not durable.done():
                    durable.set_result(answered_at)

    async def _gather(self) -> None:
        """Wait for further changes: for `gather_seconds`, or for one turn of the event loop."""
        if self._gather_seconds:
            await self._clock.sleep(self._gather_seconds)
        else:
            await asyncio.sleep(0)

    async def _write(self, state: State) -> None:
        document = self._encoder.encode(state)
        facts, self._facts = self._facts, []
        note = summarize(self._written, state, facts)
        write = partial(self._store.write, document, replaces=self._version, note=note)
        self._version = await self._offload(write)
        self._written = state
        self.writes += 1

    def _fail_all(self, error: Exception, written: list[asyncio.Future[float]]) -> None:
        for durable in (*written, *self._waiting):
            if not durable.done():
                durable.set_exception(error)
        self._waiting = []


def _retrieve_exception(durable: asyncio.Future[float]) -> None:
    # asyncio warns at exit about an exception that nobody retrieved. `failure` reports it to everyone.
    if not durable.cancelled():
        durable.exception()
