"""`--pace` on every verb that sends more than a few requests."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from shell import HOST, ONE, RunResult

if TYPE_CHECKING:
    from shell import Shell

VERBS = [
    ("plan", "--refresh"),
    ("apply", "--refresh", "--auto-approve"),
    ("drift",),
    ("import", "--host", HOST),
]


@pytest.mark.parametrize("verb", VERBS, ids=" ".join)
def test_a_pace_decides_how_fast_requests_are_sent(verb: tuple[str, ...], shell: Shell) -> None:
    """It reaches the client: one that does not exist is refused there, and one that does is used."""
    shell.write("meetings.yaml", ONE)
    shell.sandbox("apply", "--auto-approve")

    refused = shell.sandbox(*verb, "--pace", "fast")
    used = shell.sandbox(*verb, "--pace", "1000")

    assert (refused.status, refused.out, refused.err.splitlines()[0]) == (
        1,
        "",
        "error[settings.pace]: Unknown pace",
    )
    assert used.status == 0


def test_a_plan_that_asks_zoom_nothing_has_no_pace(shell: Shell) -> None:
    shell.write("meetings.yaml", ONE)

    ran = shell.sandbox("plan", "--pace", "pro")

    assert ran == RunResult(
        1,
        "",
        "error[usage.command-line]: The command line cannot be used\n"
        "  = --pace is about the requests of a refresh: give --refresh too.\n"
        "  = hint: `reconciler plan --help` shows its arguments and options, with an example.\n",
    )
