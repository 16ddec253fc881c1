"""Values that Zoom ignores, by the field table: for every field, and for no value that is off."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from reconciler.meeting import fields
from reconciler.meeting.meeting import NO_FIXED_TIME, SCREEN_SHARE, SERIES
from reconciler.spec.effect import without_effect

if TYPE_CHECKING:
    from reconciler.meeting.fields import Field

OUTER = [field for field in fields.table().values() if "[]" not in field.path]
NEEDY = [field for field in OUTER if field.only_with]
TYPED = [field for field in OUTER if field.applies_to and not field.path.startswith("recurrence")]
ON: dict[str, Any] = {
    "boolean": True,
    "string": "text",
    "integer": 45,
    "array": ["DE"],
    "object": {"enable": True},
}
"""A value that turns something on, by the type of its field."""
OFF: dict[str, list[Any]] = {
    "boolean": [False],
    "string": [""],
    "integer": [],
    "array": [[]],
    "object": [{}, {"enable": False}],
}


def ignored(*values: tuple[str, Any]) -> list[str]:
    """The paths of the values without effect in a meeting with these."""
    attributes: dict[str, Any] = {}
    for path, value in values:
        attributes = fields.put(attributes, path, value)
    return [".".join(found.path) for found in without_effect(attributes)]


def turned_on(field: Field) -> Any:
    chosen = [value for value in field.enum if value != field.default and value not in field.off]
    return chosen[-1] if chosen else ON[field.type]


def by_path(field: Field) -> str:
    return field.path


def context(field: Field) -> tuple[tuple[str, Any], ...]:
    """What the field is in, and the type that it is for."""
    of_type = field.applies_to[-1] if field.applies_to else 2
    return ("type", of_type), *([("settings.waiting_room", True)] if "waiting_room_" in field.path else [])


@pytest.mark.parametrize("field", NEEDY, ids=by_path)
def test_a_value_is_ignored_without_what_it_needs(field: Field) -> None:
    ((other, wanted),) = field.only_with.items()
    unfit = next(each for each in (False, 2, "other") if isinstance(each, type(wanted[0])))
    if type(wanted[0]) is not bool and isinstance(wanted[0], int):
        unfit = 2
    value = (field.path, turned_on(field))

    without = ignored(*context(field), (other, unfit), value)

    assert (without, ignored(*context(field), (other, wanted[0]), value)) == ([field.path], [])


@pytest.mark.parametrize("field", NEEDY, ids=by_path)
def test_an_undeclared_need_is_judged_by_its_documented_default_only(field: Field) -> None:
    """Where Zoom takes the host's setting, nobody knows here whether the value has an effect."""
    ((other, wanted),) = field.only_with.items()
    default = fields.table()[other].default

    found = ignored(("type", context(field)[0][1]), (field.path, turned_on(field)))

    assert (field.path in found) == (default is not None and default not in wanted)


@pytest.mark.parametrize("of_type", [2, NO_FIXED_TIME, SERIES, SCREEN_SHARE])
@pytest.mark.parametrize("field", TYPED, ids=by_path)
def test_a_value_is_ignored_in_a_meeting_of_another_type(field: Field, of_type: int) -> None:
    """Another rule refuses `pre_schedule`, since Zoom does."""
    registration = ("settings.approval_type", 0 if "registration" in field.path else 2)

    found = ignored(("type", of_type), registration, (field.path, turned_on(field)))

    expected = of_type not in field.applies_to and field.path != "pre_schedule"
    assert (field.path in found) == expected


@pytest.mark.parametrize("of_type", [2, NO_FIXED_TIME, SERIES, SCREEN_SHARE])
@pytest.mark.parametrize("field", OUTER, ids=by_path)
def test_a_value_that_is_off_or_the_default_is_never_reported(field: Field, of_type: int) -> None:
    """`waiting_room: false` alone is one: what else guards the meeting is up to the host's settings."""
    values = [*OFF[field.type], *field.off, *([] if field.default is None else [field.default])]
    tried = [value for value in values if field.path != "type"]

    assert [ignored(("type", of_type), (field.path, value)) for value in tried] == [[]] * len(tried)


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({"waiting_room": True, "join_before_host": True}, ["settings.join_before_host"]),
        ({"waiting_room": False, "join_before_host": True}, []),
        ({"join_before_host": True}, []),
        (
            {"encryption_type": "e2ee", "global_dial_in_countries": ["DE"]},
            ["settings.global_dial_in_countries"],
        ),
        ({"encryption_type": "e2ee", "auto_recording": "local"}, []),
        (
            {
                "allow_host_control_participant_mute_state": True,
                "request_permission_to_unmute_participants": True,
            },
            [
                "settings.allow_host_control_participant_mute_state",
                "settings.request_permission_to_unmute_participants",
            ],
        ),
        ({"waiting_room": False, "meeting_authentication": False}, []),
    ],
    ids=str,
)
def test_two_settings_can_undo_each_other(values: dict[str, Any], expected: list[str]) -> None:
    assert ignored(("type", 2), ("settings", values)) == expected


def test_nothing_guards_a_meeting_whose_every_guard_is_declared_off() -> None:
    """Zoom turns the waiting room on then; a passcode, also as a reference, is a guard."""
    unguarded = (
        ("default_password", False),
        ("settings", {"waiting_room": False, "meeting_authentication": False}),
    )

    assert [
        ignored(*unguarded),
        ignored(*unguarded, ("password", {"env": "A_PASSCODE", "version": 1})),
    ] == [["settings.waiting_room"], []]


def test_registration_needs_a_fixed_time() -> None:
    room = (("type", 3), ("settings", {"approval_type": 0, "registrants_confirmation_email": True}))

    assert ignored(*room) == ["settings.approval_type"]


def test_every_need_is_told_in_words_too() -> None:
    """The reference shows the words, the rule uses the data."""
    assert [field.path for field in NEEDY if not field.needs] == []
