"""Defaults that are extracted from meetings, and merged into them again."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.spec import defaults as spec_defaults
from reconciler.spec.defaults import merge, without_nulls

HOSTS = st.sampled_from(["a@example.com", "b@example.com"])
SETTINGS = st.fixed_dictionaries(
    {},
    optional={
        "waiting_room": st.booleans(),
        "audio": st.sampled_from(["voip", "both"]),
        "alternative_hosts": st.sampled_from(["a", "b"]),
        "breakout_room": st.sampled_from([{"enable": True}, {"enable": True, "rooms": [{"name": "A"}]}]),
        "global_dial_in_countries": st.sampled_from([["DE"], ["US"]]),
    },
)
BODIES = st.fixed_dictionaries(
    {"host": HOSTS, "topic": st.just("t")},
    optional={"timezone": st.sampled_from(["UTC", "Europe/Berlin"]), "duration": st.sampled_from([30, 45])}
    | {"settings": SETTINGS.filter(bool)},
)
DEFAULTS = st.fixed_dictionaries({}, optional={"duration": st.just(30), "settings": SETTINGS.filter(bool)})


@settings(max_examples=150, deadline=None)
@given(DEFAULTS, st.lists(BODIES, min_size=1, max_size=6))
def test_defaults_merged_with_the_rest_are_the_meetings(
    base: dict[str, Any], bodies: list[dict[str, Any]]
) -> None:
    """For every default of the settings file, where Zoom has no other values."""
    whole = merge(
        base,
        spec_defaults.extract_defaults([spec_defaults.without_defaults(base, body, {}) for body in bodies]),
    )

    read_back = [
        without_nulls(merge(whole, spec_defaults.without_defaults(whole, body, {}))) for body in bodies
    ]
    assert [{**body, "settings": body.get("settings", {})} for body in read_back] == [
        {**body, "settings": body.get("settings", {})} for body in bodies
    ]


def meeting(**fields: Any) -> dict[str, Any]:
    return {"host": "a@example.com", "topic": "t", **fields}


def test_a_value_of_most_meetings_becomes_a_default() -> None:
    bodies = [
        meeting(timezone="UTC", duration=30, settings={"waiting_room": True, "audio": "voip"}),
        meeting(timezone="UTC", duration=30, settings={"waiting_room": True}),
        meeting(timezone="Europe/Berlin", duration=45, settings={"waiting_room": True, "audio": "voip"}),
        meeting(timezone="UTC", host="b@example.com", settings={"waiting_room": True}),
    ]

    assert spec_defaults.extract_defaults(bodies) == {
        "host": "a@example.com",
        "timezone": "UTC",
        "settings": {"waiting_room": True},
    }


def test_a_mapping_becomes_a_default_only_where_all_have_it() -> None:
    """Merged part by part, it would change a meeting that has another mapping."""
    rooms = {"settings": {"breakout_room": {"enable": True, "rooms": [{"name": "A"}]}}}

    assert "settings" in spec_defaults.extract_defaults([meeting(**rooms), meeting(**rooms)])
    assert "settings" not in spec_defaults.extract_defaults([meeting(**rooms), meeting(**rooms), meeting()])


def test_a_single_meeting_has_no_defaults() -> None:
    assert spec_defaults.extract_defaults([meeting(timezone="UTC", duration=30)]) == {}
    assert spec_defaults.extract_defaults([]) == {}


def test_a_default_that_does_not_apply_is_overridden_with_the_value_in_zoom() -> None:
    """`false`, `60` and `none` are more readable than null; a default of a text is removed with null."""
    defaults = {
        "host": "a@example.com",
        "duration": 30,
        "protect": True,
        "password": {"env": "TEAM_PASSCODE"},
        "settings": {
            "waiting_room": True,
            "auto_recording": "cloud",
            "alternative_hosts": "b@example.com",
            "breakout_room": {"enable": True},
            "watermark": False,
        },
    }
    has = {
        "duration": 60,
        "settings": {
            "waiting_room": False,
            "auto_recording": "none",
            "alternative_hosts": "",
            "breakout_room": {"enable": False},
            "watermark": False,
        },
    }

    assert spec_defaults.without_defaults(defaults, meeting(), has) == {
        "topic": "t",
        "duration": 60,
        "password": None,
        "settings": {
            "alternative_hosts": None,
            "auto_recording": "none",
            "breakout_room": {"enable": False},
            "waiting_room": False,
        },
    }
