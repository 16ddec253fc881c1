"""Hosts whose addresses change, who leave, and whose meetings are handed over, as a team meets it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from builders import WEEKLY
from listening import Requests
from shell import NOW
from varied import Zoom

if TYPE_CHECKING:
    from shell import Shell

ANNA, BOB, CARL = "anna@example.com", "bob@example.com", "carl@example.com"
AT = ("--sandbox", "--sandbox-now", NOW)
PLAN = ("plan", *AT)
APPLY = ("apply", *AT, "--auto-approve")
IF_REFUSED = (
    "if Zoom refuses the handover, the meeting stays with its host, and apply says what to do; "
    "if Zoom has the new host already, nothing is sent for it"
)
NO_CHANGES = "No changes. Compared with what was last applied; drift asks Zoom.\n"
REFRESHED = "No changes. Compared with what was last applied and with what Zoom says now.\n"


def declare(shell: Shell, host: str, **attributes: str) -> None:
    """Declare one series for `host`."""
    declared = {"weekly": {"host": host, **WEEKLY, **attributes}}
    shell.write("meetings.yaml", json.dumps({"version": 1, "meetings": declared}))


@pytest.fixture
def zoom(shell: Shell) -> Zoom:
    """An account in which Anna has the series."""
    declare(shell, ANNA)
    assert shell(*APPLY).status == 0
    return Zoom(shell.folder)


@pytest.fixture
def requests(zoom: Zoom, monkeypatch: pytest.MonkeyPatch) -> Requests:
    del zoom
    return Requests(monkeypatch)


def in_zoom(shell: Shell, zoom: Zoom) -> tuple[str, str, str]:
    """The host and topic in Zoom, and the recorded host."""
    record = shell.recorded().meetings["weekly"]
    document = zoom.meeting(record.id).document
    return document["host_email"], document["topic"], record.host


NEW = "anna.new@example.com"
LINKS_STAY = "its meetings and their join links stay."


def test_a_renamed_account_is_the_same_host(shell: Shell, zoom: Zoom, requests: Requests) -> None:
    """The refreshed plan has the topic alone; apply notes the new name and sends the topic."""
    zoom.admin(rename={ANNA: NEW})
    declare(shell, NEW, topic="Team weekly (EU)")
    requests.clear()
    before = shell.ids()

    plan = shell("plan", *AT, "--refresh", "--format", "json")
    ran = shell(*APPLY, "--refresh")

    (step,) = json.loads(plan.out)["steps"]
    assert (step["action"], step["status"], [change["path"] for change in step["changes"]]) == (
        "update",
        "now",
        ["topic"],
    )
    assert json.loads(plan.out)["diagnostics"] == []
    assert (ran.status, requests.changing(before)) == (0, {("PATCH", "weekly"): 1})
    assert (in_zoom(shell, zoom), shell.ids()) == ((NEW, "Team weekly (EU)", NEW), before)
    assert (shell(*PLAN).out, shell("plan", *AT, "--refresh").out) == (NO_CHANGES, REFRESHED)


def test_a_renamed_account_needs_no_request(shell: Shell, zoom: Zoom, requests: Requests) -> None:
    """Without a refresh the plan says what it cannot know; with one it has nothing to do."""
    zoom.admin(rename={ANNA: NEW})
    declare(shell, NEW)
    requests.clear()

    blind, seen = shell(*PLAN), shell("plan", *AT, "--refresh")
    ran = shell(*APPLY)

    assert "handed over; the join link stays" in blind.out
    assert IF_REFUSED in blind.out
    assert seen.out == REFRESHED
    assert (ran.status, requests.changing(), in_zoom(shell, zoom)) == (
        0,
        {},
        (NEW, "Platform weekly", NEW),
    )
    assert shell(*PLAN).out == NO_CHANGES


def test_a_refresh_alone_records_the_new_name(shell: Shell, zoom: Zoom, requests: Requests) -> None:
    zoom.admin(rename={ANNA: NEW})
    declare(shell, NEW)
    requests.clear()

    ran = shell(*APPLY, "--refresh")

    assert (ran.status, ran.out, requests.changing()) == (0, REFRESHED, {})
    assert (shell.recorded().meetings["weekly"].host, shell(*PLAN).out) == (NEW, NO_CHANGES)


def test_drift_and_doctor_name_the_new_address(shell: Shell, zoom: Zoom) -> None:
    """Before an apply fails at it; what the spec names already is no warning."""
    zoom.admin(rename={ANNA: NEW})

    drifted, checked = shell("drift", *AT, "--format", "json"), shell("doctor", *AT)
    declare(shell, NEW)
    followed = shell("drift", *AT, "--format", "json")

    (warning,) = json.loads(drifted.out)["diagnostics"]
    assert (warning["code"], warning["severity"], warning["detail"], warning["hint"]) == (
        "zoom.host-renamed",
        "warning",
        f"{ANNA} is {NEW} in Zoom now.",
        f"Write `host: {NEW}` in the spec, and in `hosts` of reconciler.yaml; {LINKS_STAY}",
    )
    assert (checked.status, f"{ANNA} is {NEW} in Zoom now" in checked.out) == (1, True)
    assert f"Write `host: {NEW}` in the spec" in checked.out
    assert json.loads(followed.out)["diagnostics"] == []


def test_the_hint_of_drift_about_another_host_is_enough(shell: Shell, zoom: Zoom, requests: Requests) -> None:
    """Plan and apply follow without a refresh; the topic is sent, the link stays, and nobody hints again."""
    zoom.admin(rehost={str(shell.ids()["weekly"]): BOB}, leave=[ANNA])
    drift = shell("drift", *AT)
    declare(shell, BOB, topic="Team weekly (EU)")
    requests.clear()
    before = shell.ids()

    plan, ran, after = shell(*PLAN), shell(*APPLY), shell("plan", *AT, "--refresh")

    assert f"write `host: {BOB}` to follow it there" in drift.out
    assert "handed over; the join link stays" in plan.out
    assert (ran.status, requests.changing(before)) == (0, {("PATCH", "weekly"): 1})
    assert (in_zoom(shell, zoom), shell.ids()) == ((BOB, "Team weekly (EU)", BOB), before)
    assert (after.out, "write `host:" in after.out + after.err) == (REFRESHED, False)


def test_a_refreshed_plan_has_nothing_to_hand_over_once_an_admin_did(shell: Shell, zoom: Zoom) -> None:
    zoom.admin(rehost={str(shell.ids()["weekly"]): BOB}, leave=[ANNA])
    declare(shell, BOB, topic="Team weekly (EU)")

    plan = shell("plan", *AT, "--refresh")

    assert ("handed over" in plan.out, "write `host:" in plan.out + plan.err) == (False, False)
    assert plan.out.count("Team weekly (EU)") == 2


@pytest.mark.parametrize(
    ("attributes", "shown"),
    [({"host": BOB}, "host"), ({"host": ANNA, "schedule_for": BOB}, "schedule_for")],
)
def test_a_host_is_changed_in_place(
    attributes: dict[str, str], shown: str, shell: Shell, zoom: Zoom, requests: Requests
) -> None:
    """By `host` or by `schedule_for`: the plan says that the link stays, and the record follows."""
    declare(shell, **attributes)
    requests.clear()
    before = shell.ids()

    plan = shell(*PLAN)
    ran = shell(*APPLY)

    (line,) = [line for line in plan.out.splitlines() if "handed over" in line]
    assert line.split()[0] == f"{shown}:"
    assert line.endswith("(handed over; the join link stays)")
    assert (ran.status, requests.changing(before)) == (0, {("PATCH", "weekly"): 1})
    assert (in_zoom(shell, zoom), shell.ids()) == ((BOB, "Platform weekly", BOB), before)
    assert (shell(*PLAN).out, shell("plan", *AT, "--refresh").out) == (NO_CHANGES, REFRESHED)
    zoom.admin(leave=[ANNA])
    declare(shell, **attributes, agenda="News")
    assert (shell(*APPLY).status, shell(*PLAN).out) == (0, NO_CHANGES)


def test_a_refused_change_of_host_leaves_everything_as_it_was(shell: Shell, zoom: Zoom) -> None:
    """The error has both remedies; the line that it prints has a new meeting made."""
    zoom.switch(may_be_scheduled_for=False)
    declare(shell, BOB)

    ran = shell(*APPLY)

    line = f"removed: [{{key: weekly, id: {shell.ids()['weekly']}, destroy: true}}]"
    assert (ran.status, in_zoom(shell, zoom)) == (1, (ANNA, "Platform weekly", ANNA))
    assert f"Allow {ANNA} in Zoom to schedule for {BOB}" in ran.out + ran.err
    assert line in ran.out + ran.err
    declared = json.loads((shell.folder / "meetings.yaml").read_text())["meetings"]
    shell.write("meetings.yaml", f"version: 1\nmeetings: {json.dumps(declared)}\n{line}\n")
    assert (shell(*APPLY).status, in_zoom(shell, zoom)) == (0, (BOB, "Platform weekly", BOB))


def test_a_scheduled_meeting_that_was_handed_on_is_followed_by_its_hint(
    shell: Shell, zoom: Zoom, requests: Requests
) -> None:
    declare(shell, ANNA, schedule_for=BOB)
    assert shell(*APPLY).status == 0
    zoom.admin(rehost={str(shell.ids()["weekly"]): CARL}, leave=[BOB])

    drift = shell("drift", *AT)
    declare(shell, ANNA, schedule_for=CARL)
    requests.clear()

    assert f"write `schedule_for: {CARL}` to follow it there" in drift.out
    assert shell("plan", *AT, "--refresh").out == REFRESHED
    assert (shell(*APPLY).status, requests.changing()) == (0, {})
    assert (in_zoom(shell, zoom), shell(*PLAN).out) == ((CARL, "Platform weekly", CARL), NO_CHANGES)
