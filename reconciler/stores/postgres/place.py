"""The state in a table of a database: compare-and-swap by version, the lock a row like any other.

No session lock is used, and no clock of the server: the rules of `leased` hold here as they do in git and
in object storage, also behind a pooler that gives each transaction another connection.
"""

from __future__ import annotations

import random
import uuid
from contextlib import suppress
from typing import TYPE_CHECKING, TypeVar

from reconciler.errors.exceptions import StateError
from reconciler.ports import Snapshot
from reconciler.stores import size
from reconciler.stores.errors import AbsentError, ConflictError
from reconciler.stores.leased.place import STATE
from reconciler.stores.leased.retry import repeat
from reconciler.stores.leased.store import LeasedStore
from reconciler.stores.postgres import _address, _errors
from reconciler.stores.postgres._driver import psycopg
from reconciler.stores.postgres._errors import Survey
from reconciler.stores.postgres._sessions import Sessions
from reconciler.stores.postgres._statements import FORMAT, RIGHTS, SURVEY, TABLE, Statements

if TYPE_CHECKING:
    from collections.abc import Callable

    from reconciler.stores.options import StoreOptions
    from reconciler.stores.postgres._address import Target
    from reconciler.stores.postgres._sessions import Execute

T = TypeVar("T")


EARLIER_KEPT = 50
"""Earlier versions of a state that stay in the table. Of a lock none does."""

NOTE_LENGTH_MAX = 500

FIRST_VERSION_BITS = 40
"""A state begins at a number by chance, so that one that was deleted and made again is another one."""


def open_postgres(address: str, options: StoreOptions) -> LeasedStore:
    """Return the store at `postgres://HOST/DATABASE?state=NAME`, unread. Raises `SettingsError`."""
    return LeasedStore(PostgresDocumentStore(_address.parse(address, options.environ), options), options)


class PostgresDocumentStore:
    """A `DocumentStore` of the rows of one state."""

    gather_seconds = 0.2
    """A write of a large state takes some tenths of a second, so waiting for as long costs little."""

    def __init__(self, target: Target, options: StoreOptions) -> None:
        self._target = target
        self._options = options
        self._sessions = Sessions(target)
        self._statements = Statements.of(target.schema)

    @property
    def location(self) -> str:
        """The address without user and password."""
        return self._target.location

    def get(self, name: str) -> Snapshot | None:
        """Return the current document of that name; None if its table, or it, does not exist."""
        return repeat(lambda: self._get(name), self._options)

    def put(self, name: str, document: bytes, *, replaces: str | None, note: str = "") -> str:
        """Replace version `replaces` and return the new version. The first write makes the table."""
        return repeat(lambda: self._put(name, document, replaces, note), self._options)

    def check(self) -> None:
        """Try writes with true and false conditions, and take all of them back.

        So a missing right, a database that is read-only, a table that is another one, and a pooler that
        cuts transactions apart are noticed before anything is sent.
        """
        probe = f"probe-{uuid.uuid4().hex}"
        problem = repeat(
            lambda: self._written(lambda execute: self._tried(execute, probe), "ROLLBACK"), self._options
        )
        if not problem and self.get(probe) is not None:
            problem = "A transaction that was taken back left something behind"
        if problem:
            raise StateError.of(
                "state.conditions-ignored",
                detail=f"{self.location}: {problem}. Two runs could overwrite each other's state there. "
                "The state was left as it is, and nothing was sent.",
                hint="Connect to PostgreSQL itself, or to a pooler that keeps a transaction on one "
                "connection (pool_mode transaction or session).",
            )

    def _get(self, name: str) -> Snapshot | None:
        values = {"state": self._target.state, "document": name}
        try:
            rows = self._transact(lambda execute: execute(self._statements.read, values), RIGHTS[:1])
        except AbsentError:
            return None
        if not rows:
            return None
        latest, table_format, size_bytes, body = rows[0]
        if table_format != FORMAT or size_bytes is None:
            raise _errors.other_table(self._target, f"Its row of {name} has no document of version {latest}.")
        if body is None:
            raise size.too_large(self.location)
        return Snapshot(bytes(body), str(latest))

    def _put(self, name: str, document: bytes, replaces: str | None, note: str) -> str:
        values = self._values(name, document, replaces, note)
        statement = self._statements.create if replaces is None else self._statements.replace
        rows = self._written(lambda execute: execute(statement, values), "COMMIT")
        if not rows:
            raise ConflictError.of("state.changed", detail=f"{self.location} has another version.")
        return str(rows[0][0])

    def _values(self, name: str, document: bytes, replaces: str | None, note: str) -> dict[str, object]:
        first = random.SystemRandom().getrandbits(FIRST_VERSION_BITS) + 1
        return {
            "state": self._target.state,
            "document": name,
            "version": first if replaces is None else int(replaces),
            "body": document,
            "note": note.encode("ascii", "backslashreplace").decode()[:NOTE_LENGTH_MAX],
            "earlier": EARLIER_KEPT if name == STATE else 0,
        }

    def _tried(self, execute: Execute, probe: str) -> str:
        """Return what is wrong with the conditions; empty if nothing is."""
        first = execute(self._statements.create, self._values(probe, b"1", None, ""))
        if not first:
            return "It refused a write whose condition held"
        version = str(first[0][0])
        if execute(self._statements.create, self._values(probe, b"2", None, "")):
            return "It created a document that already existed"
        if execute(self._statements.replace, self._values(probe, b"3", str(int(version) + 1), "")):
            return "It replaced another version of a document than the one named"
        if not execute(self._statements.replace, self._values(probe, b"4", version, "")):
            return "It refused a write whose condition held"
        return ""

    def _written(self, work: Callable[[Execute], T], ending: str) -> T:
        """Return what `work` returns, after the table was made if it was not there."""
        try:
            return self._transact(work, ending=ending)
        except AbsentError:
            with suppress(ConflictError):  # another run makes it at this moment
                self._transact(lambda execute: execute(self._statements.table, {}))
        return self._transact(work, ending=ending)

    def _transact(
        self, work: Callable[[Execute], T], rights: tuple[str, ...] = RIGHTS, *, ending: str = "COMMIT"
    ) -> T:
        """Return what `work` returns. Raises `AbsentError` if there is no table."""
        try:
            return self._sessions.transact(work, ending=ending)
        except psycopg.Error as error:
            if error.sqlstate in _errors.SURVEYED:
                raise _errors.surveyed(self._target, error, self._survey(rights)) from error
            raise _errors.of_statement(self._target, error) from error

    def _survey(self, rights: tuple[str, ...]) -> Survey | None:
        values = {"schema": self._target.schema, "table": TABLE, "rights": list(rights)}
        try:
            rows = self._sessions.transact(lambda execute: execute(SURVEY, values))
        except psycopg.Error as error:
            raise _errors.of_statement(self._target, error) from error
        return Survey(*rows[0]) if rows else None
