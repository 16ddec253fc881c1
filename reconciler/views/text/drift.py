"""A drift report as text: a line for each difference, and last the totals and the cost of reading."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from reconciler.errors.diagnostic import Severity
from reconciler.errors.text import count_noun, escape_control
from reconciler.plan.change import DATES, Action, Cause
from reconciler.plan.dates import words as date_words
from reconciler.plan.step import Status
from reconciler.views.style import SIGNS
from reconciler.views.text.diagnostics import format_diagnostics
from reconciler.views.values import change_words

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from reconciler.plan.change import FieldChange
    from reconciler.plan.plan import Plan
    from reconciler.plan.step import Step
    from reconciler.ports import Json
    from reconciler.views.style import TextStyle


NEXT_STEP = "`reconciler plan --refresh` shows what would be done about it."


def drift(report: Plan, style: TextStyle, requests: int) -> str:
    """Return the whole report, ending in a newline; `requests` is the number of requests that it took."""
    lines = [line for step in report.steps for line in _lines(step, style)]
    blocks = (lines, list(format_diagnostics(report.diagnostics, style)), _totals(report, requests, style))
    return "\n\n".join("\n".join(block) for block in blocks if block) + "\n"


def cost_words(read: int, requests: int) -> str:
    """Return the cost of reading from Zoom: "60 meetings read, 63 requests, none of the daily budget."."""
    return f"{count_noun(read, 'meeting')} read, {count_noun(requests, 'request')}, none of the daily budget."


def totals_line(report: Plan) -> str:
    """Return how many meetings were changed, how many deleted, how many could not be read."""
    steps = report.steps
    unread = sum(diagnostic.severity is Severity.ERROR for diagnostic in report.diagnostics)
    changed = sum(step.action is Action.UPDATE for step in steps)
    deleted = sum(step.action is Action.DESTROY for step in steps)
    counts = ((changed, "changed"), (deleted, "deleted"), (unread, "could not be read"))
    parts = ", ".join(f"{count} {word}" for count, word in counts if count)
    if changed or deleted:
        return f"Drift: {parts}."
    if parts:
        return f"No drift seen, but {parts}."
    return "No drift." if steps else "No recorded meeting to compare."


def read_count(steps: Sequence[Step]) -> int:
    """Return the number of meetings that were read: all but the expired ones."""
    return sum(step.status is not Status.EXPIRED for step in steps)


def expired_words(steps: Sequence[Step]) -> str:
    """Return the number of meetings that are over and were not read; empty if there are none."""
    expired = len(steps) - read_count(steps)
    return f"{count_noun(expired, 'expired meeting')} left out." if expired else ""


def remarked_words(steps: Sequence[Step]) -> str:
    """Return the number of meetings with a remark that `--verbose` shows; empty if there are none."""
    count = sum(has_remark(step) for step in steps)
    return f"{count_noun(count, 'meeting')} with a remark" if count else ""


def has_remark(step: Step) -> bool:
    """Return whether `--verbose` says more about the meeting; of one that is gone there is no more to say."""
    return bool(step.reasons) and step.status is Status.NOW and step.action is not Action.DESTROY


def _lines(step: Step, style: TextStyle) -> Iterator[str]:
    opening = f"{style.sign(SIGNS[step.action])} {style.bold(escape_control(step.key))}:"
    if step.action is Action.DESTROY:
        yield f"{opening} meeting {step.id} is gone from Zoom   ({Cause.DELETED})"
        return
    attributes = step.recorded or {}
    yield from (f"{opening} {_words(change, attributes, whole=style.verbose)}" for change in step.changes)
    if style.verbose:
        yield from (style.dim(f"{opening} {escape_control(reason)}") for reason in step.reasons)


def _words(change: FieldChange, attributes: Mapping[str, Json], *, whole: bool) -> str:
    cause = change.cause or Cause.PERSON
    first, _, day = change.path.partition(".")
    if first == DATES:
        line = date_words.exception_line(day, change.after, attributes)
        declared = f"to keep it, write {line}" if change.after is not None else line
        return escape_control(f"{change.effect}   ({cause}; {declared})")
    effect = f"{cause}: {change.effect}" if change.effect else cause
    return change_words(replace(change, effect=effect), None, whole=whole)


def _totals(report: Plan, requests: int, style: TextStyle) -> list[str]:
    expired, remarked = expired_words(report.steps), remarked_words(report.steps)
    folded = f"{remarked}; --verbose shows them." if remarked and not style.verbose else ""
    return [
        style.bold(f"{totals_line(report)} {cost_words(read_count(report.steps), requests)}"),
        *([expired] if expired else []),
        *([style.dim(folded)] if folded else []),
        *([NEXT_STEP] if report.has_work else []),
    ]
