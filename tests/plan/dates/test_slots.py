"""Changes of a room's timetable: shown, recorded, and never sent."""

from __future__ import annotations

from typing import Any

import pytest
from builders import at, planned, removed, spec, weekly
from engine_world import World
from msgspec.structs import replace

from reconciler.meeting.meeting import Meeting, Slot
from reconciler.meeting.timezones import utc_text
from reconciler.plan.change import Action
from reconciler.plan.dates import words


def slot(name: str = "europe", **attributes: Any) -> Slot:
    return Slot(name, Meeting("clinic", "room@example.com", weekly(topic="Clinic", **attributes)))


def room(*slots: Slot) -> Meeting:
    return Meeting("clinic", "room@example.com", {"topic": "Clinic", "type": 3}, timetable=slots)


def test_a_new_room_records_its_slots_and_sends_none() -> None:
    world = World(room(slot(), slot("launch", start_time="2027-01-11T15:00:00")))

    report = world.apply()

    record = world.store.state.meetings["clinic"]
    (number,) = world.ids().values()
    assert (report.failed, list(record.timetable)) == ({}, ["europe", "launch"])
    assert {"start_time", "recurrence"}.isdisjoint(world.zoom.read(number))
    assert not world.plan().has_work


def test_a_changed_slot_is_a_keep_that_is_recorded_without_a_request() -> None:
    world = World(room(slot(), slot("old")))
    world.apply()
    world.declare(room(slot(start_time="2027-01-11T11:00:00"), slot("new")))

    plan = world.plan()
    report = world.apply()

    (step,) = plan.steps
    assert (step.action, step.requests, plan.has_work) == (Action.KEEP, 0, True)
    monday = "every Monday, 10:00 Europe/Berlin, 20 times, until 24 May 2027"
    assert step.reasons == (
        f"timetable: europe {monday} → {monday.replace('10:00', '11:00')}, nothing to send",
        f"timetable: new is new, {monday}, 45 min, Clinic, nothing to send",
        f"timetable: old is gone, was {monday}, 45 min, Clinic, nothing to send",
    )
    assert (report.failed, world.charged("room@example.com"), world.asked("PATCH")) == ({}, 1, [])
    record = world.store.state.meetings["clinic"]
    assert list(record.timetable) == ["europe", "new"]
    assert (record.changes, record.changed_at) == (1, utc_text(world.clock.now()))
    assert not world.plan().has_work


def for_host(host: str, each: Meeting) -> Meeting:
    slots = tuple(Slot(one.name, replace(one.meeting, host=host)) for one in each.timetable)
    return replace(each, host=host, timetable=slots)


@pytest.mark.parametrize("is_replaced", [False, True])
def test_another_host_keeps_the_slots(is_replaced: bool) -> None:  # noqa: FBT001 - a case
    """Handed over in place, or by a new meeting in its place."""
    first = room(slot(), slot("launch", start_time="2027-01-11T15:00:00"))
    world = World(first)
    world.apply()
    before = world.store.state.meetings["clinic"]
    world.removed = (removed("clinic", before.id),) if is_replaced else ()
    world.declare(for_host("other@example.com", first))

    report = world.apply()

    after = world.store.state.meetings["clinic"]
    assert (report.failed, after.host, after.id == before.id) == ({}, "other@example.com", not is_replaced)
    assert after.timetable == before.timetable
    assert not world.plan().has_work


def test_a_new_room_shows_its_slots_in_words() -> None:
    (step,) = planned(spec(room(slot(), slot("launch", recurrence=None, type=2)))).steps

    monday = "every Monday, 10:00 Europe/Berlin, 20 times, until 24 May 2027"
    assert (step.action, step.requests, step.reasons) == (
        Action.CREATE,
        1,
        (
            f"timetable: europe is new, {monday}, 45 min, Clinic, nothing to send",
            "timetable: launch is new, Mon 11 Jan 2027, 10:00 Europe/Berlin, 45 min, Clinic, nothing to send",
        ),
    )


def test_the_audience_of_a_room_gets_the_times_of_new_and_moved_slots() -> None:
    """A slot that was held before is counted from its next date on."""
    first = room(slot(), slot("launch", recurrence=None, type=2))
    world = World(first)
    world.apply()
    moved = slot(start_time="2026-10-05T11:00:00", recurrence={**weekly()["recurrence"], "end_times": 0})
    world.declare(replace(room(moved, first.timetable[1]), audience=("America/New_York",)))

    new = planned(spec(replace(first, audience=("America/New_York", "Asia/Tokyo")))).steps[0]
    changed = world.plan().steps[0]

    assert words.audience(new) == [
        "europe: 04:00 America/New_York; 14 to 27 Mar 2027: one hour later",
        "europe: 18:00 Asia/Tokyo; 28 Mar to 30 Oct 2027: one hour earlier",
        "launch: Mon 11 Jan 2027, 04:00 America/New_York",
        "launch: Mon 11 Jan 2027, 18:00 Asia/Tokyo",
    ]
    assert changed.slot_starts == ((moved, at("2026-12-07T10:00:00Z")),)
    assert words.audience(changed) == [
        "europe: 05:00 America/New_York; 14 to 27 Mar 2027 and 31 Oct to 6 Nov 2027: one hour later"
    ]


def plain_room(**attributes: Any) -> Meeting:
    """A room without a timetable, which has a zone and a duration by its defaults."""
    own = {"topic": "Clinic", "type": 3, "timezone": "Europe/Berlin", "duration": 45, **attributes}
    return Meeting("clinic", "room@example.com", own)


def test_a_room_that_loses_its_timetable_sends_nothing() -> None:
    """Zone and duration of its defaults held for the slots; in a room Zoom ignores them."""
    world = World(room(slot()))
    world.apply()
    world.declare(plain_room())

    (step,) = world.plan().steps
    report = world.apply()

    gone = "every Monday, 10:00 Europe/Berlin, 20 times, until 24 May 2027, 45 min, Clinic"
    assert (step.action, step.requests, step.changes) == (Action.KEEP, 0, ())
    assert step.reasons == (f"timetable: europe is gone, was {gone}, nothing to send",)
    assert (report.failed, world.asked("PATCH")) == ({}, [])
    assert world.store.state.meetings["clinic"].attributes == plain_room().attributes
    assert not world.plan().has_work


def test_a_room_that_gets_a_timetable_releases_nothing() -> None:
    world = World(plain_room())
    world.apply()
    world.declare(room(slot()))

    (step,) = world.plan().steps
    report = world.apply()

    new = "every Monday, 10:00 Europe/Berlin, 20 times, until 24 May 2027, 45 min, Clinic"
    assert (step.action, step.released) == (Action.KEEP, ())
    assert step.reasons == (f"timetable: europe is new, {new}, nothing to send",)
    assert (report.failed, world.asked("PATCH")) == ({}, [])
    assert world.store.state.meetings["clinic"].attributes == room(slot()).attributes
    assert not world.plan().has_work


def test_a_room_that_loses_its_timetable_sends_what_else_differs_alone() -> None:
    world = World(room(slot()))
    world.apply()
    world.declare(plain_room(topic="Surgery"))

    (step,) = world.plan().steps
    report = world.apply()

    (number,) = world.ids().values()
    assert [change.path for change in step.changes] == ["topic"]
    assert (report.failed, len(world.asked("PATCH")), world.zoom.read(number)["timezone"]) == ({}, 1, "UTC")
    assert world.store.state.meetings["clinic"].attributes == plain_room(topic="Surgery").attributes
    assert not world.plan().has_work


def test_a_series_that_becomes_a_room_with_a_timetable_still_declares_zone_and_duration() -> None:
    world = World(Meeting("clinic", "room@example.com", weekly(topic="Clinic")))
    world.apply()
    world.declare(room(slot()))

    (step,) = world.plan().steps

    assert [reason for reason in step.reasons if "no longer declared" in reason] == [
        "`recurrence.end_times` is no longer declared",
        "`recurrence.repeat_interval` is no longer declared",
        "`recurrence.type` is no longer declared",
        "`recurrence.weekly_days` is no longer declared",
        "`start_time` is no longer declared",
    ]
