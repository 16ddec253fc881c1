"""Meetings that nobody could tell apart."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime

from reconciler.errors.diagnostic import Severity, UnlocatedDiagnostic
from reconciler.meeting.meeting import Meeting, start_at


def check(meetings: Mapping[str, Meeting]) -> Iterator[UnlocatedDiagnostic]:
    """Findings about keys with the same host, topic and start, each at the later key."""
    alike: dict[tuple[str, str], list[Meeting]] = {}
    for meeting in meetings.values():
        alike.setdefault((meeting.host.casefold(), meeting.topic), []).append(meeting)
    for group in alike.values():
        if len(group) > 1:
            yield from _at_one_time(group)


def _at_one_time(group: Iterable[Meeting]) -> Iterator[UnlocatedDiagnostic]:
    first_at: dict[datetime | None, Meeting] = {}
    for meeting in group:
        try:
            first = first_at.setdefault(start_at(meeting.attributes), meeting)
        except ValueError:  # told as a finding about its time
            continue
        if first is not meeting:
            yield _twin(meeting, first)


def _twin(meeting: Meeting, first: Meeting) -> UnlocatedDiagnostic:
    place = f" ({first.filename}:{first.line})" if first.filename else ""
    return UnlocatedDiagnostic(
        (),
        "meeting.twin",
        f"`{meeting.key}` has the host, topic and start of `{first.key}`{place}. "
        "If an answer of Zoom is lost, nobody can tell which of the two was created.",
        "Take one of them out, or give them topics that differ.",
        Severity.WARNING,
        key=meeting.key,
    )
