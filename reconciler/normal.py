"""The normal form of a field's value: two values mean the same when their normal forms are equal.

Which form a field takes is the table's word (`Field.compare`). Null, an empty list,
mapping or text of parts, and an absent field are one, as they are to Zoom.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler import fields, recurrence
from reconciler.fields import Compare

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Mapping

    from reconciler.fields import Field, Json


def normal(described: Field | None, value: Json, timezone: str | None = None) -> Hashable:
    """A hashable form of `value`; `timezone` is the zone that a local time in it is read in."""
    if value is None or value == []:
        return None
    if described is None:
        return _frozen(value)
    if described.compare is Compare.INSTANT:
        return _instant(value, timezone)
    form = FORMS[described.compare](described, value)
    return None if form == frozenset() else form


def _exact(_: Field, value: Json) -> Hashable:
    return _frozen(value)


def _instant(value: Json, timezone: str | None) -> Hashable:
    try:
        return recurrence.instant(value, timezone)
    except ValueError:
        return str(value)


def _folded(_: Field, value: Json) -> Hashable:
    return str(value).casefold()


def _set(_: Field, value: Json) -> Hashable:
    return frozenset(_frozen(one) for one in value)


def _csv_set(described: Field, value: Json) -> Hashable:
    return _split(value, described.separator or ",")


def _email_set(_: Field, value: Json) -> Hashable:
    joined = value if isinstance(value, str) else ";".join(str(one) for one in value)
    return _split(joined.replace(",", ";"), ";")


def _split(text: str, separator: str) -> frozenset[str]:
    return frozenset(part.strip().casefold() for part in text.split(separator)) - {""}


def _keyed_set(described: Field, value: Json) -> Hashable:
    return frozenset(_parts_at(f"{described.path}[]", entry) for entry in value)


def _parts(described: Field, value: Json) -> Hashable:
    return _parts_at(described.path, value)


def _parts_at(path: str, value: Mapping[str, Json]) -> Hashable:
    table = fields.table()
    forms = ((name, normal(table.get(f"{path}.{name}"), inner)) for name, inner in value.items())
    return frozenset((name, form) for name, form in forms if form is not None)


def _frozen(value: Json) -> Hashable:
    if isinstance(value, dict):
        return frozenset((name, _frozen(inner)) for name, inner in value.items())
    if isinstance(value, list):
        return tuple(_frozen(one) for one in value)
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
"""Every rule of comparing except `instant`, which needs the zone beside it."""
