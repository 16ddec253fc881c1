"""Paces the starts of requests: never more than the pace in any sliding second.

Zoom counts per label (light, medium), over all hosts of the account. The starts are spread
evenly; after a late wake-up, at most one start follows early, never a burst.
"""

from __future__ import annotations

import asyncio
import re
from collections import deque
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from reconciler.errors.exceptions import SettingsError
from reconciler.zoom._exchange import Label

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping

    from reconciler.ports import Clock
    from reconciler.zoom.auth import Tokens


WINDOW_SECONDS = 1.03
"""Length of the window in which at most the pace starts.

Longer than Zoom's second, so that starts which arrive 30 ms closer together than they left
are still allowed. It costs 3 % of the pace.
"""

STARTS_MAX = 1000
"""Highest pace that can be set."""

_NUMBER = re.compile(r"[0-9]{1,9}")  # bounded, since Python refuses to convert thousands of digits

SPREAD = 0.95
"""Smallest gap between two starts, as a share of the even gap; the rest absorbs late wake-ups."""


PLANS: dict[str, dict[Label, int]] = {
    "free": {Label.LIGHT: 4, Label.MEDIUM: 2},
    "pro": {Label.LIGHT: 30, Label.MEDIUM: 20},
    "business": {Label.LIGHT: 80, Label.MEDIUM: 60},
}
"""Requests a second and label by Zoom plan. Source: developers.zoom.us/docs/api/rate-limits."""


class Pace:
    """Queues of requests per label, first come first served."""

    def __init__(self, windows: Mapping[Label, RateWindow]) -> None:
        self._windows = windows

    @classmethod
    def of(cls, pace: str | int, clock: Clock) -> Pace:
        """Return the pace of a Zoom plan (`free`, `pro`, `business`), or N requests a second over all labels.

        Raises `SettingsError`.
        """
        if isinstance(pace, str) and pace in PLANS:
            return cls({label: RateWindow(count, clock) for label, count in PLANS[pace].items()})
        window = RateWindow(_starts_per_second(pace), clock)
        return cls(dict.fromkeys(Label, window))

    async def turn(self, label: Label) -> None:
        """Wait until one request of `label` may start. A cancelled wait costs no other request its turn."""
        await self._windows[label].turn()

    def back_off(self, label: Label, seconds: float) -> None:
        """Start no request of `label` for `seconds` from now."""
        self._windows[label].back_off(seconds)


class RateWindow:
    """One queue of starts, at most `starts_per_second` in any sliding second."""

    def __init__(self, starts_per_second: int, clock: Clock) -> None:
        self._clock = clock
        self._gap_seconds = SPREAD * WINDOW_SECONDS / starts_per_second
        self._started: deque[float] = deque([float("-inf")] * starts_per_second, maxlen=starts_per_second)
        self._even_at = float("-inf")
        self._paused_until = float("-inf")
        self._queue = asyncio.Lock()

    async def turn(self) -> None:
        """Wait for the next start; asyncio's lock is first come, first served."""
        async with self._queue:
            even_at = max(self._due_at(), self._clock.monotonic())
            while (left_seconds := self._due_at() - self._clock.monotonic()) > 0:
                await self._clock.sleep(left_seconds)
            self._even_at = even_at
            self._started.append(self._clock.monotonic())

    def back_off(self, seconds: float) -> None:
        """Start nothing for `seconds` from now."""
        self._paused_until = max(self._paused_until, self._clock.monotonic() + seconds)

    def _due_at(self) -> float:
        return max(self._even_at + self._gap_seconds, self._started[0] + WINDOW_SECONDS, self._paused_until)


def _starts_per_second(pace: str | int) -> int:
    text = str(pace)
    if not (_NUMBER.fullmatch(text) and 1 <= int(text) <= STARTS_MAX):
        raise SettingsError.of(
            "settings.pace",
            detail=f"There is no pace `{text[:40]}`. The pace is how many requests may start in a second, "
            "over the whole account.",
            hint=f"Use {', '.join(PLANS)}, after the Zoom plan, or a number from 1 to {STARTS_MAX}.",
        )
    return int(text)


class RequestGate:
    """Admits at most `connections` requests at a time, and starts each at the pace.

    Only the first request of each label's queue holds a connection while it waits for the pace,
    so that a slow label does not block the other one.
    """

    def __init__(self, *, tokens: Tokens, pace: Pace, connections: int) -> None:
        self._tokens = tokens
        self._pace = pace
        self._queues = {label: asyncio.Lock() for label in Label}
        self._connections = asyncio.Semaphore(connections)

    @asynccontextmanager
    async def admit(self, label: Label) -> AsyncIterator[str]:
        """Wait for a connection and the pace, and yield the token; the block must send at once."""
        async with self._queues[label]:
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
