"""The time zones of Zoom's own list, as of 2021.

It may have grown, so it is only a remedy for a zone that Zoom refused; nothing is refused by it.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from reconciler import resources
from reconciler.meeting import timezones
from reconciler.meeting.timezones import ClockChange, clock_changes, known_zone

YEARS = 5
"""Years from now on in which zones with the same rules agree."""


def listed() -> tuple[str, ...]:
    """Return the names in Zoom's list, sorted."""
    return tuple(resources.read("api/zones.txt").decode().split())


def with_same_rules(name: str, now: datetime) -> tuple[str, ...]:
    """Return the zones of Zoom's list whose clocks go as those of `name` from now on.

    Other names of the same zone come first, then zones of the same region; the name itself, which Zoom
    refused, is left out.
    """
    if timezones.zone(name) is None:
        return ()
    found = (each for each in _known() if each != name and _go_alike(each, name, now))
    region = name.partition("/")[0]

    def distance(each: str) -> tuple[bool, bool, str]:
        return not timezones.is_same_zone(name, each), each.partition("/")[0] != region, each

    return tuple(sorted(found, key=distance))


def _known() -> Iterator[str]:
    return (each for each in listed() if timezones.zone(each))


def _go_alike(one: str, other: str, now: datetime) -> bool:
    offsets = {now.astimezone(known_zone(name)).utcoffset() for name in (one, other)}
    return len(offsets) == 1 and _coming_changes(one, now) == _coming_changes(other, now)


def _coming_changes(name: str, now: datetime) -> list[ClockChange]:
    local = timezones.in_zone(now, known_zone(name))
    years = range(now.year, now.year + YEARS)
    return [change for year in years for change in clock_changes(name, year) if change.before > local]
