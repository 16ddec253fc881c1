"""How fast and how evenly `apply` sends, against the emulator in a process of its own.

    python apply.py [--quick]

For each latency and pace: the share of the pace that was kept, the most starts in any sliding
second (by the emulator's own clock), and the CPU time of a create. Then CPU from 100 to 2,000
creates at full speed, which should grow in a straight line.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import urllib.request
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import generate
from measure import Command, Sample, run
from reach import Line, report

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

HERE = Path(__file__).parent
PROGRAM = (sys.executable, "-m", "reconciler")
LATENCIES_SECONDS = (0.1, 0.3)
PACES = (20, 60)
SECONDS_MIN = 30
REQUESTS_PER_CREATE = 2
"""The create, and reading back what Zoom made of it."""

KEPT_MIN = 0.95
CPU_MS_MAX = 4.5
BARE_MAX = 2.0
"""Of what httpx alone costs, which no promise can be kept for less than."""
BEND_MAX = 1.15
"""CPU of one more create near 2,000, in those near 500: 1 is a straight line."""

FULL_SPEED = 1000


@dataclass(frozen=True, slots=True)
class Run:
    """One apply: what the process took, and when each request came, in seconds."""

    creates: int
    sample: Sample
    arrivals: Sequence[float]

    @property
    def seconds(self) -> float:
        """From the first request to the last."""
        return self.arrivals[-1] - self.arrivals[0]

    @property
    def requests_per_second(self) -> float:
        """Over the whole run."""
        return (len(self.arrivals) - 1) / self.seconds

    @property
    def busiest_second(self) -> int:
        """Most requests in any window of a second."""
        times, begun = self.arrivals, 0
        most = 0
        for end, at in enumerate(times):
            while times[begun] <= at - 1:
                begun += 1
            most = max(most, end - begun + 1)
        return most

    @property
    def cpu_ms(self) -> float:
        """Of one create, with its share of the start."""
        return self.sample.cpu / self.creates * 1000


def apply(creates: int, *, pace: int, latency_seconds: float) -> Run:
    """Create that many meetings, all new, over 60 hosts."""
    with tempfile.TemporaryDirectory() as name, emulator(latency_seconds) as address:
        folder = Path(name)
        (folder / "meetings.yaml").write_text(generate.as_yaml(generate.meetings(creates)))
        arguments = (*PROGRAM, "apply", "--auto-approve", "--state", "state.json", "--pace", str(pace))
        sample = run(Command("apply", arguments, folder, environment=credentials(address)))
        with urllib.request.urlopen(f"{address}/sandbox/account") as answer:
            account = json.load(answer)
    made = len(account["meetings"])
    assert made == creates, f"{made} meetings instead of {creates}"
    times = sorted(each["monotonic"] for each in account["requests"] if each["path"].startswith("/v2/"))
    return Run(creates, sample, times)


def credentials(address: str) -> dict[str, str]:
    """The environment that leads to an emulator."""
    return {
        "RECONCILER_API_URL": f"{address}/v2",
        "RECONCILER_AUTH_URL": f"{address}/oauth/token",
        "ZOOM_ACCOUNT_ID": "sandbox",
        "ZOOM_CLIENT_ID": "sandbox",
        "ZOOM_CLIENT_SECRET": "sandbox",
    }


def bare_loop(creates: int, *, pace: int, latency_seconds: float) -> Sample:
    """What as many creates cost, sent and read back at the same pace with nothing promised."""
    with emulator(latency_seconds) as address:
        arguments = (sys.executable, str(HERE / "bare_loop.py"), address, str(pace), str(creates))
        return run(Command("bare loop", arguments, HERE))


@contextmanager
def emulator(latency_seconds: float) -> Iterator[str]:
    """The address of an emulator without limits per second."""
    arguments = [sys.executable, "-m", "reconciler.sandbox", "--port", "0"]
    arguments += ["--latency", str(latency_seconds), "--switch", 'plan="off"']
    environment = {**os.environ, "PYTHONUNBUFFERED": "1"}
    with subprocess.Popen(arguments, stdout=subprocess.PIPE, text=True, env=environment) as process:
        assert process.stdout is not None
        try:
            yield process.stdout.readline().strip()
        finally:
            process.terminate()


def evenness(pace: int, latency_seconds: float) -> list[Line]:
    """One pace at one latency, for at least 30 s."""
    done = apply(pace * SECONDS_MIN // REQUESTS_PER_CREATE + pace, pace=pace, latency_seconds=latency_seconds)
    title = f"apply, pace {pace}, {latency_seconds * 1000:.0f} ms"
    bare = bare_loop(done.creates, pace=pace, latency_seconds=latency_seconds)
    kept = done.requests_per_second / pace
    return [
        Line(f"{title}: seconds", done.seconds, SECONDS_MIN, at_least=True),
        Line(f"{title}: share of the pace kept", kept, KEPT_MIN, at_least=True),
        Line(f"{title}: most starts in a second", done.busiest_second, pace),
        Line(f"{title}: CPU ms per create", done.cpu_ms, CPU_MS_MAX),
        Line(f"{title}: CPU in times of a bare loop of POST and GET", done.sample.cpu / bare.cpu, BARE_MAX),
    ]


def straightness(counts: Sequence[int], rounds: int) -> list[Line]:
    """CPU of one more create, near the most and near the fewest."""
    few, some, many = (
        statistics.median(apply(count, pace=FULL_SPEED, latency_seconds=0).sample.cpu for _ in range(rounds))
        for count in counts
    )
    early = (some - few) / (counts[1] - counts[0])
    late = (many - some) / (counts[2] - counts[1])
    print(f"CPU of one more create: {early * 1000:.2f} ms early, {late * 1000:.2f} ms late", flush=True)
    return [Line(f"apply, {counts[0]} to {counts[2]} creates: bend of the line", late / early, BEND_MAX)]


def lines(*, quick: bool) -> list[Line]:
    """Every figure; in the quick share, one pace and fewer creates."""
    if quick:
        return evenness(60, 0.1)
    even = [line for latency in LATENCIES_SECONDS for pace in PACES for line in evenness(pace, latency)]
    return even + straightness((100, 500, 2000), rounds=3)


def main() -> int:
    """Print every figure; 1 where one misses its reach."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true")
    return report(lines(quick=parser.parse_args().quick))


if __name__ == "__main__":
    sys.exit(main())
