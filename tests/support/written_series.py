"""Series as people write them, at random, and their dates by a calendar: no code of the program is asked.

Each date is found by walking over the days one by one; each instant by trying the offsets of its zone.
"""

from __future__ import annotations

import calendar
import json
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from itertools import takewhile
from typing import TYPE_CHECKING, Any

from msgspec import Struct
from msgspec.structs import replace

from reconciler.meeting.timezones import known_zone

if TYPE_CHECKING:
    import random
    from collections.abc import Iterator, Mapping, Sequence

ZONES = (
    "Europe/Berlin",
    "Australia/Lord_Howe",
    "Africa/Casablanca",
    "America/Sao_Paulo",
    "America/New_York",
    "Asia/Tokyo",
)
WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
ORDINALS = ("first", "second", "third", "fourth", "last")
EDITS = (
    "rule", "time", "time", "zone", "topic", "duration", "back", "back", "more", "more", "open", "end",
)  # fmt: skip
DAYS_MAX = 6000
"""Days that are walked over: no test looks farther ahead."""


class WrittenSeries(Struct, frozen=True):
    """One series as it stands in a file. `start` is a wall time, `on` as in `repeat`; no end is evergreen."""

    start: datetime
    zone: str
    duration: int = 45
    topic: str = "Weekly"
    every: int = 1
    unit: str = "week"
    on: Any = None
    times: int | None = None
    until: date | None = None
    exceptions: Mapping[str, Any] = {}
    closures: Sequence[tuple[date, date]] = ()

    def text(self) -> bytes:
        """A file with this one series, `weekly`."""
        repeat: dict[str, Any] = {"every": f"{self.every} {self.unit}s" if self.every > 1 else self.unit}
        ends = {"on": self.on, "times": self.times, "until": self.until and self.until.isoformat()}
        repeat |= {name: value for name, value in ends.items() if value is not None}
        meeting = {
            "topic": self.topic,
            "host": "platform@example.com",
            "timezone": self.zone,
            "start_time": self.start.isoformat(),
            "duration": self.duration,
            "repeat": repeat,
            "exceptions": dict(self.exceptions),
            "skip": ["closed"] if self.closures else [],
        }
        closed = [f"{first}..{last}" for first, last in self.closures]
        closures = {"closures": {"closed": closed}} if closed else {}
        return json.dumps({"version": 1, **closures, "meetings": {"weekly": meeting}}).encode()

    def days(self) -> Iterator[date]:
        """The days of the rule, in order, skipped ones too."""
        day, held = self.start.date(), 0
        for _ in range(DAYS_MAX):
            if self.until is not None and day > self.until:
                return
            if self._is_on(day):
                held += 1
                yield day
                if held == self.times:
                    return
            day += timedelta(days=1)

    def instant(self, wall: datetime) -> datetime:
        """The first instant at which clocks show `wall`; where they skip it, as long after the gap."""
        return _first_instant(wall, self.zone)

    def own(self, day: date) -> datetime:
        """The instant that the rule gives a day."""
        return self.instant(datetime.combine(day, self.start.time()))

    def is_in_gap(self, day: date) -> bool:
        """Whether clocks skip the time of that day: no series in Zoom can begin there."""
        shown = self.own(day).astimezone(known_zone(self.zone))
        return shown.replace(tzinfo=None) != datetime.combine(day, self.start.time())

    def held(self, day: date) -> tuple[datetime, int] | None:
        """When the date of that day is held, and how long; None: it is skipped."""
        exception = self.exceptions.get(day.isoformat())
        if exception == "skip" or (
            exception is None and any(first <= day <= last for first, last in self.closures)
        ):
            return None
        own = exception or {}
        moved = own.get("start_time")
        start = self.instant(datetime.fromisoformat(moved)) if moved else self.own(day)
        return start, own.get("duration", self.duration)

    def coming(self, now: datetime, until: datetime) -> list[tuple[datetime, int]]:
        """What is held after `now`, of the dates that the rule gives until an instant."""
        found = (self.held(day) for day in takewhile(lambda day: self.own(day) <= until, self.days()))
        return sorted(each for each in found if each is not None and each[0] > now)

    def _is_on(self, day: date) -> bool:
        first = self.start.date()
        if self.unit == "day":
            return (day - first).days % self.every == 0
        if self.unit == "week":
            sundays = day.toordinal() // 7 - first.toordinal() // 7  # day 7 was one
            return sundays % self.every == 0 and WEEKDAYS[day.weekday()] in self.on
        months = (day.year - first.year) * 12 + day.month - first.month
        wanted = self.on if isinstance(self.on, list) else [self.on]
        return months % self.every == 0 and any(_is_named(day, each) for each in wanted)


@lru_cache(maxsize=10_000)
def _first_instant(wall: datetime, name: str) -> datetime:
    zone = known_zone(name)
    offsets = [(wall.replace(tzinfo=UTC) + timedelta(days=n)).astimezone(zone).utcoffset() for n in (-2, 2)]
    tried = [(wall - offset).replace(tzinfo=UTC) for offset in offsets if offset is not None]
    fits = [each for each in tried if each.astimezone(zone).replace(tzinfo=None) == wall]
    return min(fits, default=tried[0])


def _is_named(day: date, name: int | str) -> bool:
    if isinstance(name, int):
        return day.day == name
    ordinal, weekday = name.split()
    weeks = calendar.monthcalendar(day.year, day.month)
    column = [week[WEEKDAYS.index(weekday)] for week in weeks if week[WEEKDAYS.index(weekday)]]
    if ordinal == "fifth":
        return column[4:] == [day.day]
    number = -1 if ordinal == "last" else ORDINALS.index(ordinal)
    return column[number] == day.day


def written(chance: random.Random, now: datetime) -> WrittenSeries:
    """A series at random, that began not long ago or begins soon."""
    zone = chance.choice(ZONES)
    day = now.date() + timedelta(days=chance.randint(-40, 60))
    return with_exceptions(
        chance, _with_rule(chance, day, zone, _any_time(chance)), now, chance.randint(0, 5)
    )


def _any_time(chance: random.Random) -> tuple[int, int]:
    """Often at night, where clocks change."""
    return chance.choice([(2, 30), (2, 0), (0, 0), (23, 30), (chance.randint(0, 23), 15), (10, 0), (10, 0)])


def _with_rule(chance: random.Random, day: date, zone: str, time: tuple[int, int]) -> WrittenSeries:
    unit = chance.choice(["day", "week", "week", "week", "month", "month"])
    every = chance.choice([1, 1, 2, 3])
    on: Any = None
    if unit == "week":
        on = chance.sample(WEEKDAYS, chance.choice([1, 1, 2]))
    elif unit == "month":
        named = [f"{each} {chance.choice(WEEKDAYS)}" for each in chance.sample(ORDINALS, 2)]
        on = chance.choice([chance.randint(1, 31), named[0], named])
        every = 1 if isinstance(on, list) else every
    series = WrittenSeries(
        datetime.combine(day, datetime.min.time()).replace(hour=time[0], minute=time[1]), zone
    )
    series = replace(series, every=every, unit=unit, on=on, duration=chance.choice([30, 45, 60]))
    first = next(iter(series.days()))  # the start has to be on the rule
    series = replace(series, start=datetime.combine(first, series.start.time()))
    end = chance.choice(["times", "until", "long", "none"])
    if end == "until":
        return replace(series, until=first + timedelta(days=chance.randint(60, 500)))
    counts = {"times": chance.randint(5, 49), "long": chance.randint(51, 90), "none": None}
    return replace(series, times=counts[end])


def with_exceptions(chance: random.Random, series: WrittenSeries, now: datetime, count: int) -> WrittenSeries:
    """The series with so many more exceptions, on dates to come, and now and then other closures."""
    coming = [day for day in list(series.days())[:120] if series.own(day) > now + timedelta(hours=25)]
    exceptions = dict(series.exceptions)
    for day in chance.sample(coming[:40], min(count, len(coming[:40]))):
        exceptions[day.isoformat()] = _exception(chance, series, day, now)
    closures = list(series.closures)
    if coming and chance.random() < 0.4:
        first = chance.choice(coming)
        closures = [*closures[-1:], (first, first + timedelta(days=chance.choice([0, 6, 30])))]
    return replace(series, exceptions=exceptions, closures=closures)


def _exception(chance: random.Random, series: WrittenSeries, day: date, now: datetime) -> Any:
    if chance.random() < 0.4:
        return "skip"
    if chance.random() < 0.3:
        return {"duration": chance.choice([15, 25])}
    wall = datetime.combine(day, series.start.time())
    for _ in range(20):
        moved = wall + timedelta(hours=chance.randint(-60, 60), minutes=chance.choice([0, 30]))
        if series.instant(moved) > now + timedelta(hours=1):
            change: dict[str, Any] = {"start_time": moved.isoformat()}
            return {**change, "duration": 20} if chance.random() < 0.5 else change
    return "skip"


def edited(chance: random.Random, series: WrittenSeries, now: datetime) -> WrittenSeries:
    """The series after a pull request."""
    edit = chance.choice(EDITS)
    if edit == "rule":
        day = now.date() + timedelta(days=chance.randint(-20, 30))
        fresh = _with_rule(chance, day, series.zone, _any_time(chance))
        series = replace(fresh, exceptions=series.exceptions, closures=series.closures)
    elif edit == "time":
        hour, minute = _any_time(chance)
        series = replace(series, start=series.start.replace(hour=hour, minute=minute))
    elif edit == "zone":
        series = replace(series, zone=chance.choice(ZONES))
    elif edit == "topic":
        series = replace(series, topic=f"Weekly {chance.randint(1, 99)}")
    elif edit == "duration":
        series = replace(series, duration=chance.choice([30, 45, 60]))
    elif edit == "back" and series.exceptions:
        gone = set(chance.sample(sorted(series.exceptions), chance.randint(1, len(series.exceptions))))
        series = replace(
            series, exceptions={day: each for day, each in series.exceptions.items() if day not in gone}
        )
    elif edit == "more":
        series = with_exceptions(chance, series, now, chance.randint(1, 3))
    elif edit == "open":
        series = replace(series, closures=())
    elif edit == "end":
        series = replace(series, until=None, times=chance.choice([None, 20, 60]))
    return _without_stale(series)


def _without_stale(series: WrittenSeries) -> WrittenSeries:
    """The series without exceptions on days that its rule does not give."""
    days = {day.isoformat() for day in series.days()}
    return replace(series, exceptions={day: each for day, each in series.exceptions.items() if day in days})
