"""Remarks about entries of `moved`, `imports` and `removed` that change nothing, or not what they name.

Those that change nothing get one remark for each list: after an import of 200 meetings nobody reads 200.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from msgspec.structs import replace

from reconciler.errors.diagnostic import Diagnostic, Severity
from reconciler.meeting.names import as_argument
from reconciler.plan.change import Action
from reconciler.plan.step import Status, Step
from reconciler.spec.lifecycle import Entry, Moved, Removed, removed_line
from reconciler.spec.spec import Spec
from reconciler.state.state import State

LINES_MAX = 5
"""Entries of one list that are named; the rest is counted."""

REPLACES = frozenset({Action.REPLACE, Action.RESOLVE})
"""Actions that a `removed` entry under a declared key can be for."""

_Remark = tuple[Entry, str]
"""An entry, and why it changes nothing."""


def line_remarks(spec: Spec, state: State, steps: Iterable[Step]) -> Iterator[Diagnostic]:
    """Yield the remarks about entries; `steps` are all steps of the plan, whatever its targets."""
    known = state.meetings.keys() | state.intents.keys()
    own = _own_lines(spec)
    for line in own.moved:
        if line.from_key in known and line.to_key in known:
            yield _blocked(line)
    yield from _stale("moved", [
        (line, f"nothing is recorded under `{line.from_key}`")
        for line in own.moved if line.from_key not in known
    ])  # fmt: skip
    recorded = {(key, record.id) for key, record in state.meetings.items()}
    yield from _stale("imports", [
        (line, f"`{line.to}` is recorded as meeting {line.id}")
        for line in own.imports if (line.to, line.id) in recorded
    ])  # fmt: skip
    steps = tuple(steps)
    yield from _stale("removed", list(_removed(own, state, steps)))
    ended = {step.id: step.key for step in steps if _ends_recorded(step)} if own.removed else {}
    for entry in own.removed:
        owner = ended.get(entry.id, entry.key)
        if owner != entry.key:
            yield _of_other_key(entry, owner, state)


def _ends_recorded(step: Step) -> bool:
    """Return whether the step may delete or forget the meeting that is recorded under its key."""
    if step.status is Status.EXPIRED or (step.action is Action.DESTROY and step.retires):
        return False
    return step.action in {Action.DESTROY, Action.FORGET, *REPLACES}


def _own_lines(spec: Spec) -> Spec:
    """Return the spec without the entries of files that PATHS leave out: nothing is said about those."""
    if not spec.others.files:
        return spec

    def is_own(line: Entry) -> bool:
        return line.span.filename not in spec.others.files

    return replace(
        spec,
        moved=tuple(filter(is_own, spec.moved)),
        imports=tuple(filter(is_own, spec.imports)),
        removed=tuple(filter(is_own, spec.removed)),
    )


def _removed(spec: Spec, state: State, steps: Iterable[Step]) -> Iterator[_Remark]:
    new_keys = {line.from_key: line.to_key for line in spec.moved}
    owners = {record.id: new_keys.get(key, key) for key, record in state.meetings.items()}
    waiting = {gone.id for gone in state.retired} | {intent.id for intent in state.intents.values()}
    replaced = {step.key for step in steps if step.action in REPLACES}
    for line in spec.removed:
        owner = owners.get(line.id)
        if line.id in waiting:
            continue
        if owner is None:
            yield line, f"no record has meeting {line.id}"
        elif owner in spec.meetings and owner not in replaced:
            yield line, _kept(line, owner)


def _kept(line: Removed, owner: str) -> str:
    return f"meeting {line.id} is `{owner}`, which is declared, and no replace of it is planned"


MAYBE_DONE = "Remove the entries that are done; check the others for a typing error."
DONE = "Remove these entries, or the whole list if it has no others: what they name is recorded."


def _more(lines: Sequence[Entry]) -> str:
    """Return how many entries are not named, and in which other files they are."""
    first = lines[0].span.filename
    others = dict.fromkeys(line.span.filename for line in lines[LINES_MAX:] if line.span.filename != first)
    also = f", also in {', '.join(others)}" if others else ""
    return f"and {len(lines) - LINES_MAX} more{also}"


def _stale(name: str, entries: Sequence[_Remark]) -> Iterator[Diagnostic]:
    if not entries:
        return
    named = [f"{words} ({_place(line)})" for line, words in entries[:LINES_MAX]]
    more = [_more([line for line, _ in entries])] if len(entries) > LINES_MAX else []
    yield Diagnostic(
        code="plan.stale-line",
        detail=f"Under `{name}`: {'; '.join([*named, *more])}.",
        hint=DONE if name == "imports" else MAYBE_DONE,
        severity=Severity.WARNING,
        span=entries[0][0].span,
    )


def _blocked(line: Moved) -> Diagnostic:
    return Diagnostic(
        code="plan.move-blocked",
        detail=f"`{line.to_key}` has a meeting of its own, so `{line.from_key}` is not moved, "
        f"and nothing is changed under either key ({_place(line)}).",
        hint=f"Remove the line; or run `reconciler state mv {as_argument(line.to_key)} {line.to_key}-old` "
        "first: then the move is done, and the plan says how to delete the other meeting.",
        severity=Severity.WARNING,
        key=line.to_key,
        span=line.span,
    )


def _of_other_key(line: Removed, owner: str, state: State) -> Diagnostic:
    """Return the warning for an entry of `removed` whose id is that of another key, `owner`."""
    meant = removed_line(owner, line.id, destroy=line.destroy)
    record = state.meetings.get(line.key)
    if record is None:
        hint = (
            f"Nothing is recorded under `{line.key}`. If `{owner}` is meant, write `{meant}`; "
            "otherwise correct the id."
        )
    else:
        by_key = removed_line(line.key, record.id, destroy=line.destroy)
        hint = f"If `{line.key}` is meant, write `{by_key}`; if `{owner}` is meant, `{meant}`."
    return Diagnostic(
        code="plan.other-key",
        detail=f"Under `removed`: meeting {line.id} is `{owner}`, not `{line.key}` ({_place(line)}). "
        f"The id counts: the entry is for `{owner}`.",
        hint=hint,
        severity=Severity.WARNING,
        key=owner,
        span=line.span,
    )


def _place(line: Entry) -> str:
    return f"{line.span.filename}:{line.span.start.line}"
