"""What is recorded, as people and programs read it: no secret, not even in the form the state keeps."""

from __future__ import annotations

from typing import TYPE_CHECKING

import orjson

from reconciler.masking import escaped
from reconciler.meeting import Schedule, schedule, shown
from reconciler.statefile import intent_json
from reconciler.views.columns import columns
from reconciler.views.fieldwise import without_secrets
from reconciler.views.json import FORMAT_VERSION, line
from reconciler.views.step_lines import instant_words

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import datetime

    from reconciler.fields import Json
    from reconciler.state import Intent, Record, State

INDENT = "  "


def listed_text(state: State, now: datetime) -> str:
    """A line for each record, interrupted request (`?`) and retired meeting, each kind by key."""
    rows = [
        (key, str(record.id), record.host, _standing_words(record, now))
        for key, record in sorted(state.meetings.items())
    ]
    rows += [
        (key, "?", intent.host, f"an interrupted {intent.action}, begun {intent.begun_at}")
        for key, intent in sorted(state.intents.items())
    ]
    rows += [
        (gone.key, str(gone.id), gone.host, "retired, still to be ended")
        for gone in sorted(state.retired, key=lambda gone: (gone.key, gone.id))
    ]
    return columns(rows)


def listed_json(state: State, now: datetime) -> str:
    """`{format_version, lineage, serial, meetings: [], intents: [], retired: []}`, each by key."""
    document = {
        "format_version": FORMAT_VERSION,
        "lineage": state.lineage,
        "serial": state.serial,
        "meetings": [_listed_record(*item, now) for item in sorted(state.meetings.items())],
        "intents": [_listed_intent(*item) for item in sorted(state.intents.items())],
        "retired": [
            {"key": gone.key, "id": gone.id, "host": gone.host}
            for gone in sorted(state.retired, key=lambda gone: (gone.key, gone.id))
        ],
    }
    return line(document)


def shown_text(key: str, state: State, now: datetime) -> str:
    """All that stands under `key`, as YAML would have it."""
    told = {name: value for name, value in _whole(key, state, now).items() if value}
    return "".join(f"{written}\n" for written in _yaml(told, ""))


def shown_json(key: str, state: State, now: datetime) -> str:
    """`{format_version, key, meeting, intent, retired: [{id, host}]}`; null where there is none."""
    return line({"format_version": FORMAT_VERSION, **_whole(key, state, now)})


def standing(record: Record, now: datetime) -> Schedule | None:
    """Where it stands; None where this machine cannot tell, as with a zone that only another one knows.

    The verbs that mend a state must be able to show it.
    """
    try:
        return schedule(record.attributes, now)
    except (KeyError, TypeError, ValueError):
        return None


def _whole(key: str, state: State, now: datetime) -> dict[str, Json]:
    record, intent = state.meetings.get(key), state.intents.get(key)
    return {
        "key": key,
        "meeting": record and _record(record, now),
        "intent": intent and {**intent_json(intent), "attributes": _attributes(intent.attributes)},
        "retired": [{"id": gone.id, "host": gone.host} for gone in state.retired if gone.key == key],
    }


def _record(record: Record, now: datetime) -> dict[str, Json]:
    observed = {path: without_secrets(tuple(path.split(".")), has) for path, has in record.observed.items()}
    stands = standing(record, now)
    return {
        "id": record.id,
        "host": record.host,
        "created_at": record.created_at,
        "next_at": stands and stands.next_at,
        "protect": record.protect,
        "attributes": _attributes(record.attributes),
        "observed": observed,
    }


def _attributes(attributes: Mapping[str, Json]) -> dict[str, Json]:
    # `shown` says what kind of passcode there is, and gives nothing of it.
    return {
        name: value if name == "password" else without_secrets((name,), value)
        for name, value in shown(attributes).items()
    }


def _listed_record(key: str, record: Record, now: datetime) -> dict[str, Json]:
    stands = standing(record, now)
    return {
        "key": key,
        "id": record.id,
        "host": record.host,
        "topic": record.attributes.get("topic"),
        "next_at": stands and stands.next_at,
        "expired": stands is not None and stands.expired,
        "protect": record.protect,
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


def _standing_words(record: Record, now: datetime) -> str:
    stands = standing(record, now)
    if stands is None:
        return "its time cannot be read"
    if stands.next_at:
        return f"next {instant_words(stands.next_at)}"
    return "over" if stands.expired else "the last one runs" if stands.begun else "no fixed time"


def _yaml(value: Mapping[str, Json], indent: str) -> Iterator[str]:
    """A mapping as lines; lists and plain values as JSON, which YAML reads as well."""
    for name, inner in value.items():
        if isinstance(inner, dict) and inner:
            yield f"{indent}{escaped(name)}:"
            yield from _yaml(inner, indent + INDENT)
        else:
            yield f"{indent}{escaped(name)}: {escaped(orjson.dumps(inner, option=orjson.OPT_UTC_Z).decode())}"
