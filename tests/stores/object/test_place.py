"""The state in object storage: conditional writes, and every kind of answer.

The library's own stores in memory and a small server of S3 stand in for the clouds; `tests/real`
checks the same against a real server.
"""

from __future__ import annotations

import os
import sys
from importlib import import_module, reload
from typing import TYPE_CHECKING

import pytest
from bucket_server import DROP, HANG, LOSE, BucketServer, bucket_server
from manual_clock import ManualClock
from obstore.store import LocalStore, MemoryStore

from reconciler.errors.exceptions import SettingsError, StateError
from reconciler.ports import Snapshot
from reconciler.stores.errors import ConflictError, UnansweredError
from reconciler.stores.leased import retry
from reconciler.stores.leased.place import LOCK, STATE
from reconciler.stores.object import _bucket as buckets
from reconciler.stores.object import place as objects
from reconciler.stores.object.place import ObjectDocumentStore, open_client
from reconciler.stores.open import open_store
from reconciler.stores.options import StoreOptions

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from obstore.store import ObjectStore

    from reconciler.ports import Store

ADDRESS = "s3://states/team/meetings.json"
PATH = "team/meetings.json"


class World:
    """A small server of S3, and a clock that only our own waits move."""

    def __init__(self, server: BucketServer, folder: Path) -> None:
        self.server = server
        self.clock = ManualClock()
        self.waits: list[float] = []
        self._folder = folder

    def options(self) -> StoreOptions:
        """Options with the environment of this process."""
        return StoreOptions(
            self._folder, who="ann@laptop", clock=self.clock, wait=self._wait, environ=dict(os.environ)
        )

    def place(self, address: str = ADDRESS, inside: ObjectStore | None = None) -> ObjectDocumentStore:
        """The documents at `address`, or in another storage `inside`."""
        bucket, options = buckets.parse(address), self.options()
        return ObjectDocumentStore(bucket, inside or open_client(bucket, options.environ), options)

    def store(self, address: str = ADDRESS) -> Store:
        """The store at `address`."""
        return open_store(address, self.options())

    def _wait(self, seconds: float) -> None:
        self.waits.append(seconds)
        self.clock.advance(seconds)


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    for name in list(os.environ):
        if name.startswith(("AWS_", "GOOGLE_", "AZURE_")) or name.casefold().endswith("_proxy"):
            monkeypatch.delenv(name)
    with bucket_server() as server:
        for name, value in server.environ.items():
            monkeypatch.setenv(name, value)
        yield World(server, tmp_path)


def put(place: ObjectDocumentStore, document: bytes, *, replaces: str | None, name: str = STATE) -> str:
    return place.put(name, document, replaces=replaces, note="a test")


def failure(place: ObjectDocumentStore) -> tuple[type[StateError], str]:
    """Return class and code of the error of a first write."""
    with pytest.raises(StateError) as raised:
        put(place, b"{}", replaces=None)
    return type(raised.value), raised.value.diagnostic.code


@pytest.mark.parametrize("inside", ["memory", "server"])
def test_a_write_replaces_the_version_that_it_names(world: World, inside: str) -> None:
    place = world.place(inside=MemoryStore() if inside == "memory" else None)
    before = place.get(STATE)

    first = put(place, b"one", replaces=None)
    second = put(place, b"two", replaces=first)

    assert (before, place.get(STATE)) == (None, Snapshot(b"two", second))


@pytest.mark.parametrize("inside", ["memory", "server"])
def test_a_write_over_another_version_conflicts(world: World, inside: str) -> None:
    """If one exists already, if it is not the version named, and if it is gone."""
    place = world.place(inside=MemoryStore() if inside == "memory" else None)
    first = put(place, b"one", replaces=None)
    second = put(place, b"two", replaces=first)

    for name, replaces in ((STATE, None), (STATE, first), (LOCK, second)):
        with pytest.raises(ConflictError):
            put(place, b"three", replaces=replaces, name=name)

    assert (place.get(STATE), place.get(LOCK)) == (Snapshot(b"two", second), None)


def test_the_lock_is_next_to_the_state(world: World) -> None:
    place = world.place()

    put(place, b"state", replaces=None)
    put(place, b"lock", replaces=None, name=LOCK)

    assert world.server.objects == {PATH: b"state", f"{PATH}.lock": b"lock"}


def test_a_store_locks_and_writes(world: World) -> None:
    """The whole life of a state, through its address."""
    store = world.store()
    lease = store.lock("apply", timeout_seconds=0)
    version = store.write(b"{}", replaces=None)

    lease.renew()
    store.write(b'{"serial": 2}', replaces=version)
    lease.release()

    assert (store.location, store.gather_seconds, store.holder()) == (ADDRESS, 0.2, None)
    assert sorted(world.server.objects) == [PATH, f"{PATH}.lock"]


def test_a_missing_bucket_is_not_an_empty_state(world: World) -> None:
    with pytest.raises(StateError) as raised:
        world.store("s3://elsewhere/meetings.json").read()

    assert str(raised.value) == (
        "state.place-missing: The location of the state does not exist: There is no elsewhere, "
        "so nobody knows whether s3://elsewhere/meetings.json was lost or never existed. Nothing was sent."
    )


def test_a_404_of_another_server_is_not_an_empty_state(world: World) -> None:
    """An answer that is not from object storage says nothing about the state."""
    world.server.faults = ["404 "]

    with pytest.raises(StateError) as raised:
        world.store().read()

    assert raised.value.diagnostic.code == "state.refused"


@pytest.mark.parametrize(
    ("fault", "code"),
    [
        ("403 AccessDenied", "state.forbidden"),
        ("403 SignatureDoesNotMatch", "state.unauthenticated"),
        ("400 ExpiredToken", "state.unauthenticated"),
        ("401 ", "state.unauthenticated"),
        ("404 NoSuchBucket", "state.place-missing"),
        ("400 InvalidRequest", "state.refused"),
        ("301 PermanentRedirect", "state.refused"),
        ("501 NotImplemented", "state.conditions-ignored"),
    ],
)
def test_a_final_refusal_is_not_retried(world: World, fault: str, code: str) -> None:
    """Each kind has its own code, and no second try."""
    world.server.faults = [fault]

    assert (failure(world.place()), world.server.requests) == ((StateError, code), ["PUT"])


@pytest.mark.parametrize(
    "fault", ["500 InternalError", "503 SlowDown", "429 ", "409 ConditionalRequestConflict", DROP]
)
def test_a_transient_failure_is_retried(world: World, fault: str) -> None:
    world.server.faults = [fault, fault]

    put(world.place(), b"{}", replaces=None)

    assert (world.server.objects, world.waits) == ({PATH: b"{}"}, [0.2, 0.6])


def test_a_storage_that_keeps_failing_leaves_the_outcome_unknown(world: World) -> None:
    """The error comes within the time limit."""
    world.server.faults = ["500 InternalError"] * 20

    assert failure(world.place()) == (UnansweredError, "state.unanswered")
    assert (world.server.requests, world.waits) == (["PUT"] * 5, [0.2, 0.6, 1.5, 3.0])


def test_tries_end_in_time(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """No attempt begins after ten seconds, however few there were."""
    monkeypatch.setattr(retry, "PAUSES_SECONDS", (11.0, 1.0))
    world.server.faults = ["500 InternalError"] * 20

    assert failure(world.place()) == (UnansweredError, "state.unanswered")
    assert world.server.requests == ["PUT", "PUT"]


def test_a_storage_that_hangs_is_given_up(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(objects, "REQUEST_SECONDS", 0.1)
    monkeypatch.setattr(retry, "PAUSES_SECONDS", (0.2,))
    world.server.faults = [HANG, HANG]

    assert failure(world.place()) == (UnansweredError, "state.unanswered")


def test_a_write_after_a_lost_answer_finds_itself(world: World) -> None:
    """The second try meets the document of the first one, which is no conflict."""
    world.server.faults = [LOSE]

    version = world.store().write(b"{}", replaces=None)

    assert world.server.requests == ["PUT", "PUT", "GET"]
    assert world.store().read() == Snapshot(b"{}", version)


def test_an_unknown_outcome_is_not_forgotten(world: World) -> None:
    """A refusal after a lost answer concerns the second try only."""
    world.server.faults = [LOSE, "403 AccessDenied"]

    assert failure(world.place()) == (UnansweredError, "state.unanswered")


def test_no_connection_means_that_nothing_was_sent(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")

    assert failure(world.place())[1] == "state.unreachable"
    assert not issubclass(failure(world.place())[0], UnansweredError)


@pytest.mark.parametrize(
    ("address", "variable"),
    [("gs://states/m.json", "GOOGLE_BEARER_TOKEN"), ("az://states/m.json", "AZURE_STORAGE_KEY")],
)
def test_each_cloud_is_reached_by_its_own_variables(
    world: World, monkeypatch: pytest.MonkeyPatch, address: str, variable: str
) -> None:
    """As far as a server of S3 shows: the request arrives, and there is no such bucket."""
    monkeypatch.setenv(variable, "c2VjcmV0")
    monkeypatch.setenv("AZURE_STORAGE_ACCOUNT", "acme")
    for endpoint in ("GOOGLE_BASE_URL", "AZURE_STORAGE_ENDPOINT"):
        monkeypatch.setenv(endpoint, f"http://127.0.0.1:{world.server.port}/elsewhere")

    with pytest.raises(StateError) as raised:
        world.store(address).read()

    assert (raised.value.diagnostic.code, world.server.requests) == ("state.place-missing", ["GET"])


def test_google_gathers_for_a_second(world: World) -> None:
    """It takes one write a second of an object."""
    assert world.place("gs://states/m.json", MemoryStore()).gather_seconds == 1.0


def test_the_check_leaves_nothing_behind(world: World) -> None:
    world.place().check()

    assert (world.server.objects, world.server.requests) == ({}, ["PUT", "PUT", "PUT", "PUT", "DELETE"])


def test_the_check_finds_conditions_that_are_ignored(world: World) -> None:
    """Before the lock is written, and so before any other write."""
    world.server.keeps_conditions = False

    with pytest.raises(StateError) as raised:
        world.store().lock("apply", timeout_seconds=0)

    assert (raised.value.diagnostic.code, world.server.objects) == ("state.conditions-ignored", {})
    assert raised.value.diagnostic.detail == (
        "s3://states/team/meetings.json: It created an object that already existed. "
        "Two runs could overwrite each other's state there. The state was left as it is, "
        "and nothing was sent."
    )


def test_the_check_finds_unconditional_updates(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Some servers have only conditional creates."""
    holds = BucketServer._holds  # noqa: SLF001 - a hole in it
    monkeypatch.setattr(
        BucketServer,
        "_holds",
        lambda server, name, conditions: "if-match" in conditions or holds(server, name, conditions),
    )

    with pytest.raises(StateError) as raised:
        world.place().check()

    assert raised.value.diagnostic.detail.startswith(
        "s3://states/team/meetings.json: It replaced another version of an object than the one named."
    )


def test_the_check_finds_conditions_that_never_hold(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(BucketServer, "_holds", lambda *_: False)
    world.server.objects = {}

    with pytest.raises(StateError) as raised:
        world.place().check()

    assert raised.value.diagnostic.code == "state.conditions-ignored"


def test_the_check_finds_objects_without_versions(world: World) -> None:
    world.server.sends_versions = False

    with pytest.raises(StateError) as raised:
        world.place().check()

    assert raised.value.diagnostic.code == "state.conditions-ignored"


def test_the_check_finds_a_storage_that_knows_no_conditions(world: World, tmp_path: Path) -> None:
    with pytest.raises(StateError) as raised:
        world.place(inside=LocalStore(tmp_path)).check()

    assert raised.value.diagnostic.code == "state.conditions-ignored"


def test_the_check_survives_a_lost_answer(world: World) -> None:
    """A repeated create meets the object of the first one."""
    world.server.faults = [LOSE, "", "", LOSE]

    world.place().check()

    assert world.server.objects == {}


def test_the_check_reports_that_it_may_not_delete(world: World) -> None:
    """Otherwise each run would leave an object behind."""
    world.server.faults = ["", "", "", "", "403 AccessDenied"]

    with pytest.raises(StateError) as raised:
        world.place().check()

    assert raised.value.diagnostic.code == "state.forbidden"


@pytest.mark.parametrize(
    "address",
    [
        *(
            "s3://states",
            "s3://states/",
            "s3:states/m.json",
            "s3://states/a//m.json",
            "s3://states/../m.json",
        ),
        *("s3://ann:hunter2@states/m.json", "s3://states/m.json?versionId=hunter2", "s3://states/hunter2 m#"),
    ],
)
def test_an_address_without_an_object_is_refused(world: World, address: str) -> None:
    """The error does not show it: it may contain a password."""
    with pytest.raises(SettingsError) as raised:
        world.store(address)

    assert raised.value.diagnostic.code == "state.bad-address"
    assert "hunter2" not in repr(raised.value) + repr(raised.value.diagnostic)


@pytest.mark.parametrize(
    "endpoint",
    [
        *("http://storage.example.com", "https://ann:hunter2@storage.example.com", "storage", "http://"),
        *("https://[::1", "https://storage.example.com:99999", "https://a..example.com"),
    ],
)
def test_plain_http_is_only_allowed_to_this_machine(
    world: World, monkeypatch: pytest.MonkeyPatch, endpoint: str
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", endpoint)

    with pytest.raises(SettingsError) as raised:
        world.store()

    assert raised.value.diagnostic.code == "state.bad-address"
    assert "hunter2" not in repr(raised.value.diagnostic)


def test_an_endpoint_may_be_any_https_address_or_this_machine(world: World) -> None:
    cloud = buckets.CLOUDS["s3"]
    named = ("https://s3.example.com", "http://localhost:9000", "http://[::1]:9000", "")

    found = [buckets.endpoint(cloud, {"AWS_ENDPOINT_URL": address}) for address in named]

    assert found == [*named[:3], None]
    assert world.server.requests == []


def test_a_cloud_without_its_variables_is_reported(world: World) -> None:
    """Azure has no default account."""
    with pytest.raises(SettingsError) as raised:
        world.store("az://states/m.json")

    assert raised.value.diagnostic.code == "state.credentials"
    assert raised.value.diagnostic.hint.startswith("Set AZURE_STORAGE_ACCOUNT_NAME with ")


def test_missing_credentials_are_reported(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """If the library asks for a machine's role, and there is none."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    token = f"http://127.0.0.1:{world.server.port}/oauth2/"
    monkeypatch.setenv("AWS_METADATA_ENDPOINT", token)

    with pytest.raises(StateError) as raised:
        world.store().read()

    assert raised.value.diagnostic.code == "state.unauthenticated"
    assert raised.value.diagnostic.detail == (
        f"{ADDRESS}: no credentials were found. Nothing was written, and nothing more is sent."
    )


def test_no_secret_shows_in_an_error(world: World) -> None:
    world.server.faults = ["403 SignatureDoesNotMatch"]

    with pytest.raises(StateError) as raised:
        world.store().read()

    shown = repr(raised.value) + repr(raised.value.diagnostic) + repr(world.options())
    assert "secret-of-ours" not in shown


def test_an_installation_without_the_library_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    """The extra is optional; its error names it."""
    module = import_module("reconciler.stores.object.place")
    monkeypatch.setitem(sys.modules, "obstore", None)

    with pytest.raises(SettingsError) as raised:
        reload(module)

    assert raised.value.diagnostic.code == "state.no-cloud"
    assert "meetings-reconciler[cloud]" in raised.value.diagnostic.hint
