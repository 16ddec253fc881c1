"""The account's file: one line for each request that changed something, written before its answer leaves.

A line is one write and stands or falls as a whole, so a process may be killed at
any instant. Several processes may use one file: each reads what the others added.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from reconciler.errors import Diagnostic, SettingsError
from reconciler.sandbox import folder

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from reconciler.fields import Json
    from reconciler.sandbox.account import Account

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
        with folder.explained(path):
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
        raise SettingsError(
            Diagnostic(
                code="sandbox.foreign-file",
                summary="This is not the emulator's account",
                detail=f"{self._path} begins otherwise than the emulator writes it; it was left as it is.",
                hint="Move the file away to begin with an empty account.",
            )
        )

    def _replace(self, lines: list[Mapping[str, Json]]) -> None:
        folder.replace_file(self._path, b"".join(map(_line, lines)))


def _line(change: Mapping[str, Json]) -> bytes:
    return b"%s\n" % json.dumps(change, separators=(",", ":")).encode()
