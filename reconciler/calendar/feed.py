"""Events of a feed: each meeting as one event with a rule, and one more for each date that is different.

A series is written whole, from its first date on, so that a feed is the same on each day. The days that
closures leave out are listed up to a horizon; where a closure goes on after it, the rule ends there.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, timedelta

from msgspec import Struct
from msgspec.structs import replace

from reconciler.calendar.dates import skipped
from reconciler.meeting import timezones
from reconciler.meeting.closures import SKIP, Closure, count_with_pattern, is_in_pattern
from reconciler.meeting.meeting import SERIES, Meeting, kind, minutes_of, series, start_at
from reconciler.meeting.recurrence import (
    MONTHLY,
    WEEKLY,
    Series,
    interval_of,
    is_by_weekday,
    week_day,
    week_days,
)
from reconciler.ports import Json
from reconciler.state.state import owner

DAYS = ("SU", "MO", "TU", "WE", "TH", "FR", "SA")
"""Days of the week as RFC 5545 names them, in Zoom's order."""


class Revision(Struct, frozen=True):
    """How often a recorded meeting was changed, and when for the last time: aware, in UTC; None: never."""

    sequence: int = 0
    changed_at: datetime | None = None


class FeedMeeting(Struct, frozen=True):
    """A declared meeting with the name and the revision that its events have; `uid` is unique in a feed."""

    meeting: Meeting
    uid: str
    revision: Revision = Revision()


class FeedEvent(Struct, frozen=True):
    """One event. A naive `start` is wall time in `timezone`; an aware one is in UTC.

    `rule` has the parts of an RRULE, `left_out` the wall times that it gives and that are not held. `date` is
    the wall time by which the rule names a date that has its own event; None: this is the whole meeting.
    """

    topic: str
    host: str
    timezone: str
    start: datetime
    minutes: int
    agenda: str = ""
    note: str = ""
    rule: Mapping[str, Json] | None = None
    left_out: tuple[datetime, ...] = ()
    date: datetime | None = None


def horizon_of(last: date) -> datetime:
    """Return the end of the year after that of `last`, the instant up to which closures are listed."""
    return datetime(min(last.year + 2, date.max.year), 1, 1, tzinfo=UTC)


def events(meeting: Meeting, horizon: datetime) -> tuple[FeedEvent, ...]:
    """Return the events of a meeting, the whole one first; none for a meeting without a fixed time."""
    recurring = series(meeting.attributes)
    if recurring is not None:
        return tuple(_series_events(meeting, recurring, horizon))
    start = start_at(meeting.attributes) if kind(meeting.attributes) != SERIES else None
    if start is None:
        return ()
    timezone = str(meeting.attributes.get("timezone") or "")
    wall = _wall(start, timezone) if timezone else start
    return (_event(meeting, timezone, wall),)


def _event(meeting: Meeting, timezone: str, start: datetime) -> FeedEvent:
    attributes = meeting.attributes
    host, agenda = owner(attributes, meeting.host), str(attributes.get("agenda") or "")
    return FeedEvent(meeting.topic, host, timezone, start, minutes_of(attributes), agenda)


def _wall(moment: datetime, timezone: str) -> datetime:
    """Return the wall time of an instant, or the instant where that wall time does not name it."""
    zone = timezones.known_zone(timezone)
    wall = timezones.in_zone(moment, zone)
    return wall if timezones.in_utc(wall, zone) == moment else moment


def _series_events(meeting: Meeting, recurring: Series, horizon: datetime) -> Iterator[FeedEvent]:
    begin = _first(meeting, recurring)
    if begin is None:
        return
    first = recurring.wall(begin)
    whole = _event(meeting, recurring.timezone, first)
    left_out = tuple(_left_out(meeting, recurring, horizon))
    yield replace(whole, rule=_rule(meeting, recurring, horizon), left_out=left_out)
    yield from _own_events(meeting, recurring, whole)
    plain = _plain_days(meeting, recurring, {first.date(), *_gaps(recurring, horizon)})
    yield from _shifted(recurring, whole, plain)


def _plain_days(meeting: Meeting, recurring: Series, days: set[date]) -> Iterator[date]:
    """Yield those of the days that are held as the rule gives them."""
    for day in sorted(days):
        is_own = bool(meeting.dates.exceptions.get(day.isoformat())) or meeting.dates.is_closed(day)
        if not is_own and recurring.start_on(day) is not None:
            yield day


def _gaps(recurring: Series, horizon: datetime) -> Iterator[date]:
    """Yield the days on which clocks skip the time of the series, up to the horizon."""
    begin, last_at = recurring.wall_start(), recurring.last()
    end = min(horizon, last_at) if last_at is not None else horizon
    for year in range(begin.year, end.year + 1):
        for change in timezones.clock_changes(recurring.timezone, year):
            if change.skips(datetime.combine(change.before.date(), begin.time())):
                yield change.before.date()


def _shifted(recurring: Series, whole: FeedEvent, days: Iterator[date]) -> Iterator[FeedEvent]:
    """Yield an event for each date that its wall time alone does not name, or that clocks move.

    A series may begin at the second of two equal wall times; and readers disagree about skipped ones.
    """
    for day in days:
        wall, start = datetime.combine(day, recurring.wall_start().time()), recurring.start_on(day)
        if start is not None and _wall(start, recurring.timezone) != wall:
            yield replace(whole, start=_wall(start, recurring.timezone), date=wall)


def _first(meeting: Meeting, recurring: Series) -> int | None:
    """Return the index of the first date of the series; None if it has none."""
    index = count_with_pattern(recurring.wall_start(), recurring.recurrence, meeting.dates.pattern, 1) - 1
    return index if recurring.occurrence(index) is not None else None


def _rule(meeting: Meeting, recurring: Series, horizon: datetime) -> dict[str, Json]:
    times, last_at = recurring.recurrence.get("end_times"), recurring.last()
    goes_on = bool(meeting.dates.pattern) or _goes_on(meeting.dates.closures, horizon.date())
    is_cut = goes_on and (last_at is None or last_at >= horizon)
    end: dict[str, Json] = {}
    if is_cut:
        end["UNTIL"] = horizon - timedelta(seconds=1)
    elif times and not meeting.dates.pattern and not recurring.recurrence.get("end_date_time"):
        end["COUNT"] = times
    elif last_at is not None:
        end["UNTIL"] = last_at
    return {**_days(recurring), **end, "WKST": DAYS[0]}


def _goes_on(closures: tuple[Closure, ...], day: date) -> bool:
    """Return whether a closure has days on or after `day`."""
    ranges = (each for closure in closures for each in closure.ranges)
    return any(each.is_yearly or not each.last or each.last >= day.isoformat() for each in ranges)


def _days(recurring: Series) -> dict[str, Json]:
    rule, start = recurring.recurrence, recurring.wall_start()
    interval = interval_of(rule)
    if rule.get("type") == WEEKLY:
        days = [DAYS[day - 1] for day in week_days(rule, start)]
        return {"FREQ": "WEEKLY", "INTERVAL": interval, "BYDAY": days}
    if rule.get("type") != MONTHLY:
        return {"FREQ": "DAILY", "INTERVAL": interval}
    if is_by_weekday(rule):
        name = rule.get("monthly_week_day") or week_day(start)
        day = f"{rule['monthly_week']}{DAYS[name - 1]}"
        return {"FREQ": "MONTHLY", "INTERVAL": interval, "BYDAY": [day]}
    return {"FREQ": "MONTHLY", "INTERVAL": interval, "BYMONTHDAY": rule.get("monthly_day") or start.day}


def _left_out(meeting: Meeting, recurring: Series, horizon: datetime) -> Iterator[datetime]:
    """Yield the wall times of the dates that are skipped, in order."""
    time = recurring.wall_start().time()
    first = recurring.occurrence(0)
    assert first is not None, "the series has a first date"
    days = {each.date for each in skipped([meeting], first, max(first, horizon))}
    days |= set(_off_pattern(meeting, recurring, horizon))
    days |= {day for day, edit in meeting.dates.exceptions.items() if edit == SKIP}
    for day in sorted(days):
        if recurring.start_on(date.fromisoformat(day)) is not None:
            yield datetime.combine(date.fromisoformat(day), time)


def _off_pattern(meeting: Meeting, recurring: Series, horizon: datetime) -> Iterator[str]:
    """Yield the days of a weekly rule that are none of the pattern.

    RFC 5545 has rules for first and third Mondays, but many programs read them wrongly, or not at all.
    """
    index = 0
    while meeting.dates.pattern and (start := recurring.occurrence(index)) is not None and start < horizon:
        day = recurring.wall(index).date()
        if not is_in_pattern(day, meeting.dates.pattern) and not meeting.dates.exception(day.isoformat()):
            yield day.isoformat()
        index += 1


def _own_events(meeting: Meeting, recurring: Series, whole: FeedEvent) -> Iterator[FeedEvent]:
    """Yield an event for each date that an exception moves, changes or has a note for."""
    time = recurring.wall_start().time()
    for name in sorted(meeting.dates.exceptions):
        day, declared = date.fromisoformat(name), meeting.dates.exceptions[name]
        start = recurring.start_on(day)
        if start is None or not isinstance(declared, Mapping) or not declared:
            continue
        edit = meeting.dates.exception(name)
        if not edit and meeting.dates.is_closed(day):
            continue
        own = edit if isinstance(edit, Mapping) else {}
        held_at = timezones.instant(own["start_time"], recurring.timezone) if "start_time" in own else start
        yield replace(
            whole,
            start=_wall(held_at, recurring.timezone),
            minutes=own.get("duration", whole.minutes),
            agenda=str(own.get("agenda", whole.agenda)),
            note=meeting.dates.note(name),
            date=datetime.combine(day, time),
        )
