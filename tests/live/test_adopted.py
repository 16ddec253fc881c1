"""What people changed in Zoom is recorded where the spec declares it by now, as it is declared."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from builders import NOW, meeting, one_off, record, state, weekly
from msgspec.structs import replace

from reconciler.live.adopted import adopt
from reconciler.live.refresh import OTHER_PASSCODE
from reconciler.meeting.closures import NO_DATES, SingleDates
from reconciler.state.history import Fact, Kind

if TYPE_CHECKING:
    from collections.abc import Mapping

    from reconciler.meeting.meeting import Meeting
    from reconciler.state.state import Record

KEPT = replace(
    record(1, one_off(topic="Before")),
    observed={"topic": "Cut", "settings.waiting_room": True},
    not_taken=("topic",),
)
SKIP, MOVE = "skip", {"start_time": "2027-01-19T13:00:00Z", "duration": 45}
LINK = "https://zoom.us/j/81234567890?pwd=c2VjcmV0"


def adopted(before: Record, found: Record, declared: Meeting) -> tuple[Record, tuple[Fact, ...]]:
    known, refreshed = (state(meetings={"launch": each}) for each in (before, found))
    after, facts = adopt(known, refreshed, {"launch": declared}, NOW)
    return after.meetings["launch"], facts


def counted(changed: Record) -> Record:
    return replace(changed, changes=1, changed_at="2026-12-01T08:00:00Z")


def told(*paths: str) -> tuple[Fact, ...]:
    return (Fact(Kind.RELEASE, "launch", paths),)


def test_a_field_is_recorded_and_known_no_more_as_one_that_zoom_changed() -> None:
    found = replace(KEPT, attributes=one_off(topic="After"))

    after = adopted(KEPT, found, meeting(attributes=one_off(topic="After")))

    declared = replace(KEPT, attributes=one_off(topic="After"), observed={"settings.waiting_room": True})
    assert after == (counted(replace(declared, not_taken=())), told("topic"))


def test_a_setting_is_recorded_as_it_is_declared_and_not_as_zoom_writes_it() -> None:
    names = {
        name: {"settings": {"alternative_hosts": name}} for name in ("b@x.org;a@x.org", "a@x.org;b@x.org")
    }
    zooms, declared = (one_off(**each) for each in names.values())

    after = adopted(record(1), record(1, zooms), meeting(attributes=declared))

    assert after == (counted(record(1, declared)), told("settings.alternative_hosts"))


@pytest.mark.parametrize("declared", [one_off(topic="Else"), one_off(topic="After", duration=90)])
def test_where_an_update_is_due_the_update_records_the_fields(declared: dict[str, Any]) -> None:
    found = replace(KEPT, attributes=one_off(topic="After"))

    assert adopted(KEPT, found, meeting(attributes=declared)) == (KEPT, ())


@pytest.mark.parametrize(
    ("recorded", "zooms"),
    [
        ({"agenda": "Old"}, {"agenda": LINK}),
        ({"password": {"scrypt": "SALT$HASH"}}, {"password": OTHER_PASSCODE}),
    ],
    ids=["a link", "a passcode"],
)
def test_what_is_declared_no_more_is_not_recorded_as_zoom_has_it(
    recorded: dict[str, Any], zooms: dict[str, Any]
) -> None:
    before, found = record(1, one_off(**recorded)), record(1, one_off(**zooms))

    assert adopted(before, found, meeting()) == (before, ())


def test_beside_it_a_declared_field_is() -> None:
    before, found = record(1, one_off(agenda="Old")), record(1, one_off(agenda=LINK, topic="After"))

    after = adopted(before, found, meeting(attributes=one_off(topic="After")))

    assert after == (counted(record(1, one_off(agenda="Old", topic="After"))), told("topic"))


ELEVEN = {"start_time": "2027-01-11T11:00:00"}


@pytest.mark.parametrize(
    ("known", "zooms", "dates"),
    [
        ({"exceptions": {"2027-01-18": SKIP}}, {"exceptions": {"2027-01-18": SKIP}}, {"2027-01-18": SKIP}),
        ({"window": {"from": "2027-01-11T09:00:00Z", "to": "2027-12-20T09:00:00Z"}}, {}, {}),
    ],
    ids=["recorded", "window"],
)
def test_times_of_a_series_are_left_to_its_update_where_its_dates_may_be_others(
    known: Any, zooms: Any, dates: Mapping[str, Any]
) -> None:
    """Zoom made the dates anew: what was done to single ones is undone, and the window is another one."""
    before = replace(record(1, weekly()), **known)
    found = replace(before, attributes=weekly(**ELEVEN, topic="After"), **zooms)
    declared = meeting(attributes=weekly(**ELEVEN, topic="After"), dates=SingleDates(dates))

    after = adopted(before, found, declared)

    assert after == (counted(replace(before, attributes=weekly(topic="After"))), told("topic"))


def test_times_of_a_series_of_which_no_more_is_known_are_recorded() -> None:
    found = record(1, weekly(**ELEVEN))

    after = adopted(record(1, weekly()), found, meeting(attributes=weekly(**ELEVEN)))

    assert after == (counted(found), told("start_time"))


@pytest.mark.parametrize("recorded", [{}, {"2027-01-18": SKIP}], ids=["none", "undone"])
@pytest.mark.parametrize("found", [{}, {"2027-01-25": SKIP}], ids=["none in Zoom", "one in Zoom"])
@pytest.mark.parametrize("dates", [{}, {"2027-01-18": SKIP}], ids=["none declared", "one declared"])
def test_with_times_of_a_series_the_single_dates_are_recorded_that_zoom_has(
    recorded: dict[str, Any], found: dict[str, Any], dates: dict[str, Any]
) -> None:
    """Zoom made the dates anew: what was done to single ones is undone, and a plan does it again."""
    before = replace(record(1, weekly()), exceptions=recorded)
    in_zoom = replace(record(1, weekly(**ELEVEN)), exceptions=found)

    after = adopted(before, in_zoom, meeting(attributes=weekly(**ELEVEN), dates=SingleDates(dates)))

    assert after == (counted(in_zoom), told("start_time"))


def test_a_series_that_somebody_made_a_single_meeting_is_left_to_its_update() -> None:
    before, found = record(1, weekly(topic=one_off()["topic"])), record(1, one_off())

    assert adopted(before, found, meeting()) == (before, ())


@pytest.mark.parametrize("declared", [weekly(), weekly(topic="Else")], ids=["alone", "beside an update"])
def test_each_single_date_that_is_declared_is_recorded(declared: dict[str, Any]) -> None:
    before = record(1, weekly())
    found = replace(before, exceptions={"2027-01-11": SKIP, "2027-01-18": MOVE})
    dates = SingleDates({"2027-01-18": {"start_time": "2027-01-19T14:00:00"}})

    after = adopted(before, found, meeting(attributes=declared, dates=dates))

    assert after == (
        counted(replace(before, exceptions={"2027-01-18": MOVE})),
        told("exceptions.2027-01-18"),
    )


def test_a_recorded_date_that_somebody_gave_back_and_nobody_declares_is_dropped() -> None:
    before = replace(record(1, weekly()), exceptions={"2027-01-18": SKIP})
    found = replace(before, exceptions={})

    after = adopted(before, found, meeting(attributes=weekly()))

    assert after == (counted(found), told("exceptions.2027-01-18"))


def test_single_dates_of_another_rule_are_left_to_its_update() -> None:
    before = record(1, weekly())
    found = replace(before, exceptions={"2027-01-18": SKIP})
    declared = meeting(attributes=weekly(**ELEVEN), dates=SingleDates({"2027-01-18": SKIP}))

    assert adopted(before, found, declared) == (before, ())


@pytest.mark.parametrize("dates", [NO_DATES, SingleDates({"2027-01-18": SKIP})])
def test_what_is_as_recorded_is_left(dates: SingleDates) -> None:
    before = record(1, weekly())

    assert adopted(before, before, meeting(attributes=weekly(), dates=dates)) == (before, ())


def test_what_nobody_declares_is_left() -> None:
    known, refreshed = (state(meetings={"gone": record(1, one_off(topic=each))}) for each in ("A", "B"))

    assert adopt(known, refreshed, {"launch": meeting()}, NOW) == (known, ())
