"""Changes of the timetable of a room, in words: nothing of it is sent."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime

from reconciler.meeting.humanize import day_words, instant_words, rule_words, time_words
from reconciler.meeting.meeting import Slot, minutes_of, schedule, series, start_at
from reconciler.meeting.timezones import in_zone, known_zone
from reconciler.plan.change import FieldChange
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
    changed = slot_changes(before, step.meeting.recorded_timetable())
    return step._replace(
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


def slot_changes(before: Mapping[str, Json], after: Mapping[str, Json]) -> tuple[FieldChange, ...]:
    """Return the slots that differ, by name, in words of what differs; None: there is no such slot."""
    if before == after:
        return ()
    names = sorted(name for name in {*before, *after} if before.get(name) != after.get(name))
    return tuple(_change(name, before.get(name), after.get(name)) for name in names)


def _change(name: str, before: Mapping[str, Json] | None, after: Mapping[str, Json] | None) -> FieldChange:
    old, new = _parts(before), _parts(after)
    is_changed = before is not None and after is not None
    shown = [part for part in {**old, **new} if not is_changed or old.get(part) != new.get(part)]
    words = [", ".join(parts[part] for part in shown if parts.get(part)) for parts in (old, new)]
    path = f"{TIMETABLE}.{name}"
    return FieldChange(path, words[0] if before else None, words[1] if after else None, NOT_SENT)


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


def _parts(slot: Mapping[str, Json] | None) -> dict[str, str]:
    """Return when a slot is held, and its other parts, in words: "every Monday, 10:00 Europe/Berlin"."""
    if slot is None:
        return {}
    recurring, at = series(slot), start_at(slot)
    zone = slot.get("timezone")
    when = instant_words(at, zone) if at else "without a start"
    if recurring is not None:
        start = recurring.wall_start()
        when = f"{rule_words(recurring.recurrence, start)}, {time_words(start)} {zone}"
        last = recurring.last()
        when += f", until {day_words(in_zone(last, known_zone(recurring.timezone)))}" if last else ""
    dates = slot.get("dates", {})
    return {
        "when": when,
        "length": f"{minutes_of(slot)} min",
        "topic": str(slot.get("topic", "")),
        "exceptions": _exceptions(dates.get("exceptions", {})),
        "closed": "with closures" if dates.get("closed") else "",
    }


def _exceptions(exceptions: Mapping[str, Json]) -> str:
    return f"exceptions on {', '.join(sorted(exceptions))}" if exceptions else ""
