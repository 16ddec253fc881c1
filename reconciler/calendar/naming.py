"""Names of the events of a feed: they stay the same while a meeting is the same one."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from reconciler.calendar.feed import FeedMeeting, Revision
from reconciler.meeting.meeting import Meeting
from reconciler.meeting.timezones import parsed
from reconciler.spec.spec import Spec
from reconciler.state.state import Record, State, feed_name, feed_names


def record_of(key: str, spec: Spec, state: State) -> Record | None:
    """Return the record of a declared meeting, also under the key that `moved` names; None without one."""
    return state.meetings.get(_recorded_key(key, _origins(spec), state))


def _origins(spec: Spec) -> dict[str, str]:
    return {each.to_key: each.from_key for each in spec.moved}


def _recorded_key(key: str, origins: Mapping[str, str], state: State) -> str:
    """Return the key under which the meeting is recorded, its own one if it is not."""
    found: str | None = key
    for _ in range(len(origins) + 1):  # several renames in a row
        if found is None or found in state.meetings:
            break
        found = origins.get(found)
    return key if found is None or found not in state.meetings else found


def feed_meetings(meetings: Iterable[Meeting], spec: Spec, state: State) -> tuple[FeedMeeting, ...]:
    """Return the meetings with the names of their events: the lineage, and the key at their creation.

    Each slot of a room is an event of its own, by its name behind the key.
    """
    origins, taken = _origins(spec), feed_names(state)
    found: list[FeedMeeting] = []
    for each in sorted(meetings, key=lambda each: each.key):
        recorded_key = _recorded_key(each.key, origins, state)
        revision = _revision(state.meetings.get(recorded_key))
        name = feed_name(state, recorded_key, taken)
        found += (FeedMeeting(part, f"{state.lineage}/{own}", revision) for part, own in _parts(each, name))
    return tuple(found)


def _parts(meeting: Meeting, name: str) -> Iterator[tuple[Meeting, str]]:
    if not meeting.timetable:
        yield meeting, name
    for slot in sorted(meeting.timetable, key=lambda slot: slot.name):
        yield slot.meeting, f"{name}/{slot.name}"


def _revision(record: Record | None) -> Revision:
    if record is None:
        return Revision()
    at = record.changed_at or record.created_at
    return Revision(record.changes, parsed(at) if at else None)
