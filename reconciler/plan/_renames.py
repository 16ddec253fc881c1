"""Likely renames: a new key that looks like the meeting of a key that is no longer declared.

Created under the new key, it would be a second meeting with another join link, so the create is withheld
until `moved` or `removed` says which of the two is meant.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Hashable, Iterable, Iterator, Mapping
from datetime import datetime, timedelta

from msgspec import Struct

from reconciler.meeting import fields
from reconciler.meeting.compare import normalize
from reconciler.meeting.meeting import SERIES, kind, schedule, start_at, without_end
from reconciler.meeting.single_dates import held_schedule
from reconciler.ports import Json
from reconciler.spec.spec import Spec
from reconciler.state.state import State, host_key

MOVES_AT_MOST = timedelta(days=7)
"""How far a single meeting may move and still count as the same one, if its topic stays."""


class LikelyRenames(Struct, frozen=True):
    """Old keys by new keys: `withheld` need a decision, `decided` have one, a `removed` entry."""

    withheld: Mapping[str, str] = {}
    decided: Mapping[str, str] = {}


def likely_renames(
    spec: Spec, state: State, moved: Mapping[str, str], elsewhere: Collection[str], now: datetime
) -> LikelyRenames:
    """Return the likely renames of a plan; `moved` are old keys by new keys.

    `elsewhere` are recorded keys that files may declare which are not looked at.

    A record has at most one, the new key that is nearest to it. One that is protected or over has none.
    """
    gone = {
        key: record
        for key, record in state.meetings.items()
        if key not in spec.meetings and key not in elsewhere and not record.protect
    }
    for old in moved.values():
        gone.pop(old, None)
    olds = [
        _traits(key, record.host, record.attributes, state, now)
        for key, record in gone.items()
        if not held_schedule(record.attributes, record.exceptions, now).expired
    ]
    if not olds:
        return LikelyRenames()
    pairs = _nearest(olds, _new(spec, state, moved, now))
    removed = {entry.id for entry in spec.removed}
    return LikelyRenames(
        {new: old for new, old in pairs if gone[old].id not in removed},
        {new: old for new, old in pairs if gone[old].id in removed},
    )


class _Traits(Struct, frozen=True):
    """What a renamed meeting may keep. `place` is host and type, which it always keeps."""

    key: str
    place: tuple[str, int]
    topic: str
    starts: frozenset[datetime | None]
    """The declared start and the next one: a series that runs may begin at any of its dates."""
    next_at: datetime | None
    rule: Hashable


def _new(spec: Spec, state: State, moved: Mapping[str, str], now: datetime) -> Iterator[_Traits]:
    """Yield the traits of each declared meeting that is not recorded and would be created."""
    imported = {entry.to for entry in spec.imports}
    for key, meeting in spec.meetings.items():
        if key in state.meetings or key in moved or key in imported:
            continue
        if not schedule(meeting.attributes, now).begun:
            yield _traits(key, meeting.host, meeting.attributes, state, now)


def _traits(key: str, host: str, attributes: Mapping[str, Json], state: State, now: datetime) -> _Traits:
    next_at = schedule(attributes, now).next_at
    # A renewed series has the same rule, and another end.
    rhythm = without_end(attributes.get("recurrence") or {})
    return _Traits(
        key=key,
        place=(host_key(state, host), kind(attributes)),
        topic=str(attributes.get("topic", "")),
        starts=frozenset({start_at(attributes), next_at}),
        next_at=next_at,
        rule=normalize(fields.field_at(("recurrence",)), rhythm) if kind(attributes) == SERIES else None,
    )


def _nearest(olds: Iterable[_Traits], news: Iterable[_Traits]) -> tuple[tuple[str, str], ...]:
    """Return pairs of a new key and an old one, no key in two pairs, the nearest pairs first."""
    by_place: dict[tuple[str, int], list[_Traits]] = defaultdict(list)
    for old in olds:
        by_place[old.place].append(old)
    candidates = []
    for new in news:
        for old in by_place.get(new.place, ()):
            agreed = _agreed(old, new)
            if agreed:
                order = (-agreed, old.topic != new.topic, _distance(old, new), new.key, old.key)
                candidates.append((order, new.key, old.key))
    taken: set[tuple[str, str]] = set()
    pairs = []
    for _, new_key, old_key in sorted(candidates):
        sides = {("new", new_key), ("old", old_key)}
        if not sides & taken:
            taken |= sides
            pairs.append((new_key, old_key))
    return tuple(pairs)


def _agreed(old: _Traits, new: _Traits) -> int:
    """Return how many traits agree; 0 if it is no likely rename."""
    topic, start = old.topic == new.topic, bool(old.starts & new.starts)
    if old.place[1] == SERIES:
        agreed = topic + start + (old.rule == new.rule)
        return agreed if agreed > 1 else 0
    if None in old.starts:  # no fixed time: only the topic tells one room from another
        return int(topic)
    return start + topic if start or (topic and _distance(old, new) <= MOVES_AT_MOST) else 0


def _distance(old: _Traits, new: _Traits) -> timedelta:
    if old.next_at is None or new.next_at is None:
        return timedelta()
    return abs(new.next_at - old.next_at)
