"""What every place of a shared state promises of a write, on real servers: S3, Azure, and PostgreSQL."""

from __future__ import annotations

import os
import threading
from typing import TYPE_CHECKING

import pytest
from postgres_server import PostgresServer

from reconciler.cli.clock import SystemClock
from reconciler.ports import Snapshot
from reconciler.stores.errors import ConflictError
from reconciler.stores.leased.place import LOCK, STATE, DocumentStore
from reconciler.stores.object import _bucket as buckets
from reconciler.stores.object.place import ObjectDocumentStore, open_client
from reconciler.stores.options import StoreOptions
from reconciler.stores.postgres import _address
from reconciler.stores.postgres.place import PostgresDocumentStore

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(params=["storage", "azure", "postgres", "pooled_postgres"])
def place(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> DocumentStore:
    """Documents at an address that no test has used."""
    for name in [name for name in os.environ if name.startswith(("AWS_", "AZURE_"))]:
        monkeypatch.delenv(name)
    server = request.getfixturevalue(request.param)
    environ = server.environ()
    options = StoreOptions(tmp_path, "a test", SystemClock(), wait=lambda _seconds: None, environ=environ)
    address = server.address(f"{tmp_path.name}-{request.param}")
    if isinstance(server, PostgresServer):
        return PostgresDocumentStore(_address.parse(address, environ), options)
    bucket = buckets.parse(address)
    return ObjectDocumentStore(bucket, open_client(bucket, environ), options)


def put(place: DocumentStore, document: bytes, replaces: str | None, name: str = STATE) -> str:
    return place.put(name, document, replaces=replaces, note="a test 🙂")


def test_each_write_replaces_what_it_names(place: DocumentStore) -> None:
    before = place.get(STATE)

    first = put(place, b"one", None)
    lock = put(place, b"lock", None, LOCK)
    second = put(place, b"two\x00\xff", first)

    assert before is None
    assert place.get(STATE) == Snapshot(b"two\x00\xff", second)
    assert place.get(LOCK) == Snapshot(b"lock", lock)


def test_every_other_write_conflicts(place: DocumentStore) -> None:
    """A second create, a stale version, and a version of what is gone."""
    first = put(place, b"one", None)
    second = put(place, b"two", first)

    for name, replaces in ((STATE, None), (STATE, first), (LOCK, second)):
        with pytest.raises(ConflictError):
            put(place, b"three", replaces, name)

    assert (place.get(STATE), place.get(LOCK)) == (Snapshot(b"two", second), None)


@pytest.mark.parametrize("exists", [True, False])
def test_one_of_many_concurrent_writes_succeeds(place: DocumentStore, *, exists: bool) -> None:
    """Eight threads name the same version, or all create."""
    version = put(place, b"before", None) if exists else None
    wrote: list[str] = []

    def write(number: int) -> None:
        try:
            put(place, str(number).encode(), version)
        except ConflictError:
            return
        wrote.append(str(number))

    threads = [threading.Thread(target=write, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    current = place.get(STATE)
    assert current is not None
    assert [current.document.decode()] == wrote
