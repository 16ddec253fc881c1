"""Virtual time, and all that happens in it: one thing after another, in an order that the seed decides."""

from __future__ import annotations

import heapq
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import random
    from collections.abc import Callable

    from simulator.process import Process

DEPTH_MAX = 12
"""How many calls that block may wait within each other; a deeper one is answered at once."""


class Machine:
    """The clock on the wall, what is due when, and the processes that want to go on.

    `seconds` have passed since `began_at`.
    """

    def __init__(self, began_at: datetime, chance: random.Random) -> None:
        self.seconds = 0.0
        self.processes: list[Process] = []
        self._began_at = began_at
        self._chance = chance
        self._due: list[tuple[float, int, Callable[[], None]]] = []
        self._count = 0
        self._depth = 0

    def now(self) -> datetime:
        """The true instant, aware, UTC."""
        return self._began_at + timedelta(seconds=self.seconds)

    def after(self, seconds: float, happens: Callable[[], None]) -> None:
        """Have something happen so much later."""
        self._count += 1
        heapq.heappush(self._due, (self.seconds + seconds, self._count, happens))

    def run(self, goes_on: Callable[[], bool], seconds_max: float) -> None:
        """Let things happen while `goes_on`, at most so long."""
        until = self.seconds + seconds_max
        while goes_on() and self._step(until):
            pass

    def pass_time(self, seconds: float) -> None:
        """Let things happen for so long; also from within something that happens: a call that blocks."""
        if self._depth == DEPTH_MAX:
            return
        self._depth += 1
        until = self.seconds + seconds
        while self._step(until):
            pass
        self._depth -= 1

    def _step(self, until: float) -> bool:
        """Do the next thing; False, and the time is `until`, where nothing is due before."""
        living = [(due, process) for process in self.processes if (due := process.due()) is not None]
        process_due = min((due for due, _ in living), default=float("inf"))
        event_due = self._due[0][0] if self._due else float("inf")
        due = min(process_due, event_due)
        if due > until:
            self.seconds = max(self.seconds, until)
            return False
        self.seconds = max(self.seconds, due)
        if event_due <= process_due:
            heapq.heappop(self._due)[2]()
        else:
            ready = [process for at, process in living if at <= self.seconds]
            (ready[0] if len(ready) == 1 else self._chance.choice(ready)).turn()
        return True
