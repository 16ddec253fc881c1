"""A line to a PostgreSQL server, without TLS, that can be cut at a chosen message of the client."""

from __future__ import annotations

import socket
import threading
from contextlib import contextmanager, suppress
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

HERE = "127.0.0.1"
RECEIVED_MAX = 65536


class Cut(StrEnum):
    """What becomes of the next message of its kind."""

    BEFORE_STATEMENT = "before the statement"
    BEFORE_COMMIT = "before COMMIT"
    AFTER_COMMIT = "after COMMIT"
    """The server carries it out, and its answer is lost."""
    NO_ANSWER = "no answer"
    NO_ANSWER_TO_COMMIT = "no answer to COMMIT"
    """The connection stays open."""


AT_COMMIT = {Cut.BEFORE_COMMIT, Cut.AFTER_COMMIT, Cut.NO_ANSWER_TO_COMMIT}


class Line:
    """A port that passes everything on to `target`, but for what `cut` says."""

    def __init__(self, target: int) -> None:
        self.cut: Cut | None = None
        self.is_repeated = False
        self._target = target
        self._listener = socket.create_server((HERE, 0))
        self._open: list[socket.socket] = [self._listener]
        self.port: int = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def is_done(self) -> bool:
        """No cut is left to be made."""
        return self.cut is None

    def close(self) -> None:
        """End every connection."""
        for each in self._open:
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
            each.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                server = socket.create_connection((HERE, self._target))
                self._open += [client, server]
                events = threading.Event(), threading.Event()
                threading.Thread(target=self._forward, args=(client, server, *events), daemon=True).start()
                threading.Thread(target=self._back, args=(server, client, *events), daemon=True).start()

    def _forward(
        self, client: socket.socket, server: socket.socket, muted: threading.Event, answered: threading.Event
    ) -> None:
        with suppress(OSError):
            while data := client.recv(RECEIVED_MAX):
                cut = self._cut_for(data)
                if cut is None:
                    server.sendall(data)
                    continue
                muted.set()
                if cut is Cut.AFTER_COMMIT:
                    server.sendall(data)
                    answered.wait(5.0)  # it was carried out
                if cut not in {Cut.NO_ANSWER, Cut.NO_ANSWER_TO_COMMIT}:
                    client.shutdown(socket.SHUT_RDWR)
        with suppress(OSError):
            server.shutdown(socket.SHUT_RDWR)

    def _back(
        self, server: socket.socket, client: socket.socket, muted: threading.Event, answered: threading.Event
    ) -> None:
        with suppress(OSError):
            while data := server.recv(RECEIVED_MAX):
                if muted.is_set():
                    answered.set()
                else:
                    client.sendall(data)
        with suppress(OSError):
            client.shutdown(socket.SHUT_RDWR)

    def _cut_for(self, data: bytes) -> Cut | None:
        is_commit, is_statement = data.startswith(b"Q") and b"COMMIT" in data, b"UPDATE" in data
        if self.cut is None or not (is_commit if self.cut in AT_COMMIT else is_statement):
            return None
        cut, self.cut = self.cut, self.cut if self.is_repeated else None
        return cut


@contextmanager
def cutting(target: int) -> Iterator[Line]:
    """Pass connections on to the port `target` until the block ends."""
    line = Line(target)
    try:
        yield line
    finally:
        line.close()
