"""The state: recorded meetings, open intents, retired ids and used requests.

A state is a value: every change makes a new one. It holds no secret.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping
from datetime import datetime
from itertools import chain
from operator import attrgetter
from types import MappingProxyType

from msgspec import Struct
from msgspec.structs import replace

from reconciler.meeting import fields
from reconciler.meeting.names import fold_host
from reconciler.meeting.timezones import utc_text
from reconciler.ports import Json
from reconciler.state.values import CHANGES_MAX, raised

USAGE_DAYS_KEPT = 7
"""Days of the ledger that the state keeps; only the current day has an effect."""

SCHEDULE_FOR = "schedule_for"
"""The field that names the user for whom the host schedules a meeting: Zoom makes that user its host."""

_ID = attrgetter("id")

_TIMES = ("type", "start_time", "timezone", "duration", "recurrence")
"""The attributes that say when a meeting takes place."""


_NOTHING: Mapping[str, Json] = MappingProxyType({})


class Record(Struct, frozen=True):
    """A meeting that exists.

    `attributes` are as declared, of an imported meeting as Zoom had them; `observed` has the values that Zoom
    stored instead of those that were sent, by dotted path. `made` is `created` or `imported`, and empty in
    states of older versions. `exceptions` are the edits of single dates of a series that are done, by date;
    see `meeting.single_dates.Edit`. `window` are the first and the last start of a longer series that Zoom
    keeps, as UTC text: {"from", "to"}. `withheld_since` is when an apply first withheld a change of
    the meeting that a person must decide, None while there is none. `not_taken` are the paths of `observed`
    that an update left as they were. `uid` is the name in calendar feeds of a meeting that was renamed since
    it was created, see `feed_name`; `changes` is how often what feeds show was changed, `changed_at` (RFC
    3339, UTC) when for the last time. `timetable` are the slots of a room as declared, by name.
    """

    id: int
    host: str
    created_at: str | None
    attributes: Mapping[str, Json]
    observed: Mapping[str, Json] = _NOTHING
    protect: bool = False
    made: str = ""
    exceptions: Mapping[str, Json] = _NOTHING
    window: Mapping[str, Json] = _NOTHING
    withheld_since: str | None = None
    not_taken: tuple[str, ...] = ()
    uid: str = ""
    changes: int = 0
    changed_at: str | None = None
    timetable: Mapping[str, Json] = _NOTHING

    def revised(self, before: Record, at: datetime) -> Record:
        """Return the record with one more change at an aware instant, if it differs from the one before.

        An extension of a longer series is none: feeds show the series as declared.
        """
        if (self.attributes, self.host, self.timetable) == (before.attributes, before.host, before.timetable):
            return self
        return self.counted(at)

    def counted(self, at: datetime) -> Record:
        """Return the record with one more change at an aware instant."""
        return replace(self, changes=raised(self.changes, CHANGES_MAX), changed_at=utc_text(at))

    def succeeding(self, before: Record | None) -> Record:
        """Return the record of a meeting that replaces another one: in feeds it is the same, changed."""
        if before is None:
            return self
        return replace(
            self, uid=before.uid, changes=raised(before.changes, CHANGES_MAX), changed_at=self.created_at
        )


class Attempt(Struct, frozen=True):
    """The sent values that differ from one attempt to the next."""

    start_time: str | None
    end_times: int | None


class Intent(Struct, frozen=True):
    """A create or update that was sent, or may have been sent, and is not confirmed yet.

    Instants are RFC 3339 text in UTC. `sent` lists every attempt, oldest first. `to_host` is the new host
    of an update that hands the meeting over. `measured` is true if `first_begun_at` is Zoom's time, and not
    only what the clock of a machine said. `dates` are the edits of single dates that are being made, by
    date; None takes a date back. Those of an update are the edits that it may undo.
    """

    action: str
    host: str
    attributes: Mapping[str, Json]
    sent: tuple[Attempt, ...]
    first_begun_at: str
    begun_at: str
    owner: str
    id: int | None = None
    to_host: str | None = None
    measured: bool = False
    dates: Mapping[str, Json] = {}

    @property
    def is_of_dates(self) -> bool:
        """True if single dates are changed, and nothing else was sent."""
        return bool(self.dates) and not self.sent

    @property
    def in_words(self) -> str:
        """Return what it is, for people: "an interrupted create, begun 2026-11-30T18:00:00Z"."""
        return f"an interrupted {self.action}, begun {self.begun_at[:19]}Z"


class Retired(Struct, frozen=True):
    """A replaced meeting that is still to be deleted; `times` are its attributes in `_TIMES`.

    `host` is the user under whom Zoom has it; `created_at` is None in states of older versions.
    """

    id: int
    host: str
    key: str
    times: Mapping[str, Json] = {}
    created_at: str | None = None


class State(Struct, frozen=True):
    """Everything that one run leaves to the next. Serial 0: nothing was ever written."""

    lineage: str = ""
    serial: int = 0
    origin: str = ""
    meetings: Mapping[str, Record] = {}
    intents: Mapping[str, Intent] = {}
    retired: tuple[Retired, ...] = ()
    usage: Mapping[str, Mapping[str, int]] = {}
    hosts: Mapping[str, str] = {}
    history: tuple[Mapping[str, Json], ...] = ()
    """The entries of `state.history`, oldest first."""

    def written(self) -> State:
        """Return this state with the next serial."""
        return replace(self, serial=raised(self.serial))

    def begin(self, key: str, intent: Intent, *, day: str, requests: int = 1) -> State:
        """Add `intent` and charge its host on `day`: one value, so one durable write."""
        return replace(self, intents={**self.intents, key: intent}).charge(day, intent.host, requests)

    def amend(self, key: str, meeting_id: int, **values: Json) -> State:
        """Set these values of the record of `key`, if it is still of that meeting; an intent stays."""
        record = self.meetings.get(key)
        if record is None or record.id != meeting_id:
            return self
        return replace(self, meetings={**self.meetings, key: replace(record, **values)})

    def with_timetable(self, key: str, timetable: Mapping[str, Json], at: datetime) -> State:
        """Set the slots of a room, of which nothing is sent, at an aware instant: feeds show them."""
        record = replace(self.meetings[key], timetable=timetable).counted(at)
        return replace(self, meetings={**self.meetings, key: record})

    def with_exceptions(self, key: str, exceptions: Mapping[str, Json]) -> State:
        """Set the edits of single dates that are done; an intent stays."""
        record = replace(self.meetings[key], exceptions=exceptions)
        return replace(self, meetings={**self.meetings, key: record})

    def rewrite(self, key: str, intent: Intent) -> State:
        """Replace an intent that is charged already."""
        return replace(self, intents={**self.intents, key: intent})

    def confirm(self, key: str, record: Record) -> State:
        """Set the record of `key`, and remove its intent if it has one.

        Edits of single dates that an update may have undone, and that `record` does not have, stay open: an
        intent names them until they are read.
        """
        intents, unread = _without(self.intents, key), _unread(self.intents.get(key), record)
        return replace(
            self,
            meetings={**self.meetings, key: record},
            intents={**intents, key: unread} if unread else intents,
        )

    def replace(self, key: str, record: Record, retired: Retired | None) -> State:
        """Replace the intent and the record of `key` by `record`: one value, so one durable write.

        `retired` is the old meeting, which is still to be deleted; None: it is left in Zoom.
        """
        gone = (*self.retired, retired) if retired and retired not in self.retired else self.retired
        return replace(self.confirm(key, record), retired=gone)

    def move(self, from_key: str, to_key: str) -> State:
        """Move record, intent and retired meetings of `from_key` to `to_key`; its name in feeds stays."""
        meetings = dict(self.meetings)
        if from_key in meetings:
            meetings[from_key] = replace(meetings[from_key], uid=feed_name(self, from_key))
        return replace(
            self,
            meetings=_renamed(meetings, from_key, to_key),
            intents=_renamed(self.intents, from_key, to_key),
            retired=tuple(
                replace(gone, key=to_key) if gone.key == from_key else gone for gone in self.retired
            ),
        )

    def drop_retired(self, meeting_id: int) -> State:
        """Remove the retired id: the meeting is gone."""
        return replace(self, retired=tuple(gone for gone in self.retired if gone.id != meeting_id))

    def release(self, key: str, attributes: Mapping[str, Json], *, protect: bool) -> State:
        """Set the record's `attributes` and `protect`; no request is sent for it.

        Observed values are kept for the fields that are still declared.
        """
        record = self.meetings[key]
        seen = {path: value for path, value in record.observed.items() if fields.has(attributes, path)}
        untaken = tuple(path for path in record.not_taken if path in seen)
        kept = replace(record, attributes=attributes, observed=seen, protect=protect, not_taken=untaken)
        return replace(self, meetings={**self.meetings, key: kept})

    def drop_intent(self, key: str) -> State:
        """Remove the intent: its request is known not to have happened. The charge stays.

        The edits of single dates that its update might have undone are recorded again.
        """
        dropped = replace(self, intents=_without(self.intents, key))
        intent, record = self.intents.get(key), self.meetings.get(key)
        if intent is None or record is None or intent.is_of_dates or record.id != intent.id:
            return dropped
        return dropped.with_exceptions(key, {**intent.dates, **record.exceptions})

    def forget(self, key: str) -> State:
        """Remove the record and the intent of `key`."""
        return replace(self, meetings=_without(self.meetings, key), intents=_without(self.intents, key))

    def charge(self, day: str, host: str, requests: int) -> State:
        """Add `requests` to the host's ledger (negative: take back; never under 0).

        Counts under the host's aliases are moved to its key, so that a charge can be taken back
        after its alias was resolved.
        """
        name, others, count = host_key(self, host), {}, requests
        for alias, charged in self.usage.get(day, {}).items():
            if host_key(self, alias) == name:
                count += charged
            else:
                others[alias] = charged
        return replace(self, usage={**self.usage, day: {**others, name: max(0, count)}})

    def spend_all(self, day: str, host: str, limit: int) -> State:
        """Raise the host's use of `day` to `limit`, because Zoom says that its day is used up."""
        return self.charge(day, host, max(0, limit - used(self, day, host)))

    def resolve_host(self, alias: str, user_id: str) -> State:
        """Record that `alias` is the user `user_id`."""
        return replace(self, hosts={**self.hosts, fold_host(alias): user_id})

    def known_ids(self) -> frozenset[int]:
        """Return every meeting id that is recorded or retired."""
        return frozenset(map(_ID, chain(self.meetings.values(), self.retired)))

    def knows(self, meeting_id: int) -> bool:
        """Return whether the meeting is recorded or retired."""
        return meeting_id in map(_ID, chain(self.meetings.values(), self.retired))


def feed_name(state: State, key: str, taken: Collection[str] | None = None) -> str:
    """Return the name of a meeting in calendar feeds: the key under which it was created.

    A meeting that took the key of a renamed one gets a number behind it. `taken` are the `feed_names`.
    """
    record = state.meetings.get(key)
    if record is not None and record.uid:
        return record.uid
    taken = feed_names(state) if taken is None else taken
    name, number = key, 1
    while name in taken:
        number += 1
        name = f"{key}#{number}"  # no key has this character
    return name


def feed_names(state: State) -> frozenset[str]:
    """Return the names in feeds that records keep."""
    return frozenset(each.uid for each in state.meetings.values() if each.uid)


def retire(key: str, record: Record) -> Retired:
    """Return the retired form of a record whose meeting is replaced."""
    times = {name: record.attributes[name] for name in _TIMES if name in record.attributes}
    host = owner(record.attributes, record.host)
    return Retired(record.id, host, key, times, record.created_at)


def owner(attributes: Mapping[str, Json], host: str) -> str:
    """Return the user under whom Zoom has a meeting: the one that `schedule_for` names, else its `host`."""
    return str(attributes.get(SCHEDULE_FOR) or host)


def follow(record: Record, host: str) -> Record:
    """Return the record of a meeting whose host in Zoom is `host` now, whatever it was scheduled for."""
    return replace(record, host=host, attributes=_without(record.attributes, SCHEDULE_FOR))


def scheduled_as(attributes: Mapping[str, Json], before: Mapping[str, Json]) -> dict[str, Json]:
    """Return `attributes` with the `schedule_for` of `before`, as of a handover that is not confirmed."""
    kept = {SCHEDULE_FOR: before[SCHEDULE_FOR]} if SCHEDULE_FOR in before else {}
    return {**_without(attributes, SCHEDULE_FOR), **kept}


def host_key(state: State, host: str) -> str:
    """Return the name under which a host's requests are counted: its user id, else the folded alias."""
    name = fold_host(host)
    return state.hosts.get(name, name)


def names_of(state: State, host: str) -> tuple[str, ...]:
    """Return every known name of the host, its key included; sorted."""
    name = host_key(state, host)
    return tuple(sorted({name, *(alias for alias, user_id in state.hosts.items() if user_id == name)}))


def used(state: State, day: str, host: str) -> int:
    """Return the requests charged to the host on `day` under any of its names."""
    name = host_key(state, host)
    return sum(n for alias, n in state.usage.get(day, {}).items() if host_key(state, alias) == name)


def ledger(state: State, day: str) -> Counter[str]:
    """Return the requests charged on `day` by `host_key`; 0 for a host that is not listed."""
    counts: Counter[str] = Counter()
    for alias, count in state.usage.get(day, {}).items():
        counts[host_key(state, alias)] += count
    return counts


def pruned(state: State, today: str) -> State:
    """Drop the ledgers of days that no longer matter."""
    days = sorted(day for day in state.usage if day <= today)[-USAGE_DAYS_KEPT:]
    return replace(state, usage={day: state.usage[day] for day in state.usage if day in days or day > today})


def _unread(intent: Intent | None, record: Record) -> Intent | None:
    """The intent that stays open once the update of `intent` is confirmed; None if nothing is."""
    if intent is None or intent.is_of_dates or intent.id != record.id:
        return None
    dates = {day: edit for day, edit in intent.dates.items() if day not in record.exceptions}
    opened = replace(intent, attributes=record.attributes, sent=(), to_host=None, dates=dates)
    return opened if dates else None


def _without(mapping: Mapping[str, Json], key: str) -> dict[str, Json]:
    left = dict(mapping)  # copied at once: an apply does this for each meeting, over all of them
    left.pop(key, None)
    return left


def _renamed(mapping: Mapping[str, Json], old: str, new: str) -> dict[str, Json]:
    moved = _without(mapping, old)
    return {**moved, new: mapping[old]} if old in mapping else moved
