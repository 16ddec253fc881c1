"""A pending write: its intent, the body that is sent for it, and the day that it is charged to."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime

from msgspec import Struct
from msgspec.structs import replace

from reconciler.meeting.body import body, patch
from reconciler.meeting.meeting import schedule, start_at
from reconciler.meeting.passcode import as_recorded
from reconciler.meeting.single_dates import is_declared_as_given
from reconciler.plan.budget import urgent
from reconciler.plan.change import Action
from reconciler.plan.step import Step
from reconciler.ports import Answer, BeforeSend, Json, Remote
from reconciler.state.state import SCHEDULE_FOR, Attempt, Intent, Record, Retired, State, retire, scheduled_as


class Author(Struct, frozen=True):
    """The author of intents: `owner` as others see it, `passcode` by variable, a new `salt` for hashes.

    `has_zooms_time` returns whether the time that it writes down is Zoom's, and not only this machine's.
    """

    owner: str
    passcode: Callable[[str], str | None]
    salt: Callable[[], bytes]
    has_zooms_time: Callable[[], bool]


class PendingWrite(Struct):
    """A create, update or replace whose intent is durable since the monotonic second `durable_at`.

    `day` is the UTC day it is charged to, `sent` the body (with its passcode: never shown),
    `departures` how often it was sent under this charge, `repeats` the interrupted request that it
    repeats, `before` the record that it changes or replaces.
    """

    step: Step
    intent: Intent
    sent: dict[str, Json]
    day: str
    durable_at: float = 0.0
    departures: int = 0
    repeats: Intent | None = None
    before: Record | None = None

    @property
    def key(self) -> str:
        """The key of its meeting."""
        return self.step.key

    @property
    def action(self) -> Action:
        """The action: create, update or replace."""
        return Action(self.intent.action)

    @property
    def is_update(self) -> bool:
        """Return whether it changes a meeting and creates none."""
        return self.action is Action.UPDATE

    async def send(self, remote: Remote, host: str, before_send: BeforeSend) -> Answer:
        """Send the body: as a change of its meeting, or as a new one of `host`. Raises as `Remote` does."""
        if not self.is_update:
            return await remote.create(host, self.sent, before_send=before_send)
        assert self.intent.id is not None, "an update has the id of its meeting"
        return await remote.update(self.intent.id, self.sent, before_send=before_send)

    def is_outdated(self, now: datetime) -> bool:
        """Return whether its start has passed since the body was made."""
        start = start_at(self.sent)
        return start is not None and start <= now

    def begin(self, state: State) -> State:
        """The state with its intent and charge; it may undo what was done to single dates."""
        begun = state.begin(self.key, self.intent, day=self.day)
        return begun.with_exceptions(self.key, self.exceptions) if self.intent.dates else begun

    @property
    def exceptions(self) -> dict[str, Json]:
        """The edits of single dates that stay recorded: those that are moved, and to be taken back.

        Without their record, nothing would find them if Zoom keeps them. All others are read again.
        """
        meeting = self.step.meeting
        return {
            day: edit
            for day, edit in self.intent.dates.items()
            if isinstance(edit, Mapping)
            and (meeting is None or is_declared_as_given(meeting.attributes, meeting.dates, day))
        }

    def confirm(self, state: State, record: Record) -> State:
        """The state with `record` in place of its intent; a replaced meeting is still to be deleted."""
        if self.action is not Action.REPLACE:
            return state.confirm(self.key, record)
        return state.replace(self.key, record, retired_by(self.step, self.before))

    def take_back(self, state: State) -> State:
        """The state without its intent.

        If it is known never to have left: without its charge too, and with the intent that it was
        to repeat.
        """
        if self.departures:
            return state.drop_intent(self.key)
        restored = state.rewrite(self.key, self.repeats) if self.repeats else state.drop_intent(self.key)
        return restored.charge(self.day, self.intent.host, -1)


def prepare(  # noqa: PLR0913 - a step, its time and author, and the recorded facts of its key
    step: Step,
    now: datetime,
    day: str,
    author: Author,
    *,
    repeats: Intent | None,
    before: Record | None,
) -> PendingWrite:
    """The write that the spec asks for at `now`; `repeats` is the interrupted request that it repeats."""
    meeting = step.meeting
    assert meeting is not None, "only a declared meeting is sent"
    action = step.action.value if repeats is None else repeats.action
    sent = _body(step, action, now, _passcode(step, author))
    begun_at = now.isoformat().replace("+00:00", "Z")
    intent = Intent(
        action=action,
        host=step.host,
        attributes=as_recorded(meeting.attributes, author.salt()),
        sent=(*(repeats.sent if repeats else ()), attempt_of(sent)),
        first_begun_at=repeats.first_begun_at if repeats else begun_at,
        begun_at=begun_at,
        owner=author.owner,
        id=before.id if before is not None and action != Action.CREATE else None,
        to_host=step.new_host if action == Action.UPDATE else None,
        measured=repeats.measured if repeats else author.has_zooms_time(),
        dates=_taken_back(action, repeats, before),
    )
    return PendingWrite(step, intent, sent, day, repeats=repeats, before=before)


def _taken_back(action: str, repeats: Intent | None, before: Record | None) -> dict[str, Json]:
    """The recorded edits of single dates: Zoom forgets them if the rule is sent, and perhaps otherwise."""
    if action != Action.UPDATE or before is None:
        return {}
    return {**(repeats.dates if repeats else {}), **before.exceptions}


def without_handover(step: Step, before: Record) -> Step:
    """The step of the other changes of a refused handover: the meeting is scheduled for whom it was."""
    assert step.meeting is not None, "what is handed over is declared"
    attributes = scheduled_as(step.meeting.attributes, before.attributes)
    return replace(step, meeting=replace(step.meeting, attributes=attributes), changes=step.rest)


def renew(pending: PendingWrite, now: datetime, author: Author) -> None:
    """Replace its body by the one for `now`, as a further attempt: its start passed, or its day ended."""
    fresh = prepare(pending.step, now, pending.day, author, repeats=pending.intent, before=pending.before)
    pending.sent, pending.intent = fresh.sent, fresh.intent


def retired_by(step: Step, before: Record | None) -> Retired | None:
    """The old meeting of a replace, which is still to be deleted; None where it is left in Zoom."""
    if before is None or not step.retires:
        return None
    return retire(step.key, before)


def is_urgent(step: Step, now: datetime) -> bool:
    """Return whether the start that would be sent at `now` is soon enough to use the reserve."""
    start = step.starts_at
    if start is not None and start <= now and step.meeting is not None:
        start = schedule(step.meeting.attributes, now).next_at
    return urgent(start, now)


def attempt_of(sent: Mapping[str, Json]) -> Attempt:
    """The parts of a body that may differ from one attempt to the next."""
    return Attempt(sent.get("start_time"), sent.get("recurrence", {}).get("end_times"))


def _body(step: Step, action: str, now: datetime, passcode: str | None) -> dict[str, Json]:
    assert step.meeting is not None
    attributes, dates = step.meeting.attributes, step.meeting.dates
    if action != Action.UPDATE:
        return body(attributes, now, passcode, dates)
    # A passcode that did not change is not sent, so its variable need not be set.
    paths = [change.path for change in step.changes if change.path != "host"]
    paths += ["recurrence"] if step.resends else []
    update = patch(attributes, paths, now, passcode or "", dates)
    return {**update, SCHEDULE_FOR: step.new_host} if step.new_host else update


def _passcode(step: Step, author: Author) -> str | None:
    reference = step.meeting.passcode if step.meeting else None
    return author.passcode(reference.name) if reference else None
