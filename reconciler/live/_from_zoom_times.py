"""Turns the schedule of a meeting from Zoom into the times that a person would have declared.

Pure. Where Zoom lists other dates of a series than its own start and rule give, the listed ones count. Dates
that somebody cancelled, moved or changed in length become exceptions.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import date, datetime

from msgspec import Struct
from msgspec.structs import replace

from reconciler.live._occurrences import COMPARED_MAX, compared_starts, is_longer, listed_starts
from reconciler.meeting import recurrence
from reconciler.meeting.meeting import DURATION_MINUTES_DEFAULT, NO_FIXED_TIME, SERIES, minutes_of, resume
from reconciler.meeting.recurrence import OCCURRENCES_MAX, Series
from reconciler.meeting.single_dates import Edit, moved_to
from reconciler.meeting.timezones import in_zone, instant, is_ambiguous, known_zone, utc_text, zone
from reconciler.ports import Json
from reconciler.spec.repeat import NO_END
from reconciler.state.clicked_dates import edits_in_zoom

_OTHER_DATES = "Zoom lists other dates of it than its start and rule give; see in Zoom which ones hold."


class UndeclarableError(Exception):
    """A meeting in Zoom has no declared form; the text is the reason, in the middle of a sentence."""


class DeclaredTimes(Struct, frozen=True):
    """`attributes`: start, zone, rule, and a duration that is not the usual one. `remarks`: a line each.

    `exceptions` are those of a series, as they are declared.
    """

    attributes: Mapping[str, Json]
    remarks: tuple[str, ...] = ()
    exceptions: Mapping[str, Json] = {}


def declared_times(body: Mapping[str, Json], now: datetime) -> DeclaredTimes:
    """The times of the meeting that was read. Raises `UndeclarableError`."""
    name, of_type = body.get("timezone"), body.get("type")
    if of_type == NO_FIXED_TIME:
        return DeclaredTimes({})  # a zone has no effect in a room
    timezone = name if isinstance(name, str) and zone(name) else None
    zone_attribute = {"timezone": timezone} if timezone else {}
    remarks = (f"Its time zone in Zoom, `{name}`, is no IANA name and is left out.",)
    start_at, minutes = _start(body), body.get("duration")
    start = {"start_time": _start_time(start_at, timezone)} if start_at else {}
    duration = {} if minutes in (None, DURATION_MINUTES_DEFAULT) else {"duration": minutes}
    times = DeclaredTimes({**start, **duration, **zone_attribute}, () if timezone or not name else remarks)
    if of_type != SERIES:
        return times
    if timezone is None:
        raise UndeclarableError(f"a series needs its zone, and `{name}` is no IANA name")
    return _series(body, times, now)


def _start(body: Mapping[str, Json]) -> datetime | None:
    dates = _dates(body)
    start_time = body.get("start_time")
    if not isinstance(start_time, str):
        return dates[0] if dates and body.get("type") == SERIES else None
    try:
        return instant(start_time, body.get("timezone") or "UTC")
    except ValueError as error:
        raise UndeclarableError("its start cannot be read") from error


def _dates(body: Mapping[str, Json]) -> tuple[datetime, ...]:
    """The dates that Zoom lists, as the rule gives them."""
    try:
        return listed_starts(body)
    except (TypeError, ValueError) as error:
        raise UndeclarableError("its dates cannot be read") from error


def _start_time(moment: datetime, timezone: str | None) -> str:
    """The wall time in the zone; in UTC where there is no zone, or where that wall time occurs twice."""
    in_utc = utc_text(moment)
    if timezone is None:
        return in_utc
    wall = in_zone(moment, known_zone(timezone)).isoformat(timespec="seconds")
    return in_utc if is_ambiguous(wall, timezone) else wall


def _series(body: Mapping[str, Json], times: DeclaredTimes, now: datetime) -> DeclaredTimes:
    rule = body.get("recurrence")
    if not isinstance(rule, dict) or rule.get("type") not in (
        recurrence.DAILY,
        recurrence.WEEKLY,
        recurrence.MONTHLY,
    ):
        raise UndeclarableError("Zoom shows no rule for it that is known here")
    if "start_time" not in times.attributes:
        raise UndeclarableError("Zoom shows no start of it")
    listed = tuple(date for date in _dates(body) if date > now)[:COMPARED_MAX]
    try:
        wholes = tuple(_wholes(times.attributes, rule))
        readings = tuple(_remaining_series(each, now) if is_longer(each) else each for each in wholes)
        candidates = (*readings, *(_starting_at(listed, reading) for reading in readings if listed))
        is_cut = len(listed) >= OCCURRENCES_MAX or any(map(is_longer, wholes))
        fitting = _fitting(candidates, listed, now, is_cut=is_cut)
        series = fitting or candidates[0]
        series.remaining(now)
    except (TypeError, ValueError) as error:
        raise UndeclarableError("its rule cannot be read") from error
    remarks = (*times.remarks, *(() if fitting else (_OTHER_DATES,)))
    attributes = {
        **times.attributes,
        "start_time": series.start_time,
        "recurrence": dict(series.recurrence),
    }
    edits = edits_in_zoom({**attributes, "type": SERIES}, body, {}, now) if fitting else {}
    exceptions = {day: _exception(edit, attributes, day) for day, edit in edits.items()}
    return DeclaredTimes(attributes, remarks, exceptions)


def _fitting(
    candidates: Iterable[Series], listed: tuple[datetime, ...], now: datetime, *, is_cut: bool
) -> Series | None:
    """The first series whose coming dates are the listed ones, or else the first that has most of them.

    A list that `is_cut` has only the first of them.
    """
    coming = [
        (series, compared_starts(series, now)[: len(listed) if is_cut or series.last() is None else None])
        for series in candidates
    ]
    for fits in (_fits, _fits_but_for_moves):
        if found := next((series for series, dates in coming if fits(dates, listed)), None):
            return found
    return None


def _exception(edit: Edit, attributes: Mapping[str, Json], day: str) -> Json:
    """The exception that declares an edit: only what is not as the rule gives it."""
    if not isinstance(edit, Mapping):
        return edit
    timezone = attributes["timezone"]
    recurring = Series(attributes["start_time"], timezone, attributes["recurrence"])
    start, moved = recurring.start_on(date.fromisoformat(day)), moved_to(edit)
    assert moved is not None, "a changed date has a start"
    own_start = {} if moved == start else {"start_time": _short(_start_time(moved, timezone))}
    is_usual = edit["duration"] == minutes_of(attributes)
    return {**own_start, **({} if is_usual else {"duration": edit["duration"]})}


def _short(start_time: str) -> str:
    """The start as people write it in one line, without seconds that are 0; in UTC as it is."""
    return start_time if start_time.endswith("Z") else start_time.replace("T", " ").removesuffix(":00")


def _wholes(times: Mapping[str, Json], rule: Mapping[str, Json]) -> Iterator[Series]:
    """The series in each way in which its rule can be meant, likeliest first."""
    start_time, timezone = times["start_time"], times["timezone"]
    base = {"type": rule["type"], "repeat_interval": recurrence.interval_of(rule)}
    for days in _days(rule, Series(start_time, timezone, {}).wall_start()):
        for end in _ends(rule):
            yield Series(start_time, timezone, {**base, **days, **end})


def _starting_at(listed: tuple[datetime, ...], whole: Series) -> Series:
    """The series from the first listed date on, with as many dates as are listed."""
    is_counted = whole.recurrence.get("end_times") and len(listed) < OCCURRENCES_MAX
    count = {"end_times": len(listed)} if is_counted else {}
    start_time = _start_time(listed[0], whole.timezone)
    return replace(whole, start_time=start_time, recurrence={**whole.recurrence, **count})


def _remaining_series(whole: Series, now: datetime) -> Series:
    """The series from its next date on; as it is where none is over."""
    resumed = resume(whole, now)
    if resumed is None or not resumed.left or resumed.start_time == whole.start_time:
        return whole
    count = {"end_times": resumed.left} if "end_times" in whole.recurrence else {}
    return replace(whole, start_time=resumed.start_time, recurrence={**whole.recurrence, **count})


def _days(rule: Mapping[str, Json], wall: datetime) -> Iterator[dict[str, Json]]:
    """The days of the rule, in each way in which they can be meant."""
    if rule["type"] == recurrence.DAILY:
        yield {}
    elif rule["type"] == recurrence.WEEKLY:
        yield {"weekly_days": str(rule.get("weekly_days") or recurrence.week_day(wall))}
    else:
        week, week_day, day = (rule.get(f"monthly_{name}") for name in ("week", "week_day", "day"))
        if week and week_day:
            yield {"monthly_week": week, "monthly_week_day": week_day}
        if day or not (week and week_day):
            yield {"monthly_day": day or wall.day}


def _ends(rule: Mapping[str, Json]) -> Iterator[dict[str, Json]]:
    times, until = rule.get("end_times"), rule.get("end_date_time")
    if times or not until:
        yield {"end_times": times or NO_END}
    if until:
        yield {"end_date_time": until}


def _fits(coming: tuple[datetime, ...], listed: tuple[datetime, ...]) -> bool:
    """Return whether the coming dates are the listed ones."""
    return not listed or coming == listed


def _fits_but_for_moves(coming: tuple[datetime, ...], listed: tuple[datetime, ...]) -> bool:
    """Return whether the coming dates are the listed ones but for a few, which somebody moved."""
    moved = len(set(listed) - set(coming))
    return len(coming) == len(listed) and 2 * moved < len(listed)
