"""Drift of a series: the parts of its schedule that differ in Zoom, by its coming occurrences.

Pure. A series is sent from its next occurrence on with the count that is left, and Zoom may move
its end to the end of a day, so another start and another rule may give the same occurrences. Edits of
single dates do not change the series; they are compared one by one.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta

from msgspec.structs import replace

from reconciler.live._occurrences import coming_starts, compared_starts, first_start, last_start, parse_utc
from reconciler.meeting import fields
from reconciler.meeting.closures import SKIP
from reconciler.meeting.compare import same_value
from reconciler.meeting.meeting import resume
from reconciler.meeting.recurrence import Remaining, Series
from reconciler.meeting.timezones import in_zone, is_same_zone, known_zone, local_day, utc_text, zone
from reconciler.plan.change import FieldChange
from reconciler.ports import Json
from reconciler.state.kept_window import kept_since, kept_until
from reconciler.state.state import Record

RULE = ("type", "repeat_interval", "weekly_days", "monthly_day", "monthly_week", "monthly_week_day")
"""The parts of `recurrence` that say on which days, but not until when."""

_ENDS = ("recurrence.end_times", "recurrence.end_date_time")

_DAY = timedelta(days=1)


def recorded_changes(
    declared: Series, record: Record, stored: Mapping[str, Json], now: datetime
) -> tuple[FieldChange, ...]:
    """The parts of the schedule that differ, of a series that is recorded, with its window and its skips.

    A series of more than 50 dates was sent from the first date on that was held: Zoom never had the skipped
    ones before it.
    """
    changes = _window_changes(declared, record.window, stored, now, now)
    after = _skipped_until(declared, record, stored, now) if changes else None
    return changes if after is None else _window_changes(declared, record.window, stored, now, after)


def _skipped_until(
    declared: Series, record: Record, stored: Mapping[str, Json], now: datetime
) -> datetime | None:
    """The instant before the first date that Zoom has, if those before it are skipped; else None."""
    since = kept_since(record.window)
    if since is None:  # Zoom keeps the series to its end: no window is recorded
        zone, current = known_zone(declared.timezone), stored_series(stored, declared.timezone)
        skipped = {day for day, edit in record.exceptions.items() if edit == SKIP}
        coming = (each for each in declared.coming(now) if f"{local_day(each, zone)}" not in skipped)
        since, in_zoom = next(coming, None), current.remaining(now).next_at if current else None
        if since is None or in_zoom is None or in_zoom < since:
            return None
    return since - since.resolution if since > now else None


def _window_changes(
    declared: Series,
    window: Mapping[str, Json],
    stored: Mapping[str, Json],
    now: datetime,
    after: datetime,
) -> tuple[FieldChange, ...]:
    """The parts of the schedule that differ, of a series of which Zoom keeps the recorded `window`.

    A window that is shorter in Zoom differs; a longer one does not.
    """
    until = kept_until(window)
    if until is None:
        return schedule_changes(declared, stored, now, after)
    rule = {name: part for name, part in declared.recurrence.items() if name != "end_times"}
    cut = replace(declared, recurrence={**rule, "end_date_time": utc_text(until)})
    changes = schedule_changes(cut, stored, now, after)
    kept = last_start(stored)
    if kept is not None and kept >= until:
        changes = tuple(change for change in changes if change.path not in _ENDS)
    before = declared.recurrence.get("end_date_time")
    return tuple(replace(each, before=before) if each.path == _ENDS[1] else each for each in changes)


def schedule_changes(
    declared: Series, stored: Mapping[str, Json], now: datetime, after: datetime | None = None
) -> tuple[FieldChange, ...]:
    """The parts of the schedule in which the occurrences after `now` differ from the declared ones.

    Of the declared ones, those after `after` count, if it is given. Empty where they are the same. Values are
    in the terms of the declared schedule. `stored` is a type 8 meeting as Zoom answered it. Raises
    `ValueError` where `declared` cannot be read.
    """
    after = after or now
    sent = _as_sent(declared, after)
    if sent is not declared and not schedule_changes(sent, stored, now, after):
        return ()
    remaining = declared.remaining(after)
    coming = compared_starts(declared, after)
    if coming_starts(stored, now) == coming:
        return ()
    current = stored_series(stored, declared.timezone)
    if current is None:
        return (_whole_rule(declared, stored),)
    current_remaining = current.remaining(now)
    if remaining.left == current_remaining.left and coming == compared_starts(current, now):
        return ()
    days = tuple(_days(declared, current))
    start = _start(declared, remaining, current_remaining, days_differ=bool(days))
    changes = (*days, *start, *_end(declared, current, remaining, current_remaining))
    if changes or not is_same_zone(current.timezone, declared.timezone):
        return changes  # the same rule gives other dates in another zone, which is told by itself
    return (_whole_rule(declared, stored),)


def _as_sent(declared: Series, now: datetime) -> Series:
    """The series without coming dates in an hour that clocks skip, if it was sent in that week."""
    resumed = resume(declared, now)
    if resumed is None or not resumed.left_out:
        return declared
    count = {"end_times": resumed.left} if declared.recurrence.get("end_times") else {}
    return replace(declared, start_time=resumed.start_time, recurrence={**declared.recurrence, **count})


def stored_series(stored: Mapping[str, Json], timezone: str) -> Series | None:
    """The series in Zoom, in its own zone or else `timezone`; None where it cannot be read."""
    first = first_start(stored)
    start, rule = stored.get("start_time") or (first and utc_text(first)), stored.get("recurrence")
    if not isinstance(start, str) or not isinstance(rule, dict):
        return None
    series = Series(start, stored.get("timezone") or timezone, rule)
    try:
        series.last()
    except (AttributeError, KeyError, TypeError, ValueError):
        return None
    return series


def _whole_rule(declared: Series, stored: Mapping[str, Json]) -> FieldChange:
    rule = stored.get("recurrence")
    return FieldChange("recurrence", dict(declared.recurrence), rule, _effect("recurrence"))


def _days(declared: Series, current: Series) -> Iterator[FieldChange]:
    """The parts of the rule that are declared and differ."""
    for name in RULE:
        described = fields.field_at(("recurrence", name))
        assert described is not None, "the table has every part of a rule"
        before, after = declared.recurrence.get(name), current.recurrence.get(name)
        if before is not None and not same_value(described, before, after, (None, None)):
            yield FieldChange(f"recurrence.{name}", before, after, described.effect)


def moved_start(declared: Series, stored: Mapping[str, Json], now: datetime) -> Json:
    """The declared start, moved as far as the next occurrence in Zoom moved, onto another day too."""
    current = stored_series(stored, declared.timezone)
    if current is None:
        return declared.start_time
    change = _start(declared, declared.remaining(now), current.remaining(now), days_differ=False)
    return next((each.after for each in change), declared.start_time)


def _start(
    declared: Series, remaining: Remaining, current_remaining: Remaining, *, days_differ: bool
) -> Iterator[FieldChange]:
    """The declared start, moved as far as the next occurrence moved.

    Where the days of the rule differ, a move by whole days follows from them.
    """
    timezone = zone(declared.timezone)
    assert timezone is not None, "its occurrences were computed in it"
    if remaining.next_at is None or current_remaining.next_at is None:
        return
    declared_wall, current_wall = (
        in_zone(next_at, timezone) for next_at in (remaining.next_at, current_remaining.next_at)
    )
    delta = current_wall - declared_wall
    if not delta or (days_differ and not delta % _DAY):
        return
    moved = declared.wall_start() + delta
    after = moved.isoformat(timespec="seconds")
    if declared.start_time.endswith("Z"):
        after = utc_text(moved.replace(tzinfo=timezone))
    yield FieldChange("start_time", declared.start_time, after, _effect("start_time"))


def _end(
    declared: Series, current: Series, remaining: Remaining, current_remaining: Remaining
) -> Iterator[FieldChange]:
    """The end date or the count, both counted from the declared start, so that they compare."""
    if remaining.left == current_remaining.left:
        return
    effect = _length_effect(remaining.left, current_remaining.left)
    until, current_until = (series.recurrence.get("end_date_time") for series in (declared, current))
    if until is None:
        count = None if current_remaining.left is None else remaining.over + current_remaining.left
        yield FieldChange("recurrence.end_times", declared.recurrence.get("end_times"), count, effect)
    elif parse_utc(current_until) != parse_utc(until):
        last = current.last()
        after = current_until or (utc_text(last) if last else None)
        yield FieldChange("recurrence.end_date_time", until, after, effect)


def _length_effect(before: int | None, after: int | None) -> str:
    if before is None or after is None:
        return "the end of the series moves"
    if after < before:
        return f"series shortened by {before - after}"
    return f"series lengthened by {after - before}"


def _effect(path: str) -> str:
    described = fields.table().get(path)
    return described.effect if described else ""
