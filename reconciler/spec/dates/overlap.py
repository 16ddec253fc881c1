"""Overlap of the slots of one room: two at one time share a link."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from heapq import merge
from itertools import combinations, takewhile

from reconciler.errors.diagnostic import Severity, UnlocatedDiagnostic
from reconciler.meeting.closures import SKIP
from reconciler.meeting.humanize import instant_words
from reconciler.meeting.meeting import Meeting, Slot, minutes_of, series, start_at
from reconciler.meeting.single_dates import edited_dates, moved_to

AHEAD = timedelta(days=400)
"""How far ahead slots are compared."""

Span = tuple[datetime, datetime]


def check(slots: Sequence[Slot], now: datetime | None) -> Iterator[UnlocatedDiagnostic]:
    """Yield a warning for each pair of slots that overlap on a date to come."""
    since = now or min(
        (start for slot in slots if (start := start_at(slot.meeting.attributes))), default=None
    )
    if since is None or len(slots) < 2:  # noqa: PLR2004 - a pair
        return
    spans = {slot.name: sorted(_spans(slot.meeting, since)) for slot in slots}
    for one, other in combinations(slots, 2):
        at = _overlap(spans[one.name], spans[other.name])
        if at is not None:
            zone = other.meeting.attributes.get("timezone")
            yield UnlocatedDiagnostic(
                ("timetable", other.name),
                "series.slots-overlap",
                f"`{one.name}` and `{other.name}` overlap, first on {instant_words(at, zone)}: "
                "both are in the same room.",
                "Move one of them, or give it a meeting of its own.",
                Severity.WARNING,
                key=other.meeting.key,
                on_key=True,
            )


def _spans(meeting: Meeting, since: datetime) -> Iterator[Span]:
    attributes = meeting.attributes
    length = timedelta(minutes=minutes_of(attributes))
    recurring, first = series(attributes), start_at(attributes)
    if recurring is None:
        if first is not None:
            yield first, first + length
        return
    before, until = since - timedelta(seconds=1), since + AHEAD
    edits = {
        each.start: each.edit
        for each in edited_dates(attributes, meeting.dates, before, until=until).values()
    }
    for start in takewhile(lambda start: start <= until, recurring.coming(before)):
        edit = edits.get(start)
        if edit is None:
            yield start, start + length
        elif edit != SKIP:
            at = moved_to(edit) or start
            yield at, at + timedelta(minutes=edit["duration"])


def _overlap(ones: Sequence[Span], others: Sequence[Span]) -> datetime | None:
    """Return the first instant in a span of both; None if there is none. Both are sorted."""
    ends = [datetime.min.replace(tzinfo=UTC)] * 2
    sides = (((*span, 0) for span in ones), ((*span, 1) for span in others))
    for begin, end, side in merge(*sides):
        if begin < ends[1 - side]:
            return begin
        ends[side] = max(ends[side], end)
    return None
