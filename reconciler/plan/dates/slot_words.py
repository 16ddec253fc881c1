"""Words for a slot of a room: all of it, and what differs between a slot as recorded and as declared.

Two slots that differ never have the same words: where plain words would be, the values are shown.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import date
from typing import NamedTuple

import orjson

from reconciler.meeting.closures import DayRange, SingleDates
from reconciler.meeting.humanize import day_words, days_between_words, instant_words, sentence, time_words
from reconciler.meeting.meeting import Meeting, minutes_of, series, start_at
from reconciler.meeting.single_dates import Edit, declared_edit
from reconciler.plan.dates.words import NAMED_MAX, all_done, done, name_of
from reconciler.ports import Json

_ANY_LEAP_YEAR = 2028


class Words(NamedTuple):
    """What differs between two slots, in words: as it was, and as it becomes."""

    before: str
    after: str


def whole(slot: Meeting) -> str:
    """Return a slot in words: "every Monday, 10:00 Europe/Berlin, until 24 May 2027, 45 min, Clinic"."""
    edits = {day: edit for day in slot.dates.exceptions if (edit := _edit(slot, day)) is not None}
    ranges = _ranges(slot.dates)
    closed = (f"closed {_named(ranges)}",) if ranges else ()
    parts = (_times(slot), _length(slot), slot.topic, *all_done(edits, slot.attributes), *closed)
    return ", ".join(filter(None, parts))


def difference(before: Meeting, after: Meeting) -> Words:
    """Return what differs between a slot as recorded and as declared."""
    pairs = (*_fields(before, after), *_exceptions(before, after), *_closures(before, after))
    pairs = pairs or (Words(_json(before.attributes), _json(after.attributes)),)
    old, new = (", ".join(filter(None, words)) for words in zip(*pairs, strict=True))
    return Words(old, new)


def _fields(before: Meeting, after: Meeting) -> Iterator[Words]:
    for value, words in _PARTS:
        old, new = value(before), value(after)
        if old != new:
            yield _distinct(words(before), words(after), old, new)


def _distinct(before: str, after: str, old: Json, new: Json) -> Words:
    if before != after:
        return Words(before, after)
    return Words(f"{before} {_json(old)}", f"{after} {_json(new)}")


def _json(value: Json) -> str:
    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS).decode()


def _rule(slot: Meeting) -> Json:
    """Return what says when a slot is held; of the start of a series, its time of day."""
    values: dict[str, Json] = {name: slot.attributes.get(name) for name in ("type", "timezone", "recurrence")}
    at: Json = slot.attributes.get("start_time")
    recurring = series(slot.attributes)
    return {
        **{name: value for name, value in values.items() if value is not None},
        "start_time": at if recurring is None else time_words(recurring.wall_start()),
        "pattern": list(map(list, slot.dates.pattern)),
    }


def _times(slot: Meeting) -> str:
    recurring, at = series(slot.attributes), start_at(slot.attributes)
    if recurring is not None:
        return sentence(recurring.recurrence, recurring.start_time, recurring.timezone, slot.dates.pattern)
    return instant_words(at, slot.attributes.get("timezone")) if at else "without a start"


def _first_day(slot: Meeting) -> str:
    """Return the day of the start of a series, from which its rule counts; empty for a single date."""
    recurring = series(slot.attributes)
    return f"from {day_words(recurring.wall_start())}" if recurring else ""


def _minutes(slot: Meeting) -> Json:
    return slot.attributes.get("duration")


def _length(slot: Meeting) -> str:
    return f"{minutes_of(slot.attributes)} min"


def _topic(slot: Meeting) -> str:
    return slot.topic or "no topic"


_PARTS: tuple[tuple[Callable[[Meeting], Json], Callable[[Meeting], str]], ...] = (
    (_rule, _times),
    (_first_day, _first_day),
    (_minutes, _length),
    (_topic, _topic),
)
"""The parts of a slot: each as a value, and in words."""


def _exceptions(before: Meeting, after: Meeting) -> Iterator[Words]:
    old, new = (each.dates.content().get("exceptions", {}) for each in (before, after))
    for day in sorted({*old, *new}):
        if old.get(day) != new.get(day):
            words = (_exception(before, day), _exception(after, day))
            yield _distinct(*words, old.get(day), new.get(day))


def _exception(slot: Meeting, day: str) -> str:
    edit = _edit(slot, day)
    if edit is not None:
        return done(day, edit, slot.attributes)
    return f"{name_of(day)} {'has an exception' if slot.dates.exception(day) else 'has no exception'}"


def _edit(slot: Meeting, day: str) -> Edit | None:
    """Return the edit of an exception; None if it has none, or its day is none of the rule."""
    recurring = series(slot.attributes)
    start = recurring.start_on(date.fromisoformat(day)) if recurring else None
    own = SingleDates(slot.dates.exceptions)
    return declared_edit(slot.attributes, own, date.fromisoformat(day), start) if start else None


def _closures(before: Meeting, after: Meeting) -> Iterator[Words]:
    """Yield the closed days that only one of two slots has."""
    old, new = (_ranges(each.dates) for each in (before, after))
    gone, added = ([each for each in one if each not in other] for one, other in ((old, new), (new, old)))
    if gone or added:
        yield Words(_closed(gone, added), _closed(added, gone))


def _closed(own: Sequence[DayRange], of_other: Sequence[DayRange]) -> str:
    return f"closed {_named(own)}" if own else f"without the closed days {_named(of_other)}"


def _ranges(dates: SingleDates) -> list[DayRange]:
    found = {each for closure in dates.closures for each in closure.ranges}
    return sorted(found, key=lambda each: (each.first, each.last))


def _named(ranges: Sequence[DayRange]) -> str:
    """Return several ranges in a row, the first few by name."""
    named = ", ".join(map(_range, ranges[:NAMED_MAX]))
    return f"{named}, and {len(ranges) - NAMED_MAX} more" if len(ranges) > NAMED_MAX else named


def _range(days: DayRange) -> str:
    """Return a range in words: "5 Apr 2027", "20 Dec to 5 Jan of every year", "from 1 Jul 2027 on"."""
    if days.is_yearly:
        ends = [_day_of_year(each) for each in dict.fromkeys((days.first, days.last)) if each]
        return f"{' to '.join(ends)} of every year"
    first = date.fromisoformat(days.first)
    if not days.last:
        return f"from {day_words(first)} on"
    return days_between_words(first, date.fromisoformat(days.last))


def _day_of_year(day: str) -> str:
    words = day_words(date.fromisoformat(f"{_ANY_LEAP_YEAR}-{day}"))
    return words.removesuffix(f" {_ANY_LEAP_YEAR}")
