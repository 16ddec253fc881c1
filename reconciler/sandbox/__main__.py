"""Serves the emulator in a process of its own, for tests and benchmarks: python -m reconciler.sandbox."""

from __future__ import annotations

import argparse
import json
import sys
from datetime import UTC, datetime
from pathlib import Path

from reconciler.errors.exceptions import ReconcilerError
from reconciler.sandbox.sandbox import Sandbox, serve
from reconciler.sandbox.switches import Switches, changed


def main(arguments: list[str]) -> int:
    """Serve until interrupted; the first line of stdout is the address."""
    parsed = _parser().parse_args(arguments)
    pairs = (pair.partition("=") for pair in parsed.switch)
    values = {name: _value(text) for name, _, text in pairs}
    try:
        switches = changed(Switches(latency_seconds=parsed.latency), values)
        sandbox = Sandbox.open(parsed.folder, now=parsed.now, real_now=_real_now, switches=switches)
        serve(sandbox.app, port=parsed.port, on_ready=_print_address)
    except (ReconcilerError, ValueError) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m reconciler.sandbox", description=__doc__)
    parser.add_argument("--port", type=int, default=0, help="0 picks a free port")
    parser.add_argument("--folder", type=Path, help="folder that keeps the account; default: in memory")
    parser.add_argument("--now", help="an instant with its zone, or a step such as +1d")
    parser.add_argument("--latency", type=float, default=0.0, metavar="SECONDS")
    parser.add_argument("--switch", action="append", default=[], metavar="NAME=JSON")
    return parser


def _real_now() -> datetime:
    return datetime.now(UTC)


def _value(text: str) -> object:
    try:
        return json.loads(text)
    except ValueError:
        return text


def _print_address(address: str) -> None:
    sys.stdout.write(f"{address}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
