"""Suggestions for misspelt names."""

from __future__ import annotations

from difflib import get_close_matches
from functools import lru_cache

GUESSED_MAX = 64
"""Characters of a key that is still compared with others."""

LIKE_MIN = 0.66
"""How like two names must be, from 0 to 1, for one to be meant by the other: `por` is `pro`."""


def did_you_mean(written: object, known: tuple[str, ...]) -> str | None:
    """The one of `known` that `written` most likely stands for; None where none is near."""
    return _nearest(written, known) if isinstance(written, str) and len(written) <= GUESSED_MAX else None


@lru_cache(maxsize=1024)
def _nearest(written: str, known: tuple[str, ...]) -> str | None:
    plain = {_plain(name): name for name in reversed(known)}
    near = get_close_matches(_plain(written), plain, n=1, cutoff=LIKE_MIN)
    return plain[near[0]] if near else None


def _plain(name: str) -> str:
    return "".join(filter(str.isalnum, name.casefold()))
