"""Reads the single dates of series, and records what Zoom has; nothing is sent here.

What an interrupted request, or an update of the meeting, may have done to them is settled by reading.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from functools import reduce

from msgspec.structs import replace

from reconciler.apply import _messages as messages
from reconciler.apply.context import ApplyContext
from reconciler.apply.dates.comparison import listed_parts, taken_in_part, unlisted_parts
from reconciler.apply.dates.sender import DateSender, merged
from reconciler.apply.events import Outcome, Resolved
from reconciler.apply.history import logbook
from reconciler.errors.exceptions import GoneError, RemoteError
from reconciler.meeting import fields
from reconciler.meeting.meeting import SERIES, minutes_of
from reconciler.meeting.single_dates import Edit, is_over
from reconciler.plan.change import Action
from reconciler.plan.step import Step
from reconciler.ports import Body
from reconciler.state.state import Intent, Record, State
from reconciler.state.stored_dates import StoredDate, find


class DatesReader:
    """The dates of one host's series as Zoom has them, and their records."""

    def __init__(self, run: ApplyContext, sender: DateSender, host: str) -> None:
        self._run = run
        self._sender = sender
        self._host = host

    async def settle(self, step: Step) -> bool:
        """Settle an open intent of dates by reading; return whether nothing of it is open any more."""
        state = self._run.journal.state
        intent, record = state.intents[step.key], state.meetings.get(step.key)
        if record is None or record.id != intent.id:  # somebody edited the state by hand
            await self._run.journal.commit(lambda state: state.drop_intent(step.key))
            return True
        made = await self._made(step, record, intent)
        if made is None:
            return False
        outcome = Outcome.ADOPTED if len(made) == len(intent.dates) else Outcome.ABSENT
        self._run.emit(Resolved(self._run.now(), step.key, step.host, outcome, record.id))
        return True

    async def read_undone(self, step: Step) -> bool:
        """Record which edits an update of this run did not undo; return whether that is known of all."""
        state = self._run.journal.state
        if not self.is_unread(step):
            return True
        record, intent = state.meetings[step.key], state.intents[step.key]
        return await self._made(step, record, intent, noted={}) is not None

    def is_unread(self, step: Step) -> bool:
        """Return whether an intent names edits that an update may have undone, or that are being made."""
        intent = self._run.journal.state.intents.get(step.key)
        return intent is not None and intent.is_of_dates

    async def _made(
        self, step: Step, record: Record, intent: Intent, noted: Mapping[str, Edit] | None = None
    ) -> dict[str, Edit] | None:
        """Record the edits of an open intent that Zoom has, and return them; None, and reported, on failure.

        `noted` are those that the history names: all, unless it is given.
        """
        stored = await self.read(step, record)
        if stored is None:
            return None
        days = sorted({*record.exceptions, *intent.dates})
        found = find(record.attributes, stored, days, [record.exceptions, intent.dates])
        try:
            made = {
                day: edit
                for day, edit in intent.dates.items()
                if await self._is_made(record, found.get(day), edit, record.exceptions.get(day))
            }
        except RemoteError as error:
            self._run.fail_remote(step, error)
            return None
        partly = taken_in_part(record, found, intent.dates)
        await self.record(step, {**partly, **made}, noted=made if noted is None else noted)
        return made

    async def _is_made(self, record: Record, found: StoredDate | None, edit: Edit, before: Edit) -> bool:
        """Return whether Zoom has an edit; one that an answer does not show is sent again."""
        if edit is None and unlisted_parts(before):
            return False
        return await self._sender.has(record, found, edit, edit if isinstance(edit, Mapping) else None)

    async def what_is_left(
        self, step: Step, record: Record, found: Mapping[str, StoredDate], before: Mapping[str, Edit]
    ) -> dict[str, Edit] | None:
        """Return the edit that each date has in Zoom, by `before`, those that they had or were to have.

        What the list does not show of an edit, a read of the date must show. None, and reported, on failure.
        """
        try:
            return {day: await self._left(record, found[day], edit) for day, edit in before.items()}
        except RemoteError as error:
            self._run.fail_remote(step, error)
            return None

    async def _left(self, record: Record, found: StoredDate, before: Edit) -> Edit:
        minutes = minutes_of(record.attributes)
        if not found.has(before, minutes):
            return found.edit(minutes)
        is_whole = await self._sender.has(record, found, before, unlisted_parts(before))
        return before if is_whole else listed_parts(before)

    async def read(self, step: Step, record: Record) -> Body | None:
        """The meeting, which is the recorded one and a series; None, and reported, where it is not."""
        try:
            is_new = step.action in {Action.CREATE, Action.REPLACE}
            read = self._run.read_new if is_new else self._run.remote.read
            stored = (await read(record.id)).body
        except GoneError:
            if self.is_unread(step):
                await self._run.journal.commit(lambda state: state.drop_intent(step.key))
            self._run.fail(step, messages.meeting_gone(step, record.id))
            return None
        except RemoteError as error:
            self._run.fail_remote(step, error)
            return None
        problem = self._run.stranger(step.key, record.id, stored)
        if problem is None and stored.get("type") != SERIES:
            problem = messages.dates_failed(step, {}, "Zoom has it as a meeting of another type")
        if problem is not None:
            self._run.fail(step, problem)
        return stored if problem is None else None

    async def record(
        self,
        step: Step,
        made: Mapping[str, Edit],
        day: str = "",
        refund: int = 0,
        *,
        noted: Mapping[str, Edit] | None = None,
    ) -> None:
        """Record the edits in one durable write, drop the intent, and take back what never left.

        `noted` are the edits that the history names: all, unless it is given.
        """
        now, meeting = self._run.now(), step.meeting

        def recorded(state: State) -> State:
            record = state.meetings[step.key]
            record = replace(record, exceptions=_to_come(record, merged(record.exceptions, made), now))
            record = record.counted(now) if made and step.is_of_dates else record
            if meeting is not None and step.is_of_dates:  # it may release fields as well, as a keep does
                attributes = reduce(fields.drop, step.released, record.attributes)
                record = replace(record, attributes=attributes, protect=meeting.protect)
            state = state.confirm(step.key, record)
            return state.charge(day, self._host, -refund) if refund else state

        await self._run.journal.commit(
            recorded, *logbook.of_dates(step.key, made if noted is None else noted)
        )


def _to_come(record: Record, exceptions: Mapping[str, Edit], now: datetime) -> dict[str, Edit]:
    """The edits of dates that the rule gives and that are not over."""
    stored = find(record.attributes, {}, exceptions, [])
    return {
        day: edit
        for day, edit in exceptions.items()
        if day in stored and not is_over(stored[day].start, edit, now)
    }
