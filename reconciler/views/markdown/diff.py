"""The changed fields of one step as a diff: `-` before, `+` after."""

from __future__ import annotations

from typing import TYPE_CHECKING

import orjson

from reconciler.errors.text import shorten
from reconciler.plan.change import REDACTED, Action, FieldChange
from reconciler.plan.dates import words as date_words
from reconciler.views.markdown.escape import code_block, visible
from reconciler.views.values import PARTS_MAX, changed_parts, leaves, passcode_words

if TYPE_CHECKING:
    from collections.abc import Iterator

    from reconciler.meeting.meeting import Meeting
    from reconciler.plan.step import Step
    from reconciler.ports import Json


WIDTH_MAX = 300
"""Characters of two values that are shown whole; of longer ones only the parts that differ."""

VALUE_MAX = 2_000
"""Characters of one text that are shown: as many as Zoom keeps of an agenda."""

LINES_MAX = 80
"""Lines of one meeting that are shown."""

LEAD = 40
"""Characters around a difference that are shown."""


def block(step: Step) -> str:
    """Return a block with the changes, the declared fields of a new meeting, or what a deletion removes."""
    lines = list(_lines(step))
    if len(lines) > LINES_MAX:
        lines = [*lines[:LINES_MAX], f"… and {len(lines) - LINES_MAX} more"]
    return code_block(lines, "diff") if lines else ""


def _lines(step: Step) -> Iterator[str]:
    if step.changes:
        for change in step.changes:
            yield from _change(change, step.meeting)
    elif step.action is Action.CREATE and step.meeting is not None:
        yield from _declared(step.meeting)
    elif step.action is Action.DESTROY:
        deleted = (("id", step.id), ("host", step.host), ("topic", step.topic))
        yield from (f"- {name}: {_words(value)}" for name, value in deleted)
    yield from (f"! {visible(line)}" for line in date_words.lines(step))
    yield from (f"- {visible(path)}   (no longer declared)" for path in step.released)


def _declared(meeting: Meeting) -> Iterator[str]:
    yield f"+ host: {_words(meeting.host)}"
    for path, value in leaves((), meeting.attributes):
        if path[0] != "password":
            yield from _change(FieldChange(".".join(path), None, value), None)
    if "password" in meeting.attributes:
        yield f"+ password: {visible(passcode_words(meeting.passcode))}"
    if meeting.protect:
        yield "+ protect: true"


def _change(change: FieldChange, meeting: Meeting | None) -> Iterator[str]:
    name = visible(change.path)
    shown = changed_parts(change, width_max=WIDTH_MAX, lead=LEAD)
    for before, after in shown[:PARTS_MAX]:
        if before is not None:
            yield f"- {name}: {_words(before)}"
        if change.path == "password" and meeting is not None and meeting.passcode is not None:
            yield f"+ {name}: {visible(passcode_words(meeting.passcode))}"
        elif after is not None:
            yield f"+ {name}: {_words(after)}"
    if len(shown) > PARTS_MAX:
        yield f"  {name}: and {len(shown) - PARTS_MAX} more, see the JSON"


def _words(value: Json) -> str:
    """Return a value as JSON, shortened."""
    if value == REDACTED:
        return REDACTED
    if isinstance(value, str):
        value = shorten(value, VALUE_MAX)
    return shorten(visible(orjson.dumps(value).decode()), 2 * VALUE_MAX)
