"""Names: the keys of meetings, and the hosts that own them."""

from __future__ import annotations

import re

KEY = re.compile(r"[A-Za-z0-9._-]+")
"""The form of a meeting's key."""

_LOWER = {upper: upper + 32 for upper in range(ord("A"), ord("Z") + 1)}


def fold_host(host: str) -> str:
    """Return the form in which two names of one host are equal: an e-mail in small ASCII letters.

    Only ASCII letters are folded. Unicode case folding would make one person of two, such as of `desk@` with
    a Kelvin sign. A user id is case-sensitive and stays as it is.
    """
    return host.translate(_LOWER) if "@" in host else host
