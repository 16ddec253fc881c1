"""Turns the short forms of values that people write into the API's, before anything else sees them.

Only forms that can mean one thing are short forms: `1h30m`, `2027-01-11 10:00`, a list for a text of parts.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache

from reconciler.meeting import fields, timezones
from reconciler.ports import Json

DURATION = re.compile(r"(?:([0-9]+) *h)? *(?:([0-9]+) *m)?")
"""The short form of a duration: hours, minutes, or both."""

_LENGTHS = (len("2027-01-11T10:00:00"), len("2027-01-11T10:00:00Z"))
_LANGUAGES = "language_interpretation"


def expand(body: Mapping[str, Json]) -> Mapping[str, Json]:
    """Return a meeting, a template or defaults, valid by the schema, in the API's form.

    It is `body` itself where nothing is short. A start keeps its offset: the zone may be a default.
    """
    # This runs over every meeting: values in the API's form cost a look each.
    expanded: dict[str, Json] = {}
    start, duration, password = body.get("start_time"), body.get("duration"), body.get("password")
    if start is not None and (len(start) not in _LENGTHS or start[10] != "T"):
        expanded["start_time"] = timezones.in_api_form(start)
    if type(duration) is str:
        expanded["duration"] = minutes(duration)
    if type(password) is dict and "version" not in password:
        expanded["password"] = {**password, "version": 1}
    rule, settings = body.get("recurrence"), body.get("settings")
    if rule and (days := rule.get("weekly_days")) is not None and (type(days) is not str or " " in days):
        expanded["recurrence"] = {**rule, "weekly_days": _joined(days, ",").replace(" ", "")}
    if settings and (joined := _joined_settings(settings)):
        expanded["settings"] = {**settings, **joined}
    return {**body, **expanded} if expanded else body


def minutes(duration: str) -> int:
    """Return the minutes of a valid short form: 90 for `1h30m`."""
    match = DURATION.fullmatch(duration.strip())
    assert match is not None, "the schema has checked it"
    return 60 * int(match[1] or 0) + int(match[2] or 0)


@cache
def separators() -> Mapping[str, str]:
    """Return the settings that the API wants as one text, by name, with what it wants between the parts."""
    table = fields.table().values()
    return {
        field.name: field.separator
        for field in table
        if field.separator and field.create and field.path.rpartition(".")[0] == "settings"
    }


def _joined_settings(settings: Mapping[str, Json]) -> dict[str, Json]:
    joined: dict[str, Json] = {
        name: _joined(settings[name], separators()[name])
        for name in separators().keys() & settings.keys()
        if type(settings[name]) is list
    }
    interpretation = settings.get(_LANGUAGES)
    if interpretation and interpretation.get("interpreters"):
        entries = [_joined_languages(entry) for entry in interpretation["interpreters"]]
        joined[_LANGUAGES] = {**interpretation, "interpreters": entries}
    return joined


def _joined_languages(interpreter: Mapping[str, Json]) -> dict[str, Json]:
    names = ("languages", "interpreter_languages")
    return {
        name: _joined(value, ",") if name in names and type(value) is list else value
        for name, value in interpreter.items()
    }


def _joined(parts: Json, separator: str) -> str:
    return separator.join(str(part).strip() for part in parts) if isinstance(parts, list) else str(parts)
