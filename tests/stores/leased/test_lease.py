"""A lease by its holder: renewed, released, and over in time by either of its clocks."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from manual_clock import ManualClock
from memory_place import Documents, Fate, MemoryPlace

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
    """Ann's held lease, and whoever else comes by."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.clock = ManualClock()
        self.documents = Documents()
        self.place = MemoryPlace(self.documents)
        self.lease = self.store("ann").lock("apply", timeout_seconds=0)

    def store(self, who: str) -> LeasedStore:
        """The store as somebody opened it."""
        place = self.place if who == "ann" else MemoryPlace(self.documents)
        return LeasedStore(place, StoreOptions(self.folder, who, self.clock, wait=self.clock.advance))

    def meets(self, *fates: Fate) -> None:
        """The next writes of the lock."""
        self.place.fates["put lock"].extend(fates)

    def taken_over(self) -> SharedLease:
        """Somebody else's lease, once ann's was seen unchanged for a minute."""
        self.clock.advance(61)
        return self.store("bob").lock("apply", timeout_seconds=0)

    @property
    def stands(self) -> LockInfo | None:
        """The lock as everybody sees it."""
        return locks.decode(self.documents.standing[LOCK].document)


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


def code(lease: SharedLease) -> str:
    with pytest.raises(StateError) as failed:
        lease.renew()
    return failed.value.diagnostics[0].code


def test_a_lease_holds_for_a_minute_and_says_so(world: World) -> None:
    assert (world.lease.seconds_left(), world.lease.renew_seconds, world.lease.taken_from) == (
        60.0,
        20.0,
        None,
    )
    assert world.stands == world.lease.info
    assert world.lease.info.expires_at == world.clock.now() + timedelta(seconds=60)

    world.clock.advance(45)

    assert world.lease.seconds_left() == 15.0


def test_a_lease_that_nobody_renews_is_over_and_never_less(world: World) -> None:
    world.clock.advance(600)

    assert world.lease.seconds_left() == 0.0


def test_a_renewal_holds_for_a_minute_from_before_it_was_asked_for(world: World) -> None:
    world.clock.advance(20)
    world.place.wait = lambda: world.clock.advance(4)

    world.lease.renew()

    assert world.lease.seconds_left() == 52.0
    assert world.stands == world.lease.info
    assert world.place.notes[-1:] == ["Renew the lock of ann"]


def test_a_machine_that_slept_has_lost_that_time_though_its_steady_clock_stood(world: World) -> None:
    """The wall clock counts it: less is left by it than by the other."""
    steady = world.clock.monotonic()
    world.clock.advance(50)
    world.clock.monotonic = lambda: steady  # type: ignore[method-assign]  # - a clock that jumps

    assert world.lease.seconds_left() == 10.0


def test_a_wall_clock_set_back_does_not_lengthen_a_lease(world: World) -> None:
    world.clock.advance(50)
    early = world.clock.now() - timedelta(hours=3)
    world.clock.now = lambda: early  # type: ignore[method-assign]  # - a clock that jumps

    assert world.lease.seconds_left() == 10.0


@pytest.mark.parametrize("fate", [Fate.UNTOLD, Fate.DISOWNED])
def test_a_renewal_that_was_written_untold_is_found_to_be_so(world: World, fate: Fate) -> None:
    world.clock.advance(20)
    world.meets(fate)

    world.lease.renew()

    assert world.lease.seconds_left() == 60.0
    assert world.stands == world.lease.info
    assert world.place.calls[-2:] == ["put lock", "get lock"]


def test_a_renewal_that_was_lost_is_sent_again(world: World) -> None:
    world.clock.advance(20)
    world.meets(Fate.LOST, Fate.LOST)

    world.lease.renew()

    assert world.lease.seconds_left() == 60.0
    assert world.stands == world.lease.info


def test_a_renewal_that_is_lost_three_times_leaves_what_is_left(world: World) -> None:
    world.clock.advance(20)
    world.meets(Fate.LOST, Fate.LOST, Fate.LOST)

    assert code(world.lease) == "state.lease-not-renewed"
    assert world.lease.seconds_left() == 40.0
    world.lease.renew()
    assert world.lease.seconds_left() == 60.0


@pytest.mark.parametrize("call", ["put lock", "get lock"])
def test_a_renewal_that_is_refused_leaves_what_is_left(world: World, call: str) -> None:
    world.clock.advance(20)
    world.meets(Fate.REFUSED if call == "put lock" else Fate.LOST)
    world.place.fates["get lock"].append(Fate.REFUSED)

    with pytest.raises(StateError):
        world.lease.renew()

    assert world.lease.seconds_left() == 40.0


def test_an_earlier_renewal_that_lands_late_is_its_own(world: World) -> None:
    """It stands in the way of the next one, which looks, sees itself and goes on from there."""
    world.clock.advance(20)
    world.meets(Fate.LATE, Fate.LOST, Fate.LOST)
    assert code(world.lease) == "state.lease-not-renewed"
    world.clock.advance(2)
    world.documents.land()

    world.lease.renew()

    assert world.lease.seconds_left() == 60.0
    assert world.stands == world.lease.info


def test_a_lease_that_was_taken_over_is_lost_for_good(world: World) -> None:
    bobs = world.taken_over()

    assert code(world.lease) == "state.lease-lost"
    assert world.lease.seconds_left() == 0.0
    bobs.release()
    assert code(world.lease) == "state.lease-lost"
    assert world.documents.standing[LOCK].document == FREE


def test_a_late_renewal_does_not_undo_a_takeover(world: World) -> None:
    world.clock.advance(20)
    world.meets(Fate.LATE, Fate.LOST, Fate.LOST)
    assert code(world.lease) == "state.lease-not-renewed"
    bobs = world.taken_over()

    world.documents.land()

    assert world.stands == bobs.info


def test_a_lease_freed_by_force_is_lost(world: World) -> None:
    world.store("bob").force_unlock(world.lease.info.lock_id)

    assert code(world.lease) == "state.lease-lost"
    assert world.lease.seconds_left() == 0.0


def test_a_released_lease_is_free_and_over(world: World) -> None:
    world.lease.release()

    assert world.documents.standing[LOCK].document == FREE
    assert world.lease.seconds_left() == 0.0
    assert world.place.notes[-1] == "Free the lock"


def test_a_second_release_touches_nobody(world: World) -> None:
    world.lease.release()
    bobs = world.store("bob").lock("apply", timeout_seconds=0)

    world.lease.release()

    assert world.stands == bobs.info


def test_a_release_after_a_takeover_does_not_free_what_is_anothers(world: World) -> None:
    bobs = world.taken_over()

    world.lease.release()

    assert world.stands == bobs.info


@pytest.mark.parametrize("fates", [[Fate.REFUSED], [Fate.LOST] * 3])
def test_a_release_that_fails_hurts_nobody(world: World, fates: list[Fate]) -> None:
    """The lock runs out by itself."""
    world.meets(*fates)

    world.lease.release()

    assert world.lease.seconds_left() == 0.0
    assert world.stands == world.lease.info


@pytest.mark.parametrize("fate", [Fate.LOST, Fate.UNTOLD, Fate.DISOWNED])
def test_a_release_whose_answer_was_lost_is_done(world: World, fate: Fate) -> None:
    world.meets(fate)

    world.lease.release()

    assert world.documents.standing[LOCK].document == FREE


def test_a_release_frees_what_a_renewal_wrote_untold(world: World) -> None:
    """Else the next run would wait for a holder that is gone."""
    world.meets(Fate.UNTOLD)
    world.place.fates["get lock"].append(Fate.REFUSED)
    assert code(world.lease) == "memory.unreadable"

    world.lease.release()

    assert world.documents.standing[LOCK].document == FREE


def test_a_release_writes_no_lock_where_somebody_removed_it(world: World) -> None:
    del world.documents.standing[LOCK]

    world.lease.release()

    assert world.documents.standing == {}


def test_a_lock_that_is_no_lock_is_read_as_none() -> None:
    for document in (
        b"",
        b"[]",
        b"{}",
        b'{"ID": "1"}',
        b'{"ID":"1","Operation":"a","Who":"b","Created":"x"}',
    ):
        assert locks.decode(document) is None


def test_a_foreign_lock_stays_one_line_and_short() -> None:
    told = b'{"ID":"1","Operation":"a\\nb","Who":"' + b"x" * 300 + b'","Created":"2026-12-01T09:00:00+01:00"}'

    info = locks.decode(told)

    assert info is not None
    assert (info.operation, info.who) == ("a?b", "x" * 200)
    assert info.created_at == datetime.fromisoformat("2026-12-01T08:00:00+00:00")
    assert (info.expires_at, info.run_url) == (None, None)
