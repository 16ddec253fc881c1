"""Reads the JSON Schema of a policy: what is not understood is a finding, never a rule that holds nothing.

The schema is draft-07. A stranger may have written it: no address is read, no `$ref` leads out of the file
or in a circle, and its size is bounded. Patterns run in time linear in the text.
"""

from __future__ import annotations

from collections.abc import Iterator
from types import MappingProxyType
from typing import Any
from urllib.parse import unquote

from msgspec import Struct

from reconciler.errors.diagnostic import UnlocatedDiagnostic
from reconciler.errors.didyoumean import did_you_mean, suggestion
from reconciler.errors.text import shorten
from reconciler.ports import Json
from reconciler.spec.schema import validator
from reconciler.spec.schema.validator import CompiledSchema, SchemaError
from reconciler.spec.yaml.locator import Path

NODES_MAX = 50_000
"""Values in the schemas of all policies together, each `$ref` counted as what it stands for."""

DEPTH_MAX = 50
"""Schemas in schemas, each `$ref` included."""

FINDINGS_MAX = 100
"""Findings about one schema."""

NOT_A_SCHEMA = "policy.not-a-schema"

_ONE = frozenset(
    {"not", "if", "then", "else", "additionalProperties", "additionalItems", "propertyNames", "contains"}
)
"""Keywords whose value is a schema."""
_LISTS = frozenset({"allOf", "anyOf", "oneOf"})
_MAPS = frozenset({"properties", "patternProperties", "definitions", "dependencies"})
_VALUES = frozenset(
    {
        *("type", "enum", "const", "required", "pattern", "multipleOf", "uniqueItems"),
        *("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"),
        *("minLength", "maxLength", "minItems", "maxItems", "minProperties", "maxProperties"),
    }
)
_NOTES = frozenset({"title", "description", "default", "examples", "$comment"})
_KNOWN = tuple(sorted({*_ONE, *_LISTS, *_MAPS, *_VALUES, *_NOTES, "items", "$ref", "$schema"}))
_DRAFTS = ("http://json-schema.org/draft-07/schema#", "http://json-schema.org/draft-07/schema")
_HINTS = MappingProxyType(
    {
        "format": "It would check nothing everywhere. Write a `pattern`.",
        "$id": "Leave it out: a schema is found by its place in the file.",
        "$defs": "Write `definitions`: the schemas are draft-07.",
        "dependentRequired": "Write `dependencies`: the schemas are draft-07.",
        "dependentSchemas": "Write `dependencies`: the schemas are draft-07.",
        "prefixItems": "Write `items` with a list: the schemas are draft-07.",
    }
)


class Budget(Struct):
    """The values that the schemas of all policies may still have."""

    nodes_left: int = NODES_MAX

    def take(self) -> None:
        """Count one value. Raises `_TooLargeError`."""
        self.nodes_left -= 1
        if self.nodes_left < 0:
            raise _TooLargeError


class _TooLargeError(Exception):
    """The schemas of the policies are larger than `NODES_MAX`."""


class Requirement(Struct, frozen=True):
    """The schema of one policy: without `$ref`, and compiled."""

    schema: Json
    compiled: CompiledSchema


def read_requirement(file: Json, path: Path, budget: Budget) -> Requirement | tuple[UnlocatedDiagnostic, ...]:
    """Return the schema at `path` of a file, or the findings about it; their paths lead from the file."""
    reader = _Reader(file, path, budget)
    try:
        schema = reader.read(_at(file, path), path, ())
    except _TooLargeError:
        detail = f"The schemas of the policies have more than {NODES_MAX:,} values, counted with each `$ref`."
        reader.findings.clear()
        reader.refuse(path, detail, "Write shorter ones.", on_key=True)
    if not reader.findings:
        try:
            return Requirement(schema, validator.compile_schema(schema))
        except SchemaError as error:
            reader.refuse(reader.origin(error.path), error.detail)
    return tuple(dict.fromkeys(reader.findings[:FINDINGS_MAX]))


class _Reader:
    """Reads one schema and puts what each `$ref` stands for in its place."""

    def __init__(self, file: Json, root: Path, budget: Budget) -> None:
        self._file = file
        self._root = root
        self._budget = budget
        self._open: list[Path] = []  # the schemas that a `$ref` led to and that are being read
        self._origins: dict[Path, Path] = {(): root}  # place in the file by place in the result
        self.findings: list[UnlocatedDiagnostic] = []

    def refuse(self, path: Path, detail: str, hint: str = "", *, on_key: bool = False) -> None:
        """Note a finding."""
        self.findings.append(
            UnlocatedDiagnostic(path, NOT_A_SCHEMA, detail, hint, on_key=on_key, policy=str(self._root[1]))
        )

    def origin(self, place: Path) -> Path:
        """Return the place in the file of a place in the result."""
        start = next(place[:n] for n in range(len(place), -1, -1) if place[:n] in self._origins)
        return (*self._origins[start], *place[len(start) :])

    def read(self, schema: Json, path: Path, place: Path) -> Json:
        """Return the schema at `path` of the file, which is at `place` of the result."""
        self._budget.take()
        if isinstance(schema, bool):
            return schema
        if not isinstance(schema, dict):
            self.refuse(path, "A schema is a mapping, or true or false.")
            return True
        if len(place) // 2 + len(self._open) > DEPTH_MAX:
            self.refuse(path, f"The schemas are nested more than {DEPTH_MAX} levels deep.")
            return True
        if "$ref" in schema:
            return self._follow(schema, path, place)
        return dict(self._members(schema, path, place))

    def _members(self, schema: dict[str, Any], path: Path, place: Path) -> Iterator[tuple[str, Json]]:
        for name, value in schema.items():
            inner, at = (*path, name), (*place, name)
            if name in _ONE or (name == "items" and not isinstance(value, list)):
                yield name, self.read(value, inner, at)
            elif name in _LISTS or name == "items":
                yield name, self._list(value, inner, at)
            elif name == "definitions":
                self._map(value, inner, at)  # what a `$ref` needs of it is put in its place
            elif name in _MAPS:
                yield name, self._map(value, inner, at)
            elif name in _VALUES:
                self._count(value)
                yield name, value
            elif name == "$schema" and value in _DRAFTS and path == self._root:
                continue
            elif name not in _NOTES:
                self._unknown(name, inner)

    def _unknown(self, name: str, path: Path) -> None:
        if name == "$schema":
            self.refuse(path, "The schemas of policies are draft-07.", "Remove the line.")
            return
        shown = shorten(name, 60)
        hint = _HINTS.get(name) or suggestion(did_you_mean(name, _KNOWN), "Remove it, or name a keyword.")
        detail = f"`{shown}` is no keyword of JSON Schema draft-07 that a policy can use."
        self.refuse(path, detail, hint, on_key=True)

    def _list(self, value: Json, path: Path, place: Path) -> Json:
        if not isinstance(value, list):
            self.refuse(path, f"`{path[-1]}` expects a list of schemas.")
            return []
        return [self.read(each, (*path, n), (*place, n)) for n, each in enumerate(value)]

    def _map(self, value: Json, path: Path, place: Path) -> Json:
        if not isinstance(value, dict):
            self.refuse(path, f"`{path[-1]}` expects a mapping of schemas.")
            return {}
        read: dict[str, Json] = {}
        for name, each in value.items():
            if path[-1] == "dependencies" and isinstance(each, list):
                self._count(each)
                read[name] = each
            else:
                read[name] = self.read(each, (*path, name), (*place, name))
        return read

    def _follow(self, schema: dict[str, Any], path: Path, place: Path) -> Json:
        """Return the schema that a `$ref` leads to."""
        here = (*path, "$ref")
        others = [name for name in schema if name not in {"$ref", *_NOTES}]
        if others:
            hint = f"Write both under `allOf`: `allOf: [{{$ref: …}}, {{{others[0]}: …}}]`."
            self.refuse(here, f"`{shorten(others[0], 60)}` beside `$ref` has no effect in draft-07.", hint)
        target = self._target(schema["$ref"])
        if target is None:
            detail = f"`{shorten(str(schema['$ref']), 60)}` leads to nothing in this file."
            hint = "Write a pointer into this file: `$ref: '#/definitions/NAME'`."
            self.refuse(here, detail, hint)
            return True
        is_around = target in self._open or path[: len(target)] == target
        if is_around:
            self.refuse(here, "This `$ref` leads in a circle.", "Write out what it stands for.")
            return True
        self._open.append(target)
        self._origins[place] = target
        read = self.read(_at(self._file, target), target, place)
        self._open.pop()
        return read

    def _target(self, reference: Json) -> Path | None:
        """Return the path in the file of what a `$ref` names: in its own policy, else from the top."""
        if not isinstance(reference, str) or not reference.startswith("#"):
            return None
        pointer = unquote(reference[1:])
        if pointer and not pointer.startswith("/"):
            return None
        written = [step.replace("~1", "/").replace("~0", "~") for step in pointer.split("/")[1:]]
        for root in (self._root, ()):
            path = _resolved(self._file, root, written)
            if path is not None:
                return path
        return None

    def _count(self, value: Json) -> None:
        """Count what a value holds."""
        pending = [value]
        while pending:
            self._budget.take()
            each = pending.pop()
            if isinstance(each, dict | list):
                pending += each.values() if isinstance(each, dict) else each


def _resolved(file: Json, root: Path, steps: list[str]) -> Path | None:
    value, path = _at(file, root), root
    for step in steps:
        if isinstance(value, dict) and step in value:
            path, value = (*path, step), value[step]
        elif isinstance(value, list) and step.isdecimal() and int(step) < len(value):
            path, value = (*path, int(step)), value[int(step)]
        else:
            return None
    return path


def _at(value: Json, path: Path) -> Json:
    for step in path:
        value = value[step]
    return value
