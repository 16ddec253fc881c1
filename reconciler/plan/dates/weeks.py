"""The weeks of the calendar that a plan changes: dates that are added, moved and gone, for a reviewer.

Local times of each meeting. Weeks begin on Monday. What happens in the same weeks is one entry, so that a
series that moves by an hour is told once.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import NamedTuple

from msgspec import Struct

from reconciler.calendar.offsets import moment_of
from reconciler.meeting import timezones
from reconciler.meeting.humanize import day_words, short_weekday, time_words
from reconciler.plan.dates.held import HeldDate, Moved, moves
from reconciler.plan.step import Step

AHEAD_WEEKS = 26
"""How far ahead the calendar is compared: this week, and so many more."""

KEYS_MIN, KEYS_MAX = 2, 30
"""Of one meeting the step itself says it all, and of very many no table can be read."""


class Kind(StrEnum):
    """What becomes of a date."""

    ADDED = "added"
    MOVED = "moved"
    GONE = "gone"


class DateEntry(NamedTuple):
    """What becomes of the dates of a meeting on some weekdays (0: Monday), in words: "10:00 → 11:00"."""

    kind: Kind
    weekdays: tuple[int, ...]
    words: str
    key: str


class WeekEntry(Struct, frozen=True):
    """The Mondays of some weeks, and what happens in all of them, by weekday, then time."""

    mondays: tuple[date, ...]
    entries: tuple[DateEntry, ...]


class Weeks(Struct, frozen=True):
    """The weeks of a plan, in order of their first one; `zone` is that of all times that name none."""

    zone: str = ""
    entries: tuple[WeekEntry, ...] = ()
    has_other_zones: bool = False


def weeks(steps: Iterable[Step], now: datetime) -> Weeks:
    """Return the weeks from `now` on; none where less than two meetings change their dates, or very many."""
    limit = now + timedelta(weeks=AHEAD_WEEKS + 1, days=-now.weekday())
    found: list[Moved] = []
    keys: set[str] = set()
    for step in steps:
        moved = [each for each in moves(step, now, limit) if _week_of(each) < _monday(limit)]
        found += moved
        keys |= {step.key} if moved else set()
        if len(keys) > KEYS_MAX:
            return Weeks()
    if len(keys) < KEYS_MIN:
        return Weeks()
    zones = Counter(each.timezone for each in found)
    zone = zones.most_common(1)[0][0]
    return Weeks(zone, _grouped(_by_change(found, zone)), len(zones) > 1)


class _Change(NamedTuple):
    weekday: int
    words: str
    key: str
    kind: Kind


def _by_change(found: Iterable[Moved], zone: str) -> Mapping[_Change, tuple[date, ...]]:
    """Return the Mondays of the weeks in which each change happens, in order."""
    mondays: dict[_Change, set[date]] = {}
    for each in found:
        before, after = _local(each.before, each.timezone), _local(each.after, each.timezone)
        words = _words(each, before, after) + ("" if each.timezone == zone else f" {each.timezone}")
        change = _Change(_first(each).weekday(), words, each.key, _kind(each))
        mondays.setdefault(change, set()).add(_week_of(each))
    return {change: tuple(sorted(days)) for change, days in mondays.items()}


def _grouped(by_change: Mapping[_Change, tuple[date, ...]]) -> tuple[WeekEntry, ...]:
    groups: dict[tuple[date, ...], list[_Change]] = {}
    for change, mondays in by_change.items():
        groups.setdefault(mondays, []).append(change)
    order = sorted(groups, key=lambda mondays: (mondays[0], -len(mondays), mondays))
    return tuple(WeekEntry(mondays, _by_weekdays(groups[mondays])) for mondays in order)


def _by_weekdays(changes: Iterable[_Change]) -> tuple[DateEntry, ...]:
    """Return the changes, those that differ by their weekday alone as one."""
    weekdays: dict[tuple[Kind, str, str], list[int]] = {}
    for each in sorted(changes):
        weekdays.setdefault((each.kind, each.words, each.key), []).append(each.weekday)
    return tuple(DateEntry(kind, tuple(days), words, key) for (kind, words, key), days in weekdays.items())


def _kind(each: Moved) -> Kind:
    if each.before is None:
        return Kind.ADDED
    return Kind.GONE if each.after is None else Kind.MOVED


def _local(held: HeldDate | None, timezone: str) -> datetime | None:
    zone = timezones.known_zone(timezone)
    return None if held is None else timezones.in_zone(moment_of(held.start), zone)


def _first(each: Moved) -> datetime:
    """Return the local time of a date as it was, or of one that was not held, as it will be."""
    first = _local(each.before or each.after, each.timezone)
    assert first is not None, "a date was held before, or is afterwards"
    return first


def _week_of(each: Moved) -> date:
    return _monday(_first(each))


def _monday(moment: datetime) -> date:
    return moment.date() - timedelta(days=moment.weekday())


def _words(each: Moved, before: datetime | None, after: datetime | None) -> str:
    """Return "10:00", "10:00 → Tue 11:00", or "10:00, 45 → 30 min"."""
    if before is None or after is None:
        shown = before or after
        return time_words(shown) if shown else ""
    assert each.before is not None
    assert each.after is not None
    lengths = each.before.length // 60, each.after.length // 60
    length = f", {lengths[0]} → {lengths[1]} min" if lengths[0] != lengths[1] else ""
    return f"{time_words(before)}{_target(before, after)}{length}"


def _target(before: datetime, after: datetime) -> str:
    """Return where a date goes: the time alone on the same day, the date too in another week."""
    if before == after:
        return ""
    if before.date() == after.date():
        return f" → {time_words(after)}"
    if _monday(before) == _monday(after):
        return f" → {short_weekday(after)} {time_words(after)}"
    return f" → {short_weekday(after)} {day_words(after)}, {time_words(after)}"
