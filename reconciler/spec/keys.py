"""Keys made from topics: short, unique, and the same again for the same meetings."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Iterable
from itertools import count

from reconciler.spec.yaml.scalars import is_text

LENGTH_MAX = 60
"""Characters of a key that is made here, without the number that tells it from others."""

_OTHER = re.compile(r"[^a-z0-9._]+")


def assign_keys(topics: Iterable[tuple[int, str]], taken: Collection[str]) -> dict[int, str]:
    """A key for each (id, topic), by id, none of them `taken`. Equal topics get -2, -3, … in order."""
    used = set(taken)
    keys: dict[int, str] = {}
    for number, topic in topics:
        name = slug(topic) or f"meeting-{number}"
        several = (f"{name}-{n}" for n in count(2))
        key = name if name not in used else next(each for each in several if each not in used)
        used.add(key)
        keys[number] = key
    return keys


def slug(topic: str) -> str:
    """The topic in small letters, digits and `.`, `_`, `-`; empty where nothing of it is left."""
    plain = unicodedata.normalize("NFKD", topic.casefold()).encode("ascii", "ignore").decode()
    name = _OTHER.sub("-", plain).strip("-._")
    if len(name) > LENGTH_MAX:
        cut = name[: LENGTH_MAX + 1]
        name = (cut.rpartition("-")[0] or cut[:LENGTH_MAX]).strip("-._")
    # Also with a number behind it: `0e-2` is one itself.
    return name if not name or (is_text(name) and is_text(f"{name}-2")) else f"meeting-{name}"
