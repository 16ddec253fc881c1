"""What one apply is given, and what its hosts share while they work.

The outside comes in here: remote, journal, clock, lease, secrets, chance. The
rules of when nothing may leave stand here too, since they hold for every host.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime

from reconciler.apply.events import Event, Noticed, Outcome, Resolved, StepDeferred, StepDone, StepFailed
from reconciler.apply.journal import Journal
from reconciler.apply.pending import Author
from reconciler.errors.diagnostic import Diagnostic
from reconciler.errors.exceptions import ReconcilerError, StateError
from reconciler.plan import budget
from reconciler.plan.budget import Allowances, Limits
from reconciler.plan.change import Action
from reconciler.plan.step import Step
from reconciler.ports import IN_FLIGHT_MAX, Body, Clock, Lease, Remote
from reconciler.state import identity
from reconciler.state.state import Record, names_of

NAP_SECONDS = 0.5
"""How soon a wait notices that it should end."""


class NotNowError(Exception):
    """A request was held back at the last moment; nothing left."""


@dataclass(slots=True)
class ApplyContext:
    """One apply.

    `stopping` tells whether somebody asked for an end, `settle_seconds` how long a
    request may take to land and to show in the list.
    """

    remote: Remote
    journal: Journal
    clock: Clock
    lease: Lease
    allowances: Allowances
    author: Author
    settle_seconds: float
    listener: Callable[[Event], None]
    stopping: Callable[[], bool]
    failure: ReconcilerError | None = None
    """Why nothing more is sent for any host; None: all is well."""
    closed_day: str | None = None
    """The UTC day on which Zoom said that the whole account is at its limit."""
    settled_from: float | None = None
    """The monotonic second of this run's first durable write: older requests have left before it."""
    unfit: dict[str, Diagnostic] = field(default_factory=dict)
    """Why a key cannot be created in this run: its passcode is missing or unfit."""
    ends: list[Step] = field(default_factory=list)
    """The destroys of what was replaced in this run: approved with the replace."""
    told: Counter[str] = field(default_factory=Counter)
    """How often each outcome was told."""
    line: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(IN_FLIGHT_MAX))
    """Creates that may wait to be sent, over all hosts. So many leave within a timeout at any pace;
    an intent that waits for longer would have to be written again."""

    def tell(self, event: Event) -> None:
        """Pass the fact on, and count it."""
        self.told[_kind(event)] += 1
        self.listener(event)

    def fail(self, step: Step, diagnostic: Diagnostic, refused: tuple[tuple[str, str], ...] = ()) -> None:
        """Tell that a step is known not to have happened; `refused` as in `StepFailed`."""
        located = replace(diagnostic, key=step.key)
        self.tell(StepFailed(self.now(), step.key, step.action, step.host, located, refused))

    def defer(self, step: Step, day: str | None, reason: str) -> None:
        """Tell that a step's turn comes on `day`, or in a later run."""
        self.tell(StepDeferred(self.now(), step.key, step.host, day, reason, step.action))

    def retire(self, step: Step, before: Record | None) -> None:
        """Have the old meeting of a replace ended once everything is sent; unless it is left in Zoom."""
        if before is not None and step.retires:
            self.ends.append(
                replace(step, action=Action.DESTROY, id=before.id, host=before.host, meeting=None, changes=())
            )

    def notice(self, diagnostic: Diagnostic) -> None:
        """Tell something that stops nothing."""
        self.tell(Noticed(self.clock.now(), diagnostic))

    def stranger(self, key: str, meeting_id: int, stored: Body) -> Diagnostic | None:
        """Why nothing may be done to a meeting, by its host and creation; None: it is the recorded one."""
        known = identity.find(self.journal.state, meeting_id)
        return None if known is None else identity.problem(self.journal.state, key, known, stored)

    def ended(self) -> bool:
        """Whether nothing more may be sent, for whatever reason."""
        self.failure = self.failure or self.journal.failure or self._lease_lost()
        return self.failure is not None or self.stopping()

    def limits(self, host: str) -> Limits:
        """What the host may spend, under whichever of its names that was set."""
        return self.allowances.of(*names_of(self.journal.state, host))

    def may_leave(self, day: str, durable_at: float) -> bool:
        """Whether a request charged to `day`, its intent durable since `durable_at`, may leave right now."""
        now = self.clock.now()
        fresh = self.clock.monotonic() - durable_at <= self.remote.timeout_seconds
        return not self.ended() and fresh and budget.day_of(now) == day and not budget.near_midnight(now)

    def check_goes_on(self) -> None:
        """Hold a request back that would leave after the end. Raises `NotNowError`."""
        if self.ended():
            raise NotNowError

    async def day(self) -> str:
        """The UTC day that a request sent now lands in; waits where midnight is too close to tell."""
        while budget.near_midnight(self.clock.now()) and not self.ended():
            await self.clock.sleep(NAP_SECONDS)
        return budget.day_of(self.clock.now())

    def tomorrow(self) -> str:
        """The UTC day on which what the budget keeps back has its turn."""
        return budget.day_of(budget.reset_at(self.now()))

    async def settle(self, since: float) -> bool:
        """Wait until a request that left before `since` must have landed; False where the run ended first."""
        until = since + self.settle_seconds
        while (rest := until - self.clock.monotonic()) > 0:
            if self.ended():
                return False
            await self.clock.sleep(min(rest, NAP_SECONDS))
        return not self.ended()

    def now(self) -> datetime:
        """This instant, aware, UTC."""
        return self.clock.now()

    def _lease_lost(self) -> StateError | None:
        if self.lease.seconds_left() > self.remote.timeout_seconds:
            return None
        return StateError.of(
            "state.lease-lost",
            detail="It would end before a request is answered, so nothing more is sent.",
            hint="Run apply again; what was sent already is looked up.",
        )


_DONE = {
    Action.CREATE: "added",
    Action.REPLACE: "added",  # and its old meeting counts as destroyed once it is
    Action.UPDATE: "changed",
    Action.DESTROY: "destroyed",
}


def _kind(event: Event) -> str:
    if isinstance(event, StepDone):
        return _DONE.get(event.action, "recorded")
    if isinstance(event, Resolved):
        return "unclear" if event.outcome is Outcome.UNCLEAR else "resolved"
    kinds = {StepFailed: "failed", StepDeferred: "deferred"}
    return kinds.get(type(event), "told")
