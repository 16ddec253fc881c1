"""Where a stored meeting differs from what was asked of it, field by field.

Pure. Only fields that were asked for and that a read shows are looked at, each by its own
compare rule; of a list of mappings only the entries and the parts of them that were asked for.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from reconciler import fields
from reconciler.fields import Compare
from reconciler.normal import normal

if TYPE_CHECKING:
    from collections.abc import Collection, Hashable, Iterator, Mapping

    from reconciler.fields import Field, Json

OPEN_LISTS = frozenset({"tracking_fields"})
"""Lists to which the account adds entries of its own: a surplus entry is no difference."""


@dataclass(frozen=True, slots=True)
class Divergence:
    """One field that differs. `stored` is what Zoom has, as far as it was asked for; None: nothing."""

    path: tuple[str, ...]
    described: Field
    wanted: Json
    stored: Json

    @property
    def dotted(self) -> str:
        """The path as people write it."""
        return ".".join(self.path)


def diverging(
    wanted: Mapping[str, Json], stored: Mapping[str, Json], *, without: Collection[str] = ()
) -> Iterator[Divergence]:
    """Every field of `wanted` that `stored` has otherwise, in its order; `without` these top-level names."""
    asked = {name: value for name, value in wanted.items() if name not in without}
    yield from _diverging((), asked, stored, (wanted.get("timezone"), stored.get("timezone")))


def same(described: Field, wanted: Json, stored: Json, zones: tuple[str | None, str | None]) -> bool:
    """Whether both mean the same: null, empty, absent and the API's own default are one."""
    if stored is None:
        stored = described.default
    return _form(described, wanted, zones[0]) == _form(described, stored, zones[1])


def asked_of(described: Field, wanted: Json, stored: Json) -> Json:
    """Of a stored list of mappings what `wanted` asks for; any other value as it is."""
    if described.compare is not Compare.KEYED_SET or not _is_rows(wanted) or not _is_rows(stored):
        return stored
    asked: dict[Hashable, set[str]] = {}
    for entry in wanted:
        asked.setdefault(_identity(described, entry), set()).update(entry)
    return [
        {name: value for name, value in entry.items() if name in asked.get(identity, {described.identity})}
        for entry in stored
        if (identity := _identity(described, entry)) in asked or described.path not in OPEN_LISTS
    ]


def _diverging(
    path: tuple[str, ...],
    wanted: Mapping[str, Json],
    stored: Mapping[str, Json],
    zones: tuple[str | None, str | None],
) -> Iterator[Divergence]:
    for name, value in wanted.items():
        here = (*path, name)
        described = fields.at(here)
        if described is None or not described.read:
            continue
        has = stored.get(name)
        if described.compare is Compare.PARTS and isinstance(value, dict):
            yield from _diverging(here, value, has if isinstance(has, dict) else {}, zones)
            continue
        has = asked_of(described, value, has)
        if not same(described, value, has, zones):
            yield Divergence(here, described, value, has)


def _form(described: Field, value: Json, zone: str | None) -> Hashable:
    if value == "":
        return None
    try:
        return normal(described, value, zone)
    except (AttributeError, TypeError):
        return repr(value)  # of another kind than the API documents: it differs from whatever was asked


def _identity(described: Field, entry: Mapping[str, Json]) -> Hashable:
    assert described.identity is not None, "a keyed set says what its entries are found by"
    part = fields.table().get(f"{described.path}[].{described.identity}")
    return normal(part, entry.get(described.identity))


def _is_rows(value: Json) -> bool:
    return isinstance(value, list) and all(isinstance(entry, dict) for entry in value)
