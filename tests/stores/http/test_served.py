"""Complete runs with the state behind the Terraform HTTP protocol: concurrent, killed, and with faults."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from served import APPLY, Resuming, Served, applying, ids, served, wait_for_create
from shell import FAR, Shell, spec_of
from terraform_server import Fault, TerraformServer

from reconciler.cli.clock import SystemTimer
from reconciler.state import document as state_document

if TYPE_CHECKING:
    from collections.abc import Iterator

    from shell import RunResult

KEYS = ("alpha", "beta")


@pytest.fixture(scope="module")
def zoom() -> Iterator[Served]:
    with served() as emulator:
        yield emulator


def environ_of(zoom: Served, server: TerraformServer, **more: str) -> dict[str, str]:
    return {**zoom.environ, **server.environ, "RECONCILER_STATE": server.address, **more}


def declare(shell: Shell, host: str) -> None:
    shell.write("meetings.yaml", spec_of({key: {} for key in KEYS}, host=host, start=FAR))


def apply(shell: Shell, zoom: Served, server: TerraformServer, *flags: str, **more: str) -> RunResult:
    return shell(*APPLY, *flags, **environ_of(zoom, server, **more))


def recorded(server: TerraformServer) -> list[int]:
    assert server.document
    state = state_document.decode(server.document, "")
    assert state.intents == {}
    return sorted(record.id for record in state.meetings.values())


def test_concurrent_applies_do_not_overlap(slow_zoom: Served, server: TerraformServer, shell: Shell) -> None:
    """The second exits with 4 and names the holder, or waits until the lock timeout."""
    host = "twice@example.com"
    declare(shell, host)
    with applying(shell.folder, **environ_of(slow_zoom, server, USER="ann")) as first:
        wait_for_create(slow_zoom)
        shell.timer = Resuming(first)  # it holds the lock until the third begins to wait
        refused = apply(shell, slow_zoom, server)
        held = dict(server.lock or {})
        waited = apply(shell, slow_zoom, server, "--lock-timeout", "30s")
        first.communicate(timeout=30)

    assert (first.returncode, refused.status, refused.out) == (0, 4, "")
    assert re.findall(r"^      ID: +(\S+)$", refused.err, re.MULTILINE) == [held["ID"]]
    assert f"If it is dead: reconciler force-unlock {held['ID']}." in refused.err
    assert waited.err.startswith(f"Waiting up to 30 s for the lock on {server.address}, held by ")
    assert (waited.status, waited.out[:11], server.lock) == (0, "No changes.", None)
    assert (slow_zoom.topics(host), recorded(server)) == (list(KEYS), ids(slow_zoom, host))


def test_after_a_killed_run_the_next_one_finishes_its_work(
    slow_zoom: Served, gitlab: TerraformServer, shell: Shell
) -> None:
    """A lock of the protocol does not expire: a person frees it, and no meeting is created twice."""
    host = "killed@example.com"
    declare(shell, host)
    shell.timer = SystemTimer()  # a create that is under way lands within the settling time
    with applying(shell.folder, **environ_of(slow_zoom, gitlab)) as process:
        wait_for_create(slow_zoom)
        process.kill()
        process.communicate(timeout=30)
    slow_zoom.client.put("/sandbox/switches", json={"latency_seconds": 0})
    left = dict(gitlab.lock or {})

    refused = apply(shell, slow_zoom, gitlab)
    freed = shell("force-unlock", left["ID"], **environ_of(slow_zoom, gitlab))
    again = apply(shell, slow_zoom, gitlab, RECONCILER_SETTLE="0.5")

    assert (process.returncode, refused.status, freed.status, again.status) == (-9, 4, 0, 0)
    assert left["ID"] in refused.err
    assert (slow_zoom.topics(host), recorded(gitlab)) == (list(KEYS), ids(slow_zoom, host))


FAULTS = {
    "a lost answer to a write": [Fault("POST", cut="after")],
    "a lost write": [Fault("POST", cut="before")],
    "a gateway in between": [Fault("POST", status=502), Fault("GET", status=503)],
    "a lost lock": [Fault("LOCK", cut="after")],
    "a lost unlock": [Fault("UNLOCK", cut="after")],
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_run_survives_a_lost_answer(
    fault: str, zoom: Served, gitlab: TerraformServer, shell: Shell
) -> None:
    host = f"{fault.replace(' ', '-')}@example.com"
    declare(shell, host)
    gitlab.faults = [Fault(planned.method, planned.cut, planned.status) for planned in FAULTS[fault]]

    ran = apply(shell, zoom, gitlab)

    assert (ran.status, ran.err, gitlab.lock) == (0, "", None)
    assert [planned.times for planned in gitlab.faults] == [0] * len(gitlab.faults)
    assert (zoom.topics(host), recorded(gitlab)) == (list(KEYS), ids(zoom, host))


def test_a_run_whose_lock_is_freed_by_force_stops(
    slow_zoom: Served, gitlab: TerraformServer, shell: Shell
) -> None:
    """It writes nothing more; the next run finds the meetings that it created."""
    host = "freed@example.com"
    declare(shell, host)
    shell.timer = SystemTimer()  # a create that is under way lands within the settling time
    with applying(shell.folder, **environ_of(slow_zoom, gitlab)) as process:
        wait_for_create(slow_zoom)
        freed = shell("force-unlock", (gitlab.lock or {})["ID"], **environ_of(slow_zoom, gitlab))
        document = gitlab.document
        _, err = process.communicate(timeout=30)
    after = gitlab.document
    slow_zoom.client.put("/sandbox/switches", json={"latency_seconds": 0})

    again = apply(shell, slow_zoom, gitlab, RECONCILER_SETTLE="0.5")

    assert (freed.status, process.returncode, after == document) == (0, 1, True)
    assert "error[state.lease-lost]" in err
    assert (again.status, slow_zoom.topics(host)) == (0, list(KEYS))
    assert recorded(gitlab) == ids(slow_zoom, host)


def test_no_secret_is_printed_or_stored(zoom: Served, gitlab: TerraformServer, shell: Shell) -> None:
    declare(shell, "quiet@example.com")

    ran = apply(shell, zoom, gitlab, "--verbose")
    refused = apply(shell, zoom, gitlab, RECONCILER_HTTP_PASSWORD="wrong-wrong")

    everything = ran.out + ran.err + refused.out + refused.err + str(gitlab.document)
    assert (ran.status, refused.status, "error[state.forbidden]" in refused.err) == (0, 1, True)
    secrets = (gitlab.environ["RECONCILER_HTTP_PASSWORD"], "wrong-wrong", zoom.environ["ZOOM_CLIENT_SECRET"])
    assert [secret for secret in secrets if secret in everything] == []
