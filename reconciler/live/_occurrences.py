"""Occurrences of a series as Zoom lists them in a read."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from itertools import islice

from reconciler.meeting.recurrence import OCCURRENCES_MAX, Series
from reconciler.meeting.timezones import instant
from reconciler.ports import Json
from reconciler.state.stored_dates import rule_start

COMPARED_MAX = 60
"""Coming occurrences of a series that are compared. Zoom's documents name 50 and 60 as its maximum."""


def listed_starts(stored: Mapping[str, Json]) -> tuple[datetime, ...]:
    """Every listed start, as the rule gives it. Raises `ValueError` where one cannot be read."""
    starts = [_planned_at(occurrence) for occurrence in stored.get("occurrences") or ()]
    known = tuple(sorted(start for start in starts if start is not None))
    if len(known) != len(starts):
        raise ValueError("an occurrence has no readable start")
    return known


def coming_starts(stored: Mapping[str, Json], now: datetime) -> tuple[datetime, ...] | None:
    """The listed starts after `now`; None where the list may be incomplete."""
    listed = stored.get("occurrences")
    if not isinstance(listed, list) or len(listed) >= OCCURRENCES_MAX:  # a list of that length may be cut
        return None
    try:
        return tuple(start for start in listed_starts(stored) if start > now)
    except ValueError:
        return None


def is_longer(whole: Series) -> bool:
    """Whether a series has more dates than Zoom keeps, which are its first ones."""
    return whole.occurrence(OCCURRENCES_MAX) is not None


def compared_starts(series: Series, now: datetime) -> tuple[datetime, ...]:
    """The occurrences of a series after `now`, as many as are compared."""
    return tuple(islice(series.coming(now), COMPARED_MAX))


def first_start(stored: Mapping[str, Json]) -> datetime | None:
    """The first listed start, as the rule gives it; None where none can be read."""
    starts = (_planned_at(occurrence) for occurrence in stored.get("occurrences") or ())
    return min((start for start in starts if start is not None), default=None)


def last_start(stored: Mapping[str, Json]) -> datetime | None:
    """The last listed start; None where none can be read."""
    starts = (_planned_at(occurrence) for occurrence in stored.get("occurrences") or ())
    return max((start for start in starts if start is not None), default=None)


def parse_utc(start_time: Json) -> datetime | None:
    """The instant that the API wrote; None where it cannot be read."""
    try:
        return instant(start_time, "UTC")
    except (TypeError, ValueError):
        return None


def _planned_at(occurrence: Json) -> datetime | None:
    """The start that the rule gives the occurrence: its id, in milliseconds, or else its start."""
    by_id = rule_start(occurrence)
    if by_id is not None:
        return by_id
    return parse_utc(occurrence.get("start_time")) if isinstance(occurrence, Mapping) else None
