"""Reads a YAML text as a JSON value with positions; nothing is guessed.

Tags, duplicate keys, merge keys, keys that are not text, a second document and texts that grow without
bound are problems. `parse` raises nothing: a broken text gives a `Document` with problems.
"""

from __future__ import annotations

import gc
import re
from codecs import BOM_UTF8
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from itertools import islice

from msgspec import Struct

from reconciler.errors.text import repr_without
from reconciler.ports import Json
from reconciler.spec.yaml._events import SyntaxProblem
from reconciler.spec.yaml._parser import Entry, Parser
from reconciler.spec.yaml.lines import Lines

BYTES_MAX = 32 * 1024 * 1024
"""Bytes of one file; 10,000 meetings take about 8 MiB."""


PROBLEMS_MAX = 100
"""Problems that are reported for one file; a file that is not YAML can have thousands."""

_FOREIGN_BREAK = re.compile("\r(?!\n)|[\x85\u2028\u2029]")
"""Characters that end a line for YAML, and not for git or a reviewer's browser."""


_CONFLICT = re.compile(r"^(?:<{7}|={7}|>{7})(?: [^\r\n]*)?\r?$", re.MULTILINE)
"""A line with which git marks the two versions of a conflict; no YAML has it at the start of a line."""
_BASE = re.compile(r"^\|{7}", re.MULTILINE)


class Source(Struct, frozen=True):
    """A file as it was read; `filename` as a person would type it, with `/` between its parts."""

    filename: str
    content: bytes

    def __repr__(self) -> str:
        return repr_without(self, "content")


class Document(Struct, frozen=True):
    """The value of one file. Where there are problems, it is the part that could be read, or None.

    `entries` has the keys of the two outer levels by path. With `has_aliases`, a value may be in another
    place than its key. `duplicates` counts the keys that a mapping has already; a `Locator` finds them.
    """

    filename: str
    text: str
    value: Json
    entries: Mapping[tuple[str, ...], Entry]
    problems: tuple[SyntaxProblem, ...] = ()
    warnings: tuple[SyntaxProblem, ...] = ()
    has_aliases: bool = False
    duplicates: int = 0
    has_nulls: bool = False

    def __repr__(self) -> str:
        return repr_without(self, "text", "value", "entries")

    @property
    def is_sound(self) -> bool:
        """Return whether the text has no problem."""
        return not (self.problems or self.duplicates)

    @property
    def lines(self) -> Lines:
        """Return the lines of the text without their breaks; at least one."""
        return Lines(self.text)


@contextmanager
def collector_off() -> Iterator[None]:
    """Switch the cyclic collector off: it would scan all new values again and again, and free none."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def parse(source: Source) -> Document:
    """Parse `source`, UTF-8 with or without a byte order mark. Raises nothing."""
    filename = source.filename
    if len(source.content) > BYTES_MAX:
        return Document(filename, "", None, {}, (too_large(),))
    content = source.content.removeprefix(BOM_UTF8)
    try:
        text = content.decode()
    except UnicodeDecodeError as error:
        readable = content.decode(errors="replace")
        return Document(filename, readable, None, {}, (_not_utf8(content, error),))
    unreadable = _foreign_breaks(text) or _conflicts(text)
    if unreadable:
        return Document(filename, text, None, {}, unreadable)
    parser = Parser(text)
    with collector_off():
        value = parser.document()
    return Document(
        filename,
        text,
        value,
        parser.entries,
        tuple(parser.problems[:PROBLEMS_MAX]),
        tuple(parser.warnings[:PROBLEMS_MAX]),
        has_aliases=bool(parser.anchors),
        duplicates=parser.duplicates,
        has_nulls=parser.has_nulls,
    )


def _foreign_breaks(text: str) -> tuple[SyntaxProblem, ...]:
    if text.isascii() and "\r" not in text:
        return ()
    found = islice(_FOREIGN_BREAK.finditer(text), PROBLEMS_MAX)
    return tuple(_foreign_break(text, match.start()) for match in found)


def _foreign_break(text: str, index: int) -> SyntaxProblem:
    column = index - (text.rfind("\n", 0, index) + 1)
    detail = f"U+{ord(text[index]):04X} ends a line for YAML, but not for git: a comment could hide fields."
    return SyntaxProblem(
        text.count("\n", 0, index),
        column,
        1,
        "yaml.line-break",
        detail,
        "Remove it, or end the line with LF.",
    )


def _conflicts(text: str) -> tuple[SyntaxProblem, ...]:
    """Return a problem for each conflict of a merge, at its first marker."""
    if "<<<<<<<" not in text and "=======" not in text and ">>>>>>>" not in text:
        return ()
    markers = list(_CONFLICT.finditer(text))
    first = [marker for marker in markers if marker[0].startswith("<")] or markers[:1]
    return tuple(_conflict(text, marker) for marker in first[:PROBLEMS_MAX])


def _conflict(text: str, marker: re.Match[str]) -> SyntaxProblem:
    return SyntaxProblem(
        text.count("\n", 0, marker.start()),
        0,
        len(marker[0].rstrip("\r")),
        "yaml.conflict",
        "A merge left both versions of these lines in the file. Nothing of the file was read.",
        f"Keep the version that is right, and remove the lines that begin with {_markers(text)}.",
    )


def _markers(text: str) -> str:
    """Return the markers to remove; one of the version before both, and that version, is there with diff3."""
    base = "`|||||||` (with the old version below it), " if _BASE.search(text) else ""
    return f"`<<<<<<<`, {base}`=======` and `>>>>>>>`"


def too_large() -> SyntaxProblem:
    """Return the problem of a file of more than `BYTES_MAX`."""
    detail = f"It is larger than {BYTES_MAX // 1024 // 1024} MiB."
    return SyntaxProblem(0, 0, 0, "yaml.size", detail, "Split the meetings into several files.")


def _not_utf8(content: bytes, error: UnicodeDecodeError) -> SyntaxProblem:
    before = content[: error.start].decode()
    return SyntaxProblem(
        before.count("\n"),
        len(before) - (before.rfind("\n") + 1),
        1,
        "yaml.encoding",
        "It looks like UTF-16."
        if content.startswith((b"\xff\xfe", b"\xfe\xff"))
        else f"Byte 0x{content[error.start]:02X} is not valid here.",
        "Save the file as UTF-8.",
    )
