"""A rule as people write it, in the API's form, and back."""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import islice
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.errors.diagnostic import UnlocatedDiagnostic
from reconciler.meeting.closures import is_in_pattern
from reconciler.meeting.recurrence import Series
from reconciler.spec import spec
from reconciler.spec.repeat import from_rule, to_rule
from reconciler.spec.settings import Settings
from reconciler.spec.yaml.document import Source
from reconciler.spec.yaml.writer import render

BERLIN = "Europe/Berlin"
MONDAY = "2027-01-11T10:00:00"

EARLIEST, FIRST_DAY = datetime.fromisoformat("1980-01-01"), datetime.fromisoformat("2027-01-01T10:00:00")

SHORT = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
WEEKS = ("first", "second", "third", "fourth", "last")


def weekly(days: str = "2", interval: int = 1, **end: Any) -> dict[str, Any]:
    return {
        "type": 2,
        "repeat_interval": interval,
        "weekly_days": days,
        **(end or {"end_times": 0}),
    }


@pytest.mark.parametrize(
    ("repeat", "recurrence"),
    [
        ({"every": "week", "on": "mon"}, weekly()),
        ({"every": "week"}, weekly()),
        ({"every": "Week", "on": "MONDAY"}, weekly()),
        ({"every": "1 week", "on": "mon"}, weekly()),
        ({"every": "week", "on": ["wed", "mon"]}, weekly("2,4")),
        ({"every": "week", "on": "mon, wed"}, weekly("2,4")),
        ({"every": "2 weeks", "on": "mon", "times": 20}, weekly(interval=2, end_times=20)),
        ({"every": "week", "times": 120}, weekly(end_times=120)),
        ({"every": "week", "until": "2027-06-30"}, weekly(end_date_time="2027-06-30T21:59:59Z")),
        ({"every": "week", "until": "2027-06-30T08:00:00Z"}, weekly(end_date_time="2027-06-30T08:00:00Z")),
        ({"every": "week", "until": "2027-06-30 08:00Z"}, weekly(end_date_time="2027-06-30T08:00:00Z")),
        ({"every": "day", "times": 5}, {"type": 1, "repeat_interval": 1, "end_times": 5}),
        ({"every": "10 days"}, {"type": 1, "repeat_interval": 10, "end_times": 0}),
        ({"every": "month"}, {"type": 3, "repeat_interval": 1, "monthly_day": 11, "end_times": 0}),
        (
            {"every": "3 months", "on": 11},
            {"type": 3, "repeat_interval": 3, "monthly_day": 11, "end_times": 0},
        ),
        (
            {"every": "month", "on": "last fri", "times": 12},
            {"type": 3, "repeat_interval": 1, "monthly_week": -1, "monthly_week_day": 6, "end_times": 12},
        ),
        (
            {"every": "month", "on": ["second monday"]},
            {"type": 3, "repeat_interval": 1, "monthly_week": 2, "monthly_week_day": 2, "end_times": 0},
        ),
    ],
)
def test_a_rule_in_the_form_of_the_api(repeat: dict[str, Any], recurrence: dict[str, Any]) -> None:
    rule = to_rule(repeat, MONDAY, BERLIN)

    assert rule is not None
    assert (rule.recurrence, rule.pattern) == (recurrence, ())


@pytest.mark.parametrize(
    ("until", "timezone", "end"),
    [
        ("2027-06-30", "UTC", "2027-06-30T23:59:59Z"),
        ("2027-06-30", "Pacific/Kiritimati", "2027-06-30T09:59:59Z"),
        ("2027-06-30", "America/Los_Angeles", "2027-07-01T06:59:59Z"),
        ("2026-10-24", "Atlantic/Azores", "2026-10-24T23:59:59Z"),  # clocks go back from 01:00 to 00:00
        ("2018-02-17", "America/Sao_Paulo", "2018-02-18T02:59:59Z"),  # 23:00 to 24:00 occurs twice
    ],
)
def test_the_whole_last_day_counts_in_the_zone(until: str, timezone: str, end: str) -> None:
    rule = to_rule({"every": "day", "until": until}, "2017-01-01T23:30:00", timezone)

    assert rule is not None
    assert rule.recurrence["end_date_time"] == end


def test_the_day_of_a_start_in_utc_is_that_of_the_zone() -> None:
    """Monday 23:30 UTC is Tuesday in Berlin."""
    rule = to_rule({"every": "week"}, "2027-01-11T23:30:00Z", BERLIN)

    assert rule is not None
    assert rule.recurrence["weekly_days"] == "3"


@pytest.mark.parametrize(
    ("on", "days", "pattern", "times"),
    [
        (["first tue", "third tue"], "3", ((1, 3), (3, 3)), 7),
        (["third tue", "first tue", "first tue"], "3", ((1, 3), (3, 3)), 7),
        (["first tue", "third thu"], "3,5", ((1, 3), (3, 5)), 14),
        ("first tue, last fri", "3,6", ((-1, 6), (1, 3)), 16),
        (["first tue", "third tue", "fifth tue"], "3", ((1, 3), (3, 3), (5, 3)), 7),
    ],
)
def test_several_weekdays_of_a_month_are_a_weekly_rule_with_a_pattern(
    on: Any, days: str, pattern: Any, times: int
) -> None:
    """The weekly rule lasts until the date with the number `times` that is held."""
    rule = to_rule({"every": "month", "on": on, "times": 4}, "2027-01-05T10:00:00", BERLIN)

    assert rule is not None
    assert (rule.recurrence, rule.pattern) == (weekly(days, end_times=times), pattern)


def test_a_fifth_weekday_alone_has_a_pattern() -> None:
    rule = to_rule({"every": "month", "on": "fifth fri"}, "2027-01-29T10:00:00", BERLIN)

    assert rule is not None
    assert (rule.recurrence, rule.pattern) == (weekly("6"), ((5, 6),))


def test_two_dates_of_a_pattern_may_have_fifty_of_the_weekly_rule_between_them() -> None:
    """No month but the one that is over has a fifth of these weekdays before 29 March."""
    on = [f"fifth {day}" for day in ("mon", "tue", "wed", "fri", "sat", "sun")]

    rule = to_rule({"every": "month", "on": on, "times": 2}, "2027-01-31T10:00:00", BERLIN)

    assert rule is not None
    assert rule.recurrence == weekly("1,2,3,4,6,7", end_times=50)


PATTERNS = st.lists(st.tuples(st.integers(0, 5), st.integers(0, 6)), min_size=2, max_size=4, unique=True)


@pytest.mark.no_cover
@settings(deadline=None)
@given(PATTERNS, st.integers(1, 30), st.integers(0, 700))
def test_the_dates_of_a_pattern_are_those_of_the_calendar(
    days: list[tuple[int, int]], times: int, offset: int
) -> None:
    """The expansion is independent: each day of the calendar is asked for its week."""
    weeks = ("first", "second", "third", "fourth", "fifth", "last")
    held = days_held(days, offset, times)
    on = [f"{weeks[week]} {SHORT[name]}" for week, name in days]

    rule = to_rule({"every": "month", "on": on, "times": times}, held[0].isoformat(), "UTC")

    assert rule is not None
    dates = [
        at.replace(tzinfo=None) for at in Series(held[0].isoformat(), "UTC", rule.recurrence).occurrences()
    ]
    assert [date for date in dates if is_in_pattern(date, rule.pattern)] == held


def days_held(days: list[tuple[int, int]], offset: int, times: int) -> list[datetime]:
    every = (FIRST_DAY + timedelta(days=offset + number) for number in range(5000))
    return list(islice((day for day in every if is_named(day, days)), times))


def is_named(day: datetime, days: list[tuple[int, int]]) -> bool:
    for week, name in days:
        if day.isoweekday() % 7 != name:
            continue
        is_last = (day + timedelta(days=7)).month != day.month
        earlier = sum((day - timedelta(days=7 * n)).month == day.month for n in range(1, 5))
        if is_last if week == 5 else earlier == week:
            return True
    return False


WEEKDAYS = st.lists(st.sampled_from("1234567"), min_size=1, unique=True).map(sorted).map(",".join)
DAYS = st.one_of(
    st.just({"type": 1}),
    st.builds(lambda days: {"type": 2, "weekly_days": days}, WEEKDAYS),
    st.builds(lambda day: {"type": 3, "monthly_day": day}, st.integers(1, 31)),
    st.builds(
        lambda week, day: {"type": 3, "monthly_week": week, "monthly_week_day": day},
        st.sampled_from([-1, 1, 2, 3, 4]),
        st.integers(1, 7),
    ),
)
ENDS = st.one_of(
    st.builds(lambda times: {"end_times": times}, st.integers(0, 1000)),
    st.builds(lambda at: {"end_date_time": f"{at:%Y-%m-%dT%H:%M:%SZ}"}, st.datetimes(EARLIEST)),
    st.just({"end_date_time": "2027-06-30T21:59:59Z"}),
)


@given(DAYS, st.integers(1, 50), ENDS)
def test_every_rule_of_the_api_has_words_that_are_read_as_this_rule(
    days: dict[str, Any], interval: int, end: dict[str, Any]
) -> None:
    rule = {**days, "repeat_interval": interval, **end}
    repeat = from_rule(rule, BERLIN)

    assert repeat is not None
    assert written_and_read(repeat) == rule


def written_and_read(repeat: dict[str, Any]) -> Any:
    read = to_rule(repeat, None, BERLIN)
    assert read is not None
    return read.recurrence


@pytest.mark.parametrize(
    ("rule", "repeat"),
    [
        (weekly("2,4", end_times=20), {"every": "week", "on": ["mon", "wed"], "times": 20}),
        (weekly("1,2"), {"every": "week", "on": ["mon", "sun"]}),
        (
            weekly(interval=2, end_date_time="2027-06-30T21:59:59Z"),
            {"every": "2 weeks", "on": "mon", "until": "2027-06-30"},
        ),
        (
            weekly(end_date_time="2027-06-30T22:00:00Z"),
            {"every": "week", "on": "mon", "until": "2027-06-30T22:00:00Z"},
        ),
        (
            {"type": 2, "weekly_days": "4,2", "end_times": 3},
            {"every": "week", "on": ["mon", "wed"], "times": 3},
        ),
        (
            {"type": 3, "monthly_week": -1, "monthly_week_day": 6, "end_times": 3},
            {"every": "month", "on": "last fri", "times": 3},
        ),
        ({"type": 2, "weekly_days": "2", "end_times": 3, "end_date_time": "2027-06-30T22:00:00Z"}, None),
        ({"type": 3, "monthly_week": -1, "monthly_week_day": 6, "monthly_day": 3, "end_times": 3}, None),
        ({"type": 2, "weekly_days": "2", "monthly_day": 3, "end_times": 3}, None),
        ({"type": 4, "end_times": 3}, None),
    ],
)
def test_a_rule_in_words(rule: dict[str, Any], repeat: dict[str, Any] | None) -> None:
    """What words would lose has none: two ends, a field of another unit."""
    assert from_rule(rule, BERLIN) == repeat


def parsed(text: str, defaults: str = "") -> spec.ParseResult:
    """A spec with one meeting, `weekly`, and these fields and defaults."""
    return spec.parse(
        (
            Source(
                "meetings.yaml",
                f"""version: 1
defaults: {{host: a@example.com, timezone: Europe/Berlin{defaults}}}
meetings:
  weekly:
    topic: Weekly
    start_time: 2027-01-11T10:00:00
    {text}
""".encode(),
            ),
        ),
        Settings(),
    )


def attributes(text: str, defaults: str = "") -> Any:
    result = parsed(text, defaults)
    assert result.spec is not None, result.diagnostics
    return result.spec.meetings["weekly"].attributes


@pytest.mark.parametrize(
    ("defaults", "text", "read"),
    [
        (", repeat: {every: week, times: 5}", "repeat: {on: mon}", weekly(end_times=5)),
        (
            ", repeat: {every: week, times: 5}",
            "repeat: {until: 2027-06-30T08:00:00Z}",
            weekly(end_date_time="2027-06-30T08:00:00Z"),
        ),
        (", repeat: {every: week, until: 2027-06-30}", "repeat: {times: 3}", weekly(end_times=3)),
        (", repeat: {every: week, times: 5}", "repeat: {times: null}", weekly()),
        (", repeat: {every: week, times: 5}", "type: 8", weekly(end_times=5)),
        (", repeat: {every: week, on: mon}", "repeat: {every: 2 weeks}", weekly(interval=2)),
        (
            ", repeat: {every: week, on: mon}",
            "repeat: {every: day, times: 3}",
            {"type": 1, "repeat_interval": 1, "end_times": 3},
        ),
        (
            ", repeat: {every: week, on: mon}",
            "repeat: {every: month, times: 3}",
            {"type": 3, "repeat_interval": 1, "monthly_day": 11, "end_times": 3},
        ),
        (", type: 2", "repeat: {every: week}", weekly()),
        (", type: 2, recurrence: {type: 1, end_times: 2}", "repeat: {every: week}", weekly()),
        (", repeat: {every: week}", "type: 2", None),
        (", repeat: {every: week}", "repeat: null", None),
        (
            ", repeat: {every: week}",
            "type: 8\n    recurrence: {type: 1, end_times: 2}",
            {"type": 1, "end_times": 2},
        ),
    ],
)
def test_the_nearer_rule_drops_the_farther_one(defaults: str, text: str, read: dict[str, Any] | None) -> None:
    assert attributes(text, defaults).get("recurrence") == read


def test_a_rule_in_both_forms_is_one_meeting() -> None:
    """State, digests and plan know only the form of the API."""
    in_words = attributes("repeat: {every: week, on: mon, times: 20}")
    in_the_api = attributes(
        'type: 8\n    recurrence: {type: 2, repeat_interval: 1, weekly_days: "2", end_times: 20}'
    )

    assert in_words == in_the_api


def test_two_excluding_fields_of_the_defaults_are_reported_there() -> None:
    result = parsed("repeat: {every: week}", ", repeat: {every: day, times: 2}, type: 3")

    assert [(each.code, each.span and each.span.start.line) for each in result.diagnostics] == [
        ("series.repeat-twice", 2)
    ]


def test_a_later_finding_about_the_rule_points_at_the_words() -> None:
    """A field that Zoom refuses is named by the API: the place is that of the words."""
    result = parsed("repeat: {every: week, on: mon, times: 20}")
    found = result.locate("weekly", UnlocatedDiagnostic(("recurrence", "weekly_days"), "zoom.refused"))

    assert found.span is not None
    assert (found.span.start.line, found.span.start.column) == (7, 31)


def test_the_written_words_are_read_back() -> None:
    repeat = from_rule(weekly("2,4", end_times=20), BERLIN)
    assert repeat is not None

    assert render({"repeat": repeat}) == "repeat: {every: week, on: [mon, wed], times: 20}\n"
