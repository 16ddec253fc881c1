"""When the emulator says that a series takes place."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import islice
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from sandbox_world import WEEKLY, World, wrong

from reconciler.meeting.recurrence import Series
from reconciler.meeting.timezones import in_zone
from reconciler.sandbox import series

if TYPE_CHECKING:
    from reconciler.ports import Json


def starts(meeting: Json) -> list[str]:
    return [each["start_time"] for each in meeting["occurrences"]]


def rule(**parts: Json) -> dict[str, Any]:
    return WEEKLY | {"recurrence": parts}


def test_an_occurrence_is_named_by_its_start_in_milliseconds() -> None:
    first = World().create(WEEKLY)["occurrences"][0]

    assert first == {
        "occurrence_id": "1799658000000",
        "start_time": "2027-01-11T09:00:00Z",
        "duration": 45,
        "status": "available",
    }


def test_a_series_keeps_its_wall_time_over_a_clock_change() -> None:
    """Berlin leaves winter time on 28 March 2027."""
    meeting = World().create(
        rule(type=2, weekly_days="2", end_times=2) | {"start_time": "2027-03-22T10:00:00"}
    )

    assert starts(meeting) == ["2027-03-22T09:00:00Z", "2027-03-29T08:00:00Z"]


def test_a_series_without_an_end_is_one_single_meeting() -> None:
    """`end_times` defaults to 1."""
    meeting = World().create(rule(type=1))

    assert (starts(meeting), meeting["recurrence"]["end_times"]) == (["2027-01-11T09:00:00Z"], 1)


def test_no_more_than_fifty_occurrences_are_kept() -> None:
    assert len(World().create(rule(type=1, end_times=60))["occurrences"]) == 50


def test_zero_times_means_without_end() -> None:
    assert len(World().create(rule(type=1, end_times=0))["occurrences"]) == 50


def test_an_end_date_is_inclusive() -> None:
    meeting = World().create(rule(type=1, repeat_interval=2, end_date_time="2027-01-15T09:00:00Z"))

    assert starts(meeting) == ["2027-01-11T09:00:00Z", "2027-01-13T09:00:00Z", "2027-01-15T09:00:00Z"]


@pytest.mark.parametrize(
    ("wins", "kept", "count"),
    [
        ("end_times", {"end_times": 3}, 3),
        ("end_date_time", {"end_date_time": "2027-01-12T09:00:00Z"}, 2),
    ],
)
def test_one_of_two_ends_is_kept(wins: str, kept: Json, count: int) -> None:
    both = rule(type=1, end_times=3, end_date_time="2027-01-12T09:00:00Z")

    meeting = World(both_ends=wins).create(both)

    assert meeting["recurrence"] == {"type": 1, "repeat_interval": 1, **kept}
    assert len(meeting["occurrences"]) == count


def test_an_end_date_can_come_back_as_the_end_of_its_day() -> None:
    """In Berlin that is 23:00 UTC in winter."""
    meeting = World(end_date_moved=True).create(rule(type=1, end_date_time="2027-01-15T12:00:00Z"))

    assert meeting["recurrence"]["end_date_time"] == "2027-01-15T22:59:59Z"


def test_what_is_over_is_no_longer_shown_unless_asked_for() -> None:
    world = World()
    number = world.create(WEEKLY)["id"]
    world.clock.advance((datetime(2027, 1, 18, 10, tzinfo=UTC) - world.clock.now()).total_seconds())

    assert starts(world.read(number)) == ["2027-01-25T09:00:00Z"]
    assert len(starts(world.read(number, "?show_previous_occurrences=true"))) == 3


def test_a_start_that_is_not_on_the_rule_waits_for_the_first_day_that_is() -> None:
    meeting = World().create(WEEKLY | {"start_time": "2027-01-12T10:00:00"})

    assert meeting["start_time"] == starts(meeting)[0] == "2027-01-18T09:00:00Z"


def test_a_deleted_occurrence_stays_listed_as_such() -> None:
    world = World()
    meeting = world.create(WEEKLY)
    second = meeting["occurrences"][1]["occurrence_id"]

    answer = world.send("DELETE", f"/v2/meetings/{meeting['id']}?occurrence_id={second}")

    statuses = [each["status"] for each in world.read(meeting["id"])["occurrences"]]
    assert (answer.status_code, statuses) == (204, ["available", "deleted", "available"])


def test_one_occurrence_can_have_its_own_start_and_agenda() -> None:
    world = World()
    meeting = world.create(WEEKLY)
    second = meeting["occurrences"][1]["occurrence_id"]
    sent = {"start_time": "2027-01-19T10:00:00", "agenda": "Late", "topic": "Not here", "duration": 15}

    after = world.patch(meeting["id"], sent, f"?occurrence_id={second}")

    assert starts(after) == ["2027-01-11T09:00:00Z", "2027-01-19T09:00:00Z", "2027-01-25T09:00:00Z"]
    assert after["topic"] == "Weekly"
    moved = after["occurrences"][1]["occurrence_id"]
    assert world.read(meeting["id"], f"?occurrence_id={moved}")["agenda"] == "Late"


def test_an_unknown_occurrence_is_refused() -> None:
    world = World()
    number = world.create(WEEKLY)["id"]

    answers = [
        world.send(verb, f"/v2/meetings/{number}?occurrence_id=1", body)
        for verb, body in (("GET", None), ("PATCH", {"duration": 5}), ("DELETE", None))
    ]

    assert [wrong(answer) for answer in answers] == [(400, 300, ["occurrence_id"])] * 3


def test_a_new_rule_discards_the_changes_of_single_occurrences() -> None:
    world = World()
    meeting = world.create(WEEKLY)
    first = meeting["occurrences"][0]["occurrence_id"]
    world.send("DELETE", f"/v2/meetings/{meeting['id']}?occurrence_id={first}")
    sent = {"start_time": WEEKLY["start_time"], "recurrence": {"type": 1, "end_times": 2}}

    after = world.patch(meeting["id"], sent)

    assert starts(after) == ["2027-01-11T09:00:00Z", "2027-01-12T09:00:00Z"]
    assert [each["status"] for each in after["occurrences"]] == ["available", "available"]


@pytest.mark.parametrize("start", [{}, {"start_time": "2026-01-11T10:00:00"}])
def test_a_new_rule_without_a_coming_start_is_ignored(start: Json) -> None:
    world = World()
    before = world.create(WEEKLY)

    after = world.patch(before["id"], {"recurrence": {"type": 1, "end_times": 9}, **start})

    assert (after["recurrence"], starts(after)) == (before["recurrence"], starts(before))


def test_one_lone_part_of_a_rule_is_refused() -> None:
    world = World()
    number = world.create(WEEKLY)["id"]

    answer = world.send("PATCH", f"/v2/meetings/{number}", {"recurrence": {"end_times": 9}})

    assert wrong(answer) == (400, 300, ["recurrence.type"])


def test_a_new_start_alone_moves_the_whole_series() -> None:
    world = World()
    number = world.create(WEEKLY)["id"]

    after = world.patch(number, {"start_time": "2027-02-01T11:00:00"})

    assert starts(after) == ["2027-02-01T10:00:00Z", "2027-02-08T10:00:00Z", "2027-02-15T10:00:00Z"]


def test_a_new_start_alone_can_be_refused() -> None:
    world = World(patched_start_needs_recurrence=True)
    number = world.create(WEEKLY)["id"]

    answer = world.send("PATCH", f"/v2/meetings/{number}", {"start_time": "2027-02-01T11:00:00"})

    assert wrong(answer) == (400, 300, ["recurrence"])


def test_a_single_meeting_becomes_a_series_only_with_a_rule() -> None:
    world = World()
    number = world.create({"start_time": "2027-01-11T10:00:00Z"})["id"]
    refused = world.send("PATCH", f"/v2/meetings/{number}", {"type": 8})

    after = world.patch(number, {"type": 8, "recurrence": {"type": 1, "end_times": 2}})

    assert wrong(refused) == (400, 300, ["recurrence"])
    assert starts(after) == ["2027-01-11T10:00:00Z", "2027-01-12T10:00:00Z"]


@pytest.mark.parametrize(
    ("parts", "days"),
    [
        ({"type": 2, "repeat_interval": 2, "weekly_days": "1,2,7"}, ["01-11", "01-16", "01-24", "01-25"]),
        ({"type": 3, "monthly_day": 31}, ["01-31", "03-31", "05-31", "07-31"]),
        ({"type": 3, "monthly_week": -1, "monthly_week_day": 1}, ["01-31", "02-28", "03-28", "04-25"]),
        ({"type": 3, "monthly_week": -1, "monthly_week_day": 6}, ["01-29", "02-26", "03-26", "04-30"]),
        ({"type": 3, "monthly_week": 2, "monthly_week_day": 2}, ["01-11", "02-08", "03-08", "04-12"]),
    ],
)
def test_weeks_begin_on_sunday_and_months_skip_days_they_do_not_have(parts: Json, days: list[str]) -> None:
    meeting = World().create(WEEKLY | {"recurrence": {**parts, "end_times": 4}})

    assert [start[5:10] for start in starts(meeting)] == days


@pytest.mark.parametrize(
    "barren",
    [
        {"type": 3, "repeat_interval": 12, "monthly_day": 30, "end_times": 2},
        {"type": 1, "repeat_interval": 99, "end_times": 2},
        {"type": 2, "repeat_interval": 50, "weekly_days": "1", "end_times": 2},
        {"type": 3, "monthly_week": 1, "monthly_week_day": 1, "end_times": 2},
    ],
)
def test_a_rule_without_any_day_ends(barren: Json) -> None:
    start = (
        datetime(2027, 2, 1, tzinfo=UTC) if "monthly_day" in barren else datetime(9990, 12, 31, tzinfo=UTC)
    )

    assert series.upcoming(start, "UTC", barren, since=None) == ((start,) if barren["type"] == 1 else ())


rules = st.one_of(
    st.fixed_dictionaries({"type": st.just(1), "repeat_interval": st.integers(1, 99)}),
    st.fixed_dictionaries(
        {
            "type": st.just(2),
            "repeat_interval": st.integers(1, 50),
            "weekly_days": st.sets(st.sampled_from("1234567"), min_size=1).map(
                lambda days: ",".join(sorted(days))
            ),
        }
    ),
    st.fixed_dictionaries(
        {"type": st.just(3), "repeat_interval": st.integers(1, 10), "monthly_day": st.integers(1, 31)}
    ),
    st.fixed_dictionaries(
        {
            "type": st.just(3),
            "repeat_interval": st.integers(1, 10),
            "monthly_week": st.sampled_from([-1, 1, 2, 3, 4]),
            "monthly_week_day": st.integers(1, 7),
        }
    ),
)


@settings(max_examples=150, deadline=None)
@given(
    recurrence=rules,
    end=st.one_of(
        st.fixed_dictionaries({"end_times": st.integers(0, 60)}),
        st.just({"end_date_time": "2028-06-30T12:00:00Z"}),
    ),
    start=st.datetimes(datetime(2027, 1, 1), datetime(2028, 6, 1)),  # noqa: DTZ001 - wall times
    zone=st.sampled_from(["UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kolkata"]),
)
def test_the_engine_and_the_emulator_agree_on_every_series(
    recurrence: dict[str, Any], end: dict[str, Any], start: datetime, zone: str
) -> None:
    """They were written apart; what both say is likely what the rule means."""
    whole = {**recurrence, **end}
    text = start.replace(microsecond=0).isoformat(timespec="seconds")
    engine = Series(text, zone, whole)
    first = next(engine.occurrences(), None)
    # The emulator gets an instant. Where clocks skip the first one's time, that is of another wall time.
    assume(first is None or in_zone(first, ZoneInfo(zone)).time() == engine.wall_start().time())

    emulated = series.upcoming(first, zone, whole, since=None) if first else ()

    assert list(emulated) == list(islice(engine.occurrences(), 50))


def test_only_the_first_date_may_be_the_second_of_two_equal_hours() -> None:
    """On 31 October 2027, 02:30 comes twice; on 26 March 2028 it is skipped, and is held at 03:30."""
    body = rule(type=1, repeat_interval=21, end_times=8) | {"start_time": "2027-10-31T01:30:00Z"}

    assert starts(World().create(body)) == [
        "2027-10-31T01:30:00Z",
        "2027-11-21T01:30:00Z",
        "2027-12-12T01:30:00Z",
        "2028-01-02T01:30:00Z",
        "2028-01-23T01:30:00Z",
        "2028-02-13T01:30:00Z",
        "2028-03-05T01:30:00Z",
        "2028-03-26T01:30:00Z",
    ]
