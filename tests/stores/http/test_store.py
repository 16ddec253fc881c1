"""The state behind the Terraform HTTP protocol: the server's lock, and lost answers."""

from __future__ import annotations

import json
import re
from math import inf
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from manual_clock import ManualClock
from shell import FAR, spec_of
from terraform_server import PASSWORD, USER, Fault, TerraformServer, terraform_server

from reconciler import __version__
from reconciler.errors.diagnostic import Exit
from reconciler.errors.exceptions import SettingsError, StateError, StateLockedError
from reconciler.ports import LockInfo, Snapshot
from reconciler.stores.http._endpoints import Endpoint, Endpoints
from reconciler.stores.http._store import HttpStore
from reconciler.stores.http.transport import HttpTransport
from reconciler.stores.open import open_store
from reconciler.stores.options import StoreOptions

if TYPE_CHECKING:
    from collections.abc import Iterator

    from shell import Shell

OTHER = "0f0f0f0f-0000-4000-8000-000000000000"
SECRET = "hunter2-hunter2"


def document(serial: int, text: str = "") -> bytes:
    return json.dumps({"serial": serial, "text": text}).encode()


class Worker:
    """A store and the lines that it prints; waiting advances the clock and lets others act."""

    def __init__(self, server: TerraformServer, **environ: str) -> None:
        self.clock = ManualClock()
        self.lines: list[str] = []
        self.meanwhile: list[Any] = []
        variables = {**server.environ, **environ}
        options = StoreOptions(
            Path(),
            "bob@desk",
            self.clock,
            self._wait,
            self.lines.append,
            variables,
            "https://ci.example.com/9",
        )
        store = open_store(server.address, options)
        assert isinstance(store, HttpStore)
        self.store = store

    def _wait(self, seconds: float) -> None:
        self.clock.advance(seconds)
        if self.clock.monotonic() > 0 and self.meanwhile:
            self.meanwhile.pop(0)()


@pytest.fixture
def plain() -> Iterator[TerraformServer]:
    with terraform_server() as running:
        yield running


def held_by_ann(server: TerraformServer) -> None:
    server.lock = {
        "ID": OTHER,
        "Operation": "apply",
        "Info": "https://ci.example.com/1",
        "Who": "ann@laptop",
        "Version": "1",
        "Created": "2026-12-01T08:00:00.123456789Z",
        "Path": "",
    }


def raised(error: pytest.ExceptionInfo[StateError]) -> tuple[str, str]:
    diagnostic = error.value.diagnostic
    return diagnostic.code, f"{diagnostic.summary}. {diagnostic.detail} {diagnostic.hint}"


def test_what_is_written_under_the_lock_is_read(server: TerraformServer) -> None:
    store = Worker(server).store

    empty = store.read()
    lease = store.lock("apply", timeout_seconds=0)
    first = store.write(document(1), replaces=None)
    second = store.write(document(2), replaces=first)
    lease.release()

    assert (empty, store.read()) == (None, Snapshot(document(2), second))
    assert (server.lock, store.location) == (None, server.address)
    assert server.methods == ["GET", "LOCK", "LOCK", "GET", "POST", "POST", "UNLOCK", "GET"]
    posts = [
        request for request in server.requests if request.body and request.body in {document(1), document(2)}
    ]
    assert [request.lock_id for request in posts] == [lease.info.lock_id] * 2
    assert all(request.has_valid_md5 for request in server.requests if request.body)


def test_the_lock_names_its_holder(plain: TerraformServer) -> None:
    lease = Worker(plain).store.lock("apply", timeout_seconds=0)

    assert plain.lock == {
        "ID": lease.info.lock_id,
        "Operation": "apply",
        "Info": "https://ci.example.com/9",
        "Who": "bob@desk",
        "Version": __version__,
        "Created": "2026-12-01T09:00:00+00:00",
        "Path": "",
    }


def test_a_lock_of_this_protocol_never_expires(server: TerraformServer) -> None:
    lease = Worker(server).store.lock("apply", timeout_seconds=0)
    lease.renew()
    held = lease.seconds_left()
    lease.release()
    lease.release()

    assert (held, lease.renew_seconds, lease.taken_from, lease.seconds_left()) == (inf, inf, None, 0.0)
    assert server.methods == ["LOCK", "LOCK", "UNLOCK"]


def test_a_held_state_is_reported_with_its_holder(plain: TerraformServer) -> None:
    held_by_ann(plain)

    with pytest.raises(StateLockedError) as error:
        Worker(plain).store.lock("state rm", timeout_seconds=0)

    code, text = raised(error)
    assert (code, error.value.exit_status) == ("state.locked", Exit.LOCKED)
    assert re.findall(r"(ID|Who|Operation|Created|Run):\s+(.+)", text)[:4] == [
        ("ID", OTHER),
        ("Who", "ann@laptop"),
        ("Operation", "apply"),
        ("Created", "2026-12-01 08:00:00 UTC"),
    ]
    assert "Run:       https://ci.example.com/1" in text
    assert text.endswith(f"state rm --lock-timeout 5m. If it is dead: reconciler force-unlock {OTHER}.")


def test_fields_that_gitlab_echoes_are_not_shown_as_the_holders() -> None:
    with terraform_server(is_managed=True) as gitlab:
        held_by_ann(gitlab)

        held = Worker(gitlab).store.holder()

    assert held
    assert (held.lock_id, held.who, held.operation, held.run_url) == (OTHER, "ann@laptop", "unknown", None)


@pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b'{"Who": 5}', b'{"ID": "\\u001b[2J\\n"}'])
def test_a_holder_that_cannot_be_read_still_holds_the_lock(body: bytes, plain: TerraformServer) -> None:
    plain.faults = [Fault("LOCK", status=423, body=body)]

    held = Worker(plain).store.holder()

    assert held
    assert (held.lock_id, held.who) == ("", "somebody whose lock cannot be read")


def test_a_holder_is_waited_for_until_the_timeout(server: TerraformServer) -> None:
    held_by_ann(server)
    worker = Worker(server)

    def freed() -> None:
        server.lock = None

    worker.meanwhile = [freed]
    lease = worker.store.lock("apply", timeout_seconds=30)

    operation = "unknown" if server.is_managed else "apply"
    assert server.lock
    assert server.lock["ID"] == lease.info.lock_id
    assert worker.lines == [
        f"Waiting up to 30 s for the lock on {server.address}, held by ann@laptop ({operation}) ..."
    ]


def test_the_wait_ends_at_the_timeout(plain: TerraformServer) -> None:
    held_by_ann(plain)
    worker = Worker(plain)

    with pytest.raises(StateLockedError) as error:
        worker.store.lock("apply", timeout_seconds=5)

    assert (worker.clock.monotonic(), "locked after 5 s of waiting" in raised(error)[1]) == (5.0, True)


def test_a_lock_whose_answer_was_lost_is_ours(server: TerraformServer) -> None:
    server.faults = [Fault("LOCK", cut="after")]

    lease = Worker(server).store.lock("apply", timeout_seconds=0)

    assert server.lock
    assert (server.lock["ID"], server.methods) == (lease.info.lock_id, ["LOCK"] * 3)


def test_a_lock_with_an_unknown_outcome_is_freed(server: TerraformServer) -> None:
    server.faults = [Fault("LOCK", cut="after"), Fault("LOCK", status=503, times=2)]

    with pytest.raises(StateError) as error:
        Worker(server).store.lock("apply", timeout_seconds=0)

    assert (raised(error)[0], server.lock) == ("state.unanswered", None)


def test_an_interrupted_lock_request_frees_the_lock(
    server: TerraformServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It would never expire."""
    worker, read = Worker(server), HttpTransport._body  # noqa: SLF001 - reads the response

    def interrupted(_transport: HttpTransport, _response: object) -> bytes:
        monkeypatch.setattr(HttpTransport, "_body", read)
        assert server.lock
        raise KeyboardInterrupt

    monkeypatch.setattr(HttpTransport, "_body", interrupted)
    with pytest.raises(KeyboardInterrupt):
        worker.store.lock("apply", timeout_seconds=0)

    assert server.lock is None


def test_an_unlock_whose_answer_was_lost_is_done(server: TerraformServer) -> None:
    worker = Worker(server)
    lease = worker.store.lock("apply", timeout_seconds=0)
    server.faults = [Fault("UNLOCK", cut="after")]

    lease.release()

    assert (server.lock, worker.lines) == (None, [])


def test_a_lock_that_could_not_be_freed_is_reported_with_the_remedy(plain: TerraformServer) -> None:
    worker = Worker(plain)
    lease = worker.store.lock("apply", timeout_seconds=0)
    plain.faults = [Fault("UNLOCK", status=500, times=9)]

    lease.release()

    line = f"The lock on {plain.address} may still be held ({plain.address} answered 500.)"
    assert worker.lines == [f"{line} To free it: reconciler force-unlock {lease.info.lock_id}"]


@pytest.mark.parametrize("cut", ["before", "after"])
def test_a_write_whose_answer_was_lost_is_read_back(cut: str, server: TerraformServer) -> None:
    """It was done, or is sent again; from then on every write reads first."""
    store = Worker(server).store
    store.lock("apply", timeout_seconds=0)
    first = store.write(document(1), replaces=None)
    server.faults, server.requests = [Fault("POST", cut=cut)], []

    second = store.write(document(2), replaces=first)
    third = store.write(document(3), replaces=second)

    again = ["POST"] if cut == "before" else []
    assert (server.methods, store.read()) == (
        ["POST", "GET", *again, "GET", "POST"],
        Snapshot(document(3), third),
    )


def test_a_serial_that_gitlab_refuses_is_a_write_that_was_done() -> None:
    """The first answer is lost, the next read finds the old document, and the write arrives after that."""
    with terraform_server(is_managed=True) as gitlab:
        store = Worker(gitlab).store
        store.lock("apply", timeout_seconds=0)
        first = store.write(document(1), replaces=None)
        late = Fault("GET", status=200, body=document(1))
        gitlab.faults = [Fault("POST", cut="after"), late]

        second = store.write(document(2), replaces=first)

        assert (gitlab.methods[-4:], store.read()) == (
            ["POST", "GET", "POST", "GET"],
            Snapshot(document(2), second),
        )


def test_a_write_after_another_writer_is_refused(plain: TerraformServer) -> None:
    store = Worker(plain).store
    store.lock("apply", timeout_seconds=0)
    first = store.write(document(1), replaces=None)

    def other() -> None:
        plain.document = document(9, "theirs")

    plain.faults = [Fault("POST", cut="before", then=other)]
    with pytest.raises(StateError) as error:
        store.write(document(2), replaces=first)

    assert (raised(error)[0], plain.document) == ("state.changed", document(9, "theirs"))


def test_the_first_write_under_a_lock_replaces_what_was_read(server: TerraformServer) -> None:
    store = Worker(server).store
    server.document = document(5, "theirs")
    store.lock("apply", timeout_seconds=0)

    with pytest.raises(StateError) as error:
        store.write(document(6), replaces=None)

    assert (raised(error)[0], server.document) == ("state.changed", document(5, "theirs"))


def test_a_write_without_a_clear_answer_is_given_up(server: TerraformServer) -> None:
    store = Worker(server).store
    store.lock("apply", timeout_seconds=0)
    server.faults = [Fault("POST", status=502, body=b"Bad \x1b[31mGateway", times=9)]

    with pytest.raises(StateError) as error:
        store.write(document(1), replaces=None)

    code, text = raised(error)
    assert (code, server.methods.count("POST")) == ("state.unanswered", 3)
    assert f"{server.address} answered 502: Bad  [31mGateway. The state at" in text


def test_a_write_that_cannot_be_read_back_is_given_up(plain: TerraformServer) -> None:
    store = Worker(plain).store
    store.lock("apply", timeout_seconds=0)
    first = store.write(document(1), replaces=None)
    plain.faults = [Fault("POST", cut="after"), Fault("GET", status=500, times=9)]

    with pytest.raises(StateError) as error:
        store.write(document(2), replaces=first)

    assert raised(error)[0] == "state.unanswered"


def test_a_lock_that_was_freed_by_force_stops_the_writer(server: TerraformServer) -> None:
    store = Worker(server).store
    lease = store.lock("apply", timeout_seconds=0)
    first = store.write(document(1), replaces=None)
    Worker(server).store.force_unlock(lease.info.lock_id)

    with pytest.raises(StateError) as error:
        store.write(document(2), replaces=first)

    assert (raised(error)[0], lease.seconds_left()) == ("state.lease-lost", 0.0)
    assert (server.document, server.methods.count("POST")) == (document(1), 2)


def test_reading_the_holder_does_not_change_the_lock(server: TerraformServer) -> None:
    free = Worker(server).store.holder()
    lease = Worker(server).store.lock("apply", timeout_seconds=0)
    held = Worker(server).store.holder()

    assert (free, held and held.lock_id, (server.lock or {})["ID"]) == (
        None,
        lease.info.lock_id,
        lease.info.lock_id,
    )


@pytest.mark.parametrize("is_held", [True, False])
def test_a_lock_id_that_does_not_hold_the_state_is_not_freed(is_held: bool, server: TerraformServer) -> None:  # noqa: FBT001 - a case
    if is_held:
        held_by_ann(server)

    with pytest.raises(StateError) as error:
        Worker(server).store.force_unlock("made-up")

    code, text = raised(error)
    assert (code, bool(server.lock)) == ("state.not-the-lock", is_held)
    assert (OTHER in text, "Nobody holds it." in text) == (is_held, not is_held)


def test_a_forced_unlock_whose_answer_was_lost_is_done(server: TerraformServer) -> None:
    held_by_ann(server)
    server.faults = [Fault("UNLOCK", cut="after")]

    Worker(server).store.force_unlock(OTHER)

    assert server.lock is None


def test_a_late_forced_unlock_does_not_free_another_lock(server: TerraformServer) -> None:
    held_by_ann(server)

    def another() -> None:
        held_by_ann(server)
        server.lock = {**(server.lock or {}), "ID": "another"}

    server.faults = [Fault("UNLOCK", cut="after", then=another)]
    with pytest.raises(StateError) as error:
        Worker(server).store.force_unlock(OTHER)

    assert (raised(error)[0], (server.lock or {})["ID"]) == ("state.not-the-lock", "another")


REFUSALS: dict[str, tuple[Fault, str]] = {
    "no rights": (Fault("POST", status=403, body=b'{"message":"403 Forbidden"}'), "state.forbidden"),
    "no such address": (Fault("POST", status=404), "state.place-missing"),
    "too large": (Fault("POST", status=413, body=b"too large"), "state.refused"),
    "moved": (
        Fault("POST", status=302, headers={"Location": "https://evil.example.com/state?token=x"}),
        "state.moved",
    ),
}


@pytest.mark.parametrize("why", REFUSALS)
def test_a_refused_write_is_sent_once(why: str, plain: TerraformServer) -> None:
    fault, expected = REFUSALS[why]
    store = Worker(plain).store
    store.lock("apply", timeout_seconds=0)
    plain.faults = [fault]

    with pytest.raises(StateError) as error:
        store.write(document(1), replaces=None)

    code, text = raised(error)
    assert (code, plain.methods.count("POST"), "token" in text.partition("GitLab")[0]) == (expected, 1, False)


def test_no_redirect_is_followed(plain: TerraformServer) -> None:
    with terraform_server() as elsewhere:
        plain.faults = [Fault("GET", status=307, headers={"Location": elsewhere.address})]

        with pytest.raises(StateError) as error:
            Worker(plain).store.read()

        assert (raised(error)[0], elsewhere.requests) == ("state.moved", [])


def test_a_redirect_to_no_address_is_reported_without_it(plain: TerraformServer) -> None:
    plain.faults = [Fault("GET", status=307, headers={"Location": "https://a[b/"})]

    with pytest.raises(StateError) as error:
        Worker(plain).store.read()

    code, text = raised(error)
    assert (code, "answered 307. A redirect" in text) == ("state.moved", True)


def test_wrong_credentials_are_reported_with_their_variables(plain: TerraformServer) -> None:
    with pytest.raises(StateError) as error:
        Worker(plain, RECONCILER_HTTP_PASSWORD=SECRET).store.read()

    code, text = raised(error)
    assert (code, SECRET in text, USER in text) == ("state.forbidden", False, False)
    assert "RECONCILER_HTTP_USERNAME and RECONCILER_HTTP_PASSWORD" in text


def test_a_secret_in_a_response_is_not_shown(plain: TerraformServer) -> None:
    plain.faults = [Fault("GET", status=400, body=f"{'no ' * 10}{PASSWORD} is wrong {'x' * 500}".encode())]

    with pytest.raises(StateError) as error:
        Worker(plain).store.read()

    _, text = raised(error)
    assert (PASSWORD in text, "*** is wrong" in text, "x" * 201 in text) == (False, True, False)


@pytest.mark.parametrize("status", [404, 405, 501])
def test_a_server_without_locks_is_not_used(status: int, plain: TerraformServer) -> None:
    plain.faults = [Fault("LOCK", status=status)]

    with pytest.raises(StateError) as error:
        Worker(plain).store.lock("apply", timeout_seconds=0)

    assert (raised(error)[0], plain.methods) == ("state.no-lock", ["LOCK"])


def test_a_server_that_gives_one_lock_to_two_is_not_used(server: TerraformServer) -> None:
    server.locks_twice = True

    with pytest.raises(StateError) as error:
        Worker(server).store.lock("apply", timeout_seconds=0)

    assert (raised(error)[0], server.lock, server.methods.count("POST")) == ("state.no-lock", None, 0)


def test_a_lock_that_could_not_be_checked_is_freed(server: TerraformServer) -> None:
    server.faults = [Fault("LOCK", times=1), Fault("LOCK", status=503, times=3)]

    with pytest.raises(StateError) as error:
        Worker(server).store.lock("apply", timeout_seconds=0)

    assert (raised(error)[0], server.lock) == ("state.unanswered", None)


def test_a_refused_lock_is_reported(plain: TerraformServer) -> None:
    plain.faults = [Fault("LOCK", status=403), Fault("UNLOCK", status=403)]

    with pytest.raises(StateError) as locked:
        Worker(plain).store.lock("apply", timeout_seconds=0)
    with pytest.raises(StateError) as freed:
        Worker(plain).store.force_unlock(OTHER)

    assert (raised(locked)[0], raised(freed)[0]) == ("state.forbidden", "state.forbidden")


def test_a_read_without_an_answer_is_retried(server: TerraformServer) -> None:
    server.document = document(1)
    server.faults = [Fault("GET", cut="before"), Fault("GET", status=503)]

    snapshot = Worker(server).store.read()

    assert (snapshot and snapshot.document, server.methods) == (document(1), ["GET"] * 3)


def test_a_server_that_cannot_be_reached_was_sent_nothing() -> None:
    with terraform_server() as gone:
        worker = Worker(gone)
    with pytest.raises(StateError) as read:
        worker.store.read()
    with terraform_server() as there:
        other = Worker(there)
        other.store.lock("apply", timeout_seconds=0)
        first = other.store.write(document(1), replaces=None)
    with pytest.raises(StateError) as written:
        other.store.write(document(2), replaces=first)

    assert (raised(read)[0], raised(written)[0]) == ("state.unreachable", "state.unreachable")


STATE = "https://git.example.com/api/v4/projects/group%2Fours/terraform/state/meetings"
OWN = {"RECONCILER_HTTP_USERNAME": "ours", "RECONCILER_HTTP_PASSWORD": SECRET}
TERRAFORMS = {"TF_HTTP_USERNAME": "theirs", "TF_HTTP_PASSWORD": SECRET}
JOB = {"CI_API_V4_URL": "https://git.example.com/api/v4", "CI_JOB_TOKEN": "job-token"}


def test_a_state_of_gitlab_needs_only_its_address() -> None:
    endpoints = Endpoints.of(STATE, {})

    assert (endpoints.read, endpoints.update, endpoints.lock, endpoints.unlock) == (
        Endpoint("GET", STATE),
        Endpoint("POST", STATE),
        Endpoint("POST", f"{STATE}/lock"),
        Endpoint("DELETE", f"{STATE}/lock"),
    )


def test_any_other_state_is_locked_at_its_own_address() -> None:
    address = "https://example.com/state?name=meetings"

    endpoints = Endpoints.of(address, {})

    assert (endpoints.lock, endpoints.unlock) == (Endpoint("LOCK", address), Endpoint("UNLOCK", address))
    assert (endpoints.location, "meetings" in repr(endpoints)) == ("https://example.com/state?...", False)


@pytest.mark.parametrize("prefix", ["RECONCILER_HTTP_", "TF_HTTP_"])
def test_addresses_and_methods_of_the_lock_can_be_set(prefix: str) -> None:
    settings = {
        "UPDATE_METHOD": "PUT",
        "LOCK_ADDRESS": "https://example.com/lock",
        "LOCK_METHOD": "PUT",
        "UNLOCK_ADDRESS": "https://example.com/unlock",
        "UNLOCK_METHOD": "DELETE",
    }

    endpoints = Endpoints.of(
        "https://example.com/state", {prefix + name: value for name, value in settings.items()}
    )

    assert (endpoints.update, endpoints.lock, endpoints.unlock) == (
        Endpoint("PUT", "https://example.com/state"),
        Endpoint("PUT", "https://example.com/lock"),
        Endpoint("DELETE", "https://example.com/unlock"),
    )


def test_the_lock_of_another_terraform_state_is_not_taken() -> None:
    """In a job that also runs Terraform, its variables are for another state."""
    theirs = STATE.replace("meetings", "infrastructure")
    environ = {"TF_HTTP_ADDRESS": theirs, "TF_HTTP_LOCK_ADDRESS": f"{theirs}/lock", **TERRAFORMS}

    endpoints = Endpoints.of(STATE, environ)

    assert (endpoints.lock.url, endpoints.username) == (f"{STATE}/lock", "theirs")


CREDENTIALS: dict[str, tuple[dict[str, str], tuple[str, str]]] = {
    "none": ({}, ("", "")),
    "ours win": ({**TERRAFORMS, **OWN, **JOB}, ("ours", SECRET)),
    "Terraform's do": ({**TERRAFORMS, **JOB}, ("theirs", SECRET)),
    "never half of each": ({"RECONCILER_HTTP_PASSWORD": "p", **TERRAFORMS}, ("", "p")),
    "of another server": ({**TERRAFORMS, "TF_HTTP_ADDRESS": "https://example.com/state"}, ("", "")),
    "the job's own": (JOB, ("gitlab-ci-token", "job-token")),
    "the job's, elsewhere": ({**JOB, "CI_API_V4_URL": "https://git.example.co/api/v4"}, ("", "")),
    "terraform's, at no address": (
        {"TF_HTTP_ADDRESS": "https://[::1", "TF_HTTP_USERNAME": "ann", "TF_HTTP_PASSWORD": SECRET},
        ("", ""),
    ),
    "the job's, of a longer name": ({**JOB, "CI_API_V4_URL": "https://git.example.com/api/v"}, ("", "")),
}


@pytest.mark.parametrize("case", CREDENTIALS)
def test_credentials_come_from_the_environment(case: str) -> None:
    environ, expected = CREDENTIALS[case]

    endpoints = Endpoints.of(STATE, environ)

    assert ((endpoints.username, endpoints.password), SECRET in repr(endpoints)) == (expected, False)


@pytest.mark.parametrize(
    "address",
    [
        f"https://ann:{SECRET}@example.com/state",
        f"https://{SECRET}@example.com/state",
        f"http://example.com/{SECRET}",
        f"https://example.com:0/{SECRET}",
        f"https://example.com:99999/{SECRET}",
        f"https://example.com/{SECRET}#top",
        f"https://example.com/{SECRET} x",
        f"https:/{SECRET}",
        f"https://256.1.1.1/{SECRET}",
        f"https://a..example.com/{SECRET}",
        f"https://{'a' * 64}.example.com/{SECRET}",
    ],
)
def test_an_address_that_cannot_be_used_is_not_shown(address: str, shell: Shell) -> None:
    with pytest.raises(SettingsError) as error:
        Endpoints.of(address, {})

    ran = shell("state", "list", RECONCILER_STATE=address)

    assert (error.value.diagnostic.code, SECRET in str(error.value)) == ("state.bad-address", False)
    assert (ran.status, "state.bad-address" in ran.err, SECRET in ran.err) == (1, True, False)


@pytest.mark.parametrize(
    ("name", "value", "code"),
    [
        ("TF_HTTP_LOCK_ADDRESS", f"https://ann:{SECRET}@example.com", "state.bad-address"),
        ("RECONCILER_HTTP_LOCK_METHOD", "lock it", "state.http-method"),
    ],
)
def test_an_unusable_variable_is_named(name: str, value: str, code: str) -> None:
    with pytest.raises(SettingsError) as error:
        Endpoints.of(STATE, {name: value})

    diagnostic = error.value.diagnostic
    assert (diagnostic.code, name in diagnostic.detail, SECRET in str(error.value)) == (code, True, False)


def test_a_missing_certificate_file_is_reported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "none.pem"))

    with pytest.raises(SettingsError) as error:
        open_store(STATE, StoreOptions(tmp_path, "bob", ManualClock(), lambda _: None))

    assert error.value.diagnostic.code == "settings.network"


def test_a_holder_has_the_time_of_its_lock() -> None:
    with terraform_server() as server:
        held_by_ann(server)
        held = Worker(server).store.holder()

    assert isinstance(held, LockInfo)
    assert held.created_at.isoformat() == "2026-12-01T08:00:00.123456+00:00"


def test_a_spec_file_cannot_send_the_state_elsewhere(shell: Shell) -> None:
    shell.write("meetings.yaml", spec_of({"retro": {}}, start=FAR))
    shell.write("reconciler.yaml", f"state: {STATE}\n")

    ran = shell("plan")

    assert (ran.status, "settings.state-address" in ran.err) == (1, True)
