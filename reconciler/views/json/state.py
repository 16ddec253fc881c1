"""A state, its entries and its lock as JSON for programs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler.meeting import masking
from reconciler.meeting.fields import get as get_field
from reconciler.meeting.passcode import redact_passcode
from reconciler.state.document import intent_json
from reconciler.state.recorded_times import recorded_schedule
from reconciler.views.json.encode import FORMAT_VERSION, line
from reconciler.views.values import redact_secrets

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from reconciler.ports import Json, LockInfo
    from reconciler.state.state import Intent, Record, State


def state_list(state: State, now: datetime) -> str:
    """Return `{format_version, lineage, serial, meetings: [], intents: [], retired: []}`, each by key."""
    document = {
        "format_version": FORMAT_VERSION,
        "lineage": state.lineage,
        "serial": state.serial,
        "meetings": [_listed_record(*item, now) for item in sorted(state.meetings.items())],
        "intents": [_listed_intent(*item) for item in sorted(state.intents.items())],
        "retired": [
            {"key": retired.key, "id": retired.id, "host": retired.host}
            for retired in sorted(state.retired, key=lambda retired: (retired.key, retired.id))
        ],
    }
    return line(document)


def state_show(key: str, state: State, now: datetime) -> str:
    """Return `{format_version, key, meeting, intent, retired: [{id, host}]}`; null where there is none."""
    return line({"format_version": FORMAT_VERSION, **state_entry(key, state, now)})


def state_entry(key: str, state: State, now: datetime) -> dict[str, Json]:
    """Return everything that the state has under `key`, without secrets."""
    record, intent = state.meetings.get(key), state.intents.get(key)
    return {
        "key": key,
        "meeting": record and _record(record, now),
        "intent": intent and {**intent_json(intent), "attributes": _attributes(intent.attributes)},
        "retired": [
            {"id": retired.id, "host": retired.host} for retired in state.retired if retired.key == key
        ],
    }


def _record(record: Record, now: datetime) -> dict[str, Json]:
    observed = {
        path: masking.as_shown(value, get_field(record.attributes, path))
        for path, value in record.observed.items()
    }
    times = recorded_schedule(record, now)
    return {
        "id": record.id,
        "host": record.host,
        "created_at": record.created_at,
        "next_at": times and times.next_at,
        "protect": record.protect,
        "attributes": _attributes(record.attributes),
        "observed": {path: redact_secrets(tuple(path.split(".")), value) for path, value in observed.items()},
        **({"exceptions": dict(record.exceptions)} if record.exceptions else {}),
        **({"window": dict(record.window)} if record.window else {}),
        **({"timetable": _timetable(record)} if record.timetable else {}),
    }


def _timetable(record: Record) -> dict[str, Json]:
    return {name: _attributes(slot) for name, slot in record.timetable.items()}


def _attributes(attributes: Mapping[str, Json]) -> dict[str, Json]:
    # `redact_passcode` keeps a reference, and replaces a literal passcode.
    return {
        name: value if name == "password" else redact_secrets((name,), value)
        for name, value in redact_passcode(attributes).items()
    }


def _listed_record(key: str, record: Record, now: datetime) -> dict[str, Json]:
    times = recorded_schedule(record, now)
    return {
        "key": key,
        "id": record.id,
        "host": record.host,
        "topic": record.attributes.get("topic"),
        "next_at": times and times.next_at,
        "expired": times is not None and times.expired,
        "protect": record.protect,
        "timezone": record.attributes.get("timezone"),
    }


def _listed_intent(key: str, intent: Intent) -> dict[str, Json]:
    return {
        "key": key,
        "action": intent.action,
        "id": intent.id,
        "host": intent.host,
        "begun_at": intent.begun_at,
        "first_begun_at": intent.first_begun_at,
        "attempts": len(intent.sent),
    }


def state_lock(location: str, held: LockInfo | None, now: datetime) -> str:
    """Return `{format_version, location, lock: {id, who, operation, created_at, …}}`.

    `lock` is null if the state is not locked.
    """
    lock = held and {
        "id": held.lock_id,
        "who": held.who,
        "operation": held.operation,
        "created_at": held.created_at,
        "expires_at": held.expires_at,
        "expired": held.expires_at is not None and held.expires_at <= now,
        "run_url": held.run_url,
    }
    return line({"format_version": FORMAT_VERSION, "location": location, "lock": lock})


def state_change(_: str, document: Mapping[str, Json]) -> str:
    """Return `{format_version, moved: {from, to}}` or `{format_version, forgotten}`."""
    return line({"format_version": FORMAT_VERSION, **document})
