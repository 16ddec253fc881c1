"""Grouped durable writes: one carries many changes, and a refused one ends all writing."""

from __future__ import annotations

import asyncio
import gc
from typing import TYPE_CHECKING

import pytest
from builders import intent, record, state
from engine_world import MemoryStore, inline
from manual_clock import ManualClock

from reconciler.apply.journal import Journal
from reconciler.errors.exceptions import StateError
from reconciler.state.state import State

if TYPE_CHECKING:
    from collections.abc import Callable


def journal(store: MemoryStore, clock: ManualClock | None = None, start: State | None = None) -> Journal:
    return Journal(store, start or State(lineage="l"), None, clock or ManualClock(), inline)


def adding(key: str) -> Callable[[State], State]:
    return lambda before: before.confirm(key, record(len(before.meetings)))


def test_one_write_carries_every_change_that_waits() -> None:
    store = MemoryStore()

    async def work() -> int:
        writes = journal(store)
        await asyncio.gather(*(writes.commit(adding(f"m{n}")) for n in range(40)))
        return writes.writes

    assert (asyncio.run(work()), store.writes, len(store.state.meetings)) == (1, 1, 40)


def test_changes_during_a_write_go_with_the_next_one() -> None:
    store, carried = MemoryStore(), list[int]()
    store.before_write = lambda: carried.append(1)

    async def slow(call: Callable[[], str]) -> str:
        for _ in range(10):
            await asyncio.sleep(0)
        return call()

    async def work() -> None:
        writes = Journal(store, State(lineage="l"), None, ManualClock(), slow)
        first = writes.post(adding("first"))
        for _ in range(5):
            await asyncio.sleep(0)
        others = [writes.post(adding(f"m{n}")) for n in range(20)]
        await asyncio.gather(first, *others)

    asyncio.run(work())

    assert (len(carried), store.state.serial, len(store.state.meetings)) == (2, 2, 21)


def test_a_commit_is_answered_when_a_write_that_has_it_was() -> None:
    store, clock = MemoryStore(), ManualClock()
    store.before_write = lambda: clock.advance(7)

    async def work() -> float:
        return await journal(store, clock).commit(adding("a"))

    assert (asyncio.run(work()), list(store.state.meetings)) == (7.0, ["a"])


def test_each_write_names_the_version_that_it_replaces() -> None:
    store = MemoryStore()

    async def work() -> None:
        writes = journal(store)
        await writes.commit(adding("a"))
        store.state = state()  # somebody else wrote
        await writes.commit(adding("b"))

    with pytest.raises(StateError):
        asyncio.run(work())
    assert store.state == state()


def test_a_refused_write_ends_all_writing() -> None:
    store = MemoryStore()
    store.refused = {1}

    async def work() -> list[object]:
        writes = journal(store)
        found: list[object] = list(
            await asyncio.gather(*(writes.commit(adding(key)) for key in "ab"), return_exceptions=True)
        )
        later = await asyncio.gather(writes.commit(adding("c")), return_exceptions=True)
        await writes.close()
        return [type(result) for result in (*found, *later, writes.failure)]

    assert asyncio.run(work()) == [StateError] * 4
    assert (store.writes, store.document) == (1, None)


def test_a_refused_write_fails_the_changes_that_came_while_it_was_under_way() -> None:
    store = MemoryStore()
    store.refused = {1}

    async def slow(call: Callable[[], str]) -> str:
        for _ in range(10):
            await asyncio.sleep(0)
        return call()

    async def work() -> list[object]:
        writes = Journal(store, State(lineage="l"), None, ManualClock(), slow)
        first = writes.post(adding("a"))
        for _ in range(5):
            await asyncio.sleep(0)
        return list(await asyncio.gather(first, writes.commit(adding("b")), return_exceptions=True))

    assert [type(result) for result in asyncio.run(work())] == [StateError] * 2
    assert store.writes == 1


def test_a_bug_in_a_store_is_raised_to_everyone_who_waits() -> None:
    store = MemoryStore()

    def break_down() -> None:
        raise ZeroDivisionError

    store.before_write = break_down

    async def work() -> list[object]:
        writes = journal(store)
        found = await asyncio.gather(*(writes.commit(adding(key)) for key in "ab"), return_exceptions=True)
        await writes.close()
        return list(found)

    assert [type(result) for result in asyncio.run(work())] == [ZeroDivisionError] * 2


def test_a_waiter_that_left_does_not_trouble_the_others() -> None:
    store = MemoryStore()

    async def work() -> None:
        writes = journal(store)
        gone = writes.post(adding("a"))
        gone.cancel()
        await writes.commit(lambda before: before.begin("b", intent(), day="2026-12-01"))

    asyncio.run(work())

    assert (list(store.state.meetings), list(store.state.intents)) == (["a"], ["b"])


def test_each_write_says_what_it_records() -> None:
    """Since the write before it."""
    store = MemoryStore()

    async def work() -> None:
        writes = journal(store)
        await writes.commit(lambda before: before.begin("a", intent(), day="2026-12-01"))
        await writes.commit(adding("a"))

    asyncio.run(work())

    assert store.notes == ["Begin a", "Record a"]


def test_closing_what_was_never_written_is_nothing() -> None:
    store = MemoryStore()

    asyncio.run(journal(store).close())

    assert store.writes == 0


def test_a_write_waits_for_others_to_come_along() -> None:
    """With time to gather, changes that come a while after each other share one write."""

    async def three_in_a_row() -> tuple[int, list[float]]:
        clock = ManualClock()
        writes = Journal(MemoryStore(), State(lineage="l"), None, clock, inline, gather_seconds=0.05)
        durable = []
        for _ in range(3):
            durable.append(writes.post(lambda state: state))
            await clock.sleep(0.01)
        return writes.writes, [await future for future in durable]

    assert asyncio.run(three_in_a_row()) == (0, [0.05, 0.05, 0.05])


def test_a_change_of_the_next_turn_goes_with_the_same_write() -> None:
    """Requests of several hosts that are answered at once are recorded by one write."""
    store = MemoryStore()

    async def later(writes: Journal) -> None:
        await asyncio.sleep(0)
        await writes.commit(adding("b"))

    async def work() -> None:
        writes = journal(store)
        await asyncio.gather(writes.commit(adding("a")), later(writes))

    asyncio.run(work())

    assert (store.writes, list(store.state.meetings)) == (1, ["a", "b"])


def test_a_refused_write_that_nobody_waits_for_leaves_no_noise(caplog: pytest.LogCaptureFixture) -> None:
    """The failure of the journal tells it; asyncio has nothing to add."""
    store = MemoryStore()
    store.refused = {1}

    async def work() -> None:
        writes = journal(store)
        writes.post(adding("a"))
        await writes.close()
        assert writes.failure is not None

    asyncio.run(work())
    gc.collect()

    assert caplog.records == []
