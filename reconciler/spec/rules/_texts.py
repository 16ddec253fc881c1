"""The texts of a meeting: joined in one string, which rules search first, and one by one with their paths."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from reconciler.ports import Json

Path = tuple[str | int, ...]

_STRUCTURED = frozenset({"start_time", "timezone", "recurrence"})
"""Fields whose form the schema or a rule checks: they hold no free text."""

_WITH_TEXT = frozenset({str, dict, list})


def joined(attributes: Mapping[str, Json]) -> str:
    """Return every free text in `attributes`, at any depth, on lines of their own."""
    # Without recursion, and by exact types: this runs over every meeting.
    texts: list[str] = []
    open_values: list[Json] = [value for name, value in attributes.items() if name not in _STRUCTURED]
    for value in open_values:
        if type(value) is str:
            texts.append(value)
        elif type(value) is dict:
            open_values += [inner for inner in value.values() if type(inner) in _WITH_TEXT]
        elif type(value) is list:
            open_values += value
    return "\n".join(texts)


def texts(value: Json, path: Path = ()) -> Iterator[tuple[Path, str]]:
    """Yield every text in `value`, at any depth, with its path."""
    if isinstance(value, str):
        yield path, value
    elif isinstance(value, Mapping):
        for name, item in value.items():
            yield from texts(item, (*path, name))
    elif isinstance(value, (list, tuple)):
        for index, item in enumerate(value):
            yield from texts(item, (*path, index))
