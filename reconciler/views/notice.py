"""Diagnostics among the lines of a plan or an apply."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from reconciler.masking import escaped
from reconciler.views import findings

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from reconciler.errors import Diagnostic
    from reconciler.views.look import Look

ALIKE_MAX = 3
"""Diagnostics of one code that are told in full, where not all is asked for."""


def notice(diagnostic: Diagnostic, look: Look) -> list[str]:
    """One diagnostic as lines, in the form in which `validate` tells it."""
    return findings.text([diagnostic], colour=look.colour).splitlines()


def remarks(diagnostic: Diagnostic) -> Iterator[str]:
    """Where, why, and what to do: each on a line of its own."""
    if diagnostic.span:
        start = diagnostic.span.start
        yield f"--> {escaped(diagnostic.span.filename)}:{start.line}:{start.column}"
        yield from (f"  | {escaped(line)}" for line in (diagnostic.snippet or "").splitlines())
    if diagnostic.detail:
        yield escaped(diagnostic.detail)
    if diagnostic.hint:
        yield f"hint: {escaped(diagnostic.hint)}"


def notices(diagnostics: Sequence[Diagnostic], look: Look) -> Iterator[str]:
    """All of them in order, the many of one kind by their number."""
    told: Counter[str] = Counter()
    for diagnostic in diagnostics:
        told[diagnostic.code] += 1
        if look.verbose or told[diagnostic.code] <= ALIKE_MAX:
            yield from notice(diagnostic, look)
    for code, count in told.items():
        if count > ALIKE_MAX and not look.verbose:
            yield look.dim(f"… {count - ALIKE_MAX} more of {escaped(code)}; --verbose shows them")
