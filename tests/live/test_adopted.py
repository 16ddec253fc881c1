"""What people changed in Zoom is recorded where the spec declares it by now."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from builders import meeting, one_off, record, state, weekly

from reconciler.live.adopted import adopted_facts, with_adopted
from reconciler.meeting.closures import SingleDates
from reconciler.state.history import Fact, Kind

if TYPE_CHECKING:
    from reconciler.meeting.meeting import Meeting
    from reconciler.state.state import Record

KEPT = record(1, one_off(topic="Before"))._replace(
    observed={"topic": "Cut", "settings.waiting_room": True}, not_taken=("topic",)
)
SKIP, MOVE = "skip", {"start_time": "2027-01-19T13:00:00Z", "duration": 45}


def adopted(before: Record, found: Record, declared: Meeting) -> tuple[Record, list[Fact]]:
    facts, refreshed = (state(meetings={"launch": each}) for each in (before, found))
    after = with_adopted(facts, refreshed, {"launch": declared})
    return after.meetings["launch"], [*adopted_facts(facts, after)]


def test_a_field_is_recorded_and_known_no_more_as_one_that_zoom_changed() -> None:
    found = KEPT._replace(attributes=one_off(topic="After"))

    after, facts = adopted(KEPT, found, meeting(attributes=one_off(topic="After")))

    assert after == found._replace(observed={"settings.waiting_room": True}, not_taken=())
    assert facts == [Fact(Kind.RELEASE, "launch", ("topic",))]


@pytest.mark.parametrize("declared", [one_off(topic="Else"), one_off(topic="After", duration=90)])
def test_where_an_update_is_due_the_update_records_the_fields(declared: dict[str, Any]) -> None:
    found = KEPT._replace(attributes=one_off(topic="After"))

    assert adopted(KEPT, found, meeting(attributes=declared)) == (KEPT, [])


@pytest.mark.parametrize("declared", [weekly(), weekly(topic="Else")], ids=["alone", "beside an update"])
def test_each_single_date_that_is_declared_is_recorded(declared: dict[str, Any]) -> None:
    before = record(1, weekly())
    found = before._replace(exceptions={"2027-01-11": SKIP, "2027-01-18": MOVE})
    dates = SingleDates({"2027-01-18": {"start_time": "2027-01-19T14:00:00"}})

    after, facts = adopted(before, found, meeting(attributes=declared, dates=dates))

    assert after == before._replace(exceptions={"2027-01-18": MOVE})
    assert facts == [Fact(Kind.RELEASE, "launch", ("exceptions.2027-01-18",))]


def test_a_recorded_date_that_somebody_gave_back_and_nobody_declares_is_dropped() -> None:
    before = record(1, weekly())._replace(exceptions={"2027-01-18": SKIP})
    found = before._replace(exceptions={})

    assert adopted(before, found, meeting(attributes=weekly())) == (
        found,
        [Fact(Kind.RELEASE, "launch", ("exceptions.2027-01-18",))],
    )


def test_single_dates_of_another_rule_are_left_to_its_update() -> None:
    before = record(1, weekly())
    found = before._replace(exceptions={"2027-01-18": SKIP})
    declared = meeting(
        attributes=weekly(start_time="2027-01-11T11:00:00"), dates=SingleDates({"2027-01-18": SKIP})
    )

    assert adopted(before, found, declared) == (before, [])
