"""Start and zone: a time that exists, and exactly once, wherever it is read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from functools import cache

from reconciler.errors.diagnostic import Severity, UnlocatedDiagnostic
from reconciler.errors.didyoumean import did_you_mean, suggestion
from reconciler.meeting import timezones
from reconciler.meeting.meeting import SCHEDULED, SERIES, kind
from reconciler.ports import Json

_START, _ZONE = ("start_time",), ("timezone",)
_WRITTEN = "%Y-%m-%dT%H:%M:%S"
_ZONE_RATIO_MIN = 0.75


def check(attributes: Mapping[str, Json]) -> Iterator[UnlocatedDiagnostic]:
    """Findings about `start_time` and `timezone`."""
    start, timezone, of_type = attributes.get("start_time"), attributes.get("timezone"), kind(attributes)
    if start is None and of_type in (SCHEDULED, SERIES):
        yield _start_missing(of_type)
    if timezone is None:
        yield from _without_zone(start, is_series=of_type == SERIES)
    elif timezones.zone(timezone) is None:
        yield _zone_unknown(timezone)
    if start is None:
        return
    if not is_possible(start):
        yield impossible(start, _START)
    elif timezone is not None and timezones.zone(timezone) is not None:
        yield from _at_clock_changes(start, timezone, is_series=of_type == SERIES)


def is_possible(written: str) -> bool:
    """Whether the calendar has that time, a day from either end of it aside."""
    try:
        return 1 < timezones.parsed(written).year < 9999  # noqa: PLR2004 - Python's first and last year
    except ValueError:
        return False


def impossible(written: str, path: tuple[str, ...]) -> UnlocatedDiagnostic:
    """The finding for a time that is in no calendar."""
    return UnlocatedDiagnostic(
        path,
        "time.impossible",
        f"The calendar has no {written.partition('T')[0]}.",
        "Check day and month: a date is written year, month, day.",
    )


def _start_missing(of_type: int) -> UnlocatedDiagnostic:
    named = "a series (type 8)" if of_type == SERIES else "a meeting at a fixed time (type 2)"
    return UnlocatedDiagnostic(
        _START,
        "time.start-missing",
        f"This is {named}. Without a start Zoom would begin it now.",
        "Add `start_time: 2027-01-11T10:00:00` and a `timezone`, or write `type: 3` for no fixed time.",
    )


def _without_zone(start: str | None, *, is_series: bool) -> Iterator[UnlocatedDiagnostic]:
    if is_series:
        yield UnlocatedDiagnostic(
            _ZONE,
            "time.zone-missing",
            "A series keeps its time on the wall, and Zoom would take the host's zone for it.",
            "Add the zone people live by, such as `timezone: Europe/Berlin`.",
        )
    elif start is not None and not start.endswith("Z"):
        yield UnlocatedDiagnostic(
            _ZONE,
            "time.zone-missing",
            f"{start} is a time on the wall, and Zoom would take the host's zone for it.",
            f"Add its zone, such as `timezone: Europe/Berlin`, or write UTC: `start_time: {start}Z`.",
        )


def _zone_unknown(timezone: str) -> UnlocatedDiagnostic:
    names = _zone_names()
    near = did_you_mean(timezone, tuple(names), ratio_min=_ZONE_RATIO_MIN, form=_zone_form)
    meant = names[near] if near else None
    return UnlocatedDiagnostic(
        _ZONE,
        "time.zone-unknown",
        f"`{timezone}` is not a name in the IANA time zone database.",
        suggestion(meant, "Write an IANA name, such as `Europe/Berlin` or `UTC`."),
    )


def _zone_form(name: str) -> str:
    return name.strip().replace(" ", "_").casefold()


@cache
def _zone_names() -> Mapping[str, str]:
    """The IANA zones by whole name and by city alone; of two with the same city the first by name."""
    names = sorted(timezones.zones(), reverse=True)
    cities = {name.rpartition("/")[2]: name for name in names if "/" in name}
    return cities | {name: name for name in names}


def _at_clock_changes(start: str, timezone: str, *, is_series: bool) -> Iterator[UnlocatedDiagnostic]:
    if timezones.is_skipped(start, timezone):
        yield _skipped(start, timezone)
    elif timezones.is_ambiguous(start, timezone):
        yield _ambiguous(start, timezone, is_series=is_series)
    elif is_series and start.endswith("Z"):
        yield from _utc_in_series(start, timezone)


def _wall(moment: datetime, timezone: str) -> str:
    return moment.astimezone(timezones.zone(timezone)).strftime(_WRITTEN)


def _skipped(start: str, timezone: str) -> UnlocatedDiagnostic:
    moved = _wall(timezones.instant(start, timezone), timezone)
    return UnlocatedDiagnostic(
        _START,
        "time.skipped",
        f"Clocks in {timezone} are put forward over {start}.",
        f"Write `start_time: {moved}`, or another time.",
    )


def _ambiguous(start: str, timezone: str, *, is_series: bool) -> UnlocatedDiagnostic:
    first = timezones.instant(start, timezone).strftime(_WRITTEN + "Z")
    remedy = "Begin at another time, or on another day."
    return UnlocatedDiagnostic(
        _START,
        "time.ambiguous",
        f"Clocks in {timezone} are put back over {start}; the first of the two is {first}.",
        remedy if is_series else f"Write `start_time: {first}`, or another time.",
        Severity.WARNING,
    )


def _utc_in_series(start: str, timezone: str) -> Iterator[UnlocatedDiagnostic]:
    if not timezones.has_summer_time(timezone, timezones.parsed(start).year):
        return
    wall = _wall(timezones.instant(start, timezone), timezone)
    yield UnlocatedDiagnostic(
        _START,
        "time.utc-in-series",
        f"{start} is {wall[11:16]} in {timezone}. The series keeps that time on the wall, "
        "so that in UTC it moves by an hour when the clocks change.",
        f"Say what stays: `start_time: {wall}`, or `timezone: UTC` for the same time in UTC all year.",
        Severity.WARNING,
    )
