"""A series with a date in an hour that clocks skip, from the file to Zoom and back."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from shell import Shell

SPEC = """\
version: 1
defaults: {{host: platform@example.com, timezone: Europe/Berlin}}
meetings:
  night:
    topic: Night
    type: 8
    start_time: {start}
    duration: 30
    recurrence: {{type: 2, weekly_days: "1", end_times: {times}}}
"""
WEEK_OF_THE_CHANGE = "2027-03-22T08:00:00Z"
NOT_HELD = (
    "Sun 28 Mar 2027 is not held: clocks in Europe/Berlin skip 02:30 that day, "
    "and a series that begins there would keep another time"
)


@pytest.mark.parametrize("start", ["2027-01-03T02:30:00", "2027-01-03T01:30:00Z"])
def test_what_is_sent_in_that_week_begins_on_the_next_date(start: str, shell: Shell) -> None:
    shell.write("meetings.yaml", SPEC.format(start=start, times=20))

    plan = shell.sandbox("plan", "--format", "json", now=WEEK_OF_THE_CHANGE)
    applied = shell.sandbox("apply", "--auto-approve", now=WEEK_OF_THE_CHANGE)

    [step] = json.loads(plan.out)["steps"]
    in_utc = "2027-04-04 00:30 UTC (Sun 4 Apr 2027, 02:30 Europe/Berlin)"
    sent = in_utc if start.endswith("Z") else "2027-04-04 02:30"
    assert step["reasons"] == [f"12 occurrences are over; sends {sent}, 7 left", NOT_HELD]
    assert "next Sun 4 Apr 2027" in applied.out
    assert "28 Mar" not in applied.out.replace(NOT_HELD, "")


def test_afterwards_nothing_differs_and_nothing_is_sent_again(shell: Shell) -> None:
    """Before the date that is left out, on it, and after it; nobody is blamed."""
    shell.write("meetings.yaml", SPEC.format(start="2027-01-03T02:30:00", times=20))
    shell.sandbox("apply", "--auto-approve", now=WEEK_OF_THE_CHANGE)

    said = [
        (
            shell.sandbox("drift", "--detailed-exitcode", now=now).status,
            shell.sandbox("apply", "--refresh", "--auto-approve", now=now).out.count("No changes."),
        )
        for now in (
            WEEK_OF_THE_CHANGE,
            "2027-03-28T01:45:00Z",
            "2027-03-29T08:00:00Z",
            "2027-05-01T00:00:00Z",
        )
    ]

    assert said == [(0, 1)] * 4


def test_a_series_that_was_sent_before_keeps_the_date(shell: Shell) -> None:
    """Zoom holds it at 03:30, so that no drift is found either."""
    shell.write("meetings.yaml", SPEC.format(start="2027-01-03T02:30:00", times=20))
    shell.sandbox("apply", "--auto-approve")

    said = [
        shell.sandbox("drift", "--detailed-exitcode", now=now).status
        for now in (WEEK_OF_THE_CHANGE, "2027-03-28T01:45:00Z")
    ]

    assert said == [0, 0]


def test_a_date_that_somebody_moved_is_still_drift(shell: Shell) -> None:
    """What is left out excuses no other difference."""
    shell.write("meetings.yaml", SPEC.format(start="2027-01-03T02:30:00", times=20))
    shell.sandbox("apply", "--auto-approve", now=WEEK_OF_THE_CHANGE)
    shell.write("meetings.yaml", SPEC.format(start="2027-01-03T02:30:00", times=19))

    ran = shell.sandbox("plan", "--refresh", "--format", "json", now=WEEK_OF_THE_CHANGE)

    [step] = json.loads(ran.out)["steps"]
    assert (step["action"], [change["path"] for change in step["changes"]]) == (
        "update",
        ["recurrence.end_times"],
    )


def test_a_series_with_no_other_date_left_is_not_sent(shell: Shell) -> None:
    shell.write("meetings.yaml", SPEC.format(start="2027-03-14T02:30:00", times=3))

    ran = shell.sandbox("plan", "--format", "json", now=WEEK_OF_THE_CHANGE)

    [step] = json.loads(ran.out)["steps"]
    assert (step["action"], step["status"]) == ("create", "expired")


def test_the_plan_names_a_moved_date_that_no_series_sent_now_has(shell: Shell) -> None:
    """What it says can be written. A series that was sent before has the date, so that no rule warns."""
    moved = "    exceptions:\n      2027-03-28: {start_time: 2027-03-28T09:30:00}\n"
    shell.write("meetings.yaml", SPEC.format(start="2027-01-03T02:30:00", times=20) + moved)

    early = shell.sandbox("plan", "--format", "json")
    plan = shell.sandbox("plan", now=WEEK_OF_THE_CHANGE)
    shell.write(
        "meetings.yaml",
        SPEC.format(start="2027-01-03T02:30:00", times=20) + "    exceptions:\n      2027-03-28: skip\n",
    )
    pasted = shell.sandbox("apply", "--auto-approve", now=WEEK_OF_THE_CHANGE)

    assert (early.status, early.err, plan.err) == (0, "", "")
    assert "1 withheld" in plan.out
    assert "write `2027-03-28: skip`, and declare a meeting of its own for it" in plan.out
    assert (pasted.status, pasted.err) == (0, "")
