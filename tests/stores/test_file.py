"""The state in a file: whole or not at all, held by one process, never taken for what it is not."""

from __future__ import annotations

import errno
import json
import os
import resource
import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from manual_clock import ManualClock

from reconciler.errors.diagnostic import Exit
from reconciler.errors.exceptions import SettingsError, StateError, StateLockedError
from reconciler.ports import LockInfo, Snapshot
from reconciler.stores.file import FileStore
from reconciler.stores.open import open_store
from reconciler.stores.options import StoreOptions

if TYPE_CHECKING:
    from collections.abc import Iterator

    from reconciler.ports import Store

NAME = "s.json"

HOLDER = """
import sys
from datetime import UTC, datetime
from pathlib import Path
from reconciler.cli.clock import SystemClock
from reconciler.stores.open import open_store
from reconciler.stores.options import StoreOptions

clock = SystemClock()
store = open_store(sys.argv[1], StoreOptions(Path(), "ann@laptop", clock, clock.wait))
lease = store.lock("apply", timeout_seconds=0)
print(lease.info.lock_id, flush=True)
sys.stdin.readline()
lease.release()
"""


def surroundings(folder: Path) -> StoreOptions:
    return StoreOptions(folder, "bob@desk", ManualClock(), wait=lambda _seconds: None)


def store_in(folder: Path, name: str = NAME) -> FileStore:
    return FileStore(folder / name, surroundings(folder))


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


@contextmanager
def held_elsewhere(path: Path) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """Another process that holds the lock, and the lock's id."""
    command = [sys.executable, "-c", HOLDER, str(path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout
        try:
            yield holder, holder.stdout.readline().strip()
        finally:
            holder.kill()


def test_nothing_was_ever_written(tmp_path: Path) -> None:
    assert (store_in(tmp_path).read(), names(tmp_path)) == (None, [])


def test_what_was_written_is_read(tmp_path: Path) -> None:
    store = store_in(tmp_path)

    version = store.write(b"one\n", replaces=None)

    assert store.read() == Snapshot(b"one\n", version)


def test_the_backup_is_the_document_before(tmp_path: Path) -> None:
    store = store_in(tmp_path)
    version = store.write(b"one\n", replaces=None)
    version = store.write(b"two\n", replaces=version)
    store.write(b"three\n", replaces=version)

    assert {name: (tmp_path / name).read_bytes() for name in names(tmp_path)} == {
        "s.json": b"three\n",
        "s.json.backup": b"two\n",
    }


def test_only_the_owner_may_look(tmp_path: Path) -> None:
    """Whatever the umask, and however open the file was that stood there (as after a git checkout)."""
    (tmp_path / NAME).write_bytes(b"one\n")
    (tmp_path / NAME).chmod(0o644)
    store, before = store_in(tmp_path), os.umask(0)
    try:
        snapshot = store.read()
        assert snapshot
        store.write(b"two\n", replaces=snapshot.version)
        lease = store.lock("apply", timeout_seconds=0)
    finally:
        os.umask(before)

    modes = {name: (tmp_path / name).stat().st_mode & 0o777 for name in (NAME, f"{NAME}.lock")}
    lease.release()
    assert modes == {NAME: 0o600, f"{NAME}.lock": 0o600}


def test_a_write_is_durable_before_it_counts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The bytes reach the disk, then the name changes, then the name's change reaches the disk."""
    store, steps = store_in(tmp_path), []
    version = store.write(b"one\n", replaces=None)

    def synced(descriptor: int) -> None:
        shown = Path(f"/proc/self/fd/{descriptor}").resolve().relative_to(tmp_path)
        steps.append((str(shown), (tmp_path / NAME).read_bytes()))

    monkeypatch.setattr(os, "fsync", synced)
    store.write(b"two\n", replaces=version)

    assert steps == [("s.json.tmp", b"one\n"), (".", b"two\n")]


@pytest.mark.parametrize("change", ["edited", "replaced", "deleted", "made"])
def test_a_state_that_somebody_else_changed_is_not_overwritten(change: str, tmp_path: Path) -> None:
    """Compare-and-swap: a write names the version that it replaces."""
    store, path = store_in(tmp_path), tmp_path / NAME
    version = None if change == "made" else store.write(b"one\n", replaces=None)
    if change == "edited":
        with path.open("ab") as file:
            file.write(b"more\n")
    elif change == "deleted":
        path.unlink()
    else:
        (tmp_path / "other").write_bytes(b"one\n")
        (tmp_path / "other").replace(path)
    before = path.read_bytes() if path.exists() else None

    with pytest.raises(StateError) as caught:
        store.write(b"two\n", replaces=version)

    after = path.read_bytes() if path.exists() else None
    assert (caught.value.diagnostic.code, after) == ("state.changed", before)


def test_a_folder_that_is_missing_is_made(tmp_path: Path) -> None:
    store = store_in(tmp_path, "deep/down/s.json")

    store.lock("apply", timeout_seconds=0).release()
    store.write(b"one\n", replaces=None)

    assert (tmp_path / "deep/down/s.json").read_bytes() == b"one\n"


def test_a_link_to_a_state_stays_a_link(tmp_path: Path) -> None:
    """What is written is the file behind it, and both names share one lock."""
    (tmp_path / "real").mkdir()
    (tmp_path / NAME).symlink_to("real/state.json")
    linked, real = store_in(tmp_path), store_in(tmp_path / "real", "state.json")
    linked.write(b"one\n", replaces=None)
    lease = linked.lock("apply", timeout_seconds=0)

    with pytest.raises(StateLockedError):
        real.lock("apply", timeout_seconds=0)

    lease.release()
    assert ((tmp_path / NAME).is_symlink(), (tmp_path / "real/state.json").read_bytes()) == (True, b"one\n")


def test_a_file_system_without_links_keeps_a_backup_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(*_: object) -> None:
        raise OSError(errno.EPERM, os.strerror(errno.EPERM))

    monkeypatch.setattr(os, "link", refused)
    store = store_in(tmp_path)
    store.write(b"two\n", replaces=store.write(b"one\n", replaces=None))

    assert (tmp_path / "s.json.backup").read_bytes() == b"one\n"


def test_a_full_disk_leaves_what_was_there(tmp_path: Path) -> None:
    """No half document, no litter, and the next write is as good as ever."""
    store = store_in(tmp_path)
    version = store.write(b"one\n", replaces=None)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, hard))
    try:
        with pytest.raises(StateError) as caught:
            store.write(b"x" * 2000, replaces=version)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))

    told = caught.value.diagnostic
    assert (told.code, names(tmp_path)) == ("state.io", [NAME])
    assert told.detail == (
        f"{tmp_path / NAME} could not be written: File too large. "
        "What stands there is whole, and nothing more is sent."
    )
    assert store.read() == Snapshot(b"one\n", version)


@pytest.mark.parametrize(
    ("touch", "failure"),
    [
        (lambda store: store.read(), "could not be read: Not a directory"),
        (lambda store: store.write(b"", replaces=None), "could not be written: Not a directory"),
        (lambda store: store.lock("apply", timeout_seconds=0), "could not be locked: File exists"),
    ],
    ids=["read", "write", "lock"],
)
def test_a_place_that_cannot_be_used_is_told(touch: object, failure: str, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    store = store_in(tmp_path, "file/s.json")
    assert callable(touch)

    with pytest.raises(StateError) as caught:
        touch(store)

    assert (caught.value.diagnostic.code, caught.value.diagnostic.detail) == (
        "state.io",
        f"{tmp_path / 'file/s.json'} {failure}. What stands there is whole, and nothing more is sent.",
    )


def test_a_folder_in_the_place_of_the_state_is_told(tmp_path: Path) -> None:
    (tmp_path / NAME).mkdir()

    with pytest.raises(StateError) as caught:
        store_in(tmp_path).read()

    assert "s.json could not be read: Is a directory." in caught.value.diagnostic.detail


def test_a_lock_is_held_by_one_and_told_to_others(tmp_path: Path) -> None:
    store = store_in(tmp_path)
    lease = store.lock("apply", timeout_seconds=0)

    with pytest.raises(StateLockedError) as caught:
        store_in(tmp_path).lock("apply", timeout_seconds=0)

    lease.release()
    assert caught.value.exit_status is Exit.LOCKED
    assert caught.value.diagnostic.detail.splitlines() == [
        f"{tmp_path / NAME} is locked. Nothing was sent.",
        "Lock Info:",
        f"  ID:        {lease.info.lock_id}",
        "  Who:       bob@desk",
        "  Operation: apply",
        "  Created:   2026-12-01 09:00:00 UTC",
    ]


def test_a_released_lock_can_be_had_again(tmp_path: Path) -> None:
    store = store_in(tmp_path)
    first = store.lock("apply", timeout_seconds=0)
    first.release()
    second = store.lock("state rm", timeout_seconds=0)

    assert (store.holder(), second.seconds_left()) == (second.info, float("inf"))
    second.release()
    assert (store.holder(), names(tmp_path)) == (None, ["s.json.lock"])


def test_another_process_is_shown_as_the_holder(tmp_path: Path) -> None:
    with held_elsewhere(tmp_path / NAME) as (_, lock_id):
        holder = store_in(tmp_path).holder()

    assert holder
    assert (holder.lock_id, holder.who, holder.operation) == (lock_id, "ann@laptop", "apply")
    assert abs(holder.created_at - datetime.now(UTC)).total_seconds() < 60


def test_a_killed_holder_frees_the_lock(tmp_path: Path) -> None:
    """And what it told of itself is not believed any more."""
    store = store_in(tmp_path)
    with held_elsewhere(tmp_path / NAME) as (holder, _):
        os.kill(holder.pid, signal.SIGKILL)
        holder.wait()
    left, shown = names(tmp_path), store.holder()

    lease = store.lock("apply", timeout_seconds=0)

    assert (left, shown, store.holder()) == (["s.json.lock", "s.json.lock.info"], None, lease.info)
    lease.release()


def test_a_lock_is_waited_for_as_long_as_asked(tmp_path: Path) -> None:
    with held_elsewhere(tmp_path / NAME) as (holder, _):
        began = time.monotonic()
        with pytest.raises(StateLockedError, match=r"is locked\. Nothing was sent\."):
            store_in(tmp_path).lock("apply", timeout_seconds=0.2)
        waited = time.monotonic() - began
        assert holder.stdin
        holder.stdin.write("\n")
        holder.stdin.flush()
        lease = store_in(tmp_path).lock("apply", timeout_seconds=30)

    lease.release()
    assert 0.2 <= waited < 5


@pytest.mark.parametrize("told", [b"", b"{}", b"[]", b'{"ID": 1}', b"\xff", None])
def test_a_holder_that_did_not_tell_is_nobody_known(told: bytes | None, tmp_path: Path) -> None:
    store = store_in(tmp_path)
    lease = store.lock("apply", timeout_seconds=0)
    info = tmp_path / "s.json.lock.info"
    info.unlink() if told is None else info.write_bytes(told)

    with pytest.raises(StateLockedError) as caught:
        store.lock("apply", timeout_seconds=0)

    shown = store.holder()
    lease.release()
    unknown = LockInfo("unknown", "unknown", "another process", ManualClock().now())
    assert (shown, "Lock Info" in caught.value.diagnostic.detail) == (unknown, False)


def test_a_lock_cannot_be_taken_by_force(tmp_path: Path) -> None:
    """The system frees it with its process, so nobody ever has to."""
    with pytest.raises(StateError) as caught:
        store_in(tmp_path).force_unlock("some-id")

    assert caught.value.diagnostic.code == "state.cannot-unlock"


@pytest.mark.parametrize("address", ["s.json", "file:s.json", "./s.json", "/{folder}/s.json"])
def test_a_path_is_a_file(address: str, tmp_path: Path) -> None:
    store: Store = open_store(address.format(folder=tmp_path), surroundings(tmp_path))

    store.write(b"{}\n", replaces=None)

    assert (tmp_path / NAME).read_bytes() == b"{}\n"


def test_a_store_of_no_known_kind_is_told(tmp_path: Path) -> None:
    with pytest.raises(SettingsError) as caught:
        open_store("ftp://user:hunter2@acme/s.json", surroundings(tmp_path))

    assert caught.value.diagnostic.detail == "It begins with `ftp:`."


def test_a_lock_tells_when_it_was_taken(tmp_path: Path) -> None:
    lease = store_in(tmp_path).lock("apply", timeout_seconds=0)
    told = json.loads((tmp_path / "s.json.lock.info").read_bytes())
    lease.release()

    assert lease.info == LockInfo(told["ID"], "apply", "bob@desk", datetime(2026, 12, 1, 9, tzinfo=UTC))
