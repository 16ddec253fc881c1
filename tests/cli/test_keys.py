"""Shell completion, asked of a real bash with the script that the program prints."""

from __future__ import annotations

import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from builders import intent, record
from click.shell_completion import ShellComplete
from paths import ROOT
from shell import spec_of

from reconciler.cli import keys
from reconciler.cli.main import cli
from reconciler.errors.explanations.table import table
from reconciler.state import document as state_document
from reconciler.state.state import State

if TYPE_CHECKING:
    from shell import Shell

BASH = shutil.which("bash")

STATE = State(
    "l",
    3,
    meetings={"platform-weekly": record(), "platform-retro": record(2)},
    intents={"launch": intent()},
)


def completed(shell: Shell, line: str, **environ: str) -> list[str]:
    """What bash offers at the end of `line`."""
    program = shell.folder / "bin" / "reconciler"
    if not program.exists():
        found = f"import sys; sys.path.insert(0, {str(ROOT)!r})"
        start = f"{found}; from reconciler.__main__ import main; sys.exit(main())"
        program.parent.mkdir()
        program.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -c {shlex.quote(start)} "$@"\n')
        program.chmod(0o755)
        (shell.folder / "completion.bash").write_text(shell("completion", "bash").out)
    *words, last = line.split(" ")
    written = " ".join(shlex.quote(word) for word in (*words, last))
    asked = (
        f"source completion.bash; COMP_WORDS=({written}); COMP_CWORD={len(words)}; "
        '_reconciler_completion reconciler; printf "%s\\n" "${COMPREPLY[@]}"'
    )
    done = subprocess.run(
        [BASH or "bash", "--norc", "-c", asked],
        cwd=shell.folder,
        env={"PATH": f"{program.parent}:/usr/bin:/bin", **environ},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stderr == ""
    return done.stdout.split()


pytestmark = pytest.mark.skipif(BASH is None, reason="there is no bash here")


@pytest.fixture
def shell_with_state(shell: Shell) -> Shell:
    shell.write("reconciler.state.json", state_document.encode(STATE).decode())
    shell.write("meetings.yaml", spec_of({"platform-weekly": {}, "community": {}}))
    return shell


def test_verbs_and_flags_are_completed(shell: Shell) -> None:
    assert completed(shell, "reconciler va") == ["validate"]
    assert completed(shell, "reconciler state s") == ["show"]
    assert completed(shell, "reconciler plan --ch") == ["--changes-only"]
    assert completed(shell, "reconciler plan --format ") == ["text", "json", "markdown"]


def test_keys_are_completed_from_the_state(shell_with_state: Shell) -> None:
    """A key that could not be one is never offered: a shell may expand it."""
    shell = shell_with_state

    assert completed(shell, "reconciler state show ") == ["launch", "platform-retro", "platform-weekly"]
    assert completed(shell, "reconciler state rm platform-r") == ["platform-retro"]
    assert completed(shell, "reconciler links platform-weekly platform-") == ["platform-retro"]
    assert not (shell.folder / "evil").exists()


def test_a_key_that_a_shell_would_expand_is_not_offered(shell: Shell) -> None:
    """Neither from a state, which is refused whole, nor from a spec."""
    poisoned = State("l", 3, meetings={"$(touch evil)": record(), "retro": record(2)})
    shell.write("reconciler.state.json", state_document.encode(poisoned).decode())
    shell.write("meetings.yaml", spec_of({"$(touch evil)": {}, "community": {}}))

    assert completed(shell, "reconciler state show ") == []
    assert completed(shell, "reconciler plan --target ") == ["community"]
    assert not (shell.folder / "evil").exists()


def test_targets_are_completed_from_the_specs_too(shell_with_state: Shell) -> None:
    shell = shell_with_state

    assert completed(shell, "reconciler plan --target ") == [
        "community",
        "launch",
        "platform-retro",
        "platform-weekly",
    ]
    assert completed(shell, "reconciler plan --target community --target c") == []


@pytest.mark.parametrize("way", ["flag", "environment", "settings", "sandbox"])
def test_keys_are_those_of_the_state_that_is_meant(way: str, shell: Shell) -> None:
    places = {"sandbox": ".reconciler/sandbox/reconciler.state.json"}
    shell.write(places.get(way, "other.json"), state_document.encode(STATE).decode())
    if way == "settings":
        shell.write("reconciler.yaml", "state: other.json\n")
    flags = {"flag": "--state other.json ", "sandbox": "--sandbox "}.get(way, "")
    environ = {"RECONCILER_STATE": "other.json"} if way == "environment" else {}

    assert completed(shell, f"reconciler state show {flags}la", **environ) == ["launch"]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("reconciler.state.json", "[]"),
        ("reconciler.yaml", "budgets: {}\n"),
        ("reconciler.yaml", "state: nowhere:x\n"),
        ("meetings.yaml", "\tno yaml"),
        ("reconciler.state.json/a", "a folder"),
    ],
)
def test_unreadable_files_complete_nothing_and_print_nothing(name: str, text: str, shell: Shell) -> None:
    shell.write(name, text)

    assert completed(shell, "reconciler plan --target ") == []


def test_codes_and_schemas_are_completed(shell: Shell) -> None:
    assert completed(shell, "reconciler explain links.") == [
        code for code in table() if code.startswith("links.")
    ]
    assert completed(shell, "reconciler schema state-") == [
        *("state-change", "state-list", "state-lock", "state-show"),
    ]


@pytest.mark.parametrize(("name", "said"), [("zsh", "#compdef reconciler"), ("fish", "complete --no-files")])
def test_other_shells_have_a_script_too(name: str, said: str, shell: Shell) -> None:
    ran = shell("completion", name)

    assert (ran.status, said in ran.out, "_RECONCILER_COMPLETE" in ran.out) == (0, True, True)


def test_a_shell_must_be_one_that_is_known(shell: Shell) -> None:
    assert shell("completion", "tcsh").status == 1


@pytest.mark.parametrize(
    ("words", "begun", "offered"),
    [
        (["state", "show"], "la", ["launch"]),
        (["plan", "--target"], "c", ["community"]),
        (["state", "show", "--sandbox"], "", []),
        (["explain"], "links.g", ["links.gone"]),
        (["schema"], "pl", ["plan"]),
    ],
)
def test_every_shell_is_offered_the_same(
    words: list[str], begun: str, offered: list[str], shell_with_state: Shell
) -> None:
    """The completions do not depend on the script of the shell."""
    offers = ShellComplete(cli, {}, "reconciler", "_RECONCILER_COMPLETE").get_completions(words, begun)

    assert ([offer.value for offer in offers], shell_with_state.folder) == (offered, Path.cwd())


@pytest.mark.parametrize("text", ["state: nowhere:x\n", "budgets: {}\n"])
def test_settings_that_cannot_be_used_offer_nothing(text: str, shell_with_state: Shell) -> None:
    shell_with_state.write("reconciler.yaml", text)

    assert keys.complete_recorded(Path.cwd(), {}, state=None, sandbox=False) == []


@pytest.mark.parametrize("verb", ["validate", "fmt", "plan", "apply", "calendar", "drift", "doctor"])
def test_a_shell_completes_paths_by_itself(verb: str) -> None:
    """It knows how to quote a name: `tests/real` asks bash, zsh and fish."""
    offers = ShellComplete(cli, {}, "reconciler", "_RECONCILER_COMPLETE").get_completions(
        [verb, "a.yaml"], "mee"
    )

    assert [(offer.value, offer.type) for offer in offers] == [("mee", "file")]


@pytest.mark.parametrize("flag", ["plan --state", "state migrate --to"])
def test_a_place_for_the_state_is_completed_as_a_file(flag: str, shell: Shell) -> None:
    """Bash completes files by itself where the program asks for it."""
    words = f"reconciler {flag} s"
    environ = {"_RECONCILER_COMPLETE": "bash_complete", "COMP_WORDS": words}
    command = [sys.executable, "-c", f"import sys; sys.path.insert(0, {str(ROOT)!r}); {START}"]

    done = subprocess.run(
        command,
        cwd=shell.folder,
        env={**environ, "COMP_CWORD": str(words.count(" "))},
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.stdout == "file,s\n"


START = "from reconciler.__main__ import main; sys.exit(main())"
"""Our program, as its script starts it."""


def test_settings_complete_no_keys_of_a_state_outside_of_the_folder(shell: Shell) -> None:
    """A pull request can change the settings, and a completion needs no command to be run."""
    outside = shell.folder.parent / "outside.json"
    outside.write_bytes(state_document.encode(STATE))
    shell.write("reconciler.yaml", "state: ../outside.json\n")

    assert completed(shell, "reconciler state show ") == []
    assert completed(shell, "reconciler state show ", RECONCILER_STATE="../outside.json") == [
        "launch",
        "platform-retro",
        "platform-weekly",
    ]
