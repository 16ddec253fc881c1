"""Times and days as people read them: in the meeting's own zone, by every verb.

The series is held at eight in Tokyo, which is the evening before in UTC: a day by UTC is always wrong.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
import varied
from shell import HOST, NOW, Shell

if TYPE_CHECKING:
    from pathlib import Path

TOKYO = f"""\
version: 1
defaults: {{host: {HOST}, timezone: Asia/Tokyo}}
meetings:
  tokyo:
    topic: Tokyo
    type: 8
    start_time: 2026-12-11T08:00:00
    duration: 30
    recurrence: {{type: 2, repeat_interval: 1, weekly_days: "6", end_times: 3}}
"""
LAUNCH = """\
  launch:
    topic: Launch
    start_time: 2027-01-14T23:30:00Z
"""
IN_UTC = re.compile(r"Thu (?:10|17|24) Dec|(?:10|17|24) Dec 2026|Thu 14 Jan")
"""Matches the days by UTC."""


@pytest.fixture
def applied(shell: Shell) -> Shell:
    """Return a folder whose meetings exist on the emulator."""
    shell.write("meetings.yaml", TOKYO + LAUNCH)
    assert shell.sandbox("apply", "--auto-approve").status == 0
    return shell


def zoom(folder: Path) -> varied.Zoom:
    return varied.Zoom(folder)


def test_plan_and_apply_name_one_day(shell: Shell) -> None:
    """The comment has UTC too, in a column of its own."""
    shell.write("meetings.yaml", TOKYO + LAUNCH)

    planned = shell.sandbox("plan").out
    comment = shell.sandbox("plan", "--format", "markdown").out
    applied = shell.sandbox("apply", "--auto-approve").out

    assert (
        "    every Friday, 08:00 Asia/Tokyo, 3 times, until 25 Dec 2026, 30 min, next Fri 11 Dec 2026\n"
        in (planned)
    )
    assert "    Fri 15 Jan 2027, 08:30 Asia/Tokyo\n" in planned
    assert "| next | Fri 11 Dec 2026, 08:00 | `Asia/Tokyo` | Thu 10 Dec 2026, 23:00 |" in comment
    assert "next Fri 11 Dec 2026, 08:00 Asia/Tokyo\n" in applied
    assert "next Fri 15 Jan 2027, 08:30 Asia/Tokyo\n" in applied
    assert (IN_UTC.findall(planned), IN_UTC.findall(applied)) == ([], [])


def test_state_and_links_name_the_same_day(applied: Shell) -> None:
    listed = applied.sandbox("state", "list").out
    links = applied.sandbox("links").out
    table = applied.sandbox("links", "--format", "markdown").out

    for shown in (listed, links, table):
        assert "Fri 15 Jan 2027, 08:30 Asia/Tokyo" in shown
        assert "Fri 11 Dec 2026, 08:00 Asia/Tokyo" in shown
        assert IN_UTC.findall(shown) == []


def test_a_change_is_described_in_the_own_zone(applied: Shell) -> None:
    applied.write(
        "meetings.yaml", (TOKYO + LAUNCH).replace("T08:00:00", "T09:15:00").replace(":30:00Z", ":45:00Z")
    )

    planned = applied.sandbox("plan").out
    changed = applied.sandbox("apply", "--auto-approve").out

    assert "time moves from Fri 11 Dec 2026, 08:00 to Fri 11 Dec 2026, 09:15 Asia/Tokyo; " in planned
    assert "time moves from Fri 15 Jan 2027, 08:30 to Fri 15 Jan 2027, 08:45 Asia/Tokyo; " in planned
    assert "next Fri 11 Dec 2026, 09:15 Asia/Tokyo\n" in changed
    assert (IN_UTC.findall(planned), IN_UTC.findall(changed)) == ([], [])


def test_drift_names_the_new_start_in_the_own_zone(applied: Shell) -> None:
    """Zoom answers in UTC."""
    zoom(applied.folder).click("PATCH", f"{applied.ids()['launch']}", {"start_time": "2027-01-14T22:00:00Z"})

    text = applied.sandbox("drift").out
    comment = applied.sandbox("drift", "--format", "markdown").out
    refreshed = applied.sandbox("plan", "--refresh").out

    assert "time moves to Fri 15 Jan 2027, 07:00 Asia/Tokyo" in text
    assert "| in Zoom | Fri 15 Jan 2027, 07:00 Asia/Tokyo |" in comment
    assert "time moves from Fri 15 Jan 2027, 07:00 to Fri 15 Jan 2027, 08:30 Asia/Tokyo" in refreshed
    assert [IN_UTC.findall(shown) for shown in (text, comment, refreshed)] == [[], [], []]


def test_the_end_of_a_series_is_its_local_day(applied: Shell) -> None:
    planned = applied.sandbox("plan")

    assert "tokyo has its last occurrence on 25 Dec 2026." in planned.out + planned.err


def test_what_is_sent_in_utc_is_shown_with_the_own_zone(shell: Shell) -> None:
    """A series whose start is declared in UTC is sent in UTC; people come by its zone."""
    begun = TOKYO.replace("start_time: 2026-12-11T08:00:00", "start_time: 2026-11-26T23:00:00Z")
    shell.write("meetings.yaml", begun.replace("end_times: 3", "end_times: 8"))

    planned = shell.sandbox("plan").out

    assert (
        "1 occurrence is over; sends 2026-12-03 23:00 UTC (Fri 4 Dec 2026, 08:00 Asia/Tokyo), 7 left"
        in planned
    )


def test_a_deletion_names_the_next_start_in_the_own_zone(applied: Shell) -> None:
    number = applied.ids()["tokyo"]
    removed = f"removed:\n  - {{key: tokyo, id: {number}, destroy: true}}\n"
    applied.write("meetings.yaml", f"version: 1\ndefaults: {{host: {HOST}}}\n{removed}")

    text = applied.sandbox("plan").out
    comment = applied.sandbox("plan", "--format", "markdown").out

    assert f"meeting {number}, next Fri 11 Dec 2026, 08:00 Asia/Tokyo\n" in text
    assert "next would be Fri 11 Dec 2026, 08:00 <code>Asia/Tokyo</code>" in comment


def test_a_meeting_that_exists_already_is_named_with_its_own_start(applied: Shell) -> None:
    """Its evidence is compared with the spec, which is written in that zone."""
    applied.sandbox_state.unlink()

    ran = applied.sandbox("apply", "--auto-approve", "--target", "launch")

    assert "('Launch', Fri 15 Jan 2027, 08:30 Asia/Tokyo, created 2026-12-01T08:00:" in ran.out
    assert NOW[:10] in ran.out
