"""Remarks on single meetings that could be one series: one request instead of many, one join link."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, timedelta
from itertools import pairwise
from math import gcd

from msgspec import Struct

from reconciler.calendar.kinds import Single, kinds
from reconciler.calendar.rule_days import rule_days
from reconciler.errors.diagnostic import Diagnostic, Position, Severity, Span
from reconciler.meeting.meeting import Meeting
from reconciler.meeting.recurrence import FIFTH, LAST
from reconciler.plan.change import Action
from reconciler.plan.step import Status, Step
from reconciler.ports import Json
from reconciler.spec.keys import in_words
from reconciler.spec.repeat import INTERVAL_MAX, TIMES_MAX, UNITS, to_rule, weekday_words
from reconciler.spec.yaml.writer import flow

REMARKS_MAX = 10
"""Remarks of one plan; each is about one group of meetings."""

KEYS_MAX = 3
"""Keys that a remark names; the others are counted."""

_GAPS_SHARE = 4
"""Of so many dates one may be missing: it becomes an exception."""

_FOUR_WEEKS = timedelta(weeks=4)
"""Days that are so far from each other are rather of months than of weeks."""


class _Rule(Struct, frozen=True):
    """A `repeat` that has all the days, and the days of it that are to be skipped."""

    repeat: dict[str, Json]
    gaps: tuple[date, ...]


def one_series_remarks(steps: Iterable[Step]) -> Iterator[Diagnostic]:
    """Yield a warning for each group of new meetings that differ by their day alone and lie on a rule."""
    new = [
        step.meeting
        for step in steps
        if step.action is Action.CREATE and step.status in {Status.NOW, Status.DEFERRED} and step.meeting
    ]
    found = (_remark(sorted(group, key=lambda each: each.day)) for group in kinds(new))
    yield from [remark for remark in found if remark is not None][:REMARKS_MAX]


def _remark(group: Sequence[Single]) -> Diagnostic | None:
    first, *others = (each.meeting for each in group)
    rule = _rule([each.day for each in group], first)
    if rule is None:
        return None
    count = len(group)
    return Diagnostic(
        code="plan.one-series",
        detail=f"{count} single meetings of {first.host} differ only by their day: "
        f"{in_words([each.meeting.key for each in group], KEYS_MAX)}. "
        f"As one series, with one join link, they cost 1 request instead of {count}.",
        hint=f"Keep `{first.key}`, {_lines(first, rule)}, and remove the other {len(others)}.",
        severity=Severity.WARNING,
        key=first.key,
        span=_span(first),
    )


def _span(meeting: Meeting) -> Span | None:
    if not meeting.filename:
        return None
    end = Position(meeting.line, meeting.column + len(meeting.key))
    return Span(meeting.filename, Position(meeting.line, meeting.column), end)


def _lines(first: Meeting, rule: _Rule) -> str:
    """Return what to write into the first meeting."""
    lines = [] if first.attributes.get("timezone") else ["`timezone: UTC`"]
    lines.append(f"`repeat: {flow(rule.repeat)}`")
    if rule.gaps:
        lines.append(f"`exceptions: {flow({day.isoformat(): 'skip' for day in rule.gaps})}`")
    written = " and ".join(lines)
    return f"add {written}{' in place of its `type`' if 'type' in first.attributes else ''}"


def _rule(days: Sequence[date], first: Meeting) -> _Rule | None:
    """Return the rule with the fewest gaps; None where a day is there twice, or no rule has nearly all."""
    if len({*days}) < len(days):
        return None
    found = (_with_gaps(repeat, days, first) for repeat in _candidates(days))
    return min((each for each in found if each), key=lambda each: len(each.gaps), default=None)


def _with_gaps(repeat: dict[str, Json], days: Sequence[date], first: Meeting) -> _Rule | None:
    zone = first.attributes.get("timezone") or "UTC"
    rule = to_rule(repeat, first.attributes["start_time"], zone)
    if rule is None:
        return None
    start = Single.of(first).start
    given = rule_days(start, {**rule.recurrence}, days[0].toordinal(), days[-1].toordinal())
    held = {day.toordinal() for day in days}
    gaps = tuple(date.fromordinal(day) for day in given if day not in held)
    if not held <= {*given} or len(gaps) > len(days) // _GAPS_SHARE or len(given) > TIMES_MAX:
        return None
    return _Rule({**repeat, "times": len(given)}, gaps)


def _candidates(days: Sequence[date]) -> Iterator[dict[str, Json]]:
    """Yield rules that may have all the days, the simplest first."""
    weekdays = sorted({(day.weekday(), day.isoweekday() % 7 + 1) for day in days})
    on = [weekday_words((0, number)) for _, number in weekdays]
    weekly = _every("week", [day.toordinal() // 7 for day in days], on[0] if len(on) == 1 else on)
    daily = _every("day", [day.toordinal() for day in days], None)
    simple, others = (weekly, daily) if len(on) == 1 else (daily, weekly)
    monthly = _by_month(days)
    if min(later - earlier for earlier, later in pairwise(days)) >= _FOUR_WEEKS:
        simple, monthly = monthly, simple
    yield from (*simple, *others, *monthly)


def _by_month(days: Sequence[date]) -> list[dict[str, Json]]:
    months = [day.year * 12 + day.month for day in days]
    if len({*months}) < len(months):
        return []
    return [rule for word in _monthly(days) for rule in _every("month", months, word)]


def _every(unit: str, numbers: Sequence[int], on: Json) -> list[dict[str, Json]]:
    """Return the rule whose interval divides all distances, if the API has it."""
    interval = gcd(*(later - earlier for earlier, later in pairwise(numbers))) or 1
    if interval > INTERVAL_MAX[UNITS[unit]]:
        return []
    every = unit if interval == 1 else f"{interval} {unit}s"
    return [{"every": every} if on is None else {"every": every, "on": on}]


def _monthly(days: Sequence[date]) -> Iterator[int | str]:
    """Yield what all days have in common in their months: the number, or the weekday of a week."""
    if len({day.day for day in days}) == 1:
        yield days[0].day
    if len({day.weekday() for day in days}) > 1:
        return
    number = days[0].isoweekday() % 7 + 1
    weeks = {(day.day - 1) // 7 + 1 for day in days}
    if len(weeks) == 1 and FIFTH not in weeks:
        yield weekday_words((weeks.pop(), number))
    if all(day.day + 7 > monthrange(day.year, day.month)[1] for day in days):
        yield weekday_words((LAST, number))
