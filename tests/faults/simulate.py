"""The search for a history that breaks the promise: `python tests/faults/simulate.py --seeds 10000`."""

from __future__ import annotations

import argparse
import os
import sys
import time
from multiprocessing import get_context
from pathlib import Path
from typing import TYPE_CHECKING

sys.path[:0] = [str(Path(__file__).parents[1] / "support"), str(Path(__file__).parents[2])]

from simulator.bugs import BUGS, planted  # noqa: E402 - the path comes first
from simulator.history import History  # noqa: E402 - the path comes first
from simulator.report import Report  # noqa: E402 - the path comes first

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

CHUNK = 25
"""Seeds that one process takes at a time."""


def lived(seeds: Iterable[int], bug: str | None = None) -> Report:
    """The figures of these seeds, with a bug put into the engine where one is named."""
    report = Report()
    with planted(bug):
        for seed in seeds:
            report.add(History(seed).live())
    return report


def first_found(bug: str, seeds: Iterable[int], kind: str = "") -> tuple[int, list[tuple[str, str]]] | None:
    """The first seed that finds the bug, or a `kind` of fault by it, and what it found; None: none does."""
    with planted(bug):
        for seed in seeds:
            found = History(seed).live().failed.get(seed, [])
            if any(not kind or name == kind for name, _ in found):
                return seed, found
    return None


def main() -> int:
    """Exit status 1 where anything did not hold."""
    asked = _parser().parse_args()
    if os.environ.get("PYTHONHASHSEED") != "0":  # a seed must mean the same tomorrow
        os.execve(sys.executable, [sys.executable, *sys.argv], {**os.environ, "PYTHONHASHSEED": "0"})
    if asked.seed is not None:
        return _replay(asked.seed, asked.bug, verbose=asked.verbose)
    began_at = time.monotonic()
    report = Report()
    try:
        _search(asked, report)
    except KeyboardInterrupt:
        sys.stdout.write(f"interrupted; go on with: make seeds FROM={asked.first + report.seeds}\n")
    sys.stdout.write(report.table(time.monotonic() - began_at) + "\n")
    return 1 if report.failed or report.seeds < asked.seeds else 0


def _search(asked: argparse.Namespace, report: Report) -> None:
    """Live through the seeds in order, so that what was done is a range."""
    for part in _parts(asked):
        report.add(part)
        for seed, found in part.failed.items():
            _show(seed, found, asked.bug)
        if asked.bug and report.failed:
            return


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=1000, help="how many")
    parser.add_argument("--from", type=int, default=0, dest="first", help="the first one")
    parser.add_argument("--jobs", type=int, default=os.cpu_count(), help="processes")
    parser.add_argument("--seed", type=int, help="only this one, with its history where it fails")
    parser.add_argument("--verbose", action="store_true", help="with --seed: its history in any case")
    parser.add_argument("--bug", choices=sorted(BUGS), help="put into the engine; stop where it is found")
    return parser


def _parts(asked: argparse.Namespace) -> Iterator[Report]:
    end = asked.first + asked.seeds
    work = [(range(n, min(n + CHUNK, end)), asked.bug) for n in range(asked.first, end, CHUNK)]
    with get_context("spawn").Pool(asked.jobs) as pool:
        yield from pool.imap(_part, work)


def _part(work: tuple[range, str | None]) -> Report:
    return lived(*work)


def _replay(seed: int, bug: str | None, *, verbose: bool) -> int:
    history = History(seed)
    with planted(bug):
        found = history.live().failed.get(seed, [])
    if found or verbose:
        sys.stdout.write("\n".join(history.log) + "\n")
    _show(seed, found, bug)
    return 1 if found else 0


def _show(seed: int, found: list[tuple[str, str]], bug: str | None) -> None:
    for kind, words in found:
        sys.stdout.write(f"seed {seed}: {kind}: {words}\n")
    if found:
        planted_bug = f" --bug {bug}" if bug else ""
        sys.stdout.write(f"replay: python tests/faults/simulate.py --seed {seed}{planted_bug}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
