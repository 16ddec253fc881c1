"""Clocks of tests: one that moves only when everybody waits for it, and one that is wrong."""

from __future__ import annotations

import asyncio
import heapq
from datetime import UTC, datetime, timedelta
from math import inf

SETTLE_TURNS = 25
"""Turns of the event loop that others get before time moves."""


class ManualClock:
    """A `Clock` whose sleepers wake at once, in order of their deadlines.

    `now` and `monotonic` move together: by `sleep`, and by `advance`.
    """

    def __init__(self, now: datetime = datetime(2026, 12, 1, 9, 0, tzinfo=UTC)) -> None:
        self._started_at = now
        self._seconds = 0.0
        self._count = 0
        self._sleepers: list[tuple[float, int]] = []

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
        if seconds == inf:
            await asyncio.get_running_loop().create_future()
        self._count += 1
        sleeper = (self._seconds + max(seconds, 0.0), self._count)
        heapq.heappush(self._sleepers, sleeper)
        try:
            await self._become_first(sleeper)
            self._seconds = max(self._seconds, sleeper[0])
        finally:
            self._sleepers.remove(sleeper)
            heapq.heapify(self._sleepers)

    async def _become_first(self, sleeper: tuple[float, int]) -> None:
        turns = 0
        while turns < SETTLE_TURNS:
            await asyncio.sleep(0)
            turns = turns + 1 if self._sleepers[0] == sleeper else 0


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
