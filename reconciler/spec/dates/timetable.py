"""Reads the timetable of a room: named slots, each a series or one date, which are never sent."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from reconciler.errors.diagnostic import UnlocatedDiagnostic
from reconciler.meeting.closures import Closure
from reconciler.meeting.meeting import NO_FIXED_TIME, SCHEDULED, SERIES, Meeting, Slot, kind
from reconciler.ports import Json
from reconciler.spec.dates import overlap
from reconciler.spec.dates.exceptions import single_dates
from reconciler.spec.offsets import without_offset
from reconciler.spec.repeat import Rule, repeat_path, to_rule
from reconciler.spec.rules import check as rules
from reconciler.spec.shorthand import expand

INHERITED = ("topic", "timezone", "duration")
"""Fields of the room that hold for a slot without its own."""


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


def of_room(attributes: Mapping[str, Json]) -> dict[str, Json]:
    """Return the attributes of a room without those that hold for its slots alone."""
    return {name: value for name, value in attributes.items() if name not in _OF_SLOTS}


def _slot(
    room: Meeting, name: str, written: Mapping[str, Json], closures: tuple[Closure, ...], now: datetime | None
) -> tuple[Slot, Iterator[UnlocatedDiagnostic]]:
    own = expand(written)
    inherited = {each: room.attributes[each] for each in INHERITED if each in room.attributes}
    attributes = {**inherited, **{each: value for each, value in own.items() if each not in _NOT_SENT}}
    attributes, differing = _without_offset(attributes)
    repeat, rule = own.get("repeat"), None
    if repeat is not None:
        rule = to_rule(repeat, attributes.get("start_time"), attributes.get("timezone"))
    attributes |= (
        {"type": SCHEDULED} if repeat is None else {"type": SERIES} if rule is None else rule.attributes
    )
    dates = single_dates(
        own.get("exceptions"), closures if repeat is not None else (), rule.pattern if rule else ()
    )
    meeting = Meeting(room.key, room.host, attributes, dates=dates, is_repeat=repeat is not None)
    return Slot(name, meeting), _findings(name, meeting, repeat, rule, differing, now)


_OF_SLOTS = frozenset({"timezone", "duration"})
"""Fields that Zoom ignores in a room: there they hold for the slots alone."""

_NOT_SENT = frozenset({"repeat", "exceptions"})


def _without_offset(
    attributes: dict[str, Json],
) -> tuple[dict[str, Json], Sequence[UnlocatedDiagnostic]]:
    start = attributes.get("start_time")
    if start is None or len(start) <= len("2027-01-11T10:00:00Z"):
        return attributes, ()
    start_time, finding = without_offset(start, attributes.get("timezone"))
    return {**attributes, "start_time": start_time}, () if finding is None else (finding,)


def _findings(  # noqa: PLR0913, PLR0917 - one slot, and how it is written
    name: str,
    meeting: Meeting,
    repeat: Mapping[str, Json] | None,
    rule: Rule | None,
    differing: Sequence[UnlocatedDiagnostic],
    now: datetime | None,
) -> Iterator[UnlocatedDiagnostic]:
    for finding in (*differing, *rules.check(meeting, repeat, rule, now)):
        path = repeat_path(finding.path) if repeat is not None else finding.path
        yield replace(finding, path=("timetable", name, *path), key=meeting.key)


def _of_another_type(room: Meeting) -> UnlocatedDiagnostic:
    return UnlocatedDiagnostic(
        ("timetable",),
        "series.timetable-type",
        "Only a room, a meeting without a fixed time, has several slots under one link.",
        "Write `type: 3`, and no `start_time` beside it; for one series write "
        "`repeat: {every: week, on: mon}` instead of `timetable`.",
        key=room.key,
        on_key=True,
    )
