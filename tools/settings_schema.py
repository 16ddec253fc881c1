"""Builds the schema of `reconciler.yaml` from the field table."""

from __future__ import annotations

from typing import TYPE_CHECKING

from meeting_schema import meeting_schema
from schema_parts import AUDIENCE, HOST, Schema, defaults, key, mapping

if TYPE_CHECKING:
    from collections.abc import Mapping

    from reconciler.meeting.fields import Field

CAPACITY_MAX = 20
"""More meetings than one user can run at once under any licence of Zoom."""


def reconciler_schema(fields: Mapping[str, Field]) -> Schema:
    """Return the schema of `reconciler.yaml`."""
    return {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "$id": "urn:meetings-reconciler:reconciler",
        "title": "Settings of reconciler",
        "description": "The specs, the state, the defaults, and the limits of each host.",
        **mapping(
            {
                "specs": {
                    "description": "Files and folders with meetings.",
                    "type": "array",
                    "minItems": 1,
                    "items": {"type": "string", "minLength": 1},
                },
                "policies": {
                    "description": "Files and folders with policies.",
                    "type": "array",
                    "minItems": 1,
                    "items": {"type": "string", "minLength": 1},
                },
                "state": {
                    "description": "The file or the address of the state.",
                    "type": "string",
                    "minLength": 1,
                },
                **_limits(),
                "capacity": _capacity(
                    "What each host can run at one time.",
                    {"meetings": {"default": 1}, "buffer_minutes": {"default": 0}},
                ),
                "audience": AUDIENCE,
                "defaults": defaults("Merged into every meeting, under the defaults of its file."),
            }
        ),
        "definitions": {"meeting": meeting_schema(fields)},
    }


def _limits() -> Schema:
    """Return the schemas of `budget` and `hosts`."""
    limit = {"description": "Create and update requests per UTC day.", "type": "integer", "minimum": 0}
    reserve = {
        "description": "The part of the daily limit that is kept for meetings that start within 48 hours.",
        "type": "integer",
        "minimum": 0,
    }
    pace = {
        "description": "The rate of requests: a Zoom plan, or a whole number of requests a second.",
        "anyOf": [{"enum": ["free", "pro", "business"]}, {"type": "integer", "minimum": 1, "maximum": 1000}],
        "default": "pro",
    }
    budget = {"daily_limit": limit | {"default": 100}, "reserve": reserve | {"default": 10}, "pace": pace}
    host = mapping(
        {
            "daily_limit": limit,
            "reserve": reserve,
            "capacity": _capacity("What this host can run.", {}),
            "pool": key("Hosts of one pool can stand in for each other."),
        }
    )
    return {
        "budget": mapping(budget, about="The limits of each host."),
        "hosts": {
            "description": "The only hosts that meetings may have, if the list is present.",
            "type": "object",
            "propertyNames": {"pattern": HOST},
            "additionalProperties": host,
        },
    }


def _capacity(about: str, defaults: Mapping[str, Schema]) -> Schema:
    fields: dict[str, Schema] = {
        "meetings": {
            "description": "How many meetings run at once.",
            "type": "integer",
            "minimum": 1,
            "maximum": CAPACITY_MAX,
        },
        "buffer_minutes": {
            "description": "The minutes to keep free between two meetings.",
            "type": "integer",
            "minimum": 0,
            "maximum": 1440,
        },
    }
    return mapping({name: schema | defaults.get(name, {}) for name, schema in fields.items()}, about=about)
