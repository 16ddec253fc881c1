"""Instants from written times: a UTC time, or a wall time in a zone.

A zone is never guessed, and a name that is not in the IANA database is never used as a file name. The rules
of a zone are those of the tzdata package on every machine, never those of the system.
"""

from __future__ import annotations

import re
from datetime import MAXYEAR, MINYEAR, UTC, date, datetime, timedelta
from functools import cache, lru_cache
from importlib import import_module
from io import BytesIO
from itertools import pairwise
from pkgutil import get_data
from zoneinfo import ZoneInfo

from msgspec import Struct

_WRITTEN = re.compile(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2})(?:T| +)([0-9]{2}:[0-9]{2})(:[0-9]{2})? *(Z|[+-][0-9]{2}:[0-9]{2})?"
)

_INSTANT = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,9})?Z")

_SEPARATORS = ("T", " ", "")

_STARTS_MAX = 65_536
"""Starts that are kept as they were read: rules, plan and calendar ask for those of all meetings in turn."""

Zone = ZoneInfo
"""The type of a zone; only this module opens one."""


@cache
def zones() -> frozenset[str]:
    """Return every IANA zone name in the tzdata package."""
    # Not importlib.resources: its import costs more than the rest of the start of `validate`.
    listed = get_data("tzdata", "zones")
    assert listed is not None  # tzdata is a dependency, and has contained this list since its first release
    return frozenset(listed.decode().split())


@lru_cache(maxsize=1024)
def zone(name: str) -> ZoneInfo | None:
    """Return the IANA zone with exactly this name; None if there is none."""
    # Only a known name: files are opened by name, on some systems ignoring case.
    if name not in zones():
        return None
    # Not `ZoneInfo(name)`: it prefers the rules of the system, so that two machines would judge differently.
    return ZoneInfo.from_file(BytesIO(_rules(name)), key=name)


def release() -> str:
    """Return the release of the zone rules: `2026a`."""
    # Not an import statement: the package has no types.
    return str(import_module("tzdata").IANA_VERSION)


def known_zone(timezone: str | None) -> ZoneInfo:
    """Return the IANA zone with this name. Raise `ValueError` if there is none."""
    known = zone(timezone) if timezone else None
    if known is None:
        message = f"a wall time needs an IANA zone, and {timezone!r} is none"
        raise ValueError(message)
    return known


@lru_cache(maxsize=1024)
def is_same_zone(name: str, other: str) -> bool:
    """Return whether both are names of the same zone, such as Asia/Kolkata and its old name Asia/Calcutta."""
    if name.casefold() == other.casefold():
        return True
    return {name, other} <= zones() and _rules(name) == _rules(other)


def _rules(name: str) -> bytes:
    # The other names of a zone are files with the same bytes.
    rules = get_data("tzdata", f"zoneinfo/{name}")
    assert rules is not None  # the package has a file for each name that it lists
    return rules


@lru_cache(maxsize=_STARTS_MAX)
def parsed(start_time: str) -> datetime:
    """Return the written time, aware if it has an offset, otherwise naive. Raise `ValueError`."""
    if start_time[11:13] == "24":  # since Python 3.13 it is midnight of the next day
        message = "the hour goes from 00 to 23"
        raise ValueError(message)
    if start_time[10:11] not in _SEPARATORS:  # Python takes any character
        message = "between day and time there is a `T` or a space"
        raise ValueError(message)
    return datetime.fromisoformat(start_time)


def is_instant(written: str) -> bool:
    """Return whether a text is an instant in UTC that can be converted to any zone."""
    try:
        return _INSTANT.fullmatch(written) is not None and is_within_bounds(parsed(written))
    except ValueError:
        return False


def is_within_bounds(moment: datetime) -> bool:
    """Return whether a moment can be converted to another zone: one of the first or last year may not."""
    return MINYEAR < moment.year < MAXYEAR


def in_api_form(written: str) -> str:
    """Return a written time with `T` and seconds: `2027-01-11T10:00:00`, with `Z` or an offset if it has one.

    A text that is no time comes back unchanged.
    """
    match = _WRITTEN.fullmatch(written)
    if match is None:
        return written
    day, minute, second, offset = match.groups()
    return f"{day}T{minute}{second or ':00'}{offset or ''}"


@lru_cache(maxsize=_STARTS_MAX)
def instant(start_time: str, timezone: str | None) -> datetime:
    """Return the instant of a written time, aware, in UTC.

    A time with a `Z` is in UTC; any other is wall time in `timezone`. A wall time that the zone skips is
    moved forward by the length of the gap; of one that occurs twice, the first is used. Raise `ValueError` if
    the time does not exist in the calendar, or needs a zone and there is none.
    """
    moment = parsed(start_time)
    if moment.tzinfo is UTC:
        return moment
    try:
        return moment.astimezone(UTC) if moment.tzinfo else in_utc(moment, known_zone(timezone))
    except OverflowError as overflow:
        message = f"{start_time} is too close to the end of the calendar"
        raise ValueError(message) from overflow


@lru_cache(maxsize=_STARTS_MAX)
def anchor(start_time: str, timezone: str | None) -> tuple[datetime, datetime]:
    """Return the start of a series as naive wall time in its zone, and as an instant; raises as `instant`."""
    moment, known = parsed(start_time), known_zone(timezone)
    if moment.tzinfo is None:
        return moment, instant(start_time, timezone)
    return in_zone(moment, known), instant(start_time, timezone)


def in_utc(wall: datetime, zone: ZoneInfo) -> datetime:
    """Return the instant of a naive wall time in a zone, aware, in UTC."""
    # Not `wall.replace(tzinfo=zone)`, which takes twice as long: plans convert every date of a series.
    return datetime.combine(wall, wall.time(), zone).astimezone(UTC)


def utc_text(moment: datetime) -> str:
    """Return an aware instant as the API writes it: `2027-01-11T09:00:00Z`."""
    # Not strftime: it writes a year before 1000 without its zeros on some systems.
    return moment.astimezone(UTC).isoformat(timespec="seconds").removesuffix("+00:00") + "Z"


def in_zone(moment: datetime, zone: ZoneInfo) -> datetime:
    """Return the naive wall time in a zone at an aware instant."""
    return moment.astimezone(zone).replace(tzinfo=None, fold=0)


def local_day(moment: datetime, zone: ZoneInfo) -> date:
    """Return the day of the calendar in a zone at an aware instant."""
    return moment.astimezone(zone).date()


def is_skipped(start_time: str, timezone: str) -> bool:
    """Return whether clocks in `timezone` skip that wall time; a UTC time is never skipped."""
    return repeated(start_time, timezone) < timedelta(0)


def is_ambiguous(start_time: str, timezone: str) -> bool:
    """Return whether that wall time occurs twice in `timezone`; a UTC time is never ambiguous."""
    return repeated(start_time, timezone) > timedelta(0)


def repeated(start_time: str, timezone: str) -> timedelta:
    """Return the time that clocks are set back over that wall time; negative if they skip it."""
    moment, known = parsed(start_time), known_zone(timezone)
    # Near New Year, the year of a change in UTC may be another one.
    is_of_year = (1, 2) < (moment.month, moment.day) < (12, 30)
    if moment.tzinfo or (is_of_year and moment.hour not in _changing_hours(timezone, moment.year)):
        return timedelta(0)
    before, after = known.utcoffset(moment), known.utcoffset(moment.replace(fold=1))
    assert before is not None  # a ZoneInfo always answers
    assert after is not None
    return before - after


class ClockChange(Struct, frozen=True):
    """A change of the clocks: the naive wall time up to which they go, and the one from which they go on."""

    before: datetime
    after: datetime

    def skips(self, wall: datetime) -> bool:
        """Return whether the clocks skip a naive wall time."""
        return self.before <= wall < self.after


@lru_cache(maxsize=4096)
def clock_changes(timezone: str, year: int) -> tuple[ClockChange, ...]:
    """Return the changes of the clocks in `timezone` within a year (in UTC), in order."""
    # Every week: the shortest period in use, Morocco's during Ramadan, lasts a month.
    known, first = known_zone(timezone), datetime(year, 1, 1, tzinfo=UTC)
    weeks = [first + timedelta(days=7 * week) for week in range(53)] + [first.replace(year=year + 1)]
    return tuple(
        _change_between(known, since, until)
        for since, until in pairwise(weeks)
        if since.astimezone(known).utcoffset() != until.astimezone(known).utcoffset()
    )


@lru_cache(maxsize=4096)
def _changing_hours(timezone: str, year: int) -> frozenset[int]:
    """Return the hours of which clocks skip or repeat a part in a year (in UTC)."""
    spans = (sorted((each.before, each.after)) for each in clock_changes(timezone, year))
    minute = timedelta(minutes=1)
    return frozenset(
        (first + number * minute).hour
        for first, last in spans
        for number in range((last - first) // minute + 1)
    )


def _change_between(known: ZoneInfo, since: datetime, until: datetime) -> ClockChange:
    before, second = since.astimezone(known).utcoffset(), timedelta(seconds=1)
    while until - since > second:
        middle = since + (until - since) // second // 2 * second
        if middle.astimezone(known).utcoffset() == before:
            since = middle
        else:
            until = middle
    return ClockChange(in_zone(since, known) + second, in_zone(until, known))
