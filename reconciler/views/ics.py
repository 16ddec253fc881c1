"""The calendar as a feed, RFC 5545. The same calendar gives the same bytes on each day and machine."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from uuid import UUID, uuid5

import icalendar

from reconciler.calendar.feed import events, horizon_of
from reconciler.errors.text import escape_hidden
from reconciler.meeting.meeting import start_at
from reconciler.meeting.timezones import clock_changes, known_zone

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from reconciler.calendar.feed import FeedEvent, FeedMeeting
    from reconciler.ports import Json
    from reconciler.views.results import Calendar
    from reconciler.views.style import TextStyle

NAMESPACE = UUID("6f2a53b1-4f0e-5d0b-9c54-0f3a1f1f7d10")
"""The namespace of the ids of events. A feed with other ids would show every meeting as a new one."""

PASSCODES = "X-RECONCILER-NOTE:The links of this feed hold passcodes: do not publish it.\r\n"

_BEGIN = "BEGIN:VCALENDAR\r\n"

_ZONE_YEARS = 5
"""Years after the horizon for which a feed has the clock changes of its zones."""

_UTC = frozenset({"", "UTC"})


def calendar(calendar: Calendar, _: TextStyle | None = None) -> str:
    """Return a feed of the meetings, each series whole, with the rules of their zones. Lines end in CRLF."""
    feed = icalendar.Calendar()
    feed.add("prodid", "-//meetings-reconciler//calendar//EN")
    feed.add("version", "2.0")
    feed.add("x-wr-calname", _text(calendar.name))
    horizon = horizon_of(calendar.last)
    found = [(each, event) for each in calendar.meetings for event in events(each.meeting, horizon)]
    for timezone, since in sorted(_zones(calendar, (event for _, event in found)).items()):
        feed.add_component(_timezone(timezone, since, horizon.year + _ZONE_YEARS))
    for each, event in found:
        feed.add_component(_component(each, event, (calendar.links or {}).get(each.meeting.key, "")))
    text: str = feed.to_ical().decode()
    return text.replace(_BEGIN, _BEGIN + PASSCODES, 1) if calendar.holds_passcodes else text


def _text(text: str) -> str:
    """Return text whose lines stay, and whose other characters control nothing."""
    return "\n".join(escape_hidden(line) for line in text.splitlines())


def _zones(calendar: Calendar, found: Iterable[FeedEvent]) -> dict[str, int]:
    """Return each zone with the year before its events. There is always one: a feed needs a component."""
    years: dict[str, int] = {}
    for event in found:
        if event.timezone not in _UTC:
            year = event.start.year - 1
            years[event.timezone] = min(year, years.get(event.timezone, year))
    return years or {calendar.zone: calendar.last.year - 1}


def _component(each: FeedMeeting, event: FeedEvent, link: str) -> icalendar.Event:
    shown = icalendar.Event()
    changed_at = each.revision.changed_at or _first_at(each, event)
    shown.add("uid", str(uuid5(NAMESPACE, each.uid)))
    shown.add("dtstamp", changed_at)
    shown.add("last-modified", changed_at)
    shown.add("sequence", each.revision.sequence)
    shown.add("summary", _text(event.topic))
    shown.add("dtstart", _local(event.start, event.timezone))
    shown.add(
        "duration", icalendar.vText(f"PT{event.minutes}M")
    )  # minutes: a day is not 24 hours in each zone
    shown.add("contact", _text(event.host))
    description = "\n\n".join(filter(None, (_text(event.note), _text(event.agenda))))
    if description:
        shown.add("description", description)
    if link:
        shown.add("location", link)
        shown.add("url", link)
    if event.rule:
        shown.add("rrule", _rule(event.rule))
    if event.left_out:
        zone = known_zone(event.timezone)
        shown.add("exdate", [moment.replace(tzinfo=zone) for moment in event.left_out])
    if event.date is not None:
        shown.add("recurrence-id", _local(event.date, event.timezone))
    return shown


def _first_at(each: FeedMeeting, event: FeedEvent) -> datetime:
    """Return the start of the meeting, which is used as its last change until a change is recorded."""
    start = start_at(each.meeting.attributes)
    return event.start.astimezone(UTC) if start is None else start


def _local(moment: datetime, timezone: str) -> datetime:
    """Return wall time in its zone; an instant stays in UTC."""
    return moment if moment.tzinfo else moment.replace(tzinfo=known_zone(timezone))


def _rule(rule: Mapping[str, Json]) -> icalendar.vRecur:
    return icalendar.vRecur(rule)


def _timezone(name: str, since: int, until: int) -> icalendar.Timezone:
    """Return the clock changes of a zone over some years, by the rules that this program itself uses."""
    known, first = known_zone(name), datetime(since, 1, 1, tzinfo=UTC)
    begin = first.astimezone(known)
    offset = begin.utcoffset() or timedelta(0)
    shown = icalendar.Timezone()
    shown.add("tzid", name)
    shown.add_component(_observance(_naive(begin), offset, offset, begin))
    # One for each change: some programs read no RDATE in a zone.
    for change in (each for year in range(since, until + 1) for each in clock_changes(name, year)):
        after = offset + (change.after - change.before)
        moment = (change.after - after).replace(tzinfo=UTC).astimezone(known)
        shown.add_component(_observance(change.before, offset, after, moment))
        offset = after
    return shown


def _naive(moment: datetime) -> datetime:
    return moment.replace(tzinfo=None)


def _observance(
    start: datetime, before: timedelta, after: timedelta, moment: datetime
) -> icalendar.TimezoneStandard | icalendar.TimezoneDaylight:
    """Return what holds from a wall time on, which is in the offset before it; `moment` is its instant."""
    shown = icalendar.TimezoneDaylight() if moment.dst() else icalendar.TimezoneStandard()
    shown.add("tzname", moment.tzname() or f"{after}")
    shown.add("tzoffsetfrom", before)
    shown.add("tzoffsetto", after)
    shown.add("dtstart", start)
    return shown
