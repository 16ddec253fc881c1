"""The dates of meetings within a window, in order of time.

Exceptions, closures and patterns of weekdays are counted, and so are the ends of rules. Series without an
end are counted by their rule, whatever Zoom keeps of them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from operator import itemgetter
from typing import NamedTuple

from msgspec import Struct

from reconciler.calendar.expansion import Expansion, OwnDate, expand, skipped_days
from reconciler.calendar.offsets import moment_of, seconds_of
from reconciler.meeting.closures import Closure
from reconciler.meeting.meeting import Meeting
from reconciler.ports import Json
from reconciler.spec.yaml.document import collector_off
from reconciler.state.state import owner

_OWN_PARTS = frozenset({"agenda", "settings"})
"""What an exception may change besides the time."""


class CalendarDate(NamedTuple):
    """One date: instants are aware, in UTC; `exception` is None, "moved" or "changed".

    `day` is the name of the date, the local day on which the rule gives it: `2027-04-05`; of a meeting that
    is no series it is empty. `rule_start_at` is the start that the rule gives. `note` is only shown.
    """

    start_at: datetime
    key: str
    day: str
    end_at: datetime
    topic: str
    host: str
    timezone: str
    exception: str | None
    rule_start_at: datetime
    note: str


_ORDER = itemgetter(slice(CalendarDate._fields.index("exception")))
"""The order of dates: by everything but what is changed about them, which may be None."""


class SkippedDate(NamedTuple):
    """A date that is not held, by its name, and the closure that skips it; None if an exception does.

    `topic` is that of the slot, where a room has several.
    """

    date: str
    key: str
    closure: str | None
    topic: str
    host: str


class ClosedDays(Struct, frozen=True):
    """Days of a closure within a window, both included.

    `ends_on` is the last of them, also beyond the window; None where it is closed for ever.
    """

    name: str
    first: date
    last: date
    ends_on: date | None


def expansions(meetings: Iterable[Meeting], start: datetime, end: datetime) -> list[Expansion]:
    """Return the dates of each meeting that has a fixed time, as whole seconds."""
    first, last = seconds_of(start), seconds_of(end)
    found = (expand(each, first, last) for meeting in meetings for each in held(meeting))
    return [each for each in found if each is not None]


def held(meeting: Meeting) -> Sequence[Meeting]:
    """Return what takes place: the meeting, or each slot of its timetable."""
    return tuple(slot.meeting for slot in meeting.timetable) or (meeting,)


def dates(meetings: Iterable[Meeting], start: datetime, end: datetime) -> list[CalendarDate]:
    """Return the dates that are held between two aware instants, sorted by start, then key.

    A date is in the window where it begins before `end` and is not over at `start`.
    """
    with collector_off():
        found = [one for each in expansions(meetings, start, end) for one in _dates_of(each)]
        return sorted(found, key=_ORDER)


def skipped(meetings: Iterable[Meeting], start: datetime, end: datetime) -> list[SkippedDate]:
    """Return the dates between two aware instants that an exception or a closure skips, by date, then key."""
    first, last = seconds_of(start), seconds_of(end)
    return sorted(
        (
            SkippedDate(_name(day), each.key, closure, each.topic, _host(each))
            for meeting in meetings
            for each in held(meeting)
            for day, closure in skipped_days(each, first, last)
        ),
        key=lambda one: one[:2],
    )


def closed(closures: Iterable[Closure], first: date, last: date) -> list[ClosedDays]:
    """Return the days of each closure from `first` to `last`, in runs, by their beginning, then name."""
    found: list[ClosedDays] = []
    for closure in closures:
        days = sorted(closure.days(first, last))
        begin = 0
        for place, day in enumerate(days):
            if place + 1 == len(days) or days[place + 1] - day > timedelta(days=1):
                ends_on = closure.end_of(day) if day == last else day
                found.append(ClosedDays(closure.name, days[begin], day, ends_on))
                begin = place + 1
    return sorted(found, key=lambda each: (each.first, each.name, each.last))


def _dates_of(expansion: Expansion) -> Iterable[CalendarDate]:
    meeting, length = expansion.meeting, timedelta(seconds=expansion.length)
    key, topic, host = meeting.key, meeting.topic, _host(meeting)
    timezone = str(meeting.attributes.get("timezone") or "UTC")
    is_series = "recurrence" in meeting.attributes
    has_notes = bool(meeting.dates.exceptions)
    for day, start in zip(expansion.days, expansion.starts, strict=True):
        at, name = moment_of(start), _name(day) if is_series else ""
        note = meeting.dates.note(name) if has_notes else ""
        yield CalendarDate(at, key, name, at + length, topic, host, timezone, None, at, note)
    for own in expansion.own:
        yield _own_date(expansion, own, host, timezone)


def _own_date(expansion: Expansion, own: OwnDate, host: str, timezone: str) -> CalendarDate:
    meeting, name, start_at = expansion.meeting, _name(own.day), moment_of(own.start)
    return CalendarDate(
        start_at=start_at,
        key=meeting.key,
        end_at=start_at + timedelta(seconds=own.length),
        topic=meeting.topic,
        host=host,
        timezone=timezone,
        exception=_difference(expansion, own, meeting.dates.exception(name)),
        day=name,
        rule_start_at=moment_of(own.rule_start),
        note=meeting.dates.note(name),
    )


def _difference(expansion: Expansion, own: OwnDate, declared: Mapping[str, Json]) -> str | None:
    """Return how a date with an exception differs from the rule's; None if it does not."""
    if own.is_moved:
        return "moved"
    return "changed" if own.length != expansion.length or declared.keys() & _OWN_PARTS else None


def _host(meeting: Meeting) -> str:
    return owner(meeting.attributes, meeting.host)


def _name(day: int) -> str:
    return date.fromordinal(day).isoformat()
