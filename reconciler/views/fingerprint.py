"""What tells one finding from another from run to run: not its line, which moves with what is above."""

from __future__ import annotations

from collections import Counter
from hashlib import sha256
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reconciler.errors import Diagnostic


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
