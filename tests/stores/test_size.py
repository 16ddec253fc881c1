"""No store reads or writes a document past the bound: a file, git, a bucket or a server."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING

import pytest
from bucket_server import BUCKET, bucket_server
from git_world import BRANCH, Team, make_team
from manual_clock import ManualClock
from terraform_server import terraform_server

from reconciler.errors.exceptions import StateError
from reconciler.stores import lock, size
from reconciler.stores.leased.place import STATE
from reconciler.stores.open import open_store
from reconciler.stores.options import StoreOptions

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from reconciler.ports import Store

LIMIT = 1 << 20
FITS = b" " * LIMIT


class Place:
    """A store, and a way to put a document there without it."""

    def __init__(self, kind: str, folder: Path, held: ExitStack, monkeypatch: pytest.MonkeyPatch) -> None:
        self._kind = kind
        self._folder = folder
        address, environ = "state.json", {}
        if kind == "bucket":
            self._bucket = held.enter_context(bucket_server())
            address, environ = f"s3://{BUCKET}/state.json", self._bucket.environ
            for name, value in environ.items():
                monkeypatch.setenv(name, value)
        elif kind == "server":
            self._server = held.enter_context(terraform_server())
            address, environ = self._server.address, self._server.environ
        options = StoreOptions(folder, "bob@desk", ManualClock(), lambda _: None, environ=environ)
        if kind == "branch":
            make_team(folder / "team")
            self._team = Team(folder / "team")
            address, options = f"git:{BRANCH}", self._team.options(self._team.checkout("a"))
        self.store: Store = open_store(address, options)

    def put(self, document: bytes) -> None:
        """Store it as somebody else would, whatever its size."""
        if self._kind == "bucket":
            self._bucket.objects["state.json"] = document
        elif self._kind == "server":
            self._server.document = document
        elif self._kind == "branch":
            documents = self._team.documents("b")
            current = documents.get(STATE)
            documents.put(STATE, document, replaces=current.version if current else None, note="")
        else:
            (self._folder / "state.json").write_bytes(document)


@pytest.fixture(params=["file", "branch", "bucket", "server"])
def place(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Place]:
    monkeypatch.setattr(size, "DOCUMENT_BYTES_MAX", LIMIT)
    with ExitStack() as held:
        yield Place(request.param, tmp_path, held, monkeypatch)


def test_a_document_up_to_the_bound_is_read_and_no_longer_one(place: Place) -> None:
    place.put(FITS)
    read = place.store.read()
    place.put(FITS + b" ")

    with pytest.raises(StateError) as error:
        place.store.read()

    assert read
    assert len(read.document) == LIMIT
    assert error.value.diagnostic.code == "state.unreadable"
    assert "It has more than 1 MiB. It was left unchanged" in error.value.diagnostic.detail


def test_a_document_past_the_bound_is_not_written(place: Place) -> None:
    """Nobody could read it again."""
    place.put(FITS)
    before = place.store.read()
    assert before
    lease = place.store.lock("apply", timeout_seconds=0)

    with pytest.raises(StateError) as error:
        place.store.write(FITS + b" ", replaces=before.version)
    lease.release()

    assert error.value.diagnostic.code == "state.too-large"
    assert place.store.read() == before


def test_a_lock_that_is_too_long_describes_no_lock() -> None:
    text = b'{"ID":"1","Who":"ann","Operation":"apply","Created":"2026-12-01T08:00:00+00:00"}'
    long = text + b" " * lock.BYTES_MAX

    assert (lock.decode(long), getattr(lock.decode(text), "lock_id", None)) == (None, "1")
