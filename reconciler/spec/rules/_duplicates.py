"""Rule against duplicates: keys with the same host, topic and start."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime

from reconciler.errors.diagnostic import Severity, UnlocatedDiagnostic
from reconciler.meeting.meeting import Meeting, start_at
from reconciler.meeting.names import fold_host


def check(meetings: Mapping[str, Meeting]) -> Iterator[UnlocatedDiagnostic]:
    """Yield a finding at each key with the host, topic and start of an earlier key."""
    groups: dict[tuple[str, str], list[Meeting]] = {}
    for meeting in meetings.values():
        groups.setdefault((fold_host(meeting.host), meeting.topic), []).append(meeting)
    for group in groups.values():
        if len(group) > 1:
            yield from _at_one_time(group)


def _at_one_time(group: Iterable[Meeting]) -> Iterator[UnlocatedDiagnostic]:
    first_by_start: dict[datetime | None, Meeting] = {}
    for meeting in group:
        try:
            first = first_by_start.setdefault(start_at(meeting.attributes), meeting)
        except ValueError:  # the rules for times report a start that cannot be read
            continue
        if first is not meeting:
            yield _duplicate(meeting, first)


def _duplicate(meeting: Meeting, first: Meeting) -> UnlocatedDiagnostic:
    place = f" ({first.filename}:{first.line})" if first.filename else ""
    return UnlocatedDiagnostic(
        (),
        "meeting.twin",
        f"`{meeting.key}` has the same host, topic and start as `{first.key}`{place}. "
        "If a response of Zoom is lost, nobody can tell which of the two was created.",
        "Remove one of them, or give them different topics.",
        Severity.WARNING,
        key=meeting.key,
    )
