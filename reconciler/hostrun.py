"""One host's part of an apply: its open requests first, then its creates, one after another.

What may have happened is looked up before anything else is sent, and a host's
meetings are listed once before its first create, so that none is made twice.
"""

from __future__ import annotations

from collections import deque
from dataclasses import replace
from typing import TYPE_CHECKING

from reconciler import advice, budget, diff, lookup, readback, twins
from reconciler.diff import Action
from reconciler.errors import (
    AccessError,
    DailyLimitError,
    NeverSentError,
    RefusedError,
    RemoteError,
    StateError,
    UnknownOutcomeError,
)
from reconciler.events import Outcome, Resolved, StepDeferred, StepFailed, StepStarted
from reconciler.finish import Finisher
from reconciler.meeting import schedule
from reconciler.sender import Sender
from reconciler.state import Record, host_key

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from reconciler.errors import Diagnostic
    from reconciler.pending import Pending
    from reconciler.ports import Answer, Body
    from reconciler.run import Run
    from reconciler.state import Intent
    from reconciler.step import Step

UNSENT_MAX = 8
"""Intents of one host that one write may carry ahead of their requests."""

STOPPED = "the run ended before its turn"
NO_BUDGET = "the host's requests for this UTC day are used up"


class HostRun:
    """The steps of one host, worked through in order."""

    def __init__(self, run: Run, host: str, steps: Iterable[Step]) -> None:
        self._run = run
        self._host = host
        ordered = sorted(steps, key=lambda step: budget.turn(budget.Ask(step.key, step.starts_at)))
        self._open = {step.key: step for step in ordered if step.action is Action.RESOLVE}
        self._queue = deque(step for step in ordered if step.action is Action.CREATE)
        self._earlier: dict[str, Intent] = {}
        self._listed: tuple[Body, ...] | None = None
        self._sender = Sender(run, host)
        self._finisher = Finisher(run)

    async def work(self) -> None:
        """Do all of it; every fact is durable, or known not to be, and told when this returns."""
        try:
            await self._send_all()
            await self._sender.give_back()
        except StateError as error:  # what cannot be written down is not sent
            self._run.failure = self._run.failure or error
        await self._finisher.wait()
        self._leave_rest()

    async def _send_all(self) -> None:
        try:
            await self._resolve()
            await self._create()
        except RemoteError as error:  # without the way to Zoom, or a whole list, nothing can be judged
            self._give_up(error)

    async def _resolve(self) -> None:
        """Look up every open request of an earlier run, together."""
        intents = self._lookable()
        if not intents:
            return
        assert self._run.settled_from is not None
        if not await self._run.settle(self._run.settled_from):
            return
        await self._judge(intents)

    def _lookable(self) -> dict[str, Intent]:
        intents = {key: self._run.journal.state.intents[key] for key in self._open}
        for key, intent in intents.items():
            if intent.action != Action.CREATE:
                step = self._open.pop(key)
                self._fail(step, advice.newer_intent(step, intent.action))
        return {key: intent for key, intent in intents.items() if key in self._open}

    async def _judge(self, intents: Mapping[str, Intent]) -> None:
        listed = await self._list(fresh=True)
        known = self._run.journal.state.known_ids()
        verdicts = await lookup.look_up(self._run.remote, intents, listed, known)
        for key, found in verdicts.adopted.items():
            await self._adopt(self._open.pop(key), intents[key], found)
        for key, suspects in verdicts.unclear.items():
            step = self._open.pop(key)
            self._resolved(step, Outcome.UNCLEAR, advice.unclear(step, suspects))
        for key in verdicts.absent:
            await self._absent(self._open.pop(key), intents[key])

    async def _adopt(self, step: Step, intent: Intent, found: Body) -> None:
        record = Record(
            id=found["id"],
            host=intent.host,
            created_at=found.get("created_at"),
            attributes=intent.attributes,
            observed=readback.observed(lookup.as_sent(intent, found), found),
            protect=step.meeting is not None and step.meeting.protect,
        )
        await self._run.journal.commit(lambda state: state.confirm(step.key, record))
        self._resolved(step, Outcome.ADOPTED, made=record.id)
        if step.meeting and diff.compare(step.meeting, record, same_host=True).action is not Action.KEEP:
            self._run.notice(advice.differs_now(step))

    async def _absent(self, step: Step, intent: Intent) -> None:
        """Send it once more, as the spec says now; where the spec no longer asks for it, let it go."""
        if step.key in self._run.unfit:
            self._fail(step, self._run.unfit[step.key])
        elif self._wants(step, intent):
            self._resolved(step, Outcome.ABSENT)
            self._earlier[step.key] = intent
            self._queue.appendleft(step)
        else:
            await self._run.journal.commit(lambda state: state.withdraw(step.key))
            self._resolved(step, Outcome.DROPPED)

    def _wants(self, step: Step, intent: Intent) -> bool:
        state = self._run.journal.state
        if step.meeting is None or host_key(state, step.meeting.host) != host_key(state, intent.host):
            return False
        return not schedule(step.meeting.attributes, self._run.now()).begun

    async def _create(self) -> None:
        """Send what is missing, as far as the day's budget goes."""
        if not self._queue or self._run.ended():
            return
        await self._stop_twins()
        while self._queue and not self._run.ended():
            await self._sender.give_back()
            day = await self._run.day()
            ahead = [self._queue[place] for place in range(min(UNSENT_MAX, len(self._queue)))]
            batch = ahead[: self._sender.affordable(ahead, day)]
            if not batch:
                return
            for pending in await self._sender.begin(batch, day, self._earlier):
                await self._send(pending)

    async def _stop_twins(self) -> None:
        listed, known = await self._list(), self._run.journal.state.known_ids()
        for step in tuple(self._queue):
            assert step.meeting is not None
            twin = twins.find(step.meeting.attributes, listed, known)
            if twin is not None:
                self._queue.remove(step)
                self._fail(step, advice.exists_already(step, twin))

    async def _send(self, pending: Pending) -> None:
        step, run = pending.step, self._run
        run.tell(StepStarted(run.now(), step.key, Action.CREATE, step.host, step.topic))
        try:
            answer = await self._sender.send(pending)
        except UnknownOutcomeError as error:
            self._queue.remove(step)
            await self._look_up(pending, error)
        except DailyLimitError as error:
            await self._sender.close_day(pending, whole_account=error.scope == "account")
        except (RefusedError, NeverSentError) as error:
            await self._refused(pending, error)
        else:
            await self._answered(pending, answer)

    async def _answered(self, pending: Pending, answer: Answer | None) -> None:
        if answer is not None:
            self._queue.remove(pending.step)
            await self._done(pending, answer)
        elif pending.is_outdated(self._run.now()):
            self._queue.remove(pending.step)
            self._fail(pending.step, advice.too_late(pending.step))

    async def _refused(self, pending: Pending, error: RefusedError | NeverSentError) -> None:
        await self._run.journal.commit(pending.take_back)
        self._queue.remove(pending.step)
        refused = error.fields if isinstance(error, RefusedError) else ()
        self._fail(pending.step, error.diagnostic, refused)
        if isinstance(error, NeverSentError):
            raise error  # the next one would not get away either
        if isinstance(error, AccessError):
            self._run.failure = error

    async def _done(self, pending: Pending, answer: Answer) -> None:
        self._finisher.confirm(pending, answer)
        if not pending.repeated:
            return
        others = [one for one in await self._list(fresh=True) if lookup.matches(pending.intent, one)]
        known = self._run.journal.state.known_ids()
        others = [one for one in others if one["id"] not in known]
        if others:
            diagnostic = advice.twice(pending.step, answer.body["id"], others)
            self._resolved(pending.step, Outcome.UNCLEAR, diagnostic)

    async def _look_up(self, pending: Pending, error: UnknownOutcomeError) -> None:
        """An answer of this run was lost: wait until the request must have landed, then judge."""
        run, lost_at = self._run, self._run.clock.monotonic()
        if pending.repeated:
            self._fail(pending.step, advice.unresolved(pending.step, error))
            return
        run.notice(advice.uncertain(pending.step, error, run.settle_seconds))
        self._open[pending.key] = pending.step
        if await run.settle(lost_at):
            await self._judge({pending.key: pending.intent})

    async def _list(self, *, fresh: bool = False) -> tuple[Body, ...]:
        if self._listed is None or fresh:
            declared = [step.meeting.attributes for step in self._steps() if step.meeting]
            sent = [intent.attributes for intent in self._run.journal.state.intents.values()]
            users = lookup.deputies([*declared, *sent])
            self._listed = await lookup.listing(self._run.remote, self._host, users)
        return self._listed

    def _steps(self) -> Sequence[Step]:
        return (*self._open.values(), *self._queue)

    def _give_up(self, error: RemoteError) -> None:
        """What waits for the list is told as failed; nothing was sent for it."""
        for step in self._open.values():
            self._fail(step, advice.unresolved(step, error))
        for step in self._queue:
            self._fail(step, error.diagnostic)
        self._open.clear()
        self._queue.clear()
        if isinstance(error, AccessError):
            self._run.failure = error

    def _leave_rest(self) -> None:
        """Tell what was not sent, and when its turn is."""
        run = self._run
        for step in self._open.values():
            self._fail(step, advice.unresolved(step, None))
        for step in self._queue:
            reason, day = (STOPPED, None) if run.ended() else (NO_BUDGET, self._tomorrow())
            run.tell(StepDeferred(run.now(), step.key, step.host, day, reason))

    def _tomorrow(self) -> str:
        return budget.day_of(budget.reset_at(self._run.now()))

    def _fail(self, step: Step, diagnostic: Diagnostic, refused: tuple[tuple[str, str], ...] = ()) -> None:
        located = replace(diagnostic, key=step.key)
        self._run.tell(StepFailed(self._run.now(), step.key, step.action, step.host, located, refused))

    def _resolved(
        self, step: Step, outcome: Outcome, diagnostic: Diagnostic | None = None, made: int | None = None
    ) -> None:
        self._run.tell(Resolved(self._run.now(), step.key, step.host, outcome, made, diagnostic))
