"""A small server of PostgreSQL's protocol with the one table in memory, and planned faults.

It knows the statements of this program by their first words, and nothing else of SQL; `tests/real` has a real
server. Source: postgresql.org/docs/current/protocol-message-formats.html.
"""

from __future__ import annotations

import socketserver
import struct
import threading
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from msgspec import Struct, field

if TYPE_CHECKING:
    from collections.abc import Iterator

INT8, INT2, INT4, BYTEA, BOOL, TEXT, TEXTS = 20, 21, 23, 17, 16, 25, 1009
SIZES = {INT8: ">q", INT2: ">h", INT4: ">i"}
ENCRYPTED = (80877103, 80877104)
"""Codes of the requests for TLS and for GSS, in place of a version."""

END = b"\x00"
READY = b"Z\x00\x00\x00\x05I"


class Fault(Struct):
    """What happens at the next statement that contains `at`: an error with this code, or a cut.

    A cut is made before the statement is carried out, or after it.
    """

    at: str
    sqlstate: str = ""
    cut: str = ""


class Database(Struct):
    """The rows: versions and documents, by state and document. `statements` is all that was sent.

    Transactions take turns. `versions` has every document of a state that was committed, with its instant.
    With `forgets_transactions` a ROLLBACK takes nothing back.
    """

    port: int = 0
    rows: dict[tuple[str, str], tuple[int, bytes]] = {}
    statements: list[str] = []
    connections: int = 0
    has_table: bool = True
    faults: list[Fault] = []
    answers_to_commit: str = "COMMIT"
    forgets_transactions: bool = False
    versions: list[tuple[datetime, str, bytes]] = []
    mutex: threading.Lock = field(default_factory=threading.Lock)
    turn: threading.Lock = field(default_factory=threading.Lock)
    _before: dict[tuple[str, str], tuple[int, bytes]] = {}

    def address(self, name: str = "meetings") -> str:
        """Where the state of that name is."""
        place = f"ann:geheimnis@127.0.0.1:{self.port}/ops"
        return f"postgres://{place}?state={name}&sslmode=disable&gssencmode=disable"

    def begin(self) -> None:
        """Begin a transaction."""
        self.turn.acquire()
        self._before = dict(self.rows)

    def end(self, *, is_kept: bool) -> None:
        """End the transaction."""
        if is_kept or self.forgets_transactions:
            now = datetime.now(UTC)
            self.versions += [
                (now, state, document)
                for (state, name), (version, document) in self.rows.items()
                if name == "state" and self._before.get((state, name), (0, b""))[0] != version
            ]
        else:
            self.rows = self._before
        self.turn.release()

    def take_fault(self, statement: str) -> Fault | None:
        """Return the fault of a statement, once."""
        found = next((fault for fault in self.faults if fault.at in statement), None)
        if found:
            self.faults.remove(found)
        return found

    def carry_out(self, statement: str, values: list[Any]) -> list[list[tuple[int, Any]]]:
        """Return the rows of a statement, each a list of types and values."""
        if statement.startswith("CREATE TABLE"):
            self.has_table = True
            return []
        if "pg_namespace" in statement:
            rights = [(BOOL, bytes([is_there])) for is_there in (True, True, self.has_table)]
            return [[(TEXT, b"ann"), (TEXT, b"public"), *rights, (TEXTS, struct.pack(">iii", 0, 0, TEXT))]]
        key = values[0].decode(), values[1].decode()
        latest, body = self.rows.get(key, (None, b""))
        if statement.startswith("SELECT"):
            columns = [(INT8, latest), (INT2, 1), (INT4, len(body)), (BYTEA, body)]
            return [] if latest is None else [columns]
        is_update = "UPDATE" in statement
        if (latest != values[2]) if is_update else (latest is not None):
            return []
        self.rows[key] = values[2] + is_update, values[4] if is_update else values[3]
        return [[(INT8, self.rows[key][0])]]


class _Session(socketserver.StreamRequestHandler):
    """One connection. What it began and did not end is taken back when it is closed."""

    database: Database

    def handle(self) -> None:
        self.database.connections += 1
        self._is_begun = False
        try:
            with suppress(ConnectionError, struct.error):
                self._greet()
                while self._answer(self.rfile.read(1)):
                    pass
        finally:
            self._end(is_kept=False)

    def _greet(self) -> None:
        while True:
            length = struct.unpack(">i", self.rfile.read(4))[0]
            if struct.unpack(">i", self.rfile.read(length - 4)[:4])[0] not in ENCRYPTED:
                break
            self._send(b"N")
        parameters = (b"client_encoding", b"UTF8"), (b"server_version", b"15.0")
        self._send(
            _message(b"R", struct.pack(">i", 0)),
            *(_message(b"S", name + END + value + END) for name, value in parameters),
            READY,
        )

    def _answer(self, kind: bytes) -> bool:
        """Answer one message; return whether the connection is still open."""
        if kind in {b"", b"X"}:
            return False
        body = self.rfile.read(struct.unpack(">i", self.rfile.read(4))[0] - 4)
        if kind == b"Q":
            return self._run(body.rstrip(END).decode(), [], is_simple=True)
        if kind == b"P":
            _, text, rest = body.split(END, 2)
            count = struct.unpack(">h", rest[:2])[0]
            self._parsed = text.decode().strip(), struct.unpack(f">{count}i", rest[2 : 2 + 4 * count])
        if kind == b"B":
            self._bound = _parameters(body, self._parsed[1])
        return self._run(self._parsed[0], self._bound, is_simple=False) if kind == b"S" else True

    def _run(self, statement: str, values: list[Any], *, is_simple: bool) -> bool:
        if statement.startswith("BEGIN"):
            self.database.begin()
            self._is_begun = True
        with self.database.mutex:
            self.database.statements.append(statement)
            fault = self.database.take_fault(statement)
            if fault and fault.cut == "before":
                return False
            if statement in {"COMMIT", "ROLLBACK"}:
                self._end(is_kept=statement == "COMMIT")
            sqlstate = fault.sqlstate if fault else ""
            if not is_simple and not self.database.has_table and "meetings_reconciler" in statement:
                is_made = "CREATE TABLE" in statement
                sqlstate = sqlstate if is_made else "42P01"
            if sqlstate:
                self._send(
                    _message(
                        b"E",
                        END.join((b"SERROR", b"C" + sqlstate.encode(), b"Mgeheimnis of the server", END)),
                    ),
                    READY,
                )
                return True
            rows = (
                []
                if is_simple and "CREATE TABLE" not in statement
                else self.database.carry_out(statement, values)
            )
            if fault and fault.cut == "after":
                return False
        self._send(*(self._tags(statement) if is_simple else _rows(rows)), READY)
        return True

    def _end(self, *, is_kept: bool) -> None:
        if self._is_begun:
            self._is_begun = False
            self.database.end(is_kept=is_kept)

    def _tags(self, statement: str) -> list[bytes]:
        done = [each.split()[0] for each in statement.split(";")]
        answered = [self.database.answers_to_commit if each == "COMMIT" else each for each in done]
        return [_message(b"C", each.encode() + END) for each in answered]

    def _send(self, *messages: bytes) -> None:
        self.wfile.write(b"".join(messages))


def _parameters(body: bytes, types: tuple[int, ...]) -> list[Any]:
    """Return the values of a Bind message: numbers, and bytes."""
    _, _, rest = body.split(END, 2)
    at = 4 + 2 * struct.unpack(">h", rest[:2])[0]
    values = []
    for type_ in types:
        length = struct.unpack(">i", rest[at : at + 4])[0]
        value = rest[at + 4 : at + 4 + length]
        at += 4 + length
        values.append(struct.unpack(SIZES[type_], value)[0] if type_ in SIZES else value)
    return values


def _rows(rows: list[list[tuple[int, Any]]]) -> list[bytes]:
    """Return the answer to a statement, in binary."""
    head = [_message(b"1", b""), _message(b"2", b"")]
    columns = rows[0] if rows else [(INT8, 0)]
    described = b"".join(b"c" + END + struct.pack(">ihihih", 0, 0, type_, -1, -1, 1) for type_, _ in columns)
    head.append(_message(b"T", struct.pack(">h", len(columns)) + described))
    for row in rows:
        fields = [struct.pack(SIZES[type_], value) if type_ in SIZES else value for type_, value in row]
        data = b"".join(struct.pack(">i", len(each)) + each for each in fields)
        head.append(_message(b"D", struct.pack(">h", len(fields)) + data))
    return [*head, _message(b"C", b"SELECT 1" + END)]


def _message(kind: bytes, body: bytes) -> bytes:
    return kind + struct.pack(">i", len(body) + 4) + body


class _Listener(socketserver.ThreadingTCPServer):
    daemon_threads = True
    allow_reuse_address = True


@contextmanager
def database_server() -> Iterator[Database]:
    """Run a server in a thread until the block ends."""
    database = Database()
    with _Listener(("127.0.0.1", 0), type("Session", (_Session,), {"database": database})) as listener:
        database.port = listener.server_address[1]
        thread = threading.Thread(target=listener.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        thread.start()
        try:
            yield database
        finally:
            listener.shutdown()
            thread.join()
