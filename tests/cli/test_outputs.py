"""Outputs: none goes over a file that the run has read, nor over the state."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest
from shell import ONE, SANDBOX_STATE

from reconciler.cli import main

if TYPE_CHECKING:
    from shell import Shell

FLAGS = ("--out", "--json-into")
CODE = "error[output.overwrites]"


@pytest.fixture
def written(shell: Shell) -> Shell:
    """A folder with specs, settings that name two of them, and a state."""
    shell.write("meetings.yaml", ONE)
    shell.write("team/other.yaml", ONE.replace("launch-review", "other"))
    shell.write("reconciler.yaml", "specs: [meetings.yaml, team]\nstate: s.json\n")
    shell.write("s.json.backup", "kept")
    return shell


Run = Callable[..., tuple[int, str]]


@pytest.fixture
def run(written: Shell, capsys: pytest.CaptureFixture[str]) -> Run:
    """A run that returns status and stderr; a `Shell` expects that each output is JSON afterwards."""
    del written

    def run(*arguments: str) -> tuple[int, str]:
        status = main.run(arguments)
        return status, capsys.readouterr().err

    return run


@pytest.mark.parametrize("flag", FLAGS)
@pytest.mark.parametrize(
    "name",
    ["meetings.yaml", "./team/../meetings.yaml", "team/other.yaml", "reconciler.yaml", "s.json.backup"],
)
def test_an_output_leaves_what_was_read_as_it_was(written: Shell, run: Run, flag: str, name: str) -> None:
    before = (written.folder / name).read_bytes()

    status, err = run("plan", flag, name)

    assert (status, CODE in err, (written.folder / name).read_bytes()) == (1, True, before)


@pytest.mark.parametrize("name", ["s.json", "s.json.lock", "s.json.tmp", ".reconciler/plan.json"])
def test_an_output_takes_no_name_of_the_state(written: Shell, run: Run, name: str) -> None:
    (written.folder / ".reconciler").mkdir()

    status, err = run("plan", "--out", name)

    assert (status, CODE in err, (written.folder / name).exists()) == (1, True, False)


def test_a_spec_that_paths_leave_out_is_kept(written: Shell, run: Run) -> None:
    status, err = run("plan", "team", "--out", "meetings.yaml")

    assert (status, CODE in err, (written.folder / "meetings.yaml").read_text()) == (1, True, ONE)


def test_another_name_of_the_same_file_is_the_same_file(written: Shell, run: Run) -> None:
    os.link(written.folder / "meetings.yaml", written.folder / "MEETINGS.yaml")  # as on a disk without case

    status, err = run("plan", "--out", "MEETINGS.yaml")

    assert (status, CODE in err) == (1, True)


def test_a_failed_plan_goes_over_no_spec_either(written: Shell, run: Run) -> None:
    written.write("team/other.yaml", "version: 2")

    status, err = run("plan", "--json-into", "team/other.yaml")

    assert (status, (written.folder / "team/other.yaml").read_text()) == (1, "version: 2")
    assert CODE not in err  # why there is no plan matters more


def test_two_outputs_need_two_names(run: Run) -> None:
    status, err = run("plan", "--out", "plan.json", "--json-into", "./plan.json")

    assert (status, CODE in err) == (1, True)


def test_the_state_of_the_emulator_is_kept(written: Shell, run: Run) -> None:
    assert written.sandbox("apply", "--auto-approve").status == 0
    before = written.sandbox_state.read_bytes()

    status, err = run("plan", "--sandbox", "--out", SANDBOX_STATE)

    assert (status, CODE in err, written.sandbox_state.read_bytes()) == (1, True, before)


@pytest.mark.parametrize("name", ["s.json", "s.json.backup", "reconciler.state.json"])
@pytest.mark.parametrize(
    "command", [("plan", "--sandbox", "--out"), ("calendar", "--sandbox", "--format", "html", "--out")]
)
def test_a_try_with_the_emulator_keeps_the_state(
    written: Shell, run: Run, command: tuple[str, ...], name: str
) -> None:
    written.write(name, "kept")

    status, err = run(*command, name)

    assert (status, CODE in err, (written.folder / name).read_text()) == (1, True, "kept")


@pytest.mark.parametrize("name", ["plan.json", "meetings.yml", "team/plan.json"])
def test_any_other_name_is_written(written: Shell, name: str) -> None:
    assert (written("plan", "--out", name).status, (written.folder / name).is_file()) == (0, True)


def test_an_import_takes_no_name_of_the_state(written: Shell, run: Run) -> None:
    out = ("--out", SANDBOX_STATE.replace("sandbox/", "other/"))

    status, err = run("import", "--host", "a@example.com", "--sandbox", *out)

    assert (status, CODE in err, (written.folder / out[1]).exists()) == (1, True, False)
