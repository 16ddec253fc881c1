"""A plan as text: its steps by day, its diagnostics, and the totals."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from reconciler.errors.text import count_noun, escape_control, quote
from reconciler.meeting.humanize import instant_words
from reconciler.plan.budget import day_of
from reconciler.plan.change import Action
from reconciler.plan.dates import words as date_words
from reconciler.plan.step import Status
from reconciler.views.style import SIGNS, TextStyle
from reconciler.views.text.diagnostics import format_diagnostics
from reconciler.views.text.times import INDENT, time_of
from reconciler.views.text.totals import budget_lines, elsewhere_line, plan_line, rollout_line
from reconciler.views.values import (
    change_words,
    holds_addresses,
    leaves,
    passcode_words,
    short_words,
    value_words,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from reconciler.meeting.meeting import Meeting
    from reconciler.plan.plan import Plan
    from reconciler.plan.step import Step


NEW_MEETING = "a new meeting with a new join link takes its place"

LATE = "late: it starts before its turn"
LATE_WITHHELD = "late: it starts within 48 hours, and is not created"

LINE_MAX = 100
"""Characters of the list of settings, unless verbose."""

_SHOWN_APART = frozenset({"topic", "type", "start_time", "timezone", "duration", "recurrence", "password"})


def full(step: Step, style: TextStyle) -> Iterator[str]:
    """Yield the step in full: its changes or its settings, and the reasons for it.

    An import is one line where there is no more to say: a first one has many.
    """
    lines = (*_about(step, style), *_why(step, style))
    if step.action is Action.IMPORT and step.status is Status.NOW and len(lines) == 1:
        yield f"{opening(step, style)}: {lines[0]}"
        return
    yield opening(step, style)
    yield from (f"{INDENT}{line}" for line in lines)


def brief(step: Step, style: TextStyle) -> str:
    """Return the step on one line: a create of a later day."""
    time = f": {time_of(step.meeting, step.starts_at)}" if step.meeting else ""
    late = style.warning(f", {LATE}") if step.late else ""
    return f"{opening(step, style)}{time}{late}"


def opening(step: Step, style: TextStyle) -> str:
    """Return the sign, the key, the topic and the host."""
    sign, key = style.sign(SIGNS[step.action]), style.bold(escape_control(step.key))
    return f"{sign} {key} {quote(step.topic)} for {escape_control(step.host)}"


def _about(step: Step, style: TextStyle) -> Iterator[str]:
    """Yield the changes, or the meeting that is to be created or deleted."""
    reference = step.meeting.passcode if step.meeting else None
    yield from (change_words(change, reference, whole=style.verbose) for change in step.changes)
    if step.action is Action.REPLACE:
        yield NEW_MEETING
    if step.action in {Action.CREATE, Action.RESOLVE} and step.meeting is not None:
        yield time_of(step.meeting, step.starts_at)
    yield from map(escape_control, date_words.lines(step))
    if style.verbose:
        yield from date_words.audience(step)
    if step.action is Action.CREATE and step.meeting is not None and step.status is not Status.WITHHELD:
        yield from _declared(step.meeting, style)
    if step.action in {Action.DESTROY, Action.FORGET}:
        after = f", next {instant_words(step.starts_at, step.timezone)}" if step.starts_at else ""
        yield f"meeting {step.id}{after}"


def _declared(meeting: Meeting, style: TextStyle) -> Iterator[str]:
    """Yield the source of the passcode, the protection, and the other settings on one line."""
    if "password" in meeting.attributes:
        yield f"passcode {passcode_words(meeting.passcode)}"
    if meeting.protect:
        yield "protected: never destroyed"
    others = [leaf for leaf in leaves((), meeting.attributes) if leaf[0][0] not in _SHOWN_APART]
    for path, value in others:
        if isinstance(value, str) and holds_addresses(path):  # never behind a cut
            yield f"{_setting(path)}: {value_words(value, whole=True)}"
    rest = [
        f"{_setting(path)}: {short_words(value, whole=style.verbose)}"
        for path, value in others
        if not (isinstance(value, str) and holds_addresses(path))
    ]
    if rest:
        yield f"with {_listed(rest, whole=style.verbose)}"


def _setting(path: tuple[str, ...]) -> str:
    return escape_control(".".join(path).removeprefix("settings."))


def _listed(parts: Sequence[str], *, whole: bool) -> str:
    """Return the parts that fit on a line, and how many more there are."""
    count, width = 0, 0
    while count < len(parts) and (whole or count == 0 or width + len(parts[count]) <= LINE_MAX):
        width += len(parts[count]) + 2
        count += 1
    more = f" and {len(parts) - count} more" if count < len(parts) else ""
    return ", ".join(parts[:count]) + more


def _why(step: Step, style: TextStyle) -> Iterator[str]:
    """Yield the reasons, and the status if it prevents the step today; the reason of a status is the last."""
    reasons = [escape_control(reason) for reason in step.reasons]
    if step.status in {Status.WITHHELD, Status.EXPIRED} or _waits(step):
        *reasons, held = reasons or [""]
        yield from reasons
        yield f"{style.warning(step.status)}: {held}" if held else style.warning(step.status)
    else:
        yield from reasons
    if step.late:
        yield style.warning(LATE_WITHHELD if step.status is Status.WITHHELD else LATE)


def _waits(step: Step) -> bool:
    """Return whether the step is deferred for another reason than the budget of a day."""
    return step.status is Status.DEFERRED and step.day is None


BRIEF_MAX = 10
"""Creates of one later day that are shown, unless verbose."""

EXPIRED_MAX = 5
"""Expired keys that are named, unless verbose."""

NO_CHANGES = "No changes. Compared with what was last applied; drift asks Zoom."
NO_CHANGES_LIVE = "No changes. Compared with what was last applied and with what Zoom says now."


def plan(plan: Plan, style: TextStyle) -> str:
    """Return the whole plan, ending in a newline."""
    steps = [step for step in plan.steps if is_shown(step)]
    blocks = (
        *_steps(steps, style),
        list(format_diagnostics(plan.diagnostics, style)),
        list(_totals(plan, steps, style)),
    )
    return "\n\n".join("\n".join(block) for block in blocks if block) + "\n"


def is_shown(step: Step) -> bool:
    """Return whether a view lists the step: every one but a keep about which there is nothing to say."""
    return step.action is not Action.KEEP or bool(step.reasons) or step.status is Status.EXPIRED


def is_unchanged(plan: Plan) -> bool:
    """Return whether there is nothing to do and nothing withheld."""
    return not plan.has_work and all(step.status is not Status.WITHHELD for step in plan.steps)


def _steps(steps: Sequence[Step], style: TextStyle) -> Iterator[list[str]]:
    """Yield blocks of lines: steps of today, deferred steps by day, withheld steps, expired ones."""
    by_status: dict[Status, list[Step]] = {status: [] for status in Status}
    for step in steps:
        by_status[step.status].append(step)
    yield _all(by_status[Status.NOW], style)
    yield from _days(by_status[Status.DEFERRED], style)
    yield _all(by_status[Status.WITHHELD], style)
    yield _expired(by_status[Status.EXPIRED], style)


def _all(steps: Sequence[Step], style: TextStyle) -> list[str]:
    return [line for step in steps for line in full(step, style)]


def _days(steps: Sequence[Step], style: TextStyle) -> Iterator[list[str]]:
    """Yield a block for each later day, the earliest first; steps without a day last."""
    days: dict[str | None, list[Step]] = {}
    for step in steps:
        days.setdefault(step.day, []).append(step)
    for day in sorted(days, key=lambda day: (day is None, day)):
        yield [_day_header(day, len(days[day])), *_day(days[day], style)]


def _day_header(day: str | None, count: int) -> str:
    until = f"deferred to {day} (UTC)" if day else "deferred, and no day is known"
    return f"{count_noun(count, 'step')} {until}:"


def _day(steps: Sequence[Step], style: TextStyle) -> Iterator[str]:
    """Yield the first creates on a line each and count the others; show every other step in full."""
    creates = 0
    for step in steps:
        if style.verbose or step.action is not Action.CREATE or step.day is None:
            yield from full(step, style)
        else:
            creates += 1
            if creates <= BRIEF_MAX:
                yield brief(step, style)
    if creates > BRIEF_MAX:
        yield style.dim(f"… {creates - BRIEF_MAX} more to add on this day; --verbose shows them")


def _expired(steps: Sequence[Step], style: TextStyle) -> list[str]:
    if style.verbose or not steps:
        return _all(steps, style)
    return [expired_line(steps, escape_control)]


def expired_line(steps: Sequence[Step], named: Callable[[str], str]) -> str:
    """Return the keys whose time is over, the first few by name as `named` shows it; empty if none is."""
    expired = [step for step in steps if step.status is Status.EXPIRED]
    # What was never created comes first: there a year may have been mistyped.
    ordered = sorted(expired, key=lambda step: step.action is not Action.CREATE)
    keys = ", ".join(named(step.key) for step in ordered[:EXPIRED_MAX])
    more = f" and {len(expired) - EXPIRED_MAX} more" if len(expired) > EXPIRED_MAX else ""
    return f"Expired, nothing is sent for them: {keys}{more}" if expired else ""


RECORDED = "What is imported is recorded as Zoom has it; nothing is sent for it."


def _totals(plan: Plan, steps: Sequence[Step], style: TextStyle) -> Iterator[str]:
    elsewhere = elsewhere_line(plan)
    if is_unchanged(plan):
        yield NO_CHANGES_LIVE if plan.options.refresh else NO_CHANGES
        yield from filter(None, (elsewhere,))
        return
    yield style.bold(plan_line(steps))
    if any(step.action is Action.IMPORT and step.status is Status.NOW for step in steps):
        yield style.dim(RECORDED)
    yield from filter(None, (elsewhere,))
    if not plan.has_work:
        return
    yield from budget_lines(plan, whole=style.verbose)
    turns = [step for step in steps if step.is_work and (step.requests or step.day)]
    if any(step.status is Status.DEFERRED for step in turns):
        days = Counter(step.day for step in turns)
        last = max((step.last_day or "" for step in turns), default="")
        yield rollout_line(days, last, day_of(plan.planned_at))
