"""What a look at Zoom has to tell: a plan-shaped report of the drift, and what a person should know.

In it an update was changed by a person, a destroy was deleted, and a keep is as it should be; the
reasons of a step say what Zoom or the account set, and what was done to single occurrences.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime

from reconciler.errors.diagnostic import Diagnostic, Severity
from reconciler.errors.text import count_noun
from reconciler.live._occurrences import edited_occurrences
from reconciler.live.drift import Cause, drift_of, hosts_of, other_host
from reconciler.live.read import ReadResult, ReadStatus
from reconciler.meeting.meeting import PERSONAL, SERIES, kind, schedule
from reconciler.meeting.observed import describe_observed
from reconciler.plan.change import Action, FieldChange
from reconciler.plan.plan import Options, Plan
from reconciler.plan.step import Status, Step
from reconciler.ports import Body
from reconciler.state.state import Record, State


def drift_report(state: State, seen: Mapping[str, ReadResult], now: datetime, options: Options) -> Plan:
    """Every recorded meeting that was looked at or is over, by key, and how Zoom has it otherwise."""
    steps = (_step(state, key, seen.get(key), now) for key in sorted(state.meetings) if options.takes(key))
    return Plan(
        steps=tuple(step for step in steps if step is not None),
        budget=(),
        lineage=state.lineage,
        serial=state.serial,
        planned_at=now,
        options=options,
        diagnostics=warnings_for(state, seen, now),
    )


def warnings_for(state: State, seen: Mapping[str, ReadResult], now: datetime) -> tuple[Diagnostic, ...]:
    """What a person has to know or to decide, by key: an error for each meeting that could not be read."""
    found = []
    for key in sorted(seen.keys() & state.meetings.keys()):
        one, record = seen[key], state.meetings[key]
        if one.error is not None:
            found.append(_unread(key, one.error.diagnostic))
        elif one.sight is ReadStatus.WEBINAR:
            found.append(_webinar(key, record))
        else:
            found += _odd(state, key, record, one.body, now)
    return tuple(found)


def _step(state: State, key: str, one: ReadResult | None, now: datetime) -> Step | None:
    record = state.meetings[key]
    standing = schedule(record.attributes, now)
    topic = str(record.attributes.get("topic", ""))
    step = Step(key, Action.KEEP, record.host, topic, id=record.id, starts_at=standing.next_at)
    if one is None:
        return step.with_status(Status.EXPIRED, "its time is over") if standing.expired else None
    if key in state.intents:
        begun = state.intents[key]
        reason = f"an interrupted {begun.action}, begun {begun.begun_at}: the next apply looks it up"
        return replace(step, reasons=(reason,))
    if one.sight is ReadStatus.GONE:
        return replace(step, action=Action.DESTROY, reasons=(f"{Cause.DELETED} in Zoom",))
    if one.sight is ReadStatus.WEBINAR:
        change = FieldChange("type", kind(record.attributes), "webinar", "its id belongs to a webinar")
        return replace(step, action=Action.UPDATE, changes=(change,))
    if one.error is not None:
        return replace(step, reasons=(f"could not be read: {one.error.diagnostic.summary}",))
    return _compared(step, record, one.body, state, now)


def _compared(step: Step, record: Record, stored: Body, state: State, now: datetime) -> Step:
    found = drift_of(record, stored, now, hosts=hosts_of(state, record))
    changes = tuple(FieldChange(one.path, one.before, one.after, one.effect) for one in found if one.is_drift)
    set_by_zoom = {one.path: one.after for one in found if not one.is_drift}
    reasons = (*describe_observed(record.attributes, set_by_zoom), *_by_hand(record, stored, now))
    return replace(step, action=Action.UPDATE if changes else Action.KEEP, changes=changes, reasons=reasons)


def _by_hand(record: Record, stored: Body, now: datetime) -> Iterator[str]:
    if kind(record.attributes) != SERIES:
        return
    found = edited_occurrences(stored, now)
    for count, done in ((found.cancelled, "cancelled"), (found.moved, "moved")):
        if count:
            yield f"{count_noun(count, 'coming occurrence was', 'coming occurrences were')} {done} by hand"


def _unread(key: str, why: Diagnostic) -> Diagnostic:
    detail = f"{key}: {why.detail} It is taken as it is recorded."
    return replace(why, key=key, detail=detail, severity=Severity.ERROR)


def _odd(state: State, key: str, record: Record, stored: Body, now: datetime) -> Iterator[Diagnostic]:
    """What cannot simply be put back."""
    other = other_host(stored, hosts_of(state, record))
    if other is not None:
        yield _moved(key, record, other)
    changed = (one.after for one in drift_of(record, stored, now) if one.path == "type" and one.is_drift)
    if PERSONAL in changed:
        yield _personal(key, record)


def _webinar(key: str, record: Record) -> Diagnostic:
    return Diagnostic(
        code="refresh.webinar",
        detail=f"{key}: the id {record.id} belongs to a webinar, which cannot be managed here. "
        "It was left alone.",
        hint=f"To have a meeting again, run `reconciler state rm {key}`; the next apply creates one. "
        f"To let it go, take `{key}` out of the spec and add "
        f"`removed: [{{key: {key}, id: {record.id}, destroy: false}}]`.",
        severity=Severity.WARNING,
        key=key,
    )


def _personal(key: str, record: Record) -> Diagnostic:
    return Diagnostic(
        code="refresh.personal-id",
        detail=f"{key}: somebody, or a setting of {record.host}, put meeting {record.id} on it. Whoever "
        "knows that id can join, and Zoom does not delete such a meeting.",
        hint="Declare `settings: {use_pmi: false}`; if Zoom does not take it back, run "
        f"`reconciler state rm {key}`, and the next apply creates a meeting of its own.",
        severity=Severity.WARNING,
        key=key,
    )


def _moved(key: str, record: Record, other: str) -> Diagnostic:
    return Diagnostic(
        code="refresh.other-host",
        detail=f"{key}: meeting {record.id} was made for {record.host} and stands under {other} now.",
        hint=f"Write `host: {other}` to leave it there. Under another host it can only be replaced: "
        f"`removed: [{{key: {key}, id: {record.id}, destroy: true}}]` approves that.",
        severity=Severity.WARNING,
        key=key,
    )
