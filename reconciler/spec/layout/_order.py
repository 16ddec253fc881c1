"""Puts the fields of each mapping into the order of the reference, which is that of the schema."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

from reconciler import resources
from reconciler.spec.layout.tree import Collection, Node, Text

_BRANCHES = ("allOf", "anyOf", "oneOf")


class Shape:
    """What the schema says about one place of a spec: the order of its fields, and what is inside of them."""

    def __init__(self, *schemas: Mapping[str, Any]) -> None:
        self._schemas = tuple(each for schema in schemas for each in _whole(schema))
        names = [name for schema in self._schemas for name in schema.get("properties", ())]
        self.rank = {name: index for index, name in enumerate(dict.fromkeys(names))}
        self._inner: dict[str | None, Shape] = {}

    def inner(self, name: str | None) -> Shape:
        """Return the shape of a field, or of each item of a list for None."""
        known = name if name is None or name in self.rank else ""
        if known not in self._inner:
            found = (
                schema.get("items") if name is None else _field(schema, name) for schema in self._schemas
            )
            self._inner[known] = Shape(*(each for each in found if isinstance(each, dict)))
        return self._inner[known]


@cache
def spec_shape() -> Shape:
    """Return the shape of a whole spec."""
    return Shape(_schema())


def arrange(text: Text) -> None:
    """Put the fields of each mapping of `text` into order."""
    root = text.root
    if not isinstance(root, Collection) or not root.entries:
        return
    first = root.entries[0]
    _arrange(root, spec_shape())
    if root.entries[0] is not first:  # a file begins with what is about the file
        text.head += first.above
        first.above = []


def _arrange(node: Node, shape: Shape) -> None:
    if not isinstance(node, Collection):
        return
    if node.is_mapping and not node.is_tied and shape.rank:
        last = len(shape.rank)
        node.entries.sort(key=lambda entry: shape.rank.get(entry.name or "", last))
    for entry in node.entries:
        if isinstance(entry.value, Collection):
            _arrange(entry.value, shape.inner(entry.name))


@cache
def _schema() -> Mapping[str, Any]:
    schema: Mapping[str, Any] = resources.document("meetings.schema.json")
    return schema


def _whole(schema: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """Yield a schema, what it refers to, and its branches."""
    yield schema
    reference = schema.get("$ref")
    if reference is not None:
        yield from _whole(_schema()["definitions"][reference.rpartition("/")[2]])
    for branch in _BRANCHES:
        for each in schema.get(branch, ()):
            yield from _whole(each)


def _field(schema: Mapping[str, Any], name: str) -> Any:
    own = schema.get("properties", {}).get(name)
    return schema.get("additionalProperties") if own is None else own
