"""Passcodes that break a rule of their host: that key alone is left out, before anything is sent for it."""

from __future__ import annotations

from typing import Any

import pytest
from builders import HOST, meeting, one_off
from engine_world import World, topic

from reconciler.sandbox.faults import Fault

SETTINGS = f"/v2/users/{HOST}/settings"


def world_of(passcode: str, **switches: Any) -> World:
    """A meeting with that passcode in a variable, one with a literal that fits, and one without."""
    world = World(
        meeting("env", one_off(topic="env", password={"env": "TEAM_PASSCODE", "version": 1})),
        topic("fits", password="longer-one", start_time="2027-01-15T15:00:00Z"),
        topic("plain", start_time="2027-01-16T15:00:00Z"),
        **{"passcode_length_min": 8, **switches},
    )
    world.passcodes["TEAM_PASSCODE"] = passcode
    return world


def test_a_passcode_that_breaks_the_rule_is_not_sent() -> None:
    world = world_of("short-1")

    report = world.apply()

    assert (report.failed, sorted(report.done), report.status) == (
        {"env": "passcode.against-rule"},
        ["fits", "plain"],
        1,
    )
    assert (world.charged(), sum(world.used().values()), dict(world.store.state.intents)) == (2, 2, {})
    assert report.text_of("passcode.against-rule") == (
        f"env: the passcode in TEAM_PASSCODE breaks the rule for passcodes of {HOST}: "
        "it must have at least 8 characters. Nothing was sent for this meeting. "
        "Set TEAM_PASSCODE to one with at least 8 characters, and run the same command again."
    )
    world.passcodes["TEAM_PASSCODE"] = "longer-one"
    assert (world.apply().steps, world.plan().has_work) == ([("create", "env")], False)


def test_a_literal_passcode_is_judged_too_and_never_shown() -> None:
    world = World(topic("a", password="short-1"), passcode_length_min=8)

    report = world.apply()

    assert report.failed == {"a": "passcode.against-rule"}
    assert "short-1" not in repr(report.diagnostics)
    assert "Declare one with at least 8 characters" in report.text_of("passcode.against-rule")


def test_the_rule_of_a_host_is_read_once_and_only_if_a_passcode_is_sent() -> None:
    world = world_of("longer-one")
    world.apply()
    asked = world.asked("GET").count(SETTINGS)
    world.account.requests.clear()
    world.declare(topic("plain", duration=30, start_time="2027-01-16T15:00:00Z"))

    assert (asked, world.apply().steps, world.asked("GET").count(SETTINGS)) == (1, [("update", "plain")], 0)


@pytest.mark.parametrize(
    "fault",
    [
        Fault(status=400, body={"code": 4711, "message": "does not contain scopes:[user:read:settings]."}),
        Fault(status=500, body=""),
        Fault(status=200, body={"meeting_security": 5}),
        Fault(cut="before"),
    ],
)
def test_a_rule_that_cannot_be_read_stops_nothing(fault: Fault) -> None:
    """Zoom decides then, as it did before."""
    world = world_of("short-1")
    world.zoom.meet(Fault(
        method="GET", path=SETTINGS, times=9, status=fault.status, body=fault.body, cut=fault.cut
    ))  # fmt: skip

    report = world.apply()

    assert (report.failed, sorted(report.done)) == ({"env": "zoom.validation"}, ["fits", "plain"])


def test_the_rule_is_that_of_the_user_who_gets_the_meeting() -> None:
    world = World(
        topic("a", password="short-1", schedule_for="boss@example.com"),
        per_host={"boss@example.com": {"passcode_length_min": 8}},
    )

    assert world.apply().failed == {"a": "passcode.against-rule"}


def test_an_unchanged_passcode_is_not_judged_again() -> None:
    """It is not sent: a rule that came later refuses nothing."""
    world = World(topic("a", password="short-1"))
    world.apply()
    world.zoom.switch(passcode_length_min=8)
    world.declare(topic("a", password="short-1", duration=30))

    assert world.apply().steps == [("update", "a")]
