"""The window of a longer series: the dates of it that Zoom keeps, from a read and in a record."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from reconciler.meeting import timezones
from reconciler.meeting.meeting import series
from reconciler.meeting.single_dates import Edit
from reconciler.ports import Body, Json
from reconciler.state.clicked_dates import edits_in_zoom
from reconciler.state.stored_dates import find, readable, rule_starts


def window_of(
    attributes: Mapping[str, Json], stored: Body, edits: Sequence[Mapping[str, Edit]], now: datetime
) -> dict[str, Json]:
    """Return the first and the last start that Zoom keeps of a longer series; empty if it keeps all of it.

    One that at `now` still has more dates than Zoom keeps has a window, even if that reaches to its end: Zoom
    never had the skipped dates before it. `edits` are all that a date may have by now: a moved one counts
    where the rule gives it. The last is None where the series in Zoom has no end.
    """
    recurring, listed = series(attributes), readable(stored)
    if recurring is None or not listed:
        return {}
    known = {day: edit for each in edits for day, edit in each.items()}
    edits = [*edits, edits_in_zoom(attributes, stored, known, now)]  # somebody may have moved the first date
    found = find(attributes, stored, sorted({day for each in edits for day in each}), edits)
    starts = sorted(rule_starts(found.values(), listed))
    last = recurring.last()
    kept = recurring.occurrence(recurring.remaining(starts[-1]).over - 1)
    if kept is None or (last is not None and kept >= last and not recurring.is_longer_than_kept(now)):
        return {}
    rule = stored.get("recurrence") or {}
    is_endless = rule.get("end_times") == 0 and not rule.get("end_date_time")
    return {"from": timezones.utc_text(starts[0]), "to": None if is_endless else timezones.utc_text(kept)}


def kept_since(window: Mapping[str, Json]) -> datetime | None:
    """Return the first start of a recorded window; None where there is no window."""
    return timezones.instant(window["from"], "UTC") if window.get("from") else None


def kept_until(window: Mapping[str, Json]) -> datetime | None:
    """Return the last start of a recorded window; None where it has no end, or there is none."""
    return timezones.instant(window["to"], "UTC") if window.get("to") else None
