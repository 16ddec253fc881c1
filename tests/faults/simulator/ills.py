"""What happens to a runner's process: it dies, sleeps, is asked to stop; at any turn, or at any time."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from simulator.faults import Faults
    from simulator.runner import Runner

TURNS_MAX = 4000


def plan(runner: Runner, faults: Faults) -> None:
    """Have some of it, or nothing, happen to `runner`."""
    chance, process = faults.chance, runner.process
    if faults.is_outlived:
        _pause(runner, faults, chance.uniform(62, 300))
        return
    if chance.random() < 0.45:
        _at_some_time(runner, process.kill, faults, "killed")
    if chance.random() < 0.3:
        lengths = [chance.uniform(1, 30), chance.uniform(30, 90), chance.uniform(60, 900)]
        _pause(runner, faults, chance.choice(lengths))
    if chance.random() < 0.1:
        _at_some_time(runner, lambda: setattr(runner, "is_stopping", True), faults, "asked to stop")
    if chance.random() < 0.05:
        _at_some_time(runner, runner.interrupt, faults, "interrupted")


def _pause(runner: Runner, faults: Faults, seconds: float) -> None:
    """In half of all cases the machine sleeps, and its steady clock with it."""
    asleep = faults.chance.random() < 0.5
    kind = "paused, asleep" if asleep else "paused"
    _at_some_time(runner, lambda: runner.process.freeze(seconds, asleep=asleep), faults, kind)


def _at_some_time(runner: Runner, happens: Callable[[], None], faults: Faults, kind: str) -> None:
    chance, process = faults.chance, runner.process

    def strike() -> None:
        if not process.ended:
            faults.strike(kind, process.name)
            happens()

    if chance.random() < 0.6:
        turns = [math.exp(chance.uniform(0, math.log(TURNS_MAX))), chance.uniform(1, 700)]
        process.at_turn[int(chance.choice(turns))] = strike
    else:
        seconds = chance.choice([chance.uniform(0, 5), chance.uniform(0, 250)])
        process.machine.after(seconds, strike)
