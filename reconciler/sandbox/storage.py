"""The account's file: one line for each request that changed something, written before its reply leaves.

A line is one write, valid as a whole or not at all, so a process may be killed at any instant. Several
processes may use one file: each reads the lines that the others added.
"""

from __future__ import annotations

import json
import os
from contextlib import contextmanager
from typing import TYPE_CHECKING

from reconciler import disk
from reconciler.errors.exceptions import SettingsError
from reconciler.sandbox.switches import Switches, changed

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from io import FileIO
    from pathlib import Path

    from reconciler.disk import Folder
    from reconciler.ports import Json
    from reconciler.sandbox.account import Account


def replace_file(path: Path, content: bytes) -> None:
    """Replace a file atomically. Raises `SettingsError`."""
    with reporting_errors(path), _open_folder(path, create=True) as folder:
        # Private: the account holds passcodes, as the real one does.
        folder.replace(path.name, content, temporary=f"{path.name}.{os.getpid()}.new")


def _open_folder(path: Path, *, create: bool = False) -> Folder:
    """Open the folder of a file. Neither `sandbox` nor `.reconciler` may be a link."""
    folder = path.absolute().parent
    return disk.open_folder(folder, below=folder.parents[1], create=create)


def read_file(path: Path) -> str | None:
    """Return the text of a file; None where there is none. Raises `SettingsError`."""
    with reporting_errors(path):
        try:
            return path.read_text(encoding="utf-8")
        except FileNotFoundError:
            return None


def read_switches(path: Path) -> Switches:
    """Return the switches of a JSON file; the defaults without one. Raises `SettingsError`."""
    text = read_file(path)
    try:
        return changed(Switches(), json.loads(text) if text is not None else {})
    except ValueError as error:
        raise SettingsError.of(
            "sandbox.switches",
            detail=f"{path}: {error}.",
            hint='Write a JSON object such as {"daily_limit": 5}, or remove the file.',
        ) from error


@contextmanager
def reporting_errors(path: Path) -> Iterator[None]:
    """Raise errors of the system inside the block as `SettingsError` about `path`."""
    try:
        yield
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError.of(
            "sandbox.folder",
            detail=f"{path}: {error}.",
            hint="Make the folder readable and writable, or work in another one.",
        ) from error


_HEADER: Mapping[str, Json] = {"sandbox": 1}
STALE_LINES_MIN = 2000
"""Lines up to which a file is never rewritten."""
STALE_FACTOR = 4
"""A longer file is rewritten if it has more than this number of lines for each meeting."""


class AccountFile:
    """The file of an account, read from its beginning."""

    def __init__(self, path: Path, account: Account) -> None:
        """Read the file, or create it. Raises `SettingsError` where it is no account's file."""
        self._path = path
        self._account = account
        self._offset = 0
        self._inode = 0
        self._lines = 0
        with reporting_errors(path):
            with _open_folder(path, create=True) as folder:
                folder.refuse_link(path.name)
            if not path.exists() or path.stat().st_size == 0:
                self._replace([_HEADER])
            self.catch_up()
        if self._lines > STALE_LINES_MIN and self._lines > STALE_FACTOR * len(account.all_meetings_ever):
            self._replace([_HEADER, account.to_json()])
            self.catch_up()

    def catch_up(self) -> None:
        """Apply the lines that were not read yet."""
        if not self._path.exists():  # it was removed: what this process knows still holds
            self._replace([_HEADER, self._account.to_json()])
        status = self._path.stat()
        if status.st_ino != self._inode:
            self._inode, self._offset = status.st_ino, 0
        if status.st_size > self._offset:
            self._read()

    def append(self, change: Mapping[str, Json]) -> None:
        """Append one change, which outlives the process once this returns."""
        content = _line(change)
        with _open_folder(self._path) as folder, _open_to_append(folder, self._path.name) as file:
            if file.tell() != self._offset:  # perhaps an incomplete line, which the new one must not continue
                content = b"\n" + content
            file.write(content)
            end = file.tell()
        if end == self._offset + len(content):  # no other process wrote in between
            self._offset = end

    def _read(self) -> None:
        with self._path.open("rb") as file:
            if self._offset == 0:
                self._check_header(file.readline())
                self._offset = file.tell()
            file.seek(self._offset)
            content = file.read()
        whole, newline, _torn = content.rpartition(b"\n")
        self._offset += len(whole) + len(newline)
        for line in whole.splitlines():
            self._apply_line(line)

    def _apply_line(self, line: bytes) -> None:
        self._lines += 1
        try:
            change = json.loads(line)
        except ValueError:  # an incomplete write, whose request got no reply
            return
        self._account.apply(change)

    def _check_header(self, line: bytes) -> None:
        try:
            if json.loads(line) == _HEADER:
                return
        except ValueError:
            pass
        raise SettingsError.of(
            "sandbox.foreign-file",
            detail=f"{self._path} has not the first line of an emulator's account. It is unchanged.",
            hint="Move the file away to start with an empty account.",
        )

    def _replace(self, lines: list[Mapping[str, Json]]) -> None:
        replace_file(self._path, b"".join(map(_line, lines)))


def _open_to_append(folder: Folder, name: str) -> FileIO:
    return os.fdopen(folder.open(name, os.O_WRONLY | os.O_APPEND | os.O_CREAT), "ab", buffering=0)


def _line(change: Mapping[str, Json]) -> bytes:
    return b"%s\n" % json.dumps(change, separators=(",", ":")).encode()
