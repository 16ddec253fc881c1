"""Finds the series whose `recurrence` can be written as `repeat`, and what changed by that: nothing may."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from reconciler.meeting.meeting import SERIES, Meeting
from reconciler.ports import Json
from reconciler.spec.repeat import from_rule
from reconciler.spec.shorthand import expand
from reconciler.spec.spec import ParseResult, Spec

Repeats = Mapping[str, Mapping[str, Json]]
"""Rules as `repeat`, by the key of their meeting."""


def repeats_by_file(parsed: ParseResult) -> dict[str, Repeats]:
    """Return the rules that can be written as `repeat`, by the name of their file.

    A rule that is partly a default's, or that would be another one as `repeat`, stays as it is.
    """
    found: dict[str, dict[str, Mapping[str, Json]]] = {}
    for key, repeat in _repeats(parsed):
        found.setdefault(parsed.files[key].document.filename, {})[key] = repeat
    return dict(found)


def changed_files(before: ParseResult, after: ParseResult) -> frozenset[str]:
    """Return the files with a meeting that is not the same in both; all of them where one spec has errors."""
    old, new = _meetings(before.spec), _meetings(after.spec)
    changed = (
        key
        for key in before.files
        if after.spec is None or _comparable(old.get(key)) != _comparable(new.get(key))
    )
    return frozenset(before.files[key].document.filename for key in changed)


def _repeats(parsed: ParseResult) -> Iterator[tuple[str, Mapping[str, Json]]]:
    for key, meeting in _meetings(parsed.spec).items():
        raw = parsed.files[key].raw_meetings[key]
        rule = meeting.attributes.get("recurrence")
        if meeting.attributes.get("type") != SERIES or not rule or raw.get("recurrence") is None:
            continue
        if expand(raw)["recurrence"] != rule:
            continue
        repeat = from_rule(rule, meeting.attributes.get("timezone"))
        if repeat is not None:
            yield key, repeat


def _meetings(spec: Spec | None) -> Mapping[str, Meeting]:
    return {} if spec is None else spec.meetings


def _comparable(meeting: Meeting | None) -> Json:
    """Return what is equal for two meetings that are sent, compared and recorded alike."""
    if meeting is None:
        return None
    attributes = dict(meeting.attributes)
    if rule := attributes.get("recurrence"):
        days = sorted(str(rule.get("weekly_days", "")).split(","))  # a set: their order means nothing
        attributes["recurrence"] = {"repeat_interval": 1, **rule, "weekly_days": days}
    return meeting.host, attributes, meeting.protect, meeting.dates
