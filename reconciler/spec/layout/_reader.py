"""Reads a text into its parts, through ruamel.yaml; the only module that imports it.

What the project's own parser reads from the new text checks this one: they are two libraries.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from importlib.util import find_spec
from typing import Any, NamedTuple

from msgspec import Struct

from reconciler.spec.layout.tree import Alias, Collection, Entry, Node, Scalar, Text, UnkeepableError

_ANCHOR = re.compile(r"&([^\s,\[\]{}]+)")
_TAB = re.compile(r"\t(?=[ \t]*(?:#|$))", re.MULTILINE)
"""A tab behind a value, which ruamel.yaml refuses. What is written comes from the text as it was."""

_COMMENT = re.compile(r"#[^\n]*")


class Token(NamedTuple):
    """A part of the text that holds no comment: a scalar, an alias, an anchor, or a bracket.

    `owner` is the entry that it belongs to, `opens` the outermost entry that begins with it, and `closed`
    has the mappings and lists in block style that end before it, the innermost first. `ends` is the one in
    brackets that it closes.
    """

    start: int
    end: int
    owner: Entry | None = None
    opens: Entry | None = None
    column: int = -1
    closed: tuple[Collection, ...] = ()
    ends: Collection | None = None


class Comment(Struct, frozen=True):
    """A comment between two tokens; `is_beside` where the token before it ends on its line.

    Its `column` is -1 behind a dash: then it is about the item that begins.
    """

    text: str
    start: int
    column: int
    is_beside: bool
    blank_before: bool
    blank_after: bool


class Parts(NamedTuple):
    """A text without its comments, and the tokens between which they are."""

    text: Text
    tokens: list[Token]
    document_start: int


def is_installed() -> bool:
    """Return whether ruamel.yaml is installed. Nothing is loaded."""
    try:
        return find_spec("ruamel.yaml") is not None
    except ModuleNotFoundError:  # its parent, a namespace
        return False


def read(text: str) -> Parts:
    """Return the parts of a text that the project's own parser can read. Raises `UnkeepableError`."""
    from ruamel.yaml import YAML  # noqa: PLC0415 - an extra, and for this command alone
    from ruamel.yaml.error import YAMLError  # noqa: PLC0415 - the same

    try:
        return _Reader(text, YAML(typ="safe", pure=True).parse(_TAB.sub(" ", text))).parts()
    except YAMLError as error:
        reason = str(getattr(error, "problem", None) or type(error).__name__)
        mark = getattr(error, "problem_mark", None)
        line = 1 if mark is None else mark.line + 1
        raise UnkeepableError(f"ruamel.yaml cannot read it: {reason}.", line) from error


def comments(text: str, before: int, after: int) -> Iterator[Comment]:
    """Yield the comments between the end of one token and the start of the next."""
    if text.find("#", before, after) < 0:
        return
    for found in _COMMENT.finditer(text, before, after):
        start = found.start()
        line = text.rfind("\n", 0, start) + 1
        is_beside = before > 0 and line <= before - 1 and text[before - 1] != "\n"
        above = text[text.rfind("\n", 0, line - 1) + 1 : line - 1] if line else "#"
        next_line = text[found.end() + 1 : _line_end(text, found.end() + 1)]
        yield Comment(
            found[0].rstrip(),
            start,
            -1 if text[max(line, before) : start].strip() else start - line,
            is_beside,
            not is_beside and not above.strip(),
            found.end() + 1 < len(text) and not next_line.strip(),
        )


def value_start(text: str, start: int, end: int) -> int:
    """Return where a value begins: behind its anchor, spaces and comments."""
    anchor = _ANCHOR.match(text, start, end)
    start = anchor.end() if anchor else start
    while start < end and (text[start].isspace() or text[start] == "#"):
        start = _line_end(text, start) if text[start] == "#" else start + 1
    return min(start, end)


def _line_end(text: str, start: int) -> int:
    end = text.find("\n", start)
    return len(text) if end < 0 else end


class _Reader:
    """One pass over the events of a text."""

    def __init__(self, text: str, events: Iterator[Any]) -> None:
        self.text = text
        self.events = events
        self.tokens: list[Token] = []
        self.opened: Entry | None = None
        self.opened_column = -1
        self.closed: list[Collection] = []

    def parts(self) -> Parts:
        """Return the only document."""
        next(self.events)  # the start of the stream
        start = next(self.events)
        if getattr(start, "version", None) or getattr(start, "tags", None):
            line = start.start_mark.line + 1
            raise UnkeepableError("Above this line is a directive, which begins with `%`.", line)
        root = self.node(next(self.events), None)
        self.add(len(self.text), len(self.text))
        is_marked = bool(getattr(start, "explicit", False))
        begin = start.start_mark.index if is_marked else 0
        return Parts(Text(root, [], is_marked), self.tokens, begin)

    def add(self, start: int, end: int, owner: Entry | None = None, ends: Collection | None = None) -> None:
        """Add a token, with all that began or ended since the one before."""
        token = Token(start, end, owner, self.opened, self.opened_column, tuple(self.closed), ends)
        self.tokens.append(token)
        self.opened, self.opened_column = None, -1
        if self.closed:
            self.closed = []

    def open(self, entry: Entry, column: int) -> None:
        """Note that an entry begins, in a mapping or list at `column`."""
        if self.opened is None:
            self.opened, self.opened_column = entry, column

    def anchor(self, event: Any, owner: Entry | None) -> tuple[str | None, int]:
        """Return the anchor before a value, which becomes a token, and its end."""
        start = event.start_mark.index
        if event.anchor is None:
            return None, start
        found = _ANCHOR.match(self.text, start)
        if found is None:
            raise UnkeepableError("One of its anchors is not before its value.")
        self.add(start, found.end(), owner)
        return found[1], found.end()

    def node(self, event: Any, owner: Entry | None) -> Node:
        """Return the value that begins with `event`."""
        kind = type(event).__name__
        if kind == "ScalarEvent":
            return self.scalar(event, owner)
        if kind == "AliasEvent":
            self.add(event.start_mark.index, event.end_mark.index, owner)
            return Alias(event.anchor)
        return self.collection(event, owner, is_mapping=kind == "MappingStartEvent")

    def scalar(self, event: Any, owner: Entry | None) -> Scalar:
        """Return a scalar as it is written."""
        anchor, start = self.anchor(event, owner)
        end = event.end_mark.index
        if anchor is not None:
            start = value_start(self.text, start, end)
        source = self.text[start:end]
        if source or (owner is not None and owner.key is None):  # an empty item has its dash
            self.add(start, end, owner)
        return Scalar(source, event.value, anchor)

    def collection(self, event: Any, owner: Entry | None, *, is_mapping: bool) -> Collection:
        """Return a mapping or a list."""
        column = event.start_mark.column
        anchor, start = self.anchor(event, owner)
        made = Collection(is_mapping, bool(event.flow_style), column, anchor)
        made.is_tied = anchor is not None
        if made.is_flow:
            bracket = value_start(self.text, start, event.end_mark.index) if anchor else start
            if self.text[bracket : bracket + 1] in ("{", "["):  # `[a: b]` has a mapping without brackets
                self.add(bracket, bracket + 1, owner)
        self.add_entries(made, owner)
        return made

    def add_entries(self, made: Collection, owner: Entry | None) -> None:
        """Read the entries of a mapping or a list."""
        end_kind = "MappingEndEvent" if made.is_mapping else "SequenceEndEvent"
        while type(event := next(self.events)).__name__ != end_kind:
            if not made.entries and made.anchor and not made.is_flow:
                made.column = max(0, event.start_mark.column - (0 if made.is_mapping else 2))
            entry = Entry(None, Alias(""))
            self.open(entry, made.column)
            if made.is_mapping:
                entry.key = self.scalar(event, entry)
                if "\n" in entry.key.source:
                    raise UnkeepableError("A key is written on several lines.", event.start_mark.line + 1)
                event = next(self.events)
            entry.value = self.node(event, entry)
            made.entries.append(entry)
            made.is_tied |= _is_tied(entry)
        if not made.is_flow:
            self.closed.append(made)
        elif event.end_mark.index - event.start_mark.index == 1:
            self.add(event.start_mark.index, event.end_mark.index, owner, made)


def _is_tied(entry: Entry) -> bool:
    value = entry.value
    if entry.key is not None and entry.key.anchor is not None:
        return True
    if isinstance(value, Collection):
        return value.is_tied
    return isinstance(value, Alias) or value.anchor is not None
