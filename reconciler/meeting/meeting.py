"""What only a meeting knows: when it happens, what to send for it, what to keep of it.

It must never let a secret out: `recorded` is the only form that leaves the process.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from functools import cache
from typing import TYPE_CHECKING

from reconciler import recurrence

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

    from reconciler.fields import Json

SCHEDULED = 2
NO_FIXED_TIME = 3
SERIES = 8

DURATION_MINUTES_DEFAULT = 60
"""What Zoom assumes where no duration is declared."""

SOON = timedelta(hours=1)
"""How long before its start a meeting is not ended any more: people are on their way to it."""

_TIMES = frozenset({"type", "start_time", "timezone", "recurrence"})
"""What says when a meeting is: a change of one is sent with the others."""


@dataclass(frozen=True, slots=True)
class Schedule:
    """Where a meeting stands at one instant.

    `next_at` is its next start (aware, UTC; None: it has no fixed time, or no start is left),
    `over` how many declared starts are past, `left` how many are to come (None: unknown),
    `begun` that no start is left to send, `expired` that its last one has also ended.
    """

    next_at: datetime | None = None
    over: int = 0
    left: int | None = None
    begun: bool = False
    expired: bool = False


@dataclass(frozen=True, slots=True)
class PasscodeReference:
    """A passcode that stands in the environment variable `name`; `version` is raised to rotate it."""

    name: str
    version: int


@dataclass(frozen=True, slots=True)
class Meeting:
    """One declared meeting, merged with its defaults.

    `attributes` is the API's create body as declared: no `host`, no `protect`, no null;
    `password` is text or `{"env": NAME, "version": N}`. `filename`, `line` and `column`
    tell where its key stands (both count from 1).
    """

    key: str
    host: str
    attributes: Mapping[str, Json] = field(repr=False)  # a literal passcode stands in it
    protect: bool = False
    filename: str = ""
    line: int = 0
    column: int = 0

    @property
    def topic(self) -> str:
        """What people read in their calendar."""
        return str(self.attributes.get("topic", ""))

    @property
    def passcode(self) -> PasscodeReference | None:
        """The reference that has to be read before this meeting is sent; None: there is none."""
        declared = self.attributes.get("password")
        if not isinstance(declared, dict):
            return None
        return PasscodeReference(declared["env"], declared.get("version", 1))


def kind(attributes: Mapping[str, Json]) -> int:
    """The API's meeting type; 2 where none is declared."""
    declared = attributes.get("type", SCHEDULED)
    assert isinstance(declared, int)
    return declared


def start_at(attributes: Mapping[str, Json]) -> datetime | None:
    """The declared start, aware, UTC; None for a meeting without a fixed time."""
    declared = attributes.get("start_time")
    if declared is None or kind(attributes) == NO_FIXED_TIME:
        return None
    return recurrence.instant(declared, attributes.get("timezone"))


def series(attributes: Mapping[str, Json]) -> recurrence.Series | None:
    """The declared series of a type 8 meeting; None for any other."""
    rule = attributes.get("recurrence")
    if kind(attributes) != SERIES or rule is None or "start_time" not in attributes:
        return None
    return recurrence.Series(attributes["start_time"], attributes["timezone"], rule)


def schedule(attributes: Mapping[str, Json], now: datetime) -> Schedule:
    """Where the meeting stands at `now`. A series means its occurrences from now on."""
    begins = start_at(attributes)
    if begins is None:
        return Schedule()
    if begins > now:
        return Schedule(next_at=begins)
    length = _length(attributes)
    repeated = series(attributes)
    if repeated is None:
        return Schedule(over=1, left=0, begun=True, expired=begins + length <= now)
    return _schedule_of(repeated, length, now)


def _length(attributes: Mapping[str, Json]) -> timedelta:
    return timedelta(minutes=attributes.get("duration", DURATION_MINUTES_DEFAULT))


def _schedule_of(repeated: recurrence.Series, length: timedelta, now: datetime) -> Schedule:
    remaining = repeated.remaining(now)
    if remaining.next_at is not None:
        return Schedule(next_at=remaining.next_at, over=remaining.over, left=remaining.left)
    last = repeated.last()
    ended = last is None or last + length <= now
    return Schedule(over=remaining.over, left=0, begun=True, expired=ended)


def runs_or_starts_soon(attributes: Mapping[str, Json], now: datetime) -> bool:
    """Whether it takes place at `now` or starts within the hour; False where it has no fixed time."""
    standing = schedule(attributes, now)
    if standing.next_at is not None and standing.next_at <= now + SOON:
        return True
    if not standing.over:
        return False
    repeated = series(attributes)
    started = repeated.occurrence(standing.over - 1) if repeated else start_at(attributes)
    return started is not None and now < started + _length(attributes)


def body(attributes: Mapping[str, Json], now: datetime, passcode: str | None) -> dict[str, Json]:
    """The create body to send at `now`, with `passcode` in the place of a reference.

    A running series is sent from its next occurrence on, with the count that is left.
    """
    sent = dict(attributes)
    if isinstance(sent.get("password"), dict):
        assert passcode is not None, "a reference is read before anything is sent"
        sent["password"] = passcode
    repeated, standing = series(attributes), schedule(attributes, now)
    if repeated is None or not standing.over or standing.next_at is None:
        return sent
    sent["start_time"] = repeated.next_local(now)
    if repeated.recurrence.get("end_times"):
        sent["recurrence"] = {**repeated.recurrence, "end_times": standing.left}
    return sent


def patch(
    attributes: Mapping[str, Json], paths: Iterable[str], now: datetime, passcode: str | None
) -> dict[str, Json]:
    """The smallest update body that carries the fields at the dotted `paths`, as `body` has them.

    Of `settings` only what changes. A mapping inside it, a list and a rule go whole, since Zoom says
    of none of them that it takes a part. When a meeting is goes whole, too: a start is read
    in its zone, and a series is rescheduled by its rule and its next start together.
    """
    whole = body(attributes, now, passcode)
    sent: dict[str, Json] = {}
    for path in paths:
        first, *inner = path.split(".")
        if first in _TIMES:
            sent |= _times_of(whole, first)
        elif first == "settings" and inner:
            sent.setdefault("settings", {})[inner[0]] = whole["settings"][inner[0]]
        else:
            sent[first] = whole[first]
    return sent


def _times_of(whole: Mapping[str, Json], changed: str) -> dict[str, Json]:
    """What goes together when `changed` changes; the type only where it is what changes."""
    names = ("start_time", "timezone", *(("recurrence",) if kind(whole) == SERIES else ()))
    times = {name: whole[name] for name in names if name in whole}
    return {**times, "type": kind(whole)} if changed == "type" else times


def without(attributes: Mapping[str, Json], paths: Iterable[str]) -> dict[str, Json]:
    """The attributes without the fields at the dotted `paths`; a mapping that gets empty goes, too."""
    kept = dict(attributes)
    for path in paths:
        first, _, inner = path.partition(".")
        rest = without(kept[first], (inner,)) if inner and isinstance(kept.get(first), dict) else {}
        if rest:
            kept[first] = rest
        else:
            kept.pop(first, None)
    return kept


def recorded(attributes: Mapping[str, Json], salt: bytes) -> dict[str, Json]:
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


def shown(attributes: Mapping[str, Json]) -> dict[str, Json]:
    """The attributes as they may be shown and digested: of a literal passcode only that there is one."""
    seen = dict(attributes)
    secret = seen.get("password")
    if isinstance(secret, str) or (isinstance(secret, dict) and "scrypt" in secret):
        seen["password"] = "(literal)"  # noqa: S105 - a word that stands for it, not a passcode
    return seen


@cache  # one refresh compares a meeting several times over
def _scrypt(passcode: str, salt: bytes) -> str:
    # RFC 7914's figures for interactive use: 16 MiB and some 40 ms for each guess.
    import hashlib  # noqa: PLC0415 - OpenSSL, and only for a passcode in plain sight

    derived = hashlib.scrypt(passcode.encode(), salt=salt, n=2**14, r=8, p=1, dklen=32)
    return f"{salt.hex()}${derived.hex()}"
