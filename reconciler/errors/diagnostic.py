"""Diagnostics with a code, a place, a detail and a hint; and the exit statuses."""

from __future__ import annotations

from enum import IntEnum, StrEnum

from msgspec import Struct

from reconciler.errors.explanations.table import summary


class Severity(StrEnum):
    """Severity of a diagnostic: an error stops the run, a warning does not."""

    ERROR = "error"
    WARNING = "warning"


class Exit(IntEnum):
    """Exit status of the program; `Exit.worst` selects one of several."""

    DONE = 0
    ERROR = 1
    CHANGES = 2
    WORK_LEFT = 3
    LOCKED = 4
    JUDGE = 5
    INTERRUPTED = 130

    @classmethod
    def worst(cls, *statuses: Exit) -> Exit:
        """Return the status to report where several apply, in this order: 130, 4, 5, 1, 3, 2, 0."""
        order = (cls.INTERRUPTED, cls.LOCKED, cls.JUDGE, cls.ERROR, cls.WORK_LEFT, cls.CHANGES)
        return next((status for status in order if status in statuses), cls.DONE)


class Position(Struct, frozen=True, order=True):
    """A position in a text; line and column count from 1."""

    line: int
    column: int


class Span(Struct, frozen=True, order=True):
    """A range of a file; `end` is the first position after it."""

    filename: str
    start: Position
    end: Position


class Diagnostic(Struct, frozen=True):
    """One error or warning.

    `span` is its place in a file, `snippet` the source lines there with secrets masked. `key` names the
    meeting that it is about, `policy` the policy that the meeting breaks. `more` is the number of further
    findings like it, which were only counted.
    """

    code: str
    detail: str = ""
    hint: str = ""
    severity: Severity = Severity.ERROR
    key: str | None = None
    span: Span | None = None
    snippet: str | None = None
    more: int = 0
    policy: str = ""

    @property
    def summary(self) -> str:
        """The summary of the code, the same for every diagnostic with it; see `errors/explanations`."""
        return summary(self.code)


class UnlocatedDiagnostic(Struct, frozen=True):
    """A diagnostic about a value whose place in a file is not known yet.

    `path` leads from the document, or from the meeting if `key` is set, to the value. `on_key` points at the
    key of a mapping instead of its value. If the path leads to an absent value, its nearest parent is meant.
    `more` and `policy` as in `Diagnostic`.
    """

    path: tuple[str | int, ...]
    code: str
    detail: str = ""
    hint: str = ""
    severity: Severity = Severity.ERROR
    key: str | None = None
    on_key: bool = False
    more: int = 0
    policy: str = ""

    @property
    def summary(self) -> str:
        """The summary of the code; see `Diagnostic.summary`."""
        return summary(self.code)

    def without_place(self) -> Diagnostic:
        """Return the diagnostic about a value that is in no file."""
        return Diagnostic(self.code, self.detail, self.hint, self.severity, key=self.key)
