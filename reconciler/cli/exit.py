"""Reports the error that ends a run on stderr and returns its exit status."""

from __future__ import annotations

import errno
import io
import os
import sys
from typing import TYPE_CHECKING, Any, Literal, TextIO

from reconciler import __version__
from reconciler.errors.diagnostic import Diagnostic, Exit
from reconciler.errors.exceptions import ReconcilerError, SettingsError
from reconciler.resources import BrokenInstallError

if TYPE_CHECKING:
    from collections.abc import Sequence


FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO})
"""Error numbers of an output that takes no more data."""


GONE = frozenset({errno.EPIPE, errno.ECONNRESET})
"""Error numbers of an output that nobody reads any more; of a terminal that was closed: EIO."""


STREAMS: tuple[tuple[str, int, Literal["r", "w"]], ...] = (
    ("stdin", os.O_RDONLY, "r"),
    ("stdout", os.O_WRONLY, "w"),
    ("stderr", os.O_WRONLY, "w"),
)
"""Names, and how each is opened, by their file descriptors."""


class Output(io.FileIO):
    """An output whose reader may leave, as `head` does and a closed terminal: what comes then is dropped.

    A run that sends goes on to its end, and every run keeps its own exit status.
    """

    def __init__(self, descriptor: int) -> None:
        super().__init__(descriptor, "w", closefd=False)
        self._is_terminal = self.isatty()  # asked now: one that is closed says no

    def write(self, data: Any, /) -> int:
        """Write `data`; where nobody reads any more, let the null device have it and all that follows."""
        try:
            return super().write(data)
        except OSError as error:
            if error.errno not in (GONE | {errno.EIO} if self._is_terminal else GONE):
                raise
            discard(self.fileno())
            return super().write(data)


def prepare_streams() -> None:
    """Open streams that are closed, let readers leave, and escape characters that a terminal cannot encode.

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
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
            setattr(sys, name, _letting_readers_leave(stream))


def _letting_readers_leave(stream: io.TextIOWrapper) -> TextIO:
    """Return a stream like `stream`, of an `Output`; another file than a standard one stays as it is."""
    file = getattr(stream.buffer, "raw", stream.buffer)  # without a buffer (python -u) it is the file
    if type(file) is not io.FileIO or file.fileno() not in (1, 2):
        return stream
    stream.flush()
    output = Output(file.fileno())
    return io.TextIOWrapper(
        output if stream.buffer is file else io.BufferedWriter(output),
        encoding=stream.encoding,
        errors=stream.errors,
        line_buffering=stream.line_buffering,
        write_through=stream.write_through,
    )


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
    if isinstance(error, BrokenInstallError):
        print_diagnostics((_broken_install(error),), arguments)
        return Exit.ERROR
    if isinstance(error, OSError) and error.errno in FULL and error.filename is None:
        discard(sys.stdout.fileno())
        print_diagnostics((_unwritable(error),), arguments)
        return Exit.ERROR
    sys.stderr.write(
        f"This is a bug in reconciler {__version__}, not in your input. The state is as it was last "
        "written, and the next run looks up any request that was under way. Please report the bug with "
        "these lines:\n"
    )
    return None


def _broken_install(error: BrokenInstallError) -> Diagnostic:
    return Diagnostic(
        "usage.broken-install",
        f"{error} is missing from the installation. Nothing was sent.",
        "The installation is broken. Install it again: `pip install --force-reinstall meetings-reconciler`, "
        "or `pipx reinstall meetings-reconciler`.",
    )


def report_interrupt() -> Exit:
    """Print that the run was interrupted."""
    sys.stderr.write("\nInterrupted. If anything was under way, the next apply looks it up.\n")
    return Exit.INTERRUPTED


def print_diagnostics(diagnostics: Sequence[Diagnostic], arguments: Sequence[str]) -> None:
    """Write `diagnostics` to stderr, after all that was written to stdout."""
    from reconciler.cli.console import takes_colour  # noqa: PLC0415 - only after an error
    from reconciler.views.text import diagnostics as text_diagnostics  # noqa: PLC0415 - the same

    colour = sys.stderr.isatty() and "--no-color" not in arguments and takes_colour(os.environ)
    _flush_output()
    sys.stderr.write(text_diagnostics.diagnostics(diagnostics, colour=colour))


def _flush_output() -> None:
    try:
        sys.stdout.flush()
    except OSError:  # the error that is about to be printed matters more
        discard(sys.stdout.fileno())


def discard(descriptor: int) -> None:
    """Send what is still written to `descriptor` to the null device."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, descriptor)
    os.close(nowhere)


def _unwritable(error: OSError) -> Diagnostic:
    return Diagnostic(
        code="output.unwritable",
        detail=f"stdout: {error.strerror}. What was sent to Zoom, if anything, is recorded.",
        hint="Free some space for the output; `reconciler plan` shows what is left to do.",
    )
