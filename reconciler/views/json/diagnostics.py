"""Diagnostics as JSON, and the result of `validate`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler.views.json.encode import FORMAT_VERSION, indented
from reconciler.views.results import Validation, severity_counts

if TYPE_CHECKING:
    from reconciler.errors.diagnostic import Diagnostic, Position
    from reconciler.ports import Json
    from reconciler.views.style import TextStyle


def validate(result: Validation, _: TextStyle | None = None) -> str:
    """Return `{format_version, valid, error_count, warning_count, diagnostics}`, indented, with a newline."""
    errors, warnings = severity_counts(result.diagnostics)
    document = {
        "format_version": FORMAT_VERSION,
        "valid": errors == 0,
        "error_count": errors,
        "warning_count": warnings,
        "diagnostics": [diagnostic_json(diagnostic) for diagnostic in result.diagnostics],
    }
    return indented(document)


def diagnostic_json(diagnostic: Diagnostic) -> Json:
    """Return a diagnostic. `range` is null if it has no location, `snippet` has no caret."""
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
