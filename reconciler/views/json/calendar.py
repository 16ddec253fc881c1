"""The calendar as JSON for programs; the page is made of the same document."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler import __version__
from reconciler.views.json.diagnostics import diagnostic_json
from reconciler.views.json.encode import FORMAT_VERSION, line

if TYPE_CHECKING:
    from reconciler.calendar.dates import CalendarDate
    from reconciler.ports import Json
    from reconciler.views.results import Calendar
    from reconciler.views.style import TextStyle


def calendar(calendar: Calendar, _: TextStyle | None = None) -> str:
    """Return the calendar as one line of JSON; see `document`."""
    return line(document(calendar))


def document(calendar: Calendar) -> dict[str, Json]:
    """Return the calendar in the format of `calendar.schema.json`."""
    return {
        **({"holds_passcodes": True} if calendar.holds_passcodes else {}),
        "format_version": FORMAT_VERSION,
        "tool_version": __version__,
        "from": calendar.first,
        "to": calendar.last,
        "zone": calendar.zone,
        "dates": [_date(each) for each in calendar.dates],
        "skipped": [each._asdict() for each in calendar.skipped],
        "clashes": [
            {
                "host": each.host,
                "capacity": each.capacity.meetings,
                "keys": each.keys,
                "first_at": each.first_at,
                "dates": each.dates,
                "free_hosts": each.free_hosts or (),
            }
            for each in calendar.clashes
        ],
        "closures": [{"name": each.name, "from": each.first, "to": each.last} for each in calendar.closures],
        **({} if calendar.links is None else {"links": dict(calendar.links)}),
        "diagnostics": [diagnostic_json(each) for each in calendar.diagnostics],
    }


def _date(each: CalendarDate) -> dict[str, Json]:
    row: dict[str, Json] = {  # made half a million times
        "key": each.key,
        "topic": each.topic,
        "host": each.host,
        "start_at": each.start_at,
        "end_at": each.end_at,
        "timezone": each.timezone,
        "exception": each.exception,
    }
    if each.note:
        row["note"] = each.note
    return row
