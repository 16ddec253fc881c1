"""Hints for fields that people expect: what they show is accepted when pasted."""

from __future__ import annotations

import re

import pytest

from reconciler.spec import spec
from reconciler.spec.schema.hints.features import IN_A_MEETING, IN_SETTINGS
from reconciler.spec.settings import Settings
from reconciler.spec.settings import parse as parse_settings
from reconciler.spec.yaml.document import Source

BODY = "host: a@example.com\n    topic: Review\n    timezone: UTC\n    start_time: 2027-01-11T10:00:00"
HINTS = sorted({*IN_A_MEETING.values()})


def hint_for(text: str) -> str:
    """The hint of the one finding about a spec."""
    (finding,) = spec.parse([Source("m.yaml", text.encode())], Settings()).diagnostics
    assert (finding.code, finding.span is not None) == ("spec.unknown-field", True)
    return finding.hint


def meeting(line: str) -> str:
    return f"version: 1\nmeetings:\n  review:\n    {BODY}\n    {line}\n"


def shown(hint: str) -> list[str]:
    """The fields of a meeting that a hint shows, each as it is pasted."""
    marked = re.findall(r"`([a-z_]+: [^`…]*)`", hint)
    return [each for each in marked if each != "use: NAME" and not each.startswith(("closures: ", "skip: "))]


@pytest.mark.parametrize("hint", [hint for hint in HINTS if shown(hint)])
def test_what_a_hint_shows_is_accepted(hint: str) -> None:
    """No finding says that a field is unknown, or is of another form."""
    for line in shown(hint):
        body = meeting(line)
        name = line.partition(":")[0]
        if name in BODY:
            body = (
                re.sub(rf"\n    {name}: [^\n]*", "", body, count=1) if body.count(f" {name}:") > 1 else body
            )
        found = spec.parse([Source("m.yaml", body.encode())], Settings()).diagnostics
        assert [each.code for each in found if each.code.startswith(("spec.", "yaml."))] == [], (line, found)


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("except: [2027-04-05]", "`exceptions: {2027-04-05: skip}`"),
        ("exclude: [2027-04-05]", "`exceptions: {2027-04-05: skip}`"),
        ("repeat: {every: week, on: mon, exdate: 20270405}", "`exceptions: {2027-04-05: skip}`"),
        ("end_time: 2027-01-11T11:00:00", "`duration: 45m`"),
        ("until: 2027-06-30", "`repeat: {every: week, on: mon, until: 2027-06-30}`"),
        ("alternative_hosts: [ada@example.com]", "`alternative_hosts` belongs under `settings`."),
        ("co_hosts: [ada@example.com]", "`settings: {alternative_hosts: [grace@example.com]}`"),
        ("settings: {host_key: 123456}", "The host key belongs to the user in Zoom, not to a meeting"),
        ("host_key: 123456", "The host key belongs to the user in Zoom, not to a meeting"),
        ("owner: platform-team", "is its `host: ada@example.com`"),
        ("organizer: ada@example.com", "is its `host: ada@example.com`"),
        ("guests: [ada@example.com]", "sends no invitations"),
        ("location: Room 1", "has no place"),
        ("tags: [platform]", "`tracking_fields: "),
        ("enabled: false", "prints the line for `removed`"),
        ("extends: base", "`use: NAME`"),
        ("weekly: mon", "`repeat: {every: week, on: mon}`"),
        ("all_day: true", "`duration: 24h`"),
        ("join_link: https://zoom.example/j/1", "`reconciler links`"),
        ("settings: {lobby: true}", "`settings.waiting_room`"),
        ("settings: {recording: cloud}", "`auto_recording`"),
    ],
)
def test_a_field_that_people_expect_is_answered_by_what_is_possible(line: str, words: str) -> None:
    assert words in hint_for(meeting(line))


@pytest.mark.parametrize(
    ("section", "words"),
    [
        ("holidays: [2027-04-05]", "`closures: {berlin: [2027-04-05]}`"),
        ("budget: {daily_limit: 50}", "reconciler.yaml"),
        ("include: [more.yaml]", "Every file that `specs` in reconciler.yaml names is read"),
    ],
)
def test_a_section_is_answered_by_its_place(section: str, words: str) -> None:
    assert words in hint_for(f"version: 1\nmeetings: {{}}\n{section}\n")


@pytest.mark.parametrize("section", sorted(IN_SETTINGS))
def test_what_is_declared_does_not_belong_into_the_settings(section: str) -> None:
    (finding,) = parse_settings(Source("reconciler.yaml", f"{section}: {{}}\n".encode())).diagnostics

    assert (finding.code, finding.hint) == (
        "settings.unknown-field",
        "It belongs into a spec, such as meetings.yaml.",
    )
