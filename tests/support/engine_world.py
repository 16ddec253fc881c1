"""The engine with a store in memory, a manual clock, the real client and the emulator.

Meetings are planned and applied as the program does it; no code of the project is replaced.
"""

from __future__ import annotations

import asyncio
import json
import os
from collections import Counter
from datetime import UTC, datetime
from math import inf
from typing import TYPE_CHECKING, Any

import httpx
import sandbox_world
from builders import ALLOWANCES, HOST, one_off
from manual_clock import SkewedClock
from msgspec import Struct

from reconciler.apply.context import ApplyContext
from reconciler.apply.engine import Result, execute
from reconciler.apply.events import Resolved, StepDeferred, StepDone, StepFailed
from reconciler.apply.history.logbook import Logbook
from reconciler.apply.journal import Journal
from reconciler.apply.pending import Author
from reconciler.errors.diagnostic import Diagnostic
from reconciler.errors.exceptions import StateError
from reconciler.live.refresh import as_imported
from reconciler.meeting.meeting import Meeting
from reconciler.plan.plan import Options, Plan, build
from reconciler.ports import LockInfo, Snapshot
from reconciler.sandbox.faults import Cut
from reconciler.spec.spec import Spec
from reconciler.state import document as state_document
from reconciler.state.history import RunInfo
from reconciler.state.state import State, used
from reconciler.zoom.addresses import Addresses
from reconciler.zoom.auth import Credentials
from reconciler.zoom.client import ZoomClient
from reconciler.zoom.clock import ZoomClock
from reconciler.zoom.limits import UserLimit
from reconciler.zoom.pace import Pace

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from manual_clock import ManualClock

    from reconciler.apply.events import Event
    from reconciler.plan.budget import Allowances
    from reconciler.ports import Json
    from reconciler.spec.lifecycle import Import, Moved, Removed

SETTLE = 90.0
"""Seconds to settle, as in the program: twice the client's timeout and 30 more."""

CREDENTIALS = Credentials(access_token="sandbox")


def is_create(scope: Mapping[str, Any]) -> bool:
    """Return True for a request that creates a meeting."""
    return scope["method"] == "POST" and bool(scope["path"].endswith("/meetings"))


class MemoryStore:
    """A `Store` with compare-and-swap, whose n-th write (from 1) can be refused or lose its answer."""

    location = "memory"
    gather_seconds = 0.0

    def __init__(self) -> None:
        self.document: bytes | None = None
        self.writes = 0
        self.notes: list[str] = []
        self.refused: set[int] = set()
        self.answer_lost: set[int] = set()
        self.before_write: Callable[[], None] = lambda: None

    def read(self) -> Snapshot | None:
        """Return the newest document and its version."""
        return None if self.document is None else Snapshot(self.document, str(self.writes))

    def write(self, document: bytes, *, replaces: str | None, note: str = "") -> str:
        """Replace the given version."""
        self.notes.append(note)
        self.before_write()
        version = None if self.document is None else str(self.writes)
        self.writes += 1
        if self.writes in self.refused or replaces != version:
            raise StateError(Diagnostic("state.refused"))
        self.document = document
        if self.writes in self.answer_lost:
            raise StateError(Diagnostic("state.lost"))
        return str(self.writes)

    def lock(self, operation: str, *, timeout_seconds: float) -> MemoryLease:
        """Lock the state, which is never locked."""
        del operation, timeout_seconds
        return MemoryLease()

    def holder(self) -> LockInfo | None:
        """Return None: nobody holds the lock."""
        return None

    def force_unlock(self, lock_id: str) -> None:
        """Do nothing."""

    @property
    def state(self) -> State:
        """The recorded state."""
        return state_document.decode(self.document, "memory") if self.document else State(lineage="lineage-1")

    @state.setter
    def state(self, state: State) -> None:
        self.document = state_document.encode(state)
        self.writes += 1


class MemoryLease(Struct):
    """A held lock; `left` returns the seconds until it expires."""

    left: Callable[[], float] = lambda: inf

    @property
    def info(self) -> LockInfo:
        """The lock of an apply that began with the world."""
        return LockInfo("lock-1", "apply", "run-2", datetime(2026, 12, 1, 9, tzinfo=UTC))

    @property
    def taken_from(self) -> LockInfo | None:
        """Return None: nobody holds the lock."""
        return None

    @property
    def renew_seconds(self) -> float:
        """Never renew."""
        return inf

    def renew(self) -> None:
        """Do nothing."""

    def seconds_left(self) -> float:
        """Return the seconds left."""
        return self.left()

    def release(self) -> None:
        """Do nothing."""


class ReceivedCreate(Struct, frozen=True):
    """A create as the emulator received it, and the document in the store at that moment."""

    at: datetime
    host: str
    body: Mapping[str, Json]
    document: bytes

    @property
    def state(self) -> State:
        """The document as a state."""
        return state_document.decode(self.document, "memory")


class ApplyReport(Struct):
    """The events and the result of one apply."""

    events: list[Event] = []
    result: Result | None = None
    failure: StateError | None = None

    @property
    def status(self) -> int:
        """The exit status."""
        assert self.result is not None
        return int(self.result.status)

    @property
    def done(self) -> dict[str, int]:
        """Ids of the completed steps, by key."""
        return {event.key: event.id for event in self.events if isinstance(event, StepDone)}

    @property
    def steps(self) -> list[tuple[str, str]]:
        """The completed steps as (action, key), in order."""
        return [(event.action.value, event.key) for event in self.events if isinstance(event, StepDone)]

    @property
    def notes(self) -> dict[str, tuple[str, ...]]:
        """Notes about what Zoom stored differently, by key."""
        return {event.key: event.notes for event in self.events if isinstance(event, StepDone)}

    @property
    def failed(self) -> dict[str, str]:
        """Codes of the failed steps, by key."""
        return {event.key: event.diagnostic.code for event in self.events if isinstance(event, StepFailed)}

    @property
    def deferred(self) -> dict[str, tuple[str | None, str]]:
        """Day and reason of the deferred steps, by key."""
        return {
            event.key: (event.day, event.reason) for event in self.events if isinstance(event, StepDeferred)
        }

    @property
    def resolved(self) -> list[tuple[str, str]]:
        """Outcomes of the interrupted requests, in order."""
        return [(event.key, str(event.outcome)) for event in self.events if isinstance(event, Resolved)]

    @property
    def diagnostics(self) -> list[Diagnostic]:
        """Every diagnostic."""
        said = [getattr(event, "diagnostic", None) for event in self.events]
        return [one for one in said if one is not None]

    def text_of(self, code: str) -> str:
        """Return the detail and the hint of the one diagnostic with that code."""
        (one,) = [one for one in self.diagnostics if one.code == code]
        return f"{one.detail} {one.hint}"


TURNS = range(0, 60, 1 if "FAULT_ROUNDS" in os.environ else 5)
"""Turns after which a run dies, for searches; by the last one, the runs of all of them have ended.

`make faults` tries every one.
"""


class World:
    """A team, its state, its Zoom account and its clock, frozen at 2026-12-01T09:00:00Z."""

    def __init__(self, *declared: Meeting, **switches: Any) -> None:
        self.zoom = sandbox_world.World(**{"passcode_required": False, "safeguard_forced": False, **switches})
        self.clock: ManualClock = self.zoom.clock
        self.runner_clock = SkewedClock(self.clock, 0.0)
        """The clock of the machine that applies; a run sees Zoom's through the answers."""
        self.account = self.zoom.account
        self.store = MemoryStore()
        self.lease = MemoryLease()
        self.allowances: Allowances = ALLOWANCES
        self.declared: dict[str, Meeting] = {}
        self.moved: tuple[Moved, ...] = ()
        self.imports: tuple[Import, ...] = ()
        self.removed: tuple[Removed, ...] = ()
        self.refreshed: Callable[[State], State] = lambda state: state
        """What a refresh makes of the state that a plan is made from."""
        self.passcodes: dict[str, str] = {}
        self.options = Options()
        self.pace: str | int = 1000
        self.settle_seconds = SETTLE
        self.is_stopping = False
        self.runs = 0
        self.seen: list[ReceivedCreate] = []
        self.patched: list[Mapping[str, Json]] = []
        self.in_flight_max = 0
        self.on_request: Callable[[Mapping[str, Any]], None] = lambda _scope: None
        self.on_answer: Callable[[Mapping[str, Any]], None] = lambda _scope: None
        self.unreachable: Callable[[Mapping[str, Any]], bool] = lambda _scope: False
        self.connect_seconds: list[float] = []
        """How long the connections of the next creates take to open; without any, they are open."""
        self._in_flight = 0
        self._late_seconds: list[float] = []
        self._landing: list[tuple[float, Mapping[str, Any], bytes]] = []
        self.declare(*declared)

    # Before

    def declare(self, *meetings: Meeting) -> None:
        """Declare more meetings."""
        self.declared |= {one.key: one for one in meetings}

    def undeclare(self, key: str) -> None:
        """Remove a meeting from the spec."""
        del self.declared[key]

    def land_late(self, *seconds: float) -> None:
        """Break the connection of the next creates, which arrive that many seconds later."""
        self._late_seconds += seconds

    # Act

    def plan(self) -> Plan:
        """Make the plan."""
        spec = Spec(dict(sorted(self.declared.items())), self.moved, self.imports, self.removed)
        known = self.refreshed(self.store.state)
        return build(spec, known, self.runner_clock.now(), self.allowances, self.options)

    def apply(self, *, dies_after_turns: int | None = None, dies_with_intent: bool = False) -> ApplyReport:
        """Plan and apply; cancel it after that many turns of the loop, or once an intent is durable."""
        report = ApplyReport()
        plan = self.plan()
        death: Iterator[object] | None = None
        if dies_after_turns is not None:
            death = iter([False] * dies_after_turns)
        elif dies_with_intent:
            death = iter(lambda: bool(self.store.state.intents), None)
        try:
            asyncio.run(self._work(plan, report, death, dies_after_turns))
        except StateError as error:
            report.failure = error
        return report

    async def _work(
        self, plan: Plan, report: ApplyReport, death: Iterator[object] | None, turns: int | None
    ) -> None:
        """Execute the plan until it ends, or until `death`, asked at each turn, is true or ends."""
        task = asyncio.create_task(self._execute(plan, report))
        if death is None:
            report.result = await task
            return
        self.clock.watchers = 1
        for has_come in death:
            if task.done() or has_come:
                break
            await asyncio.sleep(0)
        self.clock.watchers = 0
        if task.done():
            report.result = task.result()
            return
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        assert turns != TURNS[-1], "the run is longer than TURNS, whose end must be later"

    async def _execute(self, plan: Plan, report: ApplyReport) -> Result:
        snapshot = self.store.read()
        version = snapshot.version if snapshot else None
        self.runs += 1
        logbook = Logbook(RunInfo("2026-12-01T09:00:00Z", f"run-{self.runs}"))
        journal = Journal(self.store, self.store.state, version, self.clock, inline, logbook=logbook)
        clock = ZoomClock(self.runner_clock)
        async with self.client(clock) as remote:
            return await execute(
                plan,
                ApplyContext(
                    remote=remote,
                    journal=journal,
                    clock=clock,
                    lease=self.lease,
                    allowances=self.allowances,
                    author=Author("run-2", self.passcodes.get, lambda: b"salt", lambda: clock.is_measured),
                    settle_seconds=self.settle_seconds,
                    listener=report.events.append,
                    stopping=lambda: self.is_stopping,
                    as_imported=as_imported,
                ),
            )

    def client(self, clock: ZoomClock | None = None) -> ZoomClient:
        """Return the real client, connected to the emulator."""
        return ZoomClient(
            CREDENTIALS,
            Addresses(),
            pace=Pace.of(self.pace, self.clock),
            clock=clock or ZoomClock(self.runner_clock),
            random=lambda: 0.5,
            user_limit=UserLimit(),
            transport=_OpeningTransport(self),
        )

    # After

    def meetings(self, host: str = HOST) -> list[tuple[str, str | None]]:
        """Return topic and start of the host's meetings in Zoom, oldest first."""
        return [
            (one.document["topic"], one.document.get("start_time")) for one in self.account.meetings_of(host)
        ]

    def topics(self, host: str = HOST) -> list[str]:
        """Return the topics of the host's meetings in Zoom, oldest first."""
        return [topic for topic, _ in self.meetings(host)]

    def ids(self) -> dict[str, int]:
        """Return the recorded ids, by key."""
        return {key: record.id for key, record in self.store.state.meetings.items()}

    def asked(self, method: str = "POST") -> list[str]:
        """Return the paths of all requests with that method, in order."""
        return [one.path for one in self.account.requests if one.method == method]

    def charged(self, host: str = HOST, day: str = "2026-12-01") -> int:
        """Return the requests that the state counts for a host."""
        return used(self.store.state, day, host)

    def used(self, host: str = HOST) -> Counter[str]:
        """Return the requests that Zoom counted for a host, by day."""
        user = self.account.user(host)
        return Counter(
            {day: n for (day, payer), n in self.account.usage.items() if user and payer == user.id}
        )

    # The connection to the emulator

    async def _arrive(self, scope: Any, receive: Any, send: Any) -> None:
        self._in_flight += 1
        self.in_flight_max = max(self.in_flight_max, self._in_flight)
        try:
            await self._land()
            body = (await receive())["body"]
            if self.unreachable(scope):
                raise httpx.ConnectError("refused")  # as httpx does before a byte is sent
            self.on_request(scope)
            if scope["method"] == "PATCH":
                self.patched.append(json.loads(body))
            if is_create(scope):
                self._see(scope, body)
                if self._late_seconds:
                    due = self.clock.monotonic() + self._late_seconds.pop(0)
                    self._landing.append((due, scope, body))
                    raise Cut("it arrives later")
            await self._pass_on(scope, body, send)
            self.on_answer(scope)
        finally:
            self._in_flight -= 1

    async def _pass_on(self, scope: Any, body: bytes, send: Any) -> None:
        async def receive() -> Any:
            return {"type": "http.request", "body": body, "more_body": False}

        await self.zoom.app(scope, receive, send)

    async def _land(self) -> None:
        async def nobody(_message: Any) -> None:
            """Drop the response: the client has disconnected."""

        due = [one for one in self._landing if one[0] <= self.clock.monotonic()]
        self._landing = [one for one in self._landing if one not in due]
        for _, scope, body in due:
            await self._pass_on(scope, body, nobody)

    def _see(self, scope: Any, body: bytes) -> None:
        host = scope["path"].split("/")[3]
        self.seen.append(ReceivedCreate(self.clock.now(), host, json.loads(body), self.store.document or b""))


class _OpeningTransport(httpx.ASGITransport):
    """Passes requests on, after a connection is opened where the world says so, with httpcore's events."""

    def __init__(self, world: World) -> None:
        super().__init__(world._arrive)  # noqa: SLF001 - the two are one
        self._world = world

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Return the response."""
        if request.method == "POST" and self._world.connect_seconds:
            trace = request.extensions["trace"]
            await trace("connection.connect_tcp.started", {})
            self._world.clock.advance(self._world.connect_seconds.pop(0))
            await trace("http11.send_request_headers.started", {"request": request})
        return await super().handle_async_request(request)


async def inline(call: Callable[[], str]) -> str:
    """Run a blocking call in the event loop, so that the manual clock decides the time."""
    return call()


def topic(name: str, *, host: str = HOST, **attributes: Any) -> Meeting:
    """Return a meeting whose key and topic are `name`."""
    return Meeting(name, host, one_off(topic=name, **attributes))


def many(count: int, *, host: str = HOST, prefix: str = "m") -> list[Meeting]:
    """Return `count` meetings of one host, whose keys sort in the order of their starts."""
    return [
        topic(f"{prefix}{n:03}", host=host, start_time=f"2027-01-{14 + n // 24:02}T{n % 24:02}:00:00Z")
        for n in range(count)
    ]
