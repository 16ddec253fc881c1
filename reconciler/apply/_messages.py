"""What apply has to say when something needs a person: the facts, and the lines to paste.

Pure texts. Ids of meetings are shown; links and passcodes never are.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from reconciler.errors.diagnostic import Diagnostic, Severity
from reconciler.errors.exceptions import RemoteError, StateError
from reconciler.plan.change import Action
from reconciler.plan.step import Step
from reconciler.ports import Json

EVIDENCE_MAX = 5
"""Meetings that are shown as evidence; more are counted."""


def exists_already(step: Step, twin: Mapping[str, Json]) -> Diagnostic:
    """A create that was not sent, because Zoom has such a meeting."""
    return Diagnostic(
        code="apply.exists-already",
        detail=f"{step.key}: {step.host} has {_meeting(twin)}, which no record names. "
        "Nothing was sent for it.",
        hint=f"If it is this meeting, add `imports: [{{id: {twin.get('id')}, to: {step.key}}}]`; "
        "if the state is lost or older, restore it; if it is another one, change the topic or the time.",
        key=step.key,
    )


def unclear(step: Step, suspects: Sequence[Mapping[str, Json]]) -> Diagnostic:
    """An interrupted create that a person must judge."""
    shown = "; ".join(_meeting(one) for one in suspects[:EVIDENCE_MAX])
    more = f"; and {len(suspects) - EVIDENCE_MAX} more" if len(suspects) > EVIDENCE_MAX else ""
    first = suspects[0].get("id")
    return Diagnostic(
        code="apply.unclear",
        detail=f"{step.key}: {step.host} has, made since then and named by no record: {shown}{more}.",
        hint=f"If one of them is it, add `imports: [{{id: {first}, to: {step.key}}}]` with its id; "
        f"if none is, run `reconciler state rm {step.key}`, and it will be created.",
        key=step.key,
    )


def created_twice(step: Step, made: int, others: Sequence[Mapping[str, Json]]) -> Diagnostic:
    """A create whose first attempt landed after all, later than the settling time."""
    shown = "; ".join(_meeting(one) for one in others[:EVIDENCE_MAX])
    return Diagnostic(
        code="apply.landed-late",
        detail=f"{step.key} is recorded as meeting {made}; {step.host} also has {shown}.",
        hint="End the other one in Zoom, and raise RECONCILER_SETTLE: "
        "requests take longer to land here than was waited.",
        key=step.key,
    )


def list_unread(step: Step, error: RemoteError) -> Diagnostic:
    """A second attempt that succeeded, and the list that should show whether the first landed too."""
    return Diagnostic(
        code="apply.not-looked-again",
        detail=f"{step.key} was created by a further attempt. {error.diagnostic.summary}.",
        hint=f"Look in Zoom whether {step.host} has it twice.",
        severity=Severity.WARNING,
        key=step.key,
    )


def outcome_unknown(step: Step, error: RemoteError, settle_seconds: float) -> Diagnostic:
    """A request whose outcome is looked up after a while."""
    return Diagnostic(
        code="apply.settling",
        detail=f"{step.key}: {error.diagnostic.summary}. "
        f"Waiting {settle_seconds:.0f} s until it must have landed, then Zoom is asked what became of it.",
        severity=Severity.WARNING,
        key=step.key,
    )


def unresolved(step: Step, error: RemoteError | None) -> Diagnostic:
    """A request that this run could not look up."""
    why = f" {error.diagnostic.summary}." if error else ""
    return Diagnostic(
        code="apply.unresolved",
        detail=f"{step.key} may or may not exist in Zoom.{why}",
        hint="Run apply again: it is looked up before anything else is sent.",
        key=step.key,
    )


def too_late(step: Step, action: Action = Action.CREATE) -> Diagnostic:
    """A write whose last start passed before its request could leave."""
    zoom = "ignore a start that is past"
    if action is not Action.UPDATE:
        zoom = "start a meeting with a past start at once"
    return Diagnostic(
        code="apply.too-late",
        detail=f"{step.key}: Zoom would {zoom}, so nothing was sent.",
        hint="Declare a later start, or remove it from the spec.",
        key=step.key,
    )


def unrecorded(step: Step, made: int, error: StateError, action: Action = Action.CREATE) -> Diagnostic:
    """A write that happened, and whose record could not be written."""
    happened = "changed" if action is Action.UPDATE else "created"
    follows = "sent again, which changes nothing" if action is Action.UPDATE else "found, not made twice"
    return Diagnostic(
        code="apply.unrecorded",
        detail=f"{step.key} was {happened}: it is meeting {made} in Zoom. {error.diagnostic.summary}.",
        hint=f"Mend that and run apply again: its intent is durable, so the meeting is {follows}.",
        key=step.key,
    )


def meeting_gone(step: Step, meeting_id: int | None) -> Diagnostic:
    """An update of a meeting that Zoom does not have any more."""
    return Diagnostic(
        code="apply.gone",
        detail=f"{step.key} is recorded as meeting {meeting_id}, which Zoom does not have. "
        "Nothing was changed.",
        hint="`apply --refresh` creates it again, with a new join link; or remove it from the spec.",
        key=step.key,
    )


def destroy_unknown(step: Step, error: RemoteError) -> Diagnostic:
    """A destroy whose answer was lost."""
    return Diagnostic(
        code="apply.end-unknown",
        detail=f"{step.key}, meeting {step.id}: {error.diagnostic.summary}.",
        hint="Run apply again: to end it once more does no harm.",
        key=step.key,
    )


def differs_now(step: Step) -> Diagnostic:
    """An adopted meeting that the spec has changed since."""
    return Diagnostic(
        code="apply.differs",
        detail=f"{step.key} was found in Zoom as it was declared when its request was interrupted.",
        hint="The next plan shows what differs.",
        severity=Severity.WARNING,
        key=step.key,
    )


def import_gone(step: Step, error: RemoteError) -> Diagnostic:
    """An import of a meeting that Zoom does not have, or does not show."""
    return Diagnostic(
        code="import.gone",
        detail=f"{step.key} imports meeting {step.id}: {error.diagnostic.summary}. Nothing was recorded.",
        hint=f"Check the id (a webinar is no meeting); without the `imports` line of {step.key}, "
        "the meeting is created.",
        key=step.key,
    )


def import_unfit(step: Step, what: str) -> Diagnostic:
    """An import of something that cannot be kept as this key."""
    return Diagnostic(
        code="import.unfit",
        detail=f"{step.key} imports meeting {step.id}, which {what}. Nothing was recorded.",
        hint="Correct the id, the host or the type that is declared, or take the `imports` line out.",
        key=step.key,
    )


def passcode_unfit(step: Step, name: str, *, empty: bool) -> Diagnostic:
    """A referenced passcode that cannot be sent; its value is never shown."""
    why = "is not set" if empty else "holds something that Zoom does not take as a passcode"
    return Diagnostic(
        code="passcode.missing" if empty else "passcode.unfit",
        detail=f"{step.key} takes its passcode from {name}, which {why}. Nothing was sent for this meeting.",
        hint=f"Set {name} to 1 to 10 letters, digits or @ - _ * and run apply again.",
        key=step.key,
    )


def read_back_failed(meeting_id: int, error: RemoteError) -> str:
    """A note: the read-back failed."""
    return f"meeting {meeting_id} could not be read back: {error.diagnostic.summary}"


def _meeting(listed: Mapping[str, Json]) -> str:
    start = f", {listed['start_time']}" if listed.get("start_time") else ""
    made = f", made {listed['created_at']}" if listed.get("created_at") else ""
    return f"meeting {listed.get('id')} ({listed.get('topic')!r}{start}{made})"
