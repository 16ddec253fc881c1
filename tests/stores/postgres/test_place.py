"""The state in a database: conditions, connections that die, and every kind of answer.

A small server of the protocol stands in for PostgreSQL; `tests/real` checks the same against a real one.
"""

from __future__ import annotations

import sys
from importlib import import_module
from typing import TYPE_CHECKING

import pytest
from database_server import Database, Fault, database_server
from manual_clock import ManualClock

from reconciler.errors.exceptions import SettingsError, StateError
from reconciler.ports import Snapshot
from reconciler.stores.errors import ConflictError
from reconciler.stores.leased.place import LOCK, STATE
from reconciler.stores.open import open_store
from reconciler.stores.options import StoreOptions
from reconciler.stores.postgres import _sessions
from reconciler.stores.postgres._address import parse
from reconciler.stores.postgres.place import PostgresDocumentStore

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def database() -> Iterator[Database]:
    with database_server() as running:
        yield running


def options() -> StoreOptions:
    clock = ManualClock()
    return StoreOptions(None, "ann@laptop", clock, wait=clock.advance)  # type: ignore[arg-type]  # - it has no file


def place(database: Database) -> PostgresDocumentStore:
    return PostgresDocumentStore(parse(database.address(), {}), options())


def put(place: PostgresDocumentStore, document: bytes, replaces: str | None, name: str = STATE) -> str:
    return place.put(name, document, replaces=replaces, note="a test")


def test_each_write_replaces_what_it_names(database: Database) -> None:
    documents = place(database)
    before = documents.get(STATE)
    first = put(documents, b"one", None)
    second = put(documents, b"two", first)

    for name, replaces in ((STATE, None), (STATE, first), (LOCK, second)):
        with pytest.raises(ConflictError):
            put(documents, b"three", replaces, name)

    assert (before, documents.get(STATE)) == (None, Snapshot(b"two", second))
    assert int(second) == int(first) + 1


def test_an_operation_is_one_transaction_of_one_statement(database: Database) -> None:
    """Nothing is set for longer, and one connection serves all."""
    documents = place(database)
    put(documents, b"one", None)
    documents.get(STATE)

    firsts = [statement.split()[0] for statement in database.statements]
    assert firsts == ["BEGIN", "WITH", "COMMIT", "BEGIN", "SELECT", "COMMIT"]
    assert database.statements[0] == (
        "BEGIN ISOLATION LEVEL READ COMMITTED; SET LOCAL statement_timeout = '15s'; "
        "SET LOCAL idle_in_transaction_session_timeout = '30s'; SET LOCAL synchronous_commit = on"
    )
    assert database.connections == 1


def test_the_first_write_makes_the_table(database: Database) -> None:
    """A read makes nothing."""
    database.has_table = False
    documents = place(database)
    before, was_made = documents.get(STATE), database.has_table

    version = put(documents, b"one", None)

    assert (before, was_made, database.has_table) == (None, False, True)
    assert documents.get(STATE) == Snapshot(b"one", version)


@pytest.mark.parametrize(
    "fault", [Fault("COMMIT", cut="before"), Fault("COMMIT", cut="after"), Fault("WITH", cut="before")]
)
def test_a_write_that_is_cut_off_is_written_once(database: Database, fault: Fault) -> None:
    """The store looks up what became of it."""
    store = open_store(database.address(), options())
    first = store.write(b"one", replaces=None)
    database.faults = [fault]

    second = store.write(b"two", replaces=first)

    assert (database.faults, store.read()) == ([], Snapshot(b"two", second))
    assert int(second) == int(first) + 1
    assert database.connections == 2


def test_a_connection_that_died_meanwhile_is_opened_anew(database: Database) -> None:
    documents = place(database)
    first = put(documents, b"one", None)
    database.faults = [Fault("BEGIN", cut="before")]

    second = put(documents, b"two", first)

    assert (documents.get(STATE), database.connections) == (Snapshot(b"two", second), 2)


def test_a_transaction_that_the_server_gave_up_changed_nothing(database: Database) -> None:
    database.answers_to_commit = "ROLLBACK"

    with pytest.raises(StateError) as raised:
        place(database).get(STATE)

    assert raised.value.diagnostic.detail.endswith(
        "the server answered ROLLBACK to COMMIT. This request changed nothing."
    )


@pytest.mark.parametrize(
    ("sqlstate", "code"),
    [("25006", "state.read-only"), ("42703", "state.other-table"), ("57014", "state.unanswered")],
)
def test_a_refusal_shows_no_password(database: Database, sqlstate: str, code: str) -> None:
    database.faults = [Fault("WITH", sqlstate) for _ in range(5)]

    with pytest.raises(StateError) as raised:
        put(place(database), b"one", None)

    assert raised.value.diagnostic.code == code
    assert "geheimnis" not in str(raised.value) + raised.value.diagnostic.hint


def test_a_check_leaves_nothing(database: Database) -> None:
    place(database).check()

    assert database.rows == {}


def test_a_check_that_a_pooler_fails_is_refused(database: Database) -> None:
    """What is taken back stays."""
    database.forgets_transactions = True

    with pytest.raises(StateError) as raised:
        place(database).check()

    assert raised.value.diagnostic.code == "state.conditions-ignored"


def test_a_server_without_an_answer_is_given_up(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_sessions, "ANSWER_SECONDS_MAX", 0.05)
    with database.mutex, pytest.raises(StateError) as raised:
        place(database).get(STATE)

    assert raised.value.diagnostic.code == "state.unanswered"


def test_without_the_driver_the_extra_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    del tmp_path
    for name in [name for name in sys.modules if name.startswith("reconciler.stores.postgres")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "psycopg", None)

    with pytest.raises(SettingsError) as raised:
        import_module("reconciler.stores.postgres.place")

    assert raised.value.diagnostic.code == "state.no-postgres"
