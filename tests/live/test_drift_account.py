"""Drift of a whole account: sixty varied meetings, silent changes by Zoom, and clicks by people."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING, Any

import pytest
import varied
from clicks import CLICKED, click_around
from shell import NOW
from varied import ENVIRON, PERSONAL_KEYS, Zoom, split_personal

from reconciler.cli.main import run
from reconciler.errors.diagnostic import Exit
from reconciler.meeting import fields
from reconciler.sandbox.switches import Switches
from reconciler.spec.schema import validator

if TYPE_CHECKING:
    from pathlib import Path

    from shell import RunResult, Shell

pytestmark = pytest.mark.no_cover

AT = ("--sandbox", "--sandbox-now", NOW)


@pytest.fixture(scope="module")
def applied(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in which the sixty meetings were just created."""
    folder = tmp_path_factory.mktemp("sixty")
    Zoom(folder).switch(**varied.SWITCHES)
    (folder / "meetings.yaml").write_text(varied.written())
    with pytest.MonkeyPatch.context() as patched:
        patched.chdir(folder)
        patched.setenv(*next(iter(ENVIRON.items())))
        assert run(["apply", *AT, "--auto-approve"]) == Exit.DONE
    return folder


@pytest.fixture
def zoom(shell: Shell, applied: Path) -> Zoom:
    """The emulator of that account, in the shell's own folder."""
    shutil.copytree(applied, shell.folder, dirs_exist_ok=True)
    return Zoom(shell.folder)


def changed(ran: RunResult) -> dict[str, list[str]]:
    """The reported change and the changed paths, by key."""
    report = json.loads(ran.out)
    return {
        step["key"]: [step["action"], *(change["path"] for change in step["changes"])]
        for step in report["steps"]
        if step["action"] != "keep"
    }


def paths_in(body: Any, path: str = "") -> set[str]:
    if isinstance(body, list):
        return {path}.union(*(paths_in(entry, f"{path}[]") for entry in body))
    if isinstance(body, dict):
        own = ((f"{path}.{name}" if path else name, value) for name, value in body.items())
        return {path}.union(*(paths_in(value, inner) for inner, value in own))
    return {path}


def test_the_sixty_use_every_field_of_the_first_document() -> None:
    declared = set().union(*(paths_in(body) for body in varied.meetings().values()))

    wanted = {path for path, field in fields.table().items() if field.first_document and field.create}
    assert (len(varied.meetings()), wanted - declared) == (60, set())


def test_every_silent_change_of_the_emulator_is_on() -> None:
    """The switches of the section about values that Zoom stores otherwise."""
    names = Switches.__struct_fields__
    section = names[names.index("safeguard_forced") : names.index("dates_forgotten")]

    assert set(section) == set(varied.SILENT)


def test_an_untouched_account_shows_no_drift(shell: Shell, zoom: Zoom) -> None:
    del zoom

    ran = shell("drift", *AT, "--detailed-exitcode")

    assert (ran.status, ran.err) == (0, "")
    assert split_personal(ran.out) == (
        PERSONAL_KEYS,
        (
            "No drift. 60 meetings read, 67 requests, none of the daily budget.\n"
            "46 meetings with a remark; --verbose shows them.\n"
        ),
    )


@pytest.mark.parametrize(
    ("now", "over"),
    [("2027-03-29T08:00:00Z", 20), ("2027-11-15T08:00:00Z", 47)],
)
def test_passing_time_is_not_drift(now: str, over: int, shell: Shell, zoom: Zoom) -> None:
    """Series lose occurrences, zones change their clocks, and meetings expire."""
    del zoom

    ran = shell("drift", "--sandbox", "--sandbox-now", now, "--detailed-exitcode")

    lines = ran.out.splitlines()
    (first,) = (line for line in lines if line.startswith("No drift."))
    assert (ran.status, f"{over} expired meetings left out." in lines) == (0, True)
    assert first.startswith(f"No drift. {60 - over} meetings read, ")


def test_series_that_were_created_half_way_show_no_drift(shell: Shell) -> None:
    """They were sent from their next occurrence on, with the count that was left."""
    zoom = Zoom(shell.folder)
    zoom.switch(**varied.SWITCHES)
    shell.write("meetings.yaml", varied.written())
    late = ("--sandbox", "--sandbox-now", "2027-02-06T01:00:00Z")
    shell("apply", *late, "--auto-approve", **ENVIRON)

    ran = shell("drift", "--sandbox", "--sandbox-now", "+9d", "--detailed-exitcode")

    assert (ran.status, ran.out.partition(".")[0]) == (0, "No drift")


def test_a_refreshed_plan_of_an_untouched_account_is_empty(shell: Shell, zoom: Zoom) -> None:
    del zoom

    ran = shell("plan", *AT, "--refresh", "--detailed-exitcode", **ENVIRON)

    assert ran.status == 0
    assert split_personal(ran.out) == (
        PERSONAL_KEYS,
        "No changes. Compared with what was last applied and with what Zoom says now.\n",
    )
    assert "Refresh: 60 meetings read, 67 requests, none of the daily budget.\n" in ran.err


def test_exactly_the_changes_by_people_are_found(shell: Shell, zoom: Zoom) -> None:
    click_around(zoom, shell.ids())

    ran = shell("drift", *AT, "--format", "json", "--detailed-exitcode")

    assert (ran.status, changed(ran)) == (1, CLICKED)  # whose m22 is, a person must say
    assert validator.violations("plan", json.loads(ran.out)) == ()
    (series,) = (step for step in json.loads(ran.out)["steps"] if step["key"] == "m49")
    assert [change["effect"] for change in series["changes"]] == [
        "Mon 11 Jan 2027 was cancelled",
        "Mon 18 Jan 2027 moves to 13:00",
    ]


def test_changes_by_people_are_planned_back(shell: Shell, zoom: Zoom) -> None:
    """Declared fields are reverted; a change that needs a replace waits for its `removed` line."""
    click_around(zoom, shell.ids())

    ran = shell("plan", *AT, "--refresh", "--format", "json", **ENVIRON)

    steps = {step["key"]: step for step in json.loads(ran.out)["steps"] if step["action"] != "keep"}
    assert {key: step["action"] for key, step in steps.items()} == {
        **dict.fromkeys(CLICKED.keys() - {"m46"}, "update"),
        "m19": "create",
    }
    assert [
        (each["key"], each["code"])
        for each in json.loads(ran.out)["diagnostics"]
        if each["code"].startswith("refresh")
    ] == [
        ("m11", "refresh.personal-id"),
        ("m22", "refresh.other-host"),
        ("m29", "refresh.personal-id"),
        ("m37", "refresh.personal-id"),
        ("m46", "refresh.webinar"),
        ("m47", "refresh.personal-id"),
    ]
