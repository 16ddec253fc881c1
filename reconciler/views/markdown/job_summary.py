"""The result of a run as Markdown for a CI job's page: the log of an apply, or the errors of a command.

Untrusted text is inside code blocks, where it is not rendered and mentions notify nobody.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from reconciler.apply.events import Noticed, StepFailed, Summary
from reconciler.errors.diagnostic import Severity
from reconciler.errors.text import count_noun
from reconciler.plan.plan import SERIES_ENDS
from reconciler.views.markdown.diagnostics import policy_lines
from reconciler.views.markdown.escape import code, text_block
from reconciler.views.style import TextStyle
from reconciler.views.text import diagnostics as text_diagnostics
from reconciler.views.text.apply import ApplyLog
from reconciler.views.text.totals import apply_line

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reconciler.apply.events import Event
    from reconciler.errors.diagnostic import Diagnostic
    from reconciler.plan.plan import Plan


NAMES = {"plan": "Plan", "apply": "Apply", "drift": "Drift report", "validate": "Validation"}
"""The names of commands in a headline."""


def failure(verb: str, diagnostics: Sequence[Diagnostic], commit: str = "") -> str:
    """Return the errors of a command that failed, and the commit that it is about, if one is known."""
    counts = Counter(each.code for each in diagnostics if each.severity is Severity.ERROR)
    codes = ", ".join(f"`{name}`{f' ({count} times)' * (count > 1)}" for name, count in counts.items())
    footer = f"\nCommit {code(commit)}.\n" if commit else ""
    headline = f"### ❌ {NAMES.get(verb, verb)} failed: {codes}"
    policies = "".join(f"{line}\n\n" for line in policy_lines(diagnostics))
    return f"{headline}\n\n{policies}{text_block(text_diagnostics.diagnostics(diagnostics))}{footer}"


def validation(diagnostics: Sequence[Diagnostic], *, meetings: int, files: int) -> str:
    """Return the findings of `validate`."""
    errors = any(each.severity is Severity.ERROR for each in diagnostics)
    sign = "❌" if errors else "⚠️" if diagnostics else "✅"
    totals = text_diagnostics.totals_line(diagnostics, meetings=meetings, files=files).rstrip()
    block = f"\n{text_block(text_diagnostics.diagnostics(diagnostics))}" if diagnostics else ""
    return f"### {sign} {totals}\n{block}"


def apply(plan: Plan, events: Sequence[Event]) -> str:
    """Return what an apply did: its totals, what failed, then the whole log, folded."""
    log = ApplyLog(plan, TextStyle())
    lines = [line for event in events for line in log.lines(event)]
    summary = next((event for event in reversed(events) if isinstance(event, Summary)), None)
    failures = [event for event in events if isinstance(event, StepFailed)]
    warnings = [event.diagnostic for event in events if isinstance(event, Noticed)]
    headline = (
        apply_line(summary) if summary else "Apply was cut short: the next one looks up what was under way."
    )
    parts = [f"### {_sign(summary)} {headline}\n"]
    if failures:
        parts.append(f"{count_noun(len(failures), 'step')} failed:\n\n{text_block(_failures(failures))}")
    if plan.waiting:
        parts.append(f"Waits for a person:\n\n{text_block(text_diagnostics.diagnostics(plan.waiting))}")
    ending = [each for each in plan.diagnostics if each.code == SERIES_ENDS]
    if ending:
        parts.append(f"Ends soon:\n\n{text_block(text_diagnostics.diagnostics(ending))}")
    if warnings:
        parts.append(_folded("Warnings", text_diagnostics.diagnostics(warnings)))
    return "\n".join((*parts, _folded("Log", "\n".join(lines))))


def _sign(summary: Summary | None) -> str:
    if summary is None or summary.failed or summary.unresolved or summary.ended_early:
        return "❌"
    return "⏳" if summary.deferred or summary.withheld else "✅"


def _folded(title: str, text: str) -> str:
    return f"<details><summary>{title}</summary>\n\n{text_block(text)}\n</details>\n"


def _failures(failures: Sequence[StepFailed]) -> str:
    return "\n".join(f"{event.key}\n{text_diagnostics.diagnostics([event.diagnostic])}" for event in failures)
