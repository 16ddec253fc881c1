"""The size of a comment: counts bytes, and chooses what to fold or cut when there is too much.

GitHub takes 65,536 characters. Bytes of UTF-8 are counted instead; there are never fewer of them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence


BYTES_MAX = 65_000
"""Bytes of a whole comment; the rest up to GitHub's limit is for lines that others add."""

MORE_BYTES = 200
"""Bytes for the line that counts what was cut."""


class Entry(Struct, frozen=True):
    """An entry of a list, as a line and in full; each is rendered only if there may be room for it."""

    line: Callable[[], str]
    full: Callable[[], str] | None = None


def size(text: str) -> int:
    """Return the bytes of `text`, with the two line breaks between it and what follows."""
    return len(text.encode()) + 2


def take_fitting(lines: Iterable[str], room: int) -> list[str]:
    """Return the first of `lines`, as many as fit in `room` bytes; no other line is rendered."""
    fitting: list[str] = []
    for line in lines:
        room -= size(line)
        if room < 0:
            break
        fitting.append(line)
    return fitting


def fit(entries: Sequence[Entry], room: int) -> tuple[list[str], list[bool]]:
    """Return the texts of `entries` that fit in `room` bytes, and which of them are in full.

    Every entry gets a line first; then entries are given in full, from the first one on, while there is room.
    If not even all lines fit, there are fewer texts than entries.
    """
    shown = take_fitting((entry.line() for entry in entries), room)
    unfolded = [False] * len(shown)
    if len(shown) < len(entries):
        return shown, unfolded
    left = room - sum(map(size, shown))
    for index, entry in enumerate(entries):
        if entry.full is None:
            continue
        full = entry.full()
        more = size(full) - size(shown[index])
        if more > left:
            break
        left -= more
        shown[index], unfolded[index] = full, full != shown[index]
    return shown, unfolded


def join(texts: Sequence[str], unfolded: Sequence[bool]) -> str:
    """Join the texts: lines form one list, entries in full are separated by blank lines."""
    parts: list[str] = []
    for index, text in enumerate(texts):
        tight = index > 0 and not unfolded[index] and not unfolded[index - 1]
        parts += ["" if index == 0 else "\n" if tight else "\n\n", text]
    return "".join(parts)
