"""Finds the place of a finding in its file: line, column, and the source line with a caret.

Only text with a finding is parsed a second time: one entry of the file where that is enough, else the
whole text, once.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property

from msgspec.structs import replace

from reconciler.errors.diagnostic import Diagnostic, Position, Severity, Span, UnlocatedDiagnostic
from reconciler.errors.redact import redact_text
from reconciler.errors.secrets import MASK, Columns, join_spans
from reconciler.errors.text import escape_control
from reconciler.spec.yaml._events import SyntaxProblem
from reconciler.spec.yaml._parser import Entry
from reconciler.spec.yaml._positions import PositionMap, map_positions
from reconciler.spec.yaml.comments import tight_comments
from reconciler.spec.yaml.document import PROBLEMS_MAX, Document
from reconciler.spec.yaml.duplicates import DuplicateKey, Range
from reconciler.spec.yaml.snippet import render_snippet, secret_columns

Path = tuple[str | int, ...]

PIECE_LENGTH_MAX = 100_000
"""Characters of an entry that is parsed alone."""

PIECES_MAX = 50
"""Entries of any text that are parsed one by one, before the whole text is."""

PIECES_SHARE = 4
"""A large text is parsed by entries until they are one part of it in so many."""


class Locator:
    """Finds places in one document, and keeps what it has parsed."""

    def __init__(self, document: Document) -> None:
        self._document = document
        self._lines = document.lines
        self._pieces: dict[Path, PositionMap] = {}
        # A file may be one line of many megabytes with many findings: it is judged once.
        self._secrets: dict[tuple[int, int], tuple[Columns, ...]] = {}
        self._written: dict[tuple[int, bool], tuple[Columns, ...]] = {}
        self._pieces_length = 0
        self._whole: PositionMap | None = None

    @property
    def filename(self) -> str:
        """The name of the document's file."""
        return self._document.filename

    def syntax_diagnostics(self) -> tuple[Diagnostic, ...]:
        """Return the problems of the text itself, duplicate keys included."""
        return self._syntax_diagnostics

    @cached_property
    def _syntax_diagnostics(self) -> tuple[Diagnostic, ...]:
        diagnostics = [self._syntax_diagnostic(problem) for problem in self._problems]
        if self._document.duplicates:
            diagnostics += self._duplicate_diagnostics()
        return tuple(diagnostics)

    def syntax_diagnostics_of(self, section: str, name: str) -> tuple[Diagnostic, ...]:
        """Return the problems of the text of one entry; of its key, too, and of that of its section.

        Where an alias brings a value from another place, or the text has more problems than were kept, they
        are those of the whole text.
        """
        entries = self._document.entries
        entry, outer = entries.get((section, name)), entries.get((section,))
        is_cut = len(self._document.problems) == PROBLEMS_MAX
        if entry is None or outer is None or is_cut or self._has_alias(entry):
            return self.syntax_diagnostics()
        start, end = (entry.line, entry.column), self._end_of(entry)
        found = [each for each in self._problems if start <= (each.line, each.column) < end]
        repeated = (
            *self._duplicates_from((outer.line, outer.column), (outer.line, outer.column + 1)),
            *self._duplicates_from(start, end),
        )
        return (*map(self._syntax_diagnostic, found), *map(self._duplicate_diagnostic, repeated))

    def _duplicates_from(self, start: tuple[int, int], end: tuple[int, int]) -> Sequence[DuplicateKey]:
        """Return the first duplicates of keys that are between two positions."""
        known = self._duplicates_by_place
        low, high = (bisect_left(known, place, key=_first_place) for place in (start, end))
        return known[low : min(high, low + PROBLEMS_MAX)]

    @cached_property
    def _duplicates_by_place(self) -> Sequence[DuplicateKey]:
        """All duplicates, in the order of the keys that they repeat."""
        found = self._whole_text().duplicates if self._document.duplicates else ()
        return sorted(found, key=_first_place)

    @property
    def _problems(self) -> tuple[SyntaxProblem, ...]:
        return (*self._document.problems, *self._document.warnings)

    def _has_alias(self, entry: Entry) -> bool:
        return self._document.has_aliases and "*" in self._document.text[entry.start : entry.end]

    def _end_of(self, entry: Entry) -> tuple[int, int]:
        """Return the line and the column at which an entry ends; they count from 0."""
        text = self._document.text
        line = entry.line + text.count("\n", entry.start, entry.end)
        return line, entry.end - (text.rfind("\n", 0, entry.end) + 1)

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
        node, depth = positions.deepest(steps)
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
        start_line, start, end_line, end = place
        line = self._lines[start_line] if start_line < len(self._lines) else ""
        secrets = self._secrets_in(start_line, positions)
        return render_snippet(line, secrets, (start, end if end_line == start_line else len(line)))

    def _secrets_in(self, index: int, positions: PositionMap) -> Sequence[Columns]:
        if index >= len(self._lines):
            return ()
        found = self._secrets.get((index, id(positions)))  # each is kept, so its id is its own
        if found is None:
            known = self._with_comments(positions.secrets.get(index, []), index)
            written = self._secrets_by_text(index, is_yaml=positions.is_whole)
            found = self._secrets[index, id(positions)] = join_spans((*known, *written))
        return found

    def _secrets_by_text(self, index: int, *, is_yaml: bool) -> tuple[Columns, ...]:
        found = self._written.get((index, is_yaml))
        if found is None:
            spans = secret_columns(self._lines, index, is_yaml=is_yaml)
            found = self._written[index, is_yaml] = join_spans(self._with_comments(spans, index))
        return found

    def _with_comments(self, spans: Sequence[Columns], index: int) -> Iterator[Columns]:
        comments = tight_comments(self._lines[index]) if spans else {}
        yield from spans
        yield from (comments[end] for _, end in spans if end in comments)  # the rest of the secret

    def _secrets_of_line(self, index: int) -> list[str]:
        """Return the words of the secrets in line `index` (from 0): an alias or a tag may be a passcode."""
        line = "".join(self._lines[index : index + 1])
        spans = self._secrets_in(index, self._whole_text())
        words = [word for span in spans for word in line[slice(*span)].split()]
        return sorted({*words, *(word.strip("!<>") for word in words)}, key=len, reverse=True)

    def _secrets_near(self, path: Path) -> list[str]:
        """Return the secret values of the meeting at `path`, so that no message can repeat them."""
        positions, steps = self._positions(path[:2])
        node, _ = positions.deepest(steps)
        if node is None or not positions.secret_texts:
            return []
        lines: Iterable[int] = range(node.value[0], node.value[2] + 1)
        if self._document.has_aliases:  # the secret may be written in any line
            lines = positions.secret_texts
        texts = (text for line in lines for text in positions.secret_texts.get(line, ()))
        return [part for text in texts for part in text.splitlines()]


def _first_place(duplicate: DuplicateKey) -> tuple[int, int]:
    return duplicate.first[:2]


_SHORT = 3  # shorter secrets would be masked inside of other words


def _redact(text: str, secrets: Sequence[str]) -> str:
    for secret in secrets:
        if len(secret) >= _SHORT:
            text = text.replace(secret, MASK)
    return escape_control(redact_text(text))
