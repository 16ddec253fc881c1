"""What became of one host's creates whose answers were lost, and what follows from it.

A request is looked up after the settling time, never before, and never alone: a host's
open intents share one list of candidates. Nothing is sent from here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler import advice, diff, lists, lookup, readback
from reconciler.diff import Action
from reconciler.events import Outcome, Resolved
from reconciler.meeting import schedule
from reconciler.pending import retired_by
from reconciler.state import Record, host_key

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from reconciler.errors import Diagnostic, RemoteError, UnknownOutcomeError
    from reconciler.lists import Lists
    from reconciler.pending import Pending
    from reconciler.ports import Body
    from reconciler.run import Run
    from reconciler.state import Intent
    from reconciler.step import Step


MAKING = frozenset({Action.CREATE, Action.REPLACE})
"""What makes a meeting, and is looked up in a list."""


class Resolver:
    """One host's open creates, those that replace a meeting among them.

    `open` has the steps of which nobody knows yet, `again` the absent ones that the spec still
    asks for, each with the intent that it repeats; whoever sends them takes them out.
    """

    def __init__(self, run: Run, host: str, lists: Lists, steps: Iterable[Step]) -> None:
        self.open = {step.key: step for step in steps}
        self.again: list[tuple[Step, Intent]] = []
        self._run = run
        self._host = host
        self._lists = lists
        self._repeated: set[str] = set()

    async def earlier(self) -> None:
        """Look up the requests of earlier runs, once they must have landed.

        Raises `RemoteError` where the host's list or a candidate cannot be read.
        """
        if not self.open:
            return
        assert self._run.settled_from is not None
        if await self._run.settle(self._run.settled_from):
            await self._judge(unsent=())

    async def lost(self, pending: Pending, error: UnknownOutcomeError, unsent: Collection[str]) -> None:
        """Look up a request of this run; `unsent` are the keys whose intents stand, but never left."""
        lost_at = self._run.clock.monotonic()
        self.open[pending.key] = pending.step
        if pending.earlier is not None:
            self._repeated.add(pending.key)
        self._run.notice(advice.uncertain(pending.step, error, self._run.settle_seconds))
        if await self._run.settle(lost_at):
            await self._judge(unsent)

    async def landed_late(self, pending: Pending, made: int) -> None:
        """Look whether an earlier attempt landed after all, now that a further one was answered."""
        assert pending.earlier is not None
        attempts = (pending.earlier, pending.intent)
        await self._lists.read([one.attributes for one in attempts], fresh=True)
        known = self._run.journal.state.known_ids()
        others = [
            one
            for one in self._lists.meetings
            if one["id"] not in known and any(lookup.matches(intent, one) for intent in attempts)
        ]
        if others:
            self._resolved(pending.step, Outcome.UNCLEAR, advice.twice(pending.step, made, others))

    def give_up(self, error: RemoteError | None) -> None:
        """Tell that what is open stays so."""
        for step in self.open.values():
            self._run.fail(step, advice.unresolved(step, error))
        self.open.clear()

    async def _judge(self, unsent: Collection[str]) -> None:
        intents = {key: intent for key, intent in self._intents().items() if key not in unsent}
        await self._lists.read([intent.attributes for intent in intents.values()], fresh=True)
        for key in [key for key in self.open if self._lists.missing(intents[key].attributes)]:
            step, missing = self.open.pop(key), self._lists.missing(intents.pop(key).attributes)
            self._run.fail(step, advice.unresolved(step, missing))
        known = self._run.journal.state.known_ids()
        asked = {**self._others(), **intents}
        verdicts = await lookup.look_up(self._run.remote, asked, self._lists.meetings, known)
        for key, found in verdicts.adopted.items():
            if key in self.open:  # what nobody asked for stays open, but keeps its meeting from the others
                await self._adopt(self.open.pop(key), intents[key], found)
        for key, suspects in verdicts.unclear.items():
            if key in self.open:
                step = self.open.pop(key)
                self._resolved(step, Outcome.UNCLEAR, advice.unclear(step, suspects))
        for key in verdicts.absent:
            if key in self.open:
                await self._absent(self.open.pop(key), intents[key])

    def _intents(self) -> dict[str, Intent]:
        """Every create of the host that may have been sent, whoever asks for it."""
        state = self._run.journal.state
        host = host_key(state, self._host)
        return {
            key: intent
            for key, intent in state.intents.items()
            if host_key(state, intent.host) == host and self._is_create(key)
        }

    def _others(self) -> dict[str, Intent]:
        """The creates of other hosts that may show in the same lists: what they made is no stray."""
        state = self._run.journal.state
        own = host_key(state, self._host)
        listed = {host_key(state, user) for user in self._lists.users}
        return {
            key: intent
            for key, intent in state.intents.items()
            if self._is_create(key)
            and host_key(state, intent.host) != own
            and host_key(state, lists.owner(intent.attributes, intent.host)) in listed
        }

    def _is_create(self, key: str) -> bool:
        return self._run.journal.state.intents[key].action in MAKING

    async def _adopt(self, step: Step, intent: Intent, found: Body) -> None:
        record = Record(
            id=found["id"],
            host=intent.host,
            created_at=readback.created_at(found),
            attributes=intent.attributes,
            observed=readback.observed(lookup.as_sent(intent, found), found),
            protect=step.meeting is not None and step.meeting.protect,
        )
        await self._record(step, intent, record)
        self._resolved(step, Outcome.ADOPTED, made=record.id)
        if step.meeting is None:
            return
        change = diff.compare(step.meeting, record, same_host=self._same_host(step.meeting.host, intent))
        if change.action is not Action.KEEP:
            self._run.notice(advice.differs_now(step))

    async def _record(self, step: Step, intent: Intent, record: Record) -> None:
        """Have it durable; of a replace, with the old meeting as one that is still to be ended."""
        if intent.action != Action.REPLACE:
            await self._run.journal.commit(lambda state: state.confirm(step.key, record))
            return
        before = self._run.journal.state.meetings.get(step.key)
        retired = retired_by(step, before)
        await self._run.journal.commit(lambda state: state.replace(step.key, record, retired))
        self._run.retire(step, before)

    async def _absent(self, step: Step, intent: Intent) -> None:
        """Have it sent once more, as the spec says now; where the spec no longer asks for it, let it go."""
        if step.key in self._repeated:
            self._run.fail(step, advice.unresolved(step, None))
        elif step.key in self._run.unfit:
            self._run.fail(step, self._run.unfit[step.key])
        elif self._wants(step, intent):
            self._resolved(step, Outcome.ABSENT)
            self.again.append((step, intent))
        else:
            await self._run.journal.commit(lambda state: state.withdraw(step.key))
            self._resolved(step, Outcome.DROPPED)

    def _wants(self, step: Step, intent: Intent) -> bool:
        if step.meeting is None or not step.sends_again or not self._same_host(step.meeting.host, intent):
            return False
        if schedule(step.meeting.attributes, self._run.now()).begun:
            return False
        record = self._run.journal.state.meetings.get(step.key)
        if record is None:
            return intent.action == Action.CREATE
        same_host = self._same_host(step.meeting.host, record)
        return diff.compare(step.meeting, record, same_host=same_host).action is Action.REPLACE

    def _same_host(self, declared: str, found: Intent | Record) -> bool:
        state = self._run.journal.state
        return host_key(state, declared) == host_key(state, found.host)

    def _resolved(
        self, step: Step, outcome: Outcome, diagnostic: Diagnostic | None = None, made: int | None = None
    ) -> None:
        self._run.tell(Resolved(self._run.now(), step.key, step.host, outcome, made, diagnostic))
