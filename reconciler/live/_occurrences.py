"""Occurrences of a series as Zoom lists them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from reconciler.meeting.recurrence import OCCURRENCES_MAX
from reconciler.meeting.timezones import instant
from reconciler.ports import Json


class UndeclarableError(Exception):
    """A stored meeting has no declared form; the text says why, in the middle of a sentence."""


def _occurrence_starts(body: Mapping[str, Json]) -> tuple[datetime, ...]:
    """The dates that Zoom lists, as they were before anybody moved or cancelled one."""
    try:
        return tuple(sorted(_date(each) for each in body.get("occurrences") or ()))
    except (AttributeError, TypeError, ValueError, OverflowError) as error:
        raise UndeclarableError("its dates cannot be read") from error


def _date(occurrence: Mapping[str, Json]) -> datetime:
    """When it was to take place by the rule: its id is that start, in milliseconds."""
    name = str(occurrence.get("occurrence_id"))
    if name.isdecimal():
        return datetime.fromtimestamp(int(name) // 1000, UTC)
    return instant(str(occurrence.get("start_time")), "UTC")


def _by_hand(body: Mapping[str, Json], now: datetime) -> Iterator[str]:
    """What was done to single dates, which no declaration can hold."""
    coming = [each for each in body.get("occurrences") or () if _date(each) > now]
    cancelled = sum(each.get("status") == "deleted" for each in coming)
    changed = sum(each.get("status") != "deleted" and _is_changed(each, body) for each in coming)
    told = (f"{cancelled} cancelled" if cancelled else "", f"{changed} changed" if changed else "")
    if cancelled or changed:
        dates = "date" if cancelled + changed == 1 else "dates"
        them = "it" if cancelled + changed == 1 else "them"
        kept = f"Zoom keeps {them} until the schedule is changed here."
        yield f"{' and '.join(filter(None, told))} {dates} of it cannot be declared: {kept}"


def _is_changed(occurrence: Mapping[str, Json], body: Mapping[str, Json]) -> bool:
    moved = instant(str(occurrence.get("start_time")), "UTC") != _date(occurrence)
    return moved or occurrence.get("duration", body.get("duration")) != body.get("duration")


@dataclass(frozen=True, slots=True)
class EditedOccurrences:
    """How many coming occurrences were cancelled or moved by hand."""

    cancelled: int = 0
    moved: int = 0


def edited_occurrences(stored: Mapping[str, Json], now: datetime) -> EditedOccurrences:
    """What was done by hand to occurrences that are still to come."""
    cancelled = moved = 0
    for entry in stored.get("occurrences") or ():
        planned_at = _named_start(entry)
        if planned_at is None or planned_at <= now:
            continue
        if entry.get("status") == "deleted":
            cancelled += 1
        elif _written(entry.get("start_time")) not in {planned_at, None}:
            moved += 1
    return EditedOccurrences(cancelled, moved)


def as_utc(moment: datetime) -> str:
    """The instant as the API writes it."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _listed(stored: Mapping[str, Json], now: datetime) -> list[datetime] | None:
    """The starts to come that the answer lists, as its rule gives them; None where they may not be all."""
    listed = stored.get("occurrences")
    if not isinstance(listed, list) or len(listed) >= OCCURRENCES_MAX:  # a list of that length may be cut
        return None
    starts = [_named_start(entry) for entry in listed]
    known = [start for start in starts if start is not None]
    return sorted(start for start in known if start > now) if len(known) == len(starts) else None


def _named_start(entry: Mapping[str, Json]) -> datetime | None:
    """When an occurrence takes place by the rule: its id is that instant in milliseconds."""
    try:
        return datetime.fromtimestamp(int(entry["occurrence_id"]) // 1000, UTC)
    except (KeyError, TypeError, ValueError, OverflowError, OSError):
        return None


def _first_listed(stored: Mapping[str, Json]) -> str | None:
    starts = [_named_start(entry) for entry in stored.get("occurrences") or ()]
    return min((as_utc(start) for start in starts if start is not None), default=None)


def _written(start_time: Json) -> datetime | None:
    try:
        return instant(start_time, "UTC")
    except (TypeError, ValueError):
        return None
