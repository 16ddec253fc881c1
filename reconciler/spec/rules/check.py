"""Runs all rules on one meeting, or on all meetings together.

Meetings are merged with their defaults and valid by the schema. Rules know no current time: the plan
decides whether a meeting is over. No finding shows a passcode.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from reconciler.errors.diagnostic import UnlocatedDiagnostic
from reconciler.meeting.meeting import Meeting
from reconciler.spec.rules import _body as body
from reconciler.spec.rules import _characters as characters
from reconciler.spec.rules import _duplicates as duplicates
from reconciler.spec.rules import _passcode as passcode
from reconciler.spec.rules import _series as series
from reconciler.spec.rules import _texts as texts
from reconciler.spec.rules import _times as times


def check(meeting: Meeting) -> tuple[UnlocatedDiagnostic, ...]:
    """Return the findings about one meeting; paths lead from the meeting."""
    attributes = meeting.attributes
    findings = [*body.check(attributes), *times.check(attributes), *series.check(attributes)]
    text = texts.joined(attributes)
    findings += passcode.check(attributes, meeting.key, text)
    findings += characters.check(attributes, meeting.host, text)
    return tuple(replace(finding, key=meeting.key) for finding in findings) if findings else ()


def check_all(meetings: Mapping[str, Meeting]) -> tuple[UnlocatedDiagnostic, ...]:
    """Return the findings about pairs of meetings, each at the later one; paths lead from that meeting."""
    return tuple(duplicates.check(meetings))
