"""The base of the resolvers of creates and of updates: the open writes of one host.

A request is looked up after the settling time, never before. Nothing is sent from here.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Collection, Iterable

from reconciler.apply import _messages as messages
from reconciler.apply.context import ApplyContext
from reconciler.apply.events import Outcome, Resolved
from reconciler.apply.pending import PendingWrite
from reconciler.errors.diagnostic import Diagnostic
from reconciler.errors.exceptions import RemoteError, UnknownOutcomeError
from reconciler.plan import diff
from reconciler.plan.change import Change
from reconciler.plan.step import Step
from reconciler.state.state import Intent, Record, host_key


class Resolver(ABC):
    """The open writes of one host.

    `open` has the steps whose outcome is unknown. `to_send` has the steps that have to be sent (again),
    each with the intent that it repeats, where there is one; the sender removes them.
    """

    def __init__(self, run: ApplyContext, steps: Iterable[Step]) -> None:
        self.open = {step.key: step for step in steps}
        self.to_send: list[tuple[Step, Intent | None]] = []
        self._run = run

    async def resolve_earlier(self) -> None:
        """Look up the writes of earlier runs, once they must have landed.

        Raises `RemoteError` where the host's list or a candidate cannot be read.
        """
        if not self.open:
            return
        assert self._run.settled_from is not None
        if await self._run.settle(self._run.settled_from):
            await self._judge_earlier()

    async def resolve_lost(
        self, pending: PendingWrite, error: UnknownOutcomeError, unsent: Collection[str] = ()
    ) -> None:
        """Look up a write of this run. `unsent` are keys with a durable intent that was never sent."""
        lost_at = self._run.clock.monotonic()
        self.open[pending.key] = pending.step
        self._run.notice(messages.outcome_unknown(pending.step, error, self._run.settle_seconds))
        if await self._run.settle(lost_at):
            await self._judge_lost(pending, unsent)

    def give_up(self, error: RemoteError | None) -> None:
        """Report every open step as unresolved."""
        for step in self.open.values():
            self._run.fail(step, messages.unresolved(step, error))
        self.open.clear()

    @abstractmethod
    async def _judge_earlier(self) -> None: ...

    @abstractmethod
    async def _judge_lost(self, pending: PendingWrite, unsent: Collection[str]) -> None: ...

    async def _drop(self, step: Step) -> None:
        """Drop the intent of a write that did not happen and that nothing asks for any more."""
        await self._run.journal.commit(lambda state: state.drop_intent(step.key))
        self._report(step, Outcome.DROPPED)

    def _compare(self, step: Step, record: Record) -> Change:
        assert step.meeting is not None, "a comparison needs a declared meeting"
        return diff.compare(step.meeting, record, same_user=self._is_same_host)

    def _is_same_host(self, host: str, other: str) -> bool:
        state = self._run.journal.state
        return host_key(state, host) == host_key(state, other)

    def _report(
        self, step: Step, outcome: Outcome, diagnostic: Diagnostic | None = None, made: int | None = None
    ) -> None:
        self._run.emit(Resolved(self._run.now(), step.key, step.host, outcome, made, diagnostic))
