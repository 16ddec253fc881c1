"""Resolves creates and replaces: the meeting is looked for in the lists of the host."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from reconciler.apply import _messages as messages
from reconciler.apply.context import ApplyContext
from reconciler.apply.events import Outcome
from reconciler.apply.history import logbook
from reconciler.apply.pending import PendingWrite, retired_by
from reconciler.apply.resolve import lookup
from reconciler.apply.resolve.lookup import MeetingLists
from reconciler.apply.resolve.resolver import Resolver
from reconciler.meeting import observed
from reconciler.meeting.meeting import schedule
from reconciler.plan.change import Action
from reconciler.plan.step import Step
from reconciler.ports import Body
from reconciler.state.history import Fact, Kind
from reconciler.state.state import Intent, Record, host_key, owner

CREATING = frozenset({Action.CREATE, Action.REPLACE})
"""The actions that create a meeting, and are looked up in a list."""


class CreateResolver(Resolver):
    """The open creates of one host, those of a replace among them; they share one list of candidates."""

    def __init__(self, run: ApplyContext, host: str, lists: MeetingLists, steps: Iterable[Step]) -> None:
        super().__init__(run, steps)
        self._host = host
        self._lists = lists
        self._repeated: set[str] = set()

    async def report_late_landing(self, pending: PendingWrite, made: int) -> None:
        """Report an earlier attempt that landed after all, once a further one was answered."""
        assert pending.repeats is not None
        attempts = (pending.repeats, pending.intent)
        await self._lists.read([intent.attributes for intent in attempts], fresh=True)
        known = self._run.journal.state.known_ids()
        duplicates = [
            meeting
            for meeting in self._lists.meetings
            if meeting["id"] not in known and any(lookup.matches(intent, meeting) for intent in attempts)
        ]
        if duplicates:
            diagnostic = messages.created_twice(pending.step, made, duplicates)
            self._report(pending.step, Outcome.UNCLEAR, diagnostic)

    async def _judge_earlier(self) -> None:
        await self._judge(unsent=())

    async def _judge_lost(self, pending: PendingWrite, unsent: Collection[str]) -> None:
        if pending.repeats is not None:
            self._repeated.add(pending.key)
        await self._judge(unsent)

    async def _judge(self, unsent: Collection[str]) -> None:
        intents = {key: intent for key, intent in self._creates().items() if key not in unsent}
        await self._lists.read([intent.attributes for intent in intents.values()], fresh=True)
        self._fail_unlisted(intents)
        known = self._run.journal.state.known_ids()
        candidates = {**self._creates_of_other_hosts(), **intents}
        result = await lookup.look_up(self._run.remote, candidates, self._lists.meetings, known)
        for key, meeting in result.adopted.items():
            if key in self.open:  # an intent without a step stays open, but no other intent gets its meeting
                await self._adopt(self.open.pop(key), intents[key], meeting)
        for key, suspects in result.unclear.items():
            if key in self.open:
                step = self.open.pop(key)
                self._report(step, Outcome.UNCLEAR, messages.unclear(step, suspects))
        for key in result.absent:
            if key in self.open:
                await self._resend_or_drop(self.open.pop(key), intents[key])

    def _fail_unlisted(self, intents: dict[str, Intent]) -> None:
        """Fail the open steps whose list could not be read, and remove their intents."""
        for key in list(self.open):
            error = self._lists.error(intents[key].attributes)
            if error is not None:
                step = self.open.pop(key)
                del intents[key]
                self._run.fail(step, messages.unresolved(step, error))

    def _creates(self) -> dict[str, Intent]:
        """Every create of the host that may have been sent, by any run."""
        intents = self._run.journal.state.intents
        return {
            key: intent
            for key, intent in intents.items()
            if intent.action in CREATING and self._is_same_host(intent.host, self._host)
        }

    def _creates_of_other_hosts(self) -> dict[str, Intent]:
        """The creates of other hosts that may show in the same lists: their meetings are not unknown."""
        state = self._run.journal.state
        listed = {host_key(state, user) for user in self._lists.users}
        return {
            key: intent
            for key, intent in state.intents.items()
            if intent.action in CREATING
            and not self._is_same_host(intent.host, self._host)
            and host_key(state, owner(intent.attributes, intent.host)) in listed
        }

    async def _adopt(self, step: Step, intent: Intent, meeting: Body) -> None:
        record = Record(
            id=meeting["id"],
            host=intent.host,
            created_at=observed.created_at(meeting),
            attributes=intent.attributes,
            observed=observed.observe(lookup.as_sent(intent, meeting), meeting),
            protect=step.meeting is not None and step.meeting.protect,
            made="created",
            timetable=step.meeting.recorded_timetable() if step.meeting else {},
        )
        await self._record(step, intent, record)
        self._report(step, Outcome.ADOPTED, made=record.id)
        if step.meeting is not None and self._compare(step, record).action is not Action.KEEP:
            self._run.outdated.add(step.key)
            self._run.notice(messages.differs_now(step))

    async def _record(self, step: Step, intent: Intent, record: Record) -> None:
        """Make the record durable; the meeting that it replaces is still to be deleted."""
        if intent.action != Action.REPLACE:
            await self._run.journal.commit(
                lambda state: state.confirm(step.key, record), Fact(Kind.CREATE, step.key)
            )
            return
        before = self._run.journal.state.meetings.get(step.key)
        retired, record = retired_by(step, before), record.succeeding(before)
        replaced = logbook.written(step, Action.REPLACE)
        await self._run.journal.commit(lambda state: state.replace(step.key, record, retired), replaced)
        self._run.retire(step, before)

    async def _resend_or_drop(self, step: Step, intent: Intent) -> None:
        """Send a create that did not happen once more, as declared now; drop it if it is not declared."""
        if step.key in self._repeated:
            self._run.fail(step, messages.unresolved(step, None))
        elif step.key in self._run.unfit:
            self._run.fail(step, self._run.unfit[step.key])
        elif self._is_wanted(step, intent):
            self._report(step, Outcome.ABSENT)
            self.to_send.append((step, intent))
        else:
            await self._drop(step)

    def _is_wanted(self, step: Step, intent: Intent) -> bool:
        if step.meeting is None or not step.sends_again:
            return False
        if not self._is_same_host(step.meeting.host, intent.host):
            return False
        if schedule(step.meeting.attributes, self._run.now()).begun:
            return False
        record = self._run.journal.state.meetings.get(step.key)
        if record is None or step.may_be_forgotten:
            return intent.action == Action.CREATE
        other_host = not self._is_same_host(step.meeting.host, record.host)
        return other_host or self._compare(step, record).action is Action.REPLACE
