"""The parts that the schemas of several files share: patterns, and the shapes of mappings and lists."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler.ports import Json

if TYPE_CHECKING:
    from collections.abc import Sequence

Schema = dict[str, Json]

END = r"$(?!\n)"
"""The end of a text. Python's bare `$` accepts a newline at the end, Rust's and ECMAScript's do not."""

KEY = f"^[A-Za-z0-9._-]+{END}"
_HOST_PART = r"[^\x00-\x20\x7f/?#;,:<>@${}]+"
HOST = f"^{_HOST_PART}(?:@{_HOST_PART})?{END}"
"""An e-mail or a user id: no name beside it, no list, no variable."""

DAY = "[0-9]{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12][0-9]|3[01])"
TIME = "(?:[01][0-9]|2[0-3]):[0-5][0-9](?::[0-5][0-9])?"

AUDIENCE: Json = {
    "description": "Time zones of people who join: a plan says what a new time means there.",
    "type": "array",
    "minItems": 1,
    "maxItems": 20,
    "uniqueItems": True,
    "items": {"type": "string", "minLength": 1},
}


def mapping(properties: Schema, *, required: Sequence[str] = (), about: str = "") -> Schema:
    """Return the schema of a mapping that has no other fields than `properties`."""
    schema: Schema = {"description": about} if about else {}
    schema |= {"type": "object", "properties": properties, "additionalProperties": False}
    return schema | ({"required": list(required)} if required else {})


def defaults(about: str) -> Schema:
    """Return the schema of defaults: a meeting in which every field may be left out."""
    return {"description": about, "allOf": [ref("#/definitions/meeting")]}


def by_key(about: str, pointer: str) -> Schema:
    """Return the schema of a mapping from keys to what the schema at `pointer` describes."""
    return {
        "description": about,
        "type": "object",
        "propertyNames": {"pattern": KEY},
        "additionalProperties": ref(pointer),
    }


def entries(about: str, pointer: str) -> Schema:
    """Return the schema of a list of what the schema at `pointer` describes."""
    return {"description": about, "type": "array", "items": ref(pointer)}


def key(about: str) -> Schema:
    """Return the schema of a key of a meeting."""
    return {"description": about, "type": "string", "pattern": KEY}


def ref(pointer: str) -> Schema:
    """Return a reference to the schema at `pointer`."""
    return {"$ref": pointer}
