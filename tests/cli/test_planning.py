"""The plan of a command, and what is refused before anything is planned."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

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

REFUSED = """\
error[series.too-many]: More occurrences than Zoom keeps
 --> meetings.yaml:7:5
  |
7 |     repeat: {every: week, on: mon}
  |     ^^^^^^
  = Zoom keeps at most 50 occurrences of a series, and this version cannot extend it in time yet.
  = hint: Write `times: 50` or fewer, or an earlier `until`.
"""


def test_a_series_without_an_end_is_valid(shell: Shell) -> None:
    shell.write("meetings.yaml", SPEC)

    assert shell("validate").out == "Valid: 2 meetings in 1 file.\n"


@pytest.mark.parametrize("command", [("plan",), ("apply", "--auto-approve")])
def test_a_series_that_zoom_cannot_keep_is_refused(shell: Shell, command: tuple[str, ...]) -> None:
    """Nothing is planned, and nothing sent."""
    shell.write("meetings.yaml", SPEC)

    ran = shell.sandbox(*command)

    assert (ran.status, ran.out, ran.err, shell.sandbox_state.exists()) == (1, "", REFUSED, False)
