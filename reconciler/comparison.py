"""Declared against recorded: one step for every key that either side knows.

Pure. It says what is to be done and why; on which day is the budget's word.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from reconciler import diff, fields
from reconciler.diff import Action
from reconciler.meeting import kind, schedule, series, start_at
from reconciler.normal import normal
from reconciler.state import host_key
from reconciler.step import Status, Step

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import datetime

    from reconciler.meeting import Meeting, Schedule
    from reconciler.spec import Spec
    from reconciler.state import Record, State

NOT_YET = "this version shows it, but does not act on it yet"
"""Why a step of the next releases is withheld: nothing is sent for it."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """Declared against recorded, key by key, before the budget has its say."""

    spec: Spec
    state: State
    now: datetime

    def steps(self) -> Iterator[Step]:
        """Every key known to either side, once, sorted."""
        spec, state = self.spec, self.state
        moved = self._moves()
        imported = {wish.to: wish.id for wish in spec.imports}
        renames = self._renames(set(moved.values()))
        # A moved record is shown under its new key; what was begun under the old one is looked up under it.
        left = state.meetings.keys() - moved.values()
        for key in sorted({*spec.meetings, *left, *state.intents}):
            meeting, record = spec.meetings.get(key), state.meetings.get(key)
            if key in state.intents:
                sends_again = key not in imported and not (meeting and self._old_key(meeting, renames))
                yield replace(self._resolve(key, meeting), sends_again=sends_again)
            elif meeting is None:
                assert record is not None
                yield self._undeclared(key, record)
            elif record is not None:
                yield self._recorded(meeting, record)
            elif key in moved:
                yield self._waits(meeting, Action.MOVE, f"is `{moved[key]}` so far; {NOT_YET}")
            elif key in imported:
                yield self._waits(meeting, Action.IMPORT, f"is meeting {imported[key]} in Zoom; {NOT_YET}")
            else:
                yield self._missing(meeting, renames)

    def _moves(self) -> dict[str, str]:
        """Old keys by new ones, as far as something stands under the old and nothing under the new."""
        state = self.state
        known = state.meetings.keys() | state.intents.keys()
        return {
            move.to_key: move.from_key
            for move in self.spec.moved
            if move.from_key in known and move.to_key not in known
        }

    def _resolve(self, key: str, meeting: Meeting | None) -> Step:
        intent = self.state.intents[key]
        topic = meeting.topic if meeting else str(intent.attributes.get("topic", ""))
        starts_at = schedule(meeting.attributes, self.now).next_at if meeting else None
        reason = f"an interrupted {intent.action}, begun {intent.begun_at}: Zoom is asked what became of it"
        return Step(key, Action.RESOLVE, intent.host, topic, reasons=(reason,), meeting=meeting,
                    id=intent.id, starts_at=starts_at)  # fmt: skip

    def _missing(self, meeting: Meeting, renames: Mapping[object, str]) -> Step:
        standing = schedule(meeting.attributes, self.now)
        step = Step(meeting.key, Action.CREATE, meeting.host, meeting.topic, meeting=meeting,
                    starts_at=standing.next_at)  # fmt: skip
        if standing.begun:
            return step.put(Status.EXPIRED, _begun(standing))
        old = self._old_key(meeting, renames)
        if old is not None:
            return step.put(Status.WITHHELD, _likely_rename(old, meeting.key))
        return replace(step, reasons=_shortened(meeting, standing, self.now))

    def _old_key(self, meeting: Meeting, renames: Mapping[object, str]) -> str | None:
        """The undeclared record that the meeting could be, under a new key; None: there is none."""
        looks = self._looks(meeting.host, meeting.attributes)
        return next((renames[look] for look in looks if look in renames), None)

    def _recorded(self, meeting: Meeting, record: Record) -> Step:
        same_host = meeting.host == record.host or (
            host_key(self.state, meeting.host) == host_key(self.state, record.host)
        )
        change = diff.compare(meeting, record, same_host=same_host)
        standing = schedule(meeting.attributes, self.now)
        step = Step(meeting.key, change.action, meeting.host, meeting.topic, changes=change.fields,
                    reasons=tuple(f"`{path}` is no longer declared" for path in change.released),
                    meeting=meeting, id=record.id, starts_at=standing.next_at)  # fmt: skip
        if standing.expired:
            return step.put(Status.EXPIRED, "its time is over")
        return step if change.action is Action.KEEP else step.put(Status.WITHHELD, NOT_YET)

    def _undeclared(self, key: str, record: Record) -> Step:
        standing = schedule(record.attributes, self.now)
        step = Step(key, Action.DESTROY, record.host, str(record.attributes.get("topic", "")), id=record.id,
                    starts_at=standing.next_at)  # fmt: skip
        if standing.expired:
            return step.put(Status.EXPIRED, "its time is over and it is no longer declared")
        wish = next((wish for wish in self.spec.removed if wish.id == record.id), None)
        if wish is None:
            line = f"removed: [{{key: {key}, id: {record.id}, destroy: true}}]"
            return step.put(Status.WITHHELD, f"no longer declared, stays in Zoom; to end it, add `{line}`")
        action = Action.DESTROY if wish.destroy else Action.FORGET
        return replace(step, action=action).put(Status.WITHHELD, f"named under `removed`; {NOT_YET}")

    def _waits(self, meeting: Meeting, action: Action, reason: str) -> Step:
        starts_at = schedule(meeting.attributes, self.now).next_at
        return Step(meeting.key, action, meeting.host, meeting.topic, Status.WITHHELD, reasons=(reason,),
                    meeting=meeting, starts_at=starts_at)  # fmt: skip

    def _renames(self, moved: set[str]) -> dict[object, str]:
        """Undeclared records by everything that a renamed key would have kept."""
        spec = self.spec
        decided = {wish.id for wish in spec.removed}
        return {
            look: key
            for key, record in self.state.meetings.items()
            if key not in spec.meetings and key not in moved and record.id not in decided
            for look in self._looks(record.host, record.attributes)
        }

    def _looks(self, host: str, attributes: Mapping[str, object]) -> tuple[object, ...]:
        """Host, type and start, once with the topic and once with the rule: either makes a likely rename."""
        same = (host_key(self.state, host), kind(attributes), start_at(attributes))
        rule = normal(fields.at(("recurrence",)), attributes.get("recurrence"))
        looks = (*same, "topic", attributes.get("topic"))
        return (looks,) if rule is None else (looks, (*same, "recurrence", rule))


def _begun(standing: Schedule) -> str:
    when = "its time is over" if standing.expired else "it has begun"
    return f"{when}: Zoom would start it at once, so it is not sent"


def _shortened(meeting: Meeting, standing: Schedule, now: datetime) -> tuple[str, ...]:
    repeated = series(meeting.attributes)
    if not standing.over or repeated is None:
        return ()
    over = "1 occurrence is over" if standing.over == 1 else f"{standing.over} occurrences are over"
    left = "" if standing.left is None else f", {standing.left} left"
    return (f"{over}; sends {_read_out(repeated.next_local(now) or '')}{left}",)


def _read_out(start_time: str) -> str:
    """`2027-02-01T10:00:00` as people write it; seconds only where there are some."""
    clock = start_time.replace("T", " ").removesuffix("Z").removesuffix(":00")
    return f"{clock} UTC" if start_time.endswith("Z") else clock


def _likely_rename(old: str, new: str) -> str:
    line = f"moved: [{{from: {old}, to: {new}}}]"
    return f"looks like `{old}` under a new key; add `{line}`, or change its topic or time"
