"""Keys that a mapping has twice, and what to do about each."""

from __future__ import annotations

from msgspec import Struct

Range = tuple[int, int, int, int]
"""Start line and column, end line and column; all count from 0, the end is exclusive."""

ENTRY_LISTS = frozenset({"moved", "imports", "removed"})
"""Lists at the top of a spec. Messages print lines with one of them, and a file can have only one."""


class DuplicateKey(Struct, frozen=True):
    """A key that a mapping has twice."""

    name: str
    first: Range
    second: Range

    @property
    def hint(self) -> str:
        """Return what to do about it."""
        if self.name in ENTRY_LISTS and not self.second[1]:
            return f"Put the entries of both lists under one `{self.name}:`."
        return "Keep one of the two, or rename one."
