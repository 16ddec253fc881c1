"""The logbook of one apply: its entry of the history, which every durable write carries.

A fact is added together with the change of the state that it tells of, so that both become durable at once.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping

from reconciler.plan.change import Action
from reconciler.plan.step import HOST_PATHS, Status, Step
from reconciler.ports import Json
from reconciler.state.history import LEFT, EntryWriter, Fact, Kind, RunInfo


class Logbook:
    """The facts of one run, and how many steps are still open."""

    def __init__(self, info: RunInfo) -> None:
        self._writer = EntryWriter(info)
        self._open: Counter[str] = Counter()
        self._is_closed = False

    def expect(self, steps: Iterable[Step]) -> None:
        """Count the facts that the steps of today will bring, and note what is withheld."""
        for step in steps:
            if step.status is Status.WITHHELD and step.waits_for_person:
                self._writer.add(Fact(Kind.WITHHOLD, step.key))
            if step.status is Status.NOW and step.is_work:
                self._open[step.key] += _facts_of(step)

    def add(self, fact: Fact) -> None:
        """Add a fact. One of what is left closes every open step of its key."""
        self._writer.add(fact)
        self._open[fact.key] -= self._open[fact.key] if fact.kind in LEFT else min(1, self._open[fact.key])

    def close(self) -> None:
        """Count nothing as open any more: the run is at its end."""
        self._is_closed = True

    def entry(self) -> Mapping[str, Json]:
        """Return the entry as it is now."""
        return self._writer.entry(0 if self._is_closed else self._open.total())


def _facts_of(step: Step) -> int:
    has_dates = any(each.status is Status.NOW for each in step.dates)
    if step.is_of_dates:
        return int(has_dates)
    deletes = step.retires and step.action is Action.REPLACE
    return 1 + has_dates + deletes


def written(step: Step, action: Action) -> Fact:
    """Return the fact of a create, update or replace that was confirmed."""
    paths = tuple(change.path for change in step.changes if change.path not in HOST_PATHS)
    if action is Action.CREATE:
        return Fact(Kind.CREATE, step.key)
    if action is Action.REPLACE:
        return Fact(Kind.REPLACE, step.key, tuple(change.path for change in step.changes))
    if step.extends and not paths:
        return Fact(Kind.EXTEND, step.key)
    is_sent_again = step.resends and "recurrence" not in paths
    return Fact(Kind.UPDATE, step.key, (*paths, "recurrence") if is_sent_again else paths)


def of_dates(key: str, made: Mapping[str, Json]) -> tuple[Fact, ...]:
    """Return the fact of single dates that were changed, by date; none where none was."""
    words = tuple(f"{day} {_edit_word(edit)}" for day, edit in sorted(made.items()))
    return (Fact(Kind.DATES, key, words),) if words else ()


def _edit_word(edit: Json) -> str:
    return "back" if edit is None else "skip" if isinstance(edit, str) else "change"


def recorded(step: Step, key: str) -> Fact:
    """Return the fact of a step that changes only the state; `key` is the one that was recorded."""
    match step.action:
        case Action.MOVE:
            return Fact(Kind.MOVE, step.key, (str(step.from_key),))
        case Action.KEEP:
            protects = ("protect",) if step.protects is not None else ()
            slots = ("timetable",) if step.slots else ()
            return Fact(Kind.RELEASE, step.key, (*step.released, *protects, *slots))
        case Action.DESTROY:
            return Fact(Kind.EXPIRE, key)
        case _:
            return Fact(Kind.FORGET, key)
