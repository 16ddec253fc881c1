"""Encodes and decodes the state: one JSON document with a line for each meeting and intent, sorted.

A document that cannot be read is refused whole; it is never taken for an empty state.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

import orjson
from msgspec import Struct, field

from reconciler import urls
from reconciler.errors.exceptions import StateError
from reconciler.errors.redact import redact_answer
from reconciler.errors.text import replace_control
from reconciler.meeting import fields, masking
from reconciler.ports import Json
from reconciler.state import checks, history
from reconciler.state._section import Section, enclosed
from reconciler.state.state import Attempt, Intent, Record, Retired, State
from reconciler.state.values import (
    as_action,
    as_changes,
    as_count,
    as_counts,
    as_day,
    as_host,
    as_id,
    as_instant,
    as_key,
    as_optional,
    as_optional_instant,
    as_origin,
    as_text,
    as_time_of_creation,
    as_type,
)

MAJOR, MINOR = 1, 2
FORMAT_VERSION = f"{MAJOR}.{MINOR}"

_VERSION = re.compile(r"([0-9]{1,9})\.[0-9]{1,9}")


def check_readable(version: Json, location: str) -> None:
    """Raise `StateError` if this program cannot read a document of format `version`."""
    written = _VERSION.fullmatch(version) if isinstance(version, str) else None
    if written is None or int(written[1]) < MAJOR:
        raise unreadable(location, f"No version of this program ever wrote the format {str(version)[:20]!r}.")
    if int(written[1]) > MAJOR:
        raise _newer(version, location)


def check_writable(document: bytes, location: str) -> None:
    """Raise `StateError` if `document` has a newer minor version, whose fields this program would drop.

    `document` has passed `check_readable`.
    """
    version = orjson.loads(document)["format_version"]
    if int(version.partition(".")[2]) > MINOR:
        raise _newer(version, location)


def unreadable(location: str, detail: str) -> StateError:
    """Return the error of a document that is not a state, or not a whole one."""
    return StateError.of(
        "state.unreadable",
        detail=f"{location}: {detail} It was left unchanged, and nothing was sent.",
        hint="Restore an older version of it (the .backup beside a file, git's history, a bucket's "
        "versions) with `reconciler state push --force FILE`; without a state, existing meetings "
        "cannot be told from missing ones.",
    )


_CONFLICT = re.compile(rb"^(?:<{7}|>{7})(?: [^\n]*)?$", re.MULTILINE)
"""A line with which git marks the two versions of a conflict."""


def _conflict(location: str) -> StateError:
    return StateError.of(
        "state.conflict",
        detail=f"{location}: It has two versions of some lines, as a merge leaves them. It was left "
        "unchanged, and nothing was sent.",
        hint="Take one version whole, the one with the higher serial (`git checkout --ours FILE` or "
        "--theirs): what only the other one records shows up as `exists already`, with its `imports` line. "
        "To avoid it, keep the state on a branch of its own: `reconciler state migrate --to git:BRANCH`.",
    )


_EXAMINED_MAX = 65_536
"""Bytes of a document that are searched for the words of a page."""


def _page(location: str, page: str) -> StateError:
    is_answer = urls.is_served(location)
    return StateError.of(
        "state.web-page",
        detail=f"{location}: in place of the state there is {replace_control(page, ' ')}. "
        "It was left unchanged, and nothing was sent.",
        hint="Something else answers there, such as a sign-in page or a proxy: check the address, the "
        "credentials and the network, then run the same command again."
        if is_answer
        else "Move it away, and put an older version in its place: the .backup beside a file, or one from "
        "git's history.",
    )


def _newer(version: str, location: str) -> StateError:
    return StateError.of(
        "state.newer-format",
        detail=f"{location} has format {version[:20]}, this version writes {FORMAT_VERSION}. "
        "It was left unchanged.",
        hint="Upgrade meetings-reconciler to the version that the others use.",
    )


class Encoder(Struct):
    """Encodes states, and reuses the lines of unchanged values.

    A write of 10,000 meetings of which eight changed encodes eight lines.
    """

    _meetings: Section = field(default_factory=lambda: Section(record_json))
    _intents: Section = field(default_factory=lambda: Section(intent_json))
    _entries: dict[int, tuple[object, bytes]] = {}

    def encode(self, state: State) -> bytes:
        """Return the document, ending in a newline."""
        lines = [
            b'{"format_version":' + orjson.dumps(_version_of(state)),
            b'"lineage":' + orjson.dumps(state.lineage),
            b'"serial":' + orjson.dumps(state.serial),
            b'"origin":' + orjson.dumps(state.origin),
            *self._meetings.lines(b'"meetings":', state.meetings),
            *self._intents.lines(b'"intents":', state.intents),
            b'"retired":' + _sequence([_retired_json(gone) for gone in state.retired]),
            b'"usage":' + _sorted(state.usage),
            b'"hosts":' + _sorted(state.hosts),
            *self._history(state),
        ]
        lines[-1] += b"\n}\n"
        return b",\n".join(lines)  # a document may have megabytes: it is put together once

    def _history(self, state: State) -> list[bytes]:
        """Return a line for each entry; only the one of this run is new."""
        kept = self._entries
        # A kept line holds its entry, so no other one can have the same identity.
        self._entries = {
            id(entry): kept.get(id(entry)) or (entry, history.encoded(entry)) for entry in state.history
        }
        lines = [line for _, line in self._entries.values()]
        return enclosed(b'"history":[\n', lines, b"\n]") if lines else []


def _version_of(state: State) -> str:
    """Return the oldest minor version that has all of it: older programs may write what they know."""
    if state.history:
        return FORMAT_VERSION
    is_newer = any(intent.to_host or intent.dates for intent in state.intents.values()) or any(
        record.exceptions
        or record.window
        or record.withheld_since
        or record.not_taken
        or record.timetable
        or record.uid  # not for `changes`: an older program that drops them does no harm
        for record in state.meetings.values()
    )
    return f"{MAJOR}.{1 if is_newer else 0}"


def encode(state: State) -> bytes:
    """Encode `state`; see `Encoder` for many in a row."""
    return Encoder().encode(state)


def decode(document: bytes, location: str) -> State:
    """Decode `document`. Raises `StateError` if it is not a whole state in a format of this program."""
    try:
        whole = orjson.loads(document)
    except orjson.JSONDecodeError as error:
        if _CONFLICT.search(document):
            raise _conflict(location) from error
        from reconciler.errors.pages import page_words  # noqa: PLC0415 - loads the names of all HTML entities

        page = page_words(document[:_EXAMINED_MAX].decode(errors="replace"), redact_answer)
        if page:
            raise _page(location, page) from error
        raise unreadable(location, f"It is not JSON: {error}.") from error
    if not isinstance(whole, dict) or "format_version" not in whole:
        raise unreadable(location, "It has no `format_version`, so it is not a state of this program.")
    check_readable(whole["format_version"], location)
    try:
        return _state(whole)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise unreadable(location, f"A part is missing or of the wrong kind: {error}.") from error


def without_secrets(document: bytes, state: State) -> bytes:
    """Return `document`, or `state` encoded again if an older version left a secret from Zoom in it."""
    is_clean = all(
        _observed(record, path, value) == value
        for record in state.meetings.values()
        for path, value in record.observed.items()
    )
    return document if is_clean else encode(state)


def record_json(record: Record) -> Json:
    """Return the JSON of one meeting."""
    written = {
        "id": record.id,
        "host": record.host,
        "created_at": record.created_at,
        "attributes": dict(record.attributes),
        "observed": {path: _observed(record, path, value) for path, value in record.observed.items()},
        "protect": record.protect,
    }
    optional = {
        "made": record.made,
        "exceptions": dict(record.exceptions),
        "window": dict(record.window),
        "withheld_since": record.withheld_since,
        "not_taken": list(record.not_taken),
        "uid": record.uid,
        "changes": record.changes,
        "changed_at": record.changed_at,
        "timetable": dict(record.timetable),
    }
    return {**written, **{name: value for name, value in optional.items() if value}}


def _observed(record: Record, path: str, value: Json) -> Json:
    """Return the value in Zoom at `path` as it may be kept: others may have written a secret there."""
    salt = f"{record.id} {record.created_at} {path}"
    return masking.as_kept(value, fields.get(record.attributes, path), salt)


def intent_json(intent: Intent) -> Json:
    """Return the JSON of one intent."""
    written = {
        "action": intent.action,
        "host": intent.host,
        "attributes": dict(intent.attributes),
        "sent": [{"start_time": one.start_time, "end_times": one.end_times} for one in intent.sent],
        "first_begun_at": intent.first_begun_at,
        "begun_at": intent.begun_at,
        "owner": intent.owner,
    }
    optional = {"id": intent.id, "to_host": intent.to_host, "measured": intent.measured or None,
                "dates": dict(intent.dates) or None}  # fmt: skip
    return {**written, **{name: value for name, value in optional.items() if value is not None}}


def _retired_json(gone: Retired) -> Json:
    written: dict[str, Json] = {"id": gone.id, "host": gone.host, "key": gone.key}
    if gone.times:
        written["times"] = dict(gone.times)
    return {**written, "created_at": gone.created_at} if gone.created_at else written


def _sorted(value: Json) -> bytes:
    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS)


def _sequence(values: list[Json]) -> bytes:
    return b"[\n" + b",\n".join(_sorted(value) for value in values) + b"\n]" if values else b"[]"


def _state(whole: Mapping[str, Json]) -> State:
    return State(
        lineage=as_type(whole["lineage"], str),
        serial=as_count(whole["serial"]),
        origin=as_type(whole["origin"], str),
        meetings={as_key(key): _record(value) for key, value in whole["meetings"].items()},
        intents={as_key(key): _intent(value) for key, value in whole["intents"].items()},
        retired=tuple(_retired(one) for one in as_type(whole["retired"], list)),
        usage={as_day(day): as_counts(ledger) for day, ledger in whole["usage"].items()},
        hosts={alias: as_host(user_id) for alias, user_id in whole["hosts"].items()},
        history=tuple(as_type(entry, dict) for entry in as_type(whole.get("history", []), list)),
    )


def _record(value: Mapping[str, Json]) -> Record:
    return Record(
        as_id(value["id"]),
        as_host(value["host"]),
        as_time_of_creation(value["created_at"]),
        _attributes(value["attributes"]),
        as_type(value["observed"], dict),
        as_type(value["protect"], bool),
        # Most records have few of the others.
        **{name: read(value[name]) for name, read in _OPTIONAL.items() if name in value},
    )


def _intent(value: Mapping[str, Json]) -> Intent:
    attributes = _attributes(value["attributes"])
    return Intent(
        action=as_action(value["action"]),
        host=as_host(value["host"]),
        attributes=attributes,
        sent=tuple(_attempt(one, attributes.get("timezone")) for one in as_type(value["sent"], list)),
        first_begun_at=as_instant(value["first_begun_at"]),
        begun_at=as_instant(value["begun_at"]),
        owner=as_type(value["owner"], str),
        id=None if value.get("id") is None else as_id(value["id"]),
        to_host=None if value.get("to_host") is None else as_host(value["to_host"]),
        measured=as_type(value.get("measured", False), bool),
        dates=_edits(value.get("dates", {})),
    )


def _slots(value: Json) -> dict[str, Json]:
    slots: dict[str, Json] = as_type(value, dict)
    for name, slot in slots.items():
        as_key(name)
        _attributes({field: part for field, part in as_type(slot, dict).items() if field != "dates"})
        checks.check_slot_dates(slot.get("dates", {}))
    return slots


def _edits(value: Json) -> dict[str, Json]:
    edits: dict[str, Json] = as_type(value, dict)
    checks.check_edits(edits)
    return edits


def _window(value: Json) -> dict[str, Json]:
    window: dict[str, Json] = as_type(value, dict)
    checks.check_window(window)
    return window


def _paths(value: Json) -> tuple[str, ...]:
    return tuple(as_type(path, str) for path in as_type(value, list))


_OPTIONAL: Mapping[str, Callable[[Json], Any]] = {
    "made": as_origin,
    "exceptions": _edits,
    "window": _window,
    "withheld_since": as_optional_instant,
    "not_taken": _paths,
    "uid": as_text,
    "changes": as_changes,
    "changed_at": as_optional_instant,
    "timetable": _slots,
}
"""The parts of a record that may be left out, each with the function that checks it."""


def _attempt(value: Mapping[str, Json], timezone: Json) -> Attempt:
    start_time, end_times = as_optional(value["start_time"], str), value["end_times"]
    if start_time is not None:
        checks.check_sent_start(start_time, timezone)
    return Attempt(start_time, None if end_times is None else as_count(end_times))


def _retired(value: Mapping[str, Json]) -> Retired:
    times = _attributes(value.get("times", {}))
    created_at = as_time_of_creation(value.get("created_at"))
    return Retired(as_id(value["id"]), as_host(value["host"]), as_key(value["key"]), times, created_at)


def _attributes(value: Json) -> dict[str, Json]:
    found: dict[str, Json] = as_type(value, dict)
    checks.check_attributes(found)
    return found
