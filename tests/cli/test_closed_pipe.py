"""A reader that has enough, as `head` does: the run goes on, and its status is its own."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from shell import HOST, NOW, OURS, SANDBOX_STATE, spec_of

from reconciler.state import document as state_document

if TYPE_CHECKING:
    from pathlib import Path

    from shell import Shell

SANDBOX = ("--sandbox", "--sandbox-now", NOW)
FOUR = spec_of({key: {"start_time": f"2027-01-1{day}T15:00:00Z"} for day, key in enumerate("abcd", 4)})
READERS = [
    ("validate",),
    ("validate", "--format", "json"),
    ("plan", *SANDBOX),
    ("plan", *SANDBOX, "--detailed-exitcode"),
    ("plan", *SANDBOX, "--format", "markdown"),
    ("plan", *SANDBOX, "gone.yaml"),
    ("drift", *SANDBOX),
    ("budget", *SANDBOX),
    ("links", *SANDBOX),
    ("state", "list", *SANDBOX),
    ("import", *SANDBOX, "--host", HOST),
    ("doctor", *SANDBOX),
    ("explain", "plan.stale"),
    ("schema",),
    ("history", *SANDBOX),
    ("calendar", *SANDBOX),
    ("state", "show", "a", *SANDBOX),
    ("state", "pull", *SANDBOX),
    ("state", "lock", *SANDBOX),
    ("budget", *SANDBOX, "--format", "prometheus"),
    ("fmt", "--check", "--diff"),
    ("completion", "bash"),
    ("--help",),
    ("--version",),
    ("plan", "--no-such-option"),
]
APPLY = ("apply", *SANDBOX, "--auto-approve")


def run(
    folder: Path, *arguments: str, closed: tuple[str, ...] = (), unbuffered: bool = False
) -> tuple[int, str]:
    """Run the program with pipes that nobody reads; return its status and what stderr got."""
    reader, nobody = os.pipe()
    os.close(reader)
    environ = {name: value for name, value in os.environ.items() if not name.startswith(OURS)}
    ran = subprocess.run(
        [sys.executable, *(["-u"] if unbuffered else []), "-m", "reconciler", *arguments],
        cwd=folder,
        env=environ,
        stdout=nobody if "stdout" in closed else subprocess.PIPE,
        stderr=nobody if "stderr" in closed else subprocess.PIPE,
        timeout=60,
        check=False,
    )
    os.close(nobody)
    return ran.returncode, (ran.stderr or b"").decode()


def recorded(folder: Path) -> list[str]:
    return sorted(state_document.decode((folder / SANDBOX_STATE).read_bytes(), SANDBOX_STATE).meetings)


@pytest.mark.parametrize("verb", READERS, ids=" ".join)
def test_a_verb_that_reads_ends_as_if_somebody_listened(verb: tuple[str, ...], shell: Shell) -> None:
    shell.write("meetings.yaml", FOUR)
    heard = shell(*verb)

    assert run(shell.folder, *verb, closed=("stdout",)) == (heard.status, heard.err)


@pytest.mark.parametrize("closed", [("stdout",), ("stderr",), ("stdout", "stderr")], ids=" ".join)
@pytest.mark.parametrize("unbuffered", [False, True])
def test_an_apply_does_all_of_its_work(closed: tuple[str, ...], unbuffered: bool, tmp_path: Path) -> None:  # noqa: FBT001 - a parameter of the test
    (tmp_path / "meetings.yaml").write_text(FOUR)

    status, said = run(tmp_path, *APPLY, closed=closed, unbuffered=unbuffered)

    assert (status, said, recorded(tmp_path)) == (0, "", ["a", "b", "c", "d"])


@pytest.mark.parametrize("log", ["text", "json"])
def test_an_apply_keeps_its_status(log: str, tmp_path: Path) -> None:
    """Three of four are left for another day, as the budget of the host says."""
    (tmp_path / "meetings.yaml").write_text(FOUR)
    (tmp_path / "reconciler.yaml").write_text("budget: {daily_limit: 1, reserve: 0}\n")

    status, said = run(tmp_path, *APPLY, "--detailed-exitcode", "--format", log, closed=("stdout",))

    assert (status, said, recorded(tmp_path)) == (3, "", ["a"])


def test_a_reader_that_leaves_after_some_lines_is_no_failure(tmp_path: Path) -> None:
    (tmp_path / "meetings.yaml").write_text(FOUR)
    program = " ".join((sys.executable, "-m", "reconciler", *APPLY))

    ran = subprocess.run(
        ["bash", "-c", f"set -o pipefail; {program} 2>&1 | head -1"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert (ran.returncode, ran.stdout.count("\n"), ran.stderr) == (0, 1, "")
    assert recorded(tmp_path) == ["a", "b", "c", "d"]


def test_a_full_disk_ends_an_apply_with_one_error(tmp_path: Path) -> None:
    """Four hosts work at once; a person gets one reason and no group of errors."""
    hosts = {key: {"host": f"{key}@example.com"} for key in "abcd"}
    (tmp_path / "meetings.yaml").write_text(spec_of(hosts))
    environ = {name: value for name, value in os.environ.items() if not name.startswith(OURS)}

    with open("/dev/full", "w") as full:  # noqa: PTH123 - no file
        ran = subprocess.run(
            [sys.executable, "-m", "reconciler", *APPLY, "--format", "json"],
            cwd=tmp_path,
            env=environ,
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            timeout=60,
            check=False,
        )

    assert (ran.returncode, "Traceback" in ran.stderr) == (1, False), ran.stderr
    assert [line for line in ran.stderr.splitlines() if line.startswith(("error", "warning"))] == [
        "error[output.unwritable]: The output could not be written"
    ]
