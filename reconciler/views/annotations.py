"""Findings as annotations of a GitHub workflow: each shows at its line of a pull request."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler.errors.text import escape_control

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reconciler.errors.diagnostic import Diagnostic
    from reconciler.views.results import Validation
    from reconciler.views.style import TextStyle


def validate(result: Validation, _: TextStyle | None = None) -> str:
    """The workflow commands for these findings; empty where there are none."""
    return commands(result.diagnostics)


def commands(diagnostics: Sequence[Diagnostic]) -> str:
    """One workflow command a line."""
    return "".join(f"{_command(diagnostic)}\n" for diagnostic in diagnostics)


def _command(diagnostic: Diagnostic) -> str:
    properties = {}
    if diagnostic.span:
        span = diagnostic.span
        properties = {"file": span.filename, "line": str(span.start.line), "endLine": str(span.end.line)}
        if span.start.line == span.end.line:  # over several lines GitHub takes no columns
            properties |= {"col": str(span.start.column), "endColumn": str(span.end.column)}
    properties["title"] = f"{diagnostic.code}: {diagnostic.summary}"
    written = ",".join(f"{name}={_property(value)}" for name, value in properties.items())
    parts = (diagnostic.summary, diagnostic.detail, diagnostic.hint)
    message = "\n".join(escape_control(part) for part in parts if part)
    return f"::{diagnostic.severity.value} {written}::{_message(message)}"


def _message(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _message(escape_control(text)).replace(":", "%3A").replace(",", "%2C")
