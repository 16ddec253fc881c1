"""The entry point: answers `--version` by itself and leaves everything else to the command line."""

from __future__ import annotations

import gc
import sys

from reconciler import __version__

COLLECT_AFTER = 100_000
"""New objects between two garbage collections; with Python's 700, they take a tenth of the start."""


def main() -> int:
    """Run the command line of this process; return the exit status."""
    if sys.argv[1:] == ["--version"] and _is_written(f"reconciler {__version__}\n"):
        return 0  # without click, which takes longer to import than everything else
    gc.set_threshold(COLLECT_AFTER)
    gc.disable()  # a verb that only reads keeps what it makes; a connection switches it on again
    from reconciler.cli.interrupts import treat_as_interrupts  # noqa: PLC0415 - see above

    treat_as_interrupts()  # a cancelled job, or a closed terminal, ends as by Ctrl-C
    from reconciler.cli.main import run  # noqa: PLC0415 - see above

    status = run(sys.argv[1:])
    gc.freeze()  # else the interpreter collects once more, to free what ends with the process anyway
    return status


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
