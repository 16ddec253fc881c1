"""Plans give the time of new and rescheduled meetings in the zones of the audience."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from shell import Shell

SPEC = """\
version: 1
audience: [America/New_York, Asia/Tokyo]
defaults: {host: a@example.com, timezone: Europe/Berlin, duration: 60}
meetings:
  review: {topic: Review, start_time: 2027-01-14 20:00}
  weekly: {topic: Weekly, start_time: 2027-01-11 10:00, repeat: {every: week, on: mon}}
"""
NEW = """\
+ review "Review" for a@example.com
    Thu 14 Jan 2027, 20:00 Europe/Berlin, 60 min
    Thu 14 Jan 2027, 14:00 America/New_York
    Fri 15 Jan 2027, 04:00 Asia/Tokyo
+ weekly "Weekly" for a@example.com
    every Monday, 10:00 Europe/Berlin, without an end, 60 min, next Mon 11 Jan 2027
    04:00 America/New_York; 14 to 27 Mar 2027 and 31 Oct to 6 Nov 2027: one hour later
    17:00 Asia/Tokyo; 11 Jan to 27 Mar 2027 and 31 Oct 2027 to 10 Jan 2028: one hour later
"""


@pytest.fixture(autouse=True)
def spec(shell: Shell) -> None:
    shell.write("meetings.yaml", SPEC)


def lines(output: str) -> list[str]:
    return [line for line in output.splitlines() if "New_York" in line or "Tokyo" in line]


def test_a_verbose_plan_gives_the_times_of_new_meetings(shell: Shell) -> None:
    assert shell.sandbox("plan", "--verbose").out.startswith(NEW)


def test_a_short_plan_does_not(shell: Shell) -> None:
    assert lines(shell.sandbox("plan").out) == []


def test_markdown_gives_them_as_a_list(shell: Shell) -> None:
    out = shell.sandbox("plan", "--format", "markdown").out

    assert "For the audience:\n\n- Thu 14 Jan 2027, 14:00 `America/New_York`\n- Fri 15 Jan" in out
    assert len(lines(out)) == 4


def test_of_recorded_meetings_only_a_new_time_is_reported(shell: Shell) -> None:
    shell.sandbox("apply", "--auto-approve")
    changed = SPEC.replace("topic: Review", "topic: Another").replace("2027-01-11 10:00", "2027-01-11 11:00")
    shell.write("meetings.yaml", changed)

    assert lines(shell.sandbox("plan", "--verbose").out) == [
        "    05:00 America/New_York; 14 to 27 Mar 2027 and 31 Oct to 6 Nov 2027: one hour later",
        "    18:00 Asia/Tokyo; 11 Jan to 27 Mar 2027 and 31 Oct 2027 to 10 Jan 2028: one hour later",
    ]
