"""`moved`, `imports` and `removed`: what is said about meetings that exist, and whether it fits together."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Hashable, Iterable, Iterator
from dataclasses import dataclass
from typing import TypeVar

from reconciler.errors.diagnostic import Span, UnlocatedDiagnostic
from reconciler.errors.text import sentences


@dataclass(frozen=True, slots=True)
class Moved:
    """A renamed key: `to_key` keeps the meeting of `from_key`."""

    from_key: str
    to_key: str
    span: Span


@dataclass(frozen=True, slots=True)
class Import:
    """A meeting that exists, by its Zoom id, and the key it gets."""

    id: int
    to: str
    span: Span


@dataclass(frozen=True, slots=True)
class Removed:
    """A meeting to end in Zoom (`destroy`), or to let go of."""

    key: str
    id: int
    destroy: bool
    span: Span


Entry = Moved | Import | Removed
_E = TypeVar("_E", Moved, Import, Removed)
Contradiction = tuple[Entry, UnlocatedDiagnostic]
"""The entry it is told at, and what is wrong; `Finding.path` leads on from the entry."""


@dataclass(frozen=True, slots=True)
class LifecycleEntries:
    """All entries of all files, in the order of the files."""

    moved: tuple[Moved, ...] = ()
    imports: tuple[Import, ...] = ()
    removed: tuple[Removed, ...] = ()

    def __add__(self, other: LifecycleEntries) -> LifecycleEntries:
        return LifecycleEntries(
            self.moved + other.moved, self.imports + other.imports, self.removed + other.removed
        )

    def contradictions(self, declared: Collection[str]) -> tuple[Contradiction, ...]:
        """Every entry that does not fit `declared`, the keys of the spec, or another entry."""
        return (
            *_moves(self.moved, declared),
            *_imports(self.imports, self.moved, declared),
            *_removals(self.removed, self.imports, self.moved),
        )


def _moves(moved: tuple[Moved, ...], declared: Collection[str]) -> Iterator[Contradiction]:
    onward = {entry.from_key: entry.to_key for entry in moved}
    for entry in moved:
        if entry.from_key == entry.to_key:
            yield (
                entry,
                _finding(
                    "from", "spec.moved-nowhere", f"`{entry.from_key}` moves to itself", "", "Take it out."
                ),
            )
        elif entry.from_key in declared:
            yield (
                entry,
                _finding(
                    "from",
                    "spec.moved-declared",
                    f"`{entry.from_key}` is moved away and still declared",
                    "A meeting has one key.",
                    f"Take `{entry.from_key}` out of `meetings`, or take this entry out.",
                ),
            )
        elif entry.to_key in onward:
            yield (
                entry,
                _finding(
                    "to",
                    "spec.moved-chain",
                    f"`{entry.to_key}` is moved on to `{onward[entry.to_key]}`",
                    "",
                    f"Name the last key: `{{from: {entry.from_key}, to: {onward[entry.to_key]}}}`.",
                ),
            )
        elif entry.to_key not in declared:
            yield entry, _undeclared("spec.moved-undeclared", "moved", entry.to_key)
    yield from _twins(
        moved, lambda entry: entry.from_key, "from", "spec.moved-twice", "`{0.from_key}` is moved twice"
    )
    distinct = {(entry.from_key, entry.to_key): entry for entry in reversed(moved)}
    ordered = tuple(reversed(distinct.values()))
    yield from _twins(
        ordered, lambda entry: entry.to_key, "to", "spec.moved-together", "Two keys are moved to `{0.to_key}`"
    )


def _imports(
    imports: tuple[Import, ...], moved: tuple[Moved, ...], declared: Collection[str]
) -> Iterator[Contradiction]:
    arrivals = {entry.to_key: entry for entry in moved}
    for entry in imports:
        if entry.to not in declared:
            yield entry, _undeclared("spec.imported-undeclared", "imported", entry.to)
        elif entry.to in arrivals:
            yield (
                entry,
                _finding(
                    "to",
                    "spec.import-moved",
                    f"`{entry.to}` would get two meetings",
                    f"{_place(arrivals[entry.to])} moves another one to it.",
                    "Keep one of the two entries.",
                ),
            )
    yield from _twins(
        imports, lambda entry: entry.id, "id", "spec.import-twice", "Meeting {0.id} is imported twice"
    )
    distinct = {(entry.id, entry.to): entry for entry in reversed(imports)}
    ordered = tuple(reversed(distinct.values()))
    yield from _twins(
        ordered, lambda entry: entry.to, "to", "spec.import-together", "Two meetings are imported to `{0.to}`"
    )


def _removals(
    removed: tuple[Removed, ...], imports: tuple[Import, ...], moved: tuple[Moved, ...]
) -> Iterator[Contradiction]:
    imported = {entry.id: entry for entry in imports}
    departures = {entry.from_key: entry for entry in moved}
    for entry in removed:
        if entry.id in imported:
            yield (
                entry,
                _finding(
                    "id",
                    "spec.removed-imported",
                    f"Meeting {entry.id} is removed and imported",
                    f"{_place(imported[entry.id])} imports it.",
                    "Keep one of the two entries.",
                ),
            )
        if entry.key in departures:
            yield (
                entry,
                _finding(
                    "key",
                    "spec.removed-moved",
                    f"`{entry.key}` is removed and moved",
                    f"{_place(departures[entry.key])} moves it.",
                    "Keep one of the two entries.",
                ),
            )
    yield from _twins(
        removed, lambda entry: entry.id, "id", "spec.removed-twice", "Meeting {0.id} is removed twice"
    )


def _twins(
    entries: Iterable[_E], by: Callable[[_E], Hashable], field: str, code: str, fact: str
) -> Iterator[Contradiction]:
    """Each entry whose value stands in an earlier one, too."""
    groups: dict[Hashable, list[_E]] = defaultdict(list)
    for entry in entries:
        groups[by(entry)].append(entry)
    for first, *others in groups.values():
        for other in others:
            detail = f"{_place(first)} says so first."
            yield other, _finding(field, code, fact.format(other), detail, "Keep one of the two entries.")


def _undeclared(code: str, what: str, key: str) -> UnlocatedDiagnostic:
    return _finding(
        "to",
        code,
        f"`{key}` is not declared",
        f"A meeting can only be {what} to a key that stands under `meetings`.",
        f"Declare `{key}`, or take this entry out.",
    )


def _finding(field: str, code: str, fact: str, detail: str, hint: str) -> UnlocatedDiagnostic:
    return UnlocatedDiagnostic((field,), code, sentences(fact, detail), hint)


def _place(entry: Entry) -> str:
    return f"{entry.span.filename}:{entry.span.start.line}"
