"""Looks up meetings in the lists of a host: duplicates of a declared one, and creates of unknown outcome.

The open intents of a host are judged together against its whole list. A strict match that a read
confirms is adopted; no candidate at all means that the create did not happen; anything in between is
for a person to judge.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta

from msgspec import Struct

from reconciler.apply.resolve.likeness import declared_starts, has_start, has_topic, has_type, same_zone
from reconciler.errors.exceptions import AccessError, GoneError, RemoteError
from reconciler.meeting.timezones import instant
from reconciler.ports import Body, Json, Remote
from reconciler.state.state import Attempt, Intent, owner

SKEW = timedelta(minutes=5)
"""The largest difference between Zoom's clock and what its answers said."""

SKEW_UNMEASURED = timedelta(hours=24)
"""The largest difference between Zoom's clock and the one of a machine that no answer was measured on."""


class MeetingLists:
    """The lists of meetings that were read, by user; a list that could not be read keeps its error."""

    def __init__(self, remote: Remote, host: str) -> None:
        self._remote = remote
        self._host = host
        self._lists: dict[str, tuple[Body, ...] | RemoteError] = {}

    async def read(self, attributes: Iterable[Mapping[str, Json]], *, fresh: bool = False) -> None:
        """Read the host's list, and those of the users that any of `attributes` schedules for.

        Lists that were read before are read again only if `fresh`. Raises `RemoteError` where the
        host's own list cannot be read, `AccessError` where none can.
        """
        if fresh:
            self._lists.clear()
        owners = {owner(declared, self._host) for declared in attributes}
        for user in (self._host, *sorted(owners - {self._host})):
            if user not in self._lists:
                self._lists[user] = await self._read(user)

    def error(self, attributes: Mapping[str, Json]) -> RemoteError | None:
        """The error of the list in which such a meeting would show; None where the list was read."""
        meetings = self._lists.get(owner(attributes, self._host))
        return meetings if isinstance(meetings, RemoteError) else None

    @property
    def users(self) -> tuple[str, ...]:
        """The users whose lists were requested."""
        return tuple(self._lists)

    @property
    def meetings(self) -> tuple[Body, ...]:
        """Every meeting that was read, once per id."""
        lists = (meetings for meetings in self._lists.values() if not isinstance(meetings, RemoteError))
        return tuple({meeting["id"]: meeting for meetings in lists for meeting in meetings}.values())

    async def _read(self, user: str) -> tuple[Body, ...] | RemoteError:
        try:
            return await self._remote.meetings(user)
        except RemoteError as error:
            if user == self._host or isinstance(error, AccessError):
                raise
            return error


def find_duplicate(
    attributes: Mapping[str, Json], listed: Iterable[Mapping[str, Json]], known: frozenset[int]
) -> Mapping[str, Json] | None:
    """The first listed meeting that is not `known` and may be the declared one; None where there is none."""
    unknown = (meeting for meeting in listed if meeting.get("id") not in known)
    alike = [meeting for meeting in unknown if _has_topic_and_type(attributes, meeting)]
    starts = tuple(declared_starts(attributes)) if alike else ()
    return next((meeting for meeting in alike if _starts_alike(attributes, starts, meeting)), None)


def _starts_alike(
    attributes: Mapping[str, Json], starts: Sequence[datetime], listed: Mapping[str, Json]
) -> bool:
    return not starts or (same_zone(attributes, listed) and has_start(listed, starts) is True)


def _has_topic_and_type(attributes: Mapping[str, Json], listed: Mapping[str, Json]) -> bool:
    return has_topic(attributes, listed) and has_type(attributes, listed)


class LookupResult(Struct, frozen=True):
    """Each intent's key once: adopted with its meeting, absent, or unclear with the meetings in question."""

    adopted: Mapping[str, Body] = {}
    absent: tuple[str, ...] = ()
    unclear: Mapping[str, tuple[Body, ...]] = {}


async def look_up(
    remote: Remote, intents: Mapping[str, Intent], listed: Iterable[Body], known: frozenset[int]
) -> LookupResult:
    """Find the meetings that the open creates of one host made. `known` are recorded or retired ids."""
    confirmed: list[Body] = []
    unconfirmed: list[Body] = []
    for meeting in listed:
        if meeting["id"] in known:
            continue
        is_candidate = any(
            in_window(intent, meeting) and _has_topic_and_type(intent.attributes, meeting)
            for intent in intents.values()
        )
        stored = await _read(remote, meeting) if is_candidate else None
        if stored is None:
            unconfirmed.append(meeting)
        else:
            confirmed.append(stored)
    return assign(intents, confirmed, unconfirmed)


def assign(
    intents: Mapping[str, Intent], confirmed: Iterable[Body], unconfirmed: Iterable[Body] = ()
) -> LookupResult:
    """Assign meetings to intents; a meeting belongs to one intent at most.

    `unconfirmed` meetings are never adopted, because no read confirms them; an intent that may have
    made one of them is unclear.
    """
    left = {meeting["id"]: meeting for meeting in confirmed}
    adopted: dict[str, Body] = {}
    for keys, ids in _groups(intents, left):
        free = [meeting_id for meeting_id in ids if meeting_id in left]
        if len(free) == len(keys):
            adopted |= {key: left.pop(meeting_id) for key, meeting_id in zip(keys, free, strict=True)}
    unclear, absent = {}, []
    for key in sorted(set(intents) - set(adopted)):
        meetings = (*left.values(), *unconfirmed)
        suspects = tuple(meeting for meeting in meetings if in_window(intents[key], meeting))
        if suspects:
            unclear[key] = suspects
        else:
            absent.append(key)
    return LookupResult(adopted, tuple(absent), unclear)


def in_window(intent: Intent, listed: Mapping[str, object]) -> bool:
    """Return whether the intent may have made the meeting: not before its first attempt, less the skew."""
    skew = SKEW if intent.measured else SKEW_UNMEASURED
    since = datetime.fromisoformat(intent.first_begun_at).replace(microsecond=0) - skew
    try:
        return datetime.fromisoformat(str(listed.get("created_at"))) >= since
    except (ValueError, TypeError):
        return True  # without a readable time of creation it cannot be ruled out


def matches(intent: Intent, stored: Mapping[str, object]) -> bool:
    """Return whether the meeting is the one that an attempt asked for, but for what Zoom changes freely."""
    wanted = intent.attributes
    if not in_window(intent, stored) or not _has_topic_and_type(wanted, stored):
        return False
    if "duration" in wanted and stored.get("duration") != wanted["duration"]:
        return False
    starts = _sent_starts(intent, intent.sent)
    return same_zone(wanted, stored) and (not starts or has_start(stored, starts) is True)


def as_sent(intent: Intent, stored: Mapping[str, object]) -> dict[str, Json]:
    """The body of the attempt that made `stored`, as far as it is kept: without its passcode."""
    made_by = next((each for each in intent.sent if has_start(stored, _sent_starts(intent, (each,)))), None)
    sent = {name: value for name, value in intent.attributes.items() if name != "password"}
    if made_by is None:
        return sent
    if made_by.start_time is not None:
        sent["start_time"] = made_by.start_time
    if made_by.end_times is not None and "recurrence" in sent:
        sent["recurrence"] = {**sent["recurrence"], "end_times": made_by.end_times}
    return sent


def _sent_starts(intent: Intent, attempts: Iterable[Attempt]) -> set[datetime]:
    zone = intent.attributes.get("timezone")
    return {instant(attempt.start_time, zone) for attempt in attempts if attempt.start_time}


def _groups(
    intents: Mapping[str, Intent], candidates: Mapping[int, Body]
) -> list[tuple[list[str], list[int]]]:
    """Interchangeable intents with all meetings that they match, fewest matches first, in a fixed order."""
    order = sorted(candidates, key=lambda number: (str(candidates[number].get("created_at")), number))
    groups: dict[tuple[int, ...], list[str]] = {}
    for key in sorted(intents):
        ids = tuple(number for number in order if matches(intents[key], candidates[number]))
        groups.setdefault(ids, []).append(key)
    return [(groups[ids], list(ids)) for ids in sorted(groups, key=lambda ids: (len(ids), ids)) if ids]


async def _read(remote: Remote, listed: Body) -> Body | None:
    """The meeting; None where it is listed and cannot be read: it was just created or just deleted."""
    try:
        return (await remote.read(listed["id"], new_connection=True)).body
    except GoneError:
        return None
