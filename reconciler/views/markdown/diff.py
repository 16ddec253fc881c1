"""The fields of one step as a block of differences: `-` was, `+` will be."""

from __future__ import annotations

from typing import TYPE_CHECKING

import orjson

from reconciler.errors.text import shorten
from reconciler.plan.change import REDACTED, Action
from reconciler.views.markdown.escape import code_block, visible
from reconciler.views.values import changed_values, leaves, passcode_words

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from reconciler.meeting.meeting import Meeting
    from reconciler.plan.change import FieldChange
    from reconciler.plan.step import Step
    from reconciler.ports import Json


VALUE_MAX = 300
"""Characters of one value that are shown."""

LINES_MAX = 80
"""Lines of one meeting that are shown."""

LEAD = 40
"""Characters before the first difference of two texts that are shown."""


def block(step: Step) -> str:
    """The fence with what differs, or with what is declared of a new meeting."""
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
        yield from (f"- {name}: {_words(value)}" for name, value in _gone(step))
    yield from (f"- {visible(path)}   (no longer declared)" for path in step.released)


def _gone(step: Step) -> Sequence[tuple[str, Json]]:
    return (("id", step.id), ("host", step.host), ("topic", step.topic))


def _declared(meeting: Meeting) -> Iterator[str]:
    yield f"+ host: {_words(meeting.host)}"
    for path, value in leaves((), meeting.attributes):
        if path[0] != "password":
            yield f"+ {visible('.'.join(path))}: {_words(value)}"
    if "password" in meeting.attributes:
        yield f"+ password: {visible(passcode_words(meeting.passcode))}"
    if meeting.protect:
        yield "+ protect: true"


def _change(change: FieldChange, meeting: Meeting | None) -> Iterator[str]:
    name = visible(change.path)
    before, after = changed_values(change, width_max=VALUE_MAX, lead=LEAD)
    if before is not None:
        yield f"- {name}: {_words(before)}"
    if change.path == "password" and meeting is not None and meeting.passcode is not None:
        yield f"+ {name}: {visible(passcode_words(meeting.passcode))}"
    elif after is not None:
        yield f"+ {name}: {_words(after)}"


def _words(value: Json) -> str:
    """A value as JSON; of text no more than has to be seen."""
    if value == REDACTED:
        return REDACTED
    if isinstance(value, str):
        value = shorten(value, VALUE_MAX)
    return shorten(visible(orjson.dumps(value).decode()), 2 * VALUE_MAX)
