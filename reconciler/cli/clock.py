"""The only "now" of the program."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


def system_now() -> datetime:
    """The machine's instant, aware, UTC."""
    return datetime.now(UTC)


class SystemClock:
    """The machine's clock as a `ports.Clock`; `now` may come from elsewhere, such as an emulator.

    `slept` is told of every wait, in seconds: a clock that stands can then be moved on.
    """

    def __init__(
        self, now: Callable[[], datetime] = system_now, slept: Callable[[float], None] | None = None
    ) -> None:
        self._now = now
        self._slept = slept

    def now(self) -> datetime:
        """This instant, aware, UTC."""
        return self._now()

    def monotonic(self) -> float:
        """Seconds that never run backwards."""
        return time.monotonic()

    def wait(self, seconds: float) -> None:
        """Block that long, outside of any loop."""
        time.sleep(seconds)
        if self._slept is not None:
            self._slept(seconds)

    async def sleep(self, seconds: float) -> None:
        """Wait that long; at once where `seconds` is not positive."""
        import asyncio  # noqa: PLC0415 - 30 ms that a plan need not pay

        await asyncio.sleep(seconds)
        if self._slept is not None:
            self._slept(seconds)
