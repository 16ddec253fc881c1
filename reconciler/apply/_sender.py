"""Sends the writes of one host: makes their intents durable, holds them back if necessary, sends in turn.

Between the durable write of an intent and the moment its bytes leave, the day may end, the intent may
grow old and the lock may expire. All three are checked again at the last moment.
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
"""Intents of one host that one state write may record ahead of their requests."""


class Sender:
    """Sends the writes of one host; `held` has those whose intent is durable and that were not sent."""

    def __init__(self, run: ApplyContext, host: str) -> None:
        self._run = run
        self._host = host
        self._closed_day: str | None = None
        self.held: list[PendingWrite] = []

    @property
    def held_keys(self) -> frozenset[str]:
        """The keys of the held writes."""
        return frozenset(pending.key for pending in self.held)

    def holds(self, pending: PendingWrite) -> bool:
        """Return whether the write still waits to be sent."""
        return any(held is pending for held in self.held)

    def unsent(self, day: str) -> int:
        """The number of requests that are charged to `day` and have not left."""
        return sum(pending.day == day for pending in self.held)

    def affordable(self, steps: Sequence[Step], day: str) -> list[Step]:
        """The first few of `steps` that the host's budget of `day` allows; at most `UNSENT_MAX`."""
        now, limits = self._run.now(), self._run.limits(self._host)
        spent = used(self._run.journal.state, day, self._host)
        affordable: list[Step] = []
        for step in steps:
            if len(affordable) == UNSENT_MAX or not limits.left(spent + len(affordable)):
                break
            if limits.allows(spent + len(affordable) + _together(step, spent), urgent=is_urgent(step, now)):
                affordable.append(step)
        return affordable

    async def begin(
        self, steps: Sequence[Step], day: str, repeated: Mapping[str, Intent]
    ) -> tuple[PendingWrite, ...]:
        """Make the intents and charges of `steps` durable in one write.

        `repeated` has the interrupted request of each key whose step repeats one.
        """
        run, records = self._run, self._run.journal.state.meetings
        begun = tuple(
            prepare(
                step, run.now(), day, run.author, before=records.get(step.key), repeats=repeated.get(step.key)
            )
            for step in steps
        )
        self.held.extend(begun)
        await self._commit(begun)
        return begun

    async def send(self, pending: PendingWrite) -> Answer | None:
        """Send the write; None where it may not be sent in this run any more (it stays in `held`).

        Raises as `Remote` does, and `StateError`.
        """
        async with self._run.senders:
            while await self._ready(pending):
                before = pending.departures
                check = partial(self._check_before_send, pending, before)
                try:
                    answer = await pending.send(self._run.remote, self._host, check)
                except NotNowError:
                    continue
                except NeverSentError as error:
                    pending.departures = before + error.attempts  # the last one did not leave
                    self._release(pending)
                    raise
                except RemoteError:
                    self._release(pending)
                    raise
                self._release(pending)
                return answer
        return None

    async def take_back_unsent(self) -> None:
        """Take back every intent that was not sent, with its charge."""
        unsent, self.held = tuple(self.held), []
        if unsent:
            await self._run.journal.commit(lambda state: self._without(unsent, state))

    async def close_day(self, pending: PendingWrite, *, whole_account: bool) -> None:
        """Record that Zoom reported the day's requests as used up, and take back what was not sent."""
        self._closed_day = pending.day
        if whole_account:
            self._run.closed_day = pending.day
        unsent, self.held = (*self.held, pending), []
        await self._run.journal.commit(
            lambda state: self._run.with_day_spent(self._without(unsent, state), pending.day, self._host)
        )

    async def _ready(self, pending: PendingWrite) -> bool:
        """Renew the intent where necessary; return False if it cannot be sent in this run."""
        run = self._run
        day = await run.day()
        if run.must_stop() or day in {self._closed_day, run.closed_day}:
            return False
        if day != pending.day:
            return await self._move_to(day, pending)
        if pending.is_outdated(run.now()):
            return await self._renew(pending)
        if not self._has_room(pending):
            return False
        if run.clock.monotonic() - pending.durable_at > run.remote.timeout_seconds:
            await self._commit((), rewritten=(pending,))
        return True

    async def _renew(self, pending: PendingWrite) -> bool:
        now = self._run.now()
        renew(pending, now, self._run.author)
        if pending.is_outdated(now):
            return False  # no coming start is left
        if not self._has_room(pending):
            return False  # its next start is too far away to use the reserve
        await self._commit((), rewritten=(pending,))
        return True

    def _has_room(self, pending: PendingWrite) -> bool:
        """Return whether the budget still allows it: others may use it too, as Zoom reports in answers."""
        spent = used(self._run.journal.state, pending.day, self._host) - self.unsent(pending.day)
        urgent = is_urgent(pending.step, self._run.now())
        return self._run.limits(self._host).allows(spent, urgent=urgent)

    async def _move_to(self, day: str, pending: PendingWrite) -> bool:
        """Charge the write to the day that has begun meanwhile."""
        if not self.affordable([pending.step], day):
            return False
        old_day, pending.day = pending.day, day
        refund = 0 if pending.departures else -1
        pending.departures = 0  # nothing was sent under the new charge
        renew(pending, self._run.now(), self._run.author)
        pending.durable_at = await self._run.journal.commit(
            lambda state: pending.begin(state.charge(old_day, self._host, refund))
        )
        return not pending.is_outdated(self._run.now())

    async def _commit(self, begun: Sequence[PendingWrite], rewritten: Sequence[PendingWrite] = ()) -> None:
        def with_intents(state: State) -> State:
            for pending in begun:
                state = pending.begin(state)
            for pending in rewritten:
                state = state.rewrite(pending.key, pending.intent)
            return state

        durable_at = await self._run.journal.commit(with_intents)
        for pending in (*begun, *rewritten):
            pending.durable_at = durable_at

    def _without(self, unsent: Sequence[PendingWrite], state: State) -> State:
        """The state without the unsent writes; a day that Zoom closed stays spent."""
        for pending in unsent:
            state = pending.take_back(state)
        for day in {self._closed_day, self._run.closed_day} - {None}:
            state = state.spend_all(str(day), self._host, self._run.limits(self._host).daily)
        return state

    def _release(self, pending: PendingWrite) -> None:
        self.held = [held for held in self.held if held is not pending]

    def _check_before_send(self, pending: PendingWrite, before: int, attempts: int) -> None:
        """Raise `NotNowError` if it may not leave; it left `before` times, and so many `attempts` since."""
        pending.departures = before + attempts
        if pending.is_outdated(self._run.now()) or not self._run.may_leave(pending.day, pending.durable_at):
            raise NotNowError
        pending.departures += 1


def _together(step: Step, spent: int) -> int:
    """The further requests that must fit into the day of a step: of the dates that it undoes."""
    # What no day can hold begins on a fresh one.
    return len(step.charged_dates) if step.undoes and spent else 0
