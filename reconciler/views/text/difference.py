"""The lines by which two texts of a file differ, with what may be secret masked in both."""

from __future__ import annotations

from difflib import unified_diff
from typing import TYPE_CHECKING

from reconciler.errors.secrets import MASK
from reconciler.errors.text import escape_control
from reconciler.spec.yaml.snippet import secret_columns

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence


_COLOURS = {"+": "\x1b[32m", "-": "\x1b[31m", "@": "\x1b[36m"}
_RESET = "\x1b[0m"


def difference(filename: str, before: bytes, after: bytes, *, colour: bool) -> str:
    """Return a unified diff of two texts in UTF-8; empty where their lines are the same."""
    old, new = before.decode().splitlines(), after.decode().splitlines()
    shown = _masked(old) | _masked(new)
    lines = unified_diff(old, new, filename, f"{filename} (formatted)", lineterm="")
    return "".join(f"{line}\n" for line in _rendered(lines, shown, colour=colour))


def _rendered(lines: Iterator[str], shown: dict[str, str], *, colour: bool) -> Iterator[str]:
    for number, line in enumerate(lines):
        text = line if number < len(("---", "+++")) else line[:1] + shown.get(line[1:], line[1:])
        text = escape_control(text)
        start = _COLOURS.get(line[:1], "") if colour else ""
        yield f"{start}{text}{_RESET}" if start else text


def _masked(lines: Sequence[str]) -> dict[str, str]:
    """Return the lines that may hold a secret, each with what is shown for it."""
    masked = {}
    for index, line in enumerate(lines):
        found = secret_columns(lines, index, is_yaml=False)
        if found and line.strip():
            masked[line] = _hide(line, found)
    return masked


def _hide(line: str, columns: Sequence[tuple[int, int]]) -> str:
    for start, end in sorted(columns, reverse=True):
        line = line[:start] + MASK + line[end:]
    return line
