"""The warning that a series is about to end, and the lines that continue it."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from builders import at, meeting, planned, record, spec, state, weekly
from msgspec.structs import replace

from reconciler.errors.diagnostic import Diagnostic, Severity
from reconciler.meeting.closures import SingleDates
from reconciler.meeting.meeting import series
from reconciler.plan.change import Action
from reconciler.plan.plan import series_endings
from reconciler.plan.step import Step

if TYPE_CHECKING:
    from reconciler.meeting.meeting import Meeting


def remarks(attributes: dict[str, Any], days_before_last: int) -> tuple[Diagnostic, ...]:
    """What the plan of a recorded series remarks that many days before its last occurrence."""
    repeated = series(attributes)
    assert repeated is not None
    last = repeated.last()
    assert last is not None
    known = state(meetings={"weekly": record(attributes=attributes)})
    now = last - timedelta(days=days_before_last)
    return planned(spec(meeting("weekly", attributes)), known, now=now).diagnostics


def by_count() -> dict[str, Any]:
    return weekly(
        start_time="2027-01-11T10:00:00",
        timezone="Europe/Berlin",
        recurrence={"type": 2, "repeat_interval": 1, "weekly_days": "2", "end_times": 20},
    )


def by_date() -> dict[str, Any]:
    rule = {"type": 2, "repeat_interval": 1, "weekly_days": "2", "end_date_time": "2027-05-24T21:59:59Z"}
    return weekly(start_time="2027-01-11T10:00:00", timezone="Europe/Berlin", recurrence=rule)


@pytest.mark.parametrize(
    ("attributes", "hint"),
    [
        (
            by_count(),
            ("To continue under the same link, write `start_time: 2027-05-17T10:00:00` and `end_times: 20`."),
        ),
        (
            by_date(),
            (
                "To continue under the same link, write `start_time: 2027-05-17T10:00:00` "
                "and `end_date_time: 2027-10-04T07:00:00Z`."
            ),
        ),
    ],
)
def test_a_series_that_ends_soon_has_a_warning_with_the_lines_that_continue_it(
    attributes: dict[str, Any], hint: str
) -> None:
    assert remarks(attributes, 10) == (
        Diagnostic(
            code="plan.series-ends",
            detail="weekly has its last occurrence on 24 May 2027.",
            hint=hint,
            severity=Severity.WARNING,
            key="weekly",
        ),
    )


DAILY = {"type": 1, "repeat_interval": 1}
WEEKS = {"type": 2, "repeat_interval": 1, "weekly_days": "2"}


@pytest.mark.parametrize(
    "rule",
    [
        {**WEEKS, "end_times": 20},
        {**WEEKS, "end_times": 3},
        {**WEEKS, "end_times": 1},
        {**WEEKS, "end_date_time": "2027-02-01T21:59:59Z"},
        {**DAILY, "end_times": 5},
        {**DAILY, "end_times": 50},
        {**DAILY, "end_date_time": "2027-02-25T21:59:59Z"},
        {"type": 3, "repeat_interval": 1, "monthly_day": 11, "end_times": 2},
        {"type": 2, "repeat_interval": 50, "weekly_days": "2", "end_times": 2},
    ],
)
@pytest.mark.parametrize("days_before_last", [1, 10, 29])
def test_what_the_hint_of_a_series_says_gets_rid_of_the_warning(
    rule: dict[str, Any], days_before_last: int
) -> None:
    """Pasted in the form of its rule; and Zoom keeps all of it."""
    attributes = weekly(start_time="2027-01-11T10:00:00", recurrence=rule)
    (found,) = remarks(attributes, days_before_last)
    repeated = series(attributes)
    assert repeated is not None
    last = repeated.last()
    assert last is not None
    now = last - timedelta(days=days_before_last)
    lines = dict(part.split(": ") for part in re.findall(r"`(\w+: [^`]+)`", found.hint))
    end = {name: lines[name] for name in ("end_times", "end_date_time") if name in lines}
    end = {name: int(value) if name == "end_times" else value for name, value in end.items()}

    pasted = weekly(start_time=lines["start_time"], recurrence={**rule, **end})

    known = state(meetings={"weekly": record(attributes=attributes)})
    plan = planned(spec(meeting("weekly", pasted)), known, now=now)
    continued = series(pasted)
    assert continued is not None
    assert (plan.diagnostics, continued.is_longer_than_kept(now)) == ((), False)
    assert plan.steps[0].action.value == "update"


def test_the_lines_that_continue_a_series_do_continue_it() -> None:
    """What is pasted keeps the weekday and the time, and goes on past the old end."""
    old = series(by_date())
    assert old is not None
    rule = {**old.recurrence, "end_date_time": "2027-10-04T07:00:00Z"}
    new = series(by_date() | {"start_time": "2027-05-17T10:00:00", "recurrence": rule})
    assert new is not None

    occurrences = tuple(new.occurrences())

    assert occurrences[:2] == tuple(old.occurrences())[-2:]
    assert len(occurrences) == 20


@pytest.mark.parametrize(
    ("days", "reported"), [(31, []), (30, ["plan.series-ends"]), (1, ["plan.series-ends"])]
)
def test_a_series_is_reported_in_its_last_thirty_days(days: int, reported: list[str]) -> None:
    assert [remark.code for remark in remarks(by_count(), days)] == reported


def test_a_series_with_more_than_a_month_to_go_is_not_reported() -> None:
    assert remarks(by_count(), 31) == ()


def test_a_series_that_is_over_is_not_reported() -> None:
    """It is expired, and its step says so already."""
    assert remarks(by_count(), -1) == ()


def listed(**end: Any) -> Meeting:
    """The first, third and fifth Tuesday of each month, from 1 December 2026 on, as a weekly rule."""
    rule = {"type": 2, "repeat_interval": 1, "weekly_days": "3", **end}
    attributes = weekly(start_time="2026-12-01T10:00:00", recurrence=rule)
    tuesdays = SingleDates(pattern=((1, 3), (3, 3), (5, 3)))
    return replace(meeting("weekly", attributes, dates=tuesdays), is_repeat=True)


@pytest.mark.parametrize(
    ("declared", "last", "lines"),
    [
        (listed(end_times=8), "19 Jan", ("start_time: 2027-01-19T10:00:00", "times: 5")),
        (
            listed(end_date_time="2027-01-29T22:59:59Z"),
            "19 Jan",
            ("start_time: 2027-01-19T10:00:00", "until: 2027-03-09"),
        ),
    ],
)
def test_the_lines_for_a_list_of_weekdays_of_the_month_are_in_dates_of_it(
    declared: Meeting, last: str, lines: tuple[str, str]
) -> None:
    """The weekly rule that is sent has other dates, and more of them."""
    known = state(meetings={"weekly": record(attributes=declared.attributes)})

    found = planned(spec(declared), known, now=at("2027-01-10T07:00:00Z")).diagnostics

    assert [(each.detail, each.hint) for each in found] == [
        (
            f"weekly has its last occurrence on {last} 2027.",
            f"To continue under the same link, write `{lines[0]}` and `{lines[1]}`.",
        )
    ]


@pytest.mark.parametrize(
    ("exceptions", "words"),
    [
        ({"2027-05-24": {"start_time": "2027-07-01T10:00:00"}}, "1 Jul 2027"),
        ({"2027-05-10": {"start_time": "2027-07-01T10:00:00"}}, "1 Jul 2027"),
        ({"2027-05-24": "skip"}, "17 May 2027"),
    ],
)
def test_the_last_occurrence_is_the_last_one_that_is_held(exceptions: dict[str, Any], words: str) -> None:
    known = state(meetings={"weekly": record(attributes=by_count())})
    declared = meeting("weekly", by_count(), dates=SingleDates(exceptions))

    [found] = planned(spec(declared), known, now=at("2027-05-14T07:00:00Z")).diagnostics

    rule = "and the last date of its rule on 24 May 2027"
    assert found.detail == f"weekly has its last occurrence on {words}, {rule}."


def endings(exceptions: dict[str, Any]) -> list[tuple[str, str]]:
    """What `drift` says, which knows no spec: detail and hint."""
    step = Step(
        "weekly", Action.KEEP, "a@example.com", "T", recorded=by_count(), recorded_dates=exceptions, id=1
    )
    return [(each.detail, each.hint) for each in series_endings([step], at("2027-05-14T07:00:00Z"))]


def test_without_a_spec_what_is_recorded_of_the_dates_counts() -> None:
    edit = {"start_time": "2027-07-01T08:00:00Z", "duration": 45}
    end = "`times: 20` in `repeat` or `end_times: 20` in `recurrence`"
    assert endings({"2027-05-24": edit}) == [
        (
            "weekly has its last occurrence on 1 Jul 2027, and the last date of its rule on 24 May 2027.",
            f"To continue under the same link, write `start_time: 2027-05-17T10:00:00` and {end}.",
        )
    ]


def test_without_a_spec_the_lines_for_a_series_with_skipped_dates_are_left_to_the_plan() -> None:
    """Its dates may be those of a list of weekdays of the month, which no record has."""
    assert endings({"2027-05-17": "skip"}) == [
        (
            "weekly has its last occurrence on 24 May 2027.",
            "`reconciler plan` prints the lines that continue it under the same link.",
        )
    ]
