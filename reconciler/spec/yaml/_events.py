"""YAML text as a stream of events: the only module that knows a YAML library.

It gives what was written, and decides nothing about it: no type is guessed here.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import yaml

from reconciler.errors.text import sentences

# Kinds of events; `Any`, since a mark that the library types as optional is always there.
AliasEvent: type[Any] = yaml.AliasEvent
DocumentStartEvent: type[Any] = yaml.DocumentStartEvent
MappingEndEvent: type[Any] = yaml.MappingEndEvent
MappingStartEvent: type[Any] = yaml.MappingStartEvent
ScalarEvent: type[Any] = yaml.ScalarEvent
SequenceEndEvent: type[Any] = yaml.SequenceEndEvent
SequenceStartEvent: type[Any] = yaml.SequenceStartEvent
StreamEndEvent: type[Any] = yaml.StreamEndEvent

ScanError = yaml.YAMLError
"""What the function that `scan` gives raises where the text is not YAML."""


@dataclass(frozen=True, slots=True)
class SyntaxProblem:
    """Why a text is not taken, and where; `line`, `column` and `width` in characters, from 0."""

    line: int
    column: int
    width: int
    code: str
    detail: str
    hint: str


def event_reader(text: str) -> Callable[[], Any]:
    """A function that gives the next event of `text` at each call; marks count from 0, in characters."""
    loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # libyaml is far faster
    opened: list[Any] = []

    def get_event() -> Any:  # a loader reads at once, and can fail at once
        opened.append(loader(text))
        return opened[0].get_event()

    try:
        get_next: Callable[[], Any] = loader(text).get_event
    except yaml.YAMLError:
        return get_event
    return get_next


def syntax_problem(error: yaml.YAMLError, text: str) -> SyntaxProblem:
    """What a person can do about `error`, which was raised for `text`."""
    mark = getattr(error, "problem_mark", None)
    if mark is None:
        return _unprintable(text)
    at_end = mark.index >= len(text.rstrip())
    found = "" if at_end else text[mark.index : mark.index + 1]
    wording = _wording(str(getattr(error, "problem", None) or "it ends too early"), found)
    opened = getattr(error, "context_mark", None)
    if wording.about_opening and opened is not None:
        if at_end or wording.at_opening:  # the end of a file tells nothing
            return _syntax(opened.line, opened.column, wording.summary, wording.hint)
        detail = f"It was opened in line {opened.line + 1}, column {opened.column + 1}."
        return _syntax(mark.line, mark.column, wording.summary, wording.hint, detail)
    line, column = _last_place(text) if at_end else (mark.line, mark.column)
    return _syntax(line, column, wording.summary, wording.hint)


def _last_place(text: str) -> tuple[int, int]:
    """Where the last visible character stands."""
    written = text.rstrip()
    return written.count("\n"), max(0, len(written) - 1 - (written.rfind("\n") + 1))


def _syntax(line: int, column: int, fact: str, hint: str, detail: str = "") -> SyntaxProblem:
    return SyntaxProblem(line, column, 1, "yaml.syntax", sentences(fact, detail), hint)


_UNPRINTABLE = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def _unprintable(text: str) -> SyntaxProblem:
    match = _UNPRINTABLE.search(text)
    at = match.start() if match else 0
    name = f"U+{ord(match[0]):04X}" if match else "at its start"
    return _syntax(
        text.count("\n", 0, at),
        at - (text.rfind("\n", 0, at) + 1),
        f"YAML cannot hold the character {name}",
        "Take it out.",
    )


@dataclass(frozen=True, slots=True)
class _Wording:
    problem: str
    summary: str
    hint: str
    about_opening: bool = False
    at_opening: bool = False


_TAB = _Wording("tab character", "A tab cannot indent YAML", "Indent with spaces.")
_OTHER = "Check the indentation, the quotes and the brackets here and just above."
_WORDINGS = (
    _TAB,
    _Wording(
        "cannot start any token", "A value cannot start with this character", "Put the value in quotes."
    ),
    _Wording(
        "mapping values are not allowed",
        "A `:` is not possible here",
        "Check the indentation of this line and the one above; a value that holds `: ` needs quotes.",
    ),
    _Wording(
        "could not find expected ':'",
        "A `:` is missing",
        "Write `key: value`, or indent the line so that it belongs to the value above.",
        about_opening=True,
        at_opening=True,
    ),
    _Wording(
        "did not find expected key",
        "A key is expected here",
        "Indent the keys of one mapping alike; a value with quotes inside needs quotes around it.",
    ),
    _Wording(
        "expected <document start>",
        "Nothing more is expected here",
        "Begin every key of the outermost mapping in the same column.",
    ),
    _Wording(
        "expected '-' indicator", "A list item, `- `, is expected here", "Indent the items of one list alike."
    ),
    _Wording(
        "expected ',' or",
        "A bracket is not closed",
        "Close it, and put commas between its items.",
        about_opening=True,
    ),
    _Wording(
        "unexpected end of stream",
        "A quote is not closed",
        "Close it with the mark that opened it.",
        about_opening=True,
    ),
    _Wording(
        "unexpected document indicator",
        "A quote is not closed",
        "Close it with the mark that opened it.",
        about_opening=True,
    ),
    _Wording(
        "unknown escape character",
        "This escape is not known",
        "In single quotes a backslash stays a backslash.",
    ),
    _Wording(
        "sequence entries are not allowed",
        "A list cannot start here",
        "Start it on a line of its own; a value that begins with `- ` needs quotes.",
    ),
    _Wording(
        "expected node content",
        "A value is missing here",
        "Write one; text that begins with a sign needs quotes.",
    ),
    _Wording("tag", "YAML tags are not used here", "Take the `!…` out, or put the value in quotes."),
)


def _wording(problem: str, found: str) -> _Wording:
    if not found and "expected node content" in problem:
        return _Wording(problem, "The file ends too early", "Close the bracket that is open.")
    if found == "\t" and "token" in problem:
        return _TAB
    for wording in _WORDINGS:
        if wording.problem in problem:
            return wording
    return _Wording(problem, f"This is not YAML: {problem.removeprefix('found ')}", _OTHER)
