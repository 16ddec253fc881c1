"""Builds the schema of one meeting from the field table.

Mappings accept known fields only, so that typing errors are found. A meeting has no required fields,
because defaults may supply them: rules check for them after the merge.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from repeat_schema import repeat_schema
from schema_parts import DAY, END, HOST, KEY, TIME, Schema, mapping

from reconciler.spec.repeat import TIMES_MAX

if TYPE_CHECKING:
    from collections.abc import Mapping

    from reconciler.meeting.fields import Field

PASSCODE_VARIABLE = f"^(?:[A-Za-z_][A-Za-z0-9_]*)?PASSCODE[A-Za-z0-9_]*{END}"

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

START = f"^{DAY}(?:T| +){TIME} *(?:Z|[+-][0-9]{{2}}:[0-9]{{2}})?{END}"
"""A start with `T` or a space, with seconds or not, and with `Z`, an offset or nothing."""

_MINUTES = "(?:[1-9][0-9]{0,2}|1[0-3][0-9]{2}|14[0-3][0-9]|1440)"
DURATION = f"^(?:(?:[1-9]|1[0-9]|2[0-3]) *h(?: *[0-5]?[0-9] *m)?|24 *h|{_MINUTES} *m){END}"
"""A duration in hours, minutes or both, up to a day."""


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
        "use": {
            "description": "The names of templates. The later one wins, and the meeting's own fields do.",
            "type": ["string", "array", "null"],
            "pattern": KEY,
            "items": {"type": "string", "pattern": KEY},
        },
    }
    of_series: Schema = {
        "repeat": repeat_schema(),
        "exceptions": _exceptions(fields),
        "timetable": _timetable(fields),
        "skip": {
            "description": "The names of closures on whose days the series is not held.",
            "type": ["string", "array", "null"],
            "pattern": KEY,
            "items": {"type": "string", "pattern": KEY},
        },
    }
    declarable = {path: field for path, field in fields.items() if field.create}
    return mapping(own | _with_series(_children("", declarable, nullable=True), of_series))


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
    slot = mapping(
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
    exception = mapping(
        {
            **{
                name: _field_schema(fields[name], fields, nullable=False)
                for name in ("start_time", "duration")
            },
            "agenda": _field_schema(fields["agenda"], fields, nullable=False),
            "settings": mapping(settings),
            "note": {"description": "Shown in plans, and never sent.", "type": "string", "maxLength": 200},
        }
    )
    return {
        "description": "What is different on single dates of a series, by the date that the rule gives.",
        "type": ["object", "null"],
        "propertyNames": {"pattern": f"^{DAY}{END}"},
        "additionalProperties": exception
        | {"type": ["string", "object"], "pattern": f"^skip{END}", "minProperties": 1},
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
        schema |= mapping(_children(f"{field.path}.", fields, nullable=nullable))
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
    return mapping(_children(prefix, fields, nullable=False), required=required)


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
    reference = mapping(
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
