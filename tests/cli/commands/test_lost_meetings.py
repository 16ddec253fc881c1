"""Meetings that Zoom does not have any more: deleted by a person, or forgotten after their last date."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from shell import spec_of
from varied import Zoom

if TYPE_CHECKING:
    from shell import Shell

YEARS_LATER = "2028-12-10T08:00:00Z"


def weekly(shell: Shell, first: str) -> None:
    """Declare a series of 20 Mondays from that day on."""
    rule = {"type": 2, "repeat_interval": 1, "weekly_days": "2", "end_times": 20}
    series = {"type": 8, "start_time": f"{first}T10:00:00", "timezone": "Europe/Berlin", "recurrence": rule}
    shell.write("meetings.yaml", spec_of({"weekly": series}))


def renewed(shell: Shell) -> int:
    """Apply a series, and declare it anew two years later; return its first id."""
    weekly(shell, "2026-12-07")
    shell.sandbox("apply", "--auto-approve")
    weekly(shell, "2029-01-08")
    return shell.ids()["weekly"]


def deleted(shell: Shell) -> int:
    """Apply a meeting that a person deletes in Zoom; return its id."""
    shell.write("meetings.yaml", spec_of({"launch": {}}))
    shell.sandbox("apply", "--auto-approve")
    number = shell.ids()["launch"]
    Zoom(shell.folder).click("DELETE", str(number))
    return number


def test_a_series_goes_on_after_zoom_forgot_it(shell: Shell) -> None:
    """Nobody touched the file for two years."""
    old = renewed(shell)

    first = shell.sandbox("apply", "--auto-approve", now=YEARS_LATER)
    second = shell.sandbox("apply", "--auto-approve", "--refresh", now=YEARS_LATER)

    assert (first.status, first.out.splitlines()[-1]) == (
        0,
        "Apply complete! 1 added, 0 changed, 0 destroyed.",
    )
    assert f"was {old}, which Zoom does not have any more; the join link is new" in first.out
    assert (second.status, second.out) == (
        0,
        "No changes. Compared with what was last applied and with what Zoom says now.\n",
    )


def test_a_refresh_asks_for_what_is_declared_anew(shell: Shell) -> None:
    """Though the recorded dates are over."""
    old = renewed(shell)

    ran = shell.sandbox("plan", "--refresh", "--format", "json", now=YEARS_LATER)

    (step,) = json.loads(ran.out)["steps"]
    assert (step["action"], step["reasons"]) == (
        "create",
        [f"was {old}, forgotten by Zoom, since its dates are over; made again, with a new join link"],
    )
    assert shell.sandbox("apply", "--refresh", "--auto-approve", now=YEARS_LATER).status == 0


def test_a_refresh_of_what_is_declared_anew_and_still_there_changes_it_in_place(shell: Shell) -> None:
    """Zoom keeps a series for a year: its join link stays."""
    old = renewed(shell)
    weekly(shell, "2027-07-12")

    ran = shell.sandbox("apply", "--refresh", "--auto-approve", now="2027-07-01T08:00:00Z")

    assert (ran.status, ran.out.splitlines()[-1]) == (0, "Apply complete! 0 added, 1 changed, 0 destroyed.")
    assert shell.ids() == {"weekly": old}


def test_a_saved_plan_covers_what_zoom_has_forgotten(shell: Shell) -> None:
    """The plan, which asks nobody, shows an update."""
    renewed(shell)
    plan = shell.sandbox("plan", "--out", "team.plan", now=YEARS_LATER)

    ran = shell.sandbox("apply", "--plan", "team.plan", now=YEARS_LATER)

    assert "its recorded dates are over: made again with a new join link if Zoom has forgotten it" in plan.out
    assert (ran.status, ran.out.splitlines()[-1]) == (0, "Apply complete! 1 added, 0 changed, 0 destroyed.")


@pytest.mark.parametrize("format_name", ["text", "json", "markdown"])
def test_every_format_tells_that_a_link_is_dead(format_name: str, shell: Shell) -> None:
    """A meeting that was deleted is no new one."""
    number = deleted(shell)

    ran = shell.sandbox("plan", "--refresh", "--format", format_name)

    words = f"was {number}, deleted in Zoom; made again, with a new join link"
    assert words in ran.out.replace("`", "")


def test_a_comment_counts_a_dead_link_as_a_risk(shell: Shell) -> None:
    """A reviewer sees it before anything else."""
    deleted(shell)

    ran = shell.sandbox("plan", "--refresh", "--format", "markdown")

    assert "> **1 join link changes.**" in ran.out


def test_a_renamed_meeting_that_was_deleted_is_reported_too(shell: Shell) -> None:
    """The `moved` line leads to nothing any more."""
    number = deleted(shell)
    moved = json.loads(spec_of({"review": {"topic": "launch"}})) | {
        "moved": [{"from": "launch", "to": "review"}]
    }
    shell.write("meetings.yaml", json.dumps(moved))

    ran = shell.sandbox("plan", "--refresh")

    assert f"was {number}, deleted in Zoom; made again, with a new join link" in ran.out


def test_the_log_of_the_apply_tells_it(shell: Shell) -> None:
    """With the new id."""
    number = deleted(shell)

    ran = shell.sandbox("apply", "--refresh", "--auto-approve")

    new = shell.ids()["launch"]
    assert f"+ launch created as {new}" in ran.out
    assert f"    was {number}, which Zoom does not have any more; the join link is new\n" in ran.out
