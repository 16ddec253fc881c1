"""A store with a lease: every write conditional, lost answers looked up, a takeover written down first."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import pytest
from builders import record, state
from manual_clock import ManualClock
from memory_place import Documents, Fate, MemoryPlace

from reconciler.cli.commands.apply import command as apply_command
from reconciler.cli.commands.state import migrate
from reconciler.cli.console import Console, GlobalOptions
from reconciler.cli.workspace import Workspace
from reconciler.errors.exceptions import StateError
from reconciler.ports import Snapshot
from reconciler.state import document as state_document
from reconciler.stores.leased._lease import FREE
from reconciler.stores.leased.place import LOCK, STATE
from reconciler.stores.leased.store import LeasedStore
from reconciler.stores.options import StoreOptions

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


class World:
    """A store over documents that others reach too."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.clock = ManualClock()
        self.documents = Documents()
        self.place = MemoryPlace(self.documents)
        self.store = self.another(self.place)

    def another(self, place: MemoryPlace | None = None) -> LeasedStore:
        """The store as somebody else opened it."""
        surroundings = StoreOptions(self.folder, "ann@ci", self.clock, wait=self.clock.advance)
        return LeasedStore(place or MemoryPlace(self.documents), surroundings)

    def workspace(self) -> Workspace:
        """A verb's surroundings, with this store."""
        streams = io.StringIO(), io.StringIO(), io.StringIO()
        opened = Workspace(self.folder, Console(*streams, environ={}), GlobalOptions())
        opened.store = self.store
        return opened

    def sleep_while_reading(self) -> None:
        """Be asleep for longer than the lease while the state is read."""
        if self.place.calls[-1] == "get state":
            self.clock.advance(61)

    @property
    def stands(self) -> bytes | None:
        """The state as everybody sees it."""
        found = self.documents.standing.get(STATE)
        return found.document if found else None


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
    "No answer came. The state at memory is whole, in its old form or its new one, and nothing more is sent.",
)


def test_what_was_written_is_read(world: World) -> None:
    assert world.store.read() is None

    version = world.store.write(b"1", replaces=None, note="Record 2 creates")

    assert world.store.read() == Snapshot(b"1", version)
    assert world.place.notes == ["Record 2 creates"]
    assert (world.store.location, world.store.gather_seconds) == ("memory", 0.0)


def test_a_write_over_another_version_is_refused(world: World) -> None:
    first = world.store.write(b"1", replaces=None)
    world.another().write(b"2", replaces=first)

    assert failure(lambda: world.store.write(b"3", replaces=first)) == CHANGED
    assert failure(lambda: world.store.write(b"3", replaces=None)) == CHANGED
    assert world.stands == b"2"


def test_a_write_over_a_state_that_is_gone_is_refused(world: World) -> None:
    first = world.store.write(b"1", replaces=None)
    del world.documents.standing[STATE]

    assert failure(lambda: world.store.write(b"2", replaces=first)) == CHANGED
    assert world.stands is None


@pytest.mark.parametrize("fate", [Fate.UNTOLD, Fate.DISOWNED])
@pytest.mark.parametrize("has_state", [True, False])
def test_a_write_whose_answer_was_lost_is_found_written(
    world: World,
    fate: Fate,
    has_state: bool,  # noqa: FBT001 - a case
) -> None:
    before = world.store.write(b"1", replaces=None) if has_state else None
    world.place.fates["put state"].append(fate)

    version = world.store.write(b"2", replaces=before)

    assert world.store.read() == Snapshot(b"2", version)
    assert world.place.calls.count("put state") == 1 + has_state


@pytest.mark.parametrize("has_state", [True, False])
def test_a_write_that_was_lost_is_sent_again(
    world: World,
    has_state: bool,  # noqa: FBT001 - a case
) -> None:
    before = world.store.write(b"1", replaces=None) if has_state else None
    world.place.fates["put state"].extend([Fate.LOST, Fate.LOST])

    version = world.store.write(b"2", replaces=before)

    assert world.store.read() == Snapshot(b"2", version)


def test_a_write_that_lands_late_and_was_sent_again_is_written_once(world: World) -> None:
    world.place.fates["put state"].append(Fate.LATE)
    version = world.store.write(b"1", replaces=None)

    world.documents.land()

    assert world.store.read() == Snapshot(b"1", version)


def test_a_write_that_is_lost_three_times_is_told(world: World) -> None:
    world.place.fates["put state"].extend([Fate.LOST] * 3)

    assert failure(lambda: world.store.write(b"1", replaces=None)) == UNANSWERED
    assert world.stands is None


def test_a_write_that_cannot_be_looked_up_is_told(world: World) -> None:
    world.place.fates["put state"].append(Fate.UNTOLD)
    world.place.fates["get state"].append(Fate.REFUSED)

    assert failure(lambda: world.store.write(b"1", replaces=None)) == UNANSWERED


def test_a_lost_write_over_which_somebody_wrote_is_not_sent_again(world: World) -> None:
    first = world.store.write(b"1", replaces=None)
    world.place.fates["put state"].append(Fate.LOST)
    waits = iter([False, True])
    world.place.wait = lambda: next(waits, False) and world.another().write(b"2", replaces=first)

    assert failure(lambda: world.store.write(b"3", replaces=first)) == CHANGED
    assert (world.stands, world.place.calls.count("put state")) == (b"2", 2)


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
    world.place.fates["put state"].append(Fate.UNTOLD)

    version = world.store.write(b"1", replaces=None)

    assert world.store.read() == Snapshot(b"1", version)


def test_a_write_that_is_found_while_the_lock_cannot_be_read_is_told(world: World) -> None:
    world.store.lock("apply", timeout_seconds=0)
    world.place.fates["put state"].append(Fate.UNTOLD)
    world.place.fates["get lock"].append(Fate.REFUSED)

    assert failure(lambda: world.store.write(b"1", replaces=None)) == UNANSWERED


def test_a_write_that_is_refused_says_so_itself(world: World) -> None:
    world.place.fates["put state"].append(Fate.REFUSED)

    assert failure(lambda: world.store.write(b"1", replaces=None))[0] == "memory.refused"
    assert world.place.calls == ["put state"]


# The lock as others see it


def test_the_holder_is_told(world: World) -> None:
    assert world.store.holder() is None

    lease = world.store.lock("apply", timeout_seconds=0)

    assert world.another().holder() == lease.info
    lease.release()
    assert world.another().holder() is None


def test_a_lock_is_freed_by_its_id(world: World) -> None:
    lease = world.store.lock("apply", timeout_seconds=0)

    world.store.force_unlock(lease.info.lock_id)

    assert world.documents.standing[LOCK].document == FREE
    assert world.place.notes[-1] == "Free the lock of ann@ci by force"


def test_a_lock_that_is_renewed_meanwhile_is_freed_all_the_same(world: World) -> None:
    """Whoever frees it has named it; that it lives they were told."""
    lease = world.store.lock("apply", timeout_seconds=0)
    other = MemoryPlace(world.documents)

    def renew_before_the_first_write() -> None:
        if other.calls == ["get lock", "put lock"] and len(world.place.calls) == renewed:
            world.clock.advance(1)
            lease.renew()

    renewed = len(world.place.calls)
    other.wait = renew_before_the_first_write
    world.another(other).force_unlock(lease.info.lock_id)

    assert (world.documents.standing[LOCK].document, other.calls.count("put lock")) == (FREE, 2)


@pytest.mark.parametrize("fate", [Fate.UNTOLD, Fate.DISOWNED, Fate.LOST])
def test_a_lock_is_freed_although_an_answer_was_lost(fate: Fate, world: World) -> None:
    lease = world.store.lock("apply", timeout_seconds=0)
    world.place.fates["put lock"].append(fate)

    world.store.force_unlock(lease.info.lock_id)

    assert world.documents.standing[LOCK].document == FREE


def test_a_lock_that_cannot_be_freed_is_no_success(world: World) -> None:
    lease = world.store.lock("apply", timeout_seconds=0)
    world.place.fates["put lock"] += [Fate.LOST] * 3

    assert failure(lambda: world.store.force_unlock(lease.info.lock_id))[0] == "state.unanswered"
    assert world.store.holder() == lease.info


def test_a_lock_of_another_id_is_left_and_shown(world: World) -> None:
    held = world.store.lock("apply", timeout_seconds=0).info

    code, detail = failure(lambda: world.store.force_unlock("other"))

    assert code == "state.not-the-lock"
    assert detail.startswith(
        "memory was not touched; 'other' was named. It is held by another lock.\nLock Info:"
    )
    assert held.lock_id in detail
    assert world.store.holder() == held


@pytest.mark.parametrize("document", [None, FREE])
def test_a_lock_that_nobody_holds_cannot_be_freed(world: World, document: bytes | None) -> None:
    if document:
        world.documents.put(LOCK, "", document, None)

    assert failure(lambda: world.store.force_unlock("x")) == (
        "state.not-the-lock",
        "memory was not touched; 'x' was named. Nobody holds it.",
    )


# A takeover


def test_a_takeover_writes_the_state_before_anything_else(world: World) -> None:
    """Whoever held it before names a version that stands no more."""
    before = state(serial=4)
    version = world.store.write(state_document.encode(before), replaces=None)
    world.another().lock("apply", timeout_seconds=0)
    world.clock.advance(3600)

    with world.workspace().held("apply") as held:
        assert (held.state, held.version) == (before.written(), world.documents.standing[STATE].version)
        assert failure(lambda: world.another().write(b"late", replaces=version)) == CHANGED

    assert world.place.notes[-2:] == ["Take over from ann@ci, whose lock ran out", "Free the lock"]


def test_a_lock_that_was_free_leaves_the_state_as_it_is(world: World) -> None:
    version = world.store.write(state_document.encode(state(serial=4)), replaces=None)

    with world.workspace().held("apply") as held:
        assert (held.state, held.version) == (state(serial=4), version)


def test_a_takeover_without_a_state_has_nothing_to_write(world: World) -> None:
    world.another().lock("apply", timeout_seconds=0)
    world.clock.advance(3600)

    with world.workspace().held("apply") as held:
        assert held.version is None

    assert world.stands is None


def test_a_takeover_that_cannot_be_written_frees_the_lock(world: World) -> None:
    world.store.write(state_document.encode(state(serial=4)), replaces=None)
    world.another().lock("apply", timeout_seconds=0)
    world.clock.advance(3600)
    world.place.fates["put state"].append(Fate.REFUSED)

    with pytest.raises(StateError), world.workspace().held("apply"):
        raise AssertionError("it was held all the same")

    assert world.documents.standing[LOCK].document == FREE


@pytest.mark.parametrize("has_state", [True, False])
def test_a_state_that_was_read_after_the_lock_ran_out_is_not_written_over(
    world: World,
    has_state: bool,  # noqa: FBT001 - a case
) -> None:
    """Found by the simulator: frozen before it read, it would name the version of whoever took over."""
    if has_state:
        world.store.write(state_document.encode(state(serial=4)), replaces=None)
    workspace = world.workspace()
    world.place.wait = world.sleep_while_reading

    code, detail = failure(lambda: workspace.rewrite("state rm", lambda found: found))

    assert (code, world.stands is not None) == ("state.lease-lost", has_state)
    assert detail.startswith("It was not renewed while memory was read")
    assert "put state" not in world.place.calls[-4:]


def test_a_state_is_not_copied_over_one_that_was_read_after_the_lock_there_ran_out(world: World) -> None:
    """Another run may be at work there by then."""
    world.store.write(state_document.encode(state(serial=4)), replaces=None)
    workspace, there = world.workspace(), World(world.folder)
    there.place.wait = there.sleep_while_reading
    there.place.location = "elsewhere"
    workspace.store_at = lambda address: there.store  # type: ignore[method-assign]  # noqa: ARG005 - its name

    code, detail = failure(lambda: migrate.run(workspace, "elsewhere", lock_timeout_seconds=0))

    assert (code, there.stands) == ("state.lease-lost", None)
    assert detail.startswith("It was not renewed while elsewhere was read")


def test_what_is_only_written_down_says_what_it_is(world: World) -> None:
    before = state(serial=4, meetings={"retro": record(1)})
    world.store.write(state_document.encode(before), replaces=None)
    workspace = world.workspace()

    with workspace.held("apply") as held:
        apply_command._record(workspace, held, held.state.forget("retro"))  # noqa: SLF001 - where nothing is sent

    assert world.place.notes[-2] == "Forget retro"
