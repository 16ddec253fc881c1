"""Single meetings that could be one series: one remark with the line to write."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from builders import HOST, meeting, one_off, planned, record, spec, state

from reconciler.errors.diagnostic import Diagnostic, Position, Severity, Span
from reconciler.meeting.meeting import Meeting

if TYPE_CHECKING:
    from collections.abc import Iterable

MON = date(2027, 1, 11)


def standups(days: Iterable[date], **attributes: Any) -> list[Meeting]:
    """Return a meeting for each day, as a script writes them."""
    local = {"topic": "Standup", "timezone": "Europe/Berlin", **attributes}
    return [
        meeting(f"standup-{number:02}", one_off(start_time=f"{day}T09:00:00", **local))
        for number, day in enumerate(days, 1)
    ]


def days(*offsets: int) -> list[date]:
    return [MON + timedelta(days=offset) for offset in offsets]


def remarks(*meetings: Meeting) -> list[Diagnostic]:
    return [each for each in planned(spec(*meetings)).diagnostics if each.code == "plan.one-series"]


def test_meetings_that_lie_on_a_rule_get_one_remark() -> None:
    first, *others = standups(days(0, 7, 14, 21))
    placed = Meeting(first.key, first.host, first.attributes, filename="m.yaml", line=5, column=3)

    assert remarks(placed, *others) == [
        Diagnostic(
            "plan.one-series",
            f"4 single meetings of {HOST} differ only by their day: `standup-01`, `standup-02`, `standup-03` "
            "and 1 more. As one series, with one join link, they cost 1 request instead of 4.",
            "Keep `standup-01`, add `repeat: {every: week, on: mon, times: 4}` in place of its `type`, and "
            "remove the other 3.",
            Severity.WARNING,
            "standup-01",
            Span("m.yaml", Position(5, 3), Position(5, 13)),
        )
    ]


@pytest.mark.parametrize(
    ("held", "lines"),
    [
        (days(0, 1, 2, 3), "`repeat: {every: day, times: 4}`"),
        (days(0, 3, 6), "`repeat: {every: 3 days, times: 3}`"),
        (days(0, 14, 28), "`repeat: {every: 2 weeks, on: mon, times: 3}`"),
        (days(0, 1, 4, 7, 8, 11), "`repeat: {every: week, on: [mon, tue, fri], times: 6}`"),
        (days(-1, 6, 13), "`repeat: {every: week, on: sun, times: 3}`"),
        (
            [date(2027, 1, 15), date(2027, 2, 15), date(2027, 3, 15)],
            "`repeat: {every: month, on: 15, times: 3}`",
        ),
        (
            [date(2027, 1, 12), date(2027, 4, 13), date(2027, 7, 13)],
            "`repeat: {every: 3 months, on: second tue, times: 3}`",
        ),
        (
            [date(2027, 1, 29), date(2027, 2, 26), date(2027, 4, 30), date(2027, 3, 26)],
            "`repeat: {every: month, on: last fri, times: 4}`",
        ),
        (
            days(0, 7, 21, 28, 35),
            "`repeat: {every: week, on: mon, times: 6}` and `exceptions: {2027-01-25: skip}`",
        ),
    ],
)
def test_the_rule_is_the_one_with_the_fewest_gaps(held: list[date], lines: str) -> None:
    (remark,) = remarks(*standups(held, type=None))

    assert remark.hint.split("add ")[1].split(", and remove")[0] == lines


@pytest.mark.parametrize(
    "held",
    [days(0, 7), days(0, 7, 7), days(0, 7, 13, 22), days(0, 7, 28), days(0, 1, 2000)],
    ids=["two", "twice", "none", "gaps", "far"],
)
def test_what_lies_on_no_rule_is_left_alone(held: list[date]) -> None:
    assert remarks(*standups(held)) == []


def test_another_host_hour_or_word_makes_another_meeting() -> None:
    first, second, third = standups(days(0, 7, 14))
    others = (
        Meeting(third.key, "other@example.com", third.attributes),
        Meeting(third.key, HOST, {**third.attributes, "start_time": "2027-01-25T10:00:00"}),
        Meeting(third.key, HOST, {**third.attributes, "topic": "Standup 3"}),
        Meeting(third.key, HOST, third.attributes, protect=True),
    )

    assert [remarks(first, second, each) for each in others] == [[]] * 4


def test_meetings_in_utc_name_their_zone() -> None:
    """A rule counts in a zone."""
    in_utc = [
        meeting(f"m{number}", one_off(start_time=f"{day}T09:00:00Z", type=None))
        for number, day in enumerate(days(0, 7, 14))
    ]

    (remark,) = remarks(*in_utc)

    assert "add `timezone: UTC` and `repeat: {every: week, on: mon, times: 3}`, and" in remark.hint


def test_what_exists_already_saves_no_request() -> None:
    new = standups(days(0, 7, 14))
    known = state(meetings={each.key: record(n, each.attributes) for n, each in enumerate(new)})

    found = planned(spec(*new), known).diagnostics

    assert [each.code for each in found] == []


def test_at_most_ten_groups_are_told() -> None:
    many = [
        Meeting(f"{each.key}-{number}", f"room-{number}@example.com", each.attributes)
        for number in range(12)
        for each in standups(days(0, 7, 14))
    ]

    assert len(remarks(*many)) == 10
