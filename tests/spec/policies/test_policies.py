"""Files of policies: what is read, and that whatever cannot be checked is an error at its place."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from call_count import calls_of

from reconciler.errors.diagnostic import Severity
from reconciler.spec.policies import policies
from reconciler.spec.policies._requirement import NODES_MAX
from reconciler.spec.yaml.document import Source

if TYPE_CHECKING:
    from reconciler.spec.policies.policies import ParsedPolicies

WELL = "policies:\n  a: {message: Rule a, require: true}\n"


def parsed(*texts: str) -> ParsedPolicies:
    """What the files `a.yaml`, `b.yaml`, … with these texts give."""
    names = "abcdef"
    return policies.parse(
        [Source(f"{name}.yaml", text.encode()) for name, text in zip(names, texts, strict=False)]
    )


def found(text: str) -> list[tuple[str, str, str, str]]:
    """Code, place, detail and hint of each finding about one file."""
    rows = []
    for each in parsed(text).diagnostics:
        assert each.span is not None
        start = each.span.start
        rows.append((each.code, f"{start.line}:{start.column}", each.detail, each.hint))
    return rows


def required(schema: str, top: str = "") -> list[tuple[str, str, str, str]]:
    """The findings about one policy whose `require` begins on line 5, or later by the lines of `top`."""
    return found(f"version: 1\n{top}policies:\n  a:\n    message: Rule a\n    require: {schema}\n")


def test_a_policy_is_read_with_its_place() -> None:
    (policy,) = parsed(
        "version: 1\npolicies:\n  board:\n    message: Rule.\n    severity: warning\n"
        "    match: {host: '*@b.example.com', file: 'x/*'}\n    require: {type: object}\n"
    ).policies

    assert (policy.name, policy.message, policy.severity, dict(policy.match)) == (
        "board",
        "Rule.",
        Severity.WARNING,
        {"host": "*@b.example.com", "file": "x/*"},
    )
    assert (policy.requirement.schema, policy.filename, policy.line) == ({"type": "object"}, "a.yaml", 3)


def test_an_error_is_the_severity_where_none_is_written() -> None:
    (policy,) = parsed(f"version: 1\n{WELL}").policies

    assert (policy.severity, dict(policy.match)) == (Severity.ERROR, {})


def test_a_name_in_two_files_is_an_error_at_the_second() -> None:
    (finding,) = parsed(f"version: 1\n{WELL}", f"version: 1\n{WELL}").diagnostics

    assert (finding.code, finding.span and finding.span.filename, finding.detail) == (
        "policy.duplicate-name",
        "b.yaml",
        "a.yaml:3 already declares the policy `a`.",
    )


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "spec.shape"),
        ("- a\n", "spec.shape"),
        ("policies: {}\n", "spec.missing"),
        ("version: 1\n", "spec.missing"),
        (f"version: 2\n{WELL}", "spec.not-allowed-value"),
        ("version: 1\npolicies:\n  a: {message: Rule a}\n", "spec.missing"),
        ("version: 1\npolicies:\n  a: {require: true}\n", "spec.missing"),
        (
            "version: 1\npolicies:\n  a: {message: R, require: true, severity: fatal}\n",
            "spec.not-allowed-value",
        ),
        (
            "version: 1\npolicies:\n  a: {message: R, require: true, match: {hosts: b}}\n",
            "spec.unknown-field",
        ),
        ("version: 1\npolicies:\n  a: {message: R, require: true, match: {}}\n", "spec.empty"),
        ("version: 1\npolicies:\n  a: {message: R, requires: true}\n", "spec.unknown-field"),
        ("version: 1\npolicies:\n  a b: {message: R, require: true}\n", "spec.bad-key"),
        ("version: 1\npolicies:\n  a: {message: R, require: true}\n  a: {}\n", "yaml.duplicate-key"),
    ],
)
def test_a_file_of_another_shape_is_an_error(text: str, code: str) -> None:
    result = parsed(text)

    assert result.policies == ()
    assert code in {each.code for each in result.diagnostics if each.severity is Severity.ERROR}


@pytest.mark.parametrize("message", ["", 'message: "", ', "message: null, "])
def test_a_message_that_is_not_there_has_a_hint_with_one(message: str) -> None:
    """A line that has to be there is not to be deleted."""
    (finding,) = parsed(f"version: 1\npolicies:\n  a: {{{message}require: true}}\n").diagnostics

    assert finding.hint == "Add what people read: `message: Meetings of the board need a waiting room.`"


@pytest.mark.parametrize(
    ("schema", "place", "detail", "hint"),
    [
        (
            "{requried: [topic]}",
            "5:15",
            "`requried` is no keyword of JSON Schema draft-07 that a policy can use.",
            "Did you mean `required`?",
        ),
        (
            "{properties: {start_time: {format: date-time}}}",
            "5:41",
            "`format` is no keyword of JSON Schema draft-07 that a policy can use.",
            "It would check nothing everywhere. Write a `pattern`.",
        ),
        (
            "{required: topic}",
            "5:25",
            "The value of `required` is none that JSON Schema draft-07 allows there.",
            "",
        ),
        ("{type: strin}", "5:21", "The value of `type` is none that JSON Schema draft-07 allows there.", ""),
        ("[]", "5:5", "A schema is a mapping, or true or false.", ""),
        ("{allOf: {}}", "5:15", "`allOf` expects a list of schemas.", ""),
        ("{properties: [a]}", "5:15", "`properties` expects a mapping of schemas.", ""),
        (
            "{properties: {topic: {pattern: '(?!a)b'}}}",
            "5:45",
            "`pattern` is no pattern that takes linear time: lookaround and references are not known.",
            "",
        ),
        (
            "{properties: {topic: {pattern: '(a)\\1'}}}",
            "5:45",
            "`pattern` is no pattern that takes linear time: lookaround and references are not known.",
            "",
        ),
        (
            "{properties: {topic: {pattern: '(a{1000}){1000}'}}}",
            "5:45",
            "`pattern` is too large: its repetitions take more than 1 MiB. Repeat less, or use `*` or `+`.",
            "",
        ),
        (
            "{properties: {topic: {pattern: '[(?!a)]{60000}\\(?='}}}",
            "5:45",
            "`pattern` is too large: its repetitions take more than 1 MiB. Repeat less, or use `*` or `+`.",
            "",
        ),
        (
            "{properties: {topic: {pattern: '\\p{Foo}'}}}",
            "5:45",
            "`pattern` cannot be checked: it names unknown characters, or is nested too deep.",
            "",
        ),
        (
            "{properties: {topic: {pattern: '^(Board'}}}",
            "5:45",
            "`pattern` is no regular expression: missing ), unterminated subpattern at position 1.",
            "",
        ),
        (
            "{patternProperties: {'[a-': true}}",
            "5:42",
            "`[a-` is no regular expression: unterminated character set at position 0.",
            "",
        ),
        (
            "{properties: {topic: {pattern: '\\q'}}}",
            "5:45",
            "`pattern` is no regular expression of JavaScript, as JSON Schema has them.",
            "",
        ),
        (
            "{properties: {topic: {pattern: '(?<n>a)('}}}",
            "5:45",
            "`pattern` is no regular expression of JavaScript, as JSON Schema has them.",
            "",
        ),
        (
            "{properties: {pattern: {type: strin}}}",
            "5:44",
            "The value of `type` is none that JSON Schema draft-07 allows there.",
            "",
        ),
        (
            "{properties: {topic: {pattern: 5}}}",
            "5:45",
            "The value of `pattern` is none that JSON Schema draft-07 allows there.",
            "",
        ),
        (
            "{$ref: 'https://example.com/schema.json'}",
            "5:21",
            "`https://example.com/schema.json` leads to nothing in this file.",
            "Write a pointer into this file: `$ref: '#/definitions/NAME'`.",
        ),
        (
            "{$ref: 'other.yaml#/definitions/a'}",
            "5:21",
            "`other.yaml#/definitions/a` leads to nothing in this file.",
            "Write a pointer into this file: `$ref: '#/definitions/NAME'`.",
        ),
        ("{not: {$ref: '#'}}", "5:27", "This `$ref` leads in a circle.", "Write out what it stands for."),
        (
            "{$schema: 'https://json-schema.org/draft/2020-12/schema'}",
            "5:24",
            "The schemas of policies are draft-07.",
            "Remove the line.",
        ),
    ],
)
def test_what_cannot_be_a_schema_is_an_error_at_its_place(
    schema: str, place: str, detail: str, hint: str
) -> None:
    assert required(schema) == [("policy.not-a-schema", place, detail, hint)]


def test_a_word_beside_a_reference_would_have_no_effect() -> None:
    top = "definitions: {a: {type: object}}\n"

    assert required("{$ref: '#/definitions/a', required: [topic]}", top) == [
        (
            "policy.not-a-schema",
            "6:21",
            "`required` beside `$ref` has no effect in draft-07.",
            "Write both under `allOf`: `allOf: [{$ref: …}, {required: …}]`.",
        )
    ]


def test_an_error_behind_a_reference_is_where_it_is_written() -> None:
    top = "definitions: {a: {type: strin}}\n"

    assert required("{properties: {x: {$ref: '#/definitions/a'}}}", top) == [
        (
            "policy.not-a-schema",
            "2:25",
            "The value of `type` is none that JSON Schema draft-07 allows there.",
            "",
        )
    ]


def test_a_circle_of_definitions_is_found() -> None:
    top = "definitions: {a: {not: {$ref: '#/definitions/b'}}, b: {not: {$ref: '#/definitions/a'}}}\n"

    assert [each[2] for each in required("{$ref: '#/definitions/a'}", top)] == [
        "This `$ref` leads in a circle."
    ]


@pytest.mark.parametrize(
    ("schema", "top"),
    [
        ("{$ref: '#/definitions/a'}", "definitions: {a: {maxProperties: 9}}\n"),
        ("{definitions: {a: {maxProperties: 9}}, allOf: [{$ref: '#/definitions/a'}]}", ""),
        ("{$ref: '#/definitions/x~1y%20z'}", "definitions: {x/y z: {maxProperties: 9}}\n"),
        ("{$schema: 'http://json-schema.org/draft-07/schema#', maxProperties: 9, title: T}", ""),
    ],
)
def test_a_reference_is_replaced_by_what_it_stands_for(schema: str, top: str) -> None:
    text = f"version: 1\n{top}policies: {{a: {{message: R, require: {schema}}}}}\n"

    (policy,) = parsed(text).policies

    assert policy.requirement.schema in ({"maxProperties": 9}, {"allOf": [{"maxProperties": 9}]})


def test_references_that_double_do_not_grow_without_bound() -> None:
    doubling = ", ".join(
        f"d{n}: {{allOf: [{{$ref: '#/definitions/d{n + 1}'}}, {{$ref: '#/definitions/d{n + 1}'}}]}}"
        for n in range(30)
    )
    rows: list[tuple[str, ...]] = []

    def read() -> None:
        rows[:] = required(
            "{$ref: '#/definitions/d0'}", f"definitions: {{{doubling}, d30: {{type: object}}}}\n"
        )

    assert calls_of(read) < 100 * NODES_MAX
    assert [(each[0], each[2]) for each in rows] == [
        (
            "policy.not-a-schema",
            f"The schemas of the policies have more than {NODES_MAX:,} values, counted with each `$ref`.",
        )
    ]


def test_a_chain_of_references_has_an_end() -> None:
    chain = ", ".join(f"d{n}: {{$ref: '#/definitions/d{n + 1}'}}" for n in range(2_000))

    rows = required("{$ref: '#/definitions/d0'}", f"definitions: {{{chain}, d2000: true}}\n")

    assert [each[2] for each in rows] == ["The schemas are nested more than 50 levels deep."]


def test_a_large_list_counts_each_time_it_is_referred_to() -> None:
    values = ", ".join(map(str, range(1_000)))
    uses = ", ".join(f"p{n}: {{$ref: '#/definitions/a'}}" for n in range(60))

    rows = required(f"{{properties: {{{uses}}}}}", f"definitions: {{a: {{enum: [{values}]}}}}\n")

    assert [each[0] for each in rows] == ["policy.not-a-schema"]
