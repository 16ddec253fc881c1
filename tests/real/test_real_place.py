"""Real object storage: its refusals have the right codes, and the check of a place passes."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest
from azurite import Azurite
from seaweed import Seaweed

from reconciler.cli.clock import SystemClock
from reconciler.errors.exceptions import StateError
from reconciler.stores.leased.place import STATE
from reconciler.stores.object import _bucket as buckets
from reconciler.stores.object.place import ObjectDocumentStore, open_client
from reconciler.stores.options import StoreOptions

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(autouse=True)
def _no_other_cloud(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith(("AWS_", "AZURE_"))]:
        monkeypatch.delenv(name)


Storage = Seaweed | Azurite


@pytest.fixture(params=["storage", "azure"])
def cloud(request: pytest.FixtureRequest) -> Storage:
    """A server of S3, and one of Azure."""
    found: Storage = request.getfixturevalue(request.param)
    return found


def place_at(storage: Storage, folder: Path, *, address: str = "", **environ: str) -> ObjectDocumentStore:
    """Documents at an address that no test has used."""
    clock = SystemClock()
    options = StoreOptions(
        folder, "a test", clock, wait=lambda _seconds: None, environ=storage.environ() | environ
    )
    bucket = buckets.parse(address or storage.address(folder.name))
    return ObjectDocumentStore(bucket, open_client(bucket, options.environ), options)


def put(place: ObjectDocumentStore, document: bytes, replaces: str | None, name: str = STATE) -> str:
    return place.put(name, document, replaces=replaces, note="a test")


def test_the_check_passes_and_cleans_up(cloud: Storage, tmp_path: Path) -> None:
    place_at(cloud, tmp_path).check()

    client = open_client(buckets.parse(cloud.address(tmp_path.name)), cloud.environ())
    listed = client.list(tmp_path.name).collect()
    assert [entry["path"] for entry in listed if "probe" in entry["path"]] == []


@pytest.mark.parametrize(
    ("address", "environ", "code"),
    [
        ("s3://nowhere/meetings.json", {}, "state.place-missing"),
        ("", {"AWS_SECRET_ACCESS_KEY": "another"}, "state.unauthenticated"),
        ("", {"AWS_ACCESS_KEY_ID": "nobody"}, "state.unauthenticated"),
        ("", {"AWS_ENDPOINT_URL": "http://127.0.0.1:1"}, "state.unreachable"),
        ("az://nowhere/meetings.json", {}, "state.place-missing"),
        ("", {"AZURE_STORAGE_KEY": "YW5vdGhlcg=="}, "state.forbidden"),
        ("", {"AZURE_STORAGE_ENDPOINT": "http://127.0.0.1:1/devstoreaccount1"}, "state.unreachable"),
    ],
)
def test_a_state_that_cannot_be_read_is_not_empty(
    request: pytest.FixtureRequest,
    tmp_path: Path,
    address: str,
    environ: dict[str, str],
    code: str,
) -> None:
    is_azure = address.startswith("az:") or any(name.startswith("AZURE_") for name in environ)
    place = place_at(
        request.getfixturevalue("azure" if is_azure else "storage"), tmp_path, address=address, **environ
    )
    codes = []

    for ask in (lambda: place.get(STATE), lambda: put(place, b"{}", None), place.check):
        with pytest.raises(StateError) as raised:
            ask()
        codes.append(raised.value.diagnostic.code)

    assert codes == [code] * 3


def test_credentials_that_may_only_read_are_reported(storage: Seaweed, tmp_path: Path) -> None:
    put(place_at(storage, tmp_path), b"{}", None)
    reader = place_at(storage, tmp_path, **storage.environ("reader"))
    current = reader.get(STATE)

    with pytest.raises(StateError) as raised:
        reader.check()

    assert current is not None
    assert raised.value.diagnostic.code == "state.forbidden"
