"""Entries of `moved`, `imports` and `removed`, and the conflicts between them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Hashable, Iterable, Iterator, Mapping, Sequence
from itertools import chain, count, pairwise
from typing import TypeVar

from msgspec import Struct

from reconciler.errors.diagnostic import Span, UnlocatedDiagnostic
from reconciler.spec.yaml.writer import flow


class Moved(Struct, frozen=True):
    """A renamed key: `to_key` keeps the meeting of `from_key`."""

    from_key: str
    to_key: str
    span: Span


class Import(Struct, frozen=True):
    """An existing meeting, by its Zoom id, and the key that it gets."""

    id: int
    to: str
    span: Span


class Removed(Struct, frozen=True):
    """A meeting to delete in Zoom (`destroy`), or to forget."""

    key: str
    id: int
    destroy: bool
    span: Span


Entry = Moved | Import | Removed


def moved_line(from_key: str, to_key: str) -> str:
    """Return the line that lets a key keep the meeting of another one."""
    return f"moved: {flow([{'from': from_key, 'to': to_key}])}"


def imports_line(meeting_id: int, to: str) -> str:
    """Return the line that takes over an existing meeting."""
    return f"imports: {flow([{'id': meeting_id, 'to': to}])}"


def removed_line(key: str, meeting_id: int, *, destroy: bool = True) -> str:
    """Return the line that approves the deletion of a meeting, or that leaves it in Zoom."""
    return f"removed: {flow([{'key': key, 'id': meeting_id, 'destroy': destroy}])}"


_E = TypeVar("_E", Moved, Import, Removed)
Conflict = tuple[Entry, UnlocatedDiagnostic]
"""An entry and the finding about it; the path of the finding leads from the entry."""


class LifecycleEntries(Struct, frozen=True):
    """All entries of all files, in the order of the files."""

    moved: tuple[Moved, ...] = ()
    imports: tuple[Import, ...] = ()
    removed: tuple[Removed, ...] = ()

    def __add__(self, other: LifecycleEntries) -> LifecycleEntries:
        return LifecycleEntries(
            self.moved + other.moved, self.imports + other.imports, self.removed + other.removed
        )

    def conflicts(self, declared: Collection[str]) -> tuple[Conflict, ...]:
        """Return every entry that conflicts with `declared`, the keys of the spec, or with another entry."""
        return (
            *_moved_conflicts(self.moved, declared),
            *_import_conflicts(self.imports, self.moved, declared),
            *_removed_conflicts(self.removed, self.imports, self.moved),
        )


def _moved_conflicts(moved: tuple[Moved, ...], declared: Collection[str]) -> Iterator[Conflict]:
    for entry in moved:
        if entry.from_key == entry.to_key:
            detail = f"Both `from` and `to` are `{entry.to_key}`."
            yield _conflict(entry, "from", "spec.moved-nowhere", detail, "Remove the entry.")
    moved = tuple(entry for entry in moved if entry.from_key != entry.to_key)
    onward = {entry.from_key: entry.to_key for entry in moved}
    told: set[str] = set()  # keys whose commands stand in the hint of another entry
    for entry in moved:
        old, new = entry.from_key, entry.to_key
        if old in told:
            continue
        if old in declared:
            run = _moved_together(old, onward, declared)
            told.update(run)
            detail = f"This entry moves `{old}` to `{new}`, and `meetings` still has `{old}`."
            hint = _still_declared_hint(run, onward, declared)
            yield _conflict(entry, "from", "spec.moved-declared", detail, hint)
        elif new in onward and new not in declared:
            detail = f"Another entry moves `{new}` on to `{onward[new]}`."
            hint = f"Write one entry with the final key: `{{from: {old}, to: {onward[new]}}}`."
            yield _conflict(entry, "to", "spec.moved-chain", detail, hint)
        elif new not in declared:
            yield _undeclared(entry, "spec.moved-undeclared", new)
    yield from _repeated(
        moved, lambda entry: entry.from_key, "from", "spec.moved-twice", "moves `{0.from_key}`"
    )
    yield from _repeated(
        _distinct(moved, lambda entry: (entry.from_key, entry.to_key)),
        lambda entry: entry.to_key,
        "to",
        "spec.moved-together",
        "moves a key to `{0.to_key}`",
    )


def _moved_together(key: str, onward: Mapping[str, str], declared: Collection[str]) -> list[str]:
    """Return the declared keys around `key` that are moved each to the next one, and the last of them."""
    back = {new: old for old, new in onward.items()}
    first = key
    while (before := back.get(first)) is not None and before in declared:
        if before == key:  # a circle: it begins anywhere
            first = key
            break
        first = before
    run = [first]
    while run[-1] in declared and (after := onward.get(run[-1])) is not None and after not in run:
        run.append(after)
    return run


def _still_declared_hint(run: Sequence[str], onward: Mapping[str, str], declared: Collection[str]) -> str:
    """What to do about keys that are moved and declared; where one takes the key of another: `state mv`."""
    first, last = run[0], run[-1]
    moves, entries = list(pairwise(run))[::-1], len(run) - 1
    if onward.get(last) == first and last in declared:
        names = chain([f"{last}-was"], (f"{last}-was-{number}" for number in count(2)))
        spare = next(each for each in names if each not in {*declared, *onward, *onward.values()})
        moves, entries = [(last, spare), *moves, (spare, first)], len(run)
    elif entries == 1 and first not in {new for old, new in onward.items() if old != last}:
        return f"Remove `{first}` from `meetings`, or remove this entry."
    commands = ", then ".join(_state_mv(*move) for move in moves)
    meetings, lines = ("it", "this entry") if entries == 1 else ("them", f"these {entries} entries")
    return f"Move {meetings} in the state: {commands}. Then remove {lines}."


def _state_mv(old: str, new: str) -> str:
    options_end = "-- " if old.startswith("-") or new.startswith("-") else ""
    return f"`reconciler state mv {options_end}{old} {new}`"


def _import_conflicts(
    imports: tuple[Import, ...], moved: tuple[Moved, ...], declared: Collection[str]
) -> Iterator[Conflict]:
    moved_to = {entry.to_key: entry for entry in moved}
    for entry in imports:
        if entry.to not in declared:
            yield _undeclared(entry, "spec.imported-undeclared", entry.to)
        elif entry.to in moved_to:
            detail = f"{_place(moved_to[entry.to])} moves another meeting to `{entry.to}`."
            yield _conflict(entry, "to", "spec.import-moved", detail, _KEEP_ONE)
    yield from _repeated(imports, lambda entry: entry.id, "id", "spec.import-twice", "imports meeting {0.id}")
    yield from _repeated(
        _distinct(imports, lambda entry: (entry.id, entry.to)),
        lambda entry: entry.to,
        "to",
        "spec.import-together",
        "imports a meeting to `{0.to}`",
    )


def _removed_conflicts(
    removed: tuple[Removed, ...], imports: tuple[Import, ...], moved: tuple[Moved, ...]
) -> Iterator[Conflict]:
    imported = {entry.id: entry for entry in imports}
    moved_from = {entry.from_key: entry for entry in moved}
    for entry in removed:
        if entry.id in imported:
            detail = f"{_place(imported[entry.id])} imports meeting {entry.id}."
            yield _conflict(entry, "id", "spec.removed-imported", detail, _KEEP_ONE)
        if entry.key in moved_from:
            detail = f"{_place(moved_from[entry.key])} moves `{entry.key}`."
            yield _conflict(entry, "key", "spec.removed-moved", detail, _KEEP_ONE)
    yield from _repeated(
        removed, lambda entry: entry.id, "id", "spec.removed-twice", "removes meeting {0.id}"
    )


_KEEP_ONE = "Keep one of the two entries."


def _repeated(
    entries: Iterable[_E], value_of: Callable[[_E], Hashable], field: str, code: str, action: str
) -> Iterator[Conflict]:
    """Yield each entry with the same value as an earlier one; `action` says what both of them do."""
    groups: dict[Hashable, list[_E]] = defaultdict(list)
    for entry in entries:
        groups[value_of(entry)].append(entry)
    for first, *repeats in groups.values():
        for repeat in repeats:
            detail = f"{_place(first)} already {action.format(repeat)}."
            yield _conflict(repeat, field, code, detail, _KEEP_ONE)


def _distinct(entries: Sequence[_E], value_of: Callable[[_E], Hashable]) -> tuple[_E, ...]:
    distinct = {value_of(entry): entry for entry in reversed(entries)}
    return tuple(reversed(distinct.values()))


def _undeclared(entry: Entry, code: str, key: str) -> Conflict:
    hint = f"Declare `{key}`, or remove this entry."
    return _conflict(entry, "to", code, f"`{key}` is not under `meetings`.", hint)


def _conflict(entry: Entry, field: str, code: str, detail: str, hint: str) -> Conflict:
    return entry, UnlocatedDiagnostic((field,), code, detail, hint)


def _place(entry: Entry) -> str:
    return f"{entry.span.filename}:{entry.span.start.line}"
