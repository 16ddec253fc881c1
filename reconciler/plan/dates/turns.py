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

    A step that undoes what was done to its dates begins only on a day that has room for all of them, if there
    is such a day.
    """
    # A date cannot be changed before its series is there.
    first = step.starts_at if step.own_requests else None
    dates = tuple(
        BudgetRequest(step.key, max(each.turn_at, first or each.turn_at), each.date)
        for each in step.charged_dates
    )
    if step.own_requests:
        yield BudgetRequest(step.key, step.starts_at, dates=dates if step.undoes else ())
    if not (step.own_requests and step.undoes):
        yield from dates


def with_turns_of_dates(step: Step, days: Mapping[str, date], now: datetime) -> Step:
    """Return the step with the day of each of its dates; one of dates alone has the day of the first."""
    own = step.day if step.own_requests else budget.day_of(now)
    dates = tuple(_with_day(step, each, days, own, now) for each in step.dates)
    if step.own_requests:
        return replace(step, dates=dates)
    first = min((each.day for each in dates if each.day), default=None)
    if first == budget.day_of(now):
        return replace(step, dates=dates, day=first)
    reasons = step.reasons if first else (*step.reasons, "its host may send no requests at all")
    return replace(step, dates=dates, day=first, status=Status.DEFERRED, reasons=reasons)


def _with_day(
    step: Step, each: DateStep, days: Mapping[str, date], own: str | None, now: datetime
) -> DateStep:
    is_charged = each in step.charged_dates
    found = days.get(f"{step.key} {each.date}")
    day = own if not is_charged else found.isoformat() if found else None
    if day == budget.day_of(now):
        return replace(each, day=day)
    late = day is not None and budget.late(each.turn_at, date.fromisoformat(day))
    return replace(each, day=day, status=Status.DEFERRED, late=late)
