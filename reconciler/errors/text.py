"""Text that is safe to show: secrets masked, control characters escaped.

Every pattern that recognizes a secret is here. They differ on purpose: a rule refuses only what is surely
a secret, a message hides whatever may be one.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache

MASK = "***"
"""Replaces a secret in a text."""

LINK_SECRET = re.compile(r"(?i)\b(?:pwd|zak|tk|access_token)(?:=|%3d)(?P<secret>[^\s&\"'#<>`]+)")
"""The value of a secret parameter of a link. For `redact_links` and source lines (`spec/yaml/snippet`)."""

# Mail filters write a link inside a link, with `?`, `&` and `=` as %3F, %26 and %3D.
JOIN_SECRET = re.compile(r"(?i)(?:^|[^a-z0-9_]|%3f|%26)(?:pwd|zak)(?:=|%3d)[^\s&]")
"""A passcode or a host key in a link. For the rule against them in a spec (`spec/rules/_passcode`)."""

SECRET_HINT = re.compile(r"(?i)pwd|zak|tk=|token")
"""A sign that a value may hold a secret. For values in messages of the schema (`spec/schema/_violation`)."""

_PASSCODE_KEY = r"""(?i)(?<![a-z0-9_])(?:pass|pas|pwd)[a-z_]*["']?\s*[:=]\s*"""

WRITTEN_SECRET = re.compile(_PASSCODE_KEY + r"""(?!\{\s*["']?env)(?P<secret>\S.*?)\s*$""")
"""The rest of a line after the key of a passcode. For lines that are not YAML (`spec/yaml/snippet`)."""

MENTIONED_SECRET = re.compile(_PASSCODE_KEY + r"""(?![{\[&*|>#])(?P<secret>[^\s,{}\[\]]+)""")
"""A passcode in a comment or inside a text. For lines of YAML (`spec/yaml/snippet`)."""

OPEN_SECRET = re.compile(r"""(?i)(?<![a-z0-9_])(?:pass|pas|pwd)[a-z_]*["']?\s*:\s*[|>"'][^"']*$""")
"""A passcode that continues on the next line. For lines that are not YAML (`spec/yaml/snippet`)."""

# As text: `re` compiles these when they are used, and most commands use none of them.
_PARAMETER = r"(?i)\b(pwd|zak|tk|token|passcode|password|access_token)=[^&\s\"'<>]+"
_MEMBER = r"(?i)\"(\w*(?:password|passcode|token|secret|start_url))\"(\s*:\s*)\"(?:[^\"\\]|\\.)*\"?"
_USER_INFO = r"(\w+://)[^/@\s]*@"
_QUERY = r"(\w+://[^\s?']*)\?[^\s']*"

_SECRET_NAME_PARTS = ("passw", "passc", "passp", "pswd", "pwd", "pasw", "secret", "token", "zak")
_NOT_SECRET_NAMES = frozenset({"default_password"})
_SECRET_NAME_RATIO = 0.75


def redact_links(text: str) -> str:
    """Mask the secrets of links in `text`. For all that comes from a spec."""
    return LINK_SECRET.sub(lambda match: match[0].removesuffix(match["secret"]) + MASK, text)


def redact_body(text: str) -> str:
    """Mask the secret parameters and JSON members in `text`. For answers of Zoom (`zoom/_exchange`)."""
    return re.sub(_MEMBER, rf'"\1"\2"{MASK}"', re.sub(_PARAMETER, rf"\1={MASK}", text))


def redact_addresses(text: str) -> str:
    """Remove user, password and query from every URL in `text`. For the output of git (`stores/git`)."""
    return re.sub(_QUERY, r"\1", re.sub(_USER_INFO, r"\1", text))


def redact_values(text: str, secrets: Iterable[str]) -> str:
    """Mask the `secrets` in `text`, longest first. For answers (`zoom/_exchange`, `stores/http/_errors`)."""
    for secret in sorted(filter(None, secrets), key=len, reverse=True):
        text = text.replace(secret, MASK)
    return text


@lru_cache(maxsize=512)
def is_secret_name(name: str) -> bool:
    """Return whether a value under the key `name` may be a secret, also where the key is misspelt.

    For source lines (`spec/yaml/snippet`, `spec/yaml/locator`).
    """
    if name in _NOT_SECRET_NAMES:
        return False
    letters = re.sub(r"[^a-z]", "", name.lower())
    if any(part in letters for part in _SECRET_NAME_PARTS):
        return True
    from difflib import SequenceMatcher  # noqa: PLC0415 - only where source lines are shown

    return SequenceMatcher(None, letters, "password").ratio() >= _SECRET_NAME_RATIO


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
