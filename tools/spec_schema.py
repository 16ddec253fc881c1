"""Builds the schema of a spec file from the field table: draft-07, self-contained."""

from __future__ import annotations

from typing import TYPE_CHECKING

from meeting_schema import meeting_schema
from policies_schema import policies_schema
from schema_parts import AUDIENCE, DAY, END, Schema, by_key, defaults, entries, key, mapping, ref
from settings_schema import reconciler_schema

from reconciler.meeting.fields import Field, table

if TYPE_CHECKING:
    from collections.abc import Mapping

NOT_IN_TEMPLATES = ("use", "exceptions", "timetable")
"""Fields of a meeting that a template cannot have."""

_EMAIL = r"[^\x00-\x20\x7f/?#;,<>@]+@[^\x00-\x20\x7f/?#;,<>@]+"
PERSON = f"^(?:{_EMAIL}|[A-Za-z0-9_-]{{20,}}){END}"
"""An e-mail, or what looks like the id of a user."""

_YEARLY = "(?:0[1-9]|1[0-2])-(?:0[1-9]|[12][0-9]|3[01])"
CLOSED = f"^(?:{DAY}(?:\\.\\.(?:{DAY})?)?|{_YEARLY}(?:\\.\\.{_YEARLY})?){END}"
"""A day or a range of a closure; without a year it is one of every year."""


def schemas() -> Mapping[str, Schema]:
    """Return the derived schemas by file name."""
    return {
        "meetings.schema.json": meetings_schema(table()),
        "reconciler.schema.json": reconciler_schema(table()),
        "policies.schema.json": policies_schema(),
    }


def meetings_schema(fields: Mapping[str, Field]) -> Schema:
    """Return the schema of a spec file."""
    return {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "$id": "urn:meetings-reconciler:meetings",
        "title": "Meetings as code",
        "description": "Zoom meetings that a team declares.",
        **mapping(
            {
                "version": {"description": "The format of this file: 1.", "type": "integer", "const": 1},
                "defaults": defaults("Merged into each meeting of this file; null removes."),
                "templates": by_key(
                    "Fields that meetings share, each set under a name for `use`.", "#/definitions/template"
                ),
                "people": by_key("Lists of e-mails, each under a name.", "#/definitions/people"),
                "closures": by_key(
                    "Days on which nothing is held, each list under a name for `skip`.",
                    "#/definitions/closure",
                ),
                "audience": AUDIENCE,
                "meetings": by_key("The meetings, each under a key of its own.", "#/definitions/meeting"),
                "moved": entries("Renamed keys: each keeps its meeting.", "#/definitions/move"),
                "imports": entries(
                    "Existing meetings, each with the key that it gets.", "#/definitions/import"
                ),
                "removed": entries(
                    "Meetings to delete in Zoom, or to forget, by id.", "#/definitions/removal"
                ),
            },
            required=["version"],
        ),
        "definitions": _definitions(fields),
    }


def _definitions(fields: Mapping[str, Field]) -> Schema:
    return {
        "id": {"description": "The meeting's number in Zoom.", "type": "integer", "minimum": 1},
        "meeting": meeting_schema(fields),
        "template": {
            "allOf": [ref("#/definitions/meeting")],
            "not": {"anyOf": [{"required": [name]} for name in NOT_IN_TEMPLATES]},
        },
        "people": {
            "type": "array",
            "minItems": 1,
            "items": {"type": "string", "pattern": PERSON},
        },
        "closure": {
            "description": "Days and ranges, such as 2027-04-05, 12-24..01-02 of every year, 2027-07-01..",
            "type": "array",
            "minItems": 1,
            "items": {"type": "string", "pattern": CLOSED},
        },
        "move": mapping(
            {"from": key("The old key."), "to": key("The new key.")},
            required=["from", "to"],
        ),
        "import": mapping(
            {"id": ref("#/definitions/id"), "to": key("The key that the meeting gets.")},
            required=["id", "to"],
        ),
        "removal": mapping(
            {
                "key": key("The key that the meeting was declared under."),
                "id": ref("#/definitions/id"),
                "destroy": {
                    "description": "true deletes the meeting in Zoom; false leaves it there, unmanaged.",
                    "type": "boolean",
                },
            },
            required=["key", "id", "destroy"],
        ),
    }
