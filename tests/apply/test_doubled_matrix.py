"""Every call of an apply, with every outcome, is answered twice: each key holds its own meeting, each once.

The responses reach the real client on kept-alive connections. With `FAULT_ROUNDS`, as in `make faults`, each
is doubled at every place, and any two of them; without it, some are.
"""

from __future__ import annotations

import os
import random
from collections import Counter
from itertools import product
from typing import TYPE_CHECKING, Any

import pytest
import varied
from builders import HOST, removed, weekly
from doubled_transport import DoublingTransport
from engine_world import World, topic
from msgspec import Struct
from msgspec.structs import replace

from reconciler.meeting.meeting import Meeting
from reconciler.sandbox.faults import (
    CREATE,
    DELETE,
    LIST,
    READ,
    TOKEN,
    UPDATE,
    Fault,
    answer_lost,
    gateway_page,
)
from reconciler.zoom.addresses import Addresses
from reconciler.zoom.auth import Credentials
from reconciler.zoom.client import ZoomClient
from reconciler.zoom.clock import ZoomClock
from reconciler.zoom.pace import Pace

if TYPE_CHECKING:
    from collections.abc import Mapping

    import httpx

pytestmark = pytest.mark.no_cover

BEN = "ben@example.com"

CALLS: Mapping[str, Mapping[str, Any]] = {
    "token": TOKEN,
    "list": LIST,
    "read": READ,
    "create": CREATE,
    "patch": UPDATE,
    "delete": DELETE,
}

SAID: Mapping[int, Any] = {
    400: {"code": 300, "message": "Validation Failed."},
    401: {"code": 124, "message": "Access token is expired."},
    404: {"code": 1001, "message": "User does not exist."},
    429: {"code": 429, "message": "You have reached the maximum per-second rate limit for this API."},
}
OUTCOMES = ("2xx", "400", "401", "404", "429", "5xx, done", "5xx, not done")

NO_CREDENTIALS = {"reason": "Bad Request", "error": "invalid_request"}

COUNTS = {"token": 2, "list": 3, "read": 10, "create": 4, "patch": 3, "delete": 3}
"""Positions of each call: one more than a healthy apply has."""

WRITES = 9
"""Requests that are charged: four creates, and then three and two updates."""

APPLIES_MAX = 4

ODD = {
    **varied.SILENT,
    "read_lag_seconds": 3.0,
    "list_lag_seconds": 20.0,
    "user_type": 1,
    "times_without_z": True,
}
"""Every silent change but the personal id, whose meetings cannot be deleted."""

BOTH = (False, True)

VARIANTS = 3
"""Of the twelve combinations of a doubt, an account, and at once or late: those that a pair is tried with."""

PAIRS_TRIED = 24
"""How many pairs are tried without `FAULT_ROUNDS`."""

IS_WHOLE = "FAULT_ROUNDS" in os.environ


class Doubled(Struct, frozen=True):
    """The response to the `nth` request of a call, from 1, comes twice."""

    call: str
    outcome: str
    nth: int

    @property
    def is_of_a_meeting(self) -> bool:
        """Whether a 404 is about the meeting: somebody deletes it right before, or Zoom would not say so."""
        return self.outcome == "404" and self.call in {"read", "patch", "delete"}

    def fault(self) -> Fault | None:
        """What makes that request end so; None: it does by itself."""
        match = {**CALLS[self.call], "nth": self.nth}
        if self.outcome == "2xx" or self.is_of_a_meeting:
            return None
        if self.outcome.startswith("5xx"):
            return gateway_page(commit=self.outcome == "5xx, done", **match)
        status = int(self.outcome)
        body = SAID[status] if self.call != "token" else NO_CREDENTIALS
        return Fault(status=status, body=body, **match)

    @property
    def is_charged_again(self) -> bool:
        """Whether it is a write that was refused, or never done, and is sent once more."""
        is_not_done = self.outcome in {"400", "404", "5xx, not done"}
        return self.call in {"create", "patch"} and is_not_done and not self.is_of_a_meeting

    @property
    def is_token_lost(self) -> bool:
        """Whether it is the refusal of the second token, which a refused write waits for."""
        return (self.call, self.nth) == ("token", 2) and self.outcome in {"400", "401", "404"}


class DoubledWorld(World):
    """A world with responses that come twice on the connections of its runs."""

    def __init__(self, *declared: Meeting) -> None:
        super().__init__(*declared)
        self.doubled: tuple[Doubled, ...] = ()
        self.late = False
        self.counted: Counter[str] = Counter()
        self.gone: set[int] = set()
        """The meetings that somebody deleted in Zoom."""
        self.on_request = self._delete_before

    def client(self, clock: ZoomClock | None = None) -> ZoomClient:
        """Return the real client on connections that are kept."""
        return ZoomClient(
            Credentials("account", "client", "client-secret"),
            Addresses(),
            pace=Pace.of(self.pace, self.clock),
            clock=clock or ZoomClock(self.runner_clock),
            random=lambda: 0.5,
            transport=DoublingTransport(self._arrive, self._is_doubled, late=self.late),
        )

    def _is_doubled(self, request: httpx.Request, _response: httpx.Response) -> bool:
        return self._now(request.method, request.url.path) is not None

    def _delete_before(self, scope: Mapping[str, Any]) -> None:
        call = call_of(scope["method"], scope["path"])
        self.counted[call] += 1
        one = self._now(scope["method"], scope["path"])
        if one is None or not one.is_of_a_meeting:
            return
        stored = self.account.meeting(int(scope["path"].rsplit("/", 1)[1]))
        assert stored is not None
        self.gone.add(stored.id)
        self.account.put(replace(stored, deleted=True))

    def _now(self, method: str, path: str) -> Doubled | None:
        """The doubled response of the request that is there."""
        call = call_of(method, path)
        here = (one for one in self.doubled if (one.call, one.nth) == (call, self.counted[call]))
        return next(here, None)


def call_of(method: str, path: str) -> str:
    found = (name for name, call in CALLS.items() if Fault(**call).matches(method, path))
    return next(found, "other")


def changed_world(switches: Mapping[str, Any]) -> DoubledWorld:
    """Four meetings are there; two of them are to change, two to go, and three new ones to come."""
    series = Meeting("weekly", HOST, weekly(topic="weekly"))
    world = DoubledWorld(topic("a"), topic("b"), series, topic("d", host=BEN))
    world.zoom.switch(**switches)
    world.apply()
    world.counted.clear()
    world.removed = tuple(removed(key, world.ids()[key]) for key in ("a", "d"))
    for key in ("a", "d"):
        world.undeclare(key)
    later = Meeting("weekly", HOST, weekly(topic="weekly", agenda="new"))
    world.declare(topic("b", agenda="new"), later, topic("c"), topic("f"), topic("e", host=BEN))
    return world


def in_zoom(world: World) -> dict[str, tuple[str, Any]]:
    """Return topic and agenda of each recorded meeting that Zoom has, by key."""
    meetings = {key: world.account.meeting(number) for key, number in world.ids().items()}
    return {
        key: (one.document["topic"], one.document.get("agenda"))
        for key, one in meetings.items()
        if one is not None and not one.deleted
    }


def wrong(case: Case) -> list[tuple[Any, Any]]:
    """Apply until nothing is left to do; return what is otherwise than wanted, and what is wanted."""
    world = changed_world(ODD if case.is_odd else {})
    world.doubled, world.late = case.doubled, case.late
    world.zoom.meet(*filter(None, (one.fault() for one in case.doubled)), *DOUBTS[case.doubt])
    for _ in range(APPLIES_MAX):
        if world.plan().has_work:
            world.apply()
    is_gone = {key for key, number in world.ids().items() if number in world.gone}
    agendas = {"b": "new", "weekly": "new", "c": None, "f": None, "e": None}
    left = {key: (key, agenda) for key, agenda in agendas.items() if key not in is_gone}
    # Only `--refresh` brings back what somebody deleted.
    is_over = {step.key for step in world.plan().steps if step.is_work} <= is_gone
    topics = sorted([*world.topics(), *world.topics(BEN)])
    charged = world.charged() + world.charged(BEN)
    seen = in_zoom(world), topics, is_over, charged if charged not in charges(world) else "as it must be"
    wanted = left, sorted(left), True, "as it must be"
    return [each for each in zip(seen, wanted, strict=True) if each[0] != each[1]]


def charges(world: DoubledWorld) -> range:
    """How many requests may be charged: each write once, and once more where it was not carried out.

    A write that was refused for its token, and gets no other one or is refused again, may be left to the
    next run. So may one whose refusal never arrives, since an earlier response came late in its place. An
    update of a meeting that is gone is charged unless that was seen before.
    """
    came = [one for one in world.doubled if one.nth <= world.counted[one.call]]
    writes = [one for one in came if one.call in {"create", "patch"}]
    refused = [one for one in writes if one.outcome == "401"]
    is_left = len(refused) == 2 or any(one.is_token_lost for one in came)
    is_displaced = world.late and len(came) == 2
    left = [one for one in writes if is_displaced and one.outcome in {"401", "429"}]
    left = left or (refused if is_left else [])
    made = {one.id for one in world.account.all_meetings_ever if one.document["topic"] in {"c", "f", "e"}}
    never_recorded = (made & world.gone) - set(world.ids().values())
    least = WRITES + sum(one.is_charged_again for one in came) + len(never_recorded)
    updates = {number for key, number in world.ids().items() if key in {"b", "weekly"}}
    unsent = len(updates & world.gone)
    return range(least - unsent, least + 1 + len(left))


class Case(Struct, frozen=True):
    """Responses that come twice, at once or `late`, in an apply that has a `doubt` or none.

    `is_odd`: in an account that stores most of what it is sent otherwise, and whose reads and lists lag.
    """

    doubled: tuple[Doubled, ...]
    doubt: str
    late: bool
    is_odd: bool


DOUBTS: Mapping[str, tuple[Fault, ...]] = {
    "no doubt": (),
    "a create's answer is lost": (answer_lost(**CREATE),),
    "an update's answer is lost": (answer_lost(**UPDATE),),
}


def singles() -> list[Case]:
    return [
        Case((Doubled(call, outcome, nth),), *rest)
        for call, count in COUNTS.items()
        for outcome, nth in product(OUTCOMES, range(1, count + 1))
        for rest in product(DOUBTS, BOTH, BOTH)
    ]


def pairs() -> list[Case]:
    """Any two, at the first two places of each call, with a few of the accounts and doubts each."""
    chance = random.Random(14)
    some = [
        Doubled(call, outcome, nth)
        for call, count in COUNTS.items()
        for outcome, nth in product(OUTCOMES, range(1, min(count, 2) + 1))
    ]
    return [
        Case((one, other), *rest)
        for one, other in product(some, some)
        if (one.call, one.nth) < (other.call, other.nth)
        for rest in chance.sample(list(product(DOUBTS, BOTH, BOTH)), VARIANTS)
    ]


def tried(call: str) -> list[Case]:
    """One place, doubt and account, by chance, for each outcome of a call, at once and late."""
    cases = [case for case in singles() if case.doubled[0].call == call]
    if IS_WHOLE:
        return cases
    chance = random.Random(call)
    some = {(case.doubled[0].outcome, case.late): case for case in chance.sample(cases, len(cases))}
    return list(some.values())


def tried_pairs(call: str) -> list[Case]:
    cases = pairs()
    some = cases if IS_WHOLE else random.Random(14).sample(cases, PAIRS_TRIED)
    return [case for case in some if case.doubled[0].call == call]


@pytest.mark.parametrize("call", COUNTS)
def test_every_call_may_be_answered_twice_whatever_the_outcome(call: str) -> None:
    found = {case: wrong(case) for case in tried(call)}

    assert {case: differing for case, differing in found.items() if differing} == {}


@pytest.mark.parametrize("call", COUNTS)
def test_two_calls_may_be_answered_twice(call: str) -> None:
    """In every order: the calls are sorted, and so are their places."""
    found = {case: wrong(case) for case in tried_pairs(call)}

    assert {case: differing for case, differing in found.items() if differing} == {}
