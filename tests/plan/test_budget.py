"""Requests per host and UTC day."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, date, datetime, timedelta

import pytest
from builders import NOW, at
from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.plan.budget import (
    Allowances,
    BudgetRequest,
    Limits,
    allot,
    day_of,
    late,
    near_midnight,
    reset_at,
    turn,
    urgent,
)

TODAY = NOW.date()
FAR = NOW + timedelta(days=60)


def asks(count: int, starts_at: datetime | None = FAR) -> list[BudgetRequest]:
    """`count` requests that want their turn."""
    return [BudgetRequest(f"key-{number:04}", starts_at) for number in range(count)]


def per_day(days: dict[str, date]) -> list[tuple[int, int]]:
    """(Days from today, requests) in the order of days."""
    return sorted(Counter((day - TODAY).days for day in days.values()).items())


def test_a_rollout_spreads_over_days_and_keeps_the_reserve() -> None:
    """240 meetings far away at 90 a day: today, tomorrow and the day after."""
    days = allot(asks(240), used=0, limits=Limits(), now=NOW)

    assert per_day(days) == [(0, 90), (1, 90), (2, 60)]


def test_what_was_used_today_does_not_count_tomorrow() -> None:
    """80 used leave 10 above the reserve today."""
    days = allot(asks(120), used=80, limits=Limits(), now=NOW)

    assert per_day(days) == [(0, 10), (1, 90), (2, 20)]


def test_a_meeting_that_starts_soon_may_use_the_reserve() -> None:
    """With 90 used, the urgent ones go today and the others tomorrow."""
    soon, other = (
        BudgetRequest("soon", NOW + timedelta(hours=48)),
        BudgetRequest("a-other", NOW + timedelta(hours=49)),
    )

    days = allot([other, soon], used=90, limits=Limits(), now=NOW)

    assert days == {"soon": TODAY, "a-other": TODAY + timedelta(days=1)}


def test_even_urgent_meetings_stop_at_the_limit() -> None:
    """Fifteen urgent meetings and ten requests left: five wait for tomorrow."""
    days = allot(asks(15, NOW + timedelta(hours=5)), used=90, limits=Limits(), now=NOW)

    assert per_day(days) == [(0, 10), (1, 5)]


def test_on_a_later_day_urgency_is_judged_from_its_own_start() -> None:
    """What is not urgent today may be by the day after tomorrow, and then takes that day's reserve."""
    days = allot(asks(290, NOW + timedelta(days=3)), used=0, limits=Limits(), now=NOW)

    assert per_day(days) == [(0, 90), (1, 90), (2, 100), (3, 10)]


def test_the_soonest_start_goes_first_and_no_fixed_time_last() -> None:
    """Among equals the key decides."""
    waiting = [
        BudgetRequest("c", None),
        BudgetRequest("b", FAR),
        BudgetRequest("a", FAR),
        BudgetRequest("z", NOW),
    ]

    assert [ask.key for ask in sorted(waiting, key=turn)] == ["z", "a", "b", "c"]


def test_without_a_limit_to_spend_nothing_gets_a_day() -> None:
    """A limit of 0 closes the host, today and for ever, whatever was used before."""
    closed = Limits(daily=0)

    assert [allot(asks(3), used=used, limits=closed, now=NOW) for used in (0, 3)] == [{}, {}]


@pytest.mark.parametrize(
    ("limits", "kept"),
    [
        (Limits(), 10),
        (Limits(daily=15), 7),
        (Limits(daily=5), 2),
        (Limits(daily=1), 0),
        (Limits(daily=0), 0),
        (Limits(daily=100, reserve=0), 0),
    ],
)
def test_the_reserve_is_at_most_half_of_the_day(limits: Limits, kept: int) -> None:
    """An inherited reserve must not keep a small host's ordinary meetings waiting for ever."""
    assert limits.kept == kept


def test_a_limit_below_the_reserve_still_lets_ordinary_meetings_through() -> None:
    """Five a day, ten inherited as reserve: three ordinary ones go each day."""
    days = allot(asks(7), used=0, limits=Limits(daily=5), now=NOW)

    assert per_day(days) == [(0, 3), (1, 3), (2, 1)]


def test_a_host_over_its_limit_has_nothing_left() -> None:
    """Left is never negative: a limit may be lowered on a day when more was used."""
    limits = Limits(daily=50)

    assert (limits.left(60), limits.allows(60, urgent=True), limits.left(49)) == (0, False, 1)


starts = st.one_of(st.none(), st.integers(-100, 2000).map(lambda hours: NOW + timedelta(hours=hours)))


@settings(max_examples=60, deadline=None)
@given(
    st.lists(starts, max_size=120),
    st.integers(0, 30),
    st.integers(0, 25),
    st.integers(0, 40),
    st.integers(0, 86_399),
)
def test_no_day_ever_gets_more_than_the_limit(
    wanted: list[datetime | None], daily: int, reserve: int, used: int, second: int
) -> None:
    """By any input: the limit holds, the reserve is for urgent ones, no turn is overtaken, none lost."""
    now = datetime(2026, 12, 1, tzinfo=UTC) + timedelta(seconds=second)
    waiting = [BudgetRequest(f"key-{number}", start) for number, start in enumerate(wanted)]
    limits = Limits(daily, reserve)

    days = allot(waiting, used=used, limits=limits, now=now)

    spent = Counter(days.values())
    ordinary = Counter(
        days[ask.key]
        for ask in waiting
        if ask.key in days
        and not urgent(ask.starts_at, max(now, datetime.combine(days[ask.key], datetime.min.time(), UTC)))
    )
    for day, count in spent.items():
        before = used if day == TODAY else 0
        assert count + before <= limits.daily
        assert not ordinary[day] or count + before <= limits.daily - limits.kept
    order = [days[ask.key] for ask in sorted(waiting, key=turn) if ask.key in days]
    assert order == sorted(order)
    assert set(days) == ({ask.key for ask in waiting} if daily else set())


@pytest.mark.parametrize(
    ("moment", "near"),
    [
        ("2026-12-01T23:59:57.000001Z", True),
        ("2026-12-01T23:59:57Z", False),
        ("2026-12-02T00:00:00Z", True),
        ("2026-12-02T00:00:02.999999Z", True),
        ("2026-12-02T00:00:03Z", False),
        ("2026-12-02T01:00:01+01:00", True),
        ("2026-12-02T12:00:00Z", False),
    ],
)
def test_near_midnight_is_three_seconds_on_either_side(moment: str, near: bool) -> None:  # noqa: FBT001 - expected
    """Two clocks may name two days there; the zone of the instant does not matter."""
    assert near_midnight(at(moment)) is near


def test_a_day_is_a_utc_day() -> None:
    """An hour before midnight in New York it is tomorrow."""
    moment = at("2026-12-01T23:00:00-05:00")

    assert (day_of(moment), reset_at(moment)) == ("2026-12-02", at("2026-12-03T00:00:00Z"))


def test_late_is_a_start_before_the_day_of_the_turn() -> None:
    """On the day itself it is not late; without a fixed time it never is."""
    day = date(2026, 12, 3)

    assert [late(start, day) for start in (at("2026-12-02T23:59:59Z"), at("2026-12-03T00:00:00Z"), None)] == [
        True,
        False,
        False,
    ]


def test_a_meeting_without_a_fixed_time_is_never_urgent() -> None:
    """One that starts in 48 hours is, and so is one that has begun."""
    soon = NOW + timedelta(hours=48)
    moments = (None, soon + timedelta(seconds=1), soon, NOW - timedelta(hours=1))

    assert [urgent(start, NOW) for start in moments] == [False, False, True, True]


def test_a_host_of_several_names_has_the_strictest_of_their_limits() -> None:
    """A limit set for the e-mail holds where a meeting names the user id."""
    allowances = Allowances(
        Limits(), {"shared@example.com": Limits(50), "u1": Limits(80), "free@example.com": Limits(900)}
    )

    assert [
        allowances.of("Shared@Example.com").daily,
        allowances.of("U1", "shared@example.com").daily,
        allowances.of("U2", "free@example.com").daily,
        allowances.of("other@example.com").daily,
    ] == [50, 50, 900, 100]


def test_requests_without_a_fixed_time_come_last_in_the_order_of_their_keys() -> None:
    days = allot([*asks(3, None), BudgetRequest("z", FAR)], used=0, limits=Limits(2, 0), now=NOW)

    tomorrow = TODAY + timedelta(days=1)
    assert days == {"z": TODAY, "key-0000": TODAY, "key-0001": tomorrow, "key-0002": tomorrow}
