"""Compares a declared meeting with its record, field by field.

`compare` decides the action. DeepDiff is used by `field_changes` alone, and only for mappings and lists that
are not equal at first sight.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from msgspec.structs import replace

from reconciler.meeting import fields, masking
from reconciler.meeting.compare import normalize
from reconciler.meeting.meeting import NO_FIXED_TIME, SERIES, Meeting, kind
from reconciler.meeting.passcode import same_passcode
from reconciler.plan.change import KEEP, REDACTED, Action, Change, FieldChange
from reconciler.ports import Json
from reconciler.spec.dates.timetable import OF_SLOTS
from reconciler.state.state import SCHEDULE_FOR, Record, owner

HANDED_OVER = "handed over; the join link stays"
NEW_LINK = "a new join link, under another host"


_NESTED = (dict, list)

SameUser = Callable[[str, str], bool]
"""Tells whether two names of hosts are one Zoom user."""


def compare(meeting: Meeting, record: Record, *, same_user: SameUser, replaces_host: bool = False) -> Change:
    """Compare a declared meeting with its record.

    Another host is an update, which hands the meeting over; a replace if `replaces_host`, or if
    `schedule_for` says that the meeting is a third user's.
    """
    # To `==`, True is 1. No field takes both, so this hides no change between two valid specs, and a
    # closer look would cost an unchanged meeting more than the rest of its plan.
    same_host = same_user(meeting.host, record.host)
    if same_host and meeting.attributes == record.attributes and meeting.protect == record.protect:
        return KEEP
    found, released = _without_slots(meeting, record, *field_changes(record.attributes, meeting.attributes))
    replaced = any(_needs_replace(change, record, meeting) for change in found)
    host = _host_change(meeting, record, same_user)
    if host is not None:
        replaced = replaced or replaces_host or _is_for_a_third(meeting, record, same_user)
        host = replace(host, effect=NEW_LINK if replaced else HANDED_OVER)
    if host is None or host.path == SCHEDULE_FOR:
        found = tuple(change for change in found if change.path != SCHEDULE_FOR)
    found = (*filter(None, (host,)), *found)
    if not found:
        return Change(Action.KEEP, released=released)
    return Change(Action.REPLACE if replaced else Action.UPDATE, found, released)


def _without_slots(
    meeting: Meeting, record: Record, found: tuple[FieldChange, ...], released: tuple[str, ...]
) -> tuple[tuple[FieldChange, ...], tuple[str, ...]]:
    """Leave out the fields of a room that hold for its slots, where it gets a timetable or loses it.

    A room with a timetable has them in its slots, one without has them itself; Zoom ignores them in both.
    """
    if meeting.timetable:
        released = tuple(path for path in released if path not in OF_SLOTS)
    elif record.timetable and kind(meeting.attributes) == NO_FIXED_TIME:
        found = tuple(change for change in found if change.path not in OF_SLOTS)
    return found, released


def _host_change(meeting: Meeting, record: Record, same_user: SameUser) -> FieldChange | None:
    """Return the change of the host, at `schedule_for` if that names the new one; None if it stays."""
    before, after = owner(record.attributes, record.host), owner(meeting.attributes, meeting.host)
    same_host, same_owner = same_user(meeting.host, record.host), same_user(after, before)
    if SCHEDULE_FOR not in meeting.attributes:
        if same_host and same_owner:
            return None
        return FieldChange("host", before if same_host else record.host, meeting.host)
    if _is_for_a_third(meeting, record, same_user):
        return FieldChange("host", record.host, meeting.host)
    return None if same_owner else FieldChange(SCHEDULE_FOR, record.attributes.get(SCHEDULE_FOR), after)


def _is_for_a_third(meeting: Meeting, record: Record, same_user: SameUser) -> bool:
    """Return whether another host is declared, and the meeting is for somebody else.

    A record whose host is the user that `schedule_for` names does not say who scheduled the meeting.
    """
    before, after = owner(record.attributes, record.host), owner(meeting.attributes, meeting.host)
    if same_user(meeting.host, after) or same_user(meeting.host, record.host):
        return False
    if SCHEDULE_FOR in record.attributes:
        return not same_user(record.host, before) and not same_user(meeting.host, before)
    return not same_user(before, after)


def field_changes(
    before: Mapping[str, Json], after: Mapping[str, Json]
) -> tuple[tuple[FieldChange, ...], tuple[str, ...]]:
    """Return the declared fields that differ, and the paths that only `before` has; each sorted by path.

    A meeting always has a type, 2 where none is declared, and two rules have an interval.
    """
    before, after = ({**attributes, "type": kind(attributes)} for attributes in (before, after))
    if isinstance(before.get("recurrence"), dict) and isinstance(after.get("recurrence"), dict):
        before, after = (
            {**each, "recurrence": {"repeat_interval": 1, **each["recurrence"]}} for each in (before, after)
        )
    changes: list[FieldChange] = []
    released: list[str] = []
    for path in sorted(set(_differing_paths(before, after))):
        dotted = ".".join(path)
        old, new = fields.get(before, path), fields.get(after, path)
        if new is None:
            released.append(dotted)
        elif not _same(path, old, new, before, after):
            changes.append(_change(path, dotted, old, new))
    return tuple(changes), tuple(released)


def _needs_replace(change: FieldChange, record: Record, meeting: Meeting) -> bool:
    if change.path == "type":
        return SERIES in (kind(record.attributes), kind(meeting.attributes))
    described = fields.field_at(change.path.split("."))
    return described is not None and described.create_only


def _change(path: tuple[str, ...], dotted: str, old: Json, new: Json) -> FieldChange:
    described = fields.field_at(path)
    effect = described.effect if described else ""
    if described is not None and described.secret:
        return FieldChange(dotted, None if old is None else REDACTED, REDACTED, effect)
    secret = masking.describe_secret(old, new)
    if not secret:
        return FieldChange(dotted, old, new, effect)
    effect = "; ".join(filter(None, (effect, f"{secret} is taken out of Zoom")))
    return FieldChange(dotted, masking.as_shown(old, new), new, effect)


def _is_equal(old: Json, new: Json) -> bool:
    # Most are plain and the same. Inside of mappings and lists, `==` takes True for 1.
    is_same = type(old) is type(new) and type(new) not in _NESTED and old == new
    return is_same or normalize(None, old) == normalize(None, new)


def _differing_paths(before: Mapping[str, Json], after: Mapping[str, Json]) -> Iterator[tuple[str, ...]]:
    # Most changes touch one field among many settings: equal fields are not passed to DeepDiff.
    names = {n for n in before.keys() | after.keys() if not _is_equal(before.get(n), after.get(n))}
    nested = {n for n in names if isinstance(before.get(n), _NESTED) or isinstance(after.get(n), _NESTED)}
    yield from ((name,) for name in names - nested)
    if not nested:
        return
    from deepdiff import DeepDiff  # noqa: PLC0415 - 110 ms, needed only for a nested change

    old, new = ({name: side[name] for name in nested & side.keys()} for side in (before, after))
    # By default, mappings with few common names count as one difference: `settings` would be one field.
    tree = DeepDiff(old, new, view="tree", verbose_level=1, threshold_to_diff_deeper=0)
    for levels in tree.values():
        for level in levels:
            yield from _fields_of(level.path(output_format="list"), level.t1, level.t2)


def _fields_of(path: list[Any], old: Any, new: Any) -> Iterator[tuple[str, ...]]:
    """Yield the field paths of one difference: a list is one field, a mapping is its leaves."""
    names = tuple(_until_list(path))
    if names[:1] == ("password",):
        yield ("password",)
    elif len(names) < len(path):
        yield names
    else:
        yield from _leaves(names, old)
        yield from _leaves(names, new)


def _until_list(path: Iterable[Any]) -> Iterator[str]:
    for part in path:
        if not isinstance(part, str):
            return
        yield part


def _leaves(path: tuple[str, ...], value: Any) -> Iterator[tuple[str, ...]]:
    if isinstance(value, dict) and not masking.is_masked(value):
        for name, inner in value.items():
            yield from _leaves((*path, name), inner)
    elif isinstance(value, (str, int, float, list, dict)):  # not DeepDiff's marker of an absent value
        yield path


def _same(
    path: tuple[str, ...], old: Json, new: Json, before: Mapping[str, Json], after: Mapping[str, Json]
) -> bool:
    if path == ("password",):
        return same_passcode(new, old)
    if masking.holds_mask(old) and masking.is_same(old, new):
        return True
    described = fields.field_at(path)
    return normalize(described, old, before.get("timezone")) == normalize(
        described, new, after.get("timezone")
    )
