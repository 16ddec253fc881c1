"""Documents against their schemas: the quick yes, and the words for a no."""

from __future__ import annotations

import copy
import math
import subprocess
import sys
import time
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from reconciler.errors.diagnostic import UnlocatedDiagnostic
from reconciler.meeting.fields import Field, table
from reconciler.spec.schema.validator import MEETING, compiled_check, is_valid, violations

SECRET = "hunter2secret"


def spec(**meeting: Any) -> dict[str, Any]:
    """A spec file with one meeting, under the key `weekly`."""
    return {"version": 1, "meetings": {"weekly": meeting}}


def told(**meeting: Any) -> tuple[str, ...]:
    """Code, summary, detail and hint of the one finding about a meeting."""
    (finding,) = violations("meetings", meeting, MEETING)
    return (finding.code, finding.summary, finding.detail, finding.hint)


def fitting(field: Field) -> Any:
    """A value that the field takes."""
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
    """A meeting that declares every field which create takes."""
    body: dict[str, Any] = {}
    for path, field in table().items():
        if field.create:
            *parents, name = path.split(".")
            place = body
            for parent in parents:
                place = place[parent.removesuffix("[]")]
                place = place[0] if isinstance(place, list) else place
            place[name] = [{}] if field.items == "object" else fitting(field)
    return body


def test_a_meeting_may_declare_every_field_that_create_takes() -> None:
    """With host and protect beside them."""
    document = spec(host="a@example.com", protect=True, **whole_body())

    assert violations("meetings", document) == ()
    assert is_valid("meetings", document)


@pytest.mark.parametrize(
    "path", [path for path, field in table().items() if field.create and "[]" not in path]
)
def test_null_is_taken_for_every_field_outside_of_lists(path: str) -> None:
    """It removes what a default gave."""
    meeting: Any = None
    for step in reversed(path.split(".")):
        meeting = {step: meeting}

    assert compiled_check("meetings", MEETING)(meeting)
    assert is_valid("reconciler", {"defaults": meeting})


def test_a_whole_file_is_taken() -> None:
    """Every section that a spec file may have."""
    document = spec(topic="Weekly", password={"env": "PASSCODE", "version": 1}) | {
        "defaults": {"host": "me", "settings": {"waiting_room": None}},
        "moved": [{"from": "old", "to": "weekly"}],
        "imports": [{"id": 81234567890, "to": "sig.apps_1-x"}],
        "removed": [{"key": "retro", "id": 81111111111, "destroy": False}],
    }

    assert is_valid("meetings", document)


def test_the_settings_file_is_taken() -> None:
    document = {
        "specs": ["meetings/"],
        "state": "s3://bucket/meetings.json",
        "budget": {"daily_limit": 100, "reserve": 10, "pace": 2.5},
        "hosts": {"a@example.com": {}, "b@example.com": {"daily_limit": 50, "reserve": 0}},
        "defaults": {"settings": {"waiting_room": True}},
    }

    assert is_valid("reconciler", document)


WRONG: dict[str, tuple[dict[str, Any], tuple[str, str, str, str]]] = {
    "a misspelt field": (
        {"settings": {"wating_room": True}},
        ("spec.unknown-field", "`settings` has no field `wating_room`", "", "Did you mean `waiting_room`?"),
    ),
    "a field of settings outside of them": (
        {"waiting_room": True},
        (
            "spec.unknown-field",
            "The meeting has no field `waiting_room`",
            "",
            "`waiting_room` belongs under `settings`.",
        ),
    ),
    "a field of the meeting inside settings": (
        {"settings": {"topic": "Weekly"}},
        (
            "spec.unknown-field",
            "`settings` has no field `topic`",
            "",
            "`topic` belongs in the meeting itself.",
        ),
    ),
    "another program's word": (
        {"title": "Weekly"},
        ("spec.unknown-field", "The meeting has no field `title`", "", "Did you mean `topic`?"),
    ),
    "a misspelt field at the wrong place": (
        {"wating_rooom": True},
        (
            "spec.unknown-field",
            "The meeting has no field `wating_rooom`",
            "",
            "Did you mean `settings.waiting_room`?",
        ),
    ),
    "a name that could be anywhere": (
        {"settings": {"enable": True}},
        ("spec.unknown-field", "`settings` has no field `enable`", "", ""),
    ),
    "a stray key of a small mapping": (
        {"settings": {"breakout_room": {"xyz": 1}}},
        (
            "spec.unknown-field",
            "`settings.breakout_room` has no field `xyz`",
            "",
            "Known here: enable, rooms.",
        ),
    ),
    "what Zoom answers": (
        {"join_url": "https://example.com"},
        ("spec.unknown-field", "The meeting has no field `join_url`", "Zoom sets it.", "Leave it out."),
    ),
    "the id of a meeting": (
        {"id": 81234567890},
        (
            "spec.unknown-field",
            "The meeting has no field `id`",
            "Zoom sets it.",
            "A meeting that exists already goes under `imports`: {id: ID, to: KEY}.",
        ),
    ),
    "what only update takes": (
        {"settings": {"custom_keys": []}},
        (
            "spec.update-only",
            "`settings` has no field `custom_keys`",
            "Zoom takes it when a meeting is changed, not when it is made.",
            "Leave it out.",
        ),
    ),
    "a number in quotes": (
        {"duration": "45"},
        (
            "spec.wrong-type",
            "`duration` expects a whole number, got text",
            'It is "45".',
            "Write 45 without quotes.",
        ),
    ),
    "words for a number": (
        {"duration": "an hour"},
        ("spec.wrong-type", "`duration` expects a whole number, got text", 'It is "an hour".', ""),
    ),
    "a fraction": (
        {"duration": 45.5},
        (
            "spec.wrong-type",
            "`duration` expects a whole number, got a number with a fraction",
            "It is 45.5.",
            "",
        ),
    ),
    "words for a value with a meaning": (
        {"recurrence": {"type": "weekly"}},
        (
            "spec.wrong-type",
            "`recurrence.type` expects a whole number, got text",
            'It is "weekly".',
            "It is one of 1 (days), 2 (weeks), 3 (months).",
        ),
    ),
    "yes for true": (
        {"settings": {"waiting_room": "yes"}},
        (
            "spec.wrong-type",
            "`settings.waiting_room` expects true or false, got text",
            'It is "yes".',
            "Write true, without quotes.",
        ),
    ),
    "0 for false": (
        {"protect": 0},
        (
            "spec.wrong-type",
            "`protect` expects true or false, got a whole number",
            "It is 0.",
            "Write false, without quotes.",
        ),
    ),
    "neither true nor false": (
        {"protect": "perhaps"},
        (
            "spec.wrong-type",
            "`protect` expects true or false, got text",
            'It is "perhaps".',
            "Write true or false.",
        ),
    ),
    "a number for text": (
        {"recurrence": {"weekly_days": 2}},
        (
            "spec.wrong-type",
            "`recurrence.weekly_days` expects text, got a whole number",
            "It is 2.",
            'Put it in quotes: "2".',
        ),
    ),
    "true for text": (
        {"topic": True},
        (
            "spec.wrong-type",
            "`topic` expects text, got true or false",
            "It is true.",
            'Put it in quotes: "true".',
        ),
    ),
    "a list for text with separators": (
        {"settings": {"alternative_hosts": ["a@example.com"]}},
        (
            "spec.wrong-type",
            "`settings.alternative_hosts` expects text, got a list",
            "",
            'Write one text with ";" between the parts.',
        ),
    ),
    "a mapping for text": (
        {"topic": {}},
        ("spec.wrong-type", "`topic` expects text, got a mapping", "", ""),
    ),
    "text for a list": (
        {"tracking_fields": "x"},
        (
            "spec.wrong-type",
            "`tracking_fields` expects a list, got text",
            'It is "x".',
            "Write a list: one entry a line, each begun with `- `.",
        ),
    ),
    "a list for a mapping": (
        {"settings": [{"waiting_room": True}]},
        (
            "spec.wrong-type",
            "`settings` expects a mapping, got a list",
            "",
            "Write its fields under it, without `- `.",
        ),
    ),
    "text for an entry": (
        {"settings": {"meeting_invitees": ["a@example.com"]}},
        (
            "spec.wrong-type",
            "`settings.meeting_invitees[0]` expects a mapping, got text",
            'It is "a@example.com".',
            "Begin the entry with `email: `.",
        ),
    ),
    "nothing inside a list": (
        {"settings": {"meeting_invitees": [{"email": None}]}},
        (
            "spec.wrong-type",
            "`settings.meeting_invitees[0].email` expects text, got nothing",
            "",
            "Delete the line, or give it a value.",
        ),
    ),
    "an entry that lacks what it needs": (
        {"tracking_fields": [{"value": "x"}]},
        (
            "spec.missing",
            "`tracking_fields[0].field` is missing",
            "",
            "The label of a tracking field that the account has.",
        ),
    ),
    "a value that is not allowed": (
        {"recurrence": {"type": 4}},
        (
            "spec.not-allowed-value",
            "`recurrence.type` cannot be 4",
            "It is one of 1 (days), 2 (weeks), 3 (months).",
            "",
        ),
    ),
    "a misspelt value": (
        {"settings": {"auto_recording": "clod"}},
        (
            "spec.not-allowed-value",
            '`settings.auto_recording` cannot be "clod"',
            "It is one of local (onto the host's computer), cloud (into Zoom's cloud), none (not at all).",
            "Did you mean `cloud`?",
        ),
    ),
    "a value out of its range": (
        {"duration": 2000},
        ("spec.out-of-range", "`duration` must be from 1 to 1440, is 2000", "", ""),
    ),
    "an interval below its range": (
        {"recurrence": {"repeat_interval": 0}},
        ("spec.out-of-range", "`recurrence.repeat_interval` must be from 1 to 99, is 0", "", ""),
    ),
    "a long text": (
        {"topic": "x" * 250},
        ("spec.too-long", "`topic` has 250 characters, at most 200 fit", "", "Take away 50."),
    ),
    "a list that is too short": (
        {"settings": {"auto_add_recording_to_video_management": {"channels": []}}},
        (
            "spec.wrong-count",
            (
                "`settings.auto_add_recording_to_video_management.channels` has 0 entries,"
                " at least 1 must be there"
            ),
            "",
            "",
        ),
    ),
    "a list that is too long": (
        {"settings": {"sign_language_interpretation": {"interpreters": [{}] * 21}}},
        (
            "spec.wrong-count",
            "`settings.sign_language_interpretation.interpreters` has 21 entries, at most 20 fit",
            "",
            "",
        ),
    ),
    "a time without T": (
        {"start_time": "2027-01-11 10:00"},
        (
            "spec.wrong-form",
            "`start_time` is not written as it must be",
            'It is "2027-01-11 10:00".',
            "Write it like 2027-01-11T10:00:00, or with Z at the end for UTC.",
        ),
    ),
    "a time with an offset": (
        {"start_time": "2027-01-11T10:00:00+01:00"},
        (
            "spec.wrong-form",
            "`start_time` is not written as it must be",
            'It is "2027-01-11T10:00:00+01:00".',
            "Zoom takes no offset: write the instant in UTC with Z at the end, or wall time and `timezone`.",
        ),
    ),
    "a time with a newline": (
        {"start_time": "2027-01-11T10:00:00\n"},
        (
            "spec.wrong-form",
            "`start_time` is not written as it must be",
            'It is "2027-01-11T10:00:00\\n".',
            "Write it like 2027-01-11T10:00:00, or with Z at the end for UTC.",
        ),
    ),
    "a host with a blank": (
        {"host": "a b"},
        (
            "spec.wrong-form",
            "`host` is not written as it must be",
            'It is "a b".',
            "A host is an e-mail or a user id, without blanks or slashes.",
        ),
    ),
    "a number for a passcode": (
        {"password": 73014711},
        (
            "spec.wrong-type",
            "`password` expects text or a mapping, got a whole number",
            "",
            "Write text in quotes, or a reference such as {env: LAUNCH_PASSCODE, version: 1}.",
        ),
    ),
    "a passcode where a variable's name belongs": (
        {"password": {"env": SECRET, "version": 1}},
        (
            "spec.wrong-form",
            "`password.env` is not written as it must be",
            "It is a text of 13 characters.",
            "Name an environment variable that has PASSCODE in its name, such as LAUNCH_PASSCODE.",
        ),
    ),
    "a reference without its version": (
        {"password": {"env": "LAUNCH_PASSCODE"}},
        ("spec.missing", "`password.version` is missing", "", "Add `version: 1`."),
    ),
    "a version below 1": (
        {"password": {"env": "LAUNCH_PASSCODE", "version": 0}},
        ("spec.out-of-range", "`password.version` must be 1 or more", "", ""),
    ),
}


@pytest.mark.parametrize("case", WRONG)
def test_a_wrong_meeting_is_told_in_words(case: str) -> None:
    """What is wrong, what is there, what to write."""
    meeting, expected = WRONG[case]

    assert told(**meeting) == expected


WRONG_FILES: dict[str, tuple[str, Any, UnlocatedDiagnostic]] = {
    "no version": (
        "meetings",
        {"meetings": {}},
        UnlocatedDiagnostic(("version",), "spec.missing", "", "Add `version: 1`."),
    ),
    "another version": (
        "meetings",
        {"version": 2},
        UnlocatedDiagnostic(("version",), "spec.not-allowed-value", "It must be 1."),
    ),
    "an empty section": (
        "meetings",
        {"version": 1, "meetings": None},
        UnlocatedDiagnostic(
            ("meetings",),
            "spec.wrong-type",
            "",
            "Delete the line, or write {}.",
        ),
    ),
    "an empty meeting": (
        "meetings",
        {"version": 1, "meetings": {"weekly": None}, "defaults": {}},
        UnlocatedDiagnostic(
            ("meetings", "weekly"),
            "spec.wrong-type",
            "",
            "Delete the line, or write {}.",
        ),
    ),
    "a key with a blank": (
        "meetings",
        {"version": 1, "meetings": {"my meeting!": {}}},
        UnlocatedDiagnostic(
            ("meetings", "my meeting!"),
            "spec.bad-key",
            "A key is made of letters, digits, `.`, `_` and `-`.",
            "Write `my-meeting`.",
            on_key=True,
        ),
    ),
    "a section nobody knows": (
        "meetings",
        {"version": 1, "meeting": {}},
        UnlocatedDiagnostic(
            ("meeting",),
            "spec.unknown-field",
            "",
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
            "",
            "Did you mean `settings`?",
            on_key=True,
        ),
    ),
    "not a mapping": (
        "meetings",
        5,
        UnlocatedDiagnostic((), "spec.wrong-type", "It is 5."),
    ),
    "an id in quotes": (
        "meetings",
        {"version": 1, "imports": [{"id": "812", "to": "a"}]},
        UnlocatedDiagnostic(
            ("imports", 0, "id"),
            "spec.wrong-type",
            'It is "812".',
            "Write 812 without quotes.",
        ),
    ),
    "a removal that does not say how": (
        "meetings",
        {"version": 1, "removed": [{"key": "a", "id": 1}]},
        UnlocatedDiagnostic(
            ("removed", 0, "destroy"),
            "spec.missing",
            "",
            "Add `destroy: true` to end the meeting, or `destroy: false` to leave it in Zoom.",
        ),
    ),
    "a pace nobody knows": (
        "reconciler",
        {"budget": {"pace": "por"}},
        UnlocatedDiagnostic(
            ("budget", "pace"),
            "settings.not-allowed-value",
            "It is free, pro, business, or requests a second, above 0.",
            "Did you mean `pro`?",
        ),
    ),
    "no pace at all": (
        "reconciler",
        {"budget": {"pace": 0}},
        UnlocatedDiagnostic(
            ("budget", "pace"),
            "settings.not-allowed-value",
            "It is free, pro, business, or requests a second, above 0.",
        ),
    ),
    "a list of paces": (
        "reconciler",
        {"budget": {"pace": ["pro"]}},
        UnlocatedDiagnostic(
            ("budget", "pace"),
            "settings.not-allowed-value",
            "It is free, pro, business, or requests a second, above 0.",
        ),
    ),
    "a host with a blank": (
        "reconciler",
        {"hosts": {"a b": {}}},
        UnlocatedDiagnostic(
            ("hosts", "a b"),
            "settings.bad-key",
            "A host is an e-mail or a user id, without blanks or slashes.",
            on_key=True,
        ),
    ),
    "a budget below nothing": (
        "reconciler",
        {"budget": {"daily_limit": -1}},
        UnlocatedDiagnostic(
            ("budget", "daily_limit"),
            "settings.out-of-range",
        ),
    ),
    "a state nowhere": (
        "reconciler",
        {"state": ""},
        UnlocatedDiagnostic(("state",), "settings.empty", "", "Give it a value, or delete the line."),
    ),
}


@pytest.mark.parametrize("case", WRONG_FILES)
def test_a_wrong_file_is_told_with_its_place(case: str) -> None:
    """The path leads to the value, to the surplus key, or to where something is missing."""
    name, document, expected = WRONG_FILES[case]

    assert violations(name, document) == (expected,)
    assert not is_valid(name, document)


def test_everything_is_found_in_one_run() -> None:
    """And each mistake once, although two fields are missing from one entry."""
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
    """Wherever a passcode or a link that holds one was put."""
    wrong = violations("meetings", spec(**meeting))

    texts = [f"{one.code} {one.summary} {one.detail} {one.hint}" for one in wrong]
    assert wrong
    assert [text for text in texts if SECRET in text] == []


def test_a_passcode_in_a_state_is_refused_and_not_shown() -> None:
    """State holds a reference or a hash, never the text."""
    record = {"id": 1, "host": "h", "created_at": None, "observed": {}, "protect": False}
    document = state(meetings={"a": record | {"attributes": {"password": SECRET}}})

    (finding,) = violations("state", document)

    assert finding == UnlocatedDiagnostic(
        ("meetings", "a", "attributes", "password"),
        "state.unfit",
    )


def test_a_broken_state_is_told_without_its_values() -> None:
    """What stands in a state may be anything, a secret too."""
    record = {"id": 1, "host": "h", "created_at": SECRET, "observed": {}, "protect": SECRET, "attributes": {}}
    document = state(meetings={"a": record}, serial=SECRET)

    assert [(one.summary, one.detail) for one in violations("state", document)] == [
        ("`serial` expects a whole number, got text", "It is a text of 13 characters."),
        ("`meetings.a.created_at` does not fit the format", ""),
        ("`meetings.a.protect` expects true or false, got text", "It is a text of 13 characters."),
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
def test_another_major_format_is_no_state_of_ours(version: str) -> None:
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
    """JSON does not tell 45.0 from 45; neither checker does."""
    assert (told_valid(duration=45.0), told_valid(duration=45), told_valid(duration=True)) == (
        True,
        True,
        False,
    )


def told_valid(*, duration: object) -> bool:
    quick = compiled_check("meetings", MEETING)({"duration": duration})
    assert quick == (not violations("meetings", {"duration": duration}, MEETING))
    return quick


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


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.data())
def test_the_gate_and_the_words_agree(data: st.DataObject) -> None:
    """The quick yes is given exactly where nothing is found, whatever stands where."""
    document: Any = {"meeting": whole_body()}
    for _ in range(data.draw(st.integers(1, 3))):
        *parents, last = data.draw(st.sampled_from(places(document["meeting"])[1:]))
        parent = document["meeting"]
        for step in parents:
            parent = parent[step]
        name = data.draw(st.sampled_from([last, "surplus"])) if isinstance(last, str) else last
        parent[name] = copy.deepcopy(data.draw(ODD))

    wrong = violations("meetings", document["meeting"], MEETING)

    assert compiled_check("meetings", MEETING)(document["meeting"]) == (wrong == ())


@settings(max_examples=200, deadline=None)
@given(st.lists(st.sampled_from(["PASSCODE", "\n", *"aZ0._- \r\u2028@/\x1c\x85é٢"]), max_size=4).map("".join))
@example("PASSCODE\n")
@example("a\n")
def test_the_gate_and_the_words_agree_on_patterns(text: str) -> None:
    """Keys, hosts and variable names are where the two speak different dialects of patterns."""
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


def test_many_wrong_meetings_are_told_in_time() -> None:
    """The cost grows with the document and no faster: 500 meetings, each with a typing error of its own."""
    document = {"version": 1, "meetings": {f"m{n}": {f"durration{n}": n} for n in range(500)}}
    start = time.perf_counter()

    wrong = violations("meetings", document)

    assert len(wrong) == 500
    assert time.perf_counter() - start < 5
