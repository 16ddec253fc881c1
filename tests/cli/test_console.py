"""The command line at a terminal: prompts, colours, and runs without a prompt."""

from __future__ import annotations

import os
import pty
import re
from typing import TYPE_CHECKING

import pytest
from live import live
from shell import FAR, NOW, ONE, spec_of
from terminal import shown_after

from reconciler.cli.workspace import STATE_FILE

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from shell import Shell

APPLY = ("apply", "--sandbox", "--sandbox-now", NOW)
QUESTION = b"Do you want to send this? Only `yes` is accepted: "
NOTHING: Mapping[str, str] = {}
NAME_IT = (
    "Name it: `state:` in reconciler.yaml, RECONCILER_STATE, or --state PATH_OR_URL; "
    f"`--state {STATE_FILE}` keeps it in this folder."
)
UNWATCHED = (
    "No stream is a terminal, as in a container or under cron, "
    f"where {STATE_FILE} in this folder may be gone when the run ends."
)
UNNAMED = f"`CI` is set, and {STATE_FILE} in this folder is gone when a CI job ends."
ANSI = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


def at_terminal(
    folder: Path, *arguments: str, types: bytes = b"", environ: Mapping[str, str] = NOTHING
) -> tuple[int, str]:
    """Run our program on a terminal of its own; `types` is typed at its first question."""
    child, terminal = pty.fork()
    if child == 0:
        live(folder, arguments, environ)
    shown, typed = b"", b""
    while part := shown_after(terminal, typed):
        shown += part
        if QUESTION in shown and not typed:
            os.write(terminal, typed := types)
    os.close(terminal)
    _, status = os.waitpid(child, 0)
    return os.waitstatus_to_exitcode(status), shown.decode()


def recorded(shell: Shell) -> list[str]:
    return [line.split()[0] for line in shell("state", "list", "--sandbox").out.splitlines()]


def test_only_yes_is_a_yes(shell: Shell) -> None:
    shell.write("meetings.yaml", ONE)

    status, shown = at_terminal(shell.folder, *APPLY, types=b"yes\n")

    assert (status, recorded(shell)) == (0, ["launch-review"])
    assert shown.index("Plan:") < shown.index("Do you want to send this?") < shown.index("Apply complete!")


@pytest.mark.parametrize("answer", [b"\n", b"y\n", b"YES\n", b"no\n", b"yes please\n", b"\x04"])
def test_anything_else_is_a_no(answer: bytes, shell: Shell) -> None:
    shell.write("meetings.yaml", ONE)

    status, shown = at_terminal(shell.folder, *APPLY, types=answer)

    assert (status, "Apply cancelled. Nothing was sent." in shown, recorded(shell)) == (1, True, [])


def test_an_interrupt_at_the_question_ends_it(shell: Shell) -> None:
    """And the state is free again."""
    shell.write("meetings.yaml", ONE)

    status, shown = at_terminal(shell.folder, *APPLY, types=b"\x03")

    assert (status, "Interrupted." in shown, recorded(shell)) == (130, True, [])
    assert shell(*APPLY, "--auto-approve").status == 0


def test_there_is_no_prompt_without_changes(shell: Shell) -> None:
    shell.write("meetings.yaml", ONE)
    shell.sandbox("apply", "--auto-approve")

    status, shown = at_terminal(shell.folder, *APPLY)

    assert (status, "Do you want" in shown, "No changes." in shown) == (0, False, True)


def test_there_is_no_prompt_without_credentials(shell: Shell) -> None:
    """A yes would be for nothing without credentials; nor is the plan shown, which nobody can carry out."""
    shell.write("meetings.yaml", spec_of({"retro": {}}, start=FAR))

    status, shown = at_terminal(shell.folder, "apply")

    plain = ANSI.sub("", shown)
    assert (status, "Do you want" in plain, "Plan:" in plain) == (1, False, False)
    assert plain.startswith("error[settings.credentials]: ")


@pytest.mark.parametrize(
    ("environ", "flags"), [({"CI": "true"}, []), ({"CI": "1"}, []), ({}, ["--format", "json"])]
)
def test_a_pipeline_and_a_program_are_not_asked(
    environ: dict[str, str], flags: list[str], shell: Shell
) -> None:
    shell.write("meetings.yaml", ONE)

    status, shown = at_terminal(shell.folder, *APPLY, *flags, environ=environ)

    assert (status, "There is nobody to ask for approval" in shown, recorded(shell)) == (1, True, [])


def test_there_is_no_prompt_without_a_terminal(shell: Shell) -> None:
    shell.write("meetings.yaml", ONE)

    ran = shell.sandbox("apply")

    assert (ran.status, ran.out) == (1, "")
    assert ran.err.splitlines() == [
        "error[usage.no-prompt]: There is nobody to ask for approval",
        "  = Without a terminal, apply needs an approval that was given before. Nothing was sent.",
        "  = hint: Give --plan FILE with a reviewed plan, or --auto-approve.",
    ]


@pytest.mark.parametrize(
    ("arguments", "environ", "coloured"),
    [
        (["plan", *APPLY[1:]], {}, True),
        (["plan", *APPLY[1:], "--no-color"], {}, False),
        (["plan", *APPLY[1:]], {"NO_COLOR": "1"}, False),
        (["plan", *APPLY[1:]], {"NO_COLOR": ""}, True),
        (["plan", *APPLY[1:]], {"TERM": "dumb"}, False),
        (["plan", "nowhere.yaml"], {"TERM": "dumb"}, False),
        (["validate", "nowhere.yaml"], {}, True),
        (["validate", "nowhere.yaml", "--no-color"], {}, False),
        (["plan", "nowhere.yaml"], {}, True),
        (["plan", "nowhere.yaml", "--no-color"], {}, False),
        (["plan", "nowhere.yaml"], {"NO_COLOR": "1"}, False),
    ],
)
def test_a_terminal_has_colours_unless_they_are_turned_off(
    arguments: list[str],
    environ: dict[str, str],
    coloured: bool,  # noqa: FBT001 - a case
    shell: Shell,
) -> None:
    shell.write("meetings.yaml", ONE)

    _, shown = at_terminal(shell.folder, *arguments, environ=environ)

    assert bool(ANSI.search(shown)) is coloured


def test_a_pipe_has_no_colours(shell: Shell) -> None:
    shell.write("meetings.yaml", ONE)

    runs = [shell.sandbox("plan"), shell("plan", "nowhere.yaml"), shell.sandbox("apply", "--auto-approve")]

    assert not any("\x1b" in ran.out + ran.err for ran in runs)


@pytest.mark.parametrize(
    "verb", [["plan"], ["apply", "--auto-approve"], ["state", "list"], ["state", "rm", "x"]]
)
def test_a_runner_names_its_state(verb: list[str], shell: Shell) -> None:
    """An unnamed local state would be lost with the runner."""
    shell.write("meetings.yaml", ONE)

    ran = shell(*verb, CI="true")

    assert (ran.status, ran.out) == (1, "")
    assert ran.err.splitlines() == [
        "error[state.unnamed]: No state is named for an unattended run",
        f"  = {UNNAMED} Nothing was sent.",
        f"  = hint: {NAME_IT}",
    ]


def test_a_run_without_a_terminal_is_not_called_a_ci_job(shell: Shell) -> None:
    """It may be a pipe at a desk: the file that the hint names is the one that a terminal would use."""
    shell.write("meetings.yaml", ONE)

    ran, with_the_hint = shell("plan"), shell("plan", "--state", STATE_FILE)

    assert ran.err.splitlines()[:2] == [
        "error[state.unnamed]: No state is named for an unattended run",
        f"  = {UNWATCHED} Nothing was sent.",
    ]
    assert (ran.status, with_the_hint.status) == (1, 0)


@pytest.mark.parametrize("way", ["flag", "environment", "settings", "sandbox"])
def test_a_runner_with_a_named_state_is_served(way: str, shell: Shell) -> None:
    shell.write("meetings.yaml", ONE)
    flags = {"flag": ["--state", "s.json"], "sandbox": ["--sandbox"]}.get(way, [])
    environ = {"RECONCILER_STATE": "s.json"} if way == "environment" else {}
    if way == "settings":
        shell.write("reconciler.yaml", "state: s.json\n")

    assert shell("plan", *flags, **environ, CI="true").status == 0


def test_a_person_need_not_name_a_state(shell: Shell) -> None:
    shell.write("meetings.yaml", ONE)

    at_a_desk = at_terminal(shell.folder, "plan")[0]
    in_a_pipeline = at_terminal(shell.folder, "plan", environ={"CI": "true"})[0]

    assert (at_a_desk, in_a_pipeline) == (0, 1)
