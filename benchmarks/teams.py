"""What policies, the one layout, the history and notices cost.

    python teams.py [--quick]

CPU time, each with and without taken in turn.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING

import apply
import generate
from measure import SURROUNDINGS, Command, medians, run
from reach import Line, report

if TYPE_CHECKING:
    from collections.abc import Sequence

HERE = Path(__file__).parent
PROGRAM = (sys.executable, "-m", "reconciler")
LARGE, ONE = 10_000, 1
ROUNDS = 5
POLICIES = 20
ENTRIES, ENTRY_KEYS = 200, 88
"""A history that is full: so many entries, with so many keys in each."""

APPLIED, APPLIED_PACE = 300, 20


def policies() -> str:
    """Twenty policies that every meeting is held to, as JSON, which is YAML too."""
    found = {
        f"house-{number}": {
            "message": "A rule of the house.",
            "match": {"key": "*"},
            "require": {"properties": {"topic": {"type": "string", "maxLength": 150 + number}}},
        }
        for number in range(POLICIES)
    }
    return json.dumps({"version": 1, "policies": found})


def policy_lines(folder: Path) -> list[Line]:
    """Validating 10,000 meetings with twenty policies, and without."""
    held = folder / "held"
    (held / "policies").mkdir(parents=True)
    (held / "policies" / "house.yaml").write_text(policies())
    (held / "reconciler.yaml").write_text("specs: [meetings.yaml]\npolicies: [policies/]\n")
    (held / "meetings.yaml").write_text((folder / "meetings.yaml").read_text())
    taken = medians(
        [Command(name, (*PROGRAM, "validate", "meetings.yaml"), where)
         for name, where in (("without", folder), ("with", held))],
        ROUNDS,
    )  # fmt: skip
    ratio = taken["with"].cpu / taken["without"].cpu
    return [Line("validate of 10,000 with 20 policies: CPU, in times of without", ratio, 1.3)]


def layout_lines(folder: Path) -> list[Line]:
    """The layout of 10,000 meetings, and the check of one file, as a hook makes it."""
    (folder / "one.yaml").write_text(generate.as_yaml(generate.meetings(ONE)))
    check = (*PROGRAM, "fmt", "--check")
    many = run(Command("many", (*check, "meetings.yaml"), folder, (0, 1)))
    one = medians([Command("one", (*check, "one.yaml"), folder, (0, 1))], ROUNDS)["one"]
    return [
        Line("fmt of 10,000 meetings: seconds of CPU", many.cpu, 60),
        Line("fmt --check of one file: seconds of CPU", one.cpu, 1),
    ]


def full_history() -> list[dict[str, object]]:
    """A history that has no room for more."""
    keys = {f"meeting-{number:03}": list[str]() for number in range(ENTRY_KEYS)}
    entry = {"by": "ana", "command": "apply", "run": "https://ci.example.com/1", "digest": "d" * 64}
    return [entry | {"at": "2026-12-01T09:00:00Z", "done": {"create": keys}} for _ in range(ENTRIES)]


def history_line(creates: int) -> Line:
    """The share of the CPU of an apply that goes into a history that is full."""
    with apply.emulator(0) as address, tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        declared = generate.meetings(creates)
        (folder / "meetings.yaml").write_text(generate.as_yaml(declared))
        document = {"format_version": "1.2", "lineage": "l", "serial": 1, "origin": "", "meetings": {}}
        empty = {"intents": {}, "retired": [], "usage": {}, "hosts": {}, "history": full_history()}
        (folder / "state.json").write_text(json.dumps(document | empty))
        arguments = (
            *(sys.executable, str(HERE / "in_history.py"), "apply", "meetings.yaml", "--auto-approve"),
            *("--state", "state.json", "--pace", str(apply.FULL_SPEED)),
        )
        environment = {**SURROUNDINGS, **apply.credentials(address)}
        begun = _children_cpu()
        ended = subprocess.run(
            arguments, cwd=folder, env=environment, check=True, capture_output=True, text=True
        )
        cpu = _children_cpu() - begun
    share = 100 * float(ended.stderr.splitlines()[-1]) / cpu
    return Line(f"a full history: % of the CPU of an apply of {creates}", share, 2)


def _children_cpu() -> float:
    import resource  # noqa: PLC0415 - only here

    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


class Taker(BaseHTTPRequestHandler):
    """Takes each notice."""

    def do_POST(self) -> None:
        """Read, and say yes."""
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Say nothing."""


def notice_lines() -> list[Line]:
    """What a notice takes, of an apply that Zoom's rate limit paces: it is the same for each size."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Taker)
    Thread(target=server.serve_forever, daemon=True).start()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "meetings.yaml").write_text('{"version": 1, "meetings": {}}')
        commands = [
            Command(when, (*PROGRAM, "apply", "--sandbox", "--auto-approve", "--notify", when), folder,
                    environment={"RECONCILER_NOTIFY": f"json://127.0.0.1:{server.server_port}"})
            for when in ("never", "always")
        ]  # fmt: skip
        taken = medians(commands, ROUNDS)
    server.shutdown()
    seconds = taken["always"].cpu - taken["never"].cpu
    paced = APPLIED * apply.REQUESTS_PER_CREATE / APPLIED_PACE
    title = f"a notice: % of the time of an apply of {APPLIED} at a pace of {APPLIED_PACE}"
    return [Line("a notice: seconds of CPU", seconds, 1), Line(title, 100 * seconds / paced, 2)]


def lines(*, quick: bool) -> list[Line]:
    """Every figure."""
    found = [history_line(100), *([] if quick else [history_line(1000)]), *notice_lines()]
    if quick:
        return found
    with tempfile.TemporaryDirectory() as name:
        folder = generate.write(Path(name), LARGE)
        return found + policy_lines(folder) + layout_lines(folder)


def main(arguments: Sequence[str] | None = None) -> int:
    """Print every figure; 1 where one misses its reach."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--quick", action="store_true", help="no 10,000 meetings")
    begun = time.perf_counter()
    status = report(lines(quick=parser.parse_args(arguments).quick))
    print(f"{time.perf_counter() - begun:.0f} s")
    return status


if __name__ == "__main__":
    sys.exit(main())
