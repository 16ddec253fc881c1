"""Whether a series in Zoom still takes place as declared, by the occurrences that are left.

Pure. A series is sent from its next occurrence on with the count that is left, and Zoom may
move its end to the end of a day: so start and rule may read otherwise and mean the same.
What was done to single occurrences is no change of the series; it is only counted.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from reconciler.live._occurrences import _first_listed, _listed, _written, as_utc
from reconciler.meeting import fields
from reconciler.meeting.compare import same_value
from reconciler.meeting.recurrence import Remaining, Series
from reconciler.meeting.timezones import zone
from reconciler.ports import Json

COMPARED_MAX = 60
"""Occurrences of two rules that are compared: as many as Zoom keeps of a series."""

RULE = ("type", "repeat_interval", "weekly_days", "monthly_day", "monthly_week", "monthly_week_day")
"""The parts of `recurrence` that say on which days, but not until when."""

_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class ScheduleDifference:
    """One part of a schedule that differs, in the terms of the declared one; `path` is dotted."""

    path: str
    before: Json
    after: Json
    effect: str = ""


def schedule_differences(
    declared: Series, stored: Mapping[str, Json], now: datetime
) -> tuple[ScheduleDifference, ...]:
    """How the occurrences after `now` differ from the declared ones; empty where they are the same.

    `stored` is a type 8 meeting as Zoom answered it. Raises `ValueError` where `declared` cannot be read.
    """
    rest = declared.remaining(now)
    if _listed(stored, now) == _expected(declared, rest):
        return ()
    zoom = stored_series(stored, declared.timezone)
    if zoom is None:
        return (_whole(declared, stored),)
    theirs = zoom.remaining(now)
    if _alike(declared, rest, zoom, theirs):
        return ()
    days = tuple(_days(declared, zoom))
    found = (*days, *_start(declared, rest, theirs, by_rule=bool(days)), *_end(declared, zoom, now))
    return found or (_whole(declared, stored),)


def stored_series(stored: Mapping[str, Json], timezone: str) -> Series | None:
    """The series as Zoom has it, in its own zone or else `timezone`; None where it cannot be made out."""
    start = stored.get("start_time") or _first_listed(stored)
    rule = stored.get("recurrence")
    if not isinstance(start, str) or not isinstance(rule, dict):
        return None
    found = Series(start, stored.get("timezone") or timezone, rule)
    try:
        found.last()
    except (AttributeError, KeyError, TypeError, ValueError):
        return None
    return found


def _expected(series: Series, rest: Remaining) -> list[datetime]:
    count = COMPARED_MAX if rest.left is None else min(rest.left, COMPARED_MAX)
    places = range(rest.over, rest.over + count)
    return [start for place in places if (start := series.occurrence(place)) is not None]


def _alike(declared: Series, rest: Remaining, zoom: Series, theirs: Remaining) -> bool:
    if (rest.next_at, rest.left) != (theirs.next_at, theirs.left):
        return False
    return _expected(declared, rest) == _expected(zoom, theirs)


def _whole(declared: Series, stored: Mapping[str, Json]) -> ScheduleDifference:
    rule = stored.get("recurrence")
    return ScheduleDifference("recurrence", dict(declared.recurrence), rule, _effect("recurrence"))


def _days(declared: Series, zoom: Series) -> Iterator[ScheduleDifference]:
    """The parts of the rule that are declared and differ."""
    for name in RULE:
        described = fields.field_at(("recurrence", name))
        assert described is not None, "the table has every part of a rule"
        wanted, has = declared.recurrence.get(name), zoom.recurrence.get(name)
        if wanted is not None and not same_value(described, wanted, has, (None, None)):
            yield ScheduleDifference(f"recurrence.{name}", wanted, has, described.effect)


def _start(
    declared: Series, rest: Remaining, theirs: Remaining, *, by_rule: bool
) -> Iterator[ScheduleDifference]:
    """The declared start, moved as far as the next occurrence is; whole days may follow from the rule."""
    where = zone(declared.timezone)
    assert where is not None, "its occurrences were made out in it"
    if rest.next_at is None or theirs.next_at is None:
        return
    ours, other = (at.astimezone(where).replace(tzinfo=None) for at in (rest.next_at, theirs.next_at))
    by = other - ours
    if not by or (by_rule and not by % _DAY):
        return
    moved = declared.wall_start() + by
    after = moved.isoformat(timespec="seconds")
    if declared.start_time.endswith("Z"):
        after = as_utc(moved.replace(tzinfo=where))
    yield ScheduleDifference("start_time", declared.start_time, after, _effect("start_time"))


def _end(declared: Series, zoom: Series, now: datetime) -> Iterator[ScheduleDifference]:
    """Until when, or how many: counted from the declared start, so that both sides mean the same."""
    rest, theirs = declared.remaining(now), zoom.remaining(now)
    if rest.left == theirs.left:
        return
    effect = _length(rest.left, theirs.left)
    until, now_until = (one.recurrence.get("end_date_time") for one in (declared, zoom))
    if until is None:
        total = None if theirs.left is None else rest.over + theirs.left
        yield ScheduleDifference("recurrence.end_times", declared.recurrence.get("end_times"), total, effect)
    elif _written(now_until) != _written(until):
        last = zoom.last()
        after = now_until or (as_utc(last) if last else None)
        yield ScheduleDifference("recurrence.end_date_time", until, after, effect)


def _length(ours: int | None, theirs: int | None) -> str:
    if ours is None or theirs is None:
        return "the end of the series moves"
    return (
        f"series shortened by {ours - theirs}" if theirs < ours else f"series lengthened by {theirs - ours}"
    )


def _effect(path: str) -> str:
    described = fields.table().get(path)
    return described.effect if described else ""
