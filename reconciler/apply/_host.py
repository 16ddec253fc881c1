"""Runs one host's part of an apply: its open requests first, then its writes, one after another.

A request that may have happened is looked up before anything else is sent, and the host's meetings are
listed once before its first create, so that none is created twice.
"""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress

from reconciler.apply import _messages as messages
from reconciler.apply._answers import believed
from reconciler.apply._confirm import Confirmer
from reconciler.apply._sender import Sender
from reconciler.apply._zones import with_same_rules
from reconciler.apply.context import ApplyContext
from reconciler.apply.dates.extension import may_extend
from reconciler.apply.dates.queue import DatesQueue
from reconciler.apply.events import StepStarted
from reconciler.apply.pending import PendingWrite, without_handover
from reconciler.apply.resolve import lookup
from reconciler.apply.resolve.creates import CREATING, CreateResolver
from reconciler.apply.resolve.lookup import MeetingLists
from reconciler.apply.resolve.updates import UpdateResolver
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


class HostRun:
    """The run of one host: its steps in order."""

    def __init__(self, run: ApplyContext, host: str, steps: Iterable[Step]) -> None:
        ordered = sorted(steps, key=_turn)
        resolves = [step for step in ordered if step.action is Action.RESOLVE]
        intents = run.journal.state.intents
        creates = [step for step in resolves if intents[step.key].action in CREATING]
        updates = [step for step in resolves if step not in creates and not intents[step.key].is_of_dates]
        self._run = run
        self._lists = MeetingLists(run.remote, host)
        self._queue = [step for step in ordered if step.action is not Action.RESOLVE and not step.is_of_dates]
        self._repeated: dict[str, Intent] = {}
        self._sender = Sender(run, host)
        self._confirmer = Confirmer(run)
        self._creates = CreateResolver(run, host, self._lists, creates)
        self._updates = UpdateResolver(run, self._confirmer, updates)
        self._dates = DatesQueue(run, host, ordered)
        self._left_alone: set[str] = set()

    async def work(self) -> None:
        """Do every step; on return every fact is reported, and durable or known not to be."""
        try:
            await self._send_all()
            await self._sender.take_back_unsent()
        except StateError as error:  # nothing is sent that cannot be recorded
            self._run.failure = self._run.failure or error
        await self._confirmer.wait()
        await self._bring_dates()
        self._report_rest()

    async def _bring_dates(self) -> None:
        """Bring the single dates of the series whose meetings were sent, or need nothing."""
        try:
            await self._dates.bring_all({*self._left_alone, *(step.key for step in self._queue)})
        except StateError as error:
            self._run.failure = self._run.failure or error

    async def _send_all(self) -> None:
        try:
            await self._dates.settle_earlier()
            await self._updates.resolve_earlier()
            await self._creates.resolve_earlier()
            self._queue_resolved()
            await self._send_queue()
            await self._send_untaken()
        except RemoteError as error:  # without a connection or a whole list nothing can be resolved
            self._give_up(error)

    def _queue_resolved(self) -> None:
        """Put the steps that have to be sent after all into the queue, each in its turn."""
        for to_send in (self._creates.to_send, self._updates.to_send):
            while to_send:
                step, intent = to_send.pop()
                if intent is not None:
                    self._repeated[step.key] = intent
                self._queue.append(step)
        self._queue.sort(key=_turn)

    async def _send_queue(self) -> None:
        """Send the queue, as far as the day's budget goes."""
        if not self._queue or self._run.must_stop():
            return
        await self._fail_duplicates()
        await self._fail_strangers()
        for step in await self._dates.read_undone(self._queue):
            self._queue.remove(step)
        for step in [step for step in self._queue if step.extends]:
            if not await may_extend(self._run, step):
                self._queue.remove(step)
                self._left_alone.add(step.key)
        while self._queue and not self._run.must_stop():
            await self._sender.take_back_unsent()
            day = await self._run.day()
            batch = self._sender.affordable(self._queue, day)
            if not batch:
                return
            for pending in await self._sender.begin(batch, day, self._repeated):
                if self._sender.holds(pending) and not self._run.must_stop():
                    await self._send(pending)

    async def _send_untaken(self) -> None:
        """Send each update of which nothing took once more, if the budget allows it."""
        await self._confirmer.wait()
        if not self._confirmer.untaken or self._run.must_stop():
            return
        again, waiting = self._confirmer.untaken, self._queue
        self._confirmer.untaken = {}
        self._queue = [pending.step for pending, _ in again.values()]
        await self._send_queue()
        for pending, diagnostic in again.values():
            if pending.step in self._queue:
                self._queue.remove(pending.step)
                self._run.fail(pending.step, diagnostic)
        self._queue += waiting

    async def _fail_duplicates(self) -> None:
        """Fail each create whose meeting exists already, or whose list could not be read."""
        creates = [step for step in self._queue if step.action is not Action.UPDATE]
        if not creates:
            return
        declared = {step.key: step.meeting.attributes for step in creates if step.meeting}
        await self._lists.read(declared.values())
        listed, known = self._lists.meetings, self._run.journal.state.known_ids()
        told: set[int] = set()  # two keys that are declared alike are told of two meetings
        for step in creates:
            error = self._lists.error(declared[step.key])
            duplicate = lookup.find_duplicate(
                declared[step.key], listed, known | told
            ) or lookup.find_duplicate(declared[step.key], listed, known)
            if error is not None:
                self._queue.remove(step)
                self._run.fail(step, error.diagnostic)
            elif duplicate is not None:
                told.add(duplicate["id"])
                self._queue.remove(step)
                self._run.fail(step, messages.exists_already(step, duplicate))

    async def _fail_strangers(self) -> None:
        """Fail each update whose meeting is not the recorded one; nothing is charged."""
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
        """Read the meeting; fail the step and return None if that is not possible."""
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
        run.emit(StepStarted(run.now(), step.key, pending.action, step.host, step.topic))
        try:
            answer = await self._sender.send(pending)
            if answer is not None and not pending.is_update:
                answer = await believed(run, pending, answer, unsent=self._sender.held_keys)
        except UnknownOutcomeError as error:
            self._queue.remove(step)
            resolver = self._updates if pending.is_update else self._creates
            await resolver.resolve_lost(pending, error, unsent=self._sender.held_keys)
            self._queue_resolved()
        except DailyLimitError as error:
            await self._sender.close_day(pending, whole_account=error.scope == "account")
        except (RefusedError, NeverSentError) as error:
            await self._refused(pending, error)
        else:
            await self._answered(pending, answer)

    async def _answered(self, pending: PendingWrite, answer: Answer | None) -> None:
        if answer is not None:
            self._queue.remove(pending.step)
            await self._confirm(pending, answer)
        elif pending.is_outdated(self._run.now()):
            self._queue.remove(pending.step)
            self._run.fail(pending.step, messages.too_late(pending.step, pending.action))

    async def _confirm(self, pending: PendingWrite, answer: Answer) -> None:
        self._confirmer.confirm(pending, answer, unsent=self._sender.unsent(pending.day))
        if pending.repeats is None or pending.is_update:
            return
        try:
            await self._creates.report_late_landing(pending, answer.body["id"])
        except RemoteError as error:
            self._run.notice(messages.list_unread(pending.step, error))

    async def _refused(self, pending: PendingWrite, error: RefusedError | NeverSentError) -> None:
        await self._run.journal.commit(pending.take_back)
        self._queue.remove(pending.step)
        diagnostic = error.diagnostic
        if pending.is_update and isinstance(error, GoneError):
            diagnostic = messages.meeting_gone(pending.step, pending.intent.id)
        elif pending.intent.to_host and not isinstance(error, (NeverSentError, AccessError)):
            diagnostic = messages.handover_refused(pending.step, error.diagnostic.detail)
            self._queue_without_handover(pending.step)
        elif isinstance(error, RefusedError) and [path for path, _ in error.fields] == ["timezone"]:
            zone = str(pending.sent.get("timezone"))
            diagnostic = messages.zone_refused(pending.step, zone, with_same_rules(zone, self._run.now()))
        self._run.fail(pending.step, diagnostic, error.fields if isinstance(error, RefusedError) else ())
        if isinstance(error, NeverSentError):
            raise error  # the next request would not leave either
        if isinstance(error, AccessError):
            self._run.failure = error

    def _queue_without_handover(self, step: Step) -> None:
        """Have the other changes of a refused handover sent by themselves."""
        self._repeated.pop(step.key, None)
        if step.rest:
            self._queue.append(without_handover(step, self._run.journal.state.meetings[step.key]))
            self._queue.sort(key=_turn)

    def _give_up(self, error: RemoteError) -> None:
        """Fail every step that is not sent yet."""
        self._creates.give_up(error)
        self._updates.give_up(error)
        if isinstance(error, DailyLimitError):
            return  # the queue is deferred to a later day
        for step in self._queue:
            self._run.fail(step, error.diagnostic)
        self._queue.clear()
        if isinstance(error, AccessError):
            self._run.failure = error

    def _report_rest(self) -> None:
        """Report the steps that were not sent, with the day of their turn."""
        run = self._run
        self._creates.give_up(None)
        self._updates.give_up(None)
        for pending, diagnostic in self._confirmer.untaken.values():
            run.fail(pending.step, diagnostic)
        for step in self._queue:
            reason, day = (
                (messages.STOPPED, None) if run.must_stop() else (messages.NO_BUDGET, run.tomorrow())
            )
            run.defer(step, day, reason)


def _turn(step: Step) -> tuple[object, ...]:
    return budget.turn(budget.BudgetRequest(step.key, step.starts_at))
