"""Series whose next date is in an hour that clocks skip, and what is declared of that date."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from builders import at, meeting, one_off, weekly
from engine_world import World
from msgspec.structs import replace

from reconciler.meeting.closures import NO_DATES, Closure, DayRange, SingleDates
from reconciler.plan.change import Action
from reconciler.plan.step import Status
from reconciler.state.clicked_dates import clicked_dates
from reconciler.state.recorded_times import recorded_schedule

if TYPE_CHECKING:
    from reconciler.meeting.meeting import Meeting

SKIPPED = SingleDates({"2027-03-28": "skip"})
CLOSED = SingleDates({}, (Closure("easter", (DayRange("2027-03-26", "2027-03-29"),)),))
MOVED = SingleDates({"2027-03-28": {"start_time": "2027-03-28T10:00:00"}})


def night(dates: SingleDates, *, ends: int = 20) -> Meeting:
    """Every Sunday at 2:30 in Berlin, where clocks go from 2:00 to 3:00 on 28 March 2027."""
    rule = {"type": 2, "repeat_interval": 1, "weekly_days": "1", "end_times": ends}
    return meeting("night", weekly(start_time="2027-01-03T02:30:00", recurrence=rule), dates=dates)


def world_of(one: Meeting) -> World:
    """A world in the week of the change."""
    world = World(one)
    world.clock.advance((at("2027-03-22T08:00:00Z") - world.clock.now()).total_seconds())
    return world


@pytest.mark.parametrize("ends", [20, 70, 0])
@pytest.mark.parametrize("dates", [SKIPPED, CLOSED], ids=["skipped", "closed"])
def test_a_date_that_clocks_skip_and_that_is_not_to_be_held_needs_nothing(
    dates: SingleDates, ends: int
) -> None:
    world = world_of(night(dates, ends=ends))

    made = world.apply()
    left = world.plan().has_work

    assert (made.status, made.failed, left, world.asked("DELETE")) == (0, {}, False, [])
    assert world.charged(day="2027-03-22") == 1
    stored = world.zoom.read(world.ids()["night"])
    assert stored["occurrences"][0]["start_time"] == "2027-04-04T00:30:00Z"
    assert clicked_dates(world.store.state.meetings["night"], stored, world.clock.now()) == {}


def test_a_date_that_clocks_skip_is_no_drift_where_it_was_skipped_once() -> None:
    """It is declared as held again: nothing can be done about it, and nothing is."""
    world = world_of(night(SKIPPED))
    world.apply()

    world.declare(night(NO_DATES))
    again = world.apply()

    assert (again.status, again.failed, world.plan().has_work) == (0, {}, False)
    assert world.store.state.meetings["night"].exceptions == {}


@pytest.mark.parametrize("ends", [20, 70, 0])
def test_no_series_is_sent_that_would_lose_a_date_that_is_moved_out_of_a_skipped_hour(ends: int) -> None:
    """The plan says so, and the lines to write; so far the apply failed, again and again."""
    world = world_of(night(MOVED, ends=ends))

    [step] = world.plan().steps
    made = world.apply()

    reason = (
        "Sun 28 Mar 2027 cannot be changed: clocks skip 02:30 that day, and no series can begin there; "
        "to send the others, write `2027-03-28: skip`, and declare a meeting of its own for it"
    )
    assert (step.status, step.reasons) == (Status.WITHHELD, (reason,))
    assert (made.failed, world.asked("POST"), world.charged(day="2027-03-22")) == ({}, [], 0)


def test_a_series_that_waits_for_a_person_says_that_and_not_what_clocks_skip() -> None:
    """It is sent once it is no longer protected, maybe weeks later: the hour may be over by then."""
    world = World(replace(meeting("night", one_off()), protect=True))
    world.apply()
    world.clock.advance((at("2027-03-22T08:00:00Z") - world.clock.now()).total_seconds())
    world.declare(replace(night(MOVED), protect=True))

    [step] = world.plan().steps

    protected = "it is protected: a replace would delete it; declare `protect: false` and apply that first"
    assert (step.action, step.status, step.reasons) == (Action.REPLACE, Status.WITHHELD, (protected,))


def test_a_changed_rule_waits_as_well_where_it_would_lose_a_moved_date() -> None:
    world = World(night(MOVED))
    world.apply()
    world.clock.advance((at("2027-03-22T08:00:00Z") - world.clock.now()).total_seconds())
    kept = world.plan().has_work

    world.declare(night(MOVED, ends=18))
    world.apply()

    assert (kept, [step.status for step in world.plan().steps]) == (False, [Status.WITHHELD])
    world.clock.advance(7 * 24 * 3600.0)
    assert (world.apply().failed, world.plan().has_work) == ({}, False)


def test_a_rule_is_changed_where_the_date_that_clocks_skip_was_held_earlier() -> None:
    """Nothing of that date can be lost any more."""
    earlier = SingleDates({"2027-03-28": {"start_time": "2027-03-24T09:30:00"}})
    world = World(night(earlier))
    world.apply()
    world.clock.advance((at("2027-03-25T08:00:00Z") - world.clock.now()).total_seconds())
    world.declare(night(earlier, ends=22))

    report = world.apply()

    assert (report.failed, world.plan().has_work, len(world.asked("PATCH"))) == ({}, False, 2)


def test_a_date_that_clocks_skip_cannot_be_moved_once_the_series_begins_after_it() -> None:
    """The plan does not know what Zoom has; the apply reads it."""
    world = world_of(night(NO_DATES))
    world.apply()

    world.declare(night(MOVED))
    made = world.apply()

    assert list(made.failed) == ["night"]
    assert made.text_of("apply.dates") == (
        "night: Sun 28 Mar 2027: clocks skip its time, and no series can begin there, so Zoom does not have "
        "it. Skip that date, and declare a meeting of its own for it."
    )


@pytest.mark.parametrize(
    ("made_at", "next_at"),
    [("2027-03-22T08:00:00Z", "2027-04-04T00:30:00Z"), ("2027-03-15T08:00:00Z", "2027-03-28T01:30:00Z")],
)
def test_the_next_date_that_is_shown_is_the_one_that_is_held(made_at: str, next_at: str) -> None:
    """A series that is made in the week of the change begins after it; any other holds it later."""
    world = World(night(NO_DATES))
    world.clock.advance((at(made_at) - world.clock.now()).total_seconds())
    world.apply()

    times = recorded_schedule(world.store.state.meetings["night"], at("2027-03-23T08:00:00Z"))

    stored = world.zoom.read(world.ids()["night"])["occurrences"]
    assert times is not None
    assert times.next_at == at(next_at)
    assert next_at in [each["start_time"] for each in stored]
