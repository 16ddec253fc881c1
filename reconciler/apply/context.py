"""The context of one apply: its remote, journal, clock, lease and secrets, and what its hosts share.

The rules for when no request may leave are here too, because they apply to every host.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Collection, Iterator
from contextlib import suppress
from datetime import datetime
from functools import partial

from msgspec import Struct, field
from msgspec.structs import replace

from reconciler.apply.events import (
    Event,
    EventListener,
    Noticed,
    Outcome,
    Resolved,
    StepDeferred,
    StepDone,
    StepFailed,
)
from reconciler.apply.journal import Journal
from reconciler.apply.pending import Author
from reconciler.errors.diagnostic import Diagnostic
from reconciler.errors.exceptions import AccessError, GoneError, ReconcilerError, RemoteError, StateError
from reconciler.plan import budget
from reconciler.plan.budget import Allowances, Limits
from reconciler.plan.change import Action
from reconciler.plan.step import Step
from reconciler.ports import IN_FLIGHT_MAX, Answer, Body, Lease, MeasuredClock, Remote
from reconciler.state import identity
from reconciler.state.history import Fact, Kind
from reconciler.state.state import Record, State, names_of

NAP_SECONDS = 0.5
"""The interval at which a wait checks whether it should end."""

SHORTEST_NAP_SECONDS = 0.001
"""Shortest wait: what is left of a longer one may be less than a clock can show."""

READ_AGAIN_SECONDS = (1.0, 4.0)
"""Waits before the further reads of a meeting that does not show a write yet: reads may lag."""


class NotNowError(Exception):
    """A request was held back at the last moment; nothing left."""


class ApplyContext(Struct):
    """The context of one apply.

    `listener` takes each event, `stopping` returns whether somebody asked the run to stop, and
    `settle_seconds` is the longest that a request may take to land and to show in the list.
    """

    remote: Remote
    journal: Journal
    clock: MeasuredClock
    lease: Lease
    allowances: Allowances
    author: Author
    settle_seconds: float
    listener: EventListener
    stopping: Callable[[], bool]
    as_imported: Callable[[Record, Body, datetime], Record]
    """The record of a declared meeting, with the values of Zoom's answer: what an import records."""
    failure: ReconcilerError | None = None
    """The error that stops every host; None while there is none."""
    closed_day: str | None = None
    """The UTC day for which Zoom reported that the account's limit is used up."""
    settled_from: float | None = None
    """The monotonic second at which the hosts' ids became durable; earlier runs' requests left before it."""
    verified: set[str] = set()
    """The names of hosts, as the state has them, whose user ids Zoom confirmed in this run."""
    unfit: dict[str, Diagnostic] = {}
    """The diagnostic of each key whose passcode is missing or cannot be sent."""
    destroys: list[Step] = []
    """The destroys of meetings that were replaced in this run; they were approved with the replace."""
    failed: set[str] = set()
    """The keys of the steps that failed."""
    dates_open: set[str] = set()
    """The keys of series whose single dates are not all done: the meetings they replace stay for now."""
    outdated: set[str] = set()
    """The keys whose meetings are not as declared yet: the meetings they replace stay for now."""
    counts: Counter[str] = field(default_factory=Counter)
    """The number of events of each outcome."""
    senders: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(IN_FLIGHT_MAX))
    """Bounds the creates of all hosts that wait to be sent. So many leave within a timeout at any pace;
    an intent that waits for longer would have to be written again."""

    def emit(self, event: Event) -> None:
        """Count the event and pass it to the listener."""
        self.counts[_outcome(event)] += 1
        for fact in _left(event):
            self.journal.note(fact)
        self.listener(event)

    def fail(self, step: Step, diagnostic: Diagnostic, refused: tuple[tuple[str, str], ...] = ()) -> None:
        """Report that a step did not happen; `refused` are the `fields` of `StepFailed`."""
        self.failed.add(step.key)
        if step.id is not None:
            known = partial(identity.find, self.journal.state, step.id)
            diagnostic = identity.with_remedy(diagnostic, step.key, known)
        located = replace(diagnostic, key=step.key)
        self.emit(StepFailed(self.now(), step.key, step.action, step.host, located, refused))

    def fail_remote(self, step: Step, error: RemoteError) -> None:
        """Report that a step failed by an error of Zoom; one that concerns every request stops the run."""
        self.fail(step, error.diagnostic)
        if isinstance(error, AccessError):
            self.failure = error

    def defer(self, step: Step, day: str | None, reason: str, last_day: str | None = None) -> None:
        """Report that a step is left to `day`, or to a later run where it is None.

        Of several single dates, the last one is left to `last_day`.
        Until then the meeting of the step is not as declared.
        """
        if step.action is not Action.DESTROY:
            self.outdated.add(step.key)
        later = last_day if last_day != day else None
        self.emit(StepDeferred(self.now(), step.key, step.host, day, reason, step.action, later))

    def leave_to_person(self, step: Step, reason: str) -> None:
        """Report that a step waits for somebody to change the spec, as the reason says."""
        self.outdated.add(step.key)
        event = StepDeferred(self.now(), step.key, step.host, None, reason, step.action, needs_person=True)
        self.emit(event)

    def retire(self, step: Step, before: Record | None) -> None:
        """Delete the old meeting of a replace once everything is sent, unless it is left in Zoom."""
        if before is not None and step.retires:
            self.destroys.append(
                replace(step, action=Action.DESTROY, id=before.id, host=before.host, meeting=None, changes=())
            )

    def notice(self, diagnostic: Diagnostic) -> None:
        """Report a diagnostic that stops nothing."""
        self.emit(Noticed(self.now(), diagnostic))

    async def read_new(self, meeting_id: int) -> Answer:
        """Read a meeting that this run may have made: a read that lags does not find it yet."""
        for seconds in READ_AGAIN_SECONDS:
            with suppress(GoneError):
                return await self.remote.read(meeting_id)
            await self.clock.sleep(seconds)
        return await self.remote.read(meeting_id)

    def stranger(self, key: str, meeting_id: int, stored: Body) -> Diagnostic | None:
        """Return why nothing may be done to a meeting; None if host and creation are the recorded ones."""
        state = self.journal.state
        known = identity.find(state, meeting_id)
        return None if known is None else identity.problem(state, key, known, stored, verified=self.verified)

    def is_followed(self, known: Record, stored: Body, hosts: Collection[str]) -> bool:
        """Return True if the recorded meeting was handed over in Zoom to one of `hosts`."""
        return identity.is_followed(self.journal.state, known, stored, hosts, verified=self.verified)

    def must_stop(self) -> bool:
        """Return whether nothing more may be sent, for any reason."""
        self.failure = self.failure or self.journal.failure or self._lease_lost()
        return self.failure is not None or self.stopping()

    def limits(self, host: str) -> Limits:
        """The limits of the host, under whichever of its names they are set."""
        return self.allowances.of(*names_of(self.journal.state, host))

    def with_day_spent(self, state: State, day: str, host: str) -> State:
        """The state in which the host's day is used up, and every host's if Zoom closed the account."""
        for name in (host, *(state.hosts if day == self.closed_day else ())):
            state = state.spend_all(day, name, self.limits(name).daily)
        return state

    def may_leave(self, day: str, durable_at: float, *, even_stopped: bool = False) -> bool:
        """Return whether a request charged to `day`, with an intent of `durable_at`, may leave right now.

        With `even_stopped` it may also leave in a run that somebody asked to stop.
        """
        now = self.now()
        fresh = self.clock.monotonic() - durable_at <= self.remote.timeout_seconds
        may_go_on = not self.must_stop() or (even_stopped and self.failure is None)
        return may_go_on and fresh and budget.day_of(now) == day and not budget.near_midnight(now)

    def check_not_stopped(self, _attempts: int) -> None:
        """Hold a request back once the run must stop. Raises `NotNowError`."""
        if self.must_stop():
            raise NotNowError

    async def day(self) -> str:
        """The UTC day that a request sent now lands in; waits while midnight is too close to be sure."""
        while budget.near_midnight(self.clock.now()) and not self.must_stop():
            await self.clock.sleep(NAP_SECONDS)
        return budget.day_of(self.clock.now())

    def tomorrow(self) -> str:
        """The next UTC day, on which the budget starts anew."""
        return budget.day_of(budget.reset_at(self.now()))

    async def settle(self, since: float) -> bool:
        """Wait until a request that left before `since` must have landed; False if stopped before."""
        until = since + self.settle_seconds
        while (rest := until - self.clock.monotonic()) > 0:
            if self.must_stop():
                return False
            await self.clock.sleep(max(min(rest, NAP_SECONDS), SHORTEST_NAP_SECONDS))
        return not self.must_stop()

    def now(self) -> datetime:
        """This instant, aware, UTC."""
        return self.clock.now()

    def _lease_lost(self) -> StateError | None:
        if self.lease.seconds_left() > self.remote.timeout_seconds:
            return None
        return StateError.of(
            "state.lease-lost",
            detail="It would expire before a request is answered, so nothing more is sent.",
            hint="Run apply again; it looks up the requests that were sent.",
        )


_DONE = {
    Action.CREATE: "added",
    Action.REPLACE: "added",  # its old meeting counts as destroyed once it is deleted
    Action.UPDATE: "changed",
    Action.DESTROY: "destroyed",
}


def _left(event: Event) -> Iterator[Fact]:
    """Yield what the history tells of an event that says that something is left."""
    if isinstance(event, StepFailed):
        yield Fact(Kind.FAIL, event.key, (event.diagnostic.code,))
    elif isinstance(event, StepDeferred):
        yield Fact(Kind.DEFER, event.key, (event.day,) if event.day else ())
    elif isinstance(event, Resolved) and event.outcome is Outcome.UNCLEAR and event.diagnostic:
        yield Fact(Kind.FAIL, event.key, (event.diagnostic.code,))


def _outcome(event: Event) -> str:
    if isinstance(event, StepDone):
        return _DONE.get(event.action, "recorded")
    if isinstance(event, Resolved):
        return "unclear" if event.outcome is Outcome.UNCLEAR else "resolved"
    outcomes = {StepFailed: "failed", StepDeferred: "deferred"}
    return outcomes.get(type(event), "other")
