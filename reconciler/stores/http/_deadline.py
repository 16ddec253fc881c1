"""The total time of one request: httpx bounds each read and each write alone, and a server may drip.

When it is over, the connection is shut down under the request, which then fails as on a broken one.
"""

from __future__ import annotations

import socket
import threading
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    from collections.abc import Mapping
    from types import TracebackType


class Deadline:
    """Shuts the connections of one request down after `seconds`; `on_event` is httpx's trace of it."""

    def __init__(self, seconds: float) -> None:
        self.is_over = False
        self._mutex = threading.Lock()
        self._sockets: list[socket.socket] = []
        self._timer = threading.Timer(seconds, self._end)
        self._timer.daemon = True

    def __enter__(self) -> Self:
        self._timer.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._timer.cancel()
        with self._mutex:
            while self._sockets:
                self._sockets.pop().close()

    def on_event(self, event: str, info: Mapping[str, Any]) -> None:
        """Note a connection that was opened. Raises `TimeoutError` where the time is over already."""
        if event != "connection.connect_tcp.complete":
            return
        # A descriptor of our own: TLS takes the one of the socket away from it.
        opened: socket.socket = info["return_value"].get_extra_info("socket").dup()
        with self._mutex:
            self._sockets.append(opened)
        if self.is_over:
            raise TimeoutError

    def _end(self) -> None:
        with self._mutex:
            self.is_over = True
            for opened in self._sockets:
                with suppress(OSError):  # the other side has ended it already
                    opened.shutdown(socket.SHUT_RDWR)
