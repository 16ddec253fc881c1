"""The complete program with a state in real storage: alone, concurrent, killed, and taken over."""

from __future__ import annotations

import os
import random
import time
from contextlib import ExitStack
from typing import TYPE_CHECKING

import pytest
from msgspec.structs import astuple
from team import HOSTS, MEETINGS_PER_HOST, WELL, Team, Truth, ended

from reconciler.stores.leased._lease import LEASE_SECONDS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from served import Served

KILLS = int(os.environ.get("KILLS", "8"))
"""Number of runs that are killed at a random instant; `make real KILLS=50` asks for more.

On the first storage; on each of the others half as many.
"""

STORAGES = ("storage", "postgres", "azure")

ALL = HOSTS * MEETINGS_PER_HOST


@pytest.mark.parametrize("new_team", ["storage", "postgres"], indirect=True)
def test_an_apply_is_recorded_in_the_storage(new_team: Callable[[str], Team]) -> None:
    """Another runner plans no changes."""
    team = new_team("alone")
    planned = team.run("plan", "--detailed-exitcode")
    applied = team.apply()
    again = team.run("plan", "--detailed-exitcode")

    assert (planned.status, applied.status, again.status) == (2, 0, 0)
    assert f"{ALL} added" in applied.out
    assert (team.truth(), team.store().holder()) == (WELL, None)


@pytest.mark.parametrize("new_team", ["storage", "pooled_postgres"], indirect=True)
def test_a_concurrent_apply_exits_4(new_team: Callable[[str], Team]) -> None:
    """It shows the holder of the lock, and sends nothing."""
    team = new_team("two")
    with team.runner("apply", "--auto-approve", "--pace", "5") as slow:
        while (holder := team.store().holder()) is None:
            assert slow.poll() is None
        second = team.apply()
        first = ended(slow)

    assert (first.status, second.status) == (0, 4), first.err + second.err
    assert f"ID:        {holder.lock_id}" in second.err
    assert f"{ALL} added" in first.out
    assert (second.out, team.truth()) == ("", WELL)


@pytest.mark.parametrize("new_team", ["storage", "postgres"], indirect=True)
def test_one_of_two_concurrent_applies_waits_for_the_other(new_team: Callable[[str], Team]) -> None:
    """Then it has nothing left to do."""
    team = new_team("waiting")
    arguments = ("apply", "--auto-approve", "--pace", "1000", "--lock-timeout", "60s")
    with team.runner(*arguments) as first, team.runner(*arguments) as second:
        runs = [ended(first), ended(second)]

    assert [run.status for run in runs] == [0, 0]
    assert sum(f"{ALL} added" in run.out for run in runs) == 1
    assert team.truth() == WELL


@pytest.mark.parametrize("new_team", STORAGES, indirect=True)
def test_the_next_run_finishes_the_work_of_killed_ones(
    new_team: Callable[[str], Team], capsys: pytest.CaptureFixture[str], request: pytest.FixtureRequest
) -> None:
    """`kill -9` at random instants, several in a row, and then one complete run."""
    storage = request.node.callspec.params["new_team"]
    wanted = KILLS if storage == STORAGES[0] else -(-KILLS // 2)
    whole_seconds = duration(new_team("whole"))
    chance, wrong = random.Random(), {}
    kills = locked = interrupted = rounds = 0
    while kills < wanted:
        rounds += 1
        team = new_team(f"killed-{rounds}")
        for _ in range(min(chance.randint(1, 3), wanted - kills)):
            kills += 1
            with team.applying() as runner:
                time.sleep(chance.uniform(0.2, 1.0) * whole_seconds)
                runner.kill()
            interrupted += bool(team.state()["intents"])
            locked += team.unlock()
        last = team.apply()
        wrong[rounds] = (last.status, team.truth(), last.err if last.status else "")

    figures = f"{storage}: kills {kills}, with the lock held {locked}, with requests open {interrupted}"
    with capsys.disabled():
        print(f"\n{figures}, rounds {rounds}: {total(truth for _, truth, _ in wrong.values())}")  # noqa: T201 - the proof
    assert {number: what for number, what in wrong.items() if what != (0, WELL, "")} == {}


def duration(team: Team) -> float:
    """Return the seconds of a complete apply."""
    began_at = time.monotonic()
    assert team.apply().status == 0
    return time.monotonic() - began_at


def total(truths: Iterable[Truth]) -> Truth:
    """Return the sum of `truths`."""
    return Truth(*(sum(counts) for counts in zip(*map(astuple, truths), strict=True)))


def test_the_lock_of_a_killed_run_is_taken_over_after_its_lease(
    request: pytest.FixtureRequest, zoom: Served, tmp_path: Path
) -> None:
    """Nobody frees the lock; the next run watches it for a whole lease, and says what it waits for."""
    teams = [Team(request.getfixturevalue(kind), zoom, tmp_path, f"taken-{kind}") for kind in STORAGES]
    for team in teams:
        with team.applying() as runner:
            while not team.state()["intents"]:
                assert runner.poll() is None
            runner.kill()
    began_at = time.monotonic()

    refused = [team.apply().status for team in teams]
    with ExitStack() as stack:
        waiting = [stack.enter_context(team.applying("--lock-timeout", "90s")) for team in teams]
        taken = [ended(runner) for runner in waiting]

    assert (refused, [run.status for run in taken]) == ([4] * len(teams), [0] * len(teams))
    assert ["Waiting up to 90 s for the lock on" in run.err for run in taken] == [True] * len(teams)
    assert time.monotonic() - began_at > LEASE_SECONDS - 5
    assert [team.truth() for team in teams] == [WELL] * len(teams)


def test_a_surplus_meeting_is_noticed(new_team: Callable[[str], Team], zoom: Served) -> None:
    """The check can fail: here with one more meeting that no state records."""
    team = new_team("twice")
    assert team.apply().status == 0
    listed = zoom.meetings(team.hosts[0])[0]
    duplicate = {name: listed[name] for name in ("topic", "type", "start_time", "duration")}

    zoom.client.post(f"/v2/users/{team.hosts[0]}/meetings", json=duplicate).raise_for_status()

    assert team.truth() == Truth(duplicates=1, losses=1, over_budget=1, interrupted=0)
