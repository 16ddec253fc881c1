"""Remarks of a plan: late meetings, series that end soon, unmatched targets, and entries without effect.

Entries of `moved`, `imports` and `removed` that change nothing get one remark for each list: after an
import of 200 meetings nobody reads 200.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime

from msgspec.structs import replace

from reconciler.errors.diagnostic import Diagnostic, Severity
from reconciler.meeting.humanize import instant_words, with_utc
from reconciler.meeting.names import as_argument
from reconciler.meeting.single_dates import held_schedule
from reconciler.meeting.timezones import instant
from reconciler.plan.change import Action
from reconciler.plan.dates import words
from reconciler.plan.dates.series_ends import ENDS_SOON, ends_soon
from reconciler.plan.step import DateStep, Status, Step
from reconciler.spec.lifecycle import Entry, Moved, Removed, removed_line
from reconciler.spec.spec import Spec
from reconciler.state.state import State

WITHHELD = "plan.withheld"
"""The code of the warning about a change that waits for a person."""

WAITING_MAX = 20
"""Changes that wait for a person, each with a warning of its own."""


def remarks_for(steps: Sequence[Step], now: datetime) -> Iterator[Diagnostic]:
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
        if step.key not in imported and (next_at := _next_as_recorded(step, now)) is not None:
            yield _over_in_spec(step, next_at)
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
        hint=f"To end it, take it out of the spec and add `{removed_line(step.key, step.id)}`; "
        "to keep it, hold one of its dates, or give it a later end.",
        severity=Severity.WARNING,
        key=step.key,
    )


def _next_as_recorded(step: Step, now: datetime) -> datetime | None:
    """Return the next start as recorded, of a meeting whose declared dates are over; None without one."""
    if step.status is not Status.EXPIRED or step.meeting is None or step.id is None:
        return None
    return held_schedule(step.recorded or {}, step.recorded_dates, now).next_at


def _over_in_spec(step: Step, next_at: datetime) -> Diagnostic:
    """Return the warning for a meeting whose declared dates are over, while recorded ones are to come."""
    assert step.id is not None, "what is recorded has an id"
    return Diagnostic(
        code="plan.over-in-spec",
        detail=f"As declared, {step.key} is over, so nothing is sent for it. "
        f"In Zoom it stays as recorded, next {with_utc(next_at, step.timezone)}.",
        hint="If its dates are a mistake, correct them; to end it, take it out of the spec and add "
        f"`{removed_line(step.key, step.id)}`.",
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


LINES_MAX = 5
"""Entries of one list that are named; the rest is counted."""

REPLACES = frozenset({Action.REPLACE, Action.RESOLVE})
"""Actions that a `removed` entry under a declared key can be for."""

_Remark = tuple[Entry, str]
"""An entry, and why it changes nothing."""


def stale_line_remarks(spec: Spec, state: State, steps: Iterable[Step]) -> Iterator[Diagnostic]:
    """Yield the remarks about entries; `steps` are all steps of the plan, whatever its targets."""
    known = state.meetings.keys() | state.intents.keys()
    own = _own_lines(spec)
    for line in own.moved:
        if line.from_key in known and line.to_key in known:
            yield _blocked(line)
    yield from _stale("moved", [
        (line, f"nothing is recorded under `{line.from_key}`")
        for line in own.moved if line.from_key not in known
    ])  # fmt: skip
    recorded = {(key, record.id) for key, record in state.meetings.items()}
    yield from _stale("imports", [
        (line, f"`{line.to}` is recorded as meeting {line.id}")
        for line in own.imports if (line.to, line.id) in recorded
    ])  # fmt: skip
    steps = tuple(steps)
    yield from _stale("removed", list(_removed(own, state, steps)))
    ended = {step.id: step.key for step in steps if _ends_recorded(step)} if own.removed else {}
    for entry in own.removed:
        owner = ended.get(entry.id, entry.key)
        if owner != entry.key:
            yield _of_other_key(entry, owner, state)


def _ends_recorded(step: Step) -> bool:
    """Return whether the step may delete or forget the meeting that is recorded under its key."""
    if step.status is Status.EXPIRED or (step.action is Action.DESTROY and step.retires):
        return False
    return step.action in {Action.DESTROY, Action.FORGET, *REPLACES}


def _own_lines(spec: Spec) -> Spec:
    """Return the spec without the entries of files that PATHS leave out: nothing is said about those."""
    if not spec.others.files:
        return spec

    def is_own(line: Entry) -> bool:
        return line.span.filename not in spec.others.files

    return replace(
        spec,
        moved=tuple(filter(is_own, spec.moved)),
        imports=tuple(filter(is_own, spec.imports)),
        removed=tuple(filter(is_own, spec.removed)),
    )


def _removed(spec: Spec, state: State, steps: Iterable[Step]) -> Iterator[_Remark]:
    new_keys = {line.from_key: line.to_key for line in spec.moved}
    owners = {record.id: new_keys.get(key, key) for key, record in state.meetings.items()}
    waiting = {gone.id for gone in state.retired} | {intent.id for intent in state.intents.values()}
    replaced = {step.key for step in steps if step.action in REPLACES}
    for line in spec.removed:
        owner = owners.get(line.id)
        if line.id in waiting:
            continue
        if owner is None:
            yield line, f"no record has meeting {line.id}"
        elif owner in spec.meetings and owner not in replaced:
            yield line, _kept(line, owner)


def _kept(line: Removed, owner: str) -> str:
    return f"meeting {line.id} is `{owner}`, which is declared, and no replace of it is planned"


MAYBE_DONE = "Remove the entries that are done; check the others for a typing error."
DONE = "Remove these entries, or the whole list if it has no others: what they name is recorded."


def _more(lines: Sequence[Entry]) -> str:
    """Return how many entries are not named, and in which other files they are."""
    first = lines[0].span.filename
    others = dict.fromkeys(line.span.filename for line in lines[LINES_MAX:] if line.span.filename != first)
    also = f", also in {', '.join(others)}" if others else ""
    return f"and {len(lines) - LINES_MAX} more{also}"


def _stale(name: str, entries: Sequence[_Remark]) -> Iterator[Diagnostic]:
    if not entries:
        return
    named = [f"{words} ({_place(line)})" for line, words in entries[:LINES_MAX]]
    more = [_more([line for line, _ in entries])] if len(entries) > LINES_MAX else []
    yield Diagnostic(
        code="plan.stale-line",
        detail=f"Under `{name}`: {'; '.join([*named, *more])}.",
        hint=DONE if name == "imports" else MAYBE_DONE,
        severity=Severity.WARNING,
        span=entries[0][0].span,
    )


def _blocked(line: Moved) -> Diagnostic:
    return Diagnostic(
        code="plan.move-blocked",
        detail=f"`{line.to_key}` has a meeting of its own, so `{line.from_key}` is not moved, "
        f"and nothing is changed under either key ({_place(line)}).",
        hint=f"Remove the line; or run `reconciler state mv {as_argument(line.to_key)} {line.to_key}-old` "
        "first: then the move is done, and the plan says how to delete the other meeting.",
        severity=Severity.WARNING,
        key=line.to_key,
        span=line.span,
    )


def _of_other_key(line: Removed, owner: str, state: State) -> Diagnostic:
    """Return the warning for an entry of `removed` whose id is that of another key, `owner`."""
    meant = removed_line(owner, line.id, destroy=line.destroy)
    record = state.meetings.get(line.key)
    if record is None:
        hint = (
            f"Nothing is recorded under `{line.key}`. If `{owner}` is meant, write `{meant}`; "
            "otherwise correct the id."
        )
    else:
        by_key = removed_line(line.key, record.id, destroy=line.destroy)
        hint = f"If `{line.key}` is meant, write `{by_key}`; if `{owner}` is meant, `{meant}`."
    return Diagnostic(
        code="plan.other-key",
        detail=f"Under `removed`: meeting {line.id} is `{owner}`, not `{line.key}` ({_place(line)}). "
        f"The id counts: the entry is for `{owner}`.",
        hint=hint,
        severity=Severity.WARNING,
        key=owner,
        span=line.span,
    )


def _place(line: Entry) -> str:
    return f"{line.span.filename}:{line.span.start.line}"
