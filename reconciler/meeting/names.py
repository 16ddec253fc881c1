"""Names: the keys of meetings, and the hosts that own them."""

from __future__ import annotations

import re

KEY = re.compile(r"[A-Za-z0-9._-]+")
"""The form of a meeting's key; use `fullmatch`."""

_LOWER = {upper: upper + 32 for upper in range(ord("A"), ord("Z") + 1)}


def as_argument(key: str) -> str:
    """Return a key as a command that people paste takes it: `-- -key` if it looks like an option."""
    return f"-- {key}" if key.startswith("-") else key


def fold_ascii(text: str) -> str:
    """Return `text` with ASCII letters in lower case.

    Other letters stay: Unicode case folding would take two people for one, such as `desk@` and a `desk@` with
    a Kelvin sign.
    """
    return text.translate(_LOWER)


def fold_host(host: str) -> str:
    """Return the form in which two names of one host are equal; a user id is case-sensitive."""
    return fold_ascii(host) if "@" in host else host
