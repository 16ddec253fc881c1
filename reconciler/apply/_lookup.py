"""What became of a request whose answer was lost: looked up, never guessed.

A host's open intents are judged together against its whole list. A strict match
that a read confirms is adopted; no candidate at all means that nothing happened;
anything in between is for a person to judge.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from reconciler.errors import GoneError
from reconciler.meeting import kind
from reconciler.recurrence import instant
from reconciler.twins import listed_start, same_zone

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from reconciler.fields import Json
    from reconciler.ports import Body, Remote
    from reconciler.state import Attempt, Intent

SKEW = timedelta(minutes=5)
"""How far Zoom's clock and ours may be apart."""


@dataclass(frozen=True, slots=True)
class Verdicts:
    """Each intent's key once: adopted with its meeting, absent, or unclear with the meetings in question."""

    adopted: Mapping[str, Body] = field(default_factory=dict)
    absent: tuple[str, ...] = ()
    unclear: Mapping[str, tuple[Body, ...]] = field(default_factory=dict)


async def look_up(
    remote: Remote, intents: Mapping[str, Intent], listed: Iterable[Body], known: frozenset[int]
) -> Verdicts:
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
    return judge(intents, confirmed, others)


def judge(intents: Mapping[str, Intent], candidates: Iterable[Body], others: Iterable[Body] = ()) -> Verdicts:
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
    return Verdicts(adopted, tuple(absent), unclear)


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
    starts = _starts(intent, intent.sent)
    return same_zone(wanted, stored) and (not starts or listed_start(stored) in starts)


def as_sent(intent: Intent, stored: Mapping[str, object]) -> dict[str, Json]:
    """The body of the attempt that made `stored`, as far as it is kept: without its passcode."""
    made = next((one for one in intent.sent if _starts(intent, (one,)) == {listed_start(stored)}), None)
    sent = {name: value for name, value in intent.attributes.items() if name != "password"}
    if made is None:
        return sent
    if made.start_time is not None:
        sent["start_time"] = made.start_time
    if made.end_times is not None:
        sent["recurrence"] = {**sent["recurrence"], "end_times": made.end_times}
    return sent


def _starts(intent: Intent, attempts: Iterable[Attempt]) -> set[datetime | None]:
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
