"""Renders a stored meeting as the API returns it, with everything that is computed on reading."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING

from reconciler.sandbox import defaults, occurrences, silent_changes, times
from reconciler.sandbox.validation import SERIES

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from reconciler.ports import Json
    from reconciler.sandbox.account import StoredMeeting
    from reconciler.sandbox.switches import Switches


def render(
    meeting: StoredMeeting, switches: Switches, now: datetime, *, previous: bool = False
) -> dict[str, Json]:
    """Return the body of a read or of a create's reply; `previous` includes past occurrences."""
    document = dict(meeting.document)
    document["status"] = "started" if meeting.id in switches.running else "waiting"
    document["settings"] = silent_changes.as_read(document["settings"], switches)
    document["start_url"] = f"https://{switches.join_host}/s/{meeting.id}?zak={secrets.token_urlsafe(48)}"
    document["join_url"] = join_url(meeting, switches)
    document["chat_join_url"] = f"https://{switches.join_host}/launch/jc/{meeting.id}"
    document |= _passcodes(meeting)
    if switches.empty_agenda:
        document.setdefault("agenda", "")
    if document["settings"]["approval_type"] != silent_changes.NO_REGISTRATION:
        document["registration_url"] = f"https://{switches.join_host}/meeting/register/{document['uuid']}"
    if document["type"] == SERIES:
        document["occurrences"] = occurrences.rendered(meeting, switches, None if previous else now)
        document["recurrence"] = _rule(document, switches)
    document["tracking_fields"] = _tracking(document.get("tracking_fields", []), switches)
    if not document["tracking_fields"]:
        del document["tracking_fields"]
    return as_replied(document, switches)


def as_replied(document: dict[str, Json], switches: Switches) -> dict[str, Json]:
    """Return the body of a meeting with the times, and the wrong types, that the switches ask for."""
    replied = times.without_z(document) if switches.times_without_z else document
    for path, value in switches.misshapen.items():
        replied = _with(replied, path.split("."), value)
    return replied


def join_url(meeting: StoredMeeting, switches: Switches) -> str:
    """Return the join link, with the passcode in it if there is one."""
    link = f"https://{switches.join_host}/j/{meeting.id}"
    secret = meeting.document.get("password")
    return f"{link}?pwd={defaults.encrypted(meeting.id, secret)}" if secret else link


def _with(part: Json, path: list[str], value: Json) -> Json:
    """Return `part` with the value at `path` replaced, if it has that path."""
    if not path:
        return value
    if isinstance(part, list):
        return [_with(each, path[1:], value) if str(n) == path[0] else each for n, each in enumerate(part)]
    if not isinstance(part, dict) or (len(path) > 1 and path[0] not in part):
        return part
    return {**part, path[0]: _with(part.get(path[0]), path[1:], value)}


def _passcodes(meeting: StoredMeeting) -> dict[str, Json]:
    secret = meeting.document.get("password")
    if not secret:
        return {}
    digits = defaults.digits(meeting.id, secret)
    encrypted = defaults.encrypted(meeting.id, secret)
    return {"encrypted_password": encrypted, "h323_password": digits, "pstn_password": digits}


def _rule(document: Mapping[str, Json], switches: Switches) -> dict[str, Json]:
    rule = dict(document["recurrence"])
    if switches.end_date_moved and "end_date_time" in rule:
        end = times.end_of_day(times.parsed(rule["end_date_time"]), document["timezone"])
        rule["end_date_time"] = times.text(end)
    return rule


def _tracking(sent: list[dict[str, Json]], switches: Switches) -> list[dict[str, Json]]:
    named = {entry.get("field") for entry in sent}
    unsent = [{"field": field, "value": ""} for field in switches.tracking_fields or () if field not in named]
    shown_fields = [{**entry, "visible": True} for entry in [*sent, *unsent]]
    return shown_fields[::-1] if switches.lists_reordered else shown_fields
