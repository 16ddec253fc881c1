"""Drift as text for people: a line for each difference, and last what the look at Zoom has cost."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from reconciler.errors.diagnostic import Severity
from reconciler.errors.text import count_noun, escape_control
from reconciler.live.drift import Cause
from reconciler.plan.change import Action
from reconciler.plan.step import Status
from reconciler.views.style import SIGNS
from reconciler.views.text.diagnostics import format_diagnostics
from reconciler.views.values import change_words

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from reconciler.plan.change import FieldChange
    from reconciler.plan.plan import Plan
    from reconciler.plan.step import Step
    from reconciler.views.style import TextStyle


WHAT_NOW = "`reconciler plan --refresh` shows what would be done about it."


def drift(report: Plan, style: TextStyle, requests: int) -> str:
    """The whole report, ending in a newline; `requests` is what reading it took."""
    lines = [line for step in report.steps for line in _lines(step, style)]
    blocks = (lines, list(format_diagnostics(report.diagnostics, style)), _end(report, requests, style))
    return "\n\n".join("\n".join(block) for block in blocks if block) + "\n"


def cost_words(read: int, requests: int) -> str:
    """What a look at Zoom cost: "60 meetings read, 63 requests, none of the daily budget."."""
    return f"{count_noun(read, 'meeting')} read, {count_noun(requests, 'request')}, none of the daily budget."


def totals_line(steps: Sequence[Step], unread: int) -> str:
    """The verdict: how many were changed, how many deleted, how many could not be read."""
    changed = sum(step.action is Action.UPDATE for step in steps)
    deleted = sum(step.action is Action.DESTROY for step in steps)
    counts = ((changed, "changed"), (deleted, "deleted"), (unread, "could not be read"))
    parts = ", ".join(f"{count} {word}" for count, word in counts if count)
    if changed or deleted:
        return f"Drift: {parts}."
    return f"No drift seen, but {parts}." if parts else "No drift."


def _lines(step: Step, style: TextStyle) -> Iterator[str]:
    opening = f"{style.sign(SIGNS[step.action])} {style.bold(escape_control(step.key))}:"
    if step.action is Action.DESTROY:
        yield f"{opening} meeting {step.id} is gone from Zoom   ({Cause.DELETED})"
        return
    yield from (f"{opening} {_words(change, whole=style.verbose)}" for change in step.changes)
    if style.verbose:
        yield from (style.dim(f"{opening} {escape_control(reason)}") for reason in step.reasons)


def _words(change: FieldChange, *, whole: bool) -> str:
    told = f"{Cause.PERSON}: {change.effect}" if change.effect else Cause.PERSON
    return change_words(replace(change, effect=told), None, whole=whole)


def _end(report: Plan, requests: int, style: TextStyle) -> list[str]:
    steps = report.steps
    over = sum(step.status is Status.EXPIRED for step in steps)
    unread = sum(each.severity is Severity.ERROR for each in report.diagnostics)
    cost = cost_words(len(steps) - over, requests)
    quiet = _quiet(steps)
    return [
        style.bold(f"{totals_line(steps, unread)} {cost}"),
        *([f"{count_noun(over, 'expired meeting')} left out."] if over else []),
        *([style.dim(quiet)] if quiet and not style.verbose else []),
        *([WHAT_NOW] if report.has_work else []),
    ]


def _quiet(steps: Sequence[Step]) -> str:
    """That something differs which nobody has to act on."""
    count = sum(bool(step.reasons) for step in steps if step.status is Status.NOW and not step.changes)
    return (
        f"{count_noun(count, 'meeting')} with a remark; --verbose shows what Zoom set by itself."
        if count
        else ""
    )
