"""Merges defaults into meetings, and extracts defaults from meetings that share values."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from functools import cache

from reconciler.meeting import fields
from reconciler.meeting.meeting import SERIES
from reconciler.ports import Json
from reconciler.spec.repeat import unit_of

COMMON = ("host", "timezone", "duration")
"""Fields that defaults may take from meetings, beside settings. Topics, times and rules stay in each."""

UNREADABLE = frozenset({"protect"})
"""Fields that Zoom does not have: a default of them holds for imported meetings, too."""

Path = tuple[str, ...]


def merge(base: Mapping[str, Json], over: Mapping[str, Json]) -> dict[str, Json]:
    """Merge `over` into `base`, mapping by mapping. A null in `over` stays; `without_nulls` removes it."""
    result = {**base, **over}
    for name, value in over.items():
        if type(value) is dict:
            base_value = base.get(name)
            if type(base_value) is dict:
                result[name] = merge(base_value, value)
    return result


def merge_levels(farther: Mapping[str, Json], nearer: Mapping[str, Json]) -> dict[str, Json]:
    """Merge the fields of a meeting into its defaults.

    Of two fields that exclude each other, the nearer one drops the farther one.
    """
    merged = merge(farther, nearer)
    if "repeat" in merged:
        _drop_other_rule(farther, nearer, merged)
    return merged


def _drop_other_rule(
    farther: Mapping[str, Json], nearer: Mapping[str, Json], merged: dict[str, Json]
) -> None:
    """Keep one way to write the rule in `merged`, and of a `repeat` one end, and no days of another unit."""
    repeat = nearer.get("repeat")
    if repeat is None:
        if nearer.get("recurrence") is not None or nearer.get("type") not in (None, SERIES):
            del merged["repeat"]
        return
    for name in {"type", "recurrence"} & farther.keys() - nearer.keys():
        del merged[name]
    dropped = set(_dropped_parts(farther.get("repeat") or {}, repeat)) - repeat.keys()
    if dropped:
        merged["repeat"] = {name: of for name, of in merged["repeat"].items() if name not in dropped}


def _dropped_parts(farther: Mapping[str, Json], nearer: Mapping[str, Json]) -> Iterator[str]:
    """Yield the parts of the farther `repeat` that do not fit to the nearer one: its end, or its days."""
    if nearer.get("times") is not None:
        yield "until"
    if nearer.get("until") is not None:
        yield "times"
    units = [unit_of(each.get("every")) for each in (farther, nearer)]
    if None not in units and units[0] != units[1]:
        yield "on"


def without_nulls(value: Json) -> Json:
    """Return `value` without members and items that are null, at any depth."""
    if isinstance(value, dict):
        return {name: without_nulls(member) for name, member in value.items() if member is not None}
    if isinstance(value, list):
        return [without_nulls(item) for item in value if item is not None]
    return value


def known_depth(value: Json, path: tuple[str | int, ...]) -> int:
    """Return the number of steps of `path` that exist in `value`."""
    for depth, step in enumerate(path):
        if isinstance(step, str):
            if not isinstance(value, dict) or step not in value:
                return depth
        elif not isinstance(value, list) or step >= len(value):
            return depth
        value = value[step]
    return len(path)


def extract_defaults(bodies: Sequence[Mapping[str, Json]]) -> dict[str, Json]:
    """Return the defaults that make a file with `bodies` shorter: the values that most of them share."""
    defaults: dict[str, Json] = {}
    for path in dict.fromkeys(path for body in bodies for path in _paths(body)):
        value, is_shorter = _most_common(path, bodies)
        if is_shorter and len(path) == 1:
            defaults[path[0]] = value
        elif is_shorter:
            defaults.setdefault("settings", {})[path[1]] = value
    return in_order(defaults)


def _paths(body: Mapping[str, Json]) -> Iterator[Path]:
    yield from ((name,) for name in COMMON if name in body)
    yield from (("settings", name) for name in body.get("settings") or ())


def _most_common(path: Path, bodies: Sequence[Mapping[str, Json]]) -> tuple[Json, bool]:
    """Return the most common value at `path`, and whether a default of it makes the file shorter."""
    values = [value for body in bodies if (value := fields.get(body, path)) is not None]
    if not values:  # every body has null here
        return None, False
    (form, times), *_ = Counter(map(repr, values)).most_common(1)
    value = next(value for value in values if repr(value) == form)
    if path == ("host",):
        return value, times > 1
    if _is_nested(value):  # merged part by part, it would change meetings that have another value
        return value, 1 < times == len(bodies)
    lacking = len(bodies) - len(values)  # each of these has to override the default
    return value, times * 2 > len(bodies) and times - 1 > lacking


def _is_nested(value: Json) -> bool:
    return isinstance(value, dict) or (
        isinstance(value, list) and any(isinstance(item, dict) for item in value)
    )


def without_defaults(
    defaults: Mapping[str, Json], body: Mapping[str, Json], has: Mapping[str, Json]
) -> dict[str, Json]:
    """Return the fields to declare so that, merged with `defaults`, they give `body`.

    A default that `body` does not have is overridden with the value that Zoom `has`, or with null.
    """
    return _overrides((), defaults, body, has)


def _overrides(
    path: Path, defaults: Mapping[str, Json], body: Mapping[str, Json], has: Mapping[str, Json]
) -> dict[str, Json]:
    overrides: dict[str, Json] = {}
    for name, value in body.items():
        default = defaults.get(name)
        if isinstance(value, dict) and isinstance(default, dict):
            inner = _overrides((*path, name), default, value, _mapping(has.get(name)))
            overrides |= {name: inner} if inner else {}
        elif name not in defaults or repr(default) != repr(value):
            overrides[name] = value
    for name in defaults.keys() - body.keys() - UNREADABLE:
        actual, default = has.get(name), defaults[name]
        if isinstance(actual, dict) and isinstance(default, dict):
            inner = _overrides((*path, name), default, {}, actual)
            overrides |= {name: inner} if inner else {}
        elif repr(actual) != repr(default):
            overrides[name] = actual if _is_readable((*path, name), actual) else None
    return in_order(overrides, path)


def _is_readable(path: Path, value: Json) -> bool:
    """Return whether the value is a boolean, a whole number or one of the allowed values: `false`, `60`."""
    field = fields.field_at(path)
    return isinstance(value, (bool, int)) or (field is not None and value in field.enum)


def _mapping(value: Json) -> Mapping[str, Json]:
    return value if isinstance(value, dict) else {}


def in_order(values: Mapping[str, Json], path: Path = ()) -> dict[str, Json]:
    """Sort `values` in the order of the field table; the host comes first, exceptions after the rule."""
    ranks = _ranks()
    return dict(sorted(values.items(), key=lambda item: ranks.get(".".join((*path, item[0])), -1)))


@cache
def _ranks() -> Mapping[str, int]:
    ranks = {path: rank for rank, path in enumerate(fields.table())}
    return {**ranks, **dict.fromkeys(("repeat", "exceptions"), ranks["recurrence"])}
