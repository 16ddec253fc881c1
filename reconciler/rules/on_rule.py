"""A series begins with an occurrence: what to write where its start is not on its rule."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler import cadence
from reconciler.errors import Finding
from reconciler.sentence import days_words, week_words, weekday_name

if TYPE_CHECKING:
    from datetime import datetime

    from reconciler.recurrence import Series


def off_rule(series: Series) -> Finding:
    """The finding for a series whose start is no occurrence of its rule."""
    start, rule = series.wall_start(), series.recurrence
    if rule["type"] == cadence.WEEKLY:
        name, detail, fitting = "weekly_days", *_weekly(start, rule)
    elif "monthly_day" in rule:
        name, detail, fitting = "monthly_day", *_monthly(start, rule)
    else:
        name, detail, fitting = "monthly_week", *_monthly_week(start, rule)
    following = next(iter(cadence.rule(start, rule)), None)
    other = f", or begin on {following:%Y-%m-%d}, a {weekday_name(following)}" if following else ""
    there = f" in {series.timezone}" if series.start_time.endswith("Z") else ""
    return Finding(
        ("recurrence", name),
        "series.start-off-rule",
        "The start is not on the rule",
        f"{start:%Y-%m-%d} is {detail[0]}{there}, {detail[1]}.",
        f"Write {fitting}{other}.",
    )


_Told = tuple[tuple[str, str], str]
"""What the start is, what the rule says, and the rule that fits the start."""


def _weekly(start: datetime, rule: cadence.Rule) -> _Told:
    days, written = cadence.week_days(rule, start), rule["weekly_days"]
    today = cadence.week_day(start)
    fitting = {today} if len(days) == 1 else {*days, today}
    told = (f"a {weekday_name(start)}", f'`weekly_days: "{written}"` is {days_words(days)}')
    return told, f'`weekly_days: "{",".join(map(str, sorted(fitting)))}"`'


def _monthly(start: datetime, rule: cadence.Rule) -> _Told:
    told = (f"day {start.day} of its month", f"`monthly_day` is {rule['monthly_day']}")
    return told, f"`monthly_day: {start.day}`"


def _monthly_week(start: datetime, rule: cadence.Rule) -> _Told:
    today, said = cadence.week_day(start), rule["monthly_week"]
    number = cadence.month_week(start)
    # A fifth one in the month is the last; Zoom counts to four and has -1 for the last.
    week = number if number in (1, 2, 3, 4) else cadence.LAST
    named = week_words(said, rule["monthly_week_day"])
    told = (f"the {week_words(week, today)} of its month", f"the rule is the {named}")
    return told, f"`monthly_week: {week}` with `monthly_week_day: {today}`"
