"""The schema of a file of policies, with the part of JSON Schema that a policy may use."""

from __future__ import annotations

from schema_parts import KEY, Schema

_SCHEMA: Schema = {"$ref": "#/definitions/schema"}
_LIST: Schema = {"type": "array", "minItems": 1, "items": _SCHEMA}
_MAP: Schema = {"type": "object", "additionalProperties": _SCHEMA}
_COUNT: Schema = {"type": "integer", "minimum": 0}
_NUMBER: Schema = {"type": "number"}
_NAMES: Schema = {"type": "array", "items": {"type": "string"}}

_KEYWORDS: Schema = {
    "title": {"type": "string"},
    "description": {"type": "string"},
    **{name: {} for name in ("default", "examples", "const")},
    "type": {"type": ["string", "array"], "items": {"type": "string"}},
    "enum": {"type": "array"},
    "required": _NAMES,
    "pattern": {"type": "string"},
    "uniqueItems": {"type": "boolean"},
    **dict.fromkeys(("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"), _NUMBER),
    **dict.fromkeys(
        ("minLength", "maxLength", "minItems", "maxItems", "minProperties", "maxProperties"), _COUNT
    ),
    **dict.fromkeys(("not", "if", "then", "else", "contains", "propertyNames"), _SCHEMA),
    **dict.fromkeys(("additionalProperties", "additionalItems"), _SCHEMA),
    **dict.fromkeys(("allOf", "anyOf", "oneOf"), _LIST),
    **dict.fromkeys(("properties", "patternProperties", "definitions"), _MAP),
    "items": {"anyOf": [_SCHEMA, _LIST]},
    "dependencies": {"type": "object", "additionalProperties": {"anyOf": [_SCHEMA, _NAMES]}},
}
"""The keywords of draft-07 that a policy may use; `reconciler/spec/policies/_requirement.py` checks them."""


def policies_schema() -> Schema:
    """Return the schema of a file of policies."""
    return {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "$id": "urn:meetings-reconciler:policies",
        "title": "Policies for meetings",
        "description": "Rules of a team for its meetings, checked by validate, plan and apply.",
        "type": "object",
        "properties": {
            "version": {"description": "The format of this file: 1.", "type": "integer", "const": 1},
            "definitions": {"description": "Schemas that policies share, by name."} | _MAP,
            "policies": {
                "description": "The policies, each under a name of its own.",
                "type": "object",
                "propertyNames": {"pattern": KEY},
                "additionalProperties": {"$ref": "#/definitions/policy"},
            },
        },
        "additionalProperties": False,
        "required": ["version", "policies"],
        "definitions": {"policy": _policy(), "schema": _schema()},
    }


def _policy() -> Schema:
    return {
        "type": "object",
        "properties": {
            "message": {
                "description": "What the policy asks for, in a sentence.",
                "type": "string",
                "minLength": 1,
                "maxLength": 500,
            },
            "severity": {
                "description": "error stops validate, plan and apply; warning is only printed.",
                "enum": ["error", "warning"],
                "default": "error",
            },
            "match": _match(),
            "require": {"description": "A JSON Schema that these meetings must fit.", "allOf": [_SCHEMA]},
        },
        "additionalProperties": False,
        "required": ["message", "require"],
    }


def _match() -> Schema:
    about = {
        "host": "the meeting's host; upper and lower case make no difference",
        "key": "the meeting's key",
        "topic": "the meeting's topic",
        "file": "the file that declares the meeting, as seen from the working folder",
    }
    glob: Schema = {"type": "string", "minLength": 1, "maxLength": 200}
    return {
        "description": "The meetings that it holds for: all globs must fit.",
        "type": "object",
        "properties": {name: {"description": f"A glob for {of}."} | glob for name, of in about.items()},
        "additionalProperties": False,
        "minProperties": 1,
    }


def _schema() -> Schema:
    return {
        "description": "JSON Schema draft-07, as far as policies have it.",
        "type": ["object", "boolean"],
        "properties": _KEYWORDS,
        "patternProperties": {r"^\$(ref|schema|comment)$": {"type": "string"}},
        "additionalProperties": False,
    }
