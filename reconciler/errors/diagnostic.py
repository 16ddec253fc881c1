"""Diagnostics: findings with a code, a place, a detail and a hint; and the exit statuses."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum, StrEnum

from reconciler.errors.explanations.table import summary


class Severity(StrEnum):
    """How bad a finding is: an error stops, a warning is told."""

    ERROR = "error"
    WARNING = "warning"


class Exit(IntEnum):
    """Exit status of the program; `Exit.worst` says which one wins."""

    DONE = 0
    ERROR = 1
    CHANGES = 2
    WORK_LEFT = 3
    LOCKED = 4
    JUDGE = 5
    INTERRUPTED = 130

    @classmethod
    def worst(cls, *statuses: Exit) -> Exit:
        """The one that is reported where several hold: 130, 4, 5, 1, 3, 2, 0."""
        order = (cls.INTERRUPTED, cls.LOCKED, cls.JUDGE, cls.ERROR, cls.WORK_LEFT, cls.CHANGES)
        return next((status for status in order if status in statuses), cls.DONE)


@dataclass(frozen=True, slots=True, order=True)
class Position:
    """A place in a text; line and column count from 1."""

    line: int
    column: int


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """A stretch of a file; `end` is the first position after it."""

    filename: str
    start: Position
    end: Position


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """One finding. `snippet` is the source line, already masked where it held a secret."""

    code: str
    detail: str = ""
    hint: str = ""
    severity: Severity = Severity.ERROR
    key: str | None = None
    span: Span | None = None
    snippet: str | None = None

    @property
    def summary(self) -> str:
        """The summary of the code, the same for every finding with it; see `errors/explanations`."""
        return summary(self.code)


@dataclass(frozen=True, slots=True)
class UnlocatedDiagnostic:
    """A finding about a value that does not know its place in a file yet.

    `path` leads from the document (or from the meeting, where `key` is set)
    to the value, `on_key` points at the mapping's key instead of at its value.
    A path may lead to something that is absent: then its nearest parent is meant.
    """

    path: tuple[str | int, ...]
    code: str
    detail: str = ""
    hint: str = ""
    severity: Severity = Severity.ERROR
    key: str | None = None
    on_key: bool = False

    @property
    def summary(self) -> str:
        """The summary of the code; see `Diagnostic.summary`."""
        return summary(self.code)
