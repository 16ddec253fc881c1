"""Request bodies: the create body for an instant, and the smallest update body."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime

from reconciler.meeting.closures import NO_DATES, SingleDates
from reconciler.meeting.meeting import SERIES, kind, resume, series
from reconciler.meeting.single_dates import next_window
from reconciler.ports import Json

TIMES = frozenset({"type", "start_time", "timezone", "recurrence"})
"""The fields of a meeting's time: a change of one is sent with the others."""


def body(
    attributes: Mapping[str, Json], now: datetime, passcode: str | None, dates: SingleDates = NO_DATES
) -> dict[str, Json]:
    """Return the create body to send at `now`, with `passcode` in place of a reference.

    A running series starts at its next occurrence, with the number of occurrences that are left. Of a longer
    one than Zoom keeps, its next window is sent, which depends on the `dates` that are not held.
    """
    create = dict(attributes)
    if isinstance(create.get("password"), dict):
        assert passcode is not None, "a reference is read before anything is sent"
        create["password"] = passcode
    if (window := next_window(attributes, dates, now)) is not None:
        rule = {name: part for name, part in attributes["recurrence"].items() if name != "end_date_time"}
        return {**create, "start_time": window.start_time, "recurrence": {**rule, "end_times": window.count}}
    recurring = series(attributes)
    resumed = resume(recurring, now) if recurring else None
    if recurring is None or resumed is None or resumed.start_time == recurring.start_time:
        return create
    create["start_time"] = resumed.start_time
    if recurring.recurrence.get("end_times"):
        create["recurrence"] = {**recurring.recurrence, "end_times": resumed.left}
    return create


def patch(
    attributes: Mapping[str, Json],
    paths: Iterable[str],
    now: datetime,
    passcode: str | None,
    dates: SingleDates = NO_DATES,
) -> dict[str, Json]:
    """Return the smallest update body with the fields at the dotted `paths`, with the values of `body`.

    Only the fields of `settings` that change are sent. A mapping inside `settings`, a list and a rule are
    sent whole, since Zoom does not document updates of a part. The fields of its time are sent together:
    a start needs its zone, and a series is rescheduled by its rule and its next start.
    """
    whole = body(attributes, now, passcode, dates)
    update: dict[str, Json] = {}
    for path in paths:
        first, *inner = path.split(".")
        if first in TIMES:
            update |= _times_of(whole, first)
        elif first == "settings" and inner:
            update.setdefault("settings", {})[inner[0]] = whole["settings"][inner[0]]
        else:
            update[first] = whole[first]
    return update


def _times_of(whole: Mapping[str, Json], changed: str) -> dict[str, Json]:
    """Return the fields to send if `changed` changes; the type only if it changes itself."""
    names = ("start_time", "timezone", *(("recurrence",) if kind(whole) == SERIES else ()))
    times = {name: whole[name] for name in names if name in whole}
    return {**times, "type": kind(whole)} if changed == "type" else times
