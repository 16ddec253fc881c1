"""Changes that people made in Zoom and the spec declares by now: they are recorded, and nothing is sent.

Pure. Without their record, a plan that does not read Zoom would show them for ever, and `drift` too.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date

from msgspec.structs import replace

from reconciler.meeting import fields
from reconciler.meeting.meeting import Meeting, series
from reconciler.meeting.single_dates import Edit, declared_edit
from reconciler.plan.change import DATES
from reconciler.plan.dates.steps import reschedules
from reconciler.plan.diff import compare, field_changes
from reconciler.ports import Json
from reconciler.state.history import Fact, Kind
from reconciler.state.state import Record, State, host_key


def with_adopted(facts: State, refreshed: State, declared: Mapping[str, Meeting]) -> State:
    """Return the state that may be recorded, with every change of `refreshed` that is declared.

    Fields are taken over where the whole meeting is in Zoom as it is declared: where it is not, the update
    of the others records them all.
    """
    adopted = {
        key: _adopted(record, refreshed.meetings[key], declared[key], facts)
        for key, record in facts.meetings.items()
        if key in declared and record != refreshed.meetings[key]
    }
    return replace(facts, meetings={**facts.meetings, **adopted}) if adopted else facts


def adopted_facts(before: State, after: State) -> Iterator[Fact]:
    """Yield what the history tells of the changes that `with_adopted` took over."""
    for key, record in before.meetings.items():
        found = after.meetings[key]
        changes, gone = field_changes(record.attributes, found.attributes)
        days = [f"{DATES}.{day}" for day in _differing(record.exceptions, found.exceptions)]
        paths = sorted([*(change.path for change in changes), *gone, *days])
        if paths:
            yield Fact(Kind.RELEASE, key, tuple(paths))


def _adopted(record: Record, found: Record, meeting: Meeting, state: State) -> Record:
    """Return the record with what is in `found` as it is declared."""

    def is_same_user(one: str, other: str) -> bool:
        return host_key(state, one) == host_key(state, other)

    change = compare(meeting, found, same_user=is_same_user)
    if not reschedules(change.fields):
        record = record._replace(exceptions=_dates(record, found, meeting))
    return record if change.fields else _with_attributes(record, found.attributes)


def _dates(record: Record, found: Record, meeting: Meeting) -> dict[str, Edit]:
    """Return the recorded edits of single dates, with those in Zoom that are declared."""
    recurring, edits = series(meeting.attributes), dict(record.exceptions)
    if recurring is None:
        return edits
    for name in _differing(record.exceptions, found.exceptions):
        day, edit = date.fromisoformat(name), found.exceptions.get(name)
        start = recurring.start_on(day)
        if start and edit == declared_edit(meeting.attributes, meeting.dates, day, start):
            edits[name] = edit
    return {day: edit for day, edit in edits.items() if edit is not None}


def _with_attributes(record: Record, attributes: Mapping[str, Json]) -> Record:
    """Return the record with these attributes; what is known of the others in Zoom stays."""
    observed = {
        path: value
        for path, value in record.observed.items()
        if fields.get(attributes, path) == fields.get(record.attributes, path)
    }
    not_taken = tuple(path for path in record.not_taken if path in observed)
    return record._replace(attributes=attributes, observed=observed, not_taken=not_taken)


def _differing(before: Mapping[str, Edit], after: Mapping[str, Edit]) -> list[str]:
    return sorted(day for day in {*before, *after} if before.get(day) != after.get(day))
