"""Validates request bodies as the API does: code 300 and similar refusals."""

from __future__ import annotations

import re
from functools import cache
from itertools import pairwise
from typing import TYPE_CHECKING

from reconciler import resources
from reconciler.meeting import fields
from reconciler.meeting.timezones import zone
from reconciler.sandbox import times
from reconciler.sandbox.replies import NO_OBJECT, Refused, invalid_parameter, refusal

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from reconciler.meeting.fields import Field
    from reconciler.ports import Json
    from reconciler.sandbox.switches import Switches


INSTANT, SCHEDULED, RECURRING, PERSONAL, SERIES = 1, 2, 3, 4, 8
"""Types of meetings."""

DAILY, WEEKLY = 1, 2
"""Types of recurrence; 3 is monthly."""

START_YEAR_MAX = 9998
"""Latest year of a start, so that the time at which the meeting expires is within Python's calendar."""

PASSCODE_NEEDS = {
    "letter": "[A-Za-z]",
    "number": "[0-9]",
    "special_character": "[@_*!#-]",
    "upper_and_lower_characters": "[a-z].*[A-Z]|[A-Z].*[a-z]",
}
"""Parts that an account may ask of passcodes, by name; a passcode has the part where it matches."""

_PASSCODE = re.compile(r"[A-Za-z0-9@\-_*!#]{1,10}")

_FITS: Mapping[str, Callable[[Json], bool]] = {
    "object": lambda value: isinstance(value, dict),
    "array": lambda value: isinstance(value, list),
    "string": lambda value: isinstance(value, str),
    "boolean": lambda value: isinstance(value, bool),
    "integer": lambda value: isinstance(value, int) and not isinstance(value, bool),
}


def known_fields(body: Json, switches: Switches) -> dict[str, Json]:
    """Return the fields of a body that the API knows; null counts as absent, unknown fields are ignored.

    Raises `Refused` for a wrong type, a value out of bounds, or a text that is too long.
    """
    if not isinstance(body, dict):
        raise Refused(NO_OBJECT)
    wrong: list[str] = []
    known = _object(body, "", switches, wrong)
    if wrong:
        raise invalid_parameter(*wrong)
    return known


def _object(body: Mapping[str, Json], prefix: str, switches: Switches, wrong: list[str]) -> dict[str, Json]:
    known = {}
    for name, value in body.items():
        field = _fields().get(f"{prefix}{name}")
        if field is not None and value is not None:
            known[name] = _value(field, value, switches, wrong)
    return known


def _value(field: Field, value: Json, switches: Switches, wrong: list[str]) -> Json:
    if not _FITS.get(field.type, _anything)(value):
        wrong.append(field.path.replace("[]", ""))
        return value
    if isinstance(value, dict):
        return _object(value, f"{field.path}.", switches, wrong) if _children(field.path) else value
    if isinstance(value, list):
        return _list(field, value, switches, wrong)
    if isinstance(value, str) and field.max_length and len(value) > field.max_length:
        if switches.long_text == "cut":
            return value[: field.max_length]
        wrong.append(field.path.replace("[]", ""))
    elif not _allowed(field, value):
        wrong.append(field.path.replace("[]", ""))
    return value


def _list(field: Field, value: list[Json], switches: Switches, wrong: list[str]) -> list[Json]:
    if not all(_FITS.get(field.items or "", _anything)(item) for item in value) or not (
        (field.min_items or 0) <= len(value) <= (field.max_items or len(value))
    ):
        wrong.append(field.path)
        return value
    if field.items != "object":
        return value
    return [_object(item, f"{field.path}[].", switches, wrong) for item in value]


def _allowed(field: Field, value: Json) -> bool:
    if field.enum and value not in field.enum:
        return False
    if field.pattern and isinstance(value, str) and not re.search(field.pattern, value):
        return value == ""
    if isinstance(value, int) and not isinstance(value, bool):
        low, high = field.minimum, field.maximum
        return (low is None or value >= low) and (high is None or value <= high)
    return True


def check_create(body: Mapping[str, Json], switches: Switches) -> None:
    """Check the body of a create. Raises `Refused`."""
    kind = body.get("type", SCHEDULED)
    if kind == INSTANT and "schedule_for" in body:
        raise refusal(400, 3000, "Instant meetings cannot be scheduled for another user.")
    if kind == SERIES and "recurrence" not in body:
        raise invalid_parameter("recurrence")
    check(body, kind, switches)


def _is_zone(name: str, switches: Switches) -> bool:
    if switches.zones == "listed":
        return name in resources.read("api/zones.txt").decode().split()
    return zone(name) is not None


def check(body: Mapping[str, Json], kind: int, switches: Switches) -> None:
    """Check the body of a create or an update of that type. Raises `Refused`."""
    if body.get("pre_schedule") and kind not in (SCHEDULED, RECURRING):
        raise refusal(400, 3000, "A pre-scheduled meeting must be of type 2 or 3.")
    if "timezone" in body and not _is_zone(body["timezone"], switches):
        raise invalid_parameter("timezone")
    if "start_time" in body:
        start = times.instant(body["start_time"], body.get("timezone", "UTC"))
        if start is None or start.year > START_YEAR_MAX:
            raise invalid_parameter("start_time")
    if kind == SERIES and "recurrence" in body:
        _check_rule(body["recurrence"])
    for refused in (*_passcode(body, switches), *_settings(body), *_tracking(body, switches)):
        raise refused


def _check_rule(rule: Mapping[str, Json]) -> None:
    kind = rule.get("type")
    if kind is None:
        raise invalid_parameter("recurrence.type")
    if kind == WEEKLY and not rule.get("weekly_days"):
        raise invalid_parameter("recurrence.weekly_days")
    if ("monthly_week" in rule) != ("monthly_week_day" in rule):
        raise invalid_parameter(
            "recurrence.monthly_week_day" if "monthly_week" in rule else "recurrence.monthly_week"
        )
    highest = _intervals().get(str(kind))
    if highest is not None and rule.get("repeat_interval", 1) > highest:
        raise invalid_parameter("recurrence.repeat_interval")
    if "end_date_time" in rule and times.instant(rule["end_date_time"], "UTC") is None:
        raise invalid_parameter("recurrence.end_date_time")


def _passcode(body: Mapping[str, Json], switches: Switches) -> Iterator[Refused]:
    secret = body.get("password")
    if secret and (
        not _PASSCODE.fullmatch(secret)
        or len(secret) < switches.passcode_length_min
        or (switches.passcode_digits_only and not secret.isdigit())
        or not all(re.search(PASSCODE_NEEDS[name], secret) for name in switches.passcode_needs)
        or _holds_run(secret, switches.passcode_run_length)
    ):
        yield invalid_parameter("password")


def _holds_run(secret: str, length: int) -> bool:
    """Return whether `length` characters of the secret count up by one each."""
    longest, current = 1, 1
    for before, after in pairwise(secret):
        current = current + 1 if ord(after) == ord(before) + 1 else 1
        longest = max(longest, current)
    return 0 < length <= longest


def _settings(body: Mapping[str, Json]) -> Iterator[Refused]:
    if "," in body.get("settings", {}).get("enforce_login_domains", ""):
        yield invalid_parameter("settings.enforce_login_domains")


def _tracking(body: Mapping[str, Json], switches: Switches) -> Iterator[Refused]:
    if switches.tracking_fields is None:
        return
    for entry in body.get("tracking_fields", ()):
        if entry.get("field") not in switches.tracking_fields:
            yield invalid_parameter("tracking_fields.field")


def _anything(_value: Json) -> bool:
    return True


@cache
def _fields() -> Mapping[str, Field]:
    return dict(fields.table())


@cache
def _children(path: str) -> bool:
    return any(other.startswith(f"{path}.") for other in _fields())


@cache
def _intervals() -> Mapping[str, int]:
    return _fields()["recurrence.repeat_interval"].maximum_by.get("recurrence.type", {})
