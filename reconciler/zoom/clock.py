"""Zoom's time, measured by the `Date` of its answers against the monotonic clock of this machine.

Until an answer was measured, it is the time of this machine. Nothing is requested from here.
"""

from __future__ import annotations

from collections import deque
from datetime import timedelta
from typing import TYPE_CHECKING

from msgspec import Struct

if TYPE_CHECKING:
    from collections.abc import Collection
    from datetime import datetime

    from reconciler.ports import Clock


DATE_SECONDS = 1.0
"""Resolution of a `Date`: it names the second that has begun."""

SLOWER_SECONDS = 1.0
"""Answers that took so much longer than the fastest one measure too badly to count."""

SLEPT_SECONDS = 1.0
"""If the wall clock gains so much on the monotonic one, the machine slept, or its clock was set."""

NOISE_SECONDS = 0.001
"""A difference below this comes from rounding."""

AGREEMENT_SECONDS = 60.0
"""Answers that agree differ by no more than this."""

SAMPLES_MAX = 31
"""The latest answers that are kept."""


class Departure(Struct, frozen=True):
    """The moment at which a request leaves, by the monotonic clock; `offset` of the wall clock from it."""

    at: float
    offset: float


class _Sample(Struct, frozen=True):
    """One answer: its round trip, and the seconds from the monotonic clock to Zoom's."""

    round_trip: float
    offset: float


class ZoomClock:
    """A `MeasuredClock` over the clock of this machine.

    `is_own` is true where the clock of this machine is the one of the emulator; then nothing is measured.
    """

    def __init__(self, clock: Clock, *, is_own: bool = False) -> None:
        self._clock = clock
        self._is_own = is_own
        self._samples: deque[_Sample] = deque(maxlen=SAMPLES_MAX)
        self._zoom_offset: float | None = None
        """Seconds from the monotonic clock to Zoom's, by the samples; None where there are none."""
        self._is_stale = False
        self._offset_seen = self._offset(clock.now())

    def now(self) -> datetime:
        """Return the current instant by Zoom's clock, else by this machine's; aware, in UTC."""
        now = self._clock.now()
        skew = self._skew(self._look(now))
        return now if skew is None or abs(skew) < NOISE_SECONDS else now - timedelta(seconds=skew)

    def monotonic(self) -> float:
        """Return seconds that never go backwards."""
        return self._clock.monotonic()

    async def sleep(self, seconds: float) -> None:
        """Wait for so long, measured by `monotonic`."""
        await self._clock.sleep(seconds)

    @property
    def is_measured(self) -> bool:
        """Return whether `now` is Zoom's time, and not what this machine believes."""
        self._look(self._clock.now())
        return self._is_own or (bool(self._samples) and not self._is_stale)

    @property
    def skew_seconds(self) -> float | None:
        """Return by how much this machine's clock is ahead of Zoom's; None if no answer was measured."""
        return self._skew(self._look(self._clock.now()))

    def agreeing(self) -> int:
        """Return how many answers agree about the skew."""
        offset = self._zoom_offset
        if offset is None:
            return 0
        return sum(abs(each.offset - offset) <= AGREEMENT_SECONDS for each in self._samples)

    def depart(self) -> Departure:
        """Return the moment at which a request leaves."""
        return Departure(self._clock.monotonic(), self._look(self._clock.now()))

    def arrive(self, departure: Departure, zoom_at: datetime) -> None:
        """Measure an answer that has just arrived, with the `Date` that it names."""
        received_at, offset = self._clock.monotonic(), self._look(self._clock.now())
        if self._is_own or offset - departure.offset > SLEPT_SECONDS:
            return
        if self._is_stale:
            self._samples.clear()
            self._is_stale = False
        earliest = zoom_at.timestamp() - received_at
        latest = zoom_at.timestamp() + DATE_SECONDS - departure.at
        # Within what one answer can tell, this machine may be right.
        measured = offset if earliest <= offset <= latest else (earliest + latest) / 2
        self._samples.append(_Sample(received_at - departure.at, measured))
        self._zoom_offset = _median_offset(self._samples)

    def _look(self, now: datetime) -> float:
        """Return the offset of the wall clock at `now`; note if it gained on the monotonic clock.

        The monotonic clock of a sleeping machine may stand still, so what was measured moves on with the
        wall clock until the next answer. A wall clock that is set back changes nothing.
        """
        offset = self._offset(now)
        gained = offset - self._offset_seen
        self._offset_seen = offset
        if gained > SLEPT_SECONDS and self._samples:
            moved = [_Sample(each.round_trip, each.offset + gained) for each in self._samples]
            self._samples.clear()
            self._samples.extend(moved)
            self._zoom_offset = _median_offset(self._samples)
            self._is_stale = True
        return offset

    def _offset(self, now: datetime) -> float:
        return now.timestamp() - self._clock.monotonic()

    def _skew(self, offset: float) -> float | None:
        return None if self._zoom_offset is None else offset - self._zoom_offset


def _median_offset(samples: Collection[_Sample]) -> float:
    """Return the median of the samples whose answers were not much slower than the fastest one."""
    fastest = min(each.round_trip for each in samples)
    usable = [each.offset for each in samples if each.round_trip <= fastest + SLOWER_SECONDS]
    return sorted(usable)[(len(usable) - 1) // 2]
