"""Builds the schemas of spec and settings files from the field table: draft-07, each self-contained.

Mappings accept known fields only, so that typing errors are found. A meeting has no required fields,
because defaults may supply them: rules check for them after the merge.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from policies_schema import policies_schema
from repeat_schema import repeat_schema

from reconciler.meeting.fields import Field, table
from reconciler.ports import Json
from reconciler.spec.repeat import TIMES_MAX

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

END = r"$(?!\n)"
"""The end of a text. Python's bare `$` accepts a newline at the end, Rust's and ECMAScript's do not."""

NOT_IN_TEMPLATES = ("use", "exceptions", "timetable")
"""Fields of a meeting that a template cannot have."""

PERSON = r"^[^\x00-\x20\x7f/?#;,]+" + END
KEY = f"^[A-Za-z0-9._-]+{END}"
HOST = r"^[^\x00-\x20\x7f/?#]+" + END
PASSCODE_VARIABLE = f"^(?:[A-Za-z_][A-Za-z0-9_]*)?PASSCODE[A-Za-z0-9_]*{END}"

_DAY = "[0-9]{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12][0-9]|3[01])"
_YEARLY = "(?:0[1-9]|1[0-2])-(?:0[1-9]|[12][0-9]|3[01])"
CLOSED = f"^(?:{_DAY}(?:\\.\\.(?:{_DAY})?)?|{_YEARLY}(?:\\.\\.{_YEARLY})?){END}"
"""A day or a range of a closure; without a year it is one of every year."""

OF_ONE_DATE = (
    "host_video",
    "participant_video",
    "join_before_host",
    "mute_upon_entry",
    "waiting_room",
    "watermark",
    "auto_recording",
)
"""The settings that the API changes for one date. Source: Zoom's API, update a meeting, `occurrence_id`."""

CAPACITY_MAX = 20
"""More meetings than one user can run at once under any licence of Zoom."""

AUDIENCE: Json = {
    "description": "Time zones of people who join: a plan says what a new time means there.",
    "type": "array",
    "minItems": 1,
    "maxItems": 20,
    "uniqueItems": True,
    "items": {"type": "string", "minLength": 1},
}

_TIME = "(?:[01][0-9]|2[0-3]):[0-5][0-9](?::[0-5][0-9])?"
START = f"^{_DAY}(?:T| +){_TIME} *(?:Z|[+-][0-9]{{2}}:[0-9]{{2}})?{END}"
"""A start with `T` or a blank, with seconds or not, and with `Z`, an offset or nothing."""

_MINUTES = "(?:[1-9][0-9]{0,2}|1[0-3][0-9]{2}|14[0-3][0-9]|1440)"
DURATION = f"^(?:(?:[1-9]|1[0-9]|2[0-3]) *h(?: *[0-5]?[0-9] *m)?|24 *h|{_MINUTES} *m){END}"
"""A duration in hours, minutes or both, up to a day."""

Schema = dict[str, Json]


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
        **_mapping(
            {
                "version": {"description": "The format of this file: 1.", "type": "integer", "const": 1},
                "defaults": _defaults("Merged into each meeting of this file; null removes."),
                "templates": _by_key(
                    "Fields that meetings share, each set under a name for `use`.", "#/definitions/template"
                ),
                "people": _by_key("Lists of e-mails, each under a name.", "#/definitions/people"),
                "closures": _by_key(
                    "Days on which nothing is held, each list under a name for `skip`.",
                    "#/definitions/closure",
                ),
                "audience": AUDIENCE,
                "meetings": _by_key("The meetings, each under a key of its own.", "#/definitions/meeting"),
                "moved": _entries("Renamed keys: each keeps its meeting.", "#/definitions/move"),
                "imports": _entries(
                    "Existing meetings, each with the key that it gets.", "#/definitions/import"
                ),
                "removed": _entries(
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
            "allOf": [_ref("#/definitions/meeting")],
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
        "move": _mapping(
            {"from": _key("The old key."), "to": _key("The new key.")},
            required=["from", "to"],
        ),
        "import": _mapping(
            {"id": _ref("#/definitions/id"), "to": _key("The key that the meeting gets.")},
            required=["id", "to"],
        ),
        "removal": _mapping(
            {
                "key": _key("The key that the meeting was declared under."),
                "id": _ref("#/definitions/id"),
                "destroy": {
                    "description": "true deletes the meeting in Zoom; false leaves it there, unmanaged.",
                    "type": "boolean",
                },
            },
            required=["key", "id", "destroy"],
        ),
    }


def reconciler_schema(fields: Mapping[str, Field]) -> Schema:
    """Return the schema of `reconciler.yaml`."""
    return {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "$id": "urn:meetings-reconciler:reconciler",
        "title": "Settings of reconciler",
        "description": "The specs, the state, the defaults, and the limits of each host.",
        **_mapping(
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
                "defaults": _defaults("Merged into every meeting, under the defaults of its file."),
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
        "description": "The rate of requests: a Zoom plan, or a number of requests a second.",
        "anyOf": [{"enum": ["free", "pro", "business"]}, {"type": "number", "exclusiveMinimum": 0}],
        "default": "pro",
    }
    budget = {"daily_limit": limit | {"default": 100}, "reserve": reserve | {"default": 10}, "pace": pace}
    host = _mapping(
        {
            "daily_limit": limit,
            "reserve": reserve,
            "capacity": _capacity("What this host can run.", {}),
            "pool": _key("Hosts of one pool can stand in for each other."),
        }
    )
    return {
        "budget": _mapping(budget, about="The limits of each host."),
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
    return _mapping({name: schema | defaults.get(name, {}) for name, schema in fields.items()}, about=about)


def meeting_schema(fields: Mapping[str, Field]) -> Schema:
    """Return the schema of one meeting, or of defaults: no field is required, null removes."""
    own: Schema = {
        "host": {
            "description": "The Zoom user who owns the meeting: an e-mail address or a user id.",
            "type": ["string", "null"],
            "pattern": HOST,
        },
        "protect": {
            "description": "Never destroyed or replaced.",
            "type": ["boolean", "null"],
            "default": False,
        },
    }
    own |= {
        "use": {
            "description": "The names of templates. The later one wins, and the meeting's own fields do.",
            "type": ["string", "array", "null"],
            "pattern": KEY,
            "items": {"type": "string", "pattern": KEY},
            "minItems": 1,
        },
    }
    of_series: Schema = {
        "repeat": repeat_schema(),
        "exceptions": _exceptions(fields),
        "timetable": _timetable(fields),
    }
    of_series |= {
        "skip": {
            "description": "The names of closures on whose days the series is not held.",
            "type": ["string", "array", "null"],
            "pattern": KEY,
            "items": {"type": "string", "pattern": KEY},
        },
    }
    declarable = {path: field for path, field in fields.items() if field.create}
    return _mapping(own | _with_series(_children("", declarable, nullable=True), of_series))


def _with_series(api: Schema, of_series: Schema) -> Schema:
    """Return the API's fields with those about a series around its rule: `fmt` writes them in this order."""
    names = list(api)
    place = names.index("recurrence")
    order = [*names[:place], "repeat", *names[place:]]
    order[place + 2 : place + 2] = [name for name in of_series if name != "repeat"]
    return {name: (of_series | api)[name] for name in order}


def _timetable(fields: Mapping[str, Field]) -> Schema:
    """Return the schema of a timetable: named slots, each a series or one date."""
    names = ("start_time", "timezone", "duration", "topic")
    slot = _mapping(
        {
            **{name: _field_schema(fields[name], fields, nullable=False) for name in names},
            "repeat": repeat_schema(),
            "exceptions": _exceptions(fields),
        },
        required=["start_time"],
    )
    return {
        "description": "The slots of a room (type 3), each under a name. They are shown, and never sent.",
        "type": ["object", "null"],
        "propertyNames": {"pattern": KEY},
        "minProperties": 1,
        "additionalProperties": slot,
    }


def _exceptions(fields: Mapping[str, Field]) -> Schema:
    """Return the schema of exceptions: a date is skipped, or has a time, a text or settings of its own."""
    settings = {
        name: _field_schema(fields[f"settings.{name}"], fields, nullable=False) for name in OF_ONE_DATE
    }
    exception = _mapping(
        {
            **{
                name: _field_schema(fields[name], fields, nullable=False)
                for name in ("start_time", "duration")
            },
            "agenda": _field_schema(fields["agenda"], fields, nullable=False),
            "settings": _mapping(settings),
            "note": {"description": "Shown in plans, and never sent.", "type": "string", "maxLength": 200},
        }
    )
    return {
        "description": "What is different on single dates of a series, by the date that the rule gives.",
        "type": ["object", "null"],
        "propertyNames": {"pattern": f"^{_DAY}{END}"},
        "additionalProperties": exception
        | {"type": ["string", "object", "null"], "pattern": f"^skip{END}", "minProperties": 1},
    }


def _children(prefix: str, fields: Mapping[str, Field], *, nullable: bool) -> Schema:
    return {
        field.name: _field_schema(field, fields, nullable=nullable)
        for path, field in fields.items()
        if path.startswith(prefix) and not set(".[") & set(path[len(prefix) :])
    }


def _field_schema(field: Field, fields: Mapping[str, Field], *, nullable: bool) -> Schema:
    if field.path == "password":
        return _passcode(field)
    schema: Schema = {"description": _description(field), "type": field.type, **_bounds(field)}
    if field.type == "object":
        schema |= _mapping(_children(f"{field.path}.", fields, nullable=nullable))
    if field.type == "array":
        schema["items"] = _items(field, fields)
    schema |= _short_forms(field)
    if nullable:
        schema["type"] = [*_types(schema), "null"]
        schema |= {"enum": [*schema["enum"], None]} if field.enum else {}
    return schema


def _types(schema: Schema) -> list[str]:
    declared = schema["type"]
    return declared if isinstance(declared, list) else [declared]


def _short_forms(field: Field) -> Schema:
    """Return what `reconciler.spec.shorthand` takes beside the API's own form."""
    if field.path == "start_time":
        return {"pattern": START}
    if field.path == "duration":
        return {"type": ["integer", "string"], "pattern": DURATION}
    if field.path == "recurrence.weekly_days":
        day = {"type": ["integer", "string"], "minimum": 1, "maximum": 7, "pattern": f"^[1-7]{END}"}
        return {
            "type": ["string", "integer", "array"],
            "pattern": f"^[1-7](?: *, *[1-7]){{0,6}}{END}",
            "minimum": 1,
            "maximum": 7,
            "items": day,
            "minItems": 1,
            "maxItems": 7,
        }
    if field.separator:
        return {"type": ["string", "array"], "items": {"type": "string", "minLength": 1}}
    return {}


def _items(field: Field, fields: Mapping[str, Field]) -> Schema:
    """Return the schema of a list entry. An entry is not merged with defaults: it is whole, without null."""
    if field.items != "object":
        return {"type": field.items}
    prefix = f"{field.path}[]."
    required = [each.name for path, each in fields.items() if each.required and path.startswith(prefix)]
    return _mapping(_children(prefix, fields, nullable=False), required=required)


def _bounds(field: Field) -> Schema:
    by_other_fields = [bound for bounds in field.maximum_by.values() for bound in bounds.values()]
    bounds = {
        "enum": list(field.enum) or None,
        "minimum": field.minimum,
        # A series may have more dates than Zoom keeps: it is sent a part at a time.
        "maximum": TIMES_MAX
        if field.path == "recurrence.end_times"
        else max(by_other_fields, default=field.maximum),
        "minItems": field.min_items,
        "maxItems": field.max_items,
        "maxLength": field.max_length,
        "pattern": field.pattern,
        "default": field.default,
    }
    return {name: bound for name, bound in bounds.items() if bound is not None}


def _passcode(field: Field) -> Schema:
    """Return the schema of text or a reference. A rule checks length and characters, with better messages."""
    reference = _mapping(
        {
            "env": {
                "description": "The environment variable with the passcode; its name contains PASSCODE.",
                "type": "string",
                "pattern": PASSCODE_VARIABLE,
            },
            "version": {"description": "Raise it to rotate the passcode.", "type": "integer", "minimum": 1},
        },
        required=["env"],
    )
    return reference | {"description": _description(field), "type": ["string", "object", "null"]}


def _description(field: Field) -> str:
    meaning = "; ".join(f"{value} = {words}" for value, words in field.meaning.items())
    return " ".join(
        part
        for part in (
            "Obsolete." if field.obsolete else "",
            field.about,
            f"{meaning}." if meaning else "",
            f"Only with {field.needs}." if field.needs else "",
        )
        if part
    )


def _mapping(properties: Schema, *, required: Sequence[str] = (), about: str = "") -> Schema:
    schema: Schema = {"description": about} if about else {}
    schema |= {"type": "object", "properties": properties, "additionalProperties": False}
    return schema | ({"required": list(required)} if required else {})


def _defaults(about: str) -> Schema:
    return {"description": about, "allOf": [_ref("#/definitions/meeting")]}


def _by_key(about: str, pointer: str) -> Schema:
    return {
        "description": about,
        "type": "object",
        "propertyNames": {"pattern": KEY},
        "additionalProperties": _ref(pointer),
    }


def _entries(about: str, pointer: str) -> Schema:
    return {"description": about, "type": "array", "items": _ref(pointer)}


def _key(about: str) -> Schema:
    return {"description": about, "type": "string", "pattern": KEY}


def _ref(pointer: str) -> Schema:
    return {"$ref": pointer}
