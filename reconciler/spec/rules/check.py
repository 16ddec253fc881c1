"""What the API's prose demands of a meeting beyond its schema.

Meetings come merged with their defaults and valid by the schema. Every rule is a pure function of
what was declared: whether a time is past is the plan's to say. No finding shows a passcode.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from reconciler.errors.diagnostic import UnlocatedDiagnostic
from reconciler.meeting.meeting import Meeting
from reconciler.spec.rules import _body as body
from reconciler.spec.rules import _duplicates as duplicates
from reconciler.spec.rules import _passcode as passcode
from reconciler.spec.rules import _series as series
from reconciler.spec.rules import _times as times


def check(meeting: Meeting) -> tuple[UnlocatedDiagnostic, ...]:
    """What is wrong with one meeting; paths lead from the meeting."""
    attributes = meeting.attributes
    found = [*body.check(attributes), *times.check(attributes), *series.check(attributes)]
    found += passcode.check(attributes, meeting.key)
    return tuple(replace(finding, key=meeting.key) for finding in found) if found else ()


def check_all(meetings: Mapping[str, Meeting]) -> tuple[UnlocatedDiagnostic, ...]:
    """What is wrong between meetings, each told at the later one; paths lead from that meeting."""
    return tuple(duplicates.check(meetings))
