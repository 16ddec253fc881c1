"""Accepted, and yet stored otherwise: each case is a switch, for the account or for one host."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from sandbox_world import HOST, ONCE, World

if TYPE_CHECKING:
    from reconciler.ports import Json

ROOMS = {"enable": True, "rooms": [{"name": "a", "participants": ["x@example.com", "y@example.com"]}]}
INTERPRETERS = {"enable": True, "interpreters": [{"email": "i@example.com", "languages": "US,FR"}]}


@pytest.mark.parametrize(
    ("switches", "body", "name", "stored"),
    [
        ({}, {"default_password": False}, "waiting_room", True),
        ({"safeguard_forced": False}, {"default_password": False}, "waiting_room", False),
        (
            {},
            {"default_password": False, "settings": {"meeting_authentication": True}},
            "waiting_room",
            False,
        ),
        ({}, {}, "waiting_room", False),
        ({"waiting_room_forced": True}, {}, "waiting_room", True),
        ({}, {"settings": {"waiting_room": True, "join_before_host": True}}, "join_before_host", True),
        (
            {"waiting_room_hides_join_before_host": True},
            {"settings": {"waiting_room": True, "join_before_host": True}},
            "join_before_host",
            False,
        ),
        ({}, {"settings": {"breakout_room": ROOMS}}, "breakout_room", ROOMS),
        (
            {"breakout_rooms_allowed": False},
            {"settings": {"breakout_room": ROOMS}},
            "breakout_room",
            {"enable": False},
        ),
        (
            {"interpretation_allowed": False},
            {"settings": {"language_interpretation": INTERPRETERS}},
            "language_interpretation",
            {"enable": False},
        ),
        ({}, {"settings": {"approval_type": 0}}, "approval_type", 0),
        ({}, {"type": 3, "settings": {"approval_type": 0}}, "approval_type", 2),
        (
            {"registration_needs_start": False},
            {"type": 3, "settings": {"approval_type": 0}},
            "approval_type",
            0,
        ),
        ({"approval_type_forced": True}, {"settings": {"approval_type": 0}}, "approval_type", 2),
        ({"user_type": 1}, {"settings": {"approval_type": 1}}, "approval_type", 2),
        ({"meeting_authentication": True}, {}, "meeting_authentication", True),
        (
            {"locked_settings": {"auto_recording": "cloud"}},
            {"settings": {"auto_recording": "none"}},
            "auto_recording",
            "cloud",
        ),
        (
            {"dropped_settings": ["focus_mode", "no_such_setting"]},
            {"settings": {"focus_mode": True}},
            "focus_mode",
            False,
        ),
        (
            {"lists_reordered": True},
            {"settings": {"alternative_hosts": "a@x.org;b@x.org"}},
            "alternative_hosts",
            "b@x.org,a@x.org",
        ),
        (
            {"lists_reordered": True},
            {"settings": {"global_dial_in_countries": ["US", "DE"]}},
            "global_dial_in_countries",
            ["DE", "US"],
        ),
        ({}, {"settings": {"contact_name": "Desk"}}, "contact_name", "Desk"),
    ],
)
def test_a_setting_is_stored_as_the_account_has_it(
    switches: Json, body: Json, name: str, stored: Json
) -> None:
    world = World(**switches)

    meeting = world.create(ONCE | body)

    assert meeting["settings"][name] == stored
    assert world.read(meeting["id"])["settings"][name] == stored


def test_contacts_can_be_left_empty() -> None:
    assert "contact_name" not in World(contacts_filled=False).create()["settings"]


def test_registration_that_is_on_has_a_page() -> None:
    meeting = World().create(ONCE | {"settings": {"approval_type": 0}})

    assert "/register/" in meeting["registration_url"]


def test_any_update_strips_the_registration_of_a_host_without_a_licence() -> None:
    world = World()
    number = world.create(ONCE | {"settings": {"approval_type": 0}})["id"]
    world.switch(per_host={HOST: {"user_type": 1}})

    assert world.patch(number, {"topic": "x"})["settings"]["approval_type"] == 2


def test_a_host_can_be_made_to_use_the_personal_id() -> None:
    meeting = World(pmi_forced=True).create()

    assert (meeting["type"], len(meeting["pmi"])) == (4, 10)


def test_switches_can_hold_for_one_host_alone() -> None:
    world = World(per_host={HOST.upper(): {"waiting_room_forced": True}})

    assert world.create()["settings"]["waiting_room"] is True
    assert world.create(host="bob@example.com")["settings"]["waiting_room"] is False


def test_tracking_fields_come_back_with_more_than_was_sent() -> None:
    world = World(tracking_fields=["Team", "Dept"])
    sent = [{"field": "Dept", "value": "R&D"}]

    assert world.create(ONCE | {"tracking_fields": sent})["tracking_fields"] == [
        {"field": "Dept", "value": "R&D", "visible": True},
        {"field": "Team", "value": "", "visible": True},
    ]


def test_tracking_fields_can_come_back_in_another_order() -> None:
    sent = [{"field": name, "value": ""} for name in "ab"]

    meeting = World(lists_reordered=True).create(ONCE | {"tracking_fields": sent})

    assert [entry["field"] for entry in meeting["tracking_fields"]] == ["b", "a"]


@pytest.mark.parametrize(("switches", "reads"), [({}, None), ({"empty_agenda": True}, "")])
def test_an_agenda_that_was_never_set_is_absent_or_empty(switches: Json, reads: str | None) -> None:
    assert World(**switches).create().get("agenda") == reads
