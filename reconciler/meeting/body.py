"""Request bodies: the create body at an instant, and the smallest update body."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime

from reconciler.meeting.meeting import SERIES, kind, schedule, series
from reconciler.ports import Json

_TIMES = frozenset({"type", "start_time", "timezone", "recurrence"})
"""What says when a meeting is: a change of one is sent with the others."""


def body(attributes: Mapping[str, Json], now: datetime, passcode: str | None) -> dict[str, Json]:
    """The create body to send at `now`, with `passcode` in the place of a reference.

    A running series is sent from its next occurrence on, with the count that is left.
    """
    sent = dict(attributes)
    if isinstance(sent.get("password"), dict):
        assert passcode is not None, "a reference is read before anything is sent"
        sent["password"] = passcode
    repeated, standing = series(attributes), schedule(attributes, now)
    if repeated is None or not standing.over or standing.next_at is None:
        return sent
    sent["start_time"] = repeated.next_local(now)
    if repeated.recurrence.get("end_times"):
        sent["recurrence"] = {**repeated.recurrence, "end_times": standing.left}
    return sent


def patch(
    attributes: Mapping[str, Json], paths: Iterable[str], now: datetime, passcode: str | None
) -> dict[str, Json]:
    """The smallest update body that carries the fields at the dotted `paths`, as `body` has them.

    Of `settings` only what changes. A mapping inside it, a list and a rule go whole, since Zoom says
    of none of them that it takes a part. When a meeting is goes whole, too: a start is read
    in its zone, and a series is rescheduled by its rule and its next start together.
    """
    whole = body(attributes, now, passcode)
    sent: dict[str, Json] = {}
    for path in paths:
        first, *inner = path.split(".")
        if first in _TIMES:
            sent |= _times_of(whole, first)
        elif first == "settings" and inner:
            sent.setdefault("settings", {})[inner[0]] = whole["settings"][inner[0]]
        else:
            sent[first] = whole[first]
    return sent


def _times_of(whole: Mapping[str, Json], changed: str) -> dict[str, Json]:
    """What goes together when `changed` changes; the type only where it is what changes."""
    names = ("start_time", "timezone", *(("recurrence",) if kind(whole) == SERIES else ()))
    times = {name: whole[name] for name in names if name in whole}
    return {**times, "type": kind(whole)} if changed == "type" else times
