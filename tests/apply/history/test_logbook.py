"""The history of applies: what each write tells, in the same write, and how the end of a run is told."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from builders import HOST, imported, moved, removed, weekly
from engine_world import TURNS, World, many, topic

from reconciler.apply.history.logbook import Logbook
from reconciler.meeting.closures import SingleDates
from reconciler.meeting.meeting import Meeting
from reconciler.plan.budget import Allowances, Limits
from reconciler.state import history
from reconciler.state.history import Fact, Kind, RunInfo, Status

if TYPE_CHECKING:
    from reconciler.state.history import Entry


REFUSED = topic("refused", start_time="2027-03-01T10:00:00Z", settings={"auto_recording": "tape"})
"""A meeting that Zoom refuses, after all others."""


def entries(world: World) -> list[Entry]:
    return [history.parse(entry) for entry in world.store.state.history]


def told(entry: Entry) -> list[str]:
    return [" ".join((fact.kind, fact.key, *fact.details)) for fact in entry.facts]


def last(world: World) -> tuple[list[str], Status]:
    return told(entries(world)[-1]), entries(world)[-1].status("")


def test_a_create_is_told_in_the_write_that_records_it() -> None:
    """The entry is whole with the last record: nothing is written for the history alone."""
    world = World(topic("launch"), topic("retro"))

    world.apply()

    assert last(world) == (["create launch", "create retro"], Status.DONE)
    assert world.store.notes == [
        "Learn the ids of hosts", "Begin launch, retro", "Create launch", "Create retro",
    ]  # fmt: skip


def test_each_change_is_told_by_what_was_sent() -> None:
    world = World(topic("launch"), topic("retro"), topic("old"), topic("gone"))
    world.apply()
    ids = world.ids()
    world.declare(topic("launch", duration=45, agenda="More"))
    world.undeclare("old")
    world.undeclare("gone")
    world.declare(Meeting("new", HOST, topic("old").attributes))
    world.moved, world.removed = (moved("old", "new"),), (removed("gone", ids["gone"]),)

    world.apply()

    expected = ["move new old", "update launch agenda duration", "destroy gone"]
    assert (last(world), len(entries(world))) == ((expected, Status.DONE), 2)
    assert [note for note in world.store.notes if "launch" in note][-1] == "Update launch (agenda, duration)"


def test_single_dates_are_told_by_day() -> None:
    dates = SingleDates({"2026-12-14": "skip", "2026-12-21": {"duration": 20}})
    world = World(Meeting("weekly", HOST, weekly(topic="weekly", start_time="2026-12-07T10:00:00")))
    world.apply()
    world.declare(Meeting("weekly", HOST, world.declared["weekly"].attributes, dates=dates))

    world.apply()

    assert last(world) == (["dates weekly 2026-12-14 skip 2026-12-21 change"], Status.DONE)


def test_an_import_and_a_forgotten_key_are_told() -> None:
    world = World(topic("launch"))
    world.apply()
    number = world.ids()["launch"]
    world.undeclare("launch")
    world.removed = (removed("launch", number, destroy=False),)
    world.apply()
    world.removed, world.imports = (), (imported(number, "again"),)
    world.declare(Meeting("again", HOST, topic("launch").attributes))

    world.apply()

    assert [told(entry) for entry in entries(world)] == [
        ["create launch"],
        ["forget launch"],
        ["import again"],
    ]


@pytest.mark.parametrize("turns", TURNS)
def test_a_run_that_was_killed_is_told_as_interrupted_and_each_create_once(turns: int) -> None:
    world = World(*many(3))

    world.apply(dies_after_turns=turns)
    killed = entries(world)
    is_whole = bool(killed) and killed[-1].status("") is Status.DONE
    world.settle_seconds = 0.0
    world.apply()

    created = [line for entry in entries(world) for line in told(entry) if line.startswith("create")]
    assert sorted(created) == ["create m000", "create m001", "create m002"]
    assert is_whole == (len([line for entry in killed for line in told(entry)]) == 3)
    assert [entry.status("") for entry in killed if entry not in entries(world)] == []


def test_what_failed_is_told_by_one_more_write() -> None:
    """No write of a change comes after it. What is deferred from the beginning is in the first one."""
    world = World(*many(2), REFUSED)

    world.apply()

    failed = ["create m000", "create m001", "fail refused zoom.validation"]
    assert last(world) == (failed, Status.FAILED)
    assert world.store.notes[-2:] == ["Drop the intent of refused", "Note how the run ended"]


def test_what_has_no_room_today_is_told_with_its_day() -> None:
    world = World(*many(4))
    world.allowances = Allowances(Limits(2, 0), {})

    world.apply()

    done, left = ["create m000", "create m001"], ["defer m002 2026-12-02", "defer m003 2026-12-02"]
    assert last(world) == ([*done, *left], Status.WORK_LEFT)
    assert world.store.notes[-1] == "Create m001"


def test_a_run_that_was_asked_to_stop_tells_what_it_left() -> None:
    world = World(*many(2))
    world.on_answer = lambda scope: setattr(
        world, "is_stopping", scope["method"] == "POST" or world.is_stopping
    )

    world.apply()

    assert last(world) == (["create m000", "defer m001"], Status.WORK_LEFT)


def test_a_refused_write_of_the_end_fails_no_run() -> None:
    """All that was done is recorded: only the end of the run is not."""
    world = World(*many(1), REFUSED)
    world.store.refused = {5}

    report = world.apply()

    assert (report.failure, report.failed) == (None, {"refused": "zoom.validation"})
    assert (world.store.notes[-1], last(world)) == (
        "Note how the run ended",
        (["create m000"], Status.INTERRUPTED),
    )


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        ([Kind.CREATE, Kind.DATES], [2, 1, 0]),
        ([Kind.CREATE, Kind.FAIL], [2, 1, 0]),
        ([Kind.FAIL], [2, 0]),
        ([Kind.DEFER], [2, 0]),
    ],
)
def test_each_fact_of_a_key_closes_one_step_and_what_is_left_closes_all(
    facts: list[Kind], expected: list[int]
) -> None:
    """A run that is killed between a create and its dates is told as interrupted."""
    dates = SingleDates({"2026-12-14": "skip"})
    world = World(Meeting("weekly", HOST, weekly(start_time="2026-12-07T10:00:00"), dates=dates))
    logbook = Logbook(RunInfo("2026-12-01T09:00:00Z", "run-1"))
    logbook.expect(world.plan().steps)
    is_open = [history.parse(logbook.entry()).open_count]

    for kind in facts:
        logbook.add(Fact(kind, "weekly"))
        is_open.append(history.parse(logbook.entry()).open_count)

    assert is_open == expected
