"""Gives each comment of a text to the entry that it is about."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from reconciler.spec.layout._reader import Comment, Parts, Token, comments
from reconciler.spec.layout.tree import Collection, Text


def attach(text: str, parts: Parts) -> Text:
    """Return the text with its comments at their entries; those before a `---` are its head."""
    start = Token(0, 0)
    for before, after in pairwise((start, *parts.tokens)):
        found = list(comments(text, before.end, after.start))
        if found and before is start:
            parts.text.head += _lines([each for each in found if each.start < parts.document_start])
            found = [each for each in found if each.start >= parts.document_start]
            if after.opens is None:
                parts.text.head += _lines(found) + _blank_after(found)
                continue
        if found:
            _attach_between(before, after, found, parts.text)
    return parts.text


def _attach_between(before: Token, after: Token, found: list[Comment], text: Text) -> None:
    """Attach the comments between two tokens."""
    while found and found[0].is_beside and before.owner is not None:
        before.owner.beside.append(found.pop(0).text)
    rest = _attach_feet(after, found)
    if not rest:
        return
    if after.ends is not None:
        after.ends.foot += _lines(rest)
    elif (entry := after.opens or after.owner) is not None:
        entry.above += _lines(rest) + _blank_after(rest)
    elif isinstance(text.root, Collection):
        text.root.foot += _lines(rest)


def _attach_feet(after: Token, found: list[Comment]) -> list[Comment]:
    """Attach comments to what ends before `after`, by their column; return those about what begins."""
    closed = list(after.closed)
    for index, comment in enumerate(found):
        if comment.column <= after.column or not closed:
            return found[index:]
        while len(closed) > 1 and closed[0].column > comment.column:
            closed.pop(0)  # what ended further in gets none of the comments below
        closed[0].foot += _lines([comment])
    return []


def _lines(found: Sequence[Comment]) -> list[str]:
    """Return comments as lines, with an empty one where one was."""
    lines = []
    for comment in found:
        if comment.blank_before:
            lines.append("")
        lines.append(comment.text)
    return lines


def _blank_after(found: Sequence[Comment]) -> list[str]:
    return [""] if found and found[-1].blank_after else []
