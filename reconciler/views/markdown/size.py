"""How much of a comment is left, and what is shown of many things where not all of each has room.

GitHub takes 65,536 characters. Counted are bytes of UTF-8, of which there are never fewer.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence


BYTES_MAX = 65_000
"""Of a whole comment: what is missing to GitHub's limit is left to whoever adds a line to it."""

MORE_BYTES = 200
"""Kept for a line that says how many more there are."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing, on a line and in full; each is only made where it may have room."""

    line: Callable[[], str]
    full: Callable[[], str] | None = None


def size(text: str) -> int:
    """Its bytes, with the two line breaks that part it from what follows."""
    return len(text.encode()) + 2


def take_fitting(lines: Iterable[str], room: int) -> list[str]:
    """The first of `lines`, as many as have room; no further one is made."""
    told: list[str] = []
    for line in lines:
        room -= size(line)
        if room < 0:
            break
        told.append(line)
    return told


def fit(entries: Sequence[Entry], room: int) -> tuple[list[str], list[bool]]:
    """What is shown of `entries`, in `room` bytes, and which of it in full.

    A line for each comes first; then, from the first entry on, those that have room stand in full. Where
    not even the lines have room there are fewer texts than entries.
    """
    shown = take_fitting((entry.line() for entry in entries), room)
    unfolded = [False] * len(shown)
    if len(shown) < len(entries):
        return shown, unfolded
    left = room - sum(map(size, shown))
    for place, entry in enumerate(entries):
        if entry.full is None:
            continue
        whole = entry.full()
        more = size(whole) - size(shown[place])
        if more > left:
            break
        left -= more
        shown[place], unfolded[place] = whole, whole != shown[place]
    return shown, unfolded


def join(texts: Sequence[str], unfolded: Sequence[bool]) -> str:
    """The lines under each other as one list, what stands in full apart from them."""
    parts: list[str] = []
    for place, text in enumerate(texts):
        tight = place > 0 and not unfolded[place] and not unfolded[place - 1]
        parts += ["" if place == 0 else "\n" if tight else "\n\n", text]
    return "".join(parts)
