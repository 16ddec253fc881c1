"""What becomes of a meeting that exists: changed in place, replaced, ended, let go, or left as it is.

Pure. A meeting ends only where `removed` names its id; everything else is withheld with the line to paste.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from reconciler.errors.text import count_noun
from reconciler.meeting.meeting import Meeting, Schedule, runs_or_starts_soon, schedule, series
from reconciler.plan import _effects as effects
from reconciler.plan import diff
from reconciler.plan.change import Action
from reconciler.plan.step import Status, Step
from reconciler.spec.lifecycle import Removed
from reconciler.state.state import Record, Retired

SOON = "it runs now or starts within the hour"
"""Why a meeting is not ended yet."""


def step_for_declared(
    meeting: Meeting, record: Record, removal: Removed | None, now: datetime, *, same_host: bool
) -> tuple[Step, ...]:
    """The step of a meeting that is declared and recorded; `removal` is the line that names its id.

    There is a second one only to record another protection, where that stops the first.
    """
    change = diff.compare(meeting, record, same_host=same_host)
    standing = schedule(meeting.attributes, now)
    is_keep = change.action is Action.KEEP
    step = Step(meeting.key, change.action, meeting.host, meeting.topic, changes=change.fields,
                reasons=tuple(f"`{path}` is no longer declared" for path in change.released),
                meeting=meeting, id=record.id, starts_at=standing.next_at,
                released=change.released if is_keep else ())  # fmt: skip
    if standing.expired:
        return (step.put(Status.EXPIRED, "its time is over"),)
    if is_keep:
        return (_keep(step, meeting, record),)
    if change.action is Action.UPDATE:
        return (_update(step, record, standing, now),)
    replaced = _replace(step, record, removal, now)
    if record.protect == meeting.protect:
        return (replaced,)
    return (replaced, _keep(replace(step, action=Action.KEEP, changes=(), reasons=()), meeting, record))


def step_for_undeclared(key: str, record: Record, removal: Removed | None, now: datetime) -> Step:
    """The step of a meeting that is recorded and no longer declared."""
    standing = schedule(record.attributes, now)
    step = Step(key, Action.DESTROY, record.host, str(record.attributes.get("topic", "")), id=record.id,
                starts_at=standing.next_at)  # fmt: skip
    if standing.expired:
        return step.put(Status.EXPIRED, "its time is over and it is no longer declared")
    if removal is not None and not removal.destroy:
        return replace(step, action=Action.FORGET, reasons=("stays in Zoom, and is no longer looked after",))
    if record.protect:
        return step.put(
            Status.WITHHELD,
            "no longer declared, stays in Zoom; it is protected: to end it, "
            "declare it with `protect: false`, apply that, and take it out again",
        )
    if removal is None:
        line = removal_line(key, record.id)
        return step.put(Status.WITHHELD, f"no longer declared, stays in Zoom; to end it, add `{line}`")
    if runs_or_starts_soon(record.attributes, now):
        return step.put(Status.DEFERRED, f"{SOON}, so a later apply ends it")
    return step


def step_for_retired(gone: Retired, key: str, topic: str, now: datetime) -> Step:
    """The end of a meeting that was replaced; `key` is the one that it was replaced under."""
    step = Step(key, Action.DESTROY, gone.host, topic, id=gone.id, retires=True,
                reasons=("was replaced, and is still to be ended",))  # fmt: skip
    if runs_or_starts_soon(gone.times, now):
        return step.put(Status.DEFERRED, f"{SOON}, so a later apply ends it")
    return step


def removal_line(key: str, meeting_id: int) -> str:
    """The line that has a meeting ended."""
    return f"removed: [{{key: {key}, id: {meeting_id}, destroy: true}}]"


def shortened_remark(meeting: Meeting, standing: Schedule, now: datetime) -> tuple[str, ...]:
    """That a running series is sent from its next occurrence on; nothing of any other meeting."""
    repeated = series(meeting.attributes)
    if not standing.over or repeated is None:
        return ()
    over = count_noun(standing.over, "occurrence is over", "occurrences are over")
    left = "" if standing.left is None else f", {standing.left} left"
    return (f"{over}; sends {_read_out(repeated.next_local(now) or '')}{left}",)


def _keep(step: Step, meeting: Meeting, record: Record) -> Step:
    if meeting.protect == record.protect:
        return step
    return replace(step, protects=meeting.protect, reasons=(*step.reasons, *_protection(meeting, record)))


def _protection(meeting: Meeting, record: Record) -> tuple[str, ...]:
    if meeting.protect == record.protect:
        return ()
    return ("is protected from now on" if meeting.protect else "is no longer protected",)


def _update(step: Step, record: Record, standing: Schedule, now: datetime) -> Step:
    assert step.meeting is not None
    before, after = record.attributes, step.meeting.attributes
    so_far = schedule(before, now)
    if standing.begun or (so_far.begun and not so_far.expired):
        return step.put(Status.WITHHELD, "it runs now, so nothing of it is changed")
    changes = tuple(effects.with_effects(step.changes, before, after, now))
    rescheduled = any(effects.COME_BACK in change.effect for change in changes)
    sends = shortened_remark(step.meeting, standing, now) if rescheduled else ()
    protection = _protection(step.meeting, record)
    # With `schedule_for` it is that user whom Zoom names as the host, and who pays for a change.
    host = str(before.get("schedule_for") or step.host)
    return replace(step, host=host, changes=changes, reasons=(*step.reasons, *sends, *protection))


def _replace(step: Step, record: Record, removal: Removed | None, now: datetime) -> Step:
    """Create first, end the old one then: only what `removed` names, and never what is protected."""
    assert step.meeting is not None
    standing = schedule(step.meeting.attributes, now)
    if record.protect or step.meeting.protect:
        return step.put(Status.WITHHELD, _protected(step.meeting))
    if removal is None:
        line = removal_line(step.key, record.id)
        return step.put(
            Status.WITHHELD,
            f"Zoom cannot change this in place; to have a new meeting in its place, add `{line}`, "
            "or `destroy: false` to leave the old one in Zoom",
        )
    if standing.begun:
        return step.put(Status.WITHHELD, "it has begun: Zoom would start the new one at once")
    reasons = (*step.reasons, *shortened_remark(step.meeting, standing, now), _end(record, removal, now))
    return replace(step, reasons=reasons, retires=removal.destroy)


def _protected(meeting: Meeting) -> str:
    if meeting.protect:
        return "it is protected: a replace would end it; declare `protect: false` and apply that first"
    return "it is protected so far: a replace would end it; apply this plan, and the next one has it"


def _end(record: Record, removal: Removed, now: datetime) -> str:
    if not removal.destroy:
        return f"meeting {record.id} is left in Zoom"
    later = f": {SOON}, so a later apply ends it" if runs_or_starts_soon(record.attributes, now) else ""
    return f"meeting {record.id} is ended once the new one is there{later}"


def _read_out(start_time: str) -> str:
    """`2027-02-01T10:00:00` as people write it; seconds only where there are some."""
    clock = start_time.replace("T", " ").removesuffix("Z").removesuffix(":00")
    return f"{clock} UTC" if start_time.endswith("Z") else clock
