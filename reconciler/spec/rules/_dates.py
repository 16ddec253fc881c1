"""Rules for single dates of a series: exceptions on dates that the rule gives, and days of closures."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import date, datetime, timedelta

from msgspec import Struct

from reconciler.errors.diagnostic import Severity, UnlocatedDiagnostic
from reconciler.meeting import timezones
from reconciler.meeting.closures import NOTE, SKIP, SingleDates, is_in_pattern
from reconciler.meeting.humanize import day_words, short_weekday
from reconciler.meeting.meeting import NO_FIXED_TIME, kind, minutes_of, series
from reconciler.meeting.recurrence import Series
from reconciler.meeting.single_dates import is_as_given
from reconciler.ports import Json
from reconciler.spec.repeat import weekly
from reconciler.spec.rules._times import ambiguous, impossible, is_possible, skipped
from reconciler.spec.yaml.writer import flow

_NEAR_DAYS = 400
"""Days around an exception in which the nearest dates of the rule are looked for."""

Span = tuple[datetime, datetime]


class _Declared(Struct, frozen=True):
    """One series and what is declared about its dates; `start_on` is that of the series."""

    attributes: Mapping[str, Json]
    dates: SingleDates
    recurring: Series
    start_on: Callable[[date], datetime | None]


class _Day(Struct, frozen=True):
    """A day of an exception, and the start that the rule gives on it; None if it gives none."""

    day: date
    start: datetime | None


def check_closures(file: Mapping[str, Json]) -> Iterator[UnlocatedDiagnostic]:
    """Yield findings about the days of a file's closures; paths lead from the file."""
    for name, days in (file.get("closures") or {}).items():
        for index, written in enumerate(days):
            path = ("closures", name, index)
            first, dots, last = written.partition("..")
            bad = next((day for day in (first, last) if day and not _is_day(day)), None)
            if bad:
                yield impossible(bad, path)
            elif dots and last and len(first) == len("2027-01-01") and last < first:
                yield UnlocatedDiagnostic(
                    path,
                    "spec.closure-reversed",
                    f"{last} is before {first}.",
                    f"Write `{last}..{first}`. A range without years may go over the end of the year.",
                )


def _is_day(written: str) -> bool:
    return _day(written if len(written) > len("01-01") else f"2028-{written}") is not None


def _day(written: str) -> date | None:
    try:
        return date.fromisoformat(written)
    except ValueError:
        return None


def check(
    attributes: Mapping[str, Json], dates: SingleDates, now: datetime | None
) -> Iterator[UnlocatedDiagnostic]:
    """Yield findings about the single dates of one meeting. Without `now` every date counts as to come."""
    try:
        recurring = series(attributes)
        if recurring is not None:
            yield from _exceptions(_Declared(attributes, dates, recurring, recurring.by_day()), now)
        else:
            yield from _without_series(attributes, dates)
    except (KeyError, ValueError):  # the rules for times and series report what cannot be read
        return


def _without_series(attributes: Mapping[str, Json], dates: SingleDates) -> Iterator[UnlocatedDiagnostic]:
    start = attributes.get("start_time")
    if dates.exceptions:
        yield UnlocatedDiagnostic(
            ("exceptions",),
            "series.exceptions-without-rule",
            "This meeting has no dates of a rule.",
            "Remove `exceptions`; those of a room are in the slots of its `timetable`."
            if kind(attributes) == NO_FIXED_TIME
            else f"Add its rule, such as `repeat: {flow(weekly(attributes))}`, or remove `exceptions`.",
            on_key=True,
        )
    if not dates.closures or start is None or kind(attributes) == NO_FIXED_TIME:
        return
    moment = timezones.instant(start, attributes.get("timezone"))
    zone = timezones.known_zone(attributes.get("timezone") or "UTC")
    day = timezones.in_zone(moment, zone)
    closure = dates.closure_of(day.date())
    if closure:
        yield UnlocatedDiagnostic(
            ("start_time",),
            "time.closed-day",
            f"{short_weekday(day)} {day_words(day)} is a day of the closure `{closure}`. "
            "A single meeting is held all the same.",
            "Write another day, or leave the closure out with `skip: []`.",
            Severity.WARNING,
        )


def _exceptions(declared: _Declared, now: datetime | None) -> Iterator[UnlocatedDiagnostic]:
    dates, recurring = declared.dates, declared.recurring
    starts = _starts(declared)
    several = sum(exception != SKIP for exception in dates.exceptions.values()) > 1
    held = _held_by_day(declared, starts) if several else {}
    for written, exception in dates.exceptions.items():
        day = starts.get(written)
        if day is None:
            yield impossible(written, ("exceptions", written))
        elif day.start is None or not is_in_pattern(day.day, dates.pattern):
            stale = _stale(day.day, recurring, now) if now is not None else ""
            yield _off_rule(day.day, recurring, dates, stale)
        elif exception != SKIP:
            yield from _change(declared, day, held)


def _starts(declared: _Declared) -> dict[str, _Day]:
    """Return the days of the exceptions that the calendar has, as they are written."""
    days = ((written, _day(written)) for written in declared.dates.exceptions)
    return {written: _Day(day, declared.start_on(day)) for written, day in days if day is not None}


def _stale(day: date, recurring: Series, now: datetime) -> str:
    """Return why an exception is a line that nobody needs any more; empty if it is none.

    One of today is left behind where its date is over, and the series was continued from the next one.
    """
    today = timezones.local_day(now, timezones.known_zone(recurring.timezone))
    first = recurring.wall_start().date()
    if day < today:
        return "The day is over"
    return f"The series begins on {first}" if day == today < first else ""


def _off_rule(day: date, recurring: Series, dates: SingleDates, stale: str) -> UnlocatedDiagnostic:
    near = sorted(_near(day, recurring, dates), key=lambda each: abs((each - day).days))[:2]
    words = " or ".join(f"`{each}`" for each in sorted(near))
    return UnlocatedDiagnostic(
        ("exceptions", day.isoformat()),
        "series.exception-off-rule",
        f"The series has no date on {day:%A}, {day}.",
        f"{stale}: remove the line."
        if stale
        else f"Write {words}, the nearest {'dates' if len(near) > 1 else 'date'} of the rule."
        if near
        else "Remove the line.",
        Severity.WARNING if stale else Severity.ERROR,
        on_key=True,
    )


def _near(day: date, recurring: Series, dates: SingleDates) -> Iterator[date]:
    number = day.toordinal()
    for sign in (-1, 1):
        for distance in range(1, _NEAR_DAYS):
            if not 1 <= number + sign * distance <= date.max.toordinal():
                break
            other = date.fromordinal(number + sign * distance)
            if is_in_pattern(other, dates.pattern) and recurring.start_on(other) is not None:
                yield other
                break


def _change(declared: _Declared, day: _Day, held: Mapping[date, list[date]]) -> Iterator[UnlocatedDiagnostic]:
    path = ("exceptions", day.day.isoformat(), "start_time")
    own = declared.dates.exceptions[path[1]]
    written, zone = own.get("start_time"), declared.recurring.timezone
    if written is not None:
        if not is_possible(written):
            yield impossible(written, path)
            return
        repeated = timezones.repeated(written, zone)
        if repeated < timedelta(0):
            yield skipped(written, zone, path)
            return
        if repeated > timedelta(0):
            yield ambiguous(written, zone, path)
    if _changes_nothing(declared, day):
        yield _same(path[:2], own)
    other = _overlapping(declared, day, held) if {"start_time", "duration"} & own.keys() else None
    if other is not None:
        yield UnlocatedDiagnostic(
            path[:2],
            "series.exception-overlap",
            f"With it, the date of {day.day} overlaps that of {other}: both have one link.",
            f"Write another time, or `{other}: skip`.",
            on_key=True,
        )


def _changes_nothing(declared: _Declared, day: _Day) -> bool:
    """Return whether the exception sends what the rule gives on a day that is held anyway."""
    assert day.start is not None, "the rule has that date"
    own = declared.dates.exception(day.day.isoformat())
    if not own or not is_as_given(declared.attributes, own, day.start):
        return False
    return not declared.dates.is_closed(day.day)


def _same(path: tuple[str, str], own: Mapping[str, Json]) -> UnlocatedDiagnostic:
    return UnlocatedDiagnostic(
        path,
        "series.exception-same",
        f"The date of {path[1]} is held as the rule gives it.",
        "Write what is different, or only the `note`."
        if NOTE in own
        else "Write what is different, or `skip`, or remove the line.",
        Severity.WARNING,
        on_key=True,
    )


def _held_by_day(declared: _Declared, days: Mapping[str, _Day]) -> dict[date, list[date]]:
    """Return the dates with an exception that are held, by the local day on which they begin."""
    zone = timezones.known_zone(declared.recurring.timezone)
    held: dict[date, list[date]] = {}
    for written, day in days.items():
        own = declared.dates.exceptions[written]
        if own == SKIP or day.start is None:
            continue
        if declared.dates.exception(written) is None and declared.dates.is_closed(day.day):  # only a note
            continue
        if "start_time" not in own:
            held.setdefault(day.day, []).append(day.day)
        elif is_possible(own["start_time"]):
            begin = timezones.instant(own["start_time"], declared.recurring.timezone)
            held.setdefault(timezones.local_day(begin, zone), []).append(day.day)
    return held


def _overlapping(declared: _Declared, day: _Day, held: Mapping[date, list[date]]) -> date | None:
    """Return the date of the series that a changed date overlaps; None if there is none.

    No date is longer than a day, so only those that begin on a day near it can overlap it.
    """
    assert day.start is not None, "the rule has that date"
    dates = declared.dates
    begin, end = _span(declared, day.day, day.start)
    zone = timezones.known_zone(declared.recurring.timezone)
    begin_day = timezones.local_day(begin, zone)
    around = [begin_day + timedelta(days=offset) for offset in range(-1, (end - begin).days + 2)]
    excepted = {other for near in around for other in held.get(near, ())} if held else set()
    for other in sorted(excepted.union(around)) if excepted else around:
        other_start = None if other == day.day else declared.start_on(other)
        if other_start is None:
            continue
        if other not in excepted and (other.isoformat() in dates.exceptions or dates.is_closed(other)):
            continue
        other_begin, other_end = _span(declared, other, other_start)
        if begin < other_end and other_begin < end:
            return other
    return None


def _span(declared: _Declared, day: date, start: datetime) -> Span:
    own = declared.dates.exceptions.get(day.isoformat()) or {}
    written = own.get("start_time")
    begin = start if written is None else timezones.instant(written, declared.recurring.timezone)
    length = own.get("duration", minutes_of(declared.attributes))
    return begin, begin + timedelta(minutes=length)
