"""What a reviewer must not miss: ends, new join links, what is held back, what comes too late."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler.plan.change import Action
from reconciler.plan.step import Status
from reconciler.views.markdown.escape import code, prose, title
from reconciler.views.markdown.size import MORE_BYTES, take_fitting
from reconciler.views.markdown.steps import breaks_link, gist

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reconciler.plan.step import Step


ROOM = 16_000
"""Bytes that dangers may take of a comment."""

_ENDS, _REPLACED, _NEW_LINK, _LATE, _WITHHELD = "ends", "replaced", "new join link", "late", "withheld"

_COUNTED = {
    _ENDS: ("1 meeting ends", "{} meetings end"),
    _REPLACED: ("1 is replaced", "{} are replaced"),
    _NEW_LINK: ("1 join link changes", "{} join links change"),
    _LATE: ("1 comes late", "{} come late"),
    _WITHHELD: ("1 is withheld until you say so", "{} are withheld until you say so"),
}
"""Each kind of danger as it is counted, the worst first."""


def risks(steps: Sequence[Step]) -> str:
    """A box with a line for each step that is dangerous, the worst first; empty where none is."""
    kinds: dict[str, list[Step]] = {kind: [] for kind in _COUNTED}
    for step in steps:
        kind = _kind(step)
        if kind:
            kinds[kind].append(step)
    counts = {kind: len(found) for kind, found in kinds.items() if found}
    if not counts:
        return ""
    head = ("> [!CAUTION]", f"> **{', '.join(_count(*one) for one in counts.items())}.**", ">")
    lines = take_fitting(
        (_line(kind, step) for kind, found in kinds.items() for step in found), ROOM - MORE_BYTES
    )
    more = sum(counts.values()) - len(lines)
    return "\n".join((*head, *lines, *([f"> - … and {more:,} more"] if more else ())))


def _kind(step: Step) -> str:
    if step.status is Status.WITHHELD:
        return _WITHHELD
    if step.action is Action.DESTROY and step.status is not Status.EXPIRED:
        return _ENDS
    if step.action is Action.REPLACE and step.status is not Status.EXPIRED:
        return _REPLACED
    if breaks_link(step):
        return _NEW_LINK
    return _LATE if step.late else ""


def _count(kind: str, count: int) -> str:
    one, many = _COUNTED[kind]
    return one if count == 1 else many.format(f"{count:,}")


def _line(kind: str, step: Step) -> str:
    return f"> - **{kind}:** {code(step.key)} {title(step.topic)} for {code(step.host)}: {prose(gist(step))}"
