"""An existing meeting is read, checked and recorded under its key, and nothing is sent."""

from __future__ import annotations

from typing import Any

import pytest
from builders import HOST, imported, meeting, moved, one_off, removed, weekly
from engine_world import World, topic

from reconciler.sandbox.faults import READ, Fault, gateway_page

OTHER = "ben@example.com"


def existing(declared: Any, body: Any = None, host: str = HOST) -> World:
    """A meeting that was created by hand, declared with its id under `imports`."""
    world = World(declared)
    made = world.zoom.create(body or dict(declared.attributes), host)
    world.imports = (imported(made["id"], declared.key),)
    return world


def writes(world: World) -> list[str]:
    """The method of each request that can change something, after the one by hand."""
    methods = [request.method for request in world.account.requests]
    return [method for method in methods if method != "GET"][1:]


def test_an_import_is_recorded_and_nothing_is_sent() -> None:
    world = existing(topic("a"))

    report = world.apply()

    assert (report.steps, report.status, writes(world)) == ([("import", "a")], 0, [])
    assert world.store.state.meetings["a"].attributes == one_off(topic="a")
    assert (world.charged(), world.plan().has_work) == (0, False)


@pytest.mark.parametrize(
    ("declared", "body", "differing"),
    [
        (one_off(), one_off(duration=30), ["duration"]),
        (one_off(), one_off(topic="Old name"), ["topic"]),
        (one_off(agenda="ours"), one_off(), ["agenda"]),
        (one_off(), one_off(start_time="2027-02-01T09:00:00Z"), ["start_time"]),
        (
            one_off(settings={"waiting_room": False, "mute_upon_entry": True}),
            one_off(settings={"waiting_room": True, "mute_upon_entry": True}),
            ["settings.waiting_room"],
        ),
        (one_off(settings={"alternative_hosts": "b@example.com"}), one_off(), ["settings.alternative_hosts"]),
        (weekly(), weekly(start_time="2027-01-11T11:00:00"), ["start_time"]),
        (
            weekly(),
            weekly(recurrence={"type": 2, "repeat_interval": 2, "weekly_days": "2", "end_times": 20}),
            ["recurrence.repeat_interval"],
        ),
        (weekly(), weekly(timezone="America/New_York"), ["start_time", "timezone"]),
        (weekly(), weekly(), []),
        (one_off(password="Lift-off_7"), one_off(password="other"), ["password"]),
        (one_off(password="Lift-off_7"), one_off(), ["password"]),
        (one_off(password={"env": "A_PASSCODE", "version": 1}), one_off(password="other"), ["password"]),
    ],
)
def test_what_the_spec_says_otherwise_is_an_update_of_the_next_plan(
    declared: Any, body: Any, differing: list[str]
) -> None:
    """An import records what Zoom has and sends nothing; the update is charged, and then all is said."""
    world = existing(meeting("a", declared), body)
    world.passcodes = {"A_PASSCODE": "Lift-off_7"}

    report = world.apply()

    assert (report.steps, writes(world), world.store.state.meetings["a"].observed) == (
        [("import", "a")],
        [],
        {},
    )
    assert "sent" not in repr(report.notes)
    assert bool(report.notes["a"]) == bool(differing)
    planned = [change.path for step in world.plan().steps for change in step.changes]
    assert {path.partition(".")[0] for path in planned} == {path.partition(".")[0] for path in differing}
    again = world.apply()
    assert (again.steps, again.status, world.charged()) == (
        ([("update", "a")], 0, 1) if differing else ([], 0, 0)
    )
    assert not world.plan().has_work


def test_a_literal_passcode_is_recorded_as_a_hash() -> None:
    world = existing(topic("a", password="Lift-off_7"))

    report = world.apply()

    assert (report.steps, report.notes) == ([("import", "a")], {"a": ()})
    assert b"Lift-off_7" not in (world.store.document or b"")


def test_a_passcode_that_somebody_wrote_into_the_agenda_is_not_recorded() -> None:
    body = one_off(topic="a", agenda="Join: https://zoom.us/j/1?pwd=abc123 Passcode: hunter2")
    world = existing(topic("a", agenda="ours"), body)

    assert world.apply().steps == [("import", "a")]

    assert b"hunter2" not in (world.store.document or b"")
    assert [change.path for step in world.plan().steps for change in step.changes] == ["agenda"]


def test_a_missing_meeting_is_reported() -> None:
    world = World(topic("a"), topic("b"))
    world.imports = (imported(81234567890, "a"),)

    report = world.apply()

    assert (report.failed, report.steps, report.status) == ({"a": "import.gone"}, [("create", "b")], 1)


def test_another_hosts_meeting_is_not_imported() -> None:
    world = existing(topic("a"), host=OTHER)

    report = world.apply()

    assert (report.failed, world.ids()) == ({"a": "import.unfit"}, {})
    assert f"belongs to {OTHER} (declared: {HOST})" in report.text_of("import.unfit")


def test_another_type_of_meeting_is_not_imported() -> None:
    world = existing(meeting("w", weekly()), one_off())

    report = world.apply()

    assert "is of type 2 (declared: 8)" in report.text_of("import.unfit")


def test_a_meeting_under_the_personal_id_is_not_imported() -> None:
    world = existing(topic("a"))
    (stored,) = world.account.meetings_of(HOST)
    world.zoom.meet(Fault(status=200, body={**stored.document, "type": 4}, **READ))

    assert "personal id" in world.apply().text_of("import.unfit")


def test_an_unreadable_meeting_waits() -> None:
    world = existing(topic("a"))
    world.zoom.meet(gateway_page(502, times=0, **READ))

    report = world.apply()

    assert (list(report.failed), report.status, world.plan().has_work) == (["a"], 1, True)


def test_credentials_that_may_not_read_stop_the_run() -> None:
    world = existing(topic("a"))
    body = {"code": 4711, "message": "Invalid access token, does not contain scopes:[meeting:read]."}
    world.zoom.meet(Fault(status=400, body=body, **READ))
    world.declare(topic("b"))

    report = world.apply()

    assert (list(report.failed), list(report.deferred), report.status) == (["a"], ["b"], 1)


def test_a_run_that_must_stop_reads_no_meeting_to_import() -> None:
    world = existing(topic("a"))
    world.on_answer = lambda scope: setattr(world, "is_stopping", "/users/" in scope["path"])

    report = world.apply()

    assert (report.failed, report.steps, world.ids(), report.status) == ({}, [], {}, 130)
    assert [path for path in world.asked("GET") if path.startswith("/v2/meetings/")] == []


def test_an_import_settles_an_interrupted_create() -> None:
    """It is the line that exit status 5 asks for."""
    world = World(topic("a"))
    world.zoom.meet(Fault(method="POST", path="/v2/users/*/meetings", status=502, body="", commit=True))
    world.on_request = lambda scope: setattr(world, "is_stopping", scope["method"] == "POST")
    world.apply()
    world.is_stopping, world.on_request = False, lambda _scope: None
    assert list(world.store.state.intents) == ["a"]
    world.imports = (imported(world.account.meetings_of(HOST)[0].id, "a"),)

    report = world.apply()

    assert (report.steps, dict(world.store.state.intents), world.topics()) == ([("import", "a")], {}, ["a"])
    assert not world.plan().has_work


def test_a_moved_meeting_keeps_its_id_and_is_then_changed() -> None:
    world = World(topic("old"))
    world.apply()
    made = world.ids()["old"]
    world.undeclare("old")
    world.declare(meeting("new", one_off(topic="old", duration=30)))
    world.moved = (moved("old", "new"),)

    report = world.apply()

    assert (report.steps, world.ids()) == ([("move", "new"), ("update", "new")], {"new": made})
    assert not world.plan().has_work


def test_local_changes_send_no_request() -> None:
    world = World(meeting("old", one_off(topic="t", agenda="A")), topic("b"), topic("c"))
    world.apply()
    asked = len(world.account.requests)
    world.undeclare("old")
    world.undeclare("b")
    world.declare(meeting("new", one_off(topic="t")), meeting("c", one_off(topic="c"), protect=True))
    world.moved = (moved("old", "new"),)
    world.removed = (removed("b", world.ids()["b"], destroy=False),)

    report = world.apply()

    assert report.steps == [("forget", "b"), ("keep", "c"), ("move", "new"), ("keep", "new")]
    assert len(world.account.requests) == asked
    records = world.store.state.meetings
    assert (records["new"].attributes, records["c"].protect) == (one_off(topic="t"), True)
    assert not world.plan().has_work


def test_local_changes_that_cannot_be_written_stop_everything() -> None:
    world = World(topic("old"))
    world.apply()
    world.undeclare("old")
    world.declare(meeting("new", one_off(topic="old")), topic("b"))
    world.moved = (moved("old", "new"),)
    world.store.refused = {world.store.writes + 1}

    report = world.apply()

    assert report.failure is not None
    assert (report.steps, world.topics(), list(world.ids())) == ([], ["old"], ["old"])
