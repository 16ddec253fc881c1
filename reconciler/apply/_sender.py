"""One host's writes on their way out: begun durably, held back while they must be, sent one by one.

Between an intent's durable write and the moment its bytes leave, the day may
turn, the intent may grow old, the lock may run out: each is looked at again at
the very last moment, and nothing leaves that would break a promise.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial

from reconciler.apply.context import ApplyContext, NotNowError
from reconciler.apply.pending import PendingWrite, is_urgent, prepare, renew
from reconciler.errors.exceptions import NeverSentError, RemoteError
from reconciler.plan.step import Step
from reconciler.ports import Answer
from reconciler.state.state import Intent, State, used

UNSENT_MAX = 8
"""Intents of one host that one write may carry ahead of their requests."""


class Sender:
    """Sends one host's writes; `held` has those whose intent is durable and that were not sent."""

    def __init__(self, run: ApplyContext, host: str) -> None:
        self._run = run
        self._host = host
        self._closed_day: str | None = None
        self.held: list[PendingWrite] = []

    @property
    def held_keys(self) -> frozenset[str]:
        """The keys of what is held."""
        return frozenset(pending.key for pending in self.held)

    def holds(self, pending: PendingWrite) -> bool:
        """Whether it still waits to be sent."""
        return any(held is pending for held in self.held)

    def unsent(self, day: str) -> int:
        """Requests that are charged to `day` and have not left."""
        return sum(pending.day == day for pending in self.held)

    def affordable(self, steps: Sequence[Step], day: str) -> list[Step]:
        """The first few of `steps` that the host's budget of `day` allows; at most `UNSENT_MAX`."""
        now, limits = self._run.now(), self._run.limits(self._host)
        spent = used(self._run.journal.state, day, self._host)
        found: list[Step] = []
        for step in steps:
            if len(found) == UNSENT_MAX or not limits.left(spent + len(found)):
                break
            if limits.allows(spent + len(found), urgent=is_urgent(step, now)):
                found.append(step)
        return found

    async def begin(
        self, steps: Sequence[Step], day: str, earlier: Mapping[str, Intent]
    ) -> tuple[PendingWrite, ...]:
        """Make the intents and charges of `steps` durable, in one write."""
        run, known = self._run, self._run.journal.state.meetings
        fresh = tuple(
            prepare(
                step, run.now(), day, run.author, before=known.get(step.key), earlier=earlier.get(step.key)
            )
            for step in steps
        )
        self.held.extend(fresh)
        await self._commit(fresh)
        return fresh

    async def send(self, pending: PendingWrite) -> Answer | None:
        """Zoom's answer; None where it may not be sent in this run any more (it stays in `held`).

        Raises what `Remote` raises, and `StateError`.
        """
        async with self._run.line:
            while await self._ready(pending):
                try:
                    answer = await pending.send(self._run.remote, self._host, partial(self._leave, pending))
                except NotNowError:
                    continue
                except NeverSentError:
                    pending.departures -= 1  # it was let go, and did not get away
                    self._let_go(pending)
                    raise
                except RemoteError:
                    self._let_go(pending)
                    raise
                self._let_go(pending)
                return answer
        return None

    async def give_back(self) -> None:
        """Take back every intent that was not sent, and its charge."""
        unsent, self.held = tuple(self.held), []
        if unsent:
            await self._run.journal.commit(lambda state: self._without(unsent, state))

    async def close_day(self, pending: PendingWrite, *, whole_account: bool) -> None:
        """Zoom says that the day's requests are used up: believe it, durably."""
        self._closed_day = pending.day
        others: tuple[str, ...] = ()
        if whole_account:
            self._run.closed_day = pending.day
            others = tuple(self._run.journal.state.hosts)
        unsent, self.held = (*self.held, pending), []

        def closed(state: State) -> State:
            state = self._without(unsent, state)
            for host in others:
                state = state.spend_all(pending.day, host, self._run.limits(host).daily)
            return state

        await self._run.journal.commit(closed)

    async def _ready(self, pending: PendingWrite) -> bool:
        """Bring the intent up to date with the moment; False where it cannot be sent in this run."""
        run = self._run
        day = await run.day()
        if run.ended() or day in {self._closed_day, run.closed_day}:
            return False
        if day != pending.day:
            return await self._move_to(day, pending)
        if pending.is_outdated(run.now()):
            return await self._renew(pending)
        if not self._has_room(pending):
            return False
        if run.clock.monotonic() - pending.durable_at > run.remote.timeout_seconds:
            await self._commit((), again=(pending,))
        return True

    async def _renew(self, pending: PendingWrite) -> bool:
        now = self._run.now()
        renew(pending, now, self._run.author)
        if pending.is_outdated(now):
            return False  # no start is left to send
        if not self._has_room(pending):
            return False  # its next start is too far away for the reserve that it was given
        await self._commit((), again=(pending,))
        return True

    def _has_room(self, pending: PendingWrite) -> bool:
        """Whether the budget still allows it: Zoom may have told meanwhile that others draw from it too."""
        spent = used(self._run.journal.state, pending.day, self._host) - self.unsent(pending.day)
        urgent = is_urgent(pending.step, self._run.now())
        return self._run.limits(self._host).allows(spent, urgent=urgent)

    async def _move_to(self, day: str, pending: PendingWrite) -> bool:
        """Charge it to the day that has begun meanwhile."""
        if not self.affordable([pending.step], day):
            return False
        old_day, pending.day = pending.day, day
        refund = 0 if pending.departures else -1
        pending.departures = 0  # a new charge: nothing has left under it
        renew(pending, self._run.now(), self._run.author)
        pending.durable_at = await self._run.journal.commit(
            lambda state: pending.begin(state.charge(old_day, self._host, refund))
        )
        return not pending.is_outdated(self._run.now())

    async def _commit(self, fresh: Sequence[PendingWrite], again: Sequence[PendingWrite] = ()) -> None:
        def begun(state: State) -> State:
            for pending in fresh:
                state = pending.begin(state)
            for pending in again:
                state = state.rewrite(pending.key, pending.intent)
            return state

        durable_at = await self._run.journal.commit(begun)
        for pending in (*fresh, *again):
            pending.durable_at = durable_at

    def _without(self, unsent: Sequence[PendingWrite], state: State) -> State:
        """The state without what was not sent; a day that Zoom closed stays spent all the same."""
        for pending in unsent:
            state = pending.take_back(state)
        for day in {self._closed_day, self._run.closed_day} - {None}:
            state = state.spend_all(str(day), self._host, self._run.limits(self._host).daily)
        return state

    def _let_go(self, pending: PendingWrite) -> None:
        self.held = [held for held in self.held if held is not pending]

    def _leave(self, pending: PendingWrite) -> None:
        if pending.is_outdated(self._run.now()) or not self._run.may_leave(pending.day, pending.durable_at):
            raise NotNowError
        pending.departures += 1
