"""A server sends answers twice on a kept-alive connection: each key holds its own meeting, each once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from builders import HOST, removed, weekly
from doubling import doubling
from engine_world import CREDENTIALS, ApplyReport, World, topic

from reconciler.meeting.meeting import Meeting
from reconciler.sandbox.faults import CREATE, READ, UPDATE, Fault
from reconciler.zoom.addresses import Addresses
from reconciler.zoom.auth import Credentials
from reconciler.zoom.client import ZoomClient
from reconciler.zoom.clock import ZoomClock
from reconciler.zoom.pace import Pace

if TYPE_CHECKING:
    from collections.abc import Callable

    from reconciler.sandbox.account import StoredMeeting

pytestmark = pytest.mark.no_cover

BEN = "ben@example.com"

BRIEF = {"code": 429, "message": "You have reached the maximum per-second rate limit for this API."}
STALE = {"code": 124, "message": "Access token is expired."}
REFUSED = {"code": 300, "message": "Validation Failed."}

DOUBLES: dict[str, Callable[[str, str, int], bool]] = {
    "create": lambda method, path, _: method == "POST" and path.endswith("/meetings"),
    "update": lambda method, _path, _status: method == "PATCH",
    "delete": lambda method, _path, _status: method == "DELETE",
    "read": lambda method, path, _: method == "GET" and path.startswith("/v2/meetings/"),
    "list": lambda method, path, _: method == "GET" and path.endswith("/meetings"),
    "user": lambda method, path, _: method == "GET" and path.count("/") == 3,
    "token": lambda _method, path, _status: path == "/oauth/token",
    "refusal": lambda _method, _path, status: status >= 400,
    "success": lambda _method, _path, status: status < 400,
    "everything": lambda _method, _path, _status: True,
}


class ServedWorld(World):
    """A world whose client reaches the emulator over real connections."""

    address = ""
    credentials = CREDENTIALS

    def client(self, clock: ZoomClock | None = None) -> ZoomClient:
        """Return the real client, connected to `address`."""
        return ZoomClient(
            self.credentials,
            Addresses(f"{self.address}/v2", f"{self.address}/oauth/token"),
            pace=Pace.of(self.pace, self.clock),
            clock=clock or ZoomClock(self.runner_clock),
            random=lambda: 0.5,
        )


def apply_until_done(
    world: ServedWorld, doubles: Callable[[str, str, int], bool], *, late: bool
) -> list[ApplyReport]:
    """Apply until nothing is left to do, each time through a new server; return the reports."""
    reports: list[ApplyReport] = []
    while world.plan().has_work:
        assert len(reports) < 4, [(each.failed, each.resolved) for each in reports]
        with doubling(world.zoom.app, doubles, late=late) as (_, world.address):
            reports.append(world.apply())
    return reports


def stored(world: World) -> dict[str, str]:
    """Return the topic of each recorded meeting in Zoom, by key."""
    return {key: str(one.document["topic"]) for key, one in kept(world).items()}


def kept(world: World) -> dict[str, StoredMeeting]:
    """Return the recorded meetings that Zoom has, by key."""
    meetings = {key: world.account.meeting(number) for key, number in world.ids().items()}
    return {key: one for key, one in meetings.items() if one is not None and not one.deleted}


@pytest.mark.parametrize("late", [False, True], ids=["at once", "late"])
@pytest.mark.parametrize("kind", DOUBLES)
def test_each_key_holds_its_own_meeting_once(kind: str, *, late: bool) -> None:
    """Creates of two hosts, then changes and deletions, with some requests refused for a moment."""
    series = Meeting("weekly", HOST, weekly(topic="weekly"))
    world = ServedWorld(
        topic("a"), topic("b"), topic("c"), series, topic("d", host=BEN), topic("e", host=BEN)
    )
    world.credentials = Credentials("account", "client", "client-secret")
    world.zoom.meet(Fault(status=429, body=BRIEF, **CREATE), Fault(status=401, body=STALE, nth=2, **CREATE))

    apply_until_done(world, DOUBLES[kind], late=late)

    first = {key: key for key in ("a", "b", "c", "weekly", "d", "e")}
    assert stored(world) == first
    assert sorted([*world.topics(), *world.topics(BEN)]) == sorted(first)

    world.removed = (removed("a", world.ids()["a"]), removed("d", world.ids()["d"]))
    world.undeclare("a")
    world.undeclare("d")
    world.declare(topic("b", agenda="new"), topic("c", agenda="new"), topic("e", agenda="new", host=BEN))
    world.zoom.meet(Fault(status=429, body=BRIEF, **UPDATE))

    apply_until_done(world, DOUBLES[kind], late=late)

    left = {key: key for key in ("b", "c", "weekly", "e")}
    assert stored(world) == left
    assert sorted([*world.topics(), *world.topics(BEN)]) == sorted(left)
    agendas = {key: one.document.get("agenda") for key, one in kept(world).items()}
    assert agendas == {"b": "new", "c": "new", "weekly": None, "e": "new"}


@pytest.mark.parametrize("kind", ["create", "read", "success"])
@pytest.mark.parametrize(
    "fault",
    [None, Fault(status=429, body=BRIEF, nth=2, **READ), Fault(status=400, body=REFUSED, nth=2, **READ)],
    ids=["lag", "limit", "refusal"],
)
def test_no_create_takes_the_refusal_of_a_read_for_its_own(fault: Fault | None, kind: str) -> None:
    """A read that takes the answer before it for its own leaves its own on the connection."""
    world = ServedWorld(*(topic(name) for name in "abcdef"), topic("g", host=BEN))
    world.zoom.switch(read_lag_seconds=3.0)
    world.zoom.meet(*filter(None, [fault]))

    apply_until_done(world, DOUBLES[kind], late=True)

    assert stored(world) == {key: key for key in "abcdefg"}
    assert (sorted(world.topics()), world.topics(BEN)) == (list("abcdef"), ["g"])
    assert (world.charged(), world.charged(BEN)) == (6, 1)


@pytest.mark.parametrize("late", [False, True], ids=["at once", "late"])
@pytest.mark.parametrize(
    ("status", "body", "times", "made"),
    [(400, REFUSED, 1, ["b", "c"]), (429, BRIEF, 6, ["b", "c"]), (401, STALE, 1, [])],
)
def test_a_refusal_is_of_the_request_that_was_refused(
    status: int, body: Any, times: int, made: list[str], *, late: bool
) -> None:
    """Of three creates the first is refused for good; a fixed token that is refused ends the run."""
    world = ServedWorld(topic("a"), topic("b"), topic("c"))
    world.zoom.meet(Fault(status=status, body=body, times=times, **CREATE))

    with doubling(world.zoom.app, DOUBLES["refusal"], late=late) as (_, world.address):
        report = world.apply()

    assert (list(report.failed), world.topics(), sorted(stored(world))) == (["a"], made, made)


def test_healthy_connections_are_kept() -> None:
    world = ServedWorld(*(topic(f"m{number}") for number in range(20)))

    with doubling(world.zoom.app, lambda *_: False, late=False) as (server, world.address):
        report = world.apply()

    assert report.status == 0
    assert server.connections < 10
