"""Renewal of a lease from a thread."""

from __future__ import annotations

import json
import threading
from datetime import UTC, datetime
from math import inf

import pytest

from reconciler.errors.diagnostic import Diagnostic
from reconciler.errors.exceptions import StateError
from reconciler.ports import LockInfo
from reconciler.stores import lock
from reconciler.stores.lock import LeaseRenewal, renewing

LOST = StateError(Diagnostic("state.lost", "No answer came."))


class Lease:
    """A lease that counts its renewals, each of which may fail."""

    info: LockInfo
    taken_from = None

    def __init__(self, renew_seconds: float, *fails: int, error: Exception = LOST) -> None:
        self.renew_seconds = renew_seconds
        self.renewed = 0
        self.threads: set[str] = set()
        self._fails = fails
        self._error = error
        self._enough = threading.Event()

    def renew(self) -> None:
        """Count the call, and fail if the test asked for it."""
        self.threads.add(threading.current_thread().name)
        self.renewed += 1
        if self.renewed >= 3:
            self._enough.set()
        if self.renewed in self._fails:
            raise self._error

    def seconds_left(self) -> float:
        """Enough."""
        return inf

    def release(self) -> None:
        """Nothing to do."""

    def wait(self) -> bool:
        """Return whether it was renewed three times."""
        return self._enough.wait(10)


def test_a_lease_is_renewed_until_the_end() -> None:
    lease = Lease(0.001)

    with renewing(lease, print):
        assert lease.wait()
    counted = lease.renewed

    assert lease.threads == {"lease"}
    assert "lease" not in {thread.name for thread in threading.enumerate()}
    assert lease.renewed == counted


@pytest.mark.parametrize("error", [LOST, ValueError("a bug of ours")])
def test_a_renewal_that_fails_is_tried_again_soon(error: Exception, monkeypatch: pytest.MonkeyPatch) -> None:
    """After any error: a lease without a thread that renews it would expire unnoticed."""
    monkeypatch.setattr(lock, "RETRY_SECONDS", 0.001)
    lease = Lease(0.001, 1, 2, error=error)

    with renewing(lease, lambda _line: None):
        assert lease.wait()


def test_renewals_that_begin_to_fail_are_reported_once() -> None:
    notified: list[str] = []
    lease = Lease(20.0, 2, 3, 5, error=LOST)
    renewal = LeaseRenewal(lease, notified.append)

    pauses = []
    for _ in range(5):
        renewal.try_once()
        pauses.append(renewal.pause_seconds)

    assert pauses == [20.0, 2.0, 2.0, 20.0, 2.0]
    assert notified == 2 * ["The lock on the state was not renewed. state.lost. No answer came."]


def test_a_bug_in_a_renewal_is_reported_by_its_name() -> None:
    notified: list[str] = []

    LeaseRenewal(Lease(20.0, 1, error=ValueError("oh")), notified.append).try_once()

    assert notified == ["The lock on the state was not renewed. ValueError: oh"]


def test_a_lease_is_renewed_although_stderr_is_closed() -> None:
    def closed(_line: str) -> None:
        raise BrokenPipeError

    renewal = LeaseRenewal(Lease(20.0, 1), closed)

    renewal.try_once()

    assert renewal.pause_seconds == lock.RETRY_SECONDS


def test_a_lease_that_does_not_expire_needs_no_thread() -> None:
    lease = Lease(inf)

    with renewing(lease, print):
        assert "lease" not in {thread.name for thread in threading.enumerate()}

    assert lease.renewed == 0


def test_the_thread_ends_with_an_exception_in_the_block() -> None:
    lease = Lease(0.001)

    with pytest.raises(KeyboardInterrupt):
        _interrupted(lease)

    assert "lease" not in {thread.name for thread in threading.enumerate()}


def _interrupted(lease: Lease) -> None:
    with renewing(lease, print):
        assert lease.wait()
        raise KeyboardInterrupt


def test_a_lock_id_to_paste_is_quoted_for_the_shell() -> None:
    holder = LockInfo("$(touch x); y", "apply", "ann@laptop", datetime(2027, 1, 1, tzinfo=UTC))

    hint = lock.locked_hint("apply", holder)

    assert hint.endswith("If it is dead: reconciler force-unlock '$(touch x); y'.")


@pytest.mark.parametrize("lock_id", ["x; touch evil", "$(touch evil)", "a b", "`id`", "x\n", "x" * 300])
def test_a_lock_with_an_id_that_a_shell_would_run_is_no_lock(lock_id: str) -> None:
    document = {"ID": lock_id, "Who": "w", "Operation": "o", "Created": "2026-12-01T08:00:00+00:00"}

    assert lock.decode(json.dumps(document).encode()) is None
    assert lock.decode(json.dumps({**document, "ID": "6a8b-4f"}).encode()) is not None


@pytest.mark.parametrize("created", ["soon", "0001-01-01T00:00:00+14:00", 5, None])
def test_a_lock_with_a_time_outside_the_calendar_is_no_lock(created: object) -> None:
    document = {"ID": "6a8b-4f", "Who": "w", "Operation": "o", "Created": created}

    assert lock.decode(json.dumps(document).encode()) is None
