"""Compares a stored meeting with a wanted one, field by field.

Only wanted fields that a read returns are compared, each by its own rule. In a list of mappings, only the
wanted entries and their wanted fields are compared.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Hashable, Iterator, Mapping

from msgspec import Struct

from reconciler.meeting import fields, timezones
from reconciler.meeting.fields import Compare, Field
from reconciler.meeting.names import fold_ascii
from reconciler.ports import Json


def normalize(described: Field | None, value: Json, timezone: str | None = None) -> Hashable:
    """Return a hashable form of `value`; a local time in it is in `timezone`.

    A value of an undocumented type has a form that no declared value has.
    """
    if value is None or value == []:
        return None
    if described is None:
        return _frozen(value)
    try:
        is_instant = described.compare is Compare.INSTANT
        form = _instant(value, timezone) if is_instant else FORMS[described.compare](described, value)
    except (AttributeError, TypeError):
        return repr(value)
    return None if form == frozenset() else form


def _exact(_: Field, value: Json) -> Hashable:
    return _frozen(value)


def _instant(value: Json, timezone: str | None) -> Hashable:
    try:
        return timezones.instant(value, timezone)
    except ValueError:
        return str(value)


def _folded(_: Field, value: Json) -> Hashable:
    return fold_ascii(str(value))


def _set(_: Field, value: Json) -> Hashable:
    return frozenset(_frozen(entry) for entry in value)


def _csv_set(described: Field, value: Json) -> Hashable:
    return _split(value, described.separator or ",")


def _email_set(_: Field, value: Json) -> Hashable:
    joined = value if isinstance(value, str) else ";".join(str(entry) for entry in value)
    return frozenset(fold_ascii(part.strip()) for part in joined.replace(",", ";").split(";")) - {""}


def _split(text: str, separator: str) -> frozenset[str]:
    return frozenset(part.strip().casefold() for part in text.split(separator)) - {""}


def _keyed_set(described: Field, value: Json) -> Hashable:
    return frozenset(_parts_at(f"{described.path}[]", entry) for entry in value)


def _parts(described: Field, value: Json) -> Hashable:
    return _parts_at(described.path, value)


def _parts_at(path: str, value: Mapping[str, Json]) -> Hashable:
    table = fields.table()
    forms = ((name, normalize(table.get(f"{path}.{name}"), inner)) for name, inner in value.items())
    return frozenset((name, form) for name, form in forms if form is not None)


def _frozen(value: Json) -> Hashable:
    if isinstance(value, dict):
        return frozenset((name, _frozen(inner)) for name, inner in value.items())
    if isinstance(value, list):
        return tuple(_frozen(entry) for entry in value)
    # True equals 1 in Python, and is another value in JSON.
    return (type(value).__name__, value) if isinstance(value, bool) else value


FORMS: Mapping[Compare, Callable[[Field, Json], Hashable]] = {
    Compare.EXACT: _exact,
    Compare.ZONE: _folded,
    Compare.EMAIL: _folded,
    Compare.SET: _set,
    Compare.CSV_SET: _csv_set,
    Compare.EMAIL_SET: _email_set,
    Compare.KEYED_SET: _keyed_set,
    Compare.PARTS: _parts,
}
"""The form for each compare rule except `instant`, which also needs the zone."""

OPEN_LISTS = frozenset({"tracking_fields"})
"""Lists to which the account adds entries: an entry that is not wanted is not a difference."""


class ValueDifference(Struct, frozen=True):
    """One field that differs. `stored` is the part of Zoom's value that is wanted; None if there is none."""

    path: tuple[str, ...]
    described: Field
    wanted: Json
    stored: Json

    @property
    def dotted(self) -> str:
        """The dotted path."""
        return ".".join(self.path)


def differences(
    wanted: Mapping[str, Json], stored: Mapping[str, Json], *, without: Collection[str] = ()
) -> Iterator[ValueDifference]:
    """Yield every field of `wanted` that differs in `stored`, in order, `without` these top-level names."""
    compared = {name: value for name, value in wanted.items() if name not in without}
    yield from _differences((), compared, stored, (wanted.get("timezone"), stored.get("timezone")))


def same_value(described: Field, wanted: Json, stored: Json, zones: tuple[str | None, str | None]) -> bool:
    """Return whether both values are equal by the rule of the field.

    A stored null is the API's default, and an empty value equals null. `zones` are the time zones of the
    wanted and of the stored meeting.
    """
    if described.compare is Compare.ZONE and isinstance(wanted, str) and isinstance(stored, str):
        return timezones.is_same_zone(wanted, stored)
    if stored is None:
        stored = described.default
    return _form(described, wanted, zones[0]) == _form(described, stored, zones[1])


def wanted_part(described: Field, wanted: Json, stored: Json) -> Json:
    """Return a stored list of mappings with only the fields that `wanted` has; any other value unchanged.

    Of an entry that is not wanted, only its identity field is kept.
    """
    if described.compare is not Compare.KEYED_SET or not _is_rows(wanted) or not _is_rows(stored):
        return stored
    names: dict[Hashable, set[str]] = {}
    for entry in wanted:
        names.setdefault(_identity(described, entry), set()).update(entry)
    return [
        {name: value for name, value in entry.items() if name in names.get(identity, {described.identity})}
        for entry in stored
        if (identity := _identity(described, entry)) in names or described.path not in OPEN_LISTS
    ]


def _differences(
    path: tuple[str, ...],
    wanted: Mapping[str, Json],
    stored: Mapping[str, Json],
    zones: tuple[str | None, str | None],
) -> Iterator[ValueDifference]:
    for name, value in wanted.items():
        inner = (*path, name)
        described = fields.field_at(inner)
        if described is None or not described.read:
            continue
        other = stored.get(name)
        if described.compare is Compare.PARTS and isinstance(value, dict):
            yield from _differences(inner, value, other if isinstance(other, dict) else {}, zones)
            continue
        other = wanted_part(described, value, other)
        if not same_value(described, value, other, zones):
            yield ValueDifference(inner, described, value, other)


def _form(described: Field, value: Json, zone: str | None) -> Hashable:
    return None if value == "" else normalize(described, value, zone)


def _identity(described: Field, entry: Mapping[str, Json]) -> Hashable:
    assert described.identity is not None, "a keyed set names the field that identifies its entries"
    part = fields.table().get(f"{described.path}[].{described.identity}")
    return normalize(part, entry.get(described.identity))


def _is_rows(value: Json) -> bool:
    return isinstance(value, list) and all(isinstance(entry, dict) for entry in value)
