"""The single dates of a series: listed, found by id, changed, deleted.

A stored meeting keeps the edits of its dates by the id that the rule gives them. Pure.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from reconciler.sandbox import series, silent_changes, times
from reconciler.sandbox.replies import invalid_parameter
from reconciler.sandbox.validation import SERIES

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from reconciler.ports import Json
    from reconciler.sandbox.account import StoredMeeting
    from reconciler.sandbox.switches import Switches


SETTINGS = frozenset(
    {
        "host_video",
        "participant_video",
        "join_before_host",
        "mute_upon_entry",
        "waiting_room",
        "watermark",
        "auto_recording",
    }
)
"""The settings that a single date can have of its own; others are ignored."""

DELETED = "deleted"

_SHOWN = ("start_time", "duration", "status")
"""Edits that the list of dates shows; a read of one date shows its agenda and settings too."""


class Occurrence(Struct, frozen=True):
    """One date: its id now, the id that the rule gives it, its start and its edits."""

    id: str
    rule_id: str
    start: datetime
    edit: Mapping[str, Json]

    @property
    def is_deleted(self) -> bool:
        """True where the date was deleted; it stays listed."""
        return self.edit.get("status") == DELETED


def listed(meeting: StoredMeeting, switches: Switches, now: datetime | None) -> tuple[Occurrence, ...]:
    """Return the dates by start; without those that are over, if `now` is given."""
    document = meeting.document
    start = times.parsed(document["start_time"])
    since = now - timedelta(minutes=document["duration"]) if now else None
    # An endless series has no first 50 dates: its window moves with the clock.
    starts = series.upcoming(start, document["timezone"], document["recurrence"], since=since)
    if since is not None:
        starts = (*_moved_past(meeting, starts), *starts)
    found = (_occurrence(meeting, each, switches) for each in starts)
    return tuple(
        sorted(
            (each for each in found if now is None or _ends_after(each, document, now)),
            key=lambda each: each.start,
        )
    )


def rendered(meeting: StoredMeeting, switches: Switches, now: datetime | None) -> list[dict[str, Json]]:
    """Return the dates as a read of the series shows them."""
    plain = {"duration": meeting.document["duration"], "status": "available"}
    return [
        {"occurrence_id": each.id, "start_time": times.text(each.start), **plain, **_shown(each)}
        for each in listed(meeting, switches, now)
    ]


def upcoming_starts(meeting: StoredMeeting, switches: Switches, now: datetime) -> tuple[datetime, ...]:
    """Return the starts of the dates that are not over, in order."""
    return tuple(each.start for each in listed(meeting, switches, now))


def found(meeting: StoredMeeting, occurrence_id: str, switches: Switches) -> Occurrence:
    """Return the date with that id. Raises `Refused` where there is none, or it was deleted."""
    if meeting.document["type"] == SERIES:
        for each in listed(meeting, switches, None):
            if each.id == occurrence_id and not each.is_deleted:
                return each
    raise invalid_parameter("occurrence_id")


def read(document: Mapping[str, Json], occurrence: Occurrence) -> dict[str, Json]:
    """Return a read of the series with what this date has of its own."""
    own = dict(occurrence.edit)
    settings = {**document["settings"], **own.pop("settings", {})}
    own |= {"start_time": times.text(occurrence.start), "settings": settings}
    return {**document, **own, "occurrence_id": occurrence.id}


def patched(
    meeting: StoredMeeting, occurrence: Occurrence, body: Mapping[str, Json], *, serial: int, now: datetime
) -> StoredMeeting:
    """Return the meeting with one date changed. A start that is not ahead is ignored, as for a meeting."""
    edit = {name: body[name] for name in ("agenda", "duration") if name in body}
    start = times.instant(body.get("start_time", ""), body.get("timezone", meeting.document["timezone"]))
    if start and start > now:
        edit["start_time"] = times.text(start)
    settings = {name: value for name, value in body.get("settings", {}).items() if name in SETTINGS}
    if settings:
        edit["settings"] = silent_changes.merged(occurrence.edit.get("settings", {}), settings)
    return _edited(meeting, occurrence, edit, serial)


def deleted(meeting: StoredMeeting, occurrence: Occurrence, *, serial: int) -> StoredMeeting:
    """Return the meeting with one date deleted; it stays listed as such."""
    return _edited(meeting, occurrence, {"status": DELETED}, serial)


def _edited(
    meeting: StoredMeeting, occurrence: Occurrence, edit: Mapping[str, Json], serial: int
) -> StoredMeeting:
    edits = {**meeting.occurrences, occurrence.rule_id: {**occurrence.edit, **edit}}
    return replace(meeting, occurrences=edits, serial=serial)


def _occurrence(meeting: StoredMeeting, rule_start: datetime, switches: Switches) -> Occurrence:
    rule_id = _id(rule_start)
    edit = meeting.occurrences.get(rule_id, {})
    start = times.parsed(edit["start_time"]) if "start_time" in edit else rule_start
    return Occurrence(rule_id if switches.moved_date_keeps_id else _id(start), rule_id, start, edit)


def _moved_past(meeting: StoredMeeting, starts: tuple[datetime, ...]) -> list[datetime]:
    """Return the rule's starts of the edited dates that are not among `starts`."""
    known = {_id(each) for each in starts}
    edited = [each for each in meeting.occurrences if each not in known]
    return [times.from_milliseconds(int(each)) for each in edited]


def _ends_after(occurrence: Occurrence, document: Mapping[str, Json], now: datetime) -> bool:
    minutes = occurrence.edit.get("duration", document["duration"])
    return occurrence.start + timedelta(minutes=minutes) >= now


def _shown(occurrence: Occurrence) -> dict[str, Json]:
    return {name: value for name, value in occurrence.edit.items() if name in _SHOWN}


def _id(start: datetime) -> str:
    return str(int(start.timestamp()) * 1000)
