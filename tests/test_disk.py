"""Writing in folders that another process exchanges for links, at each instant at which it could."""

from __future__ import annotations

import errno
import gc
import os
from contextlib import suppress
from typing import TYPE_CHECKING

import pytest
from manual_clock import ManualClock

from reconciler import disk
from reconciler.cli import reporting
from reconciler.cli.commands.init import command as init
from reconciler.errors.exceptions import ReconcilerError
from reconciler.sandbox import storage
from reconciler.stores.file import FileStore
from reconciler.stores.options import StoreOptions

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path


SYSTEM_CALLS = ("open", "fsync", "replace", "unlink", "link", "mkdir", "stat", "fstat")
ENDS_MAX = 60
"""More calls than any of the writes makes."""


class Exchange:
    """Somebody who puts a link in the place of a folder just before one call of the system."""

    def __init__(self, folder: Path, outside: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.folder, self.outside = folder, outside
        self.calls_left = 0
        self.is_done = False
        for name in SYSTEM_CALLS:
            monkeypatch.setattr(os, name, self._counting(getattr(os, name)))

    def _counting(self, call: Callable[..., object]) -> Callable[..., object]:
        def counting(*arguments: object, **options: object) -> object:
            if self.calls_left == 1:
                self.calls_left = 0
                self.folder.rename(self.folder.with_name("moved"))
                self.folder.symlink_to(self.outside)
                self.is_done = True
            elif self.calls_left:
                self.calls_left -= 1
            return call(*arguments, **options)

        return counting


def state(folder: Path) -> None:
    options = StoreOptions(folder, "ann@laptop", ManualClock(), wait=lambda _seconds: None)
    store = FileStore(folder / "inner" / "s.json", options)
    snapshot = store.read()
    lease = store.lock("apply", timeout_seconds=0)
    try:
        store.write(b"ours", replaces=snapshot.version if snapshot else None)
    finally:
        lease.release()


def writable(folder: Path) -> None:
    options = StoreOptions(folder, "ann@laptop", ManualClock(), wait=lambda _seconds: None)
    FileStore(folder / "inner" / "s.json", options).check_writable()


def output(folder: Path) -> None:
    reporting.write_private_file(folder / "inner" / "s.json", "ours")


def formatted(folder: Path) -> None:
    reporting.replace_file(folder / "inner" / "s.json", b"ours")


def imported(folder: Path) -> None:
    disk.create_file(folder / "inner" / "new.yaml", b"ours")


def first_files(folder: Path) -> None:
    init.write_files(folder, {"inner/new.yaml": "ours", "inner/deep/other.yaml": "ours"})


def ignored(folder: Path) -> None:
    init.add_to_gitignore(folder / "inner")


def account(folder: Path) -> None:
    storage.replace_file(folder / "inner" / "s.json", b"ours")


WRITES = (state, writable, output, formatted, imported, first_files, ignored, account)


def world(tmp_path: Path, number: int) -> tuple[Path, Path, dict[str, str]]:
    """A working folder, a folder outside of it that has files of the same names, and those."""
    outside, work = tmp_path / str(number) / "outside", tmp_path / str(number) / "work"
    names = ("s.json", "s.json.backup", "s.json.lock", "s.json.lock.info", "s.json.tmp", ".s.json.tmp")
    outside.mkdir(parents=True)
    (work / "inner").mkdir(parents=True)
    for name in (*names, ".gitignore"):
        (outside / name).write_text("theirs")
    (work / "inner" / "s.json").write_text("before")
    (work / "inner" / ".gitignore").write_text("before\n")
    return work, outside, contents(outside)


def contents(folder: Path) -> dict[str, str]:
    return {str(path): path.read_text() for path in folder.rglob("*") if path.is_file()}


def instants(write: Callable[[Path], None], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Run a write with the exchange before its first, second, third … call, until it has no more calls.

    Yield what is found outside of the working folder and was not there before.
    """
    for number in range(1, ENDS_MAX):
        work, outside, before = world(tmp_path, number)
        with monkeypatch.context() as patch:
            exchange = Exchange(work / "inner", outside, patch)
            patch.chdir(work)
            exchange.calls_left = number
            with suppress(OSError, ReconcilerError):
                write(work)
            exchange.calls_left = 0
        if not exchange.is_done:
            return
        yield from (f"call {number}: {name}" for name in contents(outside).items() ^ before.items())
    pytest.fail(f"more than {ENDS_MAX} calls")


@pytest.mark.parametrize("write", WRITES)
def test_a_folder_that_becomes_a_link_leads_no_write_elsewhere(
    write: Callable[[Path], None], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gc.collect()  # else it may close, in the middle, what another test left
    open_before = len(os.listdir("/proc/self/fd"))  # noqa: PTH208 - the names of descriptors

    assert list(instants(write, tmp_path, monkeypatch)) == []
    assert len(os.listdir("/proc/self/fd")) == open_before  # noqa: PTH208 - the same


def test_the_exchange_finds_a_write_that_follows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A write by the path alone is found, whatever it checked before."""

    def follows(folder: Path) -> None:
        if (folder / "inner").is_symlink():
            raise OSError
        (folder / "inner" / "s.json.tmp").write_text("ours")
        os.replace(folder / "inner" / "s.json.tmp", folder / "inner" / "s.json")  # noqa: PTH105 - it is counted

    assert len(list(instants(follows, tmp_path, monkeypatch))) > 0


@pytest.mark.parametrize("write", WRITES)
def test_each_of_them_writes_where_nobody_interferes(
    write: Callable[[Path], None], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    work, _, _ = world(tmp_path, 0)
    monkeypatch.chdir(work)
    before = contents(work)

    write(work)

    assert (contents(work) == before) is (write is writable)


def test_gitignore_is_written_through_no_link(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A checkout may have it as a link to the startup file of a shell."""
    victim, work = tmp_path / "profile", tmp_path / "work"
    victim.write_text("theirs")
    work.mkdir()
    (work / ".gitignore").symlink_to(victim)
    monkeypatch.chdir(work)

    with pytest.raises(ReconcilerError, match="it is a link, and nothing is written through links"):
        init.add_to_gitignore(work)

    assert (victim.read_text(), (work / ".gitignore").is_symlink()) == ("theirs", True)


def test_gitignore_is_no_pipe(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Reading one would never end."""
    os.mkfifo(tmp_path / ".gitignore")
    monkeypatch.chdir(tmp_path)

    with pytest.raises(ReconcilerError, match="it is a device, a pipe or a socket"):
        init.add_to_gitignore(tmp_path)


def test_a_pipe_is_not_replaced_by_a_file(tmp_path: Path) -> None:
    """`plan --out /dev/null`, run as root, would leave a machine without its null device."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)

    for write in (reporting.write_private_file, reporting.write_public_file):
        with pytest.raises(ReconcilerError, match="it is a device, a pipe or a socket"):
            write(pipe, "text")

    assert (pipe.is_fifo(), list(tmp_path.iterdir())) == (True, [pipe])


def test_what_leads_to_the_working_folder_may_have_links(tmp_path: Path) -> None:
    """As `/tmp` on macOS, and a home folder on another disk."""
    (tmp_path / "real" / "work").mkdir(parents=True)
    (tmp_path / "link").symlink_to("real")

    with disk.open_folder(tmp_path / "link/work/a/b", below=tmp_path / "link/work", create=True) as folder:
        folder.create("file", b"ours")

    assert (tmp_path / "real/work/a/b/file").read_bytes() == b"ours"


def test_half_a_file_does_not_stay(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Else the next try finds a file of that name."""

    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        disk.create_file(tmp_path / "meetings.yaml", b"version: 1\n")

    assert list(tmp_path.iterdir()) == []
