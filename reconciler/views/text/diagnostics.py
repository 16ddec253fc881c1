"""Findings as people read them, and as programs do."""

from __future__ import annotations

from typing import TYPE_CHECKING

import orjson

from reconciler.errors import Severity
from reconciler.masking import escaped

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reconciler.errors import Diagnostic, Position
    from reconciler.fields import Json

FORMAT_VERSION = "1.0"

_COLOUR = {Severity.ERROR: "31", Severity.WARNING: "33"}
_BLUE = "34"


def text(diagnostics: Sequence[Diagnostic], *, colour: bool = False) -> str:
    """Each finding as a paragraph of its own; ends with a line break, or is empty."""
    return "\n".join(_paragraph(diagnostic, colour=colour) for diagnostic in diagnostics)


def verdict(diagnostics: Sequence[Diagnostic], *, meetings: int, files: int) -> str:
    """The last line: how many findings, or how many meetings are valid."""
    errors, warnings = _count(diagnostics)
    found = [_number(errors, "error")] if errors else []
    if warnings:
        found.append(_number(warnings, "warning"))
    where = f"in {_number(files, 'file')}"
    if errors:
        return f"{', '.join(found)} {where}.\n"
    valid = f"Valid: {_number(meetings, 'meeting')} {where}"
    return f"{valid}, {found[0]}.\n" if found else f"{valid}.\n"


def json(diagnostics: Sequence[Diagnostic]) -> bytes:
    """The `validate` document of the design, with a line break at its end."""
    errors, warnings = _count(diagnostics)
    document = {
        "format_version": FORMAT_VERSION,
        "valid": errors == 0,
        "error_count": errors,
        "warning_count": warnings,
        "diagnostics": [as_json(diagnostic) for diagnostic in diagnostics],
    }
    return orjson.dumps(document, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)


def as_json(diagnostic: Diagnostic) -> Json:
    """One finding; `range` is null where it has no place, `snippet` is the source line without its caret."""
    span = diagnostic.span
    return {
        "severity": diagnostic.severity.value,
        "code": diagnostic.code,
        "summary": diagnostic.summary,
        "detail": diagnostic.detail,
        "hint": diagnostic.hint,
        "key": diagnostic.key,
        "range": span
        and {"filename": span.filename, "start": _position(span.start), "end": _position(span.end)},
        "snippet": None if diagnostic.snippet is None else diagnostic.snippet.partition("\n")[0],
    }


def _position(position: Position) -> Json:
    return {"line": position.line, "column": position.column}


def _count(diagnostics: Sequence[Diagnostic]) -> tuple[int, int]:
    errors = sum(diagnostic.severity is Severity.ERROR for diagnostic in diagnostics)
    return errors, len(diagnostics) - errors


def _number(count: int, noun: str) -> str:
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"


def _paragraph(diagnostic: Diagnostic, *, colour: bool) -> str:
    def paint(words: str, code: str) -> str:
        return f"\x1b[1;{code}m{words}\x1b[0m" if colour else words

    span = diagnostic.span
    gutter = " " * (len(str(span.start.line)) if span else 1)
    head = paint(f"{diagnostic.severity.value}[{diagnostic.code}]", _COLOUR[diagnostic.severity])
    lines = [f"{head}: {escaped(diagnostic.summary)}"]
    if span:
        place = f"{escaped(span.filename)}:{span.start.line}:{span.start.column}"
        lines.append(f"{gutter}{paint('-->', _BLUE)} {place}")
    if span and diagnostic.snippet is not None:
        bar = paint("|", _BLUE)
        source, _, caret = diagnostic.snippet.partition("\n")
        lines += [f"{gutter} {bar}", f"{paint(str(span.start.line), _BLUE)} {bar} {escaped(source)}".rstrip()]
        if caret:
            lines.append(f"{gutter} {bar} {paint(caret, _COLOUR[diagnostic.severity])}")
    told = (diagnostic.detail, diagnostic.hint and f"hint: {diagnostic.hint}")
    for words in filter(None, told):
        first, *others = words.split("\n")
        lines.append(f"{gutter} {paint('=', _BLUE)} {escaped(first)}")
        lines += [f"{gutter}   {escaped(other)}" for other in others]
    return "\n".join(lines) + "\n"
