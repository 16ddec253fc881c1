"""Findings as GitLab's Code Quality report, which a merge request shows at the lines it changes.

Source: GitLab's documentation, "Code Quality report format".
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import orjson

from reconciler.errors.diagnostic import Severity
from reconciler.errors.text import escape_control
from reconciler.views.sarif import fingerprints

if TYPE_CHECKING:
    from reconciler.errors.diagnostic import Diagnostic
    from reconciler.ports import Json
    from reconciler.views.results import Validation
    from reconciler.views.style import TextStyle


SEVERITIES = {Severity.ERROR: "critical", Severity.WARNING: "minor"}
"""GitLab's word for ours; it knows info, minor, major, critical and blocker."""

PLACELESS = "reconciler.yaml"
"""The file of a finding that has none: GitLab shows nothing without one."""


def validate(result: Validation, _: TextStyle | None = None) -> str:
    """The list of issues; ends with a line break."""
    diagnostics = result.diagnostics
    issues = [
        _issue(diagnostic, mark)
        for diagnostic, mark in zip(diagnostics, fingerprints(diagnostics), strict=True)
    ]
    return orjson.dumps(issues, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE).decode()


def _issue(diagnostic: Diagnostic, mark: str) -> Json:
    parts = (diagnostic.summary, diagnostic.detail, diagnostic.hint)
    span = diagnostic.span
    return {
        "description": " ".join(_sentence(part) for part in parts if part),
        "check_name": diagnostic.code,
        "fingerprint": mark,
        "severity": SEVERITIES[diagnostic.severity],
        "location": {
            "path": span.filename.removeprefix("./") if span else PLACELESS,
            "lines": {"begin": span.start.line if span else 1},
        },
    }


def _sentence(text: str) -> str:
    line = escape_control(" ".join(text.split()))
    return line if line.endswith((".", "?", "!")) else f"{line}."
