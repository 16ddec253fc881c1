"""PATHS narrow what is looked at: what other files of the spec declare is neither planned nor undeclared."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from shell import ONE, SANDBOX_STATE, spec_of

from reconciler.views.text.plan import NO_CHANGES

if TYPE_CHECKING:
    from shell import RunResult, Shell

STARTS = {name: f"2027-01-{14 + index}T15:00:00Z" for index, name in enumerate(("a", "b", "c", "new"))}


def write(shell: Shell, file: str, *keys: str, **entries: Any) -> None:
    """Write a file that declares `keys`, with its entries of `moved`, `imports` and `removed`."""
    declared = json.loads(spec_of({key: {"start_time": STARTS[key]} for key in keys}))
    shell.write(f"meetings/{file}.yaml", json.dumps({**declared, **entries}))


@pytest.fixture
def team(shell: Shell) -> Shell:
    """Three meetings in two files, applied."""
    write(shell, "one", "a")
    write(shell, "two", "b", "c")
    assert shell.sandbox("apply", "--auto-approve").status == 0
    return shell


def steps(ran: RunResult) -> list[tuple[str, str, str]]:
    """Key, action and status of each step of a plan in JSON."""
    return [(step["key"], step["action"], step["status"]) for step in json.loads(ran.out)["steps"]]


def planned(shell: Shell, *paths: str) -> list[tuple[str, str, str]]:
    return steps(shell.sandbox("plan", *paths, "--format", "json"))


def test_meetings_of_other_files_are_counted(team: Shell) -> None:
    """Nothing else is said about them."""
    ran = team.sandbox("plan", "meetings/one.yaml")

    assert (ran.status, ran.out) == (
        0,
        f"{NO_CHANGES}\n2 meetings of other files were not looked at.\n",
    )


def test_every_format_counts_them(team: Shell) -> None:
    """So does a plan with something to do."""
    write(team, "two", "b", "c", "new")

    text = team.sandbox("plan", "meetings/two.yaml")
    comment = team.sandbox("plan", "meetings/two.yaml", "--format", "markdown")
    plan = json.loads(team.sandbox("plan", "meetings/two.yaml", "--format", "json").out)

    assert "1 meeting of other files was not looked at.\n" in text.out
    assert "\n1 meeting of other files was not looked at.\n" in comment.out
    assert plan["elsewhere"] == 1


def test_without_paths_nothing_is_elsewhere(team: Shell) -> None:
    """The same holds for PATHS that are the whole spec."""
    for paths in ((), ("meetings/",), ("meetings/one.yaml", "meetings/two.yaml")):
        ran = team.sandbox("plan", *paths, "--format", "json")
        assert ("elsewhere" in json.loads(ran.out), len(steps(ran))) == (False, 3)


def test_what_the_files_of_paths_no_longer_declare_is_undeclared(team: Shell) -> None:
    """No other file has it."""
    write(team, "two", "b")

    assert planned(team, "meetings/two.yaml") == [
        ("b", "keep", "now"),
        ("c", "destroy", "withheld"),
    ]


def test_a_meeting_that_went_to_another_file_is_not_undeclared(team: Shell) -> None:
    """Its key is what counts."""
    write(team, "one", "a", "c")
    write(team, "two", "b")

    assert planned(team, "meetings/two.yaml") == [("b", "keep", "now")]


def test_what_the_settings_name_is_the_whole(team: Shell) -> None:
    """As the default names do."""
    team.write("reconciler.yaml", "specs: [meetings/one.yaml]\n")

    assert planned(team, "meetings/one.yaml") == [
        ("a", "keep", "now"),
        ("b", "destroy", "withheld"),
        ("c", "destroy", "withheld"),
    ]


def test_paths_that_the_spec_does_not_name_are_read_instead_of_it(team: Shell) -> None:
    """A spec of its own, with the same state."""
    team.write("elsewhere.yaml", spec_of({"a": {"start_time": STARTS["a"]}}))

    assert planned(team, "elsewhere.yaml") == [
        ("a", "keep", "now"),
        ("b", "destroy", "withheld"),
        ("c", "destroy", "withheld"),
    ]


@pytest.mark.parametrize("text", ["meetings: [", "- a list\n", "meetings: {b: {}, b: {}}\n"])
def test_where_another_file_cannot_be_read_nothing_is_undeclared(text: str, team: Shell) -> None:
    """Its findings are not shown and stop nothing; the missing key may be in it."""
    write(team, "one")
    team.write("meetings/two.yaml", text)
    write(team, "three", "new")

    ran = team.sandbox("plan", "meetings/three.yaml", "--format", "json")

    assert (ran.status, steps(ran)) == (0, [("new", "create", "now")])
    assert (json.loads(ran.out)["diagnostics"], json.loads(ran.out)["elsewhere"]) == ([], 3)


def test_findings_of_other_files_stop_nothing(team: Shell) -> None:
    """A meeting without a host, and a host that does not exist."""
    team.write("meetings/two.yaml", 'meetings: {b: {topic: 7}, c: {type: "no"}}\n')

    ran = team.sandbox("plan", "meetings/one.yaml")

    assert (ran.status, ran.err) == (0, "")


NAMES = """\
version: 1
templates: {board: {password: {env: BOARD_PASSCODE}, settings: {waiting_rom: true}}}
closures: {berlin: [2027-02-30]}
"""


def test_what_meetings_use_of_another_file_is_checked(team: Shell) -> None:
    """Else a meeting would be made without a field that is declared."""
    write(team, "one", "a")
    team.write("meetings/names.yaml", NAMES)
    team.write("meetings/new.yaml", spec_of({"new": {"start_time": STARTS["new"], "use": "board"}}))
    column = NAMES.splitlines()[1].index("waiting_rom") + 1

    validated = team("validate", "meetings/new.yaml", "--format", "json")
    applied = team.sandbox("apply", "meetings/new.yaml", "--auto-approve")

    assert (validated.status, applied.status, sorted(team.ids())) == (1, 1, ["a", "b", "c"])
    assert [
        (
            each["code"],
            each["range"]["filename"],
            each["range"]["start"]["line"],
            each["range"]["start"]["column"],
        )
        for each in json.loads(validated.out)["diagnostics"]
    ] == [("spec.unknown-field", "meetings/names.yaml", 2, column)]


@pytest.mark.parametrize(
    ("specs", "unread"),
    [("[meetings/]", "meetings/names.yaml"), ("[meetings/, gone/]", "gone")],
)
def test_a_name_may_be_in_another_file_that_cannot_be_read(specs: str, unread: str, team: Shell) -> None:
    """A link out of the folder, and a folder that is gone."""
    team.write("reconciler.yaml", f"specs: {specs}\n")
    if unread != "gone":
        (team.folder / unread).symlink_to("/dev/null")
    team.write("meetings/new.yaml", spec_of({"new": {"start_time": STARTS["new"], "use": "board"}}))

    ran = team("validate", "meetings/new.yaml")

    assert (
        "No file that can be read declares `board` under `templates`. "
        f"What cannot be read may declare it: `{unread}`.\n"
    ) in ran.out + ran.err


def test_entries_of_other_files_count(team: Shell) -> None:
    """Where they say what becomes of a key of PATHS."""
    number = team.ids()["c"]
    write(team, "two", "b")
    write(team, "lines", removed=[{"key": "c", "id": number, "destroy": True}])

    assert planned(team, "meetings/two.yaml") == [("b", "keep", "now"), ("c", "destroy", "now")]


def test_entries_may_name_keys_of_other_files(team: Shell) -> None:
    """A `moved` line may be in any file."""
    write(team, "two", "b", "new")
    write(team, "lines", moved=[{"from": "c", "to": "new"}])

    lines = team("validate", "meetings/lines.yaml")
    moved = planned(team, "meetings/two.yaml")

    assert (lines.status, planned(team, "meetings/lines.yaml")) == (0, [])
    assert [step[:2] for step in moved] == [("b", "keep"), ("new", "move"), ("new", "update")]


def test_lines_without_effect_of_other_files_are_not_reported(team: Shell) -> None:
    """They are reported where their file is read."""
    write(team, "lines", removed=[{"key": "gone", "id": 81_234_567_890, "destroy": True}])

    other = team.sandbox("plan", "meetings/one.yaml")
    own = team.sandbox("plan", "meetings/lines.yaml")

    assert ("plan.stale-line" in other.out, "plan.stale-line" in own.out) == (False, True)


def test_a_new_key_is_no_rename_of_a_meeting_of_another_file(team: Shell) -> None:
    """That one is declared."""
    same = {"topic": "b", "start_time": STARTS["b"]}
    team.write("meetings/one.yaml", spec_of({"a": {"start_time": STARTS["a"]}, "twin": same}))

    assert planned(team, "meetings/one.yaml")[1] == ("twin", "create", "now")


def test_a_refresh_reads_only_the_files_of_paths(team: Shell) -> None:
    """Each read takes time."""
    ran = team.sandbox("plan", "meetings/one.yaml", "--refresh")

    assert ran.err.startswith("Refresh: 1 meeting read")


def test_an_apply_leaves_the_records_of_other_files(team: Shell) -> None:
    """Also those that are over."""
    after = "2027-01-16T18:00:00Z"

    ran = team.sandbox("apply", "meetings/two.yaml", "--auto-approve", now=after)

    assert (ran.status, sorted(team.ids())) == (0, ["a", "b", "c"])


def test_a_saved_plan_in_the_place_of_a_spec_is_named(shell: Shell) -> None:
    """People apply a plan as another program does, `apply FILE`; a state is none either."""
    shell.write("meetings.yaml", ONE)
    shell.sandbox("plan", "--out", "the plan.json")

    wrong = shell.sandbox("apply", "the plan.json", "--auto-approve")
    right = shell.sandbox("apply", "--plan", "the plan.json")
    state = shell("validate", SANDBOX_STATE)

    assert (wrong.status, wrong.out, right.status) == (1, "", 0)
    assert [line for line in wrong.err.splitlines() if line[:3] in {"err", " --", "  ="}] == [
        "error[spec.output]: The file is an output of this program",
        " --> the plan.json:1:19",
        "  = It is a saved plan.",
        "  = hint: Apply it with `reconciler apply --plan 'the plan.json'`.",
    ]
    assert [line for line in state.out.splitlines() if line[:3] == "  ="] == [
        "  = It is a state.",
        "  = hint: Name the files that declare meetings, or remove the file from the specs.",
    ]
