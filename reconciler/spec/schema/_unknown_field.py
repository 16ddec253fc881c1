"""Findings for keys that a schema does not define, with a suggestion of a similar field."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

from msgspec.structs import replace

from reconciler.errors.diagnostic import UnlocatedDiagnostic
from reconciler.errors.didyoumean import did_you_mean, plain_name, suggestion
from reconciler.errors.text import sentences
from reconciler.meeting.fields import join_path, table
from reconciler.ports import Json
from reconciler.spec.schema import _webinar as webinar
from reconciler.spec.schema._violation import Codes, SchemaContext, Violation, truncate
from reconciler.spec.schema.hints import features, parts

UNKNOWN_FIELD = Codes("spec.unknown-field", "settings.unknown-field")
UPDATE_ONLY = Codes("spec.update-only", "settings.update-only")

KEYS_MAX = 100
"""Unknown keys of one mapping that get a finding; the rest is counted."""

LIST_MAX = 8
"""Fields of a mapping that a hint lists; a larger mapping is not listed."""

OTHER_NAMES = {
    "attendees": "settings.meeting_invitees",
    "byday": "repeat.on",
    "count": "repeat.times",
    "times": "repeat.times",
    "on": "repeat.on",
    "camera": "settings.host_video",
    "date": "start_time",
    "datetime": "start_time",
    "days": "repeat.on",
    "description": "agenda",
    "e2ee": "settings.encryption_type",
    "encryption": "settings.encryption_type",
    "frequency": "repeat.every",
    "interval": "repeat.every",
    "invitees": "settings.meeting_invitees",
    "length": "duration",
    "lobby": "settings.waiting_room",
    "mute": "settings.mute_upon_entry",
    "muted": "settings.mute_upon_entry",
    "name": "topic",
    "passcode": "password",
    "record": "settings.auto_recording",
    "recording": "settings.auto_recording",
    "recurring": "repeat",
    "registration": "settings.approval_type",
    "repeats": "repeat",
    "rrule": "repeat",
    "start": "start_time",
    "subject": "topic",
    "summary": "settings.auto_start_meeting_summary",
    "time": "start_time",
    "title": "topic",
    "tz": "timezone",
    "until": "repeat.until",
    "user": "host",
    "userid": "host",
    "when": "start_time",
}
"""Names that other programs use for a field of a meeting."""

ZOOM_SETS = frozenset(
    {
        "assistant_id",
        "chat_join_url",
        "created_at",
        "creation_source",
        "dynamic_host_key",
        "encrypted_password",
        "h323_password",
        "host_email",
        "host_id",
        "id",
        "join_url",
        "occurrences",
        "pmi",
        "pstn_password",
        "registration_url",
        "start_url",
        "status",
        "uuid",
    }
)
"""Fields of Zoom's responses that no request may have."""


def unknown_keys(violation: Violation, context: SchemaContext) -> tuple[UnlocatedDiagnostic, ...]:
    """Return a finding for each key of the mapping that its schema does not define."""
    known = tuple(violation.schema.get("properties", ()))
    names = frozenset(known)
    unknown = [key for key in violation.value if key not in names]
    shown = [_unknown_key(violation, context, key, known) for key in unknown[:KEYS_MAX]]
    if len(unknown) > KEYS_MAX:
        shown[-1] = replace(shown[-1], more=len(unknown) - KEYS_MAX)
    return tuple(shown)


def _unknown_key(
    violation: Violation, context: SchemaContext, key: str, known: tuple[str, ...]
) -> UnlocatedDiagnostic:
    path = (*violation.path, key)
    if plain_name(key) in _webinar_names():
        return webinar.of_field(path)
    meeting_path = context.in_meeting(path)
    codes, detail, hint = UNKNOWN_FIELD, "", ""
    if meeting_path is not None:
        codes, detail, hint = _unknown_in_meeting(join_path(meeting_path), violation.value, known)
    elif not violation.path:
        hints = features.IN_SETTINGS if context.name == "reconciler" else features.IN_A_SPEC
        hint = features.hint(key, hints)
        if not hint and context.name == "meetings" and not did_you_mean(key, known):
            hint = _at_the_top(key, violation.value, known)
    # The key may be a secret: YAML reads a passcode in braces as a key.
    name = "of this name" if context.is_secret(path) else f"`{truncate(key)}`"
    fact = f"{context.subject(violation.path)} has no field {name}"
    return UnlocatedDiagnostic(
        path, context.code(codes), sentences(fact, detail), hint or _guess(key, known), on_key=True
    )


def _at_the_top(key: str, file: Mapping[str, Json], known: tuple[str, ...]) -> str:
    """Return the hint for an unknown section: a field or a meeting that belongs further in."""
    if _paths_by_name().get(key) == key:
        return features.IN_MEETINGS
    if isinstance(file[key], dict) and file.get("meetings", {}) is None:
        return "If it is the key of a meeting, indent it under `meetings`."
    return f"A spec has {', '.join(f'`{name}`' for name in known)}."


@lru_cache(maxsize=1)
def _webinar_names() -> frozenset[str]:
    return frozenset(map(plain_name, webinar.FIELDS))


def _unknown_in_meeting(
    path: str, siblings: Mapping[str, Json], known: tuple[str, ...]
) -> tuple[Codes, str, str]:
    """Return codes, detail and hint for a key that the field table explains; no hint for other keys."""
    key = path.rpartition(".")[2]
    if path in table():
        return UPDATE_ONLY, "Zoom accepts it in updates only.", "Leave it out."
    if hint := parts.hint(path, key, siblings, _paths_by_name()):
        return UNKNOWN_FIELD, "", hint
    feature = features.hint(key, features.IN_A_MEETING)
    if feature and path.count(".") <= 1 and key not in _paths_by_name() and path not in ZOOM_SETS:
        return UNKNOWN_FIELD, "", feature
    other = OTHER_NAMES.get(plain_name(key))
    if other in known or did_you_mean(key, known):
        return UNKNOWN_FIELD, "", suggestion(other) if other in known else ""
    if path in ZOOM_SETS:
        hint = "To adopt an existing meeting, list it under `imports`: {id: ID, to: KEY}."
        return UNKNOWN_FIELD, "Zoom sets it.", hint if path == "id" else "Leave it out."
    return UNKNOWN_FIELD, "", _elsewhere(path, key)


ONLY_IN_A_SPEC = ("exceptions", "skip", "use", "timetable")
"""Fields of a meeting that no other name of another place resembles by more than chance."""

OF_SERIES = frozenset({"repeat", "exceptions", "timetable"})
"""The parts of a meeting in which nobody writes a field of another part."""


def _elsewhere(path: str, key: str) -> str:
    """Return a hint with the mapping that has a field of this name, or with the field that was meant.

    An entry of a list has few fields, which are listed: nothing is guessed for it.
    """
    paths = _paths_by_name()
    if key in paths:
        parent = paths[key].rpartition(".")[0].replace("[]", "")
        return f"`{key}` belongs {f'under `{parent}`' if parent else 'in the meeting itself'}."
    if "[]" in path:
        return ""
    is_guessed = path.split(".", maxsplit=1)[0] not in OF_SERIES
    guessed = tuple(name for name in paths if name not in ONLY_IN_A_SPEC) if is_guessed else ()
    near = did_you_mean(key, guessed)
    meant = OTHER_NAMES.get(plain_name(key)) or paths.get(near or "")
    line = parts.PARTS_OF_A_RULE.get(meant or "")
    return f"It is a part of the rule: `repeat: {line}`." if line else suggestion(meant)


@lru_cache(maxsize=1)
def _paths_by_name() -> Mapping[str, str]:
    """Return the paths that a meeting may declare, by names that identify a field (`enable` does not)."""
    paths = (
        "host",
        "protect",
        "repeat",
        *ONLY_IN_A_SPEC,
        *(path for path, field in table().items() if field.create),
    )
    names = [path.rpartition(".")[2] for path in paths]
    return {
        name: path
        for name, path in zip(names, paths, strict=True)
        if names.count(name) == 1 and ("_" in name or path.count(".") <= 1)
    }


def _guess(key: str, known: tuple[str, ...]) -> str:
    all_known = f"Known fields: {', '.join(known)}." if 0 < len(known) <= LIST_MAX else ""
    return suggestion(did_you_mean(key, known), all_known)
