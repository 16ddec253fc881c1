"""Instants from what people write: a UTC time, or a wall time in a zone.

It must never guess a zone, and never open a file that a hostile zone name leads to.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import cache, lru_cache
from pkgutil import get_data
from zoneinfo import ZoneInfo


@cache
def zones() -> frozenset[str]:
    """Every IANA zone name that the tzdata package knows, in its own spelling."""
    # Not importlib.resources: its import costs more than all else that `validate` does at start.
    listed = get_data("tzdata", "zones")
    assert listed is not None  # tzdata is a dependency, and has carried this list since its first release
    return frozenset(listed.decode().split())


@lru_cache(maxsize=1024)
def zone(name: str) -> ZoneInfo | None:
    """The IANA zone of that name, spelled as IANA spells it; None where there is none."""
    # A known name only: ZoneInfo opens files by name, and on some systems whatever their case.
    return ZoneInfo(name) if name in zones() else None


def known_zone(timezone: str | None) -> ZoneInfo:
    """The IANA zone of that name; raises `ValueError` where there is none."""
    where = zone(timezone) if timezone else None
    if where is None:
        message = f"a wall time needs an IANA zone, and {timezone!r} is none"
        raise ValueError(message)
    return where


@lru_cache(maxsize=1024)
def is_same_zone(one: str, other: str) -> bool:
    """Whether both names are of one zone: Asia/Kolkata was Asia/Calcutta once, and both are in use."""
    if one.casefold() == other.casefold():
        return True
    return {one, other} <= zones() and _rules(one) == _rules(other)


def _rules(name: str) -> bytes | None:
    # A zone's other names are files with the same bytes.
    return get_data("tzdata", f"zoneinfo/{name}")


def parsed(start_time: str) -> datetime:
    """The written time, aware where it names an offset, else naive. Raises `ValueError`."""
    if start_time[11:13] == "24":  # Python 3.13 began to read it as the next day's midnight
        message = "the hour goes from 00 to 23"
        raise ValueError(message)
    return datetime.fromisoformat(start_time)


def instant(start_time: str, timezone: str | None) -> datetime:
    """The instant of a written time, aware, UTC.

    A time with a `Z` is UTC; any other is wall time in `timezone`. A wall time that the zone
    skips is moved forward by what is skipped; one that occurs twice is its first.
    Raises `ValueError` where the time is in no calendar, or needs a zone and there is none.
    """
    moment = parsed(start_time)
    if moment.tzinfo is UTC:
        return moment
    try:
        return moment.astimezone(UTC) if moment.tzinfo else in_utc(moment, known_zone(timezone))
    except OverflowError as overflow:
        message = f"{start_time} is too near the end of the calendar"
        raise ValueError(message) from overflow


def in_utc(wall: datetime, where: ZoneInfo) -> datetime:
    """The instant of a naive wall time in a zone, aware, UTC."""
    return wall.replace(tzinfo=where).astimezone(UTC)


def in_zone(moment: datetime, where: ZoneInfo) -> datetime:
    """The naive wall time that clocks in a zone show at an aware instant."""
    return moment.astimezone(where).replace(tzinfo=None, fold=0)


def is_skipped(start_time: str, timezone: str) -> bool:
    """Whether clocks in `timezone` never show that wall time; a UTC time is never skipped."""
    return _repeats(start_time, timezone) < timedelta(0)


def is_ambiguous(start_time: str, timezone: str) -> bool:
    """Whether clocks in `timezone` show that wall time twice; a UTC time is never ambiguous."""
    return _repeats(start_time, timezone) > timedelta(0)


@lru_cache(maxsize=1024)
def has_summer_time(timezone: str, year: int) -> bool:
    """Whether clocks in `timezone` are put forward or back within that year."""
    # Every tenth day: the shortest change in use, Morocco's during Ramadan, lasts a month.
    where, first = known_zone(timezone), datetime(year, 1, 1)  # noqa: DTZ001 - a wall time
    days = (first + timedelta(days=day) for day in range(0, 365, 10))
    return len({where.utcoffset(day) for day in days}) > 1


def _repeats(start_time: str, timezone: str) -> timedelta:
    """By how much clocks go back over that wall time; negative where they skip it."""
    moment = parsed(start_time)
    if moment.tzinfo:
        return timedelta(0)
    where = known_zone(timezone)
    before, after = where.utcoffset(moment), where.utcoffset(moment.replace(fold=1))
    assert before is not None  # a ZoneInfo always answers
    assert after is not None
    return before - after
