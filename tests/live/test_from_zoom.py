"""The parts of a meeting from Zoom that a person would have declared."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from builders import at
from sandbox_world import World

from reconciler.live import _from_zoom as from_zoom
from reconciler.live._from_zoom_times import UndeclarableError
from reconciler.spec.defaults import without_defaults

if TYPE_CHECKING:
    from reconciler.live._from_zoom import ImportedMeeting

NOW = at("2026-12-01T09:00:00+00:00")
HOST = "ada@example.com"


def body(**fields: Any) -> dict[str, Any]:
    """The body of a read of a single meeting; `settings` are merged into the usual ones."""
    world = World()
    read = world.read(
        world.create({"topic": "Launch", "type": 2, "start_time": "2027-01-14T15:00:00Z"})["id"]
    )
    settings = {**read["settings"], **fields.pop("settings", {})}
    return {**read, "settings": settings, **fields}


def declare(usual: dict[str, Any] | None = None, **fields: Any) -> ImportedMeeting:
    return from_zoom.to_declaration(81, HOST, body(**fields), usual or {}, NOW)


def settings_of(usual: dict[str, Any] | None = None, **settings: Any) -> Any:
    return declare(usual, settings=settings).attributes.get("settings", {})


def test_nothing_that_zoom_fills_in_is_declared() -> None:
    """Of sixty settings, links, ids and a passcode only the chosen values remain."""
    imported = declare(from_zoom.usual_settings([body()]))

    assert imported.attributes == {
        "topic": "Launch",
        "type": 2,
        "start_time": "2027-01-14T15:00:00",
        "timezone": "UTC",
    }
    assert (imported.id, imported.host, imported.remarks, imported.has_passcode) == (81, HOST, (), True)
    assert "password" not in imported.stored


def test_the_zone_of_a_room_is_not_declared_and_tells_whether_a_default_is_another() -> None:
    """It has no effect. Where defaults have another one, the file has `timezone: null`."""
    room = declare(from_zoom.usual_settings([body()]), type=3, timezone="Asia/Tokyo", start_time=None)

    overrides = [
        without_defaults({"timezone": zone}, room.attributes, room.stored)
        for zone in ("Asia/Tokyo", "Europe/Berlin")
    ]

    plain = {"topic": "Launch", "type": 3}
    assert (room.attributes, overrides) == (plain, [plain, {**plain, "timezone": None}])


@pytest.mark.parametrize(
    ("zoom", "declared"),
    [
        ({"waiting_room": True}, {"waiting_room": True}),
        ({"email_notification": False}, {"email_notification": False}),
        ({"audio": "voip"}, {"audio": "voip"}),
        ({"encryption_type": "e2ee"}, {"encryption_type": "e2ee"}),
        ({"jbh_time": 10}, {}),
        ({"jbh_time": 10, "join_before_host": True}, {"join_before_host": True, "jbh_time": 10}),
        ({"registrants_confirmation_email": False}, {}),
        (
            {"registrants_confirmation_email": False, "approval_type": 0},
            {"approval_type": 0, "registrants_confirmation_email": False},
        ),
        ({"registration_type": 2, "approval_type": 0}, {"approval_type": 0}),
        ({"audio_conference_info": "x"}, {}),
        (
            {"audio": "thirdParty", "audio_conference_info": "x"},
            {"audio": "thirdParty", "audio_conference_info": "x"},
        ),
        ({"breakout_room": {"enable": False, "rooms": [{"name": "A"}]}}, {}),
        (
            {"breakout_room": {"enable": True, "rooms": [{"name": "A", "participants": [], "id": 3}]}},
            {"breakout_room": {"enable": True, "rooms": [{"name": "A"}]}},
        ),
        (
            {"continuous_meeting_chat": {"enable": False, "who_is_added": "all"}},
            {"continuous_meeting_chat": {"enable": False}},
        ),
        (
            {"alternative_hosts": "a@example.com, b@example.com"},
            {"alternative_hosts": "a@example.com;b@example.com"},
        ),
        ({"contact_email": "ADA@example.com", "contact_name": "Ada"}, {"contact_name": "Ada"}),
        (
            {"contact_email": "desk@example.com", "contact_name": "Desk"},
            {"contact_email": "desk@example.com", "contact_name": "Desk"},
        ),
        (
            {
                "meeting_authentication": True,
                "authentication_exception": [
                    {"email": "a@example.com", "join_url": "https://zoom.example/w?tk=x"}
                ],
            },
            {"meeting_authentication": True, "authentication_exception": [{"email": "a@example.com"}]},
        ),
        ({"authentication_name": "Sign in", "unheard_of": True, "enforce_login": True}, {}),
        ({"meeting_invitees": [{"internal_user": True}]}, {}),
    ],
)
def test_a_chosen_value_with_an_effect_is_declared(zoom: dict[str, Any], declared: dict[str, Any]) -> None:
    usual = {"settings.contact_name": "Ada Lovelace", "settings.global_dial_in_countries": ["US"]}

    assert settings_of(usual, **({"contact_name": "Ada Lovelace"} | zoom)) == declared


def test_a_value_of_all_meetings_of_a_host_is_not_declared() -> None:
    """A contact with another address was chosen, and so was the name that belongs to it."""
    several = [
        body(settings={"contact_name": "Ada L.", "global_dial_in_countries": ["DE", "US"]}),
        body(settings={"contact_name": "Ada L.", "global_dial_in_countries": ["DE", "US"], "audio": "voip"}),
        body(
            settings={
                "contact_name": "Desk",
                "contact_email": "desk@example.com",
                "summary_template_id": "t1",
            }
        ),
        {"settings": None},
    ]

    assert from_zoom.usual_settings(several) == {
        "settings.contact_name": "Ada L.",
        "settings.global_dial_in_countries": ["DE", "US"],
        "settings.summary_template_id": "t1",
    }
    assert settings_of(
        from_zoom.usual_settings(several), contact_name="Ada L.", global_dial_in_countries=["FR"]
    ) == {"global_dial_in_countries": ["FR"]}


def test_empty_tracking_fields_are_not_declared() -> None:
    filled = {"field": "Team", "value": "Core", "visible": True}

    assert declare(tracking_fields=[filled, {"field": "Cost", "value": ""}]).attributes[
        "tracking_fields"
    ] == [{"field": "Team", "value": "Core"}]
    assert "tracking_fields" not in declare(tracking_fields=[{"field": "Cost", "value": ""}]).attributes


def test_a_secret_in_a_text_is_left_out_with_a_remark() -> None:
    imported = declare(agenda="Join https://zoom.example/j/1?pwd=abc123", settings={"audio": "voip"})

    assert "agenda" not in imported.attributes
    assert imported.remarks == ("`agenda` is left out: a link contains a passcode.",)
    with pytest.raises(UndeclarableError, match=r"^a link contains a passcode$"):
        declare(topic="Join https://zoom.example/j/1?pwd=abc123")


@pytest.mark.parametrize(
    ("fields", "name", "remark"),
    [
        ({"duration": 2000}, "duration", "`duration` is left out: "),
        (
            {"settings": {"jbh_time": 7, "join_before_host": True}},
            "jbh_time",
            "`settings.jbh_time` is left out: ",
        ),
        (
            {"settings": {"waiting_room": True, "waiting_room_options": {"mode": "custom"}}},
            "waiting_room_options",
            "`settings.waiting_room_options` is left out: ",
        ),
        ({"settings": {"audio": "smoke"}}, "smoke", "`settings.audio` is left out: "),
        (
            {"tracking_fields": [{"field": "Team", "value": 7}]},
            "tracking_fields",
            "`tracking_fields` is left out: ",
        ),
    ],
)
def test_a_value_that_the_schema_refuses_is_left_out_with_a_remark(
    fields: dict[str, Any], name: str, remark: str
) -> None:
    imported = declare(**fields)

    assert name not in str(imported.attributes)
    assert [text[: len(remark)] for text in imported.remarks] == [remark]


def test_a_value_that_only_an_update_takes_has_a_remark() -> None:
    imported = declare(settings={"custom_keys": [{"key": "a", "value": "b"}]}, assistant_id="bob")

    assert imported.remarks == (
        "Zoom has `settings.custom_keys` for it, which a create does not take.",
        "Somebody else scheduled it for its host; `schedule_for` cannot be read back.",
    )


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"type": 1}, "it is an instant meeting, which is over when it ends"),
        (
            {"type": 4},
            "it is held under its host's personal meeting id, whose link every such meeting shares",
        ),
        (
            {"settings": {"use_pmi": True}},
            "it is held under its host's personal meeting id, whose link every such meeting shares",
        ),
        ({"type": 9}, "it is a webinar"),
        ({"type": 77}, "Zoom names it type 77, which is unknown here"),
        ({"topic": "   "}, "the meeting has no topic"),
        ({"start_time": None}, "the meeting has no `start_time`"),
    ],
)
def test_some_meetings_have_no_declared_form(fields: dict[str, Any], reason: str) -> None:
    with pytest.raises(UndeclarableError) as raised:
        declare(**fields)

    assert str(raised.value) == reason


def test_a_lone_surrogate_is_replaced() -> None:
    """JSON can hold half of a surrogate pair, but a file cannot."""
    assert declare(topic="a\ud800b", agenda=["\udc00"]).attributes["topic"] == "a?b"
