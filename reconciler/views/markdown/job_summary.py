"""What became of a run, as Markdown for a CI system's page: the log of an apply, or why a verb failed.

All that others wrote stands inside code blocks, where it pings nobody and draws nothing.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from reconciler.apply.events import Noticed, StepFailed, Summary
from reconciler.errors.diagnostic import Severity
from reconciler.errors.text import count_noun
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
"""Verbs as they stand in a headline."""


def failure(verb: str, diagnostics: Sequence[Diagnostic], commit: str = "") -> str:
    """That `verb` could not do its work, why, and on which commit where one is known."""
    codes = Counter(each.code for each in diagnostics if each.severity is Severity.ERROR)
    told = ", ".join(f"`{name}`{f' ({count} times)' * (count > 1)}" for name, count in codes.items())
    footer = f"\nCommit {code(commit)}.\n" if commit else ""
    log = text_block(text_diagnostics.diagnostics(diagnostics))
    return f"### ❌ {NAMES.get(verb, verb)} failed: {told}\n\n{log}{footer}"


def validation(diagnostics: Sequence[Diagnostic], *, meetings: int, files: int) -> str:
    """What `validate` found."""
    errors = any(each.severity is Severity.ERROR for each in diagnostics)
    sign = "❌" if errors else "⚠️" if diagnostics else "✅"
    verdict = text_diagnostics.totals_line(diagnostics, meetings=meetings, files=files).rstrip()
    block = f"\n{text_block(text_diagnostics.diagnostics(diagnostics))}" if diagnostics else ""
    return f"### {sign} {verdict}\n{block}"


def apply(plan: Plan, events: Sequence[Event]) -> str:
    """What an apply did: its last line first, what failed next, then the whole log, folded."""
    log = ApplyLog(plan, TextStyle())
    lines = [line for event in events for line in log.lines(event)]
    end = next((event for event in reversed(events) if isinstance(event, Summary)), None)
    failures = [event for event in events if isinstance(event, StepFailed)]
    warnings = [event.diagnostic for event in events if isinstance(event, Noticed)]
    bad = end is None or end.failed or end.unresolved or end.ended_early
    head = apply_line(end) if end else "Apply was cut short: the next one looks up what was under way."
    parts = [f"### {'❌' if bad else '⏳' if end and end.deferred else '✅'} {head}\n"]
    if failures:
        parts.append(f"{count_noun(len(failures), 'step')} failed:\n\n{text_block(_failures(failures))}")
    if warnings:
        parts.append(_folded("Noticed on the way", text_diagnostics.diagnostics(warnings)))
    return "\n".join((*parts, _folded("The log", "\n".join(lines))))


def _folded(title: str, text: str) -> str:
    return f"<details><summary>{title}</summary>\n\n{text_block(text)}\n</details>\n"


def _failures(failures: Sequence[StepFailed]) -> str:
    return "\n".join(f"{event.key}\n{text_diagnostics.diagnostics([event.diagnostic])}" for event in failures)
