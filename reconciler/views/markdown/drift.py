"""Drift as a comment or an issue: what was changed in Zoom, each meeting folded, and what can be done."""

from __future__ import annotations

from datetime import UTC
from typing import TYPE_CHECKING

from reconciler import __version__
from reconciler.diff import Action
from reconciler.errors import Severity
from reconciler.recurrence import parsed
from reconciler.step import Status
from reconciler.views import markdown_notes
from reconciler.views.drift import cost_words, total
from reconciler.views.look import number
from reconciler.views.markdown_diff import block
from reconciler.views.markdown_room import BYTES_MAX, MORE_BYTES, Entry, fitted, joined, size
from reconciler.views.markdown_steps import first_effects
from reconciler.views.markdown_text import cell_code, code, html_code, html_prose, html_title, prose, title
from reconciler.views.markdown_times import moment_words

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reconciler.fields import Json
    from reconciler.plan import Plan
    from reconciler.step import Step
    from reconciler.views.look import Look

MARKER = "<!-- reconciler:drift -->"
"""By this a report of ours is found again; nothing else in it can pass for it."""

REMEDY = (
    "To put Zoom back to what is declared, run `reconciler apply --refresh`; "
    "to keep what Zoom has, write it into the YAML."
)
DELETED = (
    "What was deleted is then created again, with a new join link; to let it go, take it out of the YAML."
)


def drift(report: Plan, look: Look, requests: int) -> str:
    """The whole report, ending in a newline; `requests` is what reading it took."""
    drifted = [step for step in report.steps if step.action in {Action.UPDATE, Action.DESTROY}]
    over = sum(step.status is Status.EXPIRED for step in report.steps)
    unread = sum(each.severity is Severity.ERROR for each in report.diagnostics)
    commit = f"Commit {code(look.commit)}, read" if look.commit else "Read"
    footer = f"---\n\n{commit} {report.planned_at:%Y-%m-%d %H:%M} UTC by reconciler {__version__}."
    left_out = f" {number(over, 'expired meeting')} left out." if over else ""
    head = (
        MARKER,
        f"### {total(report.steps, unread)}",
        f"{cost_words(len(report.steps) - over, requests)}{left_out}",
        markdown_notes.errors(report.diagnostics),
        _remedy(drifted),
    )
    tail = (markdown_notes.warnings(report.diagnostics), _set_by_zoom(report.steps), footer)
    room = BYTES_MAX - sum(map(size, (*head, *tail)))
    return "\n\n".join(part for part in (*head, _meetings(drifted, room), *tail) if part) + "\n"


def _remedy(drifted: Sequence[Step]) -> str:
    is_deleted = any(step.action is Action.DESTROY for step in drifted)
    return " ".join(([REMEDY] if drifted else []) + ([DELETED] if is_deleted else []))


def _meetings(steps: Sequence[Step], room: int) -> str:
    """What was deleted first."""
    ordered = sorted(steps, key=lambda step: step.action is not Action.DESTROY)
    entries = [_entry(step) for step in ordered]
    shown, unfolded = fitted(entries, room - MORE_BYTES)
    more = len(entries) - len(shown)
    told = f"\n\n… and {more:,} more; `reconciler drift` shows them all." if more else ""
    return joined(shown, unfolded) + told


def _set_by_zoom(steps: Sequence[Step]) -> str:
    count = sum(bool(step.reasons) for step in steps if step.status is Status.NOW and not step.changes)
    remarked = f"{number(count, 'meeting')} with a remark" if count else ""
    return f"{remarked}; `reconciler drift --verbose` shows what Zoom set by itself." if remarked else ""


def _entry(step: Step) -> Entry:
    return Entry(lambda: _line(step), (lambda: _folded(step)) if step.changes else None)


def _line(step: Step) -> str:
    return f"- {code(step.key)} {title(step.topic)} for {code(step.host)}: {prose(_gist(step))}"


def _folded(step: Step) -> str:
    opening = f"{html_code(step.key)} {html_title(step.topic)} for {html_code(step.host)}"
    head = f"<details><summary>{opening}: {html_prose(_gist(step))}</summary>"
    parts = (head, "`-` as declared, `+` as Zoom has it:", block(step), _starts(step), "</details>")
    return "\n\n".join(part for part in parts if part)


def _starts(step: Step) -> str:
    """A start that was moved, with the days of the week; empty where none was."""
    moved = next((change for change in step.changes if change.path == "start_time"), None)
    if moved is None:
        return ""
    rows = (("declared", moved.before), ("in Zoom", moved.after))
    return "\n".join(("| | Start |", "| --- | --- |", *(f"| {name} | {_start(at)} |" for name, at in rows)))


def _start(written: Json) -> str:
    try:
        at = parsed(str(written))
    except ValueError:
        return cell_code(str(written))
    return f"{moment_words(at.astimezone(UTC))} UTC" if at.tzinfo else f"{moment_words(at)} local time"


def _gist(step: Step) -> str:
    if step.action is Action.DESTROY:
        return f"deleted: meeting `{step.id}` is gone from Zoom and its join link is dead"
    return first_effects(step)
