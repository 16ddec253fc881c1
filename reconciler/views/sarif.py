"""Diagnostics as SARIF 2.1.0, which code scanning services read.

Source: the OASIS standard "Static Analysis Results Interchange Format (SARIF) Version 2.1.0".
"""

from __future__ import annotations

import re
from collections import Counter
from hashlib import sha256
from pathlib import PurePath
from typing import TYPE_CHECKING
from urllib.parse import quote

from reconciler import __version__
from reconciler.errors.explanations.table import table as explanations
from reconciler.errors.text import escape_control
from reconciler.views.json.encode import indented

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reconciler.errors.diagnostic import Diagnostic, Span
    from reconciler.ports import Json
    from reconciler.views.results import Validation
    from reconciler.views.style import TextStyle


SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"

FINGERPRINT = "reconcilerFinding/v2"
"""The name of the fingerprint. The version changes with the parts of `_identity`."""

_LINK_CHARACTER = re.compile(r"[\\\[\]]")
_NUMBER = re.compile(r"(?<![\w-])\d+(?![\w-])")
"""A number that is a word of its own, unlike that of `sig-1`."""


def fingerprints(diagnostics: Sequence[Diagnostic]) -> tuple[str, ...]:
    """Return one fingerprint of 64 characters for each diagnostic; no two are equal.

    A diagnostic keeps its fingerprint when the lines of its file move or get another indentation.
    Diagnostics that differ only in their lines are numbered from the top.
    """
    counts: Counter[str] = Counter()
    hashes = []
    for identity in map(_identity, diagnostics):
        counts[identity] += 1
        hashes.append(sha256(f"{identity}\n{counts[identity]}".encode(errors="backslashreplace")).hexdigest())
    return tuple(hashes)


def _identity(diagnostic: Diagnostic) -> str:
    """Return the code, file, key, source line and detail of a diagnostic.

    The numbers in a detail are left out: they are mostly lines, columns and counts.
    """
    filename = diagnostic.span.filename if diagnostic.span else ""
    source = (diagnostic.snippet or "").partition("\n")[0].strip()
    detail = _NUMBER.sub("", diagnostic.detail)
    return "\n".join((diagnostic.code, filename, diagnostic.key or "", source, detail))


def validate(result: Validation, _: TextStyle | None = None) -> str:
    """Return one run with a rule for each code, in the order of appearance; ends in a newline."""
    diagnostics = result.diagnostics
    first = {diagnostic.code: diagnostic for diagnostic in reversed(diagnostics)}
    codes = list(dict.fromkeys(diagnostic.code for diagnostic in diagnostics))
    driver = {
        "name": "reconciler",
        "semanticVersion": __version__,
        "rules": [_rule(first[code]) for code in codes],
    }
    run = {
        "tool": {"driver": driver},
        "columnKind": "unicodeCodePoints",
        "results": [
            _result(diagnostic, codes.index(diagnostic.code), fingerprint)
            for diagnostic, fingerprint in zip(diagnostics, fingerprints(diagnostics), strict=True)
        ],
    }
    log = {"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}
    return indented(log)


def _rule(diagnostic: Diagnostic) -> Json:
    # There is no `helpUri`: it must be absolute, and each team keeps its copy of the pages elsewhere.
    code = diagnostic.code
    explanation = explanations().get(code)
    anchor = code.replace(".", "-")
    return {
        "id": code,
        "shortDescription": {"text": diagnostic.summary},
        "fullDescription": {"text": explanation.means if explanation else diagnostic.summary},
        "help": {"text": f"`reconciler explain {code}` says more, as does docs/errors.md#{anchor}."},
        "defaultConfiguration": {"level": diagnostic.severity.value},
    }


def _result(diagnostic: Diagnostic, rule_index: int, fingerprint: str) -> Json:
    result: dict[str, Json] = {
        "ruleId": diagnostic.code,
        "ruleIndex": rule_index,
        "level": diagnostic.severity.value,
        "message": {"text": _message(diagnostic)},
        "partialFingerprints": {FINGERPRINT: fingerprint},
    }
    if diagnostic.span:
        location = {
            "artifactLocation": {"uri": _uri(diagnostic.span.filename)},
            "region": _region(diagnostic.span),
        }
        result["locations"] = [{"physicalLocation": location}]
    return result


def _message(diagnostic: Diagnostic) -> str:
    parts = (diagnostic.summary, diagnostic.detail, diagnostic.hint)
    return "\n".join(_plain(escape_control(line)) for part in parts for line in part.splitlines())


def _plain(line: str) -> str:
    """Escape what SARIF would take for an embedded link. Source: SARIF 2.1.0, section 3.11.6."""
    return _LINK_CHARACTER.sub(r"\\\g<0>", line)


def _uri(filename: str) -> str:
    path = PurePath(filename)
    return path.as_uri() if path.is_absolute() else quote(path.as_posix())


def _region(span: Span) -> Json:
    return {
        "startLine": span.start.line,
        "startColumn": span.start.column,
        "endLine": span.end.line,
        "endColumn": span.end.column,
    }
