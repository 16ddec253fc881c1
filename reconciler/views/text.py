"""A plan as text for people: what changes first, what waits below it, the totals last.

One joined string, so that it can be written at once. What was folded is told by its
number, and `verbose` unfolds it.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from reconciler.budget import day_of
from reconciler.diff import Action
from reconciler.masking import escaped
from reconciler.step import Status
from reconciler.views.look import Look, number
from reconciler.views.notice import notices
from reconciler.views.step_lines import brief, full
from reconciler.views.totals import budget_lines, plan_line, rollout_line

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from reconciler.plan import Plan
    from reconciler.step import Step

BRIEF_MAX = 10
"""Creates of one later day that are told, where not all is asked for."""

EXPIRED_MAX = 5
"""Expired keys that are named, where not all is asked for."""

NO_CHANGES = "No changes. Compared with what was last applied; drift asks Zoom."
NO_CHANGES_LIVE = "No changes. Compared with what was last applied and with what Zoom says now."


def plan(plan: Plan, look: Look) -> str:
    """The whole plan, ending in a newline."""
    steps = [step for step in plan.steps if _is_told(step)]
    blocks = (*_steps(steps, look), list(notices(plan.diagnostics, look)), list(_end(plan, steps, look)))
    return "\n\n".join("\n".join(block) for block in blocks if block) + "\n"


def _is_told(step: Step) -> bool:
    """Whether a reader should hear of it: not of a keep, except for what is let go of or over."""
    return step.action is not Action.KEEP or bool(step.reasons) or step.status is Status.EXPIRED


def _steps(steps: Sequence[Step], look: Look) -> Iterator[list[str]]:
    """Blocks of lines: today's, then day by day what waits, then what is held back, then what is over."""
    by_status: dict[Status, list[Step]] = {status: [] for status in Status}
    for step in steps:
        by_status[step.status].append(step)
    yield _all(by_status[Status.NOW], look)
    yield from _days(by_status[Status.DEFERRED], look)
    yield _all(by_status[Status.WITHHELD], look)
    yield _expired(by_status[Status.EXPIRED], look)


def _all(steps: Sequence[Step], look: Look) -> list[str]:
    return [line for step in steps for line in full(step, look)]


def _days(steps: Sequence[Step], look: Look) -> Iterator[list[str]]:
    """A block for each later day, the earliest first; those without a day last."""
    days: dict[str | None, list[Step]] = {}
    for step in steps:
        days.setdefault(step.day, []).append(step)
    for day in sorted(days, key=lambda day: (day is None, day)):
        yield [_day_header(day, len(days[day])), *_day(days[day], look)]


def _day_header(day: str | None, count: int) -> str:
    until = f"deferred to {day} (UTC)" if day else "deferred, and no day is known"
    return f"{number(count, 'step')} {until}:"


def _day(steps: Sequence[Step], look: Look) -> Iterator[str]:
    """Creates on a line each, and the many by their number; whatever touches a meeting always in full."""
    told = 0
    for step in steps:
        if look.verbose or step.action is not Action.CREATE or step.day is None:
            yield from full(step, look)
        else:
            told += 1
            if told <= BRIEF_MAX:
                yield brief(step, look)
    if told > BRIEF_MAX:
        yield look.dim(f"… {told - BRIEF_MAX} more to add on this day; --verbose shows them")


def _expired(steps: Sequence[Step], look: Look) -> list[str]:
    if look.verbose or not steps:
        return _all(steps, look)
    # What was never created comes first: there a year may have been mistyped.
    ordered = sorted(steps, key=lambda step: step.action is not Action.CREATE)
    named = ", ".join(escaped(step.key) for step in ordered[:EXPIRED_MAX])
    more = f" and {len(steps) - EXPIRED_MAX} more" if len(steps) > EXPIRED_MAX else ""
    return [f"Expired, nothing is sent for them: {named}{more}"]


def _end(plan: Plan, steps: Sequence[Step], look: Look) -> Iterator[str]:
    if not plan.has_work and all(step.status is not Status.WITHHELD for step in steps):
        yield NO_CHANGES_LIVE if plan.options.refresh else NO_CHANGES
        return
    yield look.bold(plan_line(steps))
    if not plan.has_work:
        return
    yield from budget_lines(plan, whole=look.verbose)
    turns = [step for step in steps if step.is_work and (step.requests or step.day)]
    if any(step.status is Status.DEFERRED for step in turns):
        days = Counter(step.day for step in turns)
        yield rollout_line(days, day_of(plan.planned_at))
