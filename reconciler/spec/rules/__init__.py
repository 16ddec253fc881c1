"""What the API's prose demands of a meeting beyond its schema.

Meetings come merged with their defaults and valid by the schema. Every rule is a pure function of
what was declared: whether a time is past is the plan's to say. No finding shows a passcode.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from reconciler.rules import body, passcode, series, times, twins

if TYPE_CHECKING:
    from collections.abc import Mapping

    from reconciler.errors import Finding
    from reconciler.meeting import Meeting

__all__ = ["check", "check_all"]


def check(meeting: Meeting) -> tuple[Finding, ...]:
    """What is wrong with one meeting; paths lead from the meeting."""
    attributes = meeting.attributes
    found = [*body.check(attributes), *times.check(attributes), *series.check(attributes)]
    found += passcode.check(attributes, meeting.key)
    return tuple(replace(finding, key=meeting.key) for finding in found) if found else ()


def check_all(meetings: Mapping[str, Meeting]) -> tuple[Finding, ...]:
    """What is wrong between meetings, each told at the later one; paths lead from that meeting."""
    return tuple(twins.check(meetings))
