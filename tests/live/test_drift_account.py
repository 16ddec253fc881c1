"""Drift of a whole account: sixty varied meetings, silent changes by Zoom, and clicks by people."""

from __future__ import annotations

import json
import shutil
from dataclasses import fields as parts
from typing import TYPE_CHECKING, Any

import pytest
import varied
from shell import NOW
from varied import ENVIRON, Zoom

from reconciler import fields, schema, statefile
from reconciler.cli import run
from reconciler.errors import Exit
from reconciler.sandbox.switches import Switches

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from shell import Ran, Shell

AT = ("--sandbox", "--sandbox-now", NOW)


@pytest.fixture(scope="module")
def applied(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in which the sixty were created a moment ago."""
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


def ids(shell: Shell) -> dict[str, int]:
    document = (shell.folder / ".reconciler" / "sandbox" / "reconciler.state.json").read_bytes()
    return {key: record.id for key, record in statefile.decode(document, "state").meetings.items()}


def changed(ran: Ran) -> dict[str, list[str]]:
    """By key: what happened to it, and the paths that changed."""
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
    """Those of the section of switches that is about what is stored otherwise."""
    names = [each.name for each in parts(Switches)]
    section = names[names.index("safeguard_forced") : names.index("webinars")]

    assert set(section) == set(varied.SILENT)


def test_an_untouched_account_shows_no_drift(shell: Shell, zoom: Zoom) -> None:
    del zoom

    ran = shell("drift", *AT, "--detailed-exitcode")

    assert (ran.status, ran.err) == (0, "")
    assert ran.out == (
        "No drift. 60 meetings read, 67 requests, none of the daily budget.\n"
        "46 meetings with a remark; --verbose shows what Zoom set by itself.\n"
    )


@pytest.mark.parametrize(
    ("now", "over"),
    [("2027-03-29T08:00:00Z", 20), ("2027-11-15T08:00:00Z", 47)],
)
def test_time_that_passes_is_no_drift(now: str, over: int, shell: Shell, zoom: Zoom) -> None:
    """Series lose occurrences, zones change their clocks, meetings come to their end."""
    del zoom

    ran = shell("drift", "--sandbox", "--sandbox-now", now, "--detailed-exitcode")

    first, second, *_ = ran.out.splitlines()
    assert (ran.status, second) == (0, f"{over} expired meetings left out.")
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


def test_a_plan_of_what_zoom_says_has_nothing_to_do_then(shell: Shell, zoom: Zoom) -> None:
    del zoom

    ran = shell("plan", *AT, "--refresh", "--detailed-exitcode", **ENVIRON)

    assert (ran.status, ran.out) == (
        0,
        "No changes. Compared with what was last applied and with what Zoom says now.\n",
    )
    assert "Refresh: 60 meetings read, 67 requests, none of the daily budget.\n" in ran.err


WEEKLY: Mapping[str, Any] = {"type": 2, "repeat_interval": 1, "weekly_days": "2", "end_times": 20}


def click_around(zoom: Zoom, number: Mapping[str, int]) -> None:
    """What people do in a web page, each to another meeting."""
    zoom.click("PATCH", f"{number['m02']}", {"topic": "Something else"})
    zoom.click("PATCH", f"{number['m01']}", {"start_time": "2027-01-14T16:00:00Z"})
    zoom.click("PATCH", f"{number['m14']}", {"agenda": "x", "settings": {"contact_email": "new@example.com"}})
    zoom.click("DELETE", f"{number['m19']}")
    shorter = {"start_time": "2027-01-11T10:00:00", "recurrence": {**WEEKLY, "end_times": 16}}
    zoom.click("PATCH", f"{number['m04']}", shorter)
    later = {"start_time": "2027-01-12T11:00:00", "recurrence": {**WEEKLY, "weekly_days": "3"}}
    zoom.click("PATCH", f"{number['m31']}", later)
    zoom.click("PATCH", f"{number['m20']}", {"type": 3})
    zoom.meddle(number["m22"], host_email="new@example.com")
    zoom.meddle(number["m37"], type=4, pmi="1234567890")
    zoom.click("PATCH", f"{number['m51']}", {"password": "other"})
    zoom.click("PATCH", f"{number['m11']}", {"duration": 50, "timezone": "America/Toronto"})
    zoom.meddle(number["m08"], password="")
    first, second = (str(1799658000_000 + week * 7 * 24 * 3600_000) for week in (0, 1))
    zoom.click("DELETE", f"{number['m49']}?occurrence_id={first}")
    zoom.click("PATCH", f"{number['m49']}?occurrence_id={second}", {"start_time": "2027-01-18T12:00:00Z"})
    zoom.switch(**varied.SWITCHES, webinars=[number["m46"]])


CLICKED = {
    "m01": ["update", "start_time"],
    "m02": ["update", "topic"],
    "m04": ["update", "recurrence.end_times"],
    "m08": ["update", "password"],
    "m11": ["update", "duration", "timezone"],
    "m14": ["update", "settings.contact_email"],
    "m19": ["destroy"],
    "m20": ["update", "duration", "start_time", "type"],
    "m22": ["update", "host"],
    "m31": ["update", "recurrence.weekly_days", "start_time"],
    "m37": ["update", "type"],
    "m46": ["update", "type"],
    "m51": ["update", "password"],
}
"""What `drift` says of them: all but the two occurrences, and nothing else."""


def test_clicks_are_found_and_told_apart_and_only_they(shell: Shell, zoom: Zoom) -> None:
    click_around(zoom, ids(shell))

    ran = shell("drift", *AT, "--format", "json", "--detailed-exitcode")

    assert (ran.status, changed(ran)) == (2, CLICKED)
    assert schema.findings("plan", json.loads(ran.out)) == ()
    by_hand = {
        step["key"]: step["reasons"]
        for step in json.loads(ran.out)["steps"]
        if any("by hand" in reason for reason in step["reasons"])
    }
    assert by_hand["m49"][-2:] == [
        "1 coming occurrence was cancelled by hand",
        "1 coming occurrence was moved by hand",
    ]


def test_what_was_clicked_is_planned_back(shell: Shell, zoom: Zoom) -> None:
    """Declared fields are put back; what only a new meeting can mend waits for its `removed` line."""
    click_around(zoom, ids(shell))

    ran = shell("plan", *AT, "--refresh", "--format", "json", **ENVIRON)

    steps = {step["key"]: step for step in json.loads(ran.out)["steps"] if step["action"] != "keep"}
    assert {key: step["action"] for key, step in steps.items()} == {
        **dict.fromkeys(CLICKED.keys() - {"m46"}, "update"),
        "m19": "create",
        "m22": "replace",
    }
    assert [
        each["code"] for each in json.loads(ran.out)["diagnostics"] if each["code"].startswith("refresh")
    ] == [
        "refresh.other-host",
        "refresh.personal-id",
        "refresh.webinar",
    ]
