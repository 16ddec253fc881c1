"""Reports the error that ends a run on stderr and returns its exit status."""

from __future__ import annotations

import errno
import io
import os
import sys
from typing import TYPE_CHECKING, Literal, TextIO

from reconciler import __version__
from reconciler.errors.diagnostic import Diagnostic, Exit
from reconciler.errors.exceptions import ReconcilerError, SettingsError

if TYPE_CHECKING:
    from collections.abc import Sequence


FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO})
"""Error numbers of an output that takes no more data."""


STREAMS: tuple[tuple[str, int, Literal["r", "w"]], ...] = (
    ("stdin", os.O_RDONLY, "r"),
    ("stdout", os.O_WRONLY, "w"),
    ("stderr", os.O_WRONLY, "w"),
)
"""Names, and how each is opened, by their file descriptors."""


def prepare_streams() -> None:
    """Open streams that are closed, and escape characters that a terminal cannot encode.

    The next file that is opened would get the descriptor of a closed stream: a state, say, into which git
    then writes its messages. Raises `SettingsError` if stdout was closed, as nobody could see what is done.
    """
    is_closed = sys.stdout is None
    for descriptor, (name, flags, mode) in enumerate(STREAMS):
        if getattr(sys, name) is None:
            setattr(sys, name, _open_nowhere(descriptor, flags, mode))
    if is_closed:
        raise SettingsError.of(
            "output.unwritable",
            detail="stdout is closed. Nothing was done.",
            hint="Leave stdout open, or send it to a file or to /dev/null.",
        )
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def _open_nowhere(descriptor: int, flags: int, mode: Literal["r", "w"]) -> TextIO:
    opened = os.open(os.devnull, flags)
    if opened != descriptor:
        os.dup2(opened, descriptor)
        os.close(opened)
    return open(descriptor, mode, encoding="utf-8", closefd=False)


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
