"""Any sequence of faults, late landings, refused writes and deaths: each meeting exactly once in the end.

A seed makes the sequence. FAULT_SEEDS says how many are tried; `make faults` asks for many.
"""

from __future__ import annotations

import os
import random
from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest
from builders import meeting, one_off, weekly
from engine_world import SETTLE, World, topic

from reconciler.budget import Allowances, Limits
from reconciler.sandbox.faults import (
    CREATE,
    LIST,
    READ,
    Fault,
    answer_lost,
    empty_201,
    gateway_page,
    never_arrived,
    redirect,
    refused_with_200,
    truncated,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from engine_world import Told

    from reconciler.meeting import Meeting

SEEDS = int(os.environ.get("FAULT_SEEDS", "30"))
HOSTS = ("ada@example.com", "ben@example.com")
DAILY = 6
PASSCODE = "Lift-off_7"
RUNS_MAX = 40

BRIEF = {"code": 429, "message": "You have reached the maximum per-second rate limit for this API."}
USER = {"method": "GET", "path": "/v2/users/*@example.com"}

KINDS: tuple[Callable[[dict[str, Any]], Fault], ...] = (
    lambda match: answer_lost(**match),
    lambda match: never_arrived(**match),
    lambda match: gateway_page(502, **match),
    lambda match: gateway_page(504, commit=True, **match),
    lambda match: truncated(**match),
    lambda match: redirect(**match),
    lambda match: Fault(status=429, body=BRIEF, headers={"X-RateLimit-Type": "QPS"}, **match),
)
OF_CREATES: tuple[Callable[[dict[str, Any]], Fault], ...] = (
    lambda match: empty_201(**match),
    lambda match: refused_with_200(**match),
    lambda match: Fault(status=400, body={"code": 300, "message": "Validation Failed."}, **match),
    lambda match: Fault(status=400, body={"code": 300, "message": "Validation Failed."}, **match),
)


def declared() -> list[Meeting]:
    """Two hosts, nine each: singles, a running series, one without a fixed time, one with a passcode."""
    found: list[Meeting] = []
    for host in HOSTS:
        name = host[:3]
        found += [
            topic(f"{name}-{n}", host=host, start_time=f"2027-02-{n:02}T09:00:00Z") for n in range(1, 7)
        ]
        found += [
            meeting(f"{name}-w", weekly(topic=f"{name}-w", start_time="2026-11-23T10:00:00"), host=host),
            meeting(f"{name}-r", {"topic": f"{name}-r", "type": 3}, host=host),
            meeting(
                f"{name}-p",
                one_off(topic=f"{name}-p", password={"env": "TEAM_PASSCODE", "version": 1}),
                host=host,
            ),
        ]
    return found


class Trial:
    """One seed: runs that meet faults and die, then runs that do not."""

    matches: tuple[Mapping[str, Any], ...] = (CREATE, CREATE, CREATE, LIST, READ, USER)
    """What faults may meet."""

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)
        self.world = World(*declared())
        self.world.allowances = Allowances(Limits(DAILY, self.chance.choice([0, 2])), {})
        self.world.passcodes = {"TEAM_PASSCODE": PASSCODE}
        self.world.clock.advance(self.chance.uniform(0, 15 * 3600 - 60))
        self.told: list[Told] = []

    def suffer(self) -> None:
        """One run with faults, which may die at any turn of the loop."""
        chance, world = self.chance, self.world
        for _ in range(chance.randrange(4)):
            match = chance.choice(self.matches)
            kinds = (*KINDS, *OF_CREATES) if match is CREATE else KINDS
            world.zoom.meet(chance.choice(kinds)({**match, "nth": chance.randint(1, 8)}))
        if chance.random() < 0.3 and world.clock.now().hour < 23:  # it must land on the day it left
            world.land_late(chance.uniform(0, SETTLE - 1))
        if chance.random() < 0.2:
            written = world.store.writes + chance.randint(1, 12)
            chance.choice([world.store.refused, world.store.answer_lost]).add(written)
        if chance.random() < 0.2:
            stop_at = len(world.seen) + chance.randint(1, 6)
            world.on_request = lambda _scope: setattr(world, "is_stopping", len(world.seen) >= stop_at)
        self.run(chance.randint(1, 4000) if chance.random() < 0.5 else None)
        world.on_request, world.is_stopping = (lambda _scope: None), False
        world.store.refused, world.store.answer_lost = set(), set()
        world.zoom.faults.clear()
        if chance.random() < 0.3:
            world.land_now()
            world.clock.advance(4 * 3600)

    def run(self, dies_after_turns: int | None = None) -> Told:
        """One run; whatever came of it, no meeting is there twice, and no limit was passed."""
        told = self.world.apply(dies_after_turns=dies_after_turns)
        self.told.append(told)
        self.check()
        return told

    def check(self) -> None:
        """What must hold at any time. Zoom would take more: the limit is ours to keep."""
        world = self.world
        made = Counter(one.document["topic"] for one in world.account.all_meetings_ever)
        assert made.keys() <= world.declared.keys()
        assert {name: n for name, n in made.items() if n > 1} == {}
        for host in HOSTS:
            assert max(world.used(host).values(), default=0) <= DAILY
            for day, count in world.used(host).items():
                assert world.charged(host, day) >= count, (host, day)
        assert PASSCODE.encode() not in (world.store.document or b"")
        assert PASSCODE not in repr([told.events for told in self.told])

    def finish(self) -> None:
        """Runs in peace, day by day, until nothing is left."""
        for _ in range(RUNS_MAX):
            if not self.world.plan().has_work:
                return
            told = self.run()
            assert told.result is not None
            assert (told.failed, int(told.result.status)) == ({}, 0)
            self.world.clock.advance(8 * 3600)
        raise AssertionError("it never came to an end")


@pytest.mark.parametrize("seed", range(SEEDS))
def test_whatever_happens_each_meeting_is_there_exactly_once(seed: int) -> None:
    trial = Trial(seed)

    for _ in range(trial.chance.randint(1, 6)):
        trial.suffer()
    trial.world.land_now()
    trial.check()
    trial.finish()

    world = trial.world
    made = {one.document["topic"]: one.id for one in world.account.all_meetings_ever}
    assert made == world.ids()
    assert made.keys() == world.declared.keys()
    assert world.store.state.intents == {}
