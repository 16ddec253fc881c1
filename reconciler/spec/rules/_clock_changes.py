"""Rules for the dates of a series at which clocks change: a date in a skipped hour, a start in UTC."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, datetime, timedelta
from functools import lru_cache
from itertools import islice

from reconciler.errors.diagnostic import Severity, UnlocatedDiagnostic
from reconciler.errors.text import count_noun
from reconciler.meeting import timezones
from reconciler.meeting.closures import SKIP, SingleDates
from reconciler.meeting.humanize import day_words, short_weekday, time_words
from reconciler.meeting.meeting import SERIES, kind, series
from reconciler.meeting.recurrence import Series
from reconciler.meeting.timezones import ClockChange, clock_changes, in_zone, instant, known_zone
from reconciler.ports import Json
from reconciler.spec.rules._series import is_unambiguous
from reconciler.spec.rules._times import is_possible

_START = ("start_time",)
_DATES_MAX = 400  # more than a year of days
_YEARS_MAX = 5  # of a series without an end
_EARLIER = timedelta(minutes=15)
_QUARTERS = 96  # of a day


def check(attributes: Mapping[str, Json], dates: SingleDates) -> Iterator[UnlocatedDiagnostic]:
    """Yield findings about a series with a valid start, zone and rule; nothing about any other meeting.

    A date that is skipped or moved by `dates` is not held in the hour that clocks skip.
    """
    start_time, timezone = attributes.get("start_time"), attributes.get("timezone")
    if kind(attributes) != SERIES or start_time is None or timezone is None:
        return
    if timezones.zone(timezone) is None or not is_possible(start_time):
        return
    in_utc = start_time.endswith("Z")
    # The hours are the same each year, so most series need no look at their dates.
    if not in_utc and start_time[11:13] not in _skipped_hours(timezone, int(start_time[:4])):
        return
    recurring = series(attributes)
    if recurring is None or not _is_valid(recurring):
        return
    yield from _in_skipped_hour(recurring, recurring.wall_start(), dates)
    if in_utc:
        yield from _in_utc(recurring, recurring.wall_start())


def _is_valid(recurring: Series) -> bool:
    end_at = recurring.recurrence.get("end_date_time")
    if not is_unambiguous(recurring.recurrence) or (end_at is not None and not is_possible(end_at)):
        return False
    return recurring.is_on_rule()


@lru_cache(maxsize=4096)
def _skipped_hours(timezone: str, year: int) -> frozenset[str]:
    """Return the hours of which clocks skip a part in that year or the next: `02`."""
    changes = [each for each in _changes(timezone, year, year + 1) if each.before < each.after]
    quarters = (
        each.before + n * _EARLIER
        for each in changes
        for n in range(_QUARTERS)
        if each.skips(each.before + n * _EARLIER)
    )
    return frozenset(f"{quarter:%H}" for quarter in quarters)


def _changes(timezone: str, first_year: int, last_year: int) -> tuple[ClockChange, ...]:
    years = range(first_year, min(last_year, 9998) + 1)
    return tuple(change for year in years for change in clock_changes(timezone, year))


def _in_skipped_hour(
    recurring: Series, start: datetime, single: SingleDates
) -> Iterator[UnlocatedDiagnostic]:
    last = recurring.last()
    last_year = in_zone(last, known_zone(recurring.timezone)).year if last else start.year + _YEARS_MAX
    dates = [
        (wall, change, held_at)
        for change in _changes(recurring.timezone, start.year, last_year)
        if (wall := _skipped_on_its_day(change, start)) and (held_at := recurring.start_on(wall.date()))
        if not _is_elsewhere(single, wall.date())
    ]
    if dates and dates[0][0] != start:
        yield _skipped(recurring, start, dates)


def _is_elsewhere(single: SingleDates, day: date) -> bool:
    """Return whether a date is skipped, or declared at a time of its own."""
    exception = single.exception(day.isoformat())
    if exception is None or exception == SKIP:
        return exception == SKIP or single.is_closed(day)
    return "start_time" in exception


def _skipped_on_its_day(change: ClockChange, start: datetime) -> datetime | None:
    """Return the wall time of a series on the day of a change; None if the clocks do not skip it."""
    wall = datetime.combine(change.before.date(), start.time())
    return wall if change.skips(wall) else None


def _skipped(
    recurring: Series, start: datetime, dates: list[tuple[datetime, ClockChange, datetime]]
) -> UnlocatedDiagnostic:
    wall, change, held_at = dates[0]
    held = in_zone(held_at, known_zone(recurring.timezone))
    at = time_words(held) if held.date() == wall.date() else f"{time_words(held)} on {_day(held)}"
    more = f", and {count_noun(len(dates) - 1, 'later date')} like it" if len(dates) > 1 else ""
    other = change.after if change.after.date() == wall.date() else change.before - _EARLIER
    return UnlocatedDiagnostic(
        _START,
        "time.series-skipped",
        f"Clocks in {recurring.timezone} skip {time_words(wall)} on {_day(wall)}, "
        f"so that date is held at {at}{more}. "
        "Such a date is not held if it is the next one when the series is sent.",
        f"If every date is to be at one time, write `start_time: {_written(start, other)}`.",
        Severity.WARNING,
    )


def _day(wall: datetime) -> str:
    return f"{short_weekday(wall)} {day_words(wall)}"


def _written(start: datetime, other: datetime) -> str:
    return datetime.combine(start.date(), other.time()).isoformat(timespec="seconds")


def _in_utc(recurring: Series, start: datetime) -> Iterator[UnlocatedDiagnostic]:
    occurrences = islice(recurring.occurrences(), _DATES_MAX)
    start_at = instant(recurring.start_time, recurring.timezone)
    if all(each.timetz() == start_at.timetz() for each in occurrences):
        return
    yield UnlocatedDiagnostic(
        _START,
        "time.utc-in-series",
        f"{recurring.start_time} is {start:%H:%M} in {recurring.timezone}. The series keeps this local time, "
        "so its time in UTC moves by an hour when the clocks change.",
        _constant(recurring, start, start_at),
        Severity.WARNING,
    )


def _constant(recurring: Series, start: datetime, start_at: datetime) -> str:
    """Return what to write so that the local time, or the time in UTC, is constant."""
    local = start.isoformat(timespec="seconds")
    choices = []
    if instant(local, recurring.timezone) == start_at:  # not the second of two equal hours
        choices.append(f"`start_time: {local}` to keep the local time")
    if Series(recurring.start_time, "UTC", recurring.recurrence).is_on_rule():
        choices.append("`timezone: UTC` to keep the time in UTC")
    return f"Write {', or '.join(choices)}." if choices else "Start at another time, or on another day."
