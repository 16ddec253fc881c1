"""A start with an offset from UTC, which the API does not take: it must agree with the meeting's zone."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, tzinfo

from reconciler.errors.diagnostic import UnlocatedDiagnostic
from reconciler.meeting import timezones
from reconciler.spec.rules.zone_names import CITIES

ZONE_MISSING = "time.zone-missing"

_START = ("start_time",)
_LENGTH_MAX_MINUTES = 180
_WALL, _UTC = "%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M:%SZ"


def without_offset(
    start: str, timezone: str | None, *, is_series: bool
) -> tuple[str, UnlocatedDiagnostic | None]:
    """Return a start with an offset as wall time in the zone, and the finding where the two differ.

    Of a wall time that occurs twice, the offset says which one: the later one is returned in UTC. A series
    needs a zone for a start in UTC too.
    """
    try:
        moment = timezones.parsed(start)
        moment.astimezone(UTC)
    except (OverflowError, ValueError):
        return start[:-6], None  # the rules for times report it
    wall = moment.replace(tzinfo=None)
    zone = timezones.zone(timezone) if timezone else None
    if timezone is None:
        return f"{moment.astimezone(UTC):{_UTC}}", _zone_missing(moment, is_series=is_series)
    if zone is None or moment.utcoffset() == zone.utcoffset(wall):
        return wall.isoformat(), None
    if moment.utcoffset() == zone.utcoffset(wall.replace(fold=1)):
        return f"{moment.astimezone(UTC):{_UTC}}", None
    return wall.isoformat(), _differs(start, moment, timezone, zone)


def _zone_missing(moment: datetime, *, is_series: bool) -> UnlocatedDiagnostic:
    fitting = next(_zones_at(moment), None) if moment.utcoffset() else None
    named = f"Add the zone, such as `timezone: {fitting}`, or write" if fitting else "Write"
    return UnlocatedDiagnostic(
        _START,
        ZONE_MISSING,
        "Zoom takes no offset: a time is in UTC, or local in a zone.",
        f"Add the zone of the participants, such as `timezone: {fitting or 'UTC'}`."
        if is_series
        else f"{named} UTC: `start_time: {moment.astimezone(UTC):{_UTC}}`.",
    )


def _zones_at(moment: datetime) -> Iterator[str]:
    """Yield zones of cities that have the offset of a time at that time; first those that change clocks."""
    offset = moment.utcoffset()
    assert offset is not None, "the time has an offset"
    minutes = int(offset.total_seconds()) // 60
    winter, summer = CITIES.get(minutes, ()), CITIES.get(minutes - 60, ())
    for name in (*winter[:1], *summer[:1], *winter[1:]):
        zone = timezones.zone(name)
        if zone is not None and zone.utcoffset(moment.replace(tzinfo=None)) == offset:
            yield name


def _end_in_its_place(moment: datetime, wall: datetime) -> str:
    """Return the hint for an offset that is probably the end of the meeting, as in `10:00-11:00`."""
    end_at = -(moment.utcoffset() or timedelta()) // timedelta(minutes=1)
    # It may end after midnight.
    minutes = (end_at - 60 * wall.hour - wall.minute) % (24 * 60) if end_at > 0 else 0
    if not 0 < minutes <= _LENGTH_MAX_MINUTES:
        return ""
    end = wall + timedelta(minutes=minutes)
    return f" If it ends at {end:%H:%M}, write `start_time: {wall:{_WALL}}` and `duration: {minutes}m`."


def _differs(start: str, moment: datetime, timezone: str, zone: tzinfo) -> UnlocatedDiagnostic:
    local = moment.astimezone(zone)
    wall = moment.replace(tzinfo=None)
    return UnlocatedDiagnostic(
        _START,
        "time.offset",
        f"The offset of {start} is {_words(moment.utcoffset())}, but that of {timezone} is "
        f"{_words(zone.utcoffset(wall))} at this time.",
        f"Write `start_time: {local:{_WALL}}` for this instant, "
        f"or `start_time: {wall:{_WALL}}` for {wall:%H:%M} in {timezone}.{_end_in_its_place(moment, wall)}",
    )


def _words(offset: timedelta | None) -> str:
    assert offset is not None, "the time and the zone have an offset"
    total = int(offset.total_seconds()) // 60
    hours, rest = divmod(abs(total), 60)
    return f"{'-' if total < 0 else '+'}{hours:02}:{rest:02}"
