"""What was noticed on the way, in a comment: errors in plain view, warnings folded."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from reconciler.errors.diagnostic import Severity
from reconciler.errors.text import count_noun
from reconciler.views.markdown.escape import code, prose
from reconciler.views.markdown.size import MORE_BYTES, take_fitting
from reconciler.views.text.diagnostics import ALIKE_MAX

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from reconciler.errors.diagnostic import Diagnostic


ROOM = 5_000
"""Bytes that errors, and warnings, may each take of a comment."""


def errors(diagnostics: Sequence[Diagnostic]) -> str:
    """A box with every error; empty where there is none."""
    found = [each for each in diagnostics if each.severity is Severity.ERROR]
    if not found:
        return ""
    lines = "\n".join(f"> {line}" for line in _lines(found))
    return f"> [!WARNING]\n> **{count_noun(len(found), 'error')}.**\n>\n{lines}"


def warnings(diagnostics: Sequence[Diagnostic]) -> str:
    """Every warning, folded; empty where there is none."""
    found = [each for each in diagnostics if each.severity is Severity.WARNING]
    if not found:
        return ""
    lines = "\n".join(_lines(found))
    return f"<details><summary>{count_noun(len(found), 'warning')}</summary>\n\n{lines}\n\n</details>"


def _lines(diagnostics: Sequence[Diagnostic]) -> Iterator[str]:
    """An item for each, as many as have room; of one code only some, so that none hides the others."""
    told: Counter[str] = Counter()
    few = []
    for diagnostic in diagnostics:
        told[diagnostic.code] += 1
        if told[diagnostic.code] <= ALIKE_MAX:
            few.append(diagnostic)
    lines = take_fitting(map(_line, few), ROOM - MORE_BYTES)
    yield from lines
    if len(lines) < len(diagnostics):
        yield f"- … and {len(diagnostics) - len(lines):,} more; `reconciler plan --verbose` shows them"


def _line(diagnostic: Diagnostic) -> str:
    parts = [f"- <b>{prose(diagnostic.summary)}</b>"]
    if diagnostic.span:
        start = diagnostic.span.start
        parts.append(f"at {code(f'{diagnostic.span.filename}:{start.line}:{start.column}')}")
    parts += [f"{prose(' '.join(told.split()))}" for told in (diagnostic.detail, diagnostic.hint) if told]
    return " ".join([*parts, f"({code(diagnostic.code)})"])
