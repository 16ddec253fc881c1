"""Passcodes: references, salted hashes of literals, and which values Zoom accepts."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from reconciler.ports import Json


@dataclass(frozen=True, slots=True)
class PasscodeReference:
    """A passcode that stands in the environment variable `name`; `version` is raised to rotate it."""

    name: str
    version: int


def as_recorded(attributes: Mapping[str, Json], salt: bytes) -> dict[str, Json]:
    """The attributes as the state may keep them: a literal passcode only as scrypt with `salt`."""
    kept = dict(attributes)
    if isinstance(kept.get("password"), str):
        kept["password"] = {"scrypt": _scrypt(kept["password"], salt)}
    return kept


def same_passcode(declared: Json, kept: Json) -> bool:
    """Whether the declared passcode is the one that was recorded."""
    if not isinstance(declared, str):
        return bool(declared == kept)
    hashed = str(kept.get("scrypt")) if isinstance(kept, dict) else ""
    try:
        salt = bytes.fromhex(hashed.partition("$")[0])
    except ValueError:  # damaged by hand: whatever it was, it is not what is declared
        return False
    import hmac  # noqa: PLC0415 - OpenSSL, and only for a passcode in plain sight

    return hmac.compare_digest(_scrypt(declared, salt).encode(), hashed.encode())


def redact_passcode(attributes: Mapping[str, Json]) -> dict[str, Json]:
    """The attributes as they may be shown and digested: of a literal passcode only that there is one."""
    seen = dict(attributes)
    secret = seen.get("password")
    if isinstance(secret, str) or (isinstance(secret, dict) and "scrypt" in secret):
        seen["password"] = "(literal)"  # noqa: S105 - a word that stands for it, not a passcode
    return seen


@cache  # `plan --refresh` derives an unchanged passcode twice: as declared, and as Zoom has it
def _scrypt(passcode: str, salt: bytes) -> str:
    # RFC 7914's figures for interactive use: 16 MiB and some 40 ms for each guess.
    import hashlib  # noqa: PLC0415 - OpenSSL, and only for a passcode in plain sight

    derived = hashlib.scrypt(passcode.encode(), salt=salt, n=2**14, r=8, p=1, dklen=32)
    return f"{salt.hex()}${derived.hex()}"


PASSCODE_LENGTH_MAX = 10
"""Characters in a passcode. Source: Zoom's API, create and update a meeting, `password`."""
_UNFIT = re.compile(r"[^A-Za-z0-9@_*-]")


def passcode_problem(passcode: str) -> tuple[str, str] | None:
    """Why Zoom would refuse a passcode, as a code and a sentence; None where it is fit.

    Never with the passcode in it.
    """
    if not passcode:
        return "passcode.empty", "It is empty."
    if len(passcode) > PASSCODE_LENGTH_MAX:
        return (
            "passcode.length",
            f"It has {len(passcode)} characters; Zoom takes at most {PASSCODE_LENGTH_MAX}.",
        )
    if _UNFIT.search(passcode):
        return "passcode.charset", "It holds characters other than letters, digits and `@ - _ *`."
    return None
