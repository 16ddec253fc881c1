"""What nobody would hear of: changes that wait for a person, and series that end soon."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from job_step import Step
from shell import spec_of
from varied import Zoom

if TYPE_CHECKING:
    from shell import Shell

LATER = "2026-12-05T10:00:00Z"
SERIES = {
    "type": 8,
    "start_time": "2026-12-07T10:00:00",
    "timezone": "Europe/Berlin",
    "recurrence": {"type": 2, "weekly_days": "2", "end_times": 4},
}
FOUR = {"weekly": SERIES}
ENDS = "weekly has its last occurrence on 28 Dec 2026."
CONTINUED = (
    "To continue under the same link, write `start_time: 2026-12-07T10:00:00` "
    "and `times: 5` in `repeat` or `end_times: 5` in `recurrence`."
)
STAY = {"stay": {"start_time": "2027-02-14T15:00:00Z"}}


@pytest.fixture
def step(shell: Shell) -> Step:
    """A step of a workflow."""
    return Step(shell)


@pytest.fixture
def line(shell: Shell) -> str:
    """A deletion that was merged without its `removed` line; the line."""
    shell.write("meetings.yaml", spec_of({"retro": {}, **STAY}))
    assert shell.sandbox("apply", "--auto-approve").status == 0
    number = shell.ids()["retro"]
    shell.write("meetings.yaml", spec_of(STAY))
    return f"removed: [{{key: retro, id: {number}, destroy: true}}]"


def since(shell: Shell) -> str | None:
    return shell.recorded().meetings["retro"].withheld_since


def test_the_summary_of_an_apply_says_what_waits_for_a_person(shell: Shell, step: Step, line: str) -> None:
    """The job is green, and the meeting is alive."""
    ran = step("apply", "--auto-approve", "--sandbox", "--sandbox-now", LATER)

    assert (ran.status, shell.ids().keys() >= {"retro"}) == (0, True)
    assert step.summary.startswith("### ⏳ Apply complete! 0 added, 0 changed, 0 destroyed, 1 withheld.")
    assert "Waits for a person:\n" in step.summary
    assert line in step.summary
    assert "::warning title=plan.withheld%3A A change waits for a person::" in ran.err


def test_drift_lists_what_is_withheld_and_since_when(shell: Shell, line: str) -> None:
    """Since the first apply that withheld it."""
    before = shell.sandbox("drift", now=LATER)
    shell.sandbox("apply", "--auto-approve", now=LATER)
    first = since(shell)
    shell.sandbox("apply", "--auto-approve", now="2026-12-09T10:00:00Z")

    after = shell.sandbox("drift", "--format", "json", now="2026-12-09T11:00:00Z")

    assert (first, since(shell)) == (LATER, LATER)
    assert (line in before.out, "Since " in before.out) == (True, False)
    (found,) = json.loads(after.out)["diagnostics"]
    assert (found["code"], found["severity"], found["key"]) == ("plan.withheld", "warning", "retro")
    assert found["detail"].endswith(f"add `{line}`. Since Sat 5 Dec 2026, 10:00 UTC.")


@pytest.mark.parametrize("format_name", ["text", "markdown"])
def test_every_format_of_drift_lists_it(format_name: str, shell: Shell, line: str) -> None:
    """Also where nothing drifted."""
    assert line in shell.sandbox("drift", "--format", format_name).out


def test_a_comment_about_drift_names_first_what_waits_for_a_person(shell: Shell, line: str) -> None:
    """Beside the series that end soon, and not only among the folded warnings."""
    gone = [f"gone-{number:02}" for number in range(12)]
    declared = {key: {"start_time": f"2027-03-{day:02}T15:00:00Z"} for day, key in enumerate(gone, 10)}
    shell.write("meetings.yaml", spec_of({"retro": {}, **STAY, **declared}))
    shell.sandbox("apply", "--auto-approve")
    shell.write("meetings.yaml", spec_of(STAY))
    shell.sandbox("apply", "--auto-approve", now="2026-12-05T10:00:59Z")

    out = shell.sandbox("drift", "--format", "markdown", now=LATER).out

    named = ", ".join(f"`{key}`" for key in [*gone, "retro"])
    assert f"> [!NOTE]\n> **Waits for a person:** {named}.\n" in out
    assert "Since Sat 5 Dec 2026, 10:00 UTC." in out
    assert "- … and 10 more; `reconciler drift --verbose` shows them" in out
    assert (bool(line), out.index("[!NOTE]") < out.index("<details>")) == (True, True)


def test_what_was_decided_waits_no_longer(shell: Shell, line: str) -> None:
    """Declared again; a later withdrawal counts anew."""
    shell.sandbox("apply", "--auto-approve", now=LATER)
    shell.write("meetings.yaml", spec_of({"retro": {}, **STAY}))
    shell.sandbox("apply", "--auto-approve", now=LATER)
    decided = since(shell)
    shell.write("meetings.yaml", spec_of(STAY))
    shell.sandbox("apply", "--auto-approve", now="2026-12-09T10:00:00Z")

    assert (bool(line), decided, since(shell)) == (True, None, "2026-12-09T10:00:00Z")


def test_an_apply_with_other_work_notes_it_too(shell: Shell, line: str) -> None:
    """In the write that records its local changes."""
    shell.write("meetings.yaml", spec_of({**STAY, "new": {"start_time": "2027-03-14T15:00:00Z"}}))

    ran = shell.sandbox("apply", "--auto-approve", now=LATER)

    assert (bool(line), ran.status, since(shell)) == (True, 0, LATER)


def test_a_likely_rename_and_a_replace_wait_too(shell: Shell) -> None:
    """Whatever needs a line of the spec."""
    shell.write("meetings.yaml", spec_of({"old": {}, "single": {"start_time": "2027-03-14T15:00:00Z"}}))
    shell.sandbox("apply", "--auto-approve")
    shell.write("meetings.yaml", spec_of({"new": {"topic": "old"}, "single": SERIES}))

    shell.sandbox("apply", "--auto-approve", now=LATER)
    found = json.loads(shell.sandbox("drift", "--format", "json", now=LATER).out)["diagnostics"]

    assert [each["key"] for each in found if each["code"] == "plan.withheld"] == ["new", "single"]
    assert {record.withheld_since for record in shell.recorded().meetings.values()} == {LATER}


def test_drift_tells_without_a_spec_what_differs(shell: Shell, line: str) -> None:
    """A job that reads drift alone may have no files."""
    (shell.folder / "meetings.yaml").unlink()

    ran = shell.sandbox("drift")

    assert (ran.status, line in ran.out) == (0, False)


def test_many_are_counted(shell: Shell) -> None:
    """A file that was deleted by mistake does not fill the report."""
    shell.write("meetings.yaml", spec_of({**{f"m{n:02}": {} for n in range(25)}, **STAY}))
    shell.sandbox("apply", "--auto-approve")
    shell.write("meetings.yaml", spec_of(STAY))

    found = json.loads(shell.sandbox("drift", "--format", "json").out)["diagnostics"]

    assert (len(found), found[-1]["detail"]) == (21, "And 5 more.")


@pytest.mark.parametrize("verb", [("plan",), ("apply", "--auto-approve"), ("drift",)])
def test_a_job_tells_which_series_ends_soon(verb: tuple[str, ...], shell: Shell, step: Step) -> None:
    """In an output, on the page of the run, and as an annotation."""
    shell.write("meetings.yaml", spec_of(FOUR))
    shell.sandbox("apply", "--auto-approve")

    ran = step(*verb, "--sandbox")

    assert (ran.status, step.outputs["ends_soon"]) == (0, "weekly")
    assert "ends soon" in step.summary.casefold()
    assert f"::warning title=plan.series-ends%3A A series ends soon::A series ends soon%0A{ENDS}" in ran.err


def test_drift_tells_which_series_ends_soon(shell: Shell) -> None:
    """It runs each night; a plan only when somebody changes something."""
    shell.write("meetings.yaml", spec_of(FOUR))
    shell.sandbox("apply", "--auto-approve")

    text, comment = shell.sandbox("drift").out, shell.sandbox("drift", "--format", "markdown").out

    assert f"warning[plan.series-ends]: A series ends soon\n  = {ENDS}\n  = hint: {CONTINUED}" in text
    assert "> [!NOTE]\n> **1 series ends soon:** `weekly`." in comment


def test_a_series_that_has_ended_or_ends_later_is_not_reported(shell: Shell, step: Step) -> None:
    """The output is empty then."""
    shell.write("meetings.yaml", spec_of(FOUR))
    shell.sandbox("apply", "--auto-approve", now="2026-11-01T08:00:00Z")

    assert "plan.series-ends" not in shell.sandbox("drift", now="2026-11-02T08:00:00Z").out
    assert "plan.series-ends" not in shell.sandbox("drift", now="2027-01-02T08:00:00Z").out
    step("drift", "--sandbox")
    assert step.outputs["ends_soon"] == ""


def test_drift_counts_no_remark_that_verbose_lacks(shell: Shell) -> None:
    """Of a meeting that was deleted there is no more to say."""
    shell.write("meetings.yaml", spec_of({"gone": {}, **STAY}))
    shell.sandbox("apply", "--auto-approve")
    Zoom(shell.folder).click("DELETE", str(shell.ids()["gone"]))

    ran = shell.sandbox("drift")

    assert ran.out.splitlines()[1:] == [
        "",
        "Drift: 1 deleted. 2 meetings read, 3 requests, none of the daily budget.",
        "`reconciler plan --refresh` shows what would be done about it.",
    ]
