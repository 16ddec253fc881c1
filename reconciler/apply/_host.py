"""One host's part of an apply: its open requests first, then its writes, one after another.

What may have happened is looked up before anything else is sent, and a host's
meetings are listed once before its first create, so that none is made twice.
"""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress

from reconciler.apply import _lookup as lookup
from reconciler.apply import _messages as messages
from reconciler.apply._confirm import Confirmer
from reconciler.apply._lookup import MeetingLists
from reconciler.apply._resolve import MAKING, Resolver, Updates
from reconciler.apply._sender import Sender
from reconciler.apply.context import ApplyContext
from reconciler.apply.events import StepStarted
from reconciler.apply.pending import PendingWrite
from reconciler.errors.exceptions import (
    AccessError,
    DailyLimitError,
    GoneError,
    NeverSentError,
    RefusedError,
    RemoteError,
    StateError,
    UnknownOutcomeError,
)
from reconciler.plan import budget
from reconciler.plan.change import Action
from reconciler.plan.step import Step
from reconciler.ports import Answer, Body
from reconciler.state.state import Intent

STOPPED = "the run ended before its turn"
NO_BUDGET = "the host's requests for this UTC day are used up"


class HostRun:
    """The steps of one host, worked through in order."""

    def __init__(self, run: ApplyContext, host: str, steps: Iterable[Step]) -> None:
        ordered = sorted(steps, key=_turn)
        self._run = run
        self._lists = MeetingLists(run.remote, host)
        begun = {step.key: step for step in ordered if step.action is Action.RESOLVE}
        actions = {key: run.journal.state.intents[key].action for key in begun}
        making = (step for key, step in begun.items() if actions[key] in MAKING)
        changing = (step for key, step in begun.items() if actions[key] not in MAKING)
        self._queue = [step for step in ordered if step.action is not Action.RESOLVE]
        self._earlier: dict[str, Intent] = {}
        self._sender = Sender(run, host)
        self._finisher = Confirmer(run)
        self._resolver = Resolver(run, host, self._lists, making)
        self._updates = Updates(run, self._finisher, changing)

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
            await self._updates.earlier()
            await self._resolver.earlier()
            self._line_up_again()
            await self._create()
        except RemoteError as error:  # without the way to Zoom, or a whole list, nothing can be judged
            self._give_up(error)

    def _line_up_again(self) -> None:
        """Put what was found absent into the line, each in its turn."""
        for again in (self._resolver.again, self._updates.again):
            while again:
                step, intent = again.pop()
                if intent is not None:
                    self._earlier[step.key] = intent
                self._queue.append(step)
        self._queue.sort(key=_turn)

    async def _create(self) -> None:
        """Send what is missing, as far as the day's budget goes."""
        if not self._queue or self._run.ended():
            return
        await self._stop_twins()
        await self._stop_strangers()
        while self._queue and not self._run.ended():
            await self._sender.give_back()
            day = await self._run.day()
            batch = self._sender.affordable(self._queue, day)
            if not batch:
                return
            for pending in await self._sender.begin(batch, day, self._earlier):
                if self._sender.holds(pending) and not self._run.ended():
                    await self._send(pending)

    async def _stop_twins(self) -> None:
        making = [step for step in self._queue if step.action is not Action.UPDATE]
        if not making:
            return
        declared = {step.key: step.meeting.attributes for step in making if step.meeting}
        await self._lists.read(declared.values())
        listed, known = self._lists.meetings, self._run.journal.state.known_ids()
        for step in making:
            missing = self._lists.missing(declared[step.key])
            twin = lookup.find_duplicate(declared[step.key], listed, known)
            if missing is not None or twin is not None:
                self._queue.remove(step)
                self._run.fail(
                    step, missing.diagnostic if missing else messages.exists_already(step, twin or {})
                )

    async def _stop_strangers(self) -> None:
        """Take the updates of meetings that are not the recorded ones out of the line; nothing is charged."""
        changing = [step for step in self._queue if step.action is Action.UPDATE]
        if len(changing) > 1 and not self._lists.users:
            with suppress(RefusedError, UnknownOutcomeError):  # then each is read by itself
                await self._lists.read([step.meeting.attributes for step in changing if step.meeting])
        listed = {one["id"]: one for one in self._lists.meetings}
        for step in changing:
            assert step.id is not None, "what is changed has an id"
            found = listed.get(step.id) or await self._read(step, step.id)
            stranger = None if found is None else self._run.stranger(step.key, step.id, found)
            if stranger is not None:
                self._run.fail(step, stranger)
            if found is None or stranger is not None:
                self._queue.remove(step)

    async def _read(self, step: Step, meeting_id: int) -> Body | None:
        """The meeting as Zoom has it; None, and told, where it cannot be read."""
        try:
            return (await self._run.remote.read(meeting_id)).body
        except GoneError:
            self._run.fail(step, messages.meeting_gone(step, meeting_id))
        except (AccessError, DailyLimitError):
            raise  # no other read would fare better
        except (RefusedError, UnknownOutcomeError) as error:
            self._run.fail(step, error.diagnostic)
        return None

    async def _send(self, pending: PendingWrite) -> None:
        step, run = pending.step, self._run
        run.tell(StepStarted(run.now(), step.key, pending.action, step.host, step.topic))
        try:
            answer = await self._sender.send(pending)
        except UnknownOutcomeError as error:
            self._queue.remove(step)
            if pending.is_update:
                await self._updates.lost(pending, error)
            else:
                await self._resolver.lost(pending, error, unsent=self._sender.held_keys)
            self._line_up_again()
        except DailyLimitError as error:
            await self._sender.close_day(pending, whole_account=error.scope == "account")
        except (RefusedError, NeverSentError) as error:
            await self._refused(pending, error)
        else:
            await self._answered(pending, answer)

    async def _answered(self, pending: PendingWrite, answer: Answer | None) -> None:
        if answer is not None:
            self._queue.remove(pending.step)
            await self._done(pending, answer)
        elif pending.is_outdated(self._run.now()):
            self._queue.remove(pending.step)
            self._run.fail(pending.step, messages.too_late(pending.step, pending.action))

    async def _done(self, pending: PendingWrite, answer: Answer) -> None:
        self._finisher.confirm(pending, answer, unsent=self._sender.unsent(pending.day))
        if pending.earlier is None or pending.is_update:
            return
        try:
            await self._resolver.landed_late(pending, answer.body["id"])
        except RemoteError as error:
            self._run.notice(messages.list_unread(pending.step, error))

    async def _refused(self, pending: PendingWrite, error: RefusedError | NeverSentError) -> None:
        await self._run.journal.commit(pending.take_back)
        self._queue.remove(pending.step)
        told = error.diagnostic
        if pending.is_update and isinstance(error, GoneError):
            told = messages.meeting_gone(pending.step, pending.intent.id)
        self._run.fail(pending.step, told, error.fields if isinstance(error, RefusedError) else ())
        if isinstance(error, NeverSentError):
            raise error  # the next one would not get away either
        if isinstance(error, AccessError):
            self._run.failure = error

    def _give_up(self, error: RemoteError) -> None:
        """What waits for the list is told as failed; nothing was sent for it."""
        self._resolver.give_up(error)
        self._updates.give_up(error)
        if isinstance(error, DailyLimitError):
            return  # the rest has its turn on a later day
        for step in self._queue:
            self._run.fail(step, error.diagnostic)
        self._queue.clear()
        if isinstance(error, AccessError):
            self._run.failure = error

    def _leave_rest(self) -> None:
        """Tell what was not sent, and when its turn is."""
        run = self._run
        self._resolver.give_up(None)
        self._updates.give_up(None)
        for step in self._queue:
            reason, day = (STOPPED, None) if run.ended() else (NO_BUDGET, run.tomorrow())
            run.defer(step, day, reason)


def _turn(step: Step) -> tuple[object, ...]:
    return budget.turn(budget.BudgetRequest(step.key, step.starts_at))
