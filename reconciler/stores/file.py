"""The state in a local file, written completely or not at all, under a lock of the operating system.

A process that dies frees its lock. The file `.lock.info` next to the state only shows others who
holds the lock; nothing depends on it.
"""

from __future__ import annotations

import errno
import os
import shlex
from contextlib import ExitStack, suppress
from math import inf
from typing import TYPE_CHECKING, BinaryIO

from msgspec import Struct

from reconciler import disk
from reconciler.errors.exceptions import SettingsError, StateError, StateLockedError
from reconciler.errors.text import shown_name
from reconciler.ports import LockInfo, Snapshot
from reconciler.stores import errors, size
from reconciler.stores import lock as locks

if TYPE_CHECKING:
    from pathlib import Path

    from reconciler.disk import Folder
    from reconciler.stores.options import StoreOptions


_SUFFIXES = ("", ".tmp", ".backup", ".backup.tmp", ".lock", ".lock.info")

GATHER_SECONDS = 0.05
"""Twenty writes a second are enough for any pace."""

LOCK_POLL_SECONDS = 0.05
"""Pause between two tries to lock the file."""


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


class FileLease(Struct):
    """A held file lock. It never expires; the operating system frees it when the process ends."""

    info: LockInfo
    _descriptor: int
    _folder: Folder
    _info_name: str

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
        with self._folder:
            with suppress(OSError):  # only others read it
                self._folder.remove(self._info_name)
            os.close(self._descriptor)


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
            with self._folder() as folder, _open_binary(folder, self._name) as file:
                return Snapshot(size.read(file, self._location), _version(os.fstat(file.fileno())))
        except FileNotFoundError:
            return None
        except OSError as error:
            raise self._io_error("read", error) from error

    def write(self, document: bytes, *, replaces: str | None, note: str = "") -> str:
        """Replace version `replaces` by `document`, durably, and keep the old document as `.backup`."""
        del note  # a file has no history
        size.check_write(document, self._location)
        try:
            with self._folder(create=True) as folder:
                self._refuse_links(folder)
                self._check_version(folder, replaces)
                return self._replace(folder, document, is_first=replaces is None)
        except OSError as error:
            raise self._io_error("written", error) from error

    def check_writable(self) -> None:
        """Write a file where a write would, and delete it. Raises `StateError` as a write does."""
        import uuid  # noqa: PLC0415 - only for a check

        name = f".reconciler-{uuid.uuid4().hex}"
        nearest = next(each for each in self._path.absolute().parents if each.exists())
        try:
            with self._folder(nearest) as folder:
                self._refuse_links(folder)
                try:
                    folder.create(name, b"")
                finally:
                    folder.remove(name)
        except OSError as error:
            raise self._io_error("written", error) from error

    def lock(self, operation: str, *, timeout_seconds: float) -> FileLease:
        """Lock the file; wait up to `timeout_seconds` for its holder."""
        with ExitStack() as undo:
            try:
                folder = undo.enter_context(self._folder(create=True))
                self._refuse_links(folder)
                descriptor = folder.open(self._lock_name, os.O_RDWR | os.O_CREAT)
                undo.callback(os.close, descriptor)
                is_locked = self._wait_for_lock(descriptor, timeout_seconds)
            except OSError as error:
                raise self._io_error("locked", error) from error
            if not is_locked:
                raise self._locked_error(operation, timeout_seconds)
            info = locks.new_lock(operation, self._options)
            with suppress(OSError):  # only others read it; the lock itself is held
                folder.remove(self._info_name)  # left by a process that was killed
                folder.create(self._info_name, locks.encode(info))
            undo.pop_all()
        return FileLease(info, descriptor, folder, self._info_name)

    def holder(self) -> LockInfo | None:
        """Return the holder as its `.lock.info` describes it; None if the file is not locked."""
        try:
            # For writing: a network file system locks no file that is opened for reading.
            with self._folder() as folder, _open_binary(folder, self._lock_name, os.O_RDWR) as file:
                if _try_to_lock(file.fileno()):
                    return None  # a `.lock.info` that is there is of a process that was killed
        except FileNotFoundError:
            return None
        except OSError as error:
            raise self._io_error("locked", error) from error
        # A holder without one is about to write it, or cannot write there.
        return self._read_info() or LockInfo(
            "unknown", "unknown", "another process", self._options.clock.now()
        )

    def force_unlock(self, lock_id: str) -> None:
        """Raise `StateError`: the operating system frees a file's lock when its holder ends."""
        raise StateError.of(
            "state.cannot-unlock",
            detail=f"The lock {lock_id[:40]} of {self._location} belongs to the operating system; "
            "it ends with the process that holds it.",
            hint="Wait for that process, or end it.",
        )

    @property
    def _name(self) -> str:
        return self._path.name

    @property
    def _lock_name(self) -> str:
        return f"{self._name}.lock"

    @property
    def _info_name(self) -> str:
        return f"{self._name}.lock.info"

    def _sibling(self, suffix: str) -> Path:
        return self._path.with_name(self._name + suffix)

    def _folder(self, path: Path | None = None, *, create: bool = False) -> Folder:
        return disk.open_folder(path or self._path.parent, below=self._options.folder, create=create)

    def _refuse_links(self, folder: Folder) -> None:
        """Raise `OSError` if a name that is written is a link, such as one of the checkout."""
        for suffix in _SUFFIXES:
            folder.refuse_link(self._name + suffix)

    def _check_version(self, folder: Folder, replaces: str | None) -> None:
        try:
            current = _version(folder.status(self._name))
        except FileNotFoundError:
            current = None
        if current != replaces:
            raise errors.state_changed(self._location)

    def _replace(self, folder: Folder, document: bytes, *, is_first: bool) -> str:
        temporary = f"{self._name}.tmp"  # one writer at a time: the lock is held
        folder.remove(temporary)  # left by a process that was killed
        try:
            folder.create(temporary, document)
            if not is_first:
                self._keep_backup(folder)
            folder.rename(temporary, self._name)
        except OSError:
            with suppress(OSError):
                folder.remove(temporary)
            raise
        folder.sync()
        return _version(folder.status(self._name))

    def _keep_backup(self, folder: Folder) -> None:
        temporary = f"{self._name}.backup.tmp"
        folder.remove(temporary)
        try:
            folder.link(self._name, temporary)
        except OSError:  # a file system without links
            with _open_binary(folder, self._name) as file:
                folder.create(temporary, file.read())
        folder.rename(temporary, f"{self._name}.backup")

    def _wait_for_lock(self, descriptor: int, timeout_seconds: float) -> bool:
        """Lock an open file; return False if another process holds it until the end of the timeout."""
        waited = 0.0
        while not _try_to_lock(descriptor):
            if waited >= timeout_seconds:
                return False
            pause = min(LOCK_POLL_SECONDS, timeout_seconds - waited)
            self._options.wait(pause)
            waited += pause
        return True

    def _read_info(self) -> LockInfo | None:
        with suppress(OSError), self._folder() as folder, _open_binary(folder, self._info_name) as file:
            return locks.decode(file.read(locks.BYTES_MAX + 1))
        return None

    def _locked_error(self, operation: str, waited_seconds: float) -> StateLockedError:
        hint = locks.locked_hint(operation, None)  # only its holder can free it
        return locks.locked_error(self._location, self._read_info(), waited_seconds=waited_seconds, hint=hint)

    def _io_error(self, action: str, error: OSError) -> StateError:
        return StateError.of(
            "state.io",
            detail=f"{self._location} could not be {action}: {error.strerror or error}. "
            "No part of the state was lost, and nothing more is sent.",
            hint=self._io_remedy(error),
        )

    def _io_remedy(self, error: OSError) -> str:
        if isinstance(error, IsADirectoryError):
            file = shlex.quote(f"{self._location}/reconciler.state.json")
            return f"It is a folder. Name a file, such as `--state {file}`."
        if isinstance(error, NotADirectoryError):
            return "A part of the path is a file, and no folder. Name another path."
        return (
            "Check the disk and the permissions of file and folder, then run the same command again; "
            "what was sent already is looked up."
        )


def _open_binary(folder: Folder, name: str, flags: int = os.O_RDONLY) -> BinaryIO:
    return os.fdopen(folder.open(name, flags), "rb")


def _try_to_lock(descriptor: int) -> bool:
    """Lock an open file; return False if another process holds it."""
    import fcntl  # noqa: PLC0415 - only for a lock

    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        if error.errno in (errno.EACCES, errno.EAGAIN, errno.EWOULDBLOCK):
            return False
        raise
    return True


def _version(status: os.stat_result) -> str:
    return f"{status.st_ino}-{status.st_mtime_ns}-{status.st_size}"
