"""A shell at a terminal, to which keys are sent and whose screen is read."""

from __future__ import annotations

import os
import pty
import select
import signal
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

WAIT_SECONDS_MAX = 60.0
LOST_SECONDS = 10
"""Seconds without a word after keys were typed: they are typed again."""


def shown_after(descriptor: int, typed: bytes) -> bytes:
    """Return what the program shows next, after the keys in `typed`; empty where it has ended.

    A signal that comes right before the read of an answer does not end the read, so keys may get lost.
    """
    while typed and not select.select([descriptor], [], [], LOST_SECONDS)[0]:
        os.write(descriptor, typed)
    try:
        return os.read(descriptor, 4096)
    except OSError:  # how Linux tells that the other side is gone
        return b""


class Terminal:
    """What a person at a terminal has: keys and a screen, here as one growing text."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._screen = ""

    def press(self, keys: str) -> None:
        """Send keys, such as a text or a Tab."""
        os.write(self._descriptor, keys.encode())

    def wait_for(self, text: str) -> str:
        """Return what the screen showed before `text`, and forget it all. Fails if it does not come."""
        until = time.monotonic() + WAIT_SECONDS_MAX
        while text not in self._screen:
            ready, _, _ = select.select([self._descriptor], [], [], max(0.0, until - time.monotonic()))
            assert ready, f"{text!r} did not come: {self._screen!r}"
            self._screen += os.read(self._descriptor, 4096).decode(errors="replace")
        before, _, self._screen = self._screen.partition(text)
        return before


@contextmanager
def terminal(command: tuple[str, ...], folder: Path, environ: Mapping[str, str]) -> Iterator[Terminal]:
    """Run a program at a terminal of its own until the block ends."""
    child, descriptor = pty.fork()
    if not child:
        os.chdir(folder)
        os.execvpe(command[0], command, environ)
    try:
        yield Terminal(descriptor)
    finally:
        os.kill(child, signal.SIGKILL)
        os.close(descriptor)
        os.waitpid(child, 0)
