"""The state as a value: intents, charges, aliases."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from builders import HOST, intent, one_off, record, state, weekly
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from reconciler.state.state import Retired, State, feed_name, host_key, ledger, names_of, pruned, retire, used

DAY, NEXT_DAY = "2026-12-01", "2026-12-02"


def test_an_intent_is_begun_with_its_charge() -> None:
    """One value holds both, so that one durable write does."""
    begun = state().begin("launch", intent(), day=DAY)

    assert begun == state(intents={"launch": intent()}, usage={DAY: {HOST: 1}})


def test_an_intent_that_is_rewritten_is_charged_once() -> None:
    """A newer form of it: the charge was made with the first."""
    later = intent(begun_at="2026-12-01T08:00:00Z")

    assert state().begin("launch", intent(), day=DAY).rewrite("launch", later) == state(
        intents={"launch": later}, usage={DAY: {HOST: 1}}
    )


def test_each_document_has_the_next_serial() -> None:
    """Of the same lineage."""
    assert state(serial=7).written() == state(serial=8)


def test_a_confirmed_intent_becomes_a_record_and_the_charge_stays() -> None:
    """The record takes the place of the intent."""
    done = state().begin("launch", intent(), day=DAY).confirm("launch", record())

    assert done == state(meetings={"launch": record()}, usage={DAY: {HOST: 1}})


def test_a_withdrawn_intent_keeps_its_charge() -> None:
    """Zoom counts what it refuses."""
    gone = state().begin("launch", intent(), day=DAY).drop_intent("launch")

    assert gone == state(usage={DAY: {HOST: 1}})


def test_a_replaced_meeting_is_retired_with_its_new_record() -> None:
    """One value has the new record, no intent, and the old id among those still to be deleted."""
    begun = state(meetings={"launch": record(1)}).begin("launch", intent(action="replace", id=1), day=DAY)

    assert begun.replace("launch", record(2), retire("launch", record(1))) == state(
        meetings={"launch": record(2)},
        retired=(
            Retired(
                81_234_567_001,
                HOST,
                "launch",
                {"type": 2, "start_time": "2027-01-14T15:00:00Z", "duration": 60},
                "2026-11-01T09:00:00Z",
            ),
        ),
        usage={DAY: {HOST: 1}},
    )


def test_a_replaced_meeting_that_is_left_in_zoom_is_not_retired() -> None:
    """And a second confirmation adds no second entry."""
    left = state(meetings={"launch": record(1)}).replace("launch", record(2), None)
    twice = (
        state().replace("a", record(2), Retired(5, HOST, "a")).replace("a", record(2), Retired(5, HOST, "a"))
    )

    assert left == state(meetings={"launch": record(2)})
    assert twice.retired == (Retired(5, HOST, "a"),)


def test_a_retired_meeting_keeps_what_says_when_it_is() -> None:
    """So that it is not deleted while it runs."""
    times = {"type": 8, "start_time": "2027-01-11T10:00:00", "timezone": "Europe/Berlin", "duration": 45,
             "recurrence": weekly()["recurrence"]}  # fmt: skip

    assert retire("weekly", record(1, weekly())) == Retired(
        81_234_567_001, HOST, "weekly", times, "2026-11-01T09:00:00Z"
    )


def test_a_retired_meeting_that_is_gone_is_buried() -> None:
    """Another one stays."""
    world = state(retired=(Retired(5, HOST, "a"), Retired(6, HOST, "a")))

    assert world.drop_retired(5) == state(retired=(Retired(6, HOST, "a"),))
    assert world.drop_retired(7) == world


def test_a_move_takes_along_all_that_is_recorded_under_the_key() -> None:
    """The record with its name in feeds, the intent, and what it replaced; other keys stay."""
    world = state(
        meetings={"old": record(1), "other": record(2)},
        intents={"old": intent(), "other": intent()},
        retired=(Retired(5, HOST, "old"), Retired(6, HOST, "other")),
    )

    assert world.move("old", "new") == state(
        meetings={"new": replace(record(1), uid="old"), "other": record(2)},
        intents={"new": intent(), "other": intent()},
        retired=(Retired(5, HOST, "new"), Retired(6, HOST, "other")),
    )
    assert world.move("unknown", "new") == world


def test_a_name_in_feeds_stays_and_is_given_once() -> None:
    """Whatever is renamed to what: a meeting under the former key of another one has a name of its own."""
    first = state(meetings={"a": record(1)}).move("a", "b")
    second = first.confirm("a", record(2))

    third = second.move("a", "c").move("b", "d").confirm("a", record(3))

    assert [feed_name(first, key) for key in ("a", "b")] == ["a#2", "a"]
    assert [feed_name(third, key) for key in ("a", "c", "d", "e")] == ["a#3", "a#2", "a", "e"]


def test_what_feeds_show_is_counted_when_it_changes() -> None:
    """An extension changes nothing that was declared; a replacement is the same meeting, changed."""
    at = datetime(2026, 12, 1, 8, tzinfo=UTC)
    before = replace(record(1), uid="a")
    changed = replace(before, attributes={**before.attributes, "duration": 30})

    assert before.revised(before, at) == before
    assert changed.revised(before, at) == replace(changed, changes=1, changed_at="2026-12-01T08:00:00Z")
    successor = replace(record(2), uid="a", changes=1, changed_at=record(2).created_at)
    assert record(2).succeeding(before) == successor


def test_an_import_judges_what_was_begun_under_its_key() -> None:
    """The record is there, the intent is gone."""
    world = state(intents={"launch": intent(), "other": intent()})

    assert world.confirm("launch", record()) == state(
        meetings={"launch": record()}, intents={"other": intent()}
    )


def test_a_release_changes_what_is_recorded_and_nothing_else() -> None:
    """With what Zoom stored otherwise, as far as the field is still there."""
    before = replace(
        record(1, one_off(agenda="Plan", settings={"use_pmi": False, "waiting_room": False})),
        observed={"agenda": "Pl", "settings.waiting_room": True, "settings.use_pmi": True, "duration": 45},
    )
    world = state(meetings={"launch": before, "other": record(2)})

    assert world.release("launch", one_off(settings={"waiting_room": False}), protect=True) == state(
        meetings={
            "launch": replace(
                record(1, one_off(settings={"waiting_room": False}), protect=True),
                observed={"settings.waiting_room": True, "duration": 45},
            ),
            "other": record(2),
        }
    )


def test_to_forget_a_key_drops_its_record_and_its_intent() -> None:
    """Other keys stay."""
    full = state(meetings={"a": record(1), "b": record(2)}, intents={"a": intent()})

    assert full.forget("a") == state(meetings={"b": record(2)})


def test_a_change_leaves_the_state_it_came_from_alone() -> None:
    """States are values: the old one can still be written or compared."""
    before = state(usage={DAY: {HOST: 1}})

    before.begin("launch", intent(), day=DAY).resolve_host(HOST, "U1")

    assert before == state(usage={DAY: {HOST: 1}})


def test_an_e_mail_is_one_host_however_it_is_written() -> None:
    """Capital letters name the same host; a user id is taken to the letter."""
    charged = state().charge(DAY, "Platform@Example.com", 2).charge(DAY, HOST, 1).charge(DAY, "KDcu", 1)

    assert charged.usage == {DAY: {HOST: 3, "KDcu": 1}}


def test_uses_under_several_names_are_added_up() -> None:
    """Once an alias is known to be a user id, both its old charges and its new ones count."""
    world = state(usage={DAY: {HOST: 3, "U1": 4, "other@example.com": 9}}, hosts={HOST: "U1"})

    assert [used(world, DAY, name) for name in (HOST, "PLATFORM@example.com", "U1")] == [7, 7, 7]
    assert (used(world, DAY, "other@example.com"), used(world, NEXT_DAY, "U1")) == (9, 0)
    assert ledger(world, DAY) == {"U1": 7, "other@example.com": 9}


def test_a_charge_gathers_the_names_of_its_host() -> None:
    """After it there is one entry, under the user id; the sum is the same."""
    world = state(usage={DAY: {HOST: 3, "U1": 4}}, hosts={HOST: "U1"})

    assert world.charge(DAY, HOST, 1).usage == {DAY: {"U1": 8}}


def test_a_charge_is_taken_back_though_its_alias_was_resolved_since() -> None:
    """Booked under the e-mail, refunded under the user id."""
    booked = state().charge(DAY, HOST, 2).resolve_host("Platform@example.com", "U1")

    assert used(booked.charge(DAY, HOST, -1), DAY, HOST) == 1


def test_a_refund_never_goes_below_nothing() -> None:
    """A negative use would be a budget that nobody has."""
    assert state().charge(DAY, HOST, -3).usage == {DAY: {HOST: 0}}


def test_a_spent_host_has_its_limit_used() -> None:
    """Zoom said that nothing is left; the figure never falls by it."""
    world = state(usage={DAY: {HOST: 30, "U1": 10, "over": 120}}, hosts={HOST: "U1"})

    assert [used(world.spend_all(DAY, host, 100), DAY, host) for host in (HOST, "U1", "over", "new")] == [
        100,
        100,
        120,
        100,
    ]


def test_user_ids_that_differ_in_case_are_two_hosts() -> None:
    """Zoom's ids are case-sensitive; only e-mails are folded."""
    world = state().resolve_host("KDcu", "KDcu").resolve_host("A@b.c", "KDcu")

    assert [host_key(world, name) for name in ("KDcu", "kdcu", "a@B.c")] == ["KDcu", "kdcu", "KDcu"]


def test_the_names_of_a_host_are_all_that_lead_to_it() -> None:
    """Its key, the name asked for, and every alias; each once, sorted."""
    world = state(hosts={"a@b.c": "U1", "z@b.c": "U1", "other@b.c": "U2"})

    assert names_of(world, "A@b.c") == ("U1", "a@b.c", "z@b.c")
    assert names_of(world, "new@b.c") == ("new@b.c",)


def test_known_ids_are_those_recorded_or_retired() -> None:
    """What Zoom lists besides them was made by somebody else, or by a lost run."""
    world = state(meetings={"a": record(1)}, retired=(Retired(5, HOST, "a"),))

    assert world.known_ids() == {81_234_567_001, 5}


def test_old_ledgers_are_dropped_and_coming_ones_stay() -> None:
    """Seven days up to today are kept; a day after today, from a clock that is ahead, is not lost."""
    days = {f"2026-11-{day:02}": {HOST: 1} for day in range(20, 31)}
    world = state(usage={**days, NEXT_DAY: {HOST: 2}})

    assert sorted(pruned(world, DAY).usage) == [
        "2026-11-24",
        "2026-11-25",
        "2026-11-26",
        "2026-11-27",
        "2026-11-28",
        "2026-11-29",
        "2026-11-30",
        NEXT_DAY,
    ]


names = st.sampled_from(["a@b.c", "A@B.C", "z@b.c", "U1", "U2"])
turns = st.lists(
    st.one_of(
        st.tuples(st.just("charge"), names),
        st.tuples(st.just("resolve"), st.sampled_from(["a@b.c", "z@b.c"])),
    ),
    max_size=12,
)


@settings(max_examples=50, deadline=None)
@given(turns)
def test_no_charge_is_ever_lost_by_learning_a_name(history: list[tuple[str, str]]) -> None:
    """Over all hosts the sum of the day is the number of charges, whenever aliases became known."""
    world = State()
    for what, name in history:
        world = world.charge(DAY, name, 1) if what == "charge" else world.resolve_host(name, "U1")

    assert sum(ledger(world, DAY).values()) == sum(what == "charge" for what, _ in history)


def test_a_move_takes_along_all_that_is_recorded_under_any_key() -> None:
    """Record with its name in feeds, intent, and what was replaced; other keys stay."""
    full = state(
        meetings={"a": record(1), "b": record(2)},
        intents={"a": intent(action="update")},
        retired=(Retired(7, HOST, "a"), Retired(8, HOST, "b")),
    )

    assert full.move("a", "c") == state(
        meetings={"c": replace(record(1), uid="a"), "b": record(2)},
        intents={"c": intent(action="update")},
        retired=(Retired(7, HOST, "c"), Retired(8, HOST, "b")),
    )


@pytest.mark.parametrize("other", [1, 99999999999])
def test_a_record_is_amended_only_while_it_is_of_the_same_meeting(other: int) -> None:
    known = state(meetings={"a": record(1)})

    assert known.amend("a", other, host="b@example.com") is known
    assert known.amend("b", record(1).id, host="b@example.com") is known
    assert known.amend("a", record(1).id, host="b@example.com").meetings["a"].host == "b@example.com"
