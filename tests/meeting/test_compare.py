"""Values of a field are equal when their normal forms are."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.meeting import fields
from reconciler.meeting.compare import FORMS, normalize
from reconciler.meeting.fields import Compare

BERLIN = "Europe/Berlin"


def same(path: str, one: Any, other: Any, zones: tuple[str | None, str | None] = (BERLIN, BERLIN)) -> bool:
    """Return whether two values of the field at `path` are equal."""
    described = fields.table().get(path)
    return normalize(described, one, zones[0]) == normalize(described, other, zones[1])


ROOMS = [
    {"name": "Red", "participants": ["a@example.com", "b@example.com"]},
    {"name": "Blue", "participants": []},
]

SAME: list[tuple[str, Any, Any]] = [
    ("topic", "Retro", "Retro"),
    ("start_time", "2027-01-14T15:00:00Z", "2027-01-14T16:00:00"),
    ("start_time", "2027-01-14T15:00:00Z", "2027-01-14T15:00:00+00:00"),
    ("start_time", "soon", "soon"),
    ("recurrence.end_date_time", "2027-03-01T00:00:00Z", "2027-03-01T01:00:00+01:00"),
    ("timezone", "Europe/Berlin", "europe/berlin"),
    ("schedule_for", "Boss@Example.com", "boss@example.com"),
    ("recurrence.weekly_days", "2,4", "4, 2"),
    ("settings.authentication_domains", "A.example.com,b.example.com", "b.example.com, a.example.com"),
    ("settings.alternative_hosts", "a@example.com;b@example.com", "B@example.com, a@example.com;"),
    ("settings.alternative_hosts", "", None),
    ("settings.breakout_room.rooms[].participants", ["a@example.com", "U1"], ["u1", "A@example.com"]),
    ("settings.global_dial_in_countries", ["DE", "US"], ["US", "DE"]),
    ("settings.global_dial_in_countries", [], None),
    ("settings.breakout_room.rooms", ROOMS, ROOMS[::-1]),
    ("settings.breakout_room.rooms", ROOMS, [ROOMS[0], {"name": "Blue"}]),
    ("settings.breakout_room", {"enable": True, "rooms": []}, {"rooms": None, "enable": True}),
    ("settings.waiting_room_options", {}, None),
    (
        "tracking_fields",
        [{"field": "a", "value": "1"}, {"field": "b"}],
        [{"field": "b"}, {"value": "1", "field": "a"}],
    ),
    (
        "settings.authentication_exception",
        [{"email": "A@example.com", "name": "A"}],
        [{"name": "A", "email": "a@example.com"}],
    ),
    ("not.in.the.table", {"a": [1, {"b": None}]}, {"a": [1, {"b": None}]}),
    ("not.in.the.table", [], None),
    ("duration", 45, 45.0),
]  # fmt: skip

DIFFERENT: list[tuple[str, Any, Any]] = [
    ("topic", "Retro", "retro"),
    ("start_time", "2027-01-14T15:00:00Z", "2027-01-14T15:00:00"),
    ("start_time", "soon", "later"),
    ("timezone", "Europe/Berlin", "Europe/Rome"),
    ("recurrence.weekly_days", "2,4", "24"),
    ("settings.alternative_hosts", "a@example.com", "a@example.com;b@example.com"),
    ("settings.global_dial_in_countries", ["DE"], ["DE", "US"]),
    ("settings.breakout_room.rooms", ROOMS, ROOMS[:1]),
    ("settings.breakout_room.rooms", ROOMS[:1], [{**ROOMS[0], "participants": ["a@example.com"]}]),
    ("settings.breakout_room", {"enable": True}, {"enable": False}),
    ("settings.waiting_room", True, 1),
    ("settings.waiting_room", False, 0),
    ("settings.waiting_room", False, None),
    ("settings.jbh_time", 0, None),
    ("agenda", "", None),
    ("duration", 45, "45"),
    ("not.in.the.table", {"a": True}, {"a": 1}),
    ("not.in.the.table", [1, 2], [2, 1]),
]


@pytest.mark.parametrize(("path", "one", "other"), SAME)
def test_equal_values(path: str, one: Any, other: Any) -> None:
    """The field table has the compare rule; null, empty and absent are equal."""
    assert same(path, one, other)


@pytest.mark.parametrize(("path", "one", "other"), DIFFERENT)
def test_different_values(path: str, one: Any, other: Any) -> None:
    """Zoom treats them as different values."""
    assert not same(path, one, other)


def test_a_local_time_is_in_the_zone_of_its_meeting() -> None:
    """Ten in Berlin is nine in London."""
    assert same("start_time", "2027-01-14T10:00:00", "2027-01-14T09:00:00", (BERLIN, "Europe/London"))
    assert not same("start_time", "2027-01-14T10:00:00", "2027-01-14T10:00:00", (BERLIN, None))


def test_every_rule_of_the_table_has_a_form() -> None:
    """A new rule fails here before it fails for a user."""
    assert {*FORMS, Compare.INSTANT} == set(Compare)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-2, 2) | st.text("ab", max_size=2),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("ab", max_size=1), inner, max_size=2),
    max_leaves=5,
)


@settings(max_examples=50, deadline=None)
@given(json_values)
def test_a_normal_form_is_hashable_and_equal_to_itself(value: Any) -> None:
    """Forms are compared, and are elements of sets."""
    form = normalize(None, value)

    assert hash(form) == hash(normalize(None, value))
    assert form == normalize(None, value)
