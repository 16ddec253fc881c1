"""Drift as text, and the bar while Zoom is read."""

from __future__ import annotations

import io
import json
from typing import TYPE_CHECKING, Any

import pytest
from builders import NOW
from served import Served, served
from shell import FAR, HOST, ONE, spec_of
from shell import NOW as INSTANT

from reconciler.errors.diagnostic import Diagnostic
from reconciler.plan.change import Action, FieldChange
from reconciler.plan.plan import Options, Plan
from reconciler.plan.step import Status, Step
from reconciler.views.style import TextStyle
from reconciler.views.table import view
from reconciler.views.text.progress import open_read_bar

if TYPE_CHECKING:
    from collections.abc import Iterator

    from shell import Shell


def report(*steps: Step, diagnostics: tuple[Diagnostic, ...] = ()) -> Plan:
    return Plan(steps, (), "lineage-1", 1, NOW, Options(refresh=True), diagnostics)


def step(key: str, action: Action = Action.KEEP, **more: Any) -> Step:
    return Step(key, action, "platform@example.com", "Topic", id=81234567001, **more)


def text(plan: Plan, *, verbose: bool = False, requests: int = 3) -> str:
    return view("drift", "text")(plan, TextStyle(verbose=verbose), requests)


def test_no_drift_is_one_line() -> None:
    assert text(report(step("a"), step("b"))) == (
        "No drift. 2 meetings read, 3 requests, none of the daily budget.\n"
    )


def test_each_difference_is_a_line() -> None:
    """A value from Zoom can neither close its quotes nor control the terminal."""
    changes = (
        FieldChange("topic", "Old", 'New"\x1b[31m', "title changes"),
        FieldChange("type", 2, "webinar"),
    )
    plan = report(
        step("a", Action.UPDATE, changes=changes, reasons=("Zoom set x",)),
        step("b", Action.DESTROY, reasons=("deleted in Zoom",)),
        step("c", reasons=("Zoom set y",)),
        step("d", status=Status.EXPIRED, reasons=("its time is over",)),
    )

    assert text(plan) == (
        '~ a: topic: "Old" → "New\\"\\x1b[31m"   (changed by a person: title changes)\n'
        '~ a: type: 2 → "webinar"   (changed by a person)\n'
        "- b: meeting 81234567001 is gone from Zoom   (deleted)\n"
        "\n"
        "Drift: 1 changed, 1 deleted. 3 meetings read, 3 requests, none of the daily budget.\n"
        "1 expired meeting left out.\n"
        "2 meetings with a remark; --verbose shows them.\n"
        "`reconciler plan --refresh` shows what would be done about it.\n"
    )


def test_verbose_shows_what_zoom_set_by_itself() -> None:
    plan = report(step("c", reasons=("Zoom set y",)))

    assert text(plan, verbose=True).splitlines()[0] == "  c: Zoom set y"


def test_an_unread_meeting_is_not_no_drift() -> None:
    error = Diagnostic("zoom.unreadable", "a: HTTP 503.", key="a")

    lines = text(report(step("a", reasons=("could not be read",)), diagnostics=(error,))).splitlines()

    assert lines[0].startswith("error[zoom.unreadable]")
    assert (
        "No drift seen, but 1 could not be read. 1 meeting read, 3 requests, none of the daily budget."
        in lines
    )


def test_nothing_is_drawn_without_a_terminal() -> None:
    stderr = io.StringIO()

    with open_read_bar(stderr, terminal=False, colour=False) as emit:
        emit(1, 2)

    assert stderr.getvalue() == ""


def test_a_bar_counts_the_reads_and_is_removed() -> None:
    stderr = io.StringIO()

    with open_read_bar(stderr, terminal=True, colour=False) as emit:
        emit(0, 2)
        emit(2, 2)

    drawn = stderr.getvalue()
    assert "Reading from Zoom" in drawn
    assert "2/2" in drawn
    assert drawn.endswith("\x1b[2K")


# The verb


AT = ("--sandbox", "--sandbox-now", INSTANT)


def applied(shell: Shell) -> None:
    """Have one meeting exist."""
    shell.write("meetings.yaml", ONE)
    assert shell("apply", *AT, "--auto-approve").status == 0


def test_drift_needs_no_spec_and_takes_paths_to_read_less(shell: Shell) -> None:
    applied(shell)
    (shell.folder / "meetings.yaml").rename(shell.folder / "elsewhere.yaml")
    shell.write("none.yaml", ONE.replace("launch-review:", "other:"))

    whole = shell("drift", *AT)
    part = shell("drift", "none.yaml", *AT)

    assert whole.out == "No drift. 1 meeting read, 2 requests, none of the daily budget.\n"
    assert (
        part.out == "No recorded meeting to compare. 0 meetings read, 0 requests, none of the daily budget.\n"
    )


def test_drift_as_json_keeps_its_cost_for_stderr(shell: Shell) -> None:
    applied(shell)

    ran = shell("drift", *AT, "--format", "json")

    assert ran.rows[0]["summary"]["keep"] == 1
    assert ran.err == "Drift: 1 meeting read, 2 requests, none of the daily budget.\n"


@pytest.fixture(scope="module")
def zoom() -> Iterator[Served]:
    with served() as emulator:
        yield emulator


def test_a_meeting_that_cannot_be_read_is_an_error(shell: Shell, zoom: Served) -> None:
    """It outweighs drift; `plan --refresh` shows its plan and fails as well."""
    at = ("--state", "s.json")
    shell.write("meetings.yaml", spec_of({"a": {}, "b": {}}, start=FAR))
    assert shell("apply", "--auto-approve", *at, **zoom.environ).status == 0
    numbers = {one["topic"]: one["id"] for one in zoom.meetings(HOST)}
    zoom.client.patch(f"/v2/meetings/{numbers['b']}", json={"agenda": "x", "duration": 5})
    refusal = {"code": 3161, "message": "No."}
    zoom.meet(path=f"/v2/meetings/{numbers['a']}", times=0, status=400, body=refusal)

    drift = shell("drift", *at, "--detailed-exitcode", **zoom.environ)
    plan = shell("plan", "--refresh", *at, "--detailed-exitcode", **zoom.environ)

    assert (drift.status, plan.status) == (1, 1)
    total = "Drift: 1 changed, 1 could not be read. 2 meetings read, 3 requests, none of the daily budget."
    assert total in drift.out
    assert "~ b: duration: 60 → 5   (changed by a person: length changes)" in drift.out
    assert "error[zoom.host-not-allowed]" in plan.out


def test_drift_of_another_account_is_refused(shell: Shell, zoom: Served) -> None:
    shell.write("meetings.yaml", spec_of({"c": {}}, start=FAR))
    at = ("--state", "t.json")
    assert shell("apply", "--auto-approve", *at, **zoom.environ).status == 0

    ran = shell("drift", *at, **{**zoom.environ, "ZOOM_ACCOUNT_ID": "another"})

    assert (ran.status, "error[state.other-origin]" in ran.err) == (1, True)


def test_a_refresh_reads_only_what_is_asked_for(shell: Shell) -> None:
    """By its own key, or by the one that it moves to."""
    meetings = {key: {"topic": key, "start_time": f"2027-01-1{n}T15:00:00Z"} for n, key in enumerate("abc")}
    shell.write("meetings.yaml", spec_of(meetings))
    assert shell("apply", *AT, "--auto-approve").status == 0
    moved = json.loads(spec_of({"z": meetings["a"], "b": meetings["b"], "c": meetings["c"]}))
    shell.write("meetings.yaml", json.dumps({**moved, "moved": [{"from": "a", "to": "z"}]}))

    ran = shell("plan", *AT, "--refresh", "--target", "z", "--target", "b")

    assert ran.err == "Refresh: 2 meetings read, 3 requests, none of the daily budget.\n"
