"""The meetings that hosts have once a plan is carried out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from builders import HOST, meeting, moved, one_off, planned, record, removed, spec, state, weekly
from msgspec.structs import replace

from reconciler.meeting.closures import Closure, DayRange, SingleDates
from reconciler.meeting.meeting import Meeting, Slot
from reconciler.plan.dates.bookings import bookings

if TYPE_CHECKING:
    from reconciler.spec.spec import Spec
    from reconciler.state.state import State


def keys(declared: Spec, known: State) -> list[str]:
    return list(bookings(declared, known, planned(declared, known).steps))


def test_recorded_meetings_count_with_what_is_done_to_their_dates() -> None:
    """Of a series that nobody extends any more, the dates that Zoom keeps count."""
    for_ever = {"type": 2, "repeat_interval": 1, "weekly_days": "2", "end_times": 0}
    old = replace(
        record(1, weekly(recurrence=for_ever)),
        exceptions={"2027-01-18": "skip"},
        window={"from": "2027-01-11T09:00:00Z", "to": "2027-12-20T09:00:00Z"},
    )
    launch = meeting("launch", one_off())

    assert bookings(spec(launch), state(meetings={"old": old}), ()) == {
        "old": Meeting(
            "old",
            old.host,
            weekly(
                recurrence={
                    "type": 2,
                    "repeat_interval": 1,
                    "weekly_days": "2",
                    "end_date_time": "2027-12-20T09:00:00Z",
                }
            ),
            dates=SingleDates(exceptions={"2027-01-18": "skip"}),
        ),
        "launch": launch,
    }


def test_a_declared_meeting_counts_as_declared() -> None:
    known = state(meetings={"launch": record(1, one_off(duration=15))})

    assert bookings(spec(meeting("launch", one_off())), known, ()) == {"launch": meeting("launch", one_off())}


def test_a_meeting_under_its_former_key_counts_once() -> None:
    """Whether the spec has the `moved` line, or the plan only guesses that it is the same meeting."""
    known = state(meetings={"old": record(1, one_off())})

    assert keys(spec(meeting("new", one_off()), moved=(moved("old", "new"),)), known) == ["new"]
    assert keys(spec(meeting("new", one_off())), known) == ["new"]


def test_a_meeting_that_stays_in_zoom_counts() -> None:
    """It is withheld: no longer declared, and not named under `removed`."""
    known = state(meetings={"old": record(1, one_off(topic="Old", start_time="2027-02-01T15:00:00Z"))})

    assert keys(spec(meeting("new", one_off())), known) == ["old", "new"]


def test_a_meeting_that_the_plan_deletes_does_not_count() -> None:
    known = state(meetings={"old": record(1, one_off())})

    assert keys(spec(removed=(removed("old", 81234567001),)), known) == []
    assert keys(spec(removed=(removed("old", 81234567001, destroy=False),)), known) == ["old"]


def test_a_recorded_room_has_the_slots_of_its_timetable() -> None:
    """What is recorded of them is what was declared, but for the names of closures and for notes."""
    dates = SingleDates(
        {"2027-02-01": "skip"}, (Closure("", (DayRange("12-24", "01-02"),)),), pattern=((1, 2), (3, 2))
    )
    slot = Slot("europe", Meeting("clinic", HOST, weekly(), dates=dates))
    room = Meeting("clinic", HOST, {"topic": "Clinic", "type": 3}, timetable=(slot,))
    known = replace(record(1, room.attributes), timetable=room.recorded_timetable())

    assert bookings(spec(), state(meetings={"clinic": known}), ()) == {"clinic": room}


def test_a_former_key_counts_while_its_new_one_is_not_declared() -> None:
    known = state(meetings={"old": record(1, one_off())})
    lines = {"moved": (moved("old", "new"),)}

    assert list(bookings(spec(meeting("new", one_off()), **lines), known, ())) == ["new"]
    assert list(bookings(spec(**lines), known, ())) == ["old"]
