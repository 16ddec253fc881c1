"""The last lines of a plan and of an apply: counts, the budget that is left, the days of a rollout."""

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
"""Hosts whose budget is shown, unless verbose: those with the least left."""

DAYS_MAX = 5
"""Days of a rollout that are shown one by one."""

_RARE = {
    Action.RESOLVE: "to look up",
    Action.MOVE: "to move",
    Action.IMPORT: "to import",
    Action.FORGET: "to forget",
}


def plan_line(steps: Iterable[Step]) -> str:
    """Return the line `Plan: 2 to add, 1 to change, 0 to destroy, 1 withheld.` of the steps.

    A replace counts as one to add and, if the old meeting is deleted, one to destroy. A deferred
    step counts under its action too; a withheld one does not, since nothing is done about it.
    """
    actions: Counter[Action] = Counter()
    statuses: Counter[Status] = Counter()
    late = kept_old = recorded = 0
    for step in steps:
        statuses[step.status] += 1
        actions[step.action] += step.status in {Status.NOW, Status.DEFERRED}
        late += step.late
        is_replace = step.action is Action.REPLACE and step.is_work
        kept_old += is_replace and not step.retires
        recorded += step.action is Action.KEEP and step.is_work
    replaced = actions[Action.REPLACE]
    rare = (f"{actions[action]} {words}" for action, words in _RARE.items() if actions[action])
    waiting = (Status.DEFERRED, Status.WITHHELD, Status.EXPIRED)
    parts = [
        f"{actions[Action.CREATE] + replaced} to add",
        f"{actions[Action.UPDATE]} to change",
        f"{actions[Action.DESTROY] + replaced - kept_old} to destroy",
        *rare,
        *([f"{recorded} to record"] if recorded else []),
        *(f"{statuses[status]} {status}" for status in waiting if statuses[status]),
        *([f"{late} late"] if late else []),
    ]
    return f"Plan: {', '.join(parts)}."


def elsewhere_line(plan: Plan) -> str:
    """Return how many meetings of files that PATHS leave out were not looked at; empty if there are none."""
    count = plan.elsewhere
    words = f"{count_noun(count, 'meeting')} of other files {'was' if count == 1 else 'were'} not looked at."
    return words if count else ""


def apply_line(summary: Summary) -> str:
    """Return the line `Apply complete! 2 added, 1 changed, 0 destroyed, 3 deferred.`, or one like it."""
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
    """Yield the requests of each host today, and when the budget resets."""
    today = day_of(plan.planned_at)
    rows = [row for row in plan.budget if row.day == today]
    if not rows:
        return
    shown = rows if whole or len(rows) <= BUDGET_LINES_MAX else _scarcest(rows)
    width = max(len(row.host) for row in shown)
    yield from (f"Budget: {escape_control(row.host):{width}}  {_spent(row)}" for row in shown)
    if len(shown) < len(rows):
        least = min(row.left for row in rows if row not in shown)
        yield f"Budget: {count_noun(len(rows) - len(shown), 'more host')}, each with {least} or more left"
    yield f"Budget: {reset_words(plan.planned_at)}"


def reset_words(now: datetime) -> str:
    """Return when the budget resets: "resets at 00:00 UTC, in 5 h 12 min"."""
    hours, minutes = divmod(int((reset_at(now) - now).total_seconds()) // 60, 60)
    span = f"{hours} h {minutes:02} min" if hours else f"{minutes} min"
    return f"resets at 00:00 UTC, in {span}"


def rollout_line(days: Mapping[str | None, int], last_day: str, today: str) -> str:
    """Return when the steps are done. `days` has their number by UTC day; None: no day is known.

    On `last_day` the last of their single dates is done; empty if no day is known.
    """
    known = sorted(day for day in days if day)
    parts = [f"{days[day]} {'today' if day == today else f'on {day}'}" for day in known[:DAYS_MAX]]
    if len(known) > DAYS_MAX:
        later = known[DAYS_MAX:]
        parts.append(f"{sum(days[day] for day in later)} on {count_noun(len(later), 'later day')}")
    if days.get(None):
        parts.append(f"{days[None]} on a day that is not known yet")
    last = f"; the last one lands on {last_day}" if last_day not in {"", today} else ""
    return f"Rollout: {', '.join(parts)}{last}."


def _scarcest(rows: Sequence[BudgetLine]) -> list[BudgetLine]:
    least = sorted(rows, key=lambda row: (row.left, row.host))[:BUDGET_LINES_MAX]
    return [row for row in rows if row in least]


def _spent(row: BudgetLine) -> str:
    return f"{row.used} used, {row.planned} planned, {row.left} left of {row.limit} (reserve {row.reserve})"
