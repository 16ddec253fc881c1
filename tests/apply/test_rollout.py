"""A rollout that takes three days: the program itself, over an emulator whose clock is moved."""

from __future__ import annotations

import json
from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest
from shell import NOW

if TYPE_CHECKING:
    from shell import Shell

pytestmark = pytest.mark.no_cover

HOSTS = ("north@example.com", "south@example.com")
EACH = 240
"""Meetings of each host: more than two days' budgets."""


def rollout_spec() -> str:
    meetings = {
        f"{host.partition('@')[0]}-{number:03}": {
            "host": host,
            "topic": f"Sitting {number:03} of {host}",
            "type": 2,
            "start_time": f"2027-{1 + number // 120:02}-{1 + number % 28:02}T{8 + number % 10:02}:00:00Z",
            "duration": 30,
        }
        for host in HOSTS
        for number in range(EACH)
    }
    return json.dumps({"version": 1, "meetings": meetings})


def seen(shell: Shell) -> list[dict[str, Any]]:
    """Every meeting that the emulator ever created, as it was created."""
    from reconciler.cli.clock import system_now  # noqa: PLC0415 - the emulator wants one
    from reconciler.sandbox.sandbox import Sandbox  # noqa: PLC0415 - only where it is asked for

    account = Sandbox.open(shell.folder / ".reconciler" / "sandbox", now=None, real_now=system_now).account
    emails = {each.host_id: account.users[each.host_id].email for each in account.all_meetings_ever}
    return [
        {
            "topic": each.document["topic"],
            "host": emails[each.host_id],
            "day": each.document["created_at"][:10],
        }
        for each in account.all_meetings_ever
    ]


def test_480_meetings_for_two_hosts_are_created_in_three_days(shell: Shell) -> None:
    """Never over the limit of a host's day, each exactly once, and on the day of the first forecast."""
    shell.write("meetings.yaml", rollout_spec())
    shell.write(
        ".reconciler/sandbox/switches.json", '{"plan": "off"}'
    )  # no limits per second: it takes days enough
    forecast = json.loads(shell.sandbox("plan", "--format", "json").out)

    statuses = [
        shell.sandbox("apply", "--auto-approve", "--pace", "1000", "--detailed-exitcode", now=now).status
        for now in (NOW, "+1d", "+1d")
    ]
    last = shell("plan", "--sandbox", "--detailed-exitcode")

    made = seen(shell)
    foretold = {step["topic"]: step["day"] for step in forecast["steps"]}
    assert (statuses, last.status, last.out[:11]) == ([3, 3, 0], 0, "No changes.")
    assert max(Counter((each["host"], each["day"]) for each in made).values()) <= 100
    assert Counter(each["topic"] for each in made) == dict.fromkeys(foretold, 1)
    assert {each["topic"]: each["day"] for each in made} == foretold
    assert forecast["summary"] | {"create": 480, "deferred": 300} == forecast["summary"]
