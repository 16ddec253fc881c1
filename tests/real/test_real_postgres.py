"""A real PostgreSQL keeps the conditions of a write, alone and behind a pooler, and each refusal is clear."""

from __future__ import annotations

import subprocess
import threading
from typing import TYPE_CHECKING
from urllib.parse import quote

import pytest
from cutting import Cut, cutting
from postgres_server import DATABASE, OWNER, PASSWORD, PostgresServer, binary
from seaweed import HERE
from served import APPLY

from reconciler.cli.clock import SystemClock
from reconciler.errors.exceptions import ReconcilerError, StateError
from reconciler.ports import Snapshot
from reconciler.stores import size
from reconciler.stores.leased.place import LOCK, STATE
from reconciler.stores.leased.store import LeasedStore
from reconciler.stores.open import open_store
from reconciler.stores.options import StoreOptions
from reconciler.stores.postgres import _address, _sessions
from reconciler.stores.postgres.place import EARLIER_KEPT, PostgresDocumentStore

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from team import Team

    from reconciler.errors.diagnostic import Diagnostic
    from reconciler.ports import Store

READ_ONLY = "ALTER DATABASE states SET default_transaction_read_only = on"
WRITABLE = "ALTER DATABASE states RESET default_transaction_read_only"


@pytest.fixture(params=["alone", "pooled"])
def server(request: pytest.FixtureRequest) -> PostgresServer:
    """The server itself, and the same behind a pooler."""
    found: PostgresServer = request.getfixturevalue(
        "postgres" if request.param == "alone" else "pooled_postgres"
    )
    return found


@pytest.fixture
def schema(postgres: PostgresServer, tmp_path: Path) -> Iterator[str]:
    """A schema that nobody has used."""
    name = f"s_{tmp_path.name}"
    postgres.run(f"CREATE SCHEMA {name}")
    yield name
    postgres.run(f"DROP SCHEMA {name} CASCADE")


def options(folder: Path, environ: dict[str, str]) -> StoreOptions:
    return StoreOptions(folder, "a test", SystemClock(), wait=lambda _seconds: None, environ=environ)


def place_at(
    server: PostgresServer, folder: Path, address: str = "", **environ: str
) -> PostgresDocumentStore:
    """Documents at an address that no test has used."""
    opened = options(folder, server.environ() | environ)
    target = _address.parse(address or server.address(f"{folder.name}-{server.port}"), opened.environ)
    return PostgresDocumentStore(target, opened)


def put(place: PostgresDocumentStore, document: bytes, replaces: str | None, name: str = STATE) -> str:
    return place.put(name, document, replaces=replaces, note="a test 🙂")


def refusal(store: Store) -> Diagnostic:
    """Return what the lock of the store is refused with."""
    with pytest.raises(StateError) as raised:
        store.lock("apply", timeout_seconds=0)
    return raised.value.diagnostic


def test_eight_first_runs_make_one_table(postgres: PostgresServer, schema: str, tmp_path: Path) -> None:
    address = f"{postgres.address('first')}&schema={schema}"
    places = [place_at(postgres, tmp_path, address) for _ in range(8)]
    failed: list[ReconcilerError] = []

    def check(place: PostgresDocumentStore) -> None:
        try:
            place.check()
        except ReconcilerError as error:
            failed.append(error)

    threads = [threading.Thread(target=check, args=(place,)) for place in places]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert failed == []
    assert postgres.run(f"SELECT count(*) FROM {schema}.meetings_reconciler") == [(0,)]


def test_the_check_leaves_nothing_and_sets_nothing(server: PostgresServer, tmp_path: Path) -> None:
    """Behind a pooler the next client gets the connection that we used."""
    place = place_at(server, tmp_path)
    put(place, b"{}", None)

    place.check()

    probes = server.run("SELECT count(*) FROM meetings_reconciler WHERE document LIKE 'probe%'")
    assert (probes, server.run("SHOW statement_timeout")) == ([(0,)], [("0",)])


def test_the_last_fifty_earlier_versions_are_kept(postgres: PostgresServer, tmp_path: Path) -> None:
    place = place_at(postgres, tmp_path)
    version, lock = put(place, b"0", None), put(place, b"0", None, LOCK)
    for number in range(1, EARLIER_KEPT + 3):
        version, lock = put(place, b"%d" % number, version), put(place, b"%d" % number, lock, LOCK)

    kept = postgres.run(
        "SELECT document, min(convert_from(body, 'UTF8')::int), count(*) FROM meetings_reconciler "
        f"WHERE state = '{tmp_path.name}-{postgres.port}' AND version > 0 GROUP BY document ORDER BY document"
    )
    assert kept == [(LOCK, EARLIER_KEPT + 2, 1), (STATE, 2, EARLIER_KEPT + 1)]


def test_an_earlier_version_is_read_as_the_docs_say(postgres: PostgresServer, tmp_path: Path) -> None:
    place = place_at(postgres, tmp_path)
    first = put(place, b'{"serial":1}\n', None)
    put(place, b'{"serial":2}\n', first)
    query = f"SELECT convert_from(body, 'UTF8') FROM meetings_reconciler WHERE state = '{tmp_path.name}-{postgres.port}' AND document = 'state' AND version = {first}"  # noqa: E501 - as a person pastes it

    psql = [str(binary("psql")), "-AtX", "-h", HERE, "-p", str(postgres.port), "-d", DATABASE, "-c", query]
    ran = subprocess.run(psql, env=postgres.environ(), capture_output=True, text=True, check=True)

    assert ran.stdout == '{"serial":1}\n\n'


@pytest.mark.parametrize(
    ("address", "environ", "code"),
    [
        ("postgres://{here}/nowhere", {}, "state.place-missing"),
        ("postgres://{here}/states?schema=nowhere", {}, "state.place-missing"),
        ("postgres://{here}/states", {"PGPASSWORD": "another"}, "state.unauthenticated"),
        ("postgres://{here}/states", {"PGUSER": "nobody"}, "state.unauthenticated"),
        ("postgres://127.0.0.1:1/states", {}, "state.unreachable"),
    ],
)
def test_a_state_that_cannot_be_read_is_not_empty(
    server: PostgresServer, tmp_path: Path, address: str, environ: dict[str, str], code: str
) -> None:
    place = place_at(server, tmp_path, address.format(here=f"{HERE}:{server.port}"), **environ)
    codes = []

    for ask in (lambda: place.get(STATE), lambda: put(place, b"{}", None), place.check):
        with pytest.raises(StateError) as raised:
            ask()
        codes.append(raised.value.diagnostic.code)

    assert codes == [code] * 3


def test_the_password_of_the_address_is_used_and_never_shown(server: PostgresServer, tmp_path: Path) -> None:
    address = f"postgresql://{OWNER}:{quote(PASSWORD, safe='')}@{HERE}:{server.port}/{DATABASE}?state=own"
    store = open_store(address, options(tmp_path, {}))
    before = store.read()
    wrong = open_store(address.replace("%3A1@", "%3A2@"), options(tmp_path, {}))

    with pytest.raises(StateError) as raised:
        wrong.read()

    assert before is None
    assert store.location == f"postgres://{HERE}:{server.port}/{DATABASE}?state=own"
    assert "secret" not in str(raised.value) + repr(raised.value.diagnostic) + repr(wrong) + wrong.location


def test_a_database_that_is_read_only_is_read_and_not_locked(
    postgres: PostgresServer, tmp_path: Path
) -> None:
    store = open_store(postgres.address("frozen"), options(tmp_path, postgres.environ()))
    store.write(b"{}", replaces=None)
    postgres.run(READ_ONLY)
    try:
        frozen = open_store(postgres.address("frozen"), options(tmp_path, postgres.environ()))
        found = frozen.read(), refusal(frozen)
    finally:
        postgres.run("SET transaction_read_only = off; " + WRITABLE)

    assert found[0] is not None
    assert (found[0].document, found[1].code) == (b"{}", "state.read-only")


def test_missing_rights_are_named_with_the_statement_that_grants_them(
    postgres: PostgresServer, schema: str, tmp_path: Path
) -> None:
    """Each remedy is pasted, until the lock is there."""
    user = f"u_{schema}"
    environ = postgres.make_user(user)
    store = open_store(f"{postgres.address('rights')}&schema={schema}", options(tmp_path, environ))
    said, hints = [], []
    for _ in range(2):
        found = refusal(store)
        said.append((found.code, found.detail.partition(": ")[2].partition(". ")[0]))
        hints.append(found.hint.partition("psql: ")[2])
        postgres.run(hints[-1])
    owned = open_store(f"{postgres.address('rights')}&schema={schema}", options(tmp_path, postgres.environ()))

    store.lock("apply", timeout_seconds=0).release()

    assert owned.holder() is None
    assert said == [
        ("state.forbidden", f"the user {user} lacks USAGE on SCHEMA {schema}"),
        ("state.forbidden", f"the user {user} lacks CREATE on SCHEMA {schema}"),
    ]


def test_a_user_who_may_only_read_plans_and_does_not_lock(
    postgres: PostgresServer, schema: str, tmp_path: Path
) -> None:
    address = f"{postgres.address('read')}&schema={schema}"
    open_store(address, options(tmp_path, postgres.environ())).write(b"{}", replaces=None)
    environ = postgres.make_user(
        f"r_{schema}",
        f"GRANT USAGE ON SCHEMA {schema} TO r_{schema}",
        f"GRANT SELECT ON {schema}.meetings_reconciler TO r_{schema}",
    )
    reader = open_store(address, options(tmp_path, environ))
    document, found = reader.read(), refusal(reader)
    postgres.run(found.hint.partition("psql: ")[2])

    reader.lock("apply", timeout_seconds=0).release()

    assert document is not None
    assert (document.document, found.code) == (b"{}", "state.forbidden")
    assert f"lacks INSERT, UPDATE, DELETE on TABLE {schema}.meetings_reconciler" in found.detail


@pytest.mark.parametrize(
    "table",
    [
        "(state text, document text, version bigint, latest bigint, body bytea, note text,"  # noqa: ISC004 - one table
        " format smallint CHECK (format = 2), written_at date, PRIMARY KEY (state, document, version))",
        "(id int)",
        "(state int, document text, version bigint, latest bigint, body text, note text, format int)",
    ],
)
def test_another_table_of_the_name_is_left_alone(
    postgres: PostgresServer, schema: str, tmp_path: Path, table: str
) -> None:
    postgres.run(f"CREATE TABLE {schema}.meetings_reconciler {table}")
    store = open_store(f"{postgres.address('other')}&schema={schema}", options(tmp_path, postgres.environ()))

    found = refusal(store)

    assert found.code == "state.other-table"
    assert postgres.run(f"SELECT count(*) FROM {schema}.meetings_reconciler") == [(0,)]


def test_a_row_of_another_format_is_not_read(postgres: PostgresServer, schema: str, tmp_path: Path) -> None:
    address = f"{postgres.address('format')}&schema={schema}"
    store = open_store(address, options(tmp_path, postgres.environ()))
    store.write(b"{}", replaces=None)
    postgres.run(
        f"ALTER TABLE {schema}.meetings_reconciler DROP CONSTRAINT meetings_reconciler_format",
        f"UPDATE {schema}.meetings_reconciler SET format = 2",
    )

    with pytest.raises(StateError) as raised:
        store.read()

    assert raised.value.diagnostic.code == "state.other-table"


def test_a_document_past_the_bound_is_not_fetched(
    postgres: PostgresServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(place_at(postgres, tmp_path), b"12345", None)
    monkeypatch.setattr(size, "DOCUMENT_BYTES_MAX", 4)

    with pytest.raises(StateError) as raised:
        place_at(postgres, tmp_path).get(STATE)

    assert raised.value.diagnostic.code == "state.unreadable"


def test_options_reach_the_server_and_no_pooler(
    postgres: PostgresServer, pooled_postgres: PostgresServer, schema: str, tmp_path: Path
) -> None:
    """The remedy is the schema in the address."""
    searched = {"PGOPTIONS": f"-c search_path={schema}"}
    place_at(postgres, tmp_path, **searched).check()
    made = postgres.run(f"SELECT to_regclass('{schema}.meetings_reconciler') IS NOT NULL")
    found = refusal(LeasedStore(place_at(pooled_postgres, tmp_path, **searched), options(tmp_path, {})))

    place_at(pooled_postgres, tmp_path, f"{pooled_postgres.address('x')}&schema={schema}").check()

    assert (made, found.code) == ([(True,)], "state.refused")
    assert "schema=NAME" in found.hint


def test_a_pooler_that_cuts_transactions_apart_is_refused(
    statement_pooled: PostgresServer, tmp_path: Path
) -> None:
    found = refusal(LeasedStore(place_at(statement_pooled, tmp_path), options(tmp_path, {})))

    assert found.code == "state.refused"
    assert "transaction" in found.detail


@pytest.mark.parametrize(
    ("parameters", "code"),
    [
        ("sslmode=verify-full&sslrootcert={ca}", None),
        ("sslmode=require", None),
        ("sslmode=verify-full&sslrootcert=/nowhere", "state.certificate"),
        ("sslmode=verify-full&sslrootcert=system", "state.certificate"),
    ],
)
def test_a_certificate_that_cannot_be_checked_names_sslrootcert(
    postgres: PostgresServer, tmp_path: Path, parameters: str, code: str | None
) -> None:
    given = parameters.format(ca=postgres.folder / "ca.crt")
    store = open_store(
        f"postgres://localhost:{postgres.port}/states?{given}", options(tmp_path, postgres.environ())
    )
    found = None
    try:
        store.read()
    except StateError as error:
        found = error.diagnostic

    assert (found and found.code) == code
    assert found is None or "sslrootcert" in found.hint


def test_a_certificate_of_another_name_is_refused(postgres: PostgresServer, tmp_path: Path) -> None:
    given = f"sslmode=verify-full&sslrootcert={postgres.folder / 'ca.crt'}"
    store = open_store(
        f"postgres://{HERE}:{postgres.port}/states?{given}", options(tmp_path, postgres.environ())
    )

    assert refusal(store).code == "state.certificate"


def test_a_connection_that_died_meanwhile_is_opened_anew(server: PostgresServer, tmp_path: Path) -> None:
    place = place_at(server, tmp_path)
    version = put(place, b"one", None)
    server.run(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
        "WHERE pid <> pg_backend_pid() AND datname = 'states'"
    )

    second = put(place, b"two", version)

    assert place.get(STATE) == Snapshot(b"two", second)


@pytest.mark.parametrize("cut", [Cut.BEFORE_COMMIT, Cut.AFTER_COMMIT, Cut.BEFORE_STATEMENT])
def test_a_write_that_is_cut_off_is_written_once(postgres: PostgresServer, tmp_path: Path, cut: Cut) -> None:
    """What became of the COMMIT is looked up; the version rises by one."""
    address = f"postgres://{HERE}:{{}}/states?state={cut.name}&sslmode=disable"
    whole = open_store(address.format(postgres.port), options(tmp_path, postgres.environ()))
    lease = whole.lock("apply", timeout_seconds=0)
    first = whole.write(b"one", replaces=None)
    lease.release()
    with cutting(postgres.port) as line:
        store = open_store(address.format(line.port), options(tmp_path, postgres.environ()))
        lease = store.lock("apply", timeout_seconds=0)
        line.cut = cut

        second = store.write(b"two", replaces=first)
        lease.release()

    assert line.is_done
    assert (whole.read(), int(second) - int(first)) == (Snapshot(b"two", second), 1)


@pytest.mark.parametrize(
    ("cut", "code"), [(Cut.NO_ANSWER, "state.unanswered"), (Cut.NO_ANSWER_TO_COMMIT, "state.unanswered")]
)
def test_a_server_that_stops_answering_ends_with_an_error(
    postgres: PostgresServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, cut: Cut, code: str
) -> None:
    monkeypatch.setattr(_sessions, "ANSWER_SECONDS_MAX", 0.2)
    monkeypatch.setattr(_sessions, "GREETING_SECONDS_MAX", 0.2)
    with cutting(postgres.port) as line:
        address = f"postgres://{HERE}:{line.port}/states?state={cut.name}&sslmode=disable"
        place = place_at(postgres, tmp_path, address)
        version = put(place, b"one", None)
        line.cut, line.is_repeated = cut, True

        with pytest.raises(StateError) as raised:
            put(place, b"two", version)

    assert raised.value.diagnostic.code == code


@pytest.mark.parametrize("new_team", ["postgres"], indirect=True)
def test_doctor_names_the_missing_right_and_no_output_has_the_password(
    new_team: Callable[[str], Team], postgres: PostgresServer, schema: str
) -> None:
    """The address has the password, with everything that has to be escaped in it."""
    postgres.make_user(f"d_{schema}", f"GRANT USAGE ON SCHEMA {schema} TO d_{schema}")
    team, place = new_team("doctor"), f"{HERE}:{postgres.port}/{DATABASE}?schema={schema}"
    team.address = f"postgres://d_{schema}:{quote(PASSWORD, safe='')}@{place}"
    rightless = [team.run(*verb, "--verbose") for verb in (("doctor",), APPLY, ("plan",))]
    team.address = f"postgres://{OWNER}:{quote(PASSWORD, safe='')}@{place}"
    owned = [team.run(*verb) for verb in (APPLY, ("doctor",), ("state", "list"), ("history",))]

    said = "".join(run.out + run.err for run in (*rightless, *owned))
    assert [run.status for run in (*rightless, *owned)] == [1, 1, 0, 0, 0, 0, 0]
    assert f"the user d_{schema} lacks CREATE on SCHEMA {schema}" in rightless[0].out
    assert f"GRANT CREATE ON SCHEMA {schema} TO d_{schema};" in rightless[0].out
    assert [part for part in ("secret", "of/ours", "of%2Fours", "@127") if part in said] == []
