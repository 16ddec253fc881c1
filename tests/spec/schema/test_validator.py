"""Documents against their schemas: the quick check, and the findings of an invalid document."""

from __future__ import annotations

import copy
import math
import os
import subprocess
import sys
from typing import Any

import pytest
from call_count import calls_of
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from reconciler.errors.diagnostic import UnlocatedDiagnostic
from reconciler.meeting.fields import Field, table
from reconciler.spec.schema.hints.features import ONE_HOST
from reconciler.spec.schema.validator import MEETING, compiled_check, is_valid, violations

SECRET = "hunter2secret"


def spec(**meeting: Any) -> dict[str, Any]:
    """A spec file with one meeting, under the key `weekly`."""
    return {"version": 1, "meetings": {"weekly": meeting}}


def finding_of(**meeting: Any) -> tuple[str, str, str]:
    """Code, detail and hint of the one finding about a meeting."""
    (finding,) = violations("meetings", meeting, MEETING)
    return (finding.code, finding.detail, finding.hint)


def valid_value(field: Field) -> Any:
    """A value that the field accepts."""
    if field.enum:
        return field.enum[-1]
    samples = {"string": "text", "integer": 3, "boolean": True, "object": {}, "array": []}
    examples = {
        "start_time": "2027-01-11T10:00:00",
        "recurrence.end_date_time": "2027-04-30T21:59:59Z",
        "recurrence.weekly_days": "2,4",
        "settings.language_interpretation.interpreters[].languages": "US,FR",
        "settings.language_interpretation.interpreters[].interpreter_languages": "English,French",
        "settings.auto_add_recording_to_video_management.channels": [{"channel_id": "c"}],
    }
    return examples.get(field.path, samples[field.type])


def whole_body() -> dict[str, Any]:
    """A meeting that declares every field that a create accepts."""
    body: dict[str, Any] = {}
    for path, field in table().items():
        if field.create:
            *parents, name = path.split(".")
            place = body
            for parent in parents:
                place = place[parent.removesuffix("[]")]
                place = place[0] if isinstance(place, list) else place
            place[name] = [{}] if field.items == "object" else valid_value(field)
    return body


def test_a_meeting_may_declare_every_field_of_a_create() -> None:
    """In addition to host and protect."""
    document = spec(host="a@example.com", protect=True, **whole_body())

    assert violations("meetings", document) == ()
    assert is_valid("meetings", document)


@pytest.mark.parametrize(
    "path", [path for path, field in table().items() if field.create and "[]" not in path]
)
def test_null_is_valid_for_every_field_outside_of_lists(path: str) -> None:
    """Null removes the value of a default."""
    meeting: Any = None
    for step in reversed(path.split(".")):
        meeting = {step: meeting}

    assert compiled_check("meetings", MEETING)(meeting)
    assert is_valid("reconciler", {"defaults": meeting})


def test_a_whole_file_is_valid() -> None:
    """Every section that a spec file may have."""
    document = spec(topic="Weekly", password={"env": "PASSCODE", "version": 1}) | {
        "defaults": {"host": "me", "settings": {"waiting_room": None}},
        "moved": [{"from": "old", "to": "weekly"}],
        "imports": [{"id": 81234567890, "to": "sig.apps_1-x"}],
        "removed": [{"key": "retro", "id": 81111111111, "destroy": False}],
    }

    assert is_valid("meetings", document)


def test_the_settings_file_is_valid() -> None:
    document = {
        "specs": ["meetings/"],
        "state": "s3://bucket/meetings.json",
        "budget": {"daily_limit": 100, "reserve": 10, "pace": 25},
        "hosts": {"a@example.com": {}, "b@example.com": {"daily_limit": 50, "reserve": 0}},
        "defaults": {"settings": {"waiting_room": True}},
    }

    assert is_valid("reconciler", document)


ANY_DURATION = "Write minutes, such as 45, or a length up to a day, such as 45m or 1h30m."

WRONG: dict[str, tuple[dict[str, Any], tuple[str, str, str]]] = {
    "a misspelt field": (
        {"settings": {"wating_room": True}},
        ("spec.unknown-field", "`settings` has no field `wating_room`.", "Did you mean `waiting_room`?"),
    ),
    "a field of settings outside of them": (
        {"waiting_room": True},
        (
            "spec.unknown-field",
            "The meeting has no field `waiting_room`.",
            "`waiting_room` belongs under `settings`.",
        ),
    ),
    "a field of the meeting inside settings": (
        {"settings": {"topic": "Weekly"}},
        ("spec.unknown-field", "`settings` has no field `topic`.", "`topic` belongs in the meeting itself."),
    ),
    "another program's name": (
        {"title": "Weekly"},
        ("spec.unknown-field", "The meeting has no field `title`.", "Did you mean `topic`?"),
    ),
    "a misspelt field at the wrong place": (
        {"wating_rooom": True},
        (
            "spec.unknown-field",
            "The meeting has no field `wating_rooom`.",
            "Did you mean `settings.waiting_room`?",
        ),
    ),
    "a name of several fields": (
        {"settings": {"enable": True}},
        ("spec.unknown-field", "`settings` has no field `enable`.", ""),
    ),
    "an unknown key of a small mapping": (
        {"settings": {"breakout_room": {"xyz": 1}}},
        (
            "spec.unknown-field",
            "`settings.breakout_room` has no field `xyz`.",
            "Known fields: enable, rooms.",
        ),
    ),
    "a field that only Zoom sets": (
        {"join_url": "https://example.com"},
        ("spec.unknown-field", "The meeting has no field `join_url`. Zoom sets it.", "Leave it out."),
    ),
    "the id of a meeting": (
        {"id": 81234567890},
        (
            "spec.unknown-field",
            "The meeting has no field `id`. Zoom sets it.",
            "To adopt an existing meeting, list it under `imports`: {id: ID, to: KEY}.",
        ),
    ),
    "a field of updates only": (
        {"settings": {"custom_keys": []}},
        (
            "spec.update-only",
            "`settings` has no field `custom_keys`. Zoom accepts it in updates only.",
            "Leave it out.",
        ),
    ),
    "a number in quotes": (
        {"recurrence": {"monthly_day": "45"}},
        (
            "spec.wrong-type",
            '`recurrence.monthly_day` expects a whole number, got the text "45".',
            "Write 45 without quotes.",
        ),
    ),
    "words for a number": (
        {"recurrence": {"monthly_day": "an hour"}},
        ("spec.wrong-type", '`recurrence.monthly_day` expects a whole number, got the text "an hour".', ""),
    ),
    "a fraction": (
        {"recurrence": {"monthly_day": 4.5}},
        ("spec.wrong-type", "`recurrence.monthly_day` expects a whole number, got the number 4.5.", ""),
    ),
    "a length in quotes": (
        {"duration": "45"},
        ("spec.wrong-form", '`duration` is "45".', "Write 45 without quotes."),
    ),
    "a length in words": (
        {"duration": "a moment"},
        ("spec.wrong-form", '`duration` is "a moment".', ANY_DURATION),
    ),
    "a length in other words": (
        {"duration": "1 hour 15 min"},
        (
            "spec.wrong-form",
            '`duration` is "1 hour 15 min".',
            "Write `duration: 1h15m`, or `duration: 75` for minutes.",
        ),
    ),
    "a length as on a clock": (
        {"duration": "0:45"},
        (
            "spec.wrong-form",
            '`duration` is "0:45".',
            "Write `duration: 45m`, or `duration: 45` for minutes.",
        ),
    ),
    "a length of more than a day": (
        {"duration": "25h"},
        ("spec.wrong-form", '`duration` is "25h".', "Zoom's longest meeting is a day: `duration: 24h`."),
    ),
    "a length with a fraction": (
        {"duration": 1.5},
        (
            "spec.wrong-type",
            "`duration` expects a whole number or text, got the number 1.5.",
            "Write `duration: 1h30m`, or `duration: 90` for minutes.",
        ),
    ),
    "words for a value with a meaning": (
        {"recurrence": {"type": "weekly"}},
        (
            "spec.wrong-type",
            '`recurrence.type` expects a whole number, got the text "weekly".',
            "Write one of 1 (days), 2 (weeks), 3 (months).",
        ),
    ),
    "yes for true": (
        {"settings": {"waiting_room": "yes"}},
        (
            "spec.wrong-type",
            '`settings.waiting_room` expects true or false, got the text "yes".',
            "Write true, without quotes.",
        ),
    ),
    "0 for false": (
        {"protect": 0},
        (
            "spec.wrong-type",
            "`protect` expects true or false, got the number 0.",
            "Write false, without quotes.",
        ),
    ),
    "neither true nor false": (
        {"protect": "perhaps"},
        (
            "spec.wrong-type",
            '`protect` expects true or false, got the text "perhaps".',
            "Write true or false.",
        ),
    ),
    "a number for text": (
        {"agenda": 2},
        (
            "spec.wrong-type",
            "`agenda` expects text, got the number 2.",
            'Put it in quotes: "2".',
        ),
    ),
    "true for text": (
        {"topic": True},
        ("spec.wrong-type", "`topic` expects text, got true.", 'Put it in quotes: "true".'),
    ),
    "a number among texts": (
        {"settings": {"alternative_hosts": ["a@example.com", 5]}},
        (
            "spec.wrong-type",
            "`settings.alternative_hosts[1]` expects text, got the number 5.",
            'Put it in quotes: "5".',
        ),
    ),
    "a mapping for text": (
        {"topic": {}},
        ("spec.wrong-type", "`topic` expects text, got a mapping.", ""),
    ),
    "text for a list": (
        {"tracking_fields": "x"},
        (
            "spec.wrong-type",
            '`tracking_fields` expects a list, got the text "x".',
            "Write a list: each entry on a line of its own that begins with `- `.",
        ),
    ),
    "a list for a mapping": (
        {"settings": [{"waiting_room": True}]},
        (
            "spec.wrong-type",
            "`settings` expects a mapping, got a list.",
            "Write its fields under it, without `- `.",
        ),
    ),
    "text for an entry": (
        {"settings": {"meeting_invitees": ["a@example.com"]}},
        (
            "spec.wrong-type",
            '`settings.meeting_invitees[0]` expects a mapping, got the text "a@example.com".',
            "Begin the entry with `email: `.",
        ),
    ),
    "nothing inside a list": (
        {"settings": {"meeting_invitees": [{"email": None}]}},
        (
            "spec.wrong-type",
            "`settings.meeting_invitees[0].email` expects text, got nothing.",
            "Delete the line, or give it a value.",
        ),
    ),
    "an entry without a required field": (
        {"tracking_fields": [{"value": "x"}]},
        (
            "spec.missing",
            "`tracking_fields[0].field` is missing.",
            "The label of a tracking field that the account has.",
        ),
    ),
    "a value that is not allowed": (
        {"recurrence": {"type": 4}},
        (
            "spec.not-allowed-value",
            "`recurrence.type` cannot be 4. It must be one of 1 (days), 2 (weeks), 3 (months).",
            "",
        ),
    ),
    "a misspelt value": (
        {"settings": {"auto_recording": "clod"}},
        (
            "spec.not-allowed-value",
            (
                '`settings.auto_recording` cannot be "clod". '
                "It must be one of local (onto the host's computer), cloud (into Zoom's cloud), "
                "none (not at all)."
            ),
            "Did you mean `cloud`?",
        ),
    ),
    "a value out of its range": (
        {"duration": 2000},
        (
            "spec.out-of-range",
            "`duration` is 2000, but must be from 1 to 1440.",
            "Zoom's longest meeting is a day: `duration: 24h`.",
        ),
    ),
    "an interval below its range": (
        {"recurrence": {"repeat_interval": 0}},
        ("spec.out-of-range", "`recurrence.repeat_interval` is 0, but must be from 1 to 99.", ""),
    ),
    "a long text": (
        {"topic": "x" * 250},
        ("spec.too-long", "`topic` has 250 characters; the maximum is 200.", "Remove 50 characters."),
    ),
    "a list that is too short": (
        {"settings": {"auto_add_recording_to_video_management": {"channels": []}}},
        (
            "spec.wrong-count",
            "`settings.auto_add_recording_to_video_management.channels` has 0 entries; the minimum is 1.",
            "",
        ),
    ),
    "a list that is too long": (
        {"settings": {"sign_language_interpretation": {"interpreters": [{}] * 21}}},
        (
            "spec.wrong-count",
            "`settings.sign_language_interpretation.interpreters` has 21 entries; the maximum is 20.",
            "",
        ),
    ),
    "a time with one digit": (
        {"start_time": "2027-1-11 9:30"},
        ("spec.wrong-form", '`start_time` is "2027-1-11 9:30".', "Write `start_time: 2027-01-11 09:30`."),
    ),
    "a time of half a day": (
        {"start_time": "2027-01-11 12pm"},
        ("spec.wrong-form", '`start_time` is "2027-01-11 12pm".', "Write `start_time: 2027-01-11 12:00`."),
    ),
    "a day without a time": (
        {"start_time": "2027-01-11"},
        (
            "spec.wrong-form",
            '`start_time` is "2027-01-11".',
            "Add the time of day: `start_time: 2027-01-11 10:00`.",
        ),
    ),
    "an hour past the day": (
        {"start_time": "2027-01-11 25:00"},
        ("spec.wrong-form", '`start_time` is "2027-01-11 25:00".', "The hour goes from 00 to 23."),
    ),
    "an end with an offset": (
        {"recurrence": {"end_date_time": "2027-01-11T10:00:00+01:00"}},
        (
            "spec.wrong-form",
            '`recurrence.end_date_time` is "2027-01-11T10:00:00+01:00".',
            "Zoom accepts no offset: write the time in UTC with Z at the end.",
        ),
    ),
    "a time with a newline": (
        {"start_time": "2027-01-11T10:00:00\n"},
        (
            "spec.wrong-form",
            '`start_time` is "2027-01-11T10:00:00\\n".',
            "Write `start_time: 2027-01-11 10:00`.",
        ),
    ),
    "a text with an invisible character": (
        {"start_time": "Zürich\u200b"},
        (
            "spec.wrong-form",
            '`start_time` is "Zürich\\u200b".',
            "Write it like 2027-01-11 10:00, or with Z at the end for UTC.",
        ),
    ),
    "a text of control characters": (
        {"start_time": "\0" * 100},
        (
            "spec.wrong-form",
            '`start_time` is "' + "\\x00" * 14 + '\\x0…".',
            "Write it like 2027-01-11 10:00, or with Z at the end for UTC.",
        ),
    ),
    "a host with a blank": (
        {"host": "a b"},
        (
            "spec.wrong-form",
            '`host` is "a b".',
            "A host is an e-mail address or a user id, without spaces or slashes.",
        ),
    ),
    "a host with a name": (
        {"host": "Team <team@example.com>"},
        ("spec.wrong-form", '`host` is "Team <team@example.com>".', "Write `host: team@example.com`."),
    ),
    "a host as a link": (
        {"host": "mailto:team@example.com"},
        ("spec.wrong-form", '`host` is "mailto:team@example.com".', "Write `host: team@example.com`."),
    ),
    "two hosts": (
        {"host": "ada@example.com;bob@example.com"},
        ("spec.wrong-form", '`host` is "ada@example.com;bob@example.com".', ONE_HOST),
    ),
    "a host with two signs": (
        {"host": "team@@example.com"},
        (
            "spec.wrong-form",
            '`host` is "team@@example.com".',
            "A host is an e-mail address or a user id, without spaces or slashes.",
        ),
    ),
    "a variable for a host": (
        {"host": "${ZOOM_HOST}"},
        (
            "spec.wrong-form",
            '`host` is "${ZOOM_HOST}".',
            "A spec has no variables: write the e-mail address itself.",
        ),
    ),
    "a number for a passcode": (
        {"password": 73014711},
        (
            "spec.wrong-type",
            "`password` expects text or a mapping, got a whole number.",
            "Write text in quotes, or a reference such as {env: LAUNCH_PASSCODE, version: 1}.",
        ),
    ),
    "a passcode where a variable's name belongs": (
        {"password": {"env": SECRET, "version": 1}},
        (
            "spec.wrong-form",
            "`password.env` is a text of 13 characters.",
            "Name an environment variable that has PASSCODE in its name, such as LAUNCH_PASSCODE.",
        ),
    ),
    "a reference without its variable": (
        {"password": {"version": 1}},
        (
            "spec.missing",
            "`password.env` is missing.",
            "Add the name of an environment variable: `env: LAUNCH_PASSCODE`.",
        ),
    ),
    "a version below 1": (
        {"password": {"env": "LAUNCH_PASSCODE", "version": 0}},
        ("spec.out-of-range", "`password.version` must be 1 or more.", ""),
    ),
}


@pytest.mark.parametrize("case", WRONG)
def test_a_violation_is_reported_with_detail_and_hint(case: str) -> None:
    """The detail names the field and its value; the hint says what to write."""
    meeting, expected = WRONG[case]

    assert finding_of(**meeting) == expected


PACES = "It must be free, pro, business, or a whole number of requests a second from 1 to 1000."

WRONG_FILES: dict[str, tuple[str, Any, UnlocatedDiagnostic]] = {
    "no version": (
        "meetings",
        {"meetings": {}},
        UnlocatedDiagnostic(("version",), "spec.missing", "`version` is missing.", "Add `version: 1`."),
    ),
    "another version": (
        "meetings",
        {"version": 2},
        UnlocatedDiagnostic(("version",), "spec.not-allowed-value", "`version` cannot be 2. It must be 1."),
    ),
    "an empty section": (
        "meetings",
        {"version": 1, "meetings": None},
        UnlocatedDiagnostic(
            ("meetings",),
            "spec.wrong-type",
            "`meetings` expects a mapping, got nothing.",
            "Delete the line, or write {}.",
        ),
    ),
    "an empty meeting": (
        "meetings",
        {"version": 1, "meetings": {"weekly": None}, "defaults": {}},
        UnlocatedDiagnostic(
            ("meetings", "weekly"),
            "spec.wrong-type",
            "The meeting expects a mapping, got nothing.",
            "Write its fields under it, or delete the line.",
        ),
    ),
    "a key with a blank": (
        "meetings",
        {"version": 1, "meetings": {"my meeting!": {}}},
        UnlocatedDiagnostic(
            ("meetings", "my meeting!"),
            "spec.bad-key",
            "`my meeting!` cannot be a key of `meetings`. "
            "A key consists of letters, digits, `.`, `_` and `-`.",
            "Write `my-meeting`.",
            on_key=True,
        ),
    ),
    "a key with a newline": (
        "meetings",
        {"version": 1, "meetings": {"my\nmeeting": {}}},
        UnlocatedDiagnostic(
            ("meetings", "my\nmeeting"),
            "spec.bad-key",
            "`my\\nmeeting` cannot be a key of `meetings`. "
            "A key consists of letters, digits, `.`, `_` and `-`.",
            "Write `my-meeting`.",
            on_key=True,
        ),
    ),
    "an unknown section": (
        "meetings",
        {"version": 1, "meeting": {}},
        UnlocatedDiagnostic(
            ("meeting",),
            "spec.unknown-field",
            "This file has no field `meeting`.",
            "Did you mean `meetings`?",
            on_key=True,
        ),
    ),
    "a misspelt default": (
        "meetings",
        {"version": 1, "defaults": {"setings": {}}},
        UnlocatedDiagnostic(
            ("defaults", "setings"),
            "spec.unknown-field",
            "`defaults` has no field `setings`.",
            "Did you mean `settings`?",
            on_key=True,
        ),
    ),
    "not a mapping": (
        "meetings",
        5,
        UnlocatedDiagnostic((), "spec.wrong-type", "This file expects a mapping, got the number 5."),
    ),
    "an id in quotes": (
        "meetings",
        {"version": 1, "imports": [{"id": "812", "to": "a"}]},
        UnlocatedDiagnostic(
            ("imports", 0, "id"),
            "spec.wrong-type",
            '`imports[0].id` expects a whole number, got the text "812".',
            "Write 812 without quotes.",
        ),
    ),
    "an id in groups, as Zoom shows it": (
        "meetings",
        {"version": 1, "imports": [{"id": "812 3456 7890", "to": "a"}]},
        UnlocatedDiagnostic(
            ("imports", 0, "id"),
            "spec.wrong-type",
            '`imports[0].id` expects a whole number, got the text "812 3456 7890".',
            "Write `id: 81234567890`.",
        ),
    ),
    "an id with hyphens": (
        "meetings",
        {"version": 1, "imports": [{"id": "812-3456-7890", "to": "a"}]},
        UnlocatedDiagnostic(
            ("imports", 0, "id"),
            "spec.wrong-type",
            '`imports[0].id` expects a whole number, got the text "812-3456-7890".',
            "Write `id: 81234567890`.",
        ),
    ),
    "an id as the end of a link": (
        "meetings",
        {"version": 1, "imports": [{"id": "https://example.zoom.us/j/81234567890", "to": "a"}]},
        UnlocatedDiagnostic(
            ("imports", 0, "id"),
            "spec.wrong-type",
            '`imports[0].id` expects a whole number, got the text "https://example.zoom.us/j/81234567890".',
            "Write `id: 81234567890`.",
        ),
    ),
    "a removal without destroy": (
        "meetings",
        {"version": 1, "removed": [{"key": "a", "id": 1}]},
        UnlocatedDiagnostic(
            ("removed", 0, "destroy"),
            "spec.missing",
            "`removed[0].destroy` is missing.",
            "Add `destroy: true` to delete the meeting in Zoom, or `destroy: false` to leave it there.",
        ),
    ),
    "an unknown pace": (
        "reconciler",
        {"budget": {"pace": "por"}},
        UnlocatedDiagnostic(
            ("budget", "pace"),
            "settings.not-allowed-value",
            f'`budget.pace` cannot be "por". {PACES}',
            "Did you mean `pro`?",
        ),
    ),
    "a pace of zero": (
        "reconciler",
        {"budget": {"pace": 0}},
        UnlocatedDiagnostic(
            ("budget", "pace"),
            "settings.not-allowed-value",
            f"`budget.pace` cannot be 0. {PACES}",
        ),
    ),
    "a list of paces": (
        "reconciler",
        {"budget": {"pace": ["pro"]}},
        UnlocatedDiagnostic(
            ("budget", "pace"),
            "settings.not-allowed-value",
            f"`budget.pace` cannot be a list. {PACES}",
        ),
    ),
    "a host with a blank": (
        "reconciler",
        {"hosts": {"a b": {}}},
        UnlocatedDiagnostic(
            ("hosts", "a b"),
            "settings.bad-key",
            "`a b` cannot be a key of `hosts`. "
            "A host is an e-mail address or a user id, without spaces or slashes.",
            on_key=True,
        ),
    ),
    "a negative budget": (
        "reconciler",
        {"budget": {"daily_limit": -1}},
        UnlocatedDiagnostic(
            ("budget", "daily_limit"),
            "settings.out-of-range",
            "`budget.daily_limit` is -1, but must be 0 or more.",
        ),
    ),
    "an empty state address": (
        "reconciler",
        {"state": ""},
        UnlocatedDiagnostic(
            ("state",), "settings.empty", "`state` is empty.", "Give it a value, or delete the line."
        ),
    ),
}


@pytest.mark.parametrize("case", WRONG_FILES)
def test_a_violation_is_reported_with_its_path(case: str) -> None:
    """The path leads to the value, to the unknown key, or to the place of the missing field."""
    name, document, expected = WRONG_FILES[case]

    assert violations(name, document) == (expected,)
    assert not is_valid(name, document)


def test_all_violations_are_reported_at_once() -> None:
    """Each is reported once, also where two fields are missing from one entry."""
    document = spec(durration=5, type="8", settings={"x": 1}) | {"moved": [{}]}

    assert [(finding.path, finding.code) for finding in violations("meetings", document)] == [
        (("meetings", "weekly", "type"), "spec.wrong-type"),
        (("meetings", "weekly", "settings", "x"), "spec.unknown-field"),
        (("meetings", "weekly", "durration"), "spec.unknown-field"),
        (("moved", 0, "from"), "spec.missing"),
        (("moved", 0, "to"), "spec.missing"),
    ]


@pytest.mark.parametrize(
    "meeting",
    [
        {"password": [SECRET]},
        {"password": {SECRET: None}},
        {"password": {"env": SECRET}},
        {"password": {"env": [SECRET], "version": SECRET}},
        {"passwort": SECRET},
        {"settings": {"password": SECRET}},
        {"settings": {"authentication_exception": [{"join_url": SECRET}]}},
        {"host": f"https://example.com/j/1?pwd={SECRET}"},
    ],
)
def test_no_secret_is_in_any_text(meeting: dict[str, Any]) -> None:
    """Wherever a passcode, or a link with a passcode, is written."""
    found = violations("meetings", spec(**meeting))

    texts = [f"{each.code} {each.summary} {each.detail} {each.hint}" for each in found]
    assert found
    assert [text for text in texts if SECRET in text] == []


def test_a_passcode_in_a_state_is_refused_and_not_shown() -> None:
    """A state holds a reference or a hash, never the passcode."""
    record = {"id": 1, "host": "h", "created_at": None, "observed": {}, "protect": False}
    document = state(meetings={"a": record | {"attributes": {"password": SECRET}}})

    (finding,) = violations("state", document)

    assert (finding.path, finding.code, finding.detail) == (
        ("meetings", "a", "attributes", "password"),
        "spec.unfit",
        "`meetings.a.attributes.password` does not match the schema.",
    )


def test_no_value_of_a_broken_state_is_shown() -> None:
    """Any value of a state may be a secret."""
    record = {"id": 1, "host": "h", "created_at": SECRET, "observed": {}, "protect": SECRET, "attributes": {}}
    document = state(meetings={"a": record}, serial=SECRET)

    assert [finding.detail for finding in violations("state", document)] == [
        "`serial` expects a whole number, got a text of 13 characters.",
        "`meetings.a.created_at` does not match the schema.",
        "`meetings.a.protect` expects true or false, got a text of 13 characters.",
    ]


def state(**parts: Any) -> dict[str, Any]:
    """The smallest state there is."""
    empty: dict[str, Any] = {"meetings": {}, "intents": {}, "retired": [], "usage": {}, "hosts": {}}
    return {"format_version": "1.0", "lineage": "x", "serial": 0, "origin": ""} | empty | parts


def test_a_state_with_one_of_everything_fits() -> None:
    attributes = {"topic": "Weekly", "password": {"scrypt": "SALT$HASH"}}
    document = state(
        meetings={
            "weekly": {
                "id": 81234567890,
                "host": "a@example.com",
                "created_at": "2026-11-22T10:00:00Z",
                "attributes": attributes,
                "observed": {"settings.waiting_room": True},
                "protect": True,
            }
        },
        intents={
            "retro": {
                "action": "create",
                "host": "a@example.com",
                "attributes": {"password": {"env": "A_PASSCODE", "version": 2}},
                "sent": [{"start_time": "2027-02-01T10:00:00", "end_times": 17}],
                "first_begun_at": "2026-11-22T10:00:00Z",
                "begun_at": "2026-11-22T10:00:00.5Z",
                "owner": "run",
            }
        },
        retired=[{"id": 1, "host": "a@example.com", "key": "old"}],
        usage={"2026-11-22": {"a@example.com": 3}},
        hosts={"a@example.com": "KDcuGIm1QgePTO8WbOqwIQ"},
    )

    assert violations("state", document) == ()
    assert is_valid("state", document)


@pytest.mark.parametrize("version", ["2.0", "1", "1.0\n", "1.x"])
def test_a_state_of_another_major_version_is_invalid(version: str) -> None:
    assert not is_valid("state", state(format_version=version))


def test_a_plan_with_one_of_everything_fits() -> None:
    actions = ("create", "update", "replace", "destroy", "resolve", "move", "import", "forget", "keep")
    change = {"path": "duration", "before": 30, "after": 45, "effect": "length changes"}
    position = {"line": 3, "column": 5}
    finding = {
        "severity": "warning",
        "code": "plan.late",
        "summary": "It is late",
        "detail": "",
        "hint": "",
        "key": "weekly",
        "range": {"filename": "meetings.yaml", "start": position, "end": position},
        "snippet": None,
    }
    step = {"key": "weekly", "host": None, "topic": "Weekly", "status": "now", "day": "2026-11-22"}
    document = {
        "format_version": "1.3",
        "tool_version": "0.1.0",
        "digest": "d",
        "lineage": "x",
        "serial": 4,
        "planned_at": "2026-11-22T10:00:00Z",
        "options": {"paths": ["meetings/"], "refresh": False, "targets": []},
        "summary": dict.fromkeys((*actions, "deferred", "withheld", "expired", "late"), 0),
        "steps": [
            step | {"action": action, "requests": 1, "digest": "d", "reasons": [], "changes": [change]}
            for action in actions
        ],
        "budget": [
            {
                "host": "h",
                "day": "2026-11-22",
                "limit": 100,
                "reserve": 10,
                "used": 1,
                "planned": 1,
                "left": 98,
            }
        ],
        "diagnostics": [finding],
    }

    assert violations("plan", document) == ()
    assert is_valid("plan", document)
    assert not is_valid("plan", document | {"steps": [step]})


def test_a_whole_number_may_be_written_with_a_point() -> None:
    """JSON does not distinguish 45.0 from 45; neither checker does."""
    assert [is_valid_duration(duration) for duration in (45.0, 45, True)] == [True, True, False]


def is_valid_duration(duration: object) -> bool:
    is_accepted = compiled_check("meetings", MEETING)({"duration": duration})
    assert is_accepted == (not violations("meetings", {"duration": duration}, MEETING))
    return is_accepted


EXAMPLES = int(os.environ.get("FUZZ_EXAMPLES", "100"))
"""How many documents are tried; `make faults` asks for more."""

ODD = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-2, 70),
    st.sampled_from([10**30, -(2**63), 2**64, 1.0, 8.0, 45.5, -0.0, 1e300, math.pi]),
    st.sampled_from(
        ["", "2", "8", "x\n", "2027-01-11T10:00:00\n", "2027-02-30T10:00:00Z", "٢", "cloud", "a@b"]
    ),
    st.text(max_size=5),
    st.sampled_from(
        [[], [None], {}, {"env": "A_PASSCODE\n", "version": 1}, {"email": "a"}, [{"field": "f"}]]
    ),
)


def places(value: Any, path: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    """The path of every value inside."""
    inside = list(
        value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    )
    return [path, *(place for step, child in inside for place in places(child, (*path, step)))]


@pytest.mark.no_cover
@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.data())
def test_both_checkers_agree(data: st.DataObject) -> None:
    """The quick check accepts exactly the documents without violations, whatever values they have."""
    document: Any = {"meeting": whole_body()}
    for _ in range(data.draw(st.integers(1, 3))):
        *parents, last = data.draw(st.sampled_from(places(document["meeting"])[1:]))
        parent = document["meeting"]
        for step in parents:
            parent = parent[step]
        name = data.draw(st.sampled_from([last, "surplus"])) if isinstance(last, str) else last
        parent[name] = copy.deepcopy(data.draw(ODD))

    found = violations("meetings", document["meeting"], MEETING)

    assert compiled_check("meetings", MEETING)(document["meeting"]) == (found == ())


@settings(max_examples=EXAMPLES, deadline=None)
@given(st.lists(st.sampled_from(["PASSCODE", "\n", *"aZ0._- \r\u2028@/\x1c\x85é٢"]), max_size=4).map("".join))
@example("PASSCODE\n")
@example("a\n")
def test_both_checkers_agree_on_patterns(text: str) -> None:
    """Keys, hosts and variable names have patterns, of which the two checkers read different dialects."""
    documents: tuple[tuple[str, dict[str, Any]], ...] = (
        ("meetings", {"version": 1, "meetings": {text: {}}}),
        ("meetings", spec(host=text)),
        ("meetings", spec(password={"env": text, "version": 1})),
        ("reconciler", {"hosts": {text: {}}}),
    )

    for name, document in documents:
        assert is_valid(name, document) == (violations(name, document) == ())


def test_a_valid_document_does_not_import_jsonschema() -> None:
    """The import takes 90 ms, and only messages need it."""
    program = (
        "import sys; from reconciler.spec.schema import validator;"
        "before = 'jsonschema_rs' in sys.modules;"
        "print(before, validator.is_valid('meetings', {'version': 1}), 'jsonschema' in sys.modules)"
    )

    result = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, timeout=60)

    assert result.stdout == b"False True False\n"


def test_the_cost_of_violations_grows_with_the_document_and_no_faster() -> None:
    def wrong(meetings: int) -> dict[str, object]:
        return {"version": 1, "meetings": {f"m{n}": {f"durration{n}": n} for n in range(meetings)}}

    assert len(violations("meetings", wrong(500))) == 500
    assert calls_of(lambda: violations("meetings", wrong(400))) < 3 * calls_of(
        lambda: violations("meetings", wrong(200))
    )
