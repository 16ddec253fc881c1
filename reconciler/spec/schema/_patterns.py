"""Says what is wrong with a pattern that the schema checker does not take; that checker gives no reason."""

from __future__ import annotations

import re
import warnings

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

NOT_LINEAR = "is no pattern that takes linear time: lookaround and references are not known."


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
