"""Resolves the writes of one host whose outcome is unknown: whether each happened, and what follows.

A request is looked up after the settling time, never before. Nothing is sent from here.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
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
from reconciler.plan.change import Action, Change, FieldChange
from reconciler.plan.step import Step
from reconciler.ports import Answer, Body, Json
from reconciler.state import identity
from reconciler.state.state import Intent, Record, host_key

CREATING = frozenset({Action.CREATE, Action.REPLACE})
"""The actions that create a meeting, and are looked up in a list."""


class Resolver(ABC):
    """The open writes of one host.

    `open` has the steps whose outcome is unknown. `to_send` has the steps that have to be sent (again),
    each with the intent that it repeats, where there is one; the sender removes them.
    """

    def __init__(self, run: ApplyContext, steps: Iterable[Step]) -> None:
        self.open = {step.key: step for step in steps}
        self.to_send: list[tuple[Step, Intent | None]] = []
        self._run = run

    async def resolve_earlier(self) -> None:
        """Look up the writes of earlier runs, once they must have landed.

        Raises `RemoteError` where the host's list or a candidate cannot be read.
        """
        if not self.open:
            return
        assert self._run.settled_from is not None
        if await self._run.settle(self._run.settled_from):
            await self._judge_earlier()

    async def resolve_lost(
        self, pending: PendingWrite, error: UnknownOutcomeError, unsent: Collection[str] = ()
    ) -> None:
        """Look up a write of this run. `unsent` are keys with a durable intent that was never sent."""
        lost_at = self._run.clock.monotonic()
        self.open[pending.key] = pending.step
        self._run.notice(messages.outcome_unknown(pending.step, error, self._run.settle_seconds))
        if await self._run.settle(lost_at):
            await self._judge_lost(pending, unsent)

    def give_up(self, error: RemoteError | None) -> None:
        """Report every open step as unresolved."""
        for step in self.open.values():
            self._run.fail(step, messages.unresolved(step, error))
        self.open.clear()

    @abstractmethod
    async def _judge_earlier(self) -> None: ...

    @abstractmethod
    async def _judge_lost(self, pending: PendingWrite, unsent: Collection[str]) -> None: ...

    async def _drop(self, step: Step) -> None:
        """Drop the intent of a write that did not happen and that nothing asks for any more."""
        await self._run.journal.commit(lambda state: state.drop_intent(step.key))
        self._report(step, Outcome.DROPPED)

    def _compare(self, step: Step, record: Record) -> Change:
        assert step.meeting is not None, "a comparison needs a declared meeting"
        return diff.compare(
            step.meeting, record, same_host=self._is_same_host(step.meeting.host, record.host)
        )

    def _is_same_host(self, host: str, other: str) -> bool:
        state = self._run.journal.state
        return host_key(state, host) == host_key(state, other)

    def _report(
        self, step: Step, outcome: Outcome, diagnostic: Diagnostic | None = None, made: int | None = None
    ) -> None:
        self._run.emit(Resolved(self._run.now(), step.key, step.host, outcome, made, diagnostic))


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
            and host_key(state, lookup.owner(intent.attributes, intent.host)) in listed
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
        )
        await self._record(step, intent, record)
        self._report(step, Outcome.ADOPTED, made=record.id)
        if step.meeting is not None and self._compare(step, record).action is not Action.KEEP:
            self._run.notice(messages.differs_now(step))

    async def _record(self, step: Step, intent: Intent, record: Record) -> None:
        """Make the record durable; the meeting that it replaces is still to be deleted."""
        if intent.action != Action.REPLACE:
            await self._run.journal.commit(lambda state: state.confirm(step.key, record))
            return
        before = self._run.journal.state.meetings.get(step.key)
        retired = retired_by(step, before)
        await self._run.journal.commit(lambda state: state.replace(step.key, record, retired))
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
        if record is None:
            return intent.action == Action.CREATE
        other_host = not self._is_same_host(step.meeting.host, record.host)
        return other_host or self._compare(step, record).action is Action.REPLACE


NEW_HOST_PAYS = "it has its new host, who pays for the rest: the next run sends it"


class UpdateResolver(Resolver):
    """The open updates of one host; each is looked up by reading its meeting."""

    def __init__(self, run: ApplyContext, confirmer: Confirmer, steps: Iterable[Step]) -> None:
        super().__init__(run, steps)
        self._confirmer = confirmer

    async def _judge_earlier(self) -> None:
        while self.open:
            _, step = self.open.popitem()
            await self._judge(step)

    async def _judge_lost(self, pending: PendingWrite, unsent: Collection[str]) -> None:
        del unsent  # an update is looked up by its own meeting alone
        step = self.open.pop(pending.key)
        stored = await self._read(step)
        if stored is None:
            return
        if not observed.observe(pending.sent, stored) and self._has_its_host(step, stored):
            self._confirmer.confirm(pending, Answer({}), unsent=0)
        elif await self._recorded_new_host(step, stored):
            pass
        elif pending.repeats is None:
            self.to_send.append((step, pending.intent))
        else:
            self._run.fail(step, messages.unresolved(step, None))

    async def _judge(self, step: Step) -> None:
        """Decide whether the update happened; further declared changes are sent in their turn."""
        intent, record = self._intent(step), self._run.journal.state.meetings.get(step.key)
        if record is None or record.id != intent.id:  # somebody edited the state by hand
            await self._drop(step)
            return
        stored = await self._read(step)
        if stored is None:
            return
        bodies = _sent_bodies(intent, record, self._run)
        landed = next((body for body in bodies if not observed.observe(body, stored)), None)
        landed = landed if self._has_its_host(step, stored) else None
        if landed is not None:
            await self._adopt(step, intent, record, landed)
        elif not await self._recorded_new_host(step, stored):
            await self._resend_or_drop(step, intent, record)

    def _intent(self, step: Step) -> Intent:
        return self._run.journal.state.intents[step.key]

    async def _read(self, step: Step) -> Body | None:
        """The meeting as it is now; None, and reported, where it cannot be read."""
        meeting_id = self._intent(step).id
        assert meeting_id is not None, "an update has the id of its meeting"
        try:
            stored = (await self._run.remote.read(meeting_id)).body
        except GoneError:
            await self._run.journal.commit(lambda state: state.drop_intent(step.key))
            self._run.fail(step, messages.meeting_gone(step, meeting_id))
        except RemoteError as error:
            self._run.fail(step, messages.unresolved(step, error))
        else:
            stranger = self._run.stranger(step.key, meeting_id, stored)
            if stranger is None or self._is_declared_for_its_host(step, stored):
                return stored
            self._run.fail(step, stranger)
        return None

    async def _recorded_new_host(self, step: Step, stored: Body) -> bool:
        """Record the new host if Zoom has one, and return whether it has; further changes use its budget."""
        state, record = self._run.journal.state, self._run.journal.state.meetings[step.key]
        if identity.other_host(stored, identity.hosts_of(state, record)) is None:
            return False
        names = (self._intent(step).to_host, step.meeting.host if step.meeting else None)
        new_host = next(
            name for name in names if name and identity.is_followed(state, record, stored, (name,))
        )
        await self._run.journal.commit(lambda state: state.confirm(step.key, replace(record, host=new_host)))
        self._run.defer(step, None, NEW_HOST_PAYS)
        return True

    def _is_declared_for_its_host(self, step: Step, stored: Body) -> bool:
        """Return whether the meeting has the host of its handover, or the one that the spec names."""
        state = self._run.journal.state
        record, declared = state.meetings.get(step.key), step.meeting.host if step.meeting else None
        hosts = tuple(host for host in (self._intent(step).to_host, declared) if host)
        return record is not None and identity.is_followed(state, record, stored, hosts)

    def _has_its_host(self, step: Step, stored: Body) -> bool:
        """Return whether the meeting has the host that its update gave it, if it gave it one."""
        state, new_host = self._run.journal.state, self._intent(step).to_host
        record = state.meetings.get(step.key)
        return not new_host or (
            record is not None and identity.is_followed(state, record, stored, (new_host,))
        )

    async def _adopt(self, step: Step, intent: Intent, record: Record, sent: Body) -> None:
        seen = observed.merge_observed(record.observed, sent, {})
        host = intent.to_host or record.host
        updated = replace(record, host=host, attributes=intent.attributes, observed=seen)
        await self._run.journal.commit(lambda state: state.confirm(step.key, updated))
        self._report(step, Outcome.ADOPTED, made=updated.id)
        if step.meeting is None:
            return
        paths = self._declared_changes(step, updated)
        if paths is None:
            self._run.notice(messages.differs_now(step))
        elif paths and updated.host != record.host:
            self._run.defer(step, None, NEW_HOST_PAYS)
        elif paths and self._is_wanted(step, updated):
            self.to_send.append((_as_update(step, updated, paths), None))

    async def _resend_or_drop(self, step: Step, intent: Intent, record: Record) -> None:
        declared_changes = self._declared_changes(step, record) if self._is_wanted(step, record) else None
        if declared_changes is None or step.meeting is None:
            await self._drop(step)
            return
        # Zoom may have any of the values that were sent, so each that is still declared is sent again.
        uncertain = {
            path
            for path in _changed_paths(record.attributes, intent.attributes)
            if fields.has(step.meeting.attributes, path)
        }
        paths = uncertain | declared_changes
        if "password" in paths and step.key in self._run.unfit:
            self._run.fail(step, self._run.unfit[step.key])
        elif paths:
            self._report(step, Outcome.ABSENT)
            self.to_send.append((_as_update(step, record, paths), intent))
        else:
            await self._drop(step)

    def _is_wanted(self, step: Step, record: Record) -> bool:
        """Return whether an update may be sent now, by the rules of a plan."""
        if step.meeting is None or not step.sends_again:
            return False
        now = self._run.now()
        is_running = schedule(record.attributes, now).begun and runs_or_starts_soon(record.attributes, now)
        return not is_running and not schedule(step.meeting.attributes, now).begun

    def _declared_changes(self, step: Step, record: Record) -> set[str] | None:
        """The paths whose declared value is not the recorded one; None where a replace is needed."""
        change = self._compare(step, record)
        return None if change.action is Action.REPLACE else {field.path for field in change.fields}


def _sent_bodies(intent: Intent, record: Record, run: ApplyContext) -> Iterator[dict[str, Json]]:
    """The body of each attempt, as far as it is kept: none where it had a passcode, which is not kept."""
    paths = _changed_paths(record.attributes, intent.attributes)
    if "password" in paths:
        return
    attributes = {name: value for name, value in intent.attributes.items() if name != "password"}
    body = patch(attributes, sorted(paths), run.now(), None)
    for attempt in intent.sent:
        sent = dict(body)
        if "start_time" in sent and attempt.start_time is not None:
            sent["start_time"] = attempt.start_time
        if "recurrence" in sent and attempt.end_times is not None:
            sent["recurrence"] = {**sent["recurrence"], "end_times": attempt.end_times}
        yield sent


def _changed_paths(before: Body, after: Body) -> set[str]:
    return {change.path for change in diff.field_changes(before, after)[0]}


def _as_update(step: Step, record: Record, paths: set[str]) -> Step:
    changes = tuple(FieldChange(path, None, None) for path in sorted(paths))
    return replace(step, action=Action.UPDATE, id=record.id, changes=changes)
