"""Finds the place of a finding in its file: line, column, and the source line with a caret.

Only text with a finding is parsed a second time: one entry of the file where that is enough, else the
whole text, once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from reconciler.errors.diagnostic import Diagnostic, Position, Severity, Span, UnlocatedDiagnostic
from reconciler.errors.redact import redact_text
from reconciler.errors.secrets import MASK, Columns, is_secret_name
from reconciler.errors.text import escape_control
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
from reconciler.spec.yaml._parser import DEPTH_MAX, tight_comments
from reconciler.spec.yaml.document import PROBLEMS_MAX, Document
from reconciler.spec.yaml.duplicates import DuplicateKey, Range
from reconciler.spec.yaml.snippet import is_reference, is_reference_field, render_snippet, secret_columns

Path = tuple[str | int, ...]


@dataclass(slots=True)
class Node:
    """The ranges of a value and of its key, with the `text` of a scalar or the `children` of a container."""

    value: Range
    key: Range | None = None
    is_container: bool = False
    text: str = ""
    children: dict[str | int, Node] = field(default_factory=dict)

    @property
    def label(self) -> Range:
        """Return the range that a caret points at: the value, or the key of a mapping or list."""
        return self.key if self.is_container and self.key else self.value


@dataclass(slots=True)
class PositionMap:
    """The nodes of a whole text or of a piece of it; of a broken text, up to the error.

    `secrets` maps a line to the columns of it that hold secret values, `secret_texts` the line on which a
    secret begins to the secret itself.
    """

    root: Node | None = None
    duplicates: list[DuplicateKey] = field(default_factory=list)
    secrets: dict[int, list[Columns]] = field(default_factory=dict)
    secret_texts: dict[int, list[str]] = field(default_factory=dict)
    is_whole: bool = False

    def hide(self, node: Node) -> None:
        """Note a scalar, which may span several lines, as secret."""
        start_line, start, end_line, end = node.value
        self.secret_texts.setdefault(start_line, []).append(node.text)
        for line in range(start_line, end_line + 1):
            columns = (start if line == start_line else 0, end if line == end_line else 1 << 30)
            self.secrets.setdefault(line, []).append(columns)


def map_positions(text: str, *, first_line: int = 0) -> PositionMap:
    """Return the positions in `text`, whose first line is line `first_line` of its file."""
    mapper = _PositionMapper(text, first_line)
    try:
        mapper.document()
    except ScanError:
        mapper.positions.is_whole = False
    return mapper.positions


class _PositionMapper:
    def __init__(self, text: str, first_line: int) -> None:
        self.next_event: Callable[[], Any] = event_reader(text)
        self.first_line = first_line
        self.anchors: dict[str, Node] = {}
        self.positions = PositionMap()
        self.nodes = 0

    def document(self) -> None:
        event = self.next_event()
        while type(event) is not DocumentStartEvent:
            if type(event) is StreamEndEvent:
                return
            event = self.next_event()
        self.positions.root = self.node(self.next_event(), None, "", depth=0)
        self.next_event()  # the end of the document
        self.positions.is_whole = type(self.next_event()) is StreamEndEvent

    def node(self, event: Any, key: Range | None, secret: str, *, depth: int) -> Node:
        """Return the node that begins with `event`; `secret` is the key that hides it, or empty."""
        if type(event) is AliasEvent:
            return self.alias(event, key, secret)
        self.nodes += 1
        if self.nodes > NODES_MAX:
            raise ScanError("too long")
        node = Node(self.range(event), key)
        if type(event) is MappingStartEvent or type(event) is SequenceStartEvent:
            if depth > DEPTH_MAX:
                raise ScanError("too deep")
            node.is_container = True
            fill = self.mapping if type(event) is MappingStartEvent else self.sequence
            fill(node, secret, depth + 1)
        else:
            node.text = event.value
            if secret and not is_reference(secret, event.value):
                self.positions.hide(node)
        if event.anchor is not None:  # only now: a value cannot contain itself
            self.anchors[event.anchor] = node
        return node

    def alias(self, event: Any, key: Range | None, secret: str) -> Node:
        target = self.anchors.get(event.anchor)
        if target is None:
            return Node(self.range(event), key)
        if secret:
            self.hide_all(target, set())
        return Node(self.range(event), key, target.is_container, target.text, target.children)

    def hide_all(self, node: Node, visited: set[int]) -> None:
        if not node.is_container:
            self.positions.hide(node)
        if id(node.children) in visited:  # aliases of aliases can make a small text huge
            return
        visited.add(id(node.children))
        for child in node.children.values():
            self.hide_all(child, visited)

    def mapping(self, node: Node, secret: str, depth: int) -> None:
        while type(event := self.next_event()) is not MappingEndEvent:
            if type(event) is not ScalarEvent:
                self.node(event, None, secret, depth=depth)
                self.node(self.next_event(), None, secret, depth=depth)
                continue
            name, key = event.value, self.range(event)
            if event.anchor is not None:
                self.anchors[event.anchor] = Node(key, text=name)
            beneath = name if secret or is_secret_name(name) else ""
            child = self.node(self.next_event(), key, beneath, depth=depth)
            if secret and not (child.is_container or child.text or is_reference_field(name)):
                self.positions.hide(Node(key, text=name))  # a passcode in braces is a key without a value
            first = node.children.setdefault(name, child)
            if first is not child and first.key:
                self.positions.duplicates.append(DuplicateKey(name, first.key, key))
        node.value = self.extended(node.value, event)

    def sequence(self, node: Node, secret: str, depth: int) -> None:
        while type(event := self.next_event()) is not SequenceEndEvent:
            index = len(node.children)
            node.children[index] = self.node(event, None, secret, depth=depth)
        node.value = self.extended(node.value, event)

    def range(self, event: Any) -> Range:
        start, end = event.start_mark, event.end_mark
        return (start.line + self.first_line, start.column, end.line + self.first_line, end.column)

    def extended(self, start: Range, end: Any) -> Range:
        """Return the range from `start` to the event `end`."""
        return (*start[:2], end.end_mark.line + self.first_line, end.end_mark.column)


PIECE_LENGTH_MAX = 100_000
"""Characters of an entry that is parsed alone."""

NODES_MAX = 400_000
"""Values of one text whose places are found, in about four seconds; 10,000 meetings have fewer."""

PIECES_MAX = 50
"""Entries of any text that are parsed one by one, before the whole text is."""

PIECES_SHARE = 4
"""A large text is parsed by entries until they are one part of it in so many."""


class Locator:
    """Finds places in one document, and keeps what it has parsed."""

    def __init__(self, document: Document) -> None:
        self._document = document
        self._lines: list[str] | None = None
        self._pieces: dict[Path, PositionMap] = {}
        self._pieces_length = 0
        self._whole: PositionMap | None = None

    @property
    def filename(self) -> str:
        """The name of the document's file."""
        return self._document.filename

    def syntax_diagnostics(self) -> tuple[Diagnostic, ...]:
        """Return the problems of the text itself, duplicate keys included."""
        problems = (*self._document.problems, *self._document.warnings)
        diagnostics = [self._syntax_diagnostic(problem) for problem in problems]
        if self._document.duplicates:
            diagnostics += self._duplicate_diagnostics()
        return tuple(diagnostics)

    def _duplicate_diagnostics(self) -> list[Diagnostic]:
        """Return one for each of the first duplicate keys; the last one counts the others."""
        found = self._whole_text().duplicates[:PROBLEMS_MAX]
        shown = [self._duplicate_diagnostic(each) for each in found]
        if not shown:  # beyond the part of a huge text that is mapped
            return [Diagnostic("yaml.duplicate-key", more=self._document.duplicates - 1)]
        return [*shown[:-1], replace(shown[-1], more=max(0, self._document.duplicates - len(shown)))]

    def diagnostic(self, finding: UnlocatedDiagnostic, path: Path, *, key: str | None = None) -> Diagnostic:
        """Return `finding` at `path` of the document; where `path` leads nowhere, at its nearest parent."""
        place, positions = self._place(path, on_key=finding.on_key)
        secrets = self._secrets_near(path)
        return Diagnostic(
            finding.code,
            _redact(finding.detail, secrets),
            _redact(finding.hint, secrets),
            finding.severity,
            key if finding.key is None else finding.key,
            self._span(place),
            self._snippet(place, positions),
            finding.more,
            finding.policy,
        )

    def span(self, path: Path, *, on_key: bool = False) -> Span:
        """Return the span of the value at `path`, or of its key."""
        return self._span(self._place(path, on_key=on_key)[0])

    def _syntax_diagnostic(self, problem: SyntaxProblem) -> Diagnostic:
        place = (problem.line, problem.column, problem.line, problem.column + problem.width)
        secrets = self._secrets_of_line(problem.line)
        return Diagnostic(
            problem.code,
            _redact(problem.detail, secrets),
            _redact(problem.hint, secrets),
            Severity.WARNING if problem.is_warning else Severity.ERROR,
            span=self._span(place),
            snippet=self._snippet(place, self._whole_text()),
        )

    def _duplicate_diagnostic(self, duplicate: DuplicateKey) -> Diagnostic:
        name = _redact(duplicate.name, self._secrets_of_line(duplicate.second[0]))
        return Diagnostic(
            "yaml.duplicate-key",
            f"Line {duplicate.first[0] + 1} already has the key `{name}`.",
            duplicate.hint,
            span=self._span(duplicate.second),
            snippet=self._snippet(duplicate.second, self._whole_text()),
        )

    def _place(self, path: Path, *, on_key: bool) -> tuple[Range, PositionMap]:
        positions, steps = self._positions(path)
        node, depth = _deepest(positions.root, steps)
        if node is None:
            return self._entry_place(path), positions
        if depth < len(steps) or (on_key and node.key):
            line, column = node.value[:2]
            return node.key or (line, column, line, column + 1), positions
        return node.label, positions

    def _entry_place(self, path: Path) -> Range:
        """Return the place of the outer key over `path`, for a text whose inner places are not known."""
        for outer in (path[:2], path[:1]):
            entry = self._document.entries.get(tuple(map(str, outer)))
            if entry:
                return (entry.line, entry.column, entry.line, entry.column + 1)
        return (0, 0, 0, 0)

    def _positions(self, path: Path) -> tuple[PositionMap, Path]:
        """Return a position map with `path` in it, and the path inside that map."""
        if self._whole is None and not self._document.has_aliases:
            for entry_path in (path[:2], path[:1]):
                piece = self._piece(entry_path)
                if piece:
                    return piece, path[len(entry_path) - 1 :]
        return self._whole_text(), path

    def _piece(self, path: Path) -> PositionMap | None:
        """Return the positions of one entry, such as a meeting, parsed as a text of its own."""
        if path not in self._pieces and self._pieces_pay:
            entry = self._document.entries.get(tuple(map(str, path)))
            if entry and entry.end - entry.start <= PIECE_LENGTH_MAX:
                text = " " * entry.column + self._document.text[entry.start : entry.end]
                self._pieces[path] = map_positions(text, first_line=entry.line)
                self._pieces_length += len(text)
        piece = self._pieces.get(path)
        return piece if piece and piece.is_whole else None

    @property
    def _pieces_pay(self) -> bool:
        """Return whether it is still cheaper to parse single entries than the whole text."""
        is_small_part = self._pieces_length * PIECES_SHARE < len(self._document.text)
        return len(self._pieces) < PIECES_MAX or is_small_part

    def _whole_text(self) -> PositionMap:
        if self._whole is None:
            self._whole = map_positions(self._document.text)
        return self._whole

    def _span(self, place: Range) -> Span:
        start_line, start, end_line, end = place
        if (end_line, end) <= (start_line, start):
            end_line, end = start_line, start + 1
        return Span(
            self._document.filename, Position(start_line + 1, start + 1), Position(end_line + 1, end + 1)
        )

    def _snippet(self, place: Range, positions: PositionMap) -> str:
        lines = self._text_lines()
        start_line, start, end_line, end = place
        line = lines[start_line] if start_line < len(lines) else ""
        secrets = self._secrets_in(start_line, positions)
        return render_snippet(line, secrets, (start, end if end_line == start_line else len(line)))

    def _secrets_in(self, index: int, positions: PositionMap) -> Sequence[Columns]:
        if index >= len(self._text_lines()):
            return ()
        known = positions.secrets.get(index, [])
        spans = [*known, *secret_columns(self._text_lines(), index, is_yaml=positions.is_whole)]
        comments = tight_comments(self._text_lines()[index]) if spans else {}
        return [*spans, *(comments[end] for _, end in spans if end in comments)]  # the rest of the secret

    def _secrets_of_line(self, index: int) -> list[str]:
        """Return the words of the secrets in line `index` (from 0): an alias or a tag may be a passcode."""
        line = "".join(self._text_lines()[index : index + 1])
        spans = self._secrets_in(index, self._whole_text())
        words = [word for span in spans for word in line[slice(*span)].split()]
        return sorted({*words, *(word.strip("!<>") for word in words)}, key=len, reverse=True)

    def _secrets_near(self, path: Path) -> list[str]:
        """Return the secret values of the meeting at `path`, so that no message can repeat them."""
        positions, steps = self._positions(path[:2])
        node, _ = _deepest(positions.root, steps)
        if node is None or not positions.secret_texts:
            return []
        lines: Iterable[int] = range(node.value[0], node.value[2] + 1)
        if self._document.has_aliases:  # the secret may be written in any line
            lines = positions.secret_texts
        texts = (text for line in lines for text in positions.secret_texts.get(line, ()))
        return [part for text in texts for part in text.splitlines()]

    def _text_lines(self) -> list[str]:
        if self._lines is None:
            self._lines = self._document.lines
        return self._lines


def _deepest(root: Node | None, path: Path) -> tuple[Node | None, int]:
    """Return the node at `path`, or its nearest parent, and the number of steps that lead there."""
    node, depth = root, 0
    for step in path:
        child = node.children.get(step) if node else None
        if child is None:
            break
        node, depth = child, depth + 1
    return node, depth


_SHORT = 3  # shorter secrets would be masked inside of other words


def _redact(text: str, secrets: Sequence[str]) -> str:
    for secret in secrets:
        if len(secret) >= _SHORT:
            text = text.replace(secret, MASK)
    return escape_control(redact_text(text))
