"""What became of a request whose answer was lost: looked up, never guessed.

A host's open intents are judged together against its whole list. A strict match
that a read confirms is adopted; no candidate at all means that nothing happened;
anything in between is for a person to judge.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from reconciler.errors.exceptions import AccessError, GoneError, RemoteError
from reconciler.meeting.meeting import kind, series, start_at
from reconciler.meeting.timezones import instant, is_same_zone
from reconciler.ports import Body, Json, Remote
from reconciler.state.state import Attempt, Intent

OCCURRENCES_MAX = 400
"""How many starts of a series are looked at: more than Zoom keeps of any."""


def find_duplicate(
    attributes: Mapping[str, Json], listed: Iterable[Mapping[str, Json]], known: frozenset[int]
) -> Mapping[str, Json] | None:
    """The first listed meeting that is not `known` and could be the declared one; None: there is none."""
    starts = _declared_starts(attributes)
    return next(
        (one for one in listed if one.get("id") not in known and _alike(attributes, starts, one)), None
    )


def listed_start(listed: Mapping[str, Json]) -> datetime | None:
    """When a listed or read meeting starts, aware, UTC; None where it has no fixed time."""
    start = listed.get("start_time")
    if not isinstance(start, str):
        return None
    try:
        return instant(start, listed.get("timezone") or "UTC")
    except (ValueError, TypeError):
        return None


def same_zone(attributes: Mapping[str, Json], listed: Mapping[str, Json]) -> bool:
    """Whether the zones agree, where both have one."""
    declared, stored = attributes.get("timezone"), listed.get("timezone")
    return not declared or not stored or is_same_zone(str(declared), str(stored))


def _alike(attributes: Mapping[str, Json], starts: frozenset[datetime], listed: Mapping[str, Json]) -> bool:
    if listed.get("topic") != attributes.get("topic") or listed.get("type") != kind(attributes):
        return False
    if not starts:
        return True
    return same_zone(attributes, listed) and listed_start(listed) in starts


def _declared_starts(attributes: Mapping[str, Json]) -> frozenset[datetime]:
    repeated = series(attributes)
    if repeated is not None:
        every = repeated.occurrences()
        return frozenset(start for start, _ in zip(every, range(OCCURRENCES_MAX), strict=False))
    start = start_at(attributes)
    return frozenset() if start is None else frozenset({start})


class MeetingLists:
    """What was read, by user; a list that failed keeps its error."""

    def __init__(self, remote: Remote, host: str) -> None:
        self._remote = remote
        self._host = host
        self._read: dict[str, tuple[Body, ...] | RemoteError] = {}

    async def read(self, attributes: Iterable[Mapping[str, Json]], *, fresh: bool = False) -> None:
        """Have the host's list, and those of the users that any of `attributes` schedules for.

        Raises `RemoteError` where the host's own cannot be read, `AccessError` where none can.
        """
        if fresh:
            self._read.clear()
        owners = {owner(one, self._host) for one in attributes}
        for user in (self._host, *sorted(owners - {self._host})):
            if user not in self._read:
                self._read[user] = await self._one(user)

    def missing(self, attributes: Mapping[str, Json]) -> RemoteError | None:
        """Why a list in which such a meeting can show is not there; None: all are."""
        found = self._read.get(owner(attributes, self._host))
        return found if isinstance(found, RemoteError) else None

    @property
    def users(self) -> tuple[str, ...]:
        """Whose lists were asked for."""
        return tuple(self._read)

    @property
    def meetings(self) -> tuple[Body, ...]:
        """Every meeting that was read, once per id."""
        whole = (found for found in self._read.values() if not isinstance(found, RemoteError))
        return tuple({one["id"]: one for found in whole for one in found}.values())

    async def _one(self, user: str) -> tuple[Body, ...] | RemoteError:
        try:
            return await self._remote.meetings(user)
        except RemoteError as error:
            if user == self._host or isinstance(error, AccessError):
                raise
            return error


def owner(attributes: Mapping[str, Json], host: str) -> str:
    """The user in whose list such a meeting shows: its host, or whom `schedule_for` names."""
    return str(attributes.get("schedule_for") or host)


SKEW = timedelta(minutes=5)
"""How far Zoom's clock and ours may be apart."""


@dataclass(frozen=True, slots=True)
class LookupResult:
    """Each intent's key once: adopted with its meeting, absent, or unclear with the meetings in question."""

    adopted: Mapping[str, Body] = field(default_factory=dict)
    absent: tuple[str, ...] = ()
    unclear: Mapping[str, tuple[Body, ...]] = field(default_factory=dict)


async def look_up(
    remote: Remote, intents: Mapping[str, Intent], listed: Iterable[Body], known: frozenset[int]
) -> LookupResult:
    """What became of one host's creates. `known` are the ids that are recorded or retired."""
    confirmed: list[Body] = []
    others: list[Body] = []
    for one in listed:
        if one["id"] in known:
            continue
        alike = any(in_window(intent, one) and _resembles(intent, one) for intent in intents.values())
        read = await _read(remote, one) if alike else None
        if read is None:
            others.append(one)
        else:
            confirmed.append(read)
    return assign(intents, confirmed, others)


def assign(
    intents: Mapping[str, Intent], candidates: Iterable[Body], others: Iterable[Body] = ()
) -> LookupResult:
    """Assign candidates to intents; a candidate belongs to one intent at most.

    `others` are never adopted, since no read confirms them; but what cannot be ruled out is told.
    """
    left = {one["id"]: one for one in candidates}
    adopted: dict[str, Body] = {}
    for keys, ids in _groups(intents, left):
        free = [number for number in ids if number in left]
        if len(free) == len(keys):
            adopted |= {key: left.pop(number) for key, number in zip(keys, free, strict=True)}
    unclear, absent = {}, []
    for key in sorted(set(intents) - set(adopted)):
        suspects = tuple(one for one in (*left.values(), *others) if in_window(intents[key], one))
        if suspects:
            unclear[key] = suspects
        else:
            absent.append(key)
    return LookupResult(adopted, tuple(absent), unclear)


def in_window(intent: Intent, listed: Mapping[str, object]) -> bool:
    """Whether the meeting can stem from the intent: made no earlier than its first attempt, less `SKEW`."""
    since = datetime.fromisoformat(intent.first_begun_at).replace(microsecond=0) - SKEW
    try:
        return datetime.fromisoformat(str(listed.get("created_at"))) >= since
    except (ValueError, TypeError):
        return True  # what does not say when it was made cannot be ruled out


def matches(intent: Intent, stored: Mapping[str, object]) -> bool:
    """Whether the meeting is just what some attempt asked for."""
    wanted = intent.attributes
    if not in_window(intent, stored) or not _resembles(intent, stored):
        return False
    if "duration" in wanted and stored.get("duration") != wanted["duration"]:
        return False
    starts = _sent_starts(intent, intent.sent)
    return same_zone(wanted, stored) and (not starts or listed_start(stored) in starts)


def as_sent(intent: Intent, stored: Mapping[str, object]) -> dict[str, Json]:
    """The body of the attempt that made `stored`, as far as it is kept: without its passcode."""
    made = next((one for one in intent.sent if _sent_starts(intent, (one,)) == {listed_start(stored)}), None)
    sent = {name: value for name, value in intent.attributes.items() if name != "password"}
    if made is None:
        return sent
    if made.start_time is not None:
        sent["start_time"] = made.start_time
    if made.end_times is not None:
        sent["recurrence"] = {**sent["recurrence"], "end_times": made.end_times}
    return sent


def _sent_starts(intent: Intent, attempts: Iterable[Attempt]) -> set[datetime | None]:
    zone = intent.attributes.get("timezone")
    return {instant(one.start_time, zone) for one in attempts if one.start_time}


def _resembles(intent: Intent, listed: Mapping[str, object]) -> bool:
    wanted = intent.attributes
    return listed.get("topic") == wanted.get("topic") and listed.get("type") == kind(wanted)


def _groups(
    intents: Mapping[str, Intent], candidates: Mapping[int, Body]
) -> list[tuple[list[str], list[int]]]:
    """Interchangeable intents with all they match, the fewest matches first; both in a fixed order."""
    order = sorted(candidates, key=lambda number: (str(candidates[number].get("created_at")), number))
    groups: dict[tuple[int, ...], list[str]] = {}
    for key in sorted(intents):
        ids = tuple(number for number in order if matches(intents[key], candidates[number]))
        groups.setdefault(ids, []).append(key)
    return [(groups[ids], list(ids)) for ids in sorted(groups, key=lambda ids: (len(ids), ids)) if ids]


async def _read(remote: Remote, listed: Body) -> Body | None:
    """The meeting, None where it is listed and yet not to be read: lately made, or lately ended."""
    try:
        return (await remote.read(listed["id"])).body
    except GoneError:
        return None
