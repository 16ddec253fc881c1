"""Findings as people read them, and as programs do."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from reconciler.errors.diagnostic import Severity
from reconciler.errors.text import count_noun, escape_control
from reconciler.views.results import severity_counts

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from reconciler.errors.diagnostic import Diagnostic
    from reconciler.views.results import Validation
    from reconciler.views.style import TextStyle


_COLOUR = {Severity.ERROR: "31", Severity.WARNING: "33"}
_BLUE = "34"


def validate(result: Validation, style: TextStyle) -> str:
    """Every finding, then a line that counts them."""
    shown = diagnostics(result.diagnostics, colour=style.colour)
    total = totals_line(result.diagnostics, meetings=result.meetings, files=result.files)
    return f"{shown}\n{total}" if shown else total


def diagnostics(diagnostics: Sequence[Diagnostic], *, colour: bool = False) -> str:
    """Each finding as a paragraph of its own; ends with a line break, or is empty."""
    return "\n".join(_paragraph(diagnostic, colour=colour) for diagnostic in diagnostics)


def totals_line(diagnostics: Sequence[Diagnostic], *, meetings: int, files: int) -> str:
    """The last line: how many findings, or how many meetings are valid."""
    errors, warnings = severity_counts(diagnostics)
    found = [count_noun(errors, "error")] if errors else []
    if warnings:
        found.append(count_noun(warnings, "warning"))
    where = f"in {count_noun(files, 'file')}"
    if errors:
        return f"{', '.join(found)} {where}.\n"
    valid = f"Valid: {count_noun(meetings, 'meeting')} {where}"
    return f"{valid}, {found[0]}.\n" if found else f"{valid}.\n"


def _paragraph(diagnostic: Diagnostic, *, colour: bool) -> str:
    def paint(words: str, code: str) -> str:
        return f"\x1b[1;{code}m{words}\x1b[0m" if colour else words

    span = diagnostic.span
    gutter = " " * (len(str(span.start.line)) if span else 1)
    head = paint(f"{diagnostic.severity.value}[{diagnostic.code}]", _COLOUR[diagnostic.severity])
    lines = [f"{head}: {escape_control(diagnostic.summary)}"]
    if span:
        place = f"{escape_control(span.filename)}:{span.start.line}:{span.start.column}"
        lines.append(f"{gutter}{paint('-->', _BLUE)} {place}")
    if span and diagnostic.snippet is not None:
        bar = paint("|", _BLUE)
        source, _, caret = diagnostic.snippet.partition("\n")
        lines += [
            f"{gutter} {bar}",
            f"{paint(str(span.start.line), _BLUE)} {bar} {escape_control(source)}".rstrip(),
        ]
        if caret:
            lines.append(f"{gutter} {bar} {paint(caret, _COLOUR[diagnostic.severity])}")
    told = (diagnostic.detail, diagnostic.hint and f"hint: {diagnostic.hint}")
    for words in filter(None, told):
        first, *others = words.split("\n")
        lines.append(f"{gutter} {paint('=', _BLUE)} {escape_control(first)}")
        lines += [f"{gutter}   {escape_control(other)}" for other in others]
    return "\n".join(lines) + "\n"


ALIKE_MAX = 3
"""Diagnostics of one code that are told in full, where not all is asked for."""


def format_diagnostic(diagnostic: Diagnostic, style: TextStyle) -> list[str]:
    """One diagnostic as lines, in the form in which `validate` tells it."""
    return diagnostics([diagnostic], colour=style.colour).splitlines()


def detail_lines(diagnostic: Diagnostic) -> Iterator[str]:
    """Where, why, and what to do: each on a line of its own."""
    if diagnostic.span:
        start = diagnostic.span.start
        yield f"--> {escape_control(diagnostic.span.filename)}:{start.line}:{start.column}"
        yield from (f"  | {escape_control(line)}" for line in (diagnostic.snippet or "").splitlines())
    if diagnostic.detail:
        yield escape_control(diagnostic.detail)
    if diagnostic.hint:
        yield f"hint: {escape_control(diagnostic.hint)}"


def format_diagnostics(diagnostics: Sequence[Diagnostic], style: TextStyle) -> Iterator[str]:
    """All of them in order, the many of one kind by their number."""
    told: Counter[str] = Counter()
    for diagnostic in diagnostics:
        told[diagnostic.code] += 1
        if style.verbose or told[diagnostic.code] <= ALIKE_MAX:
            yield from format_diagnostic(diagnostic, style)
    for code, count in told.items():
        if count > ALIKE_MAX and not style.verbose:
            yield style.dim(f"… {count - ALIKE_MAX} more of {escape_control(code)}; --verbose shows them")
