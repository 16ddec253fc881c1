"""Converts the times in Zoom's answers to UTC with a `Z`.

A time without `Z` or offset is a wall time in the zone of the meeting. `created_at` is left unchanged:
without a `Z`, its zone is unknown.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from reconciler.meeting.timezones import instant, utc_text

if TYPE_CHECKING:
    from reconciler.ports import Body, Json

_NAMES = ("start_time", "end_date_time")


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
    texts = {name: part[name] for name in _NAMES if isinstance(part.get(name), str)}
    local = {name: text for name, text in texts.items() if not text.endswith("Z")}
    return {name: utc for name, text in local.items() if (utc := _in_utc(text, timezone))}


def _in_utc(text: str, timezone: Json) -> str | None:
    try:
        return utc_text(instant(text, timezone))
    except (TypeError, ValueError):
        return None
