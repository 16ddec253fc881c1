"""`init`: a first spec that is valid, from flags or from a conversation, and nothing overwritten."""

from __future__ import annotations

import io
import os
import pty
import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
import yaml
from live import live
from shell import ONE
from terminal import shown_after

from reconciler import resources
from reconciler.cli.commands.init.command import local_zone
from reconciler.cli.commands.init.spec import (
    Answers,
    next_start,
    render_settings,
    render_spec,
    render_workflow,
)
from reconciler.cli.console import Console, InputEndedError, Prompter
from reconciler.spec.settings import Settings
from reconciler.spec.spec import parse
from reconciler.spec.yaml.document import Source

if TYPE_CHECKING:
    from pathlib import Path

    from shell import Shell

FLAGS = ("init", "--yes", "--host", "platform@example.com", "--timezone", "Europe/Berlin")


def converse(folder: Path, answers: list[tuple[str, str]], *arguments: str) -> tuple[int, str]:
    """Run `init` on a terminal of its own; type each answer once its prompt is shown."""
    child, terminal = pty.fork()
    if child == 0:
        live(folder, ("init", *arguments), {"TZ": "Europe/Berlin"})
    shown, typed, waiting, seen = b"", b"", list(answers), 0
    while part := shown_after(terminal, typed):
        shown += part
        if waiting and (place := shown.find(waiting[0][0].encode(), seen)) >= 0 and shown.endswith(b": "):
            seen = place + len(waiting[0][0])
            os.write(terminal, typed := waiting.pop(0)[1].encode())
    os.close(terminal)
    _, status = os.waitpid(child, 0)
    return os.waitstatus_to_exitcode(status), shown.decode()


def files(folder: Path) -> dict[str, str]:
    return {
        path.relative_to(folder).as_posix(): path.read_text() for path in folder.rglob("*") if path.is_file()
    }


def test_a_first_spec_is_valid_and_can_be_planned_and_applied(shell: Shell) -> None:
    """From an empty folder to meetings on the emulator."""
    begun = shell(*FLAGS, "--start", "2099-01-12 10:00")

    ran = [
        shell("validate", "--strict"),
        shell("plan", "--sandbox", "--out", "plan.json"),
        shell("apply", "--sandbox", "--plan", "plan.json"),
        shell("plan", "--sandbox"),
    ]

    assert (begun.status, [each.status for each in ran]) == (0, [0, 0, 0, 0])
    assert ran[1].out.splitlines()[:2] == [
        '+ team-weekly "Team weekly" for platform@example.com',
        "    every Monday, 10:00 Europe/Berlin, 20 times, until 25 May 2099, 45 min, next Mon 12 Jan 2099",
    ]
    assert "No changes." in ran[3].out


def test_the_written_files_and_the_next_steps_are_listed(shell: Shell) -> None:
    lines = shell(*FLAGS).out.splitlines()

    assert lines[0] == "Wrote meetings.yaml, meetings.schema.json, .gitignore."
    assert [line.split("  ")[1] for line in lines[3:]] == [
        "meetings.yaml",
        "reconciler validate --strict",
        "reconciler plan --sandbox",
        "reconciler apply --sandbox",
        "reconciler doctor",
    ]


def test_an_editor_finds_the_schema(shell: Shell) -> None:
    shell(*FLAGS)

    written = files(shell.folder)
    assert written["meetings.yaml"].startswith("# yaml-language-server: $schema=meetings.schema.json\n")
    assert written["meetings.schema.json"].encode() == resources.read("meetings.schema.json")


def test_a_meeting_may_happen_once(shell: Shell) -> None:
    shell(*FLAGS, "--once", "--topic", "Launch: #1 <all>", "--start", "2099-01-14T15:00:00Z")

    declared = yaml.safe_load(files(shell.folder)["meetings.yaml"])["meetings"]
    assert list(declared) == ["launch-1-all"]
    assert declared["launch-1-all"]["topic"] == "Launch: #1 <all>"
    assert "repeat" not in declared["launch-1-all"]
    assert shell("validate", "--strict").status == 0


def test_a_series_is_on_the_day_of_its_start(shell: Shell) -> None:
    shell(*FLAGS, "--start", "2099-01-15T09:30")

    assert "repeat: {every: week, on: thu, times: 20}" in files(shell.folder)["meetings.yaml"]


@pytest.mark.parametrize(
    "topic", ["Weekly", "NO", "a: b # c", "Über uns", "日本", "x" * 200, "{[&*!|>'\"%@`"]
)
@pytest.mark.parametrize("weekly", [True, False])
def test_any_topic_makes_a_valid_spec(topic: str, weekly: bool) -> None:  # noqa: FBT001 - a case
    written = render_spec(Answers("a@example.com", topic, "Europe/Berlin", "2099-01-12T10:00:00", weekly))

    parsed = parse([Source("meetings.yaml", written.encode())], Settings())

    assert parsed.diagnostics == ()
    assert parsed.spec is not None
    assert [one.attributes["topic"] for one in parsed.spec.meetings.values()] == [topic]


@pytest.mark.parametrize(
    ("now", "timezone", "start"),
    [
        ("2026-12-01T08:00:00", "Europe/Berlin", "2026-12-07T10:00:00"),
        ("2026-12-06T08:59:59", "Europe/Berlin", "2026-12-07T10:00:00"),
        ("2026-12-06T09:00:01", "Europe/Berlin", "2026-12-14T10:00:00"),  # less than a day away
        ("2026-12-06T22:00:00", "Pacific/Auckland", "2026-12-14T10:00:00"),  # Monday there already
        ("2026-12-05T20:59:00", "Pacific/Auckland", "2026-12-07T10:00:00"),
        ("2026-12-07T09:00:00", "UTC", "2026-12-14T10:00:00"),
    ],
)
def test_the_first_start_is_a_monday_a_day_away(now: str, timezone: str, start: str) -> None:
    assert next_start(datetime.fromisoformat(now).replace(tzinfo=UTC), timezone) == start


@pytest.mark.parametrize(
    "name", ["meetings.yaml", "reconciler.yaml", "meetings.schema.json", "meetings/a.yaml"]
)
def test_what_exists_is_left_alone(name: str, shell: Shell) -> None:
    shell.write(name, "version: 1\n")

    ran = shell(*FLAGS, "--ci", "github", "--state", "s3://bucket/state.json")

    existing = "meetings/" if "/" in name else name
    assert (ran.status, ran.out, files(shell.folder)) == (1, "", {name: "version: 1\n"})
    assert ran.err.splitlines()[:2] == [
        "error[init.exists]: A file exists already",
        f"  = {existing}: init never overwrites a file. Nothing was written.",
    ]


@pytest.mark.parametrize("system", ["github", "gitlab"])
def test_workflows_are_written_where_their_system_looks(system: str, shell: Shell) -> None:
    folder = {"github": ".github/workflows/", "gitlab": ""}[system]

    ran = shell(*FLAGS, "--ci", system)

    shipped = resources.workflows(system)
    written = files(shell.folder)
    assert (ran.status, shipped != {}) == (0, True)
    assert {name: written[folder + name] for name in shipped} == shipped
    assert written.get("reconciler.yaml", "").endswith("state: git:reconciler-state\n") is (
        system == "github"
    )
    assert "fill in OWNER and the commit" in ran.out


@pytest.mark.parametrize("system", ["github", "gitlab"])
def test_workflows_name_the_state_that_was_asked_for(system: str, shell: Shell) -> None:
    ran = shell(*FLAGS, "--ci", system, "--state", "s3://acme-ops/meetings.json")

    written = files(shell.folder)
    flows = [text for name, text in written.items() if name.endswith(".yml")]
    assert ran.status == 0
    assert "git:reconciler-state" not in "".join(flows)
    assert any('"s3://acme-ops/meetings.json"' in flow for flow in flows)
    assert all(yaml.safe_load(flow) for flow in flows)
    assert written["reconciler.yaml"].endswith("state: s3://acme-ops/meetings.json\n")
    assert shell("validate", "--strict").status == 0


@pytest.mark.parametrize("existing", ["meetings.yaml", "meetings/a.yaml"])
def test_workflows_are_added_to_specs_that_exist(existing: str, shell: Shell) -> None:
    """As after an import: no spec is asked for, and none is touched."""
    shell.write(existing, ONE)

    ran = shell("init", "--ci", "github")

    written = files(shell.folder)
    flows = {f".github/workflows/{name}": text for name, text in resources.workflows("github").items()}
    assert (ran.status, ran.err) == (0, "")
    assert written == {
        existing: ONE,
        "reconciler.yaml": render_settings("git:reconciler-state"),
        **flows,
    }
    assert [line.split("  ")[1] for line in ran.out.splitlines()[3:]] == [
        "the workflow files",
        "docs/ci.md",
        "(the folder)",
    ]


def test_added_workflows_use_the_state_of_the_settings(shell: Shell) -> None:
    shell.write("meetings.yaml", ONE)
    shell.write("reconciler.yaml", "state: s3://acme-ops/meetings.json\n")

    ran = shell("init", "--ci", "github")

    written = files(shell.folder)
    assert (ran.status, written["reconciler.yaml"]) == (0, "state: s3://acme-ops/meetings.json\n")
    assert 'state: "s3://acme-ops/meetings.json"' in written[".github/workflows/meetings-apply.yml"]
    assert "name the state" not in ran.out


@pytest.mark.parametrize("settings", ["hosts: {platform@example.com: {}}\n", "state: s.json\n"])
def test_added_workflows_name_the_state_that_the_settings_lack(settings: str, shell: Shell) -> None:
    """A runner forgets a local file."""
    shell.write("meetings.yaml", ONE)
    shell.write("reconciler.yaml", settings)

    ran = shell("init", "--ci", "github")

    assert (ran.status, files(shell.folder)["reconciler.yaml"]) == (0, settings)
    assert "name the state that the workflows use: `state: git:reconciler-state`" in ran.out


def test_workflows_that_exist_are_not_overwritten(shell: Shell) -> None:
    shell.write("meetings.yaml", ONE)
    assert shell("init", "--ci", "github").status == 0
    before = files(shell.folder)

    ran = shell("init", "--ci", "github")

    assert (ran.status, files(shell.folder)) == (1, before)
    assert "error[init.exists]" in ran.err


def test_a_workflow_takes_any_text_for_a_place() -> None:
    hostile = 'x"\n  run: evil # ${{ secrets.A }}'

    flow = render_workflow("a:\n  state: git:reconciler-state\n", hostile)

    assert yaml.safe_load(flow) == {"a": {"state": hostile}}
    assert yaml.safe_load(render_settings("a: b")) == {"state": "a: b"}


def test_one_workflow_that_exists_stops_all(shell: Shell) -> None:
    name = f".github/workflows/{next(iter(resources.workflows('github')))}"
    shell.write(name, "mine\n")

    ran = shell(*FLAGS, "--ci", "github")

    assert (ran.status, files(shell.folder)) == (1, {name: "mine\n"})


def test_nothing_is_left_half_written(shell: Shell) -> None:
    """A file in the place of a folder is met only when the workflows are written."""
    shell.write(".github", "a file\n")

    ran = shell(*FLAGS, "--ci", "github")

    assert (ran.status, files(shell.folder)) == (1, {".github": "a file\n"})
    assert "error[output.unwritable]" in ran.err


@pytest.mark.parametrize(
    ("flags", "code"),
    [
        (["--host", "no host"], "spec.wrong-form"),
        (["--timezone", "Europe/Berln"], "time.zone-unknown"),
        (["--start", "tomorrow"], "spec.wrong-form"),
        (["--state", "https://example.com/state"], "settings.state-address"),
        (["--state", "postgres://ann:pass9word@db.example.com/ops"], "settings.state-address"),
        (["--topic", ""], "meeting.topic-missing"),
    ],
)
def test_a_flag_that_makes_no_valid_spec_writes_nothing(flags: list[str], code: str, shell: Shell) -> None:
    ran = shell(*FLAGS, *flags)

    assert (ran.status, ran.out, files(shell.folder)) == (1, "", {})
    assert f"error[{code}]" in ran.err


def test_no_workflow_gets_the_password_of_a_database(shell: Shell) -> None:
    """Also where the settings exist, and are not written."""
    shell.write("reconciler.yaml", "state: git:states\n")

    ran = shell("init", "--ci", "github", "--state", "postgres://ann:pass9word@db.example.com/ops")

    assert (ran.status, ran.out) == (1, "")
    assert [*files(shell.folder)] == ["reconciler.yaml"]
    assert "error[settings.state-address]" in ran.err
    assert "pass9word" not in ran.err


def test_a_host_cannot_be_guessed(shell: Shell) -> None:
    ran = shell("init", "--yes")

    assert (ran.status, ran.err.splitlines()[0]) == (
        1,
        "error[init.no-host]: No host is given",
    )


def test_the_emulators_folder_is_added_to_gitignore(shell: Shell) -> None:
    shell.write(".gitignore", "*.pyc")

    ran = shell(*FLAGS)

    assert (shell.folder / ".gitignore").read_text() == "*.pyc\n.reconciler/\n"
    assert ".gitignore" in ran.out


def test_gitignore_is_not_changed_twice(shell: Shell) -> None:
    shell.write(".gitignore", ".reconciler/\n")

    ran = shell(*FLAGS)

    assert ((shell.folder / ".gitignore").read_text(), ".gitignore" in ran.out) == (".reconciler/\n", False)


def test_a_person_is_asked(tmp_path: Path) -> None:
    """Enter takes the default in brackets; an invalid answer is asked for again, with the reason."""
    status, shown = converse(
        tmp_path,
        [
            ("Host of the meetings", "nobody at all\n"),
            ("Host of the meetings", "platform@example.com\n"),
            ("Topic of the first meeting [Team weekly]", "Retro\n"),
            ("Time zone [Europe/Berlin]", "Europe/Lodnon\n"),
            ("Time zone [Europe/Berlin]", "Europe/London\n"),
            ("Weekly, or once [weekly]", "often\n"),
            ("Weekly, or once [weekly]", "\n"),
            ("First start", "2099-01-13 09:30\n"),
            ("Workflows for github, gitlab or none [none]", "\n"),
        ],
    )

    declared = yaml.safe_load(files(tmp_path)["meetings.yaml"])
    assert status == 0, shown
    assert "A host is an e-mail address or a user id" in shown
    assert "Did you mean `Europe/London`?" in shown
    assert "Choose one of weekly, once." in shown
    assert declared["defaults"]["timezone"] == "Europe/London"
    # YAML 1.1, which PyYAML reads, has `on` for true.
    assert declared["meetings"]["retro"]["repeat"] == {"every": "week", True: "tue", "times": 20}


def test_a_flag_answers_its_question(tmp_path: Path) -> None:
    status, shown = converse(
        tmp_path,
        [("First start, local time [", "\n")],
        *("--host", "a@example.com", "--topic", "Retro", "--timezone", "UTC", "--once", "--ci", "none"),
    )

    assert (status, re.findall(r"^[A-Z][^:\r]*: ", shown, re.MULTILINE)[1:]) == (0, []), shown


@pytest.mark.parametrize(("typed", "expected"), [("\x04", 1), ("\x03", 130)])
def test_an_interrupted_prompt_writes_nothing(typed: str, expected: int, tmp_path: Path) -> None:
    status, _ = converse(tmp_path, [("Host of the meetings", typed)])

    assert (status, files(tmp_path)) == (expected, {})


@pytest.mark.parametrize(
    ("environ", "target", "expected"),
    [
        ({"TZ": "Asia/Tokyo"}, "/usr/share/zoneinfo/Europe/Berlin", "Asia/Tokyo"),
        ({"TZ": ":Asia/Tokyo"}, "/nowhere", "Asia/Tokyo"),
        ({}, "/usr/share/zoneinfo/Europe/Berlin", "Europe/Berlin"),
        ({"TZ": "CET-1CEST"}, "/usr/share/zoneinfo/Europe/Berlin", "Europe/Berlin"),
        ({}, "/usr/share/zoneinfo/Etc/UTC", "UTC"),
        ({"TZ": "../../etc/passwd"}, "/nowhere", "UTC"),
    ],
)
def test_the_machine_has_a_zone(environ: dict[str, str], target: str, expected: str, tmp_path: Path) -> None:
    (tmp_path / "localtime").symlink_to(target)

    assert local_zone(environ, tmp_path / "localtime") == expected


def asker(typed: str) -> tuple[Prompter, io.StringIO]:
    said = io.StringIO()
    return Prompter(Console(io.StringIO(typed), io.StringIO(), said, {}), is_asked=True), said


def test_an_answer_that_cannot_be_taken_is_asked_for_again() -> None:
    asking, said = asker("often\n\n")

    answer = asking.answer(None, "How", "once", lambda text: None if text == "once" else "It is once.")

    assert (answer, said.getvalue()) == (
        "once",
        "How [once]:   It is once.\nHow [once]: ",
    )


def test_the_end_of_the_input_is_no_answer() -> None:
    asking, said = asker("")

    with pytest.raises(InputEndedError):
        asking.answer(None, "Who", "")
    assert said.getvalue() == "Who: "
