"""The program's door: it answers `--version` by itself and leaves everything else to the command line."""

from __future__ import annotations

import gc
import sys

from reconciler import __version__

COLLECT_AFTER = 100_000
"""New objects after which cycles are looked for; at Python's 700, a tenth of a start goes into it."""


def main() -> int:
    """Run the command line that this process was given; the exit status."""
    if sys.argv[1:] == ["--version"]:  # without click, which costs more than all the rest
        sys.stdout.write(f"reconciler {__version__}\n")
        return 0
    gc.set_threshold(COLLECT_AFTER)
    import signal  # noqa: PLC0415 - see above

    # A cancelled job ends as by Ctrl-C: a lock that is held is freed on the way out.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    from reconciler.cli.main import run  # noqa: PLC0415 - see above

    status = run(sys.argv[1:])
    gc.freeze()  # or the interpreter looks through everything once more, to free what ends with it anyway
    return status


if __name__ == "__main__":
    sys.exit(main())
