"""The lines of a text of which few are shown: a text of many megabytes is not split for one of them."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from functools import cached_property
from itertools import accumulate
from typing import overload

BLOCK = 2_048
"""Characters between the places whose line number is known."""


class Lines(Sequence[str]):
    """The lines of a text without their breaks, LF or CR LF; at least one."""

    def __init__(self, text: str) -> None:
        self._text = text

    def __len__(self) -> int:
        return self._breaks_before[-1] + 1

    @overload
    def __getitem__(self, index: int) -> str: ...
    @overload
    def __getitem__(self, index: slice) -> list[str]: ...
    def __getitem__(self, index: int | slice) -> str | list[str]:
        if isinstance(index, slice):
            return [self[each] for each in range(*index.indices(len(self)))]
        start = self._start_of(index)
        end = self._text.find("\n", start)
        return self._text[start:] if end < 0 else self._text[start:end].removesuffix("\r")

    def _start_of(self, index: int) -> int:
        """Return where line `index` begins, from 0. Raises `IndexError` if there is none."""
        if not 0 <= index < len(self):
            raise IndexError(index)
        block = max(0, bisect_left(self._breaks_before, index) - 1)
        start = block * BLOCK
        for _ in range(index - self._breaks_before[block]):
            start = self._text.find("\n", start) + 1
        return start

    @cached_property
    def _breaks_before(self) -> list[int]:
        """The number of line breaks before each block, and at the end that of all."""
        begins = range(0, len(self._text), BLOCK)
        return [*accumulate((self._text.count("\n", at, at + BLOCK) for at in begins), initial=0)]
