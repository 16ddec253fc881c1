"""Values of a decoded state, each checked for its type and its bounds. All raise `ValueError`."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any, NoReturn

from reconciler.meeting.names import KEY
from reconciler.meeting.timezones import is_instant
from reconciler.ports import Json

ACTIONS = frozenset({"create", "update", "replace"})
"""Actions of an intent."""

INTEGER_MAX = 2**53
"""The largest integer that every reader of JSON keeps exact."""

CHANGES_MAX = 2**31 - 1
"""The largest number that a calendar feed can have (RFC 5545, 3.3.8)."""


def as_key(value: Json) -> str:
    """Return a key of the state."""
    # A key is printed in commands that people paste, so it must be one that a spec can have.
    return value if type(value) is str and KEY.fullmatch(value) else refuse(value, "a key")


def as_counts(ledger: Mapping[str, Json]) -> dict[str, int]:
    """Return the counts of a ledger by host."""
    return {host: as_count(count) for host, count in ledger.items()}


def as_count(value: Json) -> int:
    """Return a number that is not negative."""
    # A negative use would be a budget that nobody has; a serial at the bound could not be raised.
    count: int = as_type(value, int)
    return count if 0 <= count < INTEGER_MAX else refuse(value, "a count")


def as_changes(value: Json) -> int:
    """Return a number of changes."""
    count = as_count(value)
    return count if count <= CHANGES_MAX else refuse(value, f"at most {CHANGES_MAX:,}")


def raised(count: int, most: int = INTEGER_MAX - 1) -> int:
    """Return a count that is one higher, up to the highest that is read: what was written can be read."""
    return min(count + 1, most)


def as_id(value: Json) -> int:
    """Return the id of a meeting."""
    number: int = as_type(value, int)
    return number if 0 < number < INTEGER_MAX else refuse(value, "an id")


def as_origin(value: Json) -> str:
    """Return how a record was made."""
    made: str = as_type(value, str)
    return made if made in {"", "created", "imported"} else refuse(value, "`created` or `imported`")


def as_action(value: Json) -> str:
    """Return the action of an intent."""
    action: str = as_type(value, str)
    return action if action in ACTIONS else refuse(value, "an action")


def as_day(value: str) -> str:
    """Return a day."""
    return value if date.fromisoformat(value).isoformat() == value else refuse(value, "a day")


def as_instant(value: Json) -> str:
    """Return an instant in UTC as text."""
    written: str = as_type(value, str)
    return written if is_instant(written) else refuse(value, "an instant in UTC")


def as_optional_instant(value: Json) -> str | None:
    """Return an instant in UTC as text, or None."""
    return None if value is None else as_instant(value)


def as_time_of_creation(value: Json) -> str | None:
    """Return an instant in UTC as text, or None: older versions recorded whatever text Zoom sent as one."""
    written = as_optional(value, str)
    return written if written is not None and is_instant(written) else None


def as_text(value: Json) -> str:
    """Return a text."""
    text: str = as_type(value, str)
    return text


def as_host(value: Json) -> str:
    """Return the name of a host, or its user id."""
    return value if type(value) is str and value else refuse(value, "a host")


def as_optional(value: Json, kind: type) -> Any:
    """Return a value of the type, or None."""
    return None if value is None else as_type(value, kind)


def as_type(value: Json, kind: type) -> Any:
    """Return a value of exactly the type."""
    # To Python, `True` is an int; to JSON it is not.
    return value if type(value) is kind else refuse(value, kind.__name__)


def refuse(value: Json, expected: str) -> NoReturn:
    """Raise `ValueError` for a value that is not what is expected."""
    message = f"{str(value)[:40]!r} where {expected} is expected"
    raise ValueError(message)
