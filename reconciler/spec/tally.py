"""Bounds the findings that are made: a person reads the first hundred like it, and the rest is counted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from msgspec.structs import replace

from reconciler.errors.diagnostic import Diagnostic, Severity, Span
from reconciler.errors.text import shorten

LIKE_IT_MAX = 100
"""Findings of one code that are made."""

FINDINGS_MAX = 1_000
"""Findings of all codes that are made; errors come before warnings."""

MEETINGS_MAX = 1_000
"""Meetings that do not fit the schema, and are looked at for their findings; the others are only counted."""


DETAIL_LENGTH_MAX = 1_000
"""Characters of a detail, and of a hint; a name in them can be as long as a file."""


class Tally:
    """Counts the findings of one spec by code."""

    def __init__(self) -> None:
        self._made = Counter[tuple[str, Severity]]()
        self._more = Counter[tuple[str, Severity]]()
        self._meetings = 0
        self.unread_meetings = 0

    def takes(self, code: str, severity: Severity, more: int = 0) -> bool:
        """Count a finding, and `more` like it; return whether it is to be made."""
        kind = (code, severity)
        self._more[kind] += more
        if self._made[kind] < LIKE_IT_MAX:
            self._made[kind] += 1
            return True
        self._more[kind] += 1
        return False

    def is_full(self, code: str, severity: Severity) -> bool:
        """Return whether a finding of the code would only be counted."""
        return self._made[code, severity] >= LIKE_IT_MAX

    def takes_meeting(self) -> bool:
        """Count a meeting that does not fit the schema; return whether to look for its findings."""
        if self._meetings < MEETINGS_MAX:
            self._meetings += 1
            return True
        self.unread_meetings += 1
        return False

    def bounded(self, diagnostics: Iterable[Diagnostic]) -> Iterator[Diagnostic]:
        """Yield the diagnostics, in order, of which the last one of its code says how many more there are."""
        kept = list(diagnostics)
        errors = [each for each in kept if each.severity is Severity.ERROR]
        warnings = [each for each in kept if each.severity is not Severity.ERROR]
        shown = {id(each) for each in (errors + warnings)[:FINDINGS_MAX]}
        more = Counter(self._more)
        last: dict[tuple[str, Severity], int] = {}
        for each in kept:
            kind = (each.code, each.severity)
            if id(each) in shown:
                last[kind] = id(each)
            else:
                more[kind] += 1
        for each in kept:
            kind = (each.code, each.severity)
            if id(each) in shown:
                yield _with_more(_shortened(each), more[kind] if last[kind] == id(each) else 0)
        unseen = sum(count for kind, count in more.items() if kind not in last)
        if self.unread_meetings or unseen:
            yield _too_many(self.unread_meetings, unseen)


def in_order(diagnostics: Sequence[Diagnostic]) -> tuple[Diagnostic, ...]:
    """Sort diagnostics by file, line and column, and drop those that repeat an earlier one."""
    distinct: dict[tuple[str, Span | None, str], Diagnostic] = {}
    for diagnostic in diagnostics:
        distinct.setdefault((diagnostic.code, diagnostic.span, diagnostic.detail), diagnostic)
    return tuple(sorted(distinct.values(), key=_order))


def _order(diagnostic: Diagnostic) -> tuple[str, int, int]:
    span = diagnostic.span
    return (span.filename, span.start.line, span.start.column) if span else ("", 0, 0)


def _shortened(diagnostic: Diagnostic) -> Diagnostic:
    if max(len(diagnostic.detail), len(diagnostic.hint)) <= DETAIL_LENGTH_MAX:
        return diagnostic
    detail, hint = (shorten(text, DETAIL_LENGTH_MAX) for text in (diagnostic.detail, diagnostic.hint))
    return replace(diagnostic, detail=detail, hint=hint)


def _with_more(diagnostic: Diagnostic, more: int) -> Diagnostic:
    if not more:
        return replace(diagnostic, more=0) if diagnostic.more else diagnostic
    detail = f"{diagnostic.detail} And {more:,} more like it.".lstrip()
    return replace(diagnostic, detail=detail, more=more)


def _too_many(meetings: int, others: int) -> Diagnostic:
    parts = []
    if meetings:
        parts.append(f"{meetings:,} more meetings have errors, and were not looked at further.")
    if others:
        parts.append(f"{others:,} more findings are not shown.")
    return Diagnostic(
        "spec.too-many",
        " ".join(parts),
        "Fix those that are shown, then run again.",
        Severity.ERROR if meetings else Severity.WARNING,
        more=meetings + others - 1,
    )
