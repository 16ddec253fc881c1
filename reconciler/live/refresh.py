"""Refresh: what Zoom says now of every recorded meeting, and the state that a plan is made of then.

Reads only, none of which touches a daily budget. Missing from a list is a suspicion and makes a
meeting come first; gone it is only when its own read says so.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import datetime

from reconciler.live._occurrences import as_utc
from reconciler.live._series_drift import stored_series
from reconciler.live.drift import Difference, drift_of, hosts_of, other_host
from reconciler.live.read import ReadResult, ReadStatus
from reconciler.meeting import fields
from reconciler.meeting.meeting import SERIES, kind, schedule
from reconciler.meeting.timezones import instant
from reconciler.ports import Body, Json
from reconciler.state.state import Record, State

ANOTHER_PASSCODE = {"scrypt": ""}
"""Stands in a record for a passcode that is not the declared one: it equals none."""


def correct_records(state: State, seen: Mapping[str, ReadResult]) -> State:
    """The state without meetings that are gone, and with the host that each has now: facts to record.

    What an open intent is about stays as it is: that is looked up first.
    """
    meetings = dict(state.meetings)
    for key, one in seen.items():
        record = meetings.get(key)
        if record is None or key in state.intents:
            continue
        if one.sight is ReadStatus.GONE:
            del meetings[key]
        elif one.sight is ReadStatus.FOUND:
            meetings[key] = _under_its_host(state, record, one.body)
    return replace(state, meetings=meetings)


def apply_refresh(state: State, seen: Mapping[str, ReadResult], now: datetime) -> State:
    """`corrected`, and its records with what Zoom has of the declared fields that people changed.

    To make a plan of, never to be written down: a record says what was declared.
    """
    known = correct_records(state, seen)
    meetings = dict(known.meetings)
    for key, one in seen.items():
        if key in meetings and key not in state.intents and one.sight is ReadStatus.FOUND:
            drifted = [each for each in drift_of(meetings[key], one.body, now) if each.is_drift]
            if drifted:
                meetings[key] = _as_in_zoom(meetings[key], one.body, drifted, now)
    return replace(known, meetings=meetings)


def _under_its_host(state: State, record: Record, stored: Body) -> Record:
    other = other_host(stored, hosts_of(state, record))
    return record if other is None else replace(record, host=other)


def _as_in_zoom(record: Record, stored: Body, drifted: Collection[Difference], now: datetime) -> Record:
    """The record with what drifted as Zoom has it, in the terms in which it was declared."""
    attributes: Mapping[str, Json] = record.attributes
    for one in drifted:
        attributes = fields.put(attributes, one.path, _kept(one))
    attributes = {**attributes, **_schedule(record, stored, {one.path for one in drifted}, now)}
    attributes = {name: value for name, value in attributes.items() if value is not None}
    if not _is_readable(attributes, now):
        attributes = {
            name: attributes[name] for name in attributes if name not in {"start_time", "recurrence"}
        }
    return replace(record, attributes=attributes)


def _kept(one: Difference) -> Json:
    return ANOTHER_PASSCODE if one.path == "password" and one.after is not None else one.after


def _schedule(record: Record, stored: Body, paths: Collection[str], now: datetime) -> dict[str, Json]:
    """What else of the schedule has to change, so that the record says when Zoom has the meeting."""
    declared = record.attributes
    if "type" in paths and SERIES in (kind(declared), stored["type"]):
        return {name: stored.get(name) for name in ("start_time", "timezone", "duration", "recurrence")}
    if "recurrence" in paths:
        # Parts that are not declared may be all that differs: without a rule, every part does.
        zoom = stored_series(stored, declared["timezone"])
        next_at = zoom.remaining(now).next_at if zoom else None
        return {"recurrence": None, **({"start_time": as_utc(next_at)} if next_at else {})}
    if "timezone" in paths and "start_time" in declared and "start_time" not in paths:
        return {"start_time": as_utc(instant(declared["start_time"], declared["timezone"]))}
    return {}


def _is_readable(attributes: Mapping[str, Json], now: datetime) -> bool:
    try:
        schedule(attributes, now)
    except (AttributeError, KeyError, TypeError, ValueError):
        return False
    return True
