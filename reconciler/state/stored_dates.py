"""Single dates of a series as Zoom has them, found among the occurrences of a read.

A date is found by the local day of its start, a moved one by the instant that it was moved to. Ids are read,
never made up.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime

from reconciler.meeting import timezones
from reconciler.meeting.closures import SKIP
from reconciler.meeting.meeting import DURATION_MINUTES_DEFAULT, series
from reconciler.meeting.recurrence import Series
from reconciler.meeting.single_dates import Edit, is_over, moved_to
from reconciler.ports import Body, Json
from reconciler.state.state import Record

DELETED = "deleted"
"""Zoom's status of an occurrence that was deleted."""

OF_A_DATE = ("agenda", "settings")
"""The parts of an edit that the list of occurrences does not show: they are read date by date."""


@dataclass(frozen=True, slots=True)
class StoredDate:
    """One date in Zoom: its name, the start that the rule gives it, and its occurrence.

    `occurrence` is None where Zoom lists none for the date; `doubtful` is set where it lists several.
    `is_absent` is set where Zoom lists none because the date is not held.
    """

    day: str
    start: datetime
    occurrence: Body | None
    doubtful: bool = False
    is_absent: bool = False

    @property
    def id(self) -> str:
        """The id of its occurrence."""
        assert self.occurrence is not None, "a date that Zoom does not list has no id"
        return str(self.occurrence["occurrence_id"])

    @property
    def is_deleted(self) -> bool:
        """True if the date was deleted in Zoom."""
        return self.occurrence is not None and self.occurrence.get("status") == DELETED

    def edit(self, duration: int) -> Edit:
        """Return its edit, as far as the list shows it; None if it is as the rule gives it."""
        if self.is_absent:
            return SKIP
        if self.occurrence is None:
            return None
        if self.is_deleted:
            return SKIP
        start_time, minutes = _start(self.occurrence), self.occurrence.get("duration", duration)
        if start_time == self.start and minutes == duration:
            return None
        return {"start_time": _text(start_time), "duration": minutes}

    def has(self, edit: Edit, duration: int) -> bool:
        """Return whether the date is so in Zoom, as far as the list shows it."""
        return bool(self.edit(duration) == _listed_part(edit, self.start, duration))


def minutes_of(attributes: Mapping[str, Json]) -> int:
    """Return the duration of each date of a series that is not changed."""
    minutes: int = attributes.get("duration", DURATION_MINUTES_DEFAULT)
    return minutes


def readable(stored: Body) -> list[Body]:
    """Return the occurrences of a read that have an id and a start; others are as if they were not listed."""
    return [each for each in stored.get("occurrences") or () if _is_readable(each)]


def starts_after(occurrence: Body, now: datetime) -> bool:
    """Return whether a date that was not deleted is listed after an instant."""
    return occurrence.get("status") != DELETED and _start(occurrence) > now


def _is_readable(occurrence: Json) -> bool:
    try:
        return bool(occurrence["occurrence_id"]) and _start(occurrence) is not None
    except (AttributeError, KeyError, TypeError, ValueError):
        return False


def find(
    attributes: Mapping[str, Json], stored: Body, days: Iterable[str], edits: Sequence[Mapping[str, Edit]]
) -> dict[str, StoredDate]:
    """Return each of the `days` of a series, by name, as a read of its meeting shows it.

    `edits` are all that a date may have by now: recorded, declared, about to be made. Days that the rule of
    `attributes` does not give are left out.
    """
    recurring = series(attributes)
    if recurring is None:
        return {}
    start_on = recurring.by_day()
    starts = {day: start for day in days if (start := start_on(date.fromisoformat(day)))}
    listed = readable(stored)
    found: dict[str, StoredDate] = {}
    moves = {
        day: {moved_to(each.get(day)) for each in edits} - {None, start} for day, start in starts.items()
    }
    taken = {at for each in moves.values() for at in each}
    for day, start in starts.items():
        is_at_its_start = start not in taken and any(_start(each) == start for each in listed)
        if is_at_its_start or not moves[day]:
            continue
        is_skip = any(each.get(day) == SKIP for each in edits)
        if candidates := _moved(listed, start, moves[day], is_skip=is_skip):
            listed.remove(candidates[0])
            found[day] = StoredDate(day, start, candidates[0], doubtful=len(candidates) > 1)
    zone = timezones.known_zone(recurring.timezone)
    for day in starts.keys() - found.keys():
        same_day = [each for each in listed if _local_day(each, zone) == day]
        found[day] = _of_day(day, starts[day], same_day)
    return {**found, **_absent(found, readable(stored), recurring, edits)}


def _absent(
    found: Mapping[str, StoredDate],
    listed: Sequence[Body],
    recurring: Series,
    edits: Sequence[Mapping[str, Edit]],
) -> dict[str, StoredDate]:
    """Return the dates that are not listed because they are not held, marked as such.

    They were before the first of the list, or were deleted where somebody had moved them to.
    """
    missing = [each for each in found.values() if each.occurrence is None]
    first = min((_start(each) for each in listed), default=None)
    strangers = _strangers(found, listed, recurring) if missing and first else []
    if first is None or any(each.get("status") != DELETED for each in strangers):
        return {}
    earliest = {
        each.day: min([each.start, *filter(None, (moved_to(edit.get(each.day)) for edit in edits))])
        for each in missing
    }
    # No series begins in an hour that clocks skip: such a date was left out when the series was sent.
    missing = [each for each in missing if not recurring.is_held_later(each.start)]
    before = [each for each in missing if earliest[each.day] < first]
    others = [each for each in missing if each not in before]
    absent = [*before, *(others if len(others) <= len(strangers) else ())]
    return {each.day: replace(each, is_absent=True) for each in absent}


def _strangers(found: Mapping[str, StoredDate], listed: Iterable[Body], recurring: Series) -> list[Body]:
    """Return what is listed at a start that is neither the rule's nor one of the dates that were found."""
    zone = timezones.known_zone(recurring.timezone)
    known = [each.occurrence for each in found.values()]
    return [
        each
        for each in listed
        if each not in known
        and recurring.start_on(date.fromisoformat(_local_day(each, zone))) != _start(each)
    ]


def window_of(
    attributes: Mapping[str, Json], stored: Body, edits: Sequence[Mapping[str, Edit]]
) -> dict[str, Json]:
    """Return the first and the last start that Zoom keeps of a longer series; empty if it keeps all of it.

    `edits` are all that a date may have by now: a moved one counts where the rule gives it. The last is None
    where the series in Zoom has no end.
    """
    recurring = series(attributes)
    listed = [_start(each) for each in readable(stored)]
    if recurring is None or not listed:
        return {}
    own = {
        moved_to(edit): recurring.start_on(date.fromisoformat(day))
        for each in edits
        for day, edit in each.items()
    }
    starts = sorted(own.get(start) or start for start in listed)
    last = recurring.last()
    kept = recurring.occurrence(recurring.remaining(starts[-1]).over - 1)
    if kept is None or (last is not None and kept >= last):
        return {}
    rule = stored.get("recurrence") or {}
    is_endless = rule.get("end_times") == 0 and not rule.get("end_date_time")
    return {"from": _text(starts[0]), "to": None if is_endless else _text(kept)}


def kept_until(window: Mapping[str, Json]) -> datetime | None:
    """Return the last start of a recorded window; None where it has no end, or there is none."""
    return timezones.instant(window["to"], "UTC") if window.get("to") else None


def edits_in_zoom(
    attributes: Mapping[str, Json], stored: Body, recorded: Mapping[str, Edit], now: datetime
) -> dict[str, Edit]:
    """Return every edit of a date to come that Zoom has, by name, as far as the list shows it.

    A date that was moved by hand is found by its id, if that is the start that the rule gives. Others are
    found only where as many dates are missing as are listed on other days.
    """
    recurring = series(attributes)
    listed = readable(stored)
    if recurring is None or not listed:
        return {}
    last = max(_start(each) for each in listed)
    by_id = dict(_moved_by_id(recurring, listed))
    days = [*_days_until(recurring, now, last), *recorded, *by_id]
    found = find(attributes, stored, dict.fromkeys(days), [recorded, by_id])
    minutes = minutes_of(attributes)
    edits = {day: each.edit(minutes) for day, each in found.items()}
    edits = {day: edit for day, edit in edits.items() if not is_over(found[day].start, edit, now)}
    edits |= _moved_by_hand(found, listed, minutes, now)
    return {day: edit for day, edit in sorted(edits.items()) if edit is not None}


def clicked_dates(record: Record, stored: Body, now: datetime) -> dict[str, Edit]:
    """Return the dates to come that are not in Zoom as they are recorded, each with its edit there.

    None is a date that is as the rule gives it. Agenda and settings of a date are not compared: no list shows
    them.
    """
    found = edits_in_zoom(record.attributes, stored, record.exceptions, now)
    starts = find(record.attributes, {}, record.exceptions, [])
    recorded = {
        # A date that was held where it was moved to is not held again.
        day: SKIP
        if (moved_to(edit) or now) < now
        else _listed_part(edit, starts[day].start, minutes_of(record.attributes))
        for day, edit in record.exceptions.items()
        if day in starts and not is_over(starts[day].start, edit, now)
    }
    days = sorted({*found, *recorded})
    return {day: found.get(day) for day in days if found.get(day) != recorded.get(day)}


def _days_until(recurring: Series, now: datetime, last: datetime) -> Iterator[str]:
    zone = timezones.known_zone(recurring.timezone)
    index = recurring.remaining(now).over
    while (start := recurring.occurrence(index)) is not None and start <= last:
        yield timezones.in_zone(start, zone).date().isoformat()
        index += 1


def _moved_by_id(recurring: Series, listed: Iterable[Body]) -> Iterator[tuple[str, Edit]]:
    """Yield the dates that are listed elsewhere under the id of the start that the rule gives them."""
    zone = timezones.known_zone(recurring.timezone)
    for each in listed:
        own = rule_start(each)
        if own is None or own == _start(each):
            continue
        day = timezones.in_zone(own, zone).date()
        if recurring.start_on(day) == own:
            yield day.isoformat(), {"start_time": each["start_time"], "duration": each.get("duration")}


def rule_start(occurrence: Json) -> datetime | None:
    """Return the start that an occurrence's id gives in milliseconds; None where it gives none."""
    try:
        return datetime.fromtimestamp(int(occurrence["occurrence_id"]) // 1000, UTC)
    except (KeyError, TypeError, ValueError, OverflowError, OSError):
        return None


def _moved_by_hand(
    found: Mapping[str, StoredDate], listed: Iterable[Body], minutes: int, now: datetime
) -> dict[str, Edit]:
    known = [each.occurrence for each in found.values()]
    others = [each for each in listed if each not in known and _start(each) > now]
    missing = [
        each for each in found.values() if each.occurrence is None and not each.is_absent and each.start > now
    ]
    if len(others) != len(missing):
        return {}
    pairs = zip(sorted(missing, key=lambda each: each.start), sorted(others, key=_start), strict=True)
    return {
        date.day: {"start_time": _text(_start(other)), "duration": other.get("duration", minutes)}
        for date, other in pairs
    }


def _text(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def _moved(
    listed: Iterable[Body], start: datetime, moves: Collection[datetime | None], *, is_skip: bool
) -> list[Body]:
    """Return the occurrences that may be a date which was moved; another date may be held there as well."""
    # A date that was deleted after it was moved stays listed where it was moved to.
    at = [each for each in listed if _start(each) in moves]
    if len(at) > 1 and any(rule_start(each) == start for each in at):
        return [each for each in at if rule_start(each) == start]
    if len(at) > 1 and not is_skip:
        return [each for each in at if each.get("status") != DELETED]
    return at


def _of_day(day: str, start: datetime, same_day: Sequence[Body]) -> StoredDate:
    if len(same_day) > 1:  # another date was moved to this day
        same_day = [each for each in same_day if _start(each) == start] or same_day
    return StoredDate(day, start, same_day[0] if same_day else None, doubtful=len(same_day) > 1)


def _local_day(occurrence: Body, zone: timezones.Zone) -> str:
    return timezones.in_zone(_start(occurrence), zone).date().isoformat()


def _start(occurrence: Body) -> datetime:
    return timezones.instant(occurrence["start_time"], "UTC")


def _listed_part(edit: Edit, start: datetime, duration: int) -> Edit:
    """Return what the list of occurrences shows of an edit; None if that is what the rule gives."""
    if not isinstance(edit, Mapping):
        return edit
    shown = {"start_time": edit["start_time"], "duration": edit["duration"]}
    return None if (moved_to(edit), edit["duration"]) == (start, duration) else shown
