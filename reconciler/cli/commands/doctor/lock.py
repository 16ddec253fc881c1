"""Checks the lock of the state: who holds it, or whether this job can take it, and so write the state."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler.errors.exceptions import StateError, StateLockedError
from reconciler.stores.file import FileStore
from reconciler.stores.lock import describe
from reconciler.views import results
from reconciler.views.results import Check, CheckStatus, ok, warn
from reconciler.zoom.auth import ACCESS_TOKEN, SERVER_TO_SERVER

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from reconciler.cli.workspace import Workspace
    from reconciler.ports import LockInfo, Snapshot, Store


def check_lock(workspace: Workspace, state: Snapshot | None) -> Iterator[Check]:
    """Take the lock of the state and free it, unless somebody holds it.

    A hook or a rule of the server may refuse what a dry run passes. Without credentials for Zoom, a refusal
    is a warning: a job that only plans is better off without the right to write.
    """
    store = workspace.store
    lock = store.holder()
    if lock is not None:
        yield _held(lock, workspace.clock.now())
        return
    try:
        _try(store, state)
    except StateLockedError:
        lock = store.holder()
        yield _held(lock, workspace.clock.now()) if lock else ok("lock", "another run has just freed it")
    except StateError as error:
        yield _refused(error, has_credentials=_has_credentials(workspace))
    else:
        yield ok("lock", "the state is not locked, and this job can write it")


def _try(store: Store, state: Snapshot | None) -> None:
    if isinstance(store, FileStore):
        store.check_writable()
        if state is None:
            return  # the file of its lock would stay behind
    lease = store.lock("doctor", timeout_seconds=0.0)
    lease.release()
    holder = store.holder()
    if holder is not None and holder.lock_id == lease.info.lock_id:
        # A release says nothing: a rule may let files be made, not changed.
        store.force_unlock(holder.lock_id)


def _held(lock: LockInfo, now: datetime) -> Check:
    return warn("lock", f"the state is locked{describe(lock)}", _remedy(lock, now))


def _remedy(lock: LockInfo, now: datetime) -> str:
    if lock.expires_at is None:
        return "Wait for that run; `reconciler explain state.locked` says more."
    if lock.expires_at <= now:
        return "It has expired: the next run watches it for up to a minute, and takes it over."
    return "Wait for that run. If it is dead, its lock expires by itself, and the next run takes it over."


def _refused(error: StateError, *, has_credentials: bool) -> Check:
    check = results.from_diagnostic("lock", error.diagnostic)
    if has_credentials:
        return check
    remedy = f"A job that only plans needs no right to write. For one that applies: {check.remedy}"
    return Check(check.name, CheckStatus.WARN, check.summary, remedy, check.code)


def _has_credentials(workspace: Workspace) -> bool:
    environ = workspace.console.environ
    return bool(workspace.sandbox) or any(environ.get(name) for name in (*SERVER_TO_SERVER, ACCESS_TOKEN))
