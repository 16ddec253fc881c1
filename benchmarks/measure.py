"""Whole processes, measured from outside: wall time, CPU time, peak memory.

    python measure.py PROGRAM [ARGUMENT...]

Runs the program and prints, as JSON, what it took and its exit status. Each run is measured by a process of
its own: the peak memory of a program counts that of the process that started it, and a benchmark is large.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import time
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

MAXRSS_UNIT = 1 if sys.platform == "darwin" else 1024
"""Bytes in one unit of `ru_maxrss`."""

SURROUNDINGS = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
"""What every program runs in: an installed one has its modules compiled, so ours may compile them once."""


@dataclass(frozen=True, slots=True)
class Sample:
    """What one run took: seconds, seconds, MiB."""

    wall: float
    cpu: float
    memory: float


@dataclass(frozen=True, slots=True)
class Command:
    """A program to run: `statuses` are those that it may end with."""

    name: str
    arguments: Sequence[str]
    folder: Path
    statuses: tuple[int, ...] = (0,)
    environment: Mapping[str, str] | None = None


class FailedError(Exception):
    """A measured program did not do what it should: its figures would mean nothing."""


def run(command: Command) -> Sample:
    """One run, its output thrown away. Raises `FailedError` where its exit status is not expected."""
    measured = subprocess.run(
        [sys.executable, "-S", __file__, *command.arguments],
        cwd=command.folder,
        env={**SURROUNDINGS, **(command.environment or {})},
        check=True,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    taken = json.loads(measured.stdout)
    exit_status = taken.pop("exit_status")
    if exit_status not in command.statuses:
        line = " ".join(command.arguments)
        raise FailedError(f"exit status {exit_status}: (cd {command.folder} && {line})")
    return Sample(**taken)


def measure(arguments: Sequence[str]) -> tuple[Sample, int]:
    """What the program took, started by this process, and its exit status."""
    begun = time.perf_counter()
    with subprocess.Popen(arguments, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL) as process:
        _, status, used = os.wait4(process.pid, 0)
        wall = time.perf_counter() - begun
        process.returncode = os.waitstatus_to_exitcode(status)
    sample = Sample(wall, used.ru_utime + used.ru_stime, used.ru_maxrss * MAXRSS_UNIT / 2**20)
    return sample, process.returncode


def medians(commands: Sequence[Command], rounds: int) -> dict[str, Sample]:
    """The median of `rounds` runs of each, by name, taken in turn so that all share the machine's weather.

    One more run goes before, for what is compiled or read from disk once.
    """
    samples: dict[str, list[Sample]] = {command.name: [] for command in commands}
    for command in commands:
        run(command)
    for _ in range(rounds):
        for command in commands:
            samples[command.name].append(run(command))
    return {name: median(taken) for name, taken in samples.items()}


def median(samples: Sequence[Sample]) -> Sample:
    """Each figure's own median."""
    return Sample(
        statistics.median(sample.wall for sample in samples),
        statistics.median(sample.cpu for sample in samples),
        statistics.median(sample.memory for sample in samples),
    )


def main() -> int:
    """Print what the program of the command line took."""
    sample, exit_status = measure(sys.argv[1:])
    print(json.dumps(asdict(sample) | {"exit_status": exit_status}))
    return 0


if __name__ == "__main__":
    sys.exit(main())
