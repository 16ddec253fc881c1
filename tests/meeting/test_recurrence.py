"""The occurrences of a series, past and remaining."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from io import BytesIO
from itertools import dropwhile, islice
from pkgutil import get_data
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from dateutil.rrule import DAILY, MO, MONTHLY, SU, WE, WEEKLY, rrule
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from reconciler.meeting.meeting import resume
from reconciler.meeting.recurrence import Remaining, Series, is_on_rule, nth_occurrence, rule
from reconciler.meeting.timezones import instant

BERLIN = "Europe/Berlin"
BEFORE_ALL = datetime(2020, 1, 1, tzinfo=UTC)


def utc(written: str) -> datetime:
    return datetime.fromisoformat(written).replace(tzinfo=UTC)


def local(*written: str) -> list[datetime]:
    return [instant(start, BERLIN) for start in written]


def restarted(series: Series, after: datetime) -> Series:
    """Return the series as sent at `after`: from its next occurrence, with the remaining count."""
    resumed = resume(series, after)
    assert resumed is not None
    counted = {"end_times": resumed.left} if "end_times" in series.recurrence else {}
    return Series(resumed.start_time, series.timezone, {**series.recurrence, **counted})


def sent_start(series: Series, after: datetime) -> str | None:
    """Return the start that is sent after an instant."""
    resumed = resume(series, after)
    return resumed.start_time if resumed else None


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
    start = sent_start(begun, first - timedelta(seconds=1))
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
@example(Series("2027-09-26T02:15:00", "Australia/Lord_Howe", weekly("1", end_times=3)), 0, 0)
def test_a_series_sent_again_has_the_remaining_occurrences(series: Series, days: int, seconds: int) -> None:
    """From its next occurrence on, it has exactly the declared occurrences that are left.

    It does not begin on one in an hour that clocks skip.
    """
    declared = list(series.occurrences())
    after = declared[0] + timedelta(days=days, seconds=seconds)
    wall, zone = series.wall_start().time(), ZoneInfo(series.timezone)
    left = (occurs_at for occurs_at in declared if occurs_at > after)
    tail = list(dropwhile(lambda occurs_at: occurs_at.astimezone(zone).time() != wall, left))
    assume(tail)

    again = restarted(series, after)

    assert list(again.occurrences()) == tail


@settings(max_examples=120, deadline=None)
@given(rules(), st.integers(0, 800))
def test_a_start_beside_its_rule_is_followed_by_the_dates_of_the_rule(declared: Any, days: int) -> None:
    start = datetime(2027, 1, 1, 10) + timedelta(days=days)  # noqa: DTZ001 - a wall time

    nth = nth_occurrence(start, declared)

    assert [nth(index) for index in range(20)] == list(islice(rule(start, declared), 20))


@settings(max_examples=120, deadline=None)
@given(declared_series(), st.integers(-40, 500))
def test_computing_and_iterating_agree(series: Series, days: int) -> None:
    """Count, last, n-th, remaining and coming are computed without iterating the rule."""
    walked = list(series.occurrences())
    after = walked[0] + timedelta(days=days)
    over = sum(occurs_at <= after for occurs_at in walked)

    computed = (series.is_on_rule(), series.count(), series.last(), series.remaining(after))

    following = walked[over] if over < len(walked) else None
    assert computed == (True, len(walked), walked[-1], Remaining(over, following, len(walked) - over))
    assert [series.occurrence(place) for place in range(len(walked) + 1)] == [*walked, None]
    assert list(series.coming(after)) == walked[over:]


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


@pytest.mark.parametrize(
    ("start", "starts"),
    [
        ("2027-03-27T01:30:00Z", ["2027-03-27T01:30:00Z", "2027-03-29T00:30:00Z", "2027-03-29T00:30:00Z"]),
        ("2027-03-27T02:30:00", ["2027-03-27T02:30:00", "2027-03-29T02:30:00", "2027-03-29T02:30:00"]),
    ],
)
def test_a_series_never_begins_in_a_skipped_hour(start: str, starts: list[str]) -> None:
    """Sent as 02:30 or as its instant, 03:30, all later ones would stay at 03:30."""
    series = Series(start, BERLIN, {"type": 1, "end_times": 3})

    assert [sent_start(series, utc("2027-03-26T00:00") + timedelta(days=day)) for day in (1, 2, 3)] == starts


def sundays(start: str, days: str = "1", times: int = 20) -> Series:
    return Series(start, BERLIN, weekly(days, end_times=times))


LAST_SUNDAY = {"type": 3, "monthly_week": -1, "monthly_week_day": 1, "end_date_time": "2027-05-01T00:00:00Z"}
IN_SKIPPED_HOURS = {
    "the finding, applied on 22 March": (
        (sundays("2027-01-03T02:30:00"), "2027-03-22T08:00"),
        "2027-04-04T02:30:00", 7, ["2027-03-28T02:30:00"],
    ),
    "in UTC": (
        (sundays("2027-01-03T01:30:00Z"), "2027-03-22T08:00"),
        "2027-04-04T00:30:00Z", 7, ["2027-03-28T02:30:00"],
    ),
    "after the gap": ((sundays("2027-01-03T02:30:00"), "2027-03-28T01:45"), "2027-04-04T02:30:00", 7, []),
    "the next date is in the same week": (
        (sundays("2027-01-03T02:30:00", "1,4", 40), "2027-03-27T12:00"),
        "2027-03-31T02:30:00", 15, ["2027-03-28T02:30:00"],
    ),
    "half an hour, in the south": (
        (Series("2027-09-05T02:15:00", "Australia/Lord_Howe", weekly("1", end_times=9)), "2027-09-30T00:00"),
        "2027-10-10T02:15:00", 4, ["2027-10-03T02:15:00"],
    ),
    "from Saturday, 23:00, to Sunday, 00:00": (
        (Series("2027-03-06T23:30:00", "America/Nuuk", weekly("7")), "2027-03-24T00:00"),
        "2027-04-03T23:30:00", None, ["2027-03-27T23:30:00"],
    ),
    "until an end in UTC": (
        (Series("2027-02-28T02:00:00", BERLIN, LAST_SUNDAY), "2027-03-01T00:00"),
        "2027-04-25T02:00:00", None, ["2027-03-28T02:00:00"],
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", IN_SKIPPED_HOURS.values(), ids=IN_SKIPPED_HOURS)
def test_a_date_in_a_skipped_hour_is_left_out(
    case: tuple[tuple[Series, str], str, int | None, list[str]],
) -> None:
    """By hand: the calendar of each zone says on which day its clocks skip which hour."""
    (series, after), sent, left, left_out = case

    resumed = resume(series, utc(after))

    assert resumed is not None
    counted = resumed.left if "end_times" in series.recurrence else None
    assert (resumed.start_time, counted) == (sent, left)
    assert [wall.isoformat() for wall in resumed.left_out] == left_out


def test_a_series_with_nothing_left_but_a_skipped_hour_is_not_sent() -> None:
    series = Series("2027-03-14T02:30:00", BERLIN, weekly("1", end_times=3))

    assert resume(series, utc("2027-03-22T00:00")) is None
    assert series.remaining(utc("2027-03-22T00:00")) == Remaining(2, utc("2027-03-28T01:30"), 1)


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

    assert (series.remaining(last), sent_start(series, last)) == (Remaining(3, None, 0), None)


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
    assert sent_start(series, BEFORE_ALL) == "2027-01-18T10:00:00"


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


ZONES_THAT_CHANGE = (
    BERLIN, "America/New_York", "America/Nuuk", "Australia/Lord_Howe", "America/Santiago", "Africa/Cairo",
    "Asia/Beirut", "Antarctica/Troll", "Atlantic/Azores", "Asia/Tokyo",
)  # fmt: skip


def zone_of(name: str) -> ZoneInfo:
    """Return a zone by its file, without the code under test."""
    return ZoneInfo.from_file(BytesIO(get_data("tzdata", f"zoneinfo/{name}") or b""))


@st.composite
def near_a_clock_change(draw: st.DrawFn) -> tuple[Series, datetime, int]:
    """A weekly or daily series whose times may be skipped or equal, an instant, and its number of dates."""
    zone, interval = draw(st.sampled_from(ZONES_THAT_CHANGE)), draw(st.integers(1, 3))
    count, unit = draw(st.integers(1, 60)), draw(st.sampled_from((1, 2)))
    minutes = (draw(st.integers(0, 16)) * 15 + draw(st.sampled_from((0, 22 * 60)))) % (24 * 60)
    day = datetime(2027, 1, 1) + timedelta(days=draw(st.integers(0, 300)), minutes=minutes)  # noqa: DTZ001 - a wall time
    start_at = day.replace(tzinfo=zone_of(zone), fold=draw(st.integers(0, 1))).astimezone(UTC)
    first = start_at.astimezone(zone_of(zone)).replace(tzinfo=None)
    exists_once = first == day and not first.fold
    start = day.isoformat() if exists_once and draw(st.booleans()) else f"{start_at:%Y-%m-%dT%H:%M:%SZ}"
    rule: dict[str, Any] = {"type": unit, "repeat_interval": interval, "end_times": count}
    if unit == 2:
        rule["weekly_days"] = str(first.isoweekday() % 7 + 1)
    after = start_at + timedelta(hours=draw(st.integers(-30, 24 * 400)))
    return Series(start, zone, rule), after, count


@given(near_a_clock_change())
def test_what_is_sent_has_every_date_but_those_that_are_left_out(
    drawn: tuple[Series, datetime, int],
) -> None:
    """By an expansion written by hand here: day by day, no date has the `fold` of another."""
    series, after, count = drawn
    zone = zone_of(series.timezone)
    step = (7 if series.recurrence["type"] == 2 else 1) * series.recurrence["repeat_interval"]

    def dates(start_time: str, count: int) -> list[datetime]:
        start = datetime.fromisoformat(start_time)
        wall = start.astimezone(zone).replace(tzinfo=None, fold=0) if start.tzinfo else start
        later = [wall + timedelta(days=step * n) for n in range(1, count)]
        first = start if start.tzinfo else wall.replace(tzinfo=zone)
        return [first.astimezone(UTC), *(each.replace(tzinfo=zone).astimezone(UTC) for each in later)]

    expected = [each for each in dates(series.start_time, count) if each > after]
    time = series.wall_start().time()
    while expected and expected[0] != dates(series.start_time, 1)[0]:
        if expected[0].astimezone(zone).time() == time:
            break
        expected.pop(0)  # clocks skip it: held later by a running series, and no series can begin there

    resumed = resume(series, after)

    assert (resumed is None) == (not expected)
    if resumed is not None:
        assert resumed.left is not None
        assert dates(resumed.start_time, resumed.left) == expected


@pytest.mark.parametrize("monthly", [{"monthly_day": 9}, {"monthly_week": 3, "monthly_week_day": 5}])
def test_a_daily_rule_does_not_read_the_days_of_a_month(monthly: dict[str, int]) -> None:
    """Those parts have no effect, which is a warning."""
    start = datetime(2027, 1, 4, 10)  # noqa: DTZ001 - a wall time
    odd = {"type": 1, "repeat_interval": 1, **monthly}

    assert is_on_rule(start, odd)
    assert [moment.day for moment in islice(rule(start, odd), 3)] == [4, 5, 6]


def test_a_rule_of_every_fifth_month_counts_the_months_over_years() -> None:
    every_fifth = Series("2027-01-15T10:00:00", BERLIN, {"type": 3, "repeat_interval": 5, "monthly_day": 15})

    days = [date(2027 + month // 12, month % 12 + 1, 15) for month in range(26)]
    held = [f"{day}" for day in days if every_fifth.start_on(day) is not None]
    assert held == ["2027-01-15", "2027-06-15", "2027-11-15", "2028-04-15", "2028-09-15", "2029-02-15"]
