"""Single dates of a series where reads lag: what Zoom shows is older than what it has."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from builders import meeting, weekly
from engine_world import World

from reconciler.live.drift import drift_of
from reconciler.live.read import ReadResult, ReadStatus
from reconciler.live.refresh import apply_refresh
from reconciler.meeting.closures import SingleDates

if TYPE_CHECKING:
    from collections.abc import Mapping

    from reconciler.ports import Json

LAG_SECONDS = 4.5
SKIPS = {"2027-02-01": "skip", "2027-02-08": "skip"}


def series(exceptions: Mapping[str, Json], **attributes: Any) -> Any:
    return meeting("weekly", weekly(**attributes), dates=SingleDates(exceptions, ()))


def deleted(world: World) -> list[str]:
    """The days of the one series that are deleted in Zoom, once reads do not lag any more."""
    (number,) = world.ids().values()
    world.zoom.switch(read_lag_seconds=0.0)
    occurrences = world.zoom.read(number)["occurrences"]
    return [each["start_time"][:10] for each in occurrences if each["status"] == "deleted"]


def test_a_new_series_has_its_dates_although_it_is_not_found_at_first() -> None:
    world = World(series(SKIPS), read_lag_seconds=LAG_SECONDS)

    report = world.apply()

    assert (report.status, report.failed, deleted(world)) == (0, {}, sorted(SKIPS))


CHANGES: dict[str, tuple[Mapping[str, Json], dict[str, Any]]] = {
    "another time": (SKIPS, {"start_time": "2027-01-11T11:30:00"}),
    "another agenda": (SKIPS, {"agenda": "new"}),
    "one skip taken back": ({"2027-02-01": "skip"}, {}),
}


@pytest.mark.parametrize("change", CHANGES)
def test_what_a_rule_undid_is_done_again(change: str) -> None:
    exceptions, attributes = CHANGES[change]
    world = World(series(SKIPS), dates_forgotten="update")
    assert world.apply().status == 0
    world.zoom.switch(read_lag_seconds=LAG_SECONDS)
    world.declare(series(exceptions, **attributes))

    report = world.apply()

    assert (report.status, report.failed, deleted(world)) == (0, {}, sorted(exceptions))


def test_a_date_that_somebody_deleted_comes_back_after_a_refresh() -> None:
    """Only the refresh has read that skip: no record has it, and the rule undoes it all the same."""
    world = World(series({}))
    assert world.apply().status == 0
    (number,) = world.ids().values()
    occurrence = world.zoom.read(number)["occurrences"][3]["occurrence_id"]
    world.zoom.send("DELETE", f"/v2/meetings/{number}?occurrence_id={occurrence}")
    record, body, now = world.store.state.meetings["weekly"], world.zoom.read(number), world.clock.now()
    read = {"weekly": ReadResult(ReadStatus.FOUND, body, drift_of(record, body, now))}
    world.refreshed = lambda state: apply_refresh(state, read, now)
    world.zoom.switch(read_lag_seconds=LAG_SECONDS)

    report = world.apply()

    assert (report.status, report.failed, deleted(world)) == (0, {}, [])
