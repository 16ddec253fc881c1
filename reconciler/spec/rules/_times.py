"""Rules for start and time zone: the start must exist, and exactly once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta

from msgspec.structs import replace

from reconciler.errors.diagnostic import Severity, UnlocatedDiagnostic
from reconciler.errors.didyoumean import suggestion
from reconciler.meeting import recurrence, timezones
from reconciler.meeting.closures import Pattern, is_in_pattern
from reconciler.meeting.meeting import SCHEDULED, SERIES, kind
from reconciler.ports import Json

_START, _ZONE = ("start_time",), ("timezone",)
SOME_MONDAY = datetime(2027, 1, 11)  # noqa: DTZ001 - a day in a hint, in no zone
"""The day that a hint names where nothing says which one is meant."""
_NEAR_DAYS = 400
"""Days in which a date of the rule is looked for: a weekday of a month is in most months."""
_WRITTEN = "%Y-%m-%dT%H:%M:%S"


def check(
    attributes: Mapping[str, Json], pattern: Pattern = (), now: datetime | None = None
) -> Iterator[UnlocatedDiagnostic]:
    """Yield findings about `start_time` and `timezone`; `pattern` is that of the rule.

    Hints name no day before `now`.
    """
    start, timezone, of_type = attributes.get("start_time"), attributes.get("timezone"), kind(attributes)
    is_known = False
    if start is None and of_type in (SCHEDULED, SERIES):
        day = now + timedelta(days=14 - now.weekday()) if now else SOME_MONDAY
        yield _start_missing(of_type, timezone, _first_on_rule(day, attributes.get("recurrence"), pattern))
    if timezone is None:
        if of_type in (SCHEDULED, SERIES):
            yield from _zone_missing(start, is_series=of_type == SERIES)
    elif not (is_known := timezones.zone(timezone) is not None):
        yield zone_unknown(timezone)
    elif "GMT" in timezone or "/" not in timezone:
        yield from _zone_fixed(timezone)
    if start is None:
        return
    if not is_possible(start):
        yield impossible(start, _START)
    elif timezone is not None and is_known:
        yield from _at_clock_change(start, timezone, is_series=of_type == SERIES)


def is_possible(written: str) -> bool:
    """Return whether the calendar has that time; Python's first and last year do not count."""
    try:
        return 1 < timezones.parsed(written).year < 9999  # noqa: PLR2004 - those years
    except ValueError:
        return False


def impossible(written: str, path: tuple[str | int, ...]) -> UnlocatedDiagnostic:
    """Return the finding for a time that the calendar does not have."""
    return UnlocatedDiagnostic(
        path,
        "time.impossible",
        f"The calendar has no {written.partition('T')[0]}.",
        "Check the month and the day: a date is written as year, month, day.",
    )


def _first_on_rule(day: datetime, rule: recurrence.Rule | None, pattern: Pattern) -> datetime:
    """Return the first day from `day` on that the rule gives; `day` itself where it gives none."""
    days = (day + timedelta(days=number) for number in range(_NEAR_DAYS))
    fitting = (
        each for each in days if recurrence.is_on_rule(each, rule or {}) and is_in_pattern(each, pattern)
    )
    return next(fitting, day)


def _start_missing(of_type: int, timezone: str | None, day: datetime) -> UnlocatedDiagnostic:
    zone = "" if timezone else " and `timezone: Europe/Berlin`"
    name, instead = (
        ("A series (type 8)", " in place of the rule")
        if of_type == SERIES
        else ("A meeting at a fixed time (type 2)", "")
    )
    return UnlocatedDiagnostic(
        _START,
        "time.start-missing",
        f"{name} needs a start. Without one Zoom would start the meeting now.",
        f"Add `start_time: {day:%Y-%m-%d}T10:00:00`{zone}, or write `type: 3`{instead} for no fixed time.",
    )


def _zone_missing(start: str | None, *, is_series: bool) -> Iterator[UnlocatedDiagnostic]:
    if is_series:
        yield UnlocatedDiagnostic(
            _ZONE,
            "time.zone-missing",
            "A series keeps its local time. Without a zone Zoom would use the host's.",
            "Add the zone of the participants, such as `timezone: Europe/Berlin`.",
        )
    elif start is not None and not start.endswith("Z"):
        yield UnlocatedDiagnostic(
            _ZONE,
            "time.zone-missing",
            f"{start} is a local time. Without a zone Zoom would use the host's.",
            f"Add its zone, such as `timezone: Europe/Berlin`, or write UTC: `start_time: {start}Z`.",
        )


def zone_unknown(timezone: str, path: tuple[str | int, ...] = _ZONE) -> UnlocatedDiagnostic:
    """Return the finding about a name that is no zone, with the zone that is probably meant."""
    from reconciler.spec.rules.zone_names import similar  # noqa: PLC0415 - only for a name that is unknown

    return UnlocatedDiagnostic(
        path,
        "time.zone-unknown",
        f"`{timezone}` is not a name in the IANA time zone database.",
        suggestion(similar(timezone), "Write an IANA name, such as `Europe/Berlin` or `UTC`."),
    )


def _zone_fixed(timezone: str) -> Iterator[UnlocatedDiagnostic]:
    """Yield a finding about a zone that is an offset and no place."""
    from reconciler.spec.rules.zone_names import CITIES, fixed_offset  # noqa: PLC0415 - not for a city

    minutes = fixed_offset(timezone)
    cities = CITIES.get(minutes, ()) if minutes is not None else ()
    if minutes is None or not cities:
        return
    hours = f"UTC{'-' if minutes < 0 else '+'}{abs(minutes) // 60:02}:{abs(minutes) % 60:02}"
    reverse = " Its sign is the reverse of the usual one." if "/" in timezone else ""
    unchanged = f", or `{cities[1]}`, where clocks are never changed" if len(cities) > 1 else ""
    yield UnlocatedDiagnostic(
        _ZONE,
        "time.zone-fixed",
        f"`{timezone}` is {hours} all year, also while a city has summer time.{reverse}",
        f"Write the zone of a city, such as `{cities[0]}`{unchanged}.",
        Severity.WARNING,
    )


def _at_clock_change(start: str, timezone: str, *, is_series: bool) -> Iterator[UnlocatedDiagnostic]:
    repeated = timezones.repeated(start, timezone)
    if repeated < timedelta(0):
        yield skipped(start, timezone)
    elif repeated > timedelta(0):
        found = ambiguous(start, timezone)
        yield replace(found, hint="Start at another time, or on another day.") if is_series else found


def _local(moment: datetime, timezone: str) -> str:
    return moment.astimezone(timezones.zone(timezone)).strftime(_WRITTEN)


def skipped(start: str, timezone: str, path: tuple[str | int, ...] = _START) -> UnlocatedDiagnostic:
    """Return the finding about a local time that the zone skips, with the time that its clocks show then."""
    following = _local(timezones.instant(start, timezone), timezone)
    return UnlocatedDiagnostic(
        path,
        "time.skipped",
        f"Clocks in {timezone} skip {start} when they are set forward.",
        f"Write `start_time: {following}`, or another time.",
    )


def ambiguous(start: str, timezone: str, path: tuple[str | int, ...] = _START) -> UnlocatedDiagnostic:
    """Return the finding about a local time that the zone has twice, with the instant of the first."""
    first = timezones.instant(start, timezone).strftime(_WRITTEN + "Z")
    return UnlocatedDiagnostic(
        path,
        "time.ambiguous",
        f"Clocks in {timezone} repeat {start} when they are set back. The first of the two is {first}.",
        f"Write `start_time: {first}`, or another time.",
        Severity.WARNING,
    )
