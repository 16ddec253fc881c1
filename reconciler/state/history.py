"""The history: what each of the last applies did and left, in entries of at most 4 KB.

An entry is a JSON object: `at`, `by`, `command`, where they are known `run`, `commit` and `digest` (of the
plan), `done` and `left`: {kind: {key: [details]}}, and `more`: {kind: n}, the keys that had no room. While
the run is not at its end, `open` counts what it has still to do, and `lock` is the id of its lock.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from functools import reduce

import orjson
from msgspec import Struct, field
from msgspec.structs import replace

from reconciler.ports import Json
from reconciler.state.state import State
from reconciler.state.values import as_count, as_instant, as_key, as_optional, as_type

ENTRIES_MAX = 200
"""Entries that a state keeps; an older one is dropped for a new one."""

ENTRY_BYTES_MAX = 4096
_DONE_BYTES_MAX = 2400
"""Bytes of an entry for the names of what was done."""
_LEFT_BYTES_MAX = 700
"""Bytes of an entry for the names of what is left."""
_TEXT_BYTES_MAX = 200
"""Bytes of who applied, and of the URL of the run."""
_DETAILS_MAX = 12
"""Fields or dates that one key names; the rest is counted."""

_FACT_BYTES = 16
"""Bytes of a fact besides its key and details: quotes, brackets, the name of its kind."""


class Kind(StrEnum):
    """What became of a key. The details of a fact are fields, dates, a host, a key or a code."""

    CREATE = "create"
    UPDATE = "update"
    """Details: the fields that were sent."""
    EXTEND = "extend"
    """The window of a series without an end was extended."""
    REPLACE = "replace"
    """Details: the fields that needed a new meeting."""
    DESTROY = "destroy"
    MOVE = "move"
    """Details: the key before."""
    HAND_OVER = "hand-over"
    """Details: the new host."""
    RENAME = "rename"
    """Its host, the same user, has another e-mail. Details: the new one."""
    DATES = "dates"
    """Details: single dates, each as `2026-12-24 skip`, `change` or `back`."""
    IMPORT = "import"
    FORGET = "forget"
    """Its record was removed, and Zoom not changed."""
    RELEASE = "release"
    """Details: the fields that are not managed any more or were declared as Zoom has them, or `protect`, or
    `timetable`."""
    LOSE = "lose"
    """Zoom does not have it any more, so its record was removed. Details: its number."""
    EXPIRE = "expire"
    """It was over and not declared any more, so its record was removed."""
    FAIL = "fail"
    """Details: the code."""
    DEFER = "defer"
    """Details: the UTC day, if one is known."""
    WITHHOLD = "withhold"


LEFT = frozenset({Kind.FAIL, Kind.DEFER, Kind.WITHHOLD})
"""The kinds of what is left; all others are done."""


class Fact(Struct, frozen=True):
    """One thing that was done to a key, or left."""

    kind: Kind
    key: str
    details: tuple[str, ...] = ()


class RunInfo(Struct, frozen=True):
    """Who runs what: the beginning of an entry. `at` is RFC 3339 text in UTC."""

    at: str
    by: str
    command: str = "apply"
    run_url: str | None = None
    commit: str = ""
    digest: str = ""
    lock: str = ""


class EntryWriter(Struct):
    """Collects the facts of one run, and gives its entry at any time.

    A key is named once a kind, with all its details; one that finds no room is counted.
    """

    info: RunInfo
    _named: dict[Kind, dict[str, list[str]]] = {}
    _more: dict[Kind, set[str]] = {}
    _bytes: dict[bool, int] = field(default_factory=lambda: {True: 0, False: 0})

    def add(self, fact: Fact) -> None:
        """Add a fact, if its key has none of that kind; else its details to that one."""
        named = self._named.setdefault(fact.kind, {})
        if fact.key in named:
            details = named[fact.key]
            details += [one for one in fact.details if one not in details]
            return
        is_left = fact.kind in LEFT
        size = _FACT_BYTES + len(fact.key) + sum(len(one.encode()) + 3 for one in _short(fact.details))
        if self._bytes[is_left] + size > (_LEFT_BYTES_MAX if is_left else _DONE_BYTES_MAX):
            self._more.setdefault(fact.kind, set()).add(fact.key)
            return
        self._bytes[is_left] += size
        named[fact.key] = list(fact.details)

    def entry(self, open_count: int) -> Mapping[str, Json]:
        """Return the entry while `open_count` steps are still to be done; 0: it is whole."""
        info = self.info
        entry: dict[str, Json] = {"at": info.at, "by": _cut(info.by), "command": info.command}
        optional = {
            "run": _cut(info.run_url or ""),
            "commit": info.commit[:64],
            "digest": info.digest,
            "done": self._part(kind for kind in self._named if kind not in LEFT),
            "left": self._part(kind for kind in self._named if kind in LEFT),
            "more": {kind.value: len(keys) for kind, keys in self._more.items()},
            "open": open_count,
            "lock": info.lock if open_count else "",
        }
        return entry | {name: value for name, value in optional.items() if value}

    def _part(self, kinds: Iterable[Kind]) -> dict[str, Json]:
        return {
            kind.value: {key: list(_short(details)) for key, details in self._named[kind].items()}
            for kind in kinds
            if self._named[kind]
        }


def _short(details: Sequence[str]) -> Sequence[str]:
    more = len(details) - _DETAILS_MAX
    return details if more <= 0 else (*details[:_DETAILS_MAX], f"+{more}")


def _cut(text: str) -> str:
    return text.encode()[:_TEXT_BYTES_MAX].decode(errors="ignore")


def with_entry(
    past: tuple[Mapping[str, Json], ...], entry: Mapping[str, Json]
) -> tuple[Mapping[str, Json], ...]:
    """Return the history with one more entry, and without the oldest beyond `ENTRIES_MAX`."""
    return (*past[1 - ENTRIES_MAX :], entry)


def with_facts(state: State, info: RunInfo, facts: Iterable[Fact]) -> State:
    """Return the state with the entry of a run that is at its end."""
    writer = EntryWriter(info)
    for fact in facts:
        writer.add(fact)
    return replace(state, history=with_entry(state.history, writer.entry(0)))


def encoded(entry: Mapping[str, Json]) -> bytes:
    """Return the line of an entry in the document of the state."""
    return orjson.dumps(entry, option=orjson.OPT_SORT_KEYS)


class Status(StrEnum):
    """How a run ended."""

    DONE = "done"
    WORK_LEFT = "work-left"
    FAILED = "failed"
    RUNNING = "running"
    INTERRUPTED = "interrupted"


class Entry(Struct, frozen=True):
    """An entry as it was read; `at` is aware, in UTC. `more` counts the keys that it does not name."""

    at: datetime
    by: str
    command: str
    run_url: str | None
    commit: str | None
    digest: str | None
    facts: tuple[Fact, ...]
    more: Mapping[str, int]
    open_count: int
    lock: str
    left: frozenset[Kind]
    """The kinds of what was left of any key."""

    def status(self, holder: str) -> Status:
        """Return how the run ended; `holder` is the id of the lock that is held now."""
        if self.open_count:
            return Status.RUNNING if self.lock and self.lock == holder else Status.INTERRUPTED
        if Kind.FAIL in self.left:
            return Status.FAILED
        return Status.WORK_LEFT if self.left else Status.DONE

    def about(self, keys: Collection[str]) -> Entry:
        """Return the entry with the facts of `keys` alone."""
        return replace(self, facts=tuple(fact for fact in self.facts if fact.key in keys), more={})


def parse(entry: Mapping[str, Json]) -> Entry:
    """Return an entry. Raises `KeyError`, `TypeError` or `ValueError` where it is none."""
    facts = tuple(_facts(entry))
    more = {kind: as_count(count) for kind, count in as_type(entry.get("more", {}), dict).items()}
    return Entry(
        at=datetime.fromisoformat(as_instant(entry["at"])),
        by=as_type(entry["by"], str),
        command=as_type(entry["command"], str),
        run_url=as_optional(entry.get("run"), str),
        commit=as_optional(entry.get("commit"), str),
        digest=as_optional(entry.get("digest"), str),
        facts=facts,
        more=more,
        open_count=as_count(entry.get("open", 0)),
        lock=as_type(entry.get("lock", ""), str),
        left=frozenset(kind for kind in LEFT if kind in more or any(fact.kind is kind for fact in facts)),
    )


def _facts(entry: Mapping[str, Json]) -> Iterator[Fact]:
    """Yield the facts in the order in which a run makes them; those of an unknown kind are left out."""
    kinds: dict[str, Json] = {
        **as_type(entry.get("done", {}), dict),
        **as_type(entry.get("left", {}), dict),
    }
    for kind in ORDER:
        for key, details in as_type(kinds.get(kind, {}), dict).items():
            yield Fact(kind, as_key(key), tuple(as_type(one, str) for one in as_type(details, list)))


ORDER = (
    Kind.LOSE, Kind.MOVE, Kind.FORGET, Kind.EXPIRE, Kind.RELEASE, Kind.IMPORT, Kind.CREATE, Kind.REPLACE,
    Kind.UPDATE, Kind.HAND_OVER, Kind.RENAME, Kind.EXTEND, Kind.DATES, Kind.DESTROY, Kind.FAIL, Kind.DEFER,
    Kind.WITHHOLD,
)  # fmt: skip
"""Every kind, in the order in which a run comes to it."""


def named_now(entries: Sequence[Entry], key: str) -> str:
    """Return the newest name of the meeting that was called `key` until it was renamed."""
    for at in range(len(entries) - 1, -1, -1):
        new = _renames(entries[at]).get(key)
        if new is not None:
            return reduce(lambda name, later: _renames(later).get(name, name), entries[at + 1 :], new)
    return key


def former_names(entries: Iterable[Entry]) -> set[str]:
    """Return the keys that meetings had before they were renamed."""
    return {old for entry in entries for old in _renames(entry)}


def about(entries: Sequence[Entry], keys: Collection[str]) -> list[Entry]:
    """Return the entries, oldest first, that tell of the meetings that are called `keys` now.

    Each has the facts of those meetings alone, under the names that they had then.
    """
    names, found = frozenset(keys), list[Entry]()
    for entry in reversed(entries):
        renames = _renames(entry)
        before = {old for old, new in renames.items() if new in names}
        told = entry.about(names | before)
        if told.facts:
            found.append(told)
        others = {old for old, new in renames.items() if new not in names}
        names = names.difference(renames.values(), others) | before
    return found[::-1]


def _renames(entry: Entry) -> dict[str, str]:
    """Return the new keys by the old ones."""
    return {fact.details[0]: fact.key for fact in entry.facts if fact.kind is Kind.MOVE and fact.details}
