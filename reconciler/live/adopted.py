"""Changes that people made in Zoom and the spec declares by now: they are recorded, and nothing is sent.

Pure. Without their record, a plan that does not read Zoom would show them for ever, and `drift` too. A record
takes the declared value, never the one in Zoom: people may have written a secret there.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from datetime import date, datetime
from functools import reduce

from msgspec.structs import replace

from reconciler.meeting import fields
from reconciler.meeting.meeting import Meeting, series
from reconciler.meeting.single_dates import declared_edit
from reconciler.plan.change import DATES, Change
from reconciler.plan.dates.steps import RESCHEDULES
from reconciler.plan.diff import SameUser, compare
from reconciler.state.history import Fact, Kind
from reconciler.state.state import SCHEDULE_FOR, Record, State, host_key

_TIMES = RESCHEDULES | {"duration"}
"""Fields of which a change in Zoom may undo what was done to single dates."""

_READ_OTHERWISE = ("host", SCHEDULE_FOR, "password")
"""Fields that other reads record, or that no read tells."""


def adopt(
    state: State, refreshed: State, declared: Mapping[str, Meeting], now: datetime
) -> tuple[State, tuple[Fact, ...]]:
    """Return the state with what is in Zoom, by `refreshed`, as it is declared, and what the history tells.

    `declared` has the meetings by the keys of their records. Fields are adopted where the whole meeting is in
    Zoom as it is declared: where it is not, the update of the others records them all.
    """

    def is_same_user(one: str, other: str) -> bool:
        return host_key(state, one) == host_key(state, other)

    adopted: dict[str, Record] = {}
    facts: list[Fact] = []
    for key, record in state.meetings.items():
        found, meeting = refreshed.meetings[key], declared.get(key)
        if meeting is None or record == found:
            continue
        paths, known = _adopted(record, found, meeting, is_same_user)
        if paths:
            adopted[key] = known.counted(now)
            facts.append(Fact(Kind.RELEASE, key, paths))
    return replace(state, meetings={**state.meetings, **adopted}) if adopted else state, tuple(facts)


def _adopted(
    record: Record, found: Record, meeting: Meeting, same_user: SameUser
) -> tuple[tuple[str, ...], Record]:
    """Return the paths that are adopted, sorted, and the record with them."""
    differs, left = (compare(meeting, each, same_user=same_user) for each in (record, found))
    paths = [] if left.fields else list(_fields(differs, record, found, meeting))
    days = [] if _changes_times(differs) or _changes_times(left) else list(_days(record, found, meeting))
    edits = {**record.exceptions, **{day: found.exceptions.get(day) for day in days}}
    if not RESCHEDULES.isdisjoint(_first(path) for path in paths):
        edits = {**found.exceptions}  # Zoom made the dates anew
    known = replace(
        _with_fields(record, meeting, paths),
        exceptions={day: edit for day, edit in edits.items() if edit is not None},
    )
    return (*sorted([*paths, *(f"{DATES}.{day}" for day in days)]),), known


def _fields(differs: Change, record: Record, found: Record, meeting: Meeting) -> Iterator[str]:
    """Yield the recorded fields that differ from the declared ones, which are those in Zoom.

    The times of a series are left out where it is not known what Zoom made of its single dates: an update
    sends both again.
    """
    paths = [change.path for change in differs.fields if change.path not in _READ_OTHERWISE]
    is_known = "type" not in paths and _are_dates_known(paths, record, found, meeting)
    yield from (path for path in paths if is_known or _first(path) not in _TIMES)


def _are_dates_known(paths: Collection[str], record: Record, found: Record, meeting: Meeting) -> bool:
    """Return whether the refreshed record has the single dates that Zoom has with its times of today."""
    if record.window:
        return False
    if RESCHEDULES.isdisjoint(map(_first, paths)):
        return not (meeting.dates or record.exceptions or found.exceptions)
    return not record.exceptions or record.exceptions != found.exceptions  # else no list shows them, perhaps


def _first(path: str) -> str:
    return path.partition(".")[0]


def _changes_times(change: Change) -> bool:
    return any(_first(each.path) in _TIMES for each in change.fields)


def _days(record: Record, found: Record, meeting: Meeting) -> Iterator[str]:
    """Yield the dates that are in Zoom as they are declared, and not as they are recorded."""
    recurring = series(meeting.attributes)
    if recurring is None:
        return
    for name in sorted({*record.exceptions, *found.exceptions}):
        edit, day = found.exceptions.get(name), date.fromisoformat(name)
        start = recurring.start_on(day) if edit != record.exceptions.get(name) else None
        if start is not None and edit == declared_edit(meeting.attributes, meeting.dates, day, start):
            yield name


def _with_fields(record: Record, meeting: Meeting, paths: list[str]) -> Record:
    """Return the record with the declared values of fields; what is known of the others in Zoom stays."""
    attributes = reduce(
        lambda known, path: fields.put(known, path, fields.get(meeting.attributes, path.split("."))),
        paths,
        record.attributes,
    )
    observed = {path: value for path, value in record.observed.items() if path not in paths}
    not_taken = tuple(path for path in record.not_taken if path in observed)
    return replace(record, attributes=attributes, observed=observed, not_taken=not_taken)
