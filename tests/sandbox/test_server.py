"""The emulator on a port, in a process of its own."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

import httpx
import pytest
from sandbox_world import HOST, ONCE

from reconciler.errors.exceptions import SettingsError
from reconciler.sandbox import __main__ as main
from reconciler.sandbox import server
from reconciler.sandbox.sandbox import Sandbox

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

MEETINGS = f"/v2/users/{HOST}/meetings"


@contextmanager
def process(*arguments: str) -> Iterator[tuple[httpx.Client, subprocess.Popen[str]]]:
    """A client of a served emulator, and its process."""
    command = [sys.executable, "-m", "reconciler.sandbox", *arguments]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as served:
        try:
            assert served.stdout
            address = served.stdout.readline().strip()
            headers = {"authorization": "Bearer sandbox"}
            with httpx.Client(base_url=address, headers=headers, trust_env=False, timeout=10) as client:
                yield client, served
        finally:
            served.kill()


def test_a_served_emulator_answers_as_the_one_inside() -> None:
    with process("--switch", "daily_limit=1", "--switch", "owner=boss@example.com") as (client, _):
        statuses = [client.post(MEETINGS, json=ONCE).status_code for _ in range(2)]
        owner = client.get("/v2/users/me").json()["email"]

    assert (statuses, owner) == ([201, 429], "boss@example.com")


def test_a_cut_really_closes_the_socket() -> None:
    """No answer of any kind comes, and the meeting is there."""
    with process() as (client, served):
        client.post("/sandbox/faults", json={"method": "POST", "path": "/v2/*", "cut": "after"})
        with pytest.raises(httpx.RemoteProtocolError, match="without sending a response"):
            client.post(MEETINGS, json=ONCE)
        listed = client.get(MEETINGS).json()["meetings"]
        served.kill()
        said = served.stderr.read() if served.stderr else None

    assert [item["topic"] for item in listed] == ["Launch"]
    assert said == ""


def test_what_was_answered_survives_a_kill(tmp_path: Path) -> None:
    with process("--folder", str(tmp_path), "--now", "2026-12-01T09:00:00Z") as (client, served):
        number = client.post(MEETINGS, json=ONCE).json()["id"]
        served.kill()
    with process("--folder", str(tmp_path)) as (client, _):
        read = client.get(f"/v2/meetings/{number}").json()
        clock = client.get("/sandbox/clock").json()

    assert (read["topic"], clock) == ("Launch", {"now": "2026-12-01T09:00:00Z"})


def test_an_interrupt_ends_it_without_a_traceback() -> None:
    with process() as (client, served):
        client.get("/sandbox/clock")
        os.kill(served.pid, signal.SIGINT)
        _, said = served.communicate(timeout=10)

    assert (served.returncode, said) == (130, "")


@pytest.mark.parametrize("port", [None, 70_000])
def test_a_port_that_cannot_be_used_is_reported(port: int | None) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        wanted = port or taken.getsockname()[1]

        with pytest.raises(SettingsError) as caught:
            server.run(_nothing, port=wanted, on_ready=print)

    assert caught.value.diagnostic.code == "sandbox.port"
    assert caught.value.diagnostic.detail.startswith(f"Port {wanted} of 127.0.0.1: ")


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["--switch", "plan=gold"], "the switch plan cannot be 'gold'"),
        (["--switch", "gold=1"], "no such switch: gold"),
        (
            ["--now", "soon"],
            (
                "sandbox.clock: The emulator's clock cannot be used: "
                "'soon' is neither an instant nor a step forward."
            ),
        ),
    ],
)
def test_invalid_arguments_are_reported_on_one_line(
    arguments: list[str], expected: str, capsys: pytest.CaptureFixture[str]
) -> None:
    status = main.main(arguments)

    said = capsys.readouterr()
    assert (status, said.out, said.err.count("\n"), said.err.startswith(expected)) == (1, "", 1, True)


def test_the_program_serves_until_it_is_interrupted(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The address comes first and alone on stdout."""

    def interrupted(self: object, sockets: list[socket.socket]) -> None:
        del self, sockets
        raise KeyboardInterrupt

    monkeypatch.setattr("uvicorn.Server.run", interrupted)
    status = main.main([])

    assert status == 130
    assert capsys.readouterr().out.startswith("http://127.0.0.1:")


def test_the_program_ends_well_when_the_server_does(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("uvicorn.Server.run", lambda _self, sockets: sockets)

    assert main.main(["--latency", "0.1"]) == 0
    assert capsys.readouterr().err == ""


def test_a_sandbox_shows_the_credentials_that_a_client_may_use() -> None:
    assert (Sandbox.account_id, Sandbox.client_id, Sandbox.client_secret) == ("sandbox", "sandbox", "sandbox")


async def _nothing(_scope: object, _receive: object, _send: object) -> None:
    """An application that is never called."""
