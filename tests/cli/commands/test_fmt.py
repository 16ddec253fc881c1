"""`fmt`: what is written, what is only shown, and what is left alone."""

from __future__ import annotations

import io
import os
import re
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from shell import ONE, RunResult

if TYPE_CHECKING:
    from pathlib import Path

    from shell import Shell

LAID_OUT = """\
version: 1

defaults: {host: platform@example.com}

meetings:
  launch-review:
    topic: Launch review
    type: 2
    start_time: 2027-01-14T15:00:00Z
    duration: 60
"""
DIRECTIVE = f"%YAML 1.1\n---\n{ONE}"


def left(name: str, reason: str) -> str:
    return (
        f"error[fmt.left]: The layout of a file was left as it is\n"
        f" --> {name}:2:1\n"
        f"  = {reason} The file was left as it is.\n"
        f"  = hint: Write the part that the message names in another way, or leave the file out.\n"
    )


def test_files_are_written_in_one_layout(shell: Shell) -> None:
    """All that the settings name; the second time nothing is left to do."""
    a = shell.write("meetings/a.yaml", ONE)
    b = shell.write("meetings/b.yaml", LAID_OUT)
    a.chmod(0o640)

    assert shell("fmt") == RunResult(0, "meetings/a.yaml\n", "1 file formatted, 1 unchanged.\n")
    assert (a.read_text(), b.read_text(), a.stat().st_mode & 0o777) == (LAID_OUT, LAID_OUT, 0o640)
    assert sorted(path.name for path in a.parent.iterdir()) == ["a.yaml", "b.yaml"]
    assert shell("fmt") == RunResult(0, "", "0 files formatted, 2 unchanged.\n")


def test_check_names_the_files_and_writes_none(shell: Shell) -> None:
    path = shell.write("meetings.yaml", ONE)

    assert shell("fmt", "--check") == RunResult(
        1, "meetings.yaml\n", "1 file would be formatted, 0 unchanged.\n"
    )
    assert path.read_text() == ONE
    path.write_text(LAID_OUT)
    assert shell("fmt", "--check") == RunResult(0, "", "0 files would be formatted, 1 unchanged.\n")


def test_diff_shows_the_change_without_a_passcode(shell: Shell) -> None:
    path = shell.write("meetings.yaml", f"{LAID_OUT}    password: hunter-22\n    agenda: Later\n")

    ran = shell("fmt", "--diff")

    assert ran == RunResult(
        0,
        "--- meetings.yaml\n"
        "+++ meetings.yaml (formatted)\n"
        "@@ -5,8 +5,8 @@\n"
        " meetings:\n"
        "   launch-review:\n"
        "     topic: Launch review\n"
        "+    agenda: Later\n"
        "     type: 2\n"
        "     start_time: 2027-01-14T15:00:00Z\n"
        "     duration: 60\n"
        "     password: ***\n"
        "-    agenda: Later\n",
        "1 file would be formatted, 0 unchanged.\n",
    )
    assert shell("fmt", "--diff", "--check").status == 1
    assert path.read_text().endswith("agenda: Later\n")


def test_repeat_writes_rules_in_words(shell: Shell) -> None:
    series = '    type: 8\n    timezone: UTC\n    recurrence: {type: 2, weekly_days: "5", end_times: 3}\n'
    path = shell.write("meetings.yaml", LAID_OUT.replace("    type: 2\n", series))
    assert shell.sandbox("apply", "--auto-approve").status == 0

    assert shell("fmt", "--repeat").status == 0
    assert path.read_text() == LAID_OUT.replace("    type: 2\n", "") + (
        "    timezone: UTC\n    repeat: {every: week, on: thu, times: 3}\n"
    )
    assert shell.sandbox("plan").out.splitlines()[0].startswith("No changes.")


def test_repeat_needs_a_spec_without_errors(shell: Shell) -> None:
    """The zone of a rule can be a default, so it is read as a plan reads it."""
    text = ONE.replace("topic", "topik")
    path = shell.write("meetings.yaml", text)

    ran = shell("fmt", "--repeat")

    assert (ran.status, ran.out, path.read_text()) == (1, "", text)
    assert "error[spec.unknown-field]" in ran.err


def test_stdin_is_written_to_stdout(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    def ran(text: str, *flags: str) -> RunResult:
        monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(text.encode())))
        return shell("fmt", "-", *flags)

    assert ran(ONE) == RunResult(0, LAID_OUT, "")
    assert ran(LAID_OUT, "--repeat") == RunResult(0, LAID_OUT, "")
    assert (ran(ONE, "--check"), ran(LAID_OUT, "--check")) == (RunResult(1, "", ""), RunResult(0, "", ""))
    assert ran(DIRECTIVE) == RunResult(
        1, "", left("<stdin>", "Above this line is a directive, which begins with `%`.")
    )
    assert ran(ONE, "meetings.yaml").status == 1


NO_SPECS = {
    "deploy.yaml": "on:   push\njobs:  {}\n",
    "defaults.yaml": "on:   push\ndefaults:   {run:  {shell: bash}}\njobs:  {}\n",
    "house.yaml": "version: 1\npolicies:   {}\n",
    "compose.yaml": 'version:   "3.8"\nservices:  {}\n',
    "domain.yaml": 'version:   "3.1"\ntemplates:  {}\nintents:   []\n',
    "list.yaml": "- on:   push\n",
    "reset.yaml": "services:\n  web:   {ports: !reset []}\n",
    "workflow.yaml": '{"on": "push", "jobs": {"a": [}}\n',
    "chart.yaml": "name:   {{ .Values.name }}\n{{- if .x }}\n",
}


@pytest.mark.parametrize("name", NO_SPECS)
def test_what_is_no_spec_is_left_alone(name: str, shell: Shell) -> None:
    """In a folder, and where pre-commit names it."""
    other = shell.write(f"meetings/{name}", NO_SPECS[name])
    spec = shell.write("meetings/a.yaml", ONE)

    checked = shell("fmt", "--check", "meetings")
    written = shell("fmt", "meetings/a.yaml", f"meetings/{name}")

    counts = "1 file{} formatted, 0 unchanged, 1 other file that is no spec.\n"
    assert checked == RunResult(1, "meetings/a.yaml\n", counts.format(" would be"))
    assert written == RunResult(0, "meetings/a.yaml\n", counts.format(""))
    assert (other.read_text(), spec.read_text()) == (NO_SPECS[name], LAID_OUT)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("# yaml-language-server: $schema=../schemas/meetings.schema.json\non: [\n", "yaml.syntax"),
        ("version: 1\nmeetings: [\n", "yaml.syntax"),
        ("meetings:\n  a: {topic: !reset A}\n", "yaml.tag"),
        ('"meetings":\n  a: [\n', "yaml.syntax"),
        ("'imports':\n- {id: [}\n", "yaml.syntax"),
        ('{"version": 1, "meetings": {"a": {"topic": "A" "B"}}}\n', "yaml.syntax"),
        ('{\n  "imports": [],\n  "version": 1,\n  "removed": [}\n', "yaml.syntax"),
    ],
)
def test_a_spec_that_cannot_be_read_is_an_error(text: str, code: str, shell: Shell) -> None:
    shell.write("meetings.yaml", text)

    ran = shell("fmt")

    assert (ran.status, f"error[{code}]" in ran.err) == (1, True)
    assert re.search(r"--> meetings\.yaml:\d+:\d+$", ran.err, re.MULTILINE)


def test_a_file_that_cannot_be_kept_is_left_and_others_are_written(shell: Shell) -> None:
    a = shell.write("meetings/a.yaml", DIRECTIVE)
    b = shell.write("meetings/b.yaml", ONE.replace("launch", "second"))
    c = shell.write("meetings/c.yaml", "version: 1\nversion: 1\n")

    ran = shell("fmt")

    assert (ran.status, ran.out) == (1, "meetings/b.yaml\n")
    assert ran.err.startswith(
        left("meetings/a.yaml", "Above this line is a directive, which begins with `%`.")
    )
    assert "error[yaml.duplicate-key]" in ran.err
    assert ran.err.endswith("1 file formatted, 0 unchanged, 2 left as they are.\n")
    assert (a.read_text(), b.read_text(), c.read_text()) == (
        DIRECTIVE,
        LAID_OUT.replace("launch", "second"),
        "version: 1\nversion: 1\n",
    )


def test_nothing_is_written_through_a_link(shell: Shell) -> None:
    """A checkout may have links that others committed."""
    target = shell.write("meetings/deep/a.txt", ONE)
    link = shell.folder / "meetings/a.yaml"
    link.symlink_to("deep/a.txt")

    ran = shell("fmt")

    assert (ran.status, ran.out) == (1, "")
    assert "it is a link, and nothing is written through links" in ran.err
    assert (target.read_text(), link.is_symlink()) == (ONE, True)


BARE = """
import sys
sys.modules["ruamel"] = sys.modules["ruamel.yaml"] = None
import importlib.util
from reconciler.cli.main import run
sys.exit(run(sys.argv[1:]))
"""


def test_a_missing_extra_is_reported_with_the_line_that_installs_it(tmp_path: Path) -> None:
    (tmp_path / "meetings.yaml").write_text(ONE)

    ran = subprocess.run(
        [sys.executable, "-c", BARE, "fmt"],
        check=False,
        cwd=tmp_path,
        env={**os.environ, "NO_COLOR": "1", "CI": ""},
        capture_output=True,
        text=True,
        timeout=60,
    )

    assert (ran.returncode, ran.stdout, (tmp_path / "meetings.yaml").read_text()) == (1, "", ONE)
    assert ran.stderr == (
        "error[fmt.not-installed]: The formatter is not installed\n"
        "  = The command fmt needs ruamel.yaml, which is not installed. Nothing was written.\n"
        "  = hint: Install it: `pip install 'meetings-reconciler[fmt]'`.\n"
    )
