"""Single dates that clash, for a calendar that marks them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta

from reconciler.calendar.clashes import Clash
from reconciler.calendar.dates import CalendarDate

Marks = Mapping[tuple[str, datetime], frozenset[str]]
"""The keys with which a date clashes, by its own key and its start."""


def marks(clashes: Iterable[Clash], dates: Iterable[CalendarDate]) -> Marks:
    """Return the clashing ones of the `dates`, which hold all dates of the clashing meetings."""
    by_key: dict[str, list[CalendarDate]] = {}
    for each in dates:
        by_key.setdefault(each.key, []).append(each)
    found: dict[tuple[str, datetime], set[str]] = {}
    for clash in clashes:
        buffer = timedelta(minutes=clash.capacity.buffer_minutes)
        held = sorted(one for key in clash.keys for one in by_key.get(key, ()))
        for group in _groups(held, buffer, clash.capacity.meetings):
            keys = {each.key for each in group}
            for each in group:
                found.setdefault((each.key, each.start_at), set()).update(keys - {each.key})
    return {date: frozenset(keys) for date, keys in found.items()}


def _groups(held: Sequence[CalendarDate], buffer: timedelta, most: int) -> Iterator[list[CalendarDate]]:
    """Yield the dates that run at one instant, with buffers, if they are of more than `most` meetings."""
    running: list[CalendarDate] = []
    for each in held:
        running = [one for one in running if one.end_at + buffer > each.start_at]
        running.append(each)
        if len({one.key for one in running}) > most:
            yield list(running)
