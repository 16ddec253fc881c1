import asyncio
import itertools
import time
from collections.abc import Callable

import pytest
from manual_clock import ManualClock

from reconciler.cli.clock import SystemClock
from reconciler.errors.exceptions import SettingsError
from reconciler.zoom._exchange import Label
from reconciler.zoom.pace import PLANS, Pace


class _LateClock(ManualClock):
    """Wakes every sleeper late, by the next of `lateness` seconds."""

    def __init__(self, lateness: Callable[[int], float]) -> None:
        super().__init__()
        self._lateness = lateness
        self._woken = 0

    async def sleep(self, seconds: float) -> None:
        self._woken += 1
        await super().sleep(seconds + self._lateness(self._woken))


def starts(pace: str | int, clock: ManualClock, count: int, label: Label = Label.MEDIUM) -> list[float]:
    """Return when `count` senders that wait at the same time may start."""
    started: list[float] = []

    async def sender(pacer: Pace) -> None:
        await pacer.turn(label)
        started.append(clock.monotonic())

    async def run() -> None:
        pacer = Pace.of(pace, clock)
        await asyncio.gather(*(sender(pacer) for _ in range(count)))

    asyncio.run(run())
    return started


def most_in_a_second(started: list[float]) -> int:
    return max(sum(1 for other in started if at <= other <= at + 1.0) for at in started)


LATENESS = {
    "on time": lambda _: 0.0,
    "a little late": lambda woken: 0.001 * (woken % 7),
    "now and then very late": lambda woken: 0.4 if woken % 50 == 0 else 0.0,
}


@pytest.mark.parametrize("lateness", LATENESS.values(), ids=LATENESS.keys())
@pytest.mark.parametrize("pace", [1, 2, 20, 60])
def test_no_sliding_second_has_more_starts_than_the_pace(pace: int, lateness: Callable[[int], float]) -> None:
    started = starts(pace, _LateClock(lateness), pace * 6 + 1)

    assert most_in_a_second(started) <= pace


@pytest.mark.parametrize("pace", [1, 2, 20, 60])
def test_nearly_all_of_the_pace_is_kept(pace: int) -> None:
    """A long queue is worked off at 95 % of the pace or faster, though every waking is up to 6 ms late."""
    started = starts(pace, _LateClock(lambda woken: 0.001 * (woken % 7)), pace * 12 + 1)

    assert (len(started) - 1) / (started[-1] - started[0]) >= 0.95 * pace


def test_starts_are_spread_over_the_second() -> None:
    """The gaps at pace 20 are near 50 ms, without bursts."""
    started = starts(20, ManualClock(), 100)
    gaps = [later - earlier for earlier, later in itertools.pairwise(started)]

    assert min(gaps) > 0.045
    assert max(gaps) < 0.105


def test_a_late_waking_is_followed_by_one_start_at_once_and_no_more() -> None:
    """Half a second lost to a busy machine is not followed by a burst."""
    started = starts(20, _LateClock(lambda woken: 0.5 if woken == 5 else 0.0), 40)
    gaps = [later - earlier for earlier, later in itertools.pairwise(started)]

    assert sum(1 for gap in gaps if gap < 0.04) <= 1


def test_the_wall_clock_keeps_the_pace_too() -> None:
    started: list[float] = []

    async def run() -> None:
        pace = Pace.of(60, SystemClock())

        async def sender() -> None:
            await pace.turn(Label.LIGHT)
            started.append(time.monotonic())

        await asyncio.gather(*(sender() for _ in range(91)))

    asyncio.run(run())

    assert most_in_a_second(started) <= 60


def test_turns_come_first_come_first_served() -> None:
    order: list[int] = []

    async def run() -> None:
        pace = Pace.of(5, ManualClock())

        async def sender(number: int) -> None:
            await pace.turn(Label.MEDIUM)
            order.append(number)

        await asyncio.gather(*(sender(number) for number in range(20)))

    asyncio.run(run())

    assert order == list(range(20))


def test_a_cancelled_wait_costs_nobody_a_turn() -> None:
    """Of three who wait the middle one is cancelled; the third takes its place."""
    clock = ManualClock()
    started: list[float] = []

    async def run() -> None:
        pace = Pace.of(1, clock)

        async def sender() -> None:
            await pace.turn(Label.MEDIUM)
            started.append(clock.monotonic())

        await sender()
        second, third = asyncio.create_task(sender()), asyncio.create_task(sender())
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        second.cancel()
        await third
        assert second.cancelled()

    asyncio.run(run())

    assert started == [0.0, 1.03]


@pytest.mark.parametrize("plan", PLANS)
@pytest.mark.parametrize("label", Label)
def test_each_plan_has_its_own_pace_per_label(plan: str, label: Label) -> None:
    count = PLANS[plan][label]

    assert most_in_a_second(starts(plan, ManualClock(), 3 * count, label)) == count


def test_labels_of_a_plan_do_not_wait_for_each_other() -> None:
    clock = ManualClock()

    async def run() -> None:
        pace = Pace.of("free", clock)
        await pace.turn(Label.MEDIUM)
        await pace.turn(Label.LIGHT)

    asyncio.run(run())

    assert clock.monotonic() == 0.0


def test_a_number_is_one_pace_for_all_labels() -> None:
    clock = ManualClock()

    async def run() -> None:
        pace = Pace.of("1", clock)
        await pace.turn(Label.MEDIUM)
        await pace.turn(Label.LIGHT)

    asyncio.run(run())

    assert clock.monotonic() == 1.03


def test_backing_off_delays_all_requests_of_the_label() -> None:
    clock = ManualClock()
    started: dict[str, float] = {}

    async def run() -> None:
        pace = Pace.of("pro", clock)

        async def sender(label: Label) -> None:
            await pace.turn(label)
            started[label] = clock.monotonic()

        await pace.turn(Label.MEDIUM)
        waiting = asyncio.create_task(sender(Label.MEDIUM))
        await asyncio.sleep(0)
        pace.back_off(Label.MEDIUM, 2.0)
        await sender(Label.LIGHT)
        await waiting

    asyncio.run(run())

    assert started == {"light": 0.0, "medium": 2.0}


@pytest.mark.parametrize("pace", ["", "fast", "0", "-1", "1.5", 0, 1001, "\u0663", "9" * 5000])
def test_an_invalid_pace_is_an_error_that_names_the_choices(pace: str | int) -> None:
    with pytest.raises(SettingsError) as caught:
        Pace.of(pace, ManualClock())

    assert caught.value.diagnostic.code == "settings.pace"
    assert caught.value.diagnostic.hint == (
        "Use free, pro, business, after the Zoom plan, or a number from 1 to 1000."
    )
