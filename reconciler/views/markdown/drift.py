"""A drift report as a comment or an issue: each changed meeting, folded, and what to do about it."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from reconciler import __version__
from reconciler.meeting.humanize import instant_words, moment_words
from reconciler.meeting.timezones import instant, parsed, zone
from reconciler.plan.change import Action
from reconciler.plan.step import Status
from reconciler.views.markdown import diagnostics as markdown_diagnostics
from reconciler.views.markdown.diff import block
from reconciler.views.markdown.escape import cell_code, code, prose
from reconciler.views.markdown.size import BYTES_MAX, MORE_BYTES, Entry, fit, join, size
from reconciler.views.markdown.steps import first_effects, subject, summary
from reconciler.views.text.drift import cost_words, expired_words, read_count, remarked_words, totals_line

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reconciler.plan.plan import Plan
    from reconciler.plan.step import Step
    from reconciler.ports import Json
    from reconciler.views.style import TextStyle


MARKER = "<!-- reconciler:drift -->"
"""Marks a report of this program, so that CI finds it again. No value inside a report can contain it."""

REMEDY = (
    "To put Zoom back to what is declared, run `reconciler apply --refresh`; "
    "to keep what Zoom has, write it into the YAML."
)
DELETED = (
    "What was deleted is then created again, with a new join link; to let it go, take it out of the YAML."
)


def drift(report: Plan, style: TextStyle, requests: int) -> str:
    """Return the whole report, ending in a newline; `requests` is the number of requests that it took."""
    drifted = [step for step in report.steps if step.action in {Action.UPDATE, Action.DESTROY}]
    commit = f"Commit {code(style.commit)}, read" if style.commit else "Read"
    footer = f"---\n\n{commit} {report.planned_at:%Y-%m-%d %H:%M} UTC by reconciler {__version__}."
    cost = cost_words(read_count(report.steps), requests)
    head = (
        MARKER,
        f"### {totals_line(report)}",
        " ".join(filter(None, (cost, expired_words(report.steps)))),
        markdown_diagnostics.errors(report.diagnostics, "drift"),
        markdown_diagnostics.waiting(report.diagnostics),
        markdown_diagnostics.ends_soon(report.diagnostics),
        _remedy(drifted),
    )
    folded = "" if style.verbose else _set_by_zoom(report.steps)
    tail = (markdown_diagnostics.warnings(report.diagnostics, "drift"), folded, footer)
    room = BYTES_MAX - sum(map(size, (*head, *tail)))
    remarks = _remarks(report.steps) if style.verbose else []
    return "\n\n".join(part for part in (*head, _meetings(drifted, remarks, room), *tail) if part) + "\n"


def _remedy(drifted: Sequence[Step]) -> str:
    is_deleted = any(step.action is Action.DESTROY for step in drifted)
    return " ".join(([REMEDY] if drifted else []) + ([DELETED] if is_deleted else []))


def _meetings(steps: Sequence[Step], remarks: Sequence[Entry], room: int) -> str:
    """Return an entry for each meeting, those that were deleted first, and then the `remarks`."""
    ordered = sorted(steps, key=lambda step: step.action is not Action.DESTROY)
    entries = [*map(_entry, ordered), *remarks]
    shown, unfolded = fit(entries, room - MORE_BYTES)
    more = len(entries) - len(shown)
    rest = f"\n\n… and {more:,} more; `reconciler drift` shows them all." if more else ""
    return join(shown, unfolded) + rest


def _remarks(steps: Sequence[Step]) -> list[Entry]:
    """Return an entry for each remark about a meeting that is still there."""
    return [
        Entry(partial(_remark, step, reason))
        for step in steps
        if step.status is Status.NOW and step.action is not Action.DESTROY
        for reason in step.reasons
    ]


def _remark(step: Step, reason: str) -> str:
    return f"- {subject(step)}: {prose(reason)}"


def _set_by_zoom(steps: Sequence[Step]) -> str:
    remarked = remarked_words(steps)
    return f"{remarked}; `reconciler drift --verbose` shows them." if remarked else ""


def _entry(step: Step) -> Entry:
    return Entry(lambda: _line(step), (lambda: _folded(step)) if step.changes else None)


def _line(step: Step) -> str:
    return f"- {subject(step)}: {prose(_gist(step))}"


def _folded(step: Step) -> str:
    head = f"<details>{summary(step, _gist(step))}"
    parts = (head, "`-` as declared, `+` as Zoom has it:", block(step), _starts(step), "</details>")
    return "\n\n".join(part for part in parts if part)


def _starts(step: Step) -> str:
    """Return a table of a start that was moved, with its weekdays; empty if none was."""
    moved = next((change for change in step.changes if change.path == "start_time"), None)
    if moved is None:
        return ""
    rows = (("declared", moved.before), ("in Zoom", moved.after))
    return "\n".join(
        (
            "| | Start |",
            "| --- | --- |",
            *(f"| {name} | {_start(start, step.timezone)} |" for name, start in rows),
        )
    )


def _start(value: Json, timezone: str | None) -> str:
    try:
        start = parsed(str(value))
    except ValueError:
        return cell_code(str(value))
    if start.tzinfo is None and (timezone is None or zone(timezone) is None):
        return f"{moment_words(start)} local time"
    return instant_words(instant(str(value), timezone), timezone)


def _gist(step: Step) -> str:
    if step.action is Action.DESTROY:
        return f"deleted: meeting `{step.id}` is gone from Zoom and its join link is dead"
    return first_effects(step)
