"""The plan of a command, and what is refused before anything is planned."""

from __future__ import annotations

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
    start_time: 2027-01-11T10:00:00
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
