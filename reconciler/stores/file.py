"""The state in a local file: written whole or not at all, held by a lock of the system.

The lock is the operating system's, so a process that dies frees it. What stands
beside it (`.lock.info`) only tells others who holds it.
"""

from __future__ import annotations

import os
from contextlib import suppress
from dataclasses import dataclass
from math import inf
from typing import TYPE_CHECKING

from reconciler.errors.diagnostic import Diagnostic
from reconciler.errors.exceptions import StateError, StateLockedError
from reconciler.ports import LockInfo, Snapshot
from reconciler.stores import errors
from reconciler.stores import lock as locks

if TYPE_CHECKING:
    from pathlib import Path

    from filelock import BaseFileLock

    from reconciler.stores.options import StoreOptions


PRIVATE = 0o600

GATHER_SECONDS = 0.05
"""Twenty writes a second are enough for any pace."""


def open_file(address: str, surroundings: StoreOptions) -> FileStore:
    """The store at a path, or at `file:PATH`."""
    return FileStore(surroundings.folder / address.removeprefix("file:"), surroundings)


@dataclass(slots=True)
class FileLease:
    """A held file lock; it ends with the process, and never before."""

    info: LockInfo
    _lock: BaseFileLock
    _told_at: Path

    @property
    def taken_from(self) -> LockInfo | None:
        """Nobody: it was free."""
        return None

    @property
    def renew_seconds(self) -> float:
        """Never."""
        return inf

    def seconds_left(self) -> float:
        """Infinite: nobody can take the file over while this process lives."""
        return inf

    def renew(self) -> None:
        """Nothing to do."""

    def release(self) -> None:
        """Give it up."""
        with suppress(OSError):  # a courtesy to others, as writing it was
            self._told_at.unlink(missing_ok=True)
        self._lock.release()


class FileStore:
    """A `ports.Store` in one file, with `.backup`, `.lock` and `.lock.info` beside it."""

    def __init__(self, path: Path, surroundings: StoreOptions) -> None:
        self._path = path.resolve()
        self._shown = str(path)
        self._surroundings = surroundings

    @property
    def location(self) -> str:
        """The path as it was given."""
        return self._shown

    @property
    def gather_seconds(self) -> float:
        """A disk is quick."""
        return GATHER_SECONDS

    @property
    def backup_location(self) -> str:
        """Where a write keeps the document that it replaces."""
        return str(self._beside(".backup"))

    def read(self) -> Snapshot | None:
        """The document and its version; None where there is no file."""
        try:
            with self._path.open("rb") as file:
                return Snapshot(file.read(), _version(os.fstat(file.fileno())))
        except FileNotFoundError:
            return None
        except OSError as error:
            raise self._failed("read", error) from error

    def write(self, document: bytes, *, replaces: str | None, note: str = "") -> str:
        """Put `document` in the place of version `replaces`, durably, with the old one as `.backup`."""
        del note  # a file has no history
        fresh = self._beside(".tmp")  # one writer at a time: the lock is held
        try:
            self._check(replaces)
            self._path.parent.mkdir(parents=True, exist_ok=True)
            _write_durably(fresh, document)
            if replaces is not None:
                self._keep_backup()
            fresh.replace(self._path)
            _sync_folder(self._path.parent)
            return _version(self._path.stat())
        except OSError as error:
            with suppress(OSError):
                fresh.unlink(missing_ok=True)
            raise self._failed("written", error) from error

    def lock(self, operation: str, *, timeout_seconds: float) -> FileLease:
        """Hold the file alone; waits up to `timeout_seconds` for whoever holds it."""
        import uuid  # noqa: PLC0415 - only in GitHub Actions

        from filelock import FileLock, Timeout  # noqa: PLC0415 - the same

        lock = FileLock(self._beside(".lock"), mode=PRIVATE)
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            lock.acquire(timeout=timeout_seconds)
        except Timeout as error:
            raise self._held(operation, timeout_seconds) from error
        except OSError as error:
            raise self._failed("locked", error) from error
        ours = self._surroundings
        info = LockInfo(str(uuid.uuid4()), operation, ours.who, ours.clock.now(), run_url=ours.run_url)
        self._tell(info)
        return FileLease(info, lock, self._beside(".lock.info"))

    def holder(self) -> LockInfo | None:
        """Who holds it, as they told; None where nobody does."""
        from filelock import FileLock, Timeout  # noqa: PLC0415 - the same

        if not self._beside(".lock").exists():
            return None
        try:
            with FileLock(self._beside(".lock"), timeout=0):
                return None  # what is told there is of a process that was killed
        except Timeout:
            return self._told() or self._untold()
        except OSError as error:
            raise self._failed("locked", error) from error

    def force_unlock(self, lock_id: str) -> None:
        """Refused: the system frees a file's lock by itself when its holder ends."""
        raise StateError.of(
            "state.cannot-unlock",
            detail=f"The lock {lock_id[:40]} of {self._shown} is the operating system's; "
            "it ends with the process that holds it.",
            hint="Wait for that process, or end it.",
        )

    def _beside(self, ending: str) -> Path:
        return self._path.with_name(self._path.name + ending)

    def _check(self, replaces: str | None) -> None:
        try:
            there = _version(self._path.stat())
        except FileNotFoundError:
            there = None
        if there != replaces:
            raise errors.state_changed(self._shown)

    def _keep_backup(self) -> None:
        spare = self._beside(".backup.tmp")
        spare.unlink(missing_ok=True)
        try:
            os.link(self._path, spare)
        except OSError:  # a file system without links
            _write_durably(spare, self._path.read_bytes())
        spare.replace(self._beside(".backup"))

    def _untold(self) -> LockInfo:
        # Its holder is about to tell, or cannot write there.
        return LockInfo("unknown", "unknown", "another process", self._surroundings.clock.now())

    def _told(self) -> LockInfo | None:
        try:
            return locks.decode(self._beside(".lock.info").read_bytes())
        except OSError:
            return None

    def _tell(self, info: LockInfo) -> None:
        with suppress(OSError):  # a courtesy to others; the lock itself is held
            self._beside(".lock.info").write_bytes(locks.encode(info))

    def _held(self, operation: str, waited_seconds: float) -> StateLockedError:
        hint = locks.locked_hint(operation, None)  # nobody can free it but its holder
        return locks.locked_error(self._shown, self._told(), waited_seconds=waited_seconds, hint=hint)

    def _failed(self, what: str, error: OSError) -> StateError:
        return StateError(
            Diagnostic(
                code="state.io",
                detail=f"{self._shown} could not be {what}: {error.strerror or error}. "
                "What stands there is whole, and nothing more is sent.",
                hint="See to the disk and the rights of file and folder, then run the same command again; "
                "what was sent already is looked up.",
            )
        )


def _write_durably(path: Path, document: bytes) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, PRIVATE)
    with os.fdopen(descriptor, "wb") as file:
        file.write(document)
        file.flush()
        os.fsync(file.fileno())


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _version(seen: os.stat_result) -> str:
    return f"{seen.st_ino}-{seen.st_mtime_ns}-{seen.st_size}"
