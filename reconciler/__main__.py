"""The program's door: it answers `--version` by itself and leaves everything else to the command line."""

from __future__ import annotations

import sys

from reconciler import __version__


def main() -> int:
    """Run the command line that this process was given; the exit status."""
    if sys.argv[1:] == ["--version"]:  # without click, which costs more than all the rest
        sys.stdout.write(f"reconciler {__version__}\n")
        return 0
    from reconciler.cli import run  # noqa: PLC0415 - see above

    return run(sys.argv[1:])


if __name__ == "__main__":
    sys.exit(main())
