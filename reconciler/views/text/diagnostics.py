"""Diagnostics as text: paragraphs with the source line, and the line that counts them."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from reconciler.errors.diagnostic import Severity
from reconciler.errors.text import count_noun, escape_control
from reconciler.views.results import severity_counts

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from reconciler.errors.diagnostic import Diagnostic, Span
    from reconciler.views.results import Validation
    from reconciler.views.style import TextStyle


_COLOUR = {Severity.ERROR: "31", Severity.WARNING: "33"}
_BLUE = "34"


def validate(result: Validation, style: TextStyle) -> str:
    """Return every finding, then a line that counts them."""
    paragraphs = diagnostics(result.diagnostics, colour=style.colour)
    totals = totals_line(result.diagnostics, meetings=result.meetings, files=result.files)
    return f"{paragraphs}\n{totals}" if paragraphs else totals


def diagnostics(diagnostics: Sequence[Diagnostic], *, colour: bool = False) -> str:
    """Return a paragraph for each diagnostic, ending in a newline; empty if there are none."""
    return "\n".join(_paragraph(diagnostic, colour=colour) for diagnostic in diagnostics)


def totals_line(diagnostics: Sequence[Diagnostic], *, meetings: int, files: int) -> str:
    """Return the last line: the number of findings, or that of valid meetings."""
    errors, warnings = severity_counts(diagnostics)
    counts = [count_noun(count, noun) for count, noun in ((errors, "error"), (warnings, "warning")) if count]
    in_files = f"in {count_noun(files, 'file')}"
    if not errors:
        counts = [f"Valid: {count_noun(meetings, 'meeting')} {in_files}", *counts]
        return f"{', '.join(counts)}.\n"
    return f"{', '.join(counts)} {in_files}.\n"


def _paragraph(diagnostic: Diagnostic, *, colour: bool) -> str:
    def paint(text: str, code: str) -> str:
        return f"\x1b[1;{code}m{text}\x1b[0m" if colour else text

    span = diagnostic.span
    gutter = " " * (len(str(span.start.line)) if span else 1)
    head = paint(f"{diagnostic.severity.value}[{diagnostic.code}]", _COLOUR[diagnostic.severity])
    lines = [f"{head}: {escape_control(diagnostic.summary)}"]
    if span:
        lines.append(f"{gutter}{paint('-->', _BLUE)} {_location(span)}")
    if span and diagnostic.snippet is not None:
        bar = paint("|", _BLUE)
        source, _, caret = diagnostic.snippet.partition("\n")
        lines += [
            f"{gutter} {bar}",
            f"{paint(str(span.start.line), _BLUE)} {bar} {escape_control(source)}".rstrip(),
        ]
        if caret:
            lines.append(f"{gutter} {bar} {paint(caret, _COLOUR[diagnostic.severity])}")
    for text in filter(None, (diagnostic.detail, diagnostic.hint and f"hint: {diagnostic.hint}")):
        first, *rest = text.split("\n")
        lines.append(f"{gutter} {paint('=', _BLUE)} {escape_control(first)}")
        lines += [f"{gutter}   {escape_control(line)}" for line in rest]
    return "\n".join(lines) + "\n"


def _location(span: Span) -> str:
    return f"{escape_control(span.filename)}:{span.start.line}:{span.start.column}"


ALIKE_MAX = 3
"""Diagnostics of one code that are shown in full, unless verbose."""


def format_diagnostic(diagnostic: Diagnostic, style: TextStyle) -> list[str]:
    """Return one diagnostic as lines, in the form of `validate`."""
    return diagnostics([diagnostic], colour=style.colour).splitlines()


def detail_lines(diagnostic: Diagnostic) -> Iterator[str]:
    """Yield location, source line, detail and hint of a diagnostic, each on a line of its own."""
    if diagnostic.span:
        yield f"--> {_location(diagnostic.span)}"
        yield from (f"  | {escape_control(line)}" for line in (diagnostic.snippet or "").splitlines())
    if diagnostic.detail:
        yield escape_control(diagnostic.detail)
    if diagnostic.hint:
        yield f"hint: {escape_control(diagnostic.hint)}"


def format_diagnostics(diagnostics: Sequence[Diagnostic], style: TextStyle) -> Iterator[str]:
    """Yield the lines of all diagnostics; of a code with many, the first and the number of the others."""
    counts: Counter[str] = Counter()
    for diagnostic in diagnostics:
        counts[diagnostic.code] += 1
        if style.verbose or counts[diagnostic.code] <= ALIKE_MAX:
            yield from format_diagnostic(diagnostic, style)
    for code, count in counts.items():
        if count > ALIKE_MAX and not style.verbose:
            yield style.dim(f"… {count - ALIKE_MAX} more of {escape_control(code)}; --verbose shows them")
