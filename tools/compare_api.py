"""What an OpenAPI document says about a meeting's fields that the field table does not."""

from __future__ import annotations

from typing import TYPE_CHECKING

import orjson

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from reconciler.meeting.fields import Field
    from reconciler.ports import Json

CREATE = ("/users/{userId}/meetings", "post")
UPDATE = ("/meetings/{meetingId}", "patch")

FACTS = (
    "type",
    "items",
    "enum",
    "minimum",
    "maximum",
    "minItems",
    "maxItems",
    "maxLength",
    "default",
    "required",
)

Facts = dict[str, "Json"]


def differences(document: Json, fields: Mapping[str, Field]) -> tuple[str, ...]:
    """A line for each field that the document adds (`+`), drops (`-`) or changes (`~`), by path.

    The create body says what a field is; the update body counts only where create does
    not take it. What the table read from prose is not missed in a document that leaves it out.
    Raises KeyError where the document has no such request.
    """
    creates, updates = (_request(document, *operation) for operation in (CREATE, UPDATE))
    stated = updates | creates
    lines = [
        line for path in sorted(fields.keys() | stated) for line in _line(path, fields.get(path), stated)
    ]
    return (*lines, *_taken(fields, create=creates.keys(), update=updates.keys()))


def _line(path: str, field: Field | None, stated: Mapping[str, Facts]) -> Iterator[str]:
    if field is None:
        facts = ", ".join(f"{name} {_shown(fact)}" for name, fact in stated[path].items())
        yield f"+ {path}: {facts}"
    elif path not in stated:
        yield f"- {path}"
    else:
        known = _known(field)
        for name in FACTS:
            before, after = known.get(name), stated[path].get(name)
            if before != after and not (after is None and name in field.prose):
                yield f"~ {path}: {name} {_shown(before)} -> {_shown(after)}"


def _taken(fields: Mapping[str, Field], **stated: Json) -> Iterator[str]:
    """A line for each known field that another request takes now than before."""
    for path, field in fields.items():
        if any(path in paths for paths in stated.values()):
            for request, paths in stated.items():
                if getattr(field, request) != (path in paths):
                    yield f"~ {path}: {request} {'takes' if path in paths else 'no longer takes'} it"


def _known(field: Field) -> Facts:
    facts = {
        "type": field.type,
        "items": field.items,
        "enum": list(field.enum or field.elements) or None,
        "minimum": field.minimum,
        "maximum": field.maximum,
        "minItems": field.min_items,
        "maxItems": field.max_items,
        "maxLength": field.max_length,
        "default": field.default,
        "required": field.required or None,
    }
    return {name: fact for name, fact in facts.items() if fact is not None}


def _request(document: Json, path: str, method: str) -> dict[str, Facts]:
    """The facts of each field of a request's JSON body, by path."""
    body = _resolved(document["paths"][path][method]["requestBody"], document)
    return dict(_walk(body["content"]["application/json"]["schema"], "", document))


def _walk(schema: Json, prefix: str, document: Json) -> Iterator[tuple[str, Facts]]:
    schema = _resolved(schema, document)
    for name, child in schema.get("properties", {}).items():
        whole = _resolved(child, document)
        yield prefix + name, _facts(whole, document, required=name in schema.get("required", ()))
        yield from _walk(whole, f"{prefix}{name}.", document)
        yield from _walk(whole.get("items", {}), f"{prefix}{name}[].", document)


def _facts(schema: Json, document: Json, *, required: bool) -> Facts:
    facts = {name: schema[name] for name in FACTS if name in schema and name not in ("items", "required")}
    if "items" in schema:
        facts["items"] = _resolved(schema["items"], document).get("type")
    if schema.get("type") == "array" and "maximum" in facts:
        facts["maxItems"] = facts.pop("maximum")  # Zoom's own document bounds a list's length so
    return facts | ({"required": True} if required else {})


def _resolved(schema: Json, document: Json) -> Json:
    """The schema with its `$ref` followed and its `allOf` put together."""
    if "$ref" in schema:
        target = document
        for step in schema["$ref"].removeprefix("#/").split("/"):
            target = target[step]
        return _resolved(target, document)
    merged = dict(schema)
    for part in (_resolved(each, document) for each in merged.pop("allOf", ())):
        properties = merged.get("properties", {}) | part.get("properties", {})
        merged = part | merged | ({"properties": properties} if properties else {})
    return merged


def _shown(fact: Json) -> str:
    return "none" if fact is None else orjson.dumps(fact).decode()
