"""The time of a meeting as text."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler.errors.text import escape_control
from reconciler.meeting.humanize import day_words, sentence, short_weekday, when
from reconciler.meeting.meeting import NO_FIXED_TIME, kind, series
from reconciler.meeting.timezones import zone

if TYPE_CHECKING:
    from datetime import datetime

    from reconciler.meeting.meeting import Meeting


INDENT = "    "


def time_of(meeting: Meeting, next_at: datetime | None = None) -> str:
    """Return time and length: "every second Tuesday, 10:00 Europe/Berlin, 12 times, until …, 45 min".

    `next_at` (aware) adds the day of the next occurrence of a series, in its zone.
    """
    attributes = meeting.attributes
    length = attributes.get("duration")
    if kind(attributes) == NO_FIXED_TIME or "start_time" not in attributes:
        return f"no fixed time, {length} min" if length else "no fixed time"
    repeated = series(attributes)
    if repeated is None:
        return escape_control(when(attributes["start_time"], attributes.get("timezone"), length))
    pattern = meeting.dates.pattern
    parts = [sentence(repeated.recurrence, repeated.start_time, repeated.timezone, pattern)]
    if length:
        parts.append(f"{length} min")
    if next_at is not None:
        local = next_at.astimezone(zone(repeated.timezone))
        parts.append(f"next {short_weekday(local)} {day_words(local)}")
    return escape_control(", ".join(parts))
