"""Zoom's time, by the `Date` of its answers and the monotonic clock of this machine."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from manual_clock import ManualClock, SkewedClock

from reconciler.zoom._exchange import HttpResponse, zoom_time_in
from reconciler.zoom.clock import ZoomClock

DATE = "Tue, 01 Dec 2026 09:00:00 GMT"
ZOOM_ERROR = {"code": 3001, "message": "Meeting does not exist."}


class Machine:
    """A machine whose clock is wrong by `skew_seconds`, and the true time."""

    def __init__(self, skew_seconds: float = 0.0) -> None:
        self.true = ManualClock()
        self.own = SkewedClock(self.true, skew_seconds)
        self.clock = ZoomClock(self.own)

    def ask(self, seconds_there: float = 0.0, seconds_back: float = 0.0, *, date_off: float = 0.0) -> None:
        """Send a request that takes so long, to a server whose clock is wrong by `date_off`."""
        departure = self.clock.depart()
        self.true.advance(seconds_there)
        date = (self.true.now() + timedelta(seconds=date_off)).replace(microsecond=0)
        self.true.advance(seconds_back)
        self.clock.arrive(departure, date)

    @property
    def error_seconds(self) -> float:
        """The difference of the measured clock from the true time."""
        return (self.clock.now() - self.true.now()).total_seconds()


def test_before_an_answer_the_time_is_this_machines() -> None:
    machine = Machine(720)

    assert (machine.error_seconds, machine.clock.is_measured, machine.clock.skew_seconds) == (
        720,
        False,
        None,
    )


@pytest.mark.parametrize("skew", [-43_200, -720, -61, 61, 720, 3_300])
def test_an_answer_sets_the_time_of_a_wrong_clock(skew: float) -> None:
    """To the second of the `Date`, less half of the round trip."""
    machine = Machine(skew)
    machine.true.advance(0.25)

    machine.ask(0.1, 0.1)

    assert machine.error_seconds == pytest.approx(0, abs=0.5)
    assert machine.clock.skew_seconds == pytest.approx(skew, abs=0.5)
    assert machine.clock.is_measured


def test_a_right_clock_is_left_alone() -> None:
    """One answer tells the time to a second; the clock of a machine that fits it is better than that."""
    machine = Machine()
    for _ in range(20):
        machine.true.advance(0.37)
        machine.ask(0.02, 0.4)

    assert machine.clock.now() == machine.own.now()


def test_one_server_with_a_wrong_clock_is_outvoted() -> None:
    machine = Machine()
    for date_off in (0, 3_000, 0):
        machine.ask(date_off=date_off)

    assert (machine.error_seconds, machine.clock.agreeing()) == (0, 2)


def test_slow_answers_do_not_count_beside_fast_ones() -> None:
    machine = Machine(720)
    machine.ask(0, 28)
    slow = abs(machine.error_seconds)
    machine.ask(0.1, 0.1)
    machine.ask(0, 29)
    machine.ask(29, 0)

    assert slow > 10
    assert machine.error_seconds == pytest.approx(0, abs=0.6)


def test_a_clock_that_is_set_back_during_a_run_changes_nothing() -> None:
    machine = Machine(720)
    machine.ask()
    before = machine.error_seconds

    machine.own.seconds = 0

    assert machine.error_seconds == pytest.approx(before, abs=0.01)


def test_a_machine_that_slept_goes_on_by_its_own_clock_until_the_next_answer() -> None:
    """Its monotonic clock stood still, so what was measured is an hour old."""
    machine = Machine(300)
    machine.ask()
    machine.own.seconds += 3_600  # the wall clock goes on, the monotonic one does not
    asleep = (machine.clock.is_measured, (machine.clock.now() - machine.true.now()).total_seconds())

    machine.ask()

    assert (asleep[0], machine.clock.is_measured) == (False, True)
    assert [asleep[1], machine.error_seconds] == pytest.approx([3_600, 0], abs=1)


def test_an_answer_that_came_over_a_sleep_measures_nothing() -> None:
    machine = Machine()
    departure = machine.clock.depart()
    machine.own.seconds += 3_600

    machine.clock.arrive(departure, machine.true.now())

    assert not machine.clock.is_measured


def test_the_emulators_own_clock_is_not_measured() -> None:
    """It stands still while the monotonic one goes on."""
    machine = Machine(720)
    clock = ZoomClock(machine.own, is_own=True)
    clock.arrive(clock.depart(), machine.true.now())

    assert (clock.now(), clock.is_measured, clock.skew_seconds) == (machine.own.now(), True, None)


@pytest.mark.parametrize(
    ("response", "is_measured"),
    [
        (HttpResponse(200, {"date": DATE}), True),
        (HttpResponse(204, {"date": DATE}), True),
        (HttpResponse(404, {"date": DATE}, ZOOM_ERROR), True),
        (HttpResponse(429, {"date": DATE}, ZOOM_ERROR), True),
        (HttpResponse(200, {"date": DATE, "age": "3600"}), False),
        (HttpResponse(502, {"date": DATE}), False),
        (HttpResponse(407, {"date": DATE}, {"error": "sign in to the proxy"}), False),
        (HttpResponse(302, {"date": DATE}), False),
        (HttpResponse(200, {"date": "soon"}), False),
        (HttpResponse(200), False),
    ],
)
def test_only_zooms_own_fresh_answers_tell_its_time(response: HttpResponse, *, is_measured: bool) -> None:
    at = datetime(2026, 12, 1, 9, tzinfo=UTC)

    assert zoom_time_in(response) == (at if is_measured else None)
