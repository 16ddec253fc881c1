"""Encodes values as JSON that cannot control a terminal.

Values are exact: a character that could control a terminal is written as its JSON escape, which means the
same.
"""

from __future__ import annotations

import re
from datetime import UTC
from typing import TYPE_CHECKING

import orjson

from reconciler.errors.text import is_invisible

if TYPE_CHECKING:
    from datetime import datetime

    from reconciler.ports import Json

FORMAT_VERSION = "1.0"

_NOT_ASCII = re.compile("[\x7f-\U0010ffff]")
_LINE_ENDS = frozenset("\x85\u2028\u2029")
"""Characters beyond ASCII that end a line."""


def line(value: Json) -> str:
    """Return a value as one line of JSON that cannot control a terminal; an instant has a `Z`."""
    return _harmless(orjson.dumps(value, option=orjson.OPT_UTC_Z | orjson.OPT_APPEND_NEWLINE).decode())


def indented(value: Json) -> str:
    """Return a value as lines of JSON that cannot control a terminal."""
    return _harmless(orjson.dumps(value, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE).decode())


def _harmless(text: str) -> str:
    if text.isascii() and "\x7f" not in text:
        return text
    return _NOT_ASCII.sub(_visible, text)


def _visible(match: re.Match[str]) -> str:
    """Return a character, or its JSON escape if it could control a terminal or is invisible."""
    if not is_invisible(match[0]) and match[0] not in _LINE_ENDS:
        return match[0]
    units = match[0].encode("utf-16-be").hex()
    return "".join(f"\\u{units[at : at + 4]}" for at in range(0, len(units), 4))


def instant_utc(instant: datetime) -> datetime:
    """Return the instant in UTC, which orjson writes with a `Z`."""
    return instant.astimezone(UTC)
