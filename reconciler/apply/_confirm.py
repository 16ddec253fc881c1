"""Confirms writes that happened: records each durably, reads it back and reports it.

Read-backs run next to the host's following request; `wait` gathers them.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import replace

from reconciler.apply import _messages as messages
from reconciler.apply.context import ApplyContext
from reconciler.apply.events import StepDone
from reconciler.apply.pending import PendingWrite
from reconciler.errors.exceptions import RemoteError, StateError
from reconciler.meeting import observed
from reconciler.meeting.meeting import schedule, start_at
from reconciler.plan.change import Action
from reconciler.ports import Answer, Body
from reconciler.state.state import Record, State, owner, scheduled_as


class Confirmer:
    """Confirms the writes of one host."""

    def __init__(self, run: ApplyContext) -> None:
        self._run = run
        self._tasks: list[asyncio.Task[None]] = []

    def confirm(self, pending: PendingWrite, answer: Answer, *, unsent: int) -> None:
        """Record the meeting in place of its intent; read-back and report run beside the next request.

        `unsent` requests are charged to the same day, but Zoom has not seen them yet.
        """
        record = record_of(pending, answer.body)

        def confirmed(state: State) -> State:
            state = pending.confirm(state, record)
            if answer.requests_left is None:
                return state
            spent = self._run.limits(pending.step.host).daily - answer.requests_left
            return state.spend_all(pending.day, pending.step.host, spent + unsent)

        durable = self._run.journal.post(confirmed)
        self._tasks.append(asyncio.create_task(self._finish(pending, record, durable)))

    async def wait(self) -> None:
        """Wait until every confirmed write is reported."""
        await asyncio.gather(*self._tasks)

    async def _finish(self, pending: PendingWrite, record: Record, durable: asyncio.Future[float]) -> None:
        run, step = self._run, pending.step
        try:
            await durable
        except StateError as error:
            run.fail(step, messages.unrecorded(step, record.id, error, pending.action))
            return
        if pending.action is Action.REPLACE:
            run.retire(step, pending.before)
        notes = await self._read_back(pending, record)
        if notes is None:
            return
        if step.lost_id is not None:
            notes = (f"was {step.lost_id}, which Zoom does not have any more; the join link is new", *notes)
        next_at = start_at(pending.sent) or schedule(record.attributes, run.now()).next_at
        zone = record.attributes.get("timezone")
        done = StepDone(run.now(), step.key, pending.action, step.host, record.id, next_at, notes)
        run.emit(replace(done, timezone=zone))

    async def _read_back(self, pending: PendingWrite, record: Record) -> tuple[str, ...] | None:
        """Notes on the values that Zoom stored differently; None if a handover failed, which is reported."""
        new_host = pending.intent.to_host
        try:
            stored = await self._run.remote.read(record.id)
        except RemoteError as error:
            return (f"meeting {record.id} could not be read back: {error.diagnostic.summary}",)
        seen = observed.observe(pending.sent, stored.body)
        known = observed.merge_observed(record.observed, pending.sent, seen)
        key = pending.step.key
        follows = bool(new_host) and self._run.is_followed(record, stored.body, (str(new_host),))
        seen_record = replace(record, observed=known)
        if follows:
            seen_record = replace(seen_record, host=str(new_host), attributes=pending.intent.attributes)
        if seen_record != record:
            with suppress(StateError):  # the journal fails the whole run; what was read is reported anyway
                await self._run.journal.commit(lambda state: state.confirm(key, seen_record))
        user = owner(seen_record.attributes, seen_record.host)
        personal = observed.personal_id(key, record.id, user, record.attributes, stored.body)
        if personal is not None:
            self._run.notice(personal)
        if new_host and not follows:
            why = "Zoom accepted the request and still names the old host."
            self._run.fail(pending.step, messages.handover_refused(pending.step, why))
            return None
        return observed.describe_observed(pending.sent, seen)


def record_of(pending: PendingWrite, answered: Body) -> Record:
    """The record of the meeting that was created or changed; `answered` is the body of the answer."""
    meeting, before = pending.step.meeting, pending.before
    protect = meeting is not None and meeting.protect
    if pending.is_update:
        assert before is not None, "only a recorded meeting is updated"
        attributes = pending.intent.attributes
        if pending.intent.to_host:  # the read-back decides
            attributes = scheduled_as(attributes, before.attributes)
        exceptions = {} if pending.intent.dates else before.exceptions
        return replace(before, attributes=attributes, protect=protect, exceptions=exceptions)
    return Record(
        id=answered["id"],
        host=pending.step.host,
        created_at=observed.created_at(answered),
        attributes=pending.intent.attributes,
        protect=protect,
        made="created",
    )
