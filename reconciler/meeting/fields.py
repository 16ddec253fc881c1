"""The fields of a meeting in Zoom's API, and access to their values by path.

The table is `schemas/api/create-meeting.fields.json`; its legend explains each key.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import StrEnum
from functools import cache
from types import MappingProxyType

from msgspec import Struct, field

from reconciler import resources
from reconciler.ports import Json


class Compare(StrEnum):
    """The rule by which two values of a field are equal."""

    EXACT = "exact"
    """Equal JSON values."""
    INSTANT = "instant"
    """The same moment, however it is written."""
    ZONE = "zone"
    """Equal names but for the case of ASCII letters; two names of one zone are different values."""
    EMAIL = "email"
    """Equal texts but for the case of ASCII letters."""
    SET = "set"
    """A list in any order."""
    CSV_SET = "csv-set"
    """A text of parts with a `separator` between them; order, case and spaces are ignored."""
    EMAIL_SET = "email-set"
    """E-mails or user ids, as a list or a text with `;` or `,`; order and case are ignored."""
    KEYED_SET = "keyed-set"
    """A list of mappings in any order, matched by their `identity` field and compared field by field."""
    PARTS = "parts"
    """A mapping, compared field by field."""


def _nothing() -> Mapping[str, Json]:
    return _NOTHING


_NOTHING: Mapping[str, Json] = MappingProxyType({})


class Field(Struct, frozen=True, kw_only=True):
    """One field of the create or update body.

    `path` has dots between mappings and `[]` for the entries of a list. `default` is None if the API
    documents none. `applies_to` and `not_for` are meeting types. `maximum_by` is {other field: {its value as
    text: maximum}}, `required_if` {other field: value}, `only_with` {other field: its values}, of which one
    must hold. A row of `undone_by` is {"values", "beside": {other field: its values}, "why", "do"}; `off` are
    values that turn nothing on, beside the default and what is empty. `identity` is the field that identifies
    an entry of a keyed set.
    """

    path: str
    about: str
    type: str
    create: bool
    update: bool
    read: bool
    compare: Compare
    effect: str
    items: str | None = None
    enum: tuple[Json, ...] = ()
    elements: tuple[str, ...] = ()
    meaning: Mapping[str, str] = field(default_factory=_nothing)
    minimum: int | None = None
    maximum: int | None = None
    min_items: int | None = None
    max_items: int | None = None
    max_length: int | None = None
    pattern: str | None = None
    example: str | None = None
    maximum_by: Mapping[str, Mapping[str, int]] = field(default_factory=_nothing)
    default: Json = None
    default_from: str | None = None
    first_document: bool = False
    obsolete: bool = False
    secret: bool = False
    required: bool = False
    required_if: Mapping[str, Json] = field(default_factory=_nothing)
    applies_to: tuple[int, ...] = ()
    not_for: tuple[int, ...] = ()
    excludes: tuple[str, ...] = ()
    requires: tuple[str, ...] = ()
    needs: str | None = None
    only_with: Mapping[str, Sequence[Json]] = field(default_factory=_nothing)
    undone_by: tuple[Mapping[str, Json], ...] = ()
    off: tuple[Json, ...] = ()
    prose: tuple[str, ...] = ()
    separator: str | None = None
    identity: str | None = None

    @property
    def create_only(self) -> bool:
        """POST accepts it and PATCH does not: a change requires a replacement."""
        return self.create and not self.update

    @property
    def name(self) -> str:
        """The last part of the path, as in a spec."""
        return self.path.rpartition(".")[2]


@cache
def table() -> Mapping[str, Field]:
    """Return every field by its path, in the order in which people write them."""
    rows = resources.document("api/create-meeting.fields.json")["fields"]
    return MappingProxyType({path: _field(path, row) for path, row in rows.items()})


def field_at(path: Sequence[str | int]) -> Field | None:
    """Return the field at a concrete path in a meeting, such as `("tracking_fields", 0, "value")`.

    The path of a list gives the field of the list. An entry of a list is no field itself: None.
    """
    return table().get(join_path(path))


@cache
def free_texts() -> frozenset[str]:
    """Return the names of the fields that hold any text, as `topic` does: no address, time or list."""
    return frozenset(
        field.name
        for field in table().values()
        if field.create
        and (field.type, field.compare) == ("string", Compare.EXACT)
        and not (field.pattern or field.enum or field.separator)
    )


def join_path(path: Sequence[str | int]) -> str:
    """Return a concrete path as in the table: `tracking_fields[].value`."""
    text = ""
    for step in path:
        text += "[]" if isinstance(step, int) else f".{step}" if text else step
    return text


_RENAMED = {"minItems": "min_items", "maxItems": "max_items", "maxLength": "max_length"}


def _field(path: str, row: dict[str, Json]) -> Field:
    values = {_RENAMED.get(name, name): _frozen(value) for name, value in row.items()}
    values["compare"] = Compare(row["compare"])
    return Field(path=path, **values)


def _frozen(value: Json) -> Json:
    if isinstance(value, list):
        return tuple(value)
    return MappingProxyType(value) if isinstance(value, dict) else value


Path = str | Sequence[str]
"""The path of a value inside a body: dotted, such as `settings.audio`, or its names in a sequence."""


def get(body: Mapping[str, Json], path: Path) -> Json:
    """Return the value at `path`; None where there is none."""
    value: Json = body
    for name in _names(path):
        value = value.get(name) if isinstance(value, Mapping) else None
    return value


def has(body: Mapping[str, Json], path: Path) -> bool:
    """Return whether `body` has a value at `path`, null included."""
    value: Json = body
    for name in _names(path):
        if not isinstance(value, Mapping) or name not in value:
            return False
        value = value[name]
    return True


def put(body: Mapping[str, Json], path: Path, value: Json) -> dict[str, Json]:
    """Return `body` with `value` at `path`; None removes what is there and keeps the mapping around it."""
    name, *inner = _names(path)
    others = {key: other for key, other in body.items() if key != name}
    if inner:
        outer = body.get(name)
        value = put(outer if isinstance(outer, Mapping) else {}, inner, value)
    return others if value is None else {**others, name: value}


def drop(body: Mapping[str, Json], path: Path) -> dict[str, Json]:
    """Return `body` without the value at `path`, and without a mapping that becomes empty by that."""
    name, *inner = _names(path)
    kept = dict(body)
    rest = drop(kept[name], inner) if inner and isinstance(kept.get(name), Mapping) else {}
    if rest:
        kept[name] = rest
    else:
        kept.pop(name, None)
    return kept


def _names(path: Path) -> Sequence[str]:
    return path.split(".") if isinstance(path, str) else path
