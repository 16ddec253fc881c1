"""The parts of a YAML text as they are written: scalars in their quotes, comments at what they are about."""

from __future__ import annotations

from msgspec import Struct


class Scalar(Struct):
    """A scalar: its source, which is empty for nothing, and the text that it stands for."""

    source: str
    value: str
    anchor: str | None = None

    @property
    def is_block(self) -> bool:
        """Return whether its lines are below a `|` or a `>`."""
        return self.source[:1] in ("|", ">")


class Alias(Struct):
    """A repetition of an anchored value."""

    name: str


class Entry(Struct):
    """A value with its key, None for an item of a list, and the comments about it.

    `above` has the comment lines before it, an empty one for an empty line; `beside` those on its line.
    """

    key: Scalar | None
    value: Node
    above: list[str] = []
    beside: list[str] = []

    @property
    def name(self) -> str | None:
        """Return the text of the key; None for an item of a list."""
        return self.key.value if self.key else None


class Collection(Struct):
    """A mapping or a list; `foot` has the comment lines after its last entry.

    `is_tied` where an anchor or an alias is in it, however deep: its order decides what an alias means.
    """

    is_mapping: bool
    is_flow: bool
    column: int
    anchor: str | None = None
    entries: list[Entry] = []
    foot: list[str] = []
    is_tied: bool = False


Node = Scalar | Alias | Collection


class Text(Struct):
    """A whole text; `head` has the comments that stay at its top, `is_marked` for a `---` below them."""

    root: Node
    head: list[str] = []
    is_marked: bool = False


class UnkeepableError(Exception):
    """A text that cannot be laid out anew without a change of what it says; the message is a sentence.

    `line` counts from 1; it is 1 for a reason that has no place.
    """

    def __init__(self, message: str, line: int = 1) -> None:
        super().__init__(message)
        self.line = line
