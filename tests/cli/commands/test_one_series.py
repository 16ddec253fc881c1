"""Single meetings that a script wrote: told once, and made one series by the lines of the hint."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from shell import Shell

HEAD = """\
version: 1
defaults: {host: a@example.com, timezone: Europe/Berlin, duration: 30}
meetings:
"""
DAYS = ("2027-01-11", "2027-01-18", "2027-02-01", "2027-02-08", "2027-02-15")
REMARK = [
    "warning[plan.one-series]: Several meetings could be one series",
    " --> meetings.yaml:4:3",
    (
        "  = 5 single meetings of a@example.com differ only by their day: `standup-1`, `standup-2`, "
        "`standup-3` and 2 more. As one series, with one join link, they cost 1 request instead of 5."
    ),
    (
        "  = hint: Keep `standup-1`, add `repeat: {every: week, on: mon, times: 6}` and "
        "`exceptions: {2027-01-25: skip}`, and remove the other 4."
    ),
]


def standup(number: int, day: str, more: str = "") -> str:
    return f"  standup-{number}:\n    topic: Standup\n    start_time: {day} 09:00\n{more}"


@pytest.fixture(autouse=True)
def spec(shell: Shell) -> None:
    shell.write("meetings.yaml", HEAD + "".join(standup(number, day) for number, day in enumerate(DAYS, 1)))


def test_a_plan_remarks_them_once(shell: Shell) -> None:
    out = shell.sandbox("plan").out

    assert out[out.index("warning") : out.index("\nPlan:")].splitlines() == REMARK


def test_its_lines_make_one_series_of_the_same_dates(shell: Shell) -> None:
    """Five requests become one, and every day stays as it was."""
    before = shell.sandbox("calendar", "--from", "2027-01-01", "--format", "json").rows[0]["dates"]
    hint = shell.sandbox("plan").out.partition("hint: Keep")[2]
    lines = [f"    {line}\n" for line in re.findall(r"`((?:repeat|exceptions): [^`]*)`", hint)]
    shell.write("meetings.yaml", HEAD + standup(1, DAYS[0], "".join(lines)))

    after = shell.sandbox("calendar", "--from", "2027-01-01", "--format", "json").rows[0]["dates"]
    plan = shell.sandbox("plan").out

    assert [each["start_at"] for each in after] == [each["start_at"] for each in before]
    assert "1 planned" in plan
    assert "warning" not in plan


def test_a_series_that_clashes_with_all_of_them_is_told_once(shell: Shell) -> None:
    """In validate, which has the clock of the machine, and in plan."""
    today = datetime.now(UTC).date()
    days = [str(today + timedelta(days=7 * week - today.weekday())) for week in range(2, 7)]
    weekly = f"  sync: {{topic: Sync, start_time: {days[0]} 09:00, repeat: {{every: week, on: mon}}}}\n"
    singles = "".join(standup(number, day) for number, day in enumerate(days, 1))
    shell.write("meetings.yaml", HEAD + singles + weekly)

    documents = [
        shell("validate", "--format", "json"),
        shell("plan", "--sandbox", "--format", "json"),
    ]

    found = [
        each["detail"]
        for document in documents
        for each in json.loads(document.out)["diagnostics"]
        if each["code"] == "calendar.double-booked"
    ]
    concerns = " It concerns `standup-1`, `standup-2`, `standup-3`, `standup-4` and `standup-5`."
    assert [detail.endswith(concerns) for detail in found] == [True, True]
