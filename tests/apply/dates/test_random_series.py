"""Series at random on the emulator: after an apply Zoom shows the dates that a calendar gives, one by one."""

from __future__ import annotations

import asyncio
import os
import random
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
import written_series
from engine_world import ApplyReport, World

from reconciler.apply.dates.comparison import NOT_LISTED
from reconciler.live.drift import drift_of
from reconciler.plan.budget import Allowances, Limits
from reconciler.sandbox import series as sandbox_series
from reconciler.sandbox import times
from reconciler.spec import spec
from reconciler.spec.settings import Settings
from reconciler.spec.yaml.document import Source

if TYPE_CHECKING:
    from datetime import datetime

    from written_series import WrittenSeries

    from reconciler.meeting.meeting import Meeting

pytestmark = pytest.mark.no_cover

COUNT = int(os.environ.get("RANDOM_SERIES", "20"))
"""How many series are tried; `make faults` asks for 2,000."""

CHUNK = 5
EDITS_MAX = 4
DAYS_MAX = 60
"""Days after which an edit must be done, whatever it waits for."""

JUMPS = (0, 1, 3, 10, 30, 90, 250)
"""Days that pass from one pull request to the next."""


class SeriesHistory:
    """One series, declared, edited and applied day by day."""

    def __init__(self, seed: int) -> None:
        self.chance = chance = random.Random(seed)
        switches = {
            "dates_forgotten": chance.choice(["change", "rule", "update"]),
            "moved_date_keeps_id": chance.random() < 0.5,
            "times_without_z": chance.random() < 0.3,
        }
        self.world = World(**switches)
        self.world.zoom.clock.advance(chance.randint(0, 365 * 24) * 3600 + chance.randint(0, 3600))
        self.world.allowances = Allowances(Limits(chance.choice([6, 20, 100]), 0), {})
        self.series = self._valid(lambda now: written_series.written(chance, now))
        self.wrong: list[str] = []

    def live(self) -> list[str]:
        """Apply and edit; return what is wrong."""
        self._apply()
        for _ in range(self.chance.randint(1, EDITS_MAX)):
            if self.wrong:
                break
            self._pass_days(self.chance.choice(JUMPS))
            self.series = self._valid(lambda now: written_series.edited(self.chance, self.series, now))
            self._apply()
        return self.wrong

    def _pass_days(self, days: int) -> None:
        self.world.zoom.clock.advance(days * 24 * 3600 + self.chance.randint(0, 3 * 3600))

    def _valid(self, make: Any) -> WrittenSeries:
        """The next one that `validate` has no error for; it is declared."""
        for _ in range(200):
            series: WrittenSeries = make(self.world.clock.now())
            declared = read(series, self.world.clock.now())
            if declared is not None:
                self.world.declare(declared)
                return series
        raise AssertionError("no valid series in 200 tries")

    def _apply(self) -> None:
        """A daily job, until nothing is left to do."""
        for _ in range(DAYS_MAX):
            report = self.world.apply()
            if report.failed and self._is_change_alone(report):
                return
            if report.failed:
                texts = [f"{each.code}: {each.detail}" for each in report.diagnostics]
                self.wrong.append(f"{self.world.clock.now()}: failed: {texts}")
                return
            if not self.world.plan().has_work:
                self._compare()
                return
            self.world.zoom.clock.advance(24 * 3600)
        self.wrong.append(f"never done: {[step.reasons for step in self.world.plan().steps]}")

    def _is_change_alone(self, report: ApplyReport) -> bool:
        """Where the same rule undoes nothing, a date that is not held cannot be brought back: it fails."""
        if self.world.zoom.app.switches.dates_forgotten != "change":
            return False
        text = report.text_of("apply.dates")
        return "only sending the rule again" in text and NOT_LISTED not in text

    def _compare(self) -> None:
        now = self.world.clock.now()
        if not any(self.series.own(day) > now for day in self.series.days()):
            return  # it is over: nothing is sent for it any more
        if not self.world.ids():
            # Nothing is to come, or nothing but skips: the series was not created.
            if self.series.coming(now, now + timedelta(days=365)):
                self.wrong.append("it was not created")
            return
        (number,) = self.world.ids().values()
        stored = self.world.account.meeting(number)
        assert stored is not None
        document = stored.document
        last = sandbox_series.last(
            times.parsed(document["start_time"]), document["timezone"], document["recurrence"]
        )
        assert last is not None
        horizon = now + timedelta(days=written_series.DAYS_MAX - 400)
        is_far, last = last > horizon, min(last, horizon)
        shown = in_zoom(self.world, number, now)
        wanted = self._wanted(now, last, shown)
        shown = [each for each in shown if each[0] <= last] if is_far else shown
        if shown != wanted and (wanted or len(shown) > 1):
            self.wrong.append(f"at {now}: {differences(shown, wanted)}")
        self._look_at_window(number, now, last)
        record = self.world.store.state.meetings["weekly"]
        drift = drift_of(record, asyncio.run(self._read(number)), now)
        if any(change.is_drift for change in drift):
            self.wrong.append(f"at {now}: drift of {drift}")
        self._look_at_charges()

    def _look_at_charges(self) -> None:
        """Zoom counted what was charged, on every day that the state still knows."""
        charged = {day: sum(each.values()) for day, each in self.world.store.state.usage.items()}
        counted = {day: self.world.used()[day] for day in charged}
        if counted != charged:
            self.wrong.append(f"Zoom counts {counted}, charged are {charged}")

    async def _read(self, number: int) -> Any:
        async with self.world.client() as remote:
            return (await remote.read(number)).body

    def _wanted(
        self, now: datetime, last: datetime, shown: list[tuple[datetime, int]]
    ) -> list[tuple[datetime, int]]:
        """What is held, but for dates in an hour that clocks skip before the first one in Zoom.

        No series can begin there, which the plan says.
        """
        begins = shown[0][0] if shown else last
        gaps = {
            self.series.held(day)
            for day in self.series.days()
            if now < self.series.own(day) < begins and self.series.is_in_gap(day)
        }
        return [each for each in self.series.coming(now, last) if each not in gaps]

    def _look_at_window(self, number: int, now: datetime, last: datetime) -> None:
        """Of what is held after the window there is nothing, or enough is left of it, skipped dates too."""
        left = [start for start, _, _ in listed(self.world, number) if start > now]
        begins = max(now, last)
        later = begins + timedelta(days=150)
        beyond = [
            day
            for day in self.series.days()
            if begins < self.series.own(day) < later and self.series.held(day)
        ]
        if beyond and len(left) < 5:
            self.wrong.append(f"at {now}: {len(left)} dates left, and {len(beyond)} are to come")


def in_zoom(world: World, number: int, now: datetime) -> list[tuple[datetime, int]]:
    dates = listed(world, number)
    return sorted((start, minutes) for start, minutes, status in dates if status != "deleted" and start > now)


def listed(world: World, number: int) -> list[tuple[datetime, int, str]]:
    """Start, minutes and status of each date in Zoom."""
    stored = world.zoom.read(number)
    dates = [
        (times.instant(each["start_time"], stored["timezone"]), each["duration"], each["status"])
        for each in stored["occurrences"]
    ]
    return [(start, minutes, status) for start, minutes, status in dates if start is not None]


def differences(shown: list[Any], wanted: list[Any]) -> str:
    more = [f"{start:%Y-%m-%d %H:%M} {minutes}" for start, minutes in shown if (start, minutes) not in wanted]
    less = [f"{start:%Y-%m-%d %H:%M} {minutes}" for start, minutes in wanted if (start, minutes) not in shown]
    return f"held in Zoom only: {more}; missing there: {less}"


def read(series: WrittenSeries, now: datetime) -> Meeting | None:
    found = spec.parse((Source("meetings.yaml", series.text()),), Settings(), now=now)
    return found.spec.meetings["weekly"] if found.spec is not None else None


@pytest.mark.parametrize("first", range(0, COUNT, CHUNK))
def test_zoom_shows_the_dates_that_a_calendar_gives(first: int) -> None:
    found = {seed: SeriesHistory(seed).live() for seed in range(first, first + CHUNK)}

    assert {seed: wrong for seed, wrong in found.items() if wrong} == {}
