"""Diagnostics as GitLab's Code Quality report, which a merge request shows at the lines that it changes.

Source: GitLab's documentation, "Code Quality report format".
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler.errors.diagnostic import Severity
from reconciler.errors.text import escape_control, sentences
from reconciler.views.json.encode import indented
from reconciler.views.sarif import fingerprints

if TYPE_CHECKING:
    from reconciler.errors.diagnostic import Diagnostic
    from reconciler.ports import Json
    from reconciler.views.results import Validation
    from reconciler.views.style import TextStyle


SEVERITIES = {Severity.ERROR: "critical", Severity.WARNING: "minor"}
"""GitLab's severity for each `Severity`. GitLab has info, minor, major, critical and blocker."""

DEFAULT_FILE = "reconciler.yaml"
"""The file of a diagnostic without a location: GitLab shows nothing without a file."""


def validate(result: Validation, _: TextStyle | None = None) -> str:
    """Return the list of issues, ending in a newline."""
    diagnostics = result.diagnostics
    issues = [
        _issue(diagnostic, fingerprint)
        for diagnostic, fingerprint in zip(diagnostics, fingerprints(diagnostics), strict=True)
    ]
    return indented(issues)


def _issue(diagnostic: Diagnostic, fingerprint: str) -> Json:
    parts = (diagnostic.summary, diagnostic.detail, diagnostic.hint)
    span = diagnostic.span
    return {
        "description": sentences(*(escape_control(" ".join(part.split())) for part in parts)),
        "check_name": diagnostic.code,
        "fingerprint": fingerprint,
        "severity": SEVERITIES[diagnostic.severity],
        "location": {
            "path": span.filename.removeprefix("./") if span else DEFAULT_FILE,
            "lines": {"begin": span.start.line if span else 1},
        },
    }
