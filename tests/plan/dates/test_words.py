"""Edits of single dates in words."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from builders import meeting, planned, record, spec, state, weekly
from msgspec.structs import replace

from reconciler.meeting.closures import Closure, DayRange, SingleDates
from reconciler.plan.dates import words
from reconciler.plan.dates.words import all_done, done
from reconciler.plan.step import Status


@pytest.mark.parametrize(
    ("start", "minutes", "words"),
    [
        ("2027-05-17T12:00:00Z", 45, "Mon 17 May 2027 moves to 14:00"),
        ("2027-05-18T08:00:00Z", 45, "Mon 17 May 2027 moves to Tue 18 May, 10:00"),
        ("2028-01-03T12:00:00Z", 30, "Mon 17 May 2027 moves to Mon 3 Jan 2028, 13:00, 30 min"),
        ("2027-05-17T08:00:00Z", 30, "Mon 17 May 2027 has 30 min"),
    ],
)
def test_an_edit_says_what_differs_from_the_rule(start: str, minutes: int, words: str) -> None:
    """The day, the time or the length alone, or more of them; of a series on Mondays at 10:00 in Berlin."""
    edit = {"start_time": start, "duration": minutes}

    assert done("2027-05-17", edit, weekly()) == words


MONDAYS = [*((1, day) for day in (18, 25)), *((2, day) for day in (1, 8, 15, 22))]
MONDAYS += [*((3, day) for day in (1, 8, 15, 22, 29)), (4, 5)]
"""Twelve Mondays from 18 January 2027 on."""

DAYS = [f"2027-02-{day:02}" for day in (1, 8, 15, 22)]
MOVED = {"start_time": "2027-03-02T13:00:00Z", "duration": 45}


def test_an_edit_names_the_agenda_and_the_settings_of_the_date() -> None:
    own = {**MOVED, "agenda": "Guests", "settings": {"waiting_room": True, "audio": "voip"}}

    moves = "Mon 1 Mar 2027 moves to Tue 2 Mar, 14:00"
    assert done("2027-03-01", own, weekly()) == f"{moves}, agenda 'Guests', waiting_room: true, audio: voip"


def test_what_was_done_is_one_line_for_many_skips_and_one_for_each_other_edit_by_day() -> None:
    others = {"2027-03-08": None, "2027-03-01": MOVED}
    moves, back = "Mon 1 Mar 2027 moves to Tue 2 Mar, 14:00", "Mon 8 Mar 2027 is held as the rule gives it"

    few = all_done({**others, DAYS[1]: "skip", DAYS[0]: "skip"}, weekly())
    many = all_done({**others, **dict.fromkeys(reversed(DAYS), "skip")}, weekly())

    assert few == ("skips Mon 1 Feb 2027", "skips Mon 8 Feb 2027", moves, back)
    assert many == (
        "skips 4 dates: Mon 1 Feb 2027, Mon 8 Feb 2027, Mon 15 Feb 2027, Mon 22 Feb 2027",
        moves,
        back,
    )


def test_what_was_taken_back_says_from_where_as_its_plan_does() -> None:
    before = {"2027-03-01": MOVED, "2027-03-08": "skip", "2027-03-15": {**MOVED, "duration": 30}}

    lines = all_done(dict.fromkeys([*before, "2027-03-22"]), weekly(), before)

    assert lines == (
        "Mon 1 Mar 2027 moves back from Tue 2 Mar, 14:00",
        "Mon 8 Mar 2027 is held again",
        "Mon 15 Mar 2027 moves back from Tue 2 Mar, 14:00",
        "Mon 22 Mar 2027 is held as the rule gives it",
    )


def test_what_a_plan_does_is_one_line_for_many_skips_of_a_closure() -> None:
    """A change of another day says which, and where that is after its date."""

    def lines_of(count: int) -> list[str]:
        closed = (Closure("berlin", (DayRange(DAYS[0], DAYS[count - 1]),)),)
        dates = SingleDates({"2027-03-01": {"start_time": "2027-03-02T14:00"}}, closed)
        return words.lines(planned(spec(meeting("weekly", weekly(), dates=dates))).steps[0])

    moves = "Mon 1 Mar 2027 moves to Tue 2 Mar, 14:00"
    assert lines_of(2) == ["skips Mon 1 Feb 2027 (berlin)", "skips Mon 8 Feb 2027 (berlin)", moves]
    assert lines_of(4) == [
        "skips 4 dates (berlin): Mon 1 Feb 2027, Mon 8 Feb 2027, Mon 15 Feb 2027, Mon 22 Feb 2027",
        moves,
    ]


def test_a_note_stands_in_the_line_of_its_date_and_alone_at_a_new_series() -> None:
    """Nothing is sent for it; where there is nothing else to do, nothing is shown."""
    noted = {
        "2027-02-01": {"start_time": "2027-02-01T10:00", "note": "held"},
        "2027-02-08": {"note": "closed"},
        "2027-02-15": {"note": ""},
        "2027-03-01": {"start_time": "2027-03-02T14:00", "note": 'Host "Ada"\n'},
        "2027-03-08": {"note": "Only a note"},
        "2027-03-09": {"note": "not a date of the rule"},
    }
    dates = SingleDates(noted, (Closure("berlin", (DayRange("2027-02-01", "2027-02-08"),)),))
    declared = spec(meeting("weekly", weekly(), dates=dates))

    assert words.lines(planned(declared).steps[0]) == [
        'skips Mon 8 Feb 2027 (berlin), note "closed"',
        'Mon 1 Mar 2027 moves to Tue 2 Mar, 14:00, note "Host \\"Ada\\"\\x0a"',
        'Mon 1 Feb 2027, note "held"',
        'Mon 8 Mar 2027, note "Only a note"',
    ]


def test_notes_alone_beyond_the_first_are_counted() -> None:
    mondays = [f"2027-{month:02}-{day:02}" for month, day in MONDAYS]
    dates = SingleDates({day: {"note": "Ada"} for day in mondays})

    (step,) = planned(spec(meeting("weekly", weekly(), dates=dates))).steps

    assert words.lines(step)[words.NOTES_MAX - 1 :] == [
        'Mon 22 Mar 2027, note "Ada"',
        "2 more dates have a note",
    ]


@pytest.mark.parametrize(
    ("turn", "expected"),
    [
        ({"day": "2026-12-02", "status": Status.DEFERRED}, ", on 2026-12-02 (UTC)"),
        (
            {"day": "2027-03-02", "status": Status.DEFERRED, "late": True},
            ", on 2027-03-02 (UTC), after its date",
        ),
        ({"day": None, "status": Status.DEFERRED}, ", on a later day"),
        ({"day": "2026-12-01"}, ""),
    ],
)
def test_a_change_of_another_day_says_which(turn: dict[str, Any], expected: str) -> None:
    (step,) = planned(
        spec(meeting("weekly", weekly(), dates=SingleDates({"2027-03-01": {"duration": 30}})))
    ).steps
    later = replace(step, dates=tuple(replace(each, **turn) for each in step.dates))

    assert words.lines(later) == [f"Mon 1 Mar 2027 has 30 min{expected}"]


@pytest.mark.parametrize(
    ("edit", "expected"),
    [
        ("skip", "Mon 1 Mar 2027 was cancelled"),
        (None, "Mon 1 Mar 2027 is held as the rule gives it"),
        (MOVED, "Mon 1 Mar 2027 moves to Tue 2 Mar, 14:00"),
    ],
)
def test_what_somebody_did_to_a_date_in_words(edit: Any, expected: str) -> None:
    assert words.drifted("2027-03-01", edit, weekly()) == expected


@pytest.mark.parametrize(
    ("before", "expected"),
    [
        ("skip", "Mon 1 Mar 2027 is held again"),
        (MOVED, "Mon 1 Mar 2027 moves back from Tue 2 Mar, 14:00"),
        ({"start_time": "2027-03-01T13:00:00Z", "duration": 45}, "Mon 1 Mar 2027 moves back from 14:00"),
        (
            {"start_time": "2027-03-01T09:00:00Z", "duration": 90},
            "Mon 1 Mar 2027 is held as the rule gives it",
        ),
    ],
    ids=["skipped", "moved", "another time", "longer"],
)
def test_a_date_whose_edit_is_taken_back_says_from_where(before: Any, expected: str) -> None:
    recorded = replace(record(1, weekly()), exceptions={"2027-03-01": before})

    plan = planned(spec(meeting("weekly", weekly())), state(meetings={"weekly": recorded}))

    assert words.lines(plan.steps[0]) == [expected]


def test_many_dates_that_are_held_again_have_one_line() -> None:
    days = [date(2027, 2, 1) + timedelta(weeks=week) for week in range(words.AGAIN_MAX + 1)]
    known = replace(record(1, weekly()), exceptions={f"{day}": "skip" for day in days})

    def lines_of(count: int) -> list[str]:
        recorded = replace(known, exceptions=dict(list(known.exceptions.items())[:count]))
        plan = planned(spec(meeting("weekly", weekly())), state(meetings={"weekly": recorded}))
        return words.lines(plan.steps[0])

    assert lines_of(2) == ["Mon 1 Feb 2027 is held again", "Mon 8 Feb 2027 is held again"]
    days_words = "Mon 1 Feb 2027, Mon 8 Feb 2027, Mon 15 Feb 2027, Mon 22 Feb 2027, Mon 1 Mar 2027"
    assert lines_of(len(days)) == [f"11 dates are held again: {days_words}, and 6 more"]
