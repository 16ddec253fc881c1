"""Clashes: meetings of one host that are more at one time than it can run, and hosts that are free.

One sweep for each host, over all its dates in order of time. With a capacity of 1 a clash is a pair of
meetings; above, a set that runs at one instant and is not part of a larger one. Spans are half-open.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from datetime import datetime
from functools import cache

from msgspec import Struct

from reconciler.calendar.dates import held
from reconciler.calendar.expansion import expand
from reconciler.calendar.hosts import Hosts
from reconciler.calendar.offsets import moment_of, seconds_of
from reconciler.calendar.sweep import Occupied, Overlap, Timeline, full_spans, overlaps
from reconciler.meeting.meeting import Meeting
from reconciler.spec.settings import Capacity
from reconciler.spec.yaml.document import collector_off
from reconciler.state.state import owner

CLASHES_MAX = 100
"""Clashes of one host that are looked at; the others are counted."""


class Clash(Struct, frozen=True):
    """Meetings that one host cannot run as they are declared, sorted by key.

    `first_at` is the first instant at which they are too many, or too close to each other, `dates` how often
    that happens in the window. `free_hosts` are hosts of the same pool that are free on all dates of
    `movable`, the meeting that is best moved; None where the host is in no pool, or alone in it.
    """

    host: str
    capacity: Capacity
    keys: tuple[str, ...]
    first_at: datetime
    dates: int
    movable: str
    free_hosts: tuple[str, ...] | None


class HostClashes(Struct, frozen=True):
    """The first clashes of a host, and how many more there are: or at least so many, if not `is_complete`."""

    found: tuple[Clash, ...]
    more: int = 0
    is_complete: bool = True


def clashes(
    meetings: Iterable[Meeting], start: datetime, end: datetime, hosts: Hosts, most: int = CLASHES_MAX
) -> list[HostClashes]:
    """Return the clashes between two aware instants of each host that has any.

    `most` of a host are looked at, in order of time.
    """
    with collector_off():
        return _Bookings(meetings, start, end, hosts).clashes(most)


class _Bookings:
    """What each host has to run."""

    def __init__(self, meetings: Iterable[Meeting], start: datetime, end: datetime, hosts: Hosts) -> None:
        self._hosts = hosts
        self._names: dict[str, str] = {}
        self._timelines: dict[str, list[Timeline]] = {}
        self._full: dict[str, Occupied] = {}
        first, last = seconds_of(start), seconds_of(end)
        name_of = cache(hosts.name_of)
        for meeting in meetings:
            timeline = Timeline.of(meeting, [expand(each, first, last) for each in held(meeting)])
            if timeline.runs:
                host = owner(meeting.attributes, meeting.host)
                name = name_of(host)
                self._names.setdefault(name, host)
                self._timelines.setdefault(name, []).append(timeline)

    def clashes(self, most: int) -> list[HostClashes]:
        """Return the clashes of each host that has any, in order of their first one."""
        found = [
            self._clashes_of(name, timelines, most)
            for name, timelines in self._timelines.items()
            if len(timelines) > self._hosts.capacity_of(name).meetings
        ]
        return sorted((each for each in found if each.found), key=lambda each: each.found[0].first_at)

    def _clashes_of(self, name: str, timelines: Sequence[Timeline], most: int) -> HostClashes:
        capacity = self._hosts.capacity_of(name)
        swept = overlaps(timelines, capacity)
        chosen = sorted(swept.found, key=lambda each: (each.first, _keys(each)))[:most]
        if not swept.is_complete:  # the dates of the chosen ones are still to be counted
            chosen = [_recounted(each, capacity) for each in chosen]
        found = tuple(self._clash(name, capacity, each) for each in chosen)
        return HostClashes(found, len(swept.found) - len(found), swept.is_complete)

    def _clash(self, name: str, capacity: Capacity, overlap: Overlap) -> Clash:
        movable, free = self._movable(name, overlap)
        return Clash(
            host=self._names[name],
            capacity=capacity,
            keys=_keys(overlap),
            first_at=moment_of(overlap.first),
            dates=overlap.count,
            movable=movable.key,
            free_hosts=free,
        )

    def _movable(self, name: str, overlap: Overlap) -> tuple[Timeline, tuple[str, ...] | None]:
        """Return the meeting that is best moved, and where to.

        A declared one with few dates comes first; if no host is free for it, one for which a host is.
        """
        by_effort = sorted(overlap.timelines, key=lambda each: (not each.is_declared, each.count, each.key))
        others = self._hosts.others_in_pool(name)
        if others is None:
            return by_effort[0], None
        for timeline in by_effort:
            free = tuple(other for other in others if self._is_free(other, timeline))
            if free:
                return timeline, free
        return by_effort[0], ()

    def _is_free(self, host: str, timeline: Timeline) -> bool:
        """Return whether a host can run all dates of a meeting beside its own."""
        name = self._hosts.name_of(host)
        capacity = self._hosts.capacity_of(host)
        if name not in self._full:
            self._full[name] = full_spans(self._timelines.get(name, ()), capacity)
        buffer = capacity.buffer_minutes * 60
        starts, ends = self._full[name]
        for start, length in timeline.dates():
            place = bisect_right(ends, start)
            if length + buffer and place < len(starts) and starts[place] < start + length + buffer:
                return False
        return True


def _keys(overlap: Overlap) -> tuple[str, ...]:
    return tuple(sorted(each.key for each in overlap.timelines))


def _recounted(overlap: Overlap, capacity: Capacity) -> Overlap:
    own = overlaps(overlap.timelines, capacity).found
    return next((each for each in own if len(each.timelines) == len(overlap.timelines)), overlap)
