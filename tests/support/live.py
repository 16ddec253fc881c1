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
        # The program puts streams of its own in place of these; to collect one must not close its descriptor.
        sys.stdin, sys.stdout, sys.stderr = (
            open(number, mode, closefd=False)  # noqa: SIM115 - of the fork
            for number, mode in enumerate(("r", "w", "w"))
        )
        os.chdir(folder)
        for name in [name for name in os.environ if name.startswith(OURS)]:
            del os.environ[name]
        os.environ.update({"TERM": "xterm", **environ})
        status = run(arguments)
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)
