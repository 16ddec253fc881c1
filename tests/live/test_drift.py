"""Each kind of difference between a record and the answer of Zoom."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from builders import HOST, NOW, at, one_off, record, state, weekly
from msgspec.structs import replace

from reconciler.live.drift import drift_of
from reconciler.meeting.passcode import as_recorded
from reconciler.plan.change import Cause, FieldChange
from reconciler.state.identity import hosts_of

if TYPE_CHECKING:
    from reconciler.state.state import Record

STORED = {
    "id": 1,
    "host_id": "u1",
    "host_email": HOST,
    "type": 2,
    "topic": "Launch review",
    "start_time": "2027-01-14T15:00:00Z",
    "duration": 60,
    "timezone": "UTC",
    "settings": {"waiting_room": True, "audio": "both"},
}


def changes(kept: Record, **stored: Any) -> dict[str, tuple[Any, Any, Cause | None]]:
    answer = {name: value for name, value in {**STORED, **stored}.items() if value is not None}
    return {
        change.path: (change.before, change.after, change.cause) for change in drift_of(kept, answer, NOW)
    }


def test_an_undeclared_field_does_not_drift() -> None:
    assert changes(record(), agenda="theirs", password="theirs", settings={"watermark": True}) == {}


def test_a_change_by_a_person_is_drift() -> None:
    (change,) = drift_of(record(), {**STORED, "topic": "Other"}, NOW)

    assert change == FieldChange("topic", "Launch review", "Other", "title changes", Cause.PERSON)
    assert change.is_drift


def test_a_value_that_zoom_changed_at_our_write_is_not_drift() -> None:
    kept = record(attributes=one_off(settings={"waiting_room": False}))
    kept = replace(kept, observed={"settings.waiting_room": True})

    assert changes(kept) == {"settings.waiting_room": (False, True, Cause.ZOOM)}


def test_a_later_change_of_a_value_that_zoom_had_changed_is_drift() -> None:
    kept = replace(record(), observed={"duration": 40})

    assert changes(kept, duration=40) == {"duration": (60, 40, Cause.ZOOM)}
    assert changes(kept, duration=50) == {"duration": (60, 50, Cause.PERSON)}


def test_a_field_that_zoom_drops_each_time_is_not_drift() -> None:
    kept = replace(record(attributes=one_off(template_id="t")), observed={"template_id": None})

    assert changes(kept) == {"template_id": ("t", None, Cause.ZOOM)}


def test_a_field_without_effect_in_the_declared_type_is_not_compared() -> None:
    """Zoom takes no start for type 3, and no rule for type 2."""
    timeless = record(attributes=one_off(type=3))
    ruled = record(attributes=one_off(recurrence={"type": 1}))

    assert (changes(timeless, type=3, start_time=None, duration=None), changes(ruled)) == ({}, {})


def test_a_declared_personal_id_is_not_drift() -> None:
    """Zoom gives such a meeting type 4, and it was declared with another one."""
    declared = record(attributes=one_off(settings={"use_pmi": True}))
    personal = {"type": 4, "settings": {"use_pmi": True}}

    assert (changes(declared, **personal), set(changes(record(), **personal))) == ({}, {"type"})


def test_a_start_is_reported_in_the_declared_form() -> None:
    """As wall time in its zone; in the form of Zoom where the zone changed too."""
    local = record(attributes=one_off(start_time="2027-01-14T16:00:00", timezone="Europe/Berlin"))
    moved = {"start_time": "2027-01-14T16:30:00Z"}

    same_zone = changes(local, **moved, timezone="Europe/Berlin")
    other_zone = changes(local, **moved, timezone="Europe/Paris")

    assert same_zone["start_time"] == ("2027-01-14T16:00:00", "2027-01-14T17:30:00", Cause.PERSON)
    assert other_zone["start_time"][1] == "2027-01-14T16:30:00Z"
    assert changes(local, start_time="soon", timezone="Europe/Berlin")["start_time"][1] == "soon"
    assert changes(local, start_time=None, timezone="Europe/Berlin")["start_time"][1] is None


def test_another_name_of_the_same_zone_is_not_drift() -> None:
    """Zoom may rename a zone of its list; to send the old name again would undo single dates each time."""
    local = record(attributes=one_off(start_time="2027-01-14T20:30:00", timezone="Asia/Calcutta"))

    renamed = changes(local, timezone="Asia/Kolkata")
    moved = changes(local, timezone="Asia/Colombo")

    assert (renamed, moved) == ({}, {"timezone": ("Asia/Calcutta", "Asia/Colombo", Cause.PERSON)})


SALT = b"salt"


@pytest.mark.parametrize(
    ("password", "stored", "differs"),
    [
        ({"env": "A_PASSCODE", "version": 1}, "anything", {}),
        ({"env": "A_PASSCODE", "version": 1}, None, {"password": ("(passcode)", None, Cause.PERSON)}),
        ("Lift-off_7", "Lift-off_7", {}),
        ("Lift-off_7", "other", {"password": ("(passcode)", "(passcode)", Cause.PERSON)}),
    ],
    ids=["a reference", "a reference, taken away", "a literal", "a literal, changed"],
)
def test_a_passcode_is_compared_without_being_shown(password: Any, stored: str | None, differs: Any) -> None:
    kept = record(attributes=as_recorded(one_off(password=password), SALT))

    assert changes(kept, password=stored) == differs


def test_a_passcode_that_zoom_did_not_accept_is_not_compared() -> None:
    kept = replace(
        record(attributes=as_recorded(one_off(password="x"), SALT)), observed={"password": "(not shown)"}
    )

    assert changes(kept, password="y") == {}


SERIES: dict[str, Any] = {
    "type": 8,
    "topic": "Platform weekly",
    "start_time": "2027-01-11T09:00:00Z",
    "timezone": "Europe/Berlin",
    "duration": 45,
    "recurrence": {"type": 2, "repeat_interval": 1, "weekly_days": "2", "end_times": 20},
}


def test_a_series_drifts_by_its_occurrences() -> None:
    shorter = {**SERIES["recurrence"], "end_times": 12}
    kept = record(attributes=weekly())

    assert changes(kept, **SERIES) == {}
    assert changes(kept, **{**SERIES, "recurrence": shorter}) == {
        "recurrence.end_times": (20, 12, Cause.PERSON)
    }
    cut = replace(kept, observed={"recurrence.end_times": 12})
    assert changes(cut, **{**SERIES, "recurrence": shorter}) == {"recurrence.end_times": (20, 12, Cause.ZOOM)}


def test_a_meeting_of_another_kind_differs_in_its_type() -> None:
    """It does not differ in its schedule too, which cannot be compared."""
    single = {**SERIES, "type": 2, "recurrence": None}

    assert changes(record(attributes=weekly()), **single) == {"type": (8, 2, Cause.PERSON)}
    assert changes(record(), type=8, recurrence=SERIES["recurrence"]) == {"type": (2, 8, Cause.PERSON)}


def test_a_meeting_on_the_personal_id_differs_where_a_type_was_declared() -> None:
    by_host = replace(record(), observed={"type": 4})

    assert changes(record(), type=4) == {"type": (2, 4, Cause.PERSON)}
    assert changes(by_host, type=4) == {"type": (2, 4, Cause.ZOOM)}
    assert changes(record(attributes=one_off(type=None)), type=4) == {}


@pytest.mark.parametrize(
    ("hosts", "attributes", "named", "other"),
    [
        ({}, {}, {"host_email": HOST.upper()}, None),
        ({HOST: "u1"}, {}, {"host_id": "u1", "host_email": "renamed@example.com"}, None),
        ({HOST: "u1"}, {}, {"host_id": "u2", "host_email": "new@example.com"}, "new@example.com"),
        ({HOST: "u1"}, {}, {"host_id": "u2", "host_email": None}, "u2"),
        ({}, {"schedule_for": "b@example.com"}, {"host_email": "b@example.com"}, None),
        ({HOST: "u1"}, {}, {"host_id": None, "host_email": None}, None),
    ],
)
def test_a_meeting_under_another_host_is_drift(
    hosts: dict[str, str], attributes: dict[str, str], named: dict[str, str | None], other: str | None
) -> None:
    kept = record(attributes=one_off(**attributes))
    known = hosts_of(state(hosts=hosts), kept)

    changes = drift_of(
        kept, {**STORED, "host_id": "u9", **named}, at("2026-12-01T08:00:00+00:00"), hosts=known
    )

    assert [change.after for change in changes if change.path == "host"] == ([other] if other else [])


@pytest.mark.parametrize(
    ("observed", "stored", "made", "drifted"),
    [
        ({"duration": 30}, {"duration": 30}, "", ["duration"]),
        ({"topic": "Old name"}, {"topic": "Old name"}, "", ["topic"]),
        ({"settings.waiting_room": True}, {}, "", []),
        (
            {"settings.waiting_room": True},
            {"creation_source": "web_portal"},
            "",
            ["settings.waiting_room"],
        ),
        ({"settings.waiting_room": True}, {"creation_source": "open_api"}, "", []),
        ({"duration": 30}, {"duration": 30}, "created", []),
        ({"settings.waiting_room": True}, {"creation_source": "web_portal"}, "imported", []),
    ],
)
def test_what_an_older_version_swallowed_on_import_is_drift(
    observed: dict[str, Any], stored: dict[str, Any], made: str, drifted: list[str]
) -> None:
    """Its records do not say how they were made: Zoom does, and some fields Zoom never sets by itself."""
    attributes = one_off(settings={"waiting_room": False})
    kept = replace(record(attributes=attributes), observed=observed, made=made)
    zoom = {**STORED, "settings": {"waiting_room": "settings.waiting_room" in observed}, **stored}

    changes = drift_of(kept, zoom, at("2026-12-01T08:00:00+00:00"))

    assert [change.path for change in changes if change.is_drift] == drifted
