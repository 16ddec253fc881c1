"""Compares the single dates of one series: declared, recorded, and as Zoom shows them. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime

from msgspec import Struct

from reconciler.apply._messages import IS_OVER, LEFT_OUT
from reconciler.meeting.closures import SKIP
from reconciler.meeting.meeting import minutes_of
from reconciler.meeting.single_dates import Edit, SeriesDate, edit_now, is_over, moved_to
from reconciler.meeting.timezones import utc_text
from reconciler.ports import Body, Json
from reconciler.state.state import Record
from reconciler.state.stored_dates import OF_A_DATE, StoredDate, readable, starts_after

NOT_LISTED = "Zoom does not list it"
SEVERAL = "Zoom lists several dates that may be it"
IS_LAST = "it is the last date to come in Zoom, and deleting it would end the meeting"
STAYS_DELETED = "it is not held in Zoom, and only sending the rule again brings it back"
NOT_AVAILABLE = "Zoom does not list it as available, so it is not deleted"


class DateWork(Struct, frozen=True):
    """One date to change: its name, occurrence and start, its edit afterwards, and the body to send.

    `body` is None for a date that is deleted. `turn_at` is the earlier of its two starts.
    """

    day: str
    occurrence_id: str
    start: datetime
    edit: Edit
    body: Mapping[str, Json] | None
    turn_at: datetime

    @property
    def requests(self) -> int:
        """The requests that it uses of the host's day: 1, or 0 for a deleted date."""
        return int(self.body is not None)


class Comparison(Struct):
    """What is to be sent, the edits that Zoom has already (None: none any more), and dates with a problem.

    `deleted` are dates that are not held in Zoom and should be: only the rule brings them back. `standing`
    are edits that dates to be changed have in Zoom until then, and that no record has: a read tells them.
    """

    work: list[DateWork] = []
    done: dict[str, Edit] = {}
    problems: dict[str, str] = {}
    deleted: list[str] = []
    standing: dict[str, Edit] = {}


class Known(Struct, frozen=True):
    """What is known about the dates of one series, besides what Zoom shows.

    `declared` are the declared edits, `recorded` those that are done. `taken_back` are those that a write of
    the meeting may have undone, and those that are to be undone. `is_sent` is set after a write of the
    meeting itself: then every date is judged by Zoom, also those that are recorded as done. `planned` are
    dates that the plan changes, after a refresh also where they are recorded as done. `until` is the last
    start of the window that Zoom keeps, None if it keeps every date.
    """

    declared: Mapping[str, SeriesDate]
    recorded: Mapping[str, Edit]
    taken_back: Mapping[str, Edit] = {}
    is_sent: bool = False
    planned: Collection[str] = ()
    until: datetime | None = None

    @property
    def days(self) -> tuple[str, ...]:
        """Every date that matters, in order."""
        return tuple(sorted({*self.declared, *self.recorded, *self.taken_back}))


def compare(
    attributes: Mapping[str, Json], known: Known, found: Mapping[str, StoredDate], now: datetime
) -> Comparison:
    """Compare the dates of a series with what Zoom shows."""
    comparison = Comparison()
    minutes = minutes_of(attributes)
    for day in known.days:
        stored = found.get(day)
        if day in known.declared:
            declared = known.declared[day]
            edit = edit_now(declared.edit, now)
            if known.is_sent or day in known.planned or known.recorded.get(day) not in (edit, declared.edit):
                if stored is not None and stored.is_deleted and stored.start <= now and edit != SKIP:
                    comparison.problems[day] = IS_OVER  # no rule brings it back
                else:
                    _compare_declared(comparison, declared, edit, stored, minutes)
            continue
        before = known.recorded.get(day, known.taken_back.get(day))
        if stored is not None and stored.occurrence is None and known.until and stored.start > known.until:
            comparison.done[day] = None  # Zoom does not keep it yet
        elif stored is not None and stored.is_deleted and stored.start <= now:  # no rule brings it back
            if not known.is_sent:
                comparison.done[day] = None
        elif stored is not None and not is_over(stored.start, before, now):
            _compare_taken_back(comparison, attributes, stored, before, now)
    return comparison


def keep_last(comparison: Comparison, stored: Body, now: datetime) -> None:
    """Leave the last date to come where it is: without one, the meeting would be over in Zoom.

    The plan leaves a date out as well, but dates may be missing in Zoom that it does not know of.
    """
    deletes = {each.occurrence_id: each for each in comparison.work if each.body is None}
    to_come = [each for each in readable(stored) if starts_after(each, now)]
    if not deletes or any(str(each["occurrence_id"]) not in deletes for each in to_come):
        return
    last = max(deletes.values(), key=lambda each: each.start)
    comparison.work.remove(last)
    comparison.problems[last.day] = IS_LAST


def unlisted_parts(edit: Edit) -> dict[str, Json]:
    """Return the parts of an edit that only a read of the date itself shows."""
    return {name: edit[name] for name in OF_A_DATE if name in edit} if isinstance(edit, Mapping) else {}


def listed_parts(edit: Edit) -> Edit:
    """Return the parts of an edit that the list of dates shows."""
    hidden = unlisted_parts(edit)
    return {name: edit[name] for name in edit if name not in hidden} if isinstance(edit, Mapping) else edit


def taken_in_part(
    record: Record, found: Mapping[str, StoredDate], edits: Mapping[str, Edit]
) -> dict[str, Edit]:
    """Return what is to be recorded of the edits of which Zoom took a part, by what its list shows.

    Without a record of where such a date is now, nothing would find it once something else is declared.
    """
    minutes = minutes_of(record.attributes)
    parts = {
        day: _part(found.get(day), edit, record.exceptions.get(day), minutes) for day, edit in edits.items()
    }
    return {day: part for day, part in parts.items() if part is not None}


def _part(found: StoredDate | None, edit: Edit, before: Edit, minutes: int) -> Edit:
    """Return the part of an edit that was taken; `before` is the recorded one. None: nothing was."""
    if found is None or found.occurrence is None or found.doubtful or found.is_deleted:
        return None
    if found.has(edit, minutes):
        return listed_parts(edit) if unlisted_parts(edit) else None
    shown = found.edit(minutes)
    return None if shown is None or found.has(before, minutes) else {**shown, **unlisted_parts(before)}


def _compare_declared(
    comparison: Comparison, declared: SeriesDate, edit: Edit, stored: StoredDate | None, minutes: int
) -> None:
    day = declared.day
    if stored is None or stored.doubtful:
        comparison.problems[day] = SEVERAL if stored else NOT_LISTED
    elif stored.is_left_out and edit == SKIP:
        comparison.done[day] = SKIP
    elif stored.has(edit, minutes) and not unlisted_parts(edit):
        comparison.done[day] = edit
    elif stored.has(declared.edit, minutes) and not unlisted_parts(edit):
        comparison.done[day] = declared.edit
    elif stored.is_deleted:
        comparison.deleted.append(day)
        comparison.done[day] = SKIP
    elif stored.occurrence is None:
        comparison.problems[day] = LEFT_OUT if stored.is_left_out else NOT_LISTED
    else:
        _add_work(comparison, stored, edit, declared.turn_at)


def _compare_taken_back(
    comparison: Comparison, attributes: Mapping[str, Json], stored: StoredDate, before: Edit, now: datetime
) -> None:
    minutes = minutes_of(attributes)
    if stored.is_deleted:
        comparison.deleted.append(stored.day)
        comparison.done[stored.day] = SKIP
    elif stored.doubtful or (stored.occurrence is None and moved_to(before) is not None):
        comparison.problems[stored.day] = SEVERAL if stored.doubtful else NOT_LISTED
    elif stored.occurrence is None or (stored.has(None, minutes) and not unlisted_parts(before)):
        comparison.done[stored.day] = None
    elif stored.start <= now:  # no start that is past can be sent: the date is not held where it was moved to
        _add_work(comparison, stored, SKIP, stored.start)
    else:
        body = _own_values(attributes, stored, before)
        comparison.work.append(DateWork(stored.day, stored.id, stored.start, None, body, stored.start))


def _own_values(attributes: Mapping[str, Json], stored: StoredDate, before: Edit) -> dict[str, Json]:
    """Return the body that gives a date the values of its series, for all that its edit `before` changed."""
    changed, settings = unlisted_parts(before), attributes.get("settings", {})
    own = {name: settings[name] for name in changed.get("settings", ()) if name in settings}
    body: dict[str, Json] = {"start_time": utc_text(stored.start), "duration": minutes_of(attributes)}
    if "agenda" in changed:
        body["agenda"] = attributes.get("agenda", "")
    return {**body, "settings": own} if own else body


def _add_work(comparison: Comparison, stored: StoredDate, edit: Edit, turn_at: datetime) -> None:
    """Add a declared edit to the work. Only a date that Zoom lists as available may be deleted."""
    if edit == SKIP and not stored.is_available:
        comparison.problems[stored.day] = NOT_AVAILABLE
        return
    body = dict(edit) if isinstance(edit, Mapping) else None
    comparison.work.append(DateWork(stored.day, stored.id, stored.start, edit, body, turn_at))


def in_order(work: Iterable[DateWork]) -> list[DateWork]:
    """Return skips before changes, each soonest first."""
    return sorted(work, key=lambda each: (each.requests, each.turn_at, each.day))
