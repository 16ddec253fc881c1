"""Refresh: what Zoom says now of every recorded meeting, and the state that a plan is made of then.

Reads only, none of which touches a daily budget. Missing from a list is a suspicion and makes a
meeting come first; gone it is only when its own read says so.
"""

from __future__ import annotations

import asyncio
from collections import deque
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from reconciler import seen as sights
from reconciler.drift import drift_of, hosts_of, other_host
from reconciler.errors import AccessError, DailyLimitError, NeverSentError, RemoteError
from reconciler.meeting import SERIES, kind, schedule
from reconciler.recurrence import instant
from reconciler.rescheduling import as_utc, stored_series
from reconciler.seen import Seen, Sight
from reconciler.state import host_key

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Coroutine, Mapping, Sequence
    from datetime import datetime

    from reconciler.drift import Difference
    from reconciler.fields import Json
    from reconciler.ports import Body, Remote
    from reconciler.state import Record, State

IN_FLIGHT_MAX = 24
"""Reads that are begun at once; the client's own limits hold besides."""

ANOTHER_PASSCODE = {"scrypt": ""}
"""Stands in a record for a passcode that is not the declared one: it equals none."""


async def read(
    remote: Remote,
    state: State,
    now: datetime,
    *,
    keys: Collection[str] | None,
    tell: Callable[[int, int], None],
) -> dict[str, Seen]:
    """What Zoom has of each recorded, unexpired meeting, by key; `keys` None: of all.

    `tell` hears after each read how many are done, of how many. Raises `AccessError`, the
    account's `DailyLimitError` and `NeverSentError`: no other read would fare better.
    """
    due = {key: record for key, record in sorted(state.meetings.items()) if keys is None or key in keys}
    due = {key: record for key, record in due.items() if not schedule(record.attributes, now).expired}
    reading = _Reading(remote, due, tell)
    await reading.list_hosts({host_key(state, _lister(one)): _lister(one) for one in due.values()})
    await reading.read_all()
    return {key: reading.seen[key] for key in due}


def corrected(state: State, seen: Mapping[str, Seen]) -> State:
    """The state without meetings that are gone, and with the host that each has now: facts to record.

    What an open intent is about stays as it is: that is looked up first.
    """
    meetings = dict(state.meetings)
    for key, one in seen.items():
        record = meetings.get(key)
        if record is None or key in state.intents:
            continue
        if one.sight is Sight.GONE:
            del meetings[key]
        elif one.sight is Sight.FOUND:
            meetings[key] = _under_its_host(state, record, one.body)
    return replace(state, meetings=meetings)


def refreshed(state: State, seen: Mapping[str, Seen], now: datetime) -> State:
    """`corrected`, and its records with what Zoom has of the declared fields that people changed.

    To make a plan of, never to be written down: a record says what was declared.
    """
    known = corrected(state, seen)
    meetings = dict(known.meetings)
    for key, one in seen.items():
        if key in meetings and key not in state.intents and one.sight is Sight.FOUND:
            drifted = [each for each in drift_of(meetings[key], one.body, now) if each.is_drift]
            if drifted:
                meetings[key] = _as_in_zoom(meetings[key], one.body, drifted, now)
    return replace(known, meetings=meetings)


@dataclass(slots=True)
class _Reading:
    """Reads under way. `failure` ends them."""

    remote: Remote
    due: Mapping[str, Record]
    tell: Callable[[int, int], None]
    seen: dict[str, Seen] = field(default_factory=dict)
    listed: set[int] = field(default_factory=set)
    failure: RemoteError | None = None

    async def list_hosts(self, hosts: Mapping[str, str]) -> None:
        """Read each host's list once. One that cannot be read says nothing."""
        await self._work(deque(hosts.values()), self._list)

    async def read_all(self) -> None:
        """Read every meeting, those first that no list shows."""
        order = sorted(self.due, key=lambda key: self.due[key].id in self.listed)
        self.tell(0, len(order))
        await self._work(deque(order), self._read)

    async def _list(self, host: str) -> None:
        try:
            self.listed |= {one["id"] for one in await self.remote.meetings(host)}
        except RemoteError as error:
            self.failure = self.failure or _hopeless(error)

    async def _read(self, key: str) -> None:
        number = self.due[key].id
        try:
            one = sights.found((await self.remote.read(number)).body)
        except RemoteError as error:
            self.failure = self.failure or _hopeless(error)
            one = sights.refused(error, listed=number in self.listed)
        self.seen[key] = one
        self.tell(len(self.seen), len(self.due))

    async def _work(self, waiting: deque[str], do: Callable[[str], Coroutine[Any, Any, None]]) -> None:
        async def one_after_another() -> None:
            while waiting and self.failure is None:
                await do(waiting.popleft())

        async with asyncio.TaskGroup() as group:
            for _ in range(min(IN_FLIGHT_MAX, len(waiting))):
                group.create_task(one_after_another())
        if self.failure is not None:
            raise self.failure


def _hopeless(error: RemoteError) -> RemoteError | None:
    """The error where every other read would end with it too."""
    is_account = isinstance(error, DailyLimitError) and error.scope == "account"
    return error if is_account or isinstance(error, (AccessError, NeverSentError)) else None


def _lister(record: Record) -> str:
    """In whose list the meeting shows."""
    return str(record.attributes.get("schedule_for") or record.host)


def _under_its_host(state: State, record: Record, stored: Body) -> Record:
    other = other_host(stored, hosts_of(state, record))
    return record if other is None else replace(record, host=other)


def _as_in_zoom(record: Record, stored: Body, drifted: Collection[Difference], now: datetime) -> Record:
    """The record with what drifted as Zoom has it, in the terms in which it was declared."""
    attributes: Mapping[str, Json] = record.attributes
    for one in drifted:
        attributes = _with(attributes, one.path.split("."), _kept(one))
    attributes = {**attributes, **_schedule(record, stored, {one.path for one in drifted}, now)}
    attributes = {name: value for name, value in attributes.items() if value is not None}
    if not _is_readable(attributes, now):
        attributes = {
            name: attributes[name] for name in attributes if name not in {"start_time", "recurrence"}
        }
    return replace(record, attributes=attributes)


def _kept(one: Difference) -> Json:
    return ANOTHER_PASSCODE if one.path == "password" and one.after is not None else one.after


def _with(attributes: Mapping[str, Json], path: Sequence[str], value: Json) -> dict[str, Json]:
    """`attributes` with another value at `path`; None: with nothing there."""
    name, *deeper = path
    others = {key: one for key, one in attributes.items() if key != name}
    if deeper:
        value = _with(attributes.get(name) or {}, deeper, value)
    return others if value is None else {**others, name: value}


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
