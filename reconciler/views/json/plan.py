"""A plan, the report of `drift`, and the errors that prevented a plan, as JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler import __version__
from reconciler.plan.change import DATES, Action
from reconciler.plan.step import Status
from reconciler.views.json.budget import budget_line
from reconciler.views.json.diagnostics import diagnostic_json
from reconciler.views.json.encode import FORMAT_VERSION, instant_utc, line
from reconciler.views.values import redact_secrets

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from reconciler.errors.diagnostic import Diagnostic
    from reconciler.plan.change import FieldChange
    from reconciler.plan.plan import Options, Plan
    from reconciler.plan.step import DateStep, Step
    from reconciler.ports import Json
    from reconciler.views.style import TextStyle


def plan(plan: Plan, style: TextStyle) -> str:
    """Return the plan as one line of JSON, without secrets and bodies. `plan --out` writes it too."""
    document = {
        "format_version": FORMAT_VERSION,
        "tool_version": __version__,
        "digest": plan.digest,
        "lineage": plan.lineage,
        "serial": plan.serial,
        "planned_at": instant_utc(plan.planned_at),
        "options": _options(plan.options),
        "summary": plan.summary,
        "steps": [_step(step) for step in plan.steps if not (style.changes_only and _is_no_work(step))],
        "budget": [budget_line(row) for row in plan.budget],
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
        "planned_at": instant_utc(at),
        "options": _options(options),
        "diagnostics": [diagnostic_json(diagnostic) for diagnostic in diagnostics],
    }
    return line(document)


def drift(report: Plan, style: TextStyle, requests: int) -> str:
    """Return the report in the format of a plan."""
    del requests  # printed on stderr
    return plan(report, style)


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
        **({"notes": dict(step.notes)} if step.notes else {}),
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
