"""A series: a rule in a meeting that repeats, from a start on it to an end that Zoom keeps."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime

from reconciler.errors.diagnostic import Severity, UnlocatedDiagnostic
from reconciler.meeting import recurrence
from reconciler.meeting.humanize import days_words, week_words, weekday_name
from reconciler.meeting.meeting import SERIES, kind
from reconciler.meeting.recurrence import OCCURRENCES_MAX, Series
from reconciler.meeting.timezones import instant, zone
from reconciler.ports import Json
from reconciler.spec.rules._times import impossible, is_possible

INTERVAL_MAX = {recurrence.DAILY: 99, recurrence.WEEKLY: 50, recurrence.MONTHLY: 10}
"""The longest `repeat_interval` by unit. Source: Zoom's API, create a meeting, `recurrence`."""

_UNITS = {recurrence.DAILY: "days", recurrence.WEEKLY: "weeks", recurrence.MONTHLY: "months"}
_KINDS = {recurrence.DAILY: "daily", recurrence.WEEKLY: "weekly", recurrence.MONTHLY: "monthly"}
_WEEK_PARTS = ("monthly_week", "monthly_week_day")
_UNIT_OF = {"weekly_days": recurrence.WEEKLY, "monthly_day": recurrence.MONTHLY} | dict.fromkeys(
    _WEEK_PARTS, recurrence.MONTHLY
)


def check_recurrence(rule: recurrence.Rule) -> Iterator[UnlocatedDiagnostic]:
    """Findings about unit, interval and days of a rule; paths lead from the meeting."""
    unit = rule.get("type")
    if unit is None:
        yield _unit_missing()
        return
    if rule.get("repeat_interval", 1) > INTERVAL_MAX[unit]:
        yield _interval(rule["repeat_interval"], unit)
    if unit == recurrence.WEEKLY and "weekly_days" not in rule:
        yield _weekly_days_missing()
    if unit == recurrence.MONTHLY:
        yield from _check_monthly(rule)
    for name in rule:
        if _UNIT_OF.get(name, unit) != unit:
            yield _unused(name, unit)


def is_unambiguous(rule: recurrence.Rule) -> bool:
    """Whether the rule names its unit, and its days exactly once."""
    unit = rule.get("type")
    if unit == recurrence.MONTHLY:
        weeks = sum(part in rule for part in _WEEK_PARTS)
        return weeks == (0 if "monthly_day" in rule else len(_WEEK_PARTS))
    return unit == recurrence.DAILY or (unit == recurrence.WEEKLY and "weekly_days" in rule)


def _unit_missing() -> UnlocatedDiagnostic:
    return UnlocatedDiagnostic(
        ("recurrence", "type"),
        "series.unit-missing",
        "`recurrence` does not say what repeats.",
        "Add inside `recurrence`: `type: 1` for days, `type: 2` for weeks, `type: 3` for months.",
    )


def _interval(interval: int, unit: int) -> UnlocatedDiagnostic:
    most, named = INTERVAL_MAX[unit], _UNITS[unit]
    return UnlocatedDiagnostic(
        ("recurrence", "repeat_interval"),
        "series.interval",
        f"This repeats every {interval} {named}; Zoom goes up to {most} {named}.",
        f"Write `repeat_interval: {most}` or less, or declare single meetings.",
    )


def _weekly_days_missing() -> UnlocatedDiagnostic:
    return UnlocatedDiagnostic(
        ("recurrence", "weekly_days"),
        "series.days-missing",
        "Zoom would take Sunday for it.",
        'Add `weekly_days: "2"` for Monday; 1 is Sunday, 7 is Saturday, `"2,4"` is Monday and Wednesday.',
    )


def _check_monthly(rule: recurrence.Rule) -> Iterator[UnlocatedDiagnostic]:
    written = [part for part in _WEEK_PARTS if part in rule]
    if "monthly_day" in rule and written:
        yield _day_twice(rule, written)
    elif "monthly_day" not in rule and not written:
        yield _day_missing()
    elif len(written) == 1:
        yield _day_half(rule, written[0])


def _day_twice(rule: recurrence.Rule, written: list[str]) -> UnlocatedDiagnostic:
    parts = " and ".join(f"`{part}`" for part in written)
    return UnlocatedDiagnostic(
        ("recurrence", "monthly_day"),
        "series.day-twice",
        f"`monthly_day: {rule['monthly_day']}` is a date, {parts} a weekday; which one wins is unknown.",
        f"Keep one: take out `monthly_day`, or {parts}.",
    )


def _day_missing() -> UnlocatedDiagnostic:
    return UnlocatedDiagnostic(
        ("recurrence",),
        "series.day-missing",
        "Zoom would take the first of the month for it.",
        "Add `monthly_day: 15`, or `monthly_week: 1` with `monthly_week_day: 2` for the first Monday.",
    )


def _day_half(rule: recurrence.Rule, written: str) -> UnlocatedDiagnostic:
    lacks = next(part for part in _WEEK_PARTS if part != written)
    value = 2 if lacks == "monthly_week_day" else 1
    meaning = (
        "Monday (1 is Sunday, 7 Saturday)" if value > 1 else "the first one in the month (-1 is the last)"
    )
    return UnlocatedDiagnostic(
        ("recurrence", lacks),
        "series.day-half",
        f"`{written}: {rule[written]}` is half of a day such as the first Monday: `{lacks}` is missing.",
        f"Add `{lacks}: {value}` for {meaning}.",
    )


def _unused(name: str, unit: int) -> UnlocatedDiagnostic:
    fitting = _UNIT_OF[name]
    return UnlocatedDiagnostic(
        ("recurrence", name),
        "series.unused",
        f"`{name}` has no effect: the rule is {_KINDS[unit]} (`type: {unit}`), and `{name}` belongs to a {_KINDS[fitting]} one.",
        f"Take `{name}` out, or write `type: {fitting}` inside `recurrence`.",
        Severity.WARNING,
        on_key=True,
    )


def off_rule(series: Series) -> UnlocatedDiagnostic:
    """The finding for a series whose start is no occurrence of its rule."""
    start, rule = series.wall_start(), series.recurrence
    if rule["type"] == recurrence.WEEKLY:
        name, detail, fitting = "weekly_days", *_weekly_on_rule(start, rule)
    elif "monthly_day" in rule:
        name, detail, fitting = "monthly_day", *_monthly_on_rule(start, rule)
    else:
        name, detail, fitting = "monthly_week", *_monthly_week_on_rule(start, rule)
    following = next(iter(recurrence.rule(start, rule)), None)
    other = f", or begin on {following:%Y-%m-%d}, a {weekday_name(following)}" if following else ""
    there = f" in {series.timezone}" if series.start_time.endswith("Z") else ""
    return UnlocatedDiagnostic(
        ("recurrence", name),
        "series.start-off-rule",
        f"{start:%Y-%m-%d} is {detail[0]}{there}, {detail[1]}.",
        f"Write {fitting}{other}.",
    )


_Told = tuple[tuple[str, str], str]
"""What the start is, what the rule says, and the rule that fits the start."""


def _weekly_on_rule(start: datetime, rule: recurrence.Rule) -> _Told:
    days, written = recurrence.week_days(rule, start), rule["weekly_days"]
    today = recurrence.week_day(start)
    fitting = {today} if len(days) == 1 else {*days, today}
    told = (f"a {weekday_name(start)}", f'`weekly_days: "{written}"` is {days_words(days)}')
    return told, f'`weekly_days: "{",".join(map(str, sorted(fitting)))}"`'


def _monthly_on_rule(start: datetime, rule: recurrence.Rule) -> _Told:
    told = (f"day {start.day} of its month", f"`monthly_day` is {rule['monthly_day']}")
    return told, f"`monthly_day: {start.day}`"


def _monthly_week_on_rule(start: datetime, rule: recurrence.Rule) -> _Told:
    today, said = recurrence.week_day(start), rule["monthly_week"]
    number = recurrence.month_week(start)
    # A fifth one in the month is the last; Zoom counts to four and has -1 for the last.
    week = number if number in (1, 2, 3, 4) else recurrence.LAST
    named = week_words(said, rule["monthly_week_day"])
    told = (f"the {week_words(week, today)} of its month", f"the rule is the {named}")
    return told, f"`monthly_week: {week}` with `monthly_week_day: {today}`"


_RULE, _TIMES, _END = ("recurrence",), ("recurrence", "end_times"), ("recurrence", "end_date_time")


def check(attributes: Mapping[str, Json]) -> Iterator[UnlocatedDiagnostic]:
    """Findings about `recurrence`, and about the type of a meeting that has one."""
    rule = attributes.get("recurrence")
    if kind(attributes) != SERIES:
        if rule is not None:
            yield _ignored(attributes["type"]) if "type" in attributes else _type_missing()
    elif rule is None:
        yield _rule_missing()
    else:
        yield from check_recurrence(rule)
        yield from _end(rule)
        yield from _dates(attributes, rule)


def _rule_missing() -> UnlocatedDiagnostic:
    return UnlocatedDiagnostic(
        _RULE,
        "series.rule-missing",
        "Type 8 repeats at fixed times, and nothing says when.",
        'Add `recurrence: {type: 2, weekly_days: "2", end_times: 20}`, or write `type: 2` for once.',
    )


def _type_missing() -> UnlocatedDiagnostic:
    return UnlocatedDiagnostic(
        _RULE,
        "series.type-missing",
        "A meeting without a `type` happens once (type 2), and Zoom ignores its `recurrence`.",
        "Add `type: 8` to the meeting, or take `recurrence` out.",
        on_key=True,
    )


def _ignored(of_type: int) -> UnlocatedDiagnostic:
    return UnlocatedDiagnostic(
        _RULE,
        "series.ignored",
        f"Zoom ignores `recurrence` in a meeting of type {of_type}.",
        "Write `type: 8` if it shall repeat at fixed times, else take `recurrence` out.",
        Severity.WARNING,
        on_key=True,
    )


def _end(rule: Mapping[str, Json]) -> Iterator[UnlocatedDiagnostic]:
    times, end_at = rule.get("end_times"), rule.get("end_date_time")
    if times is not None and end_at is not None:
        yield _end_twice(times, end_at)
    elif not times and end_at is None:
        yield _end_missing(times)
    if times is not None and times > OCCURRENCES_MAX:
        yield _too_many(_TIMES, f"This asks for {times}.", f"`end_times: {OCCURRENCES_MAX}`")
    if end_at is not None and not is_possible(end_at):
        yield impossible(end_at, _END)


def _end_twice(times: int, end_at: str) -> UnlocatedDiagnostic:
    return UnlocatedDiagnostic(
        _TIMES,
        "series.end-twice",
        f"`end_times: {times}` and `end_date_time: {end_at}`: which of them wins is unknown.",
        "Keep one of the two.",
    )


def _end_missing(times: int | None) -> UnlocatedDiagnostic:
    told = (
        "Zoom would make one single meeting of it."
        if times is None
        else "`end_times: 0` means that it never ends."
    )
    return UnlocatedDiagnostic(
        _RULE if times is None else _TIMES,
        "series.end-missing",
        told,
        f"Write `end_times: 20`, or another count up to {OCCURRENCES_MAX}, or an `end_date_time` in UTC.",
    )


def _too_many(path: tuple[str, ...], told: str, fitting: str) -> UnlocatedDiagnostic:
    return UnlocatedDiagnostic(
        path,
        "series.too-many",
        f"Zoom keeps at most {OCCURRENCES_MAX} of a series. {told}",
        f"Write {fitting}, and declare the rest under another key.",
    )


def _dates(attributes: Mapping[str, Json], rule: Mapping[str, Json]) -> Iterator[UnlocatedDiagnostic]:
    """Findings that need a start, a zone and a rule that can be understood."""
    start, timezone, end_at = (
        attributes.get("start_time"),
        attributes.get("timezone"),
        rule.get("end_date_time"),
    )
    if start is None or timezone is None or not is_unambiguous(rule):
        return
    if zone(timezone) is None or not is_possible(start):
        return
    series = Series(start, timezone, rule)
    if not series.is_on_rule():
        yield off_rule(series)
    elif end_at is not None and is_possible(end_at):
        yield from _until(series, end_at)


def _until(series: Series, end_at: str) -> Iterator[UnlocatedDiagnostic]:
    begins_at, written = instant(series.start_time, series.timezone), "%Y-%m-%dT%H:%M:%SZ"
    if instant(end_at, "UTC") < begins_at:
        yield UnlocatedDiagnostic(
            _END,
            "series.end-before-start",
            f"Its first start is {begins_at:{written}}, its end {end_at}: nothing would take place.",
            "Write a later `end_date_time`; it is an instant in UTC.",
        )
    elif series.occurrence(OCCURRENCES_MAX) is not None:
        last = series.occurrence(OCCURRENCES_MAX - 1)
        assert last is not None  # the one after it is there
        told = f"The {OCCURRENCES_MAX}th is at {last:{written}}."
        yield _too_many(_END, told, f"`end_date_time: {last:{written}}`")
