"""How a run ends that could not do its work: what is said on stderr, and with which exit status."""

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
"""What the system says of an output that takes no more."""


def prepare_streams() -> None:
    """Have no character that a terminal cannot show end the program."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def report(error: Exception, arguments: Sequence[str]) -> Exit | None:
    """Tell what ended the run; None where it is a bug of ours, whose traceback must be seen."""
    if isinstance(error, ReconcilerError):
        print_diagnostics(error.diagnostics, arguments)
        return error.exit_status
    if isinstance(error, BrokenPipeError):  # whoever read our output has seen enough
        _drop_output()
        return Exit.ERROR
    if isinstance(error, OSError) and error.errno in FULL and error.filename is None:
        _drop_output()
        print_diagnostics((_unwritable(error),), arguments)
        return Exit.ERROR
    sys.stderr.write(
        f"This is a bug in reconciler {__version__}, not in what you wrote. The state is as it was last "
        "written, and the next run looks up what was under way. Please report it with these lines:\n"
    )
    return None


def report_interrupt() -> Exit:
    """Tell that somebody asked for the end."""
    sys.stderr.write("\nInterrupted. If anything was under way, the next apply looks it up.\n")
    return Exit.INTERRUPTED


def print_diagnostics(diagnostics: Sequence[Diagnostic], arguments: Sequence[str]) -> None:
    """Write findings to stderr, after all that was written to stdout."""
    from reconciler.views.text import diagnostics as findings  # noqa: PLC0415 - only an error needs it

    colour = sys.stderr.isatty() and "--no-color" not in arguments and not os.environ.get("NO_COLOR")
    _flush_output()
    sys.stderr.write(findings.diagnostics(diagnostics, colour=colour))


def _flush_output() -> None:
    try:
        sys.stdout.flush()
    except OSError:  # the error that is to be shown is worth more
        _drop_output()


def _drop_output() -> None:
    """Let what is still buffered go nowhere, or the interpreter would complain of it at exit."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _unwritable(error: OSError) -> Diagnostic:
    return Diagnostic(
        code="output.unwritable",
        detail=f"stdout: {error.strerror}. What was sent to Zoom, if anything, is recorded.",
        hint="Make room where the output goes; `reconciler plan` shows what is left to do.",
    )
