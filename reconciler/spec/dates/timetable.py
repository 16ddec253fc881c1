"""Reads the timetable of a room: named slots, each a series or one date, which are never sent."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime

from msgspec.structs import replace

from reconciler.errors.diagnostic import UnlocatedDiagnostic
from reconciler.meeting.closures import Closure
from reconciler.meeting.meeting import NO_FIXED_TIME, SCHEDULED, Meeting, Slot, kind
from reconciler.ports import Json
from reconciler.spec.dates import overlap
from reconciler.spec.dates.declared_times import DeclaredTimes, read_times
from reconciler.spec.repeat import repeat_path, weekly
from reconciler.spec.rules import check as rules
from reconciler.spec.shorthand import expand
from reconciler.spec.yaml.writer import flow

_OTHER_TYPE = "series.timetable-type"

INHERITED = ("topic", "timezone", "duration")
"""Fields of the room that hold for a slot without its own."""

OF_SLOTS = frozenset({"timezone", "duration"})
"""Fields that Zoom ignores in a room: there they hold for the slots alone."""


def of(
    room: Meeting,
    written: Mapping[str, Json] | None,
    closures: tuple[Closure, ...],
    now: datetime | None,
    schema_findings: Iterable[UnlocatedDiagnostic],
) -> tuple[Meeting, tuple[UnlocatedDiagnostic, ...]]:
    """Return a room with its timetable, and the findings about that; `written` lacks what is not valid."""
    if written:
        slots, findings = read(room, written, closures, now)
        return with_slots(room, slots), findings
    is_bad = any(finding.path[:1] == ("timetable",) for finding in schema_findings)
    return (replace(room, attributes=of_room(room.attributes)) if is_bad else room), ()


def read(
    room: Meeting, timetable: Mapping[str, Json], closures: tuple[Closure, ...], now: datetime | None
) -> tuple[tuple[Slot, ...], tuple[UnlocatedDiagnostic, ...]]:
    """Return the slots of a room, valid by the schema, and findings; paths lead from the room."""
    if kind(room.attributes) != NO_FIXED_TIME:
        return (), (_of_another_type(room),)
    slots: list[Slot] = []
    findings: list[UnlocatedDiagnostic] = []
    for name, written in timetable.items():
        slot, found = _slot(room, name, written, closures, now)
        slots.append(slot)
        findings += found
    if not findings:
        findings += overlap.check(slots, now)
    return tuple(slots), tuple(findings)


def with_slots(room: Meeting, slots: tuple[Slot, ...]) -> Meeting:
    """Return the room with its slots, and without the fields that hold for them alone."""
    if not slots:
        return room
    return replace(room, attributes=of_room(room.attributes), timetable=slots)


def without_start(
    findings: tuple[UnlocatedDiagnostic, ...], of_slots: tuple[UnlocatedDiagnostic, ...]
) -> tuple[UnlocatedDiagnostic, ...]:
    """Return the findings about a room; one whose type has no timetable needs no start for it."""
    if not any(each.code == _OTHER_TYPE for each in of_slots):
        return findings
    return tuple(each for each in findings if each.code != "time.start-missing")


def of_room(attributes: Mapping[str, Json]) -> dict[str, Json]:
    """Return the attributes of a room without those that hold for its slots alone."""
    return {name: value for name, value in attributes.items() if name not in OF_SLOTS}


def _slot(
    room: Meeting, name: str, written: Mapping[str, Json], closures: tuple[Closure, ...], now: datetime | None
) -> tuple[Slot, Iterator[UnlocatedDiagnostic]]:
    own = expand(written)
    inherited = {each: room.attributes[each] for each in INHERITED if each in room.attributes}
    times = read_times({**inherited, **own}, () if own.get("repeat") is None else closures)
    attributes = times.attributes if times.is_repeat else {**times.attributes, "type": SCHEDULED}
    meeting = Meeting(room.key, room.host, attributes, dates=times.dates, is_repeat=times.is_repeat)
    return Slot(name, meeting), _findings(name, meeting, times, now)


def _findings(
    name: str, meeting: Meeting, times: DeclaredTimes, now: datetime | None
) -> Iterator[UnlocatedDiagnostic]:
    of_rules = times.without_repeated(rules.check(meeting, times.repeat, times.rule, now))
    of_level = rules.check_level({"repeat": times.repeat})
    for finding in (*of_level, *times.findings, *of_rules):
        path = repeat_path(finding.path) if times.is_repeat else finding.path
        yield replace(finding, path=("timetable", name, *path), key=meeting.key)


def _of_another_type(room: Meeting) -> UnlocatedDiagnostic:
    return UnlocatedDiagnostic(
        ("timetable",),
        _OTHER_TYPE,
        "Only a room, a meeting without a fixed time, has several slots under one link.",
        "Write `type: 3`, and no `start_time` beside it; for one series write "
        f"`repeat: {flow(weekly(room.attributes))}` instead of `timetable`.",
        key=room.key,
        on_key=True,
    )
