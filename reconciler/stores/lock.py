"""A lock as it is written down, and as it is shown to whoever finds it held."""

from __future__ import annotations

import threading
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from math import isinf
from typing import TYPE_CHECKING

import orjson

from reconciler.errors.exceptions import StateError, StateLockedError
from reconciler.errors.text import replace_control
from reconciler.ports import LockInfo

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from reconciler.ports import Lease


RETRY_SECONDS = 2.0
"""How soon a renewal that failed is tried again."""


class LeaseRenewal:
    """A lease that is renewed again and again. `tell` takes a line when that begins to fail."""

    def __init__(self, lease: Lease, tell: Callable[[str], None]) -> None:
        self.pause_seconds = lease.renew_seconds
        """How long to wait before the next try."""
        self._lease = lease
        self._tell = tell
        self._fails = False

    def try_once(self) -> None:
        """Renew it. What fails, whatever it is, is told, tried again soon, and shows in `seconds_left`."""
        try:
            self._lease.renew()
        except Exception as error:  # noqa: BLE001 - no bug may leave a lease without its next renewal
            self.pause_seconds = RETRY_SECONDS
            if not self._fails:
                self._fails = True
                with suppress(OSError, ValueError):  # nobody reads it any more
                    self._tell(_not_renewed(error))
        else:
            self.pause_seconds = self._lease.renew_seconds
            self._fails = False


@contextmanager
def renewing(lease: Lease, tell: Callable[[str], None]) -> Iterator[None]:
    """Renew `lease` from a thread of its own until the end; `tell` as in `Renewal`."""
    if isinf(lease.renew_seconds):
        yield
        return
    ended = threading.Event()
    thread = threading.Thread(
        target=_renew, args=(LeaseRenewal(lease, tell), ended), name="lease", daemon=True
    )
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


def _renew(renewal: LeaseRenewal, ended: threading.Event) -> None:
    while not ended.wait(renewal.pause_seconds):
        renewal.try_once()


def _not_renewed(error: Exception) -> str:
    if isinstance(error, StateError):
        why = f"{error.diagnostic.summary}. {error.diagnostic.detail}".rstrip()
    else:
        why = f"{type(error).__name__}: {error}"
    return f"The lock on the state was not renewed. {why}"


SHOWN_MAX = 200
"""Characters of a foreign text that are shown."""


def encode(info: LockInfo) -> bytes:
    """The lock as JSON, in the words that Terraform's users know."""
    told = {
        "ID": info.lock_id,
        "Who": info.who,
        "Operation": info.operation,
        "Created": info.created_at.isoformat(),
        "Expires": info.expires_at.isoformat() if info.expires_at else None,
        "RunURL": info.run_url,
    }
    return orjson.dumps({name: value for name, value in told.items() if value is not None})


def decode(document: bytes) -> LockInfo | None:
    """The lock that `document` tells of; None where it is no lock."""
    try:
        told = orjson.loads(document)
        return LockInfo(
            lock_id=_text(told, "ID"),
            operation=_text(told, "Operation"),
            who=_text(told, "Who"),
            created_at=_instant(told["Created"]),
            expires_at=_instant(told["Expires"]) if told.get("Expires") else None,
            run_url=_text(told, "RunURL") if told.get("RunURL") else None,
        )
    except (ValueError, KeyError, TypeError, AttributeError):
        return None


def describe(info: LockInfo) -> str:
    """The block that every message about a held lock ends with; begins with a line break."""
    rows = [("ID", info.lock_id), ("Who", info.who), ("Operation", info.operation)]
    rows.append(("Created", _moment(info.created_at)))
    if info.expires_at:
        rows.append(("Expires", f"{_moment(info.expires_at)} unless it is renewed"))
    if info.run_url:
        rows.append(("Run", info.run_url))
    return "\nLock Info:" + "".join(f"\n  {name + ':':<10} {value}" for name, value in rows)


def waiting_for(location: str, info: LockInfo | None, seconds: float) -> str:
    """Why nothing seems to happen."""
    who = f"{info.who} ({info.operation})" if info else "somebody"
    return f"Waiting up to {seconds:.0f} s for the lock on {location}, held by {who} ..."


def locked_error(
    location: str, info: LockInfo | None, *, waited_seconds: float, hint: str
) -> StateLockedError:
    """The error of a state that somebody else holds."""
    waited = f" after {waited_seconds:.0f} s of waiting" if waited_seconds >= 1 else ""
    return StateLockedError.of(
        "state.locked",
        detail=f"{location} is locked{waited}. Nothing was sent.{describe(info) if info else ''}",
        hint=hint,
    )


def locked_hint(operation: str, holder: LockInfo | None) -> str:
    """What to do about a lock that `holder` has; `operation` is ours."""
    wait = f"Let the other run end, or wait for it: {operation} --lock-timeout 5m."
    if holder is None or not holder.lock_id:
        return wait
    ends = ", its lock runs out by itself; or" if holder.expires_at else ""
    return f"{wait} If it is dead{ends}: reconciler force-unlock {holder.lock_id}."


def not_the_lock(location: str, lock_id: str, held: LockInfo | None) -> StateError:
    """The error of a lock that is named and not the one that holds."""
    told = f"It is held by another lock.{describe(held)}" if held else "Nobody holds it."
    return StateError.of(
        "state.not-the-lock",
        detail=f"{location} was not touched; {lock_id[:40]!r} was named. {told}",
        hint="`reconciler state lock` shows who holds it, and the ID to name.",
    )


def _moment(instant: datetime) -> str:
    return f"{instant:%Y-%m-%d %H:%M:%S} UTC"


def _text(told: Mapping[str, object], name: str) -> str:
    # Whoever may write there may write anything: it stays one line, and short.
    return replace_control(str(told[name])[:SHOWN_MAX])


def _instant(value: str) -> datetime:
    return datetime.fromisoformat(value).astimezone(UTC)
