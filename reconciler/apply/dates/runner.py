"""Brings the single dates of one host's series to what is declared, after the meetings themselves.

For each series: read, decide, make one durable write that names every date and charges the changes, send,
read again (a success proves nothing), and record in one more durable write. A run that ends anywhere in
between leaves an intent, which the next run settles by reading.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from msgspec.structs import replace

from reconciler.apply import _messages as messages
from reconciler.apply.context import READ_AGAIN_SECONDS, ApplyContext
from reconciler.apply.dates.comparison import (
    STAYS_DELETED,
    Comparison,
    DateWork,
    Known,
    compare,
    keep_last,
)
from reconciler.apply.dates.reader import DatesReader
from reconciler.apply.dates.sender import DateSender, Sent, merged
from reconciler.apply.events import DatesDone, StepDone, StepStarted
from reconciler.errors.exceptions import RemoteError
from reconciler.meeting.closures import SKIP
from reconciler.meeting.meeting import minutes_of, series
from reconciler.meeting.single_dates import Edit, moved_to
from reconciler.plan.change import Action
from reconciler.plan.dates import steps as declared_dates
from reconciler.plan.dates import words
from reconciler.plan.dates.windows import Kept
from reconciler.plan.diff import field_changes
from reconciler.plan.step import DateAction, Status, Step
from reconciler.ports import Body
from reconciler.state.clicked_dates import edits_in_zoom
from reconciler.state.kept_window import kept_until, window_of
from reconciler.state.state import Record, host_key, owner
from reconciler.state.stored_dates import StoredDate, find

ROUNDS_MAX = 2
"""Times that the dates of a series are sent in one run: again only after an answer that was lost."""

NEW_HOST_PAYS = "they count against the host that the meeting has in Zoom, and follow in the next run"
NOT_TAKEN = "Zoom accepted the request and still has it as before"
IN_PART = "Zoom accepted the request and took only a part of it"
NOT_REACHED = "Zoom could not be reached, and nothing was sent for it"
RULE_FOLLOWS = f"{declared_dates.RESENT}, which the next apply does"


class DatesRunner:
    """The single dates of one host's series."""

    def __init__(self, run: ApplyContext, host: str) -> None:
        self._run = run
        self._sender = DateSender(run, host)
        self.reader = DatesReader(run, self._sender, host)
        self._host = host

    async def bring(self, step: Step, *, taken_back: Mapping[str, Edit], is_sent: bool = False) -> None:
        """Do what is declared about the dates of the step's series. `taken_back`, `is_sent`: see `Known`."""
        for is_last in (False, True):
            record = self._record_of_series(step)
            if record is None:
                return
            stored = await self.reader.read(step, record)
            undone = {**taken_back, **_backs(step)}
            if is_sent and stored is not None and undone:
                stored = await self._read_undone(step, record, stored, undone)
            if stored is None:
                return
            record = await self._with_window(step, record, stored, taken_back)
            if is_sent:
                record = await self._with_former_length(step, record, stored)
            known = self._known(step, record, taken_back, stored, is_sent=is_sent or is_last)
            found = find(record.attributes, stored, known.days, _edits(step, record, known))
            if not _may_send(step, record):
                await self._restore(step, record, taken_back, found)
                return
            comparison = compare(record.attributes, known, found, self._run.now())
            keep_last(comparison, stored, self._run.now())
            if step.new_host is not None:  # Zoom charges that one from now on: a later step of it sends
                await self._leave_to_new_host(step, record, known, found, comparison)
                return
            unrecorded = {each.day for each in comparison.work} & taken_back.keys() - record.exceptions.keys()
            before = {day: taken_back[day] for day in sorted(unrecorded)}
            standing = await self.reader.what_is_left(step, record, found, before)
            if standing is None:
                return
            comparison.standing = standing
            if not await self._carry_out(step, record, known, comparison, is_last=is_last):
                return

    def _record_of_series(self, step: Step) -> Record | None:
        """The record of the series; None where none is recorded, or another request of the key is open."""
        state, meeting = self._run.journal.state, step.meeting
        record = state.meetings.get(step.key)
        if record is None or (step.key in state.intents and not self.reader.is_unread(step)):
            return None
        # Where only one of the two is a series, the meeting is to be replaced.
        both = (record.attributes, *([meeting.attributes] if meeting is not None else []))
        return None if any(series(attributes) is None for attributes in both) else record

    async def _read_undone(
        self, step: Step, record: Record, stored: Body, undone: Mapping[str, Edit]
    ) -> Body | None:
        """Read again while a date has the edit that the rule, which was just sent, undoes: reads may lag."""
        minutes, days = minutes_of(record.attributes), sorted(undone)
        for seconds in READ_AGAIN_SECONDS:
            found = find(record.attributes, stored, days, [undone])
            if not any(day in found and found[day].has(edit, minutes) for day, edit in undone.items()):
                break
            await self._run.clock.sleep(seconds)
            again = await self.reader.read(step, record)
            if again is None:
                return None
            stored = again
        return stored

    async def _with_window(
        self, step: Step, record: Record, stored: Body, taken_back: Mapping[str, Edit]
    ) -> Record:
        """The record with the window of its series that Zoom keeps; it is durable."""
        planned = {each.date: each.edit for each in step.dates}
        edits = [record.exceptions, taken_back, planned]
        seen = replace(record, window=window_of(record.attributes, stored, edits, self._run.now()))
        if seen != record:
            await self._run.journal.commit(lambda state: state.amend(step.key, seen.id, window=seen.window))
        return seen

    async def _with_former_length(self, step: Step, record: Record, stored: Body) -> Record:
        """The record with the dates that kept the duration that the series had before; it is durable.

        They were changed once, and taken back by the values of the series, which Zoom keeps as their own.
        """
        former = next((change.before for change in step.changes if change.path == "duration"), None)
        edits = edits_in_zoom(record.attributes, stored, record.exceptions, self._run.now()) if former else {}
        starts = find(record.attributes, {}, edits, [])
        kept = {
            day: edit
            for day, edit in edits.items()
            if edit != SKIP and (moved_to(edit), edit["duration"]) == (starts[day].start, former)
        }
        if not kept.keys() - record.exceptions.keys():
            return record
        await self._run.journal.commit(
            lambda state: state.with_exceptions(step.key, {**kept, **record.exceptions})
        )
        return replace(record, exceptions={**kept, **record.exceptions})

    def _known(
        self, step: Step, record: Record, taken_back: Mapping[str, Edit], stored: Body, *, is_sent: bool
    ) -> Known:
        now, meeting = self._run.now(), step.meeting
        kept = Kept(until=kept_until(record.window))
        edits = [record.exceptions, taken_back]
        found = find(record.attributes, stored, sorted({*record.exceptions, *taken_back}), edits)
        skipped: dict[str, Edit] = {day: SKIP for day, each in found.items() if each.is_deleted}
        declared = declared_dates.held_declared(meeting, now, kept, skipped) if meeting is not None else {}
        planned = {each.date for each in step.dates}
        before = {**taken_back, **_backs(step)}
        return Known(declared, record.exceptions, before, is_sent, planned, kept.until)

    async def _restore(
        self, step: Step, record: Record, taken_back: Mapping[str, Edit], found: Mapping[str, StoredDate]
    ) -> None:
        """Record the edits that dates still have in Zoom, of a series for which nothing is sent."""
        before = {day: edit for day, edit in taken_back.items() if day in found}
        edits = await self.reader.what_is_left(step, record, found, before)
        if edits is None:
            return
        if merged(record.exceptions, edits) != dict(record.exceptions) or self.reader.is_unread(step):
            await self.reader.record(step, edits, noted={})

    async def _carry_out(
        self, step: Step, record: Record, known: Known, comparison: Comparison, *, is_last: bool
    ) -> bool:
        """Send what fits into the day, and record it; return whether a further round is needed."""
        run, day = self._run, await self._run.day()
        due = _due(step, comparison.work) if self._pays_for(record) else []
        work = self._sender.affordable(due, day)
        waiting = [each for each in comparison.work if each not in work]
        result, left = Sent([]), list[DateWork]()
        if work:
            if not is_last:
                run.emit(StepStarted(run.now(), step.key, Action.UPDATE, step.host, step.topic))
            result = await self._sender.send(step, record, work, comparison, day)
            if result.may_land:  # no read can tell yet: the intent stays, and the next run settles it
                self._leave_open(step, None)
                return False
            try:
                left = await self._sender.unconfirmed(record, _edits(step, record, known), result)
            except RemoteError as error:  # the intent stays, and the next run settles it
                self._leave_open(step, error)
                return False
        made = {**comparison.done, **{each.day: each.edit for each in result.sent if each not in left}}
        if work or made or self.reader.is_unread(step):
            found = {**comparison.standing, **made, **result.partly}
            await self.reader.record(step, found, day, result.refund, noted=made)
        self._report_done(step, _without(made, comparison.deleted))
        if result.is_lost and (left or result.unsent) and not is_last and not run.must_stop():
            return True
        self._report_open(step, comparison, result, left, waiting)
        return False

    def _leave_open(self, step: Step, error: RemoteError | None) -> None:
        self._run.dates_open.add(step.key)
        self._run.fail(step, messages.unresolved_change(step, error))

    async def _leave_to_new_host(
        self,
        step: Step,
        record: Record,
        known: Known,
        found: Mapping[str, StoredDate],
        comparison: Comparison,
    ) -> None:
        """Record each date as the handover left it; the next plan does the rest under the new host."""
        before = {each.day: known.taken_back.get(each.day) for each in comparison.work}
        left = await self.reader.what_is_left(step, record, found, before)
        if left is None:
            return
        left = {day: edit for day, edit in left.items() if edit is not None or day in record.exceptions}
        if comparison.done or left or self.reader.is_unread(step):
            await self.reader.record(step, {**comparison.done, **left}, noted=comparison.done)
        days = [*(each.day for each in comparison.work), *comparison.deleted]
        self._report_done(step, _without(comparison.done, comparison.deleted))
        self._report_open(step, replace(comparison, deleted=[]), Sent([]), [], [])
        if days:
            self._run.dates_open.add(step.key)
            reason = "the next apply does its dates under the new host"
            self._run.defer(step, None, f"{reason}: {words.names(days)}")

    def _pays_for(self, record: Record) -> bool:
        """Return whether Zoom counts requests for the meeting for this host: not after a handover."""
        state = self._run.journal.state
        payer = owner(record.attributes, record.host)
        return host_key(state, payer) == host_key(state, self._host)

    def _report_done(self, step: Step, made: Mapping[str, Edit]) -> None:
        if not made:
            return
        run, record = self._run, self._run.journal.state.meetings[step.key]
        notes = words.all_done(made, record.attributes, _backs(step))
        if not step.is_of_dates:
            run.emit(DatesDone(run.now(), step.key, step.host, record.id, notes))
            return
        zone = record.attributes.get("timezone")
        event = StepDone(run.now(), step.key, Action.UPDATE, step.host, record.id, step.starts_at, notes)
        run.emit(replace(event, timezone=zone))

    def _report_open(
        self,
        step: Step,
        comparison: Comparison,
        result: Sent,
        left: Collection[DateWork],
        waiting: Collection[DateWork],
    ) -> None:
        """Report the dates that are not as declared: failed, or left to a later run."""
        run = self._run
        untaken = {each.day: IN_PART if each.day in result.partly else NOT_TAKEN for each in left}
        problems = {**comparison.problems, **result.refused, **untaken}
        if declared_dates.sends_rule(step):
            problems |= dict.fromkeys(comparison.deleted, STAYS_DELETED)
        if result.is_unreached:
            problems |= {each.day: NOT_REACHED for each in result.unsent}
        unsent = [each.day for each in (*waiting, *result.unsent) if each.day not in problems]
        if problems or unsent or comparison.deleted:
            run.dates_open.add(step.key)
        if problems:
            run.fail(step, messages.dates_failed(step, problems))
        if unsent:
            planned = {each.date: each.day for each in step.dates if each.status is Status.DEFERRED}
            days = sorted(planned.get(day) or run.tomorrow() for day in unsent)
            names = words.names(unsent)
            if not self._pays_for(run.journal.state.meetings[step.key]):
                run.defer(step, None, f"{NEW_HOST_PAYS}: {names}")
            elif run.must_stop():
                run.defer(step, None, f"{messages.STOPPED}: {names}")
            else:
                run.defer(step, days[0], f"{messages.NO_BUDGET}: {names}", days[-1])
        elif comparison.deleted and not declared_dates.sends_rule(step):
            run.defer(step, None, f"{RULE_FOLLOWS}: {words.names(comparison.deleted)}")


def _backs(step: Step) -> dict[str, Edit]:
    """Return the edits that the step takes back; no record has those that a refresh has read."""
    return {each.date: each.before for each in step.dates if each.action is DateAction.BACK}


def _without(made: Mapping[str, Edit], days: Collection[str]) -> dict[str, Edit]:
    return {day: edit for day, edit in made.items() if day not in days}


def _due(step: Step, work: Sequence[DateWork]) -> list[DateWork]:
    """Return the work without the changes that the plan gives a later day: others of the host go before."""
    later = {each.date for each in step.dates if each.status is Status.DEFERRED}
    return [each for each in work if not (each.requests and each.day in later)]


def _may_send(step: Step, record: Record) -> bool:
    """Return whether what is declared about dates is meant for the recorded series.

    An interrupted request may end as a change that waits for a person or for its day: then the declared dates
    are of a series that is not there.
    """
    if step.meeting is None or not step.sends_again:
        return False
    changes, _ = field_changes(record.attributes, step.meeting.attributes)
    return not declared_dates.reschedules(changes)


def _edits(step: Step, record: Record, known: Known) -> list[Mapping[str, Edit]]:
    """All edits that dates of the series may have; a refresh has read those that somebody made."""
    read = {each.date: each.before for each in step.dates}
    return [
        record.exceptions,
        {day: each.edit for day, each in known.declared.items()},
        known.taken_back,
        read,
    ]
