"""The last lines of a plan and of an apply: how many, what is left of the budget, when the rest is done."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from reconciler.errors.text import count_noun, escape_control
from reconciler.plan.budget import day_of, reset_at
from reconciler.plan.change import Action
from reconciler.plan.step import Status

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from datetime import datetime

    from reconciler.apply.events import Summary
    from reconciler.plan.budget import BudgetLine
    from reconciler.plan.plan import Plan
    from reconciler.plan.step import Step


BUDGET_LINES_MAX = 10
"""Hosts whose budget is told, where not all is asked for: those with the least left."""

DAYS_MAX = 5
"""Days of a rollout that are told one by one."""

_RARE = {
    Action.RESOLVE: "to look up",
    Action.MOVE: "to move",
    Action.IMPORT: "to import",
    Action.FORGET: "to forget",
}


def plan_line(steps: Iterable[Step]) -> str:
    """The line `Plan: 2 to add, 1 to change, 0 to destroy, 1 withheld.` of these steps.

    A replace counts as one to add and, where the old meeting is ended, one to destroy. A deferred
    step counts under its action too, a withheld one does not: nothing will be done about it.
    """
    actions: Counter[Action] = Counter()
    statuses: Counter[Status] = Counter()
    late = left = recorded = 0
    for step in steps:
        statuses[step.status] += 1
        actions[step.action] += step.status in {Status.NOW, Status.DEFERRED}
        late += step.late
        is_replace = step.action is Action.REPLACE and step.is_work
        left += is_replace and not step.retires
        recorded += step.action is Action.KEEP and step.is_work
    both = actions[Action.REPLACE]
    told = (f"{actions[action]} {words}" for action, words in _RARE.items() if actions[action])
    waiting = (Status.DEFERRED, Status.WITHHELD, Status.EXPIRED)
    parts = [
        f"{actions[Action.CREATE] + both} to add",
        f"{actions[Action.UPDATE]} to change",
        f"{actions[Action.DESTROY] + both - left} to destroy",
        *told,
        *([f"{recorded} to record"] if recorded else []),
        *(f"{statuses[status]} {status}" for status in waiting if statuses[status]),
        *([f"{late} late"] if late else []),
    ]
    return f"Plan: {', '.join(parts)}."


def apply_line(summary: Summary) -> str:
    """The line `Apply complete! 2 added, 1 changed, 0 destroyed, 3 deferred.`, or how else it ended."""
    counts = {
        "recorded": summary.recorded,
        "looked up": summary.resolved,
        "deferred": summary.deferred,
        "failed": summary.failed,
        "unresolved": summary.unresolved,
        "withheld": summary.withheld,
    }
    parts = [
        f"{summary.added} added",
        f"{summary.changed} changed",
        f"{summary.destroyed} destroyed",
        *(f"{count} {word}" for word, count in counts.items() if count),
    ]
    return f"{_opening(summary)} {', '.join(parts)}."


def _opening(summary: Summary) -> str:
    if summary.failed or summary.unresolved:
        return "Apply finished with errors:"
    return "Apply ended early:" if summary.ended_early else "Apply complete!"


def budget_lines(plan: Plan, *, whole: bool) -> Iterator[str]:
    """Today's requests of each host, and when they come back."""
    today = day_of(plan.planned_at)
    rows = [row for row in plan.budget if row.day == today]
    if not rows:
        return
    told = rows if whole or len(rows) <= BUDGET_LINES_MAX else _scarcest(rows)
    width = max(len(row.host) for row in told)
    yield from (f"Budget: {escape_control(row.host):{width}}  {_spent(row)}" for row in told)
    if len(told) < len(rows):
        least = min(row.left for row in rows if row not in told)
        yield f"Budget: {count_noun(len(rows) - len(told), 'more host')}, each with {least} or more left"
    yield f"Budget: {reset_words(plan.planned_at)}"


def reset_words(now: datetime) -> str:
    """When requests come back: "resets at 00:00 UTC, in 5 h 12 min"."""
    hours, minutes = divmod(int((reset_at(now) - now).total_seconds()) // 60, 60)
    span = f"{hours} h {minutes:02} min" if hours else f"{minutes} min"
    return f"resets at 00:00 UTC, in {span}"


def rollout_line(days: Mapping[str | None, int], today: str) -> str:
    """When the rest will be done. `days` has the number of steps by UTC day; None: no day is known."""
    known = sorted(day for day in days if day)
    parts = [f"{days[day]} {'today' if day == today else f'on {day}'}" for day in known[:DAYS_MAX]]
    if len(known) > DAYS_MAX:
        later = known[DAYS_MAX:]
        parts.append(f"{sum(days[day] for day in later)} on {count_noun(len(later), 'later day')}")
    if days.get(None):
        parts.append(f"{days[None]} on a day that is not known yet")
    last = f"; the last one lands on {known[-1]}" if known and known[-1] != today else ""
    return f"Rollout: {', '.join(parts)}{last}."


def _scarcest(rows: Sequence[BudgetLine]) -> list[BudgetLine]:
    least = sorted(rows, key=lambda row: (row.left, row.host))[:BUDGET_LINES_MAX]
    return [row for row in rows if row in least]


def _spent(row: BudgetLine) -> str:
    return f"{row.used} used, {row.planned} planned, {row.left} left of {row.limit} (reserve {row.reserve})"
