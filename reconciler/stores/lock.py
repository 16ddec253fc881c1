"""The lock of a store: its written form, its messages, and its renewal from a thread."""

from __future__ import annotations

import re
import shlex
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
    from reconciler.stores.options import StoreOptions


POLL_SECONDS = 2.0
"""Time between two reads of a lock that somebody else holds."""

SHORTEST_SECONDS = 0.001
"""Shortest wait: what is left after waits that add up to a lease may be less than a clock can show."""

RETRY_SECONDS = 2.0
"""Pause before a renewal that failed is tried again."""


class LeaseRenewal:
    """Renews one lease again and again. `notify` receives a line when renewals begin to fail."""

    def __init__(self, lease: Lease, notify: Callable[[str], None]) -> None:
        self.pause_seconds = lease.renew_seconds
        """Seconds to wait before the next try."""
        self._lease = lease
        self._notify = notify
        self._is_failing = False

    def try_once(self) -> None:
        """Renew the lease. Any error is reported once, retried soon, and shows in `seconds_left`."""
        try:
            self._lease.renew()
        except Exception as error:  # noqa: BLE001 - no bug may leave a lease without its next renewal
            self.pause_seconds = RETRY_SECONDS
            if not self._is_failing:
                self._is_failing = True
                with suppress(OSError, ValueError):  # stderr is closed
                    self._notify(_not_renewed(error))
        else:
            self.pause_seconds = self._lease.renew_seconds
            self._is_failing = False


@contextmanager
def renewing(lease: Lease, notify: Callable[[str], None]) -> Iterator[None]:
    """Renew `lease` from a thread until the block ends; `notify` as in `LeaseRenewal`."""
    if isinf(lease.renew_seconds):
        yield
        return
    ended = threading.Event()
    thread = threading.Thread(
        target=_renew_until, args=(ended, LeaseRenewal(lease, notify)), name="lease", daemon=True
    )
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


def _renew_until(ended: threading.Event, renewal: LeaseRenewal) -> None:
    while not ended.wait(renewal.pause_seconds):
        renewal.try_once()


def _not_renewed(error: Exception) -> str:
    if isinstance(error, StateError):
        reason = f"{error.diagnostic.summary}. {error.diagnostic.detail}".rstrip()
    else:
        reason = f"{type(error).__name__}: {error}"
    return f"The lock on the state was not renewed. {reason}"


def new_lock(operation: str, options: StoreOptions) -> LockInfo:
    """Return a lock of this run from now on, with an ID of its own."""
    import uuid  # noqa: PLC0415 - only for a lock

    return LockInfo(str(uuid.uuid4()), operation, options.who, options.clock.now(), run_url=options.run_url)


BYTES_MAX = 64 * 1024
"""Most bytes of a lock's document; a longer one describes no lock."""

SHOWN_MAX = 200
"""Most characters of a text from outside that are shown."""


def encode(info: LockInfo) -> bytes:
    """Return the lock as JSON, with the names that Terraform uses."""
    fields = {
        "ID": info.lock_id,
        "Who": info.who,
        "Operation": info.operation,
        "Created": info.created_at.isoformat(),
        "Expires": info.expires_at.isoformat() if info.expires_at else None,
        "RunURL": info.run_url,
    }
    return orjson.dumps({name: value for name, value in fields.items() if value is not None})


_LOCK_ID = re.compile(r"[A-Za-z0-9._:@/+=-]{0,200}")
"""The form of a lock's ID. Terraform and this program use UUIDs."""


def decode(document: bytes) -> LockInfo | None:
    """Return the lock that `document` describes; None if it does not describe one."""
    if len(document) > BYTES_MAX:
        return None
    try:
        fields = orjson.loads(document)
        if not is_lock_id(str(fields["ID"])):
            return None
        return LockInfo(
            lock_id=str(fields["ID"]),
            operation=_text(fields, "Operation"),
            who=_text(fields, "Who"),
            created_at=_instant(fields["Created"]),
            expires_at=_instant(fields["Expires"]) if fields.get("Expires") else None,
            run_url=_text(fields, "RunURL") if fields.get("RunURL") else None,
        )
    except (ValueError, KeyError, TypeError, AttributeError, OverflowError):
        return None


def is_lock_id(text: str) -> bool:
    """Return whether `text` may be shown as a lock's ID, also in a command to paste."""
    return _LOCK_ID.fullmatch(text) is not None


def describe(info: LockInfo) -> str:
    """Return the Lock Info block that ends every message about a held lock; begins with a line break."""
    rows = [("ID", info.lock_id), ("Who", info.who), ("Operation", info.operation)]
    rows.append(("Created", _moment(info.created_at)))
    if info.expires_at:
        rows.append(("Expires", f"{_moment(info.expires_at)} unless it is renewed"))
    if info.run_url:
        rows.append(("Run", info.run_url))
    return "\nLock Info:" + "".join(f"\n  {name + ':':<10} {value}" for name, value in rows)


def poll_seconds(*left_seconds: float) -> float:
    """Return the seconds to wait before a lock is read again, of which only `left_seconds` are left."""
    return max(min(POLL_SECONDS, *left_seconds), SHORTEST_SECONDS)


def waiting_for(location: str, holder: LockInfo | None, seconds: float) -> str:
    """Return the line that is shown while this run waits for a lock."""
    name = f"{holder.who} ({holder.operation})" if holder else "somebody"
    return f"Waiting up to {seconds:.0f} s for the lock on {location}, held by {name} ..."


def locked_error(
    location: str, holder: LockInfo | None, *, waited_seconds: float, hint: str
) -> StateLockedError:
    """Return the error of a state that `holder` has locked; None is an unknown holder."""
    waited = f" after {waited_seconds:.0f} s of waiting" if waited_seconds >= 1 else ""
    return StateLockedError.of(
        "state.locked",
        detail=f"{location} is locked{waited}. Nothing was sent.{describe(holder) if holder else ''}",
        hint=hint,
    )


def locked_hint(operation: str, holder: LockInfo | None) -> str:
    """Return the advice on a lock that `holder` has, for this run's `operation`."""
    wait = f"Let the other run end, or wait for it: {operation} --lock-timeout 5m."
    if holder is None or not holder.lock_id:
        return wait
    expires = ", its lock expires by itself; or" if holder.expires_at else ""
    return f"{wait} If it is dead{expires}: reconciler force-unlock {shlex.quote(holder.lock_id)}."


def not_the_lock(location: str, lock_id: str, holder: LockInfo | None) -> StateError:
    """Return the error of a lock ID that is not the one that holds the state."""
    held = f"It is held by another lock.{describe(holder)}" if holder else "Nobody holds it."
    return StateError.of(
        "state.not-the-lock",
        detail=f"{location} is not locked by {lock_id[:40]!r} and was left as it is. {held}",
        hint="`reconciler state lock` shows who holds it, and the ID to name.",
    )


def _moment(instant: datetime) -> str:
    return f"{instant:%Y-%m-%d %H:%M:%S} UTC"


def _text(fields: Mapping[str, object], name: str) -> str:
    # Anyone with access to the storage can write there: keep it short and on one line.
    return replace_control(str(fields[name])[:SHOWN_MAX])


def _instant(value: str) -> datetime:
    return datetime.fromisoformat(value).astimezone(UTC)
