"""Rules for a series that is written as `repeat`; findings name the words that were written."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime

from reconciler.errors.diagnostic import UnlocatedDiagnostic
from reconciler.meeting import recurrence
from reconciler.meeting.closures import Pattern, is_in_pattern
from reconciler.meeting.humanize import days_words, week_words, weekday_name
from reconciler.meeting.meeting import SERIES
from reconciler.meeting.recurrence import DAILY, WEEKLY, Series
from reconciler.meeting.timezones import in_zone, instant, zone
from reconciler.ports import Json
from reconciler.spec import repeat as repeats
from reconciler.spec.repeat import Rule, Weekday
from reconciler.spec.rules._series import Mismatch, dates_from, start_off_rule
from reconciler.spec.rules._times import SOME_MONDAY, impossible, is_possible
from reconciler.spec.yaml.writer import flow

_ON, _UNTIL = ("repeat", "on"), ("repeat", "until")
_DATES_MAX = 200  # of a weekly rule, among which a date of every pattern is


def check_level(body: Mapping[str, Json]) -> Iterator[UnlocatedDiagnostic]:
    """Yield findings about what excludes each other in one mapping: a meeting, a template or defaults.

    Between two of them, the nearer one wins.
    """
    repeat, of_type = body.get("repeat"), body.get("type")
    if repeat is None:
        return
    kept = f"`repeat: {flow(repeat)}`"
    if body.get("recurrence") is not None:
        yield _conflict(
            "`recurrence` is the rule in the words of the API; one of the two is enough.",
            f"Keep {kept}, and remove `recurrence`.",
        )
    if of_type is not None and of_type != SERIES:
        yield _conflict(
            f"A meeting of `type: {of_type}` does not repeat by a rule.",
            f"Keep {kept}, and remove `type: {of_type}`. For a single meeting, remove `repeat`.",
        )
    times, until = repeat.get("times"), repeat.get("until")
    if times is not None and until is not None:
        yield UnlocatedDiagnostic(
            ("repeat", "times"),
            "series.end-twice",
            f"`repeat` has `times: {times}` and `until: {until}`.",
            f"Keep `times: {times}` or `until: {until}`, or neither for a series without an end.",
            on_key=True,
        )


def _conflict(detail: str, hint: str) -> UnlocatedDiagnostic:
    return UnlocatedDiagnostic(("repeat",), "series.repeat-twice", detail, hint, on_key=True)


def check(
    attributes: Mapping[str, Json],
    repeat: Mapping[str, Json],
    rule: Rule | None,
    now: datetime | None = None,
) -> Iterator[UnlocatedDiagnostic]:
    """Yield findings about `repeat`, which became `rule`; `attributes` have that rule.

    Hints name no day before `now`.
    """
    if repeat.get("every") is None:
        yield UnlocatedDiagnostic(
            ("repeat", "every"),
            "series.unit-missing",
            "`repeat` does not say whether days, weeks or months repeat.",
            f"Add `every: {'month' if _is_of_month(repeat.get('on')) else 'week'}`, or another unit.",
        )
        return
    interval, unit = repeats.parse_every(repeat["every"])
    yield from _interval(interval, unit)
    if rule is None:
        start = repeats.wall_start(attributes.get("start_time"), attributes.get("timezone"))
        yield _misfit(interval, unit, repeat["on"], start or SOME_MONDAY)
    else:
        yield from _dates(attributes, repeat, rule, now)


def _is_of_month(on: Json) -> bool:
    return isinstance(on, int) or any(week for week, _ in repeats.parse_on(on) or ())


def _interval(interval: int, unit: int) -> Iterator[UnlocatedDiagnostic]:
    maximum, noun = repeats.INTERVAL_MAX[unit], repeats.UNIT_NAMES[unit]
    if interval > maximum:
        yield UnlocatedDiagnostic(
            ("repeat", "every"),
            "series.interval",
            f"The series repeats every {interval} {noun}s; Zoom's maximum is {maximum} {noun}s.",
            f"Write `every: {maximum} {noun}s` or less, or declare single meetings.",
        )


def _misfit(interval: int, unit: int, on: Json, start: datetime) -> UnlocatedDiagnostic:
    detail, hint = _misfit_words(interval, unit, on, start)
    return UnlocatedDiagnostic(_ON, "series.day-misfit", detail, hint)


def _misfit_words(interval: int, unit: int, on: Json, start: datetime) -> tuple[str, str]:
    """Return what is wrong with the days of a rule of that unit, and what to write instead.

    A hint names the weekday of `start`, and its week where `on` has that weekday without one.
    """
    if unit == DAILY:
        return "A rule of days is held on each of them.", "Remove `on`, or write `every: week`."
    if isinstance(on, int):
        weekday = repeats.weekday_words((0, recurrence.week_day(start)))
        return (
            f"`on: {on}` is a day of the month.",
            f"Write `every: month`, or a weekday such as `on: {weekday}`.",
        )
    weekdays = repeats.parse_on(on) or ()
    first = _with_weeks(weekdays, start)
    if unit == WEEKLY:
        days = "" if first == weekdays else f" and `on: {_written(first)}`"
        return (
            f"`on: {_written(weekdays)}` names weekdays of a month.",
            f"Write `every: month`{days}, or for every week `on: {_written(_without_weeks(weekdays))}`.",
        )
    if all(week for week, _ in weekdays):
        return (
            f"Zoom has no rule for several weekdays of every {interval} months.",
            "Write `every: month`, or a meeting of its own for each of the weekdays.",
        )
    return (
        f"`on: {_written(weekdays)}` does not say which one of the month.",
        f"Write `on: {_written(first)}`, or `every: week`.",
    )


def _with_weeks(weekdays: tuple[Weekday, ...], start: datetime) -> tuple[Weekday, ...]:
    """Return weekdays of a month: those without a week get that of the others, or of the start."""
    is_start_in = (0, recurrence.week_day(start)) in weekdays
    of_start = recurrence.month_week(start) if is_start_in else 1
    own = next((week for week, _ in weekdays if week), of_start)
    return tuple((week or own, day) for week, day in weekdays)


def _without_weeks(weekdays: tuple[Weekday, ...]) -> tuple[Weekday, ...]:
    return tuple(dict.fromkeys((0, day) for _, day in weekdays))


def _written(weekdays: tuple[Weekday, ...]) -> str:
    """Return weekdays as `on` has them: `mon`, or `[first mon, third mon]`."""
    ordered = sorted(weekdays, key=lambda each: each[0] if each[0] != recurrence.LAST else len(repeats.WEEKS))
    words = [repeats.weekday_words(each) for each in ordered]
    return words[0] if len(words) == 1 else f"[{', '.join(words)}]"


def _dates(
    attributes: Mapping[str, Json], repeat: Mapping[str, Json], rule: Rule, now: datetime | None
) -> Iterator[UnlocatedDiagnostic]:
    """Yield findings that need a valid start and zone; nothing where one of them is not valid."""
    until = repeat.get("until")
    if until is not None and not is_possible(until):
        yield impossible(until, _UNTIL)
        return
    start, timezone = attributes.get("start_time"), attributes.get("timezone")
    if start is None or timezone is None or zone(timezone) is None or not is_possible(start):
        return
    series = Series(start, timezone, rule.recurrence)
    mismatch = _mismatch(series, repeat.get("on"), rule.pattern)
    if mismatch is not None:
        yield start_off_rule(_ON, series, mismatch, _first_held(series, rule.pattern, now))
    elif until is not None:
        yield from _end(series, until)


def _mismatch(series: Series, on: Json, pattern: Pattern) -> Mismatch | None:
    """Return how the start differs from the days of the rule; None where it is on one of them."""
    start, rule = series.wall_start(), series.recurrence
    if recurrence.is_on_rule(start, rule) and is_in_pattern(start, pattern):
        return None
    if "monthly_day" in rule:
        return f"day {start.day} of its month", f"`on` is day {on}", f"`on: {start.day}`"
    day, week = recurrence.week_day(start), recurrence.month_week(start)
    if "weekly_days" in rule and not pattern:
        days = recurrence.week_days(rule, start)
        fitting = tuple((0, each) for each in ({day} if len(days) == 1 else sorted({*days, day})))
        return f"a {weekday_name(start)}", f"`on` is {days_words(days)}", f"`on: {_written(fitting)}`"
    weekdays = repeats.parse_on(on) or ()
    own = (week if week < recurrence.FIFTH or pattern else recurrence.LAST, day)
    fitting = (own,) if len(weekdays) == 1 else (*weekdays, own)
    words = " and ".join(f"the {week_words(*each)}" for each in weekdays)
    return f"the {week_words(*own)} of its month", f"`on` is {words}", f"`on: {_written(fitting)}`"


def _first_held(series: Series, pattern: Pattern, now: datetime | None) -> datetime | None:
    dates = dates_from(series, now, _DATES_MAX)
    return next((date for date in dates if is_in_pattern(date, pattern)), None)


def _end(series: Series, until: str) -> Iterator[UnlocatedDiagnostic]:
    start_at = instant(series.start_time, series.timezone)
    if instant(repeats.end_at(until, series.timezone), "UTC") < start_at:
        known = zone(series.timezone)
        assert known is not None, "a series has a known zone"
        yield UnlocatedDiagnostic(
            _UNTIL,
            "series.end-before-start",
            f"The first start is on {in_zone(start_at, known):%Y-%m-%d}, but the end is {until}.",
            "Write a later `until`: a day in the zone of the meeting, or an instant in UTC.",
        )
