"""Single dates of a series to come that are not as the rule gives them: skipped, moved or changed. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import date, datetime, timedelta
from functools import lru_cache
from itertools import count, islice, takewhile

from msgspec import Struct
from msgspec.structs import replace

from reconciler.meeting import timezones
from reconciler.meeting.closures import SKIP, Closure, SingleDates
from reconciler.meeting.meeting import (
    SOON,
    Schedule,
    minutes_of,
    resume,
    runs_or_starts_soon,
    schedule,
    series,
)
from reconciler.meeting.recurrence import OCCURRENCES_MAX, Series
from reconciler.ports import Json

Edit = Json
"""`SKIP`, or what a date has of its own: {"start_time": "...Z", "duration": minutes, "agenda", "settings"}.

Start and duration are always there, because they are always sent. None: the date is as the rule gives it.
"""

_DAYS_MAX = 1000
"""Days of a range that are looked at one by one; of a longer one, the dates of the rule are."""


class SeriesDate(Struct, frozen=True):
    """One date of a series: its name, the start that the rule gives it, and its edit."""

    day: str
    start: datetime
    edit: Edit

    @property
    def held_at(self) -> datetime:
        """Its own start, or the one that it is moved to."""
        return self.start if self.edit == SKIP else moved_to(self.edit) or self.start

    @property
    def turn_at(self) -> datetime:
        """The earlier of its two starts: the edit must be done until then."""
        return self.start if self.edit == SKIP else min(self.start, self.held_at)


def moved_to(edit: Edit) -> datetime | None:
    """Return the start of a changed date; None for one that is skipped or unchanged."""
    # Not a test of its type, which takes longer: an edit is one of three.
    return None if edit is None or edit == SKIP else timezones.parsed(edit["start_time"])


def edit_now(edit: Edit, now: datetime) -> Edit:
    """Return an edit of a date that is not over as it is now: held where it was moved to, it is skipped."""
    held_at = moved_to(edit)
    return SKIP if held_at is not None and held_at <= now else edit


def is_over(start: datetime, edit: Edit, now: datetime) -> bool:
    """Return whether a date is over: its own start, and where it is moved, that one too."""
    return max(start, moved_to(edit) or start) <= now


def held_schedule(attributes: Mapping[str, Json], edits: Mapping[str, Edit], now: datetime) -> Schedule:
    """Return the schedule of a meeting whose single dates have `edits`.

    Its next start is that of the next date that is held. A date that is moved and still to come keeps a
    series from being expired; one that is skipped does not count for that.
    """
    times = schedule(attributes, now)
    recurring = series(attributes) if edits else None
    if recurring is None:
        return times
    next_at = min([*_moves_after(edits, now), *_next_unedited(recurring, edits, now)], default=None)
    is_alive = any(now < end for _, end in _moved_spans(edits))
    return replace(times, next_at=next_at, expired=times.expired and not is_alive)


def is_held_now_or_soon(attributes: Mapping[str, Json], edits: Mapping[str, Edit], now: datetime) -> bool:
    """Return whether a date runs at `now` or starts within `SOON`, where the rule gives it or is moved to."""
    moved = any(start - SOON <= now < end for start, end in _moved_spans(edits))
    return moved or runs_or_starts_soon(attributes, now)


def _moves_after(edits: Mapping[str, Edit], now: datetime) -> Iterator[datetime]:
    return (start for start, _ in _moved_spans(edits) if start > now)


def _moved_spans(edits: Mapping[str, Edit]) -> Iterator[tuple[datetime, datetime]]:
    """Yield start and end of each date that is moved or changed."""
    for edit in edits.values():
        start = moved_to(edit)
        if start is not None:
            yield start, start + timedelta(minutes=edit["duration"])


def _next_unedited(recurring: Series, edits: Mapping[str, Edit], now: datetime) -> Iterator[datetime]:
    """Yield the next start of the rule whose date has no edit, if there is one."""
    zone = timezones.known_zone(recurring.timezone)
    for start in recurring.coming(now):
        if timezones.local_day(start, zone).isoformat() not in edits:
            yield start
            return


HELD_WITHIN = 400
"""Dates of a rule that are looked at for one that is held: more than a year of a daily series."""


class Window(Struct, frozen=True):
    """The part of a longer series that Zoom keeps: its dates from `first` to `last`, `count` of them.

    `start_time` is the first start in the form that is sent.
    """

    start_time: str
    first: datetime
    last: datetime
    count: int


def next_window(attributes: Mapping[str, Json], dates: SingleDates, now: datetime) -> Window | None:
    """Return the window that is sent at `now`; None for a series of which Zoom keeps every date that is left.

    It begins with the first date that is held, or, where none is for long, with the next one.
    """
    recurring = series(attributes)
    if recurring is None or not recurring.is_longer_than_kept(now):
        return None
    begin = _first_held(recurring, attributes, dates, now)
    if begin is None:
        over = recurring.remaining(now).over
        begin = next(index for index in count(over) if not _is_in_gap(recurring, index))
    first = recurring.occurrence(begin)
    last = recurring.occurrence(begin + OCCURRENCES_MAX - 1) or recurring.last()
    assert first is not None, "a longer series has dates to come"
    assert last is not None, "a series whose rule stops has a last date"
    is_declared = first == timezones.instant(recurring.start_time, recurring.timezone)
    wall = recurring.wall(begin).isoformat(timespec="seconds")
    in_utc = timezones.utc_text(first) if recurring.start_time.endswith("Z") else wall
    kept = recurring.remaining(last).over - begin
    return Window(recurring.start_time if is_declared else in_utc, first, last, kept)


def is_any_held(attributes: Mapping[str, Json], dates: SingleDates, now: datetime) -> bool:
    """Return whether one of the next `HELD_WITHIN` dates of a series is held."""
    recurring = series(attributes)
    return recurring is not None and _first_held(recurring, attributes, dates, now) is not None


def _first_held(
    recurring: Series, attributes: Mapping[str, Json], dates: SingleDates, now: datetime
) -> int | None:
    """Return the number of the first date after `now` that is held; None where none is for long."""
    over, zone = recurring.remaining(now).over, timezones.known_zone(recurring.timezone)
    paused_after = dates.paused_after()
    for index, start in enumerate(islice(recurring.coming(now), HELD_WITHIN), over):
        day = timezones.local_day(start, zone)
        if paused_after is not None and day.isoformat() > paused_after:
            return None
        is_closed = dates.is_closed(day) and day.isoformat() not in dates.exceptions
        if not is_closed and _is_held(recurring, attributes, dates, index):
            return index
    return None


def _is_held(recurring: Series, attributes: Mapping[str, Json], dates: SingleDates, index: int) -> bool:
    start = recurring.occurrence(index)
    if start is None or _is_in_gap(recurring, index):
        return False
    day = timezones.local_day(start, timezones.known_zone(recurring.timezone))
    return not dates or declared_edit(attributes, dates, day, start) != SKIP


def _is_in_gap(recurring: Series, index: int) -> bool:
    """Return whether clocks skip the wall time of the date: no series can begin there."""
    start = recurring.occurrence(index)
    return start is not None and recurring.is_held_later(start)


def changed_in_gap(attributes: Mapping[str, Json], dates: SingleDates, now: datetime) -> Iterator[datetime]:
    """Yield the wall time of each changed date that a series does not have in Zoom if it is sent at `now`.

    Clocks skip that time, and the series begins with the date after it. A date that was moved to an earlier
    instant, and was held there, is not one of them.
    """
    recurring = series(attributes) if dates.exceptions else None
    if recurring is None or (resumed := resume(recurring, now)) is None:
        return
    for wall in resumed.left_out:
        start = timezones.instant(wall.isoformat(), recurring.timezone)
        edit = declared_edit(attributes, dates, wall.date(), start)
        if edit is not None and edit_now(edit, now) != SKIP:
            yield wall


def edited_dates(
    attributes: Mapping[str, Json],
    dates: SingleDates,
    now: datetime,
    *,
    until: datetime | None = None,
) -> dict[str, SeriesDate]:
    """Return the dates with a declared edit that are not over, by name, in order of the rule.

    They are among the next 50 dates of the rule, or among those up to `until`.
    """
    recurring = series(attributes) if dates else None
    if recurring is None:
        return {}
    looked_at = _looked_at(recurring, now, until)
    if looked_at is None:
        return {}
    start_on, last_day = looked_at
    found: dict[str, SeriesDate] = {}
    excepted = {date.fromisoformat(day) for day in dates.exceptions}
    for day in sorted(excepted | _closed_days(recurring, dates, now, last_day)):
        start = start_on(day)
        if start is None:
            continue
        edit = declared_edit(attributes, dates, day, start) if day in excepted else SKIP
        if edit is not None and not is_over(start, edit, now):
            name = day.isoformat()
            found[name] = SeriesDate(name, start, edit)
    return found


def _looked_at(
    recurring: Series, now: datetime, until: datetime | None
) -> tuple[Callable[[date], datetime | None], date] | None:
    """Return the starts of the dates that are looked at, by day, and the last day; None if there are none."""
    if until is None and recurring.is_short:  # nothing but days has to be computed
        last_day = recurring.last_day()
        return recurring.by_day(last_day=last_day), last_day
    # Without a next date, the last one may be moved to a day that is still to come.
    last_at = until or recurring.last_of_next(OCCURRENCES_MAX, now) or recurring.last()
    if last_at is None:
        return None
    zone = timezones.known_zone(recurring.timezone)
    return recurring.by_day(last_at), timezones.local_day(last_at, zone)


def declared_edit(
    attributes: Mapping[str, Json], dates: SingleDates, day: date, start: datetime
) -> Edit | None:
    """Return the declared edit of one date. An exception counts for more than a closure or a pattern.

    One that changes nothing is none: the date is held as the rule gives it, also on a closed day.
    """
    exception = dates.exception(day.isoformat())
    if exception == SKIP:
        return SKIP
    if exception:
        return None if is_as_given(attributes, exception, start) else _change(attributes, exception, start)
    return SKIP if dates.is_closed(day) else None


def is_as_given(attributes: Mapping[str, Json], own: Json, start: datetime) -> bool:
    """Return whether an exception, or an edit, leaves a date as the rule gives it."""
    if own == SKIP or "agenda" in own or "settings" in own:
        return False
    minutes = minutes_of(attributes)
    return own.get("duration", minutes) == minutes and _held_at(attributes, own, start) == start


def is_declared_as_given(attributes: Mapping[str, Json], dates: SingleDates, day: str) -> bool:
    """Return whether no exception says anything else about a date than the rule does."""
    recurring = series(attributes)
    if dates.exception(day) is None or recurring is None:
        return True
    start = recurring.start_on(date.fromisoformat(day))
    return start is not None and declared_edit(attributes, dates, date.fromisoformat(day), start) is None


def _closed_days(recurring: Series, dates: SingleDates, now: datetime, last: date) -> set[date]:
    """Return the days to come, up to `last`, that a closure or the pattern leaves out.

    They may have no date of the rule; where there are too many, only those that have one are looked at.
    """
    first = _day_before(now, recurring.timezone)
    if dates.pattern or any(_is_long(each, first, last) for each in dates.closures):
        zone = timezones.known_zone(recurring.timezone)
        coming = (timezones.local_day(start, zone) for start in recurring.coming(now))
        return {day for day in takewhile(lambda day: day <= last, coming) if dates.is_closed(day)}
    return set[date]().union(*(closure.days(first, last) for closure in dates.closures))


@lru_cache(maxsize=64)
def _day_before(now: datetime, timezone: str) -> date:
    """Return the day before: a date of today may be to come that is named by yesterday, near midnight."""
    return timezones.local_day(now, timezones.known_zone(timezone)) - timedelta(days=1)


def _is_long(closure: Closure, first: date, last: date) -> bool:
    return not closure.is_listed and (last - first).days > _DAYS_MAX


def _change(attributes: Mapping[str, Json], own: Mapping[str, Json], start: datetime) -> Edit:
    change = {name: own[name] for name in ("agenda", "settings") if name in own}
    change["start_time"] = timezones.utc_text(_held_at(attributes, own, start))
    change["duration"] = own.get("duration", minutes_of(attributes))
    return change


def _held_at(attributes: Mapping[str, Json], own: Mapping[str, Json], start: datetime) -> datetime:
    declared = own.get("start_time")
    return timezones.instant(declared, attributes["timezone"]) if declared else start
