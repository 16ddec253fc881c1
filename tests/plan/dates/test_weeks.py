"""The weeks of the calendar that a plan changes."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from builders import NOW, at, meeting, moved, one_off, planned, record, removed, spec, state, weekly
from engine_world import World
from msgspec.structs import replace

from reconciler.meeting.closures import Closure, DayRange, SingleDates
from reconciler.meeting.meeting import Meeting, Slot
from reconciler.plan.change import Action
from reconciler.plan.dates.held import HeldDate, Moved, moves
from reconciler.plan.dates.weeks import DateEntry, Kind, WeekEntry, Weeks, weeks
from reconciler.plan.step import Status

if TYPE_CHECKING:
    from datetime import datetime

    from reconciler.plan.plan import Plan
    from reconciler.spec.spec import Spec
    from reconciler.state.state import State

MON = date(2027, 1, 11)
END = at("2027-02-01T00:00:00Z")
HOUR = 3600


def entries(declared: Spec, recorded: State | None = None) -> list[tuple[list[str], list[DateEntry]]]:
    """Return the weeks of a plan, their Mondays as text."""
    plan = planned(declared, recorded)
    return [
        ([monday.isoformat() for monday in each.mondays], list(each.entries))
        for each in weeks(plan.steps, NOW).entries
    ]


def changed(before: Meeting, after: Meeting | None, *, until: datetime = END) -> list[tuple[str, str]]:
    """Return the dates that differ, before and after, once a recorded meeting is declared as another."""
    known = state(meetings={before.key: record(1, before.attributes)})
    lines = {"removed": (removed(before.key, 81_234_567_001),)}
    plan = planned(spec(*([after] if after else []), **({} if after else lines)), known)
    return [
        (shown(each.before), shown(each.after)) for step in plan.steps for each in moves(step, NOW, until)
    ]


def shown(held: HeldDate | None) -> str:
    if held is None:
        return ""
    start = at("1970-01-01T00:00:00Z") + timedelta(seconds=held.start)
    return f"{start:%d %b %H:%M}, {held.length // 60}"


def series(**attributes: Any) -> Meeting:
    return meeting("weekly", weekly(**attributes))


def test_dates_of_a_series_move_with_its_start() -> None:
    assert changed(series(), series(start_time="2027-01-12T11:00:00", recurrence=_on("3"))) == [
        ("11 Jan 09:00, 45", "12 Jan 10:00, 45"),
        ("18 Jan 09:00, 45", "19 Jan 10:00, 45"),
        ("25 Jan 09:00, 45", "26 Jan 10:00, 45"),
    ]


def test_a_rule_with_fewer_dates_loses_the_others() -> None:
    rule = {"type": 2, "repeat_interval": 2, "weekly_days": "2", "end_times": 20}

    assert changed(series(), series(recurrence=rule)) == [("18 Jan 09:00, 45", "")]


def test_another_length_is_a_change_of_each_date() -> None:
    assert changed(series(), series(duration=30), until=at("2027-01-15T00:00:00Z")) == [
        ("11 Jan 09:00, 45", "11 Jan 09:00, 30")
    ]


def test_a_single_meeting_moves_however_far() -> None:
    later = meeting("launch", one_off(start_time="2027-01-28T15:00:00Z"))

    assert changed(meeting(), later) == [("14 Jan 15:00, 60", "28 Jan 15:00, 60")]


def test_a_meeting_that_is_deleted_is_gone() -> None:
    assert changed(meeting(), None) == [("14 Jan 15:00, 60", "")]


def test_another_topic_changes_no_date() -> None:
    assert changed(series(), series(topic="Other")) == []


def test_a_date_that_is_excepted_counts_alone() -> None:
    """Of a series that moves as a whole, a date that is skipped before and after is none."""
    dates = SingleDates({"2027-01-18": "skip", "2027-01-25": {"start_time": "2027-01-26T09:00:00"}})
    known = state(meetings={"weekly": record(1, weekly())})

    alone = planned(spec(replace(series(), dates=dates)), known).steps[0]
    held = replace(record(1, weekly()), exceptions={"2027-01-18": "skip"})
    closed = SingleDates(closures=(Closure("year", (DayRange("2027-01-18", "2027-01-25"),)),))
    whole = planned(
        spec(replace(series(start_time="2027-01-11T11:00:00"), dates=closed)),
        state(meetings={"weekly": held}),
    ).steps[0]

    assert [(shown(each.before), shown(each.after)) for each in moves(alone, NOW, END)] == [
        ("18 Jan 09:00, 45", ""),
        ("25 Jan 09:00, 45", "26 Jan 08:00, 45"),
    ]
    assert [(shown(each.before), shown(each.after)) for each in moves(whole, NOW, END)] == [
        ("11 Jan 09:00, 45", "11 Jan 10:00, 45"),
        ("25 Jan 09:00, 45", ""),
    ]


def test_nothing_is_said_of_what_the_plan_leaves_alone() -> None:
    """Neither of what waits for a person, nor of a new key, nor of what is only let go."""
    known = state(
        meetings={
            "withheld": record(1, one_off(topic="A")),
            "was": record(2, one_off(topic="B")),
            "let-go": record(3, one_off(topic="C")),
        }
    )
    declared = spec(
        meeting("is", one_off(topic="B")),
        moved=(moved("was", "is"),),
        removed=(removed("let-go", 81_234_567_003, destroy=False),),
    )

    steps = planned(declared, known).steps

    assert {step.action for step in steps} == {Action.MOVE, Action.FORGET, Action.DESTROY}
    assert [found for step in steps for found in moves(step, NOW, END)] == []


def room(*slots: Slot) -> Meeting:
    return Meeting("clinic", "room@example.com", {"topic": "Clinic", "type": 3}, timetable=slots)


def slot(name: str, **attributes: Any) -> Slot:
    return Slot(name, Meeting("clinic", "room@example.com", weekly(topic="Clinic", **attributes)))


def room_plan(before: Meeting, after: Meeting) -> Plan:
    world = World(before)
    world.apply()
    world.declare(after)
    return world.plan()


def test_slots_of_a_room_are_dates_as_any_other() -> None:
    """A slot under another name is the same date."""
    plan = room_plan(
        room(slot("europe"), slot("old", start_time="2027-01-11T15:00:00")),
        room(slot("europe", start_time="2027-01-11T11:00:00"), slot("new", start_time="2027-01-11T15:00:00")),
    )

    found = moves(plan.steps[0], NOW, at("2027-01-15T00:00:00Z"))

    assert found == [
        Moved(
            "clinic",
            "Europe/Berlin",
            HeldDate(int(at("2027-01-11T09:00:00Z").timestamp()), 45 * 60),
            HeldDate(int(at("2027-01-11T10:00:00Z").timestamp()), 45 * 60),
        )
    ]


def test_a_new_room_adds_its_slots_and_a_deleted_one_takes_them_away() -> None:
    new = planned(spec(room(slot("europe")))).steps[0]
    world = World(room(slot("europe")))
    world.apply()
    (kept,) = planned(spec(), world.store.state).steps
    gone = replace(kept, status=Status.NOW)

    until = at("2027-01-15T00:00:00Z")

    assert [shown(each.after) for each in moves(new, NOW, until)] == ["11 Jan 09:00, 45"]
    assert [shown(each.before) for each in moves(gone, NOW, until)] == ["11 Jan 09:00, 45"]


def test_what_happens_in_the_same_weeks_is_one_entry() -> None:
    """Days of one meeting that differ by nothing else are told once."""
    workdays = weekly(topic="Daily", recurrence=_on("2,3,4,5,6", times=10))
    short = weekly(recurrence=_on("2", times=2))

    assert entries(spec(meeting("daily", workdays), meeting("short", short), meeting("launch"))) == [
        (
            ["2027-01-11", "2027-01-18"],
            [
                DateEntry(Kind.ADDED, (0, 1, 2, 3, 4), "10:00", "daily"),
                DateEntry(Kind.ADDED, (0,), "10:00", "short"),
            ],
        ),
        (["2027-01-11"], [DateEntry(Kind.ADDED, (3,), "15:00 UTC", "launch")]),
    ]


def test_a_date_that_goes_to_another_week_names_its_day() -> None:
    known = state(meetings={"a": record(1), "b": record(2, one_off(topic="B"))})
    declared = spec(
        meeting("a", one_off(start_time="2027-01-21T16:00:00Z")),
        meeting("b", one_off(topic="B", start_time="2027-01-15T15:00:00Z", duration=30)),
    )

    assert entries(declared, known) == [
        (
            ["2027-01-11"],
            [
                DateEntry(Kind.MOVED, (3,), "15:00 → Fri 15:00, 60 → 30 min", "b"),
                DateEntry(Kind.MOVED, (3,), "15:00 → Thu 21 Jan 2027, 16:00", "a"),
            ],
        )
    ]


def test_one_meeting_needs_no_weeks_and_of_very_many_nobody_reads_them() -> None:
    many = [meeting(f"m{number}", one_off(topic=str(number))) for number in range(31)]

    assert [weeks(planned(spec(*some)).steps, NOW) for some in (many[:1], many)] == [Weeks(), Weeks()]
    (entry,) = weeks(planned(spec(*many[:30])).steps, NOW).entries
    assert len(entry.entries) == 30


def test_the_last_week_is_a_whole_one() -> None:
    endless = weekly(recurrence=_on("2,6", times=0))
    plan = planned(spec(meeting("a", endless), meeting("b", endless)))

    assert weeks(plan.steps, NOW) == Weeks(
        "Europe/Berlin",
        (
            WeekEntry(
                tuple(MON + timedelta(weeks=week) for week in range(21)),
                tuple(DateEntry(Kind.ADDED, (0, 4), "10:00", key) for key in ("a", "b")),
            ),
        ),
    )


def _on(days: str, times: int = 20) -> dict[str, Any]:
    return {"type": 2, "repeat_interval": 1, "weekly_days": days, "end_times": times}
