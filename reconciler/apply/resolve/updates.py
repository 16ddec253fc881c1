"""Resolves updates: the meeting is read, and compared with what was sent."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator

from msgspec.structs import replace

from reconciler.apply import _messages as messages
from reconciler.apply._confirm import Confirmer
from reconciler.apply.context import ApplyContext
from reconciler.apply.events import Outcome
from reconciler.apply.pending import PendingWrite
from reconciler.apply.resolve.resolver import Resolver
from reconciler.errors.exceptions import GoneError, RemoteError
from reconciler.meeting import fields, observed
from reconciler.meeting.body import patch
from reconciler.meeting.meeting import runs_or_starts_soon, schedule
from reconciler.plan import diff
from reconciler.plan.change import Action, FieldChange
from reconciler.plan.step import Step
from reconciler.ports import Answer, Body, Json
from reconciler.state import identity
from reconciler.state.history import Fact, Kind
from reconciler.state.state import SCHEDULE_FOR, Intent, Record, follow, host_key, owner

NEW_HOST_PAYS = "the meeting has its new host, and the rest counts against that host: the next run sends it"


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
            stored = (await self._run.remote.read(meeting_id, new_connection=True)).body
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
        names = (self._intent(step).to_host, *_declared_hosts(step))
        new_host = next(name for name in names if name and self._run.is_followed(record, stored, (name,)))
        changed = identity.host_change(state, step.key, record.host, new_host)
        await self._run.journal.commit(
            lambda state: state.confirm(step.key, follow(record, new_host)), changed
        )
        self._run.defer(step, None, NEW_HOST_PAYS)
        return True

    def _is_declared_for_its_host(self, step: Step, stored: Body) -> bool:
        """Return whether the meeting has the host of its handover, or the one that the spec names."""
        state = self._run.journal.state
        record = state.meetings.get(step.key)
        hosts = tuple(host for host in (self._intent(step).to_host, *_declared_hosts(step)) if host)
        return record is not None and self._run.is_followed(record, stored, hosts)

    def _has_its_host(self, step: Step, stored: Body) -> bool:
        """Return whether the meeting has the host that its update gave it, if it gave it one."""
        state, new_host = self._run.journal.state, self._intent(step).to_host
        record = state.meetings.get(step.key)
        return not new_host or (record is not None and self._run.is_followed(record, stored, (new_host,)))

    async def _adopt(self, step: Step, intent: Intent, record: Record, sent: Body) -> None:
        seen = observed.merge_observed(record.observed, sent, {})
        host = intent.to_host or record.host
        updated = replace(record, host=host, attributes=intent.attributes, observed=seen)
        updated = updated.revised(record, self._run.now())
        await self._run.journal.commit(
            lambda state: state.confirm(step.key, updated), *_adopted(step, intent, record)
        )
        self._report(step, Outcome.ADOPTED, made=updated.id)
        if step.meeting is None:
            return
        paths = self._declared_changes(step, updated)
        if paths is None or (paths and not self._is_wanted(step, updated)):
            self._run.outdated.add(step.key)
        if paths is None:
            self._run.notice(messages.differs_now(step))
        elif paths and self._payer(updated) != self._payer(record):
            self._run.defer(step, None, NEW_HOST_PAYS)
        elif paths and self._is_wanted(step, updated):
            self.to_send.append((_as_update(step, updated, paths), None))

    def _payer(self, record: Record) -> str:
        """The user to whom Zoom counts the requests of the meeting."""
        return host_key(self._run.journal.state, owner(record.attributes, record.host))

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


def _adopted(step: Step, intent: Intent, record: Record) -> tuple[Fact, ...]:
    """What the history tells of an update that had happened."""
    paths = sorted(_changed_paths(record.attributes, intent.attributes) - {SCHEDULE_FOR})
    updated = Fact(Kind.UPDATE, step.key, tuple(paths))
    return (updated, Fact(Kind.HAND_OVER, step.key, (intent.to_host,))) if intent.to_host else (updated,)


def _declared_hosts(step: Step) -> tuple[str, ...]:
    """The declared host, and the user for whom it schedules the meeting."""
    if step.meeting is None:
        return ()
    return (step.meeting.host, owner(step.meeting.attributes, step.meeting.host))


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
