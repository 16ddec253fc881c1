"""Reads plain YAML scalars by JSON's grammar: numbers, `true`, `false`, `null`; everything else is text.

`NO`, `0730`, `10:30` and timestamps stay text.
"""

from __future__ import annotations

import re
from functools import lru_cache

from reconciler.ports import Json

CONSTANTS: dict[str, bool] = {"true": True, "false": False}
NULLS = frozenset({"null", ""})

_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(\.[0-9]+)?([eE][-+]?[0-9]+)?")
_NUMBER_STARTS = frozenset("-0123456789")

OTHER_STARTS = _NUMBER_STARTS | {"", "n"}
"""With what a plain scalar begins that may be a number or null; any other one is a constant or text."""

_DIGITS_MAX = 20  # of a whole number that may fit into 64 bits
_INTEGERS = range(-(2**63), 2**64)


@lru_cache(maxsize=1024)  # meetings have most of their numbers in common
def parse_scalar(text: str) -> Json:
    """Return the value of the plain scalar `text`. Raises OverflowError for a number that is too large."""
    if text in NULLS:
        return None
    if text in CONSTANTS:
        return CONSTANTS[text]
    match = _NUMBER.fullmatch(text) if text[0] in _NUMBER_STARTS else None
    if match is None:
        return text
    return _fraction(text) if match[1] or match[2] else _integer(text)


def is_text(text: str) -> bool:
    """Return whether the plain scalar `text` is text, so that it needs no quotes."""
    try:
        return isinstance(parse_scalar(text), str)
    except OverflowError:
        return False


def _fraction(text: str) -> float:
    number = float(text)
    if number - number != 0:  # infinite
        raise OverflowError
    # 45.0 is a whole number in JSON Schema: make it one for all code that counts or compares.
    return int(number) if number.is_integer() and int(number) in _INTEGERS else number


def _integer(text: str) -> int:
    if len(text) > _DIGITS_MAX or (number := int(text)) not in _INTEGERS:
        raise OverflowError
    return number
