"""The state in a file: complete writes, one process with the lock, and errors of the disk."""

from __future__ import annotations

import errno
import json
import os
import resource
import signal
import subprocess
import sys
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
    from collections.abc import Callable, Iterator

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


def options(folder: Path, wait: Callable[[float], None] = lambda _seconds: None) -> StoreOptions:
    return StoreOptions(folder, "bob@desk", ManualClock(), wait=wait)


def store_in(folder: Path, name: str = NAME) -> FileStore:
    return FileStore(folder / name, options(folder))


def file_names(folder: Path) -> list[str]:
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


def test_a_missing_file_is_no_state(tmp_path: Path) -> None:
    assert (store_in(tmp_path).read(), file_names(tmp_path)) == (None, [])


def test_what_was_written_is_read(tmp_path: Path) -> None:
    store = store_in(tmp_path)

    version = store.write(b"one\n", replaces=None)

    assert store.read() == Snapshot(b"one\n", version)


def test_the_backup_is_the_previous_document(tmp_path: Path) -> None:
    store = store_in(tmp_path)
    version = store.write(b"one\n", replaces=None)
    version = store.write(b"two\n", replaces=version)
    store.write(b"three\n", replaces=version)

    assert {name: (tmp_path / name).read_bytes() for name in file_names(tmp_path)} == {
        "s.json": b"three\n",
        "s.json.backup": b"two\n",
    }


def test_only_the_owner_may_read(tmp_path: Path) -> None:
    """With any umask, and even if the old file was readable by all (as after a git checkout)."""
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


def test_a_write_is_durable_before_it_is_visible(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The bytes reach the disk, then the name changes, then the name's change reaches the disk."""
    store, steps = store_in(tmp_path), []
    version = store.write(b"one\n", replaces=None)

    def record_sync(descriptor: int) -> None:
        path = Path(f"/proc/self/fd/{descriptor}").resolve().relative_to(tmp_path)
        steps.append((str(path), (tmp_path / NAME).read_bytes()))

    monkeypatch.setattr(os, "fsync", record_sync)
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


def test_a_missing_folder_is_created(tmp_path: Path) -> None:
    store = store_in(tmp_path, "deep/down/s.json")

    store.lock("apply", timeout_seconds=0).release()
    store.write(b"one\n", replaces=None)

    assert (tmp_path / "deep/down/s.json").read_bytes() == b"one\n"


@pytest.mark.parametrize("suffix", ["", ".tmp", ".backup", ".backup.tmp", ".lock", ".lock.info"])
def test_nothing_is_written_through_a_link(suffix: str, tmp_path: Path) -> None:
    """A checkout can hold one under each name, and it may lead anywhere."""
    victim = tmp_path / "victim"
    victim.write_text("kept")
    work = tmp_path / "work"
    work.mkdir()
    (work / (NAME + suffix)).symlink_to(victim)
    store = store_in(work)

    for call in (
        lambda: store.lock("apply", timeout_seconds=0),
        lambda: store.write(b"one\n", replaces=None),
    ):
        with pytest.raises(StateError, match="it is a link, and nothing is written through links"):
            call()
    assert (victim.read_text(), [path.name for path in work.iterdir()]) == ("kept", [NAME + suffix])


def test_no_folder_is_reached_through_a_link(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "work").mkdir()
    (tmp_path / "work/deep").symlink_to(tmp_path / "elsewhere")
    store = store_in(tmp_path / "work", f"deep/{NAME}")

    with pytest.raises(StateError, match="in its path, deep: it is a link"):
        store.lock("apply", timeout_seconds=0)
    with pytest.raises(StateError, match="in its path, deep: it is a link"):
        store.read()
    assert list((tmp_path / "elsewhere").iterdir()) == []


def test_a_file_system_without_links_keeps_a_backup_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(*_: object, **__: object) -> None:
        raise OSError(errno.EPERM, os.strerror(errno.EPERM))

    monkeypatch.setattr(os, "link", refused)
    store = store_in(tmp_path)
    store.write(b"two\n", replaces=store.write(b"one\n", replaces=None))

    assert (tmp_path / "s.json.backup").read_bytes() == b"one\n"


def test_a_full_disk_leaves_the_state(tmp_path: Path) -> None:
    """No partial document and no temporary file stay behind."""
    store = store_in(tmp_path)
    version = store.write(b"one\n", replaces=None)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, hard))
    try:
        with pytest.raises(StateError) as caught:
            store.write(b"x" * 2000, replaces=version)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))

    diagnostic = caught.value.diagnostic
    assert (diagnostic.code, file_names(tmp_path)) == ("state.io", [NAME])
    assert diagnostic.detail == (
        f"{tmp_path / NAME} could not be written: File too large. "
        "No part of the state was lost, and nothing more is sent."
    )
    assert store.read() == Snapshot(b"one\n", version)


@pytest.mark.parametrize(
    ("touch", "failure"),
    [
        (lambda store: store.read(), "could not be read: Not a directory"),
        (lambda store: store.write(b"", replaces=None), "could not be written: Not a directory"),
        (lambda store: store.lock("apply", timeout_seconds=0), "could not be locked: Not a directory"),
    ],
    ids=["read", "write", "lock"],
)
def test_a_path_that_cannot_be_used_is_reported(touch: object, failure: str, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    store = store_in(tmp_path, "file/s.json")
    assert callable(touch)

    with pytest.raises(StateError) as caught:
        touch(store)

    assert (caught.value.diagnostic.code, caught.value.diagnostic.detail) == (
        "state.io",
        f"{tmp_path / 'file/s.json'} {failure}. No part of the state was lost, and nothing more is sent.",
    )


def test_a_folder_at_the_path_is_reported(tmp_path: Path) -> None:
    (tmp_path / NAME).mkdir()

    with pytest.raises(StateError) as caught:
        store_in(tmp_path).read()

    diagnostic = caught.value.diagnostic
    assert "s.json could not be read: Is a directory." in diagnostic.detail
    file = tmp_path / NAME / "reconciler.state.json"
    assert diagnostic.hint == f"It is a folder. Name a file, such as `--state {file}`."


def test_a_held_lock_is_shown_to_others(tmp_path: Path) -> None:
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


def test_a_released_lock_can_be_taken_again(tmp_path: Path) -> None:
    store = store_in(tmp_path)
    first = store.lock("apply", timeout_seconds=0)
    first.release()
    second = store.lock("state rm", timeout_seconds=0)

    assert (store.holder(), second.seconds_left()) == (second.info, float("inf"))
    second.release()
    assert (store.holder(), file_names(tmp_path)) == (None, ["s.json.lock"])


def test_another_process_is_shown_as_the_holder(tmp_path: Path) -> None:
    with held_elsewhere(tmp_path / NAME) as (_, lock_id):
        holder = store_in(tmp_path).holder()

    assert holder
    assert (holder.lock_id, holder.who, holder.operation) == (lock_id, "ann@laptop", "apply")
    assert abs(holder.created_at - datetime.now(UTC)).total_seconds() < 60


def test_a_killed_holder_frees_the_lock(tmp_path: Path) -> None:
    """Its `.lock.info` is ignored from then on."""
    store = store_in(tmp_path)
    with held_elsewhere(tmp_path / NAME) as (holder, _):
        os.kill(holder.pid, signal.SIGKILL)
        holder.wait()
    left, shown = file_names(tmp_path), store.holder()

    lease = store.lock("apply", timeout_seconds=0)

    assert (left, shown, store.holder()) == (["s.json.lock", "s.json.lock.info"], None, lease.info)
    lease.release()


def test_a_lock_is_waited_for_until_the_timeout(tmp_path: Path) -> None:
    pauses: list[float] = []
    with held_elsewhere(tmp_path / NAME):
        store = FileStore(tmp_path / NAME, options(tmp_path, pauses.append))
        with pytest.raises(StateLockedError, match=r"is locked\. Nothing was sent\."):
            store.lock("apply", timeout_seconds=0.12)

    assert pauses == pytest.approx([0.05, 0.05, 0.02])


def test_a_lock_that_is_freed_meanwhile_is_taken(tmp_path: Path) -> None:
    with held_elsewhere(tmp_path / NAME) as (holder, _):

        def end_the_holder(_seconds: float) -> None:
            holder.kill()
            holder.wait()

        lease = FileStore(tmp_path / NAME, options(tmp_path, end_the_holder)).lock("apply", timeout_seconds=1)

    assert store_in(tmp_path).holder() == lease.info
    lease.release()


@pytest.mark.parametrize("document", [b"", b"{}", b"[]", b'{"ID": 1}', b"\xff", None])
def test_a_holder_without_lock_info_is_unknown(document: bytes | None, tmp_path: Path) -> None:
    store = store_in(tmp_path)
    lease = store.lock("apply", timeout_seconds=0)
    info = tmp_path / "s.json.lock.info"
    info.unlink() if document is None else info.write_bytes(document)

    with pytest.raises(StateLockedError) as caught:
        store.lock("apply", timeout_seconds=0)

    shown = store.holder()
    lease.release()
    unknown = LockInfo("unknown", "unknown", "another process", ManualClock().now())
    assert (shown, "Lock Info" in caught.value.diagnostic.detail) == (unknown, False)


def test_a_lock_cannot_be_freed_by_force(tmp_path: Path) -> None:
    """The operating system frees it when its process ends."""
    with pytest.raises(StateError) as caught:
        store_in(tmp_path).force_unlock("some-id")

    assert caught.value.diagnostic.code == "state.cannot-unlock"


@pytest.mark.parametrize("address", ["s.json", "file:s.json", "./s.json", "/{folder}/s.json"])
def test_a_path_is_a_file(address: str, tmp_path: Path) -> None:
    store: Store = open_store(address.format(folder=tmp_path), options(tmp_path))

    store.write(b"{}\n", replaces=None)

    assert (tmp_path / NAME).read_bytes() == b"{}\n"


def test_an_unknown_kind_of_store_is_reported(tmp_path: Path) -> None:
    with pytest.raises(SettingsError) as caught:
        open_store("ftp://user:hunter2@acme/s.json", options(tmp_path))

    assert caught.value.diagnostic.detail == "It begins with `ftp:`."


def test_the_lock_info_has_the_time_of_the_lock(tmp_path: Path) -> None:
    lease = store_in(tmp_path).lock("apply", timeout_seconds=0)
    fields = json.loads((tmp_path / "s.json.lock.info").read_bytes())
    lease.release()

    assert lease.info == LockInfo(fields["ID"], "apply", "bob@desk", datetime(2026, 12, 1, 9, tzinfo=UTC))


def test_a_pipe_is_no_state(tmp_path: Path) -> None:
    """Reading one could block for ever."""
    os.mkfifo(tmp_path / NAME)

    with pytest.raises(StateError, match="it is a device, a pipe or a socket"):
        store_in(tmp_path).read()


def test_a_folder_that_becomes_a_link_during_the_write_is_not_followed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody else on the machine may exchange the folder between the check and the write."""
    outside, inside = tmp_path / "outside", tmp_path / "work" / "states"
    outside.mkdir()
    inside.mkdir(parents=True)
    (outside / "s.json").write_text("theirs")
    (outside / "s.json.tmp").write_text("prepared")
    sync = os.fsync

    def exchange(descriptor: int) -> None:
        sync(descriptor)
        if not inside.is_symlink():
            inside.rename(tmp_path / "moved")
            inside.symlink_to(outside)

    monkeypatch.setattr(os, "fsync", exchange)
    store = FileStore(inside / "s.json", options(tmp_path / "work"))

    with pytest.raises(StateError) as caught:
        store.write(b"ours", replaces=None)

    assert (caught.value.diagnostic.code, (outside / "s.json").read_text()) == ("state.io", "theirs")
