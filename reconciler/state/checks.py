"""Checks the recorded values that the program computes with.

A state may have been written by an older version, by a person, or by anyone who can push to the branch. A
value that would stop a run halfway is refused when the state is read.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import date, datetime

from reconciler.errors.diagnostic import Diagnostic
from reconciler.errors.exceptions import StateError
from reconciler.meeting.closures import SKIP
from reconciler.meeting.names import as_argument
from reconciler.meeting.timezones import is_within_bounds, parsed, zones
from reconciler.ports import Json
from reconciler.state.values import as_type

_COUNT_MAX = 1_000
"""A bound of counts: no rule that Zoom accepts has a larger one."""

_DATES_MAX = 15_000
"""A bound of the dates of a weekly rule of which 1,000 are held: 12,500 where those are fifth Mondays."""

_COUNTS = {
    **dict.fromkeys(("type", "repeat_interval", "monthly_day"), (0, _COUNT_MAX)),
    "end_times": (0, _DATES_MAX),
    "monthly_week": (-1, _COUNT_MAX),
    "monthly_week_day": (0, 7),
}
"""The numbers of a rule, each with its least and its largest value."""

_DURATION_MINUTES_MAX = 525_600
"""A year: no meeting is longer."""

_EDIT = {"start_time", "duration", "agenda", "settings"}
_SLOT_DATES = {"exceptions", "closed", "pattern"}
_WINDOW = {"from", "to"}

_WEEKLY_DAYS = r"[1-7](\s*,\s*[1-7])*"  # compiled on first use, so that a plan does not pay for it


def check_attributes(attributes: Mapping[str, Json]) -> None:
    """Raise `ValueError` if topic, type, start, duration, zone or rule is of the wrong kind or out of range.

    A wall time and a rule need a zone.
    """
    # Runs 10,000 times for a large plan: no call here that can be avoided.
    if type(attributes.get("topic", "")) is not str:
        raise ValueError(_misfit("topic", attributes["topic"]))
    if type(attributes.get("type", 2)) is not int:
        raise ValueError(_misfit("type", attributes["type"]))
    start, zone, rule = attributes.get("start_time"), attributes.get("timezone"), attributes.get("recurrence")
    is_local = start is not None and _start(start).tzinfo is None
    minutes = attributes.get("duration", 0)
    if type(minutes) is not int or not 0 <= minutes <= _DURATION_MINUTES_MAX:
        raise ValueError(_misfit("duration", minutes))
    if zone is not None and type(zone) is not str:
        raise ValueError(_misfit("timezone", zone))
    if rule is not None:
        _check_rule(rule)
    if zone is None and (is_local or rule is not None) and start is not None:
        raise ValueError(_misfit("timezone", zone))


def check_edits(edits: Mapping[str, Json]) -> None:
    """Raise `ValueError` if an edit of a single date is not `skip`, None, or a start and a duration."""
    for day, edit in edits.items():
        if date.fromisoformat(day).isoformat() != day:
            raise ValueError(_misfit("date", day))
        if edit is not None and edit != SKIP:
            _check_edit(edit)


def check_slot_dates(dates: Json) -> None:
    """Raise `ValueError` if the single dates of a slot are not as they are recorded: see `SingleDates`."""
    if type(dates) is not dict or not dates.keys() <= _SLOT_DATES:
        raise ValueError(_misfit("dates of a slot", dates))
    for day, exception in as_type(dates.get("exceptions", {}), dict).items():
        if date.fromisoformat(day).isoformat() != day:
            raise ValueError(_misfit("date", day))
        if exception != SKIP:
            _check_exception(exception)
    for first, last in as_type(dates.get("closed", []), list):
        _check_closed_day(first)
        if last != "":
            _check_closed_day(last)
        if last != "" and len(first) != len(last):
            raise ValueError(_misfit("range", [first, last]))
    for week, day in as_type(dates.get("pattern", []), list):
        if week not in (-1, 1, 2, 3, 4, 5) or day not in range(1, 8):
            raise ValueError(_misfit("weekday of a month", [week, day]))


def _check_exception(exception: Json) -> None:
    """Raise `ValueError` if what a date of a slot has of its own cannot be an edit of it."""
    minutes = {"duration": 0, **as_type(exception, dict)}
    start = minutes.get("start_time", "2000-01-01T00:00:00")
    _check_edit({**minutes, "start_time": f"{str(start).removesuffix('Z')}Z"})


def _check_closed_day(day: Json) -> None:
    """Raise `ValueError` if a closed day is neither `2027-04-05` nor `04-05`."""
    text = as_type(day, str)
    whole = f"2028-{text}" if len(text) == len("04-05") else text
    if date.fromisoformat(whole).isoformat() != whole:
        raise ValueError(_misfit("day", day))


def is_duration(minutes: Json) -> bool:
    """Return whether a value is a duration that a state can keep."""
    return type(minutes) is int and 0 <= minutes <= _DURATION_MINUTES_MAX


def _check_edit(edit: Json) -> None:
    if type(edit) is not dict or not edit.keys() <= _EDIT or not str(edit.get("start_time")).endswith("Z"):
        raise ValueError(_misfit("edit of a date", edit))
    _start(edit["start_time"])
    if not is_duration(edit.get("duration")):
        raise ValueError(_misfit("duration", edit.get("duration")))
    if type(edit.get("agenda", "")) is not str:
        raise ValueError(_misfit("agenda", edit["agenda"]))
    if type(edit.get("settings", {})) is not dict:
        raise ValueError(_misfit("settings", edit["settings"]))


def check_window(window: Mapping[str, Json]) -> None:
    """Raise `ValueError` if the window of a series is not empty, and not a first and a last start in UTC."""
    if not window.keys() <= _WINDOW:
        raise ValueError(_misfit("window", window))
    for name in _WINDOW if window else ():
        moment = window.get(name)
        if moment is not None and _start(moment).tzinfo is None:
            raise ValueError(_misfit("start of a window", moment))


def check_sent_start(start_time: str, timezone: Json) -> None:
    """Raise `ValueError` if the start of a sent body is no time, or a wall time without a zone."""
    if _start(start_time).tzinfo is None and timezone is None:
        raise ValueError(_misfit("timezone", timezone))


def check_zones(recorded: Sequence[tuple[str, Mapping[str, Json]]], location: str) -> None:
    """Raise `StateError` if one of the (key, attributes) is in a zone that this machine does not know.

    The state is not at fault: another machine may know more zones.
    """
    unknown = {attributes.get("timezone") for _, attributes in recorded} - zones() - {None}
    for key, attributes in recorded if unknown else ():
        if attributes.get("timezone") in unknown:
            raise StateError(_unknown_zone(key, attributes["timezone"], location))


def _check_rule(rule: Json) -> None:
    if type(rule) is not dict:
        raise ValueError(_misfit("recurrence", rule))
    for name, count in rule.items():
        if name not in _COUNTS or count is None:
            continue
        least, largest = _COUNTS[name]
        if type(count) is not int or not least <= count <= largest:
            raise ValueError(_misfit(name, count))
    days, end = rule.get("weekly_days"), rule.get("end_date_time")
    if days is not None and not (type(days) is str and re.fullmatch(_WEEKLY_DAYS, days)):
        raise ValueError(_misfit("weekly_days", days))
    if end is not None:
        _time("end_date_time", end)


def _start(value: Json) -> datetime:
    start = _time("start_time", value)
    if not is_within_bounds(start):
        raise ValueError(_misfit("start_time", value))
    return start


def _time(name: str, value: Json) -> datetime:
    try:
        return parsed(value)
    except (ValueError, TypeError) as error:
        raise ValueError(_misfit(name, value)) from error


def _misfit(name: str, value: Json) -> str:
    return f"{str(value)[:40]!r} is no {name}"


def _unknown_zone(key: str, zone: str, location: str) -> Diagnostic:
    return Diagnostic(
        code="state.unknown-zone",
        detail=f"{location} has {key} in {zone[:40]!r}. Nothing was sent.",
        hint=f"Upgrade the package tzdata; or forget the meeting: `reconciler state rm {as_argument(key)}`.",
        key=key,
    )
