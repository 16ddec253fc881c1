"""Single dates that somebody changed in Zoom: those of a read that are not as the record has them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import date, datetime
from itertools import takewhile

from reconciler.meeting import timezones
from reconciler.meeting.closures import SKIP
from reconciler.meeting.meeting import minutes_of, series
from reconciler.meeting.recurrence import Series
from reconciler.meeting.single_dates import Edit, edit_now, is_over
from reconciler.ports import Body, Json
from reconciler.state.state import Record
from reconciler.state.stored_dates import (
    StoredDate,
    find,
    listed_part,
    minutes_in,
    readable,
    rule_start,
    start_of,
)


def edits_in_zoom(
    attributes: Mapping[str, Json], stored: Body, recorded: Mapping[str, Edit], now: datetime
) -> dict[str, Edit]:
    """Return every edit of a date to come that Zoom has, by name, as far as the list shows it.

    A date that was moved by hand is found by its id, if that is the start that the rule gives. Others are
    found only where as many dates are missing as are listed on other days.
    """
    recurring = series(attributes)
    listed = readable(stored)
    if recurring is None or not listed:
        return {}
    last = max(start_of(each) for each in listed)
    by_id = dict(_moved_by_id(recurring, listed))
    coming = (day.isoformat() for day in _days_between(recurring, now, last))
    days = [*coming, *recorded, *by_id]
    found = find(attributes, stored, dict.fromkeys(days), [recorded, by_id])
    minutes = minutes_of(attributes)
    edits = {day: each.edit(minutes) for day, each in found.items()}
    edits |= {day: SKIP for day, each in found.items() if each.is_left_out and recorded.get(day) == SKIP}
    edits = {day: edit for day, edit in edits.items() if not is_over(found[day].start, edit, now)}
    edits |= _moved_by_hand(found, listed, minutes, now)
    return {day: edit for day, edit in sorted(edits.items()) if edit is not None}


def clicked_dates(record: Record, stored: Body, now: datetime) -> dict[str, Edit]:
    """Return the dates to come that are not in Zoom as they are recorded, each with its edit there.

    None is a date that is as the rule gives it. Agenda and settings of a date are not compared: no list shows
    them. A date that was moved forward is listed until it ends, and not after that.
    """
    found = edits_in_zoom(record.attributes, stored, record.exceptions, now)
    starts = find(record.attributes, {}, record.exceptions, [])
    recorded = {
        day: listed_part(edit_now(edit, now), starts[day].start, minutes_of(record.attributes))
        for day, edit in record.exceptions.items()
        if day in starts and not is_over(starts[day].start, edit, now)
    }
    days = sorted({*found, *recorded})
    return {day: found.get(day) for day in days if edit_now(found.get(day), now) != recorded.get(day)}


def _moved_by_id(recurring: Series, listed: Iterable[Body]) -> Iterator[tuple[str, Edit]]:
    """Yield the dates that are listed elsewhere under the id of the start that the rule gives them."""
    zone = timezones.known_zone(recurring.timezone)
    for each in listed:
        own = rule_start(each)
        if own is None or own == start_of(each):
            continue
        day = timezones.local_day(own, zone)
        if recurring.start_on(day) == own:
            yield day.isoformat(), {"start_time": each["start_time"], "duration": minutes_in(each, 0)}


def _moved_by_hand(
    found: Mapping[str, StoredDate], listed: Iterable[Body], minutes: int, now: datetime
) -> dict[str, Edit]:
    known = [each.occurrence for each in found.values()]
    others = [each for each in listed if each not in known and start_of(each) > now]
    missing = [
        each
        for each in found.values()
        if each.occurrence is None and not (each.is_absent or each.is_left_out) and each.start > now
    ]
    if len(others) != len(missing):
        return {}
    pairs = zip(sorted(missing, key=lambda each: each.start), sorted(others, key=start_of), strict=True)
    return {
        date.day: {
            "start_time": timezones.utc_text(start_of(other)),
            "duration": minutes_in(other, minutes),
        }
        for date, other in pairs
    }


def _days_between(recurring: Series, after: datetime, last_at: datetime) -> Iterator[date]:
    """Yield the local day of each occurrence that begins after an instant and not after `last_at`."""
    zone = timezones.known_zone(recurring.timezone)
    for start in takewhile(lambda start: start <= last_at, recurring.coming(after)):
        yield timezones.local_day(start, zone)
