"""YAML text to a JSON value, with positions: what was written, and nothing guessed.

Tags, twins, merge keys, keys that are not text, a second document and texts
that grow without bound are defects. A broken text is a value, too: it raises nothing.
"""

from __future__ import annotations

import gc
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field

from reconciler.ports import Json
from reconciler.spec.yaml._events import SyntaxProblem
from reconciler.spec.yaml._parser import Entry, Parser

BYTES_MAX = 32 * 1024 * 1024
"""Size of one file; 10,000 meetings take about 8 MiB."""


DEFECTS_MAX = 100
"""Defects that are told of one file; a file of another kind would have thousands."""

_LINE_BREAK = re.compile("\r\n|[\n\r\x85\u2028\u2029]")  # what YAML counts as one


@dataclass(frozen=True, slots=True)
class Source:
    """A file as it was read; `filename` as a person would type it, with `/` between its parts."""

    filename: str
    content: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Document:
    """One file's value. With defects the value is what could be read, or None.

    `entries` has the keys of the two outer levels by path. `has_aliases` tells
    that a value may stand elsewhere than at its key. `has_twins` tells that a
    key stands twice somewhere: a `Locator` knows where.
    """

    filename: str
    text: str = field(repr=False)
    value: Json = field(repr=False)
    entries: Mapping[tuple[str, ...], Entry] = field(repr=False)
    defects: tuple[SyntaxProblem, ...] = ()
    has_aliases: bool = False
    has_twins: bool = False
    has_nulls: bool = False

    @property
    def is_sound(self) -> bool:
        """Whether the text was taken as it is."""
        return not (self.defects or self.has_twins)

    @property
    def lines(self) -> list[str]:
        """The text's lines without their breaks; at least one."""
        return _LINE_BREAK.split(self.text)


@contextmanager
def collector_off() -> Iterator[None]:
    """Many values are made and none is freed: the cyclic collector would look at all, again and again."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def parse(source: Source) -> Document:
    """The document in `source`, UTF-8 with or without a byte order mark. Raises nothing."""
    filename, content = source.filename, source.content
    if len(content) > BYTES_MAX:
        return _refused(filename, too_large())
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        shown = content.decode("utf-8-sig", errors="replace")
        return Document(filename, shown, None, {}, (_not_utf8(content, error),))
    reading = Parser(text)
    with collector_off():
        value = reading.document()
    return Document(
        filename,
        text,
        value,
        reading.entries,
        tuple(reading.defects[:DEFECTS_MAX]),
        has_aliases=bool(reading.anchors),
        has_twins=reading.has_twins,
        has_nulls=reading.has_nulls,
    )


def _refused(filename: str, defect: SyntaxProblem) -> Document:
    return Document(filename, "", None, {}, (defect,))


def too_large() -> SyntaxProblem:
    """What is wrong with a file of more than `BYTES_MAX`."""
    detail = f"The file is larger than {BYTES_MAX // 1024 // 1024} MiB."
    return SyntaxProblem(0, 0, 0, "yaml.size", detail, "Part the meetings into several files.")


def _not_utf8(content: bytes, error: UnicodeDecodeError) -> SyntaxProblem:
    before = content[: error.start].decode("utf-8-sig", errors="replace")
    return SyntaxProblem(
        before.count("\n"),
        len(before) - (before.rfind("\n") + 1),
        1,
        "yaml.encoding",
        "It looks like UTF-16."
        if content.startswith((b"\xff\xfe", b"\xfe\xff"))
        else f"Byte 0x{content[error.start]:02X} is not valid here.",
        "Save it as UTF-8.",
    )
