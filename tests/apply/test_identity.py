"""What is done to an id is done only to the meeting that was recorded: nothing is sent to a stranger."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from builders import HOST, intent, one_off, removed, weekly
from engine_world import World, topic
from msgspec.structs import replace

from reconciler.sandbox.faults import READ, UPDATE, Fault, answer_lost
from reconciler.state import identity
from reconciler.state.state import Retired

if TYPE_CHECKING:
    from collections.abc import Callable

    from reconciler.state.state import Record, State

VICTIM = "victim@example.com"


def attacked(*names: str, of: str = VICTIM) -> tuple[World, int]:
    """A world in which these exist, and a meeting of `of`, made by somebody else an hour later."""
    world = World(*(topic(name) for name in names))
    assert world.apply().status == 0
    world.clock.advance(3600)
    made = world.zoom.send("POST", f"/v2/users/{of}/meetings", one_off(topic="board", agenda="secret"))
    world.account.requests.clear()
    return world, int(made.json()["id"])


def swap(world: World, key: str, change: Callable[[Record], Record]) -> None:
    """Have somebody write the state."""
    state = world.store.state
    world.store.state = replace(state, meetings={**state.meetings, key: change(state.meetings[key])})


def writes(world: World) -> list[str]:
    return [one.method for one in world.account.requests if one.method != "GET"]


@pytest.mark.parametrize("of", [VICTIM, HOST])
def test_a_swapped_record_id_patches_nobody(of: str) -> None:
    world, victim = attacked("a", of=of)
    swap(world, "a", lambda record: replace(record, id=victim))
    world.declare(topic("a", agenda="new"))

    report = world.apply()

    assert (report.steps, list(report.failed), report.status) == ([], ["a"], 1)
    assert (writes(world), world.charged()) == ([], 1)
    assert "Nothing was sent to it, and nothing of it is shown." in report.diagnostics[0].detail
    assert "secret" not in repr(report.events)


def test_the_finding_names_both() -> None:
    world, victim = attacked("a")
    swap(world, "a", lambda record: replace(record, id=victim))
    world.declare(topic("a", agenda="new"))

    said = world.apply().text_of("state.other-meeting")

    assert said.startswith(
        f"a is recorded as meeting {victim} of {HOST}, created 2026-12-01T09:00:00Z. "
        f"In Zoom, {victim} is a meeting of {VICTIM}, created 2026-12-01T10:00:00Z. "
    )


def test_several_updates_are_checked_by_one_list() -> None:
    world, victim = attacked("a", "b", "c", of=HOST)
    swap(world, "b", lambda record: replace(record, id=victim))
    world.declare(*(topic(name, agenda="new") for name in "abc"))

    report = world.apply()

    assert (report.steps, report.failed) == (
        [("update", "a"), ("update", "c")],
        {"b": "state.other-meeting"},
    )
    assert world.asked("GET").count(f"/v2/users/{HOST}/meetings") == 1


def test_a_series_is_compared_by_the_meeting_not_by_its_dates() -> None:
    world = World(replace(topic("a"), attributes=weekly(topic="a")))
    assert world.apply().status == 0
    world.declare(replace(topic("a"), attributes=weekly(topic="a", agenda="new")))

    assert world.apply().steps == [("update", "a")]


@pytest.mark.parametrize("key", ["a", "undeclared"])
@pytest.mark.parametrize("created_at", [None, "2026-12-01T09:00:00Z"])
def test_a_planted_retired_id_deletes_no_meeting(key: str, created_at: str | None) -> None:
    world, victim = attacked("a")
    planted = Retired(victim, HOST, key, {}, created_at)
    world.store.state = replace(world.store.state, retired=(planted,))

    report = world.apply()

    assert (report.steps, list(report.failed), report.status, writes(world)) == ([], [key], 1, [])
    assert world.topics(VICTIM) == ["board"]


def test_a_retired_id_of_the_same_host_is_identified_by_its_creation() -> None:
    world, victim = attacked("a", of=HOST)
    planted = Retired(victim, HOST, "a", {}, "2026-12-01T09:00:00Z")
    world.store.state = replace(world.store.state, retired=(planted,))

    report = world.apply()

    assert (report.failed, writes(world)) == ({"a": "state.other-meeting"}, [])


def test_a_retired_id_that_is_a_webinar_is_not_forgotten_by_the_key_of_its_successor() -> None:
    world, webinar = attacked("a", of=HOST)
    world.zoom.switch(webinars=[webinar])
    world.store.state = replace(world.store.state, retired=(Retired(webinar, HOST, "a"),))

    [diagnostic] = world.apply().diagnostics

    assert diagnostic.code == "zoom.webinar"
    assert diagnostic.hint == (
        "Webinars are not managed here: take the entry out of `retired` (`reconciler state pull`, "
        "then `reconciler state push --force FILE`)."
    )


def test_a_retired_id_of_an_older_state_is_identified_by_its_host() -> None:
    world, old = attacked("a", of=HOST)
    world.store.state = replace(world.store.state, retired=(Retired(old, HOST, "a"),))

    assert (world.apply().steps, world.topics()) == ([("destroy", "a")], ["a"])


def test_an_invented_user_id_of_a_name_deletes_no_meeting() -> None:
    """Nobody has the address, so Zoom cannot tell whose it was, and an old entry has no time of creation."""
    world, victim = attacked("a")
    user_id = world.account.provide(VICTIM).id
    world.zoom.switch(users=[HOST, VICTIM])
    planted = Retired(victim, "left@example.com", "a")
    world.store.state = replace(world.store.state, retired=(planted,), hosts={"left@example.com": user_id})

    report = world.apply()

    assert (report.failed, writes(world)) == ({"a": "refresh.other-host"}, [])
    assert world.topics(VICTIM) == ["board"]


def test_an_invented_user_id_shows_nothing_of_a_record_without_a_time_of_creation() -> None:
    world, victim = attacked("a")
    user_id = world.account.provide(VICTIM).id
    swap(world, "a", lambda record: replace(record, id=victim, created_at=None))
    state = replace(world.store.state, hosts={HOST: user_id})
    stored = world.zoom.read(victim)

    assert identity.problem(state, "a", state.meetings["a"], stored) is not None
    assert identity.problem(state, "a", state.meetings["a"], stored, verified={HOST}) is None
    assert not identity.is_followed(state, state.meetings["a"], stored, ["boss@example.com"])


@pytest.mark.parametrize("where", ["declared", "recorded", "intent", "to_host"])
def test_every_name_that_the_state_resolves_is_asked_for_before_anything_is_sent(where: str) -> None:
    """The state says that `grace@` is the user of the victim; Zoom knows better."""
    grace = "grace@example.com"
    world, _ = attacked("a")
    user_id, known = world.account.provide(VICTIM).id, world.store.state
    scheduled = {**one_off(topic="a"), "schedule_for": grace}
    record, begun = known.meetings["a"], None
    if where == "recorded":
        record = replace(record, attributes=scheduled)
    if where in {"intent", "to_host"}:
        begun = intent(
            action="update", id=record.id, attributes=scheduled if where == "intent" else one_off()
        )
        begun = replace(begun, to_host=grace if where == "to_host" else None)
    world.store.state = replace(
        known,
        meetings={"a": record},
        intents={"a": begun} if begun else {},
        hosts={**known.hosts, grace: user_id},
    )
    own = {"schedule_for": grace} if where in {"declared", "recorded"} else {}
    world.declare(topic("a", agenda="new", **own))
    before = world.store.document

    report = world.apply()

    assert report.failure is not None
    assert report.failure.diagnostic.code == "state.other-user"
    assert (writes(world), world.store.document) == ([], before)


def test_a_removed_line_of_a_swapped_id_deletes_no_meeting() -> None:
    world, victim = attacked("a")
    swap(world, "a", lambda record: replace(record, id=victim))
    world.undeclare("a")
    world.removed = (removed("a", victim),)

    report = world.apply()

    assert (report.failed, writes(world)) == ({"a": "state.other-meeting"}, [])


def test_a_replace_does_not_delete_the_meeting_of_a_swapped_id() -> None:
    world, victim = attacked("a")
    swap(world, "a", lambda record: replace(record, id=victim))
    world.declare(replace(topic("a"), attributes=weekly(topic="a")))
    world.removed = (removed("a", victim),)

    report = world.apply()

    assert (report.steps, report.failed) == ([("replace", "a")], {"a": "state.other-meeting"})
    assert (writes(world), world.topics(VICTIM)) == (["POST"], ["board"])


def test_an_interrupted_update_of_a_swapped_id_is_not_sent_again() -> None:
    world, victim = attacked("a")
    swap(world, "a", lambda record: replace(record, id=victim))
    begun: State = world.store.state
    begun = begun.rewrite("a", intent(action="update", id=victim, attributes=one_off(topic="a", agenda="x")))
    world.store.state = begun
    world.declare(topic("a", agenda="x"))

    report = world.apply()

    assert (report.failed, writes(world), list(world.store.state.intents)) == (
        {"a": "state.other-meeting"},
        [],
        ["a"],
    )


def test_a_lost_answer_of_an_update_is_looked_up_as_before() -> None:
    world, _ = attacked("a")
    world.declare(topic("a", agenda="new"))
    world.zoom.meet(answer_lost(**UPDATE))

    assert (world.apply().steps, world.apply().steps) == ([("update", "a")], [])


def test_what_cannot_be_read_is_not_changed() -> None:
    world, _ = attacked("a")
    world.declare(topic("a", agenda="new"))
    world.zoom.meet(Fault(status=400, body={"code": 300, "message": "no"}, **READ))

    report = world.apply()

    assert (list(report.failed), writes(world), world.charged()) == (["a"], [], 1)


def test_a_meeting_that_an_admin_handed_over_is_not_changed_under_its_old_host() -> None:
    world, _ = attacked("a")
    found = world.account.meeting(world.ids()["a"])
    bob = world.account.provide("bob@example.com")
    assert found is not None
    document = {**found.document, "host_id": bob.id, "host_email": bob.email}
    world.account.put(replace(found, host_id=bob.id, document=document))
    world.declare(topic("a", agenda="new"))

    report = world.apply()

    assert (report.failed, writes(world)) == ({"a": "refresh.other-host"}, [])
    assert "bob@example.com" in report.text_of("refresh.other-host")
