"""The entry point: answers `--version` by itself and leaves everything else to the command line."""

from __future__ import annotations

import atexit
import gc
import os
import sys
from contextlib import suppress

from reconciler import __version__

COLLECT_AFTER = 100_000
"""New objects between two garbage collections; with Python's 700, they take a tenth of the start."""


def main() -> int:
    """Run the command line of this process; return the exit status."""
    if sys.argv[1:] == ["--version"] and _is_written(f"reconciler {__version__}\n"):
        return 0  # without click, which takes longer to import than everything else
    ended: list[int] = []
    kept: list[object] = []
    atexit.register(_end, ended, kept)  # registered first, it runs last: temporary folders are gone by then
    gc.set_threshold(COLLECT_AFTER)
    gc.disable()  # a verb that only reads keeps what it makes; a connection switches it on again
    from reconciler.cli.interrupts import treat_as_interrupts  # noqa: PLC0415 - see above

    treat_as_interrupts()  # a cancelled job, or a closed terminal, ends as by Ctrl-C
    from reconciler.cli.main import run  # noqa: PLC0415 - see above

    status = run(sys.argv[1:], keep=kept.append)
    ended.append(status)
    return status


def _end(ended: list[int], _kept: list[object]) -> None:
    """End the process with its status at once: the system frees all that was kept sooner than Python does."""
    if not ended:
        return  # an exception ended it, and Python still has to show it
    for stream in filter(None, (sys.stdout, sys.stderr)):
        with suppress(OSError, ValueError):
            stream.flush()
    os._exit(ended[0])


def _is_written(text: str) -> bool:
    """Write `text`; False where stdout is closed, full or a pipe that nobody reads: `run` then does."""
    try:
        sys.stdout.write(text)
        sys.stdout.flush()
    except (OSError, AttributeError):  # it is None where it was closed
        return False
    return True


if __name__ == "__main__":
    sys.exit(main())
