"""Text for people: escapes invisible characters, shortens long text, counts nouns."""

from __future__ import annotations

import re
from collections.abc import Sequence

import msgspec

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
"""Characters that Python counts as printable, and that are invisible."""

_EMOJI = "[\u2190-\u2bff\ufe0f\U0001f000-\U0001faff]"
_CURSIVE = "[\u0620-\u08ff\u0900-\u0dff\ufb50-\ufdff\ufe70-\ufefc]"
_VIRAMA = "[\u094d\u09cd\u0a4d\u0acd\u0b4d\u0bcd\u0c4d\u0ccd\u0d4d\u0dca]"
_JOINER = (
    f"(?<={_EMOJI})\u200d(?={_EMOJI})|(?<={_CURSIVE})[\u200c\u200d](?={_CURSIVE})"
    f"|(?<={_VIRAMA})[\u200c\u200d]"
)
"""A zero-width joiner or non-joiner that people see.

It joins several emoji to one, or shapes letters of Arabic and other cursive scripts, or of those of India.

It is compiled on first use, which most runs never have.
"""

NAMED_CHARACTERS_MAX = 5
"""Invisible characters that a message names."""


def escape_control(text: str) -> str:
    """Escape control, bidirectional and invisible characters in `text`; a tab becomes a space."""
    return text if text.isascii() and text.isprintable() else "".join(map(escape_character, text))


def escape_hidden(text: str) -> str:
    """Escape as `escape_control` does, and leave the joiners that people see as they are."""
    if text.isascii():
        return escape_control(text)
    parts = re.split(f"({_JOINER})", text)  # each second one is a joiner
    return "".join(part if index % 2 else escape_control(part) for index, part in enumerate(parts))


def is_invisible(character: str) -> bool:
    """Return whether the character is invisible, or changes how others are shown; spaces are visible."""
    return character in _HIDDEN or not (character.isprintable() or character.isspace())


def invisible_in(text: str) -> str:
    """Return names of invisible characters in `text`: "U+200B, U+2060"; empty if there is none."""
    joined = re.sub(_JOINER, "", text)
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
    """Return `text` in double quotes, on one line; quotes and backslashes in it are escaped."""
    return '"' + escape_control(text.replace("\\", "\\\\").replace('"', '\\"')) + '"'


def is_utf8(name: str) -> bool:
    """Return whether `name`, from the operating system, is valid UTF-8."""
    return name.isascii() or not any("\ud800" <= character <= "\udfff" for character in name)


def shown_name(name: str) -> str:
    """Return `name`, from the operating system, with bytes that are not UTF-8 escaped."""
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


def join_first(parts: Sequence[str], count_max: int) -> str:
    """Join the first `count_max` parts, and count the rest: "a; b; and 3 more"."""
    more = [f"and {len(parts) - count_max} more"] if len(parts) > count_max else []
    return "; ".join([*parts[:count_max], *more])


def sentences(*parts: str) -> str:
    """Join the non-empty `parts` with spaces, with a full stop after each that has no other end."""
    return " ".join(
        part if part.endswith((".", "?", "!", ":", "…")) else f"{part}." for part in parts if part
    )


def repr_without(value: msgspec.Struct, *hidden: str) -> str:
    """Return the `repr` of `value` without its fields `hidden`: they may hold secrets, or are long."""
    fields = msgspec.structs.asdict(value).items()
    shown = ", ".join(f"{name}={field!r}" for name, field in fields if name not in hidden)
    return f"{type(value).__name__}({shown})"
