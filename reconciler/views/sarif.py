"""Findings as SARIF 2.1.0, which code scanning services read.

Source: the OASIS standard "Static Analysis Results Interchange Format (SARIF) Version 2.1.0".
"""

from __future__ import annotations

from collections import Counter
from hashlib import sha256
from pathlib import PurePath
from typing import TYPE_CHECKING
from urllib.parse import quote

import orjson

from reconciler import __version__
from reconciler.errors.text import escape_control

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reconciler.errors.diagnostic import Diagnostic, Span
    from reconciler.ports import Json
    from reconciler.views.results import Validation
    from reconciler.views.style import TextStyle


def fingerprints(diagnostics: Sequence[Diagnostic]) -> tuple[str, ...]:
    """One for each, 64 characters, no two alike: of code, file, key and words, and its turn among equals."""
    seen: Counter[str] = Counter()
    marks = []
    for diagnostic in diagnostics:
        filename = diagnostic.span.filename if diagnostic.span else ""
        content = "\n".join(
            (diagnostic.code, filename, diagnostic.key or "", diagnostic.summary, diagnostic.snippet or "")
        )
        seen[content] += 1
        marks.append(sha256(f"{content}\n{seen[content]}".encode(errors="backslashreplace")).hexdigest())
    return tuple(marks)


SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"


def validate(result: Validation, _: TextStyle | None = None) -> str:
    """One run with a rule for each code, in the order of first sight; ends with a line break."""
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
            _result(diagnostic, codes.index(diagnostic.code), mark)
            for diagnostic, mark in zip(diagnostics, fingerprints(diagnostics), strict=True)
        ],
    }
    log = {"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}
    return orjson.dumps(log, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE).decode()


def _rule(diagnostic: Diagnostic) -> Json:
    # `helpUri` has to be absolute, and where a team keeps its copy of our pages is not known here.
    anchor = diagnostic.code.replace(".", "-")
    title = {"text": diagnostic.code.replace(".", ": ").replace("-", " ")}
    return {
        "id": diagnostic.code,
        "shortDescription": title,
        "fullDescription": title,
        "help": {"text": f"Told by `reconciler explain {diagnostic.code}`, and in docs/errors.md#{anchor}."},
        "defaultConfiguration": {"level": diagnostic.severity.value},
    }


def _result(diagnostic: Diagnostic, rule: int, mark: str) -> Json:
    parts = (diagnostic.summary, diagnostic.detail, diagnostic.hint)
    result: dict[str, Json] = {
        "ruleId": diagnostic.code,
        "ruleIndex": rule,
        "level": diagnostic.severity.value,
        "message": {"text": "\n".join(escape_control(line) for part in parts for line in part.splitlines())},
        "partialFingerprints": {"reconcilerFinding/v1": mark},
    }
    if diagnostic.span:
        place = {
            "artifactLocation": {"uri": _uri(diagnostic.span.filename)},
            "region": _region(diagnostic.span),
        }
        result["locations"] = [{"physicalLocation": place}]
    return result


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
