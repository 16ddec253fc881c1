"""The dates of a meeting before and after a step: which ones it adds, moves and takes away. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from reconciler.calendar.expansion import expand, is_within, length_of
from reconciler.calendar.offsets import moment_of, seconds_of
from reconciler.meeting import timezones
from reconciler.meeting.closures import SKIP, SingleDates
from reconciler.meeting.meeting import Meeting, minutes_of
from reconciler.meeting.single_dates import Edit, moved_to
from reconciler.plan.change import Action
from reconciler.plan.dates.bookings import recorded_slot
from reconciler.plan.step import DateStep, Status, Step

_TIMES = frozenset({"type", "start_time", "timezone", "recurrence", "duration"})
"""The fields that say when a meeting is held."""


class HeldDate(NamedTuple):
    """One date: its start and its length, in seconds."""

    start: int
    length: int


class Moved(NamedTuple):
    """A date that differs; None: it was not held, or is not any more."""

    key: str
    timezone: str
    before: HeldDate | None
    after: HeldDate | None


_Dates = Mapping[int, HeldDate]
"""The dates of a meeting by the number of the day on which the rule gives them."""


def moves(step: Step, start: datetime, end: datetime) -> list[Moved]:
    """Return the dates between two instants that are others once the step is done, in order."""
    if step.status in {Status.WITHHELD, Status.EXPIRED}:
        return []
    first, last = seconds_of(start), seconds_of(end)
    found: list[Moved] = []
    for before, after in _pairs(step):
        one = after or before
        assert one is not None
        timezone = str(one.attributes.get("timezone") or "UTC")
        if timezones.zone(timezone) is not None:
            pairs = _differing(_dates(before, first, last), _dates(after, first, last), timezone)
            found += (Moved(step.key, timezone, *pair) for pair in pairs)
    if not found and step.meeting is not None:
        found = list(_single_dates(step, step.meeting, first, last))
    return sorted(_without_renamed(found), key=lambda each: each.before or each.after or HeldDate(0, 0))


def _without_renamed(found: Sequence[Moved]) -> list[Moved]:
    """Return the dates without those that another slot of the room takes over as they are."""
    gone = {each.before for each in found if each.after is None}
    new = {each.after for each in found if each.before is None}
    same = gone & new
    return [each for each in found if (each.before and each.after) or (each.before or each.after) not in same]


def _pairs(step: Step) -> Iterator[tuple[Meeting | None, Meeting | None]]:
    """Yield the meeting, or each slot of the room, before and after a step that changes its times."""
    if step.action in {Action.MOVE, Action.IMPORT, Action.FORGET}:
        return
    begins = _begins(step)
    is_kept = step.action in {Action.KEEP, Action.UPDATE, Action.RESOLVE} and not begins
    if is_kept and not (step.slots or _changes_times(step)):
        return
    old, new = _slots(None if begins else _recorded(step)), _slots(step.meeting)
    yield from ((old.get(name), new.get(name)) for name in {**old, **new})


def _begins(step: Step) -> bool:
    return Action.CREATE in {step.action, step.intent_action} and step.lost_id is None


def _changes_times(step: Step) -> bool:
    return any(change.path.partition(".")[0] in _TIMES for change in step.changes)


def _slots(meeting: Meeting | None) -> dict[str, Meeting]:
    """Return what is held by name: the slots of a room, or the meeting itself under no name."""
    if meeting is None:
        return {}
    return {slot.name: slot.meeting for slot in meeting.timetable} or {"": meeting}


def _recorded(step: Step) -> Meeting | None:
    """Return the meeting as it is recorded.

    Closed days that Zoom does not hold yet are no dates of it: they are skipped when it does.
    """
    if step.recorded is None:
        return None
    length = {"duration": minutes_of(step.recorded)}
    newly = {each.date: length for each in step.dates if each.before is None}
    closures = step.meeting.dates.closures if step.meeting else ()
    slots = tuple(
        recorded_slot(step.key, step.host, name, each) for name, each in step.recorded_timetable.items()
    )
    return Meeting(
        step.key,
        step.host,
        step.recorded,
        dates=SingleDates({**newly, **step.recorded_dates}, closures),
        timetable=slots,
    )


def _dates(meeting: Meeting | None, first: int, last: int) -> _Dates:
    expansion = expand(meeting, first, last) if meeting is not None else None
    if expansion is None:
        return {}
    length = expansion.length
    held = {day: HeldDate(at, length) for day, at in zip(expansion.days, expansion.starts, strict=True)}
    return held | {own.day: HeldDate(own.start, own.length) for own in expansion.own}


_Pair = tuple[HeldDate | None, HeldDate | None]


def _differing(before: _Dates, after: _Dates, timezone: str) -> Iterator[_Pair]:
    """Yield the dates that differ: of one day of the rule together, else of one week in order."""
    for day in before.keys() & after.keys():
        if before[day] != after[day]:
            yield before[day], after[day]
    gone = sorted(before[day] for day in before.keys() - after.keys())
    new = sorted(after[day] for day in after.keys() - before.keys())
    if len(before) == len(after) == 1 and gone:
        yield gone[0], new[0]
        return
    by_week = [_by_week(each, timezone) for each in (gone, new)]
    for week in {**by_week[0], **by_week[1]}:
        old, other = (each.get(week, []) for each in by_week)
        both = min(len(old), len(other))
        yield from zip(old[:both], other[:both], strict=True)
        yield from ((one, None) for one in old[both:])
        yield from ((None, one) for one in other[both:])


def _by_week(held: Sequence[HeldDate], timezone: str) -> dict[int, list[HeldDate]]:
    found: dict[int, list[HeldDate]] = {}
    zone = timezones.known_zone(timezone)
    for each in held:
        local = timezones.in_zone(moment_of(each.start), zone)
        week = (local.toordinal() - 1) // 7  # day 1 was a Monday
        found.setdefault(week, []).append(each)
    return found


def _single_dates(step: Step, meeting: Meeting, first: int, last: int) -> Iterator[Moved]:
    """Yield the single dates that the step skips, moves, or takes back."""
    for each in step.dates:
        before, after = (_edited(each, edit, meeting) for edit in (each.before, each.edit))
        shown = before or after
        if before != after and shown is not None and is_within(*shown, first, last):
            yield Moved(step.key, str(meeting.attributes.get("timezone") or "UTC"), before, after)


def _edited(each: DateStep, edit: Edit, meeting: Meeting) -> HeldDate | None:
    if edit == SKIP:
        return None
    length = length_of({**meeting.attributes, **(edit or {})})
    return HeldDate(seconds_of(moved_to(edit) or each.start), length)
