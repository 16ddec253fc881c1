"""Hints for a `repeat` in other words than its own: what to write instead, where that is clear."""

from __future__ import annotations

import re
from collections.abc import Mapping

from reconciler.errors.didyoumean import did_you_mean
from reconciler.ports import Json
from reconciler.spec.repeat import EVERY, TIMES_MAX
from reconciler.spec.schema.hints import days as written_days
from reconciler.spec.schema.hints import weekdays as weekday_words
from reconciler.spec.yaml.writer import flow

_DAYS_OF_MONTH = range(1, 32)
_YEARS = range(1900, 10_000)
_PERIODS = {
    "biweekly": "2 weeks",
    "bimonthly": "2 months",
    "daily": "day",
    "fortnight": "2 weeks",
    "fortnightly": "2 weeks",
    "month": "month",
    "monthly": "month",
    "quarter": "3 months",
    "quarterly": "3 months",
    "weekly": "week",
}
"""Other words for a period."""

_LONG = re.compile(r".*\b(?:years?|yearly|annual(?:ly)?)|[1-9][0-9]{2,} *[a-z]+")
_SHORT = re.compile(r".*\b(?:hours?|hourly|minutes?)")
_NUMBERS = {
    **dict.fromkeys(("other", "alternate", "alternating", "second", "2nd", "two"), 2),
    **dict.fromkeys(("third", "3rd", "three"), 3),
    **dict.fromkeys(("fourth", "4th", "four"), 4),
}
_SHORT_PERIOD = re.compile(r"([1-9][0-9]?)\.?[ -]*(d|w|m(?!in))[a-z()]*")
_NUMBERED = re.compile(r"([a-z0-9]+) +(day|week|month)s?")
_PARITY = re.compile(r"(?:every +)?(?:even|odd|uneven)(?: +(?:calendar +)?weeks?)?")
_OTHER_DAY = re.compile(r"(?:other|alternate|alternating|2) +([a-z]+)")
_SECOND_DAY = re.compile(r"(?:every +)?(?:second|2nd) +((?:mon|tue|wed|thu|fri|sat|sun)[a-z]*)")
_DAY_OF_MONTH = re.compile(r"(?:day +)?([0-9]{1,2})(?:st|nd|rd|th|\.)?")
_TIMES = re.compile(r"(?:after )?([0-9]{1,4})(?: *(?:x|times|dates|occurrences|meetings|weeks|months))?")
_TIMES_WORDS = (
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
)
_ENDLESS = re.compile(
    r"(?:for ?ever|never|none|no end|endless|infinite|infinity|unlimited|always|open|false|no|∞)"
)
_RULE = re.compile(r"(?:rrule:)?(?:[a-z]+=[^;=]+;?)+")
_OF_RULE = {"daily": "day", "weekly": "week", "monthly": "month"}

ANY_EVERY = "Write `every: day`, `week` or `month`, or a number of them, such as `every: 2 weeks`."
ANY_ON = "Write weekdays, such as `on: [mon, wed]`; for months a day, or a weekday such as `on: first mon`."
ANY_REPEAT = "Write a mapping: `repeat: {every: week, on: mon}`."
ANY_UNTIL = "Write a day, such as `until: 2027-06-30`, or an instant in UTC: `until: 2027-06-30T22:00:00Z`."
NO_END = "For a series without an end, leave out both `times` and `until`."
_FROM_START = "it counts from `start_time`, so begin in such a week."
_NO_PERIODS = (
    (_PARITY, f"Write `every: 2 weeks`: {_FROM_START}"),
    (_LONG, "Zoom repeats a meeting at most every 10 months: declare single meetings."),
    (_SHORT, "Zoom repeats a meeting at most once a day: write `every: day`."),
)
_NO_SUCH_DAY = "A month has the days 1 to 31. For the last Friday write `on: last fri`."
_NO_SUCH_RULE = (
    "Zoom has no rule for such a day. Write a day, such as `on: 15`, or a weekday such as `on: last fri`."
)


def hint(part: str, value: Json) -> str:
    """Return the hint for the value of a part of `repeat`; the part is empty for `repeat` itself."""
    hints = {"": _repeat_hint, "every": _every_hint, "on": _on_hint, "times": _times_hint}
    return hints.get(part, _until_hint)(value)


def _repeat_hint(value: Json) -> str:
    if isinstance(value, list) and all(isinstance(each, dict) for each in value):
        return "Write its fields under it, without `- `: `repeat: {every: week, on: mon}`."
    if second := _SECOND_DAY.fullmatch(str(value).strip().casefold()):
        day = weekday_words.one(second[1])
        other = f"{{every: month, on: second {day}}}"
        return f"Write `repeat: {{every: 2 weeks, on: {day}}}`, or `repeat: {other}`."
    rule = _rule(", ".join(map(str, value)) if isinstance(value, list) else str(value))
    return f"Write `repeat: {flow(rule)}`." if rule else ANY_REPEAT


def _every_hint(value: Json) -> str:
    if isinstance(value, int) and EVERY.fullmatch(f"{value} weeks"):
        return f"Write the unit after the number: `every: {value} weeks`, or days, or months."
    if isinstance(value, Mapping) and len(value) == 1:
        (unit, number), *_ = value.items()
        value = f"{number} {unit}"
    text = (", ".join(map(str, value)) if isinstance(value, list) else str(value)).strip().casefold()
    if found := next((hint for pattern, hint in _NO_PERIODS if pattern.fullmatch(text)), ""):
        return found
    if second := _SECOND_DAY.fullmatch(text):
        day = weekday_words.one(second[1])
        return f"Write `every: 2 weeks` and `on: {day}`, or `every: month` and `on: second {day}`."
    rule = _rule(text)
    if rule is None:
        return ANY_EVERY
    every, on = f"Write `every: {rule['every']}`", rule.get("on")
    return f"{every} and `on: {_flow_days(on)}`." if on else f"{every}."


def _rule(written: str) -> dict[str, Json] | None:
    """Return the rule that words name, as `repeat` has it; None where they are not clear."""
    text = re.sub(r"^(?:repeats? )?(?:(?:every|each|once an?|once every) )?", "", written.strip().casefold())
    if _RULE.fullmatch(text):
        return _of_calendar(text)
    every, on, days = text.partition(" on ")
    if on and (period := _period(every)):
        if named := weekday_words.weekdays(days):
            return {"every": period, "on": _listed(named)}
        number = _DAY_OF_MONTH.fullmatch(days.removeprefix("the "))
        if number and "month" in period and int(number[1]) in _DAYS_OF_MONTH:
            return {"every": period, "on": int(number[1])}
    if period := _period(text):
        return {"every": period}
    match = _OTHER_DAY.fullmatch(text)
    named = weekday_words.weekdays(match[1] if match else text)
    if not named:
        return None
    unit = "2 weeks" if match else "month" if " " in named[0] else "week"
    return {"every": unit, "on": _listed(named)}


def _of_calendar(text: str) -> dict[str, Json] | None:
    """Return the rule of a calendar, such as `FREQ=WEEKLY;BYDAY=MO`, as `repeat` has it."""
    parts = dict(part.split("=", 1) for part in text.removeprefix("rrule:").strip(";").split(";"))
    unit, interval = _OF_RULE.get(parts.pop("freq", "")), parts.pop("interval", "1")[:2]
    every = _plural(int(interval), unit) if unit and interval.isdecimal() else ""
    if not EVERY.fullmatch(every):
        return None
    rule: dict[str, Json] = {"every": every}
    if days := weekday_words.weekdays(parts.pop("byday", "")):
        rule["on"] = _listed(days)
    if (count := parts.pop("count", "")).isdecimal():
        rule["times"] = int(count[:4])
    if until := written_days.days(parts.pop("until", "")[:8]):
        rule["until"] = until[0]
    return None if parts.keys() - {"wkst"} else rule


def _period(text: str) -> str:
    """Return what `every` says in its own words; empty where that is not clear."""
    text = text.strip().removeprefix("every ")
    short, numbered = _SHORT_PERIOD.fullmatch(text), _NUMBERED.fullmatch(text)
    if short:
        found = _plural(int(short[1]), {"d": "day", "w": "week", "m": "month"}[short[2]])
    elif numbered:
        found = _plural(_NUMBERS.get(numbered[1], 0), numbered[2])
    else:
        near = did_you_mean(text, ("day", "week", "month"), ratio_min=0.8) if text.isalpha() else None
        found = _PERIODS.get(text.replace("-", "")) or (near if near and not weekday_words.one(text) else "")
    return found if EVERY.fullmatch(found) else ""


def _plural(number: int, unit: str) -> str:
    return unit if number == 1 else f"{number} {unit}s"


def _listed(days: list[str]) -> Json:
    return days[0] if len(days) == 1 else days


def _flow_days(days: Json) -> str:
    return f"[{', '.join(days)}]" if isinstance(days, list) else str(days)


def _on_hint(value: Json) -> str:
    words = (
        [str(each) for each in value] if isinstance(value, list) else re.split(r"[,;&]|\band\b", str(value))
    )
    numbers = [match[1] for word in words if (match := _DAY_OF_MONTH.fullmatch(word.strip().casefold()))]
    if numbers and len(numbers) == len(words):
        return _days_of_month_hint([int(number) for number in numbers])
    if isinstance(value, bool | dict):
        return ANY_ON
    text = " , ".join(words) if isinstance(value, list) else str(value)
    if isinstance(value, int) or _PARITY.fullmatch(text.strip().casefold()):
        return (
            _NO_SUCH_DAY if isinstance(value, int) else f"Write `repeat: {{every: 2 weeks}}`: {_FROM_START}"
        )
    other = re.fullmatch(r"(?:every )?(?:other|alternate) ([a-z]+)", text.strip().casefold())
    if other and (day := weekday_words.one(other[1])):
        return f"Write `every: 2 weeks` and `on: {day}`."
    days = weekday_words.weekdays(text)
    if days:
        return f"Write `on: {_flow_days(_listed(days))}`."
    return _NO_SUCH_RULE if re.match(r"(?:the )?(?:first|1st|last)\b", text.strip().casefold()) else ANY_ON


def _days_of_month_hint(days: list[int]) -> str:
    if any(day not in _DAYS_OF_MONTH for day in days):
        return _NO_SUCH_DAY
    if len(days) == 1:
        return f"Write `on: {days[0]}`, without quotes."
    each = " and ".join(f"`on: {day}`" for day in days)
    return (
        f"A rule has one day of the month: declare a meeting of its own for each, with {each}. "
        "Weekdays have names: `on: [mon, wed]`."
    )


def _until_hint(value: Json) -> str:
    text = str(value[0] if isinstance(value, list) and len(value) == 1 else value).strip().casefold()
    if _ENDLESS.fullmatch(text):
        return NO_END
    if text.isdecimal() and len(text) == len("2027") and int(text) in _YEARS:
        return f"Write the last day: `until: {text}-12-31`."
    if (match := _TIMES.fullmatch(text)) and _is_count(match[1]):
        return f"For a number of dates write `times: {match[1]}`."
    month = written_days.month(re.sub(r"^(?:the )?end of ", "", text))
    days = written_days.days(text) or written_days.days(re.split(r"[t ](?=[0-9]{1,2}:)", text)[0])
    if month:
        return f"Write the last day: `until: {month[1]}`."
    if not days:
        return ANY_UNTIL
    order = ": the year comes first, then month and day" if len(days) > 1 else ""
    return f"Write {' or '.join(f'`until: {day}`' for day in days)}{order}. The whole day counts."


def _times_hint(value: Json) -> str:
    text = str(value).strip().casefold()
    if not value or value == -1 or _ENDLESS.fullmatch(text):
        return NO_END
    if text in _TIMES_WORDS:
        return f"Write `times: {_TIMES_WORDS.index(text) + 1}`."
    match = _TIMES.fullmatch(text)
    if match and _is_count(match[1]):
        return f"Write `times: {match[1]}`, without quotes."
    if isinstance(value, int):
        return f"Write `times: {TIMES_MAX}` or less. {NO_END}"
    return "Write after how many dates it ends: `times: 20`. The time of day is a part of `start_time`."


def _is_count(digits: str) -> bool:
    return 1 <= int(digits) <= TIMES_MAX
