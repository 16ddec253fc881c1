"""The instructions of the Dockerfile, and the files that `.dockerignore` lets into its build."""

from __future__ import annotations

import re
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from paths import ROOT

if TYPE_CHECKING:
    from pathlib import Path


def stages() -> list[list[tuple[str, str]]]:
    """Return the instructions of each stage, as (name, the rest), its FROM first."""
    text = re.sub(r"\\\n\s*", "", (ROOT / "Dockerfile").read_text())
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    pairs = [(name, rest) for name, _, rest in (line.partition(" ") for line in lines)]
    starts = [n for n, (name, _) in enumerate(pairs) if name == "FROM"]
    return [pairs[start:end] for start, end in zip(starts, [*starts[1:], len(pairs)], strict=True)]


def copied() -> list[Path]:
    """Return the files that `COPY . .` copies: those behind a `!`, but for what a later rule cuts again."""
    lines = (ROOT / ".dockerignore").read_text().splitlines()
    rules = [line for line in lines if line and not line.startswith("#")]
    assert rules[0] == "*", "a list of what is let in"
    kept = [ROOT / rule[1:] for rule in rules if rule.startswith("!")]
    cut = [rule for rule in rules[1:] if not rule.startswith("!")]
    files = [path for each in kept for path in ([each] if each.is_file() else sorted(each.rglob("*")))]
    return [path for path in files if path.is_file() and not _is_cut(path, cut)]


def _is_cut(path: Path, rules: list[str]) -> bool:
    parents = [str(parent) for parent in path.relative_to(ROOT).parents]
    return any(fnmatchcase(parent, rule.replace("**/", "*")) for parent in parents for rule in rules)
