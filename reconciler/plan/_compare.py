"""Compares a spec with a state: the steps for every key that either of them has.

It decides action and reasons; `budget` decides the day.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime

from msgspec import Struct
from msgspec.structs import replace

from reconciler.meeting.meeting import Meeting, Schedule, schedule, sent_start_at
from reconciler.meeting.names import as_argument
from reconciler.plan import _existing as existing
from reconciler.plan import budget
from reconciler.plan._renames import LikelyRenames, likely_renames
from reconciler.plan.change import Action
from reconciler.plan.dates import steps as dates
from reconciler.plan.dates.slots import with_slots
from reconciler.plan.step import Status, Step
from reconciler.spec.lifecycle import Removed, moved_line, removed_line
from reconciler.spec.spec import NO_OTHERS, Spec
from reconciler.state.state import Intent, Record, Retired, State, host_key


class StateComparison(Struct, frozen=True):
    """Compares spec and state key by key, before the budget assigns days."""

    spec: Spec
    state: State
    now: datetime
    imported: Mapping[str, Record] = {}
    """The records that the imports will make, by key, as far as Zoom was asked."""
    gone: Mapping[str, Record] = {}
    """The former records of meetings that Zoom, when asked, did not have any more, by key."""
    ending: Mapping[int, str] = {}
    """The topics of retired meetings in Zoom, by id, as far as Zoom was asked."""

    def steps(self) -> Iterator[Step]:
        """Yield the steps for every key of the spec and the state, sorted by key.

        Most keys have one step. A move comes before the other step of its key, the deletion of a
        replaced meeting after it.
        """
        spec, state = self.spec, self.state
        moved, hidden = moves(spec, state), elsewhere(spec, state)
        entries = _Entries(
            moved=moved,
            imported={entry.to: entry.id for entry in spec.imports},
            removed={entry.id: entry for entry in spec.removed},
            renames=likely_renames(spec, state, moved, hidden, self.now),
            blocked=blocked(spec, state),
        )
        # The record of a moved key is shown under the new key.
        known = {*state.meetings, *state.intents} - set(moved.values()) - _shown_under_new_key(entries, state)
        known -= hidden
        retired = {
            key: gone
            for key, gone in self._retired({old: new for new, old in moved.items()}).items()
            if key not in hidden
        }
        for key in sorted({*spec.meetings, *known, *retired}):
            if key in spec.meetings or key in known:
                yield from self._steps_of(key, entries)
            for gone in retired.get(key, ()):
                topic = self.ending.get(gone.id, self._topic(key))
                yield existing.step_for_retired(gone, key, topic, self.now)

    def _steps_of(self, key: str, entries: _Entries) -> Iterator[Step]:
        source = entries.moved.get(key, key)
        meeting, record = self.spec.meetings.get(key), self.state.meetings.get(source)
        intent = self.state.intents.get(source)
        if key in entries.moved and meeting is not None:
            yield self._move(meeting, source, record)
        imports = meeting is not None and key in entries.imported
        if intent is not None and not (imports and record is None):
            step = self._resolve(key, intent, record, entries)
            yield replace(step, sends_again=False) if key in entries.blocked else step
        elif meeting is None:
            assert record is not None
            removal, is_moved = entries.removed.get(record.id), key in entries.blocked.values()
            yield existing.step_for_undeclared(key, record, removal, self.now, is_moved=is_moved)
        elif record is not None:
            found = self._recorded(meeting, record, entries.removed.get(record.id))
            if key in entries.blocked:
                found = tuple(_in_doubt(step, entries.blocked[key]) for step in found)
            yield from found if source == key else (step for step in found if not _is_plain_keep(step))
        elif not imports:
            yield self._missing(meeting, entries.renames)
        if imports and meeting is not None and (record is None or record.id != entries.imported[key]):
            yield self._import(meeting, entries.imported[key], record)
            if record is None and key in self.imported:
                removal = entries.removed.get(entries.imported[key])
                found = self._recorded(meeting, self.imported[key], removal)
                yield from (step for step in found if not _is_plain_keep(step))

    def _move(self, meeting: Meeting, old: str, record: Record | None) -> Step:
        starts_at = schedule(meeting.attributes, self.now).next_at
        return Step(meeting.key, Action.MOVE, meeting.host, meeting.topic, meeting=meeting, from_key=old,
                    id=record.id if record else None, starts_at=starts_at,
                    reasons=(f"was `{old}` so far",))  # fmt: skip

    def _resolve(self, key: str, intent: Intent, record: Record | None, entries: _Entries) -> Step:
        meeting, removal = self.spec.meetings.get(key), entries.removed.get(intent.id or 0)
        topic = meeting.topic if meeting else str(intent.attributes.get("topic", ""))
        starts_at = schedule(meeting.attributes, self.now).next_at if meeting else None
        reason = f"{intent.in_words}: Zoom is asked what became of it"
        host = meeting.host if meeting and self._same_host(meeting.host, intent.host) else intent.host
        step = Step(key, Action.RESOLVE, host, topic, reasons=(reason,), meeting=meeting,
                    recorded=intent.attributes, id=intent.id, starts_at=starts_at,
                    intent_action=Action(intent.action))  # fmt: skip
        if record is None:
            return replace(step, sends_again=meeting is None or step.key not in entries.renames.withheld)
        protected = record.protect or (meeting is not None and meeting.protect)
        if intent.action == Action.REPLACE:
            retires = removal is not None and removal.destroy and not protected
            left = () if retires else (_left_in_zoom(record),)
            step = replace(step, retires=retires, reasons=(reason, *left))
        if meeting is None:
            return step
        wanted = self._recorded(meeting, record, removal)[0]
        if intent.action == Action.CREATE:  # of a meeting that Zoom had forgotten
            lost_id = record.id if wanted.may_be_forgotten else None
            step = replace(step, id=record.id, lost_id=lost_id, may_be_forgotten=wanted.may_be_forgotten)
        return replace(
            step, changes=wanted.changes, recorded=wanted.recorded, sends_again=_is_still_wanted(step, wanted)
        )

    def _missing(self, meeting: Meeting, renames: LikelyRenames) -> Step:
        times = schedule(meeting.attributes, self.now)
        step = Step(meeting.key, Action.CREATE, meeting.host, meeting.topic, meeting=meeting,
                    starts_at=sent_start_at(meeting.attributes, self.now))  # fmt: skip
        if times.begun:
            return step.with_status(Status.EXPIRED, _begun(times))
        if meeting.key in renames.withheld:
            old = renames.withheld[meeting.key]
            step = step.with_status(
                Status.WITHHELD, _likely_rename(old, self.state.meetings[old], meeting.key)
            )
            return replace(step, from_key=old, late=budget.urgent(times.next_at, self.now))
        if meeting.dates and (why := dates.why_not_made(meeting, self.now)):
            return replace(step, starts_at=None).with_status(Status.WITHHELD, why)
        step = dates.with_dates(step, None, self.now)
        if step.status is Status.WITHHELD:
            return step
        sends = existing.shortened_remark(meeting, times, self.now)
        kept = _decided_rename(renames.decided.get(meeting.key), meeting.key)
        gone = self.gone.get(meeting.key)
        lost = () if gone is None else (_lost(gone, self.now),)
        step = replace(step, reasons=(*lost, *sends, *kept), lost_id=gone.id if gone else None)
        return with_slots(step, {}, self.now)

    def _recorded(self, meeting: Meeting, record: Record, removal: Removed | None) -> tuple[Step, ...]:
        return existing.step_for_declared(meeting, record, removal, self.now, same_user=self._same_host)

    def _same_host(self, one: str, other: str) -> bool:
        return one == other or host_key(self.state, one) == host_key(self.state, other)

    def _import(self, meeting: Meeting, meeting_id: int, record: Record | None) -> Step:
        times = schedule(meeting.attributes, self.now)
        step = Step(meeting.key, Action.IMPORT, meeting.host, meeting.topic, meeting=meeting, id=meeting_id,
                    starts_at=times.next_at, reasons=(f"is meeting {meeting_id} in Zoom",))  # fmt: skip
        taken = self._taken(meeting, meeting_id, record)
        if taken is not None:
            return step.with_status(Status.WITHHELD, taken)
        return step.with_status(Status.EXPIRED, "its time is over") if times.expired else step

    def _taken(self, meeting: Meeting, meeting_id: int, record: Record | None) -> str | None:
        """Return why the id cannot be recorded under the meeting's key; None if it can."""
        state, key = self.state, meeting.key
        if record is not None:
            return (f"`{key}` is meeting {record.id} already; remove the line, "
                    f"or run `reconciler state rm {as_argument(key)}` first")  # fmt: skip
        owner = next((name for name, one in state.meetings.items() if one.id == meeting_id), None)
        if owner in self.spec.meetings:
            return f"that one is `{owner}` already; remove one of the two"
        if owner is not None:
            return f"that one is `{owner}` already; write `{moved_line(owner, key)}` instead"
        if any(gone.id == meeting_id for gone in state.retired):
            return "that one was replaced and is to be deleted; remove the line"
        return None

    def _retired(self, new_keys: Mapping[str, str]) -> dict[str, list[Retired]]:
        """Return the replaced meetings that are still to be deleted, by the key of their successor."""
        retired: dict[str, list[Retired]] = {}
        for gone in self.state.retired:
            retired.setdefault(new_keys.get(gone.key, gone.key), []).append(gone)
        return retired

    def _topic(self, key: str) -> str:
        meeting, record = self.spec.meetings.get(key), self.state.meetings.get(key)
        return meeting.topic if meeting else existing.recorded_topic(record) if record else ""


class _Entries(Struct, frozen=True):
    """The entries of `moved`, `imports` and `removed`, by the key or id that they are looked up by."""

    moved: Mapping[str, str]
    imported: Mapping[str, int]
    removed: Mapping[int, Removed]
    renames: LikelyRenames
    blocked: Mapping[str, str]


def blocked(spec: Spec, state: State) -> dict[str, str]:
    """Return old keys by new keys, where both are recorded: the meaning of the new key is unclear."""
    known = state.meetings.keys() | state.intents.keys()
    both = (move for move in spec.moved if {move.from_key, move.to_key} <= known)
    return {move.to_key: move.from_key for move in both}


def elsewhere(spec: Spec, state: State) -> frozenset[str]:
    """Return the keys of the state that may stand in files that PATHS leave out: they get no step."""
    if spec.others == NO_OTHERS:
        return frozenset()
    new_keys = {move.from_key: move.to_key for move in spec.moved}
    known = state.meetings.keys() | state.intents.keys() | {gone.key for gone in state.retired}
    return frozenset(
        key
        for key in known
        if key not in spec.meetings
        and new_keys.get(key) not in spec.meetings
        and (spec.others.may_declare(key) or spec.others.may_declare(new_keys.get(key, key)))
    )


def moves(spec: Spec, state: State) -> dict[str, str]:
    """Return old keys by new keys, where the old key is recorded and the new one is not."""
    known = state.meetings.keys() | state.intents.keys()
    return {
        move.to_key: move.from_key
        for move in spec.moved
        if move.from_key in known and move.to_key not in known
    }


def _in_doubt(step: Step, old: str) -> Step:
    """Withhold the step: the declaration under its key may be meant for the meeting that was to be moved."""
    if step.action not in {Action.UPDATE, Action.REPLACE}:
        return step
    reason = f"`moved` wants `{old}` here, and `{step.key}` has a meeting of its own"
    return step.with_status(Status.WITHHELD, reason)


def _is_plain_keep(step: Step) -> bool:
    return step.action is Action.KEEP and not step.is_work


def _left_in_zoom(record: Record) -> str:
    return f"if a new meeting was made, the old one, {record.id}, stays in Zoom and is no longer managed"


def _is_still_wanted(step: Step, wanted: Step) -> bool:
    """Return whether an interrupted request would be sent again if it did not happen.

    An update is sent even if the spec was changed back to the record, because Zoom may have made the change.
    """
    if wanted.status is not Status.NOW:
        return False
    if step.intent_action is Action.UPDATE:
        return wanted.action in {Action.UPDATE, Action.KEEP}
    if step.intent_action is Action.CREATE:
        return wanted.may_be_forgotten
    return wanted.action is step.intent_action


def _begun(times: Schedule) -> str:
    when = "its time is over" if times.expired else "it has begun"
    return f"{when}: Zoom would start it at once, so it is not sent"


def _shown_under_new_key(entries: _Entries, state: State) -> set[str]:
    """Return the old keys of withheld renames: the entry of the new key is about both."""
    withheld = entries.renames.withheld.items()
    return {old for new, old in withheld if new not in state.intents and old not in state.intents}


def _likely_rename(old: str, record: Record, new: str) -> str:
    return (
        f"looks like `{old}`, meeting {record.id}, under a new key; to keep its join link, "
        f"add `{moved_line(old, new)}`; if they are two meetings, `{removed_line(old, record.id)}` "
        "deletes the old one, and the same with `destroy: false` leaves it in Zoom"
    )


def _lost(record: Record, now: datetime) -> str:
    is_over = schedule(record.attributes, now).expired
    how = "forgotten by Zoom, since its dates are over" if is_over else "deleted in Zoom"
    return f"was {record.id}, {how}; made again, with a new join link"


def _decided_rename(old: str | None, new: str) -> tuple[str, ...]:
    if old is None:
        return ()
    line = moved_line(old, new)
    return (f"looks like `{old}`, which `removed` names; `{line}` in place of that line keeps its join link",)
