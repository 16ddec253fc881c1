"""Remarks of a plan: late meetings, series that end soon, unmatched targets, and what waits for a person."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime

from reconciler.errors.diagnostic import Diagnostic, Severity
from reconciler.meeting.humanize import instant_words, with_utc
from reconciler.meeting.meeting import NO_FIXED_TIME, kind
from reconciler.meeting.single_dates import held_schedule, moved_to
from reconciler.meeting.timezones import instant
from reconciler.plan.change import Action
from reconciler.plan.dates import words
from reconciler.plan.dates.series_ends import ENDS_SOON, ends_soon
from reconciler.plan.step import DateStep, Status, Step
from reconciler.spec.lifecycle import removed_line
from reconciler.state.kept_window import kept_until
from reconciler.state.state import State

WITHHELD = "plan.withheld"
"""The code of the warning about a change that waits for a person."""

WAITING_MAX = 20
"""Changes that wait for a person, each with a warning of its own."""


def remarks_for(steps: Sequence[Step], state: State, now: datetime) -> Iterator[Diagnostic]:
    """Yield every remark about `steps`, in their order."""
    # What is imported is recorded only once the plan is applied.
    imported = {step.key for step in steps if step.action is Action.IMPORT}
    for step in steps:
        if step.late:
            yield late_and_withheld(step) if step.status is Status.WITHHELD else late(step)
        if late_dates := [each for each in step.dates if each.late]:
            yield _late_dates(step, late_dates)
        if step.undoes and (waiting := _on_later_days(step)):
            yield _undone_dates(step, waiting)
        if step.unskipped is not None:
            yield _only_skips(step, step.unskipped)
        if step.key not in imported and (kept := _kept_as_recorded(step, state, now)):
            yield _over_in_spec(step, kept)
        if step.starts_at is not None and step.starts_at <= now + ENDS_SOON:
            yield from ends_soon(step, now)


def unmatched_target(glob: str) -> Diagnostic:
    """Return the warning for a `--target` that matches no key."""
    return Diagnostic(
        code="plan.target",
        detail=f"No key that is declared or recorded matches `{glob}`.",
        hint="The whole key is matched, case-sensitively; `*` matches any text.",
        severity=Severity.WARNING,
    )


def late(step: Step) -> Diagnostic:
    """Return the warning for a meeting that starts before the budget allows its request."""
    assert step.starts_at is not None
    exists = step.action in {Action.UPDATE, Action.REPLACE}
    return Diagnostic(
        code="plan.late",
        detail=f"{step.key} starts {with_utc(step.starts_at, step.timezone)}, "
        f"and {step.host} has no request left for it before {step.day} (UTC)."
        f"{' Until then it stays unchanged.' if exists else ''}",
        hint="Lower `budget.reserve`, or inform the people who come."
        if exists
        else "Give it another host, lower `budget.reserve`, "
        "or create it by hand in Zoom and name it under `imports`.",
        severity=Severity.WARNING,
        key=step.key,
    )


def _late_dates(step: Step, dates: Sequence[DateStep]) -> Diagnostic:
    """Return the warning for single dates that come before the budget allows their requests."""
    first = min(each.day for each in dates if each.day is not None)
    is_one = len(dates) == 1
    have, them = ("has its turn", "it") if is_one else ("have their turns", "them")
    return Diagnostic(
        code="plan.late",
        detail=f"{words.names(each.date for each in dates)} of {step.key} {have} on {first} (UTC)"
        f"{'' if is_one else ' or later'}: {step.host} has no request left for {them} before the date.",
        hint="Lower `budget.reserve`, or inform the people who come.",
        severity=Severity.WARNING,
        key=step.key,
    )


def _on_later_days(step: Step) -> list[DateStep]:
    """Return the changed dates whose turns come on later days than that of their rule."""
    return [each for each in step.charged_dates if step.day and each.day and each.day > step.day]


def _undone_dates(step: Step, waiting: Sequence[DateStep]) -> Diagnostic:
    """Return the warning for dates that a new rule undoes, and that no day's budget can hold with it."""
    last = max(each.day for each in waiting if each.day)
    again, until_then = "are changed again later, the last one", "they are as the rule gives them"
    if len(waiting) == 1:
        again, until_then = "is changed again", "it is as the rule gives it"
    return Diagnostic(
        code="plan.dates-undone",
        detail=f"The rule of {step.key} is sent on {step.day} (UTC) and undoes its single dates; "
        f"{step.host} has no day with the {step.requests} requests for all of it. "
        f"{words.names(each.date for each in waiting)} {again} on {last}; until then {until_then}.",
        hint="Run apply on each of these days, and inform the people who come. For fewer days, lower "
        "`budget.reserve`, or change fewer dates.",
        severity=Severity.WARNING,
        key=step.key,
    )


def _only_skips(step: Step, day: str) -> Diagnostic:
    """Return the warning for a series of which nothing is left but dates that are skipped."""
    assert step.id is not None, "what exists has an id"
    return Diagnostic(
        code="plan.only-skips",
        detail=f"Every date of {step.key} that is left is skipped. {words.name_of(day)} stays in Zoom: "
        "to delete the last date would end the meeting.",
        hint=f"To end it, {_end(step, step.id)}; to keep it, hold one of its dates, or give it a later end.",
        severity=Severity.WARNING,
        key=step.key,
    )


def _kept_as_recorded(step: Step, state: State, now: datetime) -> str:
    """Return what Zoom still has of a meeting whose declared dates are over; empty if nothing."""
    if step.status is not Status.EXPIRED or step.meeting is None or step.id is None:
        return ""
    if step.recorded is not None and kind(step.recorded) == NO_FIXED_TIME:
        return "at no fixed time"
    next_at = held_schedule(step.recorded or {}, step.recorded_dates, now).next_at
    record = state.meetings.get(step.from_key or step.key)
    last = kept_until(record.window) if record is not None and record.window else None
    is_moved = next_at in map(moved_to, step.recorded_dates.values())
    if next_at is None or (last is not None and last < next_at and not is_moved):
        return ""
    return f"next {with_utc(next_at, step.timezone)}"


def _over_in_spec(step: Step, kept: str) -> Diagnostic:
    """Return the warning for a meeting whose declared dates are over, and of which Zoom has `kept` more."""
    assert step.id is not None, "what is recorded has an id"
    return Diagnostic(
        code="plan.over-in-spec",
        detail=f"As declared, {step.key} is over, so nothing is sent for it. "
        f"In Zoom it stays as recorded, {kept}.",
        hint=f"If its dates are a mistake, correct them; to end it, {_end(step, step.id)}.",
        severity=Severity.WARNING,
        key=step.key,
    )


def late_and_withheld(step: Step) -> Diagnostic:
    """Return the error for a meeting that starts soon and does not exist, since its create is withheld."""
    assert step.starts_at is not None
    return Diagnostic(
        code="plan.withheld-late",
        detail=f"{step.key} starts {with_utc(step.starts_at, step.timezone)}, and is not created: "
        f"it looks like `{step.from_key}`, which is no longer declared.",
        hint="Add one of the lines that the plan prints for it, and apply that before it starts.",
        key=step.key,
    )


def waiting(steps: Iterable[Step], state: State) -> Iterator[Diagnostic]:
    """Yield a warning for each of the first steps that wait for a person; the rest is counted."""
    held = [step for step in steps if step.waits_for_person]
    for step in held[:WAITING_MAX]:
        record = state.meetings.get(step.from_key or step.key)
        since = record.withheld_since if record else None
        minute = instant(since, "UTC").replace(second=0) if since else None
        words = f" Since {instant_words(minute, None)}." if minute else ""
        meeting = f", meeting {step.id}" if step.id else ""
        yield Diagnostic(
            code=WITHHELD,
            detail=f"{step.key}{meeting}: {step.reasons[-1]}.{words}",
            severity=Severity.WARNING,
            key=step.key,
        )
    if len(held) > WAITING_MAX:
        yield Diagnostic(
            code=WITHHELD,
            detail=f"And {len(held) - WAITING_MAX} more.",
            hint="`reconciler plan` shows them all.",
            severity=Severity.WARNING,
        )


def _end(step: Step, meeting_id: int) -> str:
    first = "declare `protect: false` and apply that, then " if step.is_protected else ""
    return f"{first}take it out of the spec and add `{removed_line(step.key, meeting_id)}`"
