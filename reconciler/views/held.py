"""Who holds the state, as people and programs read it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler.masking import escaped
from reconciler.views.columns import columns
from reconciler.views.json import FORMAT_VERSION, line

if TYPE_CHECKING:
    from datetime import datetime

    from reconciler.ports import LockInfo


def text(location: str, held: LockInfo | None, now: datetime) -> str:
    """A line, and where it is held the lock's rows below it."""
    if held is None:
        return f"Nobody holds {escaped(location)}.\n"
    rows = [("  ID:", held.lock_id), ("  Who:", held.who), ("  Operation:", held.operation)]
    rows.append(("  Created:", _moment(held.created_at)))
    if held.expires_at:
        ran_out = (
            "has run out; the next run takes it over" if held.expires_at <= now else "unless it is renewed"
        )
        rows.append(("  Expires:", f"{_moment(held.expires_at)}, {ran_out}"))
    if held.run_url:
        rows.append(("  Run:", held.run_url))
    return f"{escaped(location)} is held.\n{columns(rows)}"


def json(location: str, held: LockInfo | None, now: datetime) -> str:
    """`{format_version, location, lock: {id, who, operation, created_at, expires_at, expired, run_url}}`.

    `lock` is null where nobody holds it.
    """
    lock = held and {
        "id": held.lock_id,
        "who": held.who,
        "operation": held.operation,
        "created_at": held.created_at,
        "expires_at": held.expires_at,
        "expired": held.expires_at is not None and held.expires_at <= now,
        "run_url": held.run_url,
    }
    return line({"format_version": FORMAT_VERSION, "location": location, "lock": lock})


def _moment(instant: datetime) -> str:
    return f"{instant:%Y-%m-%d %H:%M:%S} UTC"
