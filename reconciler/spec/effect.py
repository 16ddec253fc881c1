"""The effect that a declared value has, by what the field table says about types and neighbouring fields.

Pure. Zoom accepts a value without effect and ignores it, or changes it without saying so.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from types import MappingProxyType

from msgspec import Struct

from reconciler.meeting import fields
from reconciler.meeting.fields import Field
from reconciler.meeting.meeting import kind
from reconciler.ports import Json

_NOTHING: Mapping[str, Json] = MappingProxyType({})
_ELSEWHERE = frozenset({"recurrence", "pre_schedule"})
"""Fields about which other rules say more: Zoom refuses them, or what follows is worse than no effect."""


class NoEffect(Struct, frozen=True):
    """The path of a value without effect, with the reason and the remedy as sentences."""

    path: tuple[str, ...]
    reason: str
    remedy: str


def without_effect(attributes: Mapping[str, Json]) -> Iterator[NoEffect]:
    """Yield every declared value that Zoom ignores or overrides; none that is off or the default."""
    limits = _limits(kind(attributes))
    settings = attributes.get("settings") or _NOTHING
    # This runs over every meeting: most of them have none of these names, or false under it.
    outer = limits.outer.keys() & attributes.keys()
    inner = limits.inner.keys() & settings.keys()
    if inner:
        inner = {name for name in inner if settings[name] is not False or name in limits.also_off}
    if not (outer or inner):
        return
    limited = [field for name in sorted(outer) for field in limits.outer[name]]
    limited += [field for name in sorted(inner) for field in limits.inner[name]]
    for path, field in {field.path: field for field in limited}.items():
        names = _names(path)
        found = _judged(field, fields.get(attributes, names), attributes)
        if found:
            yield NoEffect(names, *found)


def has_effect(field: Field, body: Mapping[str, Json]) -> bool:
    """Return whether Zoom looks at `field` in `body` at all, whatever its value."""
    return _foreign_type(field, body) is None and _lacking(field, body) is None


def is_off(field: Field, value: Json) -> bool:
    """Return whether `value` is the default of `field`, or turns nothing on."""
    if value is None or value is False or value == field.default or value in field.off:
        return True
    if isinstance(value, dict):
        members = ((fields.table().get(f"{field.path}.{name}"), inner) for name, inner in value.items())
        return all(member is not None and is_off(member, inner) for member, inner in members)
    return value in ("", [])


Found = tuple[str, str] | None
"""The reason and the remedy; None: it has an effect."""


def _judged(field: Field, value: Json, attributes: Mapping[str, Json]) -> Found:
    found = _undone(field, value, attributes)
    if found is None and not is_off(field, value):
        found = (
            _foreign_type(field, attributes) or _lacking(field, attributes) or _excluded(field, attributes)
        )
    return found


def _undone(field: Field, value: Json, attributes: Mapping[str, Json]) -> Found:
    for row in field.undone_by:
        loses = value in row["values"] if "values" in row else not is_off(field, value)
        if loses and all(_value(attributes, other) in wanted for other, wanted in row["beside"].items()):
            beside = _words(row["beside"], joined=" and ")
            return f"{_shown(field.name, value)} has no effect beside {beside}. {row['why']}", row["do"]
    return None


def _foreign_type(field: Field, attributes: Mapping[str, Json]) -> Found:
    of_type = kind(attributes)
    if of_type in field.not_for or (field.applies_to and of_type not in field.applies_to):
        meaning = fields.table()["type"].meaning.get(str(of_type), "")
        types = " and ".join(map(str, field.applies_to))
        for_types = f"for {'types' if len(field.applies_to) > 1 else 'type'} {types} only" if types else ""
        reason = f"`{field.name}` has {'an effect ' + for_types if for_types else 'no effect'}."
        return f"{reason} This meeting has type {of_type} ({meaning}).", f"Remove `{field.name}`."
    return None


def _lacking(field: Field, attributes: Mapping[str, Json]) -> Found:
    """Return a finding where no field in `only_with` has the value; what the host has set is unknown."""
    if not field.only_with:
        return None
    for other, wanted in field.only_with.items():
        value = _value(attributes, other)
        if value is None or value in wanted:
            return None
    needed = _words(field.only_with, joined=" or ")
    holding = ", ".join(_shown(_last(other), _value(attributes, other)) for other in field.only_with)
    reason = f"`{field.name}` has an effect only with {needed}. Here {holding} holds."
    return reason, f"Remove `{field.name}`, or write {needed}."


def _excluded(field: Field, attributes: Mapping[str, Json]) -> Found:
    for other in field.excludes:
        if not is_off(fields.table()[other], _value(attributes, other)):
            return f"`{field.name}` and `{_last(other)}` shut each other out.", "Keep one of the two."
    return None


def _value(attributes: Mapping[str, Json], path: str) -> Json:
    """Return the declared value, else the documented default; None where Zoom takes the host's setting."""
    value = fields.get(attributes, _names(path))
    return fields.table()[path].default if value is None else value


def _words(conditions: Mapping[str, Sequence[Json]], *, joined: str) -> str:
    return joined.join(
        " or ".join(_shown(_last(path), value) for value in values) for path, values in conditions.items()
    )


def _shown(name: str, value: Json) -> str:
    if value is None:
        return f"no `{name}`"
    return f"`{name}: {str(value).lower() if isinstance(value, bool) else value}`"


def _last(path: str) -> str:
    return path.rpartition(".")[2]


@cache
def _names(path: str) -> tuple[str, ...]:
    return tuple(path.split("."))


class _Limits(Struct, frozen=True):
    """The fields to judge in a meeting of one type, by a name that is declared where they lose their effect.

    `outer` has the names in the meeting, `inner` those in `settings`, where false counts in `also_off` only.
    """

    outer: Mapping[str, tuple[Field, ...]]
    inner: Mapping[str, tuple[Field, ...]]
    also_off: frozenset[str]


@cache
def _limits(of_type: int) -> _Limits:
    outer: dict[str, tuple[Field, ...]] = {}
    inner: dict[str, tuple[Field, ...]] = {}
    also_off = set()
    for field in fields.table().values():
        if "[]" not in field.path and _names(field.path)[0] not in _ELSEWHERE:
            for path, is_also_off in _signs(field, of_type):
                top, *rest = _names(path)
                found, name = (inner, rest[0]) if rest else (outer, top)
                found[name] = (*found.get(name, ()), field)
                also_off |= {name} if is_also_off else set()
    return _Limits(outer, inner, frozenset(also_off))


def _signs(field: Field, of_type: int) -> Iterator[tuple[str, bool]]:
    """Yield the paths of which one is declared where the field has no effect, and whether false counts."""
    fits = of_type not in field.not_for and (not field.applies_to or of_type in field.applies_to)
    if not fits or field.excludes or field.only_with:
        yield field.path, any(False in row.get("values", ()) for row in field.undone_by)
        return
    for row in field.undone_by:
        if of_type in row["beside"].get("type", (of_type,)):
            yield next(filter(None, map(_sign, row["beside"].items())), (field.path, True))


def _sign(condition: tuple[str, Sequence[Json]]) -> tuple[str, bool] | None:
    """Return the path of a condition that does not hold where it is not declared; None of another one."""
    path, wanted = condition
    is_sign = path != "type" and None not in wanted and fields.table()[path].default not in wanted
    return (path, False in wanted) if is_sign else None
