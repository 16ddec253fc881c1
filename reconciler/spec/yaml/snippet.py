"""Renders a source line for a terminal: secrets masked, control characters escaped, long lines cut.

It also renders text that is not YAML, so it hides too much rather than too little.
"""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_left, bisect_right
from collections.abc import Sequence

from reconciler.errors.secrets import MASK, Columns, is_secret_name, opens_secret, source_spans
from reconciler.errors.text import escape_character

WIDTH_MAX = 100
"""Characters of a source line that are shown."""

_ENV_NAME = re.compile(r"[A-Z_][A-Z0-9_]*")
_KEY = re.compile(r"""^[\s\-?{\[]*["']?(?P<key>[\w.-]+)["']?\s*:(?:\s|$)""")
_NEAR_MAX = 10 * WIDTH_MAX
"""Characters on each side of the caret that are rendered: a line may have ten million."""

_LINES_BACK_MAX = 50
_LINES_NEAR = 5


def is_reference_field(name: str) -> bool:
    """Return whether a reference to a passcode has a field `name`."""
    return name in ("env", "version")


def is_reference(name: str, value: str) -> bool:
    """Return whether `value` under `name`, inside a secret, only refers to one: an env name, a version."""
    if name == "env":
        return _ENV_NAME.fullmatch(value) is not None
    return name == "version" and value.isdigit() and len(value) < len("1000")


def secret_columns(lines: Sequence[str], index: int, *, is_yaml: bool) -> tuple[Columns, ...]:
    """Return the parts of line `index` (from 0) that look like secrets, judged by the text alone.

    With `is_yaml`, only comments and prose are judged; secret values are known from the nodes.
    """
    line = lines[index]
    found = source_spans(line, is_yaml=is_yaml)
    if is_yaml or not _continues_secret(lines, index):
        return found
    return (*found, (len(line) - len(line.lstrip()), len(line)))


def _continues_secret(lines: Sequence[str], index: int) -> bool:
    """Return whether the line has no key and the nearest key above it names a secret."""
    if any(opens_secret(line) for line in lines[max(0, index - _LINES_NEAR) : index]):
        return True  # the secret may include any line in between
    for back in range(index, max(-1, index - _LINES_BACK_MAX), -1):
        key = _KEY.match(lines[back])
        if key:
            return back != index and is_secret_name(key["key"]) and "env" not in lines[back]
    return False


def render_snippet(line: str, secrets: Sequence[Columns], caret: Columns) -> str:
    """Return the line, and below it a line with carets under the columns `caret`; at least one caret.

    `secrets` are sorted, and none overlaps another.
    """
    first = max(0, min(caret[0], len(line)) - _NEAR_MAX)
    near = line[first : first + 2 * _NEAR_MAX]
    caret = (caret[0] - first, min(caret[1] - first, len(near)))
    hidden = secrets[
        bisect_right(secrets, first, key=_end) : bisect_left(secrets, first + len(near), key=_start)
    ]
    pieces = _pieces(near, [(start - first, end - first) for start, end in hidden])
    start = sum(_width(text) for at, text in pieces if at < caret[0])
    end = sum(_width(text) for at, text in pieces if at < caret[1])
    text, start, end = _truncate("".join(text for _, text in pieces), start, max(end, start + 1))
    return f"{text}\n{' ' * start}{'^' * (end - start)}"


def _start(columns: Columns) -> int:
    return columns[0]


def _end(columns: Columns) -> int:
    return columns[1]


def _width(text: str) -> int:
    """Return the number of terminal columns that `text` takes."""
    if text.isascii():
        return len(text)
    wide = sum(unicodedata.east_asian_width(character) in "WF" for character in text)
    return len(text) + wide - sum(unicodedata.combining(character) != 0 for character in text)


def _pieces(line: str, secrets: Sequence[Columns]) -> list[tuple[int, str]]:
    """Return (column, text to show) for each character, and once for each secret, in order."""
    hidden = dict.fromkeys(
        column for start, end in secrets for column in range(max(start, 0), min(end, len(line)))
    )
    pieces = []
    for column, character in enumerate(line):
        if column not in hidden:
            pieces.append((column, escape_character(character)))
        elif column - 1 not in hidden:
            pieces.append((column, MASK))
    return pieces


def _truncate(text: str, start: int, end: int) -> tuple[str, int, int]:
    """Return at most `WIDTH_MAX` characters around the caret, and the columns of the caret in them."""
    if len(text) <= WIDTH_MAX:
        return text.rstrip(), start, min(end, max(len(text), start + 1))
    first = max(0, min(start - WIDTH_MAX // 3, len(text) - WIDTH_MAX))
    part = text[first : first + WIDTH_MAX].rstrip()
    if first:
        part = "…" + part[1:]
    if first + WIDTH_MAX < len(text):
        part = part[:-1] + "…"
    return part, start - first, min(end - first, max(len(part), start - first + 1))
