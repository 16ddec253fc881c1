"""One line about a write of the state, for stores that keep a history."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from reconciler.ports import Json
from reconciler.state.history import ORDER, Fact, Kind
from reconciler.state.state import Intent, Record, State

NAMED_MAX = 3
"""Keys that a line names; the rest is counted."""


def summarize(before: State, after: State, facts: Sequence[Fact] = ()) -> str:
    """Summarize the changes between two states, such as `Create launch, sig-apps; begin 8`.

    `facts` are what the history tells of them; what it does not tell is seen by the states. The first kind of
    change names its keys, the others are counted. One line without a full stop.
    """
    parts = [*_told(facts), *((verb, keys) for verb, keys in _changes(before, after, facts) if keys)]
    if not parts:
        return _plain(before, after)
    (verb, keys), *others = parts
    phrases = [f"{verb} {_named(keys)}", *(f"{other} {len(counted)}" for other, counted in others)]
    line = "; ".join(phrases)
    return line[0].upper() + line[1:]


_VERBS = {Kind.HAND_OVER: "hand over", Kind.RENAME: "rename the host of",
          Kind.DATES: "change dates of", Kind.RELEASE: "record fields of",
          Kind.EXPIRE: "drop the record of", Kind.EXTEND: "extend",
          Kind.LOSE: "note the loss of"}  # fmt: skip
"""The verbs of the kinds whose name is none."""


def _told(facts: Sequence[Fact]) -> list[tuple[str, Sequence[str]]]:
    found: dict[Kind, list[str]] = {}
    for fact in facts:
        found.setdefault(fact.kind, []).append(_named_fact(fact))
    return [(_VERBS.get(kind, kind.value), found[kind]) for kind in ORDER if kind in found]


def _named_fact(fact: Fact) -> str:
    match fact.kind, fact.details:
        case Kind.MOVE, (old,):
            return f"{old} to {fact.key}"
        case Kind.HAND_OVER | Kind.RENAME, (host,):
            return f"{fact.key} to {host}"
        case Kind.UPDATE, (path, *others) if len(others) < NAMED_MAX:
            return f"{fact.key} ({', '.join((path, *others))})"
        case _:
            return fact.key


def _changes(before: State, after: State, facts: Sequence[Fact]) -> tuple[tuple[str, Sequence[str]], ...]:
    told = {name for fact in facts for name in (fact.key, _named_fact(fact))}
    seen = _changes_seen(before, after)
    return tuple((verb, [key for key in keys if key not in told]) for verb, keys in seen) if told else seen


def _changes_seen(before: State, after: State) -> tuple[tuple[str, Sequence[str]], ...]:
    recorded = _changed_keys(before.meetings, after.meetings)
    gone = _removed_keys(before.meetings, after.meetings)
    moved = _moved(before.meetings, after.meetings, recorded, gone) if gone else {}
    begun, closed = _changed_keys(before.intents, after.intents), _removed_keys(before.intents, after.intents)
    moved_intents = _moved_intents(before.intents, after.intents, begun, closed)
    unmoved = [key for key in closed if key not in moved_intents.values()]
    left = {one.id for one in after.retired}
    return (
        ("record", [key for key in recorded if key not in moved]),
        ("move", [f"{old} to {new}" for new, old in (moved | moved_intents).items()]),
        ("forget", [key for key in gone if key not in moved.values()]),
        ("delete the replaced meeting of", [one.key for one in before.retired if one.id not in left]),
        ("begin", [key for key in begun if key not in moved_intents]),
        (
            "drop the intent of",
            [key for key in unmoved if after.meetings.get(key) is before.meetings.get(key)],
        ),
    )


def _changed_keys(before: Mapping[str, Json], after: Mapping[str, Json]) -> list[str]:
    # A state is made from the one before it, so an unchanged value is the same object.
    if before is after:
        return []
    return [
        key
        for key, value in after.items()
        if (known := before.get(key)) is not value and (known is None or known != value)
    ]


def _removed_keys(before: Mapping[str, Json], after: Mapping[str, Json]) -> list[str]:
    return [] if before is after else [key for key in before if key not in after]


def _moved(
    before: Mapping[str, Record], after: Mapping[str, Record], recorded: Sequence[str], gone: Sequence[str]
) -> dict[str, str]:
    ids = {before[key].id: key for key in gone}
    return {key: ids[after[key].id] for key in recorded if after[key].id in ids}


def _moved_intents(
    before: Mapping[str, Intent], after: Mapping[str, Intent], begun: Sequence[str], closed: Sequence[str]
) -> dict[str, str]:
    # A move keeps the intent, and so the object; a request that begins has a new one.
    old_keys = {id(before[key]): key for key in closed}
    return {key: old_keys[id(after[key])] for key in begun if id(after[key]) in old_keys}


def _named(keys: Sequence[str]) -> str:
    more = len(keys) - NAMED_MAX
    return ", ".join(keys[:NAMED_MAX]) + (f" (and {more} more)" if more > 0 else "")


def _plain(before: State, after: State) -> str:
    if before.usage != after.usage:
        return "Count requests"
    if before.hosts != after.hosts:
        return "Learn the ids of hosts"
    if before.retired != after.retired:
        return "Note a replaced meeting"
    return "Write the state again" if before.history == after.history else "Note how the run ended"
