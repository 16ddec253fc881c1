"""Some histories on each run of the suite, and bugs on purpose that the search must find."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest
import simulate
from simulate import first_found, lived
from simulator.bugs import AUDITED, BUGS, FIRST_SEEDS, RARE
from simulator.history import History

pytestmark = pytest.mark.no_cover

CHUNK = 5

IS_WHOLE = "FAULT_ROUNDS" in os.environ

HISTORIES = 15
"""How many are lived through here; `make seeds`, with which `make faults` begins, does many more."""

CONVERGING = 500 if IS_WHOLE else 5
"""How many have no faults."""

SEARCHED = 200
"""Seeds in which a bug must be found, from the first one that does."""

RARE_SEARCHED = 5000
"""Seeds in which `make faults` must find a rare one."""


@pytest.mark.parametrize("first", range(0, HISTORIES, CHUNK))
def test_whatever_happens_nothing_is_there_twice_and_nothing_is_lost(first: int) -> None:
    """Two runners at once, death, sleep, lost answers of Zoom and of the storage: see `make faults`."""
    report = lived(range(first, first + CHUNK))

    assert report.failed == {}, "replay: python tests/faults/simulate.py --seed N"
    assert report.crashes * report.takeovers * report.struck.total()


@pytest.mark.parametrize("first", range(0, CONVERGING, CHUNK))
def test_every_edit_is_done_by_one_run_where_the_budget_allows(first: int) -> None:
    for seed in range(first, first + CHUNK):
        assert History(seed).converge().failed == {}


def test_what_a_refresh_finds_is_recorded_though_nothing_is_sent() -> None:
    """An answer to a DELETE was lost there, and each later run reads Zoom first, which has it no more."""
    assert lived([20562]).failed == {}


@pytest.mark.parametrize("bug", sorted(BUGS if IS_WHOLE else BUGS.keys() - RARE))
def test_a_bug_that_was_put_in_is_found(bug: str) -> None:
    """A search that cannot find them proves nothing."""
    known = FIRST_SEEDS.get(bug, 0)
    searched = RARE_SEARCHED if bug in RARE else SEARCHED

    assert first_found(bug, range(known, known + searched)) is not None


@pytest.mark.parametrize("kind", sorted(AUDITED))
def test_each_fault_that_the_auditor_looks_for_is_found_by_it(kind: str) -> None:
    """It was not there, and reads only what Zoom saw and what the store kept."""
    bug = AUDITED[kind]
    known = FIRST_SEEDS.get(bug, 0)

    assert first_found(bug, range(known, known + SEARCHED), f"audit: {kind}") is not None


def test_a_seed_makes_the_same_history_twice() -> None:
    first, second = History(7), History(7)
    first.live()
    second.live()

    assert first.log == second.log
    assert len(first.log) > 10


def test_a_seed_that_fails_tells_its_history_and_how_to_see_it_again() -> None:
    command = [sys.executable, simulate.__file__, "--seed", "0", "--bug", "retry-on-timeout"]

    ended = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)

    assert (ended.returncode, ended.stderr) == (1, "")
    assert "fault: " in ended.stdout
    assert ended.stdout.splitlines()[-1] == (
        "replay: python tests/faults/simulate.py --seed 0 --bug retry-on-timeout"
    )
