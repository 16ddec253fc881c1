"""A lease from its holder's side: renewal, release, and expiry by either of its clocks."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from manual_clock import ManualClock
from memory_place import CallOutcome, Documents, MemoryDocumentStore

from reconciler.errors.exceptions import StateError
from reconciler.stores import lock as locks
from reconciler.stores.leased._lease import FREE, SharedLease
from reconciler.stores.leased.place import LOCK
from reconciler.stores.leased.store import LeasedStore
from reconciler.stores.options import StoreOptions

if TYPE_CHECKING:
    from pathlib import Path

    from reconciler.ports import LockInfo


class World:
    """A lease that Ann holds, and other runs."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.clock = ManualClock()
        self.documents = Documents()
        self.backend = MemoryDocumentStore(self.documents)
        self.lease = self.store("ann").lock("apply", timeout_seconds=0)

    def store(self, who: str) -> LeasedStore:
        """A store as `who` opens it."""
        place = self.backend if who == "ann" else MemoryDocumentStore(self.documents)
        return LeasedStore(place, StoreOptions(self.folder, who, self.clock, wait=self.clock.advance))

    def plan(self, *outcomes: CallOutcome) -> None:
        """Set the outcomes of the next writes of the lock."""
        self.backend.outcomes["put lock"].extend(outcomes)

    def taken_over(self) -> SharedLease:
        """Bob's lease, after he saw Ann's unchanged for a minute."""
        self.clock.advance(61)
        return self.store("bob").lock("apply", timeout_seconds=0)

    @property
    def current_lock(self) -> LockInfo | None:
        """The lock as every run reads it."""
        return locks.decode(self.documents.current[LOCK].document)


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


def code(lease: SharedLease) -> str:
    with pytest.raises(StateError) as failed:
        lease.renew()
    return failed.value.diagnostics[0].code


def test_a_lease_holds_for_a_minute(world: World) -> None:
    assert (world.lease.seconds_left(), world.lease.renew_seconds, world.lease.taken_from) == (
        60.0,
        20.0,
        None,
    )
    assert world.current_lock == world.lease.info
    assert world.lease.info.expires_at == world.clock.now() + timedelta(seconds=60)

    world.clock.advance(45)

    assert world.lease.seconds_left() == 15.0


def test_a_lease_that_nobody_renews_has_zero_seconds_left(world: World) -> None:
    world.clock.advance(600)

    assert world.lease.seconds_left() == 0.0


def test_a_renewal_holds_for_a_minute_from_before_it_was_asked_for(world: World) -> None:
    world.clock.advance(20)
    world.backend.wait = lambda: world.clock.advance(4)

    world.lease.renew()

    assert world.lease.seconds_left() == 52.0
    assert world.current_lock == world.lease.info
    assert world.backend.notes[-1:] == ["Renew the lock of ann"]


def test_sleep_of_the_machine_counts_although_the_monotonic_clock_stops(world: World) -> None:
    """The wall clock counts it, and the smaller of the two values is used."""
    steady = world.clock.monotonic()
    world.clock.advance(50)
    world.clock.monotonic = lambda: steady  # type: ignore[method-assign]  # - a clock that jumps

    assert world.lease.seconds_left() == 10.0


def test_a_wall_clock_set_back_does_not_lengthen_a_lease(world: World) -> None:
    world.clock.advance(50)
    early = world.clock.now() - timedelta(hours=3)
    world.clock.now = lambda: early  # type: ignore[method-assign]  # - a clock that jumps

    assert world.lease.seconds_left() == 10.0


@pytest.mark.parametrize("outcome", [CallOutcome.ANSWER_LOST, CallOutcome.FALSE_CONFLICT])
def test_a_renewal_whose_answer_was_lost_is_found(world: World, outcome: CallOutcome) -> None:
    world.clock.advance(20)
    world.plan(outcome)

    world.lease.renew()

    assert world.lease.seconds_left() == 60.0
    assert world.current_lock == world.lease.info
    assert world.backend.calls[-2:] == ["put lock", "get lock"]


def test_a_renewal_that_was_lost_is_sent_again(world: World) -> None:
    world.clock.advance(20)
    world.plan(CallOutcome.NOT_WRITTEN, CallOutcome.NOT_WRITTEN)

    world.lease.renew()

    assert world.lease.seconds_left() == 60.0
    assert world.current_lock == world.lease.info


def test_a_renewal_that_is_lost_three_times_keeps_the_seconds_left(world: World) -> None:
    world.clock.advance(20)
    world.plan(CallOutcome.NOT_WRITTEN, CallOutcome.NOT_WRITTEN, CallOutcome.NOT_WRITTEN)

    assert code(world.lease) == "state.lease-not-renewed"
    assert world.lease.seconds_left() == 40.0
    world.lease.renew()
    assert world.lease.seconds_left() == 60.0


@pytest.mark.parametrize("call", ["put lock", "get lock"])
def test_a_renewal_that_is_refused_keeps_the_seconds_left(world: World, call: str) -> None:
    world.clock.advance(20)
    world.plan(CallOutcome.REFUSED if call == "put lock" else CallOutcome.NOT_WRITTEN)
    world.backend.outcomes["get lock"].append(CallOutcome.REFUSED)

    with pytest.raises(StateError):
        world.lease.renew()

    assert world.lease.seconds_left() == 40.0


def test_an_earlier_renewal_that_arrives_late_is_recognized(world: World) -> None:
    """It conflicts with the next renewal, which reads the lock, finds its own ID and continues from there."""
    world.clock.advance(20)
    world.plan(CallOutcome.LATE, CallOutcome.NOT_WRITTEN, CallOutcome.NOT_WRITTEN)
    assert code(world.lease) == "state.lease-not-renewed"
    world.clock.advance(2)
    world.documents.write_late()

    world.lease.renew()

    assert world.lease.seconds_left() == 60.0
    assert world.current_lock == world.lease.info


def test_a_lease_that_was_taken_over_is_lost_for_good(world: World) -> None:
    bobs = world.taken_over()

    assert code(world.lease) == "state.lease-lost"
    assert world.lease.seconds_left() == 0.0
    bobs.release()
    assert code(world.lease) == "state.lease-lost"
    assert world.documents.current[LOCK].document == FREE


def test_a_late_renewal_does_not_undo_a_takeover(world: World) -> None:
    world.clock.advance(20)
    world.plan(CallOutcome.LATE, CallOutcome.NOT_WRITTEN, CallOutcome.NOT_WRITTEN)
    assert code(world.lease) == "state.lease-not-renewed"
    bobs = world.taken_over()

    world.documents.write_late()

    assert world.current_lock == bobs.info


def test_a_lease_freed_by_force_is_lost(world: World) -> None:
    world.store("bob").force_unlock(world.lease.info.lock_id)

    assert code(world.lease) == "state.lease-lost"
    assert world.lease.seconds_left() == 0.0


def test_a_released_lease_is_free(world: World) -> None:
    world.lease.release()

    assert world.documents.current[LOCK].document == FREE
    assert world.lease.seconds_left() == 0.0
    assert world.backend.notes[-1] == "Free the lock"


def test_a_second_release_does_nothing(world: World) -> None:
    world.lease.release()
    bobs = world.store("bob").lock("apply", timeout_seconds=0)

    world.lease.release()

    assert world.current_lock == bobs.info


def test_a_release_after_a_takeover_does_not_free_the_other_lock(world: World) -> None:
    bobs = world.taken_over()

    world.lease.release()

    assert world.current_lock == bobs.info


@pytest.mark.parametrize("outcomes", [[CallOutcome.REFUSED], [CallOutcome.NOT_WRITTEN] * 3])
def test_a_release_that_fails_is_ignored(world: World, outcomes: list[CallOutcome]) -> None:
    """The lock expires by itself."""
    world.plan(*outcomes)

    world.lease.release()

    assert world.lease.seconds_left() == 0.0
    assert world.current_lock == world.lease.info


@pytest.mark.parametrize(
    "outcome", [CallOutcome.NOT_WRITTEN, CallOutcome.ANSWER_LOST, CallOutcome.FALSE_CONFLICT]
)
def test_a_release_whose_answer_was_lost_is_done(world: World, outcome: CallOutcome) -> None:
    world.plan(outcome)

    world.lease.release()

    assert world.documents.current[LOCK].document == FREE


def test_a_release_frees_a_renewal_whose_answer_was_lost(world: World) -> None:
    """Otherwise the next run would wait for a holder that has ended."""
    world.plan(CallOutcome.ANSWER_LOST)
    world.backend.outcomes["get lock"].append(CallOutcome.REFUSED)
    assert code(world.lease) == "memory.unreadable"

    world.lease.release()

    assert world.documents.current[LOCK].document == FREE


def test_a_release_writes_no_lock_if_somebody_removed_it(world: World) -> None:
    del world.documents.current[LOCK]

    world.lease.release()

    assert world.documents.current == {}


def test_a_document_that_is_not_a_lock_is_read_as_none() -> None:
    for document in (
        b"",
        b"[]",
        b"{}",
        b'{"ID": "1"}',
        b'{"ID":"1","Operation":"a","Who":"b","Created":"x"}',
    ):
        assert locks.decode(document) is None


def test_the_fields_of_a_foreign_lock_are_short_and_on_one_line() -> None:
    document = (
        b'{"ID":"1","Operation":"a\\nb","Who":"' + b"x" * 300 + b'","Created":"2026-12-01T09:00:00+01:00"}'
    )

    info = locks.decode(document)

    assert info is not None
    assert (info.operation, info.who) == ("a?b", "x" * 200)
    assert info.created_at == datetime.fromisoformat("2026-12-01T08:00:00+00:00")
    assert (info.expires_at, info.run_url) == (None, None)
