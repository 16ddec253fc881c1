"""The state in a local file, written completely or not at all, under a lock of the operating system.

A process that dies frees its lock. The file `.lock.info` next to the state only shows others who
holds the lock; nothing depends on it.
"""

from __future__ import annotations

import errno
import os
from contextlib import suppress
from dataclasses import dataclass
from math import inf
from typing import TYPE_CHECKING

from reconciler.errors.exceptions import SettingsError, StateError, StateLockedError
from reconciler.errors.text import shown_name
from reconciler.ports import LockInfo, Snapshot
from reconciler.stores import errors, links
from reconciler.stores import lock as locks

if TYPE_CHECKING:
    from pathlib import Path

    from filelock import BaseFileLock

    from reconciler.stores.options import StoreOptions


_SUFFIXES = ("", ".tmp", ".backup", ".backup.tmp", ".lock", ".lock.info")

GATHER_SECONDS = 0.05
"""Twenty writes a second are enough for any pace."""


def open_file(address: str, options: StoreOptions) -> FileStore:
    """Return the store at a path, or at `file:PATH`. Raises `SettingsError` for a path without a name."""
    path = options.folder / address.removeprefix("file:")
    if not path.name:
        raise SettingsError.of(
            "state.bad-address",
            detail=f"{path} is a folder. Nothing was sent.",
            hint="Write the path of a file, such as reconciler.state.json.",
        )
    return FileStore(path, options)


@dataclass(slots=True)
class FileLease:
    """A held file lock. It never expires; the operating system frees it when the process ends."""

    info: LockInfo
    _lock: BaseFileLock
    _info_path: Path

    @property
    def taken_from(self) -> LockInfo | None:
        """None: a file lock is never taken over."""
        return None

    @property
    def renew_seconds(self) -> float:
        """Infinite: it needs no renewal."""
        return inf

    def seconds_left(self) -> float:
        """Return infinity: nobody can take the lock over while this process lives."""
        return inf

    def renew(self) -> None:
        """Do nothing: a file lock does not expire."""

    def release(self) -> None:
        """Free the lock."""
        with suppress(OSError):  # only others read it
            self._info_path.unlink(missing_ok=True)
        self._lock.release()


class FileStore:
    """A `ports.Store` in one file, with `.backup`, `.lock` and `.lock.info` next to it."""

    def __init__(self, path: Path, options: StoreOptions) -> None:
        self._path = path
        self._location = shown_name(str(path))
        self._options = options

    @property
    def location(self) -> str:
        """The path as it was given."""
        return self._location

    @property
    def gather_seconds(self) -> float:
        """Short, since a local write is fast."""
        return GATHER_SECONDS

    @property
    def backup_location(self) -> str:
        """The path at which a write keeps the document that it replaces."""
        return shown_name(str(self._sibling(".backup")))

    @property
    def files(self) -> tuple[Path, ...]:
        """The document, and the files next to it that have its name and a suffix."""
        return tuple(self._sibling(suffix) for suffix in _SUFFIXES)

    def read(self) -> Snapshot | None:
        """Return the document and its version; None if there is no file."""
        try:
            links.refuse_link(self._path, below=self._options.folder)
            _refuse_device(self._path)
            with self._path.open("rb") as file:
                return Snapshot(file.read(), _version(os.fstat(file.fileno())))
        except FileNotFoundError:
            return None
        except OSError as error:
            raise self._io_error("read", error) from error

    def write(self, document: bytes, *, replaces: str | None, note: str = "") -> str:
        """Replace version `replaces` by `document`, durably, and keep the old document as `.backup`."""
        del note  # a file has no history
        temporary = self._sibling(".tmp")  # one writer at a time: the lock is held
        try:
            self._refuse_links()
        except OSError as error:
            raise self._io_error("written", error) from error
        try:
            self._check_version(replaces)
            self._path.parent.mkdir(parents=True, exist_ok=True)
            _write_durably(temporary, document)
            if replaces is not None:
                self._keep_backup()
            self._refuse_links()  # again: its folder may have become a link in the meantime
            temporary.replace(self._path)
            _sync_folder(self._path.parent)
            return _version(self._path.stat())
        except OSError as error:
            with suppress(OSError):
                temporary.unlink(missing_ok=True)
            raise self._io_error("written", error) from error

    def check_writable(self) -> None:
        """Write a file where a write would, and delete it. Raises `StateError` as a write does."""
        import tempfile  # noqa: PLC0415 - only for a check

        folder = next(each for each in self._path.absolute().parents if each.exists())
        try:
            self._refuse_links()
            with tempfile.NamedTemporaryFile(dir=folder, prefix=".reconciler-"):
                pass
        except OSError as error:
            raise self._io_error("written", error) from error

    def lock(self, operation: str, *, timeout_seconds: float) -> FileLease:
        """Lock the file; wait up to `timeout_seconds` for its holder."""
        from filelock import FileLock, Timeout  # noqa: PLC0415 - only for a lock

        lock = FileLock(self._sibling(".lock"), mode=links.PRIVATE)
        try:
            self._refuse_links()
            self._path.parent.mkdir(parents=True, exist_ok=True)
            lock.acquire(timeout=timeout_seconds)
        except Timeout as error:
            raise self._locked_error(operation, timeout_seconds) from error
        except OSError as error:
            raise self._io_error("locked", error) from error
        info = locks.new_lock(operation, self._options)
        info_path = self._sibling(".lock.info")
        with suppress(OSError):  # only others read it; the lock itself is held
            _write_durably(info_path, locks.encode(info))
        return FileLease(info, lock, info_path)

    def holder(self) -> LockInfo | None:
        """Return the holder as its `.lock.info` describes it; None if the file is not locked."""
        from filelock import FileLock, Timeout  # noqa: PLC0415 - only for a lock

        if not self._sibling(".lock").exists():
            return None
        try:
            links.refuse_link(self._sibling(".lock"), below=self._options.folder)
            with FileLock(self._sibling(".lock"), timeout=0):
                return None  # a `.lock.info` that is there is of a process that was killed
        except Timeout:
            # A holder without one is about to write it, or cannot write there.
            return self._read_info() or LockInfo(
                "unknown", "unknown", "another process", self._options.clock.now()
            )
        except OSError as error:
            raise self._io_error("locked", error) from error

    def force_unlock(self, lock_id: str) -> None:
        """Raise `StateError`: the operating system frees a file's lock when its holder ends."""
        raise StateError.of(
            "state.cannot-unlock",
            detail=f"The lock {lock_id[:40]} of {self._location} belongs to the operating system; "
            "it ends with the process that holds it.",
            hint="Wait for that process, or end it.",
        )

    def _sibling(self, suffix: str) -> Path:
        return self._path.with_name(self._path.name + suffix)

    def _refuse_links(self) -> None:
        """Raise `OSError` if a name that is written is a link, such as one of the checkout."""
        for path in self.files:
            links.refuse_link(path, below=self._options.folder)

    def _check_version(self, replaces: str | None) -> None:
        try:
            current = _version(self._path.stat())
        except FileNotFoundError:
            current = None
        if current != replaces:
            raise errors.state_changed(self._location)

    def _keep_backup(self) -> None:
        temporary = self._sibling(".backup.tmp")
        temporary.unlink(missing_ok=True)
        try:
            os.link(self._path, temporary)
        except OSError:  # a file system without links
            _write_durably(temporary, self._path.read_bytes())
        temporary.replace(self._sibling(".backup"))

    def _read_info(self) -> LockInfo | None:
        try:
            return locks.decode(self._sibling(".lock.info").read_bytes())
        except OSError:
            return None

    def _locked_error(self, operation: str, waited_seconds: float) -> StateLockedError:
        hint = locks.locked_hint(operation, None)  # only its holder can free it
        return locks.locked_error(self._location, self._read_info(), waited_seconds=waited_seconds, hint=hint)

    def _io_error(self, action: str, error: OSError) -> StateError:
        return StateError.of(
            "state.io",
            detail=f"{self._location} could not be {action}: {error.strerror or error}. "
            "No part of the state was lost, and nothing more is sent.",
            hint="Check the disk and the permissions of file and folder, then run the same command again; "
            "what was sent already is looked up.",
        )


def _refuse_device(path: Path) -> None:
    if path.exists() and not (path.is_file() or path.is_dir()):  # reading a pipe could block for ever
        raise OSError(errno.EINVAL, "it is a device, a pipe or a socket")


def _write_durably(path: Path, document: bytes) -> None:
    path.unlink(missing_ok=True)  # left by a process that was killed
    with os.fdopen(links.create(path), "wb") as file:
        file.write(document)
        file.flush()
        os.fsync(file.fileno())


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _version(status: os.stat_result) -> str:
    return f"{status.st_ino}-{status.st_mtime_ns}-{status.st_size}"
