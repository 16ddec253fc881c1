"""Reports the error that ends a run on stderr and returns its exit status."""

from __future__ import annotations

import errno
import io
import os
import sys
from typing import TYPE_CHECKING

from reconciler import __version__
from reconciler.errors.diagnostic import Diagnostic, Exit
from reconciler.errors.exceptions import ReconcilerError

if TYPE_CHECKING:
    from collections.abc import Sequence


FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO})
"""Error numbers of an output that takes no more data."""


def prepare_streams() -> None:
    """Escape characters that a terminal cannot encode, instead of failing at them."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def report(error: Exception, arguments: Sequence[str]) -> Exit | None:
    """Print the error that ended the run; return None for a bug, whose traceback must be shown."""
    if isinstance(error, ReconcilerError):
        print_diagnostics(error.diagnostics, arguments)
        return error.exit_status
    if isinstance(error, BrokenPipeError):  # the reader of our output has closed it, as `head` does
        _discard_output()
        return Exit.ERROR
    if isinstance(error, OSError) and error.errno in FULL and error.filename is None:
        _discard_output()
        print_diagnostics((_unwritable(error),), arguments)
        return Exit.ERROR
    sys.stderr.write(
        f"This is a bug in reconciler {__version__}, not in your input. The state is as it was last "
        "written, and the next run looks up any request that was under way. Please report the bug with "
        "these lines:\n"
    )
    return None


def report_interrupt() -> Exit:
    """Print that the run was interrupted."""
    sys.stderr.write("\nInterrupted. If anything was under way, the next apply looks it up.\n")
    return Exit.INTERRUPTED


def print_diagnostics(diagnostics: Sequence[Diagnostic], arguments: Sequence[str]) -> None:
    """Write `diagnostics` to stderr, after all that was written to stdout."""
    from reconciler.views.text import diagnostics as text_diagnostics  # noqa: PLC0415 - only after an error

    colour = sys.stderr.isatty() and "--no-color" not in arguments and not os.environ.get("NO_COLOR")
    _flush_output()
    sys.stderr.write(text_diagnostics.diagnostics(diagnostics, colour=colour))


def _flush_output() -> None:
    try:
        sys.stdout.flush()
    except OSError:  # the error that is about to be printed matters more
        _discard_output()


def _discard_output() -> None:
    """Send what is still buffered to the null device; else the interpreter would complain at exit."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _unwritable(error: OSError) -> Diagnostic:
    return Diagnostic(
        code="output.unwritable",
        detail=f"stdout: {error.strerror}. What was sent to Zoom, if anything, is recorded.",
        hint="Free some space for the output; `reconciler plan` shows what is left to do.",
    )
