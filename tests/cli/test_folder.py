"""`-C DIR`: the run begins in another folder, as with git and make."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from shell import HOST, NOW, ONE, OURS, RunResult, Shell

VALID = RunResult(0, "Valid: 1 meeting in 1 file.\n", "")
UNHOSTED = ONE.replace(f"defaults: {{host: {HOST}}}\n", "")


@pytest.fixture
def monorepo(shell: Shell) -> Shell:
    """A repository whose specs and settings are in `ops/zoom`."""
    shell.write("ops/zoom/reconciler.yaml", f"defaults: {{host: {HOST}}}\n")
    shell.write("ops/zoom/meetings/a.yaml", UNHOSTED)
    return shell


@pytest.mark.parametrize(
    "arguments",
    [
        ("-C", "ops/zoom", "validate"),
        ("validate", "-C", "ops/zoom"),
        ("validate", "--strict", "-C", "ops/zoom"),
        ("-Cops/zoom", "validate", "meetings"),
        ("-C", "ops", "-C", "zoom", "validate"),
        ("-C", "ops", "validate", "-C", "zoom", "meetings/a.yaml"),
        ("-C", "", "-C", "ops/zoom", "validate"),
    ],
)
def test_it_is_before_or_after_the_command(arguments: tuple[str, ...], monorepo: Shell) -> None:
    assert monorepo(*arguments) == VALID


def test_the_folder_of_the_process_is_left_as_it_was(monorepo: Shell) -> None:
    before = Path.cwd()

    monorepo("-C", "ops/zoom", "validate")
    monorepo("validate", "-C", "ops/zoom", "--no-such-option")

    assert Path.cwd() == before


def test_everything_happens_there(monorepo: Shell) -> None:
    """State, outputs and paths: the verbs of a group take it, too."""
    sandbox = ("--sandbox", "--sandbox-now", NOW)

    planned = monorepo("-C", "ops/zoom", "plan", *sandbox, "--out", "plan.json")
    applied = monorepo("apply", *sandbox, "--plan", "plan.json", "-C", "ops/zoom")
    listed = monorepo("state", "list", *sandbox, "-C", "ops/zoom")

    assert (planned.status, applied.status, listed.out.split()[0]) == (0, 0, "launch-review")
    assert sorted(path.name for path in monorepo.folder.iterdir()) == ["ops"]
    assert (monorepo.folder / "ops/zoom/plan.json").exists()


def test_a_finding_is_placed_for_github_by_the_root_of_the_checkout(monorepo: Shell) -> None:
    """A person reads paths from the folder; annotations need them from the root."""
    monorepo.write("ops/zoom/meetings/a.yaml", UNHOSTED.replace("topic: Launch review", "topic: ''"))

    ran = monorepo("validate", "-C", "ops/zoom", "--format", "github", GITHUB_WORKSPACE=str(monorepo.folder))

    assert (ran.status, "file=ops/zoom/meetings/a.yaml,line=4" in ran.out) == (1, True), ran.out


@pytest.mark.parametrize(
    "folder", ["ops/zoom/", "ops/../ops/zoom", "link", "our zoom", "./ops/zoom/meetings/.."]
)
def test_a_folder_may_be_named_in_any_way(folder: str, monorepo: Shell) -> None:
    (monorepo.folder / "link").symlink_to("ops/zoom")
    (monorepo.folder / "our zoom").symlink_to("ops/zoom")

    assert monorepo("-C", folder, "validate").out == "Valid: 1 meeting in 1 file.\n"
    assert monorepo("plan", "-C", folder, "--sandbox").status == 0
    assert (monorepo.folder / "ops/zoom/.reconciler").is_dir() is False


@pytest.mark.parametrize(
    ("folder", "reason"),
    [("nowhere", "No such file or directory"), ("ops/zoom/reconciler.yaml", "Not a directory")],
)
@pytest.mark.parametrize("is_before", [True, False])
def test_a_folder_that_cannot_be_entered_is_an_error(
    folder: str,
    reason: str,
    is_before: bool,  # noqa: FBT001 - a parameter of the test
    monorepo: Shell,
) -> None:
    arguments = ("-C", folder, "validate") if is_before else ("validate", "-C", folder)

    ran = monorepo(*arguments)

    assert (ran.status, ran.out) == (1, "")
    assert (
        f"error[usage.command-line]: The command line cannot be used\n  = -C {folder}: {reason}." in ran.err
    )


@pytest.mark.parametrize(
    "words", ["reconciler -C ops/zoom plan --target ", "reconciler plan -C ops/zoom --target "]
)
def test_keys_are_completed_there(words: str, monorepo: Shell) -> None:
    environ = {name: value for name, value in os.environ.items() if not name.startswith(OURS)}
    completing = {
        "_RECONCILER_COMPLETE": "bash_complete",
        "COMP_WORDS": words,
        "COMP_CWORD": str(words.count(" ")),
    }

    ran = subprocess.run(
        [Path(sys.executable).with_name("reconciler")],
        cwd=monorepo.folder,
        env={**environ, **completing},
        capture_output=True,
        text=True,
        check=False,
    )

    assert ran.stdout == "plain,launch-review\n"


def test_settings_next_to_specs_that_are_not_read_are_named(monorepo: Shell) -> None:
    """Without them the host is missing: the remedy is to begin there."""
    ran = monorepo("validate", "ops/zoom/meetings")

    assert ran.status == 1
    assert ran.out.startswith(
        "warning[source.other-settings]: A settings file was not read\n"
        " --> ops/zoom/reconciler.yaml:1:1\n"
        "  = `ops/zoom/reconciler.yaml` was not read: the settings are those of the working folder.\n"
        "  = hint: Begin there to use it: `reconciler -C ops/zoom validate`, with paths as seen from there.\n"
    )
    assert monorepo("-C", "ops/zoom", "validate") == VALID


def test_specs_of_a_folder_with_settings_are_named_once(monorepo: Shell) -> None:
    """However many there are, and however the path is written."""
    monorepo.write("ops/zoom/meetings/b.yaml", "version: 1\nmeetings: {}\n")
    monorepo.write("reconciler.yaml", f"defaults: {{host: {HOST}}}\n")

    ran = monorepo("validate", "ops/../ops/zoom")

    assert ran.out.count("warning[") == 1, ran.out


def test_no_specs_at_the_root_name_the_flag(monorepo: Shell) -> None:
    assert "`reconciler -C FOLDER validate`" in monorepo("validate").out


@pytest.mark.parametrize(
    ("settings", "codes"),
    [
        (f"defaults: {{host: {HOST}}}\nbudget: {{reserv: 5}}\n", ["settings.unknown-field"]),
        (f"defaults: {{host: {HOST}}}\nbudget: {{reserve: 5\n", ["yaml.syntax"]),
        (f"defaults: {{host: {HOST}}}\nspecs: [ops/]\nbudget: {{reserv: 5}}\n", ["settings.unknown-field"]),
    ],
)
def test_of_settings_that_cannot_be_used_nothing_is_said_to_be_missing(
    settings: str, codes: list[str], shell: Shell
) -> None:
    """The host stands in them, and the folder of the specs."""
    shell.write("reconciler.yaml", settings)
    shell.write("ops/a.yaml" if "specs" in settings else "meetings.yaml", UNHOSTED)

    found = json.loads(shell("validate", "--format", "json").out)["diagnostics"]

    assert [each["code"] for each in found] == codes
