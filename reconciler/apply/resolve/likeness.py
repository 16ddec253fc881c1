"""Tells whether a meeting in Zoom can be one that was sent, by the facts that Zoom does not change freely.

Zoom trims a topic, turns a meeting into one on the host's personal id (type 4), and drops the seconds of a
start. Such differences do not make it another meeting. A fact that Zoom does not name is not compared.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from itertools import islice

from reconciler.meeting.meeting import NO_FIXED_TIME, PERSONAL, SCHEDULED, kind, series, start_at
from reconciler.meeting.timezones import instant, is_same_zone
from reconciler.ports import Json

STARTS_MAX = 400
"""Starts of a series that are compared: more than Zoom keeps of any series."""

TOPIC_CHARACTERS_MAX = 200
"""Characters of a topic that Zoom keeps."""


def other_facts(sent: Mapping[str, Json], stored: Mapping[str, Json]) -> tuple[str, ...]:
    """Return the facts of a create body that `stored` contradicts: of `topic`, `type` and `start_time`."""
    likenesses = {
        "topic": not stored.get("topic") or has_topic(sent, stored),
        "type": stored.get("type") is None or has_type(sent, stored),
        "start_time": has_start(stored, declared_starts(sent)) is not False,
    }
    return tuple(name for name, alike in likenesses.items() if not alike)


def has_topic(wanted: Mapping[str, Json], stored: Mapping[str, Json]) -> bool:
    """Return whether the topics are equal: trimmed, with single spaces, cut where Zoom cuts them."""
    return _topic(wanted.get("topic")) == _topic(stored.get("topic"))


def has_type(wanted: Mapping[str, Json], stored: Mapping[str, Json]) -> bool:
    """Return whether the types are equal; a meeting on the personal id may be of either single type."""
    found, declared = stored.get("type"), kind(wanted)
    return found == declared or (found == PERSONAL and declared in {SCHEDULED, NO_FIXED_TIME})


def has_start(stored: Mapping[str, Json], starts: Iterable[datetime]) -> bool | None:
    """Return whether the meeting starts in the minute of one of `starts`; None if a side has no start.

    Of `starts` it takes no more than it needs: of a series, the first one most often.
    """
    start = listed_start(stored)
    if start is None:
        return None
    minute, has_any = _minute(start), None
    for each in starts:
        if _minute(each) == minute:
            return True
        has_any = False
    return has_any


def declared_starts(attributes: Mapping[str, Json]) -> Iterator[datetime]:
    """Yield the starts that a meeting may have in Zoom: of a series each of its first dates, in order."""
    declared = series(attributes)
    if declared is not None:
        yield from islice(declared.occurrences(), STARTS_MAX)
    elif (start := start_at(attributes)) is not None:
        yield start


def listed_start(listed: Mapping[str, Json]) -> datetime | None:
    """Return the start of a listed or read meeting, aware, UTC; None where it has no fixed time."""
    start = listed.get("start_time")
    if not isinstance(start, str):
        return None
    try:
        return instant(start, listed.get("timezone") or "UTC")
    except (ValueError, TypeError):
        return None


def same_zone(attributes: Mapping[str, Json], listed: Mapping[str, Json]) -> bool:
    """Return whether the time zones agree, where both have one."""
    declared, stored = attributes.get("timezone"), listed.get("timezone")
    return not declared or not stored or is_same_zone(str(declared), str(stored))


def _topic(value: Json) -> str:
    return " ".join(str(value or "").split())[:TOPIC_CHARACTERS_MAX].rstrip()


def _minute(moment: datetime) -> datetime:
    return moment.replace(second=0, microsecond=0)
