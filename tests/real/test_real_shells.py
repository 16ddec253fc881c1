"""Tab in bash, zsh and fish completes verbs, flags, keys and files, with the scripts of `completion`."""

from __future__ import annotations

import shutil
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from builders import intent, record
from terminal import terminal

from reconciler.state import document as state_document
from reconciler.state.state import State

if TYPE_CHECKING:
    from pathlib import Path

LINES = {
    "reconciler valid": "reconciler validate",
    "reconciler plan --det": "reconciler plan --detailed-exitcode",
    "reconciler plan mee": "reconciler plan meetings.yaml",
    "reconciler doctor team": "reconciler doctor team a.yaml",
    "reconciler apply --plan app": "reconciler apply --plan approved.json",
    "reconciler plan --target platform-r": "reconciler plan --target platform-retro",
    "reconciler state show lau": "reconciler state show launch",
}
"""What is typed before Tab, and the line after it, without its quotes."""

STATE = State("l", 3, meetings={"platform-retro": record()}, intents={"launch": intent()})


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with files to complete, and the script of each shell."""
    for name in ("meetings.yaml", "team a.yaml", "approved.json", "bin/x"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    (tmp_path / "reconciler.state.json").write_bytes(state_document.encode(STATE))
    program = tmp_path / "bin" / "reconciler"
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m reconciler "$@"\n')
    program.chmod(0o755)
    for name in ("bash", "zsh", "fish"):
        script = subprocess.run([program, "completion", name], capture_output=True, check=True)
        (tmp_path / f"completion.{name}").write_bytes(script.stdout)
    return tmp_path


def environ(folder: Path) -> dict[str, str]:
    return {"PATH": f"{folder}/bin:/usr/bin:/bin", "HOME": str(folder), "TERM": "dumb", "LANG": "C.UTF-8"}


@pytest.mark.parametrize(
    ("command", "start"),
    [
        (("bash", "--norc", "--noprofile", "-i"), "source completion.bash"),
        (("zsh", "-f", "-i"), "autoload -U compinit; compinit -u -D; source completion.zsh"),
    ],
    ids=("bash", "zsh"),
)
def test_tab_completes_the_line(command: tuple[str, ...], start: str, folder: Path) -> None:
    needed(command[0])
    got = {}
    with terminal(command, folder, environ(folder)) as screen:
        screen.press(f"{start}; PS1='ready'' > '\r")
        screen.wait_for("ready > ")
        for line in LINES:
            # The keys wait in the terminal's buffer until Tab is done.
            screen.press(f"{line}\t\x01printf '<%s>' \x05; printf '.''done\\n'\r")
            got[line] = words(screen.wait_for(".done"))
            screen.wait_for("ready > ")

    assert got == LINES


def words(shown: str) -> str:
    """The words that were printed, each in its brackets, behind the typed line."""
    printed = shown.rpartition("\n")[2]
    return " ".join(word.rstrip(">") for word in printed.split("<")[1:])


def test_fish_completes_the_line(folder: Path) -> None:
    needed("fish")
    """`complete -C` gives what Tab offers: words, each with an explanation."""
    asked = "".join(f"; echo; complete -C '{line}'" for line in LINES)

    ran = subprocess.run(
        ["fish", "--no-config", "-c", f"source completion.fish{asked}"],
        cwd=folder, env=environ(folder), capture_output=True, text=True, check=True,
    )  # fmt: skip

    offered = [line.partition("\t")[0] for line in ran.stdout.splitlines() if line]
    assert offered == [words.removeprefix(typed.rpartition(" ")[0] + " ") for typed, words in LINES.items()]


def needed(shell: str) -> None:
    if not shutil.which(shell):
        pytest.skip(f"needs {shell}: .ci/run installs it")
