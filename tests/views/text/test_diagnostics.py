from __future__ import annotations

import orjson

from reconciler.errors.diagnostic import Diagnostic, Position, Severity, Span
from reconciler.views.annotations import commands
from reconciler.views.json import diagnostics as json_view
from reconciler.views.results import Validation
from reconciler.views.text import diagnostics as text_diagnostics

FIELD = Diagnostic(
    "spec.unknown-field",
    "`settings` has no field `waitingroom`.",
    hint="Did you mean `waiting_room`?",
    key="platform-weekly",
    span=Span("meetings/platform.yaml", Position(14, 7), Position(14, 18)),
    snippet="      waitingroom: true\n      ^^^^^^^^^^^",
)
PASSCODE = Diagnostic(
    "passcode.literal",
    "Whoever can read this file can join.",
    "Take it out.",
    Severity.WARNING,
    "retro",
    Span("a.yaml", Position(3, 1), Position(5, 2)),
    "password: ***\n^^^^^^^^",
)
NOWHERE = Diagnostic("source.none", hint="Run `reconciler init`.")
HOSTILE = Diagnostic(
    "spec.test",
    "100%\r\n::error::x\x1b[31m\u202e",
    span=Span("a,b:c%.yaml", Position(1, 2), Position(1, 3)),
    snippet="a\n^",
)


def test_a_finding_reads_as_a_paragraph() -> None:
    assert (
        text_diagnostics.diagnostics((FIELD, PASSCODE, NOWHERE))
        == """\
error[spec.unknown-field]: Unknown field
  --> meetings/platform.yaml:14:7
   |
14 |       waitingroom: true
   |       ^^^^^^^^^^^
   = `settings` has no field `waitingroom`.
   = hint: Did you mean `waiting_room`?

warning[passcode.literal]: A passcode is written in plain text
 --> a.yaml:3:1
  |
3 | password: ***
  | ^^^^^^^^
  = Whoever can read this file can join.
  = hint: Take it out.

error[source.none]: There is no spec to read
  = hint: Run `reconciler init`.
"""
    )


def test_no_diagnostics_are_no_text() -> None:
    assert text_diagnostics.diagnostics(()) == ""


def test_colour_is_only_added() -> None:
    coloured = text_diagnostics.diagnostics((FIELD,), colour=True)
    plain = coloured.replace("\x1b[0m", "")
    for code in ("31", "33", "34"):
        plain = plain.replace(f"\x1b[1;{code}m", "")

    assert coloured.count("\x1b[1;31m") == 2
    assert plain == text_diagnostics.diagnostics((FIELD,))


def test_a_line_without_a_caret_is_shown_alone() -> None:
    bare = Diagnostic("state.test", span=Span("x", Position(1, 1), Position(1, 2)), snippet="{}")

    assert text_diagnostics.diagnostics((bare,)) == "error[state.test]: state.test\n --> x:1:1\n  |\n1 | {}\n"


def test_hostile_text_cannot_control_the_terminal() -> None:
    shown = text_diagnostics.diagnostics((HOSTILE,))

    assert shown.isascii()
    assert shown.splitlines()[-2:] == ["  = 100%\\x0d", "    ::error::x\\x1b[31m\\u202e"]


def test_the_last_line_counts_findings_or_meetings() -> None:
    assert (
        text_diagnostics.totals_line((FIELD, FIELD, PASSCODE), meetings=0, files=3)
        == "2 errors, 1 warning in 3 files.\n"
    )
    assert (
        text_diagnostics.totals_line((PASSCODE,), meetings=1, files=1)
        == "Valid: 1 meeting in 1 file, 1 warning.\n"
    )
    assert text_diagnostics.totals_line((), meetings=12000, files=3) == "Valid: 12,000 meetings in 3 files.\n"


def test_json_has_the_format_of_the_design() -> None:
    assert orjson.loads(json_view.validate(Validation((FIELD, NOWHERE, PASSCODE)))) == {
        "format_version": "1.0",
        "valid": False,
        "error_count": 2,
        "warning_count": 1,
        "diagnostics": [
            {
                "severity": "error",
                "code": "spec.unknown-field",
                "summary": "Unknown field",
                "detail": "`settings` has no field `waitingroom`.",
                "hint": "Did you mean `waiting_room`?",
                "key": "platform-weekly",
                "range": {
                    "filename": "meetings/platform.yaml",
                    "start": {"line": 14, "column": 7},
                    "end": {"line": 14, "column": 18},
                },
                "snippet": "      waitingroom: true",
            },
            {
                "severity": "error",
                "code": "source.none",
                "summary": "There is no spec to read",
                "detail": "",
                "hint": "Run `reconciler init`.",
                "key": None,
                "range": None,
                "snippet": None,
            },
            {
                "severity": "warning",
                "code": "passcode.literal",
                "summary": "A passcode is written in plain text",
                "detail": "Whoever can read this file can join.",
                "hint": "Take it out.",
                "key": "retro",
                "range": {
                    "filename": "a.yaml",
                    "start": {"line": 3, "column": 1},
                    "end": {"line": 5, "column": 2},
                },
                "snippet": "password: ***",
            },
        ],
    }


def test_json_of_no_diagnostics_is_valid() -> None:
    assert orjson.loads(json_view.validate(Validation(()))) == {
        "format_version": "1.0",
        "valid": True,
        "error_count": 0,
        "warning_count": 0,
        "diagnostics": [],
    }


def test_each_finding_is_a_workflow_command() -> None:
    assert commands((FIELD, PASSCODE, NOWHERE)) == (
        "::error file=meetings/platform.yaml,line=14,endLine=14,col=7,endColumn=18,"
        "title=spec.unknown-field%3A Unknown field"
        "::Unknown field%0A`settings` has no field `waitingroom`.%0ADid you mean `waiting_room`?\n"
        "::warning file=a.yaml,line=3,endLine=5,title=passcode.literal%3A A passcode is written in plain text"
        "::A passcode is written in plain text%0AWhoever can read this file can join.%0ATake it out.\n"
        "::error title=source.none%3A There is no spec to read"
        "::There is no spec to read%0ARun `reconciler init`.\n"
    )


def test_hostile_text_cannot_issue_workflow_commands() -> None:
    assert commands((HOSTILE,)) == (
        "::error file=a%2Cb%3Ac%25.yaml,line=1,endLine=1,col=2,endColumn=3,"
        "title=spec.test%3A spec.test::spec.test%0A100%25\\x0d\\x0a::error::x\\x1b[31m\\u202e\n"
    )
