"""One step of a plan as lines: its sign, whom it is for, what people care about, and why."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler.diff import Action
from reconciler.masking import escaped
from reconciler.meeting import NO_FIXED_TIME, kind, series
from reconciler.recurrence import sentence, when, zone
from reconciler.sentence import day_words, time_words, weekday_words
from reconciler.step import Status
from reconciler.views.fieldwise import change_words, leaves, passcode_words, short_words
from reconciler.views.look import SIGNS, quoted

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

    from reconciler.meeting import Meeting
    from reconciler.step import Step
    from reconciler.views.look import Look

INDENT = "    "

LINE_MAX = 100
"""Characters of the list of settings, where not all is asked for."""

_TOLD_ELSEWHERE = frozenset({"topic", "type", "start_time", "timezone", "duration", "recurrence", "password"})


def full(step: Step, look: Look) -> Iterator[str]:
    """The step with everything that a reviewer looks for."""
    yield opening(step, look)
    yield from (f"{INDENT}{line}" for line in (*_about(step, look), *_why(step, look)))


def brief(step: Step, look: Look) -> str:
    """The step on one line: a create that has its turn on a later day."""
    time = f": {time_of(step.meeting, step.starts_at)}" if step.meeting else ""
    late = look.warning(", late: it starts before its turn") if step.late else ""
    return f"{opening(step, look)}{time}{late}"


def opening(step: Step, look: Look) -> str:
    """The sign, the key, the topic and the host."""
    sign, key = look.sign(SIGNS[step.action]), look.bold(escaped(step.key))
    return f"{sign} {key} {quoted(step.topic)} for {escaped(step.host)}"


def time_of(meeting: Meeting, next_at: datetime | None = None) -> str:
    """When it is and how long: "every second Tuesday, 10:00 Europe/Berlin, 12 times, until …, 45 min".

    `next_at` (aware) adds the day of a series' next occurrence, as its zone has it.
    """
    attributes = meeting.attributes
    length = attributes.get("duration")
    if kind(attributes) == NO_FIXED_TIME or "start_time" not in attributes:
        return f"no fixed time, {length} min" if length else "no fixed time"
    repeated = series(attributes)
    if repeated is None:
        return escaped(when(attributes["start_time"], attributes.get("timezone"), length))
    parts = [sentence(repeated.recurrence, repeated.start_time, repeated.timezone)]
    if length:
        parts.append(f"{length} min")
    if next_at is not None:
        local = next_at.astimezone(zone(repeated.timezone))
        parts.append(f"next {weekday_words(local)} {day_words(local)}")
    return escaped(", ".join(parts))


def instant_words(instant: datetime) -> str:
    """An instant (aware, UTC): "Mon 11 Jan 2027, 09:00 UTC"."""
    return f"{weekday_words(instant)} {day_words(instant)}, {time_words(instant)} UTC"


def _about(step: Step, look: Look) -> Iterator[str]:
    """What will be there, or what differs."""
    reference = step.meeting.passcode if step.meeting else None
    yield from (change_words(change, reference, whole=look.verbose) for change in step.changes)
    if step.action is Action.REPLACE:
        yield "a new meeting with a new join link takes its place"
    if step.action in {Action.CREATE, Action.RESOLVE} and step.meeting is not None:
        yield time_of(step.meeting, step.starts_at)
    if step.action is Action.CREATE and step.meeting is not None and step.status is not Status.WITHHELD:
        yield from _declared(step.meeting, look)
    if step.action in {Action.DESTROY, Action.FORGET}:
        after = f", next {instant_words(step.starts_at)}" if step.starts_at else ""
        yield f"meeting {step.id}{after}"


def _declared(meeting: Meeting, look: Look) -> Iterator[str]:
    """The passcode's source, the protection, and all the rest on one line."""
    if "password" in meeting.attributes:
        source = passcode_words(meeting.passcode) if meeting.passcode else "as written in the spec"
        yield f"passcode {source}"
    if meeting.protect:
        yield "protected: never destroyed"
    rest = [
        f"{escaped('.'.join(path).removeprefix('settings.'))}: {short_words(value, whole=look.verbose)}"
        for path, value in leaves((), meeting.attributes)
        if path[0] not in _TOLD_ELSEWHERE
    ]
    if rest:
        yield f"with {_listed(rest, whole=look.verbose)}"


def _listed(parts: Sequence[str], *, whole: bool) -> str:
    """The parts that fit on a line, and how many more there are."""
    told, width = 0, 0
    while told < len(parts) and (whole or told == 0 or width + len(parts[told]) <= LINE_MAX):
        width += len(parts[told]) + 2
        told += 1
    more = f" and {len(parts) - told} more" if told < len(parts) else ""
    return ", ".join(parts[:told]) + more


def _why(step: Step, look: Look) -> Iterator[str]:
    """The reasons, and what keeps it from being done today; `Step.put` adds the status's reason last."""
    reasons = [escaped(reason) for reason in step.reasons]
    if step.status in {Status.WITHHELD, Status.EXPIRED} or _waits(step):
        *reasons, held = reasons or [""]
        yield from reasons
        yield f"{look.warning(step.status)}: {held}" if held else look.warning(step.status)
    else:
        yield from reasons
    if step.late:
        yield look.warning("late: it starts before its turn")


def _waits(step: Step) -> bool:
    """Whether it is deferred for another reason than the host's day."""
    return step.status is Status.DEFERRED and step.day is None
