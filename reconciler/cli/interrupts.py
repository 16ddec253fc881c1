"""The signals that end a run in order, so that the lock on the state is released on the way out."""

from __future__ import annotations

import signal
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


def ending_signals() -> tuple[signal.Signals, ...]:
    """Return Ctrl-C, SIGTERM, and SIGHUP unless the run was started to ignore it, as `nohup` does."""
    ignores_hangups = signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
    return (signal.SIGINT, signal.SIGTERM, *(() if ignores_hangups else (signal.SIGHUP,)))


def treat_as_interrupts() -> None:
    """Let each of the signals interrupt this process as Ctrl-C does."""
    for number in ending_signals():
        if number is not signal.SIGINT:  # Python's own handler, unless somebody ignores it
            signal.signal(number, signal.default_int_handler)


@contextmanager
def restoring_handlers() -> Iterator[None]:
    """Put the handlers back afterwards: an event loop leaves the default ones, which release nothing."""
    handlers = {number: signal.getsignal(number) for number in ending_signals()[1:]}
    try:
        yield
    finally:
        for number, handler in handlers.items():
            signal.signal(number, handler)
