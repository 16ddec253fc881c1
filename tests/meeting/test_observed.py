"""Values that Zoom stored differently from what was sent."""

from __future__ import annotations

from typing import Any

from builders import one_off

from reconciler.meeting import observed


def observation(sent: dict[str, Any], **stored: Any) -> dict[str, Any]:
    return observed.observe(sent, {**sent, **stored})


def test_equal_values_are_not_reported() -> None:
    sent = one_off(settings={"alternative_hosts": "A@example.com;b@example.com", "waiting_room": True})

    assert (
        observation(sent, settings={"alternative_hosts": "b@example.com,a@example.com", "waiting_room": True})
        == {}
    )
    assert observation(one_off(), id=1, settings={"waiting_room": True}) == {}


def test_a_start_in_its_zone_equals_the_instant_of_zoom() -> None:
    sent = one_off(start_time="2027-01-14T16:00:00", timezone="Europe/Berlin")

    assert observation(sent, start_time="2027-01-14T15:00:00Z") == {}


def test_differences_are_reported_by_path() -> None:
    sent = one_off(settings={"waiting_room": False, "join_before_host": True}, agenda="x")
    stored = observation(sent, duration=40, settings={"waiting_room": True}, agenda=None)

    assert stored == {
        "duration": 40,
        "settings.waiting_room": True,
        "settings.join_before_host": None,
        "agenda": None,
    }
    assert sorted(observed.describe_observed(sent, stored)) == [
        "Zoom left out agenda",
        "Zoom left out settings.join_before_host",
        "Zoom set duration to 40 (sent: 60)",
        "Zoom set settings.waiting_room to true (sent: false)",
    ]


def test_a_dropped_mapping_is_reported_field_by_field() -> None:
    assert observation(one_off(settings={"waiting_room": True}), settings=None) == {
        "settings.waiting_room": None
    }


def test_fields_that_no_read_returns_are_not_compared() -> None:
    assert (
        observation(
            one_off(schedule_for="b@example.com", default_password=False, unknown_field=1), schedule_for=None
        )
        == {}
    )


def test_a_secret_that_differs_is_not_shown() -> None:
    sent = one_off(password="Lift-off_7")
    stored = observation(sent, password="other")

    assert stored == {"password": "(not shown)"}
    assert observed.describe_observed(sent, stored) == ("Zoom stored another password than was sent",)


def test_a_long_value_is_shortened() -> None:
    sent = one_off(agenda="a" * 100)
    (note,) = observed.describe_observed(sent, observation(sent, agenda="b" * 100))

    assert note == f"Zoom set agenda to {'b' * 59}… (sent: {'a' * 59}…)"


def test_a_value_of_another_type_differs() -> None:
    """Zoom's value is reported, whatever its type."""
    sent = one_off(settings={"alternative_hosts": "a@example.com", "meeting_invitees": [{"email": "b"}]})

    odd = observation(sent, start_time=[1], settings={"alternative_hosts": 5, "meeting_invitees": {"a": 1}})

    assert odd == {
        "start_time": [1],
        "settings.alternative_hosts": 5,
        "settings.meeting_invitees": {"a": 1},
    }
    assert observed.describe_observed(sent, odd)[2] == (
        'Zoom set settings.meeting_invitees to {"a": 1} (sent: [{"email": "b"}])'
    )


def test_a_creation_time_that_no_state_keeps_is_none() -> None:
    odd = ("x", [1], "0001-01-01T00:00:00Z", "2026-11-01\x1b08:00:00Z", "2026-11-01T08:00:00", None)
    found = [observed.created_at({"created_at": each}) for each in (*odd, "2026-11-01T08:00:00Z")]

    assert found == [*[None] * len(odd), "2026-11-01T08:00:00Z"]


def test_a_differing_value_is_without_an_earlier_one_only_where_nothing_else_explains_it() -> None:
    """`topic` was known before, `duration` did not take, the type is that of a personal id."""
    sent = {"topic": "New", "duration": 30, "type": 2, "agenda": "Ours", "timezone": "Europe/Berlin"}
    stored = {"topic": "Zoom's", "duration": 60, "type": 4, "agenda": "Theirs", "timezone": "Europe/Rome"}
    earlier = ({"topic": "Old"}, {"timezone": "Europe/Paris"})

    assert observed.without_earlier(sent, stored, earlier, ("duration",)) == ("agenda",)
