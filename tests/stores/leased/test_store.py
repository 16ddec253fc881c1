"""The store with a lease: conditional writes, lost answers, and a takeover that writes the state first."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import pytest
from builders import NOW, record, state
from manual_clock import ManualClock
from memory_place import CallOutcome, Documents, MemoryDocumentStore

from reconciler.cli.commands.apply.command import record_without_sending
from reconciler.cli.commands.state import migrate
from reconciler.cli.console import Console, GlobalOptions
from reconciler.cli.planning import PlannedState
from reconciler.cli.workspace import Workspace
from reconciler.errors.exceptions import StateError
from reconciler.plan.budget import Allowances, Limits
from reconciler.plan.plan import build
from reconciler.ports import Snapshot
from reconciler.spec.spec import Spec
from reconciler.state import document as state_document
from reconciler.state.history import Fact, Kind
from reconciler.stores.leased._lease import FREE
from reconciler.stores.leased.place import LOCK, STATE
from reconciler.stores.leased.store import LeasedStore
from reconciler.stores.options import StoreOptions

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


class World:
    """A store over documents that other stores share."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.clock = ManualClock()
        self.documents = Documents()
        self.backend = MemoryDocumentStore(self.documents)
        self.store = self.another(self.backend)

    def another(self, backend: MemoryDocumentStore | None = None) -> LeasedStore:
        """A store that another run opened."""
        options = StoreOptions(self.folder, "ann@ci", self.clock, wait=self.clock.advance)
        return LeasedStore(backend or MemoryDocumentStore(self.documents), options)

    def workspace(self) -> Workspace:
        """The workspace of a command, with this store."""
        streams = io.StringIO(), io.StringIO(), io.StringIO()
        opened = Workspace(self.folder, Console(*streams, environ={}), GlobalOptions())
        opened.store = self.store
        return opened

    def sleep_while_reading(self) -> None:
        """Let more time pass than a lease while the state is read."""
        if self.backend.calls[-1] == "get state":
            self.clock.advance(61)

    @property
    def stored_state(self) -> bytes | None:
        """The state as every run reads it."""
        snapshot = self.documents.current.get(STATE)
        return snapshot.document if snapshot else None


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


def failure(call: Callable[[], object]) -> tuple[str, str]:
    with pytest.raises(StateError) as failed:
        call()
    return failed.value.diagnostics[0].code, failed.value.diagnostics[0].detail


CHANGED = (
    "state.changed",
    "memory is not the version that this run has read. It was left as it is, and nothing more is sent.",
)
UNANSWERED = (
    "state.unanswered",
    "No answer came. The state at memory is complete, in its old form or its new one, "  # noqa: ISC004 - one
    "and nothing more is sent.",
)


def test_what_was_written_is_read(world: World) -> None:
    assert world.store.read() is None

    version = world.store.write(b"1", replaces=None, note="Record 2 creates")

    assert world.store.read() == Snapshot(b"1", version)
    assert world.backend.notes == ["Record 2 creates"]
    assert (world.store.location, world.store.gather_seconds) == ("memory", 0.0)


def test_a_write_over_another_version_is_refused(world: World) -> None:
    first = world.store.write(b"1", replaces=None)
    world.another().write(b"2", replaces=first)

    assert failure(lambda: world.store.write(b"3", replaces=first)) == CHANGED
    assert failure(lambda: world.store.write(b"3", replaces=None)) == CHANGED
    assert world.stored_state == b"2"


def test_a_write_over_a_state_that_is_gone_is_refused(world: World) -> None:
    first = world.store.write(b"1", replaces=None)
    del world.documents.current[STATE]

    assert failure(lambda: world.store.write(b"2", replaces=first)) == CHANGED
    assert world.stored_state is None


@pytest.mark.parametrize("outcome", [CallOutcome.ANSWER_LOST, CallOutcome.FALSE_CONFLICT])
@pytest.mark.parametrize("has_state", [True, False])
def test_a_write_whose_answer_was_lost_is_found_written(
    world: World,
    outcome: CallOutcome,
    has_state: bool,  # noqa: FBT001 - a case
) -> None:
    before = world.store.write(b"1", replaces=None) if has_state else None
    world.backend.outcomes["put state"].append(outcome)

    version = world.store.write(b"2", replaces=before)

    assert world.store.read() == Snapshot(b"2", version)
    assert world.backend.calls.count("put state") == 1 + has_state


@pytest.mark.parametrize("has_state", [True, False])
def test_a_write_that_was_lost_is_sent_again(
    world: World,
    has_state: bool,  # noqa: FBT001 - a case
) -> None:
    before = world.store.write(b"1", replaces=None) if has_state else None
    world.backend.outcomes["put state"].extend([CallOutcome.NOT_WRITTEN, CallOutcome.NOT_WRITTEN])

    version = world.store.write(b"2", replaces=before)

    assert world.store.read() == Snapshot(b"2", version)


def test_a_write_that_lands_late_and_was_sent_again_is_written_once(world: World) -> None:
    world.backend.outcomes["put state"].append(CallOutcome.LATE)
    version = world.store.write(b"1", replaces=None)

    world.documents.write_late()

    assert world.store.read() == Snapshot(b"1", version)


def test_a_write_that_is_lost_three_times_is_reported(world: World) -> None:
    world.backend.outcomes["put state"].extend([CallOutcome.NOT_WRITTEN] * 3)

    assert failure(lambda: world.store.write(b"1", replaces=None)) == UNANSWERED
    assert world.stored_state is None


def test_a_write_whose_outcome_cannot_be_read_is_reported(world: World) -> None:
    world.backend.outcomes["put state"].append(CallOutcome.ANSWER_LOST)
    world.backend.outcomes["get state"].append(CallOutcome.REFUSED)

    assert failure(lambda: world.store.write(b"1", replaces=None)) == UNANSWERED


def test_a_lost_write_is_not_sent_again_after_another_run_wrote(world: World) -> None:
    first = world.store.write(b"1", replaces=None)
    world.backend.outcomes["put state"].append(CallOutcome.NOT_WRITTEN)
    waits = iter([False, True])
    world.backend.wait = lambda: next(waits, False) and world.another().write(b"2", replaces=first)

    assert failure(lambda: world.store.write(b"3", replaces=first)) == CHANGED
    assert (world.stored_state, world.backend.calls.count("put state")) == (b"2", 2)


def test_the_same_document_of_another_holder_is_not_taken_for_our_own(world: World) -> None:
    """Two runs that change nothing yet write the same bytes; only one of them has the lock."""
    first = world.store.write(b"1", replaces=None)
    lease = world.store.lock("apply", timeout_seconds=0)
    other = world.another()
    other.force_unlock(lease.info.lock_id)
    other.lock("apply", timeout_seconds=0)
    other.write(b"2", replaces=first)

    assert failure(lambda: world.store.write(b"2", replaces=first)) == CHANGED


def test_a_write_whose_answer_was_lost_is_found_under_the_lock(world: World) -> None:
    world.store.lock("apply", timeout_seconds=0)
    world.backend.outcomes["put state"].append(CallOutcome.ANSWER_LOST)

    version = world.store.write(b"1", replaces=None)

    assert world.store.read() == Snapshot(b"1", version)


def test_a_found_write_is_not_trusted_while_the_lock_cannot_be_read(world: World) -> None:
    world.store.lock("apply", timeout_seconds=0)
    world.backend.outcomes["put state"].append(CallOutcome.ANSWER_LOST)
    world.backend.outcomes["get lock"].append(CallOutcome.REFUSED)

    assert failure(lambda: world.store.write(b"1", replaces=None)) == UNANSWERED


def test_a_refused_write_raises_its_own_error(world: World) -> None:
    world.backend.outcomes["put state"].append(CallOutcome.REFUSED)

    assert failure(lambda: world.store.write(b"1", replaces=None))[0] == "memory.refused"
    assert world.backend.calls == ["put state"]


# The lock as others see it


def test_the_holder_is_shown(world: World) -> None:
    assert world.store.holder() is None

    lease = world.store.lock("apply", timeout_seconds=0)

    assert world.another().holder() == lease.info
    lease.release()
    assert world.another().holder() is None


def test_a_lock_is_freed_by_its_id(world: World) -> None:
    lease = world.store.lock("apply", timeout_seconds=0)

    world.store.force_unlock(lease.info.lock_id)

    assert world.documents.current[LOCK].document == FREE
    assert world.backend.notes[-1] == "Free the lock of ann@ci by force"


def test_a_lock_that_is_renewed_meanwhile_is_freed_anyway(world: World) -> None:
    """The user named this lock, and the error before showed that its holder is alive."""
    lease = world.store.lock("apply", timeout_seconds=0)
    other = MemoryDocumentStore(world.documents)

    def renew_before_the_first_write() -> None:
        if other.calls == ["get lock", "put lock"] and len(world.backend.calls) == renewed:
            world.clock.advance(1)
            lease.renew()

    renewed = len(world.backend.calls)
    other.wait = renew_before_the_first_write
    world.another(other).force_unlock(lease.info.lock_id)

    assert (world.documents.current[LOCK].document, other.calls.count("put lock")) == (FREE, 2)


@pytest.mark.parametrize(
    "outcome", [CallOutcome.ANSWER_LOST, CallOutcome.FALSE_CONFLICT, CallOutcome.NOT_WRITTEN]
)
def test_a_lock_is_freed_although_an_answer_was_lost(outcome: CallOutcome, world: World) -> None:
    lease = world.store.lock("apply", timeout_seconds=0)
    world.backend.outcomes["put lock"].append(outcome)

    world.store.force_unlock(lease.info.lock_id)

    assert world.documents.current[LOCK].document == FREE


def test_a_lock_that_could_not_be_freed_is_an_error(world: World) -> None:
    lease = world.store.lock("apply", timeout_seconds=0)
    world.backend.outcomes["put lock"] += [CallOutcome.NOT_WRITTEN] * 3

    assert failure(lambda: world.store.force_unlock(lease.info.lock_id))[0] == "state.unanswered"
    assert world.store.holder() == lease.info


def test_a_lock_with_another_id_is_left_and_shown(world: World) -> None:
    held = world.store.lock("apply", timeout_seconds=0).info

    code, detail = failure(lambda: world.store.force_unlock("other"))

    assert code == "state.not-the-lock"
    assert detail.startswith(
        "memory is not locked by 'other' and was left as it is. It is held by another lock.\nLock Info:"
    )
    assert held.lock_id in detail
    assert world.store.holder() == held


@pytest.mark.parametrize("document", [None, FREE])
def test_a_lock_that_nobody_holds_cannot_be_freed(world: World, document: bytes | None) -> None:
    if document:
        world.documents.put(LOCK, "", document, None)

    assert failure(lambda: world.store.force_unlock("x")) == (
        "state.not-the-lock",
        "memory is not locked by 'x' and was left as it is. Nobody holds it.",
    )


# A takeover


def test_a_takeover_writes_the_state_before_anything_else(world: World) -> None:
    """A write of the former holder names a version that is no longer current."""
    before = state(serial=4)
    version = world.store.write(state_document.encode(before), replaces=None)
    world.another().lock("apply", timeout_seconds=0)
    world.clock.advance(3600)

    with world.workspace().locked_state("apply") as held:
        assert (held.state, held.version) == (before.written(), world.documents.current[STATE].version)
        assert failure(lambda: world.another().write(b"late", replaces=version)) == CHANGED

    assert world.backend.notes[-2:] == ["Take over from ann@ci, whose lock expired", "Free the lock"]


def test_a_lock_that_was_free_leaves_the_state_as_it_is(world: World) -> None:
    version = world.store.write(state_document.encode(state(serial=4)), replaces=None)

    with world.workspace().locked_state("apply") as held:
        assert (held.state, held.version) == (state(serial=4), version)


def test_a_takeover_without_a_state_has_nothing_to_write(world: World) -> None:
    world.another().lock("apply", timeout_seconds=0)
    world.clock.advance(3600)

    with world.workspace().locked_state("apply") as held:
        assert held.version is None

    assert world.stored_state is None


def test_a_takeover_that_cannot_be_written_frees_the_lock(world: World) -> None:
    world.store.write(state_document.encode(state(serial=4)), replaces=None)
    world.another().lock("apply", timeout_seconds=0)
    world.clock.advance(3600)
    world.backend.outcomes["put state"].append(CallOutcome.REFUSED)

    with pytest.raises(StateError), world.workspace().locked_state("apply"):
        raise AssertionError("the state was locked")

    assert world.documents.current[LOCK].document == FREE


@pytest.mark.parametrize("has_state", [True, False])
def test_a_state_that_was_read_after_the_lock_expired_is_not_overwritten(
    world: World,
    has_state: bool,  # noqa: FBT001 - a case
) -> None:
    """Found by the simulator: a run that sleeps before it reads would name the version of the next holder."""
    if has_state:
        world.store.write(state_document.encode(state(serial=4)), replaces=None)
    workspace = world.workspace()
    world.backend.wait = world.sleep_while_reading

    code, detail = failure(
        lambda: workspace.update_state("state rm", lambda found: found, Fact(Kind.FORGET, "retro"))
    )

    assert (code, world.stored_state is not None) == ("state.lease-lost", has_state)
    assert detail.startswith("It was not renewed while memory was read")
    assert "put state" not in world.backend.calls[-4:]


def test_a_state_is_not_copied_over_one_that_was_read_after_its_lock_expired(world: World) -> None:
    """Another run may hold it by then."""
    world.store.write(state_document.encode(state(serial=4)), replaces=None)
    workspace, there = world.workspace(), World(world.folder)
    there.backend.wait = there.sleep_while_reading
    there.backend.location = "elsewhere"
    workspace.store_at = lambda address: there.store  # type: ignore[method-assign]  # noqa: ARG005 - its name

    code, detail = failure(lambda: migrate.run(workspace, "elsewhere", lock_timeout_seconds=0))

    assert (code, there.stored_state) == ("state.lease-lost", None)
    assert detail.startswith("It was not renewed while elsewhere was read")


def test_a_change_of_the_state_alone_has_a_note(world: World) -> None:
    before = state(serial=4, meetings={"retro": record(1)})
    world.store.write(state_document.encode(before), replaces=None)
    workspace = world.workspace()

    with workspace.locked_state("apply") as held:
        found = held.state.forget("retro")
        plan = build(Spec({}), found, NOW, Allowances(Limits(100), {}))
        record_without_sending(workspace, held, PlannedState(plan, found, failed=False))

    assert world.backend.notes[-2] == "Forget retro"
