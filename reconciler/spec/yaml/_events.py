"""Reads YAML text as a stream of events; the only module that imports PyYAML.

Events carry text and positions. No type is guessed here: `scalars` does that.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import yaml
from msgspec import Struct
from msgspec.structs import replace

from reconciler.errors.text import sentences

# Kinds of events, typed as `Any`: PyYAML types marks as optional, but its parser always sets them.
AliasEvent: type[Any] = yaml.AliasEvent
DocumentStartEvent: type[Any] = yaml.DocumentStartEvent
MappingEndEvent: type[Any] = yaml.MappingEndEvent
MappingStartEvent: type[Any] = yaml.MappingStartEvent
ScalarEvent: type[Any] = yaml.ScalarEvent
SequenceEndEvent: type[Any] = yaml.SequenceEndEvent
SequenceStartEvent: type[Any] = yaml.SequenceStartEvent
StreamEndEvent: type[Any] = yaml.StreamEndEvent

ScanError = yaml.YAMLError
"""Raised by the function that `event_reader` returns where the text is not YAML."""


class SyntaxProblem(Struct, frozen=True):
    """A reason to refuse a text, or to doubt it (`is_warning`), with its place.

    `line` and `column` count from 0, `width` in characters.
    """

    line: int
    column: int
    width: int
    code: str
    detail: str
    hint: str
    is_warning: bool = False


def event_reader(text: str) -> Callable[[], Any]:
    """Return a function that returns the next event of `text`; marks count from 0, in characters."""
    loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # libyaml is far faster

    def fail() -> Any:
        return loader(text).get_event()

    try:
        get_event: Callable[[], Any] = loader(text).get_event
    except yaml.YAMLError:  # a loader reads at once: raise it again where events are read
        return fail
    return get_event


def syntax_problem(error: yaml.YAMLError, text: str) -> SyntaxProblem:
    """Turn `error`, raised for `text`, into a problem with a message and a remedy."""
    mark = getattr(error, "problem_mark", None)
    if mark is None:
        return _unprintable(text)
    at_end = mark.index >= len(text.rstrip())
    character = "" if at_end else text[mark.index : mark.index + 1]
    opening = getattr(error, "context_mark", None)
    message = _message(str(getattr(error, "problem", None) or "it ends too early"), character)
    message = _about_colon(message, text, mark.index, mark.index if opening is None else opening.index)
    if message.about_opening and opening is not None:
        if at_end or message.at_opening:  # the end of the file says nothing about the cause
            return _problem(opening.line, opening.column, message)
        opened = f"It was opened in line {opening.line + 1}, column {opening.column + 1}."
        return _problem(mark.line, mark.column, message, opened)
    line, column = _last_character(text) if at_end else (mark.line, mark.column)
    return _problem(line, column, message)


def _last_character(text: str) -> tuple[int, int]:
    """Return line and column of the last visible character."""
    written = text.rstrip()
    return written.count("\n"), max(0, len(written) - 1 - (written.rfind("\n") + 1))


_UNPRINTABLE = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def _unprintable(text: str) -> SyntaxProblem:
    match = _UNPRINTABLE.search(text)
    index = match.start() if match else 0
    name = f"U+{ord(match[0]):04X}" if match else "at its start"
    message = _Message("", f"YAML does not allow the character {name}", "Remove it.")
    return _problem(text.count("\n", 0, index), index - (text.rfind("\n", 0, index) + 1), message)


class _Message(Struct, frozen=True):
    """The message for errors whose text contains `problem`.

    `about_opening` adds the place where a bracket, quote or key was opened. `at_opening` moves the
    finding there.
    """

    problem: str
    fact: str
    hint: str
    about_opening: bool = False
    at_opening: bool = False


def _problem(line: int, column: int, message: _Message, detail: str = "") -> SyntaxProblem:
    return SyntaxProblem(line, column, 1, "yaml.syntax", sentences(message.fact, detail), message.hint)


_BRACKET = _Message(
    "expected ',' or",
    "A bracket is not closed",
    "Close it, and put commas between its items.",
    about_opening=True,
)
_COLON = _Message(
    "mapping values are not allowed",
    "A `:` is not allowed here",
    "Check the indentation of this line and the one above. A value that contains `: ` needs quotes.",
)
_NO_COLON = _Message(
    "could not find expected ':'",
    "A `:` is missing",
    "Write `key: value`, or indent the line so that it belongs to the value above.",
    about_opening=True,
    at_opening=True,
)
_TAB = _Message("tab character", "A tab is used for indentation", "Indent with spaces.")
_OTHER_HINT = "Check the indentation, the quotes and the brackets here and just above."
_MESSAGES = (
    _TAB,
    _Message(
        "cannot start any token", "A value cannot start with this character", "Put the value in quotes."
    ),
    _COLON,
    _NO_COLON,
    _Message(
        "did not find expected key",
        "A key is expected here",
        "Indent all keys of one mapping alike. A value that contains quotes needs quotes around it.",
    ),
    _Message(
        "expected <document start>",
        "Nothing more is expected here",
        "Begin every key of the outermost mapping in the same column.",
    ),
    _Message(
        "expected '-' indicator", "A list item, `- `, is expected here", "Indent the items of one list alike."
    ),
    _BRACKET,
    _Message(
        "unexpected end of stream",
        "A quote is not closed",
        "Close it with the quotation mark that opened it.",
        about_opening=True,
    ),
    _Message(
        "unexpected document indicator",
        "A quote is not closed",
        "Close it with the quotation mark that opened it.",
        about_opening=True,
    ),
    _Message(
        "unknown escape character",
        "The escape sequence is unknown",
        "Use single quotes to keep backslashes as they are.",
    ),
    _Message(
        "sequence entries are not allowed",
        "A list cannot start here",
        "Start it on a line of its own. A value that begins with `- ` needs quotes.",
    ),
    _Message(
        "expected node content",
        "A value is missing here",
        "Write a value. Text that begins with a special character needs quotes.",
    ),
    _Message("tag", "YAML tags are not supported", "Remove the `!…`, or put the value in quotes."),
)


def _message(problem: str, character: str) -> _Message:
    if not character and "expected node content" in problem:
        return _Message(problem, "The file ends too early", "Close the open bracket.")
    if character == "\t" and "token" in problem:
        return _TAB
    for message in _MESSAGES:
        if message.problem in problem:
            return message
    return _Message(problem, f"The YAML parser reports: {problem.removeprefix('found ')}", _OTHER_HINT)


_SECOND_COLON = _Message(
    "",
    "A second `: ` is in one field",
    "Put a comma between two fields, and quotes around a value that contains `: `.",
)
_TIGHT_ABOVE = replace(_COLON, hint="Write a space after the `:` of the line above: `key: value`.")
_TIGHT = replace(_NO_COLON, fact="A space after a `:` is missing")
_TIGHT_KEY = re.compile(r" *(?:- +)?[A-Za-z][\w.-]*:[^\s/]")


def _about_colon(message: _Message, text: str, index: int, opening: int) -> _Message:
    """Return the message that says more about a colon: one too many, or one without a space after it.

    `index` is where the parser stopped, `opening` where it began what it could not end.
    """
    line = text.rfind("\n", 0, index) + 1
    if message is _BRACKET and text[index : index + 1] == ":":
        field = max(line, *(text.rfind(sign, line, index) + 1 for sign in ",{}[]"))
        return _SECOND_COLON if text.find(": ", field, index) >= 0 else message
    if message is _COLON and _TIGHT_KEY.match(text, text.rfind("\n", 0, max(line - 1, 0)) + 1, line):
        return _TIGHT_ABOVE
    is_tight = message is _NO_COLON and _TIGHT_KEY.match(text, text.rfind("\n", 0, opening) + 1)
    return _TIGHT if is_tight else message
