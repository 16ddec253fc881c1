"""Values that others chose, made harmless for each place of a comment in which they can land.

A comment is read by more than a parser of markdown: GitHub and GitLab also look in it for
mentions, references, addresses, emoji, formulas and orders, though never inside code. So a word
that is more than a word becomes code, wherever it stands, and what nobody can see is written out.
"""

from __future__ import annotations

import re
from html import escape
from itertools import accumulate
from typing import TYPE_CHECKING

from reconciler.errors.text import is_invisible, redact_links, shorten

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable


BLOCK_MAX = 60_000
"""Characters of a text in a block: with what is around it, it fits a comment (65,536) and a job summary."""

TEXT_MAX = 300
"""Characters of one value that are shown; Zoom keeps 200 of a topic."""

SENTENCE_MAX = 1_000
"""Characters of one sentence that are shown."""

_QUOTED = re.compile(r"`([^`]*)`")
_LEAD, _TRAIL = "\"'(", ",.;:!?)\u2026\"'"
_PLAIN = re.compile(
    r"[^\W_]+(?:['\u2019][^\W\d_]+)*"  # "Q1", "team's"
    r"|[^\W\d_]+(?:-[^\W\d_]+)+"  # "follow-up", and not "GH-1"
    r"|\d{4}-\d\d-\d\d|\d\d?:\d\d(?::\d\d)?"  # a day, a time of day
    r"|[\u2013\u2014\u2026\u2192\u00d7]"  # a dash, dots, an arrow, a times sign
)
_LIKE_COMMIT = re.compile(r"[0-9a-f]{7,}")
"""What GitHub and GitLab may take for a commit; the ids of meetings look like it."""

_LIST = re.compile(r"\d+[.)](?= |$)")

_FENCES = re.compile(r"`+")
_LONG_FENCES = re.compile(r"(`{20})`+")
"""More than anybody means. GitHub's parser knows none of more than 80, so nothing could hold them."""

_MERMAID = re.compile(r"[^\w@. -]")
_MERMAID_MAX = 60


def visible(text: str) -> str:
    """`text` on one line, with what nobody sees written out, and without the secrets of links.

    The beginning of an HTML comment is broken up, or a topic could pass for the marker of ours.
    """
    shown = _LONG_FENCES.sub(r"\1…", redact_links(text).replace("<!--", f"{_named('<')}!--"))
    if shown.isascii() and shown.isprintable():
        return shown
    return "".join(map(_visible, shown))


def code(text: str) -> str:
    """A code span, which nothing inside can close."""
    shown = shorten(visible(text), TEXT_MAX) or " "
    fence = "`" * (_longest_run(shown) + 1)
    pad = " " if shown[0] in "` " or shown[-1] in "` " else ""
    return f"{fence}{pad}{shown}{pad}{fence}"


def cell_code(text: str) -> str:
    """A code span for a table: a bar is escaped, and a backslash that would undo that is written out."""
    return re.sub(r"(\\*)\|", lambda found: _named("\\") * len(found[1]) + r"\|", code(text))


def html_code(text: str) -> str:
    """The same inside of HTML, as in a summary."""
    return f"<code>{escape(shorten(visible(text), TEXT_MAX))}</code>"


def prose(text: str, code: Callable[[str], str] = code) -> str:
    """A sentence: plain words as they are, all else, and what it has in backticks, by `code`."""
    # Blanks at the beginning of an item would make all of it code, a number a list of its own.
    whole = shorten(visible(text).strip(), SENTENCE_MAX)
    first = _LIST.match(whole)
    told, rest = (code(first[0]), whole[first.end() :]) if first else ("", whole)
    for place, part in enumerate(_QUOTED.split(rest)):
        more = code(part or "``") if place % 2 else _words(part, code)
        # Two code spans that touch would be read as something else than two.
        told += f" {more}" if told.endswith("`") and more.startswith("`") else more
    return told


def html_prose(text: str) -> str:
    """A sentence inside of HTML."""
    return prose(text, html_code)


def title(text: str) -> str:
    """A topic, in bold so that its end is seen."""
    return f"<b>{prose(shorten(text, TEXT_MAX))}</b>" if text.strip() else "<i>no topic</i>"


def html_title(text: str) -> str:
    """A topic inside of HTML."""
    return f"<b>{html_prose(shorten(text, TEXT_MAX))}</b>" if text.strip() else "<i>no topic</i>"


def code_block(lines: Iterable[str], language: str) -> str:
    """Return a block of code whose fence is longer than any inside.

    A block of a comment has lines that are `visible`.
    """
    body = "\n".join(lines)
    fence = "`" * max(3, _longest_run(body) + 1)
    return f"{fence}{language}\n{body}\n{fence}"


def text_block(text: str) -> str:
    """Return a block of text, ending in a newline.

    A text longer than `BLOCK_MAX` is cut to its first lines and the number of the others.
    """
    lines = text.rstrip("\n").split("\n")
    lengths = accumulate(len(line) + 1 for line in lines)
    shown = lines[: sum(length <= BLOCK_MAX for length in lengths)]
    more = len(lines) - len(shown)
    return code_block([*shown, *([f"… and {more} more lines"] if more else [])], "text") + "\n"


def mermaid_words(text: str) -> str:
    """What of `text` a diagram can hold: letters, digits, and what an address is made of."""
    return shorten(_MERMAID.sub("_", visible(text)), _MERMAID_MAX).strip() or "_"


def _words(text: str, code: Callable[[str], str]) -> str:
    return "".join(word if word.isspace() else _word(word, code) for word in re.split("( +)", text))


def _word(word: str, code: Callable[[str], str]) -> str:
    core = word.lstrip(_LEAD).rstrip(_TRAIL)
    if not core or (_PLAIN.fullmatch(core) and not _LIKE_COMMIT.fullmatch(core)):
        return word
    lead, _, trail = word.partition(core)
    return lead + code(core) + trail


def _visible(character: str) -> str:
    if character == "\t":
        return " "
    is_seen = character.isprintable() and not is_invisible(character)
    return character if is_seen else _named(character)


def _named(character: str) -> str:
    return f"\u2039U+{ord(character):04X}\u203a"


def _longest_run(text: str) -> int:
    return max(map(len, _FENCES.findall(text)), default=0)
