"""Plans and events as JSON for programs, in the formats that the schemas describe.

A minor format version adds fields, a major one breaks. Values are exact; a character
that could steer a terminal is written as its escape, which means the same.
"""

from __future__ import annotations

import re
from contextlib import contextmanager
from dataclasses import fields
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import orjson

from reconciler import __version__
from reconciler.diff import Action
from reconciler.errors import Diagnostic
from reconciler.events import Noticed, Resolved, StepDeferred, StepDone, StepFailed, StepStarted, Summary
from reconciler.step import Status
from reconciler.views.fieldwise import without_secrets
from reconciler.views.findings import as_json

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from typing import TextIO

    from reconciler.diff import FieldChange
    from reconciler.events import Event
    from reconciler.fields import Json
    from reconciler.plan import BudgetLine, Options, Plan
    from reconciler.step import Step
    from reconciler.views import Tell
    from reconciler.views.look import Look

FORMAT_VERSION = "1.0"

_STEERING = re.compile("[\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]")
"""What JSON lets through and a terminal obeys: C1 controls, marks of direction, hidden characters."""

_TYPES = {
    StepStarted: "step_started",
    StepDone: "step_done",
    StepFailed: "step_failed",
    StepDeferred: "deferred",
    Resolved: "resolved",
    Noticed: "diagnostic",
    Summary: "summary",
}


def plan(plan: Plan, look: Look) -> str:
    """The plan as one line of JSON: no secret and no body in it. The file of `plan --out` is this too."""
    document = {
        "format_version": FORMAT_VERSION,
        "tool_version": __version__,
        "digest": plan.digest,
        "lineage": plan.lineage,
        "serial": plan.serial,
        "planned_at": _instant(plan.planned_at),
        "options": _options(plan.options),
        "summary": plan.summary,
        "steps": [_step(step) for step in plan.steps if not (look.changes_only and _stays(step))],
        "budget": [_budget(row) for row in plan.budget],
        "diagnostics": [as_json(diagnostic) for diagnostic in plan.diagnostics],
    }
    return line(document)


def failed_plan(diagnostics: Sequence[Diagnostic], options: Options, at: datetime) -> str:
    """Why there is no plan, as one line of JSON. It has no steps, so that nobody takes it for one."""
    document = {
        "format_version": FORMAT_VERSION,
        "tool_version": __version__,
        "failed": True,
        "planned_at": _instant(at),
        "options": _options(options),
        "diagnostics": [as_json(diagnostic) for diagnostic in diagnostics],
    }
    return line(document)


@contextmanager
def open_json(stdout: TextIO, stderr: TextIO, *, terminal: bool, colour: bool, plan: Plan) -> Iterator[Tell]:
    """The log of an apply as JSON lines, each written whole as it happens; the first names the format."""
    del stderr, terminal, colour  # a program reads it

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
    """`{type, at, key, …}`: what the event holds, by its own names; a summary has no key."""
    row: dict[str, Json] = {"type": _TYPES[type(event)], "at": _instant(event.at)}
    if isinstance(event, Noticed):
        row["key"] = event.diagnostic.key
    for held in fields(event)[1:]:
        row[held.name] = _told(getattr(event, held.name))
    return row


def _told(value: Json) -> Json:
    if isinstance(value, Diagnostic):
        return as_json(value)
    return _instant(value) if isinstance(value, datetime) else value


def _options(options: Options) -> dict[str, Json]:
    return {"paths": options.paths, "refresh": options.refresh, "targets": options.targets}


def _stays(step: Step) -> bool:
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
        "digest": step.digest,
        "reasons": step.reasons,
        "changes": [_change(change) for change in step.changes],
    }


def _change(change: FieldChange) -> dict[str, Json]:
    path = tuple(change.path.split("."))
    return {
        "path": change.path,
        "before": without_secrets(path, change.before),
        "after": without_secrets(path, change.after),
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
    """In UTC, which orjson writes with a `Z`."""
    return instant.astimezone(UTC)


def line(value: Json) -> str:
    """A value as one line of JSON that no terminal obeys; an instant (aware, UTC) with a `Z`."""
    text = orjson.dumps(value, option=orjson.OPT_UTC_Z | orjson.OPT_APPEND_NEWLINE).decode()
    if text.isascii() and "\x7f" not in text:
        return text
    return _STEERING.sub(lambda match: f"\\u{ord(match[0]):04x}", text)
