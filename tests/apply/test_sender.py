"""The last checks before a request: the day, the budget, the intent's age, the lock, the start."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
from builders import HOST, at, meeting, one_off, weekly
from engine_world import World, is_create, many, topic
from msgspec.structs import replace

from reconciler.meeting.meeting import schedule
from reconciler.plan.budget import Allowances, Limits
from reconciler.sandbox.faults import CREATE, Fault, gateway_page
from reconciler.state.state import State

if TYPE_CHECKING:
    from collections.abc import Mapping

    from reconciler.meeting.meeting import Meeting

TODAY, TOMORROW = "2026-12-01", "2026-12-02"
USED_UP = "the host's requests for this UTC day are used up"


def at_time(clock: str, *declared: Meeting, **switches: Any) -> World:
    """The world at a time of 2026-12-01 (UTC)."""
    world = World(*declared, **switches)
    world.clock.advance((at(f"2026-12-01T{clock}Z") - world.clock.now()).total_seconds())
    return world


def with_limit(world: World, daily: int, reserve: int = 0) -> World:
    world.allowances = Allowances(Limits(daily, reserve), {})
    return world


# The intent is durable first


def test_no_request_leaves_before_its_intent_and_charge_are_durable() -> None:
    world = World(topic("a"), topic("b"))

    world.apply()

    assert [
        (seen.body["topic"], seen.body["topic"] in seen.state.intents, sum(seen.state.usage[TODAY].values()))
        for seen in world.seen
    ] == [("a", True, 2), ("b", True, 2)]


def test_the_intent_records_the_sent_body() -> None:
    world = World(meeting("weekly", weekly(start_time="2026-11-23T10:00:00")))

    world.apply()

    (seen,) = world.seen
    (intent,) = seen.state.intents.values()
    assert (seen.body["start_time"], seen.body["recurrence"]["end_times"]) == ("2026-12-07T10:00:00", 18)
    assert [(attempt.start_time, attempt.end_times) for attempt in intent.sent] == [
        ("2026-12-07T10:00:00", 18)
    ]
    assert (intent.action, intent.host, intent.owner) == ("create", HOST, "run-2")
    assert (intent.first_begun_at, intent.attributes["start_time"]) == (
        intent.begun_at,
        "2026-11-23T10:00:00",
    )


def test_what_is_held_over_midnight_is_counted_once_on_the_new_day() -> None:
    """Zoom's answer to the first one says what is left of a day that the others are not charged to yet."""
    world = at_time("23:59:50", *many(3), ratelimit_headers="host")

    def pass_midnight() -> None:
        if world.store.notes[-1].startswith("Begin") and world.clock.now().day == 1:
            world.clock.advance(20)

    world.store.before_write = pass_midnight

    report = world.apply()

    assert list(report.done) == ["m000", "m001", "m002"]
    assert [(world.charged(day=day), world.used()[day]) for day in (TODAY, TOMORROW)] == [(0, 0), (3, 3)]


def test_at_most_eight_intents_wait_unsent() -> None:
    world = World(*many(20))

    world.apply()

    assert max(len(seen.state.intents) for seen in world.seen) == 8
    assert world.topics() == [f"m{n:03}" for n in range(20)]


def test_an_intent_that_grew_old_is_written_again_before_it_is_sent() -> None:
    """Its write was answered longer ago than a request may take to time out."""
    world = World(topic("a"), topic("b"))
    writes: list[int] = []

    def slow(scope: Mapping[str, Any]) -> None:
        if is_create(scope):
            writes.append(world.store.writes)
            world.clock.advance(31)

    world.on_request = slow
    world.apply()

    # Beside the record of `a` and its read-back, `b` was written once more.
    assert world.topics() == ["a", "b"]
    assert writes[1] > writes[0]
    assert world.seen[1].state.intents["b"].sent == world.seen[0].state.intents["b"].sent


def refused_once_after(world: World, seconds: float) -> None:
    """The first create is answered with a retry after that time."""
    brief = {"code": 429, "message": "You have reached the maximum per-second rate limit for this API."}
    world.zoom.meet(Fault(**CREATE, status=429, body=brief, headers={"X-RateLimit-Type": "QPS"}))
    world.on_request = lambda scope: (
        world.clock.advance(seconds) if is_create(scope) and len(world.seen) == 0 else None
    )


def test_a_repeated_request_has_a_fresh_intent() -> None:
    world = World(topic("a"))
    refused_once_after(world, 31)
    writes: list[int] = []
    world.on_answer = lambda scope: writes.append(world.store.writes) if is_create(scope) else None

    report = world.apply()

    assert (list(report.done), world.charged(), writes) == (["a"], 1, [2, 3])


def test_a_repeated_request_is_not_sent_near_midnight() -> None:
    world = at_time("23:59:55", topic("a"))
    refused_once_after(world, 2)

    report = world.apply()

    assert len(world.seen) == 2
    assert world.seen[1].at >= datetime(2026, 12, 2, 0, 0, 3, tzinfo=UTC)
    assert (list(report.done), world.charged(day=TODAY), world.charged(day=TOMORROW)) == (["a"], 1, 1)


def test_a_repeated_request_is_charged_to_the_day_on_which_it_is_sent() -> None:
    """The request of the old day stays charged to it."""
    world = at_time("23:59:55", topic("a"))
    refused_once_after(world, 10)

    report = world.apply()

    assert len(world.seen) == 2
    assert (list(report.done), world.charged(day=TODAY), world.charged(day=TOMORROW)) == (["a"], 1, 1)


def test_a_connection_that_opens_too_late_costs_no_charge() -> None:
    """The look before it was opened passed; the one after that held the request back: nothing left."""
    world = at_time("23:59:55", topic("a"))
    world.connect_seconds = [10]

    report = world.apply()

    assert len(world.asked()) == 1
    assert (list(report.done), world.charged(day=TODAY), world.charged(day=TOMORROW)) == (["a"], 0, 1)


def test_a_request_that_left_once_stays_charged_if_its_repetition_is_held_back() -> None:
    """Also where the repetition was held back only after a connection was opened for it."""
    world = at_time("23:59:55", topic("a"))
    refused_once_after(world, 0)
    world.connect_seconds = [0, 10]

    report = world.apply()

    assert len(world.asked()) == 2
    assert (list(report.done), world.charged(day=TODAY), world.charged(day=TOMORROW)) == (["a"], 1, 1)


def test_a_connection_that_opens_after_the_start_costs_no_charge() -> None:
    world = World(topic("a", start_time="2026-12-01T09:00:20Z"))
    world.connect_seconds = [25]

    report = world.apply()

    assert (world.asked(), report.failed) == ([], {"a": "apply.too-late"})
    assert (world.store.state.intents, world.charged()) == ({}, 0)


def test_a_repeated_request_whose_start_passed_is_not_sent() -> None:
    world = World(topic("a", start_time="2026-12-01T09:00:20Z"))
    refused_once_after(world, 25)

    report = world.apply()

    assert (world.topics(), report.failed, len(world.seen)) == ([], {"a": "apply.too-late"}, 1)
    assert (world.store.state.intents, world.charged()) == ({}, 1)


def test_an_intent_that_grew_old_while_waiting_is_not_sent() -> None:
    """It grew old while it waited for its turn: it is written again before it is sent."""
    world = World(*(topic(f"m{n:02}", host=f"h{n:02}@example.com") for n in range(40)))
    world.pace = 1
    ages: list[float] = []
    written_at = [0.0]
    world.store.before_write = lambda: written_at.append(world.clock.monotonic())
    world.on_request = lambda scope: (
        ages.append(world.clock.monotonic() - written_at[-1]) if is_create(scope) else None
    )

    report = world.apply()

    assert len(report.done) == 40
    assert max(ages) <= 30
    assert len(world.asked()) == 40


# The day


def test_nothing_is_sent_within_three_seconds_of_midnight() -> None:
    world = at_time("23:59:58", topic("a"))

    report = world.apply()

    assert [seen.at >= datetime(2026, 12, 2, 0, 0, 3, tzinfo=UTC) for seen in world.seen] == [True]
    assert (world.charged(day=TODAY), world.charged(day=TOMORROW)) == (0, 1)
    assert list(report.done) == ["a"]


def slow_creates(world: World, seconds: float) -> None:
    """Each create takes that long in Zoom."""

    def work(scope: Mapping[str, Any]) -> None:
        if is_create(scope):
            world.clock.advance(seconds)

    world.on_request = work


def test_a_charge_moves_to_the_new_day() -> None:
    world = at_time("23:59:50", *many(4))
    slow_creates(world, 6)

    report = world.apply()

    assert len(report.done) == 4
    assert world.used() == {TODAY: 1, TOMORROW: 3}
    assert (world.charged(day=TODAY), world.charged(day=TOMORROW)) == (2, 2)
    # The second left at 23:59:56.9… and Zoom judged it on the new day: that is what the margin is for.


def test_a_write_that_the_new_day_does_not_allow_is_deferred_and_refunded() -> None:
    world = with_limit(at_time("23:59:55", *many(3)), 3)
    slow_creates(world, 3)
    world.store.state = State(lineage="l", usage={TOMORROW: {HOST: 3}})

    report = world.apply()

    assert world.topics() == ["m000"]
    assert report.deferred == {"m001": ("2026-12-03", USED_UP), "m002": ("2026-12-03", USED_UP)}
    assert (world.charged(day=TODAY), world.charged(day=TOMORROW)) == (1, 3)
    assert world.store.state.intents == {}


def test_a_day_that_zoom_closed_at_midnight_does_not_stop_the_next_one() -> None:
    """The refusal came so late that the rest of the batch belongs to a new day."""
    world = at_time("23:59:56", *many(3), spent_elsewhere=100)

    def late(scope: Mapping[str, Any]) -> None:
        if is_create(scope) and not world.zoom.app.switches.spent_elsewhere:
            return
        if is_create(scope):
            world.clock.advance(0.5)

    def reset(scope: Mapping[str, Any]) -> None:
        if is_create(scope):
            world.zoom.switch(spent_elsewhere=0)
            world.clock.advance(2)

    world.on_request, world.on_answer = late, reset
    report = world.apply()

    assert sorted(report.done) == ["m000", "m001", "m002"]
    assert (world.charged(day=TODAY), world.charged(day=TOMORROW)) == (100, 3)


# The daily 429


@pytest.mark.parametrize("variant", ["seen", "headers", "bare", "parked"])
def test_a_daily_refusal_closes_the_host_and_is_not_repeated(variant: str) -> None:
    other = topic("other", host="b@example.com")
    world = World(*many(12), other, per_host={HOST: {"spent_elsewhere": 98}}, daily_429=variant)

    report = world.apply()

    assert world.topics() == ["m000", "m001"]
    assert world.topics("b@example.com") == ["other"]
    assert world.charged() == 100
    assert report.deferred == {f"m{n:03}": (TOMORROW, USED_UP) for n in range(2, 12)}
    assert (report.failed, report.status, report.result and report.result.work_left) == ({}, 0, True)
    assert len([seen for seen in world.seen if seen.host == HOST]) == 3
    assert world.store.state.intents == {}


def test_after_a_daily_refusal_the_next_plan_waits_for_tomorrow() -> None:
    world = World(*many(3), spent_elsewhere=99)
    world.apply()

    assert {(step.key, step.day) for step in world.plan().steps if step.is_work} == {
        ("m001", TOMORROW),
        ("m002", TOMORROW),
    }


def account_limit() -> Fault:
    return Fault(
        **CREATE,
        status=429,
        body={"code": 429, "message": "You have reached the maximum daily rate limit for this API."},
        headers={"X-RateLimit-Type": "Daily-limit", "X-RateLimit-Limit": "30000"},
    )


def test_a_refusal_for_the_whole_account_closes_every_host() -> None:
    """In this run, and until midnight in any other."""
    hosts = [f"{name}@example.com" for name in "abc"]
    world = World(topic("done", host="d@example.com"))
    world.apply()
    world.declare(*(declared for host in hosts for declared in many(9, host=host, prefix=host[0])))
    world.zoom.meet(account_limit())

    report = world.apply()

    world.declare(topic("later", host="d@example.com"))
    assert len(world.asked()) <= 1 + len(hosts)  # what was in flight already
    assert set(report.deferred.values()) == {(TOMORROW, USED_UP)}
    assert len(report.done) + len(report.deferred) == 27
    assert [world.charged(host) for host in hosts] == [100, 100, 100]
    assert not any(step.day == TODAY for step in world.plan().steps if step.is_work)


def test_a_refusal_per_second_is_sent_again_under_the_same_charge() -> None:
    world = World(topic("a"))
    brief = {"code": 429, "message": "You have reached the maximum per-second rate limit for this API."}
    world.zoom.meet(Fault(**CREATE, status=429, body=brief, headers={"X-RateLimit-Type": "QPS"}, times=2))

    report = world.apply()

    assert list(report.done) == ["a"]
    assert (len(world.asked()), world.charged()) == (3, 1)


def test_what_left_before_the_connection_was_lost_stays_charged_however_often_it_left() -> None:
    """The first refusal comes so late that the intent is written again before the second attempt."""
    world = World(topic("a"))
    brief = {"code": 429, "message": "You have reached the maximum per-second rate limit for this API."}
    world.zoom.meet(Fault(**CREATE, status=429, body=brief, headers={"X-RateLimit-Type": "QPS"}, times=2))
    world.on_answer = lambda scope: world.clock.advance(
        31 if is_create(scope) and len(world.seen) == 1 else 0
    )
    world.unreachable = lambda scope: is_create(scope) and len(world.asked()) == 2

    report = world.apply()

    assert (report.failed, len(world.asked()), world.charged()) == ({"a": "zoom.unreachable"}, 2, 1)
    assert world.store.state.intents == {}


def test_a_refused_token_is_sent_again_under_the_same_charge_and_then_stops_everything() -> None:
    """A fixed token cannot be replaced: no other request will fare better."""
    world = World(topic("a"), topic("b"), topic("c", host="c@example.com"))
    world.zoom.meet(Fault(**CREATE, status=401, body={"code": 124, "message": "Invalid access token."}))

    report = world.apply()

    assert report.result is not None
    assert report.result.failure is not None
    assert report.result.failure.diagnostic.code == "zoom.token-refused"
    assert report.failed == {"a": "zoom.token-refused"}
    assert set(report.deferred) | set(report.done) == {"b", "c"}
    assert "b" in report.deferred
    assert (world.store.state.intents, world.charged(), report.status) == ({}, 1, 1)


# What Zoom says is left


def test_the_hosts_remaining_limit_in_an_answer_is_used() -> None:
    world = World(*many(20), spent_elsewhere=85, ratelimit_headers="host")

    report = world.apply()

    # The reserve holds back the last ten; the first answer shows that others had spent 85.
    assert (len(report.done), len(report.deferred)) == (5, 15)
    assert (world.charged(), len(world.asked())) == (90, 5)


def test_ready_writes_are_held_back_when_an_answer_has_no_limit_left() -> None:
    """Eight intents were charged before the first answer showed that others had spent all but one."""
    world = World(*(topic(f"m{n}", start_time="2026-12-02T10:00:00Z") for n in range(8)),
                  spent_elsewhere=99, ratelimit_headers="host")  # fmt: skip

    report = world.apply()

    assert (len(report.done), len(report.deferred)) == (1, 7)
    assert (world.charged(), len(world.asked()), world.store.state.intents) == (100, 1, {})


def test_the_remainder_of_another_limit_is_not_used() -> None:
    world = World(*many(3), ratelimit_headers="host", daily_limit=6000)

    world.apply()

    assert world.charged() == 3


# Reserve and limits


def test_the_reserve_is_spent_on_meetings_that_start_soon_only() -> None:
    soon = topic("soon", start_time="2026-12-02T10:00:00Z")
    world = with_limit(World(*many(3), soon), 4, reserve=2)
    world.store.state = State(lineage="l", usage={TODAY: {HOST: 2}})

    report = world.apply()

    assert world.topics() == ["soon"]
    assert (world.charged(), len(report.deferred)) == (3, 3)


def test_an_alias_spends_from_the_same_limit() -> None:
    """The lowest limit under any of a host's names counts, as in the plan."""
    world = World(topic("mail"))
    user = world.account.provide(HOST)
    world.allowances = Allowances(Limits(100, 0), {HOST: Limits(1, 0)})
    world.declare(topic("by-id", host=user.id))

    report = world.apply()

    assert len(report.done) == 1
    assert len(report.deferred) == 1


def test_a_series_whose_occurrence_passed_is_not_urgent_any_more() -> None:
    """Its next occurrence is a week away, so it cannot use the reserve."""
    today = meeting("daily", weekly(start_time="2026-12-01T10:00:00", recurrence=rule("3"), timezone="UTC"))
    world = with_limit(World(today), 4, reserve=2)
    world.store.state = State(lineage="l", usage={TODAY: {HOST: 2}})
    world.on_request = lambda scope: (
        world.clock.advance(2 * 3600) if scope["path"].endswith("/meetings") else None
    )

    report = world.apply()

    assert (report.deferred, world.topics()) == ({"daily": (TOMORROW, USED_UP)}, [])
    assert (world.store.state.intents, world.charged()) == ({}, 2)


def test_a_series_whose_occurrence_passes_while_waiting_returns_the_reserve() -> None:
    weekly_one = meeting("w", weekly(start_time="2026-12-01T10:00:00", recurrence=rule("3"), timezone="UTC"))
    world = with_limit(World(topic("soon", start_time="2026-12-01T09:30:00Z"), weekly_one), 4, reserve=2)
    world.store.state = State(lineage="l", usage={TODAY: {HOST: 2}})
    slow_creates(world, 7200)

    report = world.apply()

    assert (list(report.done), report.deferred) == (["soon"], {"w": (TOMORROW, USED_UP)})
    assert (world.store.state.intents, world.charged()) == ({}, 3)


def rule(days: str) -> dict[str, Any]:
    return {"type": 2, "repeat_interval": 1, "weekly_days": days, "end_times": 5}


def test_a_far_meeting_in_front_does_not_block_the_reserve_for_an_urgent_one() -> None:
    """An interrupted create comes first in the queue, but it needs a budget too."""
    far = topic("far")
    world = with_limit(World(far), 4, reserve=2)
    world.zoom.meet(gateway_page(**CREATE))
    world.is_stopping = False
    world.on_answer = lambda scope: setattr(world, "is_stopping", is_create(scope))
    world.apply()
    assert list(world.store.state.intents) == ["far"]
    world.on_answer, world.is_stopping = (lambda _scope: None), False
    user = world.store.state.hosts[HOST]
    world.store.state = replace(world.store.state, usage={TODAY: {user: 2}})
    world.declare(topic("soon", start_time="2026-12-02T10:00:00Z"))

    report = world.apply()

    assert world.topics() == ["soon"]
    assert report.resolved == [("far", "absent")]
    assert report.deferred == {"far": (TOMORROW, USED_UP)}
    assert list(world.store.state.intents) == ["far"]


# The start


def test_a_series_is_renewed_if_its_start_passes_while_it_waits() -> None:
    weekly_one = meeting("w", weekly(start_time="2026-12-01T10:00:00", recurrence=rule("3"), timezone="UTC"))
    world = World(topic("soon", start_time="2026-12-01T09:30:00Z"), weekly_one)
    slow_creates(world, 7200)

    report = world.apply()

    (_, second) = world.seen
    assert (second.body["start_time"], second.body["recurrence"]["end_times"]) == ("2026-12-08T10:00:00", 4)
    assert [attempt.start_time for attempt in second.state.intents["w"].sent] == [
        "2026-12-01T10:00:00",
        "2026-12-08T10:00:00",
    ]
    assert sorted(report.done) == ["soon", "w"]
    # Recorded as declared, not as sent.
    assert world.store.state.meetings["w"].attributes["start_time"] == "2026-12-01T10:00:00"


def test_a_meeting_whose_start_passed_while_waiting_is_not_sent() -> None:
    late = topic("late", start_time="2026-12-01T10:00:00Z")
    world = World(topic("first", start_time="2026-12-01T09:30:00Z"), late)
    slow_creates(world, 7200)

    report = world.apply()

    assert (world.topics(), report.failed) == (["first"], {"late": "apply.too-late"})
    assert (world.store.state.intents, world.charged(), report.status) == ({}, 1, 1)
    assert schedule(one_off(start_time="2026-12-01T10:00:00Z"), world.clock.now()).begun


# The lock


def test_nothing_is_sent_under_a_lease_that_would_not_outlive_the_answer() -> None:
    world = World(*many(3))
    world.lease.left = lambda: 29.0

    report = world.apply()

    assert world.seen == []
    assert report.result is not None
    assert report.result.failure is not None
    assert report.result.failure.diagnostic.code == "state.lease-lost"
    assert (world.store.state.intents, world.store.state.usage) == ({}, {})


def test_an_expired_lease_holds_back_unsent_requests() -> None:
    world = World(*many(3))
    world.lease.left = lambda: 60.0 - 40.0 * len(world.seen)

    report = world.apply()

    assert world.topics() == ["m000"]
    assert list(report.done) == ["m000"]
    assert (world.store.state.intents, world.charged()) == ({}, 1)
