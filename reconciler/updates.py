"""What became of one host's updates whose answers were lost, and what follows from it.

The meeting itself is read, after the settling time: what was sent stands there, or it is
sent once more, which does no harm. Nothing is sent from here.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from reconciler import advice, diff, readback
from reconciler.diff import Action, FieldChange
from reconciler.errors import GoneError, RemoteError
from reconciler.events import Outcome, Resolved
from reconciler.meeting import patch, runs_or_starts_soon, schedule
from reconciler.ports import Answer
from reconciler.state import host_key

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from reconciler.errors import UnknownOutcomeError
    from reconciler.fields import Json
    from reconciler.finish import Finisher
    from reconciler.pending import Pending
    from reconciler.ports import Body
    from reconciler.run import Run
    from reconciler.state import Intent, Record
    from reconciler.step import Step


class Updates:
    """One host's open updates.

    `open` has the steps of which nobody knows yet, `again` those that are sent (again), each
    with the intent that it repeats, where there is one; whoever sends them takes them out.
    """

    def __init__(self, run: Run, finisher: Finisher, steps: Iterable[Step]) -> None:
        self.open = {step.key: step for step in steps}
        self.again: list[tuple[Step, Intent | None]] = []
        self._run = run
        self._finisher = finisher

    async def earlier(self) -> None:
        """Look up the updates of earlier runs, once they must have landed."""
        if not self.open:
            return
        assert self._run.settled_from is not None
        if not await self._run.settle(self._run.settled_from):
            return
        while self.open:
            _, step = self.open.popitem()
            await self._judge(step)

    async def lost(self, pending: Pending, error: UnknownOutcomeError) -> None:
        """Look up an update of this run."""
        lost_at = self._run.clock.monotonic()
        self.open[pending.key] = pending.step
        self._run.notice(advice.uncertain(pending.step, error, self._run.settle_seconds))
        if not await self._run.settle(lost_at):
            return
        step = self.open.pop(pending.key)
        stored = await self._read(step)
        if stored is None:
            return
        if not readback.observed(pending.sent, stored):
            self._finisher.confirm(pending, Answer({}), unsent=0)
        elif pending.earlier is None:
            self.again.append((step, pending.intent))
        else:
            self._run.fail(step, advice.unresolved(step, None))

    def give_up(self, error: RemoteError | None) -> None:
        """Tell that what is open stays so."""
        for step in self.open.values():
            self._run.fail(step, advice.unresolved(step, error))
        self.open.clear()

    def _intent(self, step: Step) -> Intent:
        return self._run.journal.state.intents[step.key]

    async def _read(self, step: Step) -> Body | None:
        """The meeting as it stands; None, and told, where it cannot be read."""
        meeting_id = self._intent(step).id
        assert meeting_id is not None, "what is changed has an id"
        try:
            return (await self._run.remote.read(meeting_id)).body
        except GoneError:
            await self._run.journal.commit(lambda state: state.withdraw(step.key))
            self._run.fail(step, advice.gone(step, meeting_id))
        except RemoteError as error:
            self._run.fail(step, advice.unresolved(step, error))
        return None

    async def _judge(self, step: Step) -> None:
        """Whether it happened; what the spec asks for beyond that is sent in its turn."""
        intent, record = self._intent(step), self._run.journal.state.meetings.get(step.key)
        if record is None or record.id != intent.id:  # somebody mended the state by hand
            await self._withdraw(step)
            return
        stored = await self._read(step)
        if stored is None:
            return
        sent = list(_sent(intent, record, self._run))
        landed = next((one for one in sent if not readback.observed(one, stored)), None)
        if landed is not None:
            await self._landed(step, intent, record, landed)
        else:
            await self._repeat(step, intent, record)

    async def _landed(self, step: Step, intent: Intent, record: Record, sent: Body) -> None:
        seen = readback.merged(record.observed, sent, {})
        kept = replace(record, attributes=intent.attributes, observed=seen)
        await self._run.journal.commit(lambda state: state.confirm(step.key, kept))
        self._tell(step, Outcome.ADOPTED, kept.id)
        if step.meeting is None:
            return
        changes = self._asked(step, kept)
        if changes is None:
            self._run.notice(advice.differs_now(step))
        elif changes and self._wants(step, kept):
            self.again.append((_as_update(step, kept, changes), None))

    async def _repeat(self, step: Step, intent: Intent, record: Record) -> None:
        asked = self._asked(step, record) if self._wants(step, record) else None
        if asked is None or step.meeting is None:
            await self._withdraw(step)
            return
        before, declared = intent.attributes, step.meeting.attributes
        unknown = {path for path in _changed(record.attributes, before) if readback.touches(declared, path)}
        changes = unknown | asked
        if "password" in changes and step.key in self._run.unfit:
            self._run.fail(step, self._run.unfit[step.key])
        elif changes:
            self._tell(step, Outcome.ABSENT)
            self.again.append((_as_update(step, record, changes), intent))
        else:
            await self._withdraw(step)

    async def _withdraw(self, step: Step) -> None:
        await self._run.journal.commit(lambda state: state.withdraw(step.key))
        self._tell(step, Outcome.DROPPED)

    def _wants(self, step: Step, record: Record) -> bool:
        """Whether an update may be sent for it now: as a plan would have it."""
        if step.meeting is None or not step.sends_again:
            return False
        now = self._run.now()
        running = schedule(record.attributes, now).begun and runs_or_starts_soon(record.attributes, now)
        return not running and not schedule(step.meeting.attributes, now).begun

    def _asked(self, step: Step, record: Record) -> set[str] | None:
        """The paths that the spec has otherwise now; None where that takes more than an update."""
        assert step.meeting is not None
        state = self._run.journal.state
        same_host = host_key(state, step.meeting.host) == host_key(state, record.host)
        change = diff.compare(step.meeting, record, same_host=same_host)
        return None if change.action is Action.REPLACE else {one.path for one in change.fields}

    def _tell(self, step: Step, outcome: Outcome, made: int | None = None) -> None:
        self._run.tell(Resolved(self._run.now(), step.key, step.host, outcome, made))


def _sent(intent: Intent, record: Record, run: Run) -> Iterator[dict[str, Json]]:
    """What each attempt sent, as far as it is kept: nothing where a passcode is in it, which is not."""
    paths = _changed(record.attributes, intent.attributes)
    if "password" in paths:
        return
    plain = {name: value for name, value in intent.attributes.items() if name != "password"}
    whole = patch(plain, sorted(paths), run.now(), None)
    for attempt in intent.sent:
        sent = dict(whole)
        if "start_time" in sent and attempt.start_time is not None:
            sent["start_time"] = attempt.start_time
        if "recurrence" in sent and attempt.end_times is not None:
            sent["recurrence"] = {**sent["recurrence"], "end_times": attempt.end_times}
        yield sent


def _changed(before: Body, after: Body) -> set[str]:
    return {change.path for change in diff.field_changes(before, after)[0]}


def _as_update(step: Step, record: Record, paths: set[str]) -> Step:
    changes = tuple(FieldChange(path, None, None) for path in sorted(paths))
    return replace(step, action=Action.UPDATE, id=record.id, changes=changes)
