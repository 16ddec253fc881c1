"""The command line as people and pipelines use it: commands, flags, streams and exit statuses."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import stat
import subprocess
import sys
from typing import TYPE_CHECKING

import click
import pytest
from paths import ROOT
from shell import HOST, NOW, ONE, spec_of

from reconciler import __version__, resources
from reconciler.cli.main import COMMANDS, cli, run
from reconciler.errors.diagnostic import Exit
from reconciler.state import document as state_document
from reconciler.state.state import Record, State

if TYPE_CHECKING:
    from pathlib import Path

    from shell import Shell

STATE_FLAGS = ("--state", "--sandbox", "--sandbox-now", "--no-color", "--verbose")
SELECTION = ("--refresh", "--target")
COMMAND_FLAGS = {
    "validate": ("--strict", "--format", "--no-color"),
    "fmt": ("--check", "--diff", "--repeat", "--no-color"),
    "plan": (
        *("--out", "--pace"),
        "--format",
        "--json-into",
        "--changes-only",
        "--detailed-exitcode",
        *SELECTION,
        *STATE_FLAGS,
    ),
    "apply": (
        *("--plan", "--auto-approve", "--pace", "--lock-timeout", "--format", "--detailed-exitcode"),
        *("--notify", *SELECTION, *STATE_FLAGS),
    ),
    "drift": ("--pace", "--format", "--detailed-exitcode", "--notify", *STATE_FLAGS),
    "calendar": (
        *("--from", "--days", "--host", "--match", "--zone", "--format", "--out"),
        *("--links", "--with-passcodes", *STATE_FLAGS),
    ),
    "import": ("--host", "--match", "--out", "--pace", *STATE_FLAGS),
    "links": ("--format", *STATE_FLAGS),
    "budget": ("--format", "--out", "--drift", *STATE_FLAGS),
    "history": ("--since", "--limit", "--format", *STATE_FLAGS),
    "state list": ("--format", *STATE_FLAGS),
    "state show": ("--format", *STATE_FLAGS),
    "state mv": ("--format", "--lock-timeout", *STATE_FLAGS),
    "state rm": ("--format", "--lock-timeout", *STATE_FLAGS),
    "state lock": ("--format", *STATE_FLAGS),
    "state pull": STATE_FLAGS,
    "state push": ("--force", "--lock-timeout", *STATE_FLAGS),
    "state migrate": ("--to", "--lock-timeout", *STATE_FLAGS),
    "force-unlock": ("--force", *STATE_FLAGS),
    "schema": (),
    "init": (
        *("--host", "--topic", "--timezone", "--start", "--weekly", "--state", "--ci", "--yes"),
        "--no-color",
    ),
    "doctor": ("--format", *STATE_FLAGS),
    "explain": ("--format", "--no-color"),
    "completion": (),
    "sandbox": ("--port", "--sandbox-now"),
}
"""Every command with all its flags."""

TWO = {"first": {}, "second": {"start_time": "2027-01-15T15:00:00Z"}}


@pytest.mark.parametrize("verb", COMMAND_FLAGS)
def test_the_help_of_a_command_lists_its_flags_and_an_example(verb: str, shell: Shell) -> None:
    ran = shell(*verb.split(), "--help")

    listed = re.findall(r"^  (--[a-z-]+)", ran.out, re.MULTILINE)
    assert (ran.status, ran.err, sorted(listed)) == (0, "", sorted(COMMAND_FLAGS[verb]))
    assert f"Example:\n    reconciler {verb}" in ran.out


def test_the_help_lists_every_command_and_an_example(shell: Shell) -> None:
    ran = shell("--help")

    listed = re.findall(r"^  ([a-z][a-z-]+)  +[A-Z]", ran.out, re.MULTILINE)
    assert (ran.status, ran.err, set(listed)) == (0, "", {verb.split()[0] for verb in COMMAND_FLAGS})
    assert "..." not in ran.out.partition("Commands:")[2]
    assert "Example:\n    reconciler validate" in ran.out


@pytest.mark.parametrize("name", COMMANDS)
def test_the_table_has_the_short_help_of_every_command(name: str) -> None:
    """The table repeats it, so that `--help` imports no command."""
    command = cli.get_command(click.Context(cli), name)

    assert command is not None
    assert COMMANDS[name].short_help == command.get_short_help_str(limit=200)


@pytest.mark.parametrize("arguments", [["--version"], ["--version", "--help"]])
def test_the_version_is_printed(arguments: list[str], shell: Shell) -> None:
    ran = shell(*arguments)

    assert (ran.status, ran.out, ran.err) == (0, f"reconciler {__version__}\n", "")


@pytest.mark.parametrize("arguments", [[], ["state"]])
def test_no_command_at_all_shows_the_help_and_is_an_error(arguments: list[str], shell: Shell) -> None:
    ran = shell(*arguments)

    assert (ran.status, ran.out, "Commands:" in ran.err) == (1, "", True)


@pytest.mark.parametrize(
    ("arguments", "detail", "command"),
    [
        ("paln", "No such command 'paln'. Did you mean 'plan'?", "reconciler"),
        ("state lst", "No such command 'lst'. Did you mean 'list'?", "reconciler state"),
        ("plan --ouT x", "No such option '--ouT'. Did you mean '--out'?", "reconciler plan"),
        ("plan --out", "Option '--out' requires an argument.", "reconciler"),
        ("plan --state=", "--state is empty.", "reconciler plan"),
        (
            "plan --sandbox-now +1d",
            "--sandbox-now sets the emulator's clock: give --sandbox too.",
            "reconciler plan",
        ),
        (
            "apply --sandbox --state s.json",
            "--sandbox has a state of its own: leave out --state.",
            "reconciler apply",
        ),
        (
            "apply --lock-timeout soon",
            "Invalid value for '--lock-timeout': 'soon' is not a duration such as 30s, 5m or 1h.",
            "reconciler apply",
        ),
        (
            "apply --lock-timeout 5\xb2",
            "Invalid value for '--lock-timeout': '5\xb2' is not a duration such as 30s, 5m or 1h.",
            "reconciler apply",
        ),
        ("state rm", "Missing argument 'KEY'.", "reconciler state rm"),
    ],
)
def test_a_misuse_is_reported_in_one_message(arguments: str, detail: str, command: str, shell: Shell) -> None:
    """With exit status 1: 2 means that there is something to do."""
    ran = shell(*arguments.split())

    assert (ran.status, ran.out) == (1, "")
    assert ran.err.splitlines() == [
        "error[usage.command-line]: The command line cannot be used",
        f"  = {detail}",
        f"  = hint: `{command} --help` shows its arguments and options, with an example.",
    ]


@pytest.mark.parametrize(("text", "seconds"), [("0s", 0), ("90", 90), ("5m", 300), ("1h", 3600)])
def test_a_duration_takes_several_units(text: str, seconds: float) -> None:
    from reconciler.cli.options import Duration  # noqa: PLC0415 - only here

    assert Duration().convert(text, None, None) == seconds
    assert Duration().convert(float(seconds), None, None) == seconds


def test_a_plan_is_empty_after_an_apply(shell: Shell) -> None:
    """What is missing is created, recorded, and then there is nothing to do."""
    shell.write("meetings.yaml", ONE)

    planned = shell.sandbox("plan")
    applied = shell.sandbox("apply", "--auto-approve")
    listed = shell("state", "list", "--sandbox")
    again = shell.sandbox("plan")

    number = re.search(r"created as (\d+), next Thu 14 Jan 2027", applied.out)
    assert number
    assert (planned.status, applied.status, again.status) == (0, 0, 0)
    assert "\nPlan: 1 to add, 0 to change, 0 to destroy.\n" in planned.out
    assert applied.out.endswith("\nApply complete! 1 added, 0 changed, 0 destroyed.\n")
    assert listed.out == f"launch-review  {number[1]}  {HOST}  next Thu 14 Jan 2027, 15:00 UTC\n"
    assert again.out == "No changes. Compared with what was last applied; drift asks Zoom.\n"
    assert planned.err + applied.err + listed.err + again.err == ""


def test_the_sandbox_keeps_to_its_own_folder(shell: Shell) -> None:
    """Whatever state the environment or the settings name."""
    shell.write("meetings.yaml", ONE)
    shell.write("reconciler.yaml", "state: real.json\n")

    shell("apply", "--auto-approve", "--sandbox", RECONCILER_STATE="other.json")

    assert sorted(path.name for path in shell.folder.iterdir()) == [
        ".reconciler",
        "meetings.yaml",
        "reconciler.yaml",
    ]


@pytest.mark.parametrize("where", ["flag", "environment", "settings"])
def test_a_state_is_named_in_three_ways(where: str, shell: Shell) -> None:
    """The flag wins over the environment, and that over the settings."""
    named = {"settings": "settings.json", "environment": "environment.json", "flag": "flag.json"}
    for way, name in named.items():
        recorded = State(meetings={f"at-{way}": Record(1, way, None, {"type": 3})})
        shell.write(name, state_document.encode(recorded).decode())
    shell.write("reconciler.yaml", "state: settings.json\n")
    flag = ["--state", "flag.json"] if where == "flag" else []
    environ = {} if where == "settings" else {"RECONCILER_STATE": "environment.json"}

    assert shell("state", "list", *flag, **environ).out == f"at-{where}  1  {where}  no fixed time\n"


def test_results_go_to_stdout_and_remarks_to_stderr(shell: Shell) -> None:
    shell.write("meetings.yaml", spec_of({"odd": {"password": "lift-off-7"}}))

    ran = shell.sandbox("plan", "--format", "json")
    text = shell.sandbox("plan")

    assert (ran.err, [diagnostic["severity"] for diagnostic in json.loads(ran.out)["diagnostics"]]) == (
        "",
        ["warning"],
    )
    assert (text.err.startswith("warning["), text.out.startswith("+ odd")) == (True, True)
    assert "lift-off" not in ran.out + text.out + text.err


@pytest.mark.parametrize(
    ("arguments", "status"),
    [
        (["plan"], Exit.DONE),
        (["plan", "--detailed-exitcode"], Exit.CHANGES),
        (["apply", "--auto-approve"], Exit.DONE),
        (["apply", "--auto-approve", "--detailed-exitcode"], Exit.WORK_LEFT),
    ],
)
def test_detailed_exit_codes_say_what_is_left(arguments: list[str], status: Exit, shell: Shell) -> None:
    """2: a plan has something to do. 3: an apply left something for a later day."""
    shell.write("meetings.yaml", spec_of(TWO))
    shell.write("reconciler.yaml", "budget: {daily_limit: 1, reserve: 0}\n")

    assert shell.sandbox(*arguments).status == status


def test_nothing_to_do_is_0_however_it_is_asked(shell: Shell) -> None:
    shell.write("meetings.yaml", ONE)
    shell.sandbox("apply", "--auto-approve")

    assert [
        shell.sandbox(*arguments, "--detailed-exitcode").status
        for arguments in (["plan"], ["apply", "--auto-approve"])
    ] == [0, 0]


def renamed(shell: Shell, start: str) -> None:
    """Apply a meeting as `retro`, then declare it as `platform-retro`, half an hour later."""
    topic = {"topic": "Retro"}
    shell.write("meetings.yaml", spec_of({"retro": topic}, start=f"{start}:00:00Z"))
    shell.sandbox("apply", "--auto-approve")
    shell.write("meetings.yaml", spec_of({"platform-retro": topic}, start=f"{start}:30:00Z"))


@pytest.mark.parametrize(
    ("arguments", "status"),
    [
        (["plan", "--detailed-exitcode"], Exit.DONE),
        (["apply", "--auto-approve"], Exit.DONE),
        (["apply", "--auto-approve", "--detailed-exitcode"], Exit.WORK_LEFT),
    ],
)
def test_a_withheld_create_is_work_left(arguments: list[str], status: Exit, shell: Shell) -> None:
    """Also where it is all that is left: the meeting that is declared does not exist."""
    renamed(shell, "2027-01-14T15")

    assert shell.sandbox(*arguments).status == status
    assert shell.ids().keys() == {"retro"}


@pytest.mark.parametrize("verb", [["plan"], ["apply", "--auto-approve"]])
def test_a_withheld_create_that_starts_soon_is_an_error(verb: list[str], shell: Shell) -> None:
    """The job that nobody reads turns red before the meeting starts."""
    renamed(shell, "2026-12-02T15")

    ran = shell.sandbox(*verb)

    assert (ran.status, "error[plan.withheld-late]" in ran.out) == (Exit.ERROR, True)


def test_the_worst_exit_status_is_reported() -> None:
    """Interrupted, locked, to be judged, an error, work left, changes."""
    order = [130, 4, 5, 1, 3, 2, 0]

    assert [Exit.worst(*map(Exit, order[place:])) for place in range(len(order))] == order


def test_an_apply_for_a_program_has_a_first_and_a_last_line(shell: Shell) -> None:
    """Where there is nothing to do, too."""
    shell.write("meetings.yaml", ONE)

    ran = shell.sandbox("apply", "--auto-approve", "--format", "json")
    again = shell.sandbox("apply", "--auto-approve", "--format", "json")

    assert [row["type"] for row in ran.rows] == ["version", "step_started", "step_done", "summary"]
    assert [(row["type"], row.get("added")) for row in again.rows] == [("version", None), ("summary", 0)]
    assert (ran.err, again.err) == ("", "")


@pytest.mark.parametrize("flag", ["--out", "--json-into"])
def test_a_plan_is_written_for_its_owner_only(flag: str, shell: Shell) -> None:
    """In addition to the view; no temporary file is left."""
    shell.write("meetings.yaml", ONE)
    shell.write("plan.json", "an older one").chmod(0o644)

    ran = shell.sandbox("plan", flag, "plan.json")

    written = shell.folder / "plan.json"
    assert (ran.status, ran.err, stat.S_IMODE(written.stat().st_mode)) == (0, "", 0o600)
    assert [step["key"] for step in json.loads(written.read_text())["steps"]] == ["launch-review"]
    assert sorted(path.name for path in shell.folder.iterdir()) == [
        ".reconciler",
        "meetings.yaml",
        "plan.json",
    ]


def test_only_the_view_leaves_steps_out(shell: Shell) -> None:
    """The file to approve is complete, whatever is shown."""
    shell.write("meetings.yaml", ONE)
    shell.sandbox("apply", "--auto-approve")

    ran = shell.sandbox(
        *("plan", "--format", "json", "--changes-only", "--out", "plan.json", "--json-into", "view.json")
    )

    steps = [
        json.loads(text)["steps"] and "whole"
        for text in (ran.out, *((shell.folder / name).read_text() for name in ("view.json", "plan.json")))
    ]
    assert steps == [[], [], "whole"]


def test_an_approved_plan_is_applied_once(shell: Shell) -> None:
    shell.write("meetings.yaml", ONE)
    shell.sandbox("plan", "--out", "plan.json")

    first = shell.sandbox("apply", "--plan", "plan.json")
    second = shell.sandbox("apply", "--plan", "plan.json")

    assert (first.status, second.status) == (0, 1)
    assert second.err.splitlines() == [
        "error[plan.stale]: The saved plan is stale",
        "  = plan.json: Nothing is left to do: the approval is used up. Nothing was sent.",
        "  = hint: Make a new plan with --out, have it reviewed, and apply that.",
    ]


def test_an_approval_lasts_through_a_rollout_of_several_days(shell: Shell) -> None:
    shell.write("meetings.yaml", spec_of(TWO))
    shell.write("reconciler.yaml", "budget: {daily_limit: 1, reserve: 0}\n")
    shell.sandbox("plan", "--out", "plan.json")

    days = [shell.sandbox("apply", "--plan", "plan.json", now=now) for now in (NOW, "+1d", "+1d")]

    assert [(day.status, day.out.count(" created as ")) for day in days] == [(0, 1), (0, 1), (1, 0)]


def test_what_was_not_approved_is_not_sent(shell: Shell) -> None:
    shell.write("meetings.yaml", ONE)
    shell.sandbox("plan", "--out", "plan.json")
    shell.write("meetings.yaml", ONE.replace("duration: 60", "duration: 90"))

    ran = shell.sandbox("apply", "--plan", "plan.json")

    assert (ran.status, ran.out) == (1, "")
    assert "plan.json: launch-review: its create is not the approved one. Nothing was sent." in ran.err


def test_a_plan_is_applied_with_the_paths_it_was_made_with(shell: Shell) -> None:
    shell.write("here/one.yaml", ONE)
    shell.write("meetings.yaml", spec_of(TWO))
    shell.sandbox("plan", "here", "--out", "plan.json")

    assert "launch-review created" in shell.sandbox("apply", "--plan", "plan.json").out


@pytest.mark.parametrize("extra", [["meetings.yaml"], ["--target", "x"], ["--auto-approve"]])
def test_a_saved_plan_takes_no_further_choices(extra: list[str], shell: Shell) -> None:
    shell.write("meetings.yaml", ONE)
    shell.sandbox("plan", "--out", "plan.json")

    ran = shell.sandbox("apply", "--plan", "plan.json", *extra)

    assert (ran.status, ran.out, ran.err.splitlines()[0]) == (
        1,
        "",
        "error[usage.plan-file]: --plan cannot be combined with these arguments",
    )


def test_a_target_leaves_the_others_alone(shell: Shell) -> None:
    shell.write("meetings.yaml", spec_of(TWO))

    shell.sandbox("apply", "--auto-approve", "--target", "sec*")

    listed = shell("state", "list", "--sandbox").out.splitlines()
    assert [line.split()[0] for line in listed] == ["second"]


def test_a_key_is_forgotten_and_its_meeting_is_not_made_again(shell: Shell) -> None:
    """Zoom still has it, so the next apply stops at it."""
    shell.write("meetings.yaml", ONE)
    shell.sandbox("apply", "--auto-approve")

    forgotten = shell("state", "rm", "launch-review", "--sandbox")
    again = shell.sandbox("apply", "--auto-approve")

    assert (forgotten.status, forgotten.out) == (0, "Forgot launch-review. Zoom was not changed.\n")
    assert (again.status, "Such a meeting exists already" in again.out) == (1, True)


@pytest.mark.parametrize("name", resources.schemas())
def test_a_schema_is_printed_as_it_ships(name: str, shell: Shell) -> None:
    ran = shell("schema", name)

    assert (ran.status, ran.out.encode(), ran.err) == (0, resources.read(f"{name}.schema.json"), "")


def test_the_schema_of_specs_is_the_plain_one(shell: Shell) -> None:
    assert shell("schema").out == shell("schema", "meetings").out


def test_findings_come_in_the_form_that_is_asked_for(shell: Shell) -> None:
    shell.write("meetings.yaml", ONE.replace("duration", "durration"))

    text, as_json, github = (shell("validate", "--format", name) for name in ("text", "json", "github"))

    assert [ran.status for ran in (text, as_json, github)] == [1, 1, 1]
    assert (text.out.splitlines()[0], text.out.splitlines()[-1]) == (
        "error[spec.unknown-field]: Unknown field",
        "1 error in 1 file.",
    )
    assert "  = The meeting has no field `durration`.\n" in text.out
    assert [diagnostic["code"] for diagnostic in json.loads(as_json.out)["diagnostics"]] == [
        "spec.unknown-field"
    ]
    assert github.out.startswith("::error file=meetings.yaml,line=8,")
    assert text.err + as_json.err + github.err == ""


@pytest.mark.parametrize(("flags", "status"), [([], 0), (["--strict"], 1)])
def test_warnings_fail_where_it_is_strict(flags: list[str], status: int, shell: Shell) -> None:
    shell.write("meetings.yaml", spec_of({"odd": {"password": "lift-off-7"}}))

    assert shell("validate", *flags).status == status


def plan_into(stdout: int, folder: Path) -> tuple[int, str]:
    """Return exit status and stderr of a plan whose stdout is that descriptor."""
    command = [sys.executable, "-m", "reconciler", "plan", "--sandbox"]
    ran = subprocess.run(command, cwd=folder, text=True, check=False, stdout=stdout, stderr=subprocess.PIPE)
    return ran.returncode, ran.stderr


def test_a_full_disk_behind_stdout_is_reported(shell: Shell) -> None:
    shell.write("meetings.yaml", ONE)
    full = os.open("/dev/full", os.O_WRONLY)

    status, said = plan_into(full, shell.folder)

    os.close(full)
    assert (status, said.splitlines()[0]) == (1, "error[output.unwritable]: The output could not be written")


def test_what_a_stream_cannot_spell_is_escaped(shell: Shell) -> None:
    shell.write("meetings.yaml", spec_of({"rocket": {"topic": "Lift-off \N{ROCKET}"}}))
    command = [sys.executable, "-m", "reconciler", "plan", "--sandbox"]

    ran = subprocess.run(
        command,
        cwd=shell.folder,
        capture_output=True,
        check=False,
        env={**os.environ, "PYTHONIOENCODING": "ascii"},
    )

    assert (ran.returncode, ran.stderr, rb"Lift-off \U0001f680" in ran.stdout) == (0, b"", True)


def test_a_bug_is_raised(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    """And its traceback is kept."""

    def write(_: str) -> int:
        raise ZeroDivisionError

    monkeypatch.setattr(sys.stdout, "write", write)

    with pytest.raises(ZeroDivisionError):
        shell("schema")


def test_a_bug_shows_its_traceback(tmp_path: Path) -> None:
    """An installation with a damaged file fails as a bug does."""
    for name in ("reconciler", "schemas", "examples"):
        shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
    (tmp_path / "schemas" / "meetings.schema.json").write_bytes(b"\xff")
    command = [sys.executable, "-m", "reconciler", "schema"]

    ran = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)

    lines = ran.stderr.splitlines()
    assert ran.returncode == 1
    assert lines[0].startswith(f"This is a bug in reconciler {__version__}, not in your input.")
    assert (lines[1], lines[-1].partition(":")[0]) == (
        "Traceback (most recent call last):",
        "UnicodeDecodeError",
    )


def test_the_sandbox_prints_its_address(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("uvicorn.Server.run", lambda _self, sockets: sockets)

    ran = shell("sandbox", "--sandbox-now", NOW)

    address = re.search(r"http://127\.0\.0\.1:\d+", ran.out)
    assert address
    assert (ran.status, ran.err) == (0, "")
    assert ran.out.splitlines() == [
        f"The emulator listens at {address[0]}. It accepts any credentials:",
        "",
        f"  export RECONCILER_API_URL={address[0]}/v2",
        f"  export RECONCILER_AUTH_URL={address[0]}/oauth/token",
        "  export ZOOM_ACCOUNT_ID=sandbox ZOOM_CLIENT_ID=sandbox ZOOM_CLIENT_SECRET=sandbox",
        "",
        "Press Ctrl-C to stop it.",
    ]


def test_a_clock_frozen_at_midnight_advances_until_the_day_is_certain(shell: Shell) -> None:
    """Nothing is sent within three seconds of it, and a standing clock would never leave it."""
    shell.write("meetings.yaml", spec_of({"retro": {}}))

    ran = shell.sandbox("apply", "--auto-approve", now="2026-12-02T00:00:02.800000Z")

    assert (ran.status, ran.out.splitlines()[-1]) == (
        0,
        "Apply complete! 1 added, 0 changed, 0 destroyed.",
    )
    kept = (shell.folder / ".reconciler/sandbox/clock.json").read_text()
    assert "2026-12-02T00:00:03" < json.loads(kept)["now"] < "2026-12-02T00:00:04"


def test_what_is_over_and_undeclared_leaves_though_nothing_else_is_done(shell: Shell) -> None:
    """Once: the apply after that writes nothing."""
    shell.write("meetings.yaml", spec_of({"old": {}, "new": {"start_time": "2027-02-14T15:00:00Z"}}))
    shell.sandbox("apply", "--auto-approve")
    shell.write("meetings.yaml", spec_of({"new": {"start_time": "2027-02-14T15:00:00Z"}}))
    state = shell.sandbox_state

    ran = shell.sandbox("apply", "--auto-approve", now="2027-01-20T08:00:00Z")
    written = state.read_bytes()
    shell.sandbox("apply", "--auto-approve", now="2027-01-20T08:00:00Z")

    assert (ran.status, ran.err, list(json.loads(written)["meetings"])) == (0, "", ["new"])
    assert state.read_bytes() == written


def test_an_interrupt_outside_of_an_apply_is_reported(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    def write(_: str) -> int:
        signal.raise_signal(signal.SIGINT)
        return 0

    monkeypatch.setattr(sys.stdout, "write", write)
    before = signal.signal(signal.SIGINT, signal.default_int_handler)

    try:
        ran = shell("schema")
    finally:
        signal.signal(signal.SIGINT, before)

    assert (ran.status, ran.err.splitlines()[-1]) == (
        130,
        "Interrupted. If anything was under way, the next apply looks it up.",
    )


def test_the_entry_point_answers_the_version_by_itself(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without loading the command line, and in the same words as it."""
    from reconciler.__main__ import main  # noqa: PLC0415 - the entry point

    monkeypatch.setattr("signal.signal", lambda *_: None)  # this process is pytest's
    monkeypatch.setattr(sys, "argv", ["reconciler", "--version"])
    by_itself = (main(), capsys.readouterr().out)
    by_the_command_line = (run(["--version"]), capsys.readouterr().out)
    monkeypatch.setattr(sys, "argv", ["reconciler", "schema", "state"])
    handed_on = (main(), json.loads(capsys.readouterr().out)["title"])

    assert by_itself == by_the_command_line == (0, f"reconciler {__version__}\n")
    assert handed_on == (0, "State")


def test_the_collector_is_off_while_a_verb_only_reads_and_on_once_it_connects(tmp_path: Path) -> None:
    (tmp_path / "meetings.yaml").write_text(ONE)
    script = (
        "import gc, sys\nfrom reconciler.__main__ import main\n"
        "sys.argv[1:] = ['plan', 'meetings.yaml', '--state', 's.json']\nmain()\nreads = gc.isenabled()\n"
        "sys.argv[1:] = ['apply', 'meetings.yaml', '--auto-approve', '--sandbox']\nmain()\n"
        "print(reads, gc.isenabled(), file=sys.stderr)\n"
    )
    ran = subprocess.run(
        [sys.executable, "-c", script], cwd=tmp_path, capture_output=True, text=True, check=True
    )

    assert ran.stderr.splitlines()[-1] == "False True"
