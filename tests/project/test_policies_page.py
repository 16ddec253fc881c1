"""The page about policies: what it shows is printed, and each of its policies holds what it says."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from paths import ROOT
from walkthrough import blocks, follow

if TYPE_CHECKING:
    from shell import Shell

PAGE = (ROOT / "docs" / "policies.md").read_text(encoding="utf-8")
READY = {
    block.body.split(":", 1)[0].strip(): block.body
    for block in blocks(PAGE)
    if block.language == "yaml" and block.body.startswith("  ")
}
"""The ready policies by name."""

ONE_OFF = "topic: Call, type: 2, start_time: 2027-01-14 10:00"
SERIES = "topic: Call, start_time: 2027-01-14 10:00, repeat: {every: week, on: thu, times: 5}"
ENDLESS = "topic: Call, start_time: 2027-01-14 10:00, repeat: {every: week, on: thu}"

CASES = {
    "board-waiting-room": (
        "meetings/all.yaml",
        f"{ONE_OFF}, host: chair@Board.example.com, settings: {{waiting_room: true}}",
        f"{ONE_OFF}, host: chair@Board.example.com, settings: {{use_pmi: false}}",
    ),
    "customers-not-recorded": (
        "meetings/customers/acme.yaml",
        f"{ONE_OFF}, settings: {{auto_recording: none}}",
        f"{ONE_OFF}, settings: {{auto_recording: cloud}}",
    ),
    "platform-pool": (
        "meetings/platform.yaml",
        f"{ONE_OFF}, host: platform-3@example.com",
        f"{ONE_OFF}, host: platform-10@example.com",
    ),
    "working-hours": (
        "meetings/all.yaml",
        f"{ONE_OFF}, timezone: America/New_York",
        "topic: Call, type: 2, start_time: 2027-01-14 08:30, timezone: America/New_York",
    ),
    "no-end-on-purpose": ("meetings/all.yaml", f"{ENDLESS}, agenda: There is no end.", ENDLESS),
    "passcode-from-environment": (
        "meetings/all.yaml",
        f"{ONE_OFF}, password: {{env: CALL_PASSCODE}}",
        f"{ONE_OFF}, password: abc123",
    ),
    "series-skip-holidays": ("meetings/all.yaml", f"{SERIES}, skip: [berlin]", SERIES),
    "all-hands-protected": ("meetings/all.yaml", f"{ONE_OFF}, protect: true", ONE_OFF),
    "an-hour-at-most": (
        "meetings/all.yaml",
        f"{ONE_OFF}, duration: 1h",
        f"{ONE_OFF}, duration: 90",
    ),
    "stand-in": (
        "meetings/all.yaml",
        f"{SERIES}, settings: {{alternative_hosts: [b@example.com]}}",
        f"{SERIES}, settings: {{waiting_room: true}}",
    ),
}
"""The file, a meeting that fits, and one that breaks the policy, by the policy's name."""

KEYS = {"series-skip-holidays": "berlin-weekly", "all-hands-protected": "all-hands-2027"}


def broken(shell: Shell, name: str, fields: str) -> list[str]:
    """The codes of the findings about one meeting, held to one policy of the page."""
    shell.write("reconciler.yaml", "specs: [meetings/]\npolicies: [policies/]\n")
    shell.write("policies/house.yaml", f"version: 1\npolicies:\n{READY[name]}")
    shell.write(
        CASES[name][0],
        "version: 1\ndefaults: {host: a@example.com, timezone: Europe/Berlin}\n"
        "closures: {berlin: [2027-01-21]}\n"
        f"meetings:\n  {KEYS.get(name, 'call')}: {{{fields}}}\n",
    )
    document = json.loads(shell("validate", "--format", "json").out)
    ours = [each for each in document["diagnostics"] if each["code"].startswith(("policy.", "spec.shape"))]
    assert all(f"Policy `{name}`" in each["detail"] for each in ours)
    return [each["code"] for each in ours]


def test_there_are_ten_and_each_is_tried() -> None:
    assert (len(READY), set(READY)) == (10, set(CASES))


@pytest.mark.parametrize("name", CASES)
def test_a_ready_policy_takes_what_fits_and_refuses_what_does_not(shell: Shell, name: str) -> None:
    _, fits, breaks = CASES[name]

    assert (broken(shell, name, fits), broken(shell, name, breaks)) == ([], ["policy.failed"])


@pytest.mark.parametrize("start", ["2027-01-14 07:59", "2027-01-14 18:00", "2027-01-14T10:00:00Z"])
def test_working_hours_end_in_berlin_too(shell: Shell, start: str) -> None:
    assert broken(shell, "working-hours", f"topic: Call, type: 2, start_time: {start}") == ["policy.failed"]


def test_the_page_prints_what_it_shows(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.chdir(shell.folder)
    for folder in ("policies", "meetings"):
        (shell.folder / folder).mkdir()

    done = follow(PAGE)

    assert [(each.command, each.printed) for each in done] == [(each.command, each.expected) for each in done]
