"""The events of an apply as lines of a log, each with the outcome of one step.

A deferral that the plan announced gets no line; the last lines count it.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from msgspec import Struct

from reconciler.apply.events import DatesDone, Outcome, Resolved, StepDeferred, StepDone, StepFailed, Summary
from reconciler.errors.text import escape_control
from reconciler.meeting.humanize import instant_words
from reconciler.plan.budget import day_of, reset_at
from reconciler.plan.change import Action
from reconciler.plan.step import Status
from reconciler.views.style import FAILED, SIGNS, TextStyle
from reconciler.views.text.diagnostics import detail_lines
from reconciler.views.text.times import INDENT
from reconciler.views.text.totals import apply_line, rollout_line

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from reconciler.apply.events import Event
    from reconciler.errors.diagnostic import Diagnostic
    from reconciler.plan.plan import Plan


_DONE = {
    Action.CREATE: "created as {id}",
    Action.UPDATE: "changed ({id})",
    Action.REPLACE: "replaced by {id}",
    Action.DESTROY: "deleted ({id})",
    Action.RESOLVE: "resolved ({id})",
    Action.MOVE: "moved from {from_key} ({id})",
    Action.IMPORT: "recorded as {id}",
    Action.FORGET: "forgotten ({id}), it stays in Zoom",
    Action.KEEP: "recorded ({id})",
}

_NOT_DONE = {
    Action.CREATE: "not created",
    Action.UPDATE: "not changed",
    Action.REPLACE: "not replaced",
    Action.DESTROY: "not destroyed",
    Action.RESOLVE: "not resolved",
    Action.MOVE: "not moved",
    Action.IMPORT: "not imported",
    Action.FORGET: "not forgotten",
    Action.KEEP: "not recorded",
}

UNRECORDED = "apply.unrecorded"
"""The code of a step that was done and could not be recorded."""

_RESOLVED = {
    Outcome.ADOPTED: "had been done: recorded as {id}",
    Outcome.ABSENT: "had not been done: it is sent again",
    Outcome.DROPPED: "had not been done, and nothing asks for it any more",
    Outcome.UNCLEAR: "needs a person to judge; nothing was sent",
}


class ApplyLog(Struct):
    """The log of one apply. It keeps the UTC days of each deferred step, and the causes that it explained."""

    plan: Plan
    style: TextStyle
    _actions: dict[str, Action] = {}
    _days: dict[tuple[str, bool], str | None] = {}
    _last_days: dict[tuple[str, bool], str | None] = {}
    _for_people: set[tuple[str, bool]] = set()
    _explained: set[tuple[str, str, str]] = set()

    def __post_init__(self) -> None:
        self._actions = {step.key: step.action for step in self.plan.steps}
        waiting = [step for step in self.plan.steps if step.status is Status.DEFERRED]
        self._days = {_slot(step.key, step.action): step.day for step in waiting}
        self._last_days = {_slot(step.key, step.action): step.last_day for step in waiting}

    def lines(self, event: Event) -> Iterator[str]:
        """Yield the lines about one event: none for starts, warnings and announced deferrals."""
        match event:
            case StepDone():
                self._days.pop(_slot(event.key, event.action), None)
                yield from self._done(event)
            case DatesDone():
                yield self._line(SIGNS[Action.UPDATE], event.key, "single dates:")
                yield from (f"{INDENT}{escape_control(note)}" for note in event.notes)
            case StepFailed():
                yield from self._failed(event)
            case StepDeferred():
                yield from self._deferred(event)
            case Resolved():
                yield from self._resolved(event)
            case Summary():
                yield from self._totals(event)

    def _line(self, sign: str, key: str, words: str) -> str:
        return f"{self.style.sign(sign)} {self.style.bold(escape_control(key))} {words}"

    def _done(self, event: StepDone) -> Iterator[str]:
        after = f", next {instant_words(event.next_at, event.timezone)}" if event.next_at else ""
        words = _DONE[event.action].format(id=event.id, from_key=escape_control(event.from_key or "")) + after
        yield self._line(SIGNS[event.action], event.key, words)
        yield from (f"{INDENT}{escape_control(note)}" for note in event.notes)

    def _failed(self, event: StepFailed) -> Iterator[str]:
        diagnostic = event.diagnostic
        outcome = "not recorded" if diagnostic.code == UNRECORDED else _NOT_DONE[event.action]
        yield self._line(FAILED, event.key, f"{self.style.error(outcome)}: {self._headline(diagnostic)}")
        yield from self._explanation(diagnostic)

    def _headline(self, diagnostic: Diagnostic) -> str:
        code = self.style.dim(f"[{escape_control(diagnostic.code)}]")
        return f"{escape_control(diagnostic.summary)} {code}"

    def _explanation(self, diagnostic: Diagnostic) -> Iterator[str]:
        """Yield detail and hint, only once if one cause stops many keys."""
        cause = (diagnostic.code, diagnostic.detail, diagnostic.hint)
        if cause not in self._explained:
            self._explained.add(cause)
            yield from (f"{INDENT}{line}" for line in detail_lines(diagnostic))

    def _deferred(self, event: StepDeferred) -> Iterator[str]:
        action = event.action or self._actions.get(event.key, Action.CREATE)
        slot = _slot(event.key, action)
        announced = slot in self._days and self._days[slot] == event.day
        self._days[slot], self._last_days[slot] = event.day, event.last_day or event.day
        if event.needs_person:
            self._for_people.add(slot)
            del self._days[slot]
        if not announced:
            last = f", the last one to {event.last_day}" if event.last_day else ""
            until = f"to {event.day}{last} (UTC)" if event.day else "to a later run"
            words = f"{self.style.warning(f'deferred {until}')}: {escape_control(event.reason)}"
            yield self._line(SIGNS[action], event.key, words)

    def _resolved(self, event: Resolved) -> Iterator[str]:
        unclear = event.outcome is Outcome.UNCLEAR
        sign = FAILED if unclear else SIGNS[Action.RESOLVE]
        words = _RESOLVED[event.outcome].format(id=event.id)
        yield self._line(sign, event.key, self.style.error(words) if unclear else words)
        if event.diagnostic is not None:
            yield f"{INDENT}{self._headline(event.diagnostic)}"
            yield from self._explanation(event.diagnostic)

    def _totals(self, summary: Summary) -> Iterator[str]:
        yield ""
        yield self.style.bold(apply_line(summary))
        if summary.deferred and self._days:
            last = max(self._last_days[slot] or "" for slot in self._days)
            yield rollout_line(Counter(self._days.values()), last, day_of(summary.at))
        yield from self._what_next(summary)

    def _what_next(self, summary: Summary) -> Iterator[str]:
        """Yield what to do next, if anything."""
        if summary.unresolved:
            yield "Interrupted requests are left: follow the hint above for each, then run apply again."
        if summary.failed:
            yield "Fix what failed and run apply again: what is done is not done twice."
        elif summary.deferred and self._for_people and not self._days:
            yield "What is deferred waits for a change of the spec, which its line above names."
        elif summary.deferred:
            yield f"Run apply again{self._later(summary.at)} for what is deferred."

    def _later(self, now: datetime) -> str:
        """Return when another run can do more: at once, after midnight, or on a later day."""
        days = [day or "" for day in self._days.values()]
        first = min(days, default=day_of(reset_at(now)))
        if not first:
            return ""
        if first <= day_of(now):
            return " later today"
        return " after 00:00 UTC" if first == day_of(reset_at(now)) else f" on {first} (UTC)"


def _slot(key: str, action: Action) -> tuple[str, bool]:
    """Return what a deferral is counted by: a key may also wait for the deletion of its old meeting."""
    return key, action is Action.DESTROY
