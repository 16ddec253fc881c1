"""Words for single dates of a series, in the zone of its meeting."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime

from reconciler.calendar.audience import local_time
from reconciler.calendar.offsets import moment_of
from reconciler.errors.text import count_noun, quote
from reconciler.meeting import timezones
from reconciler.meeting.closures import SKIP
from reconciler.meeting.humanize import (
    day_words,
    days_between_words,
    instant_words,
    join_words,
    shift_words,
    short_weekday,
    time_words,
)
from reconciler.meeting.meeting import Meeting
from reconciler.meeting.single_dates import Edit, moved_to
from reconciler.plan.change import Action
from reconciler.plan.step import DateAction, DateStep, Status, Step
from reconciler.ports import Json

SKIPS_MAX = 3
"""Skips of one closure that have a line each."""

NOTES_MAX = 10
"""Dates with nothing but a note that have a line each; the rest is counted."""

AGAIN_MAX = 10
"""Dates that are held again and have a line each."""

NAMED_MAX = 5
"""Dates that are named in a row; the rest is counted."""


def planned(each: DateStep, attributes: Mapping[str, Json]) -> str:
    """Return what a plan does to a date: "skips Mon 5 Apr 2027 (berlin)"."""
    if each.action is DateAction.BACK:
        return _taken_back(each.date, each.before, attributes)
    reason = f" ({each.closure})" if each.closure else ""
    return f"{done(each.date, each.edit, attributes)}{reason}"


def _taken_back(day: str, before: Edit, attributes: Mapping[str, Json]) -> str:
    """Return what becomes of a date whose edit is taken back: "Mon 17 May 2027 moves back from 14:00"."""
    name, at = name_of(day), moved_to(before)
    if at is None:
        return f"{name} is held again"
    start = _new_start(day, timezones.in_zone(at, _zone(attributes)), attributes)
    return f"{name} moves back from {', '.join(start)}" if start else done(day, None, attributes)


def lines(step: Step) -> list[str]:
    """Return what a step does to single dates: a line for each change, and one for all skips of a closure.

    Many dates that are held again have one line, too. A note stands in the line of its date; then come the
    dates that have nothing else.
    """
    attributes = step.meeting.attributes if step.meeting else {}
    skips: dict[str, list[DateStep]] = {}
    again: list[DateStep] = []
    found: list[str] = []
    for each in step.dates:
        note = step.notes.get(each.date, "")
        if each.action is DateAction.SKIP and not note:
            skips.setdefault(each.closure, []).append(each)
        elif each.action is DateAction.BACK and each.before == SKIP and not note:
            again.append(each)
        else:
            found.append(planned(each, attributes) + _note(note) + _when(each))
    plain = (line for closure, dates in skips.items() for line in _skip_lines(closure, dates))
    return [*plain, *_again_lines(again, attributes), *found, *_note_lines(step)]


def _note(note: str) -> str:
    return f", note {quote(note)}" if note else ""


def _note_lines(step: Step) -> list[str]:
    """Return the dates with nothing but a note, the first few by name."""
    listed = {each.date for each in step.dates}
    noted = sorted(step.notes.keys() - listed)
    more = len(noted) - NOTES_MAX
    rest = [f"{count_noun(more, 'more date')} {'has' if more == 1 else 'have'} a note"] if more > 0 else []
    return [*(f"{name_of(day)}{_note(step.notes[day])}" for day in noted[:NOTES_MAX]), *rest]


_TIMES = frozenset({"start_time", "timezone", "recurrence"})
"""The fields of a meeting's time."""


def audience(step: Step) -> list[str]:
    """Return what the time of a new or rescheduled meeting is where people of its audience are."""
    if step.meeting is None or step.status is Status.EXPIRED:
        return []
    zones = step.meeting.audience
    of_slots = [
        f"{slot.name}: {_elsewhere(slot.meeting, zone, at)}"
        for slot, at in step.slot_starts
        for zone in zones
    ]
    if of_slots or step.starts_at is None or not _has_new_time(step):
        return of_slots
    return [_elsewhere(step.meeting, zone, step.starts_at) for zone in zones]


def _has_new_time(step: Step) -> bool:
    if step.action is Action.UPDATE:
        return any(change.path.partition(".")[0] in _TIMES for change in step.changes)
    return step.action in {Action.CREATE, Action.REPLACE}


def _elsewhere(meeting: Meeting, zone: str, starts_at: datetime) -> str:
    """Return a meeting's time in a zone: "America/New_York: 04:00; 14 to 27 Mar 2027: one hour later"."""
    local = local_time(meeting, zone, starts_at)
    if local is None:
        return instant_words(starts_at, zone)
    clock = time_words(moment_of(local.seconds))
    day = {1: " on the next day", -1: " on the day before"}.get(local.days_later, "")
    others: dict[int, list[str]] = {}
    for each in local.others:
        others.setdefault(each.shift_seconds, []).append(days_between_words(each.first, each.last))
    spans = (f"; {join_words(days)}: {shift_words(shift)}" for shift, days in others.items())
    return f"{clock} {zone}{day}{''.join(spans)}"


def _again_lines(dates: Sequence[DateStep], attributes: Mapping[str, Json]) -> list[str]:
    if len(dates) <= AGAIN_MAX:
        return [planned(each, attributes) + _when(each) for each in dates]
    return [f"{len(dates)} dates are held again: {names(each.date for each in dates)}"]


def _skip_lines(closure: str, dates: Sequence[DateStep]) -> list[str]:
    if len(dates) <= SKIPS_MAX:
        return [planned(each, {}) + _when(each) for each in dates]
    reason = f" ({closure})" if closure else ""
    return [f"skips {len(dates)} dates{reason}: {names(each.date for each in dates)}"]


def _when(each: DateStep) -> str:
    if each.status is not Status.DEFERRED:
        return ""
    late = ", after its date" if each.late else ""
    return f", on {each.day} (UTC){late}" if each.day else ", on a later day"


def all_done(
    edits: Mapping[str, Edit], attributes: Mapping[str, Json], taken_back: Mapping[str, Edit] | None = None
) -> tuple[str, ...]:
    """Return edits that were made in words: many skips on one line, every other edit on its own.

    `taken_back` are edits that dates had before, as far as they are known.
    """
    before = taken_back or {}
    skips = sorted(day for day, edit in edits.items() if edit == SKIP)
    others = tuple(
        _taken_back(day, before[day], attributes)
        if edit is None and day in before
        else done(day, edit, attributes)
        for day, edit in sorted(edits.items())
        if edit != SKIP
    )
    if len(skips) <= SKIPS_MAX:
        return (*(done(day, SKIP, attributes) for day in skips), *others)
    return (f"skips {len(skips)} dates: {names(skips)}", *others)


def done(day: str, edit: Edit, attributes: Mapping[str, Json]) -> str:
    """Return an edit in words: "Mon 17 May 2027 moves to Tue 18 May, 14:00, 30 min"."""
    name = name_of(day)
    if edit is None:
        return f"{name} is held as the rule gives it"
    if edit == SKIP:
        return f"skips {name}"
    at = moved_to(edit)
    assert at is not None, "a changed date has a start"
    local = timezones.in_zone(at, _zone(attributes))
    parts = [*_new_start(day, local, attributes), *_new_duration(edit, attributes)]
    parts += [f"agenda {edit['agenda']!r}"] if "agenda" in edit else []
    parts += [f"{setting}: {_value(value)}" for setting, value in edit.get("settings", {}).items()]
    is_moved = bool(_new_start(day, local, attributes))
    return f"{name} {'moves to' if is_moved else 'has'} {', '.join(parts)}"


def drifted(day: str, edit: Edit, attributes: Mapping[str, Json]) -> str:
    """Return what somebody did to a date in Zoom: "Mon 5 Apr 2027 was cancelled"."""
    if edit == SKIP:
        return f"{name_of(day)} was cancelled"
    return done(day, edit, attributes)


def exception_line(day: str, edit: Edit, attributes: Mapping[str, Json]) -> str:
    """Return the line of `exceptions` that declares an edit: "`2027-04-05: skip`"."""
    if not isinstance(edit, Mapping):
        return f"`{day}: skip`" if edit == SKIP else f"`{day}` is as the rule gives it: remove its exception"
    at = moved_to(edit)
    assert at is not None, "a changed date has a start"
    local = timezones.in_zone(at, _zone(attributes))
    return f"`{day}: {{start_time: {local:%Y-%m-%d %H:%M}, duration: {edit['duration']}}}`"


def name_of(day: str) -> str:
    """Return the name of a date in words: "Mon 5 Apr 2027"."""
    moment = datetime.combine(date.fromisoformat(day), datetime.min.time())
    return f"{short_weekday(moment)} {day_words(moment)}"


def names(days: Iterable[str]) -> str:
    """Return several dates in a row, the first few by name."""
    known = sorted(days)
    named = ", ".join(name_of(day) for day in known[:NAMED_MAX])
    return f"{named}, and {len(known) - NAMED_MAX} more" if len(known) > NAMED_MAX else named


def _new_start(day: str, local: datetime, attributes: Mapping[str, Json]) -> list[str]:
    """Return day and time that differ from the rule's; the year only where it is another one."""
    own = date.fromisoformat(day)
    usual = timezones.parsed(attributes["start_time"])
    if usual.tzinfo is not None:
        usual = timezones.in_zone(usual, timezones.known_zone(attributes["timezone"]))
    if local.date() == own and local.time() == usual.time():
        return []
    words = f"{short_weekday(local)} {day_words(local)}".removesuffix(f" {own.year}")
    return [words, time_words(local)] if local.date() != own else [time_words(local)]


def _zone(attributes: Mapping[str, Json]) -> timezones.Zone:
    """Return the zone of a meeting; UTC where it names none that this machine knows."""
    return timezones.zone(str(attributes.get("timezone", ""))) or timezones.known_zone("UTC")


def _new_duration(edit: Edit, attributes: Mapping[str, Json]) -> list[str]:
    return [f"{edit['duration']} min"] if edit["duration"] != attributes.get("duration", 60) else []


def _value(value: Json) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
