"""A notice: a title, and at most five lines about a run, for a chat or a mailbox.

It has keys, codes, names of fields and days, and nothing that people or Zoom have written: no topic, so that
none can call a whole channel, and no secret.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from reconciler.apply.events import Outcome, Resolved, StepDeferred, StepFailed, Summary
from reconciler.errors.diagnostic import Severity
from reconciler.errors.text import count_noun
from reconciler.views.text.totals import apply_line

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from reconciler.apply.events import Event
    from reconciler.errors.diagnostic import Diagnostic
    from reconciler.plan.plan import Plan

NAMED_MAX = 5
"""Keys that one line names; the rest is counted."""

LINES_MAX = 5

WITHHELD = "plan.withheld"
"""The code of a warning about a change that waits for a person."""


class Notice(Struct, frozen=True):
    """A message. `level` is one of Apprise: `failure`, `warning` or `success`."""

    title: str
    lines: tuple[str, ...]
    level: str

    @property
    def is_problem(self) -> bool:
        """Return whether somebody should look at it."""
        return self.level != "success"

    @property
    def body(self) -> str:
        """Return the lines as a text."""
        return "\n".join(self.lines)

    def signed(self, run_url: str | None, *, is_sandbox: bool) -> Notice:
        """Return the notice with the address of the CI job as its last line, and a mark for the emulator."""
        title = f"{self.title} (sandbox)" if is_sandbox else self.title
        return replace(self, title=title, lines=(*self.lines, run_url) if run_url else self.lines)


def applied(plan: Plan, events: Sequence[Event]) -> Notice:
    """Return the notice of an apply: counts, what failed, what is late, what waits for a person."""
    failed = dict(_failures(events))
    summary = next((event for event in reversed(events) if isinstance(event, Summary)), None)
    deferred = {event.key for event in events if isinstance(event, StepDeferred)}
    late = [step.key for step in plan.steps if step.late and step.key in deferred]
    waiting = _waiting(plan)
    lines = [
        apply_line(summary) if summary else "It ended early: run it again.",
        *_line("Failed", [f"{key} ({code})" for key, code in failed.items()]),
        *_line("Late, they start before their turn", late),
        *_line("Waiting for a person", waiting),
    ]
    is_cut = summary is None or summary.ended_early
    words = [
        *([count_noun(len(failed), "failure")] if failed else []),
        *(["ended early"] if is_cut else []),
        *([f"{len(late)} late"] if late else []),
        *([f"{len(waiting)} waiting for a person"] if waiting else []),
    ]
    level = "failure" if failed or is_cut else "warning" if words else "success"
    return Notice(_title("apply", words), tuple(lines), level)


def drifted(report: Plan) -> Notice:
    """Return the notice of a drift: the meetings that differ, those that could not be read, what waits."""
    differing = [
        f"{step.key} ({', '.join(change.path for change in step.changes[:3]) or step.action})"
        for step in report.steps
        if step.is_work
    ]
    unread = [each.key or each.code for each in report.diagnostics if each.severity is Severity.ERROR]
    warnings = [each for each in report.diagnostics if each.severity is not Severity.ERROR]
    waiting = [each.key for each in warnings if each.code == WITHHELD and each.key]
    others = sorted({each.code for each in warnings if each.code != WITHHELD})
    verb = "differs" if len(differing) == 1 else "differ"
    lines = [
        f"{count_noun(len(differing), 'meeting')} of {len(report.steps):,} {verb} from what was applied."
        if differing
        else "No drift.",
        *_line("Changed", differing),
        *_line("Not read", unread),
        *_line("Waiting for a person", waiting),
        *_line("Warnings", others),
    ]
    words = [
        *([f"{len(differing)} changed"] if differing else []),
        *([f"{len(unread)} not read"] if unread else []),
        *([f"{len(waiting)} waiting for a person"] if waiting else []),
        *([count_noun(len(others), "warning")] if others else []),
    ]
    level = "failure" if unread else "warning" if words else "success"
    return Notice(_title("drift", words), tuple(lines)[: LINES_MAX - 1], level)


def ended(command: str, diagnostics: Sequence[Diagnostic]) -> Notice:
    """Return the notice of a run that an error ended before it did anything."""
    codes = dict.fromkeys(f"{each.summary} ({each.code})" for each in diagnostics)
    lines = ("Nothing was sent.", *_line("Why", list(codes)))
    return Notice(_title(command, ["ended with an error"]), lines, "failure")


def _failures(events: Iterable[Event]) -> Iterator[tuple[str, str]]:
    """Yield the key and the code of each step that failed, or of which a person must judge."""
    for event in events:
        is_unclear = isinstance(event, Resolved) and event.outcome is Outcome.UNCLEAR
        if isinstance(event, StepFailed) or (is_unclear and isinstance(event, Resolved)):
            yield event.key, event.diagnostic.code if event.diagnostic else ""


def _waiting(plan: Plan) -> list[str]:
    return [step.key for step in plan.steps if step.waits_for_person]


def _title(command: str, words: Iterable[str]) -> str:
    return f"Meetings: {command} {', '.join(words) or 'is done'}"


def _line(name: str, parts: Sequence[str]) -> tuple[str, ...]:
    if not parts:
        return ()
    more = len(parts) - NAMED_MAX
    return (f"{name}: {', '.join(parts[:NAMED_MAX])}" + (f", and {more:,} more" if more > 0 else ""),)
