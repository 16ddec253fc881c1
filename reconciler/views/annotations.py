"""Diagnostics as annotations of a GitHub workflow, which shows each at its line of a pull request."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler.errors.text import escape_control

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reconciler.errors.diagnostic import Diagnostic, Span
    from reconciler.views.results import Validation
    from reconciler.views.style import TextStyle


def validate(result: Validation, _: TextStyle | None = None) -> str:
    """Return the workflow commands for the findings; empty if there are none."""
    return commands(result.diagnostics)


def commands(diagnostics: Sequence[Diagnostic]) -> str:
    """Return one workflow command a line for the diagnostics."""
    return "".join(f"{_command(diagnostic)}\n" for diagnostic in diagnostics)


def _command(diagnostic: Diagnostic) -> str:
    properties = _location(diagnostic.span) if diagnostic.span else {}
    properties["title"] = f"{diagnostic.code}: {diagnostic.summary}"
    options = ",".join(f"{name}={_property(value)}" for name, value in properties.items())
    parts = (diagnostic.summary, diagnostic.detail, diagnostic.hint)
    message = "\n".join(escape_control(part) for part in parts if part)
    return f"::{diagnostic.severity.value} {options}::{_message(message)}"


def _location(span: Span) -> dict[str, str]:
    properties = {"file": span.filename, "line": str(span.start.line), "endLine": str(span.end.line)}
    if span.start.line == span.end.line:  # GitHub takes no columns for several lines
        properties |= {"col": str(span.start.column), "endColumn": str(span.end.column)}
    return properties


def _message(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _message(escape_control(text)).replace(":", "%3A").replace(",", "%2C")
