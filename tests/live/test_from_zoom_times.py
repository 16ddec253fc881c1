"""The schedule of a meeting from Zoom in the terms of a spec."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from builders import at

from reconciler.live import _from_zoom_times as from_zoom_times
from reconciler.live._from_zoom_times import UndeclarableError

NOW = at("2027-01-20T08:00:00+00:00")
BERLIN = "Europe/Berlin"
MONDAYS = {"type": 2, "repeat_interval": 1, "weekly_days": "2", "end_times": 20}


def ids(*starts: str, **changed: Any) -> list[dict[str, Any]]:
    """Occurrences as Zoom lists them."""
    return [
        {
            "occurrence_id": str(int(at(start).timestamp()) * 1000),
            "start_time": start,
            "status": "available",
            **changed,
        }
        for start in starts
    ]


COMING = ids("2027-02-01T09:00:00Z", "2027-02-08T09:00:00Z")


def body(**fields: Any) -> dict[str, Any]:
    """The body of a read of 20 Mondays; None leaves a field out."""
    plain = {
        "type": 8,
        "start_time": "2027-02-01T09:00:00Z",
        "timezone": BERLIN,
        "duration": 60,
        "recurrence": MONDAYS,
    }
    return {name: value for name, value in {**plain, **fields}.items() if value is not None}


def declared(**fields: Any) -> dict[str, Any]:
    return dict(from_zoom_times.declared_times(body(**fields), NOW).attributes)


def rule(**fields: Any) -> dict[str, Any]:
    return dict(declared(**fields)["recurrence"])


@pytest.mark.parametrize(
    ("fields", "start"),
    [
        ({"start_time": "2027-02-01T09:00:00Z"}, "2027-02-01T10:00:00"),
        ({"start_time": "2027-07-05T08:00:00Z"}, "2027-07-05T10:00:00"),
        ({"start_time": "2027-02-01T09:00:00Z", "timezone": "UTC"}, "2027-02-01T09:00:00"),
        ({"start_time": "2027-10-31T00:30:00Z"}, "2027-10-31T00:30:00Z"),
        ({"start_time": "2027-10-31T01:30:00Z"}, "2027-10-31T01:30:00Z"),
        ({"start_time": "2027-02-01T09:00:00Z", "timezone": None}, "2027-02-01T09:00:00Z"),
    ],
)
def test_a_start_is_a_wall_time(fields: dict[str, Any], start: str) -> None:
    """It is in UTC where clocks show that time twice, or where there is no zone."""
    assert declared(type=2, recurrence=None, **fields)["start_time"] == start


def test_a_usual_length_is_not_written() -> None:
    assert declared(type=2, recurrence=None) == {"start_time": "2027-02-01T10:00:00", "timezone": BERLIN}
    assert declared(type=2, recurrence=None, duration=25)["duration"] == 25


@pytest.mark.parametrize("name", ["UTC", BERLIN, "Mars/Crater"])
def test_a_meeting_without_fixed_time_has_no_zone(name: str) -> None:
    """It has no effect there: `validate` would warn about it."""
    times = from_zoom_times.declared_times(body(type=3, recurrence=None, timezone=name), NOW)

    assert (times.attributes, times.remarks) == ({}, ())


def test_a_zone_that_is_not_iana_has_a_remark() -> None:
    times = from_zoom_times.declared_times(body(type=2, recurrence=None, timezone="Mars/Crater"), NOW)

    assert dict(times.attributes) == {"start_time": "2027-02-01T09:00:00Z"}
    assert times.remarks == ("Its time zone in Zoom, `Mars/Crater`, is no IANA name and is left out.",)


@pytest.mark.parametrize(
    ("stored", "kept"),
    [
        (MONDAYS, MONDAYS),
        ({**MONDAYS, "monthly_day": 0, "monthly_week": 0}, MONDAYS),
        ({"type": 2, "weekly_days": "2", "end_times": 20}, MONDAYS),
        ({"type": 2, "end_times": 20}, MONDAYS),
        (
            {"type": 1, "repeat_interval": 2, "end_times": 3},
            {"type": 1, "repeat_interval": 2, "end_times": 3},
        ),
        (
            {"type": 3, "monthly_day": 1, "end_times": 3},
            {"type": 3, "repeat_interval": 1, "monthly_day": 1, "end_times": 3},
        ),
        ({"type": 3, "end_times": 3}, {"type": 3, "repeat_interval": 1, "monthly_day": 1, "end_times": 3}),
        (
            {"type": 3, "monthly_week": 1, "monthly_week_day": 2, "end_times": 3},
            {"type": 3, "repeat_interval": 1, "monthly_week": 1, "monthly_week_day": 2, "end_times": 3},
        ),
        (
            {"type": 1, "end_times": 0, "end_date_time": "2027-03-01T00:00:00Z"},
            {"type": 1, "repeat_interval": 1, "end_date_time": "2027-03-01T00:00:00Z"},
        ),
    ],
)
def test_only_the_parts_of_a_rule_with_a_meaning_are_kept(
    stored: dict[str, Any], kept: dict[str, Any]
) -> None:
    assert rule(recurrence=stored) == kept


def test_listed_dates_decide_between_two_ends() -> None:
    stored = {"type": 1, "repeat_interval": 1, "end_times": 5, "end_date_time": "2027-02-03T12:00:00Z"}
    listed = ids("2027-02-01T09:00:00Z", "2027-02-02T09:00:00Z", "2027-02-03T09:00:00Z")

    assert rule(recurrence=stored, occurrences=listed) == {
        "type": 1,
        "repeat_interval": 1,
        "end_date_time": "2027-02-03T12:00:00Z",
    }
    assert rule(recurrence=stored) == {"type": 1, "repeat_interval": 1, "end_times": 5}


def test_listed_dates_decide_between_two_kinds_of_days() -> None:
    stored = {"type": 3, "monthly_day": 1, "monthly_week": 1, "monthly_week_day": 2, "end_times": 2}

    assert (
        rule(recurrence=stored, occurrences=ids("2027-02-01T09:00:00Z", "2027-03-01T09:00:00Z"))[
            "monthly_week"
        ]
        == 1
    )
    first = rule(recurrence=stored, occurrences=ids("2027-02-01T09:00:00Z", "2027-04-01T08:00:00Z"))
    assert first["monthly_week"] == 1


def test_a_running_series_stays_as_it_was_stored() -> None:
    coming = ids("2027-01-25T09:00:00Z", "2027-02-01T09:00:00Z")
    stored = {**MONDAYS, "end_times": 4}

    times = declared(start_time="2027-01-11T09:00:00Z", recurrence=stored, occurrences=coming)

    assert (times["start_time"], times["recurrence"]) == ("2027-01-11T10:00:00", stored)


def test_a_series_that_is_stored_from_its_next_date_on_has_the_count_that_is_left() -> None:
    """Zoom may count from the first date or from the next one; the listed dates decide."""
    coming = ids("2027-01-25T09:00:00Z", "2027-02-01T09:00:00Z")

    for stored in ("2027-01-25T09:00:00Z", None):
        times = declared(start_time=stored, occurrences=coming)
        assert (times["start_time"], times["recurrence"]["end_times"]) == ("2027-01-25T10:00:00", 2)


def test_a_long_series_is_declared_from_its_next_date() -> None:
    daily = {"type": 1, "repeat_interval": 1, "end_times": 60}

    times = declared(start_time="2027-01-01T09:00:00Z", recurrence=daily)

    assert (times["start_time"], times["recurrence"]["end_times"]) == ("2027-01-20T10:00:00", 41)


@pytest.mark.parametrize("count", [50, 51, 55, 60])
@pytest.mark.parametrize("listed_max", [50, 60])
def test_a_series_of_up_to_60_coming_dates_keeps_its_length(count: int, listed_max: int) -> None:
    """Zoom may list all of them, or the first 50."""
    first = at("2027-02-01T09:00:00Z")
    dates = [f"{first + timedelta(days=day):%Y-%m-%dT%H:%M:%SZ}" for day in range(min(count, listed_max))]
    daily = {"type": 1, "repeat_interval": 1, "end_times": count}

    times = from_zoom_times.declared_times(
        body(timezone="UTC", recurrence=daily, occurrences=ids(*dates)), NOW
    )

    assert (times.attributes["recurrence"], times.remarks) == (daily, ())


def test_a_longer_series_of_which_60_dates_are_left_is_taken() -> None:
    """What is over does not count."""
    daily = {"type": 1, "repeat_interval": 1, "end_times": 60}

    whole = from_zoom_times.declared_times(body(start_time="2027-01-20T09:00:00Z", recurrence=daily), NOW)

    assert (whole.attributes["start_time"], whole.attributes["recurrence"]) == (
        "2027-01-20T10:00:00",
        daily,
    )


def test_a_long_series_that_ends_on_a_day_keeps_it() -> None:
    daily = {"type": 1, "repeat_interval": 1, "end_date_time": "2027-03-05T12:00:00Z"}

    times = declared(start_time="2027-01-01T09:00:00Z", recurrence=daily)

    assert (times["start_time"], times["recurrence"]) == ("2027-01-20T10:00:00", daily)


def test_dates_that_no_rule_explains_have_a_remark() -> None:
    times = from_zoom_times.declared_times(
        body(occurrences=ids("2027-02-02T09:00:00Z", "2027-02-05T09:00:00Z")), NOW
    )

    assert times.attributes["recurrence"] == MONDAYS
    assert times.remarks == (
        "Zoom lists other dates of it than its start and rule give; see in Zoom which ones hold.",
    )


def test_dates_that_were_edited_by_hand_are_exceptions() -> None:
    """Past dates are ignored, and only what is not as the rule gives it is written."""
    over = ids("2027-01-18T09:00:00Z", status="deleted")
    moved = [{**ids("2027-02-08T09:00:00Z")[0], "start_time": "2027-02-09T13:30:00Z"}]
    longer = ids("2027-02-15T09:00:00Z", duration=90)
    dates = [*over, *ids("2027-02-01T09:00:00Z", status="deleted"), *moved, *longer]

    times = from_zoom_times.declared_times(
        body(recurrence={**MONDAYS, "end_times": 3}, occurrences=dates), NOW
    )

    assert (times.exceptions, times.remarks) == (
        {
            "2027-02-01": "skip",
            "2027-02-08": {"start_time": "2027-02-09 14:30"},
            "2027-02-15": {"duration": 90},
        },
        (),
    )


@pytest.mark.parametrize("moved_id", ["2027-02-08T09:00:00Z", "2027-02-09T09:00:00Z"])
def test_a_moved_date_is_found_whether_it_keeps_its_id_or_not(moved_id: str) -> None:
    mondays = ("2027-02-01T09:00:00Z", "2027-02-15T09:00:00Z")
    moved = [{**ids(moved_id)[0], "start_time": "2027-02-09T09:00:00Z"}]
    stored = body(recurrence={**MONDAYS, "end_times": 3}, occurrences=[*ids(*mondays), *moved])

    times = from_zoom_times.declared_times(stored, NOW)

    assert (times.attributes["recurrence"]["end_times"], times.exceptions, times.remarks) == (
        3,
        {"2027-02-08": {"start_time": "2027-02-09 10:00"}},
        (),
    )


@pytest.mark.parametrize("order", [1, -1])
@pytest.mark.parametrize("moved_id", ["2027-02-01T09:00:00Z", "2027-02-08T09:00:00Z"])
def test_a_date_that_was_moved_onto_a_cancelled_one_is_found(moved_id: str, order: int) -> None:
    """Zoom lists two at that start, in any order."""
    moved = [{**ids(moved_id)[0], "start_time": "2027-02-08T09:00:00Z"}]
    both = [*ids("2027-02-08T09:00:00Z", status="deleted"), *moved]
    others = ids("2027-01-25T09:00:00Z", "2027-02-15T09:00:00Z")
    dates = [others[0], *both[::order], others[1]]
    rule = {**MONDAYS, "end_times": 4}

    times = from_zoom_times.declared_times(
        body(start_time="2027-01-25T09:00:00Z", recurrence=rule, occurrences=dates), NOW
    )

    assert (times.exceptions, times.remarks) == (
        {"2027-02-01": {"start_time": "2027-02-08 10:00"}, "2027-02-08": "skip"},
        (),
    )


def test_a_date_that_is_over_but_was_moved_to_a_day_to_come_is_an_exception() -> None:
    moved = [{**ids("2027-01-18T09:00:00Z")[0], "start_time": "2027-01-22T09:00:00Z"}]
    stored = body(
        start_time="2027-01-11T09:00:00Z",
        recurrence={**MONDAYS, "end_times": 3},
        occurrences=[*moved, *ids("2027-01-25T09:00:00Z")],
    )

    assert from_zoom_times.declared_times(stored, NOW).exceptions == {
        "2027-01-18": {"start_time": "2027-01-22 10:00"}
    }


@pytest.mark.parametrize(
    ("rule", "kept"),
    [
        ({"type": 2, "weekly_days": "2", "end_times": 0}, {"weekly_days": "2", "end_times": 0}),
        ({"type": 2, "weekly_days": "2"}, {"weekly_days": "2", "end_times": 0}),
        ({"type": 2, "weekly_days": "2", "end_times": 120}, {"weekly_days": "2", "end_times": 120}),
        (
            {"type": 2, "weekly_days": "2", "end_date_time": "2030-12-31T22:59:59Z"},
            {"weekly_days": "2", "end_date_time": "2030-12-31T22:59:59Z"},
        ),
    ],
)
@pytest.mark.parametrize("listed", [0, 47, 50])
def test_a_series_keeps_its_end_beyond_the_dates_that_zoom_lists(
    rule: dict[str, Any], kept: dict[str, Any], listed: int
) -> None:
    """It is written with its own end, or without one."""
    weeks = (at("2027-02-01T09:00:00Z") + timedelta(weeks=week) for week in range(listed))
    dates = [f"{start:%Y-%m-%dT%H:%M:%SZ}" for start in weeks]
    stored = body(recurrence=rule, timezone="UTC", occurrences=ids(*dates))

    times = from_zoom_times.declared_times(stored, NOW)

    assert times.attributes["recurrence"] == {"type": 2, "repeat_interval": 1, **kept}
    assert times.exceptions == {}


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"timezone": "Mars/Crater"}, "a series needs its zone, and `Mars/Crater` is no IANA name"),
        ({"recurrence": None}, "Zoom shows no rule for it that is known here"),
        ({"recurrence": {"type": 4}}, "Zoom shows no rule for it that is known here"),
        ({"start_time": None}, "Zoom shows no start of it"),
        ({"start_time": "soon"}, "its start cannot be read"),
        (
            {"recurrence": {"type": 1, "end_date_time": "soon"}, "occurrences": ids("2027-02-01T09:00:00Z")},
            "its rule cannot be read",
        ),
        ({"recurrence": {"type": 2, "weekly_days": "x"}}, "its rule cannot be read"),
        ({"occurrences": [{"occurrence_id": "x"}]}, "its dates cannot be read"),
    ],
)
def test_an_unreadable_schedule_has_no_declared_form(fields: dict[str, Any], reason: str) -> None:
    with pytest.raises(UndeclarableError) as raised:
        declared(**fields)

    assert str(raised.value) == reason
