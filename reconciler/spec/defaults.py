"""What meetings share, written once: the `defaults` of a file, and what is left to write in each meeting."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from functools import cache

from reconciler.meeting import fields
from reconciler.ports import Json

COMMON = ("host", "timezone", "duration")
"""What is lifted beside settings. Topics, times and rules are each meeting's own."""

UNREADABLE = frozenset({"protect"})
"""What Zoom knows nothing of: whatever a default says of it holds for imported meetings, too."""

Path = tuple[str, ...]


def extract_defaults(bodies: Sequence[Mapping[str, Json]]) -> dict[str, Json]:
    """The defaults that make the file shorter: what most bodies have, host included."""
    found: dict[str, Json] = {}
    for path in dict.fromkeys(path for body in bodies for path in _paths(body)):
        value, is_worth = _most(path, bodies)
        if is_worth and len(path) == 1:
            found[path[0]] = value
        elif is_worth:
            found.setdefault("settings", {})[path[1]] = value
    return _ordered((), found)


def without_defaults(
    defaults: Mapping[str, Json], body: Mapping[str, Json], has: Mapping[str, Json]
) -> dict[str, Json]:
    """What to write over `defaults` to get `body`.

    Where the body leaves out what they have, it is what Zoom `has`, or null, which removes.
    """
    return _rest((), defaults, body, has)


def _paths(body: Mapping[str, Json]) -> Iterator[Path]:
    yield from ((name,) for name in COMMON if name in body)
    yield from (("settings", name) for name in body.get("settings") or ())


def _most(path: Path, bodies: Sequence[Mapping[str, Json]]) -> tuple[Json, bool]:
    """The value that most bodies have at `path`, and whether the file is shorter for it as a default."""
    values = [value for body in bodies if (value := fields.get(body, path)) is not None]
    if not values:  # all of them only say what they do not have
        return None, False
    (form, times), *_ = Counter(map(repr, values)).most_common(1)
    value = next(value for value in values if repr(value) == form)
    if path == ("host",):
        return value, times > 1
    if _is_large(value):  # merged part by part it would leak into meetings that have another
        return value, 1 < times == len(bodies)
    lacking = len(bodies) - len(values)  # each has to say so
    return value, times * 2 > len(bodies) and times - 1 > lacking


def _is_large(value: Json) -> bool:
    return isinstance(value, dict) or (
        isinstance(value, list) and any(isinstance(one, dict) for one in value)
    )


def _rest(
    path: Path, defaults: Mapping[str, Json], body: Mapping[str, Json], has: Mapping[str, Json]
) -> dict[str, Json]:
    found: dict[str, Json] = {}
    for name, value in body.items():
        beneath = defaults.get(name)
        if isinstance(value, dict) and isinstance(beneath, dict):
            inner = _rest((*path, name), beneath, value, _mapping(has.get(name)))
            found |= {name: inner} if inner else {}
        elif name not in defaults or repr(beneath) != repr(value):
            found[name] = value
    for name in defaults.keys() - body.keys() - UNREADABLE:
        stands, beneath = has.get(name), defaults[name]
        if isinstance(stands, dict) and isinstance(beneath, dict):
            inner = _rest((*path, name), beneath, {}, stands)
            found |= {name: inner} if inner else {}
        elif repr(stands) != repr(beneath):
            found[name] = stands if _says_itself((*path, name), stands) else None
    return _ordered(path, found)


def _says_itself(path: Path, value: Json) -> bool:
    """Whether it reads as a choice: `false`, `60`, `none`."""
    described = fields.field_at(path)
    return isinstance(value, (bool, int)) or (described is not None and value in described.enum)


def _mapping(value: Json) -> Mapping[str, Json]:
    return value if isinstance(value, dict) else {}


def _ordered(path: Path, found: Mapping[str, Json]) -> dict[str, Json]:
    """In the order in which people write them, which is the table's; the host comes first."""
    places = _places()
    return dict(sorted(found.items(), key=lambda item: places.get(".".join((*path, item[0])), -1)))


@cache
def _places() -> Mapping[str, int]:
    return {described: place for place, described in enumerate(fields.table())}


def merge(base: Mapping[str, Json], over: Mapping[str, Json]) -> dict[str, Json]:
    """`over` written over `base`. A null in `over` stays, to be taken out by `without_nulls`."""
    result = {**base, **over}
    for name, value in over.items():
        if type(value) is dict:
            beneath = base.get(name)
            if type(beneath) is dict:
                result[name] = merge(beneath, value)
    return result


def without_nulls(value: Json) -> Json:
    """`value` without what is null, at any depth."""
    if isinstance(value, dict):
        return {name: without_nulls(inner) for name, inner in value.items() if inner is not None}
    if isinstance(value, list):
        return [without_nulls(inner) for inner in value if inner is not None]
    return value


def known_depth(value: Json, path: tuple[str | int, ...]) -> int:
    """How many steps of `path` lead to something in `value`."""
    for depth, step in enumerate(path):
        if isinstance(step, str):
            if not isinstance(value, dict) or step not in value:
                return depth
        elif not isinstance(value, list) or step >= len(value):
            return depth
        value = value[step]
    return len(path)
