"""Clocks of tests: one that moves only when everybody waits for it, and one that is wrong."""

from __future__ import annotations

import asyncio
import heapq
from datetime import UTC, datetime, timedelta
from math import inf


class ManualClock:
    """A `Clock` whose sleepers wake at once, in order of their deadlines.

    `now` and `monotonic` move together: by `sleep`, and by `advance`. Work in threads is not waited for.
    """

    def __init__(self, now: datetime = datetime(2026, 12, 1, 9, 0, tzinfo=UTC)) -> None:
        self._started_at = now
        self._seconds = 0.0
        self._count = 0
        self._sleepers: list[tuple[float, int, asyncio.Future[None]]] = []
        self._is_looking = False
        self.watchers = 0
        """Tasks that run at every turn of the event loop, such as a counter of turns: they do not count."""

    def now(self) -> datetime:
        """The instant it shows, aware, UTC."""
        return self._started_at + timedelta(seconds=self._seconds)

    def monotonic(self) -> float:
        """Seconds since it was made."""
        return self._seconds

    def advance(self, seconds: float) -> None:
        """Move it by hand; sleepers whose deadline has passed wake in order."""
        self._seconds += seconds

    def wait(self, seconds: float) -> None:
        """Make it `seconds` later."""
        self._seconds += seconds

    async def sleep(self, seconds: float) -> None:
        """Wait until every other task waits too, then make it `seconds` later. What never ends never does."""
        woken = asyncio.get_running_loop().create_future()
        if seconds == inf:
            await woken
        self._count += 1
        sleeper = (self._seconds + max(seconds, 0.0), self._count, woken)
        heapq.heappush(self._sleepers, sleeper)
        self._look_soon()
        try:
            await woken
        finally:
            if sleeper in self._sleepers:  # it was cancelled
                self._sleepers.remove(sleeper)
                heapq.heapify(self._sleepers)

    def _look_soon(self) -> None:
        if not self._is_looking:
            self._is_looking = True
            asyncio.get_running_loop().call_soon(self._look)

    def _look(self) -> None:
        """Wake the first sleeper if nothing else runs; else look again after what does."""
        self._is_looking = False
        if not self._sleepers:
            return
        loop = asyncio.get_running_loop()
        if len(loop._ready) <= self.watchers:  # type: ignore[attr-defined]  # noqa: SLF001 - nothing public tells it
            deadline, _, woken = heapq.heappop(self._sleepers)
            self._seconds = max(self._seconds, deadline)
            if not woken.done():
                woken.set_result(None)
        self._look_soon()


class SkewedClock:
    """A machine's clock that shows another time than the true one, by `seconds`."""

    def __init__(self, true: ManualClock, seconds: float) -> None:
        self.seconds = seconds
        self._true = true

    def now(self) -> datetime:
        """The instant it shows, aware, UTC."""
        return self._true.now() + timedelta(seconds=self.seconds)

    def monotonic(self) -> float:
        """Seconds since the true one was made."""
        return self._true.monotonic()

    async def sleep(self, seconds: float) -> None:
        """Wait as the true one does."""
        await self._true.sleep(seconds)
