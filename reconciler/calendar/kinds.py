"""Kinds of single meetings: those of one host that differ only by their day, as a script writes them. Pure.

A finding that repeats over the keys of one kind is told once.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime

import orjson
from msgspec import Struct
from msgspec.structs import replace

from reconciler.errors.diagnostic import Diagnostic, Severity
from reconciler.meeting import timezones
from reconciler.meeting.meeting import SCHEDULED, Meeting, kind, start_at
from reconciler.meeting.names import fold_host
from reconciler.spec.keys import in_words
from reconciler.state.state import owner

LEAST = 3
"""Meetings that make a kind: two may be alike by chance."""

KEYS_MAX = 5
"""Keys that a finding names; the others are counted."""


class Single(Struct, frozen=True):
    """A single meeting, and its start as a clock in its zone shows it."""

    meeting: Meeting
    start: datetime

    @classmethod
    def of(cls, meeting: Meeting) -> Single:
        """Return the meeting with its start. Raises `ValueError` where it has none that can be read."""
        start = start_at(meeting.attributes)
        if start is None or kind(meeting.attributes) != SCHEDULED:
            raise ValueError(meeting.key)
        zone = timezones.known_zone(meeting.attributes.get("timezone") or "UTC")
        return cls(meeting, timezones.in_zone(start, zone))

    @property
    def day(self) -> date:
        """The local day."""
        return self.start.date()

    def of_kind(self) -> tuple[str, str, bytes]:
        """Return everything but the day: equal for meetings of one kind."""
        meeting = self.meeting
        others = {name: value for name, value in meeting.attributes.items() if name != "start_time"}
        content = orjson.dumps([others, meeting.protect], default=dict, option=orjson.OPT_SORT_KEYS)
        return fold_host(owner(meeting.attributes, meeting.host)), self.start.time().isoformat(), content


def kinds(meetings: Iterable[Meeting]) -> list[Sequence[Single]]:
    """Return the groups of three meetings of one kind or more, by topic, then by their first one."""
    by_topic: dict[str, list[Meeting]] = {}
    for meeting in meetings:
        by_topic.setdefault(meeting.topic, []).append(meeting)
    groups: dict[tuple[str, str, bytes], list[Single]] = {}
    for alike in by_topic.values():
        for single in _singles(alike) if len(alike) >= LEAST else ():
            groups.setdefault(single.of_kind(), []).append(single)
    return [group for group in groups.values() if len(group) >= LEAST]


def _singles(meetings: Iterable[Meeting]) -> Iterator[Single]:
    for meeting in meetings:
        try:
            yield Single.of(meeting)
        except (KeyError, OverflowError, TypeError, ValueError):  # its rules report it
            continue


def told_once(diagnostics: Sequence[Diagnostic], meetings: Mapping[str, Meeting]) -> tuple[Diagnostic, ...]:
    """Return the findings, of warnings that repeat over keys of one kind only the first, which names them."""
    named = [each.key for each in diagnostics if each.key in meetings and _may_repeat(each)]
    if len(named) < LEAST:
        return tuple(diagnostics)
    groups = kinds(meetings[key] for key in dict.fromkeys(named) if key is not None)
    numbers = {each.meeting.key: number for number, group in enumerate(groups) for each in group}
    repeated: dict[tuple[str, str, int], list[Diagnostic]] = {}
    for each in diagnostics:
        if each.key in numbers and _may_repeat(each):
            repeated.setdefault((each.code, each.policy, numbers[each.key]), []).append(each)
    first = {id(found[0]): _of_all(found) for found in repeated.values() if len(found) >= LEAST}
    left_out = {id(each) for found in repeated.values() if len(found) >= LEAST for each in found[1:]}
    return tuple(first.get(id(each), each) for each in diagnostics if id(each) not in left_out)


def _may_repeat(diagnostic: Diagnostic) -> bool:
    return diagnostic.severity is Severity.WARNING and diagnostic.key is not None


def _of_all(found: Sequence[Diagnostic]) -> Diagnostic:
    keys = list(dict.fromkeys(each.key for each in found if each.key))
    detail = f"{found[0].detail} It concerns {in_words(keys, KEYS_MAX)}.".lstrip()
    return replace(found[0], detail=detail, more=sum(each.more + 1 for each in found) - 1)
