"""Series without an end on the emulator: their window is sent, recorded, and extended in time."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from builders import at, meeting, weekly
from engine_world import TURNS, World

from reconciler.apply.events import StepDeferred, StepDone
from reconciler.meeting.closures import Closure, DayRange, SingleDates

if TYPE_CHECKING:
    from collections.abc import Mapping

    from reconciler.ports import Json

FOR_EVER = {"type": 2, "repeat_interval": 1, "weekly_days": "2", "end_times": 0}
TWELVE_LEFT = "2027-09-27T09:00:00Z"


def series(
    exceptions: Mapping[str, Json] | None = None, *closed: tuple[str, str], rule: Any = FOR_EVER
) -> Any:
    closures = (Closure("berlin", tuple(DayRange(*each) for each in closed)),) if closed else ()
    dates = SingleDates(exceptions or {}, closures)
    return meeting("weekly", weekly(recurrence=rule), dates=dates)


def until(world: World, moment: str) -> None:
    world.zoom.clock.advance((at(moment) - world.zoom.clock.now()).total_seconds())


def listed(world: World) -> list[tuple[str, str]]:
    (number,) = world.ids().values()
    return [(each["start_time"], each["status"]) for each in world.zoom.read(number)["occurrences"]]


def test_the_next_fifty_dates_are_sent_and_recorded_as_the_window() -> None:
    world = World(series())

    report = world.apply()

    starts = [start for start, _ in listed(world)]
    record = world.store.state.meetings["weekly"]
    assert (report.failed, len(starts), starts[0]) == ({}, 50, "2027-01-11T09:00:00Z")
    assert record.window == {"from": starts[0], "to": starts[-1]}
    assert record.attributes["recurrence"] == FOR_EVER
    assert not world.plan().has_work


def test_a_daily_job_extends_it_for_years_under_the_same_id() -> None:
    """Two requests a year, and at every instant there are dates to come."""
    world = World(series())
    world.apply()
    before = world.ids()
    requests = 0

    for week in range(104):
        until(world, (at("2027-01-11T12:00:00Z") + timedelta(weeks=week)).isoformat())
        requests += len(world.apply().done)
        assert len(listed(world)) >= 12

    assert (world.ids(), requests) == (before, 2)


def test_an_extension_does_the_single_dates_of_the_new_window() -> None:
    world = World(series({"2027-12-27": "skip"}, ("2027-10-11", "2027-10-18")))
    world.apply()
    until(world, TWELVE_LEFT)

    report = world.apply()

    deleted = [start for start, status in listed(world) if status == "deleted"]
    assert (report.failed, deleted) == (
        {},
        ["2027-10-11T08:00:00Z", "2027-10-18T08:00:00Z", "2027-12-27T09:00:00Z"],
    )
    assert list(world.store.state.meetings["weekly"].exceptions) == ["2027-10-11", "2027-10-18", "2027-12-27"]
    assert not world.plan().has_work


@pytest.mark.parametrize(
    ("exceptions", "next_at"),
    [
        ({"2027-12-27": "skip"}, "2027-10-04T08:00:00Z"),
        ({"2027-10-04": "skip"}, "2027-10-11T08:00:00Z"),
        ({"2027-12-27": {"start_time": "2027-09-30T10:00:00"}}, "2027-09-30T08:00:00Z"),
    ],
)
def test_an_extension_names_the_next_date_that_is_held(exceptions: Any, next_at: str) -> None:
    """It is planned by the last date of the old window, which is far away."""
    world = World(series(exceptions))
    world.apply()
    until(world, TWELVE_LEFT)

    report = world.apply()

    (done,) = [each for each in report.events if isinstance(each, StepDone)]
    assert done.next_at == at(next_at)


def test_a_series_is_extended_until_its_own_end() -> None:
    rule = {"type": 2, "repeat_interval": 1, "weekly_days": "2", "end_times": 60}
    world = World(series(rule=rule))
    world.apply()
    until(world, TWELVE_LEFT)
    world.apply()

    starts = [start for start, _ in listed(world)]
    assert (len(starts), starts[-1]) == (22, "2028-02-28T09:00:00Z")
    assert world.store.state.meetings["weekly"].window == {}
    assert not world.plan().has_work


def click(world: World, start: str) -> None:
    """Delete one date by hand."""
    (number,) = world.ids().values()
    ids = {each["start_time"]: each["occurrence_id"] for each in world.zoom.read(number)["occurrences"]}
    world.zoom.send("DELETE", f"/v2/meetings/{number}?occurrence_id={ids[start]}")


def test_a_series_that_zoom_keeps_to_its_end_behind_skipped_dates_is_not_extended() -> None:
    """Of its 53 dates the first 5 are closed, so Zoom has all of the others at once."""
    rule = {**FOR_EVER, "end_times": 53}
    world = World(series(None, ("2027-01-11", "2027-02-08"), rule=rule))

    report = world.apply()

    starts = [start for start, _ in listed(world)]
    assert (report.failed, len(starts), starts[0]) == ({}, 48, "2027-02-15T09:00:00Z")
    assert world.store.state.meetings["weekly"].window == {"from": starts[0], "to": starts[-1]}
    assert not world.plan().has_work


def test_an_extension_waits_for_what_somebody_clicked() -> None:
    world = World(series())
    world.apply()
    click(world, "2027-10-11T08:00:00Z")
    until(world, TWELVE_LEFT)

    report = world.apply()

    assert report.deferred["weekly"] == (
        None,
        "somebody changed single dates in Zoom; to keep them, add `2027-10-11: skip`",
    )
    assert (report.failed, len(listed(world))) == ({}, 12)
    assert [each.needs_person for each in report.events if isinstance(each, StepDeferred)] == [True]
    world.declare(series({"2027-10-11": "skip"}))
    again = world.apply()
    assert (again.failed, len(listed(world))) == ({}, 50)
    assert ("2027-10-11T08:00:00Z", "deleted") in listed(world)


def test_with_three_dates_left_it_goes_on_and_names_what_it_undid() -> None:
    world = World(series())
    world.apply()
    click(world, "2027-12-13T09:00:00Z")
    until(world, "2027-11-30T09:00:00Z")

    report = world.apply()

    assert (report.failed, len(listed(world))) == ({}, 50)
    assert "Mon 13 Dec 2027" in report.text_of("apply.extension-undoes")


@pytest.mark.parametrize("turns", TURNS)
def test_an_extension_that_dies_at_any_turn_is_finished_by_the_next(turns: int) -> None:
    world = World(series({}, ("2027-10-11", "2027-10-18")))
    world.apply()
    until(world, TWELVE_LEFT)
    world.apply(dies_after_turns=turns)

    report = world.apply()
    world.apply()

    deleted = [start for start, status in listed(world) if status == "deleted"]
    assert (report.failed, len(listed(world)), deleted) == (
        {},
        50,
        ["2027-10-11T08:00:00Z", "2027-10-18T08:00:00Z"],
    )
    assert not world.plan().has_work


def test_a_moved_date_that_a_new_rule_puts_after_the_window_waits_for_its_extension() -> None:
    """Zoom does not keep it yet, so there is nothing to take back."""
    moved = SingleDates({"2027-06-07": {"start_time": "2027-06-09T14:00:00"}})
    rule = {"type": 2, "repeat_interval": 1, "weekly_days": "2", "end_times": 40}
    daily = {"type": 1, "repeat_interval": 1, "end_times": 200}
    world = World(meeting("weekly", weekly(recurrence=rule), dates=moved))
    world.apply()
    world.declare(meeting("weekly", weekly(recurrence=daily), dates=moved))

    report = world.apply()

    assert (report.failed, world.store.state.meetings["weekly"].exceptions) == ({}, {})
    assert not world.plan().has_work


def test_skips_before_the_first_date_that_is_held_need_nothing() -> None:
    """A window begins at the first date that is held, so Zoom has none of them."""
    world = World(series({}, ("2027-01-11", "2027-01-24")))

    report = world.apply()

    assert (report.failed, listed(world)[0]) == ({}, ("2027-01-25T09:00:00Z", "available"))
    assert world.asked("DELETE") == []
    assert not world.plan().has_work


def test_the_last_date_of_a_series_may_be_moved_to_an_earlier_day() -> None:
    """Zoom keeps all of the series: it has no window."""
    rule = {"type": 2, "repeat_interval": 1, "weekly_days": "2", "end_times": 5}
    moved = {"2027-02-08": {"start_time": "2027-02-03T10:00:00"}}
    world = World(series(moved, rule=rule))
    world.apply()
    world.declare(series({**moved, "2027-01-18": "skip"}, rule=rule))
    world.apply()

    assert world.store.state.meetings["weekly"].window == {}
