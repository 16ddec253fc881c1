"""Times as the API accepts them, in two forms, and as it returns them, in one."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from reconciler.meeting.timezones import zone

if TYPE_CHECKING:
    from collections.abc import Mapping

    from reconciler.ports import Json

_FORM = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ?")


def instant(text: str, timezone: str) -> datetime | None:
    """Return the instant of `...Z`, or of a local time in `timezone`; None where it is neither."""
    if not _FORM.fullmatch(text):
        return None
    try:
        wall = datetime.fromisoformat(text.removesuffix("Z"))
        return wall.replace(tzinfo=UTC if text.endswith("Z") else zone(timezone)).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def text(moment: datetime) -> str:
    """Format an instant as the API does: UTC, whole seconds, `Z`."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def without_z(document: Mapping[str, Json]) -> dict[str, Json]:
    """Return a reply with its starts, and the end of its series, as local times in the meeting's zone."""
    known = zone(str(document.get("timezone") or "UTC"))

    def local(part: Mapping[str, Json]) -> dict[str, Json]:
        instants = {name: parsed(part[name]) for name in ("start_time", "end_date_time") if part.get(name)}
        walls = {name: at.astimezone(known).strftime("%Y-%m-%dT%H:%M:%S") for name, at in instants.items()}
        return {**part, **walls}

    shown = local(document)
    if "occurrences" in shown:
        shown["occurrences"] = [local(occurrence) for occurrence in shown["occurrences"]]
    if "recurrence" in shown:
        shown["recurrence"] = local(shown["recurrence"])
    return shown


def parsed(answer: str) -> datetime:
    """Return the instant of a text that `text` made."""
    return datetime.fromisoformat(answer)


def from_milliseconds(milliseconds: int) -> datetime:
    """Return the instant of a number of milliseconds since 1970."""
    return datetime.fromtimestamp(milliseconds / 1000, tz=UTC)


def end_of_day(moment: datetime, timezone: str) -> datetime:
    """Return the last second of that day in a zone."""
    local = moment.astimezone(zone(timezone))
    return local.replace(hour=23, minute=59, second=59).astimezone(UTC)


def next_midnight(moment: datetime) -> datetime:
    """Return the start of the next UTC day."""
    today = moment.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    return today + timedelta(days=1)
