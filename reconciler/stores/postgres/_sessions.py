"""Transactions on connections that are opened when one is needed, and kept while they are sound.

A connection with any error is closed and never used again. One that a server or a pooler closed while
nobody used it is found at BEGIN, and another one is opened.
"""

from __future__ import annotations

import os
import socket
import threading
import weakref
from collections.abc import Callable, Mapping
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any, TypeVar, cast

from reconciler.stores.postgres import _errors
from reconciler.stores.postgres._driver import psycopg
from reconciler.stores.postgres._statements import BEGIN

if TYPE_CHECKING:
    from collections.abc import Iterator

    from psycopg.sql import Composed

    from reconciler.stores.postgres._address import Target


ANSWER_SECONDS_MAX = 20.0
"""Longest that a transaction may take here; the server ends a statement sooner, if it still answers."""

GREETING_SECONDS_MAX = 5.0
"""Longest that a kept connection may take to answer BEGIN, before it counts as dead."""

Connection = psycopg.Connection[tuple[Any, ...]]
Rows = list[tuple[Any, ...]]
Execute = Callable[["Composed | bytes", Mapping[str, object]], Rows]
T = TypeVar("T")


class Sessions:
    """Connections to one database, each used by one thread at a time."""

    def __init__(self, target: Target) -> None:
        self._target = target
        self._kept: list[Connection] = []
        weakref.finalize(self, _close_all, self._kept)

    def transact(self, work: Callable[[Execute], T], *, ending: str = "COMMIT") -> T:
        """Return what `work` returns, after a transaction of its statements.

        Raises `psycopg.Error` if it did not come to its end and changed nothing, `UnansweredError` if only
        the answer to COMMIT is missing, and `StateError` if there is no connection.
        """
        connection = self._begun()
        try:
            with _deadline(connection, ANSWER_SECONDS_MAX):
                result = work(_executing(connection))
                self._end(connection, ending)
        except BaseException:
            connection.close()
            raise
        self._kept.append(connection)
        return result

    def _end(self, connection: Connection, ending: str) -> None:
        try:
            done = connection.execute(ending.encode()).statusmessage
        except psycopg.Error as error:
            raise _errors.of_commit(self._target, error) from error
        if done != ending:  # the server had given the transaction up
            raise psycopg.OperationalError(f"the server answered {done} to {ending}")

    def _begun(self) -> Connection:
        """Return a connection in a new transaction: a kept one that answers, or else a new one."""
        while (kept := self._taken()) is not None:
            with suppress(psycopg.Error):
                _begin(kept, GREETING_SECONDS_MAX)
                return kept
            kept.close()
        connection = self._opened()
        try:
            _begin(connection, ANSWER_SECONDS_MAX)
        except BaseException:
            connection.close()
            raise
        return connection

    def _taken(self) -> Connection | None:
        try:
            return self._kept.pop()
        except IndexError:
            return None

    def _opened(self) -> Connection:
        try:
            return psycopg.connect(
                autocommit=True,
                prepare_threshold=None,  # a pooler may give each transaction another connection
                fallback_application_name="reconciler",
                **cast("dict[str, Any]", dict(self._target.parameters)),
            )
        except psycopg.Error as error:
            raise _errors.of_connection(self._target, error) from None  # libpq's text names the address


def _executing(connection: Connection) -> Execute:
    def execute(statement: Composed | bytes, values: Mapping[str, object]) -> Rows:
        cursor = connection.execute(statement, values, binary=True)
        return cursor.fetchall() if cursor.description else []

    return execute


def _begin(connection: Connection, seconds: float) -> None:
    with _deadline(connection, seconds):
        connection.execute(BEGIN.encode())


@contextmanager
def _deadline(connection: Connection, seconds: float) -> Iterator[None]:
    """End the connection if the block takes longer: a socket without an answer would wait for ever."""
    watched = socket.socket(fileno=os.dup(connection.fileno()))
    timer = threading.Timer(seconds, _shut, (watched,))
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
        timer.join()
        watched.close()


def _shut(watched: socket.socket) -> None:
    with suppress(OSError):
        watched.shutdown(socket.SHUT_RDWR)


def _close_all(connections: list[Connection]) -> None:
    for connection in connections:
        connection.close()
