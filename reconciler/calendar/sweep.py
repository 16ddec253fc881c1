"""The sweep over the dates of one host, in order of time.

A date is one whole number, its start and the number of its run, so that half a million of them sort fast.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from heapq import heappop, heappush

from msgspec import Struct

from reconciler.calendar.expansion import Expansion
from reconciler.meeting.meeting import Meeting
from reconciler.spec.settings import Capacity

LOOKS_MAX = 1_000_000
"""Looks at a meeting that still runs when another begins: after so many, a host has clashes enough."""

OVERLAPS_MAX = 10_000
"""Different clashes of one host that are counted."""

Occupied = tuple[list[int], list[int]]
"""The spans in which a host can run nothing more: their starts and their ends, in order."""


class Run(Struct, frozen=True):
    """Dates of one length: their starts, in seconds."""

    starts: Sequence[int]
    length: int


class Timeline(Struct, frozen=True, eq=False):
    """The dates of one meeting, in runs of one length; `is_declared` is False if it is only recorded."""

    key: str
    is_declared: bool
    runs: tuple[Run, ...]

    @classmethod
    def of(cls, meeting: Meeting, expansions: Iterable[Expansion | None]) -> Timeline:
        """Return the dates of a meeting; a room has an expansion for each of its slots."""
        runs: list[Run] = []
        for each in expansions:
            if each is None:
                continue
            if each.starts:
                runs.append(Run(each.starts, each.length))
            runs += [Run((own.start,), own.length) for own in each.own]
        return cls(meeting.key, bool(meeting.filename), tuple(runs))

    @property
    def count(self) -> int:
        """The number of its dates."""
        return sum(len(run.starts) for run in self.runs)

    def dates(self) -> Iterator[tuple[int, int]]:
        """Yield the start and the length of each date."""
        for run in self.runs:
            for start in run.starts:
                yield start, run.length


class Overlap(Struct, frozen=True):
    """Meetings that run at one time: when for the first time, and how often."""

    timelines: tuple[Timeline, ...]
    first: int
    count: int


class Swept(Struct, frozen=True):
    """The overlaps of one host, each set once; `is_complete` is False where there are too many to look at."""

    found: list[Overlap]
    is_complete: bool


_Event = tuple[int, int, int]
"""The beginning of a date: its start, its end with the buffer, and the number of its timeline."""

_NEVER = 1 << 60
_AFTER_ALL = (_NEVER, _NEVER, -1)


def overlaps(timelines: Sequence[Timeline], capacity: Capacity) -> Swept:
    """Return the sets of meetings that are more than the capacity, in order of their first time."""
    found: dict[tuple[int, ...], list[int]] = {}
    sets = _pairs if capacity.meetings == 1 else _largest_sets
    is_complete = True
    for instant, members in sets(_events(timelines, capacity), capacity.meetings):
        if members is None:
            is_complete = False
            break
        seen = found.get(members)
        if seen is not None:
            seen[1] += 1
        elif len(found) < OVERLAPS_MAX:
            found[members] = [instant, 1]
        else:
            is_complete = False
            break
    listed = [
        Overlap(tuple(timelines[each] for each in members), first, count)
        for members, (first, count) in found.items()
    ]
    return Swept(listed, is_complete)


_Sets = Iterator[tuple[int, tuple[int, ...] | None]]
"""Sets of timelines, each with the instant at which its last date begins; None: too many to look at."""


def _events(timelines: Sequence[Timeline], capacity: Capacity) -> Iterator[_Event]:
    """Return the dates of all timelines in order; none that lasts no time."""
    buffer = capacity.buffer_minutes * 60
    runs = [
        (each, run, run.length + buffer)
        for each, timeline in enumerate(timelines)
        for run in timeline.runs
        if run.length + buffer
    ]
    factor = len(runs) + 1
    order = sorted(start * factor + number for number, (_, run, _) in enumerate(runs) for start in run.starts)
    owners = [each for each, _, _ in runs]
    lengths = [length for _, _, length in runs]
    starts, numbers = [event // factor for event in order], [event % factor for event in order]
    ends = (start + lengths[number] for start, number in zip(starts, numbers, strict=True))
    return zip(starts, ends, (owners[number] for number in numbers), strict=True)


def _pairs(events: Iterable[_Event], _: int) -> _Sets:
    running: list[tuple[int, int]] = []
    latest, looks = 0, 0
    for start, end, timeline in events:
        if start >= latest:
            running.clear()
            latest = end
        else:
            running = [one for one in running if one[0] > start]
            latest = max(latest, end)
            looks += len(running)
            if looks > LOOKS_MAX:
                yield start, None
                return
            for _, other in running:
                if other != timeline:
                    yield start, (other, timeline) if other < timeline else (timeline, other)
        running.append((end, timeline))


def _largest_sets(events: Iterable[_Event], capacity: int) -> _Sets:
    running: list[tuple[int, int]] = []  # a heap by end
    dates = Counter[int]()  # that run at once, by timeline
    begun, looks, has_grown = 0, 0, False
    for start, end, timeline in (*events, _AFTER_ALL):
        while running and running[0][0] <= start:
            ended = heappop(running)[1]
            if dates[ended] == 1 and has_grown and len(dates) > capacity:
                looks += len(dates)
                yield begun, tuple(sorted(dates)) if looks <= LOOKS_MAX else None
            has_grown = has_grown and dates[ended] > 1
            _take_one(dates, ended)
        heappush(running, (end, timeline))
        if timeline not in dates:
            begun, has_grown = start, True
        dates[timeline] += 1


def _take_one(dates: Counter[int], timeline: int) -> None:
    dates[timeline] -= 1
    if not dates[timeline]:
        del dates[timeline]


def full_spans(timelines: Sequence[Timeline], capacity: Capacity) -> Occupied:
    """Return the spans in which a host runs as much as it can, its buffer included."""
    starts: list[int] = []
    ends: list[int] = []
    running: list[tuple[int, int]] = []
    dates = Counter[int]()
    for start, end, timeline in (*_events(timelines, capacity), _AFTER_ALL):
        while running and running[0][0] <= start:
            last, ended = heappop(running)
            _take_one(dates, ended)
            if len(dates) < capacity.meetings and len(ends) < len(starts):
                ends.append(last)
        heappush(running, (end, timeline))
        dates[timeline] += 1
        if len(dates) >= capacity.meetings and len(ends) == len(starts) and timeline >= 0:
            starts.append(start)
    return starts, ends
