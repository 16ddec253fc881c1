"""Policies at a shell: `validate`, `plan` and `apply` hold the meetings to them, and nothing else does."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from shell import ONE

from reconciler.cli import main

if TYPE_CHECKING:
    from shell import Shell

ROOM = """\
version: 1
policies:
  waiting-room:
    message: Every meeting needs a waiting room.
    require: {required: [settings]}
"""
FITS = ONE + "    settings: {waiting_room: true}\n"


@pytest.fixture
def house(shell: Shell) -> Shell:
    """A folder with one meeting and one policy, which the meeting breaks."""
    shell.write("reconciler.yaml", "specs: [.]\npolicies: [policies/]\nstate: s.json\n")
    shell.write("policies/house.yaml", ROOM)
    shell.write("meetings.yaml", ONE)
    return shell


@pytest.mark.parametrize("command", [["validate"], ["plan"], ["apply", "--auto-approve"]])
def test_a_meeting_that_breaks_a_policy_stops_it(house: Shell, command: list[str]) -> None:
    result = house(*command) if command == ["validate"] else house.sandbox(*command)

    assert result.status == 1
    assert (
        "error[policy.failed]: The meeting breaks a policy\n --> meetings.yaml:4:3" in result.out + result.err
    )
    assert not house.sandbox_state.exists()


@pytest.mark.parametrize("command", [["validate"], ["plan"], ["apply", "--auto-approve"]])
def test_a_meeting_that_fits_is_let_through(house: Shell, command: list[str]) -> None:
    house.write("meetings.yaml", FITS)

    result = house(*command) if command == ["validate"] else house.sandbox(*command)

    assert (result.status, "policy" in result.out + result.err) == (0, False)


@pytest.mark.parametrize("command", [["validate"], ["plan"], ["apply", "--auto-approve"]])
def test_a_policy_that_cannot_be_checked_stops_it(house: Shell, command: list[str]) -> None:
    """It is an error at its line, never a policy that is passed over."""
    house.write("meetings.yaml", FITS)
    house.write("policies/house.yaml", ROOM.replace("required:", "requird:"))

    result = house(*command) if command == ["validate"] else house.sandbox(*command)

    assert result.status == 1
    assert "error[policy.not-a-schema]: The policy cannot be checked\n --> policies/house.yaml:5:15" in (
        result.out + result.err
    )


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ("policies: [nowhere/]", "source.missing"),
        ("policies: [../]", "source.outside"),
        ("policies: [empty/]", "policy.empty-folder"),
    ],
)
def test_policies_that_cannot_be_read_are_an_error(house: Shell, change: str, code: str) -> None:
    house.write("empty/read.me", "")
    house.write("meetings.yaml", FITS)
    house.write("reconciler.yaml", f"specs: [meetings.yaml]\n{change}\n")

    result = house("validate")

    assert (result.status, f"error[{code}]" in result.out, "reconciler.yaml:2:1" in result.out) == (
        1,
        True,
        True,
    )


def test_an_empty_folder_of_policies_is_said_to_hold_no_policy(house: Shell) -> None:
    """No spec belongs there."""
    house.write("empty/read.me", "")
    house.write("meetings.yaml", FITS)
    house.write("reconciler.yaml", "specs: [meetings.yaml]\npolicies: [empty/]\n")

    assert house("validate").out.startswith(
        "error[policy.empty-folder]: The folder holds no file of policies\n"
        " --> reconciler.yaml:2:12\n"
        "  |\n"
        "2 | policies: [empty/]\n"
        "  |            ^^^^^^\n"
        "  = `empty` has no file `*.yaml` or `*.yml`.\n"
        "  = hint: Add one, or take the folder out of `policies`: "
        "an empty one never means that there are none.\n"
    )


def test_policies_outside_of_the_folder_get_no_hint_to_name_them(house: Shell) -> None:
    """Specs can be named on the command line, policies cannot."""
    house.write("reconciler.yaml", "specs: [../]\npolicies: [../]\n")

    hints = [line for line in house("validate").out.splitlines() if "hint" in line]

    assert hints == [
        "  = hint: Move it into the working folder.",
        "  = hint: Move it into the working folder, or name it on the command line.",
    ]


def test_a_warning_is_reported_and_stops_nothing(house: Shell) -> None:
    house.write("policies/house.yaml", f"{ROOM}    severity: warning\n")

    checked, strict, planned = house("validate"), house("validate", "--strict"), house.sandbox("plan")

    assert (checked.status, strict.status, planned.status) == (0, 1, 0)
    assert "warning[policy.failed]" in checked.out
    assert "warning[policy.failed]" in planned.err


def test_drift_is_seen_while_a_policy_is_broken(house: Shell) -> None:
    """A rule of the house about files says nothing about what Zoom has."""
    house.write("meetings.yaml", FITS)
    house.sandbox("apply", "--auto-approve")
    house.write("meetings.yaml", ONE)

    assert house.sandbox("drift", "meetings.yaml").status == 0


def test_the_calendar_is_shown_while_a_policy_is_broken(house: Shell) -> None:
    """What is declared takes place, whatever a rule says: a page and feeds are published all the same."""
    house.write("meetings.yaml", ONE)

    ran = house.sandbox("calendar", "--from", "2027-01-14", "--days", "1")

    assert (ran.status, ran.out.splitlines()[0], "policy" in ran.err) == (0, "Thu 14 Jan 2027", False)


@pytest.mark.parametrize("flags", [(), ("--repeat",)])
def test_fmt_leaves_the_files_of_policies_alone(house: Shell, flags: tuple[str, ...]) -> None:
    """They declare no meetings, also in a folder of specs."""
    path = house.write("policies/house.yaml", ROOM.replace("policies:\n", "\n\n\npolicies:\n"))
    before = path.read_bytes()

    ran = house("fmt", *flags)

    assert (ran.status, ran.out, path.read_bytes()) == (0, "meetings.yaml\n", before)


def test_a_file_of_policies_is_no_spec(house: Shell) -> None:
    result = house("validate", "policies/house.yaml")

    assert (result.status, "error[source.policies]" in result.out) == (1, True)


def test_policies_hold_for_paths_that_the_settings_do_not_name(house: Shell) -> None:
    house.write("reconciler.yaml", "specs: [other/]\npolicies: [policies/house.yaml]\n")

    assert "error[policy.failed]" in house("validate", "./meetings.yaml").out


def test_reports_for_ci_have_the_finding_at_its_line(house: Shell) -> None:
    (annotation,) = house("validate", "--format", "github").out.splitlines()
    sarif = json.loads(house("validate", "--format", "sarif").out)
    (quality,) = json.loads(house("validate", "--format", "codequality").out)
    (finding,) = json.loads(house("validate", "--format", "json").out)["diagnostics"]

    (result,) = sarif["runs"][0]["results"]
    region = result["locations"][0]["physicalLocation"]["region"]
    assert annotation.startswith("::error file=meetings.yaml,line=4,endLine=4,col=3,")
    assert (result["ruleId"], region["startLine"]) == ("policy.failed", 4)
    assert (quality["check_name"], quality["location"]["lines"]["begin"]) == ("policy.failed", 4)
    assert (finding["key"], finding["range"]["start"]) == ("launch-review", {"line": 4, "column": 3})


def test_no_output_goes_over_a_file_of_policies(house: Shell, capsys: pytest.CaptureFixture[str]) -> None:
    house.write("meetings.yaml", FITS)

    status = main.run(("plan", "--sandbox", "--out", "policies/house.yaml"))

    assert (status, "error[output.overwrites]" in capsys.readouterr().err) == (1, True)
    assert (house.folder / "policies" / "house.yaml").read_text() == ROOM


def test_the_schema_of_policies_is_printed(shell: Shell) -> None:
    assert json.loads(shell("schema", "policies").out)["title"] == "Policies for meetings"


@pytest.mark.parametrize(
    ("rule", "line"),
    [
        (ROOM, "> **Meetings break the policy `waiting-room`.**"),
        (ROOM.replace("required:", "requird:"), "> **Cannot be checked: the policy `waiting-room`.**"),
    ],
)
def test_a_markdown_plan_that_fails_names_the_policy_first(house: Shell, rule: str, line: str) -> None:
    house.write("policies/house.yaml", rule)

    result = house.sandbox("plan", "--format", "markdown")

    first = ["<!-- reconciler:plan -->", "", "### Plan failed", "", "> [!WARNING]", line, "", "```text"]
    assert (result.status, result.out.splitlines()[:8]) == (1, first)


def test_a_markdown_plan_names_the_policy_that_only_warns_above_the_meetings(house: Shell) -> None:
    house.write("policies/house.yaml", f"{ROOM}    severity: warning\n")

    result = house.sandbox("plan", "--format", "markdown")

    assert result.status == 0
    assert result.out.splitlines()[2:8] == [
        "### Plan: 1 to add, 0 to change, 0 to destroy.",
        "",
        "For **1 host**; costs 1 request of the daily budget, all today.",
        "",
        "> [!WARNING]",
        "> **Meetings break the policy `waiting-room`.**",
    ]


def test_the_summary_of_a_job_names_the_policy_first(house: Shell) -> None:
    summary = house.folder / "summary.md"

    house("plan", "--state", "s.json", GITHUB_ACTIONS="true", GITHUB_STEP_SUMMARY=str(summary))

    assert summary.read_text().splitlines()[:3] == [
        "### ❌ Plan failed: `policy.failed`",
        "",
        "**Meetings break the policy `waiting-room`.**",
    ]
