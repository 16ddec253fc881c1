"""Checks the types of what Zoom answers, before anything else of the program sees it, and reads its times.

The rest of the program takes a topic for text and a duration for a number. A part of another type is refused
here, with its name, and so is a number that a state could not keep. A part that is missing or null passes.

Times become UTC with a `Z`: one without `Z` or offset is a wall time in the zone of the meeting. `created_at`
is left unchanged: without a `Z`, its zone is unknown.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from reconciler.meeting.timezones import instant, utc_text
from reconciler.state.checks import check_attributes, is_duration
from reconciler.state.values import INTEGER_MAX

if TYPE_CHECKING:
    from collections.abc import Iterator

    from reconciler.ports import Body, Json

_MEETING: Mapping[str, type] = {
    **dict.fromkeys(
        ("host_id", "host_email", "topic", "agenda", "start_time", "timezone", "created_at", "status"), str
    ),
    **dict.fromkeys(("join_url", "password", "creation_source", "assistant_id"), str),
    **dict.fromkeys(("type", "duration"), int),
    **dict.fromkeys(("settings", "recurrence"), dict),
    "occurrences": list,
}
_OCCURRENCE: Mapping[str, type] = {"start_time": str, "duration": int, "status": str}
_USER: Mapping[str, type] = {**dict.fromkeys(("email", "account_id", "timezone"), str), "type": int}

_COMPUTED = ("type", "start_time", "timezone", "duration", "recurrence")
"""The parts of a meeting that are computed with, and have the bounds that they have in a state."""


def is_meeting_id(value: Json) -> bool:
    """Return whether `value` is a positive integer that a state can keep."""
    return type(value) is int and 0 < value < INTEGER_MAX


def misshapen_meeting(meeting: Body) -> str:
    """Return what is wrong with the parts of a meeting, such as "its `topic` is a list"; empty: nothing."""
    if wrong := next(_wrong_parts(meeting), ""):
        return wrong
    try:
        check_attributes({name: meeting[name] for name in _COMPUTED if meeting.get(name) not in (None, "")})
    except ValueError as error:
        return str(error)
    return ""


def misshapen_user(user: Body) -> str:
    """Return what is wrong with the parts of a user; empty: nothing."""
    return next(_wrong(user, _USER, "its "), "")


def _wrong_parts(meeting: Body) -> Iterator[str]:
    yield from _wrong(meeting, _MEETING, "its ")
    for number, occurrence in enumerate(meeting.get("occurrences") or (), start=1):
        if type(occurrence) is not dict:
            yield f"its occurrence {number} is {_named(occurrence)}"
        else:
            yield from _wrong(occurrence, _OCCURRENCE, f"of its occurrence {number}, ")
            if occurrence.get("duration") is not None and not is_duration(occurrence["duration"]):
                yield f"of its occurrence {number}, `duration` is out of bounds"
            if type(occurrence.get("occurrence_id")) not in (str, int, type(None)):
                yield f"of its occurrence {number}, `occurrence_id` is {_named(occurrence['occurrence_id'])}"


def _wrong(value: Body, types: Mapping[str, type], prefix: str) -> Iterator[str]:
    for name, expected in types.items():
        part = value.get(name)
        if part is not None and type(part) is not expected:
            yield f"{prefix}`{name}` is {_named(part)}"


def _named(value: Json) -> str:
    names = {str: "text", bool: "true or false", list: "a list", dict: "an object", type(None): "null"}
    return names.get(type(value), "a number")


_TIMES = ("start_time", "end_date_time")


def with_utc_times(meeting: Body) -> Body:
    """Return the meeting with its starts, and the end of its series, in UTC; other text is unchanged."""
    timezone = meeting.get("timezone") or "UTC"
    times = _times(meeting, timezone)
    rule, occurrences = meeting.get("recurrence"), meeting.get("occurrences")
    if isinstance(rule, Mapping) and (rule_times := _times(rule, timezone)):
        times["recurrence"] = {**rule, **rule_times}
    if isinstance(occurrences, list):
        times["occurrences"] = [_occurrence(occurrence, timezone) for occurrence in occurrences]
    return {**meeting, **times} if times else meeting


def _occurrence(occurrence: Json, timezone: Json) -> Json:
    times = _times(occurrence, timezone) if isinstance(occurrence, Mapping) else {}
    return {**occurrence, **times} if times else occurrence


def _times(part: Mapping[str, Json], timezone: Json) -> dict[str, Json]:
    texts = {name: part[name] for name in _TIMES if isinstance(part.get(name), str)}
    local = {name: text for name, text in texts.items() if not text.endswith("Z")}
    return {name: utc for name, text in local.items() if (utc := _in_utc(text, timezone))}


def _in_utc(text: str, timezone: Json) -> str | None:
    try:
        return utc_text(instant(text, timezone))
    except (TypeError, ValueError):
        return None
