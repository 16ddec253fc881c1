"""Every field of the table, changed alone: what that asks for, and what is sent for it."""

from __future__ import annotations

from operator import eq
from typing import TYPE_CHECKING, Any

import pytest
from builders import NOW, meeting, one_off, record, weekly

from reconciler.meeting import fields
from reconciler.meeting.body import patch
from reconciler.plan import diff
from reconciler.plan.change import Action

if TYPE_CHECKING:
    from collections.abc import Mapping

    from reconciler.meeting.fields import Field

WHEN = ("start_time", "timezone", "recurrence")
TAKEN = [
    field for field in fields.table().values() if field.create and field.update and field.type != "object"
]
CREATE_ONLY = [field for field in fields.table().values() if field.create_only]
TEXTS = {
    "start_time": ("2027-01-18T10:00:00", "2027-01-25T10:00:00"),
    "timezone": ("Europe/Paris", "Asia/Tokyo"),
    "recurrence.weekly_days": ("2", "2,3"),
    "recurrence.end_date_time": ("2027-03-01T00:00:00Z", "2027-04-01T00:00:00Z"),
}


def two_values(field: Field) -> tuple[Any, Any]:
    """Two that the field takes and that mean different things."""
    if field.path in TEXTS:
        return TEXTS[field.path]
    if len(field.enum) > 1:
        first, second, *_ = [one for one in field.enum if one != 8]  # a series is a replace, below
        return first, second
    if field.type == "array":
        inner = fields.table().get(f"{field.path}[].{field.identity}") if field.identity else None
        return ([{inner.name: "a"}], [{inner.name: "b"}]) if inner else (["a"], ["b"])
    return {"boolean": (False, True), "integer": (1, 2)}.get(field.type, ("one", "two"))


def with_value(field: Field, value: Any) -> dict[str, Any]:
    """A meeting with the value at the field's path; a part of a list's entry makes one entry."""
    meeting_attributes = weekly() if field.path.split(".")[0] in WHEN else one_off()
    return put(meeting_attributes, field.path.split("."), value)


def put(attributes: Mapping[str, Any], path: list[str], value: Any) -> dict[str, Any]:
    name, *inner = path
    if name.endswith("[]"):
        entry = put({}, inner, value)
        return {**attributes, name[:-2]: [entry]}
    held = put(attributes.get(name, {}), inner, value) if inner else value
    return {**attributes, name: held}


def of(sent: Mapping[str, Any], path: str) -> Any:
    value: Any = sent
    for name in path.split("."):
        value = value[name]
    return value


@pytest.mark.parametrize("field", TAKEN, ids=lambda field: field.path)
def test_a_field_that_an_update_takes_is_sent_alone(field: Field) -> None:
    """As it is declared; a list whole, and what says when a meeting is together."""
    before, after = (with_value(field, value) for value in two_values(field))
    found = diff.compare(meeting(attributes=after), record(1, before), same_user=eq)
    path = field.path.split("[]")[0]
    sent = patch(after, [change.path for change in found.fields], NOW, "read")

    assert (found.action, [change.path for change in found.fields]) == (Action.UPDATE, [path])
    assert of(sent, path) == of(after, path)
    first = path.split(".")[0]
    assert sent.keys() == (
        set(WHEN) if first in WHEN else {"type": {"type", "start_time"}}.get(first, {first})
    )
    if first == "settings":
        assert sent["settings"].keys() == {path.split(".")[1]}


@pytest.mark.parametrize("field", CREATE_ONLY, ids=lambda field: field.path)
def test_a_field_that_only_a_create_takes_asks_for_a_new_meeting(field: Field) -> None:
    """Zoom would ignore it in an update."""
    before, after = (with_value(field, value) for value in two_values(field))

    assert diff.compare(meeting(attributes=after), record(1, before), same_user=eq).action is Action.REPLACE
