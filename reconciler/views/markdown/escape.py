"""Escapes untrusted values for each part of a Markdown comment: prose, code, table, HTML, diagram.

Escaping for the Markdown parser is not enough. GitHub and GitLab also search a comment for mentions,
references, addresses, emoji, formulas and commands, though never inside code. So every word that is not
plain becomes code, and invisible characters are written as their code points.
"""

from __future__ import annotations

import re
from html import escape
from itertools import accumulate
from typing import TYPE_CHECKING

from reconciler.errors.redact import redact_links
from reconciler.errors.text import is_invisible, shorten

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
"""Matches what GitHub and GitLab may take for a commit; ids of meetings match as well."""

_LIST = re.compile(r"\d+[.)](?= |$)")

_FENCES = re.compile(r"`+")
_LONG_FENCES = re.compile(r"(`{20})`+")
"""Runs of backticks that are cut: GitHub's parser knows no code span with a fence of more than 80."""

_MERMAID = re.compile(r"[^\w@. -]")
_MERMAID_MAX = 60


def visible(text: str) -> str:
    """Return `text` on one line, with invisible characters written out and the secrets of links masked.

    The beginning of an HTML comment is broken up, so that no topic can imitate the marker of a comment.
    """
    shown = _LONG_FENCES.sub(r"\1…", redact_links(text).replace("<!--", f"{_named('<')}!--"))
    if shown.isascii() and shown.isprintable():
        return shown
    return "".join(map(_visible, shown))


def code(text: str) -> str:
    """Return a code span that nothing inside can close."""
    shown = shorten(visible(text), TEXT_MAX) or " "
    fence = "`" * (_longest_run(shown) + 1)
    pad = " " if shown[0] in "` " or shown[-1] in "` " else ""
    return f"{fence}{pad}{shown}{pad}{fence}"


def cell_code(text: str) -> str:
    """Return a code span for a table. A bar is escaped; a backslash that would undo that is written out."""
    return re.sub(r"(\\*)\|", lambda match: _named("\\") * len(match[1]) + r"\|", code(text))


def html_code(text: str) -> str:
    """Return a code span for HTML, as in a summary."""
    return f"<code>{escape(shorten(visible(text), TEXT_MAX))}</code>"


def prose(text: str, code: Callable[[str], str] = code) -> str:
    """Return a sentence: plain words unchanged, all else, and what is in backticks, as `code`."""
    # At the beginning of an item, spaces would make all of it code, and a number would begin a list.
    whole = shorten(visible(text).strip(), SENTENCE_MAX)
    first = _LIST.match(whole)
    escaped, rest = (code(first[0]), whole[first.end() :]) if first else ("", whole)
    for index, part in enumerate(_QUOTED.split(rest)):
        more = code(part or "``") if index % 2 else _words(part, code)
        # Two code spans without a space between them would not be parsed as two.
        escaped += f" {more}" if escaped.endswith("`") and more.startswith("`") else more
    return escaped


def html_prose(text: str) -> str:
    """Return a sentence for HTML."""
    return prose(text, html_code)


def title(text: str) -> str:
    """Return a topic, in bold so that its end is visible."""
    return f"<b>{prose(shorten(text, TEXT_MAX))}</b>" if text.strip() else "<i>no topic</i>"


def html_title(text: str) -> str:
    """Return a topic for HTML."""
    return f"<b>{html_prose(shorten(text, TEXT_MAX))}</b>" if text.strip() else "<i>no topic</i>"


def code_block(lines: Iterable[str], language: str) -> str:
    """Return a block of code whose fence is longer than any inside.

    In a comment, each line must have gone through `visible`.
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
    """Return `text` with only what a diagram can hold: letters, digits and the characters of an address."""
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
    is_visible = character.isprintable() and not is_invisible(character)
    return character if is_visible else _named(character)


def _named(character: str) -> str:
    return f"\u2039U+{ord(character):04X}\u203a"


def _longest_run(text: str) -> int:
    return max(map(len, _FENCES.findall(text)), default=0)
