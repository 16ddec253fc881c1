"""Text that is safe to show: secrets of links redacted, control characters escaped."""

from __future__ import annotations

import re

MASK = "***"

_LINK_SECRET = re.compile(r"(?i)\b(?:pwd|zak|tk|access_token)(?:=|%3d)(?P<secret>[^\s&\"'#<>`]+)")


def redact_links(text: str) -> str:
    """`text`, with the secrets masked that stand in join links."""
    return _LINK_SECRET.sub(lambda found: found[0].removesuffix(found["secret"]) + MASK, text)


def escape_control(text: str) -> str:
    """`text` without anything that moves a cursor, turns writing around or hides."""
    return text if text.isascii() and text.isprintable() else "".join(map(_escaped, text))


def _escaped(character: str) -> str:
    if character == "\t":
        return " "
    if character.isprintable():
        return character
    code = ord(character)
    return f"\\x{code:02x}" if code <= 0xFF else f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"  # noqa: PLR2004 - the sizes of YAML's escapes


def quote(text: str) -> str:
    """Text that others chose, in quotes that it cannot close and on a line that it cannot leave."""
    return '"' + escape_control(text.replace("\\", "\\\\").replace('"', '\\"')) + '"'


def count_noun(count: int, noun: str) -> str:
    """A count with its noun: "1 step", "2 steps"."""
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def sentences(*parts: str) -> str:
    """The non-empty `parts` as sentences in a row, each with a full stop where it has no end yet."""
    return " ".join(
        part if part.endswith((".", "?", "!", ":", "…")) else f"{part}." for part in parts if part
    )
