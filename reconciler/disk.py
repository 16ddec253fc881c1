"""Files that are written: each folder of a path is opened by itself, and none through a link.

A checkout may contain links that others committed, and another process may exchange a folder for one at
any instant. So a path is walked once, and what is done in an open folder stays in that folder.
Whatever is written goes through here, except what a CI system names.
"""

from __future__ import annotations

import errno
import os
import stat
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from collections.abc import Callable

PRIVATE = 0o600
"""Mode of a file that only its owner may read or write."""

PUBLIC = 0o666
"""Mode of a file that the user's own mask decides about, as of any other new file."""

_FOLDER = os.O_RDONLY | os.O_DIRECTORY
_LINK = "it is a link, and nothing is written through links; remove the link"
_DEVICE = "it is a device, a pipe or a socket"


class Folder:
    """A folder that is held open until the end of its `with` block. A name is that of a file in it.

    Every method raises `OSError`; for a link with the reason.
    """

    def __init__(self, descriptor: int, reopen: Callable[[], Folder]) -> None:
        self._descriptor = descriptor
        self._reopen = reopen

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        os.close(self._descriptor)

    def open(self, name: str, flags: int, mode: int = PRIVATE) -> int:
        """Return the descriptor of a file. A link, a device or a pipe is refused."""
        try:
            descriptor = os.open(name, flags | os.O_NOFOLLOW | os.O_NONBLOCK, mode, dir_fd=self._descriptor)
        except OSError:
            self.refuse_link(name)  # the better reason
            raise
        if not _is_file_or_folder(os.fstat(descriptor)):
            os.close(descriptor)
            raise OSError(errno.EINVAL, _DEVICE)
        return descriptor

    def create(self, name: str, content: bytes, mode: int = PRIVATE, permissions: int | None = None) -> None:
        """Write a new file, durably. `permissions` hold whatever the user's mask is.

        Raises `FileExistsError` if anything has that name.
        """
        with os.fdopen(self.open(name, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as file:
            try:
                file.write(content)
                file.flush()
                if permissions is not None:
                    os.fchmod(file.fileno(), permissions)
                os.fsync(file.fileno())
            except OSError:
                self.remove(name)  # else the next try finds half a file of that name
                raise

    def replace(
        self,
        name: str,
        content: bytes,
        *,
        temporary: str,
        mode: int = PRIVATE,
        permissions: int | None = None,
    ) -> None:
        """Write a file, completely or not at all. A link, a device or a pipe is refused."""
        self.refuse_link(name)
        self._refuse_device(name)  # a rename would put a file in its place, for every program of the machine
        self.refuse_link(temporary)
        self.remove(temporary)  # left by a process that was killed
        try:
            self.create(temporary, content, mode, permissions)
            self.rename(temporary, name)
            self.sync()
        except OSError:
            with suppress(OSError):
                self.remove(temporary)
            raise

    def rename(self, old: str, new: str) -> None:
        """Give `old` the name `new`, whose file is lost, if the path still leads to this folder."""
        self._check_in_place()
        os.replace(old, new, src_dir_fd=self._descriptor, dst_dir_fd=self._descriptor)

    def link(self, name: str, second: str) -> None:
        """Give a file a second name."""
        os.link(name, second, src_dir_fd=self._descriptor, dst_dir_fd=self._descriptor, follow_symlinks=False)

    def remove(self, name: str) -> None:
        """Delete a file, if there is one."""
        with suppress(FileNotFoundError):
            os.unlink(name, dir_fd=self._descriptor)

    def remove_folder(self, name: str) -> None:
        """Delete an empty folder."""
        os.rmdir(name, dir_fd=self._descriptor)

    def status(self, name: str) -> os.stat_result:
        """Return what a name is; of a link, the link. Raises `FileNotFoundError` if there is nothing."""
        return os.stat(name, dir_fd=self._descriptor, follow_symlinks=False)

    def refuse_link(self, name: str, prefix: str = "") -> None:
        """Raise `OSError` if the name is a link."""
        with suppress(FileNotFoundError):
            if stat.S_ISLNK(self.status(name).st_mode):
                raise OSError(errno.ELOOP, f"{prefix}{_LINK}")

    def _refuse_device(self, name: str) -> None:
        with suppress(FileNotFoundError):
            if not _is_file_or_folder(self.status(name)):
                raise OSError(errno.EINVAL, _DEVICE)

    def sync(self) -> None:
        """Make the names of its files durable."""
        os.fsync(self._descriptor)

    def make(self, name: str) -> bool:
        """Make a folder in it; return False if there is something of that name."""
        try:
            os.mkdir(name, dir_fd=self._descriptor)
        except FileExistsError:
            return False
        return True

    def inner(self, name: str) -> Folder:
        """Open a folder in it."""
        try:
            descriptor = os.open(name, _FOLDER | os.O_NOFOLLOW, dir_fd=self._descriptor)
        except OSError:
            self.refuse_link(name, f"in its path, {name}: ")
            raise
        return Folder(descriptor, lambda: self._reopen_inner(name))

    def _reopen_inner(self, name: str) -> Folder:
        with self._reopen() as outer:
            return outer.inner(name)

    def _check_in_place(self) -> None:
        with self._reopen() as found:
            is_same = os.path.samestat(os.fstat(self._descriptor), found.status("."))
        if not is_same:
            raise OSError(errno.ESTALE, "another process replaced its folder while it was written")


def _is_file_or_folder(status: os.stat_result) -> bool:
    return stat.S_IFMT(status.st_mode) in (stat.S_IFREG, stat.S_IFDIR)


def open_folder(path: Path, *, below: Path | None = None, create: bool = False) -> Folder:
    """Open a folder; none between `below` (the working folder, if not named) and it may be a link.

    What leads to `below`, or to a path outside of it, is the user's own and may have links.
    """
    start, names = _steps(path, below)
    if create:
        start.mkdir(parents=True, exist_ok=True)
    folder = _root(start)
    for name in names:
        with folder as outer:
            if create:
                outer.make(name)
            folder = outer.inner(name)
    return folder


def create_file(path: Path, content: bytes) -> None:
    """Write a new file in a folder that exists. Raises `FileExistsError`, and other `OSError`s."""
    with open_folder(path.parent) as folder:
        folder.create(path.name, content, PUBLIC)


def _steps(path: Path, below: Path | None) -> tuple[Path, tuple[str, ...]]:
    """Return the folder that is opened as it is named, and those on the way from it to `path`."""
    root = Path(os.path.abspath(below or Path.cwd()))  # noqa: PTH100 - links must stay as written
    whole = Path(os.path.abspath(path))  # noqa: PTH100 - the same
    return (root, whole.relative_to(root).parts) if whole.is_relative_to(root) else (whole, ())


def _root(path: Path) -> Folder:
    return Folder(os.open(path, _FOLDER), lambda: _root(path))
