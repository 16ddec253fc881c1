"""`state pull`, `push` and `migrate`: the whole document, from one location to another."""

from __future__ import annotations

import io
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pytest
from builders import record, state
from holding import held
from msgspec.structs import replace
from terraform_server import Fault, TerraformServer

from reconciler.state import document as state_document

if TYPE_CHECKING:
    from collections.abc import Sequence

    from shell import RunResult, Shell

    from reconciler.state.state import State

KEPT = "kept.json"
DAY = "2026-12-01"

OLD = state(serial=4, meetings={"retro": record(1)}, origin="api.zoom.us/a", usage={DAY: {"u": 9, "v": 1}})
NEW = replace(OLD, serial=7, meetings={"retro": record(1), "launch": record(2)}, usage={DAY: {"u": 3}})
FOREIGN = replace(NEW, lineage="lineage-2", serial=9)

SQUATTING = (
    b'{"format_version":"1.0",\n "lineage":"lineage-1", "serial":7, "origin":"", "meetings":{}, "news":1,'
)
SQUATTING += b' "intents":{}, "retired":[], "usage":{}, "hosts":{}}'
"""A state written by hand, with something in it that only a newer version knows."""


def put(shell: Shell, recorded: State, name: str = "s.json") -> bytes:
    document = state_document.encode(recorded)
    (shell.folder / name).write_bytes(document)
    return document


def recorded(shell: Shell, name: str = "s.json") -> State:
    return state_document.decode((shell.folder / name).read_bytes(), name)


def push(shell: Shell, *flags: str) -> RunResult:
    return shell("state", "push", KEPT, "--state", "s.json", *flags)


def codes(ran: RunResult) -> Sequence[str]:
    return [
        line.partition("]")[0].removeprefix("error[") for line in ran.err.splitlines() if "error[" in line
    ]


def serve(server: TerraformServer, recorded: State) -> bytes:
    server.document = state_document.encode(recorded)
    server.serials = {recorded.serial}
    return server.document


def test_pull_writes_an_unreadable_state_byte_for_byte(shell: Shell) -> None:
    """Byte for byte, even where it cannot be read."""
    document = b"\xff\x00 broken\r\n"
    (shell.folder / "s.json").write_bytes(document)

    command = [sys.executable, "-m", "reconciler", "state", "pull", "--state", "s.json"]
    ran = subprocess.run(command, cwd=shell.folder, capture_output=True, check=False)

    assert (ran.returncode, ran.stdout, ran.stderr) == (0, document, b"")


def test_a_pulled_state_can_be_pushed(gitlab: TerraformServer, shell: Shell) -> None:
    document = serve(gitlab, NEW)

    pulled = shell("state", "pull", "--state", gitlab.address, **gitlab.environ)
    shell.write(KEPT, pulled.out)
    pushed = push(shell)

    assert (pulled.status, pulled.out.encode(), "LOCK" in gitlab.methods) == (0, document, False)
    assert (pushed.status, (shell.folder / "s.json").read_bytes()) == (0, document)
    assert pushed.out == f"Pushed serial 7 with 2 meetings to {shell.folder}/s.json.\n"


def test_where_nothing_was_recorded_nothing_is_pulled(shell: Shell) -> None:
    ran = shell("state", "pull", "--state", "s.json")

    assert (ran.status, ran.out) == (0, "")
    assert ran.err == f"{shell.folder}/s.json does not exist.\n"


def test_a_later_state_is_pushed_as_it_is(shell: Shell) -> None:
    """With the fields that this version does not know; the state before it is kept."""
    before = put(shell, OLD)
    (shell.folder / KEPT).write_bytes(SQUATTING)

    ran = push(shell)

    assert (ran.status, ran.err, (shell.folder / "s.json").read_bytes()) == (0, "", SQUATTING)
    assert (shell.folder / "s.json.backup").read_bytes() == before
    assert ran.out == (
        f"Pushed serial 7 with 0 meetings to {shell.folder}/s.json.\n"
        f"It replaced serial 4 with 1 meeting, which is kept as {shell.folder}/s.json.backup.\n"
    )


def test_the_same_state_is_not_written_again(shell: Shell) -> None:
    put(shell, NEW)
    put(shell, NEW, KEPT)

    ran = push(shell)

    assert (ran.status, ran.out) == (
        0,
        f"{shell.folder}/s.json is this state already. Nothing was written.\n",
    )
    assert not (shell.folder / "s.json.backup").exists()


@pytest.mark.parametrize(
    ("there", "given", "code"),
    [
        (OLD, FOREIGN, "state.other-lineage"),
        (NEW, OLD, "state.older-serial"),
        (NEW, replace(NEW, meetings={}), "state.same-serial"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_state_that_would_undo_another_is_refused_unless_forced(
    there: State, given: State, code: str, shell: Shell
) -> None:
    """By force it is written as the newest: no serial comes twice."""
    before = put(shell, there)
    put(shell, given, KEPT)

    refused = push(shell)
    kept = (shell.folder / "s.json").read_bytes()
    forced = push(shell, "--force")

    assert (refused.status, codes(refused), kept) == (1, [code], before)
    assert "`--force` writes it anyway." in refused.err
    after = recorded(shell)
    assert (forced.status, forced.err, after.meetings, after.lineage) == (
        0,
        "",
        given.meetings,
        given.lineage,
    )
    assert after.serial == max(given.serial, there.serial + 1)


def test_requests_that_were_used_stay_used(shell: Shell) -> None:
    """An older state that is put back does not give the day's budget back."""
    put(shell, NEW)
    put(shell, OLD, KEPT)
    push(shell, "--force")
    same_account = recorded(shell).usage
    put(shell, replace(OLD, origin="api.zoom.us/b"))
    put(shell, NEW, KEPT)
    push(shell, "--force")

    assert (same_account, recorded(shell).usage) == ({DAY: {"u": 9, "v": 1}}, NEW.usage)


def test_gitlab_takes_a_forced_push(gitlab: TerraformServer, shell: Shell) -> None:
    """It serves the highest serial, and takes none twice."""
    serve(gitlab, NEW)
    put(shell, OLD, KEPT)

    ran = shell("state", "push", KEPT, "--force", "--state", gitlab.address, **gitlab.environ)

    assert gitlab.document
    after = state_document.decode(gitlab.document, "")
    assert (ran.status, after.serial, after.meetings, gitlab.lock) == (0, 8, OLD.meetings, None)
    assert ran.out.splitlines()[1] == "It replaced serial 7 with 2 meetings."


def test_a_state_comes_from_stdin(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(state_document.encode(NEW))))

    ran = shell("state", "push", "-", "--state", "s.json")

    assert (ran.status, recorded(shell)) == (0, NEW)


def test_at_a_terminal_a_file_must_be_named(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    stdin = io.StringIO()
    monkeypatch.setattr(stdin, "isatty", lambda: True)
    monkeypatch.setattr(sys, "stdin", stdin)

    ran = shell("state", "push", "--state", "s.json")

    assert (ran.status, codes(ran)) == (1, ["usage.no-file"])


@pytest.mark.parametrize("force", [[], ["--force"]])
@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "state.not-a-state"),
        ('{"version": 4, "serial": 9, "lineage": "x", "resources": []}', "state.not-a-state"),
        ('{"format_version": "2.0"}', "state.not-a-state"),
        (None, "state.file-unreadable"),
    ],
)
def test_what_is_no_state_is_never_pushed(
    text: str | None, code: str, force: list[str], shell: Shell
) -> None:
    before = put(shell, OLD)
    if text is not None:
        shell.write(KEPT, text)

    ran = push(shell, *force)

    assert (ran.status, codes(ran), (shell.folder / "s.json").read_bytes()) == (1, [code], before)


def test_only_force_replaces_an_unreadable_state(shell: Shell) -> None:
    """It is kept, and the message that refuses names the way."""
    shell.write("s.json", "{")
    document = put(shell, NEW, KEPT)

    refused = push(shell)
    kept = (shell.folder / "s.json").read_text()
    forced = push(shell, "--force")

    assert (refused.status, codes(refused), kept) == (1, ["state.unreadable"], "{")
    assert "`reconciler state push --force FILE`" in refused.err
    assert (forced.status, forced.err, (shell.folder / "s.json").read_bytes()) == (0, "", document)
    assert (shell.folder / "s.json.backup").read_text() == "{"
    assert forced.out.splitlines()[1] == (
        f"It replaced an unreadable state, which is kept as {shell.folder}/s.json.backup."
    )


def test_a_state_of_a_newer_version_stays_even_against_force(shell: Shell) -> None:
    """It is whole, and who wrote it can read it."""
    newer = state_document.encode(NEW).replace(b'"1.0"', b'"2.0"', 1)
    (shell.folder / "s.json").write_bytes(newer)
    put(shell, NEW, KEPT)

    ran = push(shell, "--force")

    assert (ran.status, codes(ran), (shell.folder / "s.json").read_bytes()) == (
        1,
        ["state.newer-format"],
        newer,
    )


def test_a_state_moves_to_another_place(gitlab: TerraformServer, shell: Shell) -> None:
    """Copied, compared, with the lines to change; and back again into a file."""
    shell.write("reconciler.yaml", "state: s.json\n")
    document = put(shell, NEW)

    there = shell("state", "migrate", "--to", gitlab.address, **gitlab.environ)
    back = shell("state", "migrate", "--to", "far/t.json", RECONCILER_STATE=gitlab.address, **gitlab.environ)

    old = f"{shell.folder}/s.json"
    assert (there.status, there.err, gitlab.document, gitlab.lock) == (0, "", document, None)
    assert there.out.splitlines() == [
        f"Copied serial 7 with 2 meetings from {old} to {gitlab.address}, and read it back.",
        "Name it with RECONCILER_STATE or --state; reconciler.yaml may not have such an address.",
        "In reconciler.yaml:",
        "  - state: s.json",
        f"{old} is unchanged. Remove it once nothing names it any more.",
    ]
    assert (back.status, (shell.folder / "far/t.json").read_bytes()) == (0, document)
    assert back.out.splitlines()[1:] == [
        "In reconciler.yaml:",
        "  - state: s.json",
        "  + state: far/t.json",
        "--state and RECONCILER_STATE override it: change them where they name the old location.",
        f"{gitlab.address} is unchanged. Remove it once nothing names it any more.",
    ]


def test_a_copy_takes_along_what_only_a_newer_version_knows(shell: Shell) -> None:
    (shell.folder / "s.json").write_bytes(SQUATTING)

    ran = shell("state", "migrate", "--to", "a place.json", "--state", "s.json")

    assert (ran.status, (shell.folder / "a place.json").read_bytes()) == (0, SQUATTING)
    assert '  + state: "a place.json"' in ran.out


def test_a_copy_that_was_made_before_is_brought_up_to_date(shell: Shell) -> None:
    """And a second time without a change."""
    document = put(shell, NEW)
    put(shell, OLD, "t.json")

    runs = [shell("state", "migrate", "--to", "t.json", "--state", "s.json").status for _ in range(2)]

    assert (runs, (shell.folder / "t.json").read_bytes()) == ([0, 0], document)


@pytest.mark.parametrize(
    ("there", "code"),
    [
        (FOREIGN, "state.other-lineage"),
        (replace(NEW, serial=8), "state.older-serial"),
        (None, "state.unreadable"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_place_with_another_state_is_left_alone(there: State | None, code: str, shell: Shell) -> None:
    put(shell, NEW)
    document = b"{" if there is None else state_document.encode(there)
    (shell.folder / "t.json").write_bytes(document)

    ran = shell("state", "migrate", "--to", "t.json", "--state", "s.json")

    assert (ran.status, codes(ran), (shell.folder / "t.json").read_bytes()) == (1, [code], document)


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("--to", "t.json", "--state", "s.json"), "state.nothing-recorded"),
        (("--to", "./s.json", "--state", "s.json"), "state.same-place"),
        (("--to", "t.json", "--sandbox"), "usage.sandbox-state"),
        (("--to", "ftp://example.com/t.json", "--state", "s.json"), "state.unknown-store"),
    ],
)
def test_a_copy_that_makes_no_sense_is_refused(arguments: tuple[str, ...], code: str, shell: Shell) -> None:
    ran = shell("state", "migrate", *arguments)

    assert (ran.status, codes(ran), (shell.folder / "t.json").exists()) == (1, [code], False)


def test_the_same_server_is_the_same_place(gitlab: TerraformServer, shell: Shell) -> None:
    ran = shell("state", "migrate", "--to", gitlab.address, "--state", gitlab.address, **gitlab.environ)

    assert (ran.status, codes(ran), gitlab.requests) == (1, ["state.same-place"], [])


def test_a_copy_that_is_read_back_otherwise_is_an_error(gitlab: TerraformServer, shell: Shell) -> None:
    """The server says yes to a write and keeps nothing of it."""
    document = put(shell, NEW)
    gitlab.faults = [Fault("POST", status=200)]

    ran = shell("state", "migrate", "--to", gitlab.address, "--state", "s.json", **gitlab.environ)

    assert (ran.status, codes(ran), gitlab.lock) == (1, ["state.not-as-written"], None)
    assert (shell.folder / "s.json").read_bytes() == document


@pytest.mark.parametrize("holds", ["s.json", "t.json"])
def test_both_places_are_locked(holds: str, shell: Shell) -> None:
    document = put(shell, NEW)
    with held(str(shell.folder / holds)):
        ran = shell("state", "migrate", "--to", "t.json", "--state", "s.json")

    assert (ran.status, codes(ran), (shell.folder / "t.json").exists()) == (4, ["state.locked"], False)
    assert (shell.folder / "s.json").read_bytes() == document


def test_a_cancelled_job_frees_its_lock(shell: Shell) -> None:
    """A lock that only its holder can release would block everybody else."""
    put(shell, NEW)
    kept, end = ("--state", "s.json"), ("--to", "there.json", "--lock-timeout", "60s")
    command = [sys.executable, "-m", "reconciler", "state", "migrate", *kept, *end]
    told_at = shell.folder / "s.json.lock.info"

    with (
        held(str(shell.folder / "there.json")),
        subprocess.Popen(command, cwd=shell.folder, stderr=subprocess.PIPE, text=True) as job,
    ):
        while not told_at.exists():
            assert job.poll() is None
        time.sleep(0.3)  # the lock info is written before the lock is taken; then it waits for the other lock
        job.terminate()
        _, said = job.communicate()

    assert (job.returncode, told_at.exists()) == (130, False)
    assert said.splitlines()[-1] == "Interrupted. If anything was under way, the next apply looks it up."
