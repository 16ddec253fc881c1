"""Results that are not values of the core: findings of `validate`, checks of `doctor`, join links."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

from reconciler.errors.diagnostic import Severity

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from reconciler.errors.diagnostic import Diagnostic


@dataclass(frozen=True, slots=True)
class Validation:
    """The findings about some files; `meetings` counts the valid ones, 0 where there is an error."""

    diagnostics: Sequence[Diagnostic]
    meetings: int = 0
    files: int = 0


def severity_counts(diagnostics: Sequence[Diagnostic]) -> tuple[int, int]:
    """Return the number of errors and that of warnings."""
    errors = sum(diagnostic.severity is Severity.ERROR for diagnostic in diagnostics)
    return errors, len(diagnostics) - errors


class CheckStatus(StrEnum):
    """How a check ended."""

    OK = "ok"
    WARN = "warn"
    FAIL = "fail"


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at; `code` is that of the diagnostic behind it, where there is one."""

    name: str
    verdict: CheckStatus
    summary: str
    remedy: str = ""
    code: str | None = None


def ok(name: str, summary: str) -> Check:
    """All is as it must be."""
    return Check(name, CheckStatus.OK, summary)


def warn(name: str, summary: str, remedy: str) -> Check:
    """It works, and somebody should look."""
    return Check(name, CheckStatus.WARN, summary, remedy)


def from_diagnostic(name: str, told: Diagnostic) -> Check:
    """What a diagnostic says about `name`."""
    verdict = CheckStatus.FAIL if told.severity is Severity.ERROR else CheckStatus.WARN
    summary = f"{told.summary}: {told.detail}" if told.detail else told.summary
    return Check(name, verdict, summary, told.hint, told.code)


@dataclass(frozen=True, slots=True)
class JoinLink:
    """How people come into one meeting. `next_at` (aware, UTC) is its next start, None where it has none."""

    key: str
    id: int
    host: str
    topic: str
    next_at: datetime | None
    join_url: str = field(repr=False)

    @property
    def holds_passcode(self) -> bool:
        """Whether whoever has the link can come in without being told the passcode."""
        return "pwd=" in self.join_url.casefold()
