"""`kill -9` with the state in each kind of store, and run again; judged by an auditor who was not there.

The lock of a run that died is freed by `force-unlock`, as its message says: nobody waits for a lease here.
"""

from __future__ import annotations

import json
import os
import random
from contextlib import ExitStack
from itertools import count
from typing import TYPE_CHECKING, Any

import auditor
import pytest
import victim
from kept_states import Stores, note_versions
from kill_world import Outside, World, opened

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

KINDS = ("file", "git", "http", "s3", "postgres")
ROUNDS = int(os.environ.get("FAULT_ROUNDS", "1"))
"""How often processes are killed at random instants, in each kind; `make faults` asks for many."""

IS_WHOLE = "FAULT_ROUNDS" in os.environ

STEPS = {"file": 29, "git": 150, "http": 29, "s3": 29, "postgres": 59}
"""A process dies at each such touch of the outside; in `make faults` at every one."""

SECONDS = {"file": 0.12, "git": 3.0, "http": 0.6, "s3": 0.5, "postgres": 0.6}
"""How long an apply takes, about: a process dies within."""


@pytest.fixture(scope="module")
def outside(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Outside]:
    with opened(tmp_path_factory.mktemp("outside")) as world:
        yield world


@pytest.fixture(scope="module")
def stores() -> Iterator[Stores]:
    with ExitStack() as stack:
        yield Stores(stack)


class KeptWorld(World):
    """Three meetings of a host, and a state in a store that keeps every version."""

    def __init__(self, outside: Outside, stores: Stores, folder: Path, kind: str, name: str) -> None:
        (folder / name).mkdir()
        self.kept = stores.state(kind, folder / name / "work", name)
        super().__init__(outside, folder, name)
        self.begins = outside.log.stat().st_size

    def command(self, *words: str) -> tuple[str, ...]:
        """A command about this state."""
        return (*words, "--state", self.kept.address)

    def environ(self) -> dict[str, str]:
        """The variables of every process."""
        return {**self.outside.environ, **self.kept.environ}

    def apply(self, *, dies_at: int = 0, patch: victim.Patch = note_versions) -> victim.ForkResult:
        """Run an apply, to its end or to its death; the lock that stands is freed first.

        A push of a killed run may land after that look, so a lock that stands then is freed once more.
        """
        words = self.command("apply", "--auto-approve", "--pace", "1000")
        for _ in range(2):
            self._free_dead_lock()
            ended = victim.in_fork(self.folder, words, self.environ(), dies_at=dies_at, patch=patch)
            if "error[state.locked]" not in ended.output:
                break
        return ended

    def apply_until(self, seconds: float) -> None:
        """Kill an apply from outside, wherever it is by then."""
        self._free_dead_lock()
        words = self.command("apply", "--auto-approve", "--pace", "1000")
        self.kill_after(seconds, words, self.environ(), note_versions)

    def _free_dead_lock(self) -> None:
        """Free the lock of a run that died; the server may still carry out what that run asked of it last."""
        stands = self.kept.lock_id()
        if stands is None:
            return
        ended = victim.in_fork(self.folder, self.command("force-unlock", stands, "--force"), self.environ())
        assert ended.status == 0 or self.kept.lock_id() is None, ended.output

    def state(self) -> Any:
        """What was recorded."""
        return json.loads(self.kept.document())

    def wrong(self, ended: victim.ForkResult) -> list[str]:
        """What is not as it must be in the end, and what the auditor finds on the way."""
        if not self.kept.document():
            return [f"nothing is recorded; it ended with {ended.status}: {ended.output}"]
        requests = self.outside.log.read_bytes()[self.begins :].decode()
        versions = "".join(auditor.line(version) + "\n" for version in self.kept.versions())
        found = auditor.audit(auditor.read(requests + versions))
        return [*super().wrong(ended), *(f"{each.kind}: {each.words}" for each in found)]


@pytest.mark.parametrize("kind", KINDS)
def test_what_dies_at_any_touch_is_finished_by_the_next(
    outside: Outside, stores: Stores, tmp_path: Path, kind: str
) -> None:
    """Before and after each question to the store, each step of a file, each request to Zoom."""
    wrong, places = {}, []
    step = 1 if IS_WHOLE else STEPS[kind]
    for nth in count(1, step):
        world = KeptWorld(outside, stores, tmp_path, kind, f"{kind}-{tmp_path.name[-2:]}-{nth}".lower())
        died = world.apply(dies_at=nth)
        places.append(died.place)
        wrong[nth, died.place] = world.wrong(died if died.status is not None else world.apply())
        if died.status is not None:
            break

    assert {where: what for where, what in wrong.items() if what} == {}
    assert len(places) > 30 / step


@pytest.mark.parametrize("kind", KINDS if IS_WHOLE else KINDS[:1] + KINDS[2:])  # git takes its seconds
def test_what_is_killed_at_random_is_finished_by_the_next(
    outside: Outside, stores: Stores, tmp_path: Path, kind: str
) -> None:
    """Several times in a row, at whatever instant it is; then left alone."""
    chance = random.Random()
    wrong = {}
    for number in range(ROUNDS):
        world = KeptWorld(outside, stores, tmp_path, kind, f"{kind}-random-{tmp_path.name[-2:]}-{number}")
        for _ in range(chance.randint(1, 3)):
            world.apply_until(chance.uniform(0.0, SECONDS[kind]))
        wrong[number] = world.wrong(world.apply())

    assert {number: what for number, what in wrong.items() if what} == {}


def test_the_auditor_finds_a_request_that_no_version_knows(
    outside: Outside, stores: Stores, tmp_path: Path
) -> None:
    """The check can fail: here all versions with intents are taken out of what the store kept."""
    world = KeptWorld(outside, stores, tmp_path, "file", "one-is-missing")
    ended = world.apply()
    versions = list((world.folder / "versions").iterdir())
    assert world.wrong(ended) == []

    for path in versions:
        if b'"intents":{\n' in path.read_bytes():
            path.unlink()

    assert {words.partition(":")[0] for words in world.wrong(ended)} == {"unbegun", "serial"}
