"""The lines of `moved`, `imports` and `removed` that change nothing: told, since they look like orders.

Pure. One remark for each of the three lists: after an import of 200 meetings nobody reads 200.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta

from reconciler.errors.diagnostic import Diagnostic, Severity
from reconciler.meeting.humanize import day_words
from reconciler.meeting.meeting import series
from reconciler.meeting.recurrence import Series
from reconciler.plan.change import Action
from reconciler.plan.step import Status, Step
from reconciler.spec.lifecycle import Entry, Moved, Removed
from reconciler.spec.spec import Spec
from reconciler.state.state import State

ENDS_SOON = timedelta(days=30)
"""How long before its last occurrence a series is told to end."""


def remarks_for(steps: Sequence[Step], now: datetime) -> Iterator[Diagnostic]:
    """Every remark about `steps`, in their order."""
    for step in steps:
        if step.late:
            yield late(step)
        if step.starts_at is not None and step.starts_at <= now + ENDS_SOON:
            yield from _ends_soon(step, now)


def unmatched_target(glob: str) -> Diagnostic:
    """A `--target` that no key answers to."""
    return Diagnostic(
        code="plan.target",
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


LINES_MAX = 5
"""Lines of one list that are named; more are counted."""

REPLACES = frozenset({Action.REPLACE, Action.RESOLVE})
"""What a `removed` line under a declared key can be for."""

_Told = tuple["Entry", str]
"""A line, and what is said of it."""


def stale_line_remarks(spec: Spec, state: State, steps: Iterable[Step]) -> Iterator[Diagnostic]:
    """What there is to say about the lines; `steps` are all of the plan, whatever its targets."""
    known = state.meetings.keys() | state.intents.keys()
    for line in spec.moved:
        if line.from_key in known and line.to_key in known:
            yield _blocked(line)
    yield from _stale("moved", [
        (line, f"nothing stands under `{line.from_key}`") for line in spec.moved if line.from_key not in known
    ])  # fmt: skip
    recorded = {(key, record.id) for key, record in state.meetings.items()}
    yield from _stale("imports", [
        (line, f"`{line.to}` is recorded as meeting {line.id}")
        for line in spec.imports if (line.to, line.id) in recorded
    ])  # fmt: skip
    yield from _stale("removed", list(_removed(spec, state, steps)))


def _removed(spec: Spec, state: State, steps: Iterable[Step]) -> Iterator[_Told]:
    new_keys = {line.from_key: line.to_key for line in spec.moved}
    owners = {record.id: new_keys.get(key, key) for key, record in state.meetings.items()}
    waiting = {gone.id for gone in state.retired} | {intent.id for intent in state.intents.values()}
    replaced = {step.key for step in steps if step.action in REPLACES}
    for line in spec.removed:
        owner = owners.get(line.id)
        if line.id in waiting:
            continue
        if owner is None:
            yield line, f"no record names meeting {line.id}"
        elif owner in spec.meetings and owner not in replaced:
            yield line, _kept(line, owner)


def _kept(line: Removed, owner: str) -> str:
    return f"meeting {line.id} is `{owner}`, which is declared, and no replace of it is planned"


def _stale(name: str, told: Sequence[_Told]) -> Iterator[Diagnostic]:
    if not told:
        return
    said = [f"{words} ({_place(line)})" for line, words in told[:LINES_MAX]]
    more = [f"and {len(told) - LINES_MAX} more"] if len(told) > LINES_MAX else []
    yield Diagnostic(
        code="plan.stale-line",
        detail=f"Under `{name}`: {'; '.join([*said, *more])}.",
        hint="Take out what is done; look for a typing error in what is not.",
        severity=Severity.WARNING,
        span=told[0][0].span,
    )


def _blocked(line: Moved) -> Diagnostic:
    return Diagnostic(
        code="plan.move-blocked",
        detail=f"`{line.to_key}` has a meeting of its own, so `{line.from_key}` stays where it is, "
        f"and in Zoom, and nothing is changed under either key ({_place(line)}).",
        hint=f"Take the line out; or run `reconciler state mv {line.to_key} {line.to_key}-old` first: "
        "the move is done then, and the plan says how to end the other one.",
        severity=Severity.WARNING,
        key=line.to_key,
        span=line.span,
    )


def _place(line: Entry) -> str:
    return f"{line.span.filename}:{line.span.start.line}"
