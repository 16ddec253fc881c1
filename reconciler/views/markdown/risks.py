"""The risks of a plan, for a reviewer: deletions, new join links, withheld steps, late meetings."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler.plan.change import Action
from reconciler.plan.step import Status
from reconciler.views.markdown.escape import prose
from reconciler.views.markdown.size import MORE_BYTES, take_fitting
from reconciler.views.markdown.steps import breaks_link, gist, subject

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reconciler.plan.step import Step


BOX_BYTES_MAX = 16_000
"""Bytes of a comment that the risks may take."""

_DELETED, _REPLACED, _NEW_LINK, _LATE, _WITHHELD = "deleted", "replaced", "new join link", "late", "withheld"

_COUNTED = {
    _DELETED: ("1 meeting is deleted", "{} meetings are deleted"),
    _REPLACED: ("1 is replaced", "{} are replaced"),
    _NEW_LINK: ("1 join link changes", "{} join links change"),
    _LATE: ("1 comes late", "{} come late"),
    _WITHHELD: ("1 is withheld until you say so", "{} are withheld until you say so"),
}
"""The words that count each kind of risk, the worst kind first."""


def risks(steps: Sequence[Step]) -> str:
    """Return a box with a line for each step that is a risk, the worst first; empty if none is."""
    kinds: dict[str, list[Step]] = {kind: [] for kind in _COUNTED}
    for step in steps:
        kind = _kind(step)
        if kind:
            kinds[kind].append(step)
    counts = {kind: len(group) for kind, group in kinds.items() if group}
    if not counts:
        return ""
    head = ("> [!CAUTION]", f"> **{', '.join(_count(kind, count) for kind, count in counts.items())}.**", ">")
    lines = take_fitting(
        (_line(kind, step) for kind, group in kinds.items() for step in group), BOX_BYTES_MAX - MORE_BYTES
    )
    more = sum(counts.values()) - len(lines)
    return "\n".join((*head, *lines, *([f"> - … and {more:,} more"] if more else ())))


def _kind(step: Step) -> str:
    if step.status is Status.WITHHELD:
        return _WITHHELD
    if step.action is Action.DESTROY and step.status is not Status.EXPIRED:
        return _DELETED
    if step.action is Action.REPLACE and step.status is not Status.EXPIRED:
        return _REPLACED
    if breaks_link(step):
        return _NEW_LINK
    return _LATE if step.late else ""


def _count(kind: str, count: int) -> str:
    singular, plural = _COUNTED[kind]
    return singular if count == 1 else plural.format(f"{count:,}")


def _line(kind: str, step: Step) -> str:
    return f"> - **{kind}:** {subject(step)}: {prose(gist(step))}"
