"""Messages of apply for everything that needs a person: the facts, and the lines to paste.

Pure. Ids of meetings are shown; links and passcodes never are.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from reconciler.errors.diagnostic import Diagnostic, Severity
from reconciler.errors.exceptions import RemoteError, StateError
from reconciler.errors.redact import redact_text
from reconciler.errors.text import join_first
from reconciler.meeting.humanize import join_words, when
from reconciler.meeting.meeting import PERSONAL
from reconciler.meeting.names import as_argument
from reconciler.plan.change import Action
from reconciler.plan.dates.words import name_of
from reconciler.plan.step import Step
from reconciler.ports import Json
from reconciler.spec.lifecycle import imports_line, removed_line
from reconciler.state.state import SCHEDULE_FOR

STOPPED = "the run ended before its turn"
"""The reason of a step that was deferred because the run had to stop."""

NO_BUDGET = "the host's requests for this UTC day are used up"
"""The reason of a step that was deferred because its host may send nothing more today."""

IS_OVER = "its time is over, so Zoom does not list it any more"
LEFT_OUT = "clocks skip its time, and no series can begin there, so Zoom does not have it"
"""The reason of a single date that cannot be changed, since the series begins after it."""

ALIKE_MAX = 6
"""Zones that are named as a remedy."""

EVIDENCE_MAX = 5
"""Meetings that are shown as evidence; further ones are counted."""


def exists_already(step: Step, duplicate: Mapping[str, Json]) -> Diagnostic:
    """A create that was not sent, because Zoom has such a meeting."""
    is_personal = duplicate.get("type") == PERSONAL
    personal = " and which uses the host's personal id" if is_personal else ""
    remedy = f"If it is this meeting, add `{imports_line(duplicate.get('id', 0), step.key)}`"
    if is_personal:
        remedy = (
            "A meeting on the personal id cannot be imported. If it is this meeting, turn the personal id "
            "off for the host's scheduled meetings in Zoom and delete the meeting there"
        )
    return Diagnostic(
        code="apply.exists-already",
        detail=f"{step.key}: {step.host} has {_meeting(duplicate)}, which no record names{personal}. "
        "Nothing was sent for this key.",
        hint=f"{remedy}; if the state is lost or older, restore it; "
        "if it is another meeting, change the topic or the time.",
        key=step.key,
    )


def unclear(step: Step, suspects: Sequence[Mapping[str, Json]]) -> Diagnostic:
    """An interrupted create that a person must judge."""
    first = suspects[0].get("id", 0)
    return Diagnostic(
        code="apply.unclear",
        detail=f"{step.key}: {step.host} has meetings that may come from this request and that no record "
        f"names: {_meetings(suspects)}.",
        hint=f"If the request created one of them, add `{imports_line(first, step.key)}` with its "
        f"id. If it created none, run `reconciler state rm {as_argument(step.key)}`, and apply creates the "
        "meeting unless one of them has its topic and its start.",
        key=step.key,
    )


def created_twice(step: Step, made: int, duplicates: Sequence[Mapping[str, Json]]) -> Diagnostic:
    """A create whose first attempt landed after all, later than the settling time."""
    return Diagnostic(
        code="apply.landed-late",
        detail=f"{step.key} is recorded as meeting {made}; {step.host} also has {_meetings(duplicates)}.",
        hint="Delete the other meeting in Zoom, and raise RECONCILER_SETTLE: "
        "requests take longer to land than apply waited.",
        key=step.key,
    )


def list_unread(step: Step, error: RemoteError) -> Diagnostic:
    """A further attempt that succeeded, while the list that shows whether the first landed failed."""
    return Diagnostic(
        code="apply.not-looked-again",
        detail=f"{step.key} was created by a further attempt. {error.diagnostic.summary}.",
        hint=f"Check in Zoom whether {step.host} has the meeting twice.",
        severity=Severity.WARNING,
        key=step.key,
    )


def outcome_unknown(step: Step, error: RemoteError, settle_seconds: float) -> Diagnostic:
    """A request whose outcome is looked up after the settling time."""
    return Diagnostic(
        code="apply.settling",
        detail=f"{step.key}: {error.diagnostic.summary}. "
        f"Apply waits {settle_seconds:.0f} s until the request must have landed, and then looks it up.",
        severity=Severity.WARNING,
        key=step.key,
    )


def unresolved(step: Step, error: RemoteError | None) -> Diagnostic:
    """A create or an update that this run could not look up."""
    if Action.UPDATE in (step.action, step.intent_action):
        return unresolved_change(step, error)
    return _unresolved(step, f"{step.key} may or may not exist in Zoom.", error)


def unresolved_change(step: Step, error: RemoteError | None) -> Diagnostic:
    """A change of a meeting, or of its single dates, that this run could not look up."""
    return _unresolved(step, f"The change of {step.key} may or may not have been made in Zoom.", error)


def _unresolved(step: Step, fact: str, error: RemoteError | None) -> Diagnostic:
    reason = f" {error.diagnostic.summary}." if error else ""
    return Diagnostic(
        code="apply.unresolved",
        detail=f"{fact}{reason}",
        hint="Run apply again: it looks the request up before it sends anything else.",
        key=step.key,
    )


def too_late(step: Step, action: Action) -> Diagnostic:
    """A write whose last start passed before its request could leave."""
    effect = "start a meeting with a past start at once"
    if action is Action.UPDATE:
        effect = "ignore a start in the past"
    return Diagnostic(
        code="apply.too-late",
        detail=f"{step.key}: Zoom would {effect}, so nothing was sent.",
        hint="Declare a later start, or remove the meeting from the spec.",
        key=step.key,
    )


def unrecorded(step: Step, made: int, error: StateError, action: Action) -> Diagnostic:
    """A write that happened, and whose record could not be written."""
    if action is Action.UPDATE:
        happened = "changed"
        result = "the next run looks the change up; to send it twice does no harm"
    else:
        happened = "created"
        result = "the next run finds the meeting and does not create it twice"
    return Diagnostic(
        code="apply.unrecorded",
        detail=f"{step.key} was {happened}: it is meeting {made} in Zoom. {error.diagnostic.summary}.",
        hint=f"Fix the cause and run apply again. The intent is durable, so {result}.",
        key=step.key,
    )


def meeting_gone(step: Step, meeting_id: int | None) -> Diagnostic:
    """An update of a meeting that does not exist in Zoom any more."""
    return Diagnostic(
        code="apply.gone",
        detail=f"{step.key} is recorded as meeting {meeting_id}, which Zoom does not have. "
        "Nothing was changed.",
        hint="Run `reconciler apply --refresh` to create it again, with a new join link. To give it up, "
        f"remove it from the spec and run `reconciler state rm {as_argument(step.key)}`.",
        key=step.key,
    )


def dates_failed(step: Step, problems: Mapping[str, str], why: str = "") -> Diagnostic:
    """Single dates of a series that could not be made as declared, each with its reason."""
    named = [f"{name_of(day)}: {reason}" for day, reason in sorted(problems.items())]
    hint = (
        f"Look at the series in Zoom, and run `reconciler plan --refresh --target {step.key}`: it shows "
        "each date that differs; the next apply tries again what is still declared."
    )
    if set(problems.values()) == {LEFT_OUT}:
        hint = "Skip that date, and declare a meeting of its own for it."
    if set(problems.values()) == {IS_OVER}:
        hint = "Remove that line of `exceptions`, and declare a meeting of its own for the new time."
    detail = f"{step.key}: {join_first(named, EVIDENCE_MAX) or why}."
    return Diagnostic(code="apply.dates", detail=detail, hint=hint, key=step.key)


def extension_undoes(step: Step, dates: str) -> Diagnostic:
    """An extension that could not wait any longer, and the dates that somebody had changed in Zoom."""
    return Diagnostic(
        code="apply.extension-undoes",
        detail=f"{step.key} had three dates or fewer left, so it was extended. Somebody had changed these "
        f"dates in Zoom, and they are as declared again: {dates}.",
        hint="Declare what you want to keep under `exceptions` of the series.",
        severity=Severity.WARNING,
        key=step.key,
    )


def zone_refused(step: Step, zone: str, alike: Sequence[str]) -> Diagnostic:
    """A write whose time zone Zoom does not take; `alike` are zones of Zoom's list with the same rules."""
    hint = (
        "No zone in Zoom's list has the same rules. Declare the meeting in another zone, such as "
        "`timezone: UTC`, and run apply again."
    )
    if alike:
        others = alike[1:ALIKE_MAX]
        also = f", as {'has' if len(others) == 1 else 'have'} {join_words(others)}" if others else ""
        hint = f"Write `timezone: {alike[0]}`: it is in Zoom's list and has the same rules{also}."
    return Diagnostic(
        code="apply.zone-refused",
        detail=f"{step.key}: Zoom does not take `timezone: {zone}`.",
        hint=hint,
        key=step.key,
    )


def not_taken(step: Step, left: str) -> Diagnostic:
    """An update that Zoom accepted, and after which fields read as before."""
    return Diagnostic(
        code="apply.not-taken",
        detail=f"{step.key}, meeting {step.id}: Zoom accepted the update, and reads as before it: {left}.",
        hint="A setting of the account or of the host may hold the value: change that, or declare what Zoom "
        "has. It is sent again if the declared value changes, or by `reconciler apply --refresh`.",
        key=step.key,
    )


def handover_refused(step: Step, why: str) -> Diagnostic:
    """A host change that Zoom did not make."""
    return _not_handed_over(
        step,
        f"{why} It stays with {step.host}, under the same join link.",
        f"Allow {step.host} in Zoom to schedule for {step.new_host} (both need a licence), "
        "and run apply again.",
    )


def host_left(step: Step) -> Diagnostic:
    """A host change whose old host has left Zoom, so that nobody can hand the meeting over."""
    return _not_handed_over(
        step,
        f"Zoom has no user {step.host} any more, who could hand it over. Nothing was sent.",
        f"Have an admin of the account transfer it to {step.new_host} in Zoom, and run apply again.",
    )


def _not_handed_over(step: Step, why: str, remedy: str) -> Diagnostic:
    line = f"`{removed_line(step.key, step.id or 0)}`"
    lifted = (
        ", with `protect: false` for the meeting; the second apply replaces it" if step.is_protected else ""
    )
    if any(change.path == SCHEDULE_FOR for change in step.changes):
        line = f"`host: {step.new_host}` in place of `schedule_for`, and {line}"
    return Diagnostic(
        code="apply.handover-refused",
        detail=f"{step.key}, meeting {step.id}, was to go from {step.host} to {step.new_host}. {why}",
        hint=f"{remedy} Or have a new meeting with a new join link: {line}{lifted}.",
        key=step.key,
    )


def destroy_unknown(step: Step, error: RemoteError | None) -> Diagnostic:
    """A destroy whose answer was lost, or whose meeting is still there."""
    reason = error.diagnostic.summary if error else "Zoom accepted the deletion and still shows the meeting"
    return Diagnostic(
        code="apply.end-unknown",
        detail=f"{step.key}, meeting {step.id}: {reason}.",
        hint="Run apply again: deleting a meeting twice does no harm.",
        key=step.key,
    )


def differs_now(step: Step) -> Diagnostic:
    """An adopted meeting whose declaration has changed since."""
    return Diagnostic(
        code="apply.differs",
        detail=f"{step.key} was found in Zoom as it was declared when its request was interrupted.",
        hint="The next plan shows the differences.",
        severity=Severity.WARNING,
        key=step.key,
    )


def import_gone(step: Step, error: RemoteError) -> Diagnostic:
    """An import of a meeting that Zoom does not have, or does not show."""
    return Diagnostic(
        code="import.gone",
        detail=f"{step.key} imports meeting {step.id}: {error.diagnostic.summary}. Nothing was recorded.",
        hint="Check the id; a webinar is not a meeting. "
        f"Without the `imports` line of {step.key} the meeting is created.",
        key=step.key,
    )


def import_unfit(step: Step, reason: str) -> Diagnostic:
    """An import of a meeting that cannot be recorded under this key."""
    return Diagnostic(
        code="import.unfit",
        detail=f"{step.key} imports meeting {step.id}, which {reason}. Nothing was recorded.",
        hint="Correct the declared id, host or type, or remove the `imports` line.",
        key=step.key,
    )


def passcode_unfit(step: Step, name: str, problem: str | None) -> Diagnostic:
    """A referenced passcode that cannot be sent, None: there is none; its value is never shown."""
    unfit = f"has a value that Zoom does not accept as a passcode. {problem}"
    return Diagnostic(
        code="passcode.unfit" if problem else "passcode.missing",
        detail=f"{step.key} takes its passcode from {name}, which {unfit if problem else 'is not set.'} "
        "Nothing was sent for this meeting.",
        hint=f"Set {name} to 1 to 10 letters, digits or @ - _ * and run apply again.",
        key=step.key,
    )


def _meetings(meetings: Sequence[Mapping[str, Json]]) -> str:
    return join_first([_meeting(meeting) for meeting in meetings], EVIDENCE_MAX)


def _meeting(listed: Mapping[str, Json]) -> str:
    start = f", {_start(listed)}" if listed.get("start_time") else ""
    created = f", created {listed['created_at']}" if listed.get("created_at") else ""
    return f"meeting {listed.get('id')} ({redact_text(str(listed.get('topic')))!r}{start}{created})"


def _start(listed: Mapping[str, Json]) -> str:
    """Return the start in the meeting's own zone; as Zoom wrote it if it cannot be read."""
    start = str(listed["start_time"])
    try:
        return when(start, listed.get("timezone") or "UTC")
    except ValueError:
        return redact_text(start)
