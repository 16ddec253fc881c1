"""Steps for a meeting that exists: update, replace, destroy, forget or keep.

A meeting is deleted only if `removed` names its id; otherwise the step is withheld, with the line to paste.
"""

from __future__ import annotations

from datetime import datetime

from msgspec.structs import replace

from reconciler.errors.text import count_noun
from reconciler.meeting import masking
from reconciler.meeting.humanize import day_words, instant_words, short_weekday, time_words
from reconciler.meeting.meeting import Meeting, Schedule, resume, runs_or_starts_soon, schedule, series
from reconciler.meeting.single_dates import held_schedule, is_held_now_or_soon, next_window
from reconciler.meeting.timezones import instant
from reconciler.plan import _effects as effects
from reconciler.plan import diff
from reconciler.plan.change import Action
from reconciler.plan.dates import slots, windows
from reconciler.plan.dates import steps as dates
from reconciler.plan.step import Status, Step
from reconciler.spec.lifecycle import Removed, removed_line
from reconciler.state.state import SCHEDULE_FOR, Record, Retired, owner

SOON = "it runs now or starts within the hour"
"""The reason why a deletion waits."""

RUNS_NOW = "it runs now, so nothing of it is changed"
HAS_BEGUN = "it has begun: Zoom would start the new one at once"
ONLY_MOVED = "only a date that was moved is left of it, so nothing of it is changed"
"""Reasons to withhold a step that pass by themselves."""

IF_REFUSED = (
    "if Zoom refuses the handover, the meeting stays with its host, and apply says what to do; "
    "if Zoom has the new host already, nothing is sent for it"
)

IF_FORGOTTEN = "its recorded dates are over: made again with a new join link if Zoom has forgotten it"


def step_for_declared(
    meeting: Meeting, record: Record, removal: Removed | None, now: datetime, *, same_user: diff.SameUser
) -> tuple[Step, ...]:
    """Return the step of a meeting that is declared and recorded; `removal` is the entry that names its id.

    A second step records a changed protection, if the first one cannot: it is over, or blocked by it.
    """
    change = diff.compare(meeting, record, same_user=same_user, replaces_host=removal is not None)
    times = schedule(meeting.attributes, now)
    is_keep = change.action is Action.KEEP
    step = Step(meeting.key, change.action, meeting.host, meeting.topic, changes=change.fields,
                reasons=tuple(f"`{path}` is no longer declared" for path in change.released),
                meeting=meeting, recorded=record.attributes, recorded_dates=record.exceptions, id=record.id,
                starts_at=times.next_at,
                released=change.released if is_keep else ())  # fmt: skip
    if times.expired and not _is_kept_by_a_move(record, now):
        return (step.with_status(Status.EXPIRED, "its time is over"), *_protects(step, meeting, record))
    step = slots.with_slots(step, record.timetable, now)
    if is_keep:
        return (_keep_or_dates(_keep(step, meeting, record), record, now),)
    if change.action is Action.UPDATE:
        return (_update_or_over(step, record, times, now),)
    replaced = dates.with_dates(_replace(step, record, removal, now), None, now)
    return (replaced, *_protects(step, meeting, record))


def _update_or_over(step: Step, record: Record, times: Schedule, now: datetime) -> Step:
    """Return the update, or why it is withheld: of the dates that are left, none is held."""
    assert step.meeting is not None
    if dates.was_last_held_earlier(step.meeting, now):
        return step.withheld_for_now(dates.held_earlier(step.meeting))
    if dates.brings_one_back(step, record, now):
        return step.withheld_for_now(dates.only_skipped(step.meeting))
    return dates.with_dates(_update(step, record, times, now), record, now)


def _is_kept_by_a_move(record: Record, now: datetime) -> bool:
    """Return whether the rule has no date left, and one that was moved is still to come."""
    if not record.exceptions or not schedule(record.attributes, now).expired:
        return False
    return not held_schedule(record.attributes, record.exceptions, now).expired


def step_for_undeclared(
    key: str, record: Record, removal: Removed | None, now: datetime, *, is_moved: bool = False
) -> Step:
    """Return the step of a meeting that is recorded and no longer declared.

    An entry of `moved` that cannot be carried out (`is_moved`) excludes one of `removed`.
    """
    times = held_schedule(record.attributes, record.exceptions, now)
    step = Step(key, Action.DESTROY, record.host, recorded_topic(record), recorded=record.attributes,
                recorded_dates=record.exceptions, recorded_timetable=record.timetable,
                id=record.id, starts_at=times.next_at)  # fmt: skip
    if times.expired:
        return step.with_status(Status.EXPIRED, "its time is over and it is no longer declared")
    if removal is not None and not removal.destroy:
        return replace(step, action=Action.FORGET, reasons=("stays in Zoom, and is no longer managed",))
    if record.protect:
        return step.with_status(
            Status.WITHHELD,
            "no longer declared, stays in Zoom; it is protected: to delete it, "
            "declare it with `protect: false`, apply that, and take it out again",
        )
    if removal is None:
        line, first = removed_line(key, record.id), "remove its `moved` entry, and " if is_moved else ""
        return step.with_status(
            Status.WITHHELD, f"no longer declared, stays in Zoom; to delete it, {first}add `{line}`"
        )
    if is_held_now_or_soon(record.attributes, record.exceptions, now):
        return step.with_status(Status.DEFERRED, f"{SOON}, so a later apply deletes it")
    return step


def step_for_retired(gone: Retired, key: str, topic: str, now: datetime) -> Step:
    """Return the deletion of a replaced meeting, for the `key` of its successor."""
    step = Step(key, Action.DESTROY, gone.host, topic, id=gone.id, retires=True,
                reasons=("was replaced, and is still to be deleted",))  # fmt: skip
    if runs_or_starts_soon(gone.times, now):
        return step.with_status(Status.DEFERRED, f"{SOON}, so a later apply deletes it")
    return step


def recorded_topic(record: Record) -> str:
    """Return the topic as it may be shown: after a refresh it may be one that somebody wrote into Zoom."""
    return str(masking.as_shown(record.attributes.get("topic", "")))


def shortened_remark(meeting: Meeting, times: Schedule, now: datetime) -> tuple[str, ...]:
    """Return the remark that a running series is sent from its next occurrence on, if it is one."""
    repeated = series(meeting.attributes)
    if not times.over or repeated is None:
        return ()
    resumed, window = resume(repeated, now), next_window(meeting.attributes, meeting.dates, now)
    if resumed is None:
        return ()
    over = count_noun(times.over, "occurrence is over", "occurrences are over")
    left = "" if resumed.left is None else f", {resumed.left} left"
    start = window.start_time if window else resumed.start_time
    sends = f"{over}; sends {_read_out(start, repeated.timezone)}{left}"
    return (sends, *(_left_out(wall, repeated.timezone) for wall in resumed.left_out))


def _sends(meeting: Meeting, record: Record, times: Schedule, now: datetime) -> tuple[str, ...]:
    """Return what becomes of the dates of a series, if its rule is sent."""
    return (*shortened_remark(meeting, times, now), *windows.shortened(meeting, record, now))


def _left_out(wall: datetime, timezone: str) -> str:
    """Describe a date that cannot be the first one of a series that is sent."""
    return (
        f"{short_weekday(wall)} {day_words(wall)} is not held: clocks in {timezone} skip {time_words(wall)} "
        "that day, and a series that begins there would keep another time"
    )


def _keep(step: Step, meeting: Meeting, record: Record) -> Step:
    if meeting.protect == record.protect:
        return step
    return replace(step, protects=meeting.protect, reasons=(*step.reasons, *_protection(meeting, record)))


def _protects(step: Step, meeting: Meeting, record: Record) -> tuple[Step, ...]:
    """Return the step that records a changed protection and nothing else, if it has changed."""
    if meeting.protect == record.protect:
        return ()
    return (_keep(replace(step, action=Action.KEEP, changes=(), reasons=(), released=()), meeting, record),)


def _keep_or_dates(step: Step, record: Record, now: datetime) -> Step:
    """Return the keep, or the update of single dates that it needs."""
    found = dates.with_dates(step, record, now)
    found = replace(found, host=_payer(step, record)) if found.dates or found.resends else found
    return replace(found, action=Action.UPDATE) if found.dates or found.resends else found


def _protection(meeting: Meeting, record: Record) -> tuple[str, ...]:
    if meeting.protect == record.protect:
        return ()
    return ("is protected from now on" if meeting.protect else "is no longer protected",)


def _update(step: Step, record: Record, times: Schedule, now: datetime) -> Step:
    assert step.meeting is not None
    before, after = record.attributes, step.meeting.attributes
    so_far = schedule(before, now)
    if times.expired:
        return step.withheld_for_now(ONLY_MOVED)
    if times.begun or (so_far.begun and not so_far.expired):
        return step.withheld_for_now(RUNS_NOW)
    held_at = (held_schedule(before, record.exceptions, now).next_at, dates.next_held(step.meeting, now))
    changes = tuple(effects.with_effects(step.changes, before, after, now, held_at))
    rescheduled = any(effects.COME_BACK in change.effect for change in changes)
    sends = _sends(step.meeting, record, times, now) if rescheduled else ()
    protection = _protection(step.meeting, record)
    host = _payer(step, record)
    refused = (IF_REFUSED,) if step.new_host else ()
    forgotten = (IF_FORGOTTEN,) if so_far.expired else ()
    reasons = (*step.reasons, *sends, *protection, *refused, *forgotten)
    return replace(step, host=host, changes=changes, reasons=reasons, may_be_forgotten=so_far.expired)


def _payer(step: Step, record: Record) -> str:
    """Return the host for which Zoom counts an update: the recorded one, or whom it was scheduled for."""
    assert step.meeting is not None, "only a declared meeting is updated"
    is_declared = step.new_host is None and SCHEDULE_FOR not in step.meeting.attributes
    return owner(record.attributes, step.host if is_declared else record.host)


def _replace(step: Step, record: Record, removal: Removed | None, now: datetime) -> Step:
    """Create first, then delete the old meeting: only what `removed` names, and never what is protected."""
    assert step.meeting is not None
    times = schedule(step.meeting.attributes, now)
    if record.protect or step.meeting.protect:
        return step.with_status(Status.WITHHELD, _protected(step.meeting))
    if removal is None:
        line = removed_line(step.key, record.id)
        return step.with_status(
            Status.WITHHELD,
            f"Zoom cannot change this in place; to have a new meeting in its place, add `{line}`, "
            "or `destroy: false` to leave the old one in Zoom",
        )
    if times.begun:
        return step.withheld_for_now(HAS_BEGUN)
    reasons = (*step.reasons, *shortened_remark(step.meeting, times, now), _end(record, removal, now))
    return replace(step, reasons=reasons, retires=removal.destroy)


def _protected(meeting: Meeting) -> str:
    if meeting.protect:
        return "it is protected: a replace would delete it; declare `protect: false` and apply that first"
    return "it is protected so far: a replace would delete it; apply this plan, and the next one has it"


def _end(record: Record, removal: Removed, now: datetime) -> str:
    if not removal.destroy:
        return f"meeting {record.id} is left in Zoom"
    is_soon = is_held_now_or_soon(record.attributes, record.exceptions, now)
    later = f": {SOON}, so a later apply deletes it" if is_soon else ""
    return f"meeting {record.id} is deleted once the new one is there{later}"


def _read_out(start_time: str, timezone: str) -> str:
    """Format `2027-02-01T10:00:00` for people; what is sent in UTC also as the meeting's own zone has it."""
    clock = start_time.replace("T", " ").removesuffix("Z").removesuffix(":00")
    if not start_time.endswith("Z"):
        return clock
    return f"{clock} UTC ({instant_words(instant(start_time, timezone), timezone)})"
