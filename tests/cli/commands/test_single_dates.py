"""A series with single dates at a shell: what the commands show of the dates that are held."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from builders import at
from varied import Zoom

if TYPE_CHECKING:
    from shell import Shell

SERIES = """\
version: 1
meetings:
  weekly:
    host: platform@example.com
    topic: Weekly
    start_time: 2027-01-11 10:00
    timezone: Europe/Berlin
    duration: 45m
    repeat: {every: week, on: mon, times: 3}
    exceptions:
      2027-01-11: skip
      2027-01-18: {start_time: 2027-01-19 14:00}
      2027-01-25: {start_time: 2027-02-03 10:00}
"""
IN_USE = "2027-01-12T09:00:00Z"
AFTER_THE_RULE = "2027-02-01T09:00:00Z"
AFTER_THE_LAST = "2027-02-03T10:00:00Z"


def applied(shell: Shell) -> str:
    shell.write("meetings.yaml", SERIES)
    ran = shell.sandbox("apply", "--auto-approve")
    assert ran.status == 0, ran.err
    return ran.out


def next_of(shell: Shell, *arguments: str, now: str = IN_USE) -> Any:
    document = json.loads(shell.sandbox(*arguments, "--format", "json", now=now).out)
    found = document.get("links") or document.get("meetings") or [document["meeting"]]
    return found[0]["next_at"]


def test_every_command_shows_the_next_date_that_is_held(shell: Shell) -> None:
    """The first one is skipped, the second one is moved."""
    out = applied(shell)
    held = "2027-01-19T13:00:00Z"

    assert "next Tue 19 Jan 2027, 14:00 Europe/Berlin" in out
    assert "next Tue 19 Jan 2027, 14:00 Europe/Berlin" in shell.sandbox("state", "list").out
    assert [
        next_of(shell, "state", "list"),
        next_of(shell, "state", "show", "weekly"),
        next_of(shell, "links"),
    ] == [held] * 3
    assert "Tue 19 Jan 2027, 14:00 Europe/Berlin" in shell.sandbox("links", now=IN_USE).out


def test_the_table_of_times_has_the_dates_that_are_held(shell: Shell) -> None:
    applied(shell)
    shell.write(
        "meetings.yaml", SERIES.replace("start_time: 2027-01-11 10:00", "start_time: 2027-01-11 11:00")
    )

    ran = shell.sandbox("plan", "--format", "markdown")

    rows = [row for row in ran.out.splitlines() if row.startswith(("| before", "| after"))]
    assert rows == [
        "| before | Tue 19 Jan 2027, 14:00 | `Europe/Berlin` | Tue 19 Jan 2027, 13:00 |",
        "| after | Tue 19 Jan 2027, 14:00 | `Europe/Berlin` | Tue 19 Jan 2027, 13:00 |",
    ]


def test_a_date_that_was_moved_beyond_the_rule_keeps_the_series_alive(shell: Shell) -> None:
    """It is still read and shown, and nothing is sent for it; then the series is over."""
    applied(shell)

    plan = shell.sandbox("plan", now=AFTER_THE_RULE)
    drift = shell.sandbox("drift", now=AFTER_THE_RULE)
    listed = shell.sandbox("state", "list", now=AFTER_THE_RULE)
    shell.write("meetings.yaml", SERIES.replace("topic: Weekly", "topic: Other"))
    changed = shell.sandbox("plan", now=AFTER_THE_RULE)
    over = json.loads(shell.sandbox("plan", "--format", "json", now=AFTER_THE_LAST).out)

    assert plan.out.splitlines()[-1] == "No changes. Compared with what was last applied; drift asks Zoom."
    assert "No drift. 1 meeting read" in drift.out
    assert "next Wed 3 Feb 2027, 10:00 Europe/Berlin" in listed.out
    assert "only a date that was moved is left of it, so nothing of it is changed" in changed.out
    assert [step["status"] for step in over["steps"]] == ["expired"]


def test_a_series_with_a_moved_date_to_come_is_not_dropped_when_it_is_undeclared(shell: Shell) -> None:
    """It is still to be held: the plan prints the line that ends it, and defers that within the hour."""
    applied(shell)
    number = shell.ids()["weekly"]
    shell.write("meetings.yaml", "version: 1\nmeetings: {}\n")

    withheld = shell.sandbox("plan", now=AFTER_THE_RULE)
    removed = f"version: 1\nremoved:\n  - {{key: weekly, id: {number}, destroy: true}}\n"
    shell.write("meetings.yaml", removed)
    soon = json.loads(shell.sandbox("plan", "--format", "json", now="2027-02-03T08:30:00Z").out)

    assert f"{{key: weekly, id: {number}, destroy: true}}" in withheld.out
    assert [(step["action"], step["status"]) for step in soon["steps"]] == [("destroy", "deferred")]


def test_a_series_with_nothing_left_but_skips_ends_by_the_line_that_is_printed(shell: Shell) -> None:
    applied(shell)
    shell.write("meetings.yaml", re.sub(r": \{start_time: .*\}", ": skip", SERIES))
    warned = shell.sandbox("plan")
    line = re.search(r"take it out of the spec and add `(removed: .*)`;", warned.out)
    assert line is not None, warned.out

    shell.write("meetings.yaml", f"version: 1\n{line[1]}\n")
    ended = shell.sandbox("apply", "--auto-approve")

    assert ended.out.splitlines()[-1] == "Apply complete! 0 added, 0 changed, 1 destroyed."


def test_drift_names_a_date_that_somebody_clicked_and_the_line_that_keeps_it(shell: Shell) -> None:
    """One is cancelled, and one is moved."""
    shell.write("meetings.yaml", SERIES.replace("times: 3", "times: 5"))
    assert shell.sandbox("apply", "--auto-approve").status == 0
    zoom, number = Zoom(shell.folder), shell.ids()["weekly"]
    ids = {day: int(at(f"2027-02-{day:02}T09:00:00Z").timestamp()) * 1000 for day in (1, 8)}
    zoom.click("DELETE", f"{number}?occurrence_id={ids[1]}")
    zoom.click("PATCH", f"{number}?occurrence_id={ids[8]}", {"start_time": "2027-02-09T13:00:00Z"})

    ran = shell.sandbox("drift")

    first, second = ran.out.splitlines()[:2]
    assert first == (
        "~ weekly: Mon 1 Feb 2027 was cancelled   (changed by a person; to keep it, write `2027-02-01: skip`)"
    )
    assert second == (
        "~ weekly: Mon 8 Feb 2027 moves to Tue 9 Feb, 14:00   (changed by a person; "
        "to keep it, write `2027-02-08: {start_time: 2027-02-09 14:00, duration: 45}`)"
    )
