"""Words for slots: a reviewer sees what of a slot changes, whatever it is."""

from __future__ import annotations

from typing import Any

import pytest
from builders import weekly
from engine_world import World

from reconciler.meeting.closures import Closure, DayRange, SingleDates
from reconciler.meeting.meeting import Meeting, Slot

MONDAYS = "every Monday, 10:00 Europe/Berlin, 20 times, until 24 May 2027"
RANGES = "1 May of every year, 20 Dec to 5 Jan of every year, from 1 Jul 2027 on"
SUNDAY = {"type": 2, "weekly_days": "1", "end_times": 0}


def slot(dates: SingleDates | None = None, **attributes: Any) -> Meeting:
    own = dates or SingleDates()
    return Meeting("clinic", "room@example.com", weekly(**{"topic": "Clinic", **attributes}), dates=own)


def room(of_slot: Meeting) -> Meeting:
    attributes = {"topic": "Clinic", "type": 3}
    return Meeting("clinic", "room@example.com", attributes, timetable=(Slot("europe", of_slot),))


def planned(before: Meeting, after: Meeting) -> tuple[Any, Any]:
    """The words of the change of a slot, in the plan after an apply that recorded the first one."""
    world = World(room(before))
    world.apply()
    world.declare(room(after))
    (change,) = world.plan().steps[0].slots
    return change.before, change.after


def closed(*ranges: tuple[str, str], **others: Any) -> SingleDates:
    return SingleDates(closures=(Closure("berlin", tuple(DayRange(*each) for each in ranges)),), **others)


def except_for(**days: Any) -> SingleDates:
    return SingleDates({day[1:].replace("_", "-"): edit for day, edit in days.items()})


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        (
            closed(("2027-04-05", "2027-04-05"), ("2027-01-18", "2027-01-19")),
            closed(("2027-04-12", "2027-04-12"), ("2027-01-18", "2027-01-19")),
            ("closed 5 Apr 2027", "closed 12 Apr 2027"),
        ),
        (
            closed(("2027-04-05", "2027-04-05")),
            SingleDates(),
            ("closed 5 Apr 2027", "without the closed days 5 Apr 2027"),
        ),
        (
            SingleDates(),
            closed(("12-20", "01-05"), ("05-01", "05-01"), ("2027-07-01", "")),
            (
                f"without the closed days {RANGES}",
                f"closed {RANGES}",
            ),
        ),
        (
            SingleDates({"2027-02-08": "skip", "2027-02-01": "skip"}),
            closed(("2027-02-01", "2027-02-08"), exceptions={"2027-02-01": "skip"}),
            (
                "skips Mon 8 Feb 2027, without the closed days 1 to 8 Feb 2027",
                "Mon 8 Feb 2027 has no exception, closed 1 to 8 Feb 2027",
            ),
        ),
        (
            except_for(_2027_04_19={"start_time": "2027-04-20T11:00:00"}),
            except_for(_2027_04_19={"start_time": "2027-04-20T12:00:00"}),
            (
                "Mon 19 Apr 2027 moves to Tue 20 Apr, 11:00",
                "Mon 19 Apr 2027 moves to Tue 20 Apr, 12:00",
            ),
        ),
        (
            except_for(_2027_04_19={"duration": 30}),
            except_for(_2027_04_19={"duration": 90}),
            ("Mon 19 Apr 2027 has 30 min", "Mon 19 Apr 2027 has 90 min"),
        ),
        (
            except_for(_2027_04_19={"duration": 30}),
            except_for(_2027_04_19={"duration": 30, "start_time": "2027-04-19T10:00:00"}),
            (
                'Mon 19 Apr 2027 has 30 min {"duration":30}',
                'Mon 19 Apr 2027 has 30 min {"duration":30,"start_time":"2027-04-19T10:00:00"}',
            ),
        ),
        (
            except_for(_2027_04_20={"duration": 30}),  # a Tuesday: a stale line of a date that is over
            except_for(_2027_04_20={"duration": 90}),
            (
                'Tue 20 Apr 2027 has an exception {"duration":30}',
                'Tue 20 Apr 2027 has an exception {"duration":90}',
            ),
        ),
    ],
)
def test_a_slot_whose_dates_change_says_which_before_and_after(
    before: SingleDates, after: SingleDates, expected: tuple[str, str]
) -> None:
    assert planned(slot(before), slot(after)) == expected


@pytest.mark.parametrize(
    ("attributes", "pattern", "expected"),
    [
        (SUNDAY, (), "every Sunday, 10:00 Europe/Berlin, without an end"),
        (
            SUNDAY,
            ((2, 1), (-1, 1)),
            "second and last Sunday of every month, 10:00 Europe/Berlin, without an end",
        ),
    ],
)
def test_a_slot_whose_pattern_changes_says_its_days(attributes: Any, pattern: Any, expected: str) -> None:
    start = {"start_time": "2027-01-31T10:00:00"}
    first = slot(SingleDates(pattern=((1, 1), (-1, 1))), recurrence=SUNDAY, **start)
    other = slot(SingleDates(pattern=pattern), recurrence=attributes, **start)

    assert planned(first, other) == (
        "first and last Sunday of every month, 10:00 Europe/Berlin, without an end",
        expected,
    )


@pytest.mark.parametrize(
    ("attributes", "expected"),
    [
        ({"topic": "Surgery"}, ("Clinic", "Surgery")),
        ({"topic": None}, ("Clinic", "no topic")),
        ({"duration": 30}, ("45 min", "30 min")),
        ({"start_time": "2027-01-18T10:00:00"}, ("from 11 Jan 2027", "from 18 Jan 2027")),
        (
            {"start_time": "2027-01-18T10:00:00", "recurrence": {**weekly()["recurrence"], "end_times": 19}},
            (
                f"{MONDAYS}, from 11 Jan 2027",
                "every Monday, 10:00 Europe/Berlin, 19 times, until 24 May 2027, from 18 Jan 2027",
            ),
        ),
        (
            {"recurrence": None, "type": 2},
            (f"{MONDAYS}, from 11 Jan 2027", "Mon 11 Jan 2027, 10:00 Europe/Berlin"),
        ),
    ],
)
def test_a_changed_slot_says_what_differs(attributes: Any, expected: tuple[str, str]) -> None:
    assert planned(slot(), slot(**attributes)) == expected


def test_rules_with_the_same_words_are_shown_as_values() -> None:
    until = {"type": 2, "weekly_days": "2", "repeat_interval": 1}
    before, after = planned(
        slot(recurrence={**until, "end_date_time": "2027-05-24T21:59:59Z"}),
        slot(recurrence={**until, "end_date_time": "2027-05-25T21:59:59Z"}),
    )

    words = "every Monday, 10:00 Europe/Berlin, until 24 May 2027"
    value = (
        '{{"pattern":[],"recurrence":{{"end_date_time":"2027-05-{}T21:59:59Z","repeat_interval":1,'
        '"type":2,"weekly_days":"2"}},"start_time":"10:00","timezone":"Europe/Berlin","type":8}}'
    )
    assert (before, after) == (f"{words} {value.format(24)}", f"{words} {value.format(25)}")


def test_a_new_slot_says_all_of_it() -> None:
    (step,) = World(
        room(
            slot(
                closed(
                    ("2027-04-05", "2027-04-05"),
                    exceptions={"2027-02-01": "skip", "2027-02-08": {"duration": 90}},
                )
            )
        )
    ).plan().steps  # fmt: skip

    dates = "skips Mon 1 Feb 2027, Mon 8 Feb 2027 has 90 min, closed 5 Apr 2027"
    assert step.reasons == (f"timetable: europe is new, {MONDAYS}, 45 min, Clinic, {dates}, nothing to send",)
