"""What differs between a declared meeting and its record, and what that asks for."""

from __future__ import annotations

from operator import eq
from typing import Any

import pytest
from builders import meeting, one_off, record, weekly

from reconciler.meeting import fields, masking
from reconciler.meeting.passcode import as_recorded
from reconciler.plan.change import KEEP, Action, Change, FieldChange
from reconciler.plan.diff import compare, field_changes

SALT = bytes(16)


def change(before: dict[str, Any], after: dict[str, Any]) -> Change:
    """What `compare` finds between what was recorded and what is declared, under one host."""
    return compare(meeting(attributes=after), record(1, before), same_user=eq)


def paths(found: Change) -> list[str]:
    """The fields that differ."""
    return [each.path for each in found.fields]


def test_what_is_recorded_as_declared_is_kept() -> None:
    """Equal at first sight, in whatever order it was written."""
    assert change(weekly(), dict(reversed(weekly().items()))) is KEEP


def test_a_changed_field_is_an_update() -> None:
    """With both values, and what people notice."""
    assert change(one_off(), one_off(duration=90, topic="Launch")) == Change(
        Action.UPDATE,
        (
            FieldChange("duration", 60, 90, "length changes"),
            FieldChange("topic", "Launch review", "Launch", "title changes"),
        ),
    )


def test_a_value_written_otherwise_is_no_change() -> None:
    """The same instant in another zone, the same people in another order."""
    settings = {"alternative_hosts": "a@example.com;B@example.com", "global_dial_in_countries": ["DE", "US"]}
    same = {"alternative_hosts": "b@example.com,a@example.com", "global_dial_in_countries": ["US", "DE"]}
    before = one_off(timezone="Europe/Berlin", settings=settings)
    after = one_off(timezone="Europe/Berlin", settings=same, start_time="2027-01-14T16:00:00")

    assert change(before, after) == KEEP


@pytest.mark.parametrize("empty", [[], None])
def test_null_empty_and_absent_are_one(empty: Any) -> None:
    """On either side; a list that is emptied is a change."""
    nothing, none_yet = (
        one_off(settings={"use_pmi": False}),
        one_off(settings={"use_pmi": False, "resources": empty}),
    )
    full = one_off(settings={"use_pmi": False, "resources": [{"resource_id": "1"}]})

    assert change(nothing, none_yet) == KEEP
    assert change(none_yet, nothing).action is Action.KEEP
    assert paths(change(none_yet, full)) == ["settings.resources"]


def test_an_emptied_list_is_a_change() -> None:
    """An empty list means none; a list that is left out means no opinion."""
    full, emptied = (
        one_off(settings={"resources": [{"resource_id": "1"}]}),
        one_off(settings={"resources": []}),
    )

    assert paths(change(full, emptied)) == ["settings.resources"]


def test_a_field_no_longer_declared_is_released() -> None:
    """No change and no request; mappings are released leaf by leaf, lists whole."""
    settings = {"use_pmi": False, "breakout_room": {"enable": True, "rooms": [{"name": "Red"}]}}
    before = one_off(agenda="Plan", settings=settings)

    assert change(before, one_off(settings={"use_pmi": False})) == Change(
        Action.KEEP,
        released=("agenda", "settings.breakout_room.enable", "settings.breakout_room.rooms"),
    )


def test_a_mapping_that_is_added_is_its_leaves() -> None:
    """A person reads fields, not nesting."""
    settings = {"waiting_room": True, "breakout_room": {"enable": True, "rooms": [{"name": "Red"}]}}

    assert change(one_off(), one_off(settings=settings)).fields == (
        FieldChange("settings.breakout_room.enable", None, after=True, effect="breakout rooms change"),
        FieldChange("settings.breakout_room.rooms", None, [{"name": "Red"}], "breakout rooms change"),
        FieldChange("settings.waiting_room", None, after=True, effect="who may join early changes"),
    )


def test_a_list_is_shown_whole() -> None:
    """However deep in it the difference is."""
    before = [{"name": "Red", "participants": ["a@example.com"]}, {"name": "Blue"}]
    after = [{"name": "Red", "participants": ["b@example.com"]}, {"name": "Blue"}, {"name": "Green"}]
    path = "settings.breakout_room.rooms"

    found = change(
        one_off(settings={"breakout_room": {"rooms": before}}),
        one_off(settings={"breakout_room": {"rooms": after}}),
    )

    assert found == Change(Action.UPDATE, (FieldChange(path, before, after, "breakout rooms change"),))


def test_to_and_from_a_series_is_a_replace() -> None:
    """Zoom cannot turn one into the other."""
    assert change(one_off(), weekly()).action is Action.REPLACE
    assert change(weekly(), one_off()).action is Action.REPLACE


def test_a_change_between_other_types_is_an_update() -> None:
    """Only a change from or to type 8 is a replace."""
    assert change(one_off(), one_off(type=3)).action is Action.UPDATE


def test_no_type_is_type_2() -> None:
    """Left out or written, it is the same; a series whose type is left out becomes a single meeting."""
    assert change(one_off(), one_off(type=None)) == KEEP
    assert change(one_off(type=None), one_off()) == KEEP

    single = change(weekly(), weekly(type=None, recurrence=None))
    assert single.action is Action.REPLACE
    assert single.fields == (FieldChange("type", 8, 2, "kind of meeting changes"),)


def test_a_field_that_only_a_create_takes_is_a_replace() -> None:
    """Zoom does not update it."""
    before, after = (one_off(settings={"show_join_info": shown}) for shown in (True, False))

    assert change(before, after).action is Action.REPLACE


@pytest.mark.parametrize(
    ("attributes", "replaces_host", "action", "effect"),
    [
        ({}, False, Action.UPDATE, "handed over; the join link stays"),
        ({}, True, Action.REPLACE, "a new join link, under another host"),
        ({"schedule_for": "b@example.com"}, False, Action.REPLACE, "a new join link, under another host"),
    ],
)
def test_another_host_is_handed_over_or_a_replace(
    attributes: dict[str, str],
    replaces_host: bool,  # noqa: FBT001 - what is compared
    action: Action,
    effect: str,
) -> None:
    """The plan says what becomes of the link."""
    body = one_off(**attributes)
    declared = meeting("launch", body, host="cto@example.com")

    found = compare(declared, record(1, body), same_user=eq, replaces_host=replaces_host)

    assert found == Change(action, (FieldChange("host", "platform@example.com", "cto@example.com", effect),))


def test_a_host_under_another_name_is_the_same_host() -> None:
    """By user id, once that is known: the caller says so."""
    assert compare(meeting(host="U1"), record(), same_user=lambda _one, _other: True) is KEEP


def test_protection_is_no_field_of_zooms() -> None:
    """It changes nothing there."""
    assert compare(meeting(protect=True), record(), same_user=eq) == KEEP


def test_a_new_passcode_is_an_update_that_shows_none() -> None:
    """Before and after are words that stand for it, in a repr, too."""
    before = as_recorded(one_off(password="old-secret"), SALT)

    found = change(before, one_off(password="new-secret"))

    effect = "join link and passcode change"
    assert found == Change(Action.UPDATE, (FieldChange("password", "(passcode)", "(passcode)", effect),))
    assert change(one_off(), one_off(password="new-secret")).fields == (
        FieldChange("password", None, "(passcode)", effect),
    )
    assert "secret" not in repr(found)


def test_the_passcode_that_was_recorded_is_kept() -> None:
    """Known by its hash; so is a reference by name and version."""
    literal, reference = one_off(password="same"), one_off(password={"env": "PASSCODE", "version": 1})

    assert change(as_recorded(literal, SALT), literal) == KEEP
    assert change(reference, reference) is KEEP


@pytest.mark.parametrize(
    "after", [{"env": "PASSCODE", "version": 2}, {"env": "OTHER_PASSCODE", "version": 1}, "text"]
)
def test_another_reference_is_one_change_of_the_passcode(after: Any) -> None:
    """The path is the field's, not a part of the reference."""
    before = one_off(password={"env": "PASSCODE", "version": 1})

    assert paths(change(before, one_off(password=after))) == ["password"]


def test_a_passcode_no_longer_declared_is_released() -> None:
    """Zoom keeps it, and so do the people who have it."""
    before = as_recorded(one_off(password="old-secret"), SALT)

    assert change(before, one_off()) == Change(Action.KEEP, released=("password",))


def test_a_rule_that_changes_shows_its_parts() -> None:
    """The recurrence is compared field by field."""
    rule = {**weekly()["recurrence"], "weekly_days": "3", "end_times": 12}

    assert paths(change(weekly(), weekly(recurrence=rule))) == [
        "recurrence.end_times",
        "recurrence.weekly_days",
    ]


def test_a_rule_without_its_interval_is_the_same_rule() -> None:
    """`repeat` writes the interval of 1 that many a `recurrence` leaves out."""
    whole = weekly()["recurrence"]
    short = {name: value for name, value in whole.items() if name != "repeat_interval"}

    assert whole["repeat_interval"] == 1
    assert change(weekly(recurrence=short), weekly()) == KEEP
    assert change(weekly(), weekly(recurrence=short)) == KEEP


def test_true_is_not_one_where_values_are_looked_at() -> None:
    """JSON has both."""
    found, _ = field_changes(one_off(settings={"jbh_time": 1}), one_off(settings={"jbh_time": True}))

    assert found == (
        FieldChange("settings.jbh_time", before=1, after=True, effect="who may join early changes"),
    )


def test_no_field_takes_both_truth_values_and_numbers() -> None:
    """So `==` on two whole mappings, for which True is 1, cannot hide a change of a valid spec."""
    types = {field.type for field in fields.table().values()}
    mixed = [
        field.path
        for field in fields.table().values()
        if {type(value) for value in field.enum} >= {bool, int}
    ]

    assert types == {"string", "integer", "boolean", "object", "array"}
    assert mixed == []


def test_a_field_that_the_table_does_not_know_is_compared_as_it_is() -> None:
    """A record of a newer version may hold one."""
    assert change(one_off(), {**one_off(), "unheard_of": {"a": 1}}).fields == (
        FieldChange("unheard_of.a", None, 1, ""),
    )


def test_a_passcode_is_one_field_beside_fields_that_come_and_go() -> None:
    """DeepDiff reports mappings with few common names as one difference (seed 5437 of the simulator)."""
    before = {"password": {"env": "OLD"}, "agenda": "a", "timezone": "UTC"}
    after = {"topic": "t", "duration": 30, "start_time": "2027-01-14T15:00:00Z"}

    gone, _ = field_changes(before, after)
    come, _ = field_changes(after, before)

    assert {change.path for change in (*gone, *come) if change.path.startswith("password")} == {"password"}


USERS = {"ada@example.com": "u-ada", "ben@example.com": "u-ben"}


def by_id(host: str, other: str) -> bool:
    """Whether both are names of one user; nobody else than a user has a name."""
    assert isinstance(host, str)
    assert isinstance(other, str)
    return USERS.get(host, host) == USERS.get(other, other)


@pytest.mark.parametrize(
    ("recorded", "declared", "path"),
    [
        ({}, ("ben@example.com", {"schedule_for": "cleo@example.com"}), "host"),
        ({}, ("ben@example.com", {"schedule_for": "u-ada"}), None),
        ({}, ("u-ada", {"schedule_for": "ben@example.com"}), "schedule_for"),
        ({"schedule_for": "ben@example.com"}, ("cleo@example.com", {"schedule_for": "dan@example.com"}),
         "host"),
        ({"schedule_for": "ada@example.com"}, ("ben@example.com", {"schedule_for": "dan@example.com"}),
         "schedule_for"),
        ({"schedule_for": "ben@example.com"}, ("u-ben", {"schedule_for": "dan@example.com"}), "schedule_for"),
        ({"schedule_for": "ben@example.com"}, ("cleo@example.com", {"schedule_for": "u-ben"}), "host"),
    ],
)  # fmt: skip
def test_who_schedules_for_whom_is_compared_by_user(
    recorded: dict[str, str], declared: tuple[str, dict[str, str]], path: str | None
) -> None:
    """Of ada's meeting: a third user needs a new one, if host and the user it is for are others."""
    host, names = declared
    before = record(1, one_off(**recorded), host="ada@example.com")

    found = compare(meeting("launch", one_off(**names), host=host), before, same_user=by_id)

    assert [each.path for each in found.fields][:1] == ([path] if path else [])


@pytest.mark.parametrize(
    ("declared", "expected"),
    [("Passcode: hunter2", []), ("Passcode: other7", ["agenda"]), ("Bring coffee", ["agenda"])],
)
def test_a_text_that_is_kept_masked_is_compared_by_its_hash(declared: str, expected: list[str]) -> None:
    kept = masking.as_kept("Passcode: hunter2", None, "salt")

    changes, released = field_changes(one_off(agenda=kept), one_off(agenda=declared))

    assert ([change.path for change in changes], released) == (expected, ())
