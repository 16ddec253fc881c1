"""Runs the program in a child of this process, at a terminal."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from shell import OURS

from reconciler.cli.main import run

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


def live(folder: Path, arguments: tuple[str, ...], environ: Mapping[str, str]) -> None:
    import sys  # noqa: PLC0415 - its streams are the terminal's here

    status = 70
    try:
        sys.stdin, sys.stdout, sys.stderr = open(0), open(1, "w"), open(2, "w")  # noqa: SIM115 - of the fork
        os.chdir(folder)
        for name in [name for name in os.environ if name.startswith(OURS)]:
            del os.environ[name]
        os.environ.update({"TERM": "xterm", **environ})
        status = run(arguments)
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)
