"""From a finding to the place it is about: file, line, column and the line itself, with a caret.

Only what has a finding is looked at a second time: a piece of the text where
that is enough, else the whole text, once.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler.errors import Diagnostic, Position, Span
from reconciler.masking import MASK, escaped, secret_columns, shown, without_links
from reconciler.places import Place, Range, Trace, trace

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from reconciler.document import Document
    from reconciler.errors import Finding
    from reconciler.scanner import Defect

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
        self._pieces: dict[Path, Trace] = {}
        self._whole: Trace | None = None

    def defects(self) -> tuple[Diagnostic, ...]:
        """What is wrong with the text itself, twins included."""
        found = [self._of_defect(defect) for defect in self._document.defects]
        if self._document.has_twins:
            found += [self._of_twin(*twin) for twin in self._twins()]
        return tuple(found)

    def diagnostic(self, finding: Finding, path: Path, *, key: str | None = None) -> Diagnostic:
        """`finding` at `path` of the document; where nothing stands there, at its nearest parent."""
        where, traced = self._place(path, on_key=finding.on_key)
        secrets = self._secrets_at(path)
        return Diagnostic(
            finding.code,
            _without(finding.summary, secrets),
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

    def _of_defect(self, defect: Defect) -> Diagnostic:
        where = (defect.line, defect.column, defect.line, defect.column + defect.width)
        return Diagnostic(
            defect.code,
            escaped(without_links(defect.summary)),
            escaped(without_links(defect.detail)),
            without_links(defect.hint),
            span=self._span(where),
            snippet=self._snippet(where, self._all()),
        )

    def _twins(self) -> list[tuple[str, Range, Range]]:
        return [(twin.name, twin.first, twin.second) for twin in self._all().twins]

    def _of_twin(self, name: str, first: Range, second: Range) -> Diagnostic:
        return Diagnostic(
            "yaml.duplicate-key",
            f"The key `{escaped(without_links(name))}` stands twice in one mapping",
            f"It stands in line {first[0] + 1} first.",
            "Keep one of the two, or rename one.",
            span=self._span(second),
            snippet=self._snippet(second, self._all()),
        )

    def _place(self, path: Path, *, on_key: bool) -> tuple[Range, Trace]:
        traced, steps = self._traced(path)
        place, depth = _deepest(traced.root, steps)
        if place is None:
            return (0, 0, 0, 0), traced
        if depth < len(steps) or (on_key and place.key):
            return place.key or _start(place.value), traced
        return place.named, traced

    def _traced(self, path: Path) -> tuple[Trace, Path]:
        """A trace that has `path`, and the path inside it."""
        if self._whole is None and not self._document.has_aliases:
            for entry_path in (path[:2], path[:1]):
                piece = self._piece(entry_path)
                if piece:
                    return piece, path[len(entry_path) - 1 :]
        return self._all(), path

    def _piece(self, path: Path) -> Trace | None:
        """The trace of one entry alone, such as a meeting: its key and value read as a text of their own."""
        if path not in self._pieces and len(self._pieces) < PIECES_MAX:
            entry = self._document.entries.get(tuple(map(str, path)))
            if entry and entry.end - entry.start <= PIECE_LENGTH_MAX:
                text = " " * entry.column + self._document.text[entry.start : entry.end]
                self._pieces[path] = trace(text, first_line=entry.line)
        piece = self._pieces.get(path)
        return piece if piece and piece.is_whole else None

    def _all(self) -> Trace:
        if self._whole is None:
            self._whole = trace(self._document.text)
        return self._whole

    def _span(self, where: Range) -> Span:
        start_line, start, end_line, end = where
        if (end_line, end) <= (start_line, start):
            end_line, end = start_line, start + 1
        return Span(
            self._document.filename, Position(start_line + 1, start + 1), Position(end_line + 1, end + 1)
        )

    def _snippet(self, where: Range, traced: Trace) -> str:
        line = self._text_lines()[where[0]] if where[0] < len(self._text_lines()) else ""
        end = where[3] if where[2] == where[0] else len(line)
        return shown(line, self._secrets_in(where[0], traced), (where[1], end))

    def _secrets_in(self, index: int, traced: Trace) -> Sequence[tuple[int, int]]:
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
    """Sorted by place, each once: a wrong default is found in every meeting that takes it."""
    once: dict[tuple[str, Span | None, str], Diagnostic] = {}
    for each in diagnostics:
        once.setdefault((each.code, each.span, each.summary), each)
    return tuple(sorted(once.values(), key=_order))


def _order(diagnostic: Diagnostic) -> tuple[str, int, int]:
    span = diagnostic.span
    return (span.filename, span.start.line, span.start.column) if span else ("", 0, 0)


def _deepest(root: Place | None, path: Path) -> tuple[Place | None, int]:
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
    return escaped(without_links(text))
