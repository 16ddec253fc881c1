"""Results as JSON for programs, in the formats that the schemas describe.

A minor format version adds fields, a major one breaks. Values are exact; a character that could
control a terminal is written as its JSON escape, which means the same.
"""

from __future__ import annotations

import re
from contextlib import contextmanager
from dataclasses import fields
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import orjson

from reconciler import __version__
from reconciler.apply.events import (
    DatesDone,
    Noticed,
    Resolved,
    StepDeferred,
    StepDone,
    StepFailed,
    StepStarted,
    Summary,
)
from reconciler.errors.diagnostic import Diagnostic
from reconciler.errors.text import is_invisible
from reconciler.plan.budget import reset_at
from reconciler.plan.change import DATES, Action
from reconciler.plan.step import Status
from reconciler.views.results import Check, CheckStatus, JoinLink, Validation, severity_counts
from reconciler.views.values import redact_secrets

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from typing import TextIO

    from reconciler.apply.events import Event, EventListener
    from reconciler.errors.diagnostic import Position
    from reconciler.errors.explanations.table import Explanation
    from reconciler.plan.budget import BudgetLine
    from reconciler.plan.change import FieldChange
    from reconciler.plan.plan import Options, Plan
    from reconciler.plan.step import DateStep, Step
    from reconciler.ports import Json
    from reconciler.views.style import TextStyle


FORMAT_VERSION = "1.0"

_NOT_ASCII = re.compile("[\x7f-\U0010ffff]")
_LINE_ENDS = frozenset("\x85\u2028\u2029")
"""Blanks that end a line."""

_TYPES = {
    StepStarted: "step_started",
    StepDone: "step_done",
    DatesDone: "dates_done",
    StepFailed: "step_failed",
    StepDeferred: "deferred",
    Resolved: "resolved",
    Noticed: "diagnostic",
    Summary: "summary",
}
"""The `type` of each event in the log of an apply."""


def validate(result: Validation, _: TextStyle | None = None) -> str:
    """Return `{format_version, valid, error_count, warning_count, diagnostics}`, indented, with a newline."""
    errors, warnings = severity_counts(result.diagnostics)
    document = {
        "format_version": FORMAT_VERSION,
        "valid": errors == 0,
        "error_count": errors,
        "warning_count": warnings,
        "diagnostics": [diagnostic_json(diagnostic) for diagnostic in result.diagnostics],
    }
    return indented(document)


def plan(plan: Plan, style: TextStyle) -> str:
    """Return the plan as one line of JSON, without secrets and bodies. `plan --out` writes it too."""
    document = {
        "format_version": FORMAT_VERSION,
        "tool_version": __version__,
        "digest": plan.digest,
        "lineage": plan.lineage,
        "serial": plan.serial,
        "planned_at": _instant(plan.planned_at),
        "options": _options(plan.options),
        "summary": plan.summary,
        "steps": [_step(step) for step in plan.steps if not (style.changes_only and _is_no_work(step))],
        "budget": [_budget(row) for row in plan.budget],
        "diagnostics": [diagnostic_json(diagnostic) for diagnostic in plan.diagnostics],
        **({"elsewhere": plan.elsewhere} if plan.elsewhere else {}),
    }
    return line(document)


def failed_plan(diagnostics: Sequence[Diagnostic], options: Options, at: datetime) -> str:
    """Return the errors that prevented a plan, as one line of JSON without `steps`."""
    document = {
        "format_version": FORMAT_VERSION,
        "tool_version": __version__,
        "failed": True,
        "planned_at": _instant(at),
        "options": _options(options),
        "diagnostics": [diagnostic_json(diagnostic) for diagnostic in diagnostics],
    }
    return line(document)


@contextmanager
def open_apply(
    stdout: TextIO, stderr: TextIO, *, terminal: bool, colour: bool, plan: Plan
) -> Iterator[EventListener]:
    """Write the log of an apply as JSON lines, each at once; the first has the format version."""
    del stderr, terminal, colour  # a program reads the log

    def write(row: dict[str, Json]) -> None:
        stdout.write(line(row))
        stdout.flush()

    write(
        {
            "type": "version",
            "format_version": FORMAT_VERSION,
            "tool_version": __version__,
            "at": _instant(plan.planned_at),
        }
    )
    yield lambda event: write(event_json(event))


def event_json(event: Event) -> dict[str, Json]:
    """Return `{type, at, key, …}` with the fields of the event by their own names; a summary has no key."""
    row: dict[str, Json] = {"type": _TYPES[type(event)], "at": _instant(event.at)}
    if isinstance(event, Noticed):
        row["key"] = event.diagnostic.key
    for field in fields(event)[1:]:
        row[field.name] = _event_value(getattr(event, field.name))
    return row


def _event_value(value: Json) -> Json:
    if isinstance(value, Diagnostic):
        return diagnostic_json(value)
    return _instant(value) if isinstance(value, datetime) else value


def line(value: Json) -> str:
    """Return a value as one line of JSON that cannot control a terminal; an instant has a `Z`."""
    return _harmless(orjson.dumps(value, option=orjson.OPT_UTC_Z | orjson.OPT_APPEND_NEWLINE).decode())


def indented(value: Json) -> str:
    """Return a value as lines of JSON that cannot control a terminal."""
    return _harmless(orjson.dumps(value, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE).decode())


def _harmless(text: str) -> str:
    if text.isascii() and "\x7f" not in text:
        return text
    return _NOT_ASCII.sub(_visible, text)


def _visible(match: re.Match[str]) -> str:
    """Return a character, or its JSON escape if it could control a terminal or is invisible."""
    if not is_invisible(match[0]) and match[0] not in _LINE_ENDS:
        return match[0]
    units = match[0].encode("utf-16-be").hex()
    return "".join(f"\\u{units[at : at + 4]}" for at in range(0, len(units), 4))


def diagnostic_json(diagnostic: Diagnostic) -> Json:
    """Return a diagnostic. `range` is null if it has no location, `snippet` has no caret."""
    span = diagnostic.span
    return {
        "severity": diagnostic.severity.value,
        "code": diagnostic.code,
        "summary": diagnostic.summary,
        "detail": diagnostic.detail,
        "hint": diagnostic.hint,
        "key": diagnostic.key,
        "range": span
        and {"filename": span.filename, "start": _position(span.start), "end": _position(span.end)},
        "snippet": None if diagnostic.snippet is None else diagnostic.snippet.partition("\n")[0],
    }


def _position(position: Position) -> Json:
    return {"line": position.line, "column": position.column}


def _options(options: Options) -> dict[str, Json]:
    return {"paths": options.paths, "refresh": options.refresh, "targets": options.targets}


def _is_no_work(step: Step) -> bool:
    return step.action is Action.KEEP or step.status is Status.EXPIRED


def _step(step: Step) -> dict[str, Json]:
    return {
        "key": step.key,
        "action": step.action,
        "host": step.host,
        "topic": step.topic,
        "status": step.status,
        "day": step.day,
        "requests": step.requests,
        "id": step.id,
        "digest": step.digest,
        "reasons": step.reasons,
        "changes": [_change(change) for change in step.changes]
        + [
            *map(_date_change, step.dates),
            *map(_change, step.slots),
        ],
        **({"dates": [_date(each) for each in step.dates]} if step.dates else {}),
        **({"content": step.content_digest} if step.meeting and step.meeting.dates else {}),
    }


def _date_change(each: DateStep) -> dict[str, Json]:
    return {"path": f"{DATES}.{each.date}", "before": each.before, "after": each.edit, "effect": ""}


def _date(each: DateStep) -> dict[str, Json]:
    return {
        "date": each.date,
        "action": each.action,
        "day": each.day,
        "status": each.status,
        "late": each.late,
    }


def _change(change: FieldChange) -> dict[str, Json]:
    path = tuple(change.path.split("."))
    return {
        "path": change.path,
        "before": redact_secrets(path, change.before),
        "after": redact_secrets(path, change.after),
        "effect": change.effect,
    }


def _budget(row: BudgetLine) -> dict[str, Json]:
    return {
        "host": row.host,
        "day": row.day,
        "limit": row.limit,
        "reserve": row.reserve,
        "used": row.used,
        "planned": row.planned,
        "left": row.left,
    }


def _instant(instant: datetime) -> datetime:
    """Return the instant in UTC, which orjson writes with a `Z`."""
    return instant.astimezone(UTC)


def doctor(checks: Sequence[Check], _: TextStyle) -> str:
    """Return `{format_version, ok, checks: [{name, status, summary, code, remedy}]}`."""
    rows = [
        {
            "name": check.name,
            "status": check.status,
            "summary": check.summary,
            "code": check.code,
            "remedy": check.remedy,
        }
        for check in checks
    ]
    passed = all(check.status is not CheckStatus.FAIL for check in checks)
    return line({"format_version": FORMAT_VERSION, "ok": passed, "checks": rows})


def drift(report: Plan, style: TextStyle, requests: int) -> str:
    """Return the report in the format of a plan."""
    del requests  # printed on stderr
    return plan(report, style)


def explain(explanations: Sequence[Explanation], _: TextStyle) -> str:
    """Return `{format_version, codes: [{code, means, why, do, example}]}`."""
    rows = [
        {"code": each.code, "means": each.means, "why": each.why, "do": each.do, "example": each.example}
        for each in explanations
    ]
    return line({"format_version": FORMAT_VERSION, "codes": rows})


_LINK = ("key", "id", "host", "topic", "next_at", "join_url", "timezone")


def links(links: Sequence[JoinLink], diagnostics: Sequence[Diagnostic]) -> str:
    """Return `{format_version, links: [{key, id, host, topic, next_at, …}], diagnostics}`."""
    rows = [{name: getattr(link, name) for name in _LINK} for link in links]
    errors = [diagnostic_json(diagnostic) for diagnostic in diagnostics]
    return line({"format_version": FORMAT_VERSION, "links": rows, "diagnostics": errors})


def budget(lines: Sequence[BudgetLine], now: datetime) -> str:
    """Return `{format_version, resets_at, budget: [{host, day, limit, reserve, used, left}]}`."""
    rows = [{name: value for name, value in _budget(row).items() if name != "planned"} for row in lines]
    return line({"format_version": FORMAT_VERSION, "resets_at": reset_at(now), "budget": rows})
