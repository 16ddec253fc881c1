"""Meetings held to policies: which policies apply, what is found, and where."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from reconciler.spec import settings, spec
from reconciler.spec.policies import policies
from reconciler.spec.policies.check import GATES_MAX, PolicyChecker
from reconciler.spec.settings import Settings
from reconciler.spec.tally import LIKE_IT_MAX
from reconciler.spec.yaml.document import Source

if TYPE_CHECKING:
    from reconciler.errors.diagnostic import Diagnostic

HEAD = "version: 1\ndefaults: {host: a@example.com, timezone: Europe/Berlin}\n"
CALL = "{topic: Call, type: 2, start_time: 2027-01-14 10:00}"


def diagnostics(
    rules: str, text: str, filename: str = "m.yaml", own: Settings | None = None
) -> list[Diagnostic]:
    """The findings about one spec that is held to `rules`, the entries of `policies`."""
    read = policies.parse([Source("p.yaml", f"version: 1\npolicies:\n{rules}\n".encode())])
    assert read.diagnostics == ()
    checker = PolicyChecker(read.policies, "/srv")
    return list(
        spec.parse((Source(filename, text.encode()),), own or Settings(), policies=checker).diagnostics
    )


def found(rules: str, text: str, filename: str = "m.yaml") -> list[tuple[str, str | None, str]]:
    """Place, key and detail of each finding of a policy."""
    rows = []
    for each in diagnostics(rules, text, filename):
        assert each.span is not None
        if each.code == "policy.failed":
            place = f"{each.span.filename}:{each.span.start.line}:{each.span.start.column}"
            rows.append((place, each.key, each.detail))
    return rows


def applies(match: str, meetings: str = f"meetings:\n  call: {CALL}\n", filename: str = "m.yaml") -> bool:
    """Whether a policy that nothing fits applies to the meeting."""
    return found(f"  a: {{message: No, match: {match}, require: false}}", HEAD + meetings, filename) != []


@pytest.mark.parametrize(
    ("match", "is_meant"),
    [
        ("{host: a@example.com}", True),
        ("{host: 'A@EXAMPLE.*'}", True),
        ("{host: '*@board.example.com'}", False),
        ("{key: 'c?ll'}", True),
        ("{key: 'Call'}", False),
        ("{topic: 'Ca*'}", True),
        ("{topic: a}", False),
        ("{file: m.yaml}", True),
        ("{file: 'meetings/*'}", False),
        ("{host: 'a@*', key: call, topic: Call, file: m.yaml}", True),
        ("{host: 'a@*', key: call, topic: Other}", False),
        ("{host: 'b@*', key: call}", False),
    ],
)
def test_a_policy_applies_where_all_its_globs_fit(match: str, is_meant: bool) -> None:  # noqa: FBT001 - a column
    assert applies(match) is is_meant


@pytest.mark.parametrize(
    "name", ["meetings/a.yaml", "./meetings/a.yaml", "/srv/meetings/a.yaml", "x/../meetings/a.yaml"]
)
def test_a_file_is_the_same_however_it_is_named(name: str) -> None:
    """A policy that misses its meetings because somebody typed `./` would hold nothing."""
    assert applies("{file: 'meetings/*'}", filename=name)


def test_a_wrong_value_is_found_at_its_field() -> None:
    text = (
        f"{HEAD}meetings:\n  call:\n    topic: Call\n    type: 2\n"
        "    start_time: 2027-01-14 10:00\n    duration: 90\n"
    )

    assert found(
        "  hour: {message: An hour at most., require: {properties: {duration: {maximum: 60}}}}", text
    ) == [
        ("m.yaml:8:15", "call", "Policy `hour`: An hour at most. `duration` is 90, and must be 60 or less.")
    ]


@pytest.mark.parametrize(
    ("requirement", "fact"),
    [
        ("topic: {minLength: 9}", '`topic` is "Call", and must have 9 or more characters.'),
        ("topic: {const: Other}", '`topic` is "Call", and must be "Other".'),
        ("topic: {pattern: ^X}", '`topic` is "Call".'),
        ("settings: {const: true}", "`settings` must be true."),
        (
            "settings: {properties: {meeting_invitees: {minItems: 2}}}",
            "`settings.meeting_invitees` must have 2 or more entries.",
        ),
        ("settings: {maxProperties: 0}", "`settings` does not fit."),
    ],
)
def test_a_finding_says_what_the_meeting_has(requirement: str, fact: str) -> None:
    """Of a list or a mapping it says only what it must be."""
    rule = f"  a: {{message: A., require: {{properties: {{{requirement}}}}}}}"
    text = f"{HEAD}meetings:\n  call: {CALL[:-1]}, settings: {{meeting_invitees: [{{email: b@c.de}}]}}}}\n"

    assert [detail for *_, detail in found(rule, text)] == [f"Policy `a`: A. {fact}"]


def test_a_missing_field_is_found_at_the_meeting() -> None:
    rule = "  room: {message: Wait!, require: {properties: {settings: {required: [waiting_room]}}}}"
    text = f"{HEAD}meetings:\n  call: {CALL[:-1]}, settings: {{use_pmi: false}}}}\n"

    assert found(rule, text) == [
        ("m.yaml:4:3", "call", "Policy `room`: Wait! `settings.waiting_room` is missing.")
    ]


ROOM = (
    "  room: {message: Wait, require: {properties: {settings: {properties: {waiting_room: {const: true}}}}}}"
)
SAID = "Policy `room`: Wait. `settings.waiting_room` is false, and must be true."


def test_a_value_of_defaults_is_found_there_once_with_its_meetings() -> None:
    text = (
        "version: 1\ndefaults:\n  host: a@example.com\n  timezone: Europe/Berlin\n"
        "  settings: {waiting_room: false}\nmeetings:\n"
        f"  one: {CALL}\n  two: {{topic: Two, type: 2, start_time: 2027-01-15 10:00}}\n"
        "  fits: {topic: Three, type: 2, start_time: 2027-01-16 10:00, settings: {waiting_room: true}}\n"
    )

    assert found(ROOM, text) == [("m.yaml:5:28", None, f"{SAID} It concerns `one` and `two`.")]


def test_a_value_of_a_template_is_found_there_once_with_its_meetings() -> None:
    text = (
        f"{HEAD}templates:\n  open: {{settings: {{waiting_room: false}}}}\nmeetings:\n"
        f"  one: {CALL[:-1]}, use: open}}\n"
        "  two: {topic: Two, type: 2, start_time: 2027-01-15 10:00, use: open}\n"
    )

    assert found(ROOM, text) == [("m.yaml:4:35", None, f"{SAID} It concerns `one` and `two`.")]


def test_a_value_of_the_settings_is_found_in_their_file() -> None:
    read = settings.parse(Source("reconciler.yaml", b"defaults: {settings: {waiting_room: false}}\n"))

    (finding,) = diagnostics(ROOM, f"{HEAD}meetings:\n  call: {CALL}\n", own=read.settings)

    assert (finding.span and finding.span.filename, finding.detail) == (
        "reconciler.yaml",
        f"{SAID} It concerns `call`.",
    )


def test_a_rule_is_seen_as_the_api_has_it_and_found_where_it_is_written() -> None:
    rule = (
        "  end: {message: End, require: {properties: {recurrence: {properties: {end_times: {maximum: 9}}}}}}"
    )
    text = (
        f"{HEAD}meetings:\n"
        "  call: {topic: Call, start_time: 2027-01-14 10:00, repeat: {every: week, times: 20}}\n"
    )

    assert found(rule, text) == [
        ("m.yaml:4:82", "call", "Policy `end`: End. `recurrence.end_times` is 20, and must be 9 or less.")
    ]


@pytest.mark.parametrize(
    ("fields", "seen"),
    [
        ("repeat: {every: week}", True),
        ("repeat: {every: week, times: 20}", False),
        ("repeat: {every: week, until: 2027-03-01}", False),
        ("type: 2", False),
    ],
)
def test_a_series_without_an_end_is_evergreen(fields: str, seen: bool) -> None:  # noqa: FBT001 - a column
    rule = f"  e: {{message: E, require: {{properties: {{evergreen: {{const: {str(not seen).lower()}}}}}}}}}"
    text = f"{HEAD}meetings:\n  call: {{topic: Call, start_time: 2027-01-14 10:00, {fields}}}\n"

    assert len(found(rule, text)) == 1


def test_the_fields_that_the_api_lacks_are_visible() -> None:
    rule = (
        "  all:\n    message: All\n    require:\n"
        "      required: [host, protect, evergreen, skip, exceptions]\n      properties:\n"
        "        host: {const: a@example.com}\n        protect: {const: true}\n"
        "        skip: {const: [berlin]}\n        exceptions: {const: {2027-01-21: skip}}\n"
    )
    text = (
        f"{HEAD}closures: {{berlin: [2027-01-28]}}\nmeetings:\n"
        "  call: {topic: Call, protect: true, skip: berlin, "
        "start_time: 2027-01-14 10:00, repeat: {every: week, times: 5}, exceptions: {2027-01-21: skip}}\n"
    )

    assert found(rule, text) == []


def test_the_timetable_of_a_room_is_seen_in_the_form_of_the_api() -> None:
    rule = (
        "  room:\n    message: Room\n    require:\n      required: [skip, timetable]\n      properties:\n"
        "        skip: {const: [berlin]}\n        timetable:\n          additionalProperties:\n"
        "            required: [exceptions]\n            properties:\n"
        "              duration: {maximum: 60}\n              exceptions: {const: {2027-01-18: skip}}\n"
        "              recurrence: {properties: {end_times: {const: 5}}}\n"
    )
    text = (
        f"{HEAD}closures: {{berlin: [2027-01-25]}}\nmeetings:\n  room:\n    topic: Room\n    type: 3\n"
        "    skip: berlin\n    timetable:\n      europe: {start_time: 2027-01-11 10:00, duration: 90, "
        "repeat: {every: week, times: 5}, exceptions: {2027-01-18: skip}}\n"
    )

    assert found(rule, text) == [
        (
            "m.yaml:10:56",
            "room",
            "Policy `room`: Room. `timetable.europe.duration` is 90, and must be 60 or less.",
        )
    ]


def test_no_policy_sees_or_shows_a_passcode() -> None:
    rules = (
        "  known: {message: Known, require: {properties: {password: {const: abc123}}}}\n"
        "  word: {message: Word, require: {properties: {password: {const: (literal)}}}}\n"
        "  form: {message: Form, require: {properties: {password: {type: object}}}}"
    )
    text = f"{HEAD}meetings:\n  call: {CALL[:-1]}, password: abc123}}\n"

    read = [each for each in diagnostics(rules, text) if each.code == "policy.failed"]

    assert [each.policy for each in read] == ["known", "form"]
    assert "abc123" not in "".join(f"{each.detail}{each.hint}{each.snippet}" for each in read)


def test_the_name_of_a_variable_is_no_passcode_and_shown() -> None:
    rule = "  ref: {message: R, require: {properties: {password: {properties: {env: {pattern: ^BOARD_}}}}}}"
    version = (
        "  first: {message: V, require: {properties: {password: {properties: {version: {maximum: 1}}}}}}"
    )
    text = f"{HEAD}meetings:\n  call: {CALL[:-1]}, password: {{env: TEAM_PASSCODE, version: 2}}}}\n"

    assert [detail for _, _, detail in found(f"{rule}\n{version}", text)] == [
        'Policy `ref`: R. `password.env` is "TEAM_PASSCODE".',
        "Policy `first`: V. `password.version` is 2, and must be 1 or less.",
    ]


def test_a_reference_to_a_passcode_is_seen_as_it_is() -> None:
    rule = "  ref: {message: R, require: {properties: {password: {const: {env: A_PASSCODE, version: 1}}}}}"

    assert found(rule, f"{HEAD}meetings:\n  call: {CALL[:-1]}, password: {{env: A_PASSCODE}}}}\n") == []


def test_a_meeting_with_a_wrong_field_is_not_called_incomplete() -> None:
    rule = "  long: {message: L, require: {required: [duration]}}"

    assert found(rule, f"{HEAD}meetings:\n  call: {CALL[:-1]}, duration: long}}\n") == []


def test_of_many_findings_a_hundred_are_made_and_the_rest_is_counted() -> None:
    meetings = "".join(
        f"  call-{n}: {{topic: Call {n}, type: 2, start_time: 2027-01-14 10:00}}\n" for n in range(250)
    )

    rows = found("  no: {message: No, require: {required: [agenda]}}", f"{HEAD}meetings:\n{meetings}")

    assert (len(rows), rows[-1][2]) == (
        LIKE_IT_MAX,
        "Policy `no`: No. `agenda` is missing. And 150 more like it.",
    )


def test_a_warning_leaves_the_spec_valid() -> None:
    read = policies.parse(
        [Source("p.yaml", b"version: 1\npolicies:\n  a: {message: M, severity: warning, require: false}\n")]
    )

    result = spec.parse(
        (Source("m.yaml", f"{HEAD}meetings:\n  call: {CALL}\n".encode()),),
        Settings(),
        policies=PolicyChecker(read.policies, "/srv"),
    )

    assert result.spec is not None
    assert [(each.code, each.severity.value) for each in result.diagnostics] == [("policy.failed", "warning")]


def test_more_sets_of_policies_than_are_compiled_together_are_still_checked() -> None:
    names = [f"k{n}" for n in range(GATES_MAX + 20)]
    rules = "  all: {message: All, require: {required: [agenda]}}\n" + "".join(
        f"  p-{name}: {{message: M, match: {{key: {name}}}, require: true}}\n" for name in names
    )
    meetings = "".join(
        f"  {name}: {{topic: T {name}, type: 2, start_time: 2027-01-14 10:00, agenda: A}}\n"
        for name in names[:-1]
    )
    last = f"  {names[-1]}: {{topic: Last, type: 2, start_time: 2027-01-14 10:00}}\n"

    rows = found(rules, f"{HEAD}meetings:\n{meetings}{last}")

    assert [(each[1], each[2]) for each in rows] == [(names[-1], "Policy `all`: All. `agenda` is missing.")]
