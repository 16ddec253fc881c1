"""The formats for programs: the schemas describe every field, and a failed run writes them too."""

from __future__ import annotations

import copy
import fcntl
import json
from typing import TYPE_CHECKING, Any

import click
import pytest
from machine_formats import BY_VERB, OPEN, check, closed, misfits, validator
from served import Served, served
from shell import ONE

from reconciler import resources
from reconciler.cli.main import cli

if TYPE_CHECKING:
    from collections.abc import Iterator

    from shell import RunResult, Shell

FORMATS = sorted({"state", *BY_VERB.values()})


@pytest.fixture(scope="module")
def zoom() -> Iterator[Served]:
    with served() as emulator:
        yield emulator


def verbs(group: click.Group = cli, above: tuple[str, ...] = ()) -> Iterator[tuple[str, click.Command]]:
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command is not None
        if isinstance(command, click.Group):
            yield from verbs(command, (*above, name))
        else:
            yield " ".join((*above, name)), command


def shared_definitions() -> dict[str, list[Any]]:
    schemas: dict[str, list[Any]] = {}
    for name in FORMATS:
        for defined, schema in resources.document(f"{name}.schema.json").get("definitions", {}).items():
            if defined in {"count", "day", "diagnostic", "id", "instant", "position", "range"}:
                schemas.setdefault(defined, []).append(schema)
    return schemas


def codes(ran: RunResult) -> list[str]:
    """Return the codes of the diagnostics in a log, and check its first and its last line."""
    first, *rows, last = ran.rows
    assert (first["type"], last["type"], last["ended_early"]) == ("version", "summary", True), ran.out
    return [row["diagnostic"]["code"] for row in rows]


def test_every_verb_that_prints_json_has_a_schema() -> None:
    printing = {
        name
        for name, command in verbs()
        for each in command.params
        if isinstance(each.type, click.Choice) and "json" in each.type.choices
    }

    assert printing == set(BY_VERB)


@pytest.mark.parametrize("name", FORMATS)
def test_a_later_minor_version_may_add_fields(name: str) -> None:
    """The schema of today accepts the documents of a later minor version."""
    text = resources.read(f"{name}.schema.json").decode()

    assert '"additionalProperties": false' not in text.replace("\n", "") or name == "state"


@pytest.mark.parametrize("place", [(), ("options",), ("steps", 0), ("diagnostics", 0)])
def test_a_field_that_no_schema_names_is_refused_in_tests(place: tuple[str | int, ...], shell: Shell) -> None:
    """The published schema accepts it."""
    shell.write("meetings.yaml", ONE)
    plan = shell.sandbox("plan", "--format", "json", "--target", "launch-*", "--target", "nothing").rows[0]
    whole: Any = copy.deepcopy(plan)
    inner = whole
    for step in place:
        inner = inner[step]
    inner["surprise"] = 1

    assert misfits("plan", json.dumps(plan)) == []
    assert "surprise" in misfits("plan", json.dumps(whole))[0]
    assert type(validator("plan"))(resources.document("plan.schema.json")).is_valid(whole)


@pytest.mark.parametrize(
    ("arguments", "given"),
    [
        (("state", "push"), '{"news": 1}'),
        (("state", "push", "kept.json", "--force"), "{}"),
        (("state", "rm", "kept.json"), '{"news": 1}'),
    ],
)
def test_only_a_state_that_was_pushed_unchanged_may_break_its_schema(
    arguments: tuple[str, ...], given: str, shell: Shell
) -> None:
    """A state that our program wrote is checked against its schema, even if it was pushed."""
    shell.write("kept.json", given)
    shell.write("s.json", '{"news": 1}')

    with pytest.raises(AssertionError, match="prints what no schema describes"):
        check(arguments, "", shell.folder, {})


def test_a_schema_that_allows_other_fields_stays_open() -> None:
    named = {"type": "object", "properties": {"a": {}}}

    assert closed([named, {**named, "additionalProperties": True}, 1]) == [
        {**named, "additionalProperties": False},
        {**named, "additionalProperties": True},
        1,
    ]


def test_the_schemas_agree_on_what_they_share() -> None:
    assert [name for name, each in shared_definitions().items() if any(one != each[0] for one in each)] == []


@pytest.mark.parametrize("format_name", ["text", "json"])
def test_json_is_written_next_to_any_view(format_name: str, shell: Shell) -> None:
    shell.write("meetings.yaml", ONE)

    ran = shell.sandbox("plan", "--format", format_name, "--json-into", "plan.json")

    written = json.loads((shell.folder / "plan.json").read_text())
    assert (ran.status, [step["key"] for step in written["steps"]]) == (0, ["launch-review"])
    assert ran.out.startswith("+ launch-review") or json.loads(ran.out) == written


@pytest.mark.parametrize("arguments", [["plan"], ["plan", "--json-into", "-"], ["plan", "--refresh"]])
def test_a_failed_plan_is_not_an_empty_plan(arguments: list[str], shell: Shell) -> None:
    """The report has the errors and no steps; stderr has the errors as text."""
    shell.write("meetings.yaml", OPEN)

    ran = shell(*arguments, "--state", "s.json", "--format", "json", "--json-into", "plan.json")

    (report,) = ran.rows
    assert json.loads((shell.folder / "plan.json").read_text()) == report
    assert (ran.status, report["failed"], "steps" in report) == (1, True, False)
    assert [each["code"] for each in report["diagnostics"]] == ["spec.no-host", "time.start-missing"]
    assert "error[spec.no-host]" in ran.err


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["plan", "--state", "s.json"], "state.unreadable"),
        (["plan", "--refresh", "--state", "good.json"], "settings.credentials"),
        (["drift", "--state", "s.json"], "state.unreadable"),
        (["plan", "--sandbox", "--sandbox-now", "soon"], "sandbox.clock"),
    ],
)
def test_a_report_says_why_there_is_no_plan(arguments: list[str], code: str, shell: Shell) -> None:
    shell.write("meetings.yaml", ONE)
    shell.write("s.json", "[]")

    ran = shell(*arguments, "--format", "json")

    (report,) = ran.rows
    assert (ran.status, [each["code"] for each in report["diagnostics"]]) == (1, [code])


def test_errors_go_to_the_json_file_and_not_to_stdout_in_text_format(shell: Shell) -> None:
    shell.write("meetings.yaml", OPEN)

    ran = shell("plan", "--json-into", "plan.json", "--state", "s.json")

    assert (ran.status, ran.out) == (1, "")
    assert json.loads((shell.folder / "plan.json").read_text())["failed"]


def test_an_unwritable_report_hides_no_error(shell: Shell) -> None:
    shell.write("meetings.yaml", OPEN)

    ran = shell("plan", "--json-into", "nowhere/plan.json", "--state", "s.json")

    assert ("error[spec.no-host]" in ran.err, "output.unwritable" in ran.err) == (True, False)


def test_a_failed_report_approves_nothing(shell: Shell) -> None:
    shell.write("meetings.yaml", OPEN)
    shell("plan", "--json-into", "plan.json", "--state", "s.json")

    ran = shell("apply", "--plan", "plan.json", "--state", "s.json")

    assert (ran.status, "error[plan.unreadable]" in ran.err) == (1, True)


def test_findings_are_written_though_the_spec_is_wrong(shell: Shell) -> None:
    shell.write("meetings.yaml", "version: 1\nmeetings: {open: {topic: 5}}\n")
    shell.write("reconciler.yaml", "budget: 7\n")

    ran = shell("validate", "--format", "json")

    report = json.loads(ran.out)
    assert (ran.status, report["valid"], report["error_count"]) == (1, False, 2)


def test_a_locked_state_ends_the_log_of_an_apply(shell: Shell) -> None:
    shell.write("meetings.yaml", ONE)
    with (shell.folder / "s.json.lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        ran = shell("apply", "--auto-approve", "--format", "json", "--state", "s.json")

    assert (ran.status, codes(ran)) == (4, ["state.locked"])


@pytest.mark.parametrize(
    ("spec", "flags", "code"),
    [
        (OPEN, ["--auto-approve"], ["spec.no-host", "time.start-missing"]),
        (ONE, [], ["usage.no-prompt"]),
        (ONE, ["--plan", "nothing.json"], ["plan.unreadable"]),
        (ONE, ["--auto-approve"], ["settings.credentials"]),
        (ONE, ["--auto-approve", "--state", "nowhere:x"], ["state.unknown-store"]),
    ],
)
def test_an_apply_that_sends_nothing_ends_its_log(
    spec: str, flags: list[str], code: list[str], shell: Shell
) -> None:
    shell.write("meetings.yaml", spec.replace("2027", "2099"))

    ran = shell("apply", "--format", "json", "--state", "s.json", *flags)

    assert (ran.status, codes(ran)) == (1, code)
    assert f"error[{code[0]}]" in ran.err


@pytest.mark.parametrize(
    ("environ", "code"),
    [
        ({"ZOOM_CLIENT_SECRET": "", "ZOOM_CLIENT_ID": "", "ZOOM_ACCOUNT_ID": "", "ZOOM_ACCESS_TOKEN": "no"},
         "zoom.token-refused"),
        ({"RECONCILER_AUTH_URL": "http://127.0.0.1:1/oauth/token"}, "zoom.no-token"),
    ],
)  # fmt: skip
def test_an_apply_with_refused_credentials_ends_its_log(
    environ: dict[str, str], code: str, zoom: Served, shell: Shell
) -> None:
    """The log is open by then: the error comes before the summary."""
    shell.write("meetings.yaml", ONE.replace("2027", "2099"))
    arguments = ("apply", "--auto-approve", "--format", "json", "--state", "s.json")

    ran = shell(*arguments, **{**zoom.environ, **environ})

    assert ran.status == 1
    assert ran.rows[0]["type"] == "version"
    assert (ran.rows[-1]["type"], code in ran.out) == ("summary", True)
