"""Refresh: corrects a state by the results of reading it, so that a plan starts from Zoom as it is now.

Pure, and for plans that ask for it: an apply without it trusts the records.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import date, datetime

from msgspec.structs import asdict, replace

from reconciler.live._occurrences import is_longer
from reconciler.live._series_drift import RULE, moved_start, stored_series
from reconciler.live.drift import drift_of
from reconciler.live.read import ReadResult, ReadStatus
from reconciler.meeting import fields, masking
from reconciler.meeting.closures import SKIP
from reconciler.meeting.meeting import SERIES, kind, minutes_of, resume, schedule, series
from reconciler.meeting.names import fold_host
from reconciler.meeting.passcode import same_passcode
from reconciler.meeting.recurrence import Series
from reconciler.meeting.single_dates import Edit
from reconciler.meeting.timezones import instant, utc_text
from reconciler.plan.change import DATES, FieldChange
from reconciler.plan.dates.steps import reschedules
from reconciler.ports import Body, Json
from reconciler.state import identity
from reconciler.state.clicked_dates import edits_in_zoom
from reconciler.state.history import Fact, Kind
from reconciler.state.kept_window import window_of
from reconciler.state.state import Record, State, follow
from reconciler.state.stored_dates import OF_A_DATE, readable

_DAYS = frozenset(f"recurrence.{name}" for name in RULE)
_RULE = _DAYS | {"timezone", "recurrence"}
"""Fields by which the dates of a series lie on other days, or at the same time elsewhere."""

OTHER_PASSCODE = {"scrypt": ""}
"""The recorded passcode of a meeting whose passcode somebody changed: it equals no declared one."""


def correct_records(state: State, results: Mapping[str, ReadResult]) -> State:
    """The state without meetings that are gone, and with the host that each has now: facts to record.

    A host that has another e-mail in Zoom is recorded under that one.

    Records with an open intent stay as they are, because apply looks those up first.
    """
    meetings, hosts = dict(state.meetings), dict(state.hosts)
    for key, result in results.items():
        if key not in meetings or key in state.intents:
            continue
        if result.status is ReadStatus.GONE:
            del meetings[key]
        elif result.other_host is not None:
            meetings[key] = follow(meetings[key], result.other_host)
        elif renamed := identity.renamed_host(state, meetings[key], result.body):
            meetings[key] = replace(meetings[key], host=renamed)
            hosts[fold_host(renamed)] = result.body["host_id"]
    return replace(state, meetings=meetings, hosts=hosts)


def told(before: State, corrected: State) -> tuple[Fact, ...]:
    """What the history tells of the facts that `correct_records` found: losses, and hosts that changed."""
    facts = []
    for key, record in before.meetings.items():
        now = corrected.meetings.get(key)
        if now is None:
            facts.append(Fact(Kind.LOSE, key, (str(record.id),)))
        elif now.host != record.host:
            facts.append(identity.host_change(corrected, key, record.host, now.host))
    return tuple(facts)


def apply_refresh(state: State, results: Mapping[str, ReadResult], now: datetime) -> State:
    """The corrected state, with the values in Zoom of all declared fields that people changed.

    It is for planning and is never written: a record holds what was declared. Of such a change, it takes over
    only what is declared by now; see `adopted`.
    """
    corrected = correct_records(state, results)
    meetings = dict(corrected.meetings)
    for key, result in results.items():
        drift = [change for change in result.drift if change.path != "host"]
        if key in meetings and key not in state.intents and drift:
            meetings[key] = _with_drift(meetings[key], result.body, drift, now)
    return replace(corrected, meetings=meetings)


def as_imported(record: Record, stored: Body, now: datetime) -> Record:
    """The record of a declared meeting, with every declared field as Zoom has it.

    A passcode is kept only if it is known to be the declared one; otherwise the next update sends it. A text
    in which somebody wrote a passcode is not kept either.
    """
    kept = record.attributes.get("password")
    plain = replace(record, attributes={**record.attributes, "password": None}, observed={})
    plain = _with_window(plain, stored, now)
    changes = [
        replace(change, after=None) if masking.describe_secret(change.after, change.before) else change
        for change in drift_of(plain, stored, now)
        if change.path != "password"
    ]
    found = _with_drift(plain, stored, changes, now)
    if any(change.path in _RULE for change in changes):
        found = _with_schedule(found, stored, now)
    found = _with_window(found, stored, now)
    is_same = isinstance(kept, dict) and "scrypt" in kept and same_passcode(stored.get("password"), kept)
    return replace(found, attributes={**found.attributes, "password": kept}) if is_same else found


def _with_schedule(record: Record, stored: Body, now: datetime) -> Record:
    """The record with the whole schedule of a series in Zoom: its parts go together."""
    recurring = series(record.attributes)
    in_zoom = stored_series(stored, recurring.timezone) if recurring else None
    if in_zoom is None:
        return record
    attributes = {**record.attributes, **asdict(in_zoom)}
    edits = edits_in_zoom(attributes, stored, {}, now) if readable(stored) else {}
    kept = {day: edit for day, edit in edits.items() if edit is not None}
    return replace(record, attributes=attributes, exceptions=kept)


def _with_window(record: Record, stored: Body, now: datetime) -> Record:
    """The record of a series that is longer than what is sent at once, with the dates of it that Zoom has.

    Its end is None where the series has none in Zoom. Where Zoom lists no dates, its rule counts.
    """
    recurring = series(record.attributes) if _is_readable(record.attributes, now) else None
    window: dict[str, Json] = {}
    if recurring is not None and (
        recurring.is_longer_than_kept(now) or _is_longer_in_zoom(stored, recurring)
    ):
        window = window_of(record.attributes, stored, [record.exceptions], now) or _whole(recurring, now)
    return replace(record, window=window)


def _is_longer_in_zoom(stored: Body, recurring: Series) -> bool:
    """Whether the series in Zoom has more dates than Zoom keeps, those that are over included."""
    whole = stored_series(stored, recurring.timezone)
    return whole is not None and is_longer(whole)


def _whole(recurring: Series, now: datetime) -> dict[str, Json]:
    """The window of a series with all its dates to come; empty if Zoom keeps as many."""
    if not recurring.is_longer_than_kept(now):
        return {}
    first, last = recurring.remaining(now).next_at, recurring.last()
    assert first is not None, "a longer series has dates to come"
    return {"from": utc_text(first), "to": utc_text(last) if last else None}


def _with_drift(record: Record, stored: Body, drift: Collection[FieldChange], now: datetime) -> Record:
    """The record with every drifted field as Zoom has it, in the terms in which it was declared."""
    attributes: Mapping[str, Json] = record.attributes
    exceptions = dict(record.exceptions)
    for change in drift:
        first, _, day = change.path.partition(".")
        if first == DATES:
            exceptions[day] = _with_unlisted(record, day, change.after)
            continue
        attributes = fields.put(attributes, change.path, _recorded_value(change))
    attributes = {
        **attributes,
        **_schedule(record, attributes, stored, {change.path for change in drift}, now),
    }
    attributes = {name: value for name, value in attributes.items() if value is not None}
    if not _is_readable(attributes, now):
        attributes = {
            name: attributes[name] for name in attributes if name not in {"start_time", "recurrence"}
        }
    if reschedules(drift) and readable(stored) and series(attributes):
        exceptions = edits_in_zoom(attributes, stored, {}, now)  # Zoom made the dates anew
    kept = {day: edit for day, edit in exceptions.items() if edit is not None}
    return replace(record, attributes=attributes, exceptions=kept)


def _with_unlisted(record: Record, day: str, found: Edit) -> Edit:
    """The edit of a date that a list shows, with the recorded parts that no list shows.

    Zoom may still have them: without their record, nothing would take them back.
    """
    before, recurring = record.exceptions.get(day), series(record.attributes)
    start = recurring.start_on(date.fromisoformat(day)) if recurring else None
    if found == SKIP or start is None or not isinstance(before, Mapping):
        return found
    unlisted = {name: before[name] for name in OF_A_DATE if name in before}
    own = {"start_time": utc_text(start), "duration": minutes_of(record.attributes)}
    return {**(found or own), **unlisted} if unlisted else found


def _recorded_value(change: FieldChange) -> Json:
    is_other_passcode = change.path == "password" and change.after is not None
    return OTHER_PASSCODE if is_other_passcode else change.after


def _schedule(
    record: Record, found: Mapping[str, Json], stored: Body, paths: Collection[str], now: datetime
) -> dict[str, Json]:
    """Further fields of the schedule that must change with `paths`, so that the record has Zoom's times.

    `found` are the recorded attributes with the values in Zoom at `paths`.
    """
    declared = record.attributes
    if "type" in paths and SERIES in (kind(declared), stored["type"]):
        return {name: stored.get(name) for name in ("start_time", "timezone", "duration", "recurrence")}
    if "recurrence" in paths:
        # Only parts that are not declared may differ. Without a rule, every declared part does.
        in_zoom = stored_series(stored, declared["timezone"])
        resumed = resume(in_zoom, now) if in_zoom else None
        return {"recurrence": None, **({"start_time": utc_text(resumed.starts_at)} if resumed else {})}
    start, recurring = found.get("start_time"), series(declared)
    changed: dict[str, Json] = {}
    if recurring is not None and not _DAYS.isdisjoint(paths):
        start = moved_start(recurring, stored, now)
        changed["recurrence"] = _with_days(found["recurrence"], stored["recurrence"])
    if "timezone" in paths:  # a wall time is still one of the declared zone
        start = _in_utc(start, declared["timezone"])
    return changed if start is None else {**changed, "start_time": start}


def _with_days(rule: Mapping[str, Json], in_zoom: Mapping[str, Json]) -> dict[str, Json]:
    """The rule with the days of the one in Zoom, also by parts that are not declared."""
    ends = {name: part for name, part in rule.items() if name not in RULE}
    return {**ends, **{name: in_zoom[name] for name in RULE if in_zoom.get(name) is not None}}


def _in_utc(start: Json, timezone: str) -> Json:
    try:
        return utc_text(instant(start, timezone))
    except (AttributeError, TypeError, ValueError):
        return start


def _is_readable(attributes: Mapping[str, Json], now: datetime) -> bool:
    try:
        schedule(attributes, now)
    except (AttributeError, KeyError, TypeError, ValueError):
        return False
    return True
