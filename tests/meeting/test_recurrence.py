"""The occurrences of a series, past and remaining."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from dateutil.rrule import DAILY, MO, MONTHLY, SU, WE, WEEKLY, rrule
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from reconciler.meeting.recurrence import Remaining, Series
from reconciler.meeting.timezones import instant

BERLIN = "Europe/Berlin"
BEFORE_ALL = datetime(2020, 1, 1, tzinfo=UTC)


def utc(written: str) -> datetime:
    return datetime.fromisoformat(written).replace(tzinfo=UTC)


def local(*written: str) -> list[datetime]:
    return [instant(start, BERLIN) for start in written]


def restarted(series: Series, after: datetime) -> Series:
    """Return the series as sent at `after`: from its next occurrence, with the remaining count."""
    start, left = series.next_local(after), series.remaining(after).left
    assert start is not None
    counted = {"end_times": left} if "end_times" in series.recurrence else {}
    return Series(start, series.timezone, {**series.recurrence, **counted})


def weekly(days: str, interval: int = 1, **end: Any) -> dict[str, Any]:
    return {"type": 2, "weekly_days": days, "repeat_interval": interval, **end}


@st.composite
def rules(draw: st.DrawFn) -> dict[str, Any]:
    unit, interval = draw(st.integers(1, 3)), draw(st.integers(1, 5))
    rule: dict[str, Any] = {"type": unit, "repeat_interval": interval}
    if unit == 2:
        days = draw(st.sets(st.integers(1, 7), min_size=1))
        rule["weekly_days"] = ",".join(map(str, draw(st.permutations(sorted(days)))))
    elif unit == 3 and draw(st.booleans()):
        rule["monthly_day"] = draw(st.integers(1, 31))
    elif unit == 3:
        rule["monthly_week"] = draw(st.sampled_from((-1, 1, 2, 3, 4)))
        rule["monthly_week_day"] = draw(st.integers(1, 7))
    return rule


@st.composite
def declared_series(draw: st.DrawFn) -> Series:
    """Draw a series on its rule, near a clock change of some zone, with one of the two ends."""
    rule = draw(rules())
    zone = draw(st.sampled_from((BERLIN, "America/New_York", "Australia/Lord_Howe", "Asia/Tokyo")))
    hour, minute = draw(st.sampled_from(((1, 30), (2, 15), (2, 30), (10, 0), (23, 45))))
    near = datetime(2027, 1, 1, hour, minute) + timedelta(days=draw(st.integers(0, 400)))  # noqa: DTZ001 - a wall time
    suffix = draw(st.sampled_from(("", "Z")))
    begun = Series(near.isoformat(timespec="seconds") + suffix, zone, rule)
    first = next(begun.occurrences())
    start = begun.next_local(first - timedelta(seconds=1))
    assert start is not None
    if draw(st.booleans()):
        rule["end_times"] = draw(st.integers(1, 20))
    else:
        rule["end_date_time"] = (first + timedelta(days=draw(st.integers(0, 300)))).strftime(
            "%Y-%m-%dT%H:%M:%SZ"
        )
    return Series(start, zone, rule)


@settings(max_examples=120, deadline=None)
@given(declared_series(), st.integers(-40, 500), st.integers(-1, 1))
def test_a_series_sent_again_has_the_remaining_occurrences(series: Series, days: int, seconds: int) -> None:
    """From its next occurrence on, it has exactly the declared occurrences that are left."""
    declared = list(series.occurrences())
    after = declared[0] + timedelta(days=days, seconds=seconds)
    tail = [occurs_at for occurs_at in declared if occurs_at > after]
    assume(tail)

    again = restarted(series, after)

    assert list(again.occurrences()) == tail


@settings(max_examples=120, deadline=None)
@given(declared_series(), st.integers(-40, 500))
def test_computing_and_iterating_agree(series: Series, days: int) -> None:
    """Count, last, n-th and remaining are computed without iterating the rule."""
    walked = list(series.occurrences())
    after = walked[0] + timedelta(days=days)
    over = sum(occurs_at <= after for occurs_at in walked)

    computed = (series.is_on_rule(), series.count(), series.last(), series.remaining(after))

    following = walked[over] if over < len(walked) else None
    assert computed == (True, len(walked), walked[-1], Remaining(over, following, len(walked) - over))
    assert [series.occurrence(place) for place in range(len(walked) + 1)] == [*walked, None]


@settings(max_examples=60, deadline=None)
@given(rules(), st.integers(0, 400))
def test_a_start_on_the_rule_is_the_first_occurrence(rule: dict[str, Any], days: int) -> None:
    start = datetime(2027, 1, 1, 10, tzinfo=UTC) + timedelta(days=days)
    series = Series(start.strftime("%Y-%m-%dT%H:%M:%SZ"), "UTC", rule)

    assert series.is_on_rule() == (next(series.occurrences()) == start)


@pytest.mark.parametrize(
    ("day", "week", "expected"),
    [
        ("21", -1, False),
        ("28", -1, True),
        ("28", 4, True),
        ("07", 1, True),
        ("07", 2, False),
        ("08", 2, True),
    ],
)
def test_the_last_week_of_a_month_has_the_last_of_each_weekday(
    day: str, week: int, *, expected: bool
) -> None:
    """February 2027 begins on a Monday and ends on a Sunday."""
    rule = {"type": 3, "monthly_week": week, "monthly_week_day": 2 if day == "08" else 1}

    assert Series(f"2027-02-{day}T10:00:00", "UTC", rule).is_on_rule() is expected


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ({"type": 1, "repeat_interval": 3}, {"freq": DAILY, "interval": 3}),
        (weekly("2,4", 2), {"freq": WEEKLY, "interval": 2, "byweekday": (MO, WE)}),
        ({"type": 3, "monthly_day": 31}, {"freq": MONTHLY, "bymonthday": 31}),
        ({"type": 3, "monthly_week": -1, "monthly_week_day": 1}, {"freq": MONTHLY, "byweekday": SU(-1)}),
    ],
)
def test_a_rule_follows_the_calendar_standard(rule: dict[str, Any], expected: dict[str, Any]) -> None:
    """In Zoom's numbers 1 is Sunday and -1 the last week; a week begins on Sunday."""
    start = datetime(2027, 1, 11, 10)  # noqa: DTZ001 - a wall time
    series = Series("2027-01-11T10:00:00", "UTC", rule)

    walked = [occurs_at.replace(tzinfo=None) for occurs_at in islice(series.occurrences(), 15)]

    assert walked == list(rrule(dtstart=start, wkst=SU, count=15, **expected))


def test_a_series_keeps_its_wall_time() -> None:
    """At a clock change the wall time stays and the instant moves."""
    series = Series("2027-03-22T10:00:00", BERLIN, weekly("2", end_times=2))

    assert list(series.occurrences()) == [utc("2027-03-22T09:00"), utc("2027-03-29T08:00")]


def test_a_start_in_utc_is_converted_to_wall_time() -> None:
    """Days of the week are those of the zone: 23:30 UTC on Sunday is Monday in Berlin."""
    series = Series("2027-03-21T23:30:00Z", BERLIN, weekly("2", end_times=2))

    assert list(series.occurrences()) == [utc("2027-03-21T23:30"), utc("2027-03-28T22:30")]


def test_a_skipped_hour_moves_one_occurrence_only() -> None:
    series = Series("2027-03-27T02:30:00", BERLIN, {"type": 1, "end_times": 3})

    assert list(series.occurrences()) == [
        utc("2027-03-27T01:30"),
        utc("2027-03-28T01:30"),
        utc("2027-03-29T00:30"),
    ]


def test_a_start_in_utc_that_would_be_moved_is_sent_as_wall_time() -> None:
    """Sent as its instant, 03:30, all later ones would stay at 03:30."""
    series = Series("2027-03-27T01:30:00Z", BERLIN, {"type": 1, "end_times": 3})

    starts = [series.next_local(utc("2027-03-26T00:00") + timedelta(days=day)) for day in (1, 2, 3)]

    assert starts == ["2027-03-27T01:30:00Z", "2027-03-28T02:30:00", "2027-03-29T00:30:00Z"]


def test_the_second_of_two_equal_wall_times_is_kept() -> None:
    """02:30 occurs twice on 31 October; the declared Z says it is the second."""
    series = Series("2027-10-31T01:30:00Z", BERLIN, {"type": 1, "end_times": 2})

    assert list(series.occurrences()) == [utc("2027-10-31T01:30"), utc("2027-11-01T01:30")]


def test_an_end_in_utc_is_inclusive() -> None:
    series = Series("2027-01-11T10:00:00", BERLIN, weekly("2", end_date_time="2027-01-25T09:00:00Z"))

    assert list(series.occurrences()) == local(
        "2027-01-11T10:00:00", "2027-01-18T10:00:00", "2027-01-25T10:00:00"
    )


def test_the_first_of_two_ends_wins() -> None:
    by_count = weekly("2", end_times=2, end_date_time="2027-06-30T00:00:00Z")
    by_date = weekly("2", end_times=9, end_date_time="2027-01-20T00:00:00Z")

    counts = [Series("2027-01-11T10:00:00", BERLIN, rule).count() for rule in (by_count, by_date)]

    assert counts == [2, 2]


@pytest.mark.parametrize("end", [{}, {"end_times": 0}])
def test_a_series_without_an_end_continues(end: dict[str, int]) -> None:
    series = Series("2027-01-11T10:00:00", BERLIN, weekly("2", **end))

    assert (series.count(), series.last()) == (None, None)
    assert series.remaining(utc("2030-01-01T00:00")) == Remaining(156, utc("2030-01-07T09:00"), None)


def test_an_occurrence_is_over_when_it_has_begun() -> None:
    """A start at the present instant would begin at once, so the next one is sent."""
    series = Series("2027-01-11T10:00:00", BERLIN, weekly("2", end_times=3))
    first = utc("2027-01-11T09:00")

    remaining = [series.remaining(first + timedelta(seconds=second)) for second in (-1, 0)]

    assert remaining == [Remaining(0, first, 3), Remaining(1, utc("2027-01-18T09:00"), 2)]


def test_nothing_remains_after_the_last_occurrence() -> None:
    series = Series("2027-01-11T10:00:00", BERLIN, weekly("2", end_times=3))
    last = utc("2027-01-25T09:00")

    assert (series.remaining(last), series.next_local(last)) == (Remaining(3, None, 0), None)


def test_a_series_that_ends_before_it_begins_has_no_occurrence() -> None:
    series = Series("2027-01-11T10:00:00", BERLIN, weekly("2", end_date_time="2027-01-01T00:00:00Z"))

    found = (list(series.occurrences()), series.count(), series.last(), series.occurrence(0))

    assert found == ([], 0, None, None)
    assert series.remaining(BEFORE_ALL) == Remaining(0, None, 0)


def test_a_start_off_the_rule_is_not_an_occurrence() -> None:
    """Only the days of the rule are occurrences and are counted."""
    series = Series("2027-01-12T10:00:00", BERLIN, weekly("2", end_times=2))

    assert (series.is_on_rule(), series.remaining(BEFORE_ALL), series.last()) == (
        False,
        Remaining(0, utc("2027-01-18T09:00"), 2),
        utc("2027-01-25T09:00"),
    )
    assert series.next_local(BEFORE_ALL) == "2027-01-18T10:00:00"


@pytest.mark.parametrize(
    "rule", [{"type": 2}, {"type": 3}, {"type": 3, "monthly_week": 2}, {"type": 1}], ids=str
)
def test_a_rule_without_days_repeats_the_day_of_its_start(rule: dict[str, Any]) -> None:
    series = Series("2027-01-11T10:00:00", "UTC", {**rule, "end_times": 2})

    assert (series.is_on_rule(), series.occurrence(0)) == (True, utc("2027-01-11T10:00"))


def test_a_series_stops_at_the_end_of_the_calendar() -> None:
    """Python's calendar ends with the year 9999; no error is raised there."""
    series = Series("9990-01-01T10:00:00", "UTC", {"type": 3, "repeat_interval": 10, "monthly_day": 1})
    last = utc("9999-03-01T10:00")

    assert [*series.occurrences()][11:] == [last]
    assert [series.occurrence(11), series.occurrence(12)] == [last, None]
    assert series.remaining(last) == Remaining(12, None, 0)


@pytest.mark.parametrize(
    ("start", "zone"), [("2027-02-30T10:00:00", "UTC"), ("2027-01-11T10:00:00", "Mars/Base")]
)
def test_invalid_times_are_refused(start: str, zone: str) -> None:
    series = Series(start, zone, weekly("2", end_times=2))

    with pytest.raises(ValueError, match=r"day is out of range|'Mars/Base' is none"):
        series.last()


@settings(max_examples=150, deadline=None)
@given(declared_series(), st.integers(-10, 400))
def test_a_series_knows_its_occurrence_on_a_day(series: Series, days: int) -> None:
    """The reference lists every occurrence, and looks for the day in the list."""
    zone = ZoneInfo(series.timezone)
    by_day = {each.astimezone(zone).date(): each for each in islice(series.occurrences(), 500)}
    day = series.wall_start().date() + timedelta(days=days)

    assert series.start_on(day) == by_day.get(day)
