"""Stored meetings from request bodies: creates, updates, single occurrences, and when they expire.

Pure: an account's values in, values out. Permission and cost are checked elsewhere.
"""

from __future__ import annotations

import base64
import hashlib
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from reconciler.sandbox import defaults, series, silent_changes, times
from reconciler.sandbox.account import StoredMeeting, User
from reconciler.sandbox.replies import invalid_parameter
from reconciler.sandbox.validation import INSTANT, PERSONAL, RECURRING, SCHEDULED, SERIES

if TYPE_CHECKING:
    from collections.abc import Mapping

    from reconciler.ports import Json
    from reconciler.sandbox.switches import Switches


ONE_TIME_KEPT = timedelta(days=30)
"""Time for which a meeting is kept after its end."""

SERIES_KEPT = timedelta(days=365)
"""The same for types 3, 4 and 8."""

INSTANT_KEPT = timedelta(days=1)
"""The same for type 1."""

_OF_RULE = frozenset({"start_time", "recurrence", "timezone"})
"""Fields from which Zoom makes the dates of a series."""

_POST_ONLY = ("additional_data_center_regions", "show_join_info")


class Host(Struct, frozen=True):
    """The host of a meeting, and the switches for this host."""

    user: User
    switches: Switches


def created(
    body: Mapping[str, Json], host: Host, *, scheduler: User, identity: tuple[int, int], now: datetime
) -> StoredMeeting:
    """Return a new meeting; `identity` is the account's next (serial, id). Raises `Refused`."""
    serial, number = identity
    switches = host.switches
    body = silent_changes.accepted(body, switches)
    secret = body.get("password") or _generated_passcode(number, body, switches)
    settings = silent_changes.merged(
        silent_changes.initial_settings(host.user, switches), body.get("settings", {})
    )
    kind = silent_changes.kind_of(body.get("type", SCHEDULED), settings, switches)
    document = {
        "uuid": base64.b64encode(hashlib.md5(f"{number}".encode(), usedforsecurity=False).digest()).decode(),
        "id": number,
        "host_id": host.user.id,
        "host_email": host.user.email,
        **({"assistant_id": scheduler.id} if scheduler != host.user else {}),
        "topic": body.get("topic") or defaults.TOPIC,
        "type": kind,
        "timezone": body.get("timezone") or switches.user_timezone,
        "created_at": times.text(now),
        "pre_schedule": body.get("pre_schedule", False),
        "creation_source": "open_api",
        **{name: body[name] for name in ("agenda", "tracking_fields") if body.get(name)},
        **({"password": secret} if secret else {}),
        **({"pmi": str(host.user.pmi)} if kind == PERSONAL else {}),
        "settings": silent_changes.stored(settings, kind=kind, has_passcode=bool(secret), switches=switches),
    }
    document |= _timing(kind, body, document["timezone"], switches, now)
    return StoredMeeting(number, host.user.id, document, serial)


def patched(
    meeting: StoredMeeting, body: Mapping[str, Json], host: Host, *, serial: int, now: datetime
) -> StoredMeeting:
    """Return the meeting after an update; absent fields stay. Raises `Refused`."""
    switches, before = host.switches, meeting.document
    body = silent_changes.without_held(silent_changes.accepted(body, switches), switches)
    sent = {name: value for name, value in body.get("settings", {}).items() if name not in _POST_ONLY}
    replace_objects = switches.nested_settings == "replaced"
    settings = silent_changes.merged(before["settings"], sent, replace_objects=replace_objects)
    own = ("topic", "agenda", "password", "tracking_fields", "timezone", "pre_schedule")
    document = {**before, **{name: body[name] for name in own if name in body}}
    wanted = body.get("type", SCHEDULED if before["type"] == PERSONAL else before["type"])
    kind = PERSONAL if before["type"] == PERSONAL else silent_changes.kind_of(wanted, settings, switches)
    has_passcode = bool(document.get("password"))
    document |= {
        "type": kind,
        "settings": silent_changes.stored(settings, kind=kind, has_passcode=has_passcode, switches=switches),
    }
    if not has_passcode:
        document.pop("password", None)
    timing = _new_timing(kind, body, document, switches, now)
    for name in ("start_time", "duration", "recurrence"):
        document.pop(name, None)
    document |= timing
    forgets = _forgets_dates(before, document, body, switches)
    return replace(
        meeting, document=document, serial=serial, occurrences={} if forgets else meeting.occurrences
    )


def handed_over(meeting: StoredMeeting, host: Host) -> StoredMeeting:
    """Return the meeting with another host; id, passcode, link and dates stay the same."""
    document = {**meeting.document, "host_id": host.user.id, "host_email": host.user.email}
    return replace(meeting, host_id=host.user.id, document=document)


def expires_at(document: Mapping[str, Json]) -> datetime | None:
    """Return when the meeting is no longer found; None: never."""
    created_at = times.parsed(document["created_at"])
    if document["type"] == INSTANT:
        return created_at + INSTANT_KEPT
    if document["type"] in (RECURRING, PERSONAL):
        return created_at + SERIES_KEPT
    start = times.parsed(document["start_time"])
    if document["type"] == SERIES:
        end = series.last(start, document["timezone"], document["recurrence"])
        return end + SERIES_KEPT if end else None
    return max(start, created_at) + timedelta(minutes=document["duration"]) + ONE_TIME_KEPT


def _forgets_dates(
    before: Mapping[str, Json], after: Mapping[str, Json], body: Mapping[str, Json], switches: Switches
) -> bool:
    """Return whether an update makes the dates of a series anew, without the changes of single ones."""
    if switches.dates_forgotten == "update" or any(before.get(name) != after.get(name) for name in _OF_RULE):
        return True
    return switches.dates_forgotten == "rule" and not _OF_RULE.isdisjoint(body)


def _generated_passcode(number: int, body: Mapping[str, Json], switches: Switches) -> str:
    declined = body.get("default_password") is False and not switches.passcode_locked
    if declined or not switches.passcode_required:
        return ""
    length, digits_only = switches.passcode_length_min, switches.passcode_digits_only
    return defaults.passcode(number, length=length, digits_only=digits_only)


def _timing(
    kind: int, body: Mapping[str, Json], timezone: str, switches: Switches, now: datetime
) -> dict[str, Json]:
    if kind in (INSTANT, RECURRING):
        return {}
    floor = now.astimezone(UTC).replace(microsecond=0)
    start = times.instant(body.get("start_time", ""), timezone)
    start = start if start and start > floor else floor
    duration = body.get("duration", defaults.DURATION_MINUTES)
    if kind != SERIES:
        return {"start_time": times.text(start), "duration": duration}
    rule = _rule(body["recurrence"], switches)
    return {"start_time": _first(start, timezone, rule), "duration": duration, "recurrence": rule}


def _new_timing(
    kind: int, body: Mapping[str, Json], document: Mapping[str, Json], switches: Switches, now: datetime
) -> dict[str, Json]:
    if kind in (INSTANT, RECURRING):
        return {}
    if "start_time" not in document:  # it had no start so far
        return _timing(kind, body, document["timezone"], switches, now)
    duration = body.get("duration", document.get("duration", defaults.DURATION_MINUTES))
    start = times.instant(body.get("start_time", ""), document["timezone"])
    is_upcoming = start is not None and start > now
    start_time = times.text(start) if start and is_upcoming else document["start_time"]
    if kind != SERIES:
        return {"start_time": start_time, "duration": duration}
    if "recurrence" not in document and "recurrence" not in body:
        raise invalid_parameter("recurrence")
    if is_upcoming and "recurrence" not in body and switches.patched_start_needs_recurrence:
        raise invalid_parameter("recurrence")
    rule = document.get("recurrence")
    if "recurrence" in body and (is_upcoming or rule is None):  # only an upcoming start reschedules it
        rule = _rule(body["recurrence"], switches)
    assert rule is not None
    first = _first(times.parsed(start_time), document["timezone"], rule)
    return {"start_time": first, "duration": duration, "recurrence": rule}


def _first(start: datetime, timezone: str, rule: Mapping[str, Json]) -> str:
    starts = series.upcoming(start, timezone, rule, since=None)
    if not starts:
        raise invalid_parameter("recurrence")
    return times.text(starts[0])


def _rule(sent: Mapping[str, Json], switches: Switches) -> dict[str, Json]:
    rule = {"repeat_interval": 1, **sent}
    if "end_date_time" in rule and "end_times" in rule:
        rule.pop("end_date_time" if switches.both_ends == "end_times" else "end_times")
    if "end_date_time" not in rule:
        rule.setdefault("end_times", 1)
    return rule
