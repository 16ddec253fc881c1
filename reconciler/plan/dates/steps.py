"""Steps of single dates: what is declared about the dates of a series against what is recorded as done."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import date, datetime
from itertools import islice

from msgspec.structs import replace

from reconciler.meeting.closures import SKIP, is_in_pattern
from reconciler.meeting.humanize import instant_words, time_words
from reconciler.meeting.meeting import Meeting, sent_start_at, series
from reconciler.meeting.recurrence import OCCURRENCES_MAX
from reconciler.meeting.single_dates import (
    HELD_WITHIN,
    Edit,
    SeriesDate,
    changed_in_gap,
    declared_edit,
    edit_now,
    edited_dates,
    is_any_held,
    is_as_given,
    is_over,
    moved_to,
)
from reconciler.meeting.timezones import in_zone, known_zone, local_day
from reconciler.plan.change import Action, FieldChange
from reconciler.plan.dates import windows
from reconciler.plan.dates.windows import ALL_KEPT, Kept
from reconciler.plan.dates.words import name_of
from reconciler.plan.step import DateAction, DateStep, Status, Step
from reconciler.state.state import Record

RESCHEDULES = frozenset({"start_time", "timezone", "recurrence", "type"})
"""Fields whose update makes the dates of a series anew: what was done to single ones is undone."""


ALL_SKIPPED = "every date that is left is skipped"
NOT_HELD_FOR_LONG = f"none of its next {HELD_WITHIN} dates is held"
RESENT = "Zoom brings a skipped date back only if the rule is sent again"
UNDOES_OTHERS = ", which undoes the others: they follow"


def with_dates(step: Step, record: Record | None, now: datetime) -> Step:
    """Return the step with what it does to single dates, and with the first start that is held.

    `record` is the record of the meeting that keeps its id; None for one that is created. An update may also
    extend the window of a longer series.
    """
    meeting = step.meeting
    if meeting is None:
        return step
    is_new = record is None or reschedules(step.changes)
    left = None if is_new or record is None else windows.due(meeting, record, now)
    if left is None and not (meeting.dates or (record and record.exceptions)):
        return step
    recorded = record.exceptions if record is not None else {}
    skipped = {} if is_new else recorded
    plain, unskipped = _held(meeting, now, windows.kept(meeting, record, now, is_sent=is_new), skipped)
    step = replace(step, unskipped=unskipped.day) if unskipped and record is not None else step
    backs = list(_backs(meeting, recorded, plain, now))
    new = [each for found in plain.values() if (each := _changed(meeting, found, recorded, now))]
    resends = left is not None or (not is_new and any(each.before == SKIP for each in backs))
    is_sent = is_new or resends
    declared, changed = plain, new
    if is_sent:
        declared = held_declared(meeting, now, windows.kept(meeting, record, now, is_sent=True), {})
        changed = [each for found in declared.values() if (each := _changed(meeting, found, {}, now))]
    backs = [each for each in backs if each.date not in plain]
    starts_at = first_held(meeting, declared, now, step.starts_at) or step.starts_at
    if not (changed or backs or is_sent) and starts_at == step.starts_at:
        return step
    step = replace(
        step,
        dates=tuple(sorted((*changed, *backs), key=lambda each: each.date)),
        resends=resends,
        undoes=bool(recorded) and is_sent,
        starts_at=starts_at,
        notes=_notes(meeting, [each.date for each in (*changed, *backs)], now, is_made=record is None),
    )
    if left is not None and record is not None:
        step = windows.extended(step, record, left, now, is_alone=not (step.changes or new or backs))
    elif resends:
        others = any(each.action is not DateAction.BACK for each in step.dates)
        step = replace(step, reasons=(*step.reasons, RESENT + (UNDOES_OTHERS if others else "")))
    if is_sent and step.status is Status.NOW and (gap := _lost_in_gap(meeting, now)):
        return step.with_status(Status.WITHHELD, gap)
    wait = _moved_to_come(record, now) if record is not None and step.undoes else None
    return step if wait is None else step.deferred_until(*wait)


def _notes(meeting: Meeting, listed: Iterable[str], now: datetime, *, is_made: bool) -> dict[str, str]:
    """Return the notes of the dates that a step lists; where it makes the meeting, of the others too."""
    days = {*listed, *(_held_as_given(meeting, now) if is_made else ())}
    return {day: note for day in sorted(days) if (note := meeting.dates.note(day))}


def _held_as_given(meeting: Meeting, now: datetime) -> Iterator[str]:
    """Yield the dates to come that have an exception and are held as the rule gives them."""
    recurring = series(meeting.attributes)
    for name in meeting.dates.exceptions if recurring is not None else ():
        day = date.fromisoformat(name)
        start = recurring.start_on(day) if recurring is not None else None
        if start is None or start <= now:
            continue
        if declared_edit(meeting.attributes, meeting.dates, day, start) is None:
            yield name


def _lost_in_gap(meeting: Meeting, now: datetime) -> str:
    """Return why the rule cannot be sent now: a changed date would be lost; empty if none would be."""
    wall = next(changed_in_gap(meeting.attributes, meeting.dates, now), None)
    if wall is None:
        return ""
    day = f"{wall:%Y-%m-%d}"
    return (
        f"{name_of(day)} cannot be changed: clocks skip {time_words(wall)} that day, and no series can begin "
        f"there; to send the others, write `{day}: skip`, and declare a meeting of its own for it"
    )


def all_skipped(meeting: Meeting, now: datetime) -> bool:
    """Return whether nothing is left of a series but dates that are skipped.

    A date that was moved to an earlier instant, and was held there, counts as skipped.
    """
    edits = edited_dates(meeting.attributes, meeting.dates, now)
    return _are_all_skipped(meeting, edits, now, ALL_KEPT)


def why_not_made(meeting: Meeting, now: datetime) -> str:
    """Return why a new series is withheld: none of its dates is held; empty if one is."""
    recurring = series(meeting.attributes)
    if recurring is None or not recurring.is_longer_than_kept(now):
        return ALL_SKIPPED if all_skipped(meeting, now) else ""
    if is_any_held(meeting.attributes, meeting.dates, now):
        return ""
    return ALL_SKIPPED if meeting.dates.paused_after() else NOT_HELD_FOR_LONG


def was_last_held_earlier(meeting: Meeting, now: datetime) -> bool:
    """Return whether nothing is left of a series, and a date that the rule still gives was held earlier.

    Something is always left of a series that has more dates than Zoom keeps.
    """
    recurring = series(meeting.attributes)
    if recurring is None or recurring.is_longer_than_kept(now):
        return False
    edits = edited_dates(meeting.attributes, meeting.dates, now)
    is_any_held = any(each.edit != SKIP == edit_now(each.edit, now) for each in edits.values())
    return is_any_held and all_skipped(meeting, now)


def held_earlier(meeting: Meeting) -> str:
    """Return why nothing is changed of a series whose last date was held earlier, and until when."""
    until = f"the last date of its rule, {_last_date(meeting)}, is over"
    return f"its last date was held earlier than the rule gives it: nothing of it is changed until {until}"


def only_skipped(meeting: Meeting) -> str:
    """Return why no new rule is sent of a series of which only skipped dates are left, and until when."""
    last = _last_date(meeting)
    left = f"every date that is left, until {last}," if last else "every date that is left"
    return f"{left} is skipped, and a new rule would bring one back"


def _last_date(meeting: Meeting) -> str:
    """Return the last date of the rule in words; empty if it has no end."""
    recurring = series(meeting.attributes)
    last_at = recurring.last() if recurring is not None else None
    if recurring is None or last_at is None:
        return ""
    return name_of(f"{in_zone(last_at, known_zone(recurring.timezone)):%Y-%m-%d}")


def brings_one_back(step: Step, record: Record, now: datetime) -> bool:
    """Return whether the update brings a date back to a series of which nothing is held any more.

    That is so where it sends a rule all of whose dates are skipped: Zoom deletes every date but the last.
    """
    meeting = step.meeting
    if meeting is None or not (reschedules(step.changes) and _is_none_left(record, now)):
        return False
    return all_skipped(meeting, now)


def _is_none_left(record: Record, now: datetime) -> bool:
    """Return whether every date that the recorded rule still gives is skipped, or was held earlier."""
    recurring = series(record.attributes)
    if recurring is None:
        return False
    edits = record.exceptions.items()
    skipped = [date.fromisoformat(day) for day, edit in edits if edit_now(edit, now) == SKIP]
    starts = [recurring.start_on(day) for day in skipped]
    return recurring.remaining(now).left == sum(1 for start in starts if start is not None and start > now)


def _are_all_skipped(meeting: Meeting, edits: Mapping[str, SeriesDate], now: datetime, kept: Kept) -> bool:
    if not edits or any(edit_now(each.edit, now) != SKIP for each in edits.values()):
        return False
    recurring = series(meeting.attributes)
    if recurring is None:
        return False
    coming = recurring.remaining(now)
    if kept.until is not None:
        return len(edits) == recurring.remaining(kept.until).over - coming.over
    return len(edits) == (OCCURRENCES_MAX if coming.left is None else min(coming.left, OCCURRENCES_MAX))


def next_held(meeting: Meeting, now: datetime) -> datetime | None:
    """Return the next start that is held once the meeting is sent as declared; None if nothing is."""
    next_at = sent_start_at(meeting.attributes, now)
    if not meeting.dates:
        return next_at
    kept = windows.kept(meeting, None, now, is_sent=True)
    return first_held(meeting, held_declared(meeting, now, kept, {}), now, next_at)


def first_held(
    meeting: Meeting, edits: Mapping[str, SeriesDate], now: datetime, next_at: datetime | None
) -> datetime | None:
    """Return the earliest start that is to come and held, `next_at` or a later one; None if nothing is."""
    if next_at is not None and all(next_at < each.turn_at for each in edits.values()):
        return next_at
    recurring = series(meeting.attributes)
    if recurring is None:
        return None
    zone = known_zone(recurring.timezone)
    moved = [each.held_at for each in edits.values() if each.edit != SKIP and each.held_at > now]
    for start in islice(recurring.coming(now), HELD_WITHIN):
        if local_day(start, zone).isoformat() not in edits:
            return min(start, *moved) if moved else start
    return min(moved, default=None)


def held_declared(
    meeting: Meeting, now: datetime, kept: Kept, recorded: Mapping[str, Edit]
) -> dict[str, SeriesDate]:
    """Return the declared edits of the dates that Zoom keeps; if none is held, the last one is not skipped.

    That is the last one that is not skipped in Zoom already, by what is `recorded`: none is brought back.
    """
    found, _ = _held(meeting, now, kept, recorded)
    return found


def _held(
    meeting: Meeting, now: datetime, kept: Kept, recorded: Mapping[str, Edit]
) -> tuple[dict[str, SeriesDate], SeriesDate | None]:
    """Return the edits as `held_declared`, and the date that is declared as skipped and is not."""
    found = edited_dates(meeting.attributes, meeting.dates, now, until=kept.until)
    if not _are_all_skipped(meeting, found, now, kept):
        return found, None
    last = next((day for day in reversed(found) if edit_now(recorded.get(day), now) != SKIP), None)
    return found, found.pop(last) if last is not None else None


def reschedules(changes: Iterable[FieldChange]) -> bool:
    """Return whether an update of these fields makes the dates of a series anew."""
    return any(change.path.partition(".")[0] in RESCHEDULES for change in changes)


def sends_rule(step: Step) -> bool:
    """Return whether the step sends the rule of its series. A resolve may have sent it, or may not."""
    if step.action is Action.UPDATE:
        return step.resends or reschedules(step.changes)
    return step.action in {Action.CREATE, Action.REPLACE}


def _changed(
    meeting: Meeting, found: SeriesDate, recorded: Mapping[str, Edit], now: datetime
) -> DateStep | None:
    """Return what is to be done to a date that is declared otherwise; None if it is done."""
    before, edit = recorded.get(found.day), edit_now(found.edit, now)
    if before in (found.edit, edit) or edit_now(before, now) == edit == SKIP:  # it was held, or is skipped
        return None
    action = DateAction.SKIP if edit == SKIP else DateAction.CHANGE
    closure = _reason(meeting, found) if found.edit == SKIP else ""
    return DateStep(found.day, action, found.start, edit, before, found.turn_at, closure)


def _backs(
    meeting: Meeting, recorded: Mapping[str, Edit], declared: Mapping[str, SeriesDate], now: datetime
) -> Iterator[DateStep]:
    """Yield the recorded dates that leave their edit: those that are no longer declared, or not skipped."""
    recurring = series(meeting.attributes)
    for day, edit in recorded.items() if recurring is not None else ():
        if edit == SKIP and day in declared and declared[day].edit == SKIP:
            continue
        before = edit_now(edit, now)
        stays_edited = day in declared and (before != SKIP or declared[day].edit == SKIP)
        start = None if stays_edited else recurring.start_on(date.fromisoformat(day)) if recurring else None
        if start is None or is_over(start, edit, now) or is_as_given(meeting.attributes, edit, start):
            continue
        if day not in declared:
            turn_at = min(start, moved_to(before) or start)
            yield DateStep(day, DateAction.BACK, start, None, before, turn_at)
        elif moved_to(declared[day].edit) is None or declared[day].held_at > now:
            # It is changed once the rule has brought it back.
            yield DateStep(day, DateAction.BACK, start, None, before, start)


def _moved_to_come(record: Record, now: datetime) -> tuple[datetime, str] | None:
    """Return until when the rule cannot be sent, and why: a date that it would lose is moved and to come.

    It is a date of the recorded rule: the declared one may have none on that day, or a later one.
    """
    recurring = series(record.attributes)
    for day, edit in record.exceptions.items():
        moved = moved_to(edit)
        start = recurring.start_on(date.fromisoformat(day)) if recurring and moved else None
        if moved is not None and start is not None and start <= now < moved:
            until = instant_words(moved, record.attributes.get("timezone"))
            why = f"its date {day} is moved to {until}, and a new rule would lose it: waits until then"
            return moved, why
    return None


def _reason(meeting: Meeting, found: SeriesDate) -> str:
    day = date.fromisoformat(found.day)
    if meeting.dates.exception(found.day) == SKIP:
        return ""
    if not is_in_pattern(day, meeting.dates.pattern):  # none of the series, also where its day is closed
        return "pattern"
    return meeting.dates.closure_of(day) or ""
