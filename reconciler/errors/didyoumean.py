"""Suggestions for misspelt names."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

GUESSED_MAX = 64
"""Characters of a name that is still compared with others."""

RATIO_MIN = 0.66
"""The similarity, from 0 to 1, from which a name is suggested for another: `pro` for `por`."""


def plain_name(name: str) -> str:
    """Return the letters and digits of `name` in lower case."""
    return "".join(filter(str.isalnum, name.casefold()))


def did_you_mean(
    written: object,
    known: tuple[str, ...],
    *,
    ratio_min: float = RATIO_MIN,
    form: Callable[[str], str] = plain_name,
) -> str | None:
    """Return the one of `known` that `written` most likely stands for; None where none is similar.

    Names are compared in the given `form`.
    """
    if not isinstance(written, str) or len(written) > GUESSED_MAX:
        return None
    return _nearest(written, known, ratio_min, form)


def suggestion(name: str | None, otherwise: str = "") -> str:
    """Return the hint that suggests `name`; `otherwise` where there is nothing to suggest."""
    return f"Did you mean `{name}`?" if name else otherwise


@lru_cache(maxsize=1024)
def _nearest(
    written: str, known: tuple[str, ...], ratio_min: float, form: Callable[[str], str]
) -> str | None:
    from difflib import get_close_matches  # noqa: PLC0415 - only for a name that is unknown

    names = {form(name): name for name in reversed(known)}
    near = get_close_matches(form(written), names, n=1, cutoff=ratio_min)
    return names[near[0]] if near else None
