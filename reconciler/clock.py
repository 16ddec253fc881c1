"""The only "now" of the program."""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime


class SystemClock:
    """The machine's clock, as a `ports.Clock`."""

    def now(self) -> datetime:
        """This instant, aware, UTC."""
        return datetime.now(UTC)

    def monotonic(self) -> float:
        """Seconds that never run backwards."""
        return time.monotonic()

    async def sleep(self, seconds: float) -> None:
        """Wait that long; at once where `seconds` is not positive."""
        await asyncio.sleep(seconds)
