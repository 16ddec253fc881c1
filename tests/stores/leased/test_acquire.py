"""Taking the lock: free, held by a living or a dead run, and with lost answers."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from manual_clock import ManualClock
from memory_place import CallOutcome, Documents, MemoryDocumentStore

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
    """Bob, who asks for the lock, and Ann, whose clock may be wrong."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.clock = ManualClock()
        self.documents = Documents()
        self.backend = MemoryDocumentStore(self.documents)
        self.notified: list[str] = []
        self.meanwhile: Callable[[], object] = lambda: None

    def ann(self, *, hours_ahead: float = 0) -> SharedLease:
        """A lease that Ann takes now, by her own clock."""
        clock = ManualClock(self.clock.now() + timedelta(hours=hours_ahead))
        options = StoreOptions(self.folder, "ann@ci", clock, wait=clock.advance, run_url=RUN_URL)
        return LeasedStore(MemoryDocumentStore(self.documents), options).lock("apply", timeout_seconds=0)

    def bob(self, timeout_seconds: float = 0) -> SharedLease:
        """The lease that Bob gets."""
        options = StoreOptions(
            self.folder, "bob@desk", self.clock, wait=self._wait, notify=self.notified.append
        )
        return LeasedStore(self.backend, options).lock("apply", timeout_seconds=timeout_seconds)

    def _wait(self, seconds: float) -> None:
        self.clock.advance(seconds)
        self.meanwhile()

    @property
    def current_lock(self) -> LockInfo | None:
        """The lock as every run reads it."""
        return locks.decode(self.documents.current[LOCK].document)


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


@pytest.mark.parametrize("document", [None, FREE])
def test_a_free_lock_is_taken_at_once(world: World, document: bytes | None) -> None:
    if document:
        world.documents.put(LOCK, "", document, None)

    lease = world.bob()

    assert (world.current_lock, lease.taken_from, world.clock.monotonic()) == (lease.info, None, 0.0)
    assert (lease.info.who, lease.info.operation, lease.info.run_url) == ("bob@desk", "apply", None)
    assert (world.backend.calls, world.notified) == (["check", "get lock", "put lock"], [])
    assert world.backend.notes == ["Lock for apply by bob@desk"]


def test_a_living_holder_is_described(world: World) -> None:
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
        "Let the other run end, or wait for it: apply --lock-timeout 5m. If it is dead, its lock "
        f"expires by itself; or: reconciler force-unlock {held.lock_id}."
    )
    assert world.clock.monotonic() == 0.0


def test_a_living_holder_is_waited_for_as_long_as_was_asked(world: World) -> None:
    lease = world.ann()
    world.meanwhile = lease.renew

    with pytest.raises(StateLockedError) as refused:
        world.bob(timeout_seconds=150)

    assert "is locked after 150 s of waiting." in refused.value.diagnostics[0].detail
    assert world.clock.monotonic() == 150.0
    assert world.notified == ["Waiting up to 150 s for the lock on memory, held by ann@ci (apply) ..."]


def test_a_lock_that_is_released_meanwhile_is_taken(world: World) -> None:
    lease = world.ann()
    world.meanwhile = lambda: lease.release() if world.clock.monotonic() >= 10 else None

    bobs = world.bob(timeout_seconds=30)

    assert (world.clock.monotonic(), bobs.taken_from, world.current_lock) == (10.0, None, bobs.info)


def test_a_dead_holder_is_watched_for_a_whole_lease_without_a_lock_timeout(world: World) -> None:
    """The expiry in its lock comes from another clock, so it is not trusted alone."""
    dead = world.ann().info
    world.clock.advance(3600)

    lease = world.bob()

    assert (world.clock.monotonic(), lease.taken_from, world.current_lock) == (3660.0, dead, lease.info)
    assert world.notified == ["Waiting up to 60 s for the lock on memory, held by ann@ci (apply) ..."]
    assert world.backend.notes == ["Lock for apply by bob@desk, taken over from ann@ci"]


def test_no_wait_is_too_short_for_a_clock_to_show(world: World) -> None:
    """Found by the simulator: 30 waits of 2 s from there leave 1e-14 s of a lease, which passed for ever."""
    dead = world.ann().info
    waits = iter(range(100))
    world.meanwhile = lambda: next(waits)  # a hundred are too many
    world.clock.advance(84.98774728629537)

    lease = world.bob()

    assert (lease.taken_from, round(world.clock.monotonic(), 2)) == (dead, 144.99)


def test_a_holder_that_renews_while_it_is_watched_is_alive(world: World) -> None:
    """Its clock is an hour behind, so its lock always looks expired."""
    lease = world.ann(hours_ahead=-1)
    world.meanwhile = lambda: lease.renew() if world.clock.monotonic() == 40 else None

    with pytest.raises(StateLockedError):
        world.bob()

    assert world.clock.monotonic() == 40.0
    assert world.current_lock == lease.info


def test_a_renewal_restarts_the_watch(world: World) -> None:
    lease = world.ann(hours_ahead=-1)
    world.meanwhile = lambda: lease.renew() if world.clock.monotonic() == 40 else None

    taken = world.bob(timeout_seconds=300)

    assert (world.clock.monotonic(), taken.taken_from) == (100.0, lease.info)


@pytest.mark.parametrize("hours_ahead", [-5, 5])
def test_a_dead_holder_whose_clock_is_hours_off_is_taken_over(world: World, hours_ahead: float) -> None:
    """A run that waits for a whole lease need not trust the other clock."""
    dead = world.ann(hours_ahead=hours_ahead).info

    lease = world.bob(timeout_seconds=100)

    assert (world.clock.monotonic(), lease.taken_from) == (60.0, dead)


def test_a_dead_holder_whose_clock_is_ahead_is_refused_after_the_lock_timeout(world: World) -> None:
    world.ann(hours_ahead=5)

    with pytest.raises(StateLockedError):
        world.bob(timeout_seconds=59)

    assert world.clock.monotonic() == 59.0


def test_a_lock_that_cannot_be_read_is_taken_over(world: World) -> None:
    world.documents.put(LOCK, "", b"\xff not ours", None)

    lease = world.bob()

    assert world.clock.monotonic() == 60.0
    assert lease.taken_from is not None
    assert lease.taken_from.who == "somebody whose lock cannot be read"
    assert world.notified == ["Waiting up to 60 s for the lock on memory, held by somebody ..."]


def test_an_unreadable_lock_that_changes_is_an_error_without_a_holder(world: World) -> None:
    version = world.documents.put(LOCK, "", b"1", None)
    world.meanwhile = lambda: world.documents.put(LOCK, "", b"2", version)

    with pytest.raises(StateLockedError) as refused:
        world.bob()

    (diagnostic,) = refused.value.diagnostics
    assert diagnostic.detail == "memory is locked after 2 s of waiting. Nothing was sent."
    assert diagnostic.hint == "Let the other run end, or wait for it: apply --lock-timeout 5m."


@pytest.mark.parametrize(
    "outcome",
    [CallOutcome.ANSWER_LOST, CallOutcome.FALSE_CONFLICT, CallOutcome.NOT_WRITTEN, CallOutcome.LATE],
)
def test_a_lock_request_without_an_answer_is_read_back(world: World, outcome: CallOutcome) -> None:
    world.backend.outcomes["put lock"].append(outcome)

    lease = world.bob()

    assert (world.current_lock, lease.taken_from) == (lease.info, None)
    world.documents.write_late()
    lease.renew()
    assert world.current_lock == lease.info


def test_a_lock_request_that_arrives_late_is_recognized(world: World) -> None:
    world.backend.outcomes["put lock"].extend([CallOutcome.LATE, CallOutcome.NOT_WRITTEN])
    puts = iter(range(9))
    world.backend.wait = lambda: world.documents.write_late() if next(puts, 9) == 6 else None

    lease = world.bob()

    assert world.current_lock == lease.info


def test_a_takeover_without_an_answer_is_still_a_takeover(world: World) -> None:
    """The former holder may have written, so the state must be written once more."""
    dead = world.ann().info
    world.clock.advance(3600)
    world.backend.outcomes["put lock"].append(CallOutcome.ANSWER_LOST)

    lease = world.bob()

    assert (lease.taken_from, world.current_lock) == (dead, lease.info)


def test_a_lock_that_another_run_took_first_is_theirs(world: World) -> None:
    waits = iter([False, False, True])
    world.backend.wait = lambda: next(waits, False) and world.ann()

    with pytest.raises(StateLockedError):
        world.bob()

    assert world.current_lock is not None
    assert world.current_lock.who == "ann@ci"


def test_a_storage_that_never_answers_is_given_up(world: World) -> None:
    world.backend.outcomes["put lock"].extend([CallOutcome.NOT_WRITTEN] * 8)

    with pytest.raises(StateError) as failed:
        world.bob()

    (diagnostic,) = failed.value.diagnostics
    assert (diagnostic.code, diagnostic.detail) == (
        "state.not-locked",
        "memory gave no clear answer to 8 tries. Nothing was sent.",
    )
    assert LOCK not in world.documents.current


@pytest.mark.parametrize("call", ["put lock", "get lock"])
def test_a_storage_that_refuses_raises_its_own_error(world: World, call: str) -> None:
    world.backend.outcomes[call].append(CallOutcome.REFUSED)

    with pytest.raises(StateError) as failed:
        world.bob()

    assert failed.value.diagnostics[0].code.startswith("memory.")


def test_a_storage_that_ignores_conditions_is_not_used(world: World) -> None:
    world.backend.keeps_conditions = False

    with pytest.raises(StateError) as failed:
        world.bob()

    assert failed.value.diagnostics[0].code == "memory.conditions"
    assert world.backend.calls == ["check"]


def test_the_time_of_the_holder_ends_before_the_takeover(world: World) -> None:
    """With a slow storage too: one counts from before its request, the other from when it read the lock."""
    clock = ManualClock(datetime(2026, 12, 1, 9, tzinfo=UTC))
    slow = MemoryDocumentStore(world.documents, wait=lambda: clock.advance(7))
    held = LeasedStore(slow, StoreOptions(world.folder, "ann@ci", clock, wait=clock.advance)).lock(
        "apply", timeout_seconds=0
    )
    landed_at = clock.monotonic() - 7
    lease = world.bob(timeout_seconds=100)

    clock.advance(landed_at + world.clock.monotonic() - clock.monotonic())

    assert (lease.taken_from, held.seconds_left()) == (held.info, 0.0)
