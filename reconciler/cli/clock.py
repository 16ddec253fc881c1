"""The system clock: the only place that reads the current time."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable


def system_now() -> datetime:
    """Return the current instant of this machine, aware, UTC."""
    return datetime.now(UTC)


class Timer(Protocol):
    """Counts seconds, and lets them pass."""

    def monotonic(self) -> float:
        """Return seconds that never run backwards."""

    def wait(self, seconds: float) -> None:
        """Block for `seconds`."""

    async def sleep(self, seconds: float) -> None:
        """Sleep for `seconds` in an event loop."""


class SystemTimer:
    """The timer of this machine."""

    def monotonic(self) -> float:
        """Return seconds that never run backwards."""
        return time.monotonic()

    def wait(self, seconds: float) -> None:
        """Block for `seconds`."""
        time.sleep(seconds)

    async def sleep(self, seconds: float) -> None:
        """Sleep for `seconds`; return at once where they are not positive."""
        import asyncio  # noqa: PLC0415 - 30 ms that a plan need not pay

        await asyncio.sleep(seconds)


class SystemClock:
    """This machine's clock as a `ports.Clock`; `now` may come from elsewhere, such as the emulator.

    `on_wait` is called with the seconds of every wait, so that a frozen clock can be advanced.
    """

    def __init__(
        self,
        now: Callable[[], datetime] = system_now,
        on_wait: Callable[[float], None] | None = None,
        timer: Timer | None = None,
    ) -> None:
        self._now = now
        self._on_wait = on_wait
        self._timer = timer or SystemTimer()

    def now(self) -> datetime:
        """Return the current instant, aware, UTC."""
        return self._now()

    def monotonic(self) -> float:
        """Return seconds that never run backwards."""
        return self._timer.monotonic()

    def wait(self, seconds: float) -> None:
        """Block for `seconds`; for use outside an event loop."""
        self._timer.wait(seconds)
        if self._on_wait is not None:
            self._on_wait(seconds)

    async def sleep(self, seconds: float) -> None:
        """Sleep for `seconds`; return at once where they are not positive."""
        await self._timer.sleep(seconds)
        if self._on_wait is not None:
            self._on_wait(seconds)
