"""Single dates of a series as Zoom has them, found among the occurrences of a read.

A date is found by the local day of its start, a moved one by the instant that it was moved to. Ids are read,
never made up.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import UTC, date, datetime

from msgspec import Struct
from msgspec.structs import replace

from reconciler.meeting import timezones
from reconciler.meeting.closures import SKIP
from reconciler.meeting.meeting import series
from reconciler.meeting.recurrence import Series
from reconciler.meeting.single_dates import Edit, moved_to
from reconciler.ports import Body, Json

AVAILABLE, DELETED = "available", "deleted"
"""Zoom's status of an occurrence that is held, and of one that was deleted."""

OF_A_DATE = ("agenda", "settings")
"""The parts of an edit that the list of occurrences does not show: they are read date by date."""


class StoredDate(Struct, frozen=True):
    """One date in Zoom: its name, the start that the rule gives it, and its occurrence.

    `occurrence` is None where Zoom lists none for the date; `doubtful` is set where it lists several.
    `is_absent` is set where Zoom lists none because the date is not held, and `is_left_out` where it is in an
    hour that clocks skip, before the first one: no series can begin there.
    """

    day: str
    start: datetime
    occurrence: Body | None
    doubtful: bool = False
    is_absent: bool = False
    is_left_out: bool = False

    @property
    def id(self) -> str:
        """The id of its occurrence."""
        assert self.occurrence is not None, "a date that Zoom does not list has no id"
        return str(self.occurrence["occurrence_id"])

    @property
    def is_deleted(self) -> bool:
        """True if the date is not held: it was deleted in Zoom, or is absent."""
        return self.is_absent or (self.occurrence is not None and self.occurrence.get("status") == DELETED)

    @property
    def is_available(self) -> bool:
        """True if Zoom says that the date is held."""
        return self.occurrence is not None and self.occurrence.get("status") == AVAILABLE

    def edit(self, duration: int) -> Edit:
        """Return its edit, as far as the list shows it; None if it is as the rule gives it."""
        if self.is_deleted:
            return SKIP
        if self.occurrence is None:
            return None
        start_time, minutes = start_of(self.occurrence), minutes_in(self.occurrence, duration)
        if start_time == self.start and minutes == duration:
            return None
        return {"start_time": timezones.utc_text(start_time), "duration": minutes}

    def has(self, edit: Edit, duration: int) -> bool:
        """Return whether the date is so in Zoom, as far as the list shows it."""
        return bool(self.edit(duration) == listed_part(edit, self.start, duration))


def readable(stored: Body) -> list[Body]:
    """Return the occurrences of a read that have an id and a start; others are as if they were not listed.

    An id is digits: with any other, a request for one date could become one for the whole series.
    """
    return [each for each in stored.get("occurrences") or () if _is_readable(each)]


def start_of(occurrence: Body) -> datetime:
    """Return the start of a readable occurrence, aware, UTC."""
    return timezones.instant(occurrence["start_time"], "UTC")


def minutes_in(occurrence: Body, usual: int) -> int:
    """Return the duration of an occurrence; the `usual` one where Zoom does not give it."""
    minutes = occurrence.get("duration")
    return usual if minutes is None else minutes


def starts_after(occurrence: Body, now: datetime) -> bool:
    """Return whether a date that was not deleted is listed after an instant."""
    return occurrence.get("status") != DELETED and start_of(occurrence) > now


def rule_start(occurrence: Json) -> datetime | None:
    """Return the start that an occurrence's id gives in milliseconds; None where it gives none."""
    try:
        start = datetime.fromtimestamp(int(occurrence["occurrence_id"]) // 1000, UTC)
    except (KeyError, TypeError, ValueError, OverflowError, OSError):
        return None
    return start if timezones.is_within_bounds(start) else None


def rule_starts(found: Iterable[StoredDate], listed: Iterable[Body]) -> list[datetime]:
    """Return the start of each occurrence of a read: of the dates that were `found`, the rule's."""
    # Two occurrences may have one id: a date that was moved to the start of another one.
    own = {id(each.occurrence): each.start for each in found}
    return [own.get(id(each)) or start_of(each) for each in listed]


def listed_part(edit: Edit, start: datetime, duration: int) -> Edit:
    """Return what the list of occurrences shows of an edit; None if that is what the rule gives."""
    if not isinstance(edit, Mapping):
        return edit
    shown = {"start_time": edit["start_time"], "duration": edit["duration"]}
    return None if (moved_to(edit), edit["duration"]) == (start, duration) else shown


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
        is_at_its_start = start not in taken and any(start_of(each) == start for each in listed)
        if is_at_its_start or not moves[day]:
            continue
        is_skip = any(each.get(day) == SKIP for each in edits)
        if candidates := _moved(listed, start, moves[day], is_skip=is_skip):
            listed.remove(candidates[0])
            found[day] = StoredDate(day, start, candidates[0], doubtful=len(candidates) > 1)
    zone = timezones.known_zone(recurring.timezone)
    by_day: dict[str, list[Body]] = {}
    for each in listed:
        by_day.setdefault(_local_day(each, zone), []).append(each)
    for day in starts.keys() - found.keys():
        found[day] = _of_day(day, starts[day], by_day.get(day, ()))
    return {**found, **_absent(found, readable(stored), recurring, edits)}


def _absent(
    found: Mapping[str, StoredDate],
    listed: Sequence[Body],
    recurring: Series,
    edits: Sequence[Mapping[str, Edit]],
) -> dict[str, StoredDate]:
    """Return the dates that are not listed because they are not held or were left out, marked as such.

    They were before the first of the list, by the start that the rule gives it or by the one that it was
    moved to, or were deleted where somebody had moved them to.
    """
    missing = [each for each in found.values() if each.occurrence is None]
    first = min((start_of(each) for each in listed), default=None)
    if not missing or first is None:
        return {}
    strangers = _strangers(found, listed, recurring)
    begins = min(rule_starts(found.values(), listed))
    skipped = [each for each in missing if recurring.is_held_later(each.start)]
    left_out = {each.day: replace(each, is_left_out=True) for each in skipped if each.start < begins}
    missing = [each for each in missing if each not in skipped]
    held = [each for each in strangers if each.get("status") != DELETED]
    if held:  # those may be the dates that are missing, moved by hand
        earlier = {each.day: replace(each, is_absent=True) for each in missing if each.start < begins}
        if len(held) <= len(missing) - len(earlier):
            return left_out | earlier
        # The first one that is held may have been moved: what is before it, is skipped.
        unheld = {day: each for day, each in earlier.items() if any(edit.get(day) == SKIP for edit in edits)}
        return left_out | unheld if unheld and len(held) <= len(missing) - len(unheld) else {}
    earliest = {
        each.day: min([each.start, *filter(None, (moved_to(edit.get(each.day)) for edit in edits))])
        for each in missing
    }
    before = [each for each in missing if earliest[each.day] < first or each.start < begins]
    others = [each for each in missing if each not in before]
    absent = [*before, *(others if len(others) <= len(strangers) else ())]
    return left_out | {each.day: replace(each, is_absent=True) for each in absent}


def _strangers(found: Mapping[str, StoredDate], listed: Iterable[Body], recurring: Series) -> list[Body]:
    """Return what is listed at a start that is neither the rule's nor one of the dates that were found."""
    zone = timezones.known_zone(recurring.timezone)
    known = [each.occurrence for each in found.values()]
    return [
        each
        for each in listed
        if each not in known
        and recurring.start_on(date.fromisoformat(_local_day(each, zone))) != start_of(each)
    ]


def _moved(
    listed: Iterable[Body], start: datetime, moves: Collection[datetime | None], *, is_skip: bool
) -> list[Body]:
    """Return the occurrences that may be a date which was moved; another date may be held there as well."""
    # A date that was deleted after it was moved stays listed where it was moved to.
    at = [each for each in listed if start_of(each) in moves]
    if len(at) > 1 and any(rule_start(each) == start for each in at):
        return [each for each in at if rule_start(each) == start]
    if len(at) > 1 and not is_skip:
        return [each for each in at if each.get("status") != DELETED]
    return at


def _is_readable(occurrence: Json) -> bool:
    try:
        occurrence_id = str(occurrence["occurrence_id"])
        is_id = occurrence_id.isascii() and occurrence_id.isdigit()
        return is_id and timezones.is_within_bounds(start_of(occurrence))
    except (AttributeError, KeyError, TypeError, ValueError):
        return False


def _of_day(day: str, start: datetime, same_day: Sequence[Body]) -> StoredDate:
    if len(same_day) > 1:  # another date was moved to this day, and to this start if it was deleted here
        same_day = [each for each in same_day if start_of(each) == start] or same_day
        same_day = sorted(same_day, key=lambda each: each.get("status") != DELETED)
    return StoredDate(day, start, same_day[0] if same_day else None, doubtful=len(same_day) > 1)


def _local_day(occurrence: Body, zone: timezones.Zone) -> str:
    return timezones.local_day(start_of(occurrence), zone).isoformat()
