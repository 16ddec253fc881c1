"""The plan of a command, and what is refused before anything is planned."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from varied import Zoom

if TYPE_CHECKING:
    from shell import Shell

SPEC = """\
version: 1
defaults: {host: a@example.com, timezone: Europe/Berlin}
meetings:
  weekly:
    topic: Weekly
    start_time: 2027-01-11T10:00:00
    repeat: {every: week, on: mon}
  counted:
    topic: Counted
    start_time: 2027-01-11T11:00:00
    repeat: {every: week, on: mon, times: 50}
"""


def test_a_series_without_an_end_is_valid(shell: Shell) -> None:
    shell.write("meetings.yaml", SPEC)

    assert shell("validate").out == "Valid: 2 meetings in 1 file.\n"


LONG = """\
version: 1
meetings:
  community-call:
    host: a@example.com
    topic: Community call
    start_time: 2025-05-29T12:00:00
    timezone: America/New_York
    repeat: {every: week, on: thu, END}
"""


def sent(shell: Shell) -> tuple[str, str]:
    """Start and end of the series that the emulator has."""
    stored = Zoom(shell.folder).meeting(shell.ids()["community-call"]).document
    rule = stored["recurrence"]
    return stored["start_time"], str(rule.get("end_times") or rule["end_date_time"])


@pytest.mark.parametrize(
    ("end", "start_and_end"),
    [
        ("until: 2027-06-30", ("2026-12-03T17:00:00Z", "2027-07-01T03:59:59Z")),
        ("times: 100", ("2026-12-03T17:00:00Z", "21")),
        ("times: 129", ("2026-12-03T17:00:00Z", "50")),
        ("until: 2027-11-17", ("2026-12-03T17:00:00Z", "2027-11-18T04:59:59Z")),
    ],
    ids=["an end years ahead", "a count", "as many as Zoom keeps", "until the last that Zoom keeps"],
)
def test_a_series_that_began_long_ago_counts_from_now_on(
    shell: Shell, end: str, start_and_end: tuple[str, str]
) -> None:
    """A file that keeps its first date needs no renewal until its declared end."""
    shell.write("meetings.yaml", LONG.replace("END", end))

    assert shell("validate").status == 0
    assert shell.sandbox("apply", "--auto-approve").status == 0
    assert sent(shell) == start_and_end
    assert shell.sandbox("drift", "--detailed-exitcode").status == 0
    assert shell.sandbox("plan", "--refresh", "--detailed-exitcode", now="2027-03-01T08:00:00Z").status == 0


BESIDE = """\
version: 1
meetings:
  community-call: {host: a@example.com, topic: Community call, START, timezone: Europe/Berlin, RULE}
"""


@pytest.mark.parametrize(
    ("start", "rule"),
    [
        ("start_time: 2015-05-28T12:00:00", "repeat: {every: week, on: tue}"),
        ("start_time: 2025-05-28T12:00:00", "repeat: {every: 2 weeks, on: tue, until: 2030-01-01}"),
        ("start_time: 2025-05-28T12:00:00", "repeat: {every: month, on: last fri}"),
        ("start_time: 2025-05-28T12:00:00", "repeat: {every: month, on: 31}"),
        (
            "start_time: 2025-05-28T12:00:00",
            'type: 8, recurrence: {type: 2, weekly_days: "3", end_date_time: 2030-01-01T00:00:00Z}',
        ),
        (
            "start_time: 2025-05-28T12:00:00",
            "type: 8, recurrence: {type: 3, monthly_day: 15, end_times: 50}",
        ),
        ("duration: 30", "repeat: {every: week, on: tue}"),
        ("duration: 30", "type: 2"),
    ],
)
def test_no_hint_about_a_start_names_a_day_that_is_past(shell: Shell, start: str, rule: str) -> None:
    """A series that began beside its rule long ago would not begin on its rule today."""
    shell.write("meetings.yaml", BESIDE.replace("START", start).replace("RULE", rule))

    said = shell.sandbox("plan").err

    hints = re.findall(r"hint: (.*)", said)
    days = re.findall(r"\d{4}-\d\d-\d\d", " ".join(hints))
    assert (len(hints), len(days), [day for day in days if day < "2026-12-01"]) == (1, 1, [])


def test_the_start_that_a_hint_names_keeps_the_interval(shell: Shell) -> None:
    """Every second week counts from the declared start."""
    start, rule = "start_time: 2026-11-18T12:00:00", "repeat: {every: 2 weeks, on: tue}"
    shell.write("meetings.yaml", BESIDE.replace("START", start).replace("RULE", rule))

    said = shell.sandbox("plan").err

    assert "hint: Write `on: wed`, or start on 2026-12-01, a Tuesday." in said
