"""Text for people: characters that nobody sees are escaped, long text is cut, nouns are counted."""

from __future__ import annotations

import re

_HIDDEN = frozenset(
    map(
        chr,
        (
            *(0x034F, 0x115F, 0x1160, 0x17B4, 0x17B5, 0x2800, 0x3164, 0xFFA0),
            *range(0x180B, 0x1810),
            *range(0xFE00, 0xFE0F),
            *range(0xE0100, 0xE01F0),
        ),
    )
)
"""Characters that count as printable and show nothing."""

_JOINED = re.compile("\u200d(?=[\u2190-\U0001faff])")
"""A joiner before a picture: it makes one emoji of several. Elsewhere nobody sees it."""

NAMED_CHARACTERS_MAX = 5


def escape_control(text: str) -> str:
    """Escape everything in `text` that moves a cursor, changes the direction of writing or is invisible."""
    return text if text.isascii() and text.isprintable() else "".join(map(escape_character, text))


def is_invisible(character: str) -> bool:
    """Return whether nobody sees the character, or it changes how others are seen; blanks are seen."""
    return character in _HIDDEN or not (character.isprintable() or character.isspace())


def invisible_in(text: str) -> str:
    """Name the invisible characters in `text`, such as `U+200B`; empty if there is none."""
    joined = _JOINED.sub("", text)
    names = list(dict.fromkeys(f"U+{ord(each):04X}" for each in joined if is_invisible(each)))
    return ", ".join(names[:NAMED_CHARACTERS_MAX])


def escape_character(character: str) -> str:
    """Return one character as `escape_control` shows it."""
    if character == "\t":
        return " "
    if character.isprintable() and character not in _HIDDEN:
        return character
    code = ord(character)
    return f"\\x{code:02x}" if code <= 0xFF else f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"  # noqa: PLR2004 - the sizes of YAML's escapes


def quote(text: str) -> str:
    """Return text that others chose in quotes, on one line, with quotes in it escaped."""
    return '"' + escape_control(text.replace("\\", "\\\\").replace('"', '\\"')) + '"'


def is_utf8(name: str) -> bool:
    """Return whether every byte of a name of the system was read as a character."""
    return name.isascii() or not any("\ud800" <= character <= "\udfff" for character in name)


def shown_name(name: str) -> str:
    """Return a name of the system, with the bytes that are not UTF-8 written out."""
    return escape_control(name.encode(errors="surrogateescape").decode(errors="backslashreplace"))


def replace_control(text: str, substitute: str = "?") -> str:
    """Replace every character of `text` that is not printable, line breaks included."""
    return "".join(character if character.isprintable() else substitute for character in text)


def shorten(text: str, length_max: int) -> str:
    """Return `text` with at most `length_max` characters, the last of them an ellipsis if it was longer."""
    return text if len(text) <= length_max else f"{text[: length_max - 1]}…"


def count_noun(count: int, noun: str, plural: str = "") -> str:
    """Return a count with its noun: "1 step", "2,000 steps", "3 entries"."""
    return f"{count:,} {noun if count == 1 else plural or f'{noun}s'}"


def sentences(*parts: str) -> str:
    """Join the non-empty `parts` with blanks, with a full stop after each that has no end yet."""
    return " ".join(
        part if part.endswith((".", "?", "!", ":", "…")) else f"{part}." for part in parts if part
    )
