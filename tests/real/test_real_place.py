"""Real object storage keeps its conditions, and what it refuses is told for what it is."""

from __future__ import annotations

import os
import threading
from typing import TYPE_CHECKING

import pytest

from reconciler.cli.clock import SystemClock
from reconciler.errors.exceptions import StateError
from reconciler.ports import Snapshot
from reconciler.stores.errors import ConflictError
from reconciler.stores.leased.place import LOCK, STATE
from reconciler.stores.object import _bucket as buckets
from reconciler.stores.object import place as objects
from reconciler.stores.object.place import ObjectPlace
from reconciler.stores.options import StoreOptions

if TYPE_CHECKING:
    from pathlib import Path

    from seaweed import Seaweed


@pytest.fixture(autouse=True)
def _no_other_cloud(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)


def place_at(storage: Seaweed, folder: Path, *, address: str = "", **environ: str) -> ObjectPlace:
    """A place that nobody used before."""
    clock = SystemClock()
    ours = StoreOptions(
        folder, "a test", clock, wait=lambda _seconds: None, environ=storage.environ() | environ
    )
    bucket = buckets.parse(address or f"s3://states/{folder.name}/meetings.json")
    return ObjectPlace(bucket, objects._opened(bucket, ours.environ), ours)  # noqa: SLF001 - below the lease


def put(place: ObjectPlace, document: bytes, replaces: str | None, name: str = STATE) -> str:
    return place.put(name, document, replaces=replaces, note="a test")


def test_each_write_replaces_what_it_names(storage: Seaweed, tmp_path: Path) -> None:
    place = place_at(storage, tmp_path)
    before = place.get(STATE)

    first = put(place, b"one", None)
    lock = put(place, b"lock", None, LOCK)
    second = put(place, b"two", first)

    assert before is None
    assert place.get(STATE) == Snapshot(b"two", second)
    assert place.get(LOCK) == Snapshot(b"lock", lock)


def test_every_other_write_conflicts(storage: Seaweed, tmp_path: Path) -> None:
    """A second create, a stale version, and a version of what is gone."""
    place = place_at(storage, tmp_path)
    first = put(place, b"one", None)
    second = put(place, b"two", first)

    for name, replaces in ((STATE, None), (STATE, first), (LOCK, second)):
        with pytest.raises(ConflictError):
            put(place, b"three", replaces, name)

    assert (place.get(STATE), place.get(LOCK)) == (Snapshot(b"two", second), None)


def test_of_many_writes_at_once_one_comes_through(storage: Seaweed, tmp_path: Path) -> None:
    """Eight threads name the same version."""
    place = place_at(storage, tmp_path)
    version = put(place, b"before", None)
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

    stands = place.get(STATE)
    assert stands is not None
    assert [stands.document.decode()] == wrote


def test_the_check_passes_and_cleans_up(storage: Seaweed, tmp_path: Path) -> None:
    place_at(storage, tmp_path).check()

    listed = storage.client().list(tmp_path.name).collect()
    assert [found["path"] for found in listed if "probe" in found["path"]] == []


@pytest.mark.parametrize(
    ("address", "environ", "code"),
    [
        ("s3://nowhere/meetings.json", {}, "state.place-missing"),
        ("", {"AWS_SECRET_ACCESS_KEY": "another"}, "state.unauthenticated"),
        ("", {"AWS_ACCESS_KEY_ID": "nobody"}, "state.unauthenticated"),
        ("", {"AWS_ENDPOINT_URL": "http://127.0.0.1:1"}, "state.unreachable"),
    ],
)
def test_what_cannot_be_reached_is_never_empty(
    storage: Seaweed, tmp_path: Path, address: str, environ: dict[str, str], code: str
) -> None:
    place = place_at(storage, tmp_path, address=address, **environ)
    found = []

    for ask in (lambda: place.get(STATE), lambda: put(place, b"{}", None), place.check):
        with pytest.raises(StateError) as raised:
            ask()
        found.append(raised.value.diagnostic.code)

    assert found == [code] * 3


def test_one_who_may_only_read_is_told_so(storage: Seaweed, tmp_path: Path) -> None:
    put(place_at(storage, tmp_path), b"{}", None)
    reader = place_at(storage, tmp_path, **storage.environ("reader"))
    stands = reader.get(STATE)

    with pytest.raises(StateError) as raised:
        reader.check()

    assert stands is not None
    assert raised.value.diagnostic.code == "state.forbidden"
