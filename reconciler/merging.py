"""Defaults and what is written over them: mapping by mapping, a list replaces, null removes.

What is given is never changed, and shared where nothing has to be merged.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from reconciler.fields import Json


def merged(base: Mapping[str, Json], over: Mapping[str, Json]) -> dict[str, Json]:
    """`over` written over `base`. A null in `over` stays, to be taken out by `without_nulls`."""
    result = {**base, **over}
    for name, value in over.items():
        if type(value) is dict:
            beneath = base.get(name)
            if type(beneath) is dict:
                result[name] = merged(beneath, value)
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
