"""The comments of a YAML text: what begins with a `#` between two values."""

from __future__ import annotations

import re
from collections.abc import Iterator

from reconciler.spec.yaml._events import AliasEvent, ScalarEvent, StreamEndEvent, event_reader

_COMMENT = re.compile(r"#[^\n]*")
_TIGHT_COMMENT = re.compile(r"#(?<=[ \t]#)(?![\s#]).*")  # begins with a character, which is found quickly
_ANCHOR = re.compile(r"&[^\s,\[\]{}]+(?:\s|#[^\n]*)*")


def comments(text: str) -> Iterator[str]:
    """Yield each comment of a text without problems, from its `#` on, without spaces at its end."""
    next_event, end = event_reader(text), 0
    while type(event := next_event()) is not StreamEndEvent:
        if type(event) not in (ScalarEvent, AliasEvent):
            continue
        start, value_end = event.start_mark.index, event.end_mark.index
        anchor = _ANCHOR.match(text, start, value_end)
        start = anchor.end() if anchor else start
        yield from _between(text, end, start)
        if text[start : start + 1] in ("|", ">"):
            yield from _between(text, start, text.find("\n", start))
        end = max(end, value_end)
    yield from _between(text, end, len(text))


def tight_comments(text: str) -> dict[int, tuple[int, int]]:
    """Return the comments whose `#` has no space after it, from `#` to the end, by the end of what is before.

    It may be part of the text before it: `Sprint #5` is the text `Sprint`.
    """
    tight = {}
    for found in _TIGHT_COMMENT.finditer(text):
        before = found.start()
        while before and text[before - 1] in " \t":
            before -= 1
        tight[before] = found.span()
    return tight


def _between(text: str, start: int, end: int) -> Iterator[str]:
    if text.find("#", start, end) < 0:
        return
    for found in _COMMENT.finditer(text, start, end):
        yield found[0].rstrip()
