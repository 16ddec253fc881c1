"""Drift report: the results of reading Zoom as a plan, with a diagnostic for all that needs a person.

In this plan, an update is a meeting that a person changed, a destroy one that was deleted, and a keep one
that is as declared. The reasons of a step name the values that Zoom or the account set.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime

from msgspec.structs import replace

from reconciler.errors.diagnostic import Diagnostic, Severity
from reconciler.live.read import ReadResult, ReadStatus
from reconciler.meeting import masking
from reconciler.meeting.humanize import instant_words
from reconciler.meeting.meeting import kind
from reconciler.meeting.names import as_argument, fold_host
from reconciler.meeting.observed import describe_observed, personal_id
from reconciler.meeting.single_dates import held_schedule
from reconciler.meeting.timezones import instant
from reconciler.plan.change import Action, Cause, FieldChange
from reconciler.plan.plan import Options, Plan, series_endings
from reconciler.plan.step import Status, Step
from reconciler.spec.lifecycle import removed_line
from reconciler.state.identity import host_renamed, renamed_host
from reconciler.state.state import Record, State, owner


def drift_report(state: State, results: Mapping[str, ReadResult], now: datetime, options: Options) -> Plan:
    """Every recorded meeting that was read or is over, by key, and the fields that differ in Zoom."""
    found = (_step(state, key, results.get(key), now) for key in sorted(state.meetings) if options.takes(key))
    steps = tuple(step for step in found if step is not None)
    return Plan(
        steps=steps,
        budget=(),
        lineage=state.lineage,
        serial=state.serial,
        planned_at=now,
        options=options,
        diagnostics=(*warnings_for(state, results), *series_endings(steps, now)),
    )


def renamed_hosts(
    state: State, results: Mapping[str, ReadResult], declared: Mapping[str, Collection[str]]
) -> tuple[Diagnostic, ...]:
    """Return a warning for each recorded host whose address in Zoom is another one.

    `declared` are the hosts that the spec has, by recorded key. What the spec names already is recorded by
    the next apply, and needs no warning.
    """
    found: dict[str, str] = {}
    for key in sorted(results.keys() & state.meetings.keys()):
        record, body = state.meetings[key], results[key].body
        email = renamed_host(state, record, body) if results[key].error is None and body else None
        if email and fold_host(email) not in map(fold_host, declared.get(key, ())):
            found.setdefault(record.host, email)
    warned = (host_renamed(host, email, sent="") for host, email in found.items())
    return tuple(replace(each, severity=Severity.WARNING) for each in warned)


def warnings_for(state: State, results: Mapping[str, ReadResult]) -> tuple[Diagnostic, ...]:
    """Everything that needs a person, by key: an error for each meeting that could not be read."""
    diagnostics: list[Diagnostic] = []
    for key in sorted(results.keys() & state.meetings.keys()):
        result, record = results[key], state.meetings[key]
        if result.status is ReadStatus.STRANGER and result.error is not None:
            diagnostics.append(result.error.diagnostic)
        elif result.error is not None:
            diagnostics.append(_unread(key, result.error.diagnostic))
        elif result.status is ReadStatus.WEBINAR:
            diagnostics.append(_webinar(key, record))
        else:
            user = owner(record.attributes, record.host)
            personal = personal_id(key, record.id, user, record.attributes, result.body)
            diagnostics += [personal] if personal is not None else []
    return tuple(diagnostics)


def _step(state: State, key: str, result: ReadResult | None, now: datetime) -> Step | None:
    record = state.meetings[key]
    times = held_schedule(record.attributes, record.exceptions, now)
    topic = str(record.attributes.get("topic", ""))
    step = Step(
        key,
        Action.KEEP,
        record.host,
        topic,
        recorded=record.attributes,
        recorded_dates=record.exceptions,
        id=record.id,
        starts_at=times.next_at,
    )
    if result is None:
        return step.with_status(Status.EXPIRED, "its time is over") if times.expired else None
    if key in state.intents:
        intent = state.intents[key]
        return replace(step, reasons=(f"{intent.in_words}: the next apply looks it up",))
    if result.status is ReadStatus.GONE:
        return replace(step, action=Action.DESTROY, reasons=(f"{Cause.DELETED} in Zoom",))
    if result.status is ReadStatus.WEBINAR:
        effect = "its id belongs to a webinar"
        change = FieldChange("type", kind(record.attributes), "webinar", effect, Cause.PERSON)
        return replace(step, action=Action.UPDATE, changes=(change,))
    if result.error is not None:
        why = "is not compared" if result.status is ReadStatus.STRANGER else "could not be read"
        return replace(step, reasons=(f"{why}: {result.error.diagnostic.summary}",))
    return _compared_step(step, record, result)


def _compared_step(step: Step, record: Record, result: ReadResult) -> Step:
    drift = result.drift
    set_by_zoom = {change.path: change.after for change in result.changes if not change.is_drift}
    reasons = describe_observed(record.attributes, set_by_zoom)
    changes = tuple(_with_start(_without_secrets(change), record) for change in drift)
    return replace(step, action=Action.UPDATE if drift else Action.KEEP, changes=changes, reasons=reasons)


def _with_start(change: FieldChange, record: Record) -> FieldChange:
    """Return the change; the effect of a moved start has the new one, in the meeting's own zone."""
    timezone = record.attributes.get("timezone")
    if change.path != "start_time":
        return change
    try:
        start = instant_words(instant(str(change.after), timezone), timezone)
    except ValueError:
        return change
    return replace(change, effect=f"{change.effect} to {start}")


def _without_secrets(change: FieldChange) -> FieldChange:
    """Return the change as it may be shown: what was written into Zoom may hold a passcode."""
    secret = masking.describe_secret(change.after, change.before)
    if not secret:
        return change
    effect = "; ".join(filter(None, (change.effect, f"{secret} was added in Zoom")))
    return replace(change, after=masking.as_shown(change.after, change.before), effect=effect)


def _unread(key: str, diagnostic: Diagnostic) -> Diagnostic:
    detail = f"{key}: {diagnostic.detail} The meeting is taken as it is recorded."
    return replace(diagnostic, key=key, detail=detail, severity=Severity.ERROR)


def _webinar(key: str, record: Record) -> Diagnostic:
    return Diagnostic(
        code="refresh.webinar",
        detail=f"{key}: the id {record.id} belongs to a webinar, which cannot be managed here. "
        "It was left alone.",
        hint=f"To have a meeting again, run `reconciler state rm {as_argument(key)}`; the next apply creates "
        f"one. To give it up, remove `{key}` from the spec and add "
        f"`{removed_line(key, record.id, destroy=False)}`.",
        severity=Severity.WARNING,
        key=key,
    )
