"""Makes keys from the topics of meetings, always the same for the same meetings."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Iterable, Sequence
from itertools import count

from reconciler.spec.yaml.scalars import is_text

LENGTH_MAX = 60
"""Characters of a key that is made from a topic, without the number at its end."""

_NO_KEY = re.compile(r"[^A-Za-z0-9._-]+")
_SPELLED = {
    "ä": "ae",
    "ö": "oe",
    "ü": "ue",
    "ß": "ss",
    "æ": "ae",
    "ø": "oe",
    "å": "aa",
    "œ": "oe",
    "ł": "l",
    "đ": "d",
}
"""Letters beyond ASCII that have their own spelling, or lose no accent by a decomposition."""

_OTHER = re.compile(r"[^a-z0-9._]+")


def assign_keys(topics: Iterable[tuple[int, str]], taken: Collection[str]) -> dict[int, str]:
    """Return a key for each (id, topic), by id, none of them `taken`. Equal topics get -2, -3, … in order."""
    used = set(taken)
    keys: dict[int, str] = {}
    for meeting_id, topic in topics:
        name = slug(topic) or f"meeting-{meeting_id}"
        numbered = (f"{name}-{number}" for number in count(2))
        key = name if name not in used else next(each for each in numbered if each not in used)
        used.add(key)
        keys[meeting_id] = key
    return keys


def readable_key(written: str) -> str:
    """Return a name that cannot be a key as one that can and still reads like it; empty if none does.

    `umläut` becomes `umlaeut`, `São Paulo` becomes `sao-paulo`.
    """
    text = unicodedata.normalize("NFC", written)
    if not text.isascii():
        text = "".join(_SPELLED.get(letter, letter) for letter in text.casefold())
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    return _NO_KEY.sub("-", plain).strip("-")


def slug(topic: str) -> str:
    """Return the topic in lower case letters, digits, `.`, `_` and `-`; empty where it has none of them."""
    plain = unicodedata.normalize("NFKD", topic.casefold()).encode("ascii", "ignore").decode()
    name = _OTHER.sub("-", plain).strip("-._")
    if len(name) > LENGTH_MAX:
        start = name[: LENGTH_MAX + 1]
        name = (start.rpartition("-")[0] or start[:LENGTH_MAX]).strip("-._")
    # A key must be text in YAML, also with a number at its end: `0e-2` would be a number.
    return name if not name or (is_text(name) and is_text(f"{name}-2")) else f"meeting-{name}"


def in_words(keys: Sequence[str], shown_max: int) -> str:
    """Return keys as the words of a message: `a`, `b` and 3 more."""
    names = [f"`{key}`" for key in keys[:shown_max]]
    if len(keys) > shown_max:
        names.append(f"{len(keys) - shown_max} more")
    *most, last = names
    return f"{', '.join(most)} and {last}" if most else last
