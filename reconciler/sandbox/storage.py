"""The account's file: one line for each request that changed something, written before its answer leaves.

A line is one write and stands or falls as a whole, so a process may be killed at
any instant. Several processes may use one file: each reads what the others added.
"""

from __future__ import annotations

import json
import os
from contextlib import contextmanager
from typing import TYPE_CHECKING

from reconciler.errors.exceptions import SettingsError
from reconciler.sandbox.switches import Switches, changed

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from reconciler.ports import Json
    from reconciler.sandbox.account import Account


def replace_file(path: Path, content: bytes) -> None:
    """Put `content` in the place of a file, at once or not at all. Raises `SettingsError`."""
    with explained(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        beside = path.with_name(f"{path.name}.{os.getpid()}.new")
        beside.touch(mode=0o600)  # the account holds passcodes, as the real one does
        beside.write_bytes(content)
        beside.replace(path)


def read_file(path: Path) -> str | None:
    """The text of a file; None where there is none. Raises `SettingsError`."""
    with explained(path):
        try:
            return path.read_text(encoding="utf-8")
        except FileNotFoundError:
            return None


def read_switches(path: Path) -> Switches:
    """The switches that a person wrote into a JSON file; the defaults without one. Raises `SettingsError`."""
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
def explained(path: Path) -> Iterator[None]:
    """What the system refuses inside, as a `SettingsError` about `path`."""
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
STALE_FACTOR = 4


class AccountFile:
    """An account's file, followed from its beginning."""

    def __init__(self, path: Path, account: Account) -> None:
        """Read it, or begin it where there is none. Raises `SettingsError` where it is something else."""
        self._path = path
        self._account = account
        self._offset = 0
        self._inode = 0
        self._lines = 0
        with explained(path):
            if not path.exists() or path.stat().st_size == 0:
                self._replace([_HEADER])
            self.catch_up()
        if self._lines > STALE_LINES_MIN and self._lines > STALE_FACTOR * len(account.all_meetings_ever):
            self._replace([_HEADER, account.to_json()])
            self.catch_up()

    def catch_up(self) -> None:
        """Take over what stands in the file and was not read yet."""
        if not self._path.exists():  # somebody took it away: what this process knows still holds
            self._replace([_HEADER, self._account.to_json()])
        status = self._path.stat()
        if status.st_ino != self._inode:
            self._inode, self._offset = status.st_ino, 0
        if status.st_size > self._offset:
            self._read()

    def append(self, change: Mapping[str, Json]) -> None:
        """Add one change; when this returns, it outlives the process."""
        content = _line(change)
        with self._path.open("ab", buffering=0) as file:
            if file.tell() != self._offset:  # perhaps a line that was cut off: ours must not continue it
                content = b"\n" + content
            file.write(content)
            end = file.tell()
        if end == self._offset + len(content):  # nobody wrote in between
            self._offset = end

    def _read(self) -> None:
        with self._path.open("rb") as file:
            if self._offset == 0:
                self._demand_header(file.readline())
                self._offset = file.tell()
            file.seek(self._offset)
            content = file.read()
        whole, newline, _torn = content.rpartition(b"\n")
        self._offset += len(whole) + len(newline)
        for line in whole.splitlines():
            self._take(line)

    def _take(self, line: bytes) -> None:
        self._lines += 1
        try:
            change = json.loads(line)
        except ValueError:  # a write that was cut off; its request was never answered
            return
        self._account.apply(change)

    def _demand_header(self, line: bytes) -> None:
        try:
            if json.loads(line) == _HEADER:
                return
        except ValueError:
            pass
        raise SettingsError.of(
            "sandbox.foreign-file",
            detail=f"{self._path} begins otherwise than the emulator writes it; it was left as it is.",
            hint="Move the file away to begin with an empty account.",
        )

    def _replace(self, lines: list[Mapping[str, Json]]) -> None:
        replace_file(self._path, b"".join(map(_line, lines)))


def _line(change: Mapping[str, Json]) -> bytes:
    return b"%s\n" % json.dumps(change, separators=(",", ":")).encode()
