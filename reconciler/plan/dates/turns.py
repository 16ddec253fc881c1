"""Turns of steps that change single dates of a series: each changed date has a UTC day of its own."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, datetime

from msgspec.structs import replace

from reconciler.plan import budget
from reconciler.plan.budget import BudgetRequest
from reconciler.plan.step import DateStep, Status, Step


def requests_of(step: Step) -> Iterator[BudgetRequest]:
    """Yield the requests of a step: its own, and those of its dates, which follow it.

    A step that undoes what was done to its dates begins only on a day that has room for all of them.
    """
    dates = step.charged_dates
    if step.own_requests:
        yield BudgetRequest(step.key, step.starts_at, count=1 + len(dates) if step.undoes else 1)
    if step.own_requests and step.undoes:
        return
    for each in dates:
        # A date cannot be changed before its series is there.
        first = step.starts_at if step.own_requests and step.starts_at is not None else each.turn_at
        yield BudgetRequest(step.key, max(each.turn_at, first), each.date)


def with_turns_of_dates(step: Step, days: Mapping[str, date], now: datetime) -> Step:
    """Return the step with the day of each of its dates; one of dates alone has the day of the first."""
    own = step.day if step.own_requests else budget.day_of(now)
    dates = tuple(_with_day(step, each, days, own, now) for each in step.dates)
    if step.own_requests:
        return step._replace(dates=dates)
    first = min((each.day for each in dates if each.day), default=None)
    if first == budget.day_of(now):
        return step._replace(dates=dates, day=first)
    reasons = step.reasons if first else (*step.reasons, "its host may send no requests at all")
    return step._replace(dates=dates, day=first, status=Status.DEFERRED, reasons=reasons)


def _with_day(
    step: Step, each: DateStep, days: Mapping[str, date], own: str | None, now: datetime
) -> DateStep:
    is_charged = each in step.charged_dates and not (step.own_requests and step.undoes)
    found = days.get(f"{step.key} {each.date}")
    day = own if not is_charged else found.isoformat() if found else None
    if day == budget.day_of(now):
        return replace(each, day=day)
    late = day is not None and budget.late(each.turn_at, date.fromisoformat(day))
    return replace(each, day=day, status=Status.DEFERRED, late=late)
