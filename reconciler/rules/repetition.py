"""The rule of a series in itself: what repeats, how often, on which days."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler import cadence
from reconciler.errors import Finding, Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

INTERVAL_MAX = {cadence.DAILY: 99, cadence.WEEKLY: 50, cadence.MONTHLY: 10}
"""The longest `repeat_interval` by unit. Source: Zoom's API, create a meeting, `recurrence`."""

_UNITS = {cadence.DAILY: "days", cadence.WEEKLY: "weeks", cadence.MONTHLY: "months"}
_KINDS = {cadence.DAILY: "daily", cadence.WEEKLY: "weekly", cadence.MONTHLY: "monthly"}
_WEEK_PARTS = ("monthly_week", "monthly_week_day")
_UNIT_OF = {"weekly_days": cadence.WEEKLY, "monthly_day": cadence.MONTHLY} | dict.fromkeys(
    _WEEK_PARTS, cadence.MONTHLY
)


def check(rule: cadence.Rule) -> Iterator[Finding]:
    """Findings about unit, interval and days of a rule; paths lead from the meeting."""
    unit = rule.get("type")
    if unit is None:
        yield _unit_missing()
        return
    if rule.get("repeat_interval", 1) > INTERVAL_MAX[unit]:
        yield _interval(rule["repeat_interval"], unit)
    if unit == cadence.WEEKLY and "weekly_days" not in rule:
        yield _weekly_days_missing()
    if unit == cadence.MONTHLY:
        yield from _monthly(rule)
    for name in rule:
        if _UNIT_OF.get(name, unit) != unit:
            yield _unused(name, unit)


def is_clear(rule: cadence.Rule) -> bool:
    """Whether the rule names its unit, and its days exactly once."""
    unit = rule.get("type")
    if unit == cadence.MONTHLY:
        weeks = sum(part in rule for part in _WEEK_PARTS)
        return weeks == (0 if "monthly_day" in rule else len(_WEEK_PARTS))
    return unit == cadence.DAILY or (unit == cadence.WEEKLY and "weekly_days" in rule)


def _unit_missing() -> Finding:
    return Finding(
        ("recurrence", "type"),
        "series.unit-missing",
        "A rule without its unit",
        "`recurrence` does not say what repeats.",
        "Add inside `recurrence`: `type: 1` for days, `type: 2` for weeks, `type: 3` for months.",
    )


def _interval(interval: int, unit: int) -> Finding:
    most, named = INTERVAL_MAX[unit], _UNITS[unit]
    return Finding(
        ("recurrence", "repeat_interval"),
        "series.interval",
        "Too long between two occurrences",
        f"This repeats every {interval} {named}; Zoom goes up to {most} {named}.",
        f"Write `repeat_interval: {most}` or less, or declare single meetings.",
    )


def _weekly_days_missing() -> Finding:
    return Finding(
        ("recurrence", "weekly_days"),
        "series.days-missing",
        "A weekly rule without its days",
        "Zoom would take Sunday for it.",
        'Add `weekly_days: "2"` for Monday; 1 is Sunday, 7 is Saturday, `"2,4"` is Monday and Wednesday.',
    )


def _monthly(rule: cadence.Rule) -> Iterator[Finding]:
    written = [part for part in _WEEK_PARTS if part in rule]
    if "monthly_day" in rule and written:
        yield _day_twice(rule, written)
    elif "monthly_day" not in rule and not written:
        yield _day_missing()
    elif len(written) == 1:
        yield _day_half(rule, written[0])


def _day_twice(rule: cadence.Rule, written: list[str]) -> Finding:
    parts = " and ".join(f"`{part}`" for part in written)
    return Finding(
        ("recurrence", "monthly_day"),
        "series.day-twice",
        "A monthly rule with two kinds of days",
        f"`monthly_day: {rule['monthly_day']}` is a date, {parts} a weekday; which one wins is unknown.",
        f"Keep one: take out `monthly_day`, or {parts}.",
    )


def _day_missing() -> Finding:
    return Finding(
        ("recurrence",),
        "series.day-missing",
        "A monthly rule without its day",
        "Zoom would take the first of the month for it.",
        "Add `monthly_day: 15`, or `monthly_week: 1` with `monthly_week_day: 2` for the first Monday.",
    )


def _day_half(rule: cadence.Rule, written: str) -> Finding:
    lacks = next(part for part in _WEEK_PARTS if part != written)
    value = 2 if lacks == "monthly_week_day" else 1
    meaning = (
        "Monday (1 is Sunday, 7 Saturday)" if value > 1 else "the first one in the month (-1 is the last)"
    )
    return Finding(
        ("recurrence", lacks),
        "series.day-half",
        f"`{written}` without `{lacks}`",
        f"`{written}: {rule[written]}` is half of a day such as the first Monday.",
        f"Add `{lacks}: {value}` for {meaning}.",
    )


def _unused(name: str, unit: int) -> Finding:
    fitting = _UNIT_OF[name]
    return Finding(
        ("recurrence", name),
        "series.unused",
        f"`{name}` has no effect",
        f"The rule is {_KINDS[unit]} (`type: {unit}`), and `{name}` belongs to a {_KINDS[fitting]} one.",
        f"Take `{name}` out, or write `type: {fitting}` inside `recurrence`.",
        Severity.WARNING,
        on_key=True,
    )
