"""Hints that name lines to write, over 1,000 random series: each is pasted, and does what it says.

What a series gives is judged by an expansion of its own, made of dateutil and the files of tzdata, and by
none of the code that wrote the hints.
"""

from __future__ import annotations

import os
import random
import re
from datetime import UTC, date, datetime, timedelta
from functools import cache
from io import BytesIO
from itertools import count, islice
from pkgutil import get_data
from typing import TYPE_CHECKING, Any, Literal
from zoneinfo import ZoneInfo

import pytest
from builders import meeting, planned, record, spec, state
from dateutil.rrule import DAILY, MONTHLY, SU, WEEKLY, rrule, weekday

from reconciler.errors.diagnostic import Severity
from reconciler.plan.change import Action
from reconciler.spec.rules.check import check
from reconciler.spec.settings import Settings
from reconciler.spec.spec import Spec, parse
from reconciler.spec.yaml.document import Source

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from reconciler.errors.diagnostic import UnlocatedDiagnostic

pytestmark = pytest.mark.no_cover

SERIES = int(os.environ.get("RANDOM_SERIES", "400"))
LISTS = int(os.environ.get("RANDOM_SERIES", "20"))
"""How many series, and series on a list of weekdays, are tried; `make faults` asks for 2,000."""

SKIPPED = {
    "Europe/Berlin": "02:30", "America/New_York": "02:30", "Australia/Lord_Howe": "02:15",
    "America/Nuuk": "23:30", "America/Santiago": "00:30", "Africa/Cairo": "00:30",
    "Pacific/Auckland": "02:30",
}  # fmt: skip
"""A time in the hour that the clocks of a zone skip once a year."""

ZONES = (*SKIPPED, "Asia/Tokyo", "UTC", "Asia/Kolkata")
TIMES = ("00:30", "01:30", "02:00", "09:00", "10:00", "21:00", "23:30")
LINE = re.compile(r"`([a-z_]+): ([^`]+)`")

Attributes = dict[str, Any]


@cache
def zone(name: str) -> ZoneInfo:
    return ZoneInfo.from_file(BytesIO(get_data("tzdata", f"zoneinfo/{name}") or b""))


def expand(attributes: Mapping[str, Any]) -> list[datetime]:
    """Every date in UTC: a wall time of the calendar, of two equal ones the first, in a gap after it."""
    rule, start = attributes["recurrence"], datetime.fromisoformat(attributes["start_time"])
    known = zone(attributes["timezone"])
    wall = start.astimezone(known).replace(tzinfo=None, fold=0) if start.tzinfo else start
    days: dict[str, Any] = {}
    if rule["type"] == 2:
        days["byweekday"] = [weekday((int(day) - 2) % 7) for day in rule["weekly_days"].split(",")]
    elif "monthly_day" in rule:
        days["bymonthday"] = rule["monthly_day"]
    elif rule["type"] == 3:
        days["byweekday"] = weekday((rule["monthly_week_day"] - 2) % 7)(rule["monthly_week"])
    frequency: Literal[1, 2, 3] = WEEKLY if rule["type"] == 2 else MONTHLY if rule["type"] == 3 else DAILY
    end_at = datetime.fromisoformat(rule.get("end_date_time", "2100-01-01T00:00:00Z"))
    bound = {"count": rule["end_times"]} if "end_times" in rule else {"until": _naive(end_at)}
    walls = rrule(frequency, wall, rule["repeat_interval"], SU, **days, **bound)
    dates = [each.replace(tzinfo=known).astimezone(UTC) for each in walls]
    if start.tzinfo and dates and dates[0].astimezone(known).replace(tzinfo=None) == wall:
        dates[0] = start.astimezone(UTC)
    return [each for each in dates if each <= end_at]


def _naive(end_at: datetime) -> datetime:
    return end_at.replace(tzinfo=None) + timedelta(days=2)


def random_series(number: int) -> Attributes:
    """A series on its rule, with an end."""
    chance = random.Random(number)
    name, day = chance.choice(ZONES), date(2026, 12, 1) + timedelta(days=chance.randint(0, 400))
    time = chance.choice((*TIMES, *[SKIPPED.get(name, "10:00")] * 4))
    if chance.random() < 0.4:  # on a Sunday, on which most clocks change
        day += timedelta(days=-day.isoweekday() % 7)
    unit = chance.choice((1, 1, 2, 2, 2, 3))
    in_utc = chance.random() < 0.4
    start_time = f"{day}T{time}:00" + ("Z" if in_utc else "")
    start = datetime.fromisoformat(start_time)
    wall = start.astimezone(zone(name)) if in_utc else start
    own_day, week = wall.isoweekday() % 7 + 1, (wall.day - 1) // 7 + 1
    rule: Attributes = {"type": unit, "repeat_interval": chance.choice((1, 1, 1, 2, 3))}
    if unit == 2:
        rule["weekly_days"] = ",".join(sorted({str(own_day), str(chance.choice((own_day, 2, 5)))}))
    elif unit == 3 and chance.random() < 0.5:
        rule["monthly_day"] = wall.day
    elif unit == 3:
        rule |= {"monthly_week": week if week < 5 else -1, "monthly_week_day": own_day}
    attributes = {"topic": "T", "type": 8, "start_time": start_time, "timezone": name, "duration": 30}
    rule["end_times"] = chance.choice((1, 2, 3, 8, 20, 33, 50))
    if chance.random() < 0.5:
        last = expand({**attributes, "recurrence": rule})[-1]
        rule = {name: value for name, value in rule.items() if name != "end_times"}
        rule["end_date_time"] = f"{last + timedelta(hours=chance.choice((0, 3))):%Y-%m-%dT%H:%M:%SZ}"
    return {**attributes, "recurrence": rule}


def findings(attributes: Mapping[str, Any]) -> tuple[UnlocatedDiagnostic, ...]:
    return check(meeting("k", dict(attributes)))


def errors(attributes: Mapping[str, Any]) -> list[str]:
    return [each.code for each in findings(attributes) if each.severity is Severity.ERROR]


@cache
def valid_series(wanted: int = SERIES) -> tuple[Attributes, ...]:
    """So many series that can be declared."""
    drawn = (random_series(number) for number in count())
    return tuple(islice((each for each in drawn if not errors(each)), wanted))


def pasted(attributes: Attributes, name: str, value: str) -> Attributes:
    """The meeting with a line of a hint in place of its own."""
    if name in {"start_time", "timezone"}:
        return {**attributes, name: value}
    rule = {**attributes["recurrence"], name: int(value) if value.isdecimal() else value}
    return {**attributes, "recurrence": rule}


def exists(at: datetime, attributes: Attributes) -> bool:
    """Whether a date is at the declared wall time, and not after a gap."""
    start = datetime.fromisoformat(attributes["start_time"])
    known = zone(attributes["timezone"])
    time = (start.astimezone(known) if start.tzinfo else start).time()
    return at.astimezone(known).time() == time


def test_the_lines_that_continue_a_series_do_continue_it() -> None:
    """The coming dates stay, more follow, the end is out of sight, and Zoom keeps them all."""
    seen = 0
    for number, attributes in enumerate(valid_series()):
        dates = expand(attributes)
        now = dates[-1] - timedelta(days=random.Random(number).choice((1, 5, 20, 29)), minutes=5)
        recorded = state(meetings={"k": record(1, attributes)})
        hint = [each.hint for each in planned(spec(meeting("k", attributes)), recorded, now=now).diagnostics]
        assert len(hint) == 1, attributes

        new = attributes
        for name, value in LINE.findall(hint[0]):
            new = pasted(new, name, value)
        coming = [each for each in dates if each > now]
        continued = [each for each in expand(new) if each > now]
        plan = planned(spec(meeting("k", new)), recorded, now=now)

        assert errors(new) == [], (attributes, hint)
        assert len(expand(new)) <= 50, (attributes, hint)
        first = next((at for at, each in enumerate(coming) if exists(each, attributes)), len(coming))
        assert continued[: len(coming) - first] == coming[first:], (attributes, hint)
        assert len(continued) > len(coming) - first, (attributes, hint)
        assert [step.action for step in plan.steps] == [Action.UPDATE], (attributes, hint)
        assert [each.code for each in plan.diagnostics] == [], (attributes, hint)
        seen += 1
    assert seen == SERIES


def test_a_start_in_utc_is_a_warning_only_where_its_time_in_utc_moves() -> None:
    """Each line keeps what it says: all dates in local time, or the hour in UTC."""
    warned = silent = 0
    for attributes in valid_series():
        if not attributes["start_time"].endswith("Z"):
            continue
        dates = expand(attributes)
        moves = len({each.time() for each in dates}) > 1
        found = [each for each in findings(attributes) if each.code == "time.utc-in-series"]
        assert bool(found) is moves, attributes
        warned, silent = warned + moves, silent + (not moves)
        for name, value in LINE.findall(found[0].hint) if found else ():
            new = pasted(attributes, name, value)
            assert errors(new) == [], (attributes, name, value)
            if name == "start_time":
                assert expand(new) == dates, (attributes, value)
            else:
                assert {each.time() for each in expand(new)} == {dates[0].time()}, (attributes, value)
                assert expand(new)[0] == dates[0], (attributes, value)
    assert min(warned, silent) > 50


def test_a_date_in_a_skipped_hour_is_named_and_the_line_avoids_it() -> None:
    warned = 0
    for attributes in valid_series(5 * SERIES):
        dates = expand(attributes)
        later = [each for each in dates if not exists(each, attributes)]
        found = [each for each in findings(attributes) if each.code == "time.series-skipped"]
        assert bool(found) is bool(later), attributes
        if not found:
            continue
        warned += 1
        [(name, value)] = LINE.findall(found[0].hint)
        new = pasted(attributes, name, value)
        after = findings(new)
        assert errors(new) == [], (attributes, value)
        assert "time.series-skipped" not in [each.code for each in after], (attributes, value)
        assert [each for each in expand(new) if not exists(each, new)] == [], (attributes, value)
        assert len(expand(new)) >= len(dates) - 1, (attributes, value)
    assert warned > 15


@pytest.mark.parametrize("number", range(1_000, 1_040))
def test_a_start_off_its_rule_gets_lines_that_fit(number: int) -> None:
    """Each of the two: a rule that fits the start, and a start that fits the rule."""
    attributes = random_series(number)
    start = attributes["start_time"]
    moved = (date.fromisoformat(start[:10]) + timedelta(days=1)).isoformat() + start[10:]
    broken = {**attributes, "start_time": moved}
    found = [each for each in findings(broken) if each.code == "series.start-off-rule"]
    for alternative in [part for each in found for part in each.hint.split(", or ")]:
        lines = LINE.findall(alternative)
        new = broken
        for name, value in lines:
            new = pasted(new, name, value.strip('"'))
            if name == "weekly_days":
                new["recurrence"]["weekly_days"] = value.strip('"')
        assert not lines or "series.start-off-rule" not in errors(new), (broken, alternative)


REPEATED = """\
version: 1
meetings:
  weekly:
    host: a@example.com
    topic: Weekly
    timezone: Europe/Berlin
    start_time: {start}
    repeat: {{every: week, on: mon, {end}}}
"""


@pytest.mark.parametrize("end", ["times: 20", "until: 2027-05-24"])
def test_a_series_that_is_written_as_repeat_is_continued_in_its_own_words(end: str) -> None:
    def declared(start: str, end: str) -> Spec:
        text = REPEATED.format(start=start, end=end)
        parsed = parse((Source("meetings.yaml", text.encode()),), Settings())
        assert parsed.diagnostics == ()
        assert parsed.spec is not None
        return parsed.spec

    old = declared("2027-01-11T10:00:00", end)
    recorded = state(meetings={"weekly": record(1, old.meetings["weekly"].attributes)})
    now = datetime(2027, 5, 14, 9, tzinfo=UTC)
    [remark] = planned(old, recorded, now=now).diagnostics

    lines = dict(LINE.findall(remark.hint))
    name = end.partition(":")[0]
    new = declared(lines["start_time"], f"{name}: {lines[name]}")

    assert planned(new, recorded, now=now).diagnostics == ()


WORDS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
NUMBERS = {"first": 1, "second": 2, "third": 3, "fourth": 4, "fifth": 5, "last": -1}
LISTED = """\
version: 1
defaults: {{host: a@example.com, timezone: Europe/Berlin}}
meetings:
  weekly: {{topic: Weekly, start_time: {start}, repeat: {{every: month, on: [{on}], {end}}}}}
"""


def listed_days(start: date, on: list[str]) -> Iterator[date]:
    """The days of a list of weekdays of the month, from a day on."""
    named = {(NUMBERS[number], name) for number, _, name in (each.partition(" ") for each in on)}
    for day in (start + timedelta(days=offset) for offset in count()):
        week = -1 if (day + timedelta(days=7)).month != day.month else 0
        name = WORDS[day.isoweekday() % 7]
        if named & {((day.day - 1) // 7 + 1, name), (week, name)}:
            yield day


def declared_list(start: str, on: list[str], end: str) -> Spec:
    text = LISTED.format(start=start, on=", ".join(on), end=end)
    parsed = parse((Source("meetings.yaml", text.encode()),), Settings())
    assert parsed.diagnostics == (), text
    assert parsed.spec is not None
    return parsed.spec


@pytest.mark.parametrize("number", range(LISTS))
@pytest.mark.parametrize("word", ["times", "until"])
def test_the_lines_that_continue_a_list_of_weekdays_of_the_month_fit_it(number: int, word: str) -> None:
    """The start is the next date of the list, and its dates go on until after the month to come."""
    chance = random.Random(number)
    on = sorted({f"{chance.choice([*NUMBERS])} {chance.choice(WORDS)}" for _ in range(chance.randint(2, 5))})
    first = next(listed_days(date(2026, 12, 1) + timedelta(days=chance.randint(0, 400)), on))
    days = list(islice(listed_days(first, on), chance.choice((1, 2, 3, 5, 10, 30))))
    now = datetime(days[-1].year, days[-1].month, days[-1].day, 7, tzinfo=UTC)
    now -= timedelta(days=chance.choice((0, 1, 5, 20, 29)))
    old = declared_list(
        f"{first} 10:00", on, f"times: {len(days)}" if word == "times" else f"until: {days[-1]}"
    )
    recorded = state(meetings={"weekly": record(1, old.meetings["weekly"].attributes)})
    [remark] = planned(old, recorded, now=now).diagnostics

    lines = dict(LINE.findall(remark.hint))
    start = date.fromisoformat(lines["start_time"][:10])
    new = declared_list(lines["start_time"], on, f"{word}: {lines[word]}")
    count_max = int(lines["times"]) if word == "times" else 1000
    until = lines.get("until", "9999")[:10]
    continued = [day for day in islice(listed_days(start, on), count_max) if str(day) <= until]

    assert start == next(listed_days(max(first, now.date()), on)), remark.hint
    assert word == "until" or count_max >= len(days), remark.hint
    assert continued[-1] >= now.date() + timedelta(days=30), remark.hint
    assert planned(new, recorded, now=now).diagnostics == (), remark.hint
