"""`state lock` and `force-unlock`: who holds the state, and the end of a lock whose holder is dead."""

from __future__ import annotations

import json
import re
import sys
from contextlib import contextmanager
from datetime import UTC, datetime
from io import StringIO
from typing import TYPE_CHECKING

import pytest
from builders import record, state
from holding import held
from terraform_server import TerraformServer, terraform_server

from reconciler.ports import LockInfo
from reconciler.state import document as state_document
from reconciler.views.table import view

if TYPE_CHECKING:
    from collections.abc import Iterator

    from shell import Shell


@contextmanager
def at_terminal(monkeypatch: pytest.MonkeyPatch, answer: str) -> Iterator[None]:
    """A terminal, as far as can be asked, at which somebody types."""
    stdin = StringIO(answer)
    with monkeypatch.context() as patched:
        patched.setattr(stdin, "isatty", lambda: True)
        patched.setattr(sys, "stdin", stdin)
        yield


def test_a_free_state_says_so(server: TerraformServer, shell: Shell) -> None:
    for address in ("s.json", server.address):
        ran = shell("state", "lock", "--state", address, **server.environ)
        program = shell("state", "lock", "--state", address, "--format", "json", **server.environ)

        location = str(shell.folder / address) if address == "s.json" else address
        assert (ran.status, ran.out, ran.err) == (0, f"Nobody holds {location}.\n", "")
        assert program.rows == [{"format_version": "1.0", "location": location, "lock": None}]


def test_a_held_file_says_by_whom(shell: Shell) -> None:
    with held(str(shell.folder / "s.json")) as lease:
        ran = shell("state", "lock", "--state", "s.json")

    assert (ran.status, ran.err, ran.out.splitlines()) == (
        0,
        "",
        [
            f"{shell.folder}/s.json is held.",
            f"  ID:         {lease.info.lock_id}",
            "  Who:        ann@laptop",
            "  Operation:  apply",
            f"  Created:    {lease.info.created_at:%Y-%m-%d %H:%M:%S} UTC",
            "  Run:        https://ci.example.com/1",
        ],
    )


def test_a_program_reads_who_holds_it(shell: Shell) -> None:
    with terraform_server() as server, held(server.address, server) as lease:
        ran = shell("state", "lock", "--format", "json", "--state", server.address, **server.environ)

    assert ran.status == 0
    assert ran.rows[0]["lock"] == {
        "id": lease.info.lock_id,
        "who": "ann@laptop",
        "operation": "apply",
        "created_at": f"{lease.info.created_at:%Y-%m-%dT%H:%M:%S.%f}Z",
        "expires_at": None,
        "expired": False,
        "run_url": "https://ci.example.com/1",
    }


def test_a_lock_is_freed_by_its_id(server: TerraformServer, shell: Shell) -> None:
    """Without a terminal there is no prompt; the state itself is unchanged."""
    server.document = state_document.encode(state(meetings={"retro": record(1)}))
    with held(server.address, server) as lease:
        number = lease.info.lock_id
        ran = shell("force-unlock", number, "--state", server.address, **server.environ)
        freed = server.lock

    text = (
        f"Released the lock {number} on {server.address}. The next apply looks up what its run had begun.\n"
    )
    assert (ran.status, ran.out, ran.err, freed) == (0, text, "", None)


def test_another_lock_is_left_alone(server: TerraformServer, shell: Shell) -> None:
    with held(server.address, server) as lease:
        ran = shell("force-unlock", "made-up", "--force", "--state", server.address, **server.environ)
        kept = server.lock

    assert (ran.status, ran.out, (kept or {})["ID"]) == (1, "", lease.info.lock_id)
    assert "error[state.not-the-lock]: This lock does not hold the state" in ran.err
    assert lease.info.lock_id in ran.err


def test_the_lock_that_the_hint_shows_is_freed(server: TerraformServer, shell: Shell) -> None:
    with held(server.address, server):
        refused = shell("force-unlock", "made-up", "--force", "--state", server.address, **server.environ)
        (command,) = re.findall("hint: `reconciler (.*)` shows who holds it, and the ID to name", refused.err)
        shown = shell(*command.split(), "--state", server.address, **server.environ)
        (lock_id,) = re.findall(r"ID: +(\S+)", shown.out)
        freed = shell("force-unlock", lock_id, "--force", "--state", server.address, **server.environ)

    assert (freed.status, server.lock) == (0, None)


def test_a_files_lock_cannot_be_freed(shell: Shell) -> None:
    ran = shell("force-unlock", "made-up", "--state", "s.json")

    assert (ran.status, "error[state.cannot-unlock]" in ran.err) == (1, True)


@pytest.mark.parametrize(("answer", "status"), [("yes\n", 0), ("y\n", 1), ("", 1)])
def test_a_person_is_asked_first(
    answer: str, status: int, shell: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    with terraform_server() as server, held(server.address, server) as lease:
        with at_terminal(monkeypatch, answer):
            ran = shell("force-unlock", lease.info.lock_id, "--state", server.address, **server.environ)
        is_freed = server.lock is None

    question = (
        f"Release the lock on {server.address}? A run that still holds it fails. Only `yes` is accepted: "
    )
    end = "" if status == 0 else "Force-unlock cancelled. The lock is still held.\n"
    assert (ran.status, ran.err, is_freed) == (status, question + end, status == 0)


@pytest.mark.parametrize(("flags", "environ"), [(["--force"], {}), ([], {"CI": "true"})])
def test_force_and_pipelines_are_not_asked(
    flags: list[str], environ: dict[str, str], shell: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    with (
        terraform_server() as server,
        held(server.address, server) as lease,
        at_terminal(monkeypatch, "no\n"),
    ):
        arguments = ("force-unlock", lease.info.lock_id, *flags, "--state", server.address)
        ran = shell(*arguments, **server.environ, **environ)

    assert (ran.status, ran.err, server.lock) == (0, "", None)


@pytest.mark.parametrize("verb", ["state mv retro retros", "state rm retro", "state push kept.json"])
def test_commands_wait_for_the_lock(verb: str, shell: Shell) -> None:
    with terraform_server() as server:
        check_wait(verb, server, shell)


def check_wait(verb: str, server: TerraformServer, shell: Shell) -> None:
    recorded = state(meetings={"retro": record(1)})
    server.document = state_document.encode(recorded)
    server.serials = {recorded.serial}
    shell.write("kept.json", state_document.encode(recorded.written()).decode())
    arguments = (*verb.split(), "--state", server.address)
    with held(server.address, server) as lease:
        refused = shell(*arguments, **server.environ)
        again = shell(*arguments, "--lock-timeout", "1s", **server.environ)
        number = lease.info.lock_id
    free = shell(*arguments, "--lock-timeout", "1s", **server.environ)

    operation = " ".join(verb.split()[:2])
    assert (refused.status, again.status, free.status) == (4, 4, 0)
    assert (
        f"wait for it: {operation} --lock-timeout 5m. If it is dead: reconciler force-unlock {number}."
        in (refused.err)
    )
    assert again.err.startswith(f"Waiting up to 1 s for the lock on {server.address}, held by ")


def test_an_expired_lock_is_shown_as_expired() -> None:
    """Object storage and git: the holder's lease is in the past."""
    created, expires = datetime(2026, 12, 1, 8, tzinfo=UTC), datetime(2026, 12, 1, 8, 1, tzinfo=UTC)
    lock = LockInfo("an-id", "apply", "ann@\x1b[31mlaptop", created, expires)

    before = view("state lock", "text")("s3://b/s.json", lock, created)
    after = view("state lock", "text")("s3://b/s.json", lock, expires)

    assert before.splitlines()[-1] == "  Expires:    2026-12-01 08:01:00 UTC, unless it is renewed"
    assert after.splitlines()[-1] == (
        "  Expires:    2026-12-01 08:01:00 UTC, has expired; the next run takes it over"
    )
    assert "\x1b" not in after
    assert json.loads(view("state lock", "json")("s3://b/s.json", lock, expires))["lock"]["expired"] is True
