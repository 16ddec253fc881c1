"""The way to a lock: free, held by the living, held by the dead, and answers that get lost."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from manual_clock import ManualClock
from memory_place import Documents, Fate, MemoryPlace

from reconciler.errors.diagnostic import Exit
from reconciler.errors.exceptions import StateError, StateLockedError
from reconciler.stores import lock as locks
from reconciler.stores.leased._lease import FREE, SharedLease
from reconciler.stores.leased.place import LOCK
from reconciler.stores.leased.store import LeasedStore
from reconciler.stores.options import StoreOptions

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from reconciler.ports import LockInfo

RUN_URL = "https://ci.example/jobs/7"


class World:
    """Bob who asks for the lock, and Ann whose clock may show something else."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.clock = ManualClock()
        self.documents = Documents()
        self.place = MemoryPlace(self.documents)
        self.told: list[str] = []
        self.meanwhile: Callable[[], object] = lambda: None

    def ann(self, *, hours_ahead: float = 0) -> SharedLease:
        """A lease that somebody took right now, by a clock of her own."""
        clock = ManualClock(self.clock.now() + timedelta(hours=hours_ahead))
        surroundings = StoreOptions(self.folder, "ann@ci", clock, wait=clock.advance, run_url=RUN_URL)
        return LeasedStore(MemoryPlace(self.documents), surroundings).lock("apply", timeout_seconds=0)

    def bob(self, timeout_seconds: float = 0) -> SharedLease:
        """The lease that he gets in the end."""
        surroundings = StoreOptions(
            self.folder, "bob@desk", self.clock, wait=self._wait, tell=self.told.append
        )
        return LeasedStore(self.place, surroundings).lock("apply", timeout_seconds=timeout_seconds)

    def _wait(self, seconds: float) -> None:
        self.clock.advance(seconds)
        self.meanwhile()

    @property
    def stands(self) -> LockInfo | None:
        """The lock as everybody sees it."""
        return locks.decode(self.documents.standing[LOCK].document)


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


@pytest.mark.parametrize("document", [None, FREE])
def test_a_free_lock_is_taken_at_once(world: World, document: bytes | None) -> None:
    if document:
        world.documents.put(LOCK, "", document, None)

    lease = world.bob()

    assert (world.stands, lease.taken_from, world.clock.monotonic()) == (lease.info, None, 0.0)
    assert (lease.info.who, lease.info.operation, lease.info.run_url) == ("bob@desk", "apply", None)
    assert (world.place.calls, world.told) == (["check", "get lock", "put lock"], [])
    assert world.place.notes == ["Lock for apply by bob@desk"]


def test_a_living_holder_is_named_whole(world: World) -> None:
    held = world.ann().info

    with pytest.raises(StateLockedError) as refused:
        world.bob()

    (diagnostic,) = refused.value.diagnostics
    assert (diagnostic.code, refused.value.exit_status) == ("state.locked", Exit.LOCKED)
    assert diagnostic.summary == "The state is locked by another run"
    assert diagnostic.detail == (
        "memory is locked. Nothing was sent.\n"
        "Lock Info:\n"
        f"  ID:        {held.lock_id}\n"
        "  Who:       ann@ci\n"
        "  Operation: apply\n"
        "  Created:   2026-12-01 09:00:00 UTC\n"
        "  Expires:   2026-12-01 09:01:00 UTC unless it is renewed\n"
        "  Run:       https://ci.example/jobs/7"
    )
    assert diagnostic.hint == (
        "Let the other run end, or wait for it: apply --lock-timeout 5m. If it is dead, its lock runs "
        f"out by itself; or: reconciler force-unlock {held.lock_id}."
    )
    assert world.clock.monotonic() == 0.0


def test_a_living_holder_is_waited_for_as_long_as_was_asked(world: World) -> None:
    lease = world.ann()
    world.meanwhile = lease.renew

    with pytest.raises(StateLockedError) as refused:
        world.bob(timeout_seconds=150)

    assert "is locked after 150 s of waiting." in refused.value.diagnostics[0].detail
    assert world.clock.monotonic() == 150.0
    assert world.told == ["Waiting up to 150 s for the lock on memory, held by ann@ci (apply) ..."]


def test_a_holder_that_ends_meanwhile_makes_room(world: World) -> None:
    lease = world.ann()
    world.meanwhile = lambda: lease.release() if world.clock.monotonic() >= 10 else None

    bobs = world.bob(timeout_seconds=30)

    assert (world.clock.monotonic(), bobs.taken_from, world.stands) == (10.0, None, bobs.info)


def test_a_dead_holder_is_watched_for_a_whole_lease_though_no_waiting_was_asked_for(world: World) -> None:
    """What its lock says of its end is another clock's word: nobody relies on it alone."""
    dead = world.ann().info
    world.clock.advance(3600)

    lease = world.bob()

    assert (world.clock.monotonic(), lease.taken_from, world.stands) == (3660.0, dead, lease.info)
    assert world.told == ["Waiting up to 60 s for the lock on memory, held by ann@ci (apply) ..."]
    assert world.place.notes == ["Lock for apply by bob@desk, taken over from ann@ci"]


def test_a_holder_that_renews_while_it_is_watched_lives(world: World) -> None:
    """Its clock is an hour behind, so that its lock always looks as if it had run out."""
    lease = world.ann(hours_ahead=-1)
    world.meanwhile = lambda: lease.renew() if world.clock.monotonic() == 40 else None

    with pytest.raises(StateLockedError):
        world.bob()

    assert world.clock.monotonic() == 40.0
    assert world.stands == lease.info


def test_a_renewal_begins_the_watch_anew(world: World) -> None:
    lease = world.ann(hours_ahead=-1)
    world.meanwhile = lambda: lease.renew() if world.clock.monotonic() == 40 else None

    taken = world.bob(timeout_seconds=300)

    assert (world.clock.monotonic(), taken.taken_from) == (100.0, lease.info)


@pytest.mark.parametrize("hours_ahead", [-5, 5])
def test_a_holder_whose_clock_is_hours_off_is_outwaited_all_the_same(
    world: World, hours_ahead: float
) -> None:
    """Who waits long enough need not believe the other's clock."""
    dead = world.ann(hours_ahead=hours_ahead).info

    lease = world.bob(timeout_seconds=100)

    assert (world.clock.monotonic(), lease.taken_from) == (60.0, dead)


def test_a_dead_holder_whose_clock_is_ahead_is_told_after_the_time_that_was_asked_for(world: World) -> None:
    world.ann(hours_ahead=5)

    with pytest.raises(StateLockedError):
        world.bob(timeout_seconds=59)

    assert world.clock.monotonic() == 59.0


def test_a_lock_that_cannot_be_read_is_outwaited(world: World) -> None:
    world.documents.put(LOCK, "", b"\xff not ours", None)

    lease = world.bob()

    assert world.clock.monotonic() == 60.0
    assert lease.taken_from is not None
    assert lease.taken_from.who == "somebody whose lock cannot be read"
    assert world.told == ["Waiting up to 60 s for the lock on memory, held by somebody ..."]


def test_an_unreadable_lock_that_changes_is_refused_without_a_name(world: World) -> None:
    version = world.documents.put(LOCK, "", b"1", None)
    world.meanwhile = lambda: world.documents.put(LOCK, "", b"2", version)

    with pytest.raises(StateLockedError) as refused:
        world.bob()

    (diagnostic,) = refused.value.diagnostics
    assert diagnostic.detail == "memory is locked after 2 s of waiting. Nothing was sent."
    assert diagnostic.hint == "Let the other run end, or wait for it: apply --lock-timeout 5m."


@pytest.mark.parametrize("fate", [Fate.UNTOLD, Fate.DISOWNED, Fate.LOST, Fate.LATE])
def test_a_taking_without_an_answer_is_looked_up(world: World, fate: Fate) -> None:
    world.place.fates["put lock"].append(fate)

    lease = world.bob()

    assert (world.stands, lease.taken_from) == (lease.info, None)
    world.documents.land()
    lease.renew()
    assert world.stands == lease.info


def test_a_taking_that_lands_late_before_it_is_sent_again_is_its_own(world: World) -> None:
    world.place.fates["put lock"].extend([Fate.LATE, Fate.LOST])
    puts = iter(range(9))
    world.place.wait = lambda: world.documents.land() if next(puts, 9) == 6 else None

    lease = world.bob()

    assert world.stands == lease.info


def test_a_takeover_without_an_answer_is_still_one(world: World) -> None:
    """Whoever held it before may have written: the state is to be fenced."""
    dead = world.ann().info
    world.clock.advance(3600)
    world.place.fates["put lock"].append(Fate.UNTOLD)

    lease = world.bob()

    assert (lease.taken_from, world.stands) == (dead, lease.info)


def test_a_lock_that_somebody_else_was_quicker_to_take_is_theirs(world: World) -> None:
    waits = iter([False, False, True])
    world.place.wait = lambda: next(waits, False) and world.ann()

    with pytest.raises(StateLockedError):
        world.bob()

    assert world.stands is not None
    assert world.stands.who == "ann@ci"


def test_a_place_that_never_answers_is_given_up(world: World) -> None:
    world.place.fates["put lock"].extend([Fate.LOST] * 8)

    with pytest.raises(StateError) as failed:
        world.bob()

    (diagnostic,) = failed.value.diagnostics
    assert (diagnostic.code, diagnostic.detail) == (
        "state.not-locked",
        "memory gave no clear answer to 8 tries. Nothing was sent.",
    )
    assert LOCK not in world.documents.standing


@pytest.mark.parametrize("call", ["put lock", "get lock"])
def test_a_place_that_refuses_says_so_itself(world: World, call: str) -> None:
    world.place.fates[call].append(Fate.REFUSED)

    with pytest.raises(StateError) as failed:
        world.bob()

    assert failed.value.diagnostics[0].code.startswith("memory.")


def test_a_place_that_ignores_conditions_is_not_used(world: World) -> None:
    world.place.keeps_conditions = False

    with pytest.raises(StateError) as failed:
        world.bob()

    assert failed.value.diagnostics[0].code == "memory.conditions"
    assert world.place.calls == ["check"]


def test_the_holders_time_is_over_before_the_takers_begins(world: World) -> None:
    """However slow the storage is: the one counts from before it asks, the other from when it saw."""
    clock = ManualClock(datetime(2026, 12, 1, 9, tzinfo=UTC))
    slow = MemoryPlace(world.documents, wait=lambda: clock.advance(7))
    held = LeasedStore(slow, StoreOptions(world.folder, "ann@ci", clock, wait=clock.advance)).lock(
        "apply", timeout_seconds=0
    )
    landed_at = clock.monotonic() - 7
    lease = world.bob(timeout_seconds=100)

    clock.advance(landed_at + world.clock.monotonic() - clock.monotonic())

    assert (lease.taken_from, held.seconds_left()) == (held.info, 0.0)
