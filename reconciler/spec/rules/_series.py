"""Rules for series: a complete recurrence rule, a start on it, and an end."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from itertools import islice

from msgspec.structs import replace

from reconciler.errors.diagnostic import Severity, UnlocatedDiagnostic
from reconciler.meeting import recurrence
from reconciler.meeting.humanize import days_words, week_name, week_words, weekday_name
from reconciler.meeting.meeting import SERIES, kind, without_end
from reconciler.meeting.recurrence import Series
from reconciler.meeting.timezones import in_zone, instant, known_zone, utc_text, zone
from reconciler.ports import Json
from reconciler.spec.repeat import INTERVAL_MAX, from_rule, wall_start, weekly
from reconciler.spec.rules._times import SOME_MONDAY, impossible, is_possible
from reconciler.spec.yaml.writer import flow

_UNITS = {recurrence.DAILY: "days", recurrence.WEEKLY: "weeks", recurrence.MONTHLY: "months"}
_KINDS = {recurrence.DAILY: "daily", recurrence.WEEKLY: "weekly", recurrence.MONTHLY: "monthly"}
_WEEK_FIELDS = ("monthly_week", "monthly_week_day")
_UNIT_OF = {"weekly_days": recurrence.WEEKLY, "monthly_day": recurrence.MONTHLY} | dict.fromkeys(
    _WEEK_FIELDS, recurrence.MONTHLY
)

_BEFORE_ALL = datetime.min.replace(tzinfo=UTC)

_RULE, _TIMES, _END = ("recurrence",), ("recurrence", "end_times"), ("recurrence", "end_date_time")


def check(attributes: Mapping[str, Json], now: datetime | None = None) -> Iterator[UnlocatedDiagnostic]:
    """Yield findings about `recurrence`, and about the type of a meeting that has one.

    Hints name no day before `now`.
    """
    rule = attributes.get("recurrence")
    if kind(attributes) != SERIES:
        if rule is not None:
            yield _ignored(attributes["type"]) if "type" in attributes else _type_missing()
    elif rule is None:
        yield UnlocatedDiagnostic(
            _RULE,
            "series.rule-missing",
            "A meeting of type 8 repeats at fixed times and needs a rule.",
            f"Write `repeat: {flow(weekly(attributes))}` in place of `type: 8`, or `type: 2` for once.",
        )
    else:
        start = wall_start(attributes.get("start_time"), attributes.get("timezone"))
        yield from _recurrence(rule, start or SOME_MONDAY)
        yield from _end(rule, attributes.get("timezone"))
        yield from _dates(attributes, rule, now)


def _type_missing() -> UnlocatedDiagnostic:
    return UnlocatedDiagnostic(
        _RULE,
        "series.type-missing",
        "A meeting without a `type` takes place once (type 2), and Zoom ignores its `recurrence`.",
        "Add `type: 8` to the meeting, or write the rule as `repeat`, which needs no type.",
        on_key=True,
    )


def _ignored(of_type: int) -> UnlocatedDiagnostic:
    return UnlocatedDiagnostic(
        _RULE,
        "series.ignored",
        f"Zoom ignores `recurrence` in a meeting of type {of_type}.",
        "Write `type: 8` for a series at fixed times, or remove `recurrence`.",
        Severity.WARNING,
        on_key=True,
    )


def _recurrence(rule: recurrence.Rule, start: datetime) -> Iterator[UnlocatedDiagnostic]:
    """Yield findings about unit, interval and days of a rule; hints name the days of its start."""
    unit = rule.get("type")
    if unit is None:
        yield UnlocatedDiagnostic(
            ("recurrence", "type"),
            "series.unit-missing",
            "`recurrence` needs a `type`: the unit that repeats.",
            "Add inside `recurrence`: `type: 1` for days, `type: 2` for weeks, `type: 3` for months.",
        )
        return
    yield from _interval(rule, unit)
    if unit == recurrence.WEEKLY and "weekly_days" not in rule:
        yield UnlocatedDiagnostic(
            ("recurrence", "weekly_days"),
            "series.days-missing",
            "Zoom would use Sunday.",
            f'Add `weekly_days: "{recurrence.week_day(start)}"` for {weekday_name(start)}; '
            '1 is Sunday, 7 is Saturday, `"2,4"` is Monday and Wednesday.',
        )
    if unit == recurrence.MONTHLY:
        yield from _monthly(rule, start)
    for name in rule:
        if _UNIT_OF.get(name, unit) != unit:
            yield _unused(name, unit)


def _interval(rule: recurrence.Rule, unit: int) -> Iterator[UnlocatedDiagnostic]:
    interval, maximum, noun = rule.get("repeat_interval", 1), INTERVAL_MAX[unit], _UNITS[unit]
    if interval > maximum:
        yield UnlocatedDiagnostic(
            ("recurrence", "repeat_interval"),
            "series.interval",
            f"The series repeats every {interval} {noun}; Zoom's maximum is {maximum} {noun}.",
            f"Write `repeat_interval: {maximum}` or less, or declare single meetings.",
        )


def _monthly(rule: recurrence.Rule, start: datetime) -> Iterator[UnlocatedDiagnostic]:
    week_fields = [name for name in _WEEK_FIELDS if name in rule]
    if "monthly_day" in rule and week_fields:
        names = " and ".join(f"`{name}`" for name in week_fields)
        yield UnlocatedDiagnostic(
            ("recurrence", "monthly_day"),
            "series.day-twice",
            f"`monthly_day: {rule['monthly_day']}` names a date, {names} a weekday. "
            "Zoom does not document which of the two it uses.",
            f"Keep one: remove `monthly_day`, or {names}.",
        )
    elif "monthly_day" not in rule and not week_fields:
        yield UnlocatedDiagnostic(
            ("recurrence",),
            "series.day-missing",
            "Zoom would use the first day of the month.",
            f"Add `monthly_day: {start.day}`, or `monthly_week: {_week(start)}` with "
            f"`monthly_week_day: {recurrence.week_day(start)}` for the "
            f"{week_words(_week(start), recurrence.week_day(start))}.",
        )
    elif len(week_fields) == 1:
        yield _day_half(rule, week_fields[0], start)


def _day_half(rule: recurrence.Rule, present: str, start: datetime) -> UnlocatedDiagnostic:
    missing = next(name for name in _WEEK_FIELDS if name != present)
    value, meaning = (
        (recurrence.week_day(start), f"{weekday_name(start)} (1 is Sunday, 7 Saturday)")
        if missing == "monthly_week_day"
        else (_week(start), f"the {week_name(_week(start))} one in the month (-1 is the last)")
    )
    return UnlocatedDiagnostic(
        ("recurrence", missing),
        "series.day-half",
        f"`{present}: {rule[present]}` needs `{missing}`. "
        "The two together name a day such as the first Monday.",
        f"Add `{missing}: {value}` for {meaning}.",
    )


def _week(start: datetime) -> int:
    week = recurrence.month_week(start)
    return recurrence.LAST if week == recurrence.FIFTH else week


def _unused(name: str, unit: int) -> UnlocatedDiagnostic:
    fitting = _UNIT_OF[name]
    return UnlocatedDiagnostic(
        ("recurrence", name),
        "series.unused",
        f"`{name}` belongs to a {_KINDS[fitting]} rule, and this rule is {_KINDS[unit]} (`type: {unit}`).",
        f"Remove `{name}`, or write `type: {fitting}` inside `recurrence`.",
        Severity.WARNING,
        on_key=True,
    )


def _end(rule: Mapping[str, Json], timezone: str | None) -> Iterator[UnlocatedDiagnostic]:
    times, end_at = rule.get("end_times"), rule.get("end_date_time")
    if times is not None and end_at is not None:
        yield UnlocatedDiagnostic(
            _TIMES,
            "series.end-twice",
            f"The rule has `end_times: {times}` and `end_date_time: {end_at}`. "
            "Zoom does not document which of the two it uses.",
            "Keep one of the two.",
        )
    elif not times and end_at is None:
        yield _end_missing(rule, timezone)
    if end_at is not None and not is_possible(end_at):
        yield impossible(end_at, _END)


def _end_missing(rule: Mapping[str, Json], timezone: str | None) -> UnlocatedDiagnostic:
    endless = {name: value for name, value in rule.items() if name != "end_times"}
    repeat = from_rule(endless, timezone) or {"every": "week", "on": "mon"}
    return UnlocatedDiagnostic(
        _TIMES if "end_times" in rule else _RULE,
        "series.end-missing",
        "With `end_times: 0` Zoom would not extend the series when its dates run out."
        if "end_times" in rule
        else "Zoom would create one single meeting.",
        f"For a series without an end, write `repeat: {flow(repeat)}` in place of `type` and "
        "`recurrence`. For one with an end, write `end_times: 20`, or an `end_date_time` in UTC.",
    )


def _dates(
    attributes: Mapping[str, Json], rule: Mapping[str, Json], now: datetime | None
) -> Iterator[UnlocatedDiagnostic]:
    """Yield findings that need a valid start, zone and rule; nothing where one of them is not valid."""
    start, timezone = attributes.get("start_time"), attributes.get("timezone")
    if start is None or timezone is None or not is_unambiguous(rule):
        return
    if zone(timezone) is None or not is_possible(start):
        return
    series, end_at = Series(start, timezone, rule), rule.get("end_date_time")
    if not series.is_on_rule():
        yield off_rule(series, now)
    elif end_at is not None and is_possible(end_at):
        yield from _until(series, end_at)


def is_unambiguous(rule: recurrence.Rule) -> bool:
    """Return whether the rule names its unit, and its days exactly once."""
    unit = rule.get("type")
    if unit == recurrence.MONTHLY:
        week_fields = sum(name in rule for name in _WEEK_FIELDS)
        return week_fields == (0 if "monthly_day" in rule else len(_WEEK_FIELDS))
    return unit == recurrence.DAILY or (unit == recurrence.WEEKLY and "weekly_days" in rule)


def _until(series: Series, end_at: str) -> Iterator[UnlocatedDiagnostic]:
    start_at, utc = instant(series.start_time, series.timezone), "%Y-%m-%dT%H:%M:%SZ"
    if instant(end_at, "UTC") < start_at:
        yield UnlocatedDiagnostic(
            _END,
            "series.end-before-start",
            f"The first start is {start_at:{utc}}, but the end is {end_at}.",
            "Write a later `end_date_time`; it is a time in UTC.",
        )


def off_rule(series: Series, now: datetime | None = None) -> UnlocatedDiagnostic:
    """Return the finding for a series whose start is no occurrence of its rule."""
    start, rule = series.wall_start(), series.recurrence
    if rule["type"] == recurrence.WEEKLY:
        name, mismatch = "weekly_days", _weekly_mismatch(start, rule)
    elif "monthly_day" in rule:
        name, mismatch = "monthly_day", _monthly_mismatch(start, rule)
    else:
        name, mismatch = "monthly_week", _monthly_week_mismatch(start, rule)
    following = next(dates_from(series, now, 1), None)
    return start_off_rule(("recurrence", name), series, mismatch, following)


def dates_from(series: Series, now: datetime | None, count: int) -> Iterator[datetime]:
    """Yield the first dates of the rule, whatever its end, as wall times; none before `now`."""
    endless = replace(series, recurrence=without_end(series.recurrence))
    after = now - timedelta.resolution if now else _BEFORE_ALL
    for occurs_at in islice(endless.coming(after), count):
        yield in_zone(occurs_at, known_zone(series.timezone))


Mismatch = tuple[str, str, str]
"""The day of the start, the day of the rule, and the rule that fits the start."""


def start_off_rule(
    path: tuple[str, ...], series: Series, mismatch: Mismatch, following: datetime | None
) -> UnlocatedDiagnostic:
    """Return the finding for a start beside its rule; `following` is the first date of the rule after it."""
    start_is, rule_is, fitting = mismatch
    is_utc = series.start_time.endswith("Z")
    in_zone = f" in {series.timezone}" if is_utc else ""
    start = series.wall_start()
    other = ""
    if following:
        start_at = utc_text(instant(following.isoformat(), series.timezone))
        first = f"`start_time: {start_at}`" if is_utc else f"start on {following:%Y-%m-%d}"
        other = f", or {first}, a {weekday_name(following)}{in_zone}"
    return UnlocatedDiagnostic(
        path,
        "series.start-off-rule",
        f"{start:%Y-%m-%d} is {start_is}{in_zone}, but {rule_is}.",
        f"Write {fitting}{other}.",
    )


def _weekly_mismatch(start: datetime, rule: recurrence.Rule) -> Mismatch:
    days, written = recurrence.week_days(rule, start), rule["weekly_days"]
    start_day = recurrence.week_day(start)
    fitting = {start_day} if len(days) == 1 else {*days, start_day}
    return (
        f"a {weekday_name(start)}",
        f'`weekly_days: "{written}"` is {days_words(days)}',
        f'`weekly_days: "{",".join(map(str, sorted(fitting)))}"`',
    )


def _monthly_mismatch(start: datetime, rule: recurrence.Rule) -> Mismatch:
    return (
        f"day {start.day} of its month",
        f"`monthly_day` is {rule['monthly_day']}",
        f"`monthly_day: {start.day}`",
    )


def _monthly_week_mismatch(start: datetime, rule: recurrence.Rule) -> Mismatch:
    day, number = recurrence.week_day(start), recurrence.month_week(start)
    # Zoom counts to four and has -1 for the last: a fifth one in the month is the last.
    week = number if number in (1, 2, 3, 4) else recurrence.LAST
    return (
        f"the {week_words(week, day)} of its month",
        f"the rule is the {week_words(rule['monthly_week'], rule['monthly_week_day'])}",
        f"`monthly_week: {week}` with `monthly_week_day: {day}`",
    )
