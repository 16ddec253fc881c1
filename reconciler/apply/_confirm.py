"""Confirms writes that happened: records each durably, reads it back and reports it.

Read-backs run next to the host's following request; `wait` gathers them.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime

from msgspec.structs import replace

from reconciler.apply import _messages as messages
from reconciler.apply.context import READ_AGAIN_SECONDS, ApplyContext
from reconciler.apply.events import StepDone
from reconciler.apply.history import logbook
from reconciler.apply.pending import PendingWrite
from reconciler.errors.diagnostic import Diagnostic
from reconciler.errors.exceptions import RemoteError, StateError
from reconciler.meeting import fields, observed
from reconciler.meeting.meeting import start_at
from reconciler.meeting.single_dates import edited_dates, held_schedule
from reconciler.plan.change import Action
from reconciler.ports import Answer, Body, Json
from reconciler.state.history import Fact, Kind
from reconciler.state.state import Record, State, owner, scheduled_as


class Confirmer:
    """Confirms the writes of one host."""

    def __init__(self, run: ApplyContext) -> None:
        self._run = run
        self._tasks: list[asyncio.Task[None]] = []
        self._first: dict[str, PendingWrite] = {}
        """The first update of each key that is sent once more."""
        self.untaken: dict[str, tuple[PendingWrite, Diagnostic]] = {}
        """Updates of which nothing took, each to be sent once more, or to be reported."""

    def confirm(self, pending: PendingWrite, answer: Answer, *, unsent: int) -> None:
        """Record the meeting in place of its intent; read-back and report run beside the next request.

        `unsent` requests are charged to the same day, but Zoom has not seen them yet.
        """
        record = record_of(pending, answer.body, self._run.now())

        def confirmed(state: State) -> State:
            if not pending.intent.to_host:  # until the meeting is read, nobody knows whose it is
                state = pending.confirm(state, record)
            if answer.requests_left is None:
                return state
            spent = self._run.limits(pending.step.host).daily - answer.requests_left
            return state.spend_all(pending.day, pending.step.host, spent + unsent)

        told = () if pending.intent.to_host else (logbook.written(pending.step, pending.action),)
        durable = self._run.journal.post(confirmed, *told)
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
        next_at = _next_at(pending, run.journal.state.meetings.get(step.key, record), run.now())
        zone = record.attributes.get("timezone")
        done = StepDone(run.now(), step.key, pending.action, step.host, record.id, next_at, notes)
        run.emit(replace(done, timezone=zone))

    async def _read_back(self, pending: PendingWrite, record: Record) -> tuple[str, ...] | None:
        """Notes on the values that Zoom stored differently; None if a handover failed, which is reported."""
        new_host = pending.intent.to_host
        try:
            stored = await self._read(pending, record.id)
        except RemoteError as error:
            if new_host:
                self._run.fail(pending.step, messages.unresolved(pending.step, error))
                return None
            return (f"meeting {record.id} could not be read back: {error.diagnostic.summary}",)
        seen = observed.observe(pending.sent, stored.body)
        known = observed.merge_observed(record.observed, pending.sent, seen)
        untaken = self._untaken(pending, stored.body)
        key = pending.step.key
        follows = bool(new_host) and self._follows(pending, stored.body)
        not_taken = observed.merge_untaken(record.not_taken, pending.sent, untaken)
        read: dict[str, Json] = {"observed": known, "not_taken": not_taken}
        if follows:
            read |= {"host": str(new_host), "attributes": pending.intent.attributes}
        read_record = replace(record, **read)
        if new_host:
            if not await self._record_handover(pending, read_record, follows=follows):
                return None
        elif read_record != record:
            with suppress(StateError):  # the journal fails the whole run; what was read is reported anyway
                await self._run.journal.commit(lambda state: state.amend(key, record.id, **read))
        user = owner(read_record.attributes, read_record.host)
        personal = observed.personal_id(key, record.id, user, record.attributes, stored.body)
        if personal is not None:
            self._run.notice(personal)
        if new_host and not follows:
            why = "Zoom accepted the request and still names the old host."
            self._run.fail(pending.step, messages.handover_refused(pending.step, why))
            return None
        if untaken:
            self._report_untaken(pending, seen, untaken)
            return None
        return observed.describe_observed(pending.sent, seen)

    async def _record_handover(self, pending: PendingWrite, record: Record, *, follows: bool) -> bool:
        """Record an update with a handover, which nothing has recorded yet; False if it cannot be."""
        step = pending.step
        facts = [logbook.written(step, pending.action)]
        if follows:
            facts.append(Fact(Kind.HAND_OVER, step.key, (record.host,)))
        try:
            await self._run.journal.commit(lambda state: pending.confirm(state, record), *facts)
        except StateError as error:
            self._run.fail(step, messages.unrecorded(step, record.id, error, pending.action))
            return False
        return True

    async def _read(self, pending: PendingWrite, meeting_id: int) -> Answer:
        """Read the meeting, and read it again while what was sent reads as before: reads may lag."""
        stored = await self._run.read_new(meeting_id)
        for seconds in READ_AGAIN_SECONDS:
            if not self._untaken(pending, stored.body) and self._follows(pending, stored.body):
                break
            await self._run.clock.sleep(seconds)
            stored = await self._run.remote.read(meeting_id, new_connection=True)
        return stored

    def _follows(self, pending: PendingWrite, stored: Body) -> bool:
        """Return whether Zoom names the host to whom the meeting was handed over; True without a handover."""
        new_host = pending.intent.to_host
        record = self._run.journal.state.meetings.get(pending.key)
        if not new_host or record is None:
            return True
        return self._run.is_followed(record, stored, (str(new_host),))

    def _untaken(self, pending: PendingWrite, stored: Body) -> tuple[str, ...]:
        """The sent paths that read as before an update."""
        if not pending.is_update:
            return ()
        first = self._first.get(pending.key, pending)
        assert first.before is not None, "only a recorded meeting is updated"
        before = first.before
        recorded = zoom = before.attributes
        for path, value in before.observed.items():
            zoom = fields.put(zoom, path, value)
        for path in before.not_taken:  # Zoom never had what is declared there
            recorded = fields.put(recorded, path, before.observed.get(path))
        planned = recorded
        for change in first.step.changes:  # of a refresh: what Zoom had
            if change.path != "host" and change.before != fields.get(before.attributes, change.path):
                planned = fields.put(planned, change.path, change.before)
        earlier = (recorded, zoom, planned, observed.as_sent_before(recorded, stored))
        found = observed.untaken(pending.sent, stored, earlier)
        unknown = observed.without_earlier(pending.sent, stored, earlier, found) if found else ()
        known = [change.path for change in first.step.changes if change.path not in unknown]
        # Where nothing else took, a value that nobody knew before is the one of before, too.
        return (*found, *unknown) if unknown and observed.took_nothing(known, found) else found

    def _report_untaken(
        self, pending: PendingWrite, seen: Mapping[str, Json], untaken: tuple[str, ...]
    ) -> None:
        """Report what did not take; an update of which nothing took is first to be sent once more."""
        left = observed.describe_untaken(pending.sent, seen, untaken)
        diagnostic = messages.not_taken(pending.step, left)
        changed = [change.path for change in pending.step.changes]
        is_first = pending.key not in self._first
        if is_first and not pending.intent.to_host and observed.took_nothing(changed, untaken):
            self._first[pending.key] = pending
            self.untaken[pending.key] = pending, diagnostic
        else:
            self._run.fail(pending.step, diagnostic)


def record_of(pending: PendingWrite, answered: Body, now: datetime) -> Record:
    """The record of the meeting that was created or changed; `answered` is the body of the answer."""
    meeting, before = pending.step.meeting, pending.before
    protect = meeting is not None and meeting.protect
    timetable = meeting.recorded_timetable() if meeting is not None else {}
    if pending.is_update:
        assert before is not None, "only a recorded meeting is updated"
        attributes = pending.intent.attributes
        if pending.intent.to_host:  # the read-back decides
            attributes = scheduled_as(attributes, before.attributes)
        exceptions = pending.exceptions if pending.intent.dates else before.exceptions
        updated = replace(before, attributes=attributes, protect=protect, exceptions=exceptions)
        return replace(updated, timetable=timetable).revised(before, now)
    return Record(
        id=answered["id"],
        host=pending.step.host,
        created_at=observed.created_at(answered),
        attributes=pending.intent.attributes,
        protect=protect,
        made="created",
        timetable=timetable,
    ).succeeding(before)


def _next_at(pending: PendingWrite, record: Record, now: datetime) -> datetime | None:
    """The next start that is held: by the plan where single dates follow, or else as it was sent."""
    step = pending.step
    if step.extends and step.meeting is not None:  # planned by the last date of its window
        attributes, dates = step.meeting.attributes, step.meeting.dates
        edits = {each.day: each.edit for each in edited_dates(attributes, dates, now).values()}
        return held_schedule(attributes, edits, now).next_at
    if step.dates and step.starts_at is not None and step.starts_at > now:
        return step.starts_at
    return start_at(pending.sent) or held_schedule(record.attributes, record.exceptions, now).next_at
