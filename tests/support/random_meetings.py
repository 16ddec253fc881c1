"""Meetings at random, and their dates by an independent expansion: dateutil and zoneinfo, date by date."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from io import BytesIO
from pkgutil import get_data
from typing import TYPE_CHECKING, Any, Literal
from zoneinfo import ZoneInfo

from dateutil import rrule as rules
from msgspec.structs import replace

from reconciler.meeting.closures import Closure, DayRange, SingleDates
from reconciler.meeting.meeting import Meeting

if TYPE_CHECKING:
    import random
    from collections.abc import Iterator

ZONES = (
    "Europe/Berlin",
    "America/New_York",
    "Asia/Kolkata",
    "Australia/Lord_Howe",
    "Africa/Casablanca",
    "Pacific/Apia",
    "UTC",
    "America/Santiago",
)
DAY_NAMES = (rules.SU, rules.MO, rules.TU, rules.WE, rules.TH, rules.FR, rules.SA)
FIRST_DAY = date(2026, 10, 1)

Date = tuple[datetime, str, datetime, str | None]
"""Start, key, end, exception."""


def random_meetings(chance: random.Random, count: int, hosts: int = 2) -> list[Meeting]:
    """Return meetings of a few hosts, most of them series, many with exceptions and closures."""
    return [
        _meeting(chance, f"m{number:03}", f"host-{chance.randrange(hosts)}@x.org") for number in range(count)
    ]


def as_declared(meeting: Meeting) -> Meeting:
    """Return a meeting whose rule is the one that a spec gives for its pattern."""
    if not meeting.dates.pattern:
        return meeting
    rule = {**meeting.attributes["recurrence"], "repeat_interval": 1, "weekly_days": "2,4"}
    return replace(meeting, attributes={**meeting.attributes, "recurrence": rule})


def _meeting(chance: random.Random, key: str, host: str) -> Meeting:
    day = FIRST_DAY + timedelta(days=chance.randrange(500))
    start = datetime.combine(day, datetime.min.time()) + timedelta(minutes=15 * chance.randrange(96))
    attributes: dict[str, Any] = {
        "topic": key,
        "type": 2,
        "start_time": start.isoformat(),
        "timezone": chance.choice(ZONES),
        "duration": chance.choice((15, 30, 45, 60, 90, 600, 1500)),
    }
    if chance.random() < 0.15:
        attributes["start_time"] += "Z"
        start = datetime.fromisoformat(attributes["start_time"]).astimezone(zone_of(attributes))
    if chance.random() < 0.1:
        attributes["schedule_for"] = "host-0@X.org"
    if chance.random() < 0.2:
        return Meeting(key, host, attributes)
    attributes |= {"type": 8, "recurrence": _rule(chance, start.date())}
    return Meeting(key, host, attributes, dates=_dates(chance, attributes, start.date()))


def _rule(chance: random.Random, day: date) -> dict[str, Any]:
    unit, interval = chance.choice((1, 2, 2, 3)), chance.randint(1, 3)
    rule: dict[str, Any] = {"type": unit, "repeat_interval": interval}
    own = day.isoweekday() % 7 + 1
    if unit == 2:
        rule["weekly_days"] = ",".join(
            str(each) for each in {own, *chance.sample(range(1, 8), chance.randrange(3))}
        )
    elif unit == 3 and chance.random() < 0.5:
        is_last = (day + timedelta(days=7)).month != day.month
        week = (day.day - 1) // 7 + 1
        rule |= {"monthly_week": -1 if is_last else week, "monthly_week_day": own}
    elif unit == 3:
        rule["monthly_day"] = day.day
    end = chance.random()
    if end < 0.4:
        rule["end_times"] = chance.randint(1, 60)
    elif end < 0.7:
        rule["end_date_time"] = f"{day + timedelta(days=chance.randrange(400))}T12:00:00Z"
    return rule


def _dates(chance: random.Random, attributes: dict[str, Any], first: date) -> SingleDates:
    if chance.random() < 0.4:
        return SingleDates()
    days = [one[0].isoformat() for one in rule_dates(attributes, datetime(2028, 1, 1, tzinfo=UTC))]
    exceptions = {
        day: chance.choice(
            (
                "skip",
                {"note": "Ada"},
                {"agenda": "Guests"},
                {"duration": 20},
                {"start_time": f"{_days_later(day, chance.randint(-40, 40))}T09:30:00"},
            )
        )
        for day in chance.sample(days, min(len(days), chance.randrange(6)))
    }
    begin = first + timedelta(days=chance.randrange(200))
    ranges = (
        DayRange(begin.isoformat(), (begin + timedelta(days=chance.randrange(20))).isoformat()),
        DayRange("12-20", "01-05"),
        DayRange("02-29", "03-02"),
    )
    closures = (Closure("own", ranges[:1]), Closure("yearly", ranges[chance.randrange(3) :]))
    pattern = (
        ((1, 2), (3, 2), (-1, 4)) if attributes["recurrence"]["type"] == 2 and chance.random() < 0.2 else ()
    )
    return SingleDates(exceptions, closures[: chance.randrange(3)], pattern)


def _days_later(day: str, days: int) -> date:
    return date.fromisoformat(day) + timedelta(days=days)


def zone_of(attributes: dict[str, Any]) -> ZoneInfo:
    """Return the zone by the rules of the tzdata package: those of the system may be older."""
    rules_of_zone = get_data("tzdata", f"zoneinfo/{attributes['timezone']}")
    assert rules_of_zone is not None
    return ZoneInfo.from_file(BytesIO(rules_of_zone))


def rule_dates(attributes: dict[str, Any], until: datetime) -> Iterator[tuple[date, datetime]]:
    """Yield each date of a series by dateutil: its day, and its start in UTC."""
    zone, rule = zone_of(attributes), attributes["recurrence"]
    written = datetime.fromisoformat(attributes["start_time"])
    start = written.astimezone(zone).replace(tzinfo=None, fold=0) if written.tzinfo else written
    by: dict[str, Any] = {}
    if rule["type"] == 2:
        by["byweekday"] = [DAY_NAMES[int(day) - 1] for day in rule["weekly_days"].split(",")]
    elif "monthly_week" in rule:
        by["byweekday"] = DAY_NAMES[rule["monthly_week_day"] - 1](rule["monthly_week"])
    elif rule["type"] == 3:
        by["bymonthday"] = rule["monthly_day"]
    units: dict[int, Literal[1, 2, 3]] = {1: rules.DAILY, 2: rules.WEEKLY, 3: rules.MONTHLY}
    end = datetime.fromisoformat(rule["end_date_time"]) if "end_date_time" in rule else until
    walls = rules.rrule(
        units[rule["type"]],
        dtstart=start,
        interval=rule["repeat_interval"],
        wkst=rules.SU,
        count=rule.get("end_times"),
        **by,
    )
    for wall in walls:
        at = written if wall == start and written.tzinfo else wall.replace(tzinfo=zone)
        at = at.astimezone(UTC)
        if at > min(end, until):
            return
        yield wall.date(), at


def expected_dates(meeting: Meeting, start: datetime, end: datetime) -> Iterator[Date]:
    """Yield each date of a meeting in a window, one by one."""
    attributes: dict[str, Any] = dict(meeting.attributes)
    zone, length = zone_of(attributes), timedelta(minutes=attributes["duration"])
    if attributes["type"] == 2:
        written = datetime.fromisoformat(attributes["start_time"])
        at = (written if written.tzinfo else written.replace(tzinfo=zone)).astimezone(UTC)
        found: list[tuple[datetime, timedelta, str | None]] = [(at, length, None)]
    else:
        found = []
        for day, at in rule_dates(attributes, end + timedelta(days=60)):
            exception = meeting.dates.exception(day.isoformat())
            if exception == "skip" or (exception is None and meeting.dates.is_closed(day)):
                continue
            own: dict[str, Any] = exception or {}
            held = at
            if "start_time" in own:
                held = datetime.fromisoformat(own["start_time"]).replace(tzinfo=zone).astimezone(UTC)
            minutes = own.get("duration", attributes["duration"])
            found.append((held, timedelta(minutes=minutes), _exception(exception, is_moved=held != at)))
    for at, lasts, exception in found:
        if at < end and at + lasts > start:
            yield at, meeting.key, at + lasts, exception


def _exception(exception: object, *, is_moved: bool) -> str | None:
    if is_moved:
        return "moved"
    return "changed" if exception else None
