"""Discovering the meetings of hosts: which are read, which are left out, and which errors stop it."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from engine_world import World
from sandbox_world import ONCE, WEEKLY

from reconciler.errors.exceptions import AccessError, DailyLimitError, NeverSentError
from reconciler.live import discover
from reconciler.live import read as live_read
from reconciler.live.discover import ImportFilter
from reconciler.live.generate import Skipped, SkippedSummary
from reconciler.sandbox.account import StoredMeeting

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from reconciler.live.discover import DiscoveredMeetings

DAY = {"type": 1, "repeat_interval": 1, "end_times": 1}
ADA, GRACE = "ada@example.com", "grace@example.com"


def anything(_topic: str) -> bool:
    return True


def read(
    world: World,
    *hosts: str,
    known: frozenset[int] = frozenset(),
    match: Callable[[str], bool] = anything,
    counts: list[tuple[int, int]] | None = None,
) -> DiscoveredMeetings:
    progress = [] if counts is None else counts

    async def run() -> DiscoveredMeetings:
        async with world.client() as remote:
            wanted = ImportFilter(match, known, world.clock.now())
            return await discover.discover(
                remote, hosts or (ADA,), wanted, lambda done, total: progress.append((done, total))
            )

    return asyncio.run(run())


def topics(meetings: DiscoveredMeetings) -> list[str]:
    return [str(meeting.attributes["topic"]) for meeting in meetings.declared]


def once(topic: str, **fields: Any) -> dict[str, Any]:
    return {**ONCE, "topic": topic, **fields}


def test_each_meeting_is_read_once_and_counted() -> None:
    world = World()
    for host in (ADA, GRACE):
        world.zoom.create(once(host), host)
    user_id = world.zoom.account.provide(ADA).id
    counts: list[tuple[int, int]] = []

    found = read(world, ADA, GRACE, user_id, ADA, counts=counts)

    assert [(meeting.host, meeting.attributes["topic"]) for meeting in found.declared] == [
        (ADA, ADA),
        (GRACE, GRACE),
    ]
    assert counts == [(0, 2), (1, 2), (2, 2)]


def test_only_lists_and_reads_are_sent() -> None:
    world = World()
    world.zoom.create(ONCE)
    before = len(world.asked("POST"))

    read(world)

    assert (len(world.asked("POST")), world.asked("PATCH"), world.used()) == (before, [], {})
    assert len(world.asked("GET")) == 2


def test_a_host_keeps_the_name_that_was_asked_for() -> None:
    """The user id where that was given; `me` becomes its e-mail."""
    world = World(owner=ADA)
    world.zoom.create(ONCE)
    user_id = world.zoom.account.provide(ADA).id

    hosts = [read(world, asked).declared[0].host for asked in (ADA, "Ada@Example.com", user_id, "me")]

    assert hosts == [ADA, "Ada@Example.com", user_id, ADA]


def test_recorded_expired_and_unwanted_meetings_are_not_read() -> None:
    world = World()
    recorded = world.zoom.create(once("recorded"))["id"]
    world.zoom.create(once("over", start_time="2026-12-01T10:00:00Z"))
    world.zoom.create(once("running", start_time="2026-12-02T08:50:00Z"))
    world.zoom.create(once("other"))
    world.zoom.create({**WEEKLY, "topic": "past", "start_time": "2026-12-01T10:30:00", "recurrence": DAY})
    world.clock.advance(86_400)

    found = read(world, known=frozenset({recorded}), match=lambda topic: topic != "other")

    assert topics(found) == ["running"]
    assert found.omitted == SkippedSummary((), known=1, expired=2)
    assert len(world.asked("GET")) == 3  # the list, what runs, and the series


def test_meetings_without_a_declared_form_are_left_out_with_their_reason() -> None:
    world = World(pmi_forced=False)
    personal = world.zoom.create(once("mine", settings={"use_pmi": True}))["id"]
    webinar = world.zoom.create(once("broadcast"))["id"]
    world.zoom.create(once("instant", type=1))
    world.zoom.create(once("good"))
    world.zoom.switch(webinars=[webinar])

    found = read(world)

    assert topics(found) == ["good"]
    assert {(skipped.id, skipped.reason) for skipped in found.omitted.left} == {
        (personal, "it is held under its host's personal meeting id, whose link every such meeting shares"),
        (webinar, "it is a webinar"),
    }


def test_a_missing_host_is_reported_and_the_others_go_on() -> None:
    world = World(users=[GRACE])
    world.zoom.create(ONCE, GRACE)

    found = read(world, ADA, GRACE)

    assert (topics(found), [failure.code for failure in found.failures]) == (
        ["Launch"],
        ["zoom.user-unknown"],
    )


def test_an_unreadable_meeting_is_reported_and_the_others_go_on() -> None:
    world = World()
    first, second, third = (world.zoom.create(once(topic))["id"] for topic in ("a", "b", "c"))

    def refuse(scope: Mapping[str, Any]) -> None:
        if scope["path"].endswith(f"/{first}"):
            raise httpx.ReadError("broken")
        if scope["path"].endswith(f"/{second}"):
            world.account.put(StoredMeeting(second, "nobody", {}, 0, deleted=True))

    world.on_request = refuse
    found = read(world)

    assert [meeting.id for meeting in found.declared] == [third]
    assert found.omitted.left == (
        Skipped(first, ADA, "a", discover.UNREAD),
        Skipped(second, ADA, "b", discover.VANISHED),
    )
    assert len(found.failures) == 1


@pytest.mark.parametrize(
    ("switches", "error"),
    [({"scopes": ["user:read:user:admin"]}, AccessError), ({"account_daily_limit": 1}, DailyLimitError)],
)
def test_an_error_that_concerns_all_reads_stops_them(
    switches: dict[str, Any], error: type[Exception]
) -> None:
    world = World()
    world.zoom.create(ONCE)
    world.zoom.switch(**switches)

    with pytest.raises(error):
        read(world, ADA, GRACE)


def test_a_network_that_is_down_stops_the_reads() -> None:
    world = World()
    world.unreachable = lambda _scope: True

    with pytest.raises(NeverSentError):
        read(world, ADA, GRACE)


def test_the_number_of_reads_at_once_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """The reader has its own bound besides those of the client."""
    monkeypatch.setattr(live_read, "IN_FLIGHT_MAX", 5)
    world = World(latency_seconds=0.1)
    for number in range(20):
        world.zoom.create(once(f"m{number}"))

    read(world)

    assert world.in_flight_max == 5
