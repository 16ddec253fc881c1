"""Whether a meeting that is to be created exists already, as far as a host's list can tell.

Pure. It closes the way by which a lost or older state would make a second
meeting: same topic and type, and the same zone and start where it has them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler.meeting import kind, series, start_at
from reconciler.recurrence import instant
from reconciler.wall_time import is_same_zone

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

    from reconciler.fields import Json

OCCURRENCES_MAX = 400
"""How many starts of a series are looked at: more than Zoom keeps of any."""


def find(
    attributes: Mapping[str, Json], listed: Iterable[Mapping[str, Json]], known: frozenset[int]
) -> Mapping[str, Json] | None:
    """The first listed meeting that is not `known` and could be the declared one; None: there is none."""
    starts = _starts(attributes)
    return next(
        (one for one in listed if one.get("id") not in known and _alike(attributes, starts, one)), None
    )


def listed_start(listed: Mapping[str, Json]) -> datetime | None:
    """When a listed or read meeting starts, aware, UTC; None where it has no fixed time."""
    start = listed.get("start_time")
    if not isinstance(start, str):
        return None
    try:
        return instant(start, listed.get("timezone") or "UTC")
    except (ValueError, TypeError):
        return None


def same_zone(attributes: Mapping[str, Json], listed: Mapping[str, Json]) -> bool:
    """Whether the zones agree, where both have one."""
    declared, stored = attributes.get("timezone"), listed.get("timezone")
    return not declared or not stored or is_same_zone(str(declared), str(stored))


def _alike(attributes: Mapping[str, Json], starts: frozenset[datetime], listed: Mapping[str, Json]) -> bool:
    if listed.get("topic") != attributes.get("topic") or listed.get("type") != kind(attributes):
        return False
    if not starts:
        return True
    return same_zone(attributes, listed) and listed_start(listed) in starts


def _starts(attributes: Mapping[str, Json]) -> frozenset[datetime]:
    repeated = series(attributes)
    if repeated is not None:
        every = repeated.occurrences()
        return frozenset(start for start, _ in zip(every, range(OCCURRENCES_MAX), strict=False))
    start = start_at(attributes)
    return frozenset() if start is None else frozenset({start})
