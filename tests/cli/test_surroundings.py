"""A process as others start it: with closed streams, in a folder that is gone, with odd names of files."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from shell import NOW, ONE, OURS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from shell import Shell

FORMATS = ("text", "json", "sarif", "codequality", "github")
VERBS = [
    ("plan",),
    ("plan", "--format", "json"),
    ("validate",),
    ("apply", "--sandbox", "--sandbox-now", NOW, "--auto-approve"),
    ("--help",),
    ("--version",),
    ("schema",),
    ("explain",),
    ("sandbox",),
]


def started(folder: Path, *arguments: str, redirect: str = "") -> subprocess.CompletedProcess[str]:
    """Run our program by a shell that first does what `redirect` says."""
    environ = {name: value for name, value in os.environ.items() if not name.startswith(OURS)}
    return subprocess.run(
        ["/bin/sh", "-c", f'exec "$@" {redirect}', "sh", sys.executable, "-m", "reconciler", *arguments],
        cwd=folder,
        env=environ,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.mark.parametrize("verb", VERBS, ids=" ".join)
def test_a_closed_stdout_is_reported_before_anything_is_done(verb: tuple[str, ...], tmp_path: Path) -> None:
    (tmp_path / "meetings.yaml").write_text(ONE)

    ran = started(tmp_path, *verb, redirect=">&-")

    assert ran.stderr == (
        "error[output.unwritable]: The output could not be written\n"
        "  = stdout is closed. Nothing was done.\n"
        "  = hint: Leave stdout open, or send it to a file or to /dev/null.\n"
    )
    assert (ran.returncode, ran.stdout, list(tmp_path.iterdir())) == (1, "", [tmp_path / "meetings.yaml"])


@pytest.mark.parametrize("verb", [("--version",), ("schema",), ("--help",)], ids=" ".join)
def test_a_full_output_is_reported(verb: tuple[str, ...], tmp_path: Path) -> None:
    ran = started(tmp_path, *verb, redirect=">/dev/full")

    assert (ran.returncode, "Traceback" in ran.stderr) == (1, False), ran.stderr
    assert "error[output.unwritable]" in ran.stderr


@pytest.mark.parametrize("redirect", ["<&-", "2>&-", "<&- 2>&-"])
def test_other_closed_streams_lose_nothing(redirect: str, tmp_path: Path) -> None:
    """The next opened file gets the free descriptor: no message may be written into a state."""
    (tmp_path / "meetings.yaml").write_text(ONE)
    verb = ("apply", "--sandbox", "--sandbox-now", NOW, "--auto-approve")

    ran = started(tmp_path, *verb, redirect=redirect)

    assert (ran.returncode, ran.stderr) == (0, ""), ran
    assert ran.stdout.endswith("Apply complete! 1 added, 0 changed, 0 destroyed.\n"), ran.stdout


@pytest.mark.parametrize("verb", [verb for verb in VERBS if verb[0] not in {"--help", "--version", "schema"}])
def test_a_missing_working_folder_is_reported(verb: tuple[str, ...], tmp_path: Path) -> None:
    gone = tmp_path / "gone"
    gone.mkdir()
    environ = {name: value for name, value in os.environ.items() if not name.startswith(OURS)}
    script = f'rmdir "{gone}"; exec "$@"'

    ran = subprocess.run(
        ["/bin/sh", "-c", script, "sh", sys.executable, "-m", "reconciler", *verb],
        cwd=gone,
        env=environ,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert (ran.returncode, ran.stdout, "Traceback" in ran.stderr) == (1, "", False), ran.stderr
    assert "error[usage.no-folder]: The working folder is gone\n" in ran.stderr


def test_a_name_that_is_no_utf_8_is_an_error_in_every_format(shell: Shell) -> None:
    """The name of a file that is no spec does not matter."""
    shell.write("ops/good.yaml", ONE)
    shell.write(os.fsdecode(b"ops/notes\xff.txt"), "")
    shell.write(os.fsdecode(b"ops/b\xff.yaml"), ONE)
    shell.write(os.fsdecode(b"ops/d\xfe/m.yaml"), ONE)

    output = shell("validate", "ops").out
    ran = [
        shell(verb, "ops", "--format", name)
        for verb, names in (("validate", FORMATS), ("plan", ("text", "json", "markdown")))
        for name in names
    ]

    assert [line for line in output.splitlines() if "UTF-8." in line or "-->" in line] == [
        " --> ops/b\\xff.yaml:1:1",
        "  = `ops/b\\xff.yaml` is not UTF-8.",
        " --> ops/d\\xfe:1:1",
        "  = `ops/d\\xfe` is not UTF-8.",
    ]
    assert {(one.status, "not UTF-8" in one.out + one.err) for one in ran} == {(1, True)}


@contextlib.contextmanager
def nested(folder: Path, depth: int) -> Iterator[None]:
    """A folder in a folder, and so on; taken away again, which pytest could not do."""
    folder.mkdir()
    step = Path("d")
    with contextlib.chdir(folder):
        for _ in range(depth):
            step.mkdir()
            os.chdir(step)
    try:
        yield
    finally:
        subprocess.run(["rm", "-r", folder], check=True)


def test_folders_nested_without_end_are_an_error(shell: Shell) -> None:
    with nested(shell.folder / "ops", 1_200):
        ran = shell("validate", "ops")

    assert ran.status == 1
    assert ran.out == (
        "error[source.too-deep]: Folders are nested too deeply\n"
        " --> ops/d/d:1:1\n"
        "  = Below `ops/d/d`, folders are nested more than 60 levels deep.\n"
        "  = hint: Move the specs up, or name their own folder.\n"
        "\n"
        "1 error in 0 files.\n"
    )


ODD = os.fsdecode(b"b\xff")


@pytest.mark.parametrize(
    "arguments",
    [
        ("validate", ODD),
        ("plan", ODD, "--format", "json"),
        ("plan", "--target", ODD),
        ("plan", "--state", ODD),
        ("plan", "--out", ODD),
        ("links", ODD),
        ("state", "rm", ODD),
        ("explain", ODD),
    ],
)
def test_an_argument_that_is_no_utf_8_is_an_error(arguments: tuple[str, ...], shell: Shell) -> None:
    shell.write("meetings.yaml", ONE)

    ran = shell(*arguments)

    assert (ran.status, ran.out) == (1, "")
    assert ran.err == (
        "error[usage.command-line]: The command line cannot be used\n"
        "  = The argument `b\\xff` is not UTF-8. Nothing was done.\n"
        "  = hint: Rename what it names, or check the encoding of the terminal.\n"
    )


def test_a_lock_that_the_system_cannot_give_is_an_error(
    shell: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A network drive without a lock service says ENOLCK."""

    def refuse(*_: object) -> None:
        raise OSError(errno.ENOLCK, os.strerror(errno.ENOLCK))

    shell.write("meetings.yaml", ONE)
    monkeypatch.setattr(fcntl, "flock", refuse)

    ran = shell.sandbox("apply", "--auto-approve")

    assert ran.status == 1
    assert "error[state.io]: The state file cannot be used\n" in ran.err
    assert " could not be locked: No locks available. No part of the state was lost" in ran.err


@pytest.mark.parametrize(
    ("address", "name", "value", "expected"),
    [
        ("git:x", "GIT_CONFIG_COUNT", "x", ("state.git", "GIT_CONFIG_COUNT is not a whole number")),
        ("git:x", "GIT_CONFIG_COUNT", "-1", ("state.git", "GIT_CONFIG_COUNT is not a whole number")),
        ("git:x", "GIT_CONFIG_COUNT", "9" * 5_000, ("state.git", "GIT_CONFIG_COUNT is not a whole number")),
        ("s3://b/k", "AWS_ACCESS_KEY_ID", "a\n", ("state.credentials", "AWS_ACCESS_KEY_ID holds")),
        ("s3://b/k", "AWS_ACCESS_KEY_ID", "é", ("state.credentials", "AWS_ACCESS_KEY_ID holds")),
        ("s3://b/k", "AWS_SESSION_TOKEN", "t\n", ("state.credentials", "AWS_SESSION_TOKEN holds")),
        ("s3://b/k", "AWS_REGION", "eu\n", ("state.credentials", "AWS_REGION holds")),
        ("az://b/k", "AZURE_STORAGE_KEY", "eA==\n", ("state.credentials", "AZURE_STORAGE_KEY holds")),
        ("az://b/k", "AZURE_STORAGE_SAS_TOKEN", "sig=x\r", ("state.credentials", "AZURE_STORAGE_SAS_TOKEN")),
    ],
)
def test_an_odd_variable_of_a_state_is_named(
    address: str, name: str, value: str, expected: tuple[str, str], shell: Shell
) -> None:
    shell.write("meetings.yaml", ONE)
    keys = {"AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "b", "AZURE_STORAGE_ACCOUNT": "c"}

    ran = shell("plan", "--state", address, **{**keys, name: value})

    assert (ran.status, ran.out) == (1, "")
    assert f"error[{expected[0]}]: " in ran.err
    assert expected[1] in ran.err


@pytest.mark.parametrize("name", ["USER", "CI_JOB_URL"])
def test_a_variable_of_the_lock_that_is_no_utf_8_is_escaped(name: str, shell: Shell) -> None:
    shell.write("meetings.yaml", ONE)
    shell.sandbox("plan")  # sets the emulator's clock

    ran = shell("apply", "--sandbox", "--auto-approve", **{name: os.fsdecode(b"ann\xff")})

    assert (ran.status, ran.err) == (0, "")


def test_a_folder_whose_name_is_no_utf_8_can_be_worked_in(
    shell: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    shell.write(f"{ODD}/meetings.yaml", ONE)
    monkeypatch.chdir(shell.folder / ODD)

    ran = [
        shell.sandbox(*verb).status
        for verb in (
            ("plan", "--format", "json"),
            ("apply", "--auto-approve", "--format", "json"),
            ("doctor", "--format", "json"),
            ("drift", "--format", "json"),
        )
    ]

    assert ran == [0] * 4
