"""Single dates of the team's series: pull requests, clicks in Zoom, and what must be held at the end.

It has a chance of its own, so that a history without single dates stays the one that its seed always made.
"""

from __future__ import annotations

import random
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from itertools import takewhile
from typing import TYPE_CHECKING, Any

from builders import weekly
from msgspec.structs import replace
from written_series import WEEKDAYS, WrittenSeries

from reconciler.meeting.closures import Closure, DayRange, SingleDates
from reconciler.meeting.timezones import known_zone
from reconciler.sandbox import series as sandbox_series
from reconciler.sandbox import times
from simulator.half import Half

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reconciler.meeting.meeting import Meeting
    from reconciler.sandbox.account import StoredMeeting
    from reconciler.state.state import State

FIRST_DAY = date(2026, 12, 14)
"""The first day that is edited: no round is later, so that every edit is done in time."""

END = date(2027, 3, 1)
"""The day from which no date is edited."""

HELD_MAX = datetime(2027, 2, 25, tzinfo=UTC)
"""Until then Zoom keeps every single meeting that the team has."""

SKIPS_MAX = 3
FREE_MIN = 3
"""Dates to come, of which nothing is said, of a series that is edited once more: one is held in any case."""

EVERY_DAY = {"type": 1, "repeat_interval": 1, "end_times": 0}
DAY = timedelta(days=1)
LONG_AFTER = timedelta(days=38)
"""After so long a window of 50 daily dates must be extended."""


class Calendar:
    """What a team says about single dates. `is_used` is false in most histories."""

    def __init__(self, seed: int) -> None:
        self.chance = chance = random.Random(f"calendar {seed}")
        self.half = Half(seed)
        self.is_used = chance.random() < 0.35 or self.half.is_used
        self.is_long = self.is_used and chance.random() < 0.25 and not self.half.is_used
        """Whether time passes until windows are extended."""
        self._more = more = random.Random(f"more of a calendar {seed}")
        self.is_early = more.random() < 0.2
        """Whether series begin so soon after midnight that it is another day in UTC."""
        self.has_agendas = more.random() < 0.3
        """Whether single dates have agendas of their own."""
        self.sends_late = more.random() < 0.4
        """Whether a rule is sent once a date that was moved to an earlier time was held."""
        self.skips_the_last = not self.is_long and more.random() < 0.3
        """Whether the last date of a series is skipped, and the others are held."""
        self.closed_topics: set[str] = set()
        """The series of which everything that is left is skipped at once."""
        self.is_closed_at_last = self.is_used and not self.is_long and more.random() < 0.2
        """Whether in the end every date that is left of a series is skipped."""
        self.is_approved_early = (
            self.is_used and not self.is_long and random.Random(f"approval {seed}").random() < 0.2
        )
        """Whether in the end a plan is looked at long before it is applied."""
        self.dates_forgotten = chance.choice(["rule", "rule", "update"])
        self.moved_date_keeps_id = chance.random() < 0.5
        self.clicked: dict[str, set[str]] = {}
        """Days, by topic, of the dates that somebody deleted in Zoom."""

    def with_dates(self, one: Meeting) -> Meeting:
        """A new meeting: a series has single dates, and now and then no end."""
        if not self.is_used or one.attributes["type"] not in {2, 8} or self.chance.random() < 0.3:
            return one
        rule = (
            EVERY_DAY
            if self.is_long
            else {"type": 2, "repeat_interval": 1, "weekly_days": "2", "end_times": 20}
        )
        series = weekly(topic=one.topic, start_time="2026-11-23T10:00:00", recurrence=rule)
        return self.edited(replace(one, attributes=series))

    def edited(self, one: Meeting) -> Meeting:
        """The same with other exceptions and closures, and now and then at another time of the day."""
        if not self.is_used or one.attributes["type"] != 8:
            return one
        chance, attributes = self.chance, one.attributes
        if chance.random() < 0.3:
            time = chance.choice(["10:00", "11:30", "09:15"])
            time = "00:20" if self.is_early and self._more.random() < 0.6 else time
            start = f"{attributes['start_time'][:11]}{time}:00"
            one = replace(one, attributes={**attributes, "start_time": start})
        kept = {day: each for day, each in one.dates.exceptions.items() if chance.random() < 0.7}
        used = self.clicked.get(one.topic, set())
        days = [day for day in self._days(one) if day.isoformat() not in used]
        for day in chance.sample(days, min(chance.randint(0, 3), len(days))):
            kept[day.isoformat()] = self._exception(one, day)
        if self.has_agendas:
            kept = {day: self._with_agenda(each) for day, each in kept.items()}
        skips = [day for day, each in sorted(kept.items()) if each == "skip"]
        kept = {day: each for day, each in kept.items() if day not in skips[SKIPS_MAX:]}
        closed = () if used or chance.random() < 0.6 else (DayRange("2026-12-27", "2027-01-02"),)
        return replace(one, dates=SingleDates(kept, (Closure("holidays", closed),) if closed else ()))

    def edited_at_once(self, one: Meeting) -> Meeting:
        """The same with many of its single dates changed."""
        exceptions = self.half.edited(dict(one.dates.exceptions))
        return replace(one, dates=replace(one.dates, exceptions=exceptions))

    def _with_agenda(self, exception: Any) -> Any:
        """An exception that changes more than start and length, now and then."""
        if not isinstance(exception, Mapping) or self._more.random() < 0.5:
            return exception
        return {**exception, "agenda": f"guests {self._more.randrange(100)}"}

    def may_close(self, one: Meeting, now: datetime) -> bool:
        """Whether dates are left of a series, none of them moved from one that is past, and none clicked."""
        series = written(one)
        moved = [date.fromisoformat(day) for day, each in one.dates.exceptions.items() if each != "skip"]
        is_waiting = any(series.own(day) <= now for day in moved)
        return (
            one.topic not in self.clicked
            and not is_waiting
            and any(series.own(day) > now for day in series.days())
        )

    def without_last(self, one: Meeting, now: datetime) -> tuple[Meeting, datetime] | None:
        """The same with its last date skipped, and the start of the one before; None if that is too late."""
        if one.attributes["type"] != 8 or not self.may_close(one, now):
            return None
        series = written(one)
        *_, before, last = series.days()
        if not now < series.own(before) < HELD_MAX or not series.held(before):
            return None
        exceptions = {**one.dates.exceptions, last.isoformat(): "skip"}
        return replace(one, dates=replace(one.dates, exceptions=exceptions)), series.own(before)

    def closed(self, one: Meeting) -> Meeting:
        """The same with every date skipped that is edited at all."""
        self.closed_topics.add(one.topic)
        closed = DayRange(FIRST_DAY.isoformat(), "2028-01-01")
        return replace(one, dates=SingleDates({}, (Closure("closed", (closed,)),)))

    def with_two_dates(self, one: Meeting, now: datetime) -> tuple[Meeting, datetime] | None:
        """The same with its next date shorter and the one after it closed, and the start of the next one."""
        if one.attributes["type"] != 8 or not self.may_close(one, now) or one.topic in self.closed_topics:
            return None
        series = written(one)
        coming = [day for day in series.days() if now + DAY < series.own(day) < HELD_MAX]
        free = [day for day in coming if series.held(day) == (series.own(day), series.duration)]
        if len(free) < FREE_MIN or coming[:2] != free[:2]:
            return None
        first, second = (day.isoformat() for day in free[:2])
        exceptions = {**one.dates.exceptions, first: {"duration": 25}}
        closures = (*one.dates.closures, Closure("planned", (DayRange(second, second),)))
        return replace(one, dates=SingleDates(exceptions, closures)), series.own(free[0])

    def renamed(self, one: Meeting) -> Meeting:
        """The same with other names of its closures."""
        closures = tuple(Closure(f"{each.name} too", each.ranges) for each in one.dates.closures)
        return replace(one, dates=replace(one.dates, closures=closures))

    def agendas(self, one: Meeting, now: datetime) -> Mapping[datetime, str]:
        """The agenda of each date to come that has one of its own, by the start at which it is held."""
        series, clicked = written(one), self.clicked.get(one.topic, ())
        return {
            held[0]: each["agenda"]
            for day, each in one.dates.exceptions.items()
            if isinstance(each, Mapping) and "agenda" in each and day not in clicked
            if (held := series.held(date.fromisoformat(day))) and held[0] > now
        }

    def clickable(self, one: Meeting) -> Sequence[date]:
        """The dates of a series of which nothing is said, so that nothing must be done to them."""
        is_endless = one.attributes["type"] == 8 and one.attributes["recurrence"].get("end_times") == 0
        if not self.is_used or one.attributes["type"] != 8 or is_endless or one.dates.closures:
            return ()
        return [day for day in self._days(one) if day.isoformat() not in one.dates.exceptions]

    def moved_later(
        self, declared: Mapping[str, Meeting], state: State, now: datetime
    ) -> tuple[str, datetime, datetime] | None:
        """The next date that is moved to a later day: its key, the start of the rule, and its own."""
        found = [each for each in self._moved(declared, state, now) if each[2] > each[1] + DAY]
        return min(found, key=lambda each: each[1], default=None)

    def moved_earlier(
        self, declared: Mapping[str, Meeting], state: State, now: datetime
    ) -> tuple[str, datetime, datetime] | None:
        """The next date that is moved to an earlier time: as `moved_later`."""
        found = [each for each in self._moved(declared, state, now) if now < each[2] < each[1]]
        return min(found, key=lambda each: each[2], default=None)

    def _moved(
        self, declared: Mapping[str, Meeting], state: State, now: datetime
    ) -> list[tuple[str, datetime, datetime]]:
        """The recorded dates to come that have another start than the rule's: key, that start, their own."""
        if not self.is_used or self.is_long:
            return []
        return [
            (key, own, held[0])
            for key in sorted(state.meetings.keys() & declared.keys())
            for day in state.meetings[key].exceptions
            if (one := declared[key]).attributes["type"] == 8 and day in one.dates.exceptions
            for own in [written(one).own(date.fromisoformat(day))]
            if own > now and (held := written(one).held(date.fromisoformat(day)))
        ]

    def turn(self, one: Meeting | None, edits: Mapping[str, Any], sent: Mapping[str, Any]) -> datetime | None:
        """The turn of a change that is `sent` for a date: the earlier of its starts; None if nobody knows.

        `edits` are those that are begun, by date.
        """
        if one is None or one.attributes["type"] != 8:
            return None
        series, start = written(one), datetime.fromisoformat(sent["start_time"])
        own = [
            series.own(date.fromisoformat(day))
            for day, edit in edits.items()
            if edit != "skip" and edit is not None and datetime.fromisoformat(edit["start_time"]) == start
        ]
        return min(own[0], start) if len(own) == 1 else None

    def free(self, one: Meeting, now: datetime) -> list[date]:
        """The dates to come of a weekly series of which nothing is said, and to which nobody did anything.

        Of none that is longer than what Zoom keeps.
        """
        rule = one.attributes.get("recurrence", {})
        if rule.get("type") != 2 or not 0 < rule["end_times"] <= sandbox_series.OCCURRENCES_MAX:
            return []
        if one.topic in self.closed_topics or not self.may_close(one, now):
            return []
        series = written(one)
        coming = (day for day in series.days() if series.own(day) > now + DAY)
        return [day for day in coming if day.isoformat() not in one.dates.exceptions and series.held(day)]

    def differences(
        self, one: Meeting, stored: StoredMeeting, shown: Sequence[tuple[datetime, int]], now: datetime
    ) -> str:
        """What Zoom shows of a series and a calendar does not give, and the reverse, without clicks."""
        document = stored.document
        last = sandbox_series.last(
            times.parsed(document["start_time"]), document["timezone"], document["recurrence"]
        )
        if last is None:
            return "it has no end in Zoom"
        series = written(one)
        clicked = {series.own(date.fromisoformat(day)) for day in self.clicked.get(one.topic, ())}
        begins = times.parsed(document["start_time"])
        gaps = {
            series.own(day) for day in series.days() if series.is_in_gap(day) and series.own(day) < begins
        }
        wanted = {each for each in series.coming(now, last) if each[0] not in clicked | gaps}
        found = {each for each in shown if each[0] > now and each[0] not in clicked}
        more, less = (
            sorted(f"{at:%d %b %H:%M} {n}" for at, n in each) for each in (found - wanted, wanted - found)
        )
        if one.topic in self.closed_topics and len(more) == 1 and not wanted and not less:
            return ""  # of nothing but skips the last one that is held stays
        return f"held in Zoom only {more}, missing there {less}" if more or less else ""

    def _days(self, one: Meeting) -> list[date]:
        coming = takewhile(lambda day: day < END, written(one).days())
        days = [day for day in coming if day >= FIRST_DAY]
        return days[:25] if not self.is_long else [day for day in days if day > FIRST_DAY + LONG_AFTER]

    def _exception(self, one: Meeting, day: date) -> Any:
        kind = self.chance.choice(["skip", "skip", "short", "moved", "moved"])
        if kind == "skip":
            return "skip"
        if kind == "short":
            return {"duration": self.chance.choice([15, 20])}
        hours = self.chance.choice([-30, -3, 3, 30])
        at = datetime.combine(day, datetime.fromisoformat(one.attributes["start_time"]).time())
        return {"start_time": (at + timedelta(hours=hours, minutes=5)).isoformat()}


def written(one: Meeting) -> WrittenSeries:
    """A series of the team as a person would write it; where it begins in UTC, all but its first date."""
    attributes, rule = one.attributes, one.attributes["recurrence"]
    closures = [
        (date.fromisoformat(each.first), date.fromisoformat(each.last))
        for closure in one.dates.closures
        for each in closure.ranges
    ]
    units: dict[int, tuple[str, Any]] = {
        1: ("day", None),
        2: ("week", [WEEKDAYS[int(rule.get("weekly_days", 1)) - 2]]),
        3: ("month", "last sun"),
    }
    unit, on = units[rule["type"]]
    start = datetime.fromisoformat(attributes["start_time"])
    if start.tzinfo:
        start = start.astimezone(known_zone(attributes["timezone"])).replace(tzinfo=None, fold=0)
    return WrittenSeries(
        start,
        attributes["timezone"],
        attributes.get("duration", 60),
        unit=unit,
        on=on,
        times=rule["end_times"] or None,
        exceptions=one.dates.exceptions,
        closures=closures,
    )


def shown(body: Any) -> list[tuple[datetime, int]]:
    """Start and minutes of the dates that a read of a meeting shows as held."""
    return [
        (datetime.fromisoformat(each["start_time"]).astimezone(UTC), each["duration"])
        for each in body.get("occurrences", ())
        if each["status"] != "deleted"
    ]
