"""What a plan has to remark: facts that stop nothing and that somebody should know in time.

Pure texts and the question when each holds.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from reconciler.diff import Action
from reconciler.errors import Diagnostic, Severity
from reconciler.meeting import series
from reconciler.sentence import day_words
from reconciler.step import Status

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

    from reconciler.recurrence import Series
    from reconciler.step import Step

ENDS_SOON = timedelta(days=30)
"""How long before its last occurrence a series is told to end."""


def of(steps: Sequence[Step], now: datetime) -> Iterator[Diagnostic]:
    """Every remark about `steps`, in their order."""
    for step in steps:
        if step.late:
            yield late(step)
        if step.starts_at is not None and step.starts_at <= now + ENDS_SOON:
            yield from _ends_soon(step, now)


def unmatched(glob: str) -> Diagnostic:
    """A `--target` that no key answers to."""
    return Diagnostic(
        code="plan.target",
        summary="A target matches nothing",
        detail=f"No key that is declared or recorded matches `{glob}`.",
        hint="Keys are matched whole and in the case they are written in; `*` stands for any text.",
        severity=Severity.WARNING,
    )


def late(step: Step) -> Diagnostic:
    """A meeting that starts before the budget lets it be sent."""
    assert step.starts_at is not None
    exists = step.action in {Action.UPDATE, Action.REPLACE}
    return Diagnostic(
        code="plan.late",
        summary="A meeting starts before its turn",
        detail=f"{step.key} starts {step.starts_at:%Y-%m-%d %H:%M} UTC, "
        f"and {step.host} has no request left for it before {step.day} (UTC)."
        f"{' Until then it stays as it is.' if exists else ''}",
        hint="Lower `budget.reserve`, or tell the people who come."
        if exists
        else "Give it another host, lower `budget.reserve`, "
        "or create it by hand in Zoom and name it under `imports`.",
        severity=Severity.WARNING,
        key=step.key,
    )


def _ends_soon(step: Step, now: datetime) -> Iterator[Diagnostic]:
    """That a running series is about to end, with the lines that continue it under the same link."""
    repeated = series(step.meeting.attributes) if step.meeting else None
    is_recorded = step.action in {Action.KEEP, Action.UPDATE} and step.status is not Status.EXPIRED
    last = repeated.last() if repeated and is_recorded else None
    if repeated is None or last is None or last > now + ENDS_SOON:
        return
    yield Diagnostic(
        code="plan.series-ends",
        summary="A series ends soon",
        detail=f"{step.key} takes place for the last time on {day_words(last)}.",
        hint=f"To go on under the same link, write {' and '.join(_continuation(repeated, last, now))}.",
        severity=Severity.WARNING,
        key=step.key,
    )


def _continuation(repeated: Series, last: datetime, now: datetime) -> tuple[str, str]:
    start = f"`start_time: {repeated.next_local(now)}`"
    if "end_times" in repeated.recurrence:
        return start, f"`end_times: {repeated.recurrence['end_times']}`"
    first = next(repeated.occurrences())
    until = last + max(last - first, ENDS_SOON)
    return start, f"`end_date_time: {until:%Y-%m-%dT%H:%M:%SZ}`"
