"""What leaves for single dates, and what is durable when: every request and every write, in order."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from builders import at, meeting, weekly
from engine_world import World
from msgspec.structs import replace

from reconciler.meeting.closures import Closure, DayRange, SingleDates
from reconciler.state.state import Intent

if TYPE_CHECKING:
    from collections.abc import Mapping

    from reconciler.ports import Json

SHORT = {"2027-01-18": {"duration": 30}}
SHORTENED = {"start_time": "2027-01-18T09:00:00Z", "duration": 30}
EDITS = {**SHORT, "2027-03-01": "skip"}
DONE = {"2027-01-18": SHORTENED, "2027-03-01": "skip"}


def series(exceptions: Mapping[str, Json], *closed: DayRange, **attributes: Any) -> Any:
    closures = (Closure("berlin", closed),) if closed else ()
    return meeting("weekly", weekly(**attributes), dates=SingleDates(exceptions, closures))


def traced(world: World) -> list[str]:
    """What follows from here: each request, and what the state has before each request that writes."""
    trace: list[str] = []

    def requested(scope: Mapping[str, Any]) -> None:
        query = scope["query_string"].decode()
        occurrence = query.partition("occurrence_id=")[2].partition("&")[0]
        mails = " without mails" if query.count("reminder=false") == 2 else ""
        if scope["path"].startswith("/v2/meetings/"):
            trace.append(f"{scope['method']}{' of ' + day_of(occurrence) if occurrence else ''}{mails}")
            if scope["method"] != "GET":
                trace.append(f"  durable: {durable(world)}")

    world.on_request = requested
    world.store.before_write = lambda: trace.append("write")
    return trace


def day_of(occurrence: str) -> str:
    """The emulator's ids are the starts in milliseconds."""
    return str(at("1970-01-01T00:00:00Z").fromtimestamp(int(occurrence) // 1000))[5:10]


def durable(world: World) -> str:
    """The recorded dates and the open intent of the series, and the requests that are charged."""
    state = world.store.state
    record, intent = state.meetings["weekly"], state.intents.get("weekly")
    open_dates = sorted(day[5:] for day in intent.dates) if intent else None
    return (
        f"done {sorted(day[5:] for day in record.exceptions)}, open {open_dates}, {world.charged()} charged"
    )


def test_one_write_names_every_date_and_charges_it_before_the_first_leaves() -> None:
    """A read before, the skip before the sooner change, one read after all of them, and one write."""
    world = World(series({}))
    world.apply()
    world.declare(series(EDITS))
    trace = traced(world)

    report = world.apply()

    open_now = "  durable: done [], open ['01-18', '03-01'], 2 charged"
    assert (report.failed, trace) == (
        {},
        [
            "write",  # the run names its host
            "GET",
            "write",
            "DELETE of 03-01 without mails",
            open_now,
            "PATCH of 01-18",
            open_now,
            "GET",
            "write",
        ],
    )
    assert (world.patched[-1], durable(world)) == (
        SHORTENED,
        "done ['01-18', '03-01'], open None, 2 charged",
    )


def test_the_write_that_begins_a_new_rule_empties_the_recorded_dates() -> None:
    """Zoom forgets them with the rule, so a crash after it must find nothing recorded as done."""
    world = World(series(EDITS), dates_forgotten="rule")
    world.apply()
    world.declare(series(EDITS, start_time="2027-01-11T11:00:00"))
    trace = traced(world)

    report = world.apply()

    assert (report.failed, trace) == (
        {},
        [
            "write",
            "GET",
            "write",
            "PATCH",
            "  durable: done [], open ['01-18', '03-01'], 3 charged",
            "write",
            "GET",
            "GET",
            "write",
            "DELETE of 03-01 without mails",
            "  durable: done [], open ['01-18', '03-01'], 4 charged",
            "PATCH of 01-18",
            "  durable: done [], open ['01-18', '03-01'], 4 charged",
            "GET",
            "write",
        ],
    )
    assert durable(world) == "done ['01-18', '03-01'], open None, 4 charged"


def test_an_open_intent_of_dates_is_settled_by_reading_where_git_declares_it_no_longer() -> None:
    """What was sent is recorded, and nothing else is done to a meeting that nobody declares."""
    world = World(series(EDITS))
    world.apply()
    state = world.store.state
    record = state.meetings["weekly"]
    intent = Intent(
        "update",
        record.host,
        record.attributes,
        (),
        "2026-12-01T08:00:00Z",
        "2026-12-01T08:00:00Z",
        "run-1",
        id=record.id,
        dates={"2027-03-01": "skip", "2027-03-08": "skip"},
    )
    world.store.state = state.with_exceptions("weekly", {"2027-01-18": SHORTENED}).rewrite("weekly", intent)
    world.undeclare("weekly")
    trace = traced(world)

    report = world.apply()

    assert (report.failed, {*trace}) == ({}, {"GET", "write"})
    assert durable(world) == "done ['01-18', '03-01'], open None, 2 charged"


def test_two_dates_that_zoom_lists_on_one_day_are_told_and_nothing_is_sent() -> None:
    """Ids are read and never made up: which of the two is meant, nobody knows."""
    world = World(series({}))
    world.apply()
    (number,) = world.ids().values()
    for start, hour in (("2027-03-01T09:00:00Z", 12), ("2027-03-08T09:00:00Z", 15)):
        occurrence = int(at(start).timestamp()) * 1000
        world.zoom.patch(number, {"start_time": f"2027-03-01T{hour}:00:00Z"}, f"?occurrence_id={occurrence}")
    world.declare(series({"2027-03-01": "skip"}))
    trace = traced(world)

    report = world.apply()

    assert ({*trace}, durable(world)) == ({"GET", "write"}, "done [], open None, 1 charged")
    assert [each.detail for each in report.diagnostics] == [
        "weekly: Mon 1 Mar 2027: Zoom lists several dates that may be it."
    ]


def test_a_date_of_a_meeting_that_is_no_series_in_zoom_is_told_and_nothing_is_sent() -> None:
    """A deletion leaves only after a read that shows a series."""
    world = World(series({}))
    world.apply()
    stored = world.account.meeting(world.ids()["weekly"])
    assert stored is not None
    world.account.put(replace(stored, document={**stored.document, "type": 2}))
    world.declare(series({"2027-03-01": "skip"}))
    trace = traced(world)

    report = world.apply()

    assert ({*trace}, durable(world)) == ({"GET", "write"}, "done [], open None, 1 charged")
    assert [each.detail for each in report.diagnostics] == [
        "weekly: Zoom has it as a meeting of another type."
    ]


def test_a_date_that_is_over_is_neither_sent_nor_waited_for() -> None:
    """Its own start is past, and where it is moved, that one too."""
    world = World(series({}))
    world.apply()
    world.clock.advance((at("2027-03-02T15:00:00Z") - world.clock.now()).total_seconds())
    over = {"2027-02-22": "skip", "2027-03-01": {"start_time": "2027-03-02T10:00:00"}}
    world.declare(series(over))

    assert not world.plan().has_work
    assert world.apply().status == 0
    assert world.store.state.meetings["weekly"].exceptions == {}


def test_a_series_of_nothing_but_skips_is_not_created() -> None:
    """Zoom would hold its last date, which nobody wants."""
    world = World(series({}, DayRange("2027-01-01", "2027-12-31")))

    report = world.apply()

    assert (report.status, world.topics(), world.asked()) == (0, [], [])


def test_the_first_date_may_be_of_another_length_alone() -> None:
    """It is held when the rule gives it, so the series begins there."""
    world = World(series({"2027-01-11": {"duration": 30}}))

    report = world.apply()

    (number,) = world.ids().values()
    first = world.zoom.read(number)["occurrences"][0]
    assert (report.failed, first["start_time"], first["duration"]) == ({}, "2027-01-11T09:00:00Z", 30)
    assert (world.plan().has_work, world.charged()) == (False, 2)


def test_skipped_dates_count_as_dates_of_the_rule() -> None:
    """A rule of 4 times with one skip has 3 dates that are held, and none after the fourth."""
    rule = {"type": 2, "repeat_interval": 1, "weekly_days": "2", "end_times": 4}
    world = World(series({"2027-01-18": "skip"}, recurrence=rule))

    report = world.apply()

    (number,) = world.ids().values()
    shown = [(each["start_time"], each["status"]) for each in world.zoom.read(number)["occurrences"]]
    held = ["2027-01-11T09:00:00Z", "2027-01-25T09:00:00Z", "2027-02-01T09:00:00Z"]
    assert (report.failed, [start for start, status in shown if status == "available"]) == ({}, held)


def test_a_closure_holds_the_local_days_on_both_sides_of_a_clock_change() -> None:
    """Auckland is 13 hours ahead until 4 April 2027, then 12: its days begin on the day before in UTC."""
    rule = {"type": 1, "repeat_interval": 1, "end_times": 6}
    attributes = {"start_time": "2027-04-01T08:00:00", "timezone": "Pacific/Auckland", "recurrence": rule}
    world = World(series({}, DayRange("2027-04-03", "2027-04-05"), **attributes))

    report = world.apply()

    (number,) = world.ids().values()
    shown = {each["start_time"]: each["status"] for each in world.zoom.read(number)["occurrences"]}
    assert (report.failed, shown) == (
        {},
        {
            "2027-03-31T19:00:00Z": "available",
            "2027-04-01T19:00:00Z": "available",
            "2027-04-02T19:00:00Z": "deleted",
            "2027-04-03T20:00:00Z": "deleted",
            "2027-04-04T20:00:00Z": "deleted",
            "2027-04-05T20:00:00Z": "available",
        },
    )
