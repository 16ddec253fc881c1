"""Differences between a stored meeting and the wanted one."""

from __future__ import annotations

from typing import Any

import pytest

from reconciler.meeting.compare import differences


def found_in_zoom(wanted: dict[str, Any], stored: dict[str, Any]) -> dict[str, Any]:
    return {one.dotted: one.stored for one in differences(wanted, stored)}


@pytest.mark.parametrize(
    ("wanted", "stored"),
    [
        ({"agenda": ""}, {}),
        ({"pre_schedule": False}, {}),
        ({"settings": {"audio": "both", "alternative_hosts": ""}}, {"settings": {}}),
        ({"settings": {"meeting_invitees": []}}, {}),
        ({"default_password": True, "unknown_field": 1}, {"default_password": False}),
        ({"timezone": "europe/berlin"}, {"timezone": "Europe/Berlin"}),
        (
            {"start_time": "2027-01-11T10:00:00", "timezone": "Europe/Berlin"},
            {"start_time": "2027-01-11T09:00:00Z", "timezone": "Europe/Berlin"},
        ),
    ],
)
def test_equal_values_are_no_difference(wanted: dict[str, Any], stored: dict[str, Any]) -> None:
    """Absent, empty, null and the API's default are equal; fields that no read returns are not compared."""
    assert found_in_zoom(wanted, stored) == {}


def test_additions_of_the_account_are_no_difference() -> None:
    wanted = {"tracking_fields": [{"field": "team", "value": "a"}]}
    stored = {
        "tracking_fields": [
            {"field": "cost", "value": "", "visible": True},
            {"field": "team", "value": "a", "visible": True},
        ]
    }

    assert found_in_zoom(wanted, stored) == {}


def test_an_added_entry_is_a_difference() -> None:
    """It is shown by its identity field, since no other field of it is wanted."""
    wanted = {"settings": {"meeting_invitees": [{"email": "A@example.com"}]}}
    stored = {
        "settings": {
            "meeting_invitees": [{"email": "a@example.com", "x": 1}, {"email": "b@example.com", "y": 2}]
        }
    }

    assert found_in_zoom(wanted, stored) == {
        "settings.meeting_invitees": [{"email": "a@example.com"}, {"email": "b@example.com"}]
    }


def test_a_value_of_another_type_is_a_difference() -> None:
    """An answer may not follow the documentation."""
    wanted = {
        "start_time": "2027-01-11T10:00:00Z",
        "tracking_fields": [{"field": "team", "value": "a"}],
        "settings": {"global_dial_in_countries": ["US"], "audio": "voip"},
    }
    stored = {
        "start_time": 5,
        "tracking_fields": ["team"],
        "settings": {"global_dial_in_countries": 1, "audio": {}},
    }

    assert found_in_zoom(wanted, stored) == {
        "start_time": 5,
        "tracking_fields": ["team"],
        "settings.global_dial_in_countries": 1,
        "settings.audio": {},
    }
