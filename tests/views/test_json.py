from __future__ import annotations

import io
import json
from datetime import timedelta, timezone
from typing import Any

import pytest
from builders import ALLOWANCES, HOST, NOW, at, meeting, one_off, planned, record, spec, state, weekly
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from reconciler import __version__
from reconciler.apply.events import (
    Event,
    Noticed,
    Outcome,
    Resolved,
    StepDeferred,
    StepDone,
    StepFailed,
    StepStarted,
    Summary,
)
from reconciler.errors.diagnostic import Diagnostic, Position, Severity, Span
from reconciler.meeting.closures import SingleDates
from reconciler.plan.budget import Allowances, Limits
from reconciler.plan.change import Action, FieldChange
from reconciler.plan.plan import Options, Plan
from reconciler.plan.step import Step
from reconciler.spec.schema import validator
from reconciler.views.json.encode import line
from reconciler.views.style import TextStyle
from reconciler.views.table import apply_view, view


def document(plan: Plan, style: TextStyle | None = None) -> Any:
    return json.loads(view("plan", "json")(plan, style or TextStyle()))


def one_of_each() -> Plan:
    """Return a plan of a create for today, a late one, a keep and an expired step."""
    declared = spec(
        meeting("launch"),
        meeting("kept", weekly()),
        meeting("past", one_off(start_time="2020-01-14T15:00:00Z")),
        meeting("soon", one_off(start_time="2026-12-01T09:00:00Z"), host="cto@example.com"),
    )
    recorded = state(meetings={"kept": record(1, weekly())})
    limits = {"cto@example.com": Limits(daily=5, reserve=1)}
    recorded = replace(recorded, usage={"2026-12-01": {"cto@example.com": 5}})
    options = Options(("meetings/",), refresh=True, targets=("*",))
    return planned(declared, recorded, allowances=Allowances(ALLOWANCES.default, limits), options=options)


def test_a_plan_is_the_document_of_the_contract() -> None:
    """Every field, in the contract's names and order; instants in UTC with a `Z`."""
    plan = one_of_each()
    digests = {step.key: step.digest for step in plan.steps}

    assert document(plan) == {
        "format_version": "1.0",
        "tool_version": __version__,
        "digest": plan.digest,
        "lineage": "lineage-1",
        "serial": 1,
        "planned_at": "2026-12-01T08:00:00Z",
        "options": {"paths": ["meetings/"], "refresh": True, "targets": ["*"]},
        "summary": {
            "create": 2,
            "update": 0,
            "replace": 0,
            "destroy": 0,
            "resolve": 0,
            "move": 0,
            "import": 0,
            "forget": 0,
            "keep": 1,
            "deferred": 1,
            "withheld": 0,
            "expired": 1,
            "late": 1,
        },
        "steps": [
            {
                "key": "kept",
                "action": "keep",
                "host": HOST,
                "topic": "Platform weekly",
                "status": "now",
                "day": None,
                "requests": 0,
                "id": 81234567001,
                "digest": digests["kept"],
                "reasons": [],
                "changes": [],
            },
            {
                "key": "launch",
                "action": "create",
                "host": HOST,
                "topic": "Launch review",
                "status": "now",
                "day": "2026-12-01",
                "requests": 1,
                "id": None,
                "digest": digests["launch"],
                "reasons": [],
                "changes": [],
            },
            {
                "key": "past",
                "action": "create",
                "host": HOST,
                "topic": "Launch review",
                "status": "expired",
                "day": None,
                "requests": 0,
                "id": None,
                "digest": digests["past"],
                "reasons": ["its time is over: Zoom would start it at once, so it is not sent"],
                "changes": [],
            },
            {
                "key": "soon",
                "action": "create",
                "host": "cto@example.com",
                "topic": "Launch review",
                "status": "deferred",
                "day": "2026-12-02",
                "requests": 1,
                "id": None,
                "digest": digests["soon"],
                "reasons": [],
                "changes": [],
            },
        ],
        "budget": [
            {
                "host": "cto@example.com",
                "day": "2026-12-01",
                "limit": 5,
                "reserve": 1,
                "used": 5,
                "planned": 0,
                "left": 0,
            },
            {
                "host": "cto@example.com",
                "day": "2026-12-02",
                "limit": 5,
                "reserve": 1,
                "used": 0,
                "planned": 1,
                "left": 4,
            },
            {
                "host": HOST,
                "day": "2026-12-01",
                "limit": 100,
                "reserve": 10,
                "used": 0,
                "planned": 1,
                "left": 99,
            },
        ],
        "diagnostics": [
            {
                "severity": "warning",
                "code": "plan.late",
                "summary": "A meeting starts before the budget allows it",
                "detail": plan.diagnostics[0].detail,
                "hint": plan.diagnostics[0].hint,
                "key": "soon",
                "range": None,
                "snippet": None,
            },
        ],
    }


def test_a_plan_fits_its_schema() -> None:
    """The schema in the wheel and the view are held together, changes and places in files included."""
    span = Span("meetings.yaml", Position(3, 1), Position(3, 5))
    warning = Diagnostic("plan.ends-soon", severity=Severity.WARNING, span=span, snippet="  retro:")
    changed = Step(
        "retro", Action.UPDATE, HOST, "Retro", changes=(FieldChange("duration", None, 5, "longer"),)
    )
    plan = replace(one_of_each(), steps=(changed,), diagnostics=(warning,))

    assert validator.violations("plan", document(plan)) == ()


def test_a_plan_has_the_notes_of_dates_apart_from_what_is_sent() -> None:
    noted = {"2027-03-01": {"duration": 30, "note": "Ada"}, "2027-03-08": {"note": "Bo"}}
    plan = planned(spec(meeting("weekly", weekly(), dates=SingleDates(noted))))

    shown = document(plan)

    assert validator.violations("plan", shown) == ()
    assert shown["steps"][0]["notes"] == {"2027-03-01": "Ada", "2027-03-08": "Bo"}
    assert [each["date"] for each in shown["steps"][0]["dates"]] == ["2027-03-01"]


def test_the_order_of_a_plan_is_the_contracts() -> None:
    assert list(document(one_of_each())) == [
        "format_version",
        "tool_version",
        "digest",
        "lineage",
        "serial",
        "planned_at",
        "options",
        "summary",
        "steps",
        "budget",
        "diagnostics",
    ]


def test_changes_only_leaves_out_keeps_and_expired_steps() -> None:
    """Neither a keep nor an expired step is work; the summary counts them all the same."""
    plan = one_of_each()

    shown = document(plan, TextStyle(changes_only=True))

    assert [step["key"] for step in shown["steps"]] == ["launch", "soon"]
    assert shown["summary"] == plan.summary


def test_a_plan_holds_no_secret() -> None:
    """Neither a passcode nor a personal link, on whichever side of a change."""
    link = [{"name": "Ann", "join_url": "https://zoom.example/j/1?tk=s3cret"}]
    declared = meeting("launch", one_off(password="s3cret"))
    exception = FieldChange(
        "settings.authentication_exception", link, [*link, {"name": "Bo"}], "who may join"
    )
    changed = Step("launch", Action.UPDATE, HOST, "Launch", changes=(exception,), meeting=declared)

    text = view("plan", "json")(replace(one_of_each(), steps=(changed,)), TextStyle())

    assert "s3cret" not in text
    assert json.loads(text)["steps"][0]["changes"][0]["after"] == [
        {"name": "Ann", "join_url": "(secret)"},
        {"name": "Bo"},
    ]


@settings(max_examples=50, deadline=None)
@given(topic=st.text(st.characters(codec="utf-8"), max_size=20))
def test_json_keeps_every_topic_and_controls_no_terminal(topic: str) -> None:
    """Control characters are written as JSON escapes; a program reads the same text."""
    plan = replace(one_of_each(), steps=(Step("launch", Action.CREATE, HOST, topic),))

    text = view("plan", "json")(plan, TextStyle())

    assert json.loads(text)["steps"][0]["topic"] == topic
    assert not set("\x1b\x7f\x9b\u200b\u202e\u2066\ufeff") & set(text)


@pytest.mark.parametrize("character", "\x1b\x7f\x9b\u061c\u200f\u2028\u202e\u2066\ufeff")
def test_a_control_character_is_escaped(character: str) -> None:
    plan = replace(one_of_each(), steps=(Step("launch", Action.CREATE, HOST, f"a{character}b"),))

    assert f'"a\\u{ord(character):04x}b"' in view("plan", "json")(plan, TextStyle())


REFUSED = Diagnostic("zoom.refused", "300: no", "Change it.", key="launch")
REFUSED_JSON = {
    "severity": "error",
    "code": "zoom.refused",
    "summary": "Zoom refused the request",
    "detail": "300: no",
    "hint": "Change it.",
    "key": "launch",
    "range": None,
    "snippet": None,
}
LATER = at("2027-01-11T09:00:00Z")


@pytest.mark.parametrize(
    ("event", "row"),
    [
        (
            StepStarted(NOW, "launch", Action.CREATE, HOST, "Launch"),
            {"type": "step_started", "action": "create", "host": HOST, "topic": "Launch"},
        ),
        (
            StepDone(
                NOW,
                "launch",
                Action.CREATE,
                HOST,
                81234567890,
                LATER,
                ("`duration` is 60",),
                None,
                "Asia/Tokyo",
            ),
            {
                "type": "step_done",
                "action": "create",
                "host": HOST,
                "id": 81234567890,
                "next_at": "2027-01-11T09:00:00Z",
                "notes": ["`duration` is 60"],
                "from_key": None,
                "timezone": "Asia/Tokyo",
            },
        ),
        (
            StepDone(NOW, "launch", Action.DESTROY, HOST, 81234567890, None),
            {
                "type": "step_done",
                "action": "destroy",
                "host": HOST,
                "id": 81234567890,
                "next_at": None,
                "notes": [],
                "from_key": None,
                "timezone": None,
            },
        ),
        (
            StepFailed(NOW, "launch", Action.CREATE, HOST, REFUSED),
            {
                "type": "step_failed",
                "action": "create",
                "host": HOST,
                "diagnostic": REFUSED_JSON,
                "fields": [],
            },
        ),
        (
            StepDeferred(NOW, "launch", HOST, None, "it runs now", Action.DESTROY),
            {
                "type": "deferred",
                "host": HOST,
                "day": None,
                "reason": "it runs now",
                "action": "destroy",
                "last_day": None,
                "needs_person": False,
            },
        ),
        (
            Resolved(NOW, "launch", HOST, Outcome.ADOPTED, 81234567890),
            {"type": "resolved", "host": HOST, "outcome": "adopted", "id": 81234567890, "diagnostic": None},
        ),
        (
            Resolved(NOW, "launch", HOST, Outcome.UNCLEAR, None, REFUSED),
            {"type": "resolved", "host": HOST, "outcome": "unclear", "id": None, "diagnostic": REFUSED_JSON},
        ),
        (Noticed(NOW, REFUSED), {"type": "diagnostic", "diagnostic": REFUSED_JSON}),
    ],
)
def test_an_event_is_one_line(event: Event, row: dict[str, Any]) -> None:
    """Type, instant and key first; then what the event holds."""
    assert log_of(event)[1:] == [row | {"at": "2026-12-01T08:00:00Z", "key": "launch"}]


def test_the_first_line_names_the_format() -> None:
    """And the last counts, without a key."""
    assert log_of(Summary(NOW, 1, 2, 3, 4, 5, 6, 7, 8, 9)) == [
        {
            "type": "version",
            "format_version": "1.0",
            "tool_version": __version__,
            "at": "2026-12-01T08:00:00Z",
        },
        {
            "type": "summary",
            "at": "2026-12-01T08:00:00Z",
            "added": 1,
            "changed": 2,
            "destroyed": 3,
            "resolved": 4,
            "deferred": 5,
            "failed": 6,
            "withheld": 7,
            "unresolved": 8,
            "recorded": 9,
            "ended_early": False,
        },
    ]


def test_an_instant_is_written_in_utc() -> None:
    """The zone of the value makes no difference."""
    berlin = timezone(timedelta(hours=1))

    assert log_of(Noticed(NOW.astimezone(berlin), REFUSED))[1]["at"] == "2026-12-01T08:00:00Z"


def test_the_log_begins_with_the_diagnostics_of_its_plan() -> None:
    """In text they stand in the plan above the log. An error of the plan is a reason for the exit status."""
    found = Diagnostic("plan.stale-line", "Under `moved`: nothing.", severity=Severity.WARNING)

    rows = log_of(Noticed(NOW, REFUSED), diagnostics=(found, REFUSED))

    keys = [(row["type"], row.get("diagnostic", {}).get("code"), row.get("key")) for row in rows]
    assert keys == [
        ("version", None, None),
        ("diagnostic", "plan.stale-line", None),
        ("diagnostic", "zoom.refused", "launch"),
        ("diagnostic", "zoom.refused", "launch"),
    ]


def test_each_line_is_written_as_it_happens() -> None:
    """A program that follows the log must not wait for a buffer to fill."""
    stream = Flushed()
    with apply_view("json")(stream, io.StringIO(), terminal=False, colour=False, plan=one_of_each()) as emit:
        emit(Noticed(NOW, REFUSED))

        assert stream.lines_flushed == [1, 2, 3]


class Flushed(io.StringIO):
    """Records the number of whole lines at each flush."""

    def __init__(self) -> None:
        super().__init__()
        self.lines_flushed: list[int] = []

    def flush(self) -> None:
        """Record the number of lines so far."""
        self.lines_flushed.append(self.getvalue().count("\n"))


def log_of(*events: Event, diagnostics: tuple[Diagnostic, ...] = ()) -> list[Any]:
    """Return the rows that `apply` writes for the events, and check that it writes nothing to stderr."""
    stdout, stderr = io.StringIO(), io.StringIO()
    plan = replace(one_of_each(), diagnostics=diagnostics)
    with apply_view("json")(stdout, stderr, terminal=True, colour=True, plan=plan) as emit:
        for event in events:
            emit(event)
    assert stderr.getvalue() == ""
    return [json.loads(line) for line in stdout.getvalue().splitlines()]


def test_a_line_escapes_invisible_characters() -> None:
    """Also what counts as printable, and what JSON writes as two units; the value stays the same."""
    text = "é\u3164\u034f\ufe00\u200b\u202e\u2028\x85\x7f\U000e0041\U0001f600"

    written = line(text)

    assert written == (
        '"é\\u3164\\u034f\\ufe00\\u200b\\u202e\\u2028\\u0085\\u007f\\udb40\\udc41\U0001f600"\n'
    )
    assert json.loads(written) == text
