"""Passcodes: references, salted hashes of literal ones, and the values that Zoom accepts."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from reconciler.ports import Json

PASSCODE_LENGTH_MAX = 10
"""Characters in a passcode. Source: Zoom's API, create and update a meeting, `password`."""

_UNFIT = re.compile(r"[^A-Za-z0-9@_*-]")


@dataclass(frozen=True, slots=True)
class PasscodeReference:
    """A passcode in the environment variable `name`; a higher `version` rotates it."""

    name: str
    version: int


def as_recorded(attributes: Mapping[str, Json], salt: bytes) -> dict[str, Json]:
    """Return the attributes for the state, with a literal passcode only as its scrypt hash with `salt`."""
    recorded = dict(attributes)
    if isinstance(recorded.get("password"), str):
        recorded["password"] = {"scrypt": _scrypt(recorded["password"], salt)}
    return recorded


def same_passcode(declared: Json, recorded: Json) -> bool:
    """Return whether the declared passcode is the recorded one."""
    if not isinstance(declared, str):
        return bool(declared == recorded)
    hashed = str(recorded.get("scrypt")) if isinstance(recorded, dict) else ""
    try:
        salt = bytes.fromhex(hashed.partition("$")[0])
    except ValueError:  # damaged by hand: it equals no declared passcode
        return False
    import hmac  # noqa: PLC0415 - OpenSSL, and only for a literal passcode

    return hmac.compare_digest(_scrypt(declared, salt).encode(), hashed.encode())


def redact_passcode(attributes: Mapping[str, Json]) -> dict[str, Json]:
    """Return the attributes without a literal passcode, to be shown or hashed."""
    redacted = dict(attributes)
    secret = redacted.get("password")
    if isinstance(secret, str) or (isinstance(secret, dict) and "scrypt" in secret):
        redacted["password"] = "(literal)"  # noqa: S105 - a placeholder, not a passcode
    return redacted


@cache  # `plan --refresh` derives an unchanged passcode twice: as declared, and as Zoom has it
def _scrypt(passcode: str, salt: bytes) -> str:
    # The parameters of RFC 7914 for interactive use: 16 MiB and about 40 ms for each guess.
    import hashlib  # noqa: PLC0415 - OpenSSL, and only for a literal passcode

    derived = hashlib.scrypt(passcode.encode(), salt=salt, n=2**14, r=8, p=1, dklen=32)
    return f"{salt.hex()}${derived.hex()}"


def passcode_problem(passcode: str) -> tuple[str, str] | None:
    """Return the code and the detail of the reason why Zoom would refuse a passcode; None if it accepts it.

    The passcode itself is never in them.
    """
    if not passcode:
        return "passcode.empty", "It is empty."
    if len(passcode) > PASSCODE_LENGTH_MAX:
        detail = f"It has {len(passcode)} characters; Zoom takes at most {PASSCODE_LENGTH_MAX}."
        return "passcode.length", detail
    if _UNFIT.search(passcode):
        return "passcode.charset", "It holds characters other than letters, digits and `@ - _ *`."
    return None
