"""The series of one host whose single dates are brought after its meetings, in the order of their turns."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from reconciler.apply import _messages as messages
from reconciler.apply.context import ApplyContext
from reconciler.apply.dates.runner import DatesRunner
from reconciler.apply.dates.sender import STOP_AFTER
from reconciler.meeting.meeting import SERIES, kind, series
from reconciler.plan.change import Action
from reconciler.plan.step import DateAction, Step

WRITES = frozenset({Action.CREATE, Action.UPDATE, Action.REPLACE, Action.RESOLVE})
"""The actions after which the dates of a series may have to be brought."""


class DatesQueue:
    """The steps of one host that have to do with single dates."""

    def __init__(self, run: ApplyContext, host: str, steps: Iterable[Step]) -> None:
        self._run = run
        self._runner = DatesRunner(run, host)
        state = run.journal.state
        self._taken_back = {
            key: {**(intent.dates if intent else {}), **record.exceptions}
            for key, record in state.meetings.items()
            if (intent := state.intents.get(key)) or record.exceptions
        }
        self._steps = [step for step in steps if step.action in WRITES and self._has_dates(step)]
        self._open = [step for step in self._steps if self._is_open(step)]
        self._settled = {step.key for step in self._open}
        self._unsettled: set[str] = set()
        """Keys whose requests of an earlier run may still take effect: no read can tell yet."""

    async def settle_earlier(self) -> None:
        """Settle the intents of dates of earlier runs, once their requests must have landed."""
        if not self._open:
            return
        assert self._run.settled_from is not None
        if not await self._run.settle(self._run.settled_from):
            self._unsettled = self._settled
            return
        for step in self._open:
            if not await self._runner.reader.settle(step):
                self._steps.remove(step)
                self._run.dates_open.add(step.key)

    async def read_undone(self, steps: Iterable[Step]) -> list[Step]:
        """Read what an earlier update of this run undid; return the steps of which that is not known."""
        return [step for step in steps if not await self._runner.reader.read_undone(step)]

    async def bring_all(self, waiting: Collection[str]) -> None:
        """Bring the dates of every series whose meeting is there; `waiting` are keys that were not sent."""
        for step in self._steps:
            if self._run.failure is not None or step.key in self._unsettled:
                self._leave(step)
            elif step.key in waiting or step.key in self._run.failed:
                await self._runner.reader.read_undone(step)
                self._run.dates_open.update({step.key} if step.dates else ())
            elif self._run.stopping() and not self._skips_soon(step):
                await self._runner.reader.read_undone(step)
                self._leave(step)
            else:
                taken_back = self._taken_back.get(step.key, {})
                is_sent = not step.is_of_dates and step.key not in self._settled
                await self._runner.bring(step, taken_back=taken_back, is_sent=is_sent)
                if step.key in self._run.failed:  # what is not read is not known to be done
                    self._run.dates_open.add(step.key)

    def _skips_soon(self, step: Step) -> bool:
        """Return whether a date is to be skipped so soon that a stopped run still does it."""
        until = self._run.now() + STOP_AFTER
        return any(each.action is DateAction.SKIP and each.start <= until for each in step.dates)

    def _has_dates(self, step: Step) -> bool:
        if step.dates or self._taken_back.get(step.key):
            return True
        if any(change.path == "duration" for change in step.changes):
            return step.meeting is not None and kind(step.meeting.attributes) == SERIES
        record = self._run.journal.state.meetings.get(step.key)
        if record is not None and record.window:
            return True
        recurring = series(step.meeting.attributes) if step.meeting else None
        if step.meeting is None or recurring is None:  # a single meeting is held on a closed day too
            return False
        return bool(step.meeting.dates) or recurring.is_longer_than_kept(self._run.now())

    def _is_open(self, step: Step) -> bool:
        intent = self._run.journal.state.intents.get(step.key)
        return step.action is Action.RESOLVE and intent is not None and intent.is_of_dates

    def _leave(self, step: Step) -> None:
        self._run.dates_open.add(step.key)
        if step.is_of_dates:
            self._run.defer(step, None, messages.STOPPED)
