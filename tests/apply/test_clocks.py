"""A machine whose clock is wrong: Zoom's time decides, so nothing is created twice."""

from __future__ import annotations

import pytest
from builders import HOST, at, intent, one_off
from engine_world import World, topic

from reconciler.sandbox.faults import CREATE, answer_lost, never_arrived
from reconciler.state.state import State

SKEWS = (-43_200, -720, -301, -240, 240, 301, 720, 3_300)
"""Seconds: half a day, and 12 minutes behind, around the window of the look-up, 12 and 55 minutes ahead."""


def world_with(skew_seconds: float) -> World:
    world = World(topic("a"), topic("b"))
    world.runner_clock.seconds = skew_seconds
    return world


@pytest.mark.parametrize("skew", SKEWS)
def test_a_create_whose_answer_was_lost_is_adopted(skew: float) -> None:
    world = world_with(skew)
    world.zoom.meet(answer_lost(**CREATE))

    report = world.apply()

    assert (report.resolved, report.status) == ([("a", "adopted")], 0)
    assert sorted(world.topics()) == ["a", "b"]


@pytest.mark.no_cover
@pytest.mark.parametrize("skew", SKEWS)
@pytest.mark.parametrize("next_skew", [-720, 0, 720])
def test_the_next_run_adopts_it_whatever_its_own_clock_says(skew: float, next_skew: float) -> None:
    """A run died after its create; the next one is on another machine."""
    world = world_with(skew)
    world.zoom.meet(answer_lost(**CREATE))
    world.on_answer = lambda _scope: setattr(world, "is_stopping", bool(world.seen))
    world.apply()
    world.is_stopping, world.on_answer = False, lambda _scope: None
    world.runner_clock.seconds = next_skew
    world.clock.advance(600)

    world.apply()

    assert sorted(world.topics()) == ["a", "b"]


@pytest.mark.parametrize("skew", SKEWS)
def test_a_create_that_never_arrived_is_sent_once_more(skew: float) -> None:
    world = world_with(skew)
    world.zoom.meet(never_arrived(**CREATE))

    report = world.apply()

    assert (report.resolved, sorted(world.topics())) == ([("a", "absent")], ["a", "b"])


@pytest.mark.parametrize(
    ("skew", "seconds_to_midnight"), [(3_300, 1_800), (-3_300, -1_800), (720, 30), (-720, -30)]
)
def test_a_request_is_charged_to_zooms_day(skew: float, seconds_to_midnight: float) -> None:
    world = world_with(skew)
    world.clock.advance(15 * 3_600 - seconds_to_midnight)  # the world begins at 09:00
    day = "2026-12-01" if seconds_to_midnight > 0 else "2026-12-02"

    world.apply()

    assert (world.charged(day=day), world.used()[day]) == (2, 2)


def test_nothing_is_sent_at_zooms_midnight() -> None:
    """Within three seconds of it, less the half second that a `Date` leaves open."""
    world = world_with(720)
    world.clock.advance(15 * 3_600 - 1)

    world.apply()

    assert [one.at >= at("2026-12-02T00:00:02.500Z") for one in world.seen] == [True, True]
    assert world.used() == {"2026-12-02": 2}


def test_an_intent_says_whether_its_time_is_zooms() -> None:
    world = world_with(720)
    world.apply()

    [first, _] = [one.state.intents for one in world.seen]

    assert (first["a"].measured, first["a"].first_begun_at[:19]) == (True, "2026-12-01T09:00:00")


@pytest.mark.parametrize(
    ("hours", "measured", "outcome"),
    [(23, False, "adopted"), (25, False, "absent"), (0.05, True, "adopted"), (1, True, "absent")],
)
def test_without_a_measured_clock_the_window_is_a_day(hours: float, outcome: str, *, measured: bool) -> None:
    """An intent of an older version, or of a run that Zoom sent no time: its machine may be ahead."""
    world = World(topic("a"))
    body = one_off(topic="a")
    world.zoom.create(body, HOST)
    world.clock.advance(hours * 3_600)
    begun = world.clock.now().isoformat().replace("+00:00", "Z")
    left = intent(body, first_begun_at=begun, begun_at=begun, measured=measured)
    world.store.state = State(lineage="l", serial=1, intents={"a": left})

    report = world.apply()

    expected = {"adopted": [("a", "adopted")], "absent": [("a", "absent")]}
    assert report.resolved == expected[outcome]


@pytest.mark.parametrize("skew", [-43_200, -720, 720, 43_200])
def test_without_a_date_in_any_answer_a_lost_create_is_adopted_too(skew: float) -> None:
    """The clock of the machine is used then, so the meeting is looked for in a day before it."""
    world = world_with(skew)
    world.zoom.switch(sends_date=False)
    world.zoom.meet(answer_lost(**CREATE))

    report = world.apply()

    assert (report.resolved, sorted(world.topics())) == ([("a", "adopted")], ["a", "b"])
    assert [one.state.intents["a"].measured for one in world.seen[:1]] == [False]
