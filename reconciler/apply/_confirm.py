"""The end of a step that happened: recorded durably, read back, told.

Read-backs run beside the host's next request; `wait` gathers them.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING

from reconciler import advice, readback
from reconciler.diff import Action
from reconciler.errors import RemoteError, StateError
from reconciler.events import StepDone
from reconciler.meeting import schedule
from reconciler.state import Record

if TYPE_CHECKING:
    from reconciler.pending import Pending
    from reconciler.ports import Answer, Body
    from reconciler.run import Run
    from reconciler.state import State


class Finisher:
    """Finishes one host's steps."""

    def __init__(self, run: Run) -> None:
        self._run = run
        self._tasks: list[asyncio.Task[None]] = []

    def confirm(self, pending: Pending, answer: Answer, *, unsent: int) -> None:
        """Record the meeting in the place of its intent; the rest follows beside the next request.

        `unsent` requests are charged to the same day, but Zoom has not seen them yet.
        """
        record = recorded_as(pending, answer.body)

        def confirmed(state: State) -> State:
            state = pending.confirm(state, record)
            if answer.requests_left is None:
                return state
            gone = self._run.limits(pending.step.host).daily - answer.requests_left
            return state.spend_all(pending.day, pending.step.host, gone + unsent)

        durable = self._run.journal.post(confirmed)
        self._tasks.append(asyncio.create_task(self._finish(pending, record, durable)))

    async def wait(self) -> None:
        """Return when every step is told."""
        await asyncio.gather(*self._tasks)

    async def _finish(self, pending: Pending, record: Record, durable: asyncio.Future[float]) -> None:
        run, step = self._run, pending.step
        try:
            await durable
        except StateError as error:
            run.fail(step, advice.unrecorded(step, record.id, error, pending.action))
            return
        if pending.action is Action.REPLACE:
            run.retire(step, pending.before)
        notes = await self._read_back(pending, record)
        next_at = schedule(record.attributes, run.now()).next_at
        run.tell(StepDone(run.now(), step.key, pending.action, step.host, record.id, next_at, notes))

    async def _read_back(self, pending: Pending, record: Record) -> tuple[str, ...]:
        try:
            stored = await self._run.remote.read(record.id)
        except RemoteError as error:
            return (advice.unread(record.id, error),)
        seen = readback.observed(pending.sent, stored.body)
        known = readback.merged(record.observed, pending.sent, seen)
        if known != record.observed:
            key = pending.step.key
            with suppress(StateError):  # the journal tells it to everyone; what was read is told all the same
                await self._run.journal.commit(
                    lambda state: state.confirm(key, replace(record, observed=known))
                )
        return readback.notes(pending.sent, seen)


def recorded_as(pending: Pending, answered: Body) -> Record:
    """The record of a meeting that Zoom answered with, or of the one that it changed."""
    meeting, before = pending.step.meeting, pending.before
    protect = meeting is not None and meeting.protect
    if pending.is_update:
        assert before is not None, "only what is recorded is changed"
        return replace(before, attributes=pending.intent.attributes, protect=protect)
    return Record(
        id=answered["id"],
        host=pending.step.host,
        created_at=readback.created_at(answered),
        attributes=pending.intent.attributes,
        protect=protect,
    )
