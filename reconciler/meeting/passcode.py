"""Passcodes: references, salted hashes of literal ones, and the values that Zoom accepts."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from itertools import pairwise

from msgspec import Struct

from reconciler.ports import Json

PASSCODE_LENGTH_MAX = 10
"""Characters in a passcode. Source: Zoom's API, create and update a meeting, `password`."""

_UNFIT = re.compile(r"[^A-Za-z0-9@_*-]")


class PasscodeReference(Struct, frozen=True):
    """A passcode in the environment variable `name`; a higher `version` rotates it."""

    name: str
    version: int


def as_recorded(attributes: Mapping[str, Json], salt: bytes) -> dict[str, Json]:
    """Return the attributes for the state, with a literal passcode only as its scrypt hash with `salt`."""
    recorded = dict(attributes)
    if isinstance(recorded.get("password"), str):
        recorded["password"] = {"scrypt": hash_secret(recorded["password"], salt)}
    return recorded


def same_passcode(declared: Json, recorded: Json) -> bool:
    """Return whether the declared passcode is the recorded one."""
    if not isinstance(declared, str):
        return bool(declared == recorded)
    return same_secret(declared, recorded.get("scrypt") if isinstance(recorded, dict) else None)


def same_secret(secret: str, hashed: Json) -> bool:
    """Return whether `hashed` was made of `secret` by `hash_secret`."""
    written = str(hashed)
    try:
        salt = bytes.fromhex(written.partition("$")[0])
    except ValueError:  # damaged by hand: it equals no secret
        return False
    import hmac  # noqa: PLC0415 - OpenSSL, and only for a literal passcode

    return hmac.compare_digest(hash_secret(secret, salt).encode(), written.encode())


def redact_passcode(attributes: Mapping[str, Json]) -> dict[str, Json]:
    """Return the attributes without a literal passcode, to be shown or hashed."""
    redacted = dict(attributes)
    secret = redacted.get("password")
    if isinstance(secret, str) or (isinstance(secret, dict) and "scrypt" in secret):
        redacted["password"] = "(literal)"  # noqa: S105 - a placeholder, not a passcode
    return redacted


@cache  # `plan --refresh` derives an unchanged passcode twice: as declared, and as Zoom has it
def hash_secret(secret: str, salt: bytes) -> str:
    """Return the salt and the scrypt hash of `secret`, in hexadecimal."""
    # The parameters of RFC 7914 for interactive use: 16 MiB and about 40 ms for each guess.
    import hashlib  # noqa: PLC0415 - OpenSSL, and only for a secret

    derived = hashlib.scrypt(secret.encode(), salt=salt, n=2**14, r=8, p=1, dklen=32)
    return f"{salt.hex()}${derived.hex()}"


def passcode_problem(passcode: str) -> tuple[str, str] | None:
    """Return the code and the detail of the reason why Zoom would refuse a passcode; None if it accepts it.

    The passcode itself is never in them.
    """
    if not passcode:
        return "passcode.empty", "It is empty."
    if passcode != passcode.strip():
        return "passcode.charset", "It begins or ends with a space or a line end."
    if len(passcode) > PASSCODE_LENGTH_MAX:
        detail = f"It has {len(passcode)} characters; Zoom takes at most {PASSCODE_LENGTH_MAX}."
        return "passcode.length", detail
    if _UNFIT.search(passcode):
        return "passcode.charset", "It holds characters other than letters, digits and `@ - _ *`."
    return None


class PasscodeRule(Struct, frozen=True):
    """The rule of a host for passcodes, beyond `passcode_problem`; by default it asks for nothing.

    `run_length` characters in a row, such as `1234`, are too many; 0: any run is accepted.
    """

    length_min: int = 0
    letter: bool = False
    number: bool = False
    special: bool = False
    both_cases: bool = False
    digits_only: bool = False
    run_length: int = 0

    @property
    def words(self) -> str:
        """The rule as the end of "a passcode with": "at least 8 characters, a letter and no run"."""
        parts = [words for is_asked, words, _ in self._parts("") if is_asked]
        return " and ".join(filter(None, (", ".join(parts[:-1]), *parts[-1:])))

    def broken_by(self, passcode: str) -> str | None:
        """Return the part of the rule that `passcode` breaks, as the end of "it"; None if it fits."""
        broken = (words for is_asked, words, is_kept in self._parts(passcode) if is_asked and not is_kept)
        first = next(broken, None)
        return None if first is None else f"must have {first}"

    def _parts(self, passcode: str) -> tuple[tuple[bool, str, bool], ...]:
        """Return each part of the rule: whether it is asked for, its words, and whether it is kept."""
        length, special = f"at least {self.length_min} characters", "one of `@ - _ *`"
        return (
            (self.length_min > 0, length, len(passcode) >= self.length_min),
            (self.digits_only, "digits only", passcode.isdigit()),
            (self.letter and not self.digits_only, "a letter", re.search(r"[A-Za-z]", passcode) is not None),
            (self.number, "a number", re.search(r"[0-9]", passcode) is not None),
            (self.special and not self.digits_only, special, re.search(r"[@_*-]", passcode) is not None),
            (
                self.both_cases and not self.digits_only,
                "upper and lower case letters",
                passcode.upper() != passcode != passcode.lower(),
            ),
            (
                self.run_length > 0,
                f"no {self.run_length} consecutive characters, such as 1234",
                not _has_run(passcode, self.run_length),
            ),
        )


def rule_of(settings: Mapping[str, Json]) -> PasscodeRule:
    """Return the rule in the security settings of a host; what is not readable is not asked for."""
    security = settings.get("meeting_security")
    found = security.get("meeting_password_requirement") if isinstance(security, Mapping) else None
    rule = found if isinstance(found, Mapping) else {}
    return PasscodeRule(
        length_min=_number(rule.get("length")),
        letter=rule.get("have_letter") is True,
        number=rule.get("have_number") is True,
        special=rule.get("have_special_character") is True,
        both_cases=rule.get("have_upper_and_lower_characters") is True,
        digits_only=rule.get("only_allow_numeric") is True,
        run_length=_number(rule.get("consecutive_characters_length")),
    )


def _number(value: Json) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) and value > 0 else 0


def _has_run(passcode: str, length: int) -> bool:
    """Return whether so many characters follow each other, as in `abcd` or `1234`."""
    runs = (passcode[start : start + length] for start in range(len(passcode) - length + 1))
    return any(all(ord(b) - ord(a) == 1 for a, b in pairwise(run)) for run in runs)
