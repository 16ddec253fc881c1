"""The history of a state for people: a paragraph for each run, the newest first."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler.errors.text import count_noun, escape_control
from reconciler.state.history import Kind, Status
from reconciler.views.style import FAILED

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from reconciler.state.history import Entry, Fact
    from reconciler.state.state import State
    from reconciler.views.style import TextStyle

SIGNS = {
    Kind.CREATE: "+", Kind.REPLACE: "-/+", Kind.DESTROY: "-", Kind.MOVE: ">", Kind.IMPORT: "<",
    Kind.FORGET: ".", Kind.RELEASE: ".", Kind.EXPIRE: ".", Kind.LOSE: ".",
    Kind.FAIL: FAILED, Kind.DEFER: " ", Kind.WITHHOLD: " ",
}  # fmt: skip
"""The sign of each kind, as in a plan; all others change a meeting: `~`."""

_WORDS = {
    Kind.CREATE: "created", Kind.UPDATE: "updated", Kind.EXTEND: "extended", Kind.REPLACE: "replaced",
    Kind.DESTROY: "deleted", Kind.MOVE: "was {}", Kind.HAND_OVER: "handed over to {}",
    Kind.RENAME: "its host was renamed to {}",
    Kind.IMPORT: "imported",
    Kind.FORGET: "forgotten; Zoom was not changed", Kind.RELEASE: "recorded only: {}",
    Kind.LOSE: "meeting {} is gone from Zoom",
    Kind.EXPIRE: "over and no longer declared",
    Kind.FAIL: "failed: {}", Kind.DEFER: "left to a later run",
    Kind.WITHHOLD: "waits for a person", Kind.DATES: "{}",
}  # fmt: skip
"""The words about each kind; `{}` stands for the details."""

_WITH_DETAILS = {Kind.UPDATE: "{}", Kind.REPLACE: "replaced for {}", Kind.DEFER: "left to {}"}
"""The words of a kind that may have details."""

STATUS_WORDS = {
    Status.DONE: "done", Status.WORK_LEFT: "work is left", Status.FAILED: "failed in part",
    Status.RUNNING: "running", Status.INTERRUPTED: "interrupted",
}  # fmt: skip

_SHORT = 12
"""Characters of a commit and of a digest."""

RECORDED_MAX = 10
"""Facts that an apply which sends nothing names."""

NOTHING = "No run is recorded that tells of it.\n"


def history(runs: Sequence[tuple[Entry, Status]], left_off: int, _: State, style: TextStyle) -> str:
    """Return a paragraph for each run, and how many older ones were left off."""
    paragraphs = ["".join(f"{line}\n" for line in _lines(*run, style)) for run in runs]
    more = [f"{count_noun(left_off, 'older run')} left off; --limit shows more.\n"] if left_off else []
    return "\n".join([*paragraphs, *more]) or NOTHING


def _lines(entry: Entry, status: Status, style: TextStyle) -> Iterator[str]:
    who = escape_control(f"{entry.at:%Y-%m-%d %H:%M} UTC  {entry.command} by {entry.by}")
    words = STATUS_WORDS[status]
    yield style.bold(f"{who}: {words}" + (f", {entry.open_count:,} open" if entry.open_count else ""))
    if entry.run_url:
        yield f"  {escape_control(entry.run_url)}"
    names = [("commit", entry.commit), ("plan", entry.digest)]
    known = [f"{name} {escape_control(value[:_SHORT])}" for name, value in names if value]
    if known:
        yield style.dim(f"  {', '.join(known)}")
    for fact in entry.facts:
        yield f"  {style.sign(SIGNS.get(fact.kind, '~'))} {escape_control(f'{fact.key}: {words_of(fact)}')}"
    for kind, count in entry.more.items():
        yield f"  and {count:,} more: {escape_control(kind)}"


def recorded_lines(facts: Sequence[Fact]) -> Iterator[str]:
    """Yield a line for each of the first facts that a refresh recorded; the rest is counted."""
    for fact in facts[:RECORDED_MAX]:
        yield f"Recorded: {escape_control(f'{fact.key}: {_found(fact)}')}\n"
    if len(facts) > RECORDED_MAX:
        yield f"Recorded: {len(facts) - RECORDED_MAX:,} more; `reconciler history` names them.\n"


def _found(fact: Fact) -> str:
    """Return what a refresh found of a key. The fields that it records were changed in Zoom."""
    if fact.kind is not Kind.RELEASE:
        return words_of(fact)
    changed = "it" if len(fact.details) == 1 else "them"
    return f"{', '.join(fact.details)}, as somebody changed {changed} in Zoom"


def words_of(fact: Fact) -> str:
    """Return what became of a key, such as `start_time, duration` or `failed: zoom.quota`."""
    details = ", ".join(fact.details)
    template = _WITH_DETAILS.get(fact.kind, _WORDS[fact.kind]) if details else _WORDS[fact.kind]
    return template.format(details)
