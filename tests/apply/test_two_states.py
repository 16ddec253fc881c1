"""Two states on one host: neither knows the other's requests, and Zoom's own answers keep both in order."""

from __future__ import annotations

import asyncio
from collections import Counter
from datetime import timedelta
from typing import Any

import pytest
from engine_world import ApplyReport, World, many, topic

from reconciler.plan.budget import Allowances, Limits

LIMIT, EACH = 10, 7
"""Requests of the host and day, and meetings of each state: together more than the host may be sent."""


def beside(first: World) -> World:
    """Return another team with a state of its own, in the same account at the same time."""
    second = World()
    second.zoom, second.account = first.zoom, first.account
    second.clock, second.runner_clock = first.clock, first.runner_clock
    return second


def apply_both(first: World, second: World) -> None:
    """Apply both at once, each to its end."""

    async def work() -> list[Any]:
        plans = [(world, world.plan()) for world in (first, second)]
        return await asyncio.gather(*(world._execute(plan, ApplyReport()) for world, plan in plans))  # noqa: SLF001 - two at once

    asyncio.run(work())


def apply_in_turn(first: World, second: World) -> None:
    """Apply one after the other."""
    first.apply()
    second.apply()


@pytest.mark.parametrize("apply", [apply_in_turn, apply_both])
def test_no_host_is_sent_too_much_and_no_meeting_is_there_twice(apply: Any) -> None:
    """Zoom refuses what is past its limit, which is believed; the next day has the rest."""
    first = World(*many(EACH, prefix="a"), daily_limit=LIMIT)
    second = beside(first)
    first.allowances = second.allowances = Allowances(Limits(LIMIT, reserve=0), {})
    second.declare(*many(EACH, prefix="b"))

    apply(first, second)
    on_the_first_day = len(first.topics())
    first.clock.advance(timedelta(days=1).total_seconds())
    apply(first, second)

    wanted = Counter(f"{team}{number:03}" for team in "ab" for number in range(EACH))
    assert on_the_first_day == LIMIT
    assert max(first.used().values()) <= LIMIT
    assert Counter(first.topics()) == wanted
    assert {*first.ids()} | {*second.ids()} == {*wanted}
    assert [world.apply().done for world in (first, second)] == [{}, {}]


def test_a_meeting_that_another_state_has_made_is_not_made_again() -> None:
    """The second state names what exists, and the line that would take it over."""
    first = World(topic("retro"))
    second = beside(first)
    second.declare(topic("retro"))
    first.apply()

    report = second.apply()

    assert first.topics() == ["retro"]
    assert [*report.failed.values()] == ["apply.exists-already"]
