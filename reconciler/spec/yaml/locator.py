"""From a finding to the place it is about: file, line, column and the line itself, with a caret.

Only what has a finding is looked at a second time: a piece of the text where
that is enough, else the whole text, once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from reconciler.errors.diagnostic import Diagnostic, Position, Span, UnlocatedDiagnostic
from reconciler.errors.text import MASK, escape_control, redact_links
from reconciler.spec.yaml._events import (
    AliasEvent,
    DocumentStartEvent,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    ScanError,
    SequenceEndEvent,
    SequenceStartEvent,
    StreamEndEvent,
    SyntaxProblem,
    event_reader,
)
from reconciler.spec.yaml._parser import DEPTH_MAX
from reconciler.spec.yaml.document import Document
from reconciler.spec.yaml.snippet import Columns, is_reference, is_secret, render_snippet, secret_columns

Range = tuple[int, int, int, int]
"""Start line and column, end line and column; all from 0, the end not in it."""


@dataclass(slots=True)
class Node:
    """Where a value stands, its key, and what is in it: the `text` of a scalar, or `children`."""

    value: Range
    key: Range | None = None
    is_container: bool = False
    text: str = ""
    children: dict[str | int, Node] = field(default_factory=dict)

    @property
    def named(self) -> Range:
        """What a person is pointed at: the value, or the key of a mapping or list."""
        return self.key if self.is_container and self.key else self.value


@dataclass(frozen=True, slots=True)
class DuplicateKey:
    """A key that stands twice in one mapping."""

    name: str
    first: Range
    second: Range


@dataclass(slots=True)
class PositionMap:
    """The places of a whole text, or of a piece of it; of a broken one, up to the break.

    `secrets` maps a line to the stretches of it that hold secret values, `secret_texts`
    the line on which a secret begins to the secret itself.
    """

    root: Node | None = None
    twins: list[DuplicateKey] = field(default_factory=list)
    secrets: dict[int, list[Columns]] = field(default_factory=dict)
    secret_texts: dict[int, list[str]] = field(default_factory=dict)
    is_whole: bool = False

    def hide(self, place: Node) -> None:
        """Note a scalar, which may go over several lines, as secret."""
        start_line, start, end_line, end = place.value
        self.secret_texts.setdefault(start_line, []).append(place.text)
        for line in range(start_line, end_line + 1):
            columns = (start if line == start_line else 0, end if line == end_line else 1 << 30)
            self.secrets.setdefault(line, []).append(columns)


def map_positions(text: str, *, first_line: int = 0) -> PositionMap:
    """The places in `text`, whose first line is line `first_line` of its file."""
    walk = _Walk(text, first_line)
    try:
        walk.document()
    except ScanError:
        walk.found.is_whole = False
    return walk.found


class _Walk:
    def __init__(self, text: str, first_line: int) -> None:
        self.next_event: Callable[[], Any] = event_reader(text)
        self.first_line = first_line
        self.anchors: dict[str, Node] = {}
        self.found = PositionMap()

    def document(self) -> None:
        event = self.next_event()
        while type(event) is not DocumentStartEvent:
            if type(event) is StreamEndEvent:
                return
            event = self.next_event()
        self.found.root = self.place(self.next_event(), None, "", depth=0)
        self.next_event()  # the end of the document
        self.found.is_whole = type(self.next_event()) is StreamEndEvent

    def place(self, event: Any, key: Range | None, secret: str, *, depth: int) -> Node:
        """The place of the value that begins with `event`; `secret`: the key that hides it, or empty."""
        if type(event) is AliasEvent:
            return self.alias(event, key, secret)
        place = Node(self.range(event), key)
        if type(event) is MappingStartEvent or type(event) is SequenceStartEvent:
            if depth > DEPTH_MAX:
                raise ScanError("too deep")
            place.is_container = True
            fill = self.mapping if type(event) is MappingStartEvent else self.sequence
            fill(place, secret, depth + 1)
        else:
            place.text = event.value
            if secret and not is_reference(secret, event.value):
                self.found.hide(place)
        if event.anchor is not None:  # only now: a value cannot be inside itself
            self.anchors[event.anchor] = place
        return place

    def alias(self, event: Any, key: Range | None, secret: str) -> Node:
        target = self.anchors.get(event.anchor)
        if target is None:
            return Node(self.range(event), key)
        if secret:
            self.hide_all(target, set())
        return Node(self.range(event), key, target.is_container, target.text, target.children)

    def hide_all(self, place: Node, seen: set[int]) -> None:
        if not place.is_container:
            self.found.hide(place)
        if id(place.children) in seen:  # aliases of aliases can make a small text huge
            return
        seen.add(id(place.children))
        for child in place.children.values():
            self.hide_all(child, seen)

    def mapping(self, place: Node, secret: str, depth: int) -> None:
        while type(event := self.next_event()) is not MappingEndEvent:
            if type(event) is not ScalarEvent:
                self.place(event, None, secret, depth=depth)
                self.place(self.next_event(), None, secret, depth=depth)
                continue
            name, key = event.value, self.range(event)
            if event.anchor is not None:
                self.anchors[event.anchor] = Node(key, text=name)
            beneath = name if secret or is_secret(name) else ""
            child = self.place(self.next_event(), key, beneath, depth=depth)
            first = place.children.setdefault(name, child)
            if first is not child and first.key:
                self.found.twins.append(DuplicateKey(name, first.key, key))
        place.value = self.until(place.value, event)

    def sequence(self, place: Node, secret: str, depth: int) -> None:
        while type(event := self.next_event()) is not SequenceEndEvent:
            index = len(place.children)
            place.children[index] = self.place(event, None, secret, depth=depth)
        place.value = self.until(place.value, event)

    def range(self, event: Any) -> Range:
        start, end = event.start_mark, event.end_mark
        return (start.line + self.first_line, start.column, end.line + self.first_line, end.column)

    def until(self, place: Range, event: Any) -> Range:
        return (*place[:2], event.end_mark.line + self.first_line, event.end_mark.column)


Path = tuple[str | int, ...]

PIECE_LENGTH_MAX = 100_000
"""Characters of such a piece."""

PIECES_MAX = 50
"""Pieces of a text that are read again one by one, before the whole text is."""


class Locator:
    """Finds the places of one document; keeps what it has found."""

    def __init__(self, document: Document) -> None:
        self._document = document
        self._lines: list[str] | None = None
        self._pieces: dict[Path, PositionMap] = {}
        self._whole: PositionMap | None = None

    def defects(self) -> tuple[Diagnostic, ...]:
        """What is wrong with the text itself, twins included."""
        found = [self._of_defect(defect) for defect in self._document.defects]
        if self._document.has_twins:
            found += [self._of_twin(*twin) for twin in self._twins()]
        return tuple(found)

    def diagnostic(self, finding: UnlocatedDiagnostic, path: Path, *, key: str | None = None) -> Diagnostic:
        """`finding` at `path` of the document; where nothing stands there, at its nearest parent."""
        where, traced = self._place(path, on_key=finding.on_key)
        secrets = self._secrets_at(path)
        return Diagnostic(
            finding.code,
            _without(finding.detail, secrets),
            _without(finding.hint, secrets),
            finding.severity,
            key if finding.key is None else finding.key,
            self._span(where),
            self._snippet(where, traced),
        )

    def span(self, path: Path, *, on_key: bool = False) -> Span:
        """Where `path` of the document stands."""
        return self._span(self._place(path, on_key=on_key)[0])

    def _of_defect(self, defect: SyntaxProblem) -> Diagnostic:
        where = (defect.line, defect.column, defect.line, defect.column + defect.width)
        return Diagnostic(
            defect.code,
            escape_control(redact_links(defect.detail)),
            redact_links(defect.hint),
            span=self._span(where),
            snippet=self._snippet(where, self._all()),
        )

    def _twins(self) -> list[tuple[str, Range, Range]]:
        return [(twin.name, twin.first, twin.second) for twin in self._all().twins]

    def _of_twin(self, name: str, first: Range, second: Range) -> Diagnostic:
        return Diagnostic(
            "yaml.duplicate-key",
            f"The key `{escape_control(redact_links(name))}` is in line {first[0] + 1} first.",
            "Keep one of the two, or rename one.",
            span=self._span(second),
            snippet=self._snippet(second, self._all()),
        )

    def _place(self, path: Path, *, on_key: bool) -> tuple[Range, PositionMap]:
        traced, steps = self._traced(path)
        place, depth = _deepest(traced.root, steps)
        if place is None:
            return (0, 0, 0, 0), traced
        if depth < len(steps) or (on_key and place.key):
            return place.key or _start(place.value), traced
        return place.named, traced

    def _traced(self, path: Path) -> tuple[PositionMap, Path]:
        """A trace that has `path`, and the path inside it."""
        if self._whole is None and not self._document.has_aliases:
            for entry_path in (path[:2], path[:1]):
                piece = self._piece(entry_path)
                if piece:
                    return piece, path[len(entry_path) - 1 :]
        return self._all(), path

    def _piece(self, path: Path) -> PositionMap | None:
        """The trace of one entry alone, such as a meeting: its key and value read as a text of their own."""
        if path not in self._pieces and len(self._pieces) < PIECES_MAX:
            entry = self._document.entries.get(tuple(map(str, path)))
            if entry and entry.end - entry.start <= PIECE_LENGTH_MAX:
                text = " " * entry.column + self._document.text[entry.start : entry.end]
                self._pieces[path] = map_positions(text, first_line=entry.line)
        piece = self._pieces.get(path)
        return piece if piece and piece.is_whole else None

    def _all(self) -> PositionMap:
        if self._whole is None:
            self._whole = map_positions(self._document.text)
        return self._whole

    def _span(self, where: Range) -> Span:
        start_line, start, end_line, end = where
        if (end_line, end) <= (start_line, start):
            end_line, end = start_line, start + 1
        return Span(
            self._document.filename, Position(start_line + 1, start + 1), Position(end_line + 1, end + 1)
        )

    def _snippet(self, where: Range, traced: PositionMap) -> str:
        line = self._text_lines()[where[0]] if where[0] < len(self._text_lines()) else ""
        end = where[3] if where[2] == where[0] else len(line)
        return render_snippet(line, self._secrets_in(where[0], traced), (where[1], end))

    def _secrets_in(self, index: int, traced: PositionMap) -> Sequence[tuple[int, int]]:
        if index >= len(self._text_lines()):
            return ()
        known = traced.secrets.get(index, [])
        return [*known, *secret_columns(self._text_lines(), index, is_yaml=traced.is_whole)]

    def _secrets_at(self, path: Path) -> list[str]:
        """Secret values that this meeting writes, so that no message can repeat them."""
        traced, steps = self._traced(path[:2])
        place, _ = _deepest(traced.root, steps)
        if place is None or not traced.secret_texts:
            return []
        lines: Iterable[int] = range(place.value[0], place.value[2] + 1)
        if self._document.has_aliases:  # it may be written anywhere
            lines = traced.secret_texts
        texts = (text for line in lines for text in traced.secret_texts.get(line, ()))
        return [part for text in texts for part in text.splitlines()]

    def _text_lines(self) -> list[str]:
        if self._lines is None:
            self._lines = self._document.lines
        return self._lines


def in_order(diagnostics: Sequence[Diagnostic]) -> tuple[Diagnostic, ...]:
    """Sort diagnostics by file, line and column, and drop those that repeat an earlier one."""
    distinct = {(each.code, each.span, each.detail): each for each in reversed(diagnostics)}
    return tuple(sorted(reversed(distinct.values()), key=_order))


def _order(diagnostic: Diagnostic) -> tuple[str, int, int]:
    span = diagnostic.span
    return (span.filename, span.start.line, span.start.column) if span else ("", 0, 0)


def _deepest(root: Node | None, path: Path) -> tuple[Node | None, int]:
    """The place at `path`, or of its nearest parent, and how many steps led there."""
    place, depth = root, 0
    for step in path:
        child = place.children.get(step) if place else None
        if child is None:
            break
        place, depth = child, depth + 1
    return place, depth


def _start(where: Range) -> Range:
    return (where[0], where[1], where[0], where[1] + 1)


_SHORT = 3  # as a part of other words, a shorter secret would be found everywhere


def _without(text: str, secrets: Sequence[str]) -> str:
    for secret in secrets:
        if len(secret) >= _SHORT:
            text = text.replace(secret, MASK)
    return escape_control(redact_links(text))
