"""`kill -9` at any instant of an apply, and run again: each meeting exactly once, as declared, recorded.

The process that dies is a real one, and the emulator that it speaks to outlives it.
"""

from __future__ import annotations

import os
import random
from itertools import count
from typing import TYPE_CHECKING

import pytest
import victim
from kill_world import TOPICS, Changed, Outside, World, opened

from reconciler.stores.file import FileStore

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

ROUNDS = int(os.environ.get("FAULT_ROUNDS", "2"))
"""How often a process is killed at a random instant; `make faults` asks for many."""

IS_WHOLE = "FAULT_ROUNDS" in os.environ
"""Whether a process dies at each touch; else at every third one, and of a change at every fifteenth."""


@pytest.fixture(scope="module")
def outside(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Outside]:
    with opened(tmp_path_factory.mktemp("outside")) as world:
        yield world


def search(  # noqa: PLR0913 - where it dies, of what, and how it is broken
    outside: Outside,
    folder: Path,
    patch: victim.Patch = victim.nothing,
    *,
    kind: type[World] = World,
    first: int = 1,
    step: int = 1,
) -> Iterator[tuple[str, list[str]]]:
    """Die at each `step`-th touch until a run has no death: where, and what the next run left wrong."""
    for nth in count(first, step):
        world = kind(outside, folder, f"host-{folder.name}-{nth}".lower())
        died = world.apply(dies_at=nth, patch=patch)
        if died.status is not None:
            yield f"nowhere, at touch {nth}", world.wrong(died)
            return
        yield died.place, world.wrong(world.apply())


def forget_intents() -> None:
    """Take the write of intents out: what is written is only what is certain."""
    write = FileStore.write

    def written(store: FileStore, document: bytes, *, replaces: str | None, note: str = "") -> str:
        if b'"intents":{}' in document:
            return write(store, document, replaces=replaces, note=note)
        assert replaces
        return replaces

    FileStore.write = written  # type: ignore[assignment, method-assign]  # - a hole in the engine


def test_an_apply_that_dies_at_any_touch_is_finished_by_the_next(outside: Outside, tmp_path: Path) -> None:
    """Each meeting exactly once, recorded and charged, wherever the first process died."""
    step = 1 if IS_WHOLE else 3
    found = dict(enumerate(search(outside, tmp_path, step=step), 1))

    places = [place for place, _ in found.values()]
    assert {nth: wrong for nth, (_, wrong) in found.items() if wrong} == {}
    assert len(places) > 40 / step
    if IS_WHOLE:
        assert sum(place.startswith("before POST /v2/users") for place in places) >= len(TOPICS) - 1


def test_a_change_that_dies_at_any_touch_is_finished_by_the_next(outside: Outside, tmp_path: Path) -> None:
    """What is updated, replaced, ended, moved and imported is so once, wherever the first process died."""
    step = 1 if IS_WHOLE else 15
    found = dict(enumerate(search(outside, tmp_path, kind=Changed, step=step), 1))

    places = [place for place, _ in found.values()]
    assert {nth: wrong for nth, (_, wrong) in found.items() if wrong} == {}
    assert len(places) > 60 / step
    if IS_WHOLE:
        sent = {place.split()[1] for place in places if place.startswith("after ")}
        assert sent >= {"POST", "PATCH", "DELETE"}


def test_the_search_finds_an_engine_without_the_intent_write(outside: Outside, tmp_path: Path) -> None:
    """The search can fail: without that write a meeting is lost to whoever dies after its request."""
    deaths = search(outside, tmp_path, forget_intents, first=1 if IS_WHOLE else 20)
    found = next((place, wrong) for place, wrong in deaths if wrong)

    assert found[0].startswith("after POST /v2/users")


def test_an_apply_that_is_killed_at_random_is_finished_by_the_next(outside: Outside, tmp_path: Path) -> None:
    """From outside, at whatever instant it is; several times in a row, then left alone."""
    chance = random.Random()
    wrong = {}
    for number in range(ROUNDS):
        world = World(outside, tmp_path, f"random-{tmp_path.name}-{number}".lower())
        for _ in range(chance.randint(1, 3)):
            world.apply_until(chance.uniform(0.0, 0.12))
        wrong[number] = world.wrong(world.apply())

    assert {number: words for number, words in wrong.items() if words} == {}
