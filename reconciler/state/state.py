"""What we know exists, what may exist, and what was spent: the state, and its JSON.

A state is a value: every change gives a new one. It holds no secret. One line
per meeting, sorted, so that it lives well in git and a write can reuse lines.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from reconciler.meeting import fields
from reconciler.ports import Json

USAGE_DAYS_KEPT = 7
"""Days of the ledger that stay in the state; only today's counts."""


_TIMES = ("type", "start_time", "timezone", "duration", "recurrence")
"""What of the attributes says when a meeting is."""


@dataclass(frozen=True, slots=True)
class Record:
    """A meeting that exists.

    `attributes` are as declared, `observed` has what Zoom stored otherwise, by dotted path.
    """

    id: int
    host: str
    created_at: str | None
    attributes: Mapping[str, Json]
    observed: Mapping[str, Json] = field(default_factory=dict)
    protect: bool = False


@dataclass(frozen=True, slots=True)
class Attempt:
    """What one attempt sent of the fields that change from attempt to attempt."""

    start_time: str | None
    end_times: int | None


@dataclass(frozen=True, slots=True)
class Intent:
    """A create or update that was sent, or may have been, and is not confirmed yet.

    Instants are RFC 3339 text in UTC. `sent` has every attempt, oldest first.
    """

    action: str
    host: str
    attributes: Mapping[str, Json]
    sent: tuple[Attempt, ...]
    first_begun_at: str
    begun_at: str
    owner: str
    id: int | None = None


@dataclass(frozen=True, slots=True)
class Retired:
    """A meeting that was replaced and is still to be ended; `times` of its attributes say when it is."""

    id: int
    host: str
    key: str
    times: Mapping[str, Json] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class State:
    """Everything that one run leaves to the next. `serial` 0: nothing was ever written."""

    lineage: str = ""
    serial: int = 0
    origin: str = ""
    meetings: Mapping[str, Record] = field(default_factory=dict)
    intents: Mapping[str, Intent] = field(default_factory=dict)
    retired: tuple[Retired, ...] = ()
    usage: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    hosts: Mapping[str, str] = field(default_factory=dict)

    def written(self) -> State:
        """The same, as the next document of its lineage."""
        return replace(self, serial=self.serial + 1)

    def begin(self, key: str, intent: Intent, *, day: str) -> State:
        """With `intent` and its charge to the intent's host on `day`: one value, so one durable write."""
        return replace(self, intents={**self.intents, key: intent}).charge(day, intent.host, 1)

    def rewrite(self, key: str, intent: Intent) -> State:
        """With a newer form of an intent that is charged already."""
        return replace(self, intents={**self.intents, key: intent})

    def confirm(self, key: str, record: Record) -> State:
        """With `record` in the place of the intent."""
        return replace(
            self,
            meetings={**self.meetings, key: record},
            intents=_without(self.intents, key),
        )

    def replace(self, key: str, record: Record, retired: Retired | None) -> State:
        """With `record` in the place of the intent and of the record so far: one value, so one durable write.

        `retired` is what the old one is still to be ended as; None: it is left in Zoom.
        """
        gone = (*self.retired, retired) if retired and retired not in self.retired else self.retired
        return replace(self.confirm(key, record), retired=gone)

    def adopt(self, key: str, record: Record) -> State:
        """With a meeting that exists already under `key`; what was begun under it is thereby judged."""
        return self.confirm(key, record)

    def move(self, from_key: str, to_key: str) -> State:
        """With everything that stands under `from_key` under `to_key`; nothing where nothing does."""
        return replace(
            self,
            meetings=_renamed(self.meetings, from_key, to_key),
            intents=_renamed(self.intents, from_key, to_key),
            retired=tuple(
                replace(gone, key=to_key) if gone.key == from_key else gone for gone in self.retired
            ),
        )

    def bury(self, meeting_id: int) -> State:
        """Without the retired id: the meeting is gone."""
        return replace(self, retired=tuple(gone for gone in self.retired if gone.id != meeting_id))

    def release(self, key: str, attributes: Mapping[str, Json], *, protect: bool) -> State:
        """With `attributes` and `protect` as those of the record, which sends nothing.

        What Zoom stored otherwise is kept of the fields that are still there.
        """
        record = self.meetings[key]
        seen = {path: value for path, value in record.observed.items() if fields.has(attributes, path)}
        kept = replace(record, attributes=attributes, observed=seen, protect=protect)
        return replace(self, meetings={**self.meetings, key: kept})

    def withdraw(self, key: str) -> State:
        """Without the intent: it is known not to have happened. The charge stays."""
        return replace(self, intents=_without(self.intents, key))

    def forget(self, key: str) -> State:
        """Without the record and the intent of `key`."""
        return replace(self, meetings=_without(self.meetings, key), intents=_without(self.intents, key))

    def charge(self, day: str, host: str, requests: int) -> State:
        """With `requests` more on the host's ledger (fewer where negative, never under 0).

        What stands there under an alias is gathered under the host's key: so a charge can be
        taken back after its alias was resolved.
        """
        name = host_key(self, host)
        others = {alias: n for alias, n in self.usage.get(day, {}).items() if host_key(self, alias) != name}
        count = max(0, used(self, day, host) + requests)
        return replace(self, usage={**self.usage, day: {**others, name: count}})

    def spend_all(self, day: str, host: str, limit: int) -> State:
        """With the host's use of `day` at `limit` at least: Zoom said so."""
        return self.charge(day, host, max(0, limit - used(self, day, host)))

    def resolve_host(self, alias: str, user_id: str) -> State:
        """With `alias` known to be `user_id`."""
        return replace(self, hosts={**self.hosts, _folded(alias): user_id})

    def known_ids(self) -> frozenset[int]:
        """Every meeting id that is recorded or retired."""
        return frozenset(record.id for record in self.meetings.values()) | {gone.id for gone in self.retired}


def retire(key: str, record: Record) -> Retired:
    """The record of a meeting that is replaced, as one that is still to be ended."""
    times = {name: record.attributes[name] for name in _TIMES if name in record.attributes}
    return Retired(record.id, record.host, key, times)


def host_key(state: State, host: str) -> str:
    """The name under which a host's use is counted: the user id once known, else the case-folded alias."""
    name = _folded(host)
    return state.hosts.get(name, name)


def names_of(state: State, host: str) -> tuple[str, ...]:
    """Every name that is known to mean the host, its key among them; sorted."""
    name = host_key(state, host)
    return tuple(sorted({name, *(alias for alias, user_id in state.hosts.items() if user_id == name)}))


def used(state: State, day: str, host: str) -> int:
    """Requests charged to the host on `day`, under whichever of its names."""
    return ledger(state, day)[host_key(state, host)]


def ledger(state: State, day: str) -> Counter[str]:
    """Requests charged on `day` by `host_key`; 0 for a host that is not in it."""
    counts: Counter[str] = Counter()
    for alias, count in state.usage.get(day, {}).items():
        counts[host_key(state, alias)] += count
    return counts


def pruned(state: State, today: str) -> State:
    """Without ledgers that can no longer matter."""
    days = sorted(day for day in state.usage if day <= today)[-USAGE_DAYS_KEPT:]
    return replace(state, usage={day: state.usage[day] for day in state.usage if day in days or day > today})


def _folded(host: str) -> str:
    # Zoom's user ids are case-sensitive, its e-mails are not.
    return host.casefold() if "@" in host else host


def _without(mapping: Mapping[str, Json], key: str) -> dict[str, Json]:
    return {name: value for name, value in mapping.items() if name != key}


def _renamed(mapping: Mapping[str, Json], old: str, new: str) -> dict[str, Json]:
    moved = _without(mapping, old)
    return {**moved, new: mapping[old]} if old in mapping else moved
