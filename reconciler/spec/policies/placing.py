"""Gives breaches of policies their places: at the field, at the meeting, or once where many share a value."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Mapping
from typing import Protocol

from msgspec.structs import replace

from reconciler.errors.diagnostic import Diagnostic, UnlocatedDiagnostic
from reconciler.meeting.meeting import Meeting
from reconciler.spec.keys import in_words
from reconciler.spec.policies.check import PolicyChecker
from reconciler.spec.tally import Tally
from reconciler.spec.yaml.locator import Path

BREACHES_MAX = 20_000
"""Breaches of shared values that are looked at after there are enough findings; the others are counted."""

KEYS_MAX = 10
"""Meetings that a finding about a shared value names."""


class PlacedFile(Protocol):
    """A file of the spec."""

    def default_place(self, key: str, path: Path) -> Hashable | None:
        """Return the place of the default that gives the value at `path`; None if the meeting gives it."""

    def meeting_diagnostic(self, key: str, finding: UnlocatedDiagnostic) -> Diagnostic:
        """Return a finding about a meeting with its place."""


def check_policies(
    checker: PolicyChecker, meetings: Iterable[Meeting], files: Mapping[str, PlacedFile], tally: Tally
) -> Iterator[Diagnostic]:
    """Yield a finding for each breach; one, with its meetings, where a default or a template is wrong.

    `files` has the file of each key. What `tally` has enough of is counted there, not yielded.
    """
    shared: dict[tuple[object, ...], tuple[UnlocatedDiagnostic, list[str]]] = {}
    seen = 0
    for meeting in meetings:
        for breach in checker.breaches(meeting):
            finding, file = breach.finding, files[meeting.key]
            seen += 1
            is_full = tally.is_full(finding.code, finding.severity)
            if is_full and seen > BREACHES_MAX:
                tally.takes(finding.code, finding.severity)
                continue
            place = file.default_place(meeting.key, finding.path) if finding.path else None
            if place is not None:
                group = (breach.policy.name, place, finding.detail)
                shared.setdefault(group, (finding, []))[1].append(meeting.key)
            elif tally.takes(finding.code, finding.severity):
                yield file.meeting_diagnostic(meeting.key, finding)
    for finding, keys in shared.values():
        if tally.takes(finding.code, finding.severity):
            placed = files[keys[0]].meeting_diagnostic(keys[0], finding)
            yield replace(placed, detail=f"{placed.detail} It concerns {in_words(keys, KEYS_MAX)}.")
