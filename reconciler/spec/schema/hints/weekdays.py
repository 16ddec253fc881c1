"""Reads weekdays as people write them, for hints; `on` itself has one form for each."""

from __future__ import annotations

import re
from itertools import zip_longest

from reconciler.errors.didyoumean import did_you_mean
from reconciler.meeting import humanize
from reconciler.spec.repeat import WEEKDAYS, WEEKS, parse_on

_FULL_NAMES = tuple(map(str.casefold, humanize.WEEKDAYS))
FROM_MONDAY = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
"""The short names of the weekdays, from Monday."""

_OTHER_NAMES = {
    **{f"{name}s": name for name in FROM_MONDAY},
    **{name[:2]: name for name in FROM_MONDAY},
    "tues": "tue",
    "weds": "wed",
    "thur": "thu",
    "thurs": "thu",
}
_GROUPS = {
    **dict.fromkeys(("weekday", "weekdays", "workday", "workdays", "workweek"), FROM_MONDAY[:5]),
    **dict.fromkeys(("weekend", "weekends"), FROM_MONDAY[5:]),
}
_ORDINALS = {"1st": "first", "2nd": "second", "3rd": "third", "4th": "fourth", "5th": "fifth"}
_NUMBERED = {"1": "first", "2": "second", "3": "third", "4": "fourth", "5": "fifth", "-1": "last"}
_CODE = re.compile(r"([+]?[1-5]|-1)(mo|tu|we|th|fr|sa|su)")
_WORD = re.compile(r"[^\s,;/&+]+")
_BETWEEN = frozenset(("-", "\u2013", "to", "through", "thru", "until", "bis"))
_IGNORED = frozenset(("and", "the", "on", "every", "each", "of", "month", "a", "in", "or"))


def weekdays(written: str) -> list[str]:
    """Return the weekdays that the words name, as `on` has them; empty where a word has another meaning."""
    days: list[str] = []
    weeks: list[str] = []
    is_range = False
    for word in _words(written):
        week, day = _ORDINALS.get(word, word), one(word)
        if week in WEEKS:
            weeks.append(week)
        elif word in _BETWEEN and days:
            is_range = True
        elif day and is_range:
            days += _after(days[-1], day)
            is_range = False
        elif day:
            days += [f"{week} {day}" for week in weeks] or [day]
            weeks = []
        elif word in _GROUPS and not weeks:
            days += _GROUPS[word]
        elif word not in _IGNORED:
            return []
    return days if days and not weeks and not is_range and parse_on(days) else []


def one(word: str) -> str:
    """Return the short name of the weekday that `word` names; empty for another word."""
    if word in WEEKDAYS:
        return word
    if word in _GROUPS:
        return ""
    near = _OTHER_NAMES.get(word) or did_you_mean(word, _FULL_NAMES, ratio_min=0.75)
    return near[:3] if near else ""


def _words(written: str) -> list[str]:
    """Return the words of a text, with the week and the day of `2MO`, and both ends of `mon-fri`."""
    words: list[str] = []
    found = [each.rstrip(".") for each in _WORD.findall(written.casefold())]
    for number, word in enumerate(found, start=1):
        code, (first, dash, last) = _CODE.fullmatch(word), word.partition("-")
        if code and not (word in _ORDINALS and any(map(one, found[number:]))):  # `4th fri` is no Thursday
            words += [_NUMBERED[code[1].lstrip("+")], code[2]]
        elif dash and one(first) and one(last):
            words += [first, dash, last]
        else:
            words.append(word)
    return [
        _NUMBERED[word] if word in _NUMBERED and after and one(after) else word
        for word, after in zip_longest(words, words[1:], fillvalue="")
    ]


def _after(first: str, last: str) -> tuple[str, ...]:
    """Return the weekdays after the first one, to the last one."""
    if first not in FROM_MONDAY:
        return (last,)
    begin, end = FROM_MONDAY.index(first), FROM_MONDAY.index(last)
    return FROM_MONDAY[begin + 1 : end + 1] if end > begin else (last,)
