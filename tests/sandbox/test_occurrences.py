"""Single dates of a series, as the emulator serves them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
from sandbox_world import WEEKLY, World, wrong

if TYPE_CHECKING:
    import httpx

    from reconciler.ports import Json


def dates(meeting: Json) -> list[tuple[str, str]]:
    return [(each["start_time"], each["status"]) for each in meeting["occurrences"]]


def ids(meeting: Json) -> list[str]:
    return [each["occurrence_id"] for each in meeting["occurrences"]]


def delete(world: World, number: int, occurrence: str, query: str = "") -> httpx.Response:
    return world.send("DELETE", f"/v2/meetings/{number}?occurrence_id={occurrence}{query}")


def move(world: World, meeting: Any, index: int, start: str) -> Any:
    """Move one date; return the series as a read shows it."""
    return world.patch(
        meeting["id"], {"start_time": start, "duration": 30}, f"?occurrence_id={ids(meeting)[index]}"
    )


def until(world: World, year: int, month: int, day: int) -> None:
    world.clock.advance((datetime(year, month, day, tzinfo=UTC) - world.clock.now()).total_seconds())


def test_a_deleted_date_is_refused_from_then_on() -> None:
    world = World()
    meeting = world.create(WEEKLY)
    second = ids(meeting)[1]
    answers = [delete(world, meeting["id"], second, "&schedule_for_reminder=false")]

    answers += [
        delete(world, meeting["id"], second),
        world.send("PATCH", f"/v2/meetings/{meeting['id']}?occurrence_id={second}", {"duration": 5}),
        world.send("GET", f"/v2/meetings/{meeting['id']}?occurrence_id={second}"),
    ]

    assert answers[0].status_code == 204
    assert [wrong(answer) for answer in answers[1:]] == [(400, 300, ["occurrence_id"])] * 3


def test_a_deleted_date_costs_nothing_and_a_changed_one_a_request() -> None:
    world = World()
    meeting = world.create(WEEKLY)
    before = world.used()
    delete(world, meeting["id"], ids(meeting)[1])
    skipped = world.used()
    move(world, meeting, 2, "2027-01-26T10:00:00Z")

    assert (before, skipped, world.used()) == (1, 1, 2)


def test_a_date_has_seven_settings_of_its_own() -> None:
    world = World()
    meeting = world.create(WEEKLY)
    second = ids(meeting)[1]
    sent = {
        "agenda": "Guests",
        "settings": {"waiting_room": True, "mute_upon_entry": True, "alternative_hosts": "x@example.com"},
    }

    after = world.patch(meeting["id"], sent, f"?occurrence_id={second}")

    one = world.read(meeting["id"], f"?occurrence_id={second}")
    names = ("waiting_room", "mute_upon_entry", "alternative_hosts")
    assert one["agenda"] == "Guests"
    assert [one["settings"][name] for name in names] == [True, True, ""]
    assert [after["settings"][name] for name in names] == [meeting["settings"][name] for name in names]
    assert after["occurrences"] == meeting["occurrences"]


@pytest.mark.parametrize("keeps", [True, False])
def test_a_moved_date_keeps_its_id_by_a_switch(*, keeps: bool) -> None:
    world = World(moved_date_keeps_id=keeps)
    meeting = world.create(WEEKLY)

    after = move(world, meeting, 1, "2027-01-19T13:00:00Z")

    assert ids(after)[1] == (ids(meeting)[1] if keeps else "1800363600000")
    again = world.patch(after["id"], {"duration": 20}, f"?occurrence_id={ids(after)[1]}")
    assert (again["occurrences"][1]["start_time"], again["occurrences"][1]["duration"]) == (
        "2027-01-19T13:00:00Z",
        20,
    )


def test_dates_are_listed_by_the_start_that_they_have_now() -> None:
    world = World()
    meeting = world.create(WEEKLY)

    after = move(world, meeting, 0, "2027-01-20T09:00:00Z")

    assert dates(after) == [
        ("2027-01-18T09:00:00Z", "available"),
        ("2027-01-20T09:00:00Z", "available"),
        ("2027-01-25T09:00:00Z", "available"),
    ]


def test_a_moved_date_is_over_by_the_start_that_it_has_now() -> None:
    """The first date moves behind the second, the last before it."""
    world = World()
    meeting = move(world, world.create(WEEKLY), 0, "2027-01-20T09:00:00Z")
    move(world, meeting, 2, "2027-01-12T09:00:00Z")

    until(world, 2027, 1, 19)

    assert dates(world.read(meeting["id"])) == [("2027-01-20T09:00:00Z", "available")]
    assert len(dates(world.read(meeting["id"], "?show_previous_occurrences=true"))) == 3


def test_a_start_that_is_over_moves_nothing() -> None:
    world = World()
    meeting = world.create(WEEKLY)

    after = move(world, meeting, 1, "2026-11-30T09:00:00Z")

    assert dates(after) == dates(meeting)


@pytest.mark.parametrize(
    ("dates_forgotten", "sent", "forgets"),
    [
        ("change", {name: WEEKLY[name] for name in ("start_time", "recurrence")}, False),
        ("change", {"timezone": "Europe/Paris"}, True),
        ("rule", {name: WEEKLY[name] for name in ("start_time", "recurrence")}, True),
        ("rule", {"timezone": "Europe/Berlin"}, True),
        ("rule", {"topic": "Weekly!"}, False),
        ("update", {"topic": "Weekly!"}, True),
    ],
)
def test_an_update_forgets_the_changes_of_dates_by_a_switch(
    *, dates_forgotten: str, sent: Json, forgets: bool
) -> None:
    world = World(dates_forgotten=dates_forgotten)
    meeting = world.create(WEEKLY)
    delete(world, meeting["id"], ids(meeting)[1])

    after = world.patch(meeting["id"], sent)

    status = "available" if forgets else "deleted"
    assert [each for _, each in dates(after)] == ["available", status, "available"]


def test_an_endless_series_shows_the_fifty_dates_from_now_on() -> None:
    """A date that was moved out of the past stays listed."""
    world = World()
    meeting = world.create(WEEKLY | {"recurrence": {"type": 2, "weekly_days": "2", "end_times": 0}})
    move(world, meeting, 0, "2027-03-02T09:00:00Z")

    until(world, 2027, 2, 1)
    listed = dates(world.read(meeting["id"]))

    assert [start for start, _ in listed[:6]] == [
        "2027-02-01T09:00:00Z",
        "2027-02-08T09:00:00Z",
        "2027-02-15T09:00:00Z",
        "2027-02-22T09:00:00Z",
        "2027-03-01T09:00:00Z",
        "2027-03-02T09:00:00Z",
    ]
    assert len(listed) == 51
