"""Changes of the timetable of a room, in words: nothing of it is sent."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime

from msgspec.structs import replace

from reconciler.meeting.meeting import Meeting, Slot, schedule
from reconciler.plan.change import FieldChange
from reconciler.plan.dates import slot_words
from reconciler.plan.dates.bookings import recorded_slot
from reconciler.plan.step import Step
from reconciler.ports import Json

TIMETABLE = "timetable"
"""The first part of the path of a slot that differs."""

NOT_SENT = "nothing to send"


_TIMES = ("start_time", "timezone", "recurrence")
"""The fields of a slot that say when it is held."""


def with_slots(step: Step, before: Mapping[str, Json], now: datetime) -> Step:
    """Return the step of a room with the changes of its timetable, which is `before` as recorded."""
    if step.meeting is None or not (step.meeting.timetable or before):
        return step
    changed = tuple(_changes(step.meeting, before))
    return replace(
        step,
        slots=changed,
        recorded_timetable=before,
        slot_starts=tuple(_new_starts(step.meeting.timetable, before, now)),
        reasons=(*step.reasons, *map(line, changed)),
    )


def _new_starts(
    slots: tuple[Slot, ...], before: Mapping[str, Json], now: datetime
) -> Iterator[tuple[Slot, datetime]]:
    """Yield the slots whose times are new, each with its next start."""
    for slot in slots:
        attributes, recorded = slot.meeting.attributes, before.get(slot.name, {})
        next_at = schedule(attributes, now).next_at
        if next_at and any(attributes.get(name) != recorded.get(name) for name in _TIMES):
            yield slot, next_at


def _changes(room: Meeting, recorded: Mapping[str, Json]) -> Iterator[FieldChange]:
    """Yield the slots that differ, by name, in words of what differs; None: there is no such slot."""
    after = room.recorded_timetable()
    declared = {slot.name: slot.meeting for slot in room.timetable}
    for name in sorted(name for name in {*recorded, *after} if recorded.get(name) != after.get(name)):
        old = recorded_slot(room.key, room.host, name, recorded[name]).meeting if name in recorded else None
        yield FieldChange(f"{TIMETABLE}.{name}", *_words(old, declared.get(name)), NOT_SENT)


def _words(before: Meeting | None, after: Meeting | None) -> tuple[str | None, str | None]:
    if before is not None and after is not None:
        return slot_words.difference(before, after)
    return slot_words.whole(before) if before else None, slot_words.whole(after) if after else None


def line(change: FieldChange) -> str:
    """Return a change as a plan prints it: "timetable: europe Mon 10:00 → Mon 11:00, nothing to send"."""
    name = change.path.partition(".")[2]
    if change.before is None:
        words = f"{name} is new, {change.after}"
    elif change.after is None:
        words = f"{name} is gone, was {change.before}"
    else:
        words = f"{name} {change.before} → {change.after}"
    return f"{TIMETABLE}: {words}, {change.effect}"
