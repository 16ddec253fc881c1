"""What became of one host's creates whose answers were lost, and what follows from it.

A request is looked up after the settling time, never before, and never alone: a host's
open intents share one list of candidates. Nothing is sent from here.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import replace

from reconciler.apply import _lookup as lookup
from reconciler.apply import _messages as messages
from reconciler.apply._confirm import Confirmer
from reconciler.apply._lookup import MeetingLists
from reconciler.apply.context import ApplyContext
from reconciler.apply.events import Outcome, Resolved
from reconciler.apply.pending import PendingWrite, retired_by
from reconciler.errors.diagnostic import Diagnostic
from reconciler.errors.exceptions import GoneError, RemoteError, UnknownOutcomeError
from reconciler.meeting import fields, observed
from reconciler.meeting.body import patch
from reconciler.meeting.meeting import runs_or_starts_soon, schedule
from reconciler.plan import diff
from reconciler.plan.change import Action, FieldChange
from reconciler.plan.step import Step
from reconciler.ports import Answer, Body, Json
from reconciler.state.state import Intent, Record, host_key

MAKING = frozenset({Action.CREATE, Action.REPLACE})
"""What makes a meeting, and is looked up in a list."""


class Resolver:
    """One host's open creates, those that replace a meeting among them.

    `open` has the steps of which nobody knows yet, `again` the absent ones that the spec still
    asks for, each with the intent that it repeats; whoever sends them takes them out.
    """

    def __init__(self, run: ApplyContext, host: str, lists: MeetingLists, steps: Iterable[Step]) -> None:
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

    async def lost(self, pending: PendingWrite, error: UnknownOutcomeError, unsent: Collection[str]) -> None:
        """Look up a request of this run; `unsent` are the keys whose intents stand, but never left."""
        lost_at = self._run.clock.monotonic()
        self.open[pending.key] = pending.step
        if pending.earlier is not None:
            self._repeated.add(pending.key)
        self._run.notice(messages.outcome_unknown(pending.step, error, self._run.settle_seconds))
        if await self._run.settle(lost_at):
            await self._judge(unsent)

    async def landed_late(self, pending: PendingWrite, made: int) -> None:
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
            self._resolved(pending.step, Outcome.UNCLEAR, messages.created_twice(pending.step, made, others))

    def give_up(self, error: RemoteError | None) -> None:
        """Tell that what is open stays so."""
        for step in self.open.values():
            self._run.fail(step, messages.unresolved(step, error))
        self.open.clear()

    async def _judge(self, unsent: Collection[str]) -> None:
        intents = {key: intent for key, intent in self._intents().items() if key not in unsent}
        await self._lists.read([intent.attributes for intent in intents.values()], fresh=True)
        for key in [key for key in self.open if self._lists.missing(intents[key].attributes)]:
            step, missing = self.open.pop(key), self._lists.missing(intents.pop(key).attributes)
            self._run.fail(step, messages.unresolved(step, missing))
        known = self._run.journal.state.known_ids()
        asked = {**self._others(), **intents}
        verdicts = await lookup.look_up(self._run.remote, asked, self._lists.meetings, known)
        for key, found in verdicts.adopted.items():
            if key in self.open:  # what nobody asked for stays open, but keeps its meeting from the others
                await self._adopt(self.open.pop(key), intents[key], found)
        for key, suspects in verdicts.unclear.items():
            if key in self.open:
                step = self.open.pop(key)
                self._resolved(step, Outcome.UNCLEAR, messages.unclear(step, suspects))
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
            and host_key(state, lookup.owner(intent.attributes, intent.host)) in listed
        }

    def _is_create(self, key: str) -> bool:
        return self._run.journal.state.intents[key].action in MAKING

    async def _adopt(self, step: Step, intent: Intent, found: Body) -> None:
        record = Record(
            id=found["id"],
            host=intent.host,
            created_at=observed.created_at(found),
            attributes=intent.attributes,
            observed=observed.observe(lookup.as_sent(intent, found), found),
            protect=step.meeting is not None and step.meeting.protect,
        )
        await self._record(step, intent, record)
        self._resolved(step, Outcome.ADOPTED, made=record.id)
        if step.meeting is None:
            return
        change = diff.compare(step.meeting, record, same_host=self._same_host(step.meeting.host, intent))
        if change.action is not Action.KEEP:
            self._run.notice(messages.differs_now(step))

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
            self._run.fail(step, messages.unresolved(step, None))
        elif step.key in self._run.unfit:
            self._run.fail(step, self._run.unfit[step.key])
        elif self._wants(step, intent):
            self._resolved(step, Outcome.ABSENT)
            self.again.append((step, intent))
        else:
            await self._run.journal.commit(lambda state: state.drop_intent(step.key))
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


class Updates:
    """One host's open updates.

    `open` has the steps of which nobody knows yet, `again` those that are sent (again), each
    with the intent that it repeats, where there is one; whoever sends them takes them out.
    """

    def __init__(self, run: ApplyContext, finisher: Confirmer, steps: Iterable[Step]) -> None:
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

    async def lost(self, pending: PendingWrite, error: UnknownOutcomeError) -> None:
        """Look up an update of this run."""
        lost_at = self._run.clock.monotonic()
        self.open[pending.key] = pending.step
        self._run.notice(messages.outcome_unknown(pending.step, error, self._run.settle_seconds))
        if not await self._run.settle(lost_at):
            return
        step = self.open.pop(pending.key)
        stored = await self._read(step)
        if stored is None:
            return
        if not observed.observe(pending.sent, stored):
            self._finisher.confirm(pending, Answer({}), unsent=0)
        elif pending.earlier is None:
            self.again.append((step, pending.intent))
        else:
            self._run.fail(step, messages.unresolved(step, None))

    def give_up(self, error: RemoteError | None) -> None:
        """Tell that what is open stays so."""
        for step in self.open.values():
            self._run.fail(step, messages.unresolved(step, error))
        self.open.clear()

    def _intent(self, step: Step) -> Intent:
        return self._run.journal.state.intents[step.key]

    async def _read(self, step: Step) -> Body | None:
        """The meeting as it stands; None, and told, where it cannot be read."""
        meeting_id = self._intent(step).id
        assert meeting_id is not None, "what is changed has an id"
        try:
            stored = (await self._run.remote.read(meeting_id)).body
        except GoneError:
            await self._run.journal.commit(lambda state: state.drop_intent(step.key))
            self._run.fail(step, messages.meeting_gone(step, meeting_id))
        except RemoteError as error:
            self._run.fail(step, messages.unresolved(step, error))
        else:
            stranger = self._run.stranger(step.key, meeting_id, stored)
            if stranger is None:
                return stored
            self._run.fail(step, stranger)
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
        landed = next((one for one in sent if not observed.observe(one, stored)), None)
        if landed is not None:
            await self._landed(step, intent, record, landed)
        else:
            await self._repeat(step, intent, record)

    async def _landed(self, step: Step, intent: Intent, record: Record, sent: Body) -> None:
        seen = observed.merge_observed(record.observed, sent, {})
        kept = replace(record, attributes=intent.attributes, observed=seen)
        await self._run.journal.commit(lambda state: state.confirm(step.key, kept))
        self._tell(step, Outcome.ADOPTED, kept.id)
        if step.meeting is None:
            return
        changes = self._asked(step, kept)
        if changes is None:
            self._run.notice(messages.differs_now(step))
        elif changes and self._wants(step, kept):
            self.again.append((_as_update(step, kept, changes), None))

    async def _repeat(self, step: Step, intent: Intent, record: Record) -> None:
        asked = self._asked(step, record) if self._wants(step, record) else None
        if asked is None or step.meeting is None:
            await self._withdraw(step)
            return
        before, declared = intent.attributes, step.meeting.attributes
        unknown = {path for path in _changed(record.attributes, before) if fields.has(declared, path)}
        changes = unknown | asked
        if "password" in changes and step.key in self._run.unfit:
            self._run.fail(step, self._run.unfit[step.key])
        elif changes:
            self._tell(step, Outcome.ABSENT)
            self.again.append((_as_update(step, record, changes), intent))
        else:
            await self._withdraw(step)

    async def _withdraw(self, step: Step) -> None:
        await self._run.journal.commit(lambda state: state.drop_intent(step.key))
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


def _sent(intent: Intent, record: Record, run: ApplyContext) -> Iterator[dict[str, Json]]:
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
