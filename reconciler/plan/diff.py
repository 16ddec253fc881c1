"""Compares a declared meeting with its record, field by field.

`compare` decides the action. DeepDiff is used by `field_changes` alone, and only for a pair that is not
equal at first sight.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from reconciler.meeting import fields, masking
from reconciler.meeting.compare import normalize
from reconciler.meeting.meeting import SERIES, Meeting, kind
from reconciler.meeting.passcode import same_passcode
from reconciler.plan.change import KEEP, REDACTED, Action, Change, FieldChange
from reconciler.ports import Json
from reconciler.state.state import Record

HANDED_OVER = "handed over; the join link stays"
NEW_LINK = "a new join link, under another host"


def compare(meeting: Meeting, record: Record, *, same_host: bool, replaces_host: bool = False) -> Change:
    """Compare a declared meeting with its record. `same_host`: both hosts are one user.

    Another host is an update, which hands the meeting over; a replace if `replaces_host`, or if
    `schedule_for` is declared, which says whose meeting it is already.
    """
    # To `==`, True is 1. No field takes both, so this hides no change between two valid specs, and a
    # closer look would cost an unchanged meeting more than the rest of its plan.
    if same_host and meeting.attributes == record.attributes and meeting.protect == record.protect:
        return KEEP
    found, released = field_changes(record.attributes, meeting.attributes)
    replaced = any(_needs_replace(change, record, meeting) for change in found)
    if not same_host:
        replaced = replaced or replaces_host or "schedule_for" in meeting.attributes
        effect = NEW_LINK if replaced else HANDED_OVER
        found = (FieldChange("host", record.host, meeting.host, effect), *found)
    if not found:
        return Change(Action.KEEP, released=released)
    return Change(Action.REPLACE if replaced else Action.UPDATE, found, released)


def field_changes(
    before: Mapping[str, Json], after: Mapping[str, Json]
) -> tuple[tuple[FieldChange, ...], tuple[str, ...]]:
    """Return the declared fields that differ, and the paths that only `before` has; each sorted by path.

    A meeting always has a type: 2 where none is declared.
    """
    before, after = ({**attributes, "type": kind(attributes)} for attributes in (before, after))
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


def _differing_paths(before: Mapping[str, Json], after: Mapping[str, Json]) -> Iterator[tuple[str, ...]]:
    from deepdiff import DeepDiff  # noqa: PLC0415 - 110 ms, needed only for a change

    # Most changes touch one field among many settings: equal fields are not passed to DeepDiff.
    names = {
        n
        for n in before.keys() | after.keys()
        if normalize(None, before.get(n)) != normalize(None, after.get(n))
    }
    old, new = ({name: side[name] for name in names & side.keys()} for side in (before, after))
    # By default, mappings with few common names count as one difference: `password` would not be a field.
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
