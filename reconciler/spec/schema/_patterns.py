"""Says what is wrong with a pattern that the schema checker does not take; that checker gives no reason."""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable

LENGTH_MAX = 1_000
"""Characters of the longest pattern that is looked into."""

_REASONS = (
    "missing ), unterminated subpattern",
    "unbalanced parenthesis",
    "unterminated character set",
    "bad character range",
    "bad escape (end of pattern)",
    "nothing to repeat",
    "multiple repeat",
    "min repeat greater than max repeat",
)
"""What Python's `re` says of mistakes that are mistakes in JavaScript, too."""

_NOT_LINEAR = re.compile(r"(?P<found>\\[1-9]|\\k<|\(\?<?[=!])|\\.|\[(?:\\.|[^\]\\])*\]", re.DOTALL)
"""Lookaround and references, and what only looks like them: what is escaped or in a set."""

_COUNT = re.compile(r"(\\.)|\{\d+(?:,\d*)?\}", re.DOTALL)


def why_refused(pattern: str, is_taken: Callable[[str], bool]) -> str:
    """Return the end of a sentence about a regular expression that the checker does not take.

    `is_taken` tells whether it takes another one.
    """
    if any(match["found"] for match in _NOT_LINEAR.finditer(pattern)):
        return "is no pattern that takes linear time: lookaround and references are not known."
    uncounted = _COUNT.sub(r"\1", pattern)
    if uncounted != pattern and is_taken(uncounted):
        return "is too large: its repetitions take more than 1 MiB. Repeat less, or use `*` or `+`."
    if len(pattern) > LENGTH_MAX:
        return f"is too large: it has {len(pattern):,} characters."
    return "cannot be checked: it names unknown characters, or is nested too deep."


def why_not(pattern: str) -> str:
    """Return the end of a sentence about a pattern that is no regular expression of JavaScript."""
    reason = _reason(pattern) if len(pattern) <= LENGTH_MAX else ""
    if not reason.startswith(_REASONS):
        return "is no regular expression of JavaScript, as JSON Schema has them."
    return f"is no regular expression: {reason}."


def _reason(pattern: str) -> str:
    """Return the mistake and its position, counted from 0, as Python's `re` gives them; empty without one."""
    try:
        with warnings.catch_warnings(action="ignore"):  # a warning would show a line of this file
            re.compile(pattern)
    except (re.error, OverflowError, RecursionError) as error:
        return str(error)
    return ""
