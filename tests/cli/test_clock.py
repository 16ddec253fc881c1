"""The machine's clock, or another one in its place."""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime, timedelta

from reconciler.cli.clock import SystemClock, system_now


def test_now_is_this_instant_in_utc() -> None:
    before = datetime.now(UTC)

    shown = SystemClock().now()

    assert (before <= shown <= datetime.now(UTC), shown.utcoffset()) == (True, timedelta(0))
    assert system_now().tzinfo is UTC


def test_now_may_come_from_elsewhere() -> None:
    """Such as from an emulator with a frozen clock."""
    standing = datetime(2026, 12, 1, 8, tzinfo=UTC)

    assert SystemClock(lambda: standing).now() == standing


def test_seconds_are_counted_by_the_machine() -> None:
    before = time.monotonic()

    assert before <= SystemClock().monotonic() <= time.monotonic()


def test_a_wait_takes_its_time() -> None:
    clock = SystemClock()
    before = clock.monotonic()

    asyncio.run(clock.sleep(0.02))
    asyncio.run(clock.sleep(-1))

    assert 0.02 <= clock.monotonic() - before < 5


def test_a_wait_is_passed_to_a_listener() -> None:
    """So that a frozen clock can be advanced."""
    waits: list[float] = []

    asyncio.run(SystemClock(on_wait=waits.append).sleep(0.01))

    assert waits == [0.01]
